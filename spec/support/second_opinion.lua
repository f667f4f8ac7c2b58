-- A second opinion: derives how a call ended from its trace alone, without looking at `proved`
-- and without a line of the module's own judgement. The rules are those of the README's table.
local ROUTE_CODES = { [7000] = true, [7001] = true, [7003] = true }

local function names_the_route(attempt)
  for _, code in ipairs(attempt.codes) do
    if ROUTE_CODES[code] then return true end
  end
  return false
end

-- One attempt in one word: unsent, lost, yes (it named the token), nameless (a yes that did not),
-- absent, or no (any other definite refusal). `id` is nil for an operation that names no token.
local function reading(attempt, id)
  if not attempt.sent then return "unsent" end
  if not attempt.complete or attempt.success == nil then return "lost" end
  local status = attempt.status
  if attempt.success then
    if status ~= 200 then return "lost" end
    return (id == nil or attempt.id == id) and "yes" or "nameless"
  end
  if status < 400 or status > 499 or status == 408 then return "lost" end
  return status == 404 and not names_the_route(attempt) and "absent" or "no"
end

-- A read: what its last request that left brought.
local function of_read(trace)
  local outcome = "not_sent"
  local words = { yes = "ok", absent = "not_found", no = "refused", lost = "failed" }
  for _, attempt in ipairs(trace) do
    outcome = words[reading(attempt)] or outcome
  end
  return outcome
end

local Deletion = {}
Deletion.__index = Deletion

-- A GET, before any DELETE or after an uncertain one.
function Deletion:look(word, status)
  if word == "yes" then
    self.seen, self.nameless = true, false
  elseif word == "absent" then
    self.ending = self.uncertain and "gone" or not self.sent and "not_found" or nil
  elseif word == "no" and status == 401 and self.uncertain and self.itself then
    self.ending = "gone"
  end
end

function Deletion:delete(word)
  if word == "unsent" then return end
  self.sent = true
  self.nameless = word == "nameless"
  if word == "yes" then
    self.ending = "deleted"
  elseif word == "absent" then
    self.ending = (self.uncertain or self.seen) and "gone" or "not_found"
  elseif word ~= "no" then
    self.uncertain = true
  end
end

-- What may be said where no attempt settled it.
function Deletion:rest(cancelled)
  if not self.sent then return "not_sent" end
  if self.nameless and not cancelled then return "accepted" end
  return self.uncertain and "unknown" or "refused"
end

local function of_deletion(trace, id, told)
  local deletion = setmetatable({ itself = told.own_id == id }, Deletion)
  for i, attempt in ipairs(trace) do
    if deletion.ending then return ("nothing: attempt %d follows the end"):format(i) end
    local word = reading(attempt, id)
    if attempt.method == "DELETE" then deletion:delete(word) else deletion:look(word, attempt.status) end
  end
  return deletion.ending or deletion:rest(told.cancelled)
end

--- The outcome that `http` (of an envelope or an error) amounts to. `id` is the token's, nil for
--- a read; `told` may hold own_id (what an earlier verify of this credential said) and cancelled.
return function(http, id, told)
  assert(http.attempts == #http.trace, "attempts do not count the trace")
  if not id then return of_read(http.trace) end
  return of_deletion(http.trace, id, told or {})
end
