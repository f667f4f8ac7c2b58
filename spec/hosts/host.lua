-- What is checked of every program; each file beside this one says how its program is driven.
local socket = require "socket"
local program = require "spec.support.program"
local sandbox = require "spec.support.sandbox"
local system = require "spec.support.system"

local SLOW = 0.6  -- seconds that the API takes while a program goes on
local AGES = 20   -- and while a program leaves
local FEWEST = 10 -- ticks in the former
local SOON = 10   -- seconds within which a program has left

local Host = {}
Host.__index = Host

function Host:check(holds, what) return self.sweep:check(holds, self.name .. ": " .. what) end

--- Puts a file beside the program, and returns its path.
function Host:write(name, text) return system.write(self.dir .. "/" .. name, text) end

-- Starts the program; the API will take `delay` seconds to delete `self.id`.
local function start(self, command, delay)
  sandbox.reset()
  os.remove(self.dir .. "/leave")
  self.plain_id, self.id = table.unpack(sandbox.seed(2))
  sandbox.fault { token = self.id, method = "DELETE", delay = delay }
  self.child = program.start(command, self.dir, self.lua, {
    SPEC_DIR = self.dir, SPEC_ID = self.id, SPEC_PLAIN_ID = self.plain_id,
  })
end

local function check_plain(self)
  local said = self.child:said()
  self:check(said:find "^loaded %d", ("loads the module: %s, %s"):format(said, self.child:log()))
  self:check(said:find "\nplainly: deleted\n" and sandbox.is_deleted(self.plain_id), "deletes plainly: " .. said)
end

-- So many `ticks` were counted while the deletion waited; `shown` is what a person saw of it.
local function check_meanwhile(self, ticks, shown)
  self:check(shown == "deleted" and sandbox.is_deleted(self.id), "deletes by its recipe: " .. tostring(shown))
  self:check((tonumber(ticks) or 0) >= FEWEST, ("goes on meanwhile: %s ticks"):format(ticks))
end

local function check_left(self, sent)
  local status = self.child:ended(SOON)
  self:check(sent and status == (self.leaves or 0),
    ("leaves with a call in flight: %s, %s"):format(status, self.child:log()))
end

local function is_asked(self)
  return system.wait_until(function() return #sandbox.requests_for(self.id) > 0 end)
end

--- The program's script deletes by the recipe, counts its ticks, and ends the program.
function Host:run(command)
  start(self, command, SLOW)
  local status = self.child:ended(60)
  check_plain(self)
  check_meanwhile(self, self.child:said():match "after (%d+) ticks: (%C*)")
  self:check(status == 0, ("ends: %s, %s"):format(status, self.child:log()))
end

--- The program is told to leave when the deletion is on its way: by a signal, or else by a file that its script sees.
function Host:run_and_leave(command, signal)
  start(self, command, AGES)
  local sent = is_asked(self)
  if signal then self.child:signal(signal) else self:write("leave", "") end
  check_left(self, sent)
end

-- A request on its way; nil where nobody listens yet.
local function send(self, path)
  local client = socket.connect("127.0.0.1", self.port)
  if not client then return end
  client:settimeout(60)
  client:send(("GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"):format(path))
  return client
end

local function body(client) return (client:receive "*a" or ""):match "\r\n\r\n(%C*)" end

--- The first line that the program answers, or nil.
function Host:get(path)
  local client = send(self, path)
  return client and body(client)
end

local function start_serving(self, command, delay)
  start(self, command, delay)
  system.wait_until(function() return self:get "/served" == "served" or self.child:status(0) end)
  assert(not self.child:status(0), self.child:log())
end

--- The program serves HTTP: /revoke/ID by the recipe, and /served, which is counted.
function Host:serve(command)
  start_serving(self, command, SLOW)
  check_plain(self)
  local client, served = send(self, "/revoke/" .. self.id), 0
  while #socket.select({ client }, nil, 0) == 0 do
    if self:get "/served" == "served" then served = served + 1 end
  end
  check_meanwhile(self, served, body(client))
end

--- Ends it, and starts it once more to leave it with such a request unanswered.
function Host:serve_and_leave(command)
  self.child:signal(self.leave or "TERM")
  self:check(self.child:ended(SOON) == 0, "ends: " .. self.child:log())
  start_serving(self, command, AGES)
  self.unanswered = send(self, "/revoke/" .. self.id)
  local sent = is_asked(self)
  self.child:signal(self.leave or "TERM")
  check_left(self, sent)
end

return Host
