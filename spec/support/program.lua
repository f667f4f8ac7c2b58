-- One of the system's programs, run as a child in a directory of its own: what it wrote, and how it left.
local read = require "spec.support.read"
local system = require "spec.support.system"

local program = {}
program.__index = program

local function output(command) return system.output(command .. " 2>/dev/null") end

--- Where it lies, or nil; an ordinary user's path may not lead there.
function program.find(name)
  local path = output("PATH=$PATH:/usr/sbin:/usr/games; command -v " .. name)
  return path ~= "" and path or nil
end

--- The Lua that runs in it: what it is linked with, or what its first line names.
function program.lua_of(path)
  local linked = output("ldd " .. path)
  if linked:find "libluajit%-5%.1" then return "luajit" end
  if linked:find "liblua5%.%d" then return linked:match "lib(lua5%.%d)" end
  local named = output("head -n 1 " .. path):match "lua%S*"
  return output("basename $(readlink -f $(command -v " .. named .. "))")
end

--- The first number with dots in what `command` says.
function program.version(command) return output(command):match "%d+%.[%w.]*%w" end

--- A directory for programs to run in.
function program.directory()
  local dir = system.directory()
  assert(os.execute("chmod 755 " .. dir)) -- a program may give up root, and reads it still
  return dir
end

--- Starts `command`, for a shell, in `dir`; `lua` is the build of the module that it finds, `environment`
--- is name → value.
function program.start(command, dir, lua, environment)
  local build = os.getenv "BUILD" or "build"
  local cpath = ("%s/%s/?.so;;"):format(build:find "^/" and build or output "pwd" .. "/" .. build, lua)
  local words = { ("LUA_CPATH='%s' HOME='%s'"):format(cpath, dir) }
  for name, value in pairs(environment) do words[#words + 1] = ("%s='%s'"):format(name, value) end
  -- a shell of its own says how the program ended, also by which signal
  system.write(dir .. "/start.sh", ([[
    unset LUA_PATH
    export PATH="$PATH:/usr/sbin:/usr/games" %s
    cd '%s' && rm -f pid status said
    setsid sh -c 'echo $$ >pid; exec %s' >log 2>&1 </dev/null
    echo $? >status.new; mv status.new status]]):format(table.concat(words, " "), dir, command))
  os.remove(dir .. "/status")
  assert(os.execute("sh " .. dir .. "/start.sh >/dev/null 2>&1 </dev/null &"))
  return setmetatable({ dir = dir }, program)
end

--- How it ended, as a shell counts (128 and the signal); nil where it has not within `seconds`.
function program:status(seconds)
  local path = self.dir .. "/status"
  return system.wait_until(function() return system.exists(path) end, seconds) and tonumber(read(path)) or nil
end

--- Sends it a signal.
function program:signal(name) os.execute(("kill -%s $(cat %s/pid) 2>/dev/null"):format(name, self.dir)) end

--- The same; what has not ended by then is killed.
function program:ended(seconds)
  local status = self:status(seconds)
  if not status then self:kill() end
  return status
end

--- Ends it with whatever it started.
function program:kill() os.execute(("kill -s KILL -- -$(cat %s/pid) 2>/dev/null"):format(self.dir)) end

--- What it wrote to its terminal, and what the script inside it noted in the file `said`.
function program:log() return read(self.dir .. "/log"):sub(-2000) end
function program:said() return system.exists(self.dir .. "/said") and read(self.dir .. "/said") or "" end

return program
