-- Measured against: baseline.c. delete.lua ID... deletes each id with one client.
local cloudflare = require "cloudflare"
local cf = assert(cloudflare.new { base_url = os.getenv "SANDBOX_TLS_BASE_URL", ca_path = os.getenv "BENCH_CA_PATH" })
for _, id in ipairs(arg) do assert(cf.tokens.delete(nil, id)) end
