-- One request to the API, from its arrival to its answer.
local access = require "access"
local clock = require "clock"
local faults = require "faults"
local json = require "json"
local ledger = require "ledger"
local quota = require "quota"
local reply = require "reply"
local routes = require "routes"
local switches = require "switches"

local api = {}

local function has_body()
  local length = tonumber(ngx.var.http_content_length)
  return ngx.var.http_transfer_encoding ~= nil or length ~= nil and length > 0
end

-- The path is taken as it was sent: a ".." in it must not be resolved before anyone looked at it.
local function receive()
  local path = ngx.var.request_uri:match "^[^?]*"
  local request = routes.find(path) or {}
  request.method, request.path, request.has_body = ngx.req.get_method(), path, has_body()
  return request
end

-- The ray has sixteen digits, as Cloudflare's: the time, and the ledger's number.
local function open_entry(request, fault)
  local n = ledger.next_number()
  return {
    n = n, ray = ("%08x%08x-SBX"):format(ngx.time(), n),
    method = request.method, path = request.path, token = request.id or json.null, has_body = request.has_body,
    time = clock.now(), caller = json.null, effect = json.null, status = json.null,
    fault = fault and faults.name(fault) or json.null,
    protocol = ngx.var.server_protocol, connection = tonumber(ngx.var.connection),
    user_agent = ngx.var.http_user_agent or json.null,
  }
end

local function find_operation(request)
  if not request.methods then return nil, reply.failure("no_route", request.path) end
  local operation = request.methods[request.method]
  if not operation then return nil, reply.failure "bad_method" end
  return operation
end

-- The failure that stands between this caller and the operation, or nil.
local function barrier(request, operation)
  local failure = access.barrier(request, operation.needs)
  if not failure then return nil end
  access.refuse(failure)
  return reply.failure(failure)
end

local TAKES_BODY = { POST = true, PUT = true }

-- Newer Lua modules raise where an HTTP/2 body comes without a Content-Length: then there is none for us.
local function read_body(request)
  if TAKES_BODY[request.method] and pcall(ngx.req.read_body) then request.body = ngx.req.get_body_data() end
end

-- Asks in the API's order: is there such a place, who asks, how often already, may they? Then acts.
local function perform(request, entry)
  local operation, missing = find_operation(request)
  if not operation then return missing end
  local caller, failure, detail = access.caller(operation.needs)
  if not caller then return reply.failure(failure, detail) end
  request.caller, entry.caller = caller, caller.id
  local headers, wait = quota.charge(caller.id)
  local answer, effect, id = wait and reply.failure "throttled" or barrier(request, operation)
  if not answer then
    read_body(request)
    if switches.get "bodies" then entry.query, entry.body = ngx.var.args, request.body end
    answer, effect, id = operation.run(request)
  end
  answer.headers = headers
  return answer, effect, id
end

local function act(request, fault, entry)
  if fault and not faults.lets_through(fault) then return { status = 200, body = "" } end
  local answer, effect, id = perform(request, entry)
  entry.effect, entry.token = effect or json.null, id or entry.token
  return answer
end

local function pause(seconds)
  if seconds and seconds > 0 then ngx.sleep(seconds) end
end

local function serve_faulty(request, fault, entry)
  ledger.write(entry)
  pause(fault.delay)
  local answer = act(request, fault, entry)
  ledger.write(entry)
  pause(fault.delay_after)
  if fault.drop then return reply.drop() end
  return faults.spoil(fault, answer)
end

function api.serve()
  local request = receive()
  local fault = faults.take(request)
  local entry = open_entry(request, fault)
  local answer = fault and serve_faulty(request, fault, entry) or act(request, fault, entry)
  entry.status = answer.status
  ledger.write(entry) -- before the answer: whoever has that finds it here
  ngx.header["CF-Ray"] = entry.ray
  reply.send(answer)
end

return api
