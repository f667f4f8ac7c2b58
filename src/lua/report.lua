-- A report says how each id of many deletions ended: what delete_many gives back, and what a journal is read back as.
local core = ...
local type, ipairs = type, ipairs

if core.jit then core.jit.off(true, true) end -- LuaJIT's compiler crashes where memory ends

local report = {}

report.FINAL = { deleted = true, gone = true, not_found = true } -- the token is not there
report.AMBIGUOUS = { unknown = true, accepted = true }

function report.is_id(value) return type(value) == "string" and #value == 32 and not value:find "[^0-9a-f]" end

--- A report of items: { id, outcome, err }, each with its outcome.
function report.make(items)
  local all, counts, all_gone = {}, {}, true
  for i, item in ipairs(items) do
    all[i] = { id = item.id, outcome = item.outcome, err = item.err }
    counts[item.outcome] = (counts[item.outcome] or 0) + 1
    all_gone = all_gone and report.FINAL[item.outcome] or false
  end
  all.counts, all.all_gone = counts, all_gone
  return all
end

return report
