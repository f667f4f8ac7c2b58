-- What was promised and has to be done yet, and survives nginx: ids whose deletion is not proven, and GitHub's alerts.
-- Neither is a secret, and no value is ever written here or kept in memory for later. Whoever holds a value as well
-- (the sender, who repeats; GitHub, who is asked again) keeps it better than a file or a memory that nobody wipes, and
-- a promise about a value that only memory holds would be broken by a restart.
--
-- Two files, only ever added to, of which the last word on an id or alert counts. init opens them, in a process that
-- may be root's, and the workers inherit them: no worker needs a right to the directory. What is pending is also in
-- shared memory, where nothing is evicted: what does not fit is not promised.
local cloudflare = require "cloudflare"
local memory = require "webhook.memory"
local settings = require "webhook.settings"

local FINAL = { deleted = true, gone = true } -- not_found counts the second time: a reader may lag behind
local TIME = 60 -- seconds within which a run begins deletions

local pending = ngx.shared.webhook_pending
local journal = {}
local write_id, alerts

-- nginx shows only strings that are raised.
local function must(value, err) return value or error(tostring(err), 0) end

-- Ids.
local function open_ids(path)
  write_id = must(cloudflare.journal(path, os.getenv "CLOUDFLARE_ACCOUNT_ID"))
  for _, entry in ipairs(must(cloudflare.report_of(path))) do
    if not FINAL[entry.outcome] then assert(pending:safe_set("id " .. entry.id, entry.outcome)) end
  end
end

--- Whether the id will be deleted, whatever becomes of this process. `outcome` is how a deletion ended so far.
function journal.promise(id, outcome)
  local key = "id " .. id
  if pending:get(key) then return true end
  local written, why = write_id(id, "sending")
  if written then written, why = write_id(id, outcome) end
  if written then written, why = pending:safe_set(key, outcome) end
  if not written then ngx.log(ngx.ERR, "webhook: not in the journal: ", id, ": ", why) end
  journal.hurry()
  return written and true or false
end

local function settle_id(entry)
  local is_gone = entry.outcome == "deleted" or entry.outcome == "gone"
  ngx.log(is_gone and ngx.NOTICE or ngx.ERR, "webhook: journal ", entry.outcome, " ", entry.id)
  -- One that is gone may never have been in this account: later notices of it ask again.
  if entry.outcome == "deleted" then memory.note_deleted(entry.id, "deleted") end
  local key = "id " .. entry.id
  local is_missed_again = entry.outcome == "not_found" and pending:get(key) == "not_found"
  if FINAL[entry.outcome] or is_missed_again then
    pending:delete(key)
  else
    pending:safe_set(key, entry.outcome)
  end
end

--- Deletes what was promised.
function journal.work_off_ids(client)
  local work = {}
  for _, key in ipairs(pending:get_keys(0)) do
    local id = key:match "^id (%x+)$"
    local outcome = pending:get(key)
    if id then work[#work + 1] = outcome == "not_found" and id or { id = id, outcome = outcome } end
  end
  if #work == 0 then return end
  local report, err = client.tokens.delete_many(nil, work, { journal = write_id, deadline = TIME, include_self = true })
  if not report then return ngx.log(ngx.ERR, "webhook: ", tostring(err)) end
  if report.stopped then ngx.log(ngx.ERR, "webhook: stopped: ", report.stopped, ": ", tostring(report.error)) end
  for _, entry in ipairs(report) do settle_id(entry) end
end

-- Alerts. A name is "owner/repository#number".
local function is_cut(file)
  local size = file:seek "end"
  return size > 0 and file:seek("set", size - 1) and file:read(1) ~= "\n"
end

local function write_alert(name, word)
  local line = (is_cut(alerts) and "\n" or "") .. name .. " " .. word .. "\n"
  alerts:seek "end" -- between reading and writing
  local written, why = alerts:write(line)
  if not written then ngx.log(ngx.ERR, "webhook: not written: ", name, " ", word, ": ", why) end
  return written and true or false
end

local function open_alerts(path)
  must(cloudflare.journal(path)) -- which makes a file for its owner alone: it names repositories with open leaks
  alerts = assert(io.open(path, "a+"))
  alerts:setvbuf "no"
  alerts:seek "set"
  local words = {}
  for line in alerts:lines() do
    local name, word = line:match "^(%S+#%d+) ([%l_]+)$"
    if name then words[name] = word end
  end
  for name, word in pairs(words) do
    if word == "kept" and settings.fetch_secret then pending:safe_set("alert " .. name, true) end
  end
end

--- Writes an alert down; where its secret can be fetched, for a timer to work off. False where it is not kept.
function journal.keep_alert(name)
  if not write_alert(name, "kept") then return false end
  if not settings.fetch_secret then return true end
  journal.hurry()
  return (pending:safe_set("alert " .. name, true))
end

--- Whether an alert whose value was not accepted is to be tried once more: the first time, for a new secret is refused
--- for up to a minute.
function journal.doubt_alert(name)
  local key = "alert " .. name
  if pending:get(key) == "doubted" then return false end
  return (pending:safe_set(key, "doubted"))
end

--- An alert that nothing more can be done about by repeating; its word stays in the file.
function journal.close_alert(name, word)
  write_alert(name, word)
  pending:delete("alert " .. name)
end

function journal.alerts()
  local names = {}
  for _, key in ipairs(pending:get_keys(0)) do names[#names + 1] = key:match "^alert (.+)$" end
  return names
end

-- Both.
function journal.open(directory)
  open_ids(directory .. "/ids")
  open_alerts(directory .. "/alerts")
end

function journal.is_empty() return #pending:get_keys(1) == 0 end

--- Something new is there: the timer's rests begin anew.
function journal.hurry()
  ngx.shared.webhook:delete "rest"
  ngx.shared.webhook:delete "rounds"
end

return journal
