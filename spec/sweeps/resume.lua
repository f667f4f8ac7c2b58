-- A run of delete_many is killed at some stage, once or twice, and the next goes on from its journal. Nothing that was
-- sent is missing there; nothing is sent again that is noted there as deleted or gone; and what the last report says of
-- each id is what the sandbox's ledger says, which knows every request by the run that sent it.
local cloudflare = require "cloudflare"
local socket = require "socket"
local sandbox = require "spec.support.sandbox"
local Sweep = require "spec.support.sweep"

local CASES = Sweep.whole and 3000 or 200
local AT_ONCE = 8
local LIVING, MISSING = 10, 2 -- ids of a case
local LONGEST_DELAY = 0.12    -- seconds after which the sandbox does what it was asked

local BY_THE_CLOCK = "by the clock"
local STAGES = {
  "before the sending is noted", "while the sending is noted", "once the sending is noted",
  "while requests are in flight", "once an answer has come", "while a token is looked at",
  "before the end is noted", "while the end is noted", "once the end is noted",
  "once progress was told", BY_THE_CLOCK,
}
local MAY_END = { [BY_THE_CLOCK] = true, ["while requests are in flight"] = true } -- before it is reached

local FAULTS = {
  function(r) return { delay = 0.02 + r(100) / 1000 } end,
  function(r) return { delay_after = 0.02 + r(100) / 1000 } end,
  function() return { drop = "before" } end,
  function() return { drop = "after" } end,
  function() return { status = 500, effect = true } end,
  function() return { status = 503, effect = false } end,
}

