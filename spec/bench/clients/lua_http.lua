-- lua-http's requests: a connection for each. It trusts OpenSSL's default store, so SSL_CERT_DIR.
local request = require "http.request"
local cjson = require "cjson"

local base = ("%s/accounts/%s/tokens/"):format(os.getenv "SANDBOX_TLS_BASE_URL", os.getenv "CLOUDFLARE_ACCOUNT_ID")

for _, id in ipairs(arg) do
  local req = request.new_from_uri(base .. id)
  req.headers:upsert(":method", "DELETE")
  req.headers:append("authorization", "Bearer " .. os.getenv "CLOUDFLARE_API_TOKEN", true)
  local _, stream = assert(req:go(10))
  assert(cjson.decode(assert(stream:get_body_as_string())).success)
end
