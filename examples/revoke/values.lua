-- Values, one by one: asked about with themselves, each deleted as soon as it is known whose it is; and the proof that
-- it is refused. Every refusal is an authentication failure, of which the API bears about ten in half an hour.
local report = require "revoke.report"

local values = {}

local MOST_WAITS = 10         -- how often one deletion waits for the quota
local PATIENCE, PAUSE = 90, 1 -- seconds in which a deleted value must be refused, and between two questions
local LATER = 10              -- a wrong checksum is asked about behind all others

-- What can be asked about; those first that can be deleted here.
local URGENCY = { account = 1, older = 2, user = 3 }
local HAS_ENDED = { deleted = true, gone = true, accepted = true }

local function identify(run, item, accounts) return run.cf.tokens.identify(accounts, item.value) end

--- Why no question can settle what an item is; nil for what can be asked about.
function values.obstacle_to(run, item)
  if item.kind == "unreadable" then return item.fault end
  if item.kind == "unknown" then return "it looks like no token and no id" end
  if URGENCY[item.kind] then return nil end
  local _, err = identify(run, item, run.accounts) -- says what to do instead, and sends nothing
  return err
end

local function urgency_of(item) return URGENCY[item.kind] + (item.fits == false and LATER or 0) end

--- Puts the most urgent first.
function values.sort(items)
  local places = {}
  for i, item in ipairs(items) do places[item] = i end
  table.sort(items, function(a, b)
    local first, second = urgency_of(a), urgency_of(b)
    if first ~= second then return first < second end
    return places[a] < places[b]
  end)
end

-- Where a value is asked about: an account's token in accounts, a user's at the user, one of the older form in both.
local function is_asked_of_accounts(item) return item.kind ~= "user" end
local function is_asked_of_users(item) return item.kind ~= "account" end

