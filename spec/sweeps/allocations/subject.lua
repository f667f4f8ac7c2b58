-- One case of the allocations sweep: `act` runs while memory fails, then `tell` says in one line
-- what came of it, with memory again. The host gives the scenario's name, a token's id, and whose memory fails.
local scenario, id, source = ...
if jit then jit.off() end -- LuaJIT's compiler crashes where memory ends (2.1 of 2023): its own affair
local env = os.getenv

local function options(extra)
  local given = {
    api_token = env "CLOUDFLARE_API_TOKEN", account_id = env "CLOUDFLARE_ACCOUNT_ID",
    base_url = env "SANDBOX_TLS_BASE_URL", ca_file = env "SANDBOX_CA_FILE", timeout = 4,
  }
  for name, value in pairs(extra or {}) do given[name] = value end
  return given
end

local plain = { base_url = env "CLOUDFLARE_BASE_URL" }
-- For what need not be over TLS where Lua's memory fails: without it a case takes half as long.
local quick = source == "Lua" and plain.base_url or nil
local kept = { call = false, said = false } -- what the host holds on to; its table has room for it

local function load() return require "cloudflare" end

local function client(extra) return load().new(options(extra)) end

--- The plain form, through a client made before memory failed.
local function deleting(extra)
  local cf = client(extra)
  return function() return cf.tokens.delete(nil, id) end
end

local acts = {}

function acts.load() return load end

function acts.client()
  local new, given = load().new, options()
  return function() return new(given) end
end

function acts.default()
  local cloudflare = load()
  return function() return cloudflare.tokens.delete(nil, id) end
end

acts["deleted"] = function() return deleting() end
acts["deleted, plain"] = function() return deleting(plain) end
acts["settled"] = function() return deleting() end
acts["settled, plain"] = function() return deleting(plain) end
acts["refused"] = function() return deleting { api_token = env "SANDBOX_READ_TOKEN" } end
acts["absent"] = function() return deleting() end

-- What the client's earlier deletions have left serves this one: tables, and a handle of libcurl's.
acts["again"] = function()
  local cf = client()
  for n = 1, 2 do cf.tokens.delete(nil, ("%032d"):format(n)) end
  return function()
    local token, about = cf.tokens.delete(nil, id)
    if token and token.id ~= id then error("the tables of another call", 0) end
    return token, about
  end
end

acts["own credential"] = function()
  local cf, key = client(), { api_key = env "SANDBOX_API_KEY", api_email = env "SANDBOX_API_EMAIL" }
  return function() return cf.tokens.delete(nil, id, key) end
end

acts["vault"] = function()
  local token = env "CLOUDFLARE_API_TOKEN"
  return deleting { api_token = function() return token end }
end

acts["listener"] = function()
  return deleting { on_event = function(event) kept.said = ("%s %s"):format(event.operation, event.outcome) end }
end

acts["scheduler"] = function()
  local cf, sleep = client { sleep = coroutine.yield }, require "socket.core".sleep
  return function()
    local token, err
    local thread = coroutine.create(function() token, err = cf.tokens.delete(nil, id) end)
    while coroutine.status(thread) ~= "dead" do
      sleep(0.001)
      local ok, why = coroutine.resume(thread)
      if not ok then error(why, 0) end
    end
    return token, err
  end
end

acts["bad value"] = function()
  local cf = client()
  return function()
    local _, err = cf.tokens.delete(nil, id:upper() .. "X")
    return tostring(err) .. "" and nil, err
  end
end

acts["verify"] = function()
  local cf = client()
  return function() return cf.tokens.verify() end
end

acts["async"] = function()
  local cf = client()
  return function()
    kept.call = cf.async.tokens.delete(nil, id)
    return kept.call:wait()
  end
end

-- Long enough for a request to be sent, as a rule.
local function step_a_while()
  for _ = 1, 20 do load().step(0.005) end
end

acts["cancel"] = function()
  local cf = client()
  return function()
    kept.call = cf.async.tokens.delete(nil, id)
    step_a_while()
    kept.call:cancel()
    return kept.call:wait()
  end
end

acts["close"] = function()
  local cf = client()
  return function()
    kept.call = cf.async.tokens.delete(nil, id)
    step_a_while()
    cf:close()
    return kept.call:wait()
  end
end

-- The state is closed while this call is in flight: nobody learns how it ends.
acts["in flight"] = function()
  local cf = client()
  return function()
    for _ = 1, 3 do cf.async.tokens.delete(nil, id) end
    step_a_while()
  end
end

-- By the plain function and by that under async: `prepare` gives what calls it, made before memory fails.
local function in_both_ways(name, extra, prepare)
  extra.base_url = quick
  acts[name] = function() return prepare(client(extra).tokens) end
  acts[name .. ", async"] = function()
    local begin = prepare(client(extra).async.tokens)
    return function()
      kept.call = begin()
      return kept.call:wait()
    end
  end
end

