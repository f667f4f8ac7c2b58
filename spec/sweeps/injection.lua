-- Every byte, in everything that a caller writes into a request: it is refused before a socket opens, or what
-- arrives is exactly one request that says exactly that.
local cloudflare = require "cloudflare"
local sandbox = require "spec.support.sandbox"
local witness = require "spec.support.witness"
local Sweep = require "spec.support.sweep"

local ACCOUNT, TOKEN, AGENT = sandbox.account, sandbox.missing_id, "cloudflare-lua/" .. cloudflare._VERSION
local TEXT = "some-good-text-of-a-header"
local ID = "0123456789abcdef0123456789abcdef"

local port = witness.listen { answers = { DELETE = witness.deleted } }
local BASE = "http://127.0.0.1:" .. port

-- The request, byte for byte.
local function request(is)
  local credential = is.api_key
    and ("X-Auth-Email: %s\r\nX-Auth-Key: %s\r\n"):format(is.api_email, is.api_key)
    or ("Authorization: Bearer %s\r\n"):format(is.api_token)
  return ("DELETE %s/accounts/%s/tokens/%s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUser-Agent: %s\r\nAccept: application/json\r\n%s\r\n")
    :format(is.path, is.account, is.token, port, is.user_agent, credential)
end

local function call(is)
  local cf, err = cloudflare.new {
    base_url = BASE .. is.path, user_agent = is.user_agent, account_id = is.account_id,
    api_token = not is.api_key and is.api_token or nil, api_key = is.api_key, api_email = is.api_email,
  }
  if not cf then return nil, err end
  return cf.tokens.delete(not is.account_id and is.account or nil, is.token, { api_token = is.call_token })
end

-- "@" is where the byte goes: before, into the middle, behind, and in the place of one that is there.
local function places(text)
  local half = #text // 2
  return {
    "@" .. text, text:sub(1, half) .. "@" .. text:sub(half + 1), text .. "@",
    "@" .. text:sub(2), text:sub(1, half) .. "@" .. text:sub(half + 2), text:sub(1, -2) .. "@",
  }
end

-- Each: a name, a good value, and how it is put into a request.
local fields = {
  { "api_token", TEXT, function(is, value) is.api_token = value end },
  { "api_token of a function", TEXT, function(is, value) is.api_token = value end, function(is)
    local value = is.api_token
    return setmetatable({ api_token = function() return value end }, { __index = is })
  end },
  { "api_token of a call", TEXT, function(is, value) is.api_token, is.call_token = value, value end, function(is)
    return setmetatable({ api_token = "another" }, { __index = is })
  end },
  { "api_key", TEXT, function(is, value) is.api_key, is.api_email = value, "me@example.com" end },
  { "api_email", TEXT, function(is, value) is.api_key, is.api_email = "a-key", value end },
  { "user_agent", TEXT, function(is, value) is.user_agent = value end },
  { "account", ID, function(is, value) is.account = value end },
  { "account_id", ID, function(is, value) is.account, is.account_id = value, value end },
  { "token", ID, function(is, value) is.token = value end },
  { "base_url", "/client/v4", function(is, value) is.path = value end },
}

local function count(text, pattern) return select(2, text:gsub(pattern, "")) end

local sweep = Sweep.new "injection"
local accepted = 0

local function check(field, template, byte)
  local is = { api_token = "a-token", path = "/client/v4", account = ACCOUNT, token = TOKEN, user_agent = AGENT }
  field[3](is, (template:gsub("@", { ["@"] = string.char(byte) })))
  local given = field[4] and field[4](is) or is
  local result, detail = call(given)
  local heard, connections = witness.heard(port)
  local refused = not result and detail.kind == "argument" and detail.outcome == "not_sent" and heard == "" and connections == 0
  is.path = is.path:gsub("/+$", "") -- a base URL may end in a slash
  local lines = is.api_key and 7 or 6
  local exact = result and detail.outcome == "deleted" and heard == request(is) and count(heard, "\n") == lines
    and not heard:gsub("\r\n", ""):find "[^ -~]"
  if exact then accepted = accepted + 1 end
  sweep:check(refused or exact, ("%s: byte %d in %q: %s: %q"):format(field[1], byte, template, tostring(detail), heard))
end

for _, field in ipairs(fields) do
  for _, template in ipairs(places(field[2])) do
    for byte = 0, 255 do check(field, template, byte) end
  end
end

-- A URL whose byte stands in its host or its port goes to that loopback address, or nowhere.
local function check_host(template, byte)
  local url = template:gsub("@", { ["@"] = string.char(byte) })
  local cf = cloudflare.new { api_token = "a-token", base_url = url, max_retries = 0, connect_timeout = 0.5 }
  local outcome = cf and select(2, cf.tokens.delete(ACCOUNT, TOKEN)).outcome or "not_sent"
  local heard = witness.heard(port)
  local whole = heard == request { api_token = "a-token", path = "", account = ACCOUNT, token = TOKEN, user_agent = AGENT }
  sweep:check(outcome == "not_sent" and heard == "" or outcome == "deleted" and whole,
    ("base_url: byte %d in %q: %s: %q"):format(byte, template, outcome, heard))
end

for _, template in ipairs { "@" .. BASE, "http:@//127.0.0.1:" .. port, "http://@127.0.0.1:" .. port,
  "http://127.0.0@.1:" .. port, "http://127.0.0.1@:" .. port, "http://127.0.0.1:@" .. port, BASE .. "@" } do
  for byte = 0, 255 do check_host(template, byte) end
end

-- What a proxy is told: one CONNECT, and of the user's bytes only base64.
local proxy = witness.listen { answers = { CONNECT = witness.answer("502 Bad Gateway", "") } }
local connects = 0

local function check_proxy(template, byte)
  local cf = cloudflare.new {
    api_token = "a-token", base_url = "https://api.example", max_retries = 0, timeout = 1,
    proxy = template:gsub("@@", { ["@@"] = string.char(byte) }),
  }
  local outcome = cf and select(2, cf.tokens.delete(ACCOUNT, TOKEN)).outcome or "not_sent"
  local heard = witness.heard(proxy)
  local rest = heard:match "^CONNECT api%.example:443 HTTP/1%.1\r\nHost: api%.example:443\r\n(.*)$"
  if rest then
    rest = rest:gsub("^Proxy%-Authorization: Basic [%w+/=]+\r\n", "")
    rest = rest:gsub("^User%-Agent: [%w%-/.]+\r\n", "")
  end
  if rest then connects = connects + 1 end
  sweep:check(outcome == "not_sent" and (heard == "" or rest == "Proxy-Connection: Keep-Alive\r\n\r\n"),
    ("proxy: byte %d in %q: %s: %q"):format(byte, template, outcome, heard))
end

local PLACE = "127.0.0.1:" .. proxy
for _, template in ipairs { "@@http://" .. PLACE, "http://us@@er:word@" .. PLACE, "http://user:wo@@rd@" .. PLACE,
  "http://@@:@@@" .. PLACE, "http://" .. PLACE .. "@@", "http://" .. PLACE .. "/@@" } do
  for byte = 0, 255 do check_proxy(template, byte) end
end

sweep:finish(("%d requests sent as they were, %d CONNECTs"):format(accepted, connects))
