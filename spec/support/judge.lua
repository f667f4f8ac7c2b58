-- Says whether an outcome is a lie, from what the fault server knows, and whether the trace alone leads to the same one.
-- Neither looks at `proved`.
local second_opinion = require "spec.support.second_opinion"

local function count_sent(trace)
  local sent = 0
  for _, attempt in ipairs(trace) do
    if attempt.method == "DELETE" and attempt.sent then sent = sent + 1 end
  end
  return sent
end

local function said(truth, what)
  for _, answer in ipairs(truth.answers) do
    if answer.method == "DELETE" and answer.says == what then return true end
  end
  return false
end

local function last_said(truth)
  local last = truth.answers[#truth.answers]
  return last and last.method == "DELETE" and last.says
end

local is_true = {
  deleted = function(t) return t.effects == 1 and last_said(t) == "proof" end,
  gone = function(t) return t.state ~= "present" end,
  not_found = function(t) return t.state ~= "present" and t.effects == 0 end,
  not_sent = function(t) return t.arrived == 0 and not t.left end,
  refused = function(t) return t.effects == 0 and t.arrived > 0 end,
  accepted = function(t) return said(t, "yes") end,
  unknown = function() return true end,
}

local function count_wrong(http, truth, one_each)
  local sent = count_sent(http.trace)
  if truth.arrived > sent or (one_each and truth.arrived < sent) then
    return ("%d DELETEs arrived, the trace has %d"):format(truth.arrived, sent)
  end
end

local function contradicted(outcome, http, truth, told)
  local other = second_opinion(http, truth.id, told)
  if other ~= outcome then return ("%s, but the trace amounts to %s"):format(outcome, other) end
end

--- nil, or what is wrong with the end of a call: `outcome`, its `http` evidence, and the token's truth. A DELETE that was
--- sent may still not arrive, unless `one_each` says that in this case they all do. `told` is the second opinion's;
--- false where nobody kept the whole trace.
return function(outcome, http, truth, one_each, told)
  local holds = is_true[outcome]
  if not holds then return "no outcome of a deletion: " .. tostring(outcome) end
  if not holds(truth) then
    return ("a lie: %s, but state %s, %d arrived, %d took effect, last said %s"):format(
      outcome, truth.state, truth.arrived, truth.effects, tostring(last_said(truth)))
  end
  local problem = count_wrong(http, truth, one_each)
  if problem or told == false then return problem end
  return contradicted(outcome, http, truth, told)
end
