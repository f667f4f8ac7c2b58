-- make bench: whole processes, interleaved, medians and ratios. Run inside `sandbox run`.
local sandbox = require "spec.support.sandbox"
local gettime = require "socket".gettime

local interpreter, baseline, work = arg[1], arg[2], arg[3]
local base = sandbox.urls.http2 .. "/accounts/" .. sandbox.account .. "/tokens"

local function run(command)
  local began = gettime()
  local ok = os.execute(command)
  assert(ok == true or ok == 0, command)
  return gettime() - began
end

local subjects = {
  { "this module", function(ids) return ("BENCH_CA_PATH=%s/ca %s spec/bench/delete.lua %s"):format(work, interpreter, ids) end },
  { "C, hashed directory only", function(ids) return ("%s %s %s %s/ca %s"):format(baseline, base, sandbox.token, work, ids) end },
  { "C, libcurl's defaults", function(ids) return ("%s %s %s %s/bundle.pem %s"):format(baseline, base, sandbox.token, work, ids) end },
}

local function median(list)
  table.sort(list)
  return list[math.floor(#list / 2) + 1]
end

local function compare(title, rounds, count)
  local times = {}
  for _ = 1, rounds do
    for i, subject in ipairs(subjects) do
      times[i] = times[i] or {}
      table.insert(times[i], run(subject[2](table.concat(sandbox.seed(count), " "))))
    end
  end
  print(("%s (median of %d, interleaved)"):format(title, rounds))
  local own = median(times[1])
  for i, subject in ipairs(subjects) do
    print(("  %-26s %8.1f ms   this module takes %.2f of it"):format(subject[1], median(times[i]) * 1e3, own / median(times[i])))
  end
end

require "spec.bench.trust"(work)
compare("first deletion of a fresh process, TLS", 31, 1)
compare("500 deletions in one process, TLS", 11, 500)
