-- Builds options out of bytes and takes them to `new` and to a call whose ids are malformed, so that
-- nothing is ever sent. It must raise a string or return; nothing that comes out may hold the secret.
local cloudflare = require "cloudflare"

local SECRET = "cfat_Sk3nW7q0VbT2mZ8xLr5dYp1uHf6jCe9aQ4gX"
local NAMES = {
  "api_token", "api_key", "api_email", "account_id", "base_url", "timeout", "attempt_timeout", "connect_timeout",
  "max_retries", "missing_ok", "check_first", "proxy", "ca_file", "ca_path", "user_agent", "sleep", "on_event",
}
local LIKELY = {
  SECRET, "", "a@b.example", "023e105f4ecef8ad9ca31a8372d0c353", "https://127.0.0.1:1/client/v4", "http://[::1]",
  "http://127.0.0.1:65536", "https://x/..", "/etc/ssl/certs", "socks5h://127.0.0.1", "a\r\nb", "a\0b", ("x"):rep(5000),
}

--- Takes bytes one by one; at the end they are 0.
local function reader(bytes)
  local at = 0
  local function byte()
    at = at + 1
    return bytes:byte(at) or 0
  end
  return byte, function() return at < #bytes end
end

local function text(byte)
  local taken = {}
  for i = 1, byte() % 32 do taken[i] = string.char(byte()) end
  return table.concat(taken)
end

local function clean(value, seen)
  seen = seen or {}
  if type(value) == "string" then assert(not value:find(SECRET, 1, true), "the secret shows") end
  if type(value) ~= "table" or seen[value] then return end
  seen[value] = true
  for k, v in pairs(value) do
    clean(k, seen)
    clean(v, seen)
  end
end

local function number(byte)
  local packed = {}
  for i = 1, 8 do packed[i] = string.char(byte()) end
  return (string.unpack("<d", table.concat(packed)))
end

local MAKERS = {
  function() return true end,
  function() return false end,
  number,
  function(byte) return byte() - 8 end,
  text,
  function(byte) return LIKELY[byte() % #LIKELY + 1] end,
  function(byte) return SECRET .. text(byte) end,
  function() return function(record) clean(record) end end,
  function() return function() return SECRET end end,
  function() return function() return nil, "no secret today" end end,
  function() return {} end,
}

local function value(byte) return MAKERS[byte() % #MAKERS + 1](byte) end

local function options(byte, more)
  local made = {}
  while more() do
    local which = byte()
    if which == 255 then break end
    local name = which == 254 and text(byte) or which == 253 and byte() or NAMES[which % #NAMES + 1]
    made[name] = value(byte)
  end
  return made
end

--- What a protected call gave: raised a string, or returned something or nil and an error.
local function judge(ok, result, err)
  if not ok then assert(type(result) == "string", "raised a " .. type(result)) end
  clean(result)
  clean(tostring(result))
  if ok and result == nil then
    assert(type(err) == "table" and err.outcome == "not_sent" and err.kind ~= nil)
    clean(err)
    clean(tostring(err))
  end
  return ok and result
end

local MALFORMED = { "", "..", SECRET, ("A"):rep(32), ("0"):rep(31), 7, false, {} }

return function(bytes)
  local byte, more = reader(bytes)
  local client = judge(pcall(cloudflare.new, options(byte, more)))
  if not client then return end
  local id = MALFORMED[byte() % (#MALFORMED + 1) + 1]
  if id == nil then id = "!" .. text(byte) end
  local account = LIKELY[byte() % #LIKELY + 1]
  local call = judge(pcall(client.async.tokens.delete, account, id, options(byte, more)))
  if call then
    assert(call:done(), "something is under way")
    judge(true, call:wait(0))
  end
  assert(cloudflare.step() == 0)
  client:close()
end
