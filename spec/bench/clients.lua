-- What is measured side by side, the smallest C program first. A row: its name; a command that deletes the ids behind it;
-- the variables that it wants besides the sandbox's, BENCH_CA_PATH and BENCH_CA_FILE; a command that succeeds where the
-- client is installed; what of it is installed (see installed.lua).
local measure = require "spec.bench.measure"
local sandbox = require "spec.support.sandbox"

local HERE = "spec/bench/clients/"
local work, sdk = measure.build .. "/spec/bench", measure.build .. "/truth"

local function baseline(trusted)
  return ("%s/baseline %s/accounts/%s/tokens %s %s/%s"):format(work, sandbox.urls.http2, sandbox.account, sandbox.token, work,
    trusted)
end

local function c(name, trusted)
  return { name, baseline(trusted), "", "true", { paths = { work .. "/baseline" } } }
end

local function this_module(lua)
  local module = ("%s/%s/cloudflare.so"):format(measure.build, lua)
  return {
    "this module, " .. lua, lua .. " spec/bench/delete.lua", ("LUA_CPATH='%s/%s/?.so;;'"):format(measure.build, lua),
    "test -e " .. module, { paths = { module }, needs = { lua, "lua-cjson" } },
  }
end

-- The newest PUC Lua that has a module of Debian's.
local function lua_with(module)
  for _, lua in ipairs { "lua5.4", "lua5.3", "lua5.2" } do
    if measure.succeeds(("%s -e 'require \"%s\"'"):format(lua, module)) then return lua end
  end
  return "lua5.1"
end

local function of_debian(name, module, script, packages, variables)
  local lua = lua_with(module)
  return {
    ("%s, %s"):format(name, lua), ("%s %s%s"):format(lua, HERE, script), variables or "",
    ("%s -e 'require \"%s\"'"):format(lua, module), { packages = packages, needs = { lua, "lua-cjson" } },
  }
end

local openssl = ("SSL_CERT_DIR=%s/ca"):format(work)

local lua = os.getenv "LUA"
local rows = {
  c("C, hashed CA directory", "ca"),
  c("C, libcurl's defaults", "bundle.pem"),
  this_module(lua),
  of_debian("lua-curl", "curl", "lua_curl.lua", { "lua-curl" }),
  of_debian("lua-http, a connection kept", "http.client", "lua_http_connection.lua", { "lua-http" }, openssl),
  of_debian("lua-http, its requests", "http.request", "lua_http.lua", { "lua-http" }, openssl),
  of_debian("luasec", "ssl.https", "luasec.lua", { "lua-sec", "lua-socket" }),
  { "curl, one command for all", HERE .. "curl.sh", "", "command -v curl", { packages = { "curl" } } },
  {
    "python3-cloudflare", "/usr/bin/python3 " .. HERE .. "python_cloudflare.py",
    ("REQUESTS_CA_BUNDLE=%s/bundle.pem"):format(work), "/usr/bin/python3 -c 'import CloudFlare'",
    { packages = { "python3-cloudflare" } },
  },
  { -- Node looks for packages beside the program that imports them.
    "npm's cloudflare, Node", ("node %s/npm_cloudflare.mjs"):format(sdk), "NODE_EXTRA_CA_CERTS=" .. sandbox.ca_file,
    ("test -d %s/node_modules/cloudflare && cp %snpm_cloudflare.mjs %s && node --version"):format(sdk, HERE, sdk),
    { paths = { sdk .. "/node_modules" }, needs = { "node" } },
  },
}
if lua ~= "luajit" then table.insert(rows, 4, this_module "luajit") end
return rows
