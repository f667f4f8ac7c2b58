-- What a variable of the environment does is what SECURITY.md says; the others do nothing. A call of a fresh
-- process with the variable set is compared, byte for byte, with one without it.
local certificates = require "spec.support.certificates"
local witness = require "spec.support.witness"
local Sweep = require "spec.support.sweep"
local system = require "spec.support.system"

local DIR, AUTHORITY = certificates.dir, certificates.authority
assert(os.execute(("mkdir %s/hashed %s/home && cp %s/authority.pem %s/hashed/$(openssl x509 -hash -noout -in %s/authority.pem).0")
  :format(DIR, DIR, DIR, DIR, DIR)))

local function write(name, text) return system.write(DIR .. "/" .. name, text) end

local function listen(certificate, newest, ciphers)
  local tls = certificate and certificates.tls(certificate, { oldest = "TLSv1", newest = newest, ciphers = ciphers })
  return witness.listen { tls = tls, answers = { DELETE = witness.deleted } }
end

-- Where a call goes: a port, its scheme, and the authority that it is told to trust.
local peers = {
  plain = { listen(), "http://127.0.0.1:%d" },
  tls = { listen "good", "https://localhost:%d", AUTHORITY },
  untrusted = { listen "good", "https://localhost:%d" },
  self_signed = { listen "self_signed", "https://localhost:%d", AUTHORITY },
  old = { listen("good", "TLSv1_1"), "https://localhost:%d", AUTHORITY },
  no_newer_than_1_2 = { listen("good", "TLSv1_2"), "https://localhost:%d", AUTHORITY },
  anonymous = { listen("good", "TLSv1_2", "aNULL:@SECLEVEL=0"), "https://localhost:%d", AUTHORITY },
  unencrypted = { listen("good", "TLSv1_2", "eNULL:@SECLEVEL=0"), "https://localhost:%d", AUTHORITY },
  weak = { listen "weak_key", "https://localhost:%d", AUTHORITY },
}

local proxy = witness.listen {
  answers = { CONNECT = "HTTP/1.1 200 Connection established\r\n\r\n" }, tunnel = peers.tls[1],
}
local PROXY = "http://127.0.0.1:" .. proxy

-- A key, not a token: an Authorization that comes from elsewhere is not hidden by ours.
local SCRIPT = write("call.lua", [[
  local url, authority, proxy = ...
  local cf = assert(require "cloudflare".new {
    api_key = "a-key-for-the-api-alone", api_email = "owner@example.com", base_url = url, max_retries = 0, timeout = 10,
    ca_file = authority ~= "" and authority or nil, proxy = proxy,
  })
  io.write((select(2, cf.tokens.delete(("0"):rep(32), ("1"):rep(32))).outcome))
]])

