-- Mishaps to order. Each waits in a queue for the requests that it is meant for.
local json = require "json"
local reply = require "reply"

local faults = {}
local control = ngx.shared.control

-- field → type; README.md explains each
local FIELDS = {
  method = "string", token = "string", path = "string", times = "number", every = "number",
  delay = "number", delay_after = "number", status = "number", code = "number", message = "string",
  html = "html", body = "string", headers = "table", truncate = "number", drop = "drop", effect = "boolean",
}

local SPECIAL = {
  html = function(value) return value == true or type(value) == "string" end,
  drop = function(value) return value == "before" or value == "after" end,
}

local ORDER = { "drop", "truncate", "html", "body", "status", "delay", "delay_after", "headers", "effect" }
local LONG = { html = true, body = true, headers = true }

-- A word or two for the ledger: the gravest thing that it does.
function faults.name(fault)
  for _, field in ipairs(ORDER) do
    if fault[field] ~= nil then return LONG[field] and field or field .. " " .. tostring(fault[field]) end
  end
end

local function problem_of(fault)
  if type(fault) ~= "table" then return "a fault must be an object" end
  if not faults.name(fault) then return "a fault must do something" end
  for name, value in pairs(fault) do
    local wanted = FIELDS[name]
    if not wanted then return "no such field: " .. tostring(name) end
    local fits = SPECIAL[wanted] and SPECIAL[wanted](value) or type(value) == wanted
    if not fits then return name .. " has a wrong value" end
  end
end

function faults.pending()
  return control:get "faults" or "[]"
end

local function save(queue)
  if #queue == 0 then return control:delete "faults" end
  assert(control:safe_set("faults", json.encode(queue)))
end

-- Takes one fault or a list of them; returns how many wait now, or nothing and what is wrong.
function faults.add(new)
  if type(new) ~= "table" or not new[1] then new = { new } end
  local queue = json.decode(faults.pending())
  for _, fault in ipairs(new) do
    local problem = problem_of(fault)
    if problem then return nil, problem end
    queue[#queue + 1] = fault
  end
  save(queue)
  return #queue
end

function faults.clear()
  control:delete "faults"
end

local function fits(fault, request)
  return (not fault.method or fault.method == request.method)
    and (not fault.token or fault.token == request.id)
    and (not fault.path or request.path:find(fault.path, 1, true))
end

local function consume(queue, i)
  local fault = queue[i]
  fault.times = (fault.times or 1) - 1
  if fault.times < 1 then table.remove(queue, i) end
  save(queue)
  return fault
end

-- Is it the turn of a fault that hits only every so many of the requests that it fits?
local function is_due(fault)
  if not fault.every then return true end
  fault.passed = (fault.passed or 0) + 1
  return fault.passed % fault.every == 0
end

-- The first fault that is meant for this request, or nil.
function faults.take(request)
  local text = control:get "faults"
  if not text then return nil end
  local queue = json.decode(text)
  for i, fault in ipairs(queue) do
    if fits(fault, request) and is_due(fault) then return consume(queue, i) end
  end
  save(queue) -- some may have counted
end

-- Does the operation take effect under this fault?
function faults.lets_through(fault)
  if fault.drop then return fault.drop == "after" end
  if fault.effect ~= nil then return fault.effect end
  if fault.body or fault.truncate then return true end
  return not (fault.status or fault.html)
end

local function replacement(fault)
  if fault.html then return reply.html(fault.status or 502, fault.html ~= true and fault.html or nil) end
  if fault.body then return { status = fault.status or 200, body = fault.body } end
  if not fault.status then return nil end
  local message = fault.message or "The sandbox was told to answer " .. fault.status
  return reply.error(fault.status, fault.code or reply.code_of(fault.status), message)
end

-- The answer as the fault leaves it.
function faults.spoil(fault, answer)
  local headers = {} -- new, because other answers share the old ones
  for name, value in pairs(answer.headers or {}) do headers[name] = value end
  for name, value in pairs(fault.headers or {}) do headers[name] = value end
  local other = replacement(fault) or answer
  return { status = other.status, body = other.body, type = other.type, headers = headers, truncate = fault.truncate }
end

return faults
