-- lua-http one level below its requests: a connection that is kept, a stream for each id.
local client = require "http.client"
local new_headers = require "http.headers".new
local cjson = require "cjson"

local host, port, path = os.getenv "SANDBOX_TLS_BASE_URL":match "^https://([^:/]+):(%d+)(.*)"
local base = ("%s/accounts/%s/tokens/"):format(path, os.getenv "CLOUDFLARE_ACCOUNT_ID")

local connection = assert(client.connect({ host = host, port = tonumber(port), tls = true }, 10))
for _, id in ipairs(arg) do
  local stream = assert(connection:new_stream())
  local headers = new_headers()
  headers:append(":method", "DELETE")
  headers:append(":scheme", "https")
  headers:append(":authority", host .. ":" .. port)
  headers:append(":path", base .. id)
  headers:append("authorization", "Bearer " .. os.getenv "CLOUDFLARE_API_TOKEN", true)
  assert(stream:write_headers(headers, true, 10))
  assert(stream:get_headers(10))
  assert(cjson.decode(assert(stream:get_body_as_string(10))).success)
end
connection:close()
