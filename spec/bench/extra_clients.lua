-- extra_clients.lua COUNT makes so many clients beside one that has a connection, and keeps them. Prints what each takes:
-- microseconds of processor time, and at rest bytes of Lua's memory and of the process.
local cloudflare = require "cloudflare"
local process = require "spec.support.process"

local count = tonumber(arg[1])
local options = { base_url = os.getenv "SANDBOX_TLS_BASE_URL", ca_path = os.getenv "BENCH_CA_PATH" }
assert(assert(cloudflare.new(options)).tokens.verify())

local clients = {}
for i = 1, count do clients[i] = false end -- the list's own memory is not a client's
local resident, held, began = process.memory(), collectgarbage "count", os.clock()
for i = 1, count do clients[i] = assert(cloudflare.new(options)) end
local took = os.clock() - began
local resident_then = process.memory()
print(("%.2f %.0f %.0f"):format(took * 1e6 / count, (collectgarbage "count" - held) * 1024 / count,
  (resident_then - resident) * 1024 / count))
assert(#clients == count)
