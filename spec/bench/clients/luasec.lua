-- luasec's https module over luasocket: a connection for each request. It verifies nobody unless it is told to.
local https = require "ssl.https"
local ltn12 = require "ltn12"
local cjson = require "cjson"

local base = ("%s/accounts/%s/tokens/"):format(os.getenv "SANDBOX_TLS_BASE_URL", os.getenv "CLOUDFLARE_ACCOUNT_ID")

for _, id in ipairs(arg) do
  local answer = {}
  assert(https.request {
    url = base .. id, method = "DELETE", sink = ltn12.sink.table(answer),
    headers = { Authorization = "Bearer " .. os.getenv "CLOUDFLARE_API_TOKEN" },
    verify = "peer", capath = os.getenv "BENCH_CA_PATH",
  })
  assert(cjson.decode(table.concat(answer)).success)
end