local DNS_WRITE = { id = "4755a26eedb94da69e1066d98aa820be" }
local function creating(group, more)
  return function(tokens)
    local create = tokens.create
    local params = { name = id, policies = { load().policy.allow({ group }, { zone = "*" }) } }
    return function() return create(nil, params, more) end
  end
end

in_both_ways("create", {}, creating(DNS_WRITE))
in_both_ways("create, recovered", { timeout = 8 }, creating(DNS_WRITE, { recover = true }))
in_both_ways("create, by name", {}, creating "DNS Write")

in_both_ways("roll", {}, function(tokens)
  local roll = tokens.roll
  return function() return roll(nil, id) end
end)

in_both_ways("update", {}, function(tokens)
  local update = tokens.update
  local function edit(token)
    token.name = "renamed"
    return token
  end
  return function() return update(nil, id, edit) end
end)

in_both_ways("identify", {}, function(tokens)
  local identify, value = tokens.identify, env "CLOUDFLARE_API_TOKEN"
  return function() return identify(nil, value) end
end)

local SUCCEEDS = { made = true, deleted = true, gone = true, accepted = true, ok = true }

local told = { outcome = false } -- by what gives no outcome of its own; its table has room for it

-- The outcome of the one id of a report.
local function outcome_in(report, err)
  if not report then return nil, err end
  told.outcome = report[1].outcome
  return SUCCEEDS[told.outcome] and told or nil, told
end

-- The outcome of a walk.
local function outcome_of_walk(each, err)
  if not each then return nil, err end
  for token, why in each do
    if not token then return nil, why end
  end
  told.outcome = "ok"
  return told, told
end

local user = { api_token = env "SANDBOX_USER_TOKEN", base_url = quick } -- who has few tokens

local function many(tokens)
  local delete_many, ids = tokens.delete_many, { id }
  return function() return delete_many(nil, ids) end
end

local function walk(tokens)
  local each = tokens.each
  return function() return each() end
end

acts["many"] = function()
  local run = many(client({ base_url = quick }).tokens)
  return function() return outcome_in(run()) end
end

acts["many, async"] = function()
  local begin = many(client({ base_url = quick }).async.tokens)
  return function()
    kept.call, kept.reads = begin(), outcome_in
    return outcome_in(kept.call:wait())
  end
end

acts["each"] = function()
  local begin = walk(client(user).user.tokens)
  return function() return outcome_of_walk(begin()) end
end

acts["each, async"] = function()
  local begin = walk(client(user).async.user.tokens)
  return function() return outcome_of_walk(begin():wait()) end
end

local function outcome_of(result, about)
  if type(about) == "table" then return about.outcome end
  return result and "made" or "nothing"
end

-- What is still under way ends.
local function land()
  local left = load().step(0)
  for _ = 1, 500 do
    if left == 0 then break end
    left = load().step(0.01)
  end
  assert(left == 0, "a call does not end")
end

-- Asks a call once more: its outcome, and the secret that it brought; nothing where it raises for want of memory again.
local function ask_again(call)
  local alive, result, about = pcall(call.wait, call)
  local why = not alive and tostring(result)
  if why and not why:find "not enough memory" and not why:find "stack overflow" then error(why, 0) end -- of luaL_checkstack
  if not alive then return end
  if kept.reads then result, about = kept.reads(result, about) end
  return outcome_of(result, about), result
end

-- Nothing is poisoned: whatever failed, the next client's call works. A call that was begun can be asked again.
local function afterwards()
  for _, name in ipairs { "cloudflare", "cjson" } do -- Lua 5.1 leaves a mark where loading failed
    if type(package.loaded[name]) ~= "table" then package.loaded[name] = nil end
  end
  assert(client({ timeout = 30, base_url = quick }).tokens.verify())
  if scenario == "in flight" then return end
  land()
  if kept.call then return ask_again(kept.call) end
end

-- The new secret, from the results or, where memory was missing for them, from the error's call.
local function secret_in(result, about)
  local call = result == nil and type(about) == "table" and about.call
  if call then result = select(2, ask_again(call)) end
  if type(result) == "table" then result = result.value end
  return type(result) == "string" and " secret " .. result or ""
end

local function word(returned, result, about)
  local ok, later, later_result = pcall(afterwards)
  if not ok then return "spoilt " .. tostring(later) end
  if returned then
    local outcome = outcome_of(result, about)
    local is_kept = outcome == "ok" and type(about) == "table" and about.call -- it has what memory was missing for
    local is_odd = not is_kept and (result ~= nil) ~= (SUCCEEDS[outcome] or false)
    if is_odd then return "spoilt " .. tostring(result) .. " beside " .. outcome end
    return (later and later ~= outcome and "changed " .. later or "returned " .. outcome) .. secret_in(result, about)
  end
  local why = tostring(result):gsub("%s+", " ")
  return later and "asked " .. later .. secret_in(later_result) or "raised " .. why
end

return acts[scenario](), word
