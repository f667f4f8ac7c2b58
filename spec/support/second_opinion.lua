-- A second opinion: derives how a call ended from its trace alone, without looking at `proved`
-- and without a line of the module's own judgement. The rules are those of the README's table.
local PASSING_MOST = 2 -- GETs that may be asked again in a call after what looks like a passing fault

local function set(codes)
  local made = {}
  for _, code in ipairs(codes) do made[code] = true end
  return made
end

local ROUTE = set { 7000, 7001, 7002, 7003 }
local CREDENTIAL = set { 1000, 1001, 6003, 9103, 9106, 9109, 10000, 10001, 10502 }

local function has(attempt, wanted)
  for _, code in ipairs(attempt.codes) do
    if wanted == code or type(wanted) == "table" and wanted[code] then return true end
  end
  return false
end

local function is_id(text) return text and #text == 32 and not text:find "[^0-9a-f]" end

-- A 404 is about the token only where it has a code, and none about the path or the credential.
local function reading_404(attempt)
  if #attempt.codes == 0 then return "lost" end
  return (has(attempt, ROUTE) or has(attempt, CREDENTIAL)) and "no" or "absent"
end

-- One attempt in one word: unsent, lost, yes (it named the token), nameless (a yes that did not), absent, or no (any
-- other definite refusal). `id` is nil for a read of no token in particular: its yes names some id.
local function reading(attempt, id)
  if not attempt.sent then return "unsent" end
  if not attempt.complete or attempt.success == nil or attempt.cached then return "lost" end
  local status = attempt.status
  if attempt.success then
    if status ~= 200 then return "lost" end
    if id then return attempt.id == id and "yes" or "nameless" end
    return is_id(attempt.id) and "yes" or "lost"
  end
  if status < 400 or status > 499 or status == 408 then return "lost" end
  return status == 404 and reading_404(attempt) or "no"
end

-- A read: what its last request that left brought.
local function of_read(trace, id)
  local outcome = "not_sent"
  local words = { yes = "ok", absent = "not_found", no = "refused", lost = "failed", nameless = "failed" }
  for _, attempt in ipairs(trace) do
    outcome = words[reading(attempt, id)] or outcome
  end
  return outcome
end

-- A list names nobody, and the trace does not tell whether a complete yes brought one.
local function of_list(trace, _, told)
  local outcome = "not_sent"
  for _, attempt in ipairs(trace) do
    local word = reading(attempt, "nobody")
    outcome = ({ nameless = "ok", no = "refused", lost = "failed", absent = "not_found" })[word] or outcome
  end
  return outcome == "ok" and told.said == "failed" and "failed" or outcome
end

-- What must happen once: the attempt that decides is the first that left and was not definitely put off (429). The trace
-- does not hold secrets, so a yes leaves two words open; so does a lost update, which is looked after.
local ONCE = {
  create = { method = "POST", yes = { "ok", "unknown" }, nameless = { "unknown" }, absent = { "refused" }, lost = { "unknown" } },
  roll = { method = "PUT", yes = { "ok", "unknown" }, nameless = { "ok", "unknown" }, absent = { "not_found" },
    lost = { "unknown" } },
  update = { method = "PUT", yes = { "ok" }, nameless = { "unknown", "ok" }, absent = { "not_found" },
    lost = { "unknown", "ok" } },
  post = { method = "POST", yes = { "ok" }, nameless = { "ok" }, absent = { "refused" }, lost = { "unknown" } },
}

local function is_any_yes(attempt)
  return attempt.success and attempt.complete and attempt.status >= 200 and attempt.status < 300
end

local function once_asked(operation, attempt, id)
  if operation == "post" then return is_any_yes(attempt) and "yes" or reading(attempt, "nobody") end
  if operation ~= "create" then return reading(attempt, id) end
  local word = reading(attempt, attempt.id or "nobody")
  return word == "yes" and not is_id(attempt.id) and "nameless" or word
end

local function one_of(words, said)
  for _, word in ipairs(words) do
    if word == said then return said end
  end
  return words[1]
end

-- A read that comes first may end the call: then nothing was sent, and the read may say why.
local function before_once(trace, id)
  local read = of_read(trace, id)
  return { "not_sent", (read == "not_found" or read == "refused") and read or nil }
end

