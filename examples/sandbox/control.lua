-- /sandbox/...: how a test looks behind the API, and arranges what it will meet.
local faults = require "faults"
local json = require "json"
local ledger = require "ledger"
local lockout = require "lockout"
local mints = require "mints"
local quota = require "quota"
local reply = require "reply"
local seed = require "seed"
local store = require "store"
local switches = require "switches"

local control = {}

local function ok(value)
  return { status = 200, body = type(value) == "string" and value or json.encode(value) }
end

local function bad(status, message)
  return { status = status, body = json.encode { error = message } }
end

function control.reset()
  faults.clear()
  quota.lift()
  switches.clear()
  lockout.lift()
  store.clear()
  ledger.clear()
  seed.plant()
  return ok { ok = true }
end

local MOST = 50000 -- what fits

local function is_count(value)
  return type(value) == "number" and value >= 0 and value % 1 == 0
end

-- One batch, or a list of them.
local function grow(body)
  local batches, total = body[1] and body or { body }, 0
  for _, batch in ipairs(batches) do
    if type(batch) ~= "table" or not is_count(batch.count) then return bad(400, "count must be a whole number") end
    total = total + batch.count
  end
  if total > MOST then return bad(400, "count must be a whole number up to " .. MOST) end
  local grown, problem = seed.grow(batches)
  if not grown then return bad(400, problem) end
  return ok(body[1] and { seeded = grown } or grown[1])
end

local function set_switches(body)
  local problem = switches.set(body)
  if problem then return bad(400, problem) end
  return ok(switches.all())
end

local function clear_switches()
  switches.clear()
  lockout.lift()
  return ok(switches.all())
end

local function add_fault(body)
  local waiting, problem = faults.add(body)
  if not waiting then return bad(400, problem) end
  return ok { waiting = waiting }
end

local function clear_faults()
  faults.clear()
  return ok { waiting = 0 }
end

local function is_positive(value)
  return value == nil or type(value) == "number" and value > 0
end

local function set_quota(body)
  if not is_positive(body.q) or not is_positive(body.w) then return bad(400, "q and w must be over 0") end
  quota.enforce(body)
  return ok { ok = true }
end

local function lift_quota()
  quota.lift()
  return ok { ok = true }
end

local ROUTES = {
  ["/sandbox/health"] = { GET = function() return ok { ok = true, tokens = #store.ids("account", true) } end },
  ["/sandbox/ledger"] = { GET = function() return ok(ledger.since(tonumber(ngx.var.arg_since) or 1)) end },
  ["/sandbox/secrets"] = { GET = function() return ok(mints.of(ngx.unescape_uri(ngx.var.arg_name or ""))) end },
  ["/sandbox/switches"] = {
    GET = function() return ok(switches.all()) end, POST = set_switches, DELETE = clear_switches,
  },
  ["/sandbox/reset"] = { POST = control.reset },
  ["/sandbox/seed"] = { POST = grow },
  ["/sandbox/fault"] = { GET = function() return ok(faults.pending()) end, POST = add_fault, DELETE = clear_faults },
  ["/sandbox/quota"] = { POST = set_quota, DELETE = lift_quota },
}

-- What was sent as JSON; an empty table where nothing was.
local function read_body()
  if not ngx.var.http_content_length and not ngx.var.http_transfer_encoding then return {} end
  ngx.req.read_body()
  return json.decode(ngx.req.get_body_data() or "{}")
end

local function answer()
  local methods = ROUTES[ngx.var.uri]
  if not methods then return bad(404, "no such control: " .. ngx.var.uri) end
  local act = methods[ngx.req.get_method()]
  if not act then return bad(405, "not with this method") end
  local body = read_body()
  if type(body) ~= "table" then return bad(400, "the body is not a JSON object") end
  return act(body)
end

function control.serve()
  reply.send(answer())
end

return control
