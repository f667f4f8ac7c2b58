-- A peer that has not proven itself is told nothing: the call ends as not_sent, and neither that peer nor
-- a proxy on the way hears one byte of the credential.
local cloudflare = require "cloudflare"
local certificates = require "spec.support.certificates"
local sandbox = require "spec.support.sandbox"
local witness = require "spec.support.witness"
local Sweep = require "spec.support.sweep"

local tls, CREDENTIALS, SECRET = certificates.tls, certificates.credentials, certificates.secret

local answers = { DELETE = witness.deleted, GET = witness.answer("403 Forbidden", "{}") }

local NOT_TLS = witness.answer("400 Bad Request", "The plain HTTP request was sent to HTTPS port")

-- Each row: what is wrong, the peer, and the host to ask for where it matters.
local bad_peers = {
  { "self-signed", tls "self_signed" },
  { "another host's", tls "wrong_host" },
  { "another address's", tls "wrong_host", "127.0.0.1" },
  { "an address written as a name", tls "address_as_name", "127.0.0.1" },
  { "a name with a NUL in it", tls "nul_in_name" },
  { "any host's", tls "star" },
  { "expired", tls "expired" },
  { "not yet valid", tls "not_yet_valid" },
  { "for clients only", tls "client_only" },
  { "of an unknown authority", tls "unknown_authority" },
  { "issued by what is no authority", tls "issued_by_a_server" },
  { "without its intermediate", tls "missing_intermediate" },
  { "with a weak key", tls "weak_key" },
  { "with a weak digest", tls "weak_digest" },
  { "good, but spoken over TLS 1.0", tls("good", { oldest = "TLSv1", newest = "TLSv1" }) },
  { "good, but spoken over TLS 1.1", tls("good", { oldest = "TLSv1_1", newest = "TLSv1_1" }) },
  { "left out: anonymous ciphers", tls("good", { newest = "TLSv1_2", ciphers = "aNULL:@SECLEVEL=0" }) },
  { "left out: no encryption", tls("good", { newest = "TLSv1_2", ciphers = "eNULL:@SECLEVEL=0" }) },
  { "left out: no TLS at all", nil },
}

local good_peers = {
  { "good", tls "good" },
  { "good, by its address", tls "good", "127.0.0.1" },
  { "with its intermediate", tls "chained" },
  { "spoken over TLS 1.2", tls("good", { newest = "TLSv1_2" }) },
}

-- A proxy that leads to `port`, and its URL.
local ESTABLISHED = "HTTP/1.1 200 Connection established\r\n\r\n"
local ways = {
  { "directly" },
  { "through a proxy", function(port)
    local proxy = witness.listen { answers = { CONNECT = ESTABLISHED }, tunnel = port }
    return proxy, "http://127.0.0.1:" .. proxy
  end },
  { "through an https proxy", function(port)
    local proxy = witness.listen { answers = { CONNECT = ESTABLISHED }, tunnel = port, tls = tls "good" }
    return proxy, "https://localhost:" .. proxy
  end },
}

local function delete(cf) return cf.tokens.delete(nil, sandbox.missing_id) end

local operations = {
  { "delete", delete },
  -- what may mend is tried again to the end
  { "delete with check_first", function(cf)
    return cf.tokens.delete(nil, sandbox.missing_id, { check_first = true, timeout = 0.6 })
  end },
  { "verify", function(cf) return cf.tokens.verify() end },
}

-- Calls `operation` with that peer at the other end, and returns its outcome, its kind, and what peer and proxy heard.
local function try(case, port, proxy, proxy_url)
  local options = {
    account_id = sandbox.account, proxy = proxy_url, ca_file = certificates.authority, max_retries = 0,
    base_url = ("https://%s:%d/client/v4"):format(case.peer[3] or "localhost", port),
  }
  for name, value in pairs(case.credential) do options[name] = value end
  local cf = assert(cloudflare.new(options))
  local result, detail = case.operation[2](cf)
  local heard = witness[result and "heard" or "heard_to_the_end"]
  return detail.outcome, not result and detail.kind, heard(port), proxy and heard(proxy) or ""
end

local sweep = Sweep.new "tls"

local function origin(peer)
  return witness.listen { tls = peer[2], answers = answers, blurts = not peer[2] and NOT_TLS or nil }
end

local function walk(peers, judge, operation_count, most)
  local cases = {}
  for _, peer in ipairs(peers) do
    for _, way in ipairs(ways) do
      for _, credential in ipairs(CREDENTIALS) do
        for n = 1, operation_count do
          cases[#cases + 1] = { peer = peer, way = way, credential = credential, operation = operations[n] }
        end
      end
    end
  end
  for _, case in ipairs(Sweep.share(cases, most)) do
    local port = origin(case.peer)
    local proxy, proxy_url
    if case.way[2] then proxy, proxy_url = case.way[2](port) end
    local outcome, kind, heard, told = try(case, port, proxy, proxy_url)
    sweep:check(judge(case, outcome, kind, heard) and not told:find(SECRET) and (not proxy or told:find "^CONNECT "),
      ("%s, a certificate %s, %s: %s (%s), %d bytes told"):format(case.operation[1], case.peer[1], case.way[1], outcome, kind, #heard))
  end
end

walk(bad_peers, function(case, outcome, kind, heard)
  local silent = heard == "" or not case.peer[2] and not heard:find(SECRET)
  return outcome == "not_sent" and (kind == "tls" or kind == "timeout") and silent
end, #operations, 120)

-- Else the witness might be deaf.
walk(good_peers, function(_, outcome, _, heard) return outcome == "deleted" and heard:find(SECRET) end, 1, 24)

-- One client's trust is not another's, though they share connections and sessions: neither a connection that
-- stands nor a session that could be resumed lets in who does not trust that authority.
local function client(url, extra)
  local options = { account_id = sandbox.account, base_url = url, max_retries = 0 }
  for name, value in pairs(extra) do options[name] = value end
  for name, value in pairs(CREDENTIALS[1]) do options[name] = value end
  return assert(cloudflare.new(options))
end

local TRUSTS = { ca_file = certificates.authority }
local distrusts = {
  ["the system's store"] = {},
  ["another ca_file"] = { ca_file = certificates.dir .. "/stranger.pem" },
  ["another ca_path"] = { ca_path = certificates.dir },
}

for _, peer in ipairs(good_peers) do
  for left, hangs_up in pairs { ["a connection stands"] = "", ["a session is left"] = "Connection: close\r\n" } do
    local port = witness.listen {
      tls = peer[2], answers = { DELETE = witness.deleted:gsub("\r\n\r\n", "\r\n" .. hangs_up .. "\r\n") },
    }
    local url = ("https://%s:%d/client/v4"):format(peer[3] or "localhost", port)
    for whose, distrust in pairs(distrusts) do
      local _, before = delete(client(url, TRUSTS))
      witness.heard(port)
      local _, err = delete(client(url, distrust))
      local heard = witness.heard(port)
      sweep:check(before.outcome == "deleted" and err.outcome == "not_sent" and heard == "",
        ("a certificate %s, %s, %s: %s, %d bytes told"):format(peer[1], left, whose, err.outcome, #heard))
    end
  end
end

sweep:finish()
