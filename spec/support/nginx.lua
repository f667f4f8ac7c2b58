-- Starts an nginx of its own from a configuration template, and ends it.
local free_port = require "spec.support.free_port"
local socket = require "socket"
local http = require "socket.http"
local read = require "spec.support.read"

local nginx = {}
nginx.__index = nginx

local function run(command)
  local pipe = io.popen(command .. " 2>&1; echo $?")
  local text = pipe:read "*a"
  pipe:close()
  local said, status = text:match "^(.-)(%d+)\n$"
  return tonumber(status) == 0, said
end

local function output(command) return assert(select(2, run(command))):gsub("%s+$", "") end

-- A template is a file's name, or the text itself.
local function write_configuration(self, template, values, edit)
  local text = (template:find "\n" and template or read(template)):gsub("@(%u+)@", values)
  if edit then text = edit(text) end
  local file = assert(io.open(self.dir .. "/nginx.conf", "w"))
  file:write(text)
  file:close()
end

--- The directory and port of one to be; `environment` is for its command, as a shell writes it.
function nginx.prepare(environment)
  return setmetatable({ dir = output "mktemp -d", port = free_port(), environment = environment or "" }, nginx)
end

--- Launches it; `values` fill the names between at-signs of the template, beside HERE, BUILD,
--- MODULES and PORT; `edit` may change the whole text.
function nginx:launch(template, values, edit)
  local here = output "pwd"
  values = setmetatable(values or {}, { __index = {
    HERE = here .. "/" .. (template:match "^([^\n]*)/" or ""), BUILD = here .. "/" .. (os.getenv "BUILD" or "build"),
    PORT = tostring(self.port), MODULES = output "nginx -V 2>&1 | sed -n 's/.*--modules-path=\\([^ ]*\\).*/\\1/p'",
  } })
  write_configuration(self, template, values, edit)
  -- the specs' own environment is not for nginx, and a daemon keeps what it inherits
  self.command = ("env -u LUA_PATH -u LUA_CPATH %s nginx -p %s/ -c nginx.conf -e error.log")
    :format(self.environment, self.dir)
  assert(run(self.command .. " </dev/null >/dev/null 3>&- 4>&- 5>&-"))
  self.pid = assert(self.dir .. "/" .. read(self.dir .. "/nginx.conf"):match "\npid ([^;]+);")
  for _ = 1, 500 do
    if #self:workers() > 0 then return end
    socket.sleep(0.02)
  end
  error "nginx has no worker"
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
  for _ = 1, 500 do
    if not io.open(self.pid) then break end
    socket.sleep(0.02)
  end
  run("rm -rf " .. self.dir)
end

return nginx
