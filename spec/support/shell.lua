-- A command as a person runs it in a shell, in a directory of its own: what it says, where, and how it ends.
local read = require "spec.support.read"
local system = require "spec.support.system"

local shell = {}
shell.__index = shell

local here = system.output "pwd"

--- A new directory, with a `lua` on its path that is the Lua of these specs and finds the module.
function shell.new()
  local self = setmetatable({ dir = system.directory() }, shell)
  local cpath = (os.getenv "LUA_CPATH" or ""):gsub("^[^/;]", here .. "/%0")
  self:write(".bin/lua", ("#!/bin/sh\nLUA_CPATH=%s exec %s \"$@\"\n"):format(system.quote(cpath), system.interpreter))
  os.execute(("chmod +x %s/.bin/lua"):format(self.dir))
  return self
end

function shell:path(name) return self.dir .. "/" .. name end

--- Copies files and directories of the repository here, or into a folder of this name.
function shell:install(...) self:install_into(".", ...) end

function shell:install_into(folder, ...)
  os.execute(("mkdir -p %s/%s"):format(self.dir, folder))
  for _, path in ipairs { ... } do os.execute(("cp -r %s/%s %s/%s/"):format(here, path, self.dir, folder)) end
end

function shell:write(name, text)
  local folder = name:match "^(.*)/"
  if folder then os.execute(("mkdir -p %s/%s"):format(self.dir, folder)) end
  system.write(self:path(name), text)
end

function shell:read(name) return read(self:path(name)) end

--- Runs a command of the shell's, which may be several lines. Returns its exit status, what it said on standard output,
--- and on standard error.
function shell:run(command)
  self:write(".command", command)
  return system.run(("cd %s && PATH=\"$PWD/.bin:$PATH\" sh .command"):format(self.dir))
end

function shell:remove() os.execute("rm -rf " .. self.dir) end

return shell
