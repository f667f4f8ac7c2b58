-- The allocations sweep: every request for memory refused, in every scenario, and the truth of
-- what the caller was told. The host (spec/sweeps/allocations/host.c) plays each case in a
-- process of its own.
package.path = "./?.lua;" .. package.path
local start, collect, is_sanitized = ...
local unpack = table.unpack or unpack -- luacheck: ignore 113
local Sweep = require "spec.support.sweep"
local sandbox = require "spec.support.sandbox"
local socket = require "socket"

local AT_ONCE = is_sanitized and 4 or 16 -- cases under way: some wait for the clock
-- Cases of one scenario, source and mode, in `make test` 2; half as many of what takes several requests. SWEEP=all walks
-- them all without sanitizers, and so many times as many with them.
local SHARE, MORE = tonumber(os.getenv "SHARE") or 2, 5
local LITTLE = math.floor(SHARE / 2)
local CHUNK = 2000 -- cases between two looks at the ledger

-- What is refused: one request, all from one on, or all of Lua's above a cap.
local REFUSALS = {
  { "module", "once" }, { "module", "on" }, { "libcurl", "once" }, { "libcurl", "on" },
  { "Lua", "once" }, { "Lua", "on" }, { "Lua", "cap" },
}
-- From 5.2 on Lua collects garbage and asks again: that, too, is refused.
if _VERSION ~= "Lua 5.1" then REFUSALS[#REFUSALS + 1] = { "Lua", "again" } end

-- How each ends while memory lasts; `most`, a whole walk takes a seeded share of so many of each source and way: of
-- what asks very often, and of what another scenario walks whole.
local SCENARIOS = {
  { "load", "made", most = 600 }, { "client", "made" },
  { "deleted", "deleted" }, { "deleted, plain", "deleted" }, { "default", "deleted" }, { "again", "deleted" },
  { "own credential", "deleted" }, { "vault", "deleted" }, { "listener", "deleted" },
  { "scheduler", "deleted" },
  { "settled", "gone" }, { "settled, plain", "gone" },
  { "refused", "refused" }, { "absent", "not_found" }, { "bad value", "not_sent" },
  { "verify", "ok" }, { "async", "deleted" }, { "cancel", "unknown" },
  { "close", "unknown" }, { "in flight", "nothing" },
}

-- What makes or changes something that must not be done twice; `secret`, it brings one. Each is played by itself, since
-- nothing in a request to make a token tells the sandbox whose case it is.
local ONCE = {
  { "create", "ok", secret = "created" }, { "create, async", "ok", secret = "created", most = 400 },
  { "create, by name", "ok", secret = "created", most = 200 },
  { "create, recovered", "ok", secret = "created" },
  { "create, recovered, async", "ok", secret = "created", most = 400 },
  { "roll", "ok", secret = "rolled" }, { "roll, async", "ok", secret = "rolled", most = 400 },
  { "update", "ok", changes = "updated" }, { "update, async", "ok", changes = "updated" },
}
-- Of several requests; want of memory is raised, for nobody could be told all of it.
local OTHERS = {
  { "identify", "ok", reads = true }, { "identify, async", "ok", reads = true }, { "each", "ok", reads = true },
  { "each, async", "ok", reads = true }, { "many", "deleted", raises = true }, { "many, async", "deleted", raises = true },
}

local interpreter = type(jit) == "table" and "luajit" or _VERSION:lower():gsub(" ", "") -- luacheck: ignore
local sweep = Sweep.new("allocations, " .. interpreter .. (is_sanitized and ", sanitized" or ""))
local lost, definite, raised, met, secrets = 0, 0, 0, 0, 0

-- Plays cases, some at once; each gets its `status` and `report`.
local function play(cases)
  local under_way, next_case, count = {}, 1, 0
  while next_case <= #cases or count > 0 do
    if next_case <= #cases and count < AT_ONCE then
      local case = cases[next_case]
      under_way[start(case.scenario, case.id, case.source, case.mode, case.at)] = case
      next_case, count = next_case + 1, count + 1
    else
      local number, status, report = collect()
      local case = under_way[number]
      case.status, case.report, count = status, report, count - 1
      case.counts, case.refused, case.left, case.verb, case.word = report:match "^(%d+ %d+ %d+ %d+) (%d+) (%d+) (%S+) (.*)$"
      if case.word and case.word:find " secret " then case.word, case.secret = case.word:match "^(.-) secret (.*)$" end
    end
  end
end

-- What the sandbox saw of each token.
local function truths()
  socket.sleep(0.3) -- what was sent before a case ended has arrived by now
  local seen = {}
  for _, entry in ipairs(sandbox.ledger()) do
    if type(entry.token) == "string" and entry.method ~= "GET" then
      local truth = seen[entry.token] or { arrived = 0, created = 0, rolled = 0, updated = 0 }
      truth.arrived = truth.arrived + 1
      truth.deleted = truth.deleted or entry.effect == "deleted"
      if type(truth[entry.effect]) == "number" then truth[entry.effect] = truth[entry.effect] + 1 end
      seen[entry.token] = truth
    end
  end
  return seen
end

-- Whether a secret is good, and the right token's.
local function is_live(secret, ids)
  local answer = sandbox.api("GET", sandbox.tokens "/verify", nil, secret)
  for _, id in ipairs(ids) do
    if answer.status == 200 and answer.body.result.id == id then return true end
  end
  return false
end

-- What is wrong with the end of a call that may have brought a secret: of what was made none is lost, none is made twice,
-- and nothing is said that is not so. Where the module's or libcurl's memory ends the answer itself may be lost.
local function fault_of_secret(case, truth)
  local made = sandbox.secrets(case.secret_of == "created" and case.id or "")
  local count = case.secret_of == "created" and made.created or truth.rolled
  local ids = case.secret_of == "created" and made.ids or { case.id }
  if count > 1 or made.rolled > 1 then return "is done twice" end
  if case.secret then
    if not is_live(case.secret, ids) then return "gives a secret that is not good" end
    secrets = secrets + 1
    return
  end
  if count == 0 then return case.word == "ok" and "says ok" end
  if case.word == "unknown" and (case.source ~= "Lua" or case.scenario:find "recovered") then return end
  lost = lost + 1
  return "loses a secret"
end

local function fault_of_change(case, truth)
  if truth.updated > 1 then return "is done twice" end
  if truth.updated == 0 then return case.word == "ok" and "says ok" end
  return case.word ~= "ok" and case.word ~= "unknown" and "was done"
end

local function contradicts(outcome, truth)
  if outcome == "deleted" then return not truth.deleted end
  if outcome == "gone" then return not (truth.deleted or truth.absent) end
  if outcome == "not_sent" or outcome == "made" then return truth.arrived > 0 end
  return (outcome == "refused" or outcome == "not_found") and truth.deleted
end

local function fault_of(case, truth)
  truth.absent = case.scenario == "absent"
  if case.status ~= 0 then return case.status == -14 and "hangs" or "dies with " .. case.status end
  if not case.verb then return "tells nothing" end
  if case.left ~= "0" then return "leaks" end
  if case.verb == "spoilt" or case.verb == "changed" then return case.verb .. ": " .. case.word end
  if case.at == 0 and case.word ~= case.ends_as and case.ends_as ~= "unknown" then return ("ends as %s %s"):format(case.verb, case.word) end
  if case.secret_of then return fault_of_secret(case, truth) end
  if case.changes then return fault_of_change(case, truth) end
  if case.reads then return truth.arrived > 0 and "changes something" end
  if case.verb == "raised" and truth.arrived > 0 and case.scenario ~= "in flight" and not case.raises then
    lost = lost + 1
    return "raises after a DELETE: " .. case.word
  end
  if case.verb ~= "raised" and contradicts(case.word, truth) then return "says " .. case.word end
end

local function judge(cases)
  local seen = truths()
  for _, case in ipairs(cases) do
    local fault = fault_of(case, seen[case.id] or { arrived = 0, created = 0, rolled = 0, updated = 0 })
    if case.refused ~= "0" then met = met + 1 end
    if case.verb == "raised" then raised = raised + 1 elseif case.word ~= "unknown" then definite = definite + 1 end
    local what = ("%s; %s refused %s at %d: "):format(case.scenario, case.source, case.mode, case.at)
    sweep:check(not fault, what .. tostring(fault) .. " (" .. case.report .. ")")
  end
end

-- What goes wrong at the sandbox, by how the scenario ends.
local FAULTS = { gone = { drop = "after" }, unknown = { delay_after = 2 } }

-- Gives each case a token of its own, or an id that is none.
local function prepare(cases)
  sandbox.reset()
  sandbox.switch { most_account = 50000 }
  if cases[1].scenario:find "recovered" then sandbox.fault { method = "POST", drop = "after", times = #cases } end
  local ids, faults = sandbox.seed(#cases), {}
  for i, case in ipairs(cases) do
    case.id = case.scenario == "absent" and ("%032x"):format(i) or ids[i]
    for what, how in pairs(FAULTS[case.ends_as] or {}) do
      faults[#faults + 1] = { token = case.id, method = "DELETE", [what] = how }
    end
  end
  if #faults > 0 then sandbox.fault(faults) end
end

local function run(cases)
  for first = 1, #cases, CHUNK do
    local chunk = { unpack(cases, first, math.min(first + CHUNK - 1, #cases)) }
    prepare(chunk)
    play(chunk)
    judge(chunk)
  end
end

local function case_of(scenario, source, mode, at)
  return {
    scenario = scenario[1], ends_as = scenario[2], source = source, mode = mode, at = at,
    secret_of = scenario.secret, changes = scenario.changes, reads = scenario.reads, raises = scenario.raises,
  }
end

-- How often each asks whose memory: played with all the memory there is, since a case may go another way for each source.
local function counts_of(scenarios)
  local cases, counts = {}, {}
  for _, scenario in ipairs(scenarios) do
    for _, source in ipairs { "libcurl", "Lua" } do cases[#cases + 1] = case_of(scenario, source, "once", 0) end
  end
  run(cases)
  for i = 1, #cases, 2 do
    local module, libcurl = (cases[i].counts or ""):match "^(%d+) (%d+)"
    local lua, grains = (cases[i + 1].counts or ""):match "(%d+) (%d+)$"
    counts[#counts + 1] = { module = module, libcurl = libcurl, Lua = lua, cap = grains }
  end
  return counts
end

-- Every request refused, of every source, in every way.
local function walk(scenarios, most)
  local counts, cases = counts_of(scenarios), {}
  for i, scenario in ipairs(scenarios) do
    for _, refusal in ipairs(REFUSALS) do
      local source, mode = refusal[1], refusal[2]
      local count, all = tonumber(counts[i][mode == "cap" and mode or source]) or 0, {}
      for at = 1, count > 0 and count + 2 or 0 do all[at] = case_of(scenario, source, mode, at) end
      local most_of_whole = is_sanitized and MORE * most or scenario.most
      for _, case in ipairs(Sweep.share(all, most, most_of_whole)) do cases[#cases + 1] = case end
    end
  end
  run(cases)
end

walk(SCENARIOS, SHARE)
walk(OTHERS, LITTLE)
for _, scenario in ipairs(ONCE) do walk({ scenario }, LITTLE) end

sweep:finish(("%d refusals met, %d answers definite, %d raised with nothing sent, %d answers lost, %d secrets kept"):format(
  met, definite, raised, lost, secrets))
