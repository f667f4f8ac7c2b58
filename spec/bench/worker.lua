-- What the measured nginx worker does beside its trivial location.
local cloudflare = require "cloudflare"
local ffi = require "ffi"

ffi.cdef [[
struct bench_time { long seconds, nanoseconds; };
int clock_gettime(int clock, struct bench_time *time);
]]

local cf = assert(cloudflare.new {
  base_url = os.getenv "SANDBOX_TLS_BASE_URL", ca_path = os.getenv "SANDBOX_CA_PATH", timeout = 300, attempt_timeout = 100,
})
local MISSING = ("0"):rep(32)

local worker = {}
local wanted, running = 0, 0

local function now()
  local time = ffi.new "struct bench_time"
  ffi.C.clock_gettime(1, time) -- CLOCK_MONOTONIC
  return tonumber(time.seconds) + tonumber(time.nanoseconds) * 1e-9
end

local function keep_one_in_flight(_, place)
  while place <= wanted do cf.tokens.delete(nil, MISSING) end
  running = running - 1
end

--- Keeps `count` deletions in flight from now on; says how many were still there.
function worker.load(count)
  ngx.say(running)
  for place = wanted + 1, count do
    running = running + 1
    assert(ngx.timer.at(place * 0.004, keep_one_in_flight, place)) -- spread, as callers are
  end
  wanted = count
end

--- Deletes the tokens in the body, one after the other, and says how long each took, in milliseconds.
function worker.times()
  ngx.req.read_body()
  for id in ngx.req.get_body_data():gmatch "%x+" do
    local began = now()
    assert(cf.tokens.delete(nil, id))
    ngx.say((now() - began) * 1e3)
  end
end

return worker
