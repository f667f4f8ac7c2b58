-- Measured against: many.c. delete_many.lua WAY FILE deletes the ids in FILE by one run, the connection being open, and
-- prints the milliseconds that it took, those of processor time, and the kilobytes that the process grew by, with its
-- report. WAY is plain, or dry: then nothing is sent but the question about the credential.
local cloudflare = require "cloudflare"
local process = require "spec.support.process"
local gettime = require "socket".gettime

local cf = assert(cloudflare.new {
  base_url = os.getenv "SANDBOX_TLS_BASE_URL", ca_path = os.getenv "BENCH_CA_PATH" or os.getenv "SANDBOX_CA_PATH",
})
local way, path = arg[1], arg[2]
local ids = {}
for id in io.lines(path) do ids[#ids + 1] = id end
assert(cf.tokens.verify())

local memory = process.memory()
local wall, cpu = gettime(), os.clock()
local report = assert(cf.tokens.delete_many(nil, ids, { dry_run = way == "dry" }))
wall, cpu = gettime() - wall, os.clock() - cpu
assert(report.counts[way == "dry" and "not_sent" or "deleted"] == #ids and not report.stopped)
print(("%.3f %.3f %d"):format(wall * 1e3, cpu * 1e3, process.memory() - memory))
