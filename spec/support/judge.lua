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

-- Where the truth has an answer to such a request that said so: its place, or nil. Looked for behind `after`.
local function told(truth, method, what, after)
  for i = (after or 0) + 1, #truth.answers do
    if truth.answers[i].method == method and truth.answers[i].says == what then return i end
  end
end

local function last_said(truth)
  local last = truth.answers[#truth.answers]
  return last and last.method == "DELETE" and last.says
end

-- A token that is there, in the account that was asked.
local function lives(t) return t.state == "present" and t.foreign == 0 end

local is_true = {
  deleted = function(t) return t.effects == 1 and last_said(t) == "proof" end,
  gone = function(t) return not lives(t) end,
  not_found = function(t) return not lives(t) and t.effects == 0 end,
  not_sent = function(t) return t.arrived == 0 and not t.left end,
  refused = function(t) return t.effects == 0 and t.arrived > 0 end,
  accepted = function(t) return told(t, "DELETE", "yes") ~= nil end,
  unknown = function() return true end,
}

local function blind(t, method) return (t.sight[method] or "present") ~= "present" end

-- What is said there although it is not so, and no call could know better: in these worlds, by these words alone.
local excused = {
  -- A middleman sends a DELETE twice: the first copy deletes, the answer is that to the second. It may be known only
  -- from reads of this call, one that showed the token and a later one that did not.
  { world = function(t) return t.copied > 0 end, not_found = true, refused = true,
    unless = function(t) return told(t, "GET", "absent", told(t, "GET", "proof") or #t.answers) end },
  -- A DELETE is not let near the token, and hides that behind a 404: for a DELETE with this credential there is none,
  -- unless a read of this call showed it. Where reads hide it too, there is none for this credential.
  { world = function(t) return blind(t, "DELETE") end, not_found = true,
    unless = function(t) return told(t, "GET", "proof") end },
  { world = function(t) return blind(t, "DELETE") and blind(t, "GET") end, gone = true, unless = function() return false end },
}

local function is_excused(outcome, truth)
  for _, excuse in ipairs(excused) do
    if excuse[outcome] and excuse.world(truth) then return not excuse.unless(truth) end
  end
  return false
end

local function count_wrong(http, truth, one_each)
  local sent = count_sent(http.trace)
  if truth.arrived > sent or (one_each and truth.arrived < sent) then
    return ("%d DELETEs arrived, the trace has %d"):format(truth.arrived, sent)
  end
  if truth.uncached < truth.gets then
    return ("%d GETs, but %d of them asked past the caches"):format(truth.gets, truth.uncached)
  end
end

local function contradicted(outcome, http, truth, ending)
  local other, seen = second_opinion(http, truth.id, ending)
  if other ~= outcome then return ("%s, but the trace amounts to %s"):format(outcome, other) end
  if http.seen ~= seen then return ("seen: %s, but the trace says %s"):format(tostring(http.seen), tostring(seen)) end
end

--- nil, or what is wrong with the end of a call: `outcome`, its `http` evidence, and the token's truth; then also whether
--- that is a false word. A DELETE that was sent may still not arrive, unless `one_each` says that in this case they all do.
--- `ending` is the second opinion's; false where nobody kept the whole trace.
return function(outcome, http, truth, one_each, ending)
  local holds = is_true[outcome]
  if not holds then return "no outcome of a deletion: " .. tostring(outcome), true end
  if not holds(truth) and not is_excused(outcome, truth) then
    return ("a lie: %s, but state %s, %d arrived, %d took effect, last said %s"):format(
      outcome, truth.state, truth.arrived, truth.effects, tostring(last_said(truth))), true
  end
  local problem = count_wrong(http, truth, one_each)
  if problem or ending == false then return problem end
  return contradicted(outcome, http, truth, ending)
end
