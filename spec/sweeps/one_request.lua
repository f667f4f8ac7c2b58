-- Exactly one DELETE on the wire for each attempt: what libcurl would send again by itself is stopped and counted.
local faults = require "spec.support.faults"
local fly = require "spec.support.lanes"
local Sweep = require "spec.support.sweep"

local scenarios = {
  { "a good reply", { effect = true } }, { "five 1xx", { effect = true, interim = { 100, 100, 103, 100, 102 } } },
  { "Expect refused", { status = 417, body = "" } }, { "too early", { status = 425, body = "" } },
  { "misdirected", { status = 421, body = "" } }, { "upgrade required", { status = 426, body = "" } },
  { "Retry-After", { status = 503, headers = { { "Retry-After", "0" } } } },
  { "Alt-Svc", { status = 503, headers = { { "Alt-Svc", 'h3=":443", h2=":443"; ma=1' }, { "Clear-Site-Data", "*" } } } },
}
for _, how in ipairs { "fin", "notify", "rst" } do
  scenarios[#scenarios + 1] = { "no answer, " .. how, { raw = "", ["end"] = how } }
  scenarios[#scenarios + 1] = { "one byte, " .. how, { cut = 1, ["end"] = how } }
end
for _, status in ipairs { 401, 407 } do
  for _, scheme in ipairs { "Basic realm=x", 'Digest realm="x", nonce="y", qop="auth"', "NTLM", "Negotiate", "Bearer" } do
    local name = status == 401 and "WWW-Authenticate" or "Proxy-Authenticate"
    scenarios[#scenarios + 1] =
      { status .. " " .. scheme, { status = status, body = "", headers = { { name, scheme } } } }
  end
end
for _, status in ipairs { 301, 302, 303, 307, 308 } do
  for _, location in ipairs { "$SAME", "/", "https://localhost/", "//localhost/client/v4" } do
    scenarios[#scenarios + 1] = { status .. " to " .. location, { status = status, headers = { { "Location", location } } } }
  end
end
for code = 0, 13 do
  local reset = { "reset", code }
  scenarios[#scenarios + 1] = { ("RST_STREAM 0x%x"):format(code), { frames = { reset } }, "http2" }
  scenarios[#scenarios + 1] = { ("RST_STREAM 0x%x in the reply"):format(code), { frames = { "headers", reset } }, "http2" }
  for _, below in ipairs { 0, 2 } do
    for _, how in ipairs { "fin", "rst" } do
      local name = ("GOAWAY 0x%x, %d below, %s"):format(code, below, how)
      scenarios[#scenarios + 1] = { name, { frames = { { "goaway", below, code } }, ["end"] = how }, "http2" }
    end
    local name = ("GOAWAY 0x%x, %d below, RST_STREAM"):format(code, below)
    scenarios[#scenarios + 1] = { name, { frames = { { "goaway", below, code }, reset } }, "http2" }
  end
end

-- Once, and as often as the call would ask.
local cases = {}
local function add(over, scenario, warm, times, max_retries, effect)
  local script = { method = "DELETE", effect = effect, times = times }
  for name, value in pairs(scenario[2]) do script[name] = value end
  cases[#cases + 1] = {
    name = ("%s, %s connection, %d times, %d retries"):format(scenario[1], warm and "a kept" or "a new", times, max_retries),
    over = over, alone = not warm, warm = warm and {} or nil, one_each = true,
    scripts = { script }, options = { max_retries = max_retries },
  }
end

for _, scenario in ipairs(scenarios) do
  for _, over in ipairs(faults.transports) do
    if not scenario[3] or scenario[3] == over then
      for _, warm in ipairs(over == "http2" and { false, true } or { false }) do -- over HTTP/1 none is kept
        add(over, scenario, warm, 1, 0, false)
        add(over, scenario, warm, 1, 2, true)
        add(over, scenario, warm, 9, 2, false)
      end
    end
  end
end

local sweep = Sweep.new "one DELETE an attempt"
cases = Sweep.share(cases, 300)
fly(sweep, cases)
local deletes, warm, kept = 0, 0, 0
for _, case in ipairs(cases) do
  deletes = deletes + case.truth.arrived
  if case.warm then warm = warm + 1 end
  if case.kept then kept = kept + 1 end
end
sweep:check(kept > warm * 0.9, ("only %d of %d requests found a kept connection"):format(kept, warm))
sweep:finish(("%d DELETEs arrived, %d of the calls found a kept connection"):format(deletes, kept))
