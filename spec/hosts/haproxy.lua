-- HAProxy: a service waits, and HAProxy goes on serving; what is counted is what it serves.
local sandbox = require "spec.support.sandbox"
local read = require "spec.support.read"

local CONFIGURATION = [[
global
    %s
    insecure-fork-wanted
    hard-stop-after 1s
    lua-load inside.lua
    lua-load revoke.lua
    lua-load named.lua
defaults
    mode http
    timeout connect 60s
    timeout client 60s
    timeout server 60s
frontend all
    bind 127.0.0.1:%d
    http-request return status 200 content-type text/plain string "served" if { path /served }
    http-request use-service lua.named if { path_beg /named/ }
    http-request use-service lua.revoke
]]

-- The recipe's service again, for an API that is called by its name.
local NAMED = [[
local new, register = require("cloudflare").new, core.register_service
package.loaded.cloudflare = { new = function(options)
  options.base_url, options.ca_file = "%s", "ca.pem"
  return new(options)
end }
core.register_service = function(_, kind, f) register("named", kind, f) end
]]

return {
  needs = { "haproxy" }, version = "haproxy -v",
  leave = "USR1", -- it would go at once on TERM, and clean up nothing

  specify = function(host)
    local id = io.popen "id -u"
    local user = id:read "*n" == 0 and "user nobody" or "" -- whoever is not root stays who he is
    id:close()
    host:write("haproxy.cfg", CONFIGURATION:format(user, host.port))
    host:write("revoke.lua", host.recipes.HAProxy)
    host:write("named.lua", NAMED:format(sandbox.urls.http2) .. host.recipes.HAProxy)
    host:write("ca.pem", read(sandbox.ca_file))
    host:serve "haproxy -db -f haproxy.cfg"
    local answer = host:get("/named/" .. sandbox.fresh())
    host:check(answer == "deleted", "resolves the API's name: " .. tostring(answer))
    host:serve_and_leave "haproxy -db -f haproxy.cfg"
  end,
}
