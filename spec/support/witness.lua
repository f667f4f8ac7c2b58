-- The specs' side of witness.py: listeners that tell what arrived.
local cjson = require "cjson"
local socket = require "socket"
local read = require "spec.support.read"
local system = require "spec.support.system"

-- Starts one that ends with this process, and returns the port where it takes orders.
local function start()
  local told = os.tmpname()
  os.execute("LD_PRELOAD= python3 spec/support/witness.py >" .. told .. " </dev/null &")
  local port = system.wait_until(function() return read(told):match "^(%d+)\n" end, 30)
  os.remove(told)
  return (assert(port, "the witness did not start"))
end

local control = assert(socket.connect("127.0.0.1", start()))
control:setoption("tcp-nodelay", true)

local function ask(order)
  assert(control:send(cjson.encode(order) .. "\n"))
  return cjson.decode((assert(control:receive())))
end

local function unhex(text)
  return (text:gsub("%x%x", function(hex) return string.char(tonumber(hex, 16)) end))
end

local witness = {}

--- Opens a port; what it can be told is in witness.py.
function witness.listen(order)
  order["do"] = "listen"
  return math.floor(ask(order).port)
end

--- What arrived at a port since the last time, and on how many connections.
function witness.heard(at)
  local reply = ask { ["do"] = "heard", port = at }
  return unhex(reply.bytes), math.floor(reply.connections)
end

--- The same, when every connection there has ended, or five seconds have passed.
function witness.heard_to_the_end(at)
  local reply = ask { ["do"] = "heard", port = at, ended = true }
  return unhex(reply.bytes), math.floor(reply.connections)
end

--- An HTTP/1.1 answer.
function witness.answer(status, body, headers)
  return ("HTTP/1.1 %s\r\nContent-Length: %d\r\n%s\r\n%s"):format(status, #body, headers or "", body)
end

--- The answer that proves a deletion.
witness.deleted = witness.answer("200 OK", '{"success":true,"errors":[],"messages":[],"result":{"id":"$ID"}}')
-- "$ID" is three characters, an id 32
witness.deleted = witness.deleted:gsub("Content%-Length: (%d+)", function(length)
  return "Content-Length: " .. (length + 32 - 3)
end)

return witness
