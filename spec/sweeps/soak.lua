-- A long day: calls of every kind, hundreds in flight, three in ten of them meeting faults at random; some are cancelled,
-- some dropped, some lose their client. Nothing that is said contradicts the truth or its own trace, every call ends,
-- nothing grows.
local cloudflare = require "cloudflare"
local gettime = require "socket".gettime
local faults = require "spec.support.faults"
local judge = require "spec.support.judge"
local process = require "spec.support.process"
local Sweep = require "spec.support.sweep"

local CALLS = Sweep.whole and 100000 or 2000
local IN_FLIGHT, CLIENTS = 400, 5   -- clients: of each transport
local FAULTY, LOST_IN = 30, 60      -- of a hundred calls; one in so many is cancelled, and one dropped
local ODD_WORLDS = 10               -- of a hundred calls
local CLOSED_EVERY = 250            -- calls, a client
local BATCH = 500
local LONGEST = 60                  -- seconds in which something must end
local MOST_GROWN = 24 * 1024        -- kB, once it runs: of 75,000 calls a third of one each
local MOST_OPENED = 40              -- descriptors: libcurl keeps 32 connections

local random = Sweep.random()
local function one_of(list) return list[random(#list)] end
local function one_in(count) return random(count) == 1 end

-- Faults. An effect of its own has only what the reply leaves open: it must not be the server who lies.
local function open(script)
  script.effect = one_in(2)
  return script
end

local REFUSALS = { "throttled", "forbidden", "forbidden_404", "invalid", "unauthorized", "unauthorized_403", "unauthorized_404",
  "locked_out", "locked_out_401", "no_route", "no_route_below", "worker" }

local ANY = {
  function(how) return open { raw = "", ["end"] = how } end,
  function(how) return open { cut = random(60), ["end"] = how } end,
  function(how) return open { cut = -2 - random(80), ["end"] = how } end,
  function() return open { status = one_of { 202, 302, 408, 500, 502, 503, 520 } } end,
  function() return open { say = "html", status = one_of { 200, 403, 404, 429, 502 } } end,
  function() return open { say = one_of { "yes", "other", "broken" } } end,
  function() return open { body = one_of { "", "null", "{}", "{\"success\":tru", "\0", ("["):rep(3000) } } end,
  function() return { say = one_of(REFUSALS) } end,
  function() return open { say = one_of { "gateway", "gateway_empty" } } end,
  function() return { headers = { { "Age", tostring(random(300)) } } } end,
  function() return { copies = true, say = one_in(2) and one_of(REFUSALS) or nil } end,
  function() return { say = "throttled", headers = { { "Retry-After", one_of { "0", "1", "soon", "-3" } } } } end,
  function() return { pause = { at = random(120), seconds = random(50) / 1000 } } end,
  function() return { interim = { 100, 103 } } end,
}
local HTTP1 = {
  function() return { framing = one_of { "chunked", "close" } } end,
  function(how) return open { framing = one_of { "chunked", "close" }, cut = -3 - random(80), ["end"] = how } end,
  function() return open { length = 500, ["end"] = "fin" } end,
}
local HTTP2 = {
  function() return open { frames = { { "reset", random(14) - 1 } } } end,
  function() return open { frames = { "headers", { "reset", random(14) - 1 } } } end,
  function() return open { frames = { "headers_end" } } end,
  function() return open { frames = { { "goaway", 2, random(14) - 1 } }, ["end"] = "fin" } end,
}

local function fault(over)
  local own = over == "http2" and HTTP2 or HTTP1
  local i = random(#ANY + #own)
  local script = (ANY[i] or own[i - #ANY])(one_of { "fin", "rst" })
  script.method = one_in(3) and "GET" or "DELETE"
  if script.method == "GET" then script.effect = nil end
  script.times = one_of { 1, 1, 1, 2, 3 }
  return script
end

-- Worlds that are not as they seem: a few of a hundred calls have one.
local WORLDS = {
  function() return { reads = { one_of { "present", "absent" }, one_of { "present", "absent" } } } end,
  function() return { reads = { { shows = one_of { "present", "absent" }, obeys = one_in(2), headers = { { "Age", "9" } } } } } end,
  function() return { sight = { [one_of { "GET", "DELETE" }] = one_of { "absent", "hidden" } } } end,
  function() return { credential = random(4) } end,
  function() return { credential = "itself" } end,
}

-- A DELETE that hides a token speaks alone where reading is not permitted: then no client could tell.
local function permitted(scripts)
  local list = {}
  for _, script in ipairs(scripts) do
    if script.method ~= "GET" or script.say ~= "forbidden" then list[#list + 1] = script end
  end
  return list
end

local function options(stalls)
  return {
    max_retries = random(4) - 1, check_first = one_in(5), missing_ok = one_in(4),
    timeout = one_of { 6, 10 }, attempt_timeout = stalls and 1 or one_of { 4, 8 },
  }
end

local function new_case(number)
  local over = one_of(faults.transports)
  local scripts = {}
  local stalls = one_in(60)
  if stalls then scripts[1] = open { method = one_of { "GET", "DELETE" }, raw = "", ["end"] = "stall" } end
  if random(100) <= FAULTY then
    for i = 1, random(3) do scripts[i] = scripts[i] or fault(over) end
  end
  local world = random(100) <= ODD_WORLDS and one_of(WORLDS)() or {}
  if world.sight and world.sight.DELETE then scripts = permitted(scripts) end
  return {
    reads = world.reads, sight = world.sight, credential = world.credential,
    number = number, id = faults.fresh(), over = over, scripts = scripts, options = options(stalls),
    state = one_of { "present", "present", "present", "absent", "hidden" }, trace = {},
  }
end

-- Clients that hear of every end, also of calls that nobody holds.
local cases, over_now = {}, {} -- in flight, by id; and those that have just ended

local function hear(event)
  local case = cases[event.token_id]
  if event.method then
    case.trace[#case.trace + 1] = { method = event.method, sent = true }
    return
  end
  case.heard, cases[event.token_id] = event.outcome, nil
  over_now[#over_now + 1] = case
end

local clients = {}
for _, over in ipairs(faults.transports) do
  clients[over] = {}
  for i, port in ipairs(faults.listen(over, CLIENTS)) do clients[over][i] = { port = port, over = over } end
end

local function open_client(client)
  client.cf = assert(cloudflare.new(faults.options(client.over, { on_event = hear }, client.port)))
  client.left = random(2 * CLOSED_EVERY)
end

local begun, ended, lost = 0, 0, { cancelled = 0, dropped = 0, closed = 0 }

local function begin(case)
  local client = one_of(clients[case.over])
  client.left = client.left and client.left - 1
  if client.left and client.left < 0 then
    client.cf:close()
    lost.closed = lost.closed + 1
    client.left = nil
  end
  if not client.left then open_client(client) end
  cases[case.id] = case
  case.call = client.cf.async.tokens.delete(nil, case.id, case.options)
  if one_in(LOST_IN) then case.cancel_in = random(20) end
  if not case.cancel_in and one_in(LOST_IN) then
    case.call = nil
    lost.dropped = lost.dropped + 1
  end
end

local sweep = Sweep.new "soak"
local outcomes, waiting = {}, {}

local function problem(case, truth)
  if not case.call then return judge(case.heard, { trace = case.trace }, truth, nil, false) end
  local result, detail = case.call:wait()
  if detail.outcome ~= case.heard then return ("ended %s, told %s"):format(detail.outcome, case.heard) end
  if #detail.http.trace ~= #case.trace then return "told of other attempts than it made" end
  local good = ({ deleted = true, gone = true, accepted = true, not_found = case.options.missing_ok })[case.heard]
  if (result ~= nil) ~= (good or false) then return "returned as " .. type(result) end
  return judge(case.heard, detail.http, truth, nil, { cancelled = detail.kind == "cancelled" })
end

-- In batches, and a while after they ended: what was on its way has arrived.
local function check_oldest()
  local batch, ids = table.move(waiting, 1, BATCH, 1, {}), {}
  waiting = table.move(waiting, BATCH + 1, #waiting, 1, {})
  for i, case in ipairs(batch) do ids[i] = case.id end
  for i, truth in ipairs(faults.truth(ids, true)) do
    local case = batch[i]
    local wrong = problem(case, truth)
    outcomes[case.heard] = (outcomes[case.heard] or 0) + 1
    sweep:check(not wrong, ("call %d, %s, %s: %s"):format(case.number, case.over, case.heard, tostring(wrong)))
  end
end

local function begin_more()
  local fresh = {}
  for i = 1, math.min(IN_FLIGHT - (begun - ended), CALLS - begun) do fresh[i] = new_case(begun + i) end
  if #fresh == 0 then return end
  faults.register(fresh)
  for _, case in ipairs(fresh) do begin(case) end
  begun = begun + #fresh
end

-- Each cancelled call is so after a few steps.
local function cancel_some()
  for _, case in pairs(cases) do
    if case.cancel_in then
      case.cancel_in = case.cancel_in - 1
      if case.cancel_in == 0 then
        case.cancel_in = nil
        lost.cancelled = lost.cancelled + 1
        case.call:cancel()
      end
    end
  end
end

local opened, grown_from, moved = process.descriptors(), nil, gettime()
while ended < CALLS do
  begin_more()
  cloudflare.step(0.005)
  cancel_some()
  if #over_now > 0 then moved = gettime() end
  assert(gettime() - moved < LONGEST, "nothing ends any more")
  for _, case in ipairs(over_now) do waiting[#waiting + 1] = case end
  ended, over_now = ended + #over_now, {}
  while #waiting >= 2 * BATCH do check_oldest() end
  if not grown_from and ended > CALLS / 4 then grown_from = process.memory() end
end

local left = cloudflare.step()
while #waiting > 0 do check_oldest() end
local grown = process.memory() - grown_from
for _, list in pairs(clients) do
  for _, client in ipairs(list) do client.cf:close() end
end
sweep:check(left == 0, left .. " calls are still in flight")
sweep:check(next(cases) == nil, "a call has not been told of")
sweep:check(grown < MOST_GROWN, ("the process grew by %d kB"):format(grown))
local left_open = process.descriptors() - opened
sweep:check(left_open < MOST_OPENED, ("%d descriptors more"):format(left_open))

local words = {}
for outcome, count in pairs(outcomes) do words[#words + 1] = count .. " " .. outcome end
table.sort(words)
sweep:finish(("%s; %d cancelled, %d dropped, %d clients closed; %d kB grown"):format(
  table.concat(words, ", "), lost.cancelled, lost.dropped, lost.closed, grown))
