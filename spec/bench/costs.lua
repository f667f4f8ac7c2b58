-- make bench: what this module costs a program: loaded, idle, with further clients, with many calls in flight, and after a
-- hundred thousand of them. Run inside `sandbox run`.
local measure = require "spec.bench.measure"
local process = require "spec.support.process"
local sandbox = require "spec.support.sandbox"
local system = require "spec.support.system"
local socket = require "socket"

local lua = os.getenv "LUA"
local CLIENTS = 500
local IN_FLIGHT = { 1, 10, 100, 500 }
local CALLS, ROUND_TRIP = 1000, 0.01                                  -- those in flight, and seconds until an answer
local LONG_RUN = tonumber(os.getenv "BENCH_CALLS") or 100000
local QUIET = 3                                                       -- seconds that a client is watched

local directory = ("BENCH_CA_PATH=%s"):format(sandbox.ca_path)

local function measure_require()
  local scripts = { "", 'require "cjson"', 'require "cjson" require "cloudflare"' }
  local found = measure.interleaved(3 * measure.rounds, scripts, function(script)
    return measure.process("", ("%s -e '%s'"):format(lua, script))
  end)
  local held = measure.numbers(([[%s -e 'require "cjson" collectgarbage() local before = collectgarbage "count"
    require "cloudflare" collectgarbage() print((collectgarbage "count" - before))']]):format(lua))[1]
  local none, cjson, own = found[1], found[2], found[3]
  print(("  require \"cloudflare\": %.2f ms, %.2f of them processor time, %.0f KiB of the process, %.0f of Lua's; besides %.2f ms "
    .. "of lua-cjson's (a process of %s takes %.2f ms)"):format(own.wall - cjson.wall, own.cpu - cjson.cpu, own.memory - cjson.memory,
    held, cjson.wall - none.wall, lua, none.wall))
end

-- Of this process, with a client that has a connection and nothing in flight; less the one of the sleep itself.
local function measure_idle()
  local cf = assert(require "cloudflare".new(sandbox.options()))
  assert(cf.tokens.verify())
  local before = process.wakeups()
  socket.sleep(QUIET)
  print(("  an idle client with a connection: %d wake-ups in %d s"):format(process.wakeups() - before - 1, QUIET))
  cf:close()
end

local function measure_clients()
  local found = measure.numbers(("%s %s spec/bench/extra_clients.lua %d"):format(directory, lua, CLIENTS))
  print(("  a further client, of %d: %.0f us of processor time, %.1f KiB of the process, %.1f of Lua's"):format(CLIENTS, found[1],
    found[3] / 1024, found[2] / 1024))
end

local function fly(count)
  sandbox.reset()
  sandbox.fault { method = "DELETE", delay = ROUND_TRIP, times = CALLS }
  local path = system.write(os.tmpname(), table.concat(sandbox.seed(CALLS), "\n"), "\n")
  local found = measure.numbers(("%s %s spec/bench/in_flight.lua %d %s"):format(directory, lua, count, path))
  os.remove(path)
  return { cpu = found[1], steps = found[2] }
end

local function measure_flights()
  local found = measure.interleaved(math.ceil(measure.rounds / 2), IN_FLIGHT, fly)
  print(("  %d deletions, each answered after %d ms"):format(CALLS, ROUND_TRIP * 1e3))
  for i, count in ipairs(IN_FLIGHT) do
    print(("    %3d in flight: %.0f us of processor time and %.2f steps a call"):format(count, found[i].cpu, found[i].steps))
  end
  sandbox.reset()
end

local function measure_long_run()
  local found = measure.numbers(("%s spec/bench/long_run.lua %d"):format(lua, LONG_RUN))
  print(("  %d deletions one after the other (BENCH_CALLS), after each tenth"):format(LONG_RUN))
  for tenth = 1, 10 do
    print(("    %6d: %.0f us of processor time a call; %.0f KiB of Lua's memory, %.0f of the process"):format(
      math.floor(LONG_RUN / 10) * tenth, found[3 * tenth - 2], found[3 * tenth - 1], found[3 * tenth]))
  end
end

measure.part("what it costs", "README.md, Measured")
measure_require()
measure_idle()
measure_clients()
measure_flights()
measure_long_run()
