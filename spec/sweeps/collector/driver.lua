-- The collector sweep: at every place of every scenario where Lua may collect garbage, and so run finalizers, one of
-- them does its worst, once: it empties the tables that are in use, closes the client, cancels, steps, begins calls.
-- The module is the variant that spec/support/collector.c is linked into.
package.path = "./?.lua;" .. package.path
local Sweep = require "spec.support.sweep"
local sandbox = require "spec.support.sandbox"
local cloudflare = require "cloudflare"

local SHARE, LITTLE = 40, 8 -- places of one scenario and act in `make test`; where there are several requests

local interpreter = type(jit) == "table" and "luajit" or _VERSION:lower():gsub(" ", "") -- luacheck: ignore
local sweep = Sweep.new("collector, " .. interpreter)
local registry = debug.getregistry()

-- Nobody but an option table may hold what stands in it: the driver holds it backwards.
local function backwards(text) return text:reverse() end
local held = {}
for name, text in pairs {
  good = sandbox.token, bad = sandbox.no_token, url = sandbox.urls.plain, key = sandbox.key, email = sandbox.email,
  user = sandbox.user_token,
} do held[name] = backwards(text) end
sandbox.token, sandbox.no_token, sandbox.urls.plain, sandbox.key, sandbox.email, sandbox.user_token = nil, nil, nil, nil, nil, nil
local function give(name) return backwards(held[name]) end

--- A client whose own credential is refused.
local function client(extra)
  local options = { api_token = give "bad", account_id = sandbox.account, base_url = give "url", timeout = 10 }
  for name, value in pairs(extra or {}) do options[name] = value end
  return assert(cloudflare.new(options))
end

-- What dies leaves its memory to others.
local function litter()
  collectgarbage()
  collectgarbage()
  for len = 8, 120 do local _ = ("Z"):rep(len) .. "!" end
end

-- What may be done at a place: `now` is what the scenario has under way.
local acts = {}

function acts.empty(_, tables)
  for _, t in ipairs(tables) do
    for key in pairs(t) do t[key] = nil end
  end
end

function acts.close(now)
  if not now.cf then return end
  now.unsent = #sandbox.requests_for(now.id) == 0
  now.cf:close()
end
function acts.cancel(now) if now.call then now.call:cancel() end end
function acts.step() cloudflare.step(0.001) end

function acts.begin(now)
  if now.cf then now.cf.async.tokens.delete(nil, sandbox.missing_id) end
  client().async.tokens.verify()
end

-- What a scenario does while places are counted: made by its function, which gets a token's id.
local scenarios = {}

function scenarios.new(_, now)
  local options = { api_token = give "good", account_id = sandbox.account, base_url = give "url" }
  options.user_agent, options.on_event, options.sleep = "spec/1", function() end, function() end
  now.tables = { options }
  return function() return cloudflare.new(options) end
end

local function deleting(extra)
  return function(id, now)
    local options = extra()
    now.cf, now.tables = client(), { options }
    return function() return now.cf.tokens.delete(nil, id, options) end
  end
end

scenarios["own token"] = deleting(function() return { api_token = give "good" } end)
scenarios["own key"] = deleting(function() return { api_key = give "key", api_email = give "email" } end)
scenarios["own function"] = deleting(function() return { api_token = function() return give "good" end } end)

function scenarios.listener(id, now)
  now.cf = client { api_token = give "good", on_event = function(event) now.heard = event.outcome or now.heard end }
  return function() return now.cf.tokens.delete(nil, id) end
end

function scenarios.async(id, now)
  now.cf = client { api_token = give "good" }
  return function()
    now.call = now.cf.async.tokens.delete(nil, id)
    return now.call:wait()
  end
end

function scenarios.verify(_, now)
  now.cf = client { api_token = give "good" }
  return function() return now.cf.tokens.verify() end
end

function scenarios.refused(id, now)
  now.cf = client()
  return function()
    local _, err = now.cf.tokens.delete(nil, id)
    assert(tostring(err):find("(HTTP 403, code 9109 \"", 1, true) or err.outcome ~= "refused", tostring(err))
    return nil, err
  end
end

scenarios["bad value"] = function(_, now)
  now.cf = client()
  return function() return now.cf.tokens.delete(nil, "no id", { api_token = give "good" }) end
end

scenarios["tostring"] = function(_, now)
  now.cf = client()
  return function()
    local text = tostring(now.cf)
    local url = text:match "^cloudflare.client: (.*)$"
    assert(url == "closed" or url == give "url", text)
    return { outcome = "told" }
  end
end

