-- Walks many cases against the fault server at once. A lane is a client whose connections no other lane shares; it has
-- one call in flight. A case has `name`, `over`, and where it needs them `operation` (of spec/support/operations.lua: a
-- deletion by default) with its `params`, `state`, `scripts`, `world` (what else the server is told of the token),
-- `account` (that the call names), `options` (of the call), `alone` (a port and a client of its own, so new connections)
-- or `relay` (likewise, and the plan of a relay), `path` (of that client's base URL), `warm` (scripts of a call that
-- leaves it a live connection; may be empty), `idle` (seconds after that call), `allowed` (outcome → true), `one_each`
-- (each request of the trace that changes something must have arrived), `check` (says of the case what else is wrong,
-- or nil). Leaves in it `result`, `detail` (of the call),
-- `truth`, `lied` (whether its end is a false word), and `kept` (whether its first request came on the connection of the
-- call before).
local cloudflare = require "cloudflare"
local gettime = require "socket".gettime
local faults = require "spec.support.faults"
local judge = require "spec.support.judge"
local operations = require "spec.support.operations"

local LANES = 40 -- for each transport
local WARM_LANES = 10 -- libcurl keeps 32 connections in all: with more lanes none would be kept alive
local CALLS_A_CLIENT = 5 -- of a lane: each may be tried again twice, and a client affords ten of that
local AHEAD = 50 -- cases that are registered at once, shortly before they begin: what is in their worlds is new then
local BATCH = 500 -- whose truth is learnt at once

local function batch_of(list, first, most) return table.move(list, first, math.min(first + most - 1, #list), 1, {}) end

local function register(batch)
  local tokens = {}
  for i, case in ipairs(batch) do
    case.id = faults.fresh()
    case.operation = case.operation or "delete"
    local is_account = operations[case.operation].in_account
    tokens[i] = { id = case.id, state = case.state, scripts = case.scripts, account = is_account }
    for name, value in pairs(case.world or {}) do tokens[i][name] = value end
  end
  faults.register(tokens)
end

local function learn(batch)
  local ids = {}
  for i, case in ipairs(batch) do ids[i] = case.id end
  for i, truth in ipairs(faults.truth(ids, true)) do
    batch[i].truth = truth
    batch[i].kept = batch[i].before ~= nil and batch[i].before == truth.connections[1]
  end
end

local Lane = {}
Lane.__index = Lane

local function open_lanes(over, cases, most)
  local queue, lanes = { next = 1, registered = 0 }, {}
  for _, case in ipairs(cases) do
    if case.over == over then queue[#queue + 1] = case end
  end
  for i, port in ipairs(faults.listen(over, math.min(most, #queue))) do
    lanes[i] = setmetatable({ over = over, port = port, queue = queue, calls_left = 0 }, Lane)
  end
  return lanes
end

function Lane:renew()
  self.calls_left = self.calls_left - 1
  if self.calls_left > 0 then return end
  if self.cf then self.cf:close() end
  self.cf, self.calls_left = assert(cloudflare.new(faults.options(self.over, nil, self.port))), CALLS_A_CLIENT
end

function Lane:client()
  local case = self.case
  if not case.alone and not case.relay then return self.cf end
  if case.relay then case.relay.id = case.id end
  case.port = faults.listen(case.over, 1, case.relay)[1]
  return assert(cloudflare.new(faults.options(case.over, nil, case.port, case.path)))
end

function Lane:keep(scripts)
  self.warm_id = faults.fresh()
  faults.register { { id = self.warm_id, scripts = scripts } }
  self.call = self.cf.async.tokens.delete(nil, self.warm_id)
end

function Lane:call_operation(cf) self.call = operations[self.case.operation].begin(cf.async, self.case) end

-- The next case of the queue, registered; nil where there is none.
local function take(queue)
  local case = queue[queue.next]
  if case and queue.next > queue.registered then
    register(batch_of(queue, queue.next, AHEAD))
    queue.registered = queue.registered + AHEAD
  end
  queue.next = queue.next + 1
  return case
end

function Lane:begin()
  self.case = take(self.queue)
  if not self.case then return end
  self:renew()
  self.warming = self.case.warm ~= nil
  if self.warming then return self:keep(self.case.warm) end
  self:call_operation(self:client())
end

function Lane:finish()
  if self.warming then
    self.warming, self.call, self.due = false, nil, gettime() + (self.case.idle or 0)
    self.case.before = faults.truth({ self.warm_id }, true)[1].connections[1]
    return
  end
  local case = self.case
  case.result, case.detail = self.call:wait()
  if case.port then faults.close { case.port } end
  self:begin()
end

function Lane:turn()
  if self.call and self.call:done() then return self:finish() end
  if self.call or gettime() < self.due then return end
  self:call_operation(self.cf)
end

local function fly(lanes)
  for _, lane in ipairs(lanes) do lane:begin() end
  local busy = true
  while busy do
    busy = false
    cloudflare.step(0.05)
    for _, lane in ipairs(lanes) do
      if lane.case then lane:turn() end
      busy = busy or lane.case ~= nil
    end
  end
end

local function story(case)
  local words = {}
  for i, attempt in ipairs(case.detail.http.trace) do
    words[i] = attempt.method .. " " .. (attempt.proved or (attempt.sent and "nothing" or "unsent"))
  end
  return table.concat(words, ", ")
end

local function wrong(case)
  local outcome = case.detail.outcome
  local problem, lied = judge(outcome, case.detail.http, case.truth, case.one_each, nil, {
    operation = case.operation, params = case.params, recover = case.options and case.options.recover,
    result = case.result, err = not case.result and case.detail or nil,
  })
  case.lied = lied or false
  if problem then return problem end
  if not case.allowed or case.allowed[outcome] then return case.check and case:check() end
  return ("%s: %s"):format(outcome, tostring(case.detail.message or ""))
end

--- Flies every case and counts each in the sweep.
return function(sweep, cases)
  local lanes, most = {}, LANES
  for _, case in ipairs(cases) do
    if case.warm then most = WARM_LANES end
  end
  for _, over in ipairs(faults.transports) do
    for _, lane in ipairs(open_lanes(over, cases, most)) do lanes[#lanes + 1] = lane end
  end
  fly(lanes)
  for first = 1, #cases, BATCH do learn(batch_of(cases, first, BATCH)) end
  for _, case in ipairs(cases) do
    local problem = wrong(case)
    sweep:check(not problem, ("%s, %s: %s (%s)"):format(case.over, case.name, tostring(problem), story(case)))
  end
end