local function of_once(trace, id, told)
  local kind, outcome, open = ONCE[told.operation], nil, nil
  for i, attempt in ipairs(trace) do
    if attempt.method == kind.method and attempt.sent then
      if open then return ("nothing: attempt %d follows the end"):format(i) end
      local word = once_asked(told.operation, attempt, id)
      if word == "no" then outcome = { "refused" } end
      if word == "no" and attempt.status ~= 429 then open = outcome end
      if kind[word] then open = kind[word] end
    end
  end
  return one_of(open or outcome or before_once(trace, id), told.said)
end

-- What is known of a deletion: `sent`; `seen` (a GET showed it); `uncertain` (a DELETE may have taken effect); of what was
-- said since the last such: `missed` (by a GET: absent), `denied` (by a DELETE: absent), `nameless` (a yes that stands);
-- `refused` (the last DELETE); `passing` (GETs that met a passing fault); and how it ended: `ending`.
local Deletion = {}
Deletion.__index = Deletion

-- What may be said where nothing more is learnt.
function Deletion:rest(cancelled)
  if not self.sent then return "not_sent" end
  if self.nameless and not cancelled then return "accepted" end
  return (self.uncertain or self.denied) and "unknown" or "refused"
end

function Deletion:shows()
  self.seen, self.missed, self.nameless = true, false, false
  if self.denied then self.ending = "unknown" end
end

function Deletion:misses()
  self.missed, self.nameless = true, false
  if self.denied then
    self.ending = "gone"
  elseif self.refused and self.seen and not self.uncertain then
    self.ending = "unknown"
  end
end

-- A fault that passes is looked at again; where reading is not permitted, a DELETE has to do.
function Deletion:may_not_look(attempt)
  if attempt.status == 429 or not self.sent then return end
  local forbidden = attempt.status == 403 and not has(attempt, 10502)
  local is_passing = not has(attempt, 10502) and has(attempt, 10000) or forbidden and self.seen
  if is_passing then
    self.passing = self.passing + 1
    if self.passing > PASSING_MOST then self.ending = self:rest() end
  elseif not forbidden then
    self.ending = self:rest()
  elseif self.denied then
    self.ending = "gone"
  end
end

function Deletion:look(word, attempt)
  if word == "yes" then
    self:shows()
  elseif word == "absent" then
    self:misses()
  elseif word == "no" and not self.refused then
    self:may_not_look(attempt)
  end
end

function Deletion:is_told_absent()
  if not self.uncertain and not self.seen then return "not_found" end
  if self.missed then return "gone" end
  self.denied = true
end

function Deletion:delete(word, attempt)
  if word == "unsent" then return end
  self.sent, self.nameless, self.refused = true, word == "nameless", word == "no"
  if word == "yes" then
    self.ending = "deleted"
  elseif word == "absent" then
    self.ending = self:is_told_absent()
  elseif word ~= "no" then
    self.uncertain, self.missed, self.denied = true, false, false
  elseif self.uncertain or attempt.status ~= 429 and not self.seen then
    self.ending = self:rest()
  end
end

local function of_deletion(trace, id, told)
  local deletion = setmetatable({ seen = false, passing = 0 }, Deletion)
  for i, attempt in ipairs(trace) do
    if deletion.ending then return ("nothing: attempt %d follows the end"):format(i) end
    local word = reading(attempt, id)
    deletion[attempt.method == "DELETE" and "delete" or "look"](deletion, word, attempt)
  end
  return deletion.ending or deletion:rest(told.cancelled), deletion.seen
end

-- A request that may be repeated: any complete 2xx is its yes; a no after a loss proves nothing.
local function of_repeatable(trace)
  local outcome, uncertain = "not_sent", false
  for _, attempt in ipairs(trace) do
    local word = reading(attempt, "nobody")
    if is_any_yes(attempt) then return "ok" end
    uncertain = uncertain or word == "lost"
    outcome = ({ no = "refused", absent = "not_found" })[word] or outcome
  end
  return uncertain and "unknown" or outcome
end

local OTHERS = {
  get = of_read, list = of_list, create = of_once, roll = of_once, update = of_once, post = of_once,
  replace = of_repeatable,
}

--- The outcome that `http` (of an envelope or an error) amounts to; of a deletion also whether a GET showed the token.
--- `id` is the token's, nil for a read of none in particular; `told` may hold cancelled, the operation where it is not a
--- deletion, and `said`, the outcome to be proven: where the trace leaves two words open, it stands if it is one of them.
return function(http, id, told)
  told = told or {}
  assert(http.attempts == #http.trace, "attempts do not count the trace")
  if not id then return of_read(http.trace) end
  return (OTHERS[told.operation] or of_deletion)(http.trace, id, told)
end
