-- A proxy never hears the credential, whatever it answers; and one that has not proven itself hears nothing at all.
local cloudflare = require "cloudflare"
local gettime = require "socket".gettime
local certificates = require "spec.support.certificates"
local sandbox = require "spec.support.sandbox"
local witness = require "spec.support.witness"
local Sweep = require "spec.support.sweep"

local tls, CREDENTIALS, SECRET = certificates.tls, certificates.credentials, certificates.secret

local ESTABLISHED = "HTTP/1.1 200 Connection established\r\n\r\n"
local PROVEN = witness.answer("200 OK",
  ('{"success":true,"errors":[],"messages":[],"result":{"id":"%s"}}'):format(sandbox.missing_id))

local answers = {
  { "407, Basic", witness.answer("407 Proxy Authentication Required", "no", 'Proxy-Authenticate: Basic realm="x"\r\n') },
  { "407, NTLM", witness.answer("407 Proxy Authentication Required", "no", "Proxy-Authenticate: NTLM\r\n") },
  { "401", witness.answer("401 Unauthorized", "no", 'WWW-Authenticate: Basic realm="x"\r\n') },
  { "403", witness.answer("403 Forbidden", "no") },
  { "502", witness.answer("502 Bad Gateway", "no") },
  { "a redirect", witness.answer("307 Temporary Redirect", "", "Location: http://127.0.0.1:$PORT/\r\n") },
  { "what the API would say", PROVEN },
  { "200, and then what the API would say, in clear", ESTABLISHED .. PROVEN },
  { "200, and then a refusal of TLS", ESTABLISHED .. "\21\3\3\0\2\2\40" },
  { "200, and the end", ESTABLISHED .. "HTTP/1.1 200 OK\r\n\r\n" },
  { "five 1xx", ("HTTP/1.1 103 Early Hints\r\n\r\n"):rep(5) },
  { "no HTTP", "220 mail.example ESMTP\r\n" },
  { "nothing", "" },
}

local kinds = {
  { "http", "http://127.0.0.1:%d" },
  { "http with a password", "http://user:word@127.0.0.1:%d" },
  { "https", "https://localhost:%d", tls "good" },
  { "socks5", "socks5h://127.0.0.1:%d", blurts = true },
}

local bad_certificates = {
  "self_signed", "wrong_host", "expired", "not_yet_valid", "client_only", "unknown_authority", "missing_intermediate",
  "issued_by_a_server", "nul_in_name", "star", "weak_key", "weak_digest",
}

local sweep = Sweep.new "proxies"

-- Deletes through that proxy, and returns the outcome and what the proxy heard.
local function delete_through(proxy, url, credential)
  local options = {
    account_id = sandbox.account, base_url = "https://localhost:9/client/v4", proxy = url:format(proxy),
    ca_file = certificates.authority, max_retries = 0, timeout = 5,
  }
  for name, value in pairs(credential) do options[name] = value end
  local _, detail = assert(cloudflare.new(options)).tokens.delete(nil, sandbox.missing_id)
  return detail.outcome, witness.heard_to_the_end(proxy)
end

local cases = {}
for _, answer in ipairs(answers) do
  for _, kind in ipairs(kinds) do
    for _, credential in ipairs(CREDENTIALS) do
      cases[#cases + 1] = { answer = answer, kind = kind, credential = credential }
    end
  end
end

for _, case in ipairs(Sweep.share(cases, 40)) do
  local proxy = witness.listen {
    tls = case.kind[3], answers = { CONNECT = case.answer[2] }, blurts = case.kind.blurts and case.answer[2] .. "\5",
  }
  local outcome, heard = delete_through(proxy, case.kind[2], case.credential)
  sweep:check(outcome == "not_sent" and heard ~= "" and not heard:find(SECRET),
    ("%s proxy that answers %s: %s, %q"):format(case.kind[1], case.answer[1], outcome, heard))
end

for _, name in ipairs(bad_certificates) do
  for _, credential in ipairs(CREDENTIALS) do
    local proxy = witness.listen { tls = tls(name), answers = { CONNECT = ESTABLISHED } }
    local outcome, heard = delete_through(proxy, "https://localhost:%d", credential)
    sweep:check(outcome == "not_sent" and heard == "",
      ("proxy whose certificate is %s: %s, %q"):format(name, outcome, heard))
  end
end

-- One that never stops answering holds nobody up: libcurl reads its answer byte by byte, as long as there is more.
for _, flood in ipairs {
  { "a chunked body", "Transfer-Encoding: chunked\r\n\r\n", "9\r\nand so on\r\n" },
  { "a long body", "Content-Length: 99999999999\r\n\r\n", "and so on" }, { "headers", "", "X-And: so on\r\n" },
} do
  local proxy = witness.listen {
    answers = { CONNECT = "HTTP/1.1 407 Proxy Authentication Required\r\n" .. flood[2] }, floods = flood[3],
  }
  for _, url in ipairs { "http://127.0.0.1:%d", "http://user:word@127.0.0.1:%d" } do
    local began = gettime()
    local outcome = delete_through(proxy, url, CREDENTIALS[1])
    local took = gettime() - began
    sweep:check(outcome == "not_sent" and took < 5.05, ("an endless answer of a proxy: %s, %s in %.2f s"):format(flood[1], outcome, took))
  end
end

-- A proxy that does its work is told what is its own, and the API nothing of that.
for _, kind in ipairs { "http://user:word@127.0.0.1:%d", "https://user:word@localhost:%d" } do
  local origin = witness.listen { tls = tls "good", answers = { DELETE = PROVEN:gsub("\r\n\r\n", "\r\nCF-Ray: api\r\n\r\n", 1) } }
  local proxy = witness.listen {
    tls = kind:find "^https" and tls "good" or nil, answers = { CONNECT = ESTABLISHED }, tunnel = origin,
  }
  local cf = assert(cloudflare.new {
    api_token = CREDENTIALS[1].api_token, account_id = sandbox.account, ca_file = certificates.authority,
    base_url = ("https://localhost:%d/client/v4"):format(origin), proxy = kind:format(proxy),
  })
  local _, detail = cf.tokens.delete(nil, sandbox.missing_id)
  local heard, told = witness.heard(origin), witness.heard(proxy)
  sweep:check(detail.outcome == "deleted" and detail.http.ray_id == "api" and heard:find(SECRET) and not heard:find "[Pp]roxy"
      and told:find "\r\nProxy%-Authorization: Basic dXNlcjp3b3Jk\r\n" and not told:find(SECRET),
    ("%s: %s, %q"):format(kind, detail.outcome, heard))
end

sweep:finish()
