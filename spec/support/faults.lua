-- The specs' side of the fault server (spec/faults): starts it, registers tokens, opens lanes, asks for the truth.
local socket = require "socket"
local cjson = require "cjson".new()
local read = require "spec.support.read"
local system = require "spec.support.system"

local faults = { account = ("a"):rep(32), transports = { "plain", "http1", "http2" } }

-- The server ends with its standard input, so with this process.
local function start()
  local path = os.tmpname()
  local server = assert(io.popen("LD_PRELOAD= exec spec/faults/server >'" .. path .. "'", "w"))
  local line = system.wait_until(function() return read(path):match "^(.-)\n" end, 30)
  os.remove(path)
  return server, cjson.decode((assert(line, "the fault server did not start")))
end

local server, ports = start()
local wire = assert(socket.connect("127.0.0.1", ("%d"):format(ports.control)))
wire:setoption("tcp-nodelay", true)

local function order(what)
  assert(server and wire:send(cjson.encode(what) .. "\n"))
  return cjson.decode((assert(wire:receive "*l")))
end

local counted = 0

--- An id that nobody has used yet.
function faults.fresh()
  counted = counted + 1
  return ("%032x"):format(counted)
end

--- Registers tokens: a list of { id =, state =, scripts = { … } } and what else makes their world, as spec/faults/server
--- says.
function faults.register(tokens) order { tokens = tokens } end

--- What is true of each of these ids, in their order; `forget` makes room for others.
function faults.truth(ids, forget) return order { truth = ids, forget = forget or false } end

--- How many bytes the reply of each script has on the wire, on a new connection: to a deletion, or to an `operation` with
--- `params`.
function faults.measure(scripts, over, operation, params)
  return order { measure = scripts, over = over, operation = operation, body = params and cjson.encode(params) }
end

--- Opens `count` ports that share no connections with any other; with a plan { id =, up =, down =, narrow =, ["end"] = }
--- a relay breaks the first connection to each.
function faults.listen(over, count, plan) return order { listen = over, count = count or 1, relay = plan } end

function faults.close(list) order { close = list } end

--- The options of a client that trusts the server over one of the transports; `path` goes before the API's own.
function faults.options(over, extra, port, path)
  local scheme = over == "plain" and "http://127.0.0.1" or "https://localhost"
  local options = {
    api_token = "cfat_" .. ("f"):rep(40), account_id = faults.account,
    base_url = ("%s:%d%s/client/v4"):format(scheme, port or ports[over], path or ""),
    timeout = 120, attempt_timeout = 60, connect_timeout = 60, -- other people's load is no finding
  }
  if over ~= "plain" then options.ca_path = os.getenv "SANDBOX_CA_PATH" end
  for name, value in pairs(extra or {}) do options[name] = value end
  return options
end

return faults
