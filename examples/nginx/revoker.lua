-- Takes signed notices of leaked tokens and revokes the tokens. A notice is a JSON array of objects:
--   { "id": "…" }          a token's id
--   { "token": "cfat_…" }  its secret value, as a scanner finds it: the token itself says which id it has
local cjson = require "cjson.safe"
local cloudflare = require "cloudflare"
local ffi = require "ffi"

ffi.cdef [[
const void *EVP_sha256(void);
unsigned char *HMAC(const void *kind, const void *key, int key_len, const char *data, size_t len,
                    unsigned char *out, unsigned int *out_len);
int CRYPTO_memcmp(const void *a, const void *b, size_t len);
]]

local AGAIN_AFTER = 60 -- seconds: when a sender should repeat a notice that could not be settled

local secret = assert(os.getenv "WEBHOOK_SECRET", "WEBHOOK_SECRET is not set")

local function log(event)
  ngx.log(ngx.NOTICE, event.operation, " ", event.token_id or "-", " ", event.outcome or event.method, " ",
    event.status or "-", " ", event.ray_id or "-")
end

local client = assert(cloudflare.new { on_event = log })

local revoker = {}

local function hmac(text)
  local out = ffi.new "unsigned char[32]"
  ffi.C.HMAC(ffi.C.EVP_sha256(), secret, #secret, text, #text, out, nil)
  return ffi.string(out, 32)
end

local function unhex(text)
  return (text:gsub("%x%x", function(pair) return string.char(tonumber(pair, 16)) end))
end

-- X-Hub-Signature-256: sha256=…, as GitHub and others sign what they send.
function revoker.check_sender()
  ngx.req.read_body()
  local given = (ngx.var.http_x_hub_signature_256 or ""):match "^sha256=(%x+)$"
  local body = ngx.req.get_body_data() or ""
  local genuine = given and #given == 64 and ffi.C.CRYPTO_memcmp(unhex(given), hmac(body), 32) == 0
  if not genuine then return ngx.exit(ngx.HTTP_UNAUTHORIZED) end
end

-- Statuses of a refusal that may pass: a credential is mended, a fault or a block ends.
local PASSING = { [401] = true, [403] = true, [429] = true }

-- Whether the same notice, sent again, can come to more.
local function is_repeatable(err)
  if err.outcome == "refused" then return PASSING[err.http.status] end
  return err.kind ~= "argument"
end

-- The word for a value that the API refused, where the code says that repeating is of no use.
local function word_for(err)
  if err.http.status == 401 and (err.code == 1000 or err.code == 1001) then return "not_accepted" end
  if err.code == 9109 and err.message:find("from location", 1, true) then return "elsewhere" end
end

-- The id of a leaked value: whoever holds a token may ask what it is. A client of its own, because
-- its rate limit is not ours. Without an id, what to answer and whether repeating the notice may settle it.
local function identify(value)
  local stranger, bad = cloudflare.new { api_token = value, on_event = log }
  if not stranger then return nil, bad.outcome, false end
  local token, err = stranger.tokens.verify()
  stranger:close()
  if token then return token.id end
  local word = word_for(err)
  return nil, word or err.outcome, not word and is_repeatable(err)
end

-- What to answer for one entry of a notice, and whether repeating the notice may settle it.
local function settle(leak)
  local id = leak.id
  if type(leak.token) == "string" then
    local outcome, again
    id, outcome, again = identify(leak.token)
    if not id then return { outcome = outcome }, again end
  end
  if type(id) ~= "string" then return { outcome = "not_sent" }, false end
  local token, detail = client.tokens.delete(nil, id, { missing_ok = true })
  if token then return { id = id, outcome = detail.outcome }, detail.outcome == "accepted" end
  return { id = id, outcome = detail.outcome }, is_repeatable(detail)
end

-- What takes its time here holds up nobody else: the worker goes on meanwhile.
function revoker.revoke()
  local notice = cjson.decode(ngx.req.get_body_data() or "")
  if type(notice) ~= "table" or #notice == 0 then return ngx.exit(ngx.HTTP_BAD_REQUEST) end
  local answers = {}
  for i, leak in ipairs(notice) do
    local again
    answers[i], again = settle(type(leak) == "table" and leak or {})
    if again then ngx.status = ngx.HTTP_SERVICE_UNAVAILABLE end
  end
  if ngx.status == ngx.HTTP_SERVICE_UNAVAILABLE then ngx.header["Retry-After"] = AGAIN_AFTER end
  ngx.header["Content-Type"] = "application/json"
  ngx.print(cjson.encode(answers))
end

return revoker
