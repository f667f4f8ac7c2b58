-- The report for a ticket: JSON lines without any secret. An item's line is added as it ends, so that a killed run
-- loses nothing, and once more when more is known of it: the last one counts. What an earlier run has told is not
-- repeated; where more is to be told of that, the line has what stood there, too.
local report = {}

local REMOVED = { deleted = true, gone = true, accepted = true }

local function date_of(time) return time and os.date("!%Y-%m-%dT%H:%M:%SZ", math.floor(time)) end

-- A list, or nothing: an empty one would be written as an object.
local function list(items) return items and items[1] and items or nil end

local function is_without_evidence(run, item)
  return run.paper.files.evidence ~= nil and REMOVED[item.outcome] and not item.is_saved
end

local function evidence_of(run, item)
  if item.is_saved then return true end
  if is_without_evidence(run, item) then return false, item.unsaved or "an earlier run saved none" end
end

local function record_of(run, item)
  local trail = item.id and run:trail(item.id) or {}
  local evidence, evidence_why = evidence_of(run, item)
  return {
    at = item.at, places = run.paper:places_of(item), kind = item.kind, checksum = item.fits,
    id = item.id, name = item.name, owner = item.owner, outcome = item.outcome, why = item.why,
    evidence = evidence, evidence_why = evidence_why, ended = date_of(trail.ended), ray_ids = list(trail.rays),
    proof = item.proof, proof_seconds = item.seconds,
    audited = item.audited, audit_why = item.audit_why, did = list(item.did),
  }
end

-- What stands in the report already of one that an earlier run has settled.
local function told_before(run, item)
  local record = item.id and run.earlier[item.id] == item.outcome and run.reported[item.id]
  return record and record.outcome == item.outcome and record or nil
end

local function complete(record, old)
  for name, field in pairs(old or {}) do
    if record[name] == nil then record[name] = field end
  end
  return record
end

-- What makes another line worth writing.
local function state_of(item)
  return table.concat({ item.outcome, item.why or "", item.proof or "", tostring(item.audited) }, "\n")
end

local function add(run, record)
  local fine, why = run.paper:record("report", record)
  if not fine then run.report_fault = run.report_fault or tostring(why) end
end

--- Takes what earlier runs wrote, a list of records.
function report.recall(run, records)
  for _, record in ipairs(records) do
    if record.id and record.outcome then run.reported[record.id] = record end
  end
end

--- Adds the line of an item, where it has ended and its last line does not say the same.
function report.tell(run, item)
  local state, old = item.outcome and state_of(item), told_before(run, item)
  if state == item.state then return end
  local is_first = item.state == nil
  item.state = state
  if not (is_first and old) then add(run, complete(record_of(run, item), old)) end
end

local function count(items, fits)
  local number = 0
  for _, item in ipairs(items) do number = number + (fits(item) and 1 or 0) end
  return number
end

--- How many are deleted and nobody saved what they were; of how many the audit log was not read.
function report.gaps(run)
  return count(run.findings, function(item) return is_without_evidence(run, item) end),
    count(run.findings, function(item) return item.audited == false end)
end

--- Adds the last line, which counts; nil and why where some line is missing.
function report.close(run, counts, status)
  local unsaved, unread = report.gaps(run)
  add(run, {
    summary = counts, skipped = run.findings.skipped, exit = status,
    without_evidence = unsaved > 0 and unsaved or nil, not_audited = unread > 0 and unread or nil,
  })
  return not run.report_fault, run.report_fault
end

return report