-- What a call does with these variables set: its outcome, what the peer heard, and what the proxy heard.
local function observe(peer, variables, own_proxy)
  local set = {}
  for name, value in pairs(variables) do set[#set + 1] = ("%s='%s'"):format(name, value) end
  local command = ("env %s lua5.4 %s '%s' '%s' %s"):format(table.concat(set, " "), SCRIPT, peer[2]:format(peer[1]),
    peer[3] or "", own_proxy or "")
  return { outcome = system.output(command), heard = witness.heard_to_the_end(peer[1]), told = witness.heard_to_the_end(proxy) }
end

local baseline = {}
for name, peer in pairs(peers) do baseline[name] = observe(peer, {}) end

local function same(seen, name)
  local usual = baseline[name]
  return seen.outcome == usual.outcome and seen.heard == usual.heard and seen.told == usual.told
end

local function proxied(seen, name)
  return seen.outcome == "deleted" and seen.heard == baseline[name].heard
    and seen.told:find "^CONNECT localhost:%d+ HTTP/1.1\r\n" and not seen.told:find "a%-key%-for"
end

local function trusted(seen, name) return baseline[name].outcome == "not_sent" and seen.outcome == "deleted" end

local sweep = Sweep.new "environment"

local function check(name, variables, holds, own_proxy)
  local seen = observe(peers[name], variables, own_proxy)
  local listed = {}
  for variable, value in pairs(variables) do listed[#listed + 1] = variable .. "=" .. value end
  sweep:check(holds(seen, name), ("%s with %s: %s, %q, %q"):format(name, table.concat(listed, " "), seen.outcome, seen.heard, seen.told))
end

-- The baselines are what they should be.
for name, outcome in pairs {
  plain = "deleted", tls = "deleted", no_newer_than_1_2 = "deleted", untrusted = "not_sent", self_signed = "not_sent",
  old = "not_sent", weak = "not_sent", anonymous = "not_sent", unencrypted = "not_sent",
} do
  sweep:check(baseline[name].outcome == outcome and baseline[name].told == "", name .. " alone: " .. baseline[name].outcome)
end

-- Proxies: these four, and no_proxy; and none for a loopback address in clear.
local honoured = { "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY" }
local ignored = { "http_proxy", "HTTP_PROXY", "ftp_proxy", "socks_proxy", "proxy", "PROXY", "CURL_PROXY" }
for _, variable in ipairs(honoured) do
  check("tls", { [variable] = PROXY }, proxied)
  check("plain", { [variable] = PROXY }, same)
  check("tls", { [variable] = "" }, same)
  check("tls", { [variable] = "http://127.0.0.1:9" }, proxied, PROXY) -- the option comes first
  for _, exempt in ipairs { "no_proxy", "NO_PROXY" } do
    check("tls", { [variable] = PROXY, [exempt] = "localhost" }, same)
    check("tls", { [variable] = PROXY, [exempt] = "*" }, same)
    check("tls", { [variable] = PROXY, [exempt] = "elsewhere.example" }, proxied)
    check("plain", { [variable] = PROXY, [exempt] = "elsewhere.example" }, same)
  end
end
for _, variable in ipairs(ignored) do
  check("tls", { [variable] = PROXY }, same)
  check("plain", { [variable] = PROXY }, same)
end

-- Whom we trust is not theirs to say: neither to add an authority nor to take ours away.
local stores = {
  SSL_CERT_FILE = AUTHORITY, SSL_CERT_DIR = DIR .. "/hashed", CURL_CA_BUNDLE = AUTHORITY, CURL_CA_PATH = DIR .. "/hashed",
  REQUESTS_CA_BUNDLE = AUTHORITY, NODE_EXTRA_CA_CERTS = AUTHORITY, CURLOPT_CAINFO = AUTHORITY,
}
for variable, value in pairs(stores) do
  check("untrusted", { [variable] = value }, same)
  check("tls", { [variable] = "/dev/null" }, same)
end

-- Files that curl's command or libcurl may read; another credential must not come from them.
write("home/.netrc", "machine localhost login someone password else\nmachine 127.0.0.1 login someone password else\n")
write("home/.curlrc", ("insecure\nproxy = %s\nuser = someone:else\nheader = \"X-Added: 1\"\n"):format(PROXY))
for _, name in ipairs { "plain", "tls", "self_signed" } do
  check(name, { HOME = DIR .. "/home" }, same)
  check(name, { CURL_HOME = DIR .. "/home", XDG_CONFIG_HOME = DIR .. "/home" }, same)
  check(name, { NETRC = DIR .. "/home/.netrc" }, same)
end

-- The C library, and libcurl's own.
for _, variables in ipairs {
  { HOSTALIASES = write("aliases", "localhost elsewhere.example\n") }, { RES_OPTIONS = "ndots:15" }, { LOCALDOMAIN = "example" },
  { TZ = "Pacific/Kiritimati" }, { LC_ALL = "C.UTF-8", LANG = "C.UTF-8" }, { TMPDIR = "/nowhere" }, { CURL_SSL_BACKEND = "gnutls" },
  { CURL_VERBOSE = "1", CURL_DEBUG = "all", CURL_TRACE = "all" }, { OPENSSL_ENGINES = "/nowhere", OPENSSL_MODULES = "/nowhere" },
  { CLOUDFLARE_API_KEY = "a-key", CLOUDFLARE_EMAIL = "someone@example.com" }, { CLOUDFLARE_API_TOKEN = "another-token" },
} do
  check("plain", variables, same)
  check("tls", variables, same)
  check("untrusted", variables, same)
end

-- Documented: libcurl writes TLS keys where SSLKEYLOGFILE says.
local keys = DIR .. "/keys"
check("tls", { SSLKEYLOGFILE = keys }, same)
local file = io.open(keys)
sweep:check(file and file:read "*a":find "CLIENT_", "SSLKEYLOGFILE is written to")

-- Documented: OpenSSL reads OPENSSL_CONF, which may let it take weaker keys and ciphers; but not an older
-- TLS, nor a peer that is not verified, nor other authorities.
local lax = {
  OPENSSL_CONF = write("lax.cnf", "openssl_conf = init\n[init]\nssl_conf = ssl\n[ssl]\nsystem_default = system\n[system]\n"
    .. "MinProtocol = TLSv1\nCipherString = ALL:COMPLEMENTOFALL:@SECLEVEL=0\nVerifyMode = Once\n"),
}
local adds = {
  OPENSSL_CONF = write("adds.cnf", "openssl_conf = init\n[init]\nssl_conf = ssl\n[ssl]\nsystem_default = system\n[system]\n"
    .. ("VerifyCAFile = %s\nVerifyCAPath = %s/hashed\nChainCAFile = %s\n"):format(AUTHORITY, DIR, AUTHORITY)),
}
for _, name in ipairs { "plain", "tls", "untrusted", "self_signed", "old", "no_newer_than_1_2", "anonymous" } do
  check(name, lax, same)
  check(name, adds, same)
end
check("weak", lax, trusted)
check("unencrypted", lax, trusted)

-- Nor an older TLS to a proxy, which may be told a password.
local old_proxy = listen("good", "TLSv1_1")
check("tls", lax, function(seen) return seen.outcome == "not_sent" and witness.heard_to_the_end(old_proxy) == "" end,
  "https://user:word@localhost:" .. old_proxy)

sweep:finish()
