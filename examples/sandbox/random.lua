-- Identifiers and secrets that nobody can guess, in the shapes that Cloudflare gives them.
local random = {}

local source = assert(io.open("/dev/urandom", "rb"))

function random.id()
  return ngx.md5(source:read(16))
end

-- 40 letters or digits
local function letters()
  local text = ""
  while #text < 40 do text = text .. ngx.encode_base64(source:read(48)):gsub("%W", "") end
  return text:sub(1, 40)
end

local PREFIX = { account = "cfat_", other = "cfat_", user = "cfut_" }

-- The checksum is the CRC-32 of the letters.
function random.secret(realm)
  local text = letters()
  return ("%s%s%08x"):format(PREFIX[realm], text, ngx.crc32_long(text))
end

-- As they were made until 2026: of either kind, without prefix and checksum.
function random.older_secret()
  return letters()
end

return random
