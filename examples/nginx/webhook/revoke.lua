-- From a leaked value to a word that can be proven. What becomes of a leak is an answer, { id, kind, outcome }, and a
-- fate, which says what can still change it:
--   "done"    nothing has to: the token is dead
--   "time"    trying again: no answer, a wait that was asked for, a budget
--   "mend"    our credential is refused: somebody mends it, or it passes
--   "person"  repeating changes nothing, and the token may live: somebody has to look
local cloudflare = require "cloudflare"
local budget = require "webhook.budget"
local memory = require "webhook.memory"
local settings = require "webhook.settings"

local LANES = 8   -- of one request's leaks so many are on their way at once
local BEGIN = 8   -- seconds within which a request's leaks are begun: its sender waits for the answer
local PATIENCE = 5 -- seconds for one call

local revoke = {}

-- A client for each sender, and one for the journal: one that is told to wait, or has used up its retries, delays no
-- other.
local clients = {}

local function log_event(event)
  ngx.log(ngx.NOTICE, event.operation, " ", event.token_id or "-", " ", event.outcome or event.method, " ",
    event.status or "-", " ", event.ray_id or "-")
end

--- Made in init, where a missing credential keeps nginx from starting.
function revoke.open()
  assert((os.getenv "CLOUDFLARE_ACCOUNT_ID" or "") ~= "", "CLOUDFLARE_ACCOUNT_ID is not set")
  for _, name in ipairs { "journal", unpack(settings.senders) } do
    clients[name] = assert(cloudflare.new { api_token = settings.api_token, on_event = log_event })
  end
end

function revoke.client(name) return clients[name] end

local function fate_of(err)
  if err.kind == "argument" then return "mend" end -- the id is one: it is the credential that is none
  local status = err.outcome == "refused" and err.http.status
  if not status or status == 429 then return "time" end
  return (status == 401 or status == 403) and "mend" or "person"
end

-- Whether the answer says that the token is not there, and no read has shown it before.
local function is_unseen(detail)
  return detail.outcome == "not_found" or detail.outcome == "gone" and not detail.http.seen
end

local function delete(sender, id)
  local options = { missing_ok = true, check_first = true, timeout = PATIENCE }
  local token, detail = clients[sender].tokens.delete(nil, id, options)
  local answer = { id = id, outcome = detail.outcome }
  if not token then return answer, fate_of(detail) end
  if detail.outcome == "accepted" then return answer, "time" end
  if is_unseen(detail) then
    answer.outcome = memory.word_of(id) or "not_found"
    return answer, answer.outcome == "not_found" and "person" or "done"
  end
  memory.note_deleted(id, detail.outcome)
  return answer, "done"
end

-- How many of the places that may be asked about a value refused it.
local function refusals_of(leak, found, err)
  if found then return found.kind == "user" and leak.kind == "older" and 1 or 0 end
  local did_refuse = err.outcome == "refused" and err.http.status ~= 429
  return did_refuse and leak.cost or leak.cost - 1
end

-- The answer for a value whose id nobody told.
local function unidentified(leak, err)
  if err.reason == "not_accepted" then memory.note_not_accepted(leak.value) end
  if err.reason == "lockout" then
    budget.lock()
    return { outcome = "not_asked" }, "time"
  end
  if err.reason then return { outcome = err.reason }, "person" end
  if err.kind == "argument" then return { kind = leak.kind, outcome = "not_sent" }, "person" end
  return { outcome = err.outcome }, fate_of(err)
end

local function identify(sender, leak, last)
  local slots = budget.take(sender, leak.cost, last)
  if not slots then return nil, { outcome = "not_asked" }, "time" end
  local found, err = clients[sender].tokens.identify(nil, leak.value, { timeout = PATIENCE })
  budget.give_back(slots, refusals_of(leak, found, err))
  if not found then return nil, unidentified(leak, err) end
  if found.kind == "user" then return nil, { id = found.id, kind = "user", outcome = "not_ours" }, "person" end
  return found.id
end

local function revoke_value(sender, leak, last)
  local id, answer, fate = identify(sender, leak, last)
  if not id then return answer, fate end
  answer, fate = delete(sender, id)
  -- It was accepted a moment ago, and now it is said not to be there: asked again, it tells which is true.
  if answer.outcome == "not_found" then return answer, "mend" end
  if fate == "done" then memory.note_dead(leak.value, answer.outcome, id) end
  return answer, fate
