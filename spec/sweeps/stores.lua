-- What the system's own curl accepts is accepted, whatever the system's trust store looks like: each shape of it
-- stands in /etc/ssl/certs of a mount namespace of its own, where curl and then a fresh process of ours delete.
local certificates = require "spec.support.certificates"
local witness = require "spec.support.witness"
local Sweep = require "spec.support.sweep"
local system = require "spec.support.system"

local DIR = certificates.dir
local CLEAN = ("env -i PATH='%s' HOME=/nonexistent "):format(os.getenv "PATH")
local OURS = CLEAN .. ("LUA_PATH='%s' LUA_CPATH='%s' lua5.4 "):format(package.path, package.cpath)

local function output_of(command) return system.output(command .. " 2>&1") end

local function write(name, text) return system.write(DIR .. "/" .. name, text) end

-- Prints outcome/attempts of each round of calls; `between` is a command to run before the second.
local SCRIPT = write("rounds.lua", [[
  local url, rounds, at_once, between, proxy, ca_file, ca_path = ...
  local cloudflare = require "cloudflare"
  local cf = assert(cloudflare.new {
    api_token = "a-token", base_url = url, max_retries = 0, timeout = 60, attempt_timeout = 20, connect_timeout = 20,
    proxy = proxy ~= "" and proxy or nil,
    ca_file = ca_file ~= "" and ca_file or nil, ca_path = ca_path ~= "" and ca_path or nil,
  })
  local said = {}
  for round = 1, rounds do
    if round == 2 and between ~= "" then os.execute(between) end
    local calls = {}
    for i = 1, at_once do calls[i] = cf.async.tokens.delete(("0"):rep(32), ("1"):rep(32)) end
    for _, call in ipairs(calls) do
      local token, detail = call:wait()
      local none = not token and tostring(detail):find "no trust store found" and " (no store)" or ""
      said[#said + 1] = ("%s/%d%s"):format(detail.outcome, detail.http.attempts, none)
    end
  end
  print(table.concat(said, " "))
]])

local answers = { DELETE = witness.deleted }
local good = witness.listen { tls = certificates.tls "good", answers = answers }
local leaf_only = witness.listen { tls = certificates.tls "missing_intermediate", answers = answers }
local proxy = witness.listen {
  tls = certificates.tls "good", answers = { CONNECT = "HTTP/1.1 200 Connection established\r\n\r\n" }, tunnel = good,
}

-- The shell's words that fill the folder $S: a bundle of these; one of them under its hash.
local function bundle(...)
  local words = { "{ :" }
  for _, name in ipairs { ... } do words[#words + 1] = ("cat %s/%s.pem"):format(DIR, name) end
  return table.concat(words, "; ") .. "; } >$S/ca-certificates.crt; "
end
local function hash(name) return output_of(("openssl x509 -hash -noout -in %s/%s.pem"):format(DIR, name)) end
local function hashed(name) return ("cp %s/%s.pem $S/%s.0; "):format(DIR, name, hash(name)) end

-- A folder that holds one of them under its hash.
local function folder(name)
  local path = ("%s/path_%s"):format(DIR, name)
  assert(os.execute(("S=%s; mkdir -p $S; %s"):format(path, hashed(name))))
  return path
end

local STRAY = "ln -s /nowhere/else.pem $S/deadbeef.0; "
local BESIDE = ("cp %s/authority.pem $S/later; "):format(DIR)
local LATER = "cp /etc/ssl/certs/later /etc/ssl/certs/ca-certificates.crt"

-- libcurl keeps for a day what it has read of a bundle; from 8.21 on it reads the bundle for every connection.
local major, minor = output_of "curl -V":match "libcurl/(%d+)%.(%d+)"
local KEEPS = tonumber(major) * 100 + tonumber(minor) < 821

-- Each row: the shape, the words, whether curl accepts the peer, what we say; and what else there is.
local shapes = {
  { "directory and bundle", hashed "authority" .. bundle("stranger", "authority"), true, "deleted/1 deleted/1" },
  { "the authority in the bundle alone", hashed "stranger" .. bundle("stranger", "authority"), true,
    "deleted/2 deleted/1" },
  { "the authority in the directory alone", hashed "authority" .. bundle "stranger", true, "deleted/1 deleted/1" },
  { "the authority in neither", hashed "stranger" .. bundle "stranger", false, "not_sent/2 not_sent/2" },
  { "links that dangle", ("ln -s /nowhere/a.pem $S/%s.0; "):format(hash "authority") .. bundle "authority", true,
    "deleted/1 deleted/1" },
  { "one stray link", STRAY .. bundle "authority", true, "deleted/1 deleted/1" },
  { "one stray link, and good ones", STRAY .. hashed "authority" .. bundle "stranger", true, "deleted/1 deleted/1" },
  { "a name that is no hash", ("cp %s/stranger.pem $S/notes.0; "):format(DIR) .. bundle "authority", true,
    "deleted/1 deleted/1" },
  { "a file with a hash's name that holds no certificate", "echo none >$S/deadbeef.0; " .. bundle "authority", true,
    "deleted/2 deleted/1" },
  { "a bundle alone", bundle "authority", true, "deleted/1 deleted/1" },
  { "a directory alone", hashed "authority", false, "deleted/1 deleted/1" },
  { "a directory, and an empty bundle", hashed "authority" .. ": >$S/ca-certificates.crt; ", false,
    "deleted/1 deleted/1" },
  { "a directory, and no certificate in the bundle", hashed "authority" .. "echo none >$S/ca-certificates.crt; ",
    false, "deleted/1 deleted/1" },
  { "nothing", "", false, "not_sent/1 (no store) not_sent/1 (no store)" },
  { "links that dangle, and no bundle", STRAY, false, "not_sent/1 (no store) not_sent/1 (no store)" },
  { "the issuer, which is no root, in the bundle alone", hashed "stranger" .. bundle "intermediate", true,
    "deleted/2 deleted/1", port = leaf_only },
  { "the issuer in the directory, its root in the bundle", hashed "intermediate" .. bundle "authority", true,
    "deleted/1 deleted/1", port = leaf_only },
  { "none at first, then a bundle", BESIDE, false, "not_sent/1 (no store) deleted/1",
    between = LATER },
  { "the authority added to a bundle alone, in between", BESIDE .. bundle "stranger", false,
    KEEPS and "not_sent/1 deleted/2" or "not_sent/1 deleted/1", between = LATER },
  { "the authority added to the bundle, in between", BESIDE .. hashed "stranger" .. bundle "stranger", false,
    "not_sent/2 deleted/2", between = LATER },
  { "the authority added to the directory, in between", hashed "stranger" .. bundle "stranger", false,
    "not_sent/2 deleted/1", between = ("cp %s/authority.pem /etc/ssl/certs/%s.0"):format(DIR, hash "authority") },
  { "the bundle taken away that was read before", hashed "stranger" .. bundle "authority", true,
    KEEPS and "deleted/2 deleted/1" or "deleted/2 not_sent/2", between = "rm /etc/ssl/certs/ca-certificates.crt" },
  { "the authority in the bundle alone, four calls at once", hashed "stranger" .. bundle "authority", true,
    ("deleted/2 "):rep(4) .. ("deleted/1 "):rep(3) .. "deleted/1", at_once = 4 },
  { "a proxy's authority in the bundle alone", hashed "stranger" .. bundle "authority", true, "deleted/2 deleted/1",
    proxy = "https://localhost:" .. proxy },
  { "a proxy's authority in neither", hashed "stranger" .. bundle "stranger", false, "not_sent/2 not_sent/2",
    proxy = "https://localhost:" .. proxy },
  -- from 8.21 on libcurl would trust its defaults beside what it is told
  { "a ca_file is the whole store", hashed "authority" .. bundle "authority", true, "not_sent/1 not_sent/1",
    ca_file = DIR .. "/stranger.pem" },
  { "a ca_path is the whole store", hashed "authority" .. bundle "authority", true, "not_sent/1 not_sent/1",
    ca_path = folder "stranger" },
  { "a ca_file with an authority that the system does not know", hashed "stranger" .. bundle "stranger", false,
    "deleted/1 deleted/1", ca_file = certificates.authority },
  { "a ca_path with an authority that the system does not know", hashed "stranger" .. bundle "stranger", false,
    "deleted/1 deleted/1", ca_path = folder "authority" },
  { "a ca_path where there is no store", "", false, "deleted/1 deleted/1", ca_path = folder "authority" },
}

local sweep = Sweep.new "trust stores"

-- What curl says, and what we say, where `prelude` has been run in the same shell; nil where it may not.
local function ask(prelude, shape)
  local url = "https://localhost:" .. (shape.port or good)
  local by = shape.proxy and "--proxy " .. shape.proxy or ""
  local curl = CLEAN .. ("curl -q -s -o /dev/null -w '%%{http_code}\\n' %s -X DELETE %s/%032d"):format(by, url, 1)
  local ours = OURS .. ("%s '%s' 2 %d '%s' '%s' '%s' '%s'"):format(SCRIPT, url, shape.at_once or 1,
    shape.between or "", shape.proxy or "", shape.ca_file or "", shape.ca_path or "")
  local file = write("ask.sh", prelude .. curl .. "\n" .. ours .. "\n")
  return output_of((prelude ~= "" and "unshare -m " or "") .. "sh " .. file):match "^(%d%d%d)\n(.*)$"
end

local function check(shape, prelude, what)
  local code, said = ask(prelude, shape)
  sweep:check((code == "200") == shape[3] and said == shape[4],
    ("%s: curl says %s, we say %s, not %s"):format(what, code, said, shape[4]))
end

-- The store that this system has, which knows nothing of our authority.
check({ nil, nil, false, "not_sent/2 not_sent/2" }, "", "the system's own")

local may = os.execute "unshare -m mount --make-rprivate / 2>/dev/null"
for _, shape in ipairs(may and shapes or {}) do
  local fill = ("set -e; S=%s/store; rm -rf $S; mkdir $S; %s\n"):format(DIR, shape[2])
    .. "mount --make-rprivate /; mount --bind $S /etc/ssl/certs; set +e\n"
  check(shape, fill, shape[1])
end

sweep:finish(not may and "none of the shapes: no mount namespace is permitted here" or nil)
