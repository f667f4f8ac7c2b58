-- Everything that the world can say to a deletion: what reads are shown, what DELETEs see, who repeats or remembers on the
-- way, how the credential fares; in each of them a lost answer, and at each stage of the call a fault that passes. No
-- outcome is a false word, and each is what the second opinion makes of the trace. What may be said all the same, in
-- which world, stands in spec/support/judge.lua by name.
local cloudflare = require "cloudflare"
local faults = require "spec.support.faults"
local fly = require "spec.support.lanes"
local judge = require "spec.support.judge"
local Sweep = require "spec.support.sweep"

local function times(count, entry)
  local list = {}
  for i = 1, count do list[i] = entry end
  return list
end

local OLD = { { "Age", "30" } }
local STALE = { { "Warning", '110 - "Response is Stale"' } }
local MANY = 9

-- A world: its name, what the server is told of it, and what else of the case: `settles`, a lost answer is settled there;
-- `splits`, a DELETE denies what reads show; `slow`, nothing may be learnt before the deadline.
local worlds = {
  { "an honest one", {}, settles = true },
  { "the token is not there", { state = "absent" } },
  { "the token is hidden", { state = "hidden" } },
  { "the wrong account", {}, account = ("b"):rep(32) },
  -- Reads that lag behind, or run ahead.
  { "one read misses it", { reads = { "absent" } }, settles = true },
  { "two reads miss it", { reads = { "absent", "absent" } }, settles = true },
  { "every read misses it", { reads = times(MANY, "absent") }, settles = true },
  { "the second read misses it", { reads = { {}, "absent" } } },
  { "one read still shows it", { reads = { "present" } }, settles = true },
  { "two reads still show it", { reads = { "present", "present" } } },
  { "every read still shows it", { reads = times(MANY, "present") } },
  { "reads to and fro", { reads = { "present", "absent", "present", "absent" } } },
  -- Caches on the way of reads.
  { "a cache that obeys holds a miss", { reads = times(MANY, { shows = "absent", obeys = true }) }, settles = true },
  { "a cache holds a miss, and its age", { reads = { { shows = "absent", headers = OLD } } }, settles = true },
  { "a cache holds a miss, with a warning", { reads = { { shows = "absent", headers = STALE } } }, settles = true },
  { "a cache holds it, and its age", { reads = { { shows = "present", headers = OLD } } }, settles = true },
  { "a cache holds a miss, and its age, for long", { reads = times(MANY, { shows = "absent", headers = OLD }) }, slow = true },
  { "a cache holds it, and its age, for long", { reads = times(MANY, { shows = "present", headers = OLD }) }, slow = true },
  -- GET and DELETE see differently.
  { "GET never sees it", { sight = { GET = "absent" } }, settles = true },
  { "GET sees it for ever", { sight = { GET = "present" } } },
  { "DELETE never sees it", { sight = { DELETE = "absent" } }, splits = true },
  { "neither sees it", { sight = { GET = "absent", DELETE = "absent" } } },
  -- The credential is rolled, expires or is deleted by someone else.
  { "the credential dies at once", { credential = 1 } },
  { "the credential dies at the second request", { credential = 2 } },
  { "the credential dies at the third request", { credential = 3 } },
  { "the credential dies at the fourth request", { credential = 4 } },
  { "the credential is the token", { credential = "itself" } },
  -- A middleman repeats a DELETE by himself.
  { "a middleman repeats it", {}, copy = {} },
  { "a middleman repeats it: 401", {}, copy = { say = "invalid" } },
  { "a middleman repeats it: 403", {}, copy = { say = "forbidden" } },
  { "a middleman repeats it: 429", {}, copy = { say = "throttled" } },
  { "a middleman repeats it: no route", {}, copy = { say = "no_route" } },
  { "a middleman repeats it: a gateway's 404", {}, copy = { say = "gateway" } },
  { "a middleman repeats it: 503", {}, copy = { say = "broken" } },
  { "a middleman repeats it: lost", {}, copy = { raw = "", ["end"] = "fin" } },
  { "a middleman repeats it, and a read still shows it", { reads = { "present", "present" } }, copy = { say = "forbidden" } },
}

-- What becomes of the first answer.
local losses = {
  { "nothing is lost" },
  { "lost, done", { raw = "", ["end"] = "fin", effect = true }, lost = true },
  { "lost, not done", { raw = "", ["end"] = "fin", effect = false }, lost = true },
  { "a nameless yes, done", { say = "yes", effect = true } },
  { "a nameless yes, not done", { say = "yes", effect = false } },
}

-- Faults that pass, or that answer in the API's place; several of a kind take turns.
local passing = {
  { "401 of a passing fault", { "unauthorized" }, passes = true }, { "a fault that does not pass", { "unauthorized" }, times = 9 },
  { "401", { "invalid" } }, { "403", { "forbidden" } },
  { "403 of a passing fault", { "unauthorized_403" }, passes = true }, { "locked out", { "locked_out", "locked_out_401" } },
  { "a gateway's 404", { "gateway", "gateway_empty" } }, { "a 404 of no route", { "worker", "no_route", "no_route_below" } },
  { "a 404 to the credential", { "unauthorized_404", "forbidden_404" } }, { "429", { "throttled" } }, { "503", { "broken" } },
  { "lost", {} },
}
local stages = { { "DELETE", 1 }, { "DELETE", 2 }, { "GET", 1 }, { "GET", 2 }, { "GET", 3 } }

local function turns(list)
  local turn = 0
  return function()
    turn = turn % #list + 1
    return list[turn]
  end
end

