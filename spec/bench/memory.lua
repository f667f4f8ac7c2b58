-- make bench: what a host that embeds pays outside the memory that it gives Lua. Run inside `sandbox run`.
local measure = require "spec.bench.measure"
local sandbox = require "spec.support.sandbox"

local program, work = arg[1], arg[2]
local STATES, CALLS = 8, 100

local rows = {
  "the libraries and the first connection", "each further Lua state with a connection of its own",
  "  and in Lua's own memory", ("each call in flight, of %d on one connection"):format(CALLS), "  and in Lua's own memory",
}

-- Numbers, row by row, with the trust store that `variable` names.
local function figures(variable)
  sandbox.fault { method = "DELETE", delay = 30, times = CALLS }
  local bytes = measure.numbers(("%s %s %d %d"):format(variable, program, STATES, CALLS))
  sandbox.reset()
  assert(#bytes == #rows, "no figures from " .. program)
  return bytes
end

require "spec.bench.trust"(work)
local directory = figures(("BENCH_CA_PATH=%s/ca"):format(work))
local bundle = figures(("BENCH_CA_FILE=%s/bundle.pem"):format(work))
measure.part("KiB outside the memory that a host gives Lua: libcurl, OpenSSL and this module", "examples/host/README.md, Memory")
print(("  %-54s %16s %8s"):format("trusting", "hashed directory", "bundle"))
for i, title in ipairs(rows) do
  print(("  %-54s %16.1f %8.1f"):format(title, directory[i] / 1024, bundle[i] / 1024))
end
