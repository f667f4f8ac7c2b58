-- What tokens did, by the account's audit log. What this run did itself is left out, by its ray ids.
local report = require "revoke.report"

local audit = {}

local DAY, DAYS = 86400, 90
local SHOWN = 10 -- entries of a token on standard output; all are in the report
local SOON = 60  -- the clocks may differ

local function stamp(time) return os.date("!%Y-%m-%dT%H:%M:%SZ", time) end

--- When it is to begin, from what --since was given; nil where that is no date.
function audit.since(date)
  if not date then return stamp(os.time() - DAYS * DAY) end
  if date:find "^%d%d%d%d%-%d%d%-%d%d$" then return date .. "T00:00:00Z" end
  return date:match "^%d%d%d%d%-%d%d%-%d%dT%d%d:%d%d:%d%dZ$"
end

local function part(table, name) return type(table[name]) == "table" and table[name] or {} end

local function text(run, value) return type(value) == "string" and run.paper:clean(value) or nil end

local function deed_of(run, entry)
  local action, resource = part(entry, "action"), part(entry, "resource")
  local actor, raw = part(entry, "actor"), part(entry, "raw")
  return {
    time = text(run, action.time), action = text(run, action.type), result = text(run, action.result),
    resource = text(run, resource.type), resource_id = text(run, resource.id), address = text(run, actor.ip_address),
    ray_id = text(run, raw.cf_ray_id), user_agent = text(run, raw.user_agent),
  }
end

local function is_ours(run, deed) return deed.ray_id and run.rays[deed.ray_id:match "^%w+"] end

local function show(run, item)
  for i = 1, math.min(#item.did, SHOWN) do
    local deed = item.did[i]
    run.paper:say(("%s did: %s %s %s %s from %s"):format(run.name_of(item), deed.time or "?", deed.action or "?",
      deed.resource or "?", deed.resource_id or "?", deed.address or "?"))
  end
  local more = #item.did - SHOWN
  if #item.did == 0 then run.paper:say(run.name_of(item) .. " did: nothing that the audit log shows")
  elseif more > 0 then run.paper:say(("%s did: %d more, in the report"):format(run.name_of(item), more)) end
end

-- What one did; nil and an error where the log cannot be read.
local function read(run, item, since)
  local path = ("/accounts/%s/logs/audit"):format(run.account)
  local query = { actor_token_id = item.id, since = since, before = stamp(os.time() + SOON) }
  local did = {}
  for entry, err in run.cf.pages(path, query) do
    if not entry then return nil, err end
    local deed = deed_of(run, entry)
    if not is_ours(run, deed) then did[#did + 1] = deed end
  end
  return did
end

local function read_patiently(run, item, since)
  local did, err = read(run, item, since)
  if did then return did end
  return run:read_again(err, function() return read(run, item, since) end)
end

local function note(run, item, did, err)
  item.did, item.audited, item.audit_why = did, did ~= nil, not did and run.paper:clean(err) or nil
  report.tell(run, item)
end

-- Says that the log was not read; the error, where it will not be for any other.
local function tell_unread(run, item, err)
  run.paper:warn(run.name_of(item) .. ": the audit log was not read: " .. tostring(err))
  if not err.http or err.http.status ~= 403 then return nil end
  run.paper:warn 'revoke: the audit log wants the permission "Account Settings Read"'
  return err
end

--- Shows what each of these tokens of the account did.
function audit.show_all(run, items, since)
  local denied
  for _, item in ipairs(items) do
    if item.id and not item.owner then
      local did, err = nil, denied
      if not denied then did, err = read_patiently(run, item, since) end
      note(run, item, did, err)
      if did then show(run, item) elseif not denied then denied = tell_unread(run, item, err) end
    end
  end
end

return audit
