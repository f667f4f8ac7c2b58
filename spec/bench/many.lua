-- make bench: many deletions. delete_many beside a bare multi handle, under a quota, and 10,000 ids. Run inside
-- `sandbox run`.
local cloudflare = require "cloudflare"
local sandbox = require "spec.support.sandbox"
local system = require "spec.support.system"
local median = require "spec.bench.measure".median
local gettime = require "socket".gettime

local interpreter, many = arg[1], arg[2]
local PAIRS = 7
local COUNT, FLIGHTS = 500, 50
local ROUND_TRIP = 0.05 -- seconds
local QUOTA = { q = 200, w = 3 }

local function numbers_of(command)
  local pipe = io.popen(command)
  local text = pipe:read "*a"
  assert(pipe:close())
  local found = {}
  for number in text:gmatch "%-?[%d.]+" do found[#found + 1] = tonumber(number) end
  return found
end

local function by_module(ids, way)
  local path = system.write(os.tmpname(), table.concat(ids, "\n"), "\n")
  local numbers = numbers_of(("%s spec/bench/delete_many.lua %s %s"):format(interpreter, way or "plain", path))
  os.remove(path)
  return numbers
end

local function by_multi(ids)
  return numbers_of(("%s %s/accounts/%s/tokens %s %s %d %s"):format(many, sandbox.urls.http2, sandbox.account,
    sandbox.token, sandbox.ca_path, FLIGHTS, table.concat(ids, " ")))
end

local function compare(seconds)
  local walls, cpus, ours, theirs = {}, {}, {}, {}
  for i = 1, PAIRS do
    sandbox.reset()
    if seconds > 0 then sandbox.fault { method = "DELETE", delay = seconds, times = 1000000 } end
    local own, other = by_module(sandbox.seed(COUNT)), by_multi(sandbox.seed(COUNT))
    walls[i], cpus[i], ours[i], theirs[i] = own[1] / other[1], own[2] / other[2], own[1], other[1]
  end
  print(("  an answer after %2d ms: %.0f ms, a bare multi handle %.0f ms: %.2f of its wall, %.2f of its processor time")
    :format(seconds * 1e3, median(ours), median(theirs), median(walls), median(cpus)))
end

local function refused()
  local count = 0
  for _, entry in ipairs(sandbox.ledger()) do
    if entry.status == 429 then count = count + 1 end
  end
  return count
end

-- The most requests between two rests, the question about the credential among them.
local function run_under_quota(count)
  sandbox.reset()
  local ids, cf = sandbox.seed(count), assert(cloudflare.new(sandbox.options()))
  sandbox.quota(QUOTA)
  local most, here, last = 0, 1, gettime()
  local report = assert(cf.tokens.delete_many(nil, ids, { progress = function()
    if gettime() - last > QUOTA.w / 6 then here = 0 end
    here, last = here + 1, gettime()
    most = math.max(most, here)
  end }))
  cf:close()
  assert(report.all_gone)
  return most
end

local function measure_quota()
  local began = gettime()
  local most = run_under_quota(2 * COUNT)
  print(("  %d deletions, %d requests in %d s allowed: %.1f s, %d refused by the quota, at most %d in a window"):format(
    2 * COUNT, QUOTA.q, QUOTA.w, gettime() - began, refused(), most))
end

local function measure_size(way)
  local costs, sizes = {}, {}
  for i, count in ipairs { 1000, 10000 } do
    sandbox.reset()
    local ids = sandbox.seed(count)
    local numbers = by_module(ids, way)
    costs[i], sizes[i] = numbers[2] * 1e3 / count, numbers[3] * 1024 / count
  end
  print(("  %s: 1,000 ids: %.1f us of processor time and %.0f bytes each; 10,000: %.1f us and %.0f bytes"):format(
    way, costs[1], sizes[1], costs[2], sizes[2]))
end

print(("%d deletions by delete_many, %d in flight, TLS (medians of %d interleaved pairs)"):format(COUNT, FLIGHTS, PAIRS))
compare(ROUND_TRIP)
compare(0)
print "under a quota"
measure_quota()
print "many ids"
measure_size "plain"
measure_size "dry"
