-- One case of the allocations sweep: `act` runs while memory fails, then `tell` says in one line
-- what came of it, with memory again. The scenario's name and a token's id come from the host.
local scenario, id = ...
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
  local cf = client { sleep = coroutine.yield }
  return function()
    local token, err
    local thread = coroutine.create(function() token, err = cf.tokens.delete(nil, id) end)
    while coroutine.status(thread) ~= "dead" do
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

local function outcome_of(result, about)
  if type(about) == "table" then return about.outcome end
  return result and "made" or "nothing"
end

-- Nothing is poisoned: whatever failed, the next client's call works, and what is still under way
-- ends. A call that was begun can be asked again.
local function afterwards()
  for _, name in ipairs { "cloudflare", "cjson" } do -- Lua 5.1 leaves a mark where loading failed
    if type(package.loaded[name]) ~= "table" then package.loaded[name] = nil end
  end
  assert(client({ timeout = 30 }).tokens.verify())
  if scenario == "in flight" then return end
  local call, err = kept.call, nil
  local left = load().step(0)
  for _ = 1, 500 do
    if left == 0 then break end
    left = load().step(0.01)
  end
  assert(left == 0, "a call does not end")
  if call then
    local result, about = call:wait()
    err = outcome_of(result, about)
  end
  return err
end

local SUCCEEDS = { made = true, deleted = true, gone = true, accepted = true, ok = true }

local function tell(returned, result, about)
  local ok, later = pcall(afterwards)
  if not ok then return "spoilt " .. tostring(later) end
  if returned then
    local outcome = outcome_of(result, about)
    if (result ~= nil) ~= (SUCCEEDS[outcome] or false) then return "spoilt " .. tostring(result) .. " beside " .. outcome end
    return later and later ~= outcome and "changed " .. later or "returned " .. outcome
  end
  local why = tostring(result):gsub("%s+", " ")
  return later and "asked " .. later or "raised " .. why
end

return acts[scenario](), tell
