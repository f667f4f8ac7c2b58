-- Says whether an outcome is a lie, from what the fault server knows, and whether the trace alone leads to the same one.
-- Neither looks at `proved`. What an outcome claims depends on the nature of its operation.
local operations = require "spec.support.operations"
local second_opinion = require "spec.support.second_opinion"

local function count_sent(trace)
  local sent = 0
  for _, attempt in ipairs(trace) do
    if attempt.method ~= "GET" and attempt.sent then sent = sent + 1 end
  end
  return sent
end

-- Where the truth has an answer to such a request that said so: its place, or nil. Looked for behind `after`.
local function told(truth, method, what, after)
  for i = (after or 0) + 1, #truth.answers do
    if truth.answers[i].method == method and truth.answers[i].says == what then return i end
  end
end

-- Whether the trace tells that the call had not the whole answer to its last read. The truth has also what was said and
-- did not reach it: it was cancelled, or its time was up.
local function missed_last_read(trace)
  for i = #trace, 1, -1 do
    if trace[i].method == "GET" then return trace[i].complete == false end
  end
end

local function last_said(truth)
  local last = truth.answers[#truth.answers]
  return last and last.method ~= "GET" and last.says
end

-- A token that is there, in the account that was asked.
local function lives(t) return t.state == "present" and t.foreign == 0 end

-- Whether two values of JSON say the same: arrays are sets, and a policy's own id is the server's.
local same

local function is_in(list, wanted)
  for _, value in ipairs(list) do
    if same(value, wanted) then return true end
  end
  return false
end

local function holds_each(a, b)
  for key, value in pairs(a) do
    local found
    if type(key) == "number" then found = is_in(b, value)
    else found = key == "id" and b.id == nil or same(value, b[key]) end
    if not found then return false end
  end
  return true
end

function same(a, b)
  if type(a) ~= "table" or type(b) ~= "table" then return a == b end
  return #a == #b and holds_each(a, b) and holds_each(b, a)
end

-- Whether the token now is as the call asked: what it did not ask for is the server's.
local function is_as_asked(t, call)
  local now = t.tokens[1] and t.tokens[1].fields or {}
  for name, value in pairs(call.params) do
    if not same(value, now[name]) then return false end
  end
  return true
end

-- The one token that a request made; nil where none was made, or several.
local function made(t)
  local found, count = nil, 0
  for _, token in ipairs(t.tokens) do
    if token.made then found, count = token, count + 1 end
  end
  return count == 1 and found or nil
end

local function nothing_arrived(t) return t.arrived == 0 and not t.left end
local function nothing_done(t) return t.effects == 0 end
local function refused(t) return t.effects == 0 and t.arrived > 0 end
-- The same, also where a read that came first was told so.
local function answered_no(t) return t.effects == 0 and t.arrived + t.gets > 0 end
local function always() return true end

-- What a `create`, a `roll` and an `update` claim by their yes.
local yes = {
  create = function(t, call)
    local token, result = made(t), call.result
    return token and type(result) == "table" and result.id == token.id and result.value == token.values[#token.values]
  end,
  roll = function(t, call) return t.done.roll == 1 and t.live[1] == call.result end,
  post = function(t) return made(t) ~= nil end,
  update = is_as_asked,
}

local is_true = {
  REMOVE = {
    deleted = function(t) return t.effects == 1 and last_said(t) == "proof" end,
    gone = function(t) return not lives(t) end,
    not_found = function(t) return not lives(t) and t.effects == 0 end,
    not_sent = nothing_arrived,
    refused = refused,
    accepted = function(t) return told(t, "DELETE", "yes") ~= nil end,
    unknown = always,
  },
  READ = {
    ok = function(t) return told(t, "GET", "proof") ~= nil end,
    not_found = function(t) return told(t, "GET", "absent") ~= nil end,
    refused = function(t) return told(t, "GET", "refusal") ~= nil end,
    not_sent = function(t) return t.gets == 0 and not t.left end,
    failed = always,
  },
  REPLACE = { ok = is_as_asked, not_found = refused, refused = refused, not_sent = nothing_arrived, unknown = always },
  ONCE = {
    ok = function(t, call) return yes[call.operation](t, call) end,
    not_found = answered_no, refused = answered_no, not_sent = nothing_arrived, unknown = always,
  },
}

-- What no call may do, whatever it says of itself: change anything by a read; or, by what must happen once, do it twice.
-- Each copy of a middleman's may do it once more. `recover` may roll the one token that it made, and no other.
local broken = {
  READ = function(t) return not nothing_done(t) and "a read that changed something" end,
  ONCE = function(t, call)
    local does = operations[call.operation].does or call.operation
    for kind, count in pairs(t.done) do
      local may = kind == does and 1 + t.copied or kind == "roll" and call.recover and 1 or 0
      if count > may then return ("%d times: %s"):format(count, kind) end
    end
    for _, token in ipairs(t.tokens) do
      if does == "create" and not token.made and #token.values > 1 then return "another's token was rolled" end
    end
  end,
}

-- What an error tells besides its outcome.
local function is_told_right(t, call)
  local err = call.err or {}
  if err.rolled and t.done.roll == 0 then return "rolled, it says, and it was not" end
  for _, candidate in ipairs(err.candidates or {}) do
    local known = false
    for _, token in ipairs(t.tokens) do known = known or token.id == candidate.id end
    if not known then return "a candidate that is none: " .. tostring(candidate.id) end
  end
  if err.current and not same(err.current.name, t.tokens[1].fields.name) then return "the token is not as err.current has it" end
end

local function blind(t, method) return (t.sight[method] or "present") ~= "present" end

-- What is said there although it is not so, and no call could know better: in these worlds, by these words alone.
local excused = {
  -- A middleman sends a DELETE twice: the first copy deletes, the answer is that to the second. It may be known only
  -- from reads of this call, one that showed the token and a later one that did not.
  { world = function(t) return t.copied > 0 end, not_found = true, refused = true,
    unless = function(t, _, trace)
      return told(t, "GET", "absent", told(t, "GET", "proof") or #t.answers) and not missed_last_read(trace)
    end },
  -- The same of what must happen once: of two secrets the caller has the second.
  { world = function(t) return t.copied > 0 end, ok = true,
    unless = function(t, call) return not is_in(t.live, type(call.result) == "table" and call.result.value or call.result) end },
  -- A DELETE is not let near the token, and hides that behind a 404: for a DELETE with this credential there is none,
  -- unless a read of this call showed it. Where reads hide it too, there is none for this credential.
  { world = function(t) return blind(t, "DELETE") end, not_found = true,
    unless = function(t) return told(t, "GET", "proof") end },
  { world = function(t) return blind(t, "DELETE") and blind(t, "GET") end, gone = true, unless = function() return false end },
}

local function is_excused(outcome, truth, call, trace)
  for _, excuse in ipairs(excused) do
    if excuse[outcome] and excuse.world(truth) then return not excuse.unless(truth, call, trace) end
  end
  return false
end

local function count_wrong(http, truth, one_each, other)
  local sent = count_sent(http.trace) + (other and count_sent(other.http.trace) or 0)
  if truth.arrived > sent or (one_each and truth.arrived < sent) then
    return ("%d requests that change something arrived, the trace has %d"):format(truth.arrived, sent)
  end
  if truth.cacheable > 0 then return ("%d GETs did not ask past the caches"):format(truth.cacheable) end
end

local function contradicted(outcome, http, truth, ending, call)
  local told_of = { operation = call.operation, said = outcome, cancelled = ending and ending.cancelled }
  local other, seen = second_opinion(http, truth.id, told_of)
  if other ~= outcome then return ("%s, but the trace amounts to %s"):format(outcome, other) end
  if http.seen ~= seen then return ("seen: %s, but the trace says %s"):format(tostring(http.seen), tostring(seen)) end
end

-- nil, or what is false in what was said, or must not have happened.
local function lie(outcome, truth, call, nature, trace)
  if not is_true[nature][outcome] then return ("no outcome of a %s: %s"):format(call.operation, tostring(outcome)) end
  if not is_true[nature][outcome](truth, call) and not is_excused(outcome, truth, call, trace) then
    return ("a lie: %s, but state %s, %d arrived, %d took effect, last said %s"):format(
      outcome, tostring(truth.state), truth.arrived, truth.effects, tostring(last_said(truth)))
  end
  return broken[nature] and broken[nature](truth, call) or is_told_right(truth, call)
end

--- nil, or what is wrong with the end of a call: `outcome`, its `http` evidence, and its world's truth; then also whether
--- that is a false word. A request that was sent may still not arrive, unless `one_each` says that in this case they all do.
--- `ending` is the second opinion's; false where nobody kept the whole trace. `call` tells what was called, a deletion by
--- default: { operation =, params =, recover =, result =, err = }.
return function(outcome, http, truth, one_each, ending, call)
  call = call or { operation = "delete" }
  local problem = lie(outcome, truth, call, operations[call.operation].nature, http.trace)
  if problem then return problem, true end
  if type(call.result) == "table" and call.result.recovered then return end -- its trace is the roll's
  problem = count_wrong(http, truth, one_each, call.err and call.err.recover_error)
  if problem or ending == false then return problem end
  return contradicted(outcome, http, truth, ending, call)
end
