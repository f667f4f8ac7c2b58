-- make test-hosts: real programs that embed Lua, each with the README's recipe for it. Each loads the module, deletes
-- plainly, deletes while it goes on (what it does meanwhile is counted), and leaves with a call in flight. Run inside
-- `sandbox run`, for all programs or those named; one that is not installed is named and left out.
local free_port = require "spec.support.free_port"
local Host = require "spec.hosts.host"
local program = require "spec.support.program"
local read = require "spec.support.read"
local recipes = require "spec.support.recipes"
local Sweep = require "spec.support.sweep"

local function missing_of(host)
  for _, name in ipairs(host.needs) do
    if not program.find(name) then return name end
  end
end

local function walk(host)
  host.lua, host.dir, host.port = program.lua_of(program.find(host.needs[1])), program.directory(), free_port()
  host.recipes = recipes
  host.sweep = Sweep.new(("%s %s, %s"):format(host.name, program.version(host.version), host.lua))
  host:write("inside.lua", read "spec/hosts/inside.lua")
  local ran, why = xpcall(host.specify, debug.traceback, host)
  host:check(ran, tostring(why))
  if host.child then host.child:ended(0) end
  os.execute("rm -rf " .. host.dir)
  return host.sweep:tell()
end

local good = true
for _, name in ipairs(#arg > 0 and arg or { "haproxy", "neovim", "love", "prosody", "mpv", "nmap" }) do
  local host = setmetatable(require("spec.hosts." .. name), Host)
  host.name = name
  local missing = missing_of(host)
  if missing then print(("sweep: %s: left out, %s is not installed"):format(name, missing))
  else good = walk(host) and good end
end
os.exit(good, true)