--- Recalls what earlier runs learnt of a value: item.id; or item.is_refused, wherever it would be asked about; or
--- item.accounts, those in which it was not.
function values.recall(run, item)
  item.id = run.memory:recall(item.value)
  local left = {}
  for _, account in ipairs(is_asked_of_accounts(item) and run.accounts or {}) do
    if not run.memory:is_refused(item.value, account) then left[#left + 1] = account end
  end
  local is_left = is_asked_of_users(item) and not run.memory:is_refused(item.value, "user")
  item.is_refused = not left[1] and not is_left
  item.accounts = left[1] and left or run.accounts
end

local function note_refusal(run, item)
  for _, account in ipairs(is_asked_of_accounts(item) and item.accounts or {}) do
    run.memory:learn_refusal(item.value, account)
  end
  if is_asked_of_users(item) then run.memory:learn_refusal(item.value, "user") end
end

-- How many refusals asking about it may take.
local function cost_of(item, accounts)
  return (is_asked_of_accounts(item) and #accounts or 0) + (is_asked_of_users(item) and 1 or 0)
end

local function may_ask(run, item, accounts)
  if run.is_locked_out then return false, "the API has locked this address out" end
  if run.refusals == "all" then return true end
  local left, wait = run:refusals_left()
  if left >= math.min(cost_of(item, accounts), run.refusals) then return true end
  run.wait = wait
  return false, "one more refusal would risk a lock-out"
end

--- How many more runs it takes, at most, to ask about every value that was not asked, if each is refused everywhere.
function values.runs_left(run)
  local runs, left = 0, 0
  for _, item in ipairs(run.findings) do
    local is_left = item.outcome == "not asked" and item.accounts
    local cost = is_left and math.min(cost_of(item, item.accounts), run.refusals) or 0
    if cost > left then runs, left = runs + 1, run.refusals end
    left = left - cost
  end
  return runs
end

local function is_no(outcome) return outcome == "refused" or outcome == "not_sent" end

-- Deletes a token of which it is known that it is there; waits where the quota is used up.
local function delete(run, id)
  local token, answer
  for _ = 1, MOST_WAITS do
    token, answer = run.cf.tokens.delete(nil, id, { check_first = true })
    local wait = not token and is_no(answer.outcome) and answer.http.retry_after
    if not wait then break end
    run.rest(wait)
  end
  return answer.outcome, not token and answer or nil
end

local function check_credential(run, err)
  if not err or err.http.status ~= 401 then return end
  local own, why = run:verify()
  if not own then run:stop("credential", why) end
end

local function note(run, id, word)
  if not run.journal then return true end
  return run.journal(id, word)
end

local function save(run, item)
  if not run.paper.files.evidence then return true end
  return run:keep(item, run.cf.tokens.get(nil, item.id))
end

-- What has to stand somewhere before the first byte of a deletion.
local function write_down(run, item)
  local fine, why = run.memory:learn(item.value, item.id)
  if fine then fine, why = save(run, item) end
  if fine then fine, why = note(run, item.id, "sending") end
  return fine, why
end

local function delete_found(run, item)
  local fine, why = write_down(run, item)
  if not fine then
    run:finish(item, "not_sent", "what has to be written down first was not")
    return run:stop("journal", why)
  end
  local outcome, err = delete(run, item.id)
  fine, why = note(run, item.id, outcome)
  run:finish(item, outcome, err)
  if not fine then run:stop("journal", why) end
  check_credential(run, err)
end

local function take_found(run, item, found)
  item.id = found.id
  if found.account ~= run.account then
    item.owner = found.account or "user"
    return run:finish(item, "alive elsewhere", ("only who owns it can delete it (it is %s)"):format(found.status))
  end
  if item.value == os.getenv "CLOUDFLARE_API_TOKEN" then run.last[#run.last + 1] = item
  else delete_found(run, item) end
end

local function take_refusal(run, item, err)
  if err.reason == "lockout" then
    run:finish(item, "not asked", err)
    return run:stop("lockout", err)
  end
  local outcome = err.reason == "not_accepted" and "not_accepted" or err.reason == "elsewhere" and "alive elsewhere"
    or err.outcome == "not_sent" and "not_sent" or "unknown"
  if outcome == "not_accepted" then note_refusal(run, item) end
  run:finish(item, outcome, err)
end

local function ask(run, item)
  if run.stopped then return run:finish(item, "not asked", "the run was stopped before") end
  local may, why = may_ask(run, item, item.accounts)
  if not may then return run:finish(item, "not asked", why) end
  local found, err = identify(run, item, item.accounts)
  if found then take_found(run, item, found) else take_refusal(run, item, err) end
end

local function read_last_uses(run)
  if not run.paper.files.evidence then return end
  for token, err in run.cf.tokens.each(nil, { include_expired = true, per_page = 50 }) do
    if not token then return run.paper:warn("revoke: no last uses from before this run: " .. tostring(err)) end
    run.last_used[token.id] = token.last_used_on
  end
end

--- Asks about each of them, and deletes those of this account.
function values.ask_all(run, items)
  if not items[1] then return end
  read_last_uses(run)
  for i, item in ipairs(items) do
    ask(run, item)
    run.paper:progress(i, #items)
  end
end

-- Asks, where it was accepted before, until it is refused: "refused", "not refused", or "not asked" and why.
local function prove(run, item)
  local here, until_when = { run.account }, nil
  while true do
    local may, why = may_ask(run, item, here)
    if not may then return "not asked", why end
    local _, err = identify(run, item, here)
    if err.reason == "not_accepted" then return "refused" end
    if err.reason == "lockout" then run:stop("lockout", err) end
    until_when = until_when or run.now + PATIENCE
    if run.now >= until_when then return "not refused" end
    run.rest(PAUSE)
  end
end

-- Whether an earlier run has proven it.
local function is_proven(run, item)
  local record = run.reported[item.id]
  return record and record.proof == "refused" and run.earlier[item.id] == item.outcome
end

--- Whether it is a value whose token is gone and which was not seen to be refused since.
function values.lacks_proof(run, item)
  local is_due = item.value and item.id and HAS_ENDED[item.outcome]
  return is_due and item.proof ~= "refused" and not is_proven(run, item)
end

--- Proves of each value that was deleted that it is refused.
function values.prove_all(run, items)
  for _, item in ipairs(items) do
    if values.lacks_proof(run, item) then
      local word, why = prove(run, item)
      local ended = run:trail(item.id).ended
      item.proof, item.seconds = word, word == "refused" and ended and run.now - ended or nil
      local after = item.seconds and (" %.1f s after the deletion"):format(item.seconds) or why and ": " .. why or ""
      run.paper:say(("%s value %s%s"):format(run.name_of(item), word, after))
      report.tell(run, item)
    end
  end
end

return values
