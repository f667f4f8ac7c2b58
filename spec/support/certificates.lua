-- Servers with certificates that must, or must not, be believed, as certificates.sh makes them, and credentials
-- of which every copy is known by one pattern.
local certificates = { dir = assert(os.getenv "SANDBOX_DIR") .. "/certificates" }
assert(os.execute("sh spec/support/certificates.sh " .. certificates.dir .. " >/dev/null 2>&1"))
certificates.authority = certificates.dir .. "/authority.pem"

--- How a server speaks TLS with the certificate `name`; `extra` is what else witness.py can be told of it.
function certificates.tls(name, extra)
  local base = certificates.dir .. "/" .. name
  local tls = { certificate = base .. ".pem", key = base .. ".key" }
  for key, value in pairs(extra or {}) do tls[key] = value end
  return tls
end

certificates.credentials = {
  { api_token = "a-token-that-nobody-but-the-api-may-see" },
  { api_key = "a-key-that-nobody-but-the-api-may-see", api_email = "owner@example.com" },
}
certificates.secret = "nobody%-but%-the%-api%-may%-see"

return certificates
