-- A leak, small or large: values in the sandbox of every fate, a scanner's report of them, a run of revoke.lua, and
-- whether what it reports is what the sandbox's ledger knows.
local cjson = require "cjson"
local sandbox = require "spec.support.sandbox"

local incident = {}

--- What revoke.lua is told, and the files that it writes then.
incident.COMMAND = "--file leaks.json --journal journal --evidence evidence --report report --other-account "
  .. sandbox.other_account .. " "
incident.FILES = { "journal", "journal.values", "evidence", "report" }

-- Of ten values, in turn: what each is.
local FATES = { "new", "older", "dead", "new", "other", "new", "user", "new", "older", "older dead" }
local BATCHES = {
  new = { secret = "new" }, older = { secret = "older" }, dead = { secret = "new", dead = true },
  other = { secret = "new", realm = "other" }, user = { secret = "new", realm = "user" },
  ["older dead"] = { secret = "older", dead = true },
}

local function grow(fate, count)
  local batch = { count = count, name = "leaked" }
  for name, field in pairs(BATCHES[fate]) do batch[name] = field end
  return sandbox.grow(batch)
end

--- So many leaked values, each { fate, id, value }, in an order that mixes the fates.
function incident.leak(count)
  local counts, grown, taken, leaked = {}, {}, {}, {}
  local function fate_of(i) return FATES[(i - 1) % #FATES + 1] end
  for i = 1, count do counts[fate_of(i)] = (counts[fate_of(i)] or 0) + 1 end
  for fate, many in pairs(counts) do grown[fate], taken[fate] = grow(fate, many), 0 end
  for i = 1, count do
    local fate = fate_of(i)
    taken[fate] = taken[fate] + 1
    leaked[i] = { fate = fate, id = grown[fate].ids[taken[fate]], value = grown[fate].values[taken[fate]] }
  end
  return leaked
end

--- The report of gitleaks that names them.
function incident.report_of(leaked)
  local found = {}
  for i, one in ipairs(leaked) do
    found[i] = { RuleID = "cloudflare-api-key", Secret = one.value, Match = one.value, File = "deploy.sh", StartLine = i }
  end
  return cjson.encode(found)
end

-- What may be said of each fate.
local MAY_BE = {
  new = { deleted = true, gone = true, unknown = true, ["not asked"] = true },
  dead = { not_accepted = true, unknown = true, ["not asked"] = true },
  other = { ["alive elsewhere"] = true, unknown = true, ["not asked"] = true },
}
MAY_BE.older, MAY_BE["older dead"], MAY_BE.user = MAY_BE.new, MAY_BE.dead, MAY_BE.other

-- What the ledger knows: the ids that were deleted, and those whose own value was the credential of a request.
local function truth()
  local deleted, asked = {}, {}
  for _, entry in ipairs(sandbox.ledger()) do
    if entry.effect == "deleted" then deleted[entry.token] = true end
    if type(entry.caller) == "string" then asked[entry.caller] = true end
  end
  return deleted, asked
end

local IS_GONE = { deleted = true, gone = true }

local function fault_of(one, record, deleted, asked)
  if not record then return "not reported" end
  local outcome = record.outcome
  if not MAY_BE[one.fate][outcome] then return outcome end
  if IS_GONE[outcome] and (not deleted[one.id] or record.id ~= one.id) then return outcome .. ", and it is not" end
  if outcome == "not asked" and asked[one.id] then return "not asked, and it was" end
  if outcome == "alive elsewhere" and (deleted[one.id] or record.id ~= one.id) then return "alive elsewhere as another" end
  if deleted[one.id] and outcome ~= "unknown" and not IS_GONE[outcome] then return outcome .. ", and it is deleted" end
end

--- Where a report (JSON lines) and the ledger differ: nothing, or a list of sentences. And how many had each outcome.
function incident.differences(leaked, report)
  local deleted, asked = truth()
  local record_at, counts, found = {}, {}, {}
  for line in report:gmatch "[^\n]+" do
    local record = cjson.decode(line)
    if record.at then record_at[record.at] = record end
  end
  for i, one in ipairs(leaked) do
    local record = record_at["leaks.json#" .. i]
    local fault = fault_of(one, record, deleted, asked)
    if fault then found[#found + 1] = ("%d, %s: %s"):format(i, one.fate, fault) end
    if record then counts[record.outcome] = (counts[record.outcome] or 0) + 1 end
  end
  return found, counts
end

--- The values that stand in a text.
function incident.leaks_in(leaked, text)
  local found = {}
  for i, one in ipairs(leaked) do
    if text:find(one.value, 1, true) then found[#found + 1] = i end
  end
  return found
end

return incident
