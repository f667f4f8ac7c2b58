-- Identifiers and secrets that nobody can guess, in the shapes that Cloudflare gives them.
local random = {}

local source = assert(io.open("/dev/urandom", "rb"))

function random.id()
  return ngx.md5(source:read(16))
end

local PREFIX = { account = "cfat_", user = "cfut_" }

function random.secret(realm)
  local text = ngx.encode_base64(source:read(30)):gsub("%+", "-"):gsub("/", "_")
  return PREFIX[realm] .. text
end

return random
