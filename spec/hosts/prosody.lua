-- Prosody: a handler of HTTP waits, and others are served; what is counted is what it serves.
local CONFIGURATION = [[
run_as_root, daemonize, pidfile = true, false, "%s/prosody.pid"
data_path, plugin_paths = "%s", { "%s" }
log = { info = "*console" }
modules_enabled = { "http", "revoke", "served" }
modules_disabled = { "s2s", "c2s" }
c2s_ports, s2s_ports, https_ports, http_ports = {}, {}, {}, { %d }
http_interfaces, http_default_host = { "127.0.0.1" }, "localhost"
VirtualHost "localhost"
]]

local SERVED = [[
dofile(os.getenv "SPEC_DIR" .. "/inside.lua")
module:provides("http", { default_path = "/", route = { ["GET /served"] = function() return "served" end } })
]]

return {
  needs = { "prosody" }, version = "cat /usr/lib/prosody/prosody.version",

  specify = function(host)
    host:write("prosody.cfg.lua", CONFIGURATION:format(host.dir, host.dir, host.dir, host.port))
    host:write("mod_revoke.lua", host.recipes.Prosody)
    host:write("mod_served.lua", SERVED)
    host:serve "prosody --config ./prosody.cfg.lua"
    host:serve_and_leave "prosody --config ./prosody.cfg.lua"
  end,
}