local transport, missing_ok = turns(faults.transports), turns { true, false }
for _, fault in ipairs(passing) do fault.say = turns(fault[2]) end

local function script_of(fault)
  if #fault[2] == 0 then return { raw = "", ["end"] = "rst", effect = false } end
  return { say = fault.say(), effect = false, times = fault.times }
end

-- Scripts for the requests of one method, in their order: `at` has those that are odd.
local function in_order(scripts, method, at, last)
  for i = 1, last do
    local script = { method = method }
    for name, value in pairs(at[i] or {}) do script[name] = value end
    scripts[#scripts + 1] = script
  end
end

-- What becomes of the DELETEs and of the GETs, in their order: a loss, then the middleman, and the fault at its stage.
local function scripts_of(plan)
  local at = { DELETE = { plan.loss[2] }, GET = {} }
  if plan.world.copy then
    local copy = { copies = true }
    for name, value in pairs(plan.world.copy) do copy[name] = value end
    table.insert(at.DELETE, copy)
  end
  if plan.fault then at[plan.stage[1]][plan.stage[2]] = script_of(plan.fault) end
  local scripts = {}
  in_order(scripts, "DELETE", at.DELETE, 2)
  in_order(scripts, "GET", at.GET, 3)
  return scripts
end

-- Whether the place of a fault is taken already.
local function collides(world, loss, stage)
  return stage[1] == "DELETE" and stage[2] <= (loss[2] and 1 or 0) + (world.copy and 1 or 0)
end

-- What a case must come to where the rules leave it no other word: without a fault, or with one that a GET looks past.
local SETTLED, SEEN, SPLIT = { deleted = true, gone = true }, { gone = true, unknown = true }, { unknown = true }
local function expected(p)
  local at_get = p.fault and p.stage[1] == "GET"
  if p.world.splits and p.check_first and not p.loss[2] and at_get and p.stage[2] == 2 then return SPLIT end
  if p.fault and not (at_get and p.fault.passes) then return nil end
  if p.loss.lost and p.world.settles and p.max_retries == 2 and not p.check_first then return SETTLED end
  if p.check_first and p.world.copy and not p.world[2].reads and not p.loss[2] and not p.fault then return SEEN end
end

local plans, sure = {}, {}
local function plan(world, loss, fault, stage)
  for _, check_first in ipairs { false, true } do
    for max_retries = 0, 2 do
      local p = {
        world = world, loss = loss, fault = fault, stage = stage, check_first = check_first, max_retries = max_retries,
      }
      p.allowed = expected(p)
      table.insert(p.allowed and sure or plans, p)
    end
  end
end

for _, world in ipairs(worlds) do
  for _, loss in ipairs(losses) do
    plan(world, loss)
    for _, fault in ipairs(passing) do
      for _, stage in ipairs(stages) do
        if not collides(world, loss, stage) then plan(world, loss, fault, stage) end
      end
    end
  end
end

local function name_of(p)
  local fault = p.fault and ("%s to %s %d"):format(p.fault[1], p.stage[1], p.stage[2]) or "no fault"
  return ("%s, %s, %s%s, %d retries"):format(p.world[1], p.loss[1], fault, p.check_first and ", check_first" or "", p.max_retries)
end

local function case_of(p)
  return {
    name = name_of(p), over = transport(), account = p.world.account, world = p.world[2], scripts = scripts_of(p),
    where = p.world[1], fault = p.fault and p.fault[1] or "no fault",
    options = { check_first = p.check_first, max_retries = p.max_retries, missing_ok = missing_ok(),
      timeout = p.world.slow and 4 or nil },
    allowed = p.allowed,
  }
end

local sweep = Sweep.new "worlds"
local walked = {}
for _, list in ipairs { sure, Sweep.share(plans, 500, 12000) } do
  for _, p in ipairs(list) do walked[#walked + 1] = case_of(p) end
end
fly(sweep, walked)
local function count(counts, name) counts[name] = (counts[name] or 0) + 1 end

local outcomes, false_words, lies = {}, 0, {}
for _, case in ipairs(walked) do
  local outcome = case.detail.outcome
  count(outcomes, outcome)
  if case.lied then
    false_words = false_words + 1
    count(lies, ("%s (%s): %s"):format(case.where, case.fault, outcome))
  end
end

-- A credential that verify called the token: that it is refused afterwards is said of a deleted token, and of a rolled one.
local ITSELF = ("5"):rep(32)
for _, over in ipairs(faults.transports) do
  for _, done in ipairs { true, false } do
    faults.register { { id = ITSELF, credential = 2, scripts = {
      { method = "DELETE", raw = "", ["end"] = "fin", effect = done },
    } } }
    local cf = assert(cloudflare.new(faults.options(over)))
    cf.tokens.verify()
    local _, detail = cf.tokens.delete(nil, ITSELF)
    local problem, lied = judge(detail.outcome, detail.http, faults.truth({ ITSELF }, true)[1], true)
    if lied then false_words = false_words + 1 end
    sweep:check(not problem and detail.outcome == "unknown", ("%s, itself: %s, %s"):format(over, detail.outcome, tostring(problem)))
  end
end

local function listed(counts)
  local words = {}
  for name, number in pairs(counts) do words[#words + 1] = ("%d %s"):format(number, name) end
  table.sort(words)
  return table.concat(words, ", ")
end

for lie, times_told in pairs(lies) do print(("  %d false: %s"):format(times_told, lie)) end
sweep:finish(("%d false words in %d worlds (of %d cases); %s"):format(false_words, #worlds, #sure + #plans, listed(outcomes)))
