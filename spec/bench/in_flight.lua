-- in_flight.lua COUNT FILE deletes the ids in FILE, COUNT in flight at a time, by one client with a warm connection. Prints
-- what each took: microseconds of processor time, and steps that the host made.
local cloudflare = require "cloudflare"

local most, path = tonumber(arg[1]), arg[2]
local cf = assert(cloudflare.new { base_url = os.getenv "SANDBOX_TLS_BASE_URL", ca_path = os.getenv "BENCH_CA_PATH" })
assert(cf.tokens.verify())

local ids, calls, steps, flying = {}, {}, 0, 0
for id in io.lines(path) do ids[#ids + 1] = id end

local began = os.clock()
for _, id in ipairs(ids) do
  calls[#calls + 1], flying = cf.async.tokens.delete(nil, id), flying + 1
  while flying >= most do flying, steps = cloudflare.step(10), steps + 1 end
end
while flying > 0 do flying, steps = cloudflare.step(10), steps + 1 end
local took = os.clock() - began

for _, call in ipairs(calls) do assert(call:wait()) end
print(("%.2f %.3f"):format(took * 1e6 / #ids, steps / #ids))