local random = Sweep.random()
local function one_of(list) return list[random(#list)] end

local function new_kill(of_ids)
  local stage = one_of(STAGES)
  return { stage = stage, number = stage == BY_THE_CLOCK and 5 + random(60) or random(of_ids) }
end

-- Every second meets faults, every third is killed twice.
local function new_case(number, ids)
  local case = { number = number, ids = ids, kills = { new_kill(#ids) }, living = {}, path = os.tmpname() }
  if number % 3 == 0 then case.kills[2] = new_kill(4) end
  for i = 1, LIVING do case.living[ids[i]] = true end
  for i = 1, MISSING do ids[LIVING + i] = ("%032x"):format(number * 8 + i) end
  table.insert(ids, random(LIVING), table.remove(ids)) -- one of the missing stands somewhere between
  case.faults = {}
  for i = 1, number % 2 == 0 and 3 or 0 do -- no more than one of an id: where each answer is lost, nothing can be known
    case.faults[i] = one_of(FAULTS)(random)
    case.faults[i].token, case.faults[i].method = ids[i * 4 - random(4) + 1], "DELETE"
  end
  return case
end

-- Runs that are killed.
local function begin(case, run)
  local kill = case.kills[run]
  local clock = kill.stage == BY_THE_CLOCK and ("timeout -s KILL %f "):format(kill.number / 1e3) or ""
  case.pipe = assert(io.popen(("%slua5.4 spec/sweeps/resume/subject.lua %s 'run %d' '%s' %d %s 2>&1; echo ended $?"):format(
    clock, case.path, run, kill.stage, kill.number, table.concat(case.ids, " "))))
end

-- What stands in the journal of a run that is over, by id.
local function noted(case)
  local report, words = assert(cloudflare.report_of(case.path)), {}
  for _, entry in ipairs(report) do words[entry.id] = entry.outcome end
  return words
end

local function finish(case, run)
  local said = case.pipe:read "a"
  case.pipe:close()
  local status = tonumber(said:match "ended (%d+)")
  case.killed = (case.killed or 0) + (status == 137 and 1 or 0)
  if status ~= 137 and not (status == 0 and (MAY_END[case.kills[run].stage] or run > 1)) then
    case.wrong = ("run %d was not killed: %s"):format(run, said)
  end
  case.noted[run] = noted(case)
end

local function kill_all(cases, run)
  local begun = {}
  for _, case in ipairs(cases) do
    if case.kills[run] then
      begin(case, run)
      begun[#begun + 1] = case
      if #begun > AT_ONCE then finish(begun[#begun - AT_ONCE], run) end
    end
  end
  for i = math.max(1, #begun - AT_ONCE + 1), #begun do finish(begun[i], run) end
end

-- The last run of each, all at once.
local function resume_all(cf, cases)
  for _, case in ipairs(cases) do
    local work = assert(cloudflare.report_of(case.path))
    for _, id in ipairs(case.ids) do work[#work + 1] = id end
    case.call = cf.async.tokens.delete_many(nil, work, { journal = assert(cloudflare.journal(case.path)) })
  end
  for _, case in ipairs(cases) do
    case.report = assert(case.call:wait())
    case.noted[#case.noted + 1] = noted(case)
    os.remove(case.path)
  end
end

-- What the ledger has of each token: which runs sent a DELETE, and which of them deleted it.
local function truths()
  socket.sleep(LONGEST_DELAY) -- what a killed run sent is done by then
  local all = {}
  for _, entry in ipairs(sandbox.ledger()) do
    if entry.token and entry.method == "DELETE" then
      local truth = all[entry.token] or { sent = {} }
      all[entry.token], truth.sent[entry.user_agent] = truth, true
      if entry.effect == "deleted" then truth.by = entry.user_agent end
    end
  end
  return all
end

local FINAL = { deleted = true, gone = true, not_found = true }
local UNSENT = { sent = {} }

-- What is false of an id, or nil. `run` is the last one; `noted` has the words after each.
local function id_is_wrong(case, id, outcome, truth)
  local last = #case.noted
  for run = 1, last do
    local name, before = "run " .. run, run > 1 and case.noted[run - 1][id]
    if truth.sent[name] and not case.noted[run][id] then return name .. " sent it and did not note it" end
    -- What was gone or not found is asked about again: it is given again.
    if truth.sent[name] and before == "deleted" then return name .. " sent it, but it was noted as deleted" end
    local word = case.noted[run][id]
    if word == "deleted" and before ~= "deleted" and truth.by ~= name then
      return ("%s noted that it deleted it, but %s did"):format(name, truth.by or "nobody")
    end
  end
  if case.noted[last][id] ~= outcome then return "the journal has " .. tostring(case.noted[last][id]) end
  if case.living[id] and not truth.by then return "it lives" end
  if case.living[id] and outcome == "not_found" then return "it was there" end
  if not case.living[id] and outcome == "deleted" then return "it was never there" end
end

local function problem(case, truth)
  if case.wrong then return case.wrong end
  local outcomes = {}
  for _, entry in ipairs(case.report) do
    outcomes[entry.id] = entry.outcome
    if not FINAL[entry.outcome] then return ("%s, %s: %s"):format(entry.id, entry.outcome, tostring(entry.err)) end
  end
  for _, id in ipairs(case.ids) do
    local wrong = id_is_wrong(case, id, outcomes[id], truth[id] or UNSENT)
    if wrong then return ("%s, %s: %s"):format(id, tostring(outcomes[id]), wrong) end
  end
end

local sweep = Sweep.new "killed and resumed"
local killed, counts = 0, {}

local function play(from, to)
  sandbox.reset()
  local cases, faults, batches = {}, {}, {}
  for i = 1, to - from + 1 do batches[i] = { count = LIVING } end
  for i, batch in ipairs { sandbox.grow(table.unpack(batches)) } do
    cases[i] = new_case(from + i - 1, batch.ids)
    cases[i].noted = {}
    for _, fault in ipairs(cases[i].faults) do faults[#faults + 1] = fault end
  end
  if faults[1] then sandbox.fault(faults) end
  kill_all(cases, 1)
  kill_all(cases, 2)
  for _, case in ipairs(cases) do case.last = #case.noted + 1 end
  for last = 2, 3 do
    local left = {}
    for _, case in ipairs(cases) do
      if case.last == last then left[#left + 1] = case end
    end
    local cf = assert(cloudflare.new(sandbox.options("http2", { user_agent = "run " .. last })))
    resume_all(cf, left)
    cf:close()
  end
  local truth = truths()
  for _, case in ipairs(cases) do
    local wrong = problem(case, truth)
    killed = killed + case.killed
    for word, count in pairs(case.report.counts) do counts[word] = (counts[word] or 0) + count end
    local stages = case.kills[1].stage .. (case.kills[2] and ", then " .. case.kills[2].stage or "")
    sweep:check(not wrong, ("case %d, killed %s: %s"):format(case.number, stages, tostring(wrong)))
  end
end

for from = 1, CASES, 50 do play(from, math.min(from + 49, CASES)) end

local words = {}
for word, count in pairs(counts) do words[#words + 1] = count .. " " .. word end
table.sort(words)
sweep:finish(("%d kills; %s"):format(killed, table.concat(words, ", ")))
