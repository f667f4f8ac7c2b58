-- HMAC-SHA-256 and comparisons whose time tells nothing, by the libcrypto that nginx is linked with.
local ffi = require "ffi"

ffi.cdef [[
const void *EVP_sha256(void);
unsigned char *HMAC(const void *kind, const void *key, int key_len, const char *data, size_t len,
                    unsigned char *out, unsigned int *out_len);
int CRYPTO_memcmp(const void *a, const void *b, size_t len);
]]

local SIZE = 32

local crypto = {}

function crypto.hmac(key, text)
  local out = ffi.new("unsigned char[?]", SIZE)
  ffi.C.HMAC(ffi.C.EVP_sha256(), key, #key, text, #text, out, nil)
  return ffi.string(out, SIZE)
end

local function is_equal(digest, other) return ffi.C.CRYPTO_memcmp(digest, other, SIZE) == 0 end

local function unhex(text)
  return (text:gsub("%x%x", function(pair) return string.char(tonumber(pair, 16)) end))
end

--- Whether a text is the secret. Digests are compared, so that the secret's length shows in nothing.
function crypto.is_secret(secret, text)
  return is_equal(crypto.hmac(secret, text), crypto.hmac(secret, secret))
end

--- Whether a signature as GitHub and others send it, "sha256=…", is this secret's for the body.
function crypto.is_signed(secret, body, signature)
  local digest = (signature or ""):match "^sha256=(%x+)$"
  return digest ~= nil and #digest == 2 * SIZE and is_equal(unhex(digest), crypto.hmac(secret, body))
end

return crypto
