-- What the syscalls sweep traces: one deletion, between two marks that a trace shows.
local over, id = ...
local cloudflare = require "cloudflare"
local env = os.getenv

local cf = assert(cloudflare.new {
  base_url = env(over == "plain" and "CLOUDFLARE_BASE_URL" or "SANDBOX_TLS_BASE_URL"),
  ca_path = env "SANDBOX_CA_PATH", timeout = 3,
})
io.open "/mark/begin"
local token, about = cf.tokens.delete(nil, id)
cf:close()
io.open "/mark/end"
print(("outcome %s %s"):format(about.outcome, token and "" or tostring(about)))
