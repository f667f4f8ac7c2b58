-- HAProxy: a service waits, and HAProxy goes on serving; what is counted is what it serves.
local sandbox = require "spec.support.sandbox"
local system = require "spec.support.system"

local CONFIGURATION = [[
global
    %s
    insecure-fork-wanted
    nbthread 1
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

-- The recipe's service again, for an API whose name no resolver takes, so that none is asked far away.
local NAMED = [[
local new, register = require("cloudflare").new, core.register_service
package.loaded.cloudflare = { new = function(options)
  options.base_url = "https://" .. ("a"):rep(64) .. ".test"
  return new(options)
end }
core.register_service = function(_, kind, f) register("named", kind, f) end
]]

return {
  needs = { "haproxy" }, version = "haproxy -v",
  leave = "USR1", -- it would go at once on TERM, and clean up nothing

  specify = function(host)
    local user = system.output "id -u" == "0" and "user nobody" or "" -- whoever is not root stays who he is
    host:write("haproxy.cfg", CONFIGURATION:format(user, host.port))
    host:write("revoke.lua", host.recipes.HAProxy)
    host:write("named.lua", NAMED .. host.recipes.HAProxy)
    host:serve "haproxy -db -f haproxy.cfg"
    local answer = host:get("/named/" .. sandbox.missing_id)
    local asked = answer and answer:find "Could not resolve host"
    host:check(asked, "may start the thread that resolves: " .. tostring(answer))
    host:serve_and_leave "haproxy -db -f haproxy.cfg"
  end,
}
