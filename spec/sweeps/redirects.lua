-- A redirect is never followed: whatever its code and wherever it points, nothing arrives there, and the
-- credential reaches nobody but the host that was asked.
local cloudflare = require "cloudflare"
local certificates = require "spec.support.certificates"
local sandbox = require "spec.support.sandbox"
local witness = require "spec.support.witness"
local Sweep = require "spec.support.sweep"

local TLS = certificates.tls "good"
local CODES = { "301 Moved Permanently", "302 Found", "303 See Other", "307 Temporary Redirect", "308 Permanent Redirect" }

local function listen(order)
  order.answers = { DELETE = witness.deleted, GET = witness.deleted, POST = witness.deleted }
  return witness.listen(order)
end

local another_port, in_clear = listen { tls = TLS }, listen {}
local elsewhere = listen { tls = TLS, host = "127.0.0.2" }
local ELSEWHERE = "/elsewhere/" .. sandbox.missing_id

-- Each: a name, where it points, and the port that must hear nothing (nil: the origin itself, under that path).
local targets = {
  { "the same host", ELSEWHERE },
  { "the same host, as a URL", "SCHEME://localhost:$PORT" .. ELSEWHERE },
  { "another port", "https://localhost:" .. another_port .. ELSEWHERE, another_port },
  { "another port, without a scheme", "//localhost:" .. another_port .. ELSEWHERE, another_port },
  { "http", "http://127.0.0.1:" .. in_clear .. ELSEWHERE, in_clear },
  { "another host", "https://127.0.0.2:" .. elsewhere .. ELSEWHERE, elsewhere },
}

-- What is redirected: the answers of the origin, and the options of the deletion.
local requests = {
  { "the DELETE", function(redirect) return { DELETE = redirect, GET = witness.answer("404 Not Found", "") } end },
  { "the GET that confirms", function(redirect) return { DELETE = "", GET = redirect } end },
  { "the GET of check_first", function(redirect) return { GET = redirect, DELETE = witness.deleted } end, true },
}

local schemes = { { "http", "http://127.0.0.1:%d" }, { "https", "https://localhost:%d", TLS } }

local cases = {}
for _, scheme in ipairs(schemes) do
  for _, code in ipairs(CODES) do
    for _, target in ipairs(targets) do
      for _, request in ipairs(requests) do
        cases[#cases + 1] = { scheme = scheme, code = code, target = target, request = request }
      end
    end
  end
end

local function open(case)
  local location = case.target[2]:gsub("SCHEME", case.scheme[1])
  local redirect = witness.answer(case.code, "moved", "Location: " .. location .. "\r\n")
  case.origin = witness.listen { tls = case.scheme[3], answers = case.request[2](redirect) }
end

-- The clocks of all calls run from here on, so every port is open by then.
local function begin(case)
  local cf = assert(cloudflare.new {
    api_token = "a-token-for-one-host", account_id = sandbox.account, ca_file = certificates.authority,
    base_url = case.scheme[2]:format(case.origin), connect_timeout = 12, attempt_timeout = 12,
  })
  case.call = cf.async.tokens.delete(nil, sandbox.missing_id, { timeout = 24, max_retries = 0, check_first = case.request[3] })
end

local sweep = Sweep.new "redirects"
for _, case in ipairs(cases) do open(case) end
for _, case in ipairs(cases) do begin(case) end
while cloudflare.step(0.1) > 0 do end

for _, case in ipairs(cases) do
  local heard = witness.heard(case.origin)
  local _, detail = case.call:wait()
  local asked_again = heard:find("elsewhere", 1, true)
  local ended = case.request[3] and "not_sent" or "unknown"
  sweep:check(heard ~= "" and not asked_again and detail.outcome == ended,
    ("%s over %s answered with %s to %s: %s"):format(case.request[1], case.scheme[1], case.code, case.target[1], detail.outcome))
end

-- HTTP/2, to the host itself: the sandbox tells of every request.
for _, code in ipairs(CODES) do
  for _, method in ipairs { "DELETE", "GET" } do
    local id = sandbox.fresh()
    local location = sandbox.urls.http2 .. "/elsewhere"
    sandbox.fault { token = id, method = method, status = tonumber(code:sub(1, 3)), headers = { Location = location }, times = 9 }
    local cf = cloudflare.new(sandbox.options "http2")
    cf.tokens.delete(nil, id, { timeout = 0.8, max_retries = 0, check_first = method == "GET" })
    local seen, asked = #sandbox.requests_for(id), 0
    for _, entry in ipairs(sandbox.ledger()) do
      if entry.path:find "elsewhere" then asked = asked + 1 end
    end
    sweep:check(seen > 0 and asked == 0, ("%s over HTTP/2 answered with %s"):format(method, code))
  end
end

local followed = 0
for _, port in ipairs { another_port, in_clear, elsewhere } do
  local _, connections = witness.heard(port)
  followed = followed + connections
end
sweep:check(followed == 0, followed .. " connections to where a redirect pointed")
sweep:finish(followed .. " followed")