end

local function recall(leak)
  local word, id = memory.recall(leak.value)
  if not word then return nil end
  if word == "not_accepted" then return { outcome = word }, "person" end
  return { id = id, outcome = word }, "done"
end

--- What becomes of one leak; where it is too late to ask anybody, what is known.
local function settle(sender, leak, last)
  local is_late = ngx.now() > last
  if leak.kind == "id" then
    if is_late then return { id = leak.value, outcome = "not_sent" }, "time" end
    return delete(sender, leak.value)
  end
  if not leak.cost then return { kind = leak.kind, outcome = "not_sent" }, "person" end
  local answer, fate = recall(leak)
  if answer then return answer, fate end
  if is_late then return { outcome = "not_asked" }, "time" end
  return revoke_value(sender, leak, last)
end

-- How many refusals asking about a kind may bring. Others have no id, or an unknown form, and are not asked about.
local COST = { account = 1, user = 1, older = 2 }

--- A leak of a value, by its kind. `rank` orders what is asked: ids bring no refusal; a checksum that fits, few.
local function leak_of(value)
  if type(value) ~= "string" then return { value = "", kind = "unknown", rank = 4 } end
  local kind, fits = cloudflare.secret_kind(value)
  local rank = kind == "id" and 1 or fits and 2 or fits == nil and 3 or 4
  return { value = value, kind = kind, rank = rank, cost = COST[kind] }
end

-- Each value once: a scanner finds it in many places.
local function distinct(values)
  local leaks, of = {}, {}
  for _, value in ipairs(values) do
    local leak = of[value] or leak_of(value)
    if not of[value] then of[value], leaks[#leaks + 1] = leak, leak end
  end
  table.sort(leaks, function(one, other) return one.rank < other.rank end)
  return leaks, of
end

local function settle_safely(sender, leak, last)
  local alive, answer, fate = pcall(settle, sender, leak, last)
  if not alive then
    ngx.log(ngx.ERR, "webhook: ", answer)
    answer, fate = { outcome = "unknown" }, "time"
  end
  leak.answer, leak.fate = answer, fate
end

local function settle_all(sender, leaks)
  local begun, last = 0, ngx.now() + BEGIN
  local function lane()
    while begun < #leaks do
      begun = begun + 1
      settle_safely(sender, leaks[begun], last)
    end
  end
  local threads = {}
  for i = 1, math.min(LANES, #leaks) do threads[i] = ngx.thread.spawn(lane) end
  for _, thread in ipairs(threads) do ngx.thread.wait(thread) end
end

-- A place that a sender names, fit for a line of a log: without any of the values that it sent.
local function shown(place, values)
  if type(place) ~= "string" then return "-" end
  for _, value in ipairs(values) do
    if type(value) == "string" and value ~= "" and place:find(value, 1, true) then return "-" end
  end
  return (place:sub(1, 200):gsub("[^\33-\126]", "?"))
end

local function log(sender, answer, fate, place)
  local level = (fate == "done" or fate == "time") and ngx.NOTICE or ngx.ERR
  ngx.log(level, "webhook: ", sender, " ", answer.outcome, " ", answer.id or "-", " ", answer.kind or "-", " ",
    place, fate == "person" and " (somebody has to look)" or "")
end

--- What became of each value: answers, and their fates, in the order of the values. `places` is for the log.
function revoke.all(sender, values, places)
  local leaks, of = distinct(values)
  settle_all(sender, leaks)
  local answers, fates = {}, {}
  for i, value in ipairs(values) do
    answers[i], fates[i] = of[value].answer, of[value].fate
    log(sender, answers[i], fates[i], shown(places and places[i], values))
  end
  return answers, fates
end

-- Seconds until repeating may settle this one.
local function wait_for(answer) return answer.outcome == "not_asked" and budget.wait() or settings.again_after end

--- Seconds until repeating may settle one of them, by the fates that it can change; nil where it can settle none.
function revoke.wait(answers, fates, can_change)
  local wait
  for i, answer in ipairs(answers) do
    if can_change[fates[i]] then wait = math.min(wait or math.huge, wait_for(answer)) end
  end
  return wait and math.ceil(wait)
end

return revoke
