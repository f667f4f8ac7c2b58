-- Starts an nginx of its own from a configuration template, and ends it.
local free_port = require "spec.support.free_port"
local socket = require "socket"
local http = require "socket.http"
local read = require "spec.support.read"
local system = require "spec.support.system"

local nginx = {}
nginx.__index = nginx

local function run(command)
  local said, status = system.output(command .. " 2>&1; echo $?"):match "^(.-)(%d+)$"
  return status == "0", said
end

-- A template is a file's name, or the text itself.
local function write_configuration(self, template, values, edit)
  local text = (template:find "\n" and template or read(template)):gsub("@(%u+)@", values)
  system.write(self.dir .. "/nginx.conf", edit and edit(text) or text)
end

--- The directory and port of one to be; `environment` is for its command, as a shell writes it.
function nginx.prepare(environment)
  return setmetatable({ dir = system.directory(), port = free_port(), environment = environment or "" }, nginx)
end

--- Launches it; `values` fill the names between at-signs of the template, beside HERE, BUILD,
--- MODULES and PORT; `edit` may change the whole text.
function nginx:launch(template, values, edit)
  local here = system.output "pwd"
  values = setmetatable(values or {}, { __index = {
    HERE = here .. "/" .. (template:match "^([^\n]*)/" or ""), BUILD = here .. "/" .. (os.getenv "BUILD" or "build"),
    PORT = tostring(self.port), MODULES = system.output "nginx -V 2>&1 | sed -n 's/.*--modules-path=\\([^ ]*\\).*/\\1/p'",
  } })
  write_configuration(self, template, values, edit)
  -- the specs' own environment is not for nginx, and a daemon keeps what it inherits
  self.command = ("env -u LUA_PATH -u LUA_CPATH %s nginx -p %s/ -c nginx.conf -e error.log")
    :format(self.environment, self.dir)
  assert(run(self.command .. " </dev/null >/dev/null 3>&- 4>&- 5>&-"))
  self.pid = assert(self.dir .. "/" .. read(self.dir .. "/nginx.conf"):match "\npid ([^;]+);")
  assert(system.wait_until(function() return #self:workers() > 0 end), "nginx has no worker")
end

function nginx.start(template, values)
  local self = nginx.prepare()
  self:launch(template, values)
  return self
end

function nginx:get(path)
  local body, status = http.request(("http://127.0.0.1:%d%s"):format(self.port, path))
  return body, status
end

--- A request of one's own: sent, and its socket given back.
function nginx:send(path)
  local client = assert(socket.connect("127.0.0.1", self.port))
  client:settimeout(60)
  assert(client:send(("GET %s HTTP/1.0\r\n\r\n"):format(path)))
  return client
end

function nginx:reload() assert(run(self.command .. " -s reload")) end

function nginx:log() return read(self.dir .. "/error.log") end

--- The process ids of its workers that live now.
function nginx:workers()
  local found, file = {}, io.open(self.pid)
  local master = file and file:read "*n"
  if not master then return found end
  file:close()
  local children = io.open(("/proc/%d/task/%d/children"):format(master, master))
  if not children then return found end
  for pid in children:lines "*n" do found[#found + 1] = pid end
  children:close()
  return found
end

function nginx:stop()
  run(self.command .. " -s quit")
  system.wait_until(function() return not system.exists(self.pid) end, 10)
  run("rm -rf " .. self.dir)
end

return nginx
