-- Whose is this value? It is asked about with itself as the credential, and each refusal brings a lock-out nearer: the
-- places that can know it are asked one after another, until one does or asking on would be wrong. The value is sealed
-- before anything else, by a function that is gone when the waiting begins, so that debug finds it in no frame.
local core = ...
local check, seal_value, secret_kind = core.check, core.seal_value, core.secret_kind
local inspect, rows = core.inspect, core.rows
local account_of, note_lockout = core.account_of, core.note_lockout
local type, error, pairs, ipairs = type, error, pairs, ipairs

if core.jit then core.jit.off(true, true) end -- LuaJIT's compiler crashes where memory ends

local NOBODY = ("0"):rep(32) -- stands where the row wants an account and none is asked
local PASSING = 10000 -- a code that good values have met in passing
local PAUSE = 0.5 -- seconds

-- A copy of a list of accounts.
local function copied(accounts)
  local list = {}
  for i = 1, #accounts do
    if type(accounts[i]) ~= "string" then
      local got = type(accounts[i])
      error(("bad argument #1 to 'identify' (string expected in the list of accounts, got %s)"):format(got), 3)
    end
    list[i] = accounts[i]
  end
  return list
end

local function wrap_user(row, client, operate)
  return function(value, options)
    check(row, client, value, options)
    return operate(seal_value(value), options, { kind = secret_kind(value) })
  end
end

local function wrap(row, client, operate)
  return function(account, value, options)
    local kind = type(value) == "string" and secret_kind(value)
    local list = type(account) == "table" and copied(account)
    if list then account = list[1] or NOBODY end
    if kind == "user" and account == nil then account = NOBODY end
    check(row, client, account, value, options)
    return operate(account, seal_value(value), options, { kind = kind, accounts = list })
  end
end

-- Accounts, and false for the user, in the order in which they are asked.
local function places_of(task, account)
  local places, kind = {}, task.extra.kind
  if kind ~= "user" then
    for _, one in ipairs(task.extra.accounts or { account or account_of(task.client) }) do places[#places + 1] = one end
  end
  if kind ~= "account" then places[#places + 1] = false end
  return places
end

local function ask_once(task, place, value)
  if place then return task:ask("tokens.identify", place, value, task:options()) end
  return task:ask("user.tokens.identify", value, task:options())
end

local function ask(task, place, value)
  local found, detail = ask_once(task, place, value)
  if found or detail.outcome ~= "refused" or detail.code ~= PASSING then return found, detail end
  task:rest(PAUSE)
  if task:is_stopped() then return found, detail end
  return ask_once(task, place, value)
end

-- No other place can say more.
local function is_final(err)
  return err.reason == "lockout" or err.reason == "elsewhere"
end

local function named(found, place)
  local result = {}
  for name, field in pairs(found) do result[name] = field end
  result.kind, result.account = place and "account" or "user", place or nil
  return result
end

-- Of what is said by places that do not tell whose it is, the heaviest is handed on: one that did not answer may know
-- it, and so may one that refused for no known reason.
local function weight(err)
  if err.outcome ~= "refused" then return 2 end
  return err.reason and 0 or 1
end

local function walk(task, places, value)
  local told
  for _, place in ipairs(places) do
    local found, detail = ask(task, place, value)
    if found then return named(found, place), detail end
    if detail.reason == "lockout" then note_lockout() end
    if is_final(detail) then return nil, detail end
    if not told or weight(detail) > weight(told) then told = detail end
  end
  return nil, told
end

local function identify_user(task, value)
  if task.extra.kind == "account" then
    return task:refuse("value", "an account's token: tokens.identify asks the accounts")
  end
  return walk(task, { false }, value)
end

local function identify(task, account, value)
  local places = places_of(task, account)
  if #places == 0 then return task:refuse("account_id", "an account's token, and no account to ask") end
  for i = 2, #places do
    local err = places[i] and inspect(rows["tokens.identify"], task.client, nil, places[i], value)
    if err then return task:end_unsent(err) end
  end
  return walk(task, places, value)
end

core.composites["tokens.identify"] = { options = {}, body = identify, wrap = wrap }
core.composites["user.tokens.identify"] = { options = {}, body = identify_user, wrap = wrap_user }
