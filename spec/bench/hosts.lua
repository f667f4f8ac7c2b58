-- make bench: what a host feels, measured side by side and interleaved. Run inside `sandbox run`.
local measure = require "spec.bench.measure"
local nginx = require "spec.support.nginx"
local process = require "spec.support.process"
local sandbox = require "spec.support.sandbox"
local http = require "socket.http"
local ltn12 = require "ltn12"
local socket = require "socket"

local baseline, frames = arg[1], arg[2]
local PAIRS = 5
local SECONDS = 2  -- of one measurement
local SLOW = 2     -- seconds that the API takes to answer a call in flight
local RATE = 2000  -- requests a second, where the rate is fixed
local MISSING = ("0"):rep(32)

local output_of, median = measure.output, measure.median

local function at(list, part)
  table.sort(list)
  return list[math.min(#list, math.floor(#list * part) + 1)]
end

local function numbers_in(text)
  local found = {}
  for number in text:gmatch "[%d.]+" do found[#found + 1] = tonumber(number) end
  return found
end

local server = nginx.start "spec/bench/nginx.conf.in"
local worker = server:workers()[1]
local trivial = ("http://127.0.0.1:%d/trivial"):format(server.port)

local function first_number(path) return numbers_in(assert(io.open(path)):read "*a")[1] end

-- Nanoseconds that the worker has run so far.
local function cpu() return first_number(("/proc/%d/schedstat"):format(worker)) end

local function wakeups_at_rest(seconds)
  local before = process.wakeups(worker)
  socket.sleep(seconds)
  return process.wakeups(worker) - before
end

-- Share of a core that the worker takes, in percent.
local function share_of_core()
  local from, began = cpu(), socket.gettime()
  socket.sleep(SECONDS)
  return (cpu() - from) / (socket.gettime() - began) / 1e7
end

-- Requests a second that the trivial location serves.
local function throughput()
  local text = output_of(("h2load --h1 -c8 -D%d %s"):format(SECONDS, trivial))
  return tonumber(text:match "finished in [%d.]+s, ([%d.]+) req/s")
end

-- 99 % of its answers take no longer than this, in milliseconds, at a moderate fixed rate.
local function p99()
  local log = os.tmpname()
  output_of(("h2load --h1 -c8 -D%d --rps=%d --log-file=%s %s"):format(SECONDS, RATE / 8, log, trivial))
  local times = {}
  for line in io.lines(log) do times[#times + 1] = tonumber(line:match "(%d+)$") / 1e3 end
  os.remove(log)
  return at(times, 0.99)
end

local function set_load(count)
  server:get("/load?n=" .. count)
  socket.sleep(SLOW + 0.5)
end

local function measure_load(count)
  local own, rates, tails = {}, {}, {}
  local quiet_rates, quiet_tails, idle = {}, {}, {}
  for _ = 1, PAIRS do
    set_load(0)
    idle[#idle + 1], quiet_rates[#quiet_rates + 1], quiet_tails[#quiet_tails + 1] = share_of_core(), throughput(), p99()
    set_load(count)
    own[#own + 1], rates[#rates + 1], tails[#tails + 1] = share_of_core(), throughput(), p99()
  end
  set_load(0)
  local ratios = {}
  for i = 1, PAIRS do ratios[i] = rates[i] / quiet_rates[i] end
  print(("  %3d in flight: worker %.1f %% of a core (%.1f at rest); trivial location %.2f of its throughput; "
    .. "p99 at %d/s %.2f ms (%.2f)"):format(count, median(own), median(idle), median(ratios), RATE, median(tails),
    median(quiet_tails)))
end

local function times_in_nginx(ids)
  local body, answer = table.concat(ids, " "), {}
  http.request { url = ("http://127.0.0.1:%d/times"):format(server.port), method = "POST",
    headers = { ["Content-Length"] = #body }, source = ltn12.source.string(body), sink = ltn12.sink.table(answer) }
  return numbers_in(table.concat(answer))
end

local function times_in_c(ids)
  return numbers_in(output_of(("BASELINE_TIMES=1 %s %s/accounts/%s/tokens %s %s %s"):format(baseline,
    sandbox.urls.http2, sandbox.account, sandbox.token, sandbox.ca_path, table.concat(ids, " "))))
end

-- The first of each batch may open a connection: it does not count.
local function collect(into, times)
  for i = 2, #times do into[#into + 1] = times[i] end
end

local function measure_latency(seconds, count)
  local ours, theirs = {}, {}
  if seconds > 0 then sandbox.fault { method = "DELETE", delay = seconds, times = 1000000 } end
  for _ = 1, PAIRS do
    collect(ours, times_in_nginx(sandbox.seed(count)))
    collect(theirs, times_in_c(sandbox.seed(count)))
  end
  sandbox.reset()
  print(("  an answer after %2d ms: %.2f ms in nginx, %.2f ms in a C loop, %.2f ms more (medians)"):format(
    seconds * 1e3, median(ours), median(theirs), median(ours) - median(theirs)))
end

local function frame_times(flags, ids)
  local text = output_of(("%s %s 2 %s"):format(frames, flags, table.concat(ids, " ")))
  local with, without = text:match "longest took ([%d.]+) ms .- ([%d.]+) ms without"
  return tonumber(with), tonumber(without)
end

local function measure_frames(title, flags)
  local with, without = {}, {}
  for i = 1, PAIRS do with[i], without[i] = frame_times(flags, sandbox.seed(100)) end
  print(("  %s: longest frame %.2f ms with 100 revocations, %.2f ms without (medians of %d)"):format(title, median(with),
    median(without), PAIRS))
end

local function measure_loads()
  if not measure.succeeds "command -v h2load" then
    return print "  left out: load beside it (no h2load; make bench-deps installs it)"
  end
  sandbox.fault { token = MISSING, method = "DELETE", delay = SLOW, times = 1000000000 }
  measure_load(50)
  measure_load(500)
  sandbox.reset()
end

measure.part(("nginx, one worker, calls of %d s (medians of %d interleaved pairs)"):format(SLOW, PAIRS), "README.md, Measured")
server:get "/load?n=0"
print(("  at rest: %d wake-ups in 3 s"):format(wakeups_at_rest(3)))
measure_loads()
measure.part("one revocation, warm connection, TLS", "README.md, Measured")
measure_latency(0, 60)
measure_latency(0.05, 20)
measure.part("a host of 60 frames a second", "README.md, Measured")
measure_frames("warm", "")
measure_frames("with the first connection", "-c")
server:stop()