-- Of several requests, in both ways: `begin` is given the tokens' functions, plain or under async; what it gives is
-- read by `reads`.
local several = {}
local function in_both_ways(name, begin, reads, user)
  local function prepare(now)
    now.cf = client { api_token = give(user and "user" or "good") }
    return user and now.cf.user or now.cf, user and now.cf.async.user or now.cf.async
  end
  scenarios[name] = function(id, now)
    local plain = prepare(now)
    return function() return reads(begin(plain.tokens, id, now)) end
  end
  scenarios[name .. ", async"] = function(id, now)
    local _, async = prepare(now)
    return function()
      now.call = begin(async.tokens, id, now)
      return reads(now.call:wait())
    end
  end
  several[#several + 1], several[#several + 2] = name, name .. ", async"
end

local function as_it_is(...) return ... end

-- The outcome of the first id of a report; of a walk, of its end.
local function of_report(report, err)
  if not report then return nil, err end
  if report[1] and report[1].err then return nil, report[1].err end
  return { outcome = report[1] and report[1].outcome or "not_sent" }
end
local function of_walk(each, err)
  if not each then return nil, err end
  for token, why in each do
    if not token then return nil, why end
  end
  return { outcome = "ok" }
end

in_both_ways("create", function(tokens, id, now)
  local groups = { { id = "4755a26eedb94da69e1066d98aa820be" } }
  local policies = { cloudflare.policy.allow(groups, { zone = "*" }) }
  local params = { name = id, policies = policies, expires_in = 3600 }
  now.name, now.tables = id, { params, policies, groups }
  return tokens.create(nil, params)
end, function(token, detail)
  if type(token) ~= "table" then return token, detail end
  return { outcome = detail.outcome, secret = token.value }
end)
in_both_ways("roll", function(tokens, id) return tokens.roll(nil, id) end, function(value, detail)
  if type(value) ~= "string" then return value, detail end
  return { outcome = detail.outcome, secret = value }
end)
in_both_ways("update", function(tokens, id, now)
  return tokens.update(nil, id, function(token)
    now.tables = { token }
    return token
  end)
end, as_it_is)
in_both_ways("identify", function(tokens) return tokens.identify(nil, give "good") end, as_it_is)
in_both_ways("many", function(tokens, id, now)
  now.tables = { { id } }
  return tokens.delete_many(nil, now.tables[1])
end, of_report)
in_both_ways("each", function(tokens) return tokens.each() end, of_walk, true)

-- What is right, by scenario: without any act, and besides, whatever was done.
local right = {
  new = { "made" }, ["own token"] = { "deleted" }, ["own key"] = { "deleted" }, ["own function"] = { "deleted" },
  listener = { "deleted" }, async = { "deleted" }, verify = { "ok" }, refused = { "refused" },
  ["bad value"] = { "not_sent" }, ["tostring"] = { "told" },
}
for _, name in ipairs(several) do right[name] = { name:find "many" and "deleted" or "ok" } end
-- What is taken out of a body may be missed by the API.
local besides = {
  empty = { "argument not_sent", "api refused", "not_sent" },
  close = { "raised closed", "cancelled not_sent", "cancelled unknown", "cancelled failed" },
  cancel = { "cancelled not_sent", "cancelled unknown" },
}

local function outcome_of(ok, result, about)
  if not ok then return tostring(result):gsub("^.*the client is closed$", "raised closed"), nil end
  if type(result) == "userdata" then return "made", tostring(result) end
  if result and result.outcome then return result.outcome, nil, result.secret end
  if result then return about.outcome end
  return about.outcome, about.kind .. " " .. about.outcome .. ": " .. tostring(about)
end

--- Whether this is among the words, or its detail begins with one.
local function is_among(words, outcome, detail)
  for _, word in ipairs(words or {}) do
    if outcome == word or detail and detail:sub(1, #word) == word then return true end
  end
end

local function is_good(secret)
  sandbox.urls.plain = give "url"
  local answer = sandbox.api("GET", sandbox.tokens "/verify", nil, secret)
  sandbox.urls.plain = nil
  return answer.status == 200
end

-- What is wrong with a secret, or with what became of one.
local function secret_fault(now, outcome, secret)
  if secret and not is_good(secret) then return "gives a secret that is not good" end
  local made = now.name and sandbox.secrets(now.name).created or 0
  if made > 1 then return "made twice" end
  if now.name and outcome == "ok" and (made ~= 1 or not secret) then return "ok without a secret" end
end

-- Walks one scenario with an act at place `at`; returns what came of it, and how many places there are.
local function walk(name, act, at, id)
  local now, places = { id = id }, 0
  local run = scenarios[name](id, now)
  registry["cloudflare.collects"] = function()
    places = places + 1
    if places ~= at then return end
    acts[act](now, now.tables or {})
    litter()
  end
  local outcome, detail, secret = outcome_of(pcall(run))
  registry["cloudflare.collects"] = nil
  while cloudflare.step(0.01) > 0 do end
  if now.unsent and outcome == "deleted" then outcome = "deleted by a closed client" end
  return secret_fault(now, outcome, secret) or outcome, detail, places
end

local function check(name, act, at, id)
  local outcome, detail = walk(name, act, at, id)
  local good = is_among(right[name], outcome) or is_among(besides[act], outcome, detail)
  if name == "new" and good and outcome == "made" then good = detail == "cloudflare.client: " .. give "url" end
  sweep:check(good, ("%s, %s at %d: %s %s"):format(name, act, at, outcome, detail or ""))
end

sandbox.reset()
sandbox.switch { most_account = 50000 }
local total = 0
local function walk_all(name, most)
  local _, _, places = walk(name, "step", 0, sandbox.fresh())
  total = total + places
  for _, act in ipairs { "empty", "close", "cancel", "step", "begin" } do
    local all = {}
    for at = 1, places do all[at] = at end
    all = Sweep.share(all, most)
    local ids = sandbox.seed(#all)
    for i, at in ipairs(all) do check(name, act, at, ids[i]) end
  end
end

for _, name in ipairs {
  "new", "own token", "own key", "own function", "listener", "async", "verify", "refused", "bad value", "tostring",
} do walk_all(name, SHARE) end
for _, name in ipairs(several) do walk_all(name, LITTLE) end
sweep:finish(("%d places"):format(total))
