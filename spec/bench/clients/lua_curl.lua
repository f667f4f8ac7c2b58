-- Debian's lua-curl (libcurl's easy interface for Lua 5.1 and 5.2): one handle, and any answer with `success` believed.
local curl = require "curl"
local cjson = require "cjson"

local base = ("%s/accounts/%s/tokens/"):format(os.getenv "SANDBOX_TLS_BASE_URL", os.getenv "CLOUDFLARE_ACCOUNT_ID")
local answer

local easy = curl.easy_init()
easy:setopt(curl.OPT_HTTPHEADER, { "Authorization: Bearer " .. os.getenv "CLOUDFLARE_API_TOKEN" })
easy:setopt(curl.OPT_CUSTOMREQUEST, "DELETE")
easy:setopt(curl.OPT_CAINFO, os.getenv "BENCH_CA_FILE")
easy:setopt(curl.OPT_WRITEFUNCTION, function(bytes)
  answer[#answer + 1] = bytes
  return #bytes
end)

for _, id in ipairs(arg) do
  answer = {}
  easy:setopt(curl.OPT_URL, base .. id)
  assert(easy:perform())
  assert(cjson.decode(table.concat(answer)).success)
end
