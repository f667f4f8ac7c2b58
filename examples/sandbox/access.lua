-- Who is asking, and what they may do.
local addresses = require "addresses"
local clock = require "clock"
local groups = require "groups"
local lockout = require "lockout"
local policies = require "policies"
local store = require "store"
local switches = require "switches"

local access = { key = {} } -- key: the email and the global key that the seed gave

local function is_early(token)
  return type(token.not_before) == "string" and token.not_before > clock.now()
end

local TELLS = { disabled = true, expired = true }

-- need: what the operation wants of its caller; "none" is verify, which may tell why a token is not accepted.
local function is_accepted(token, need)
  if token.status == "active" then return not is_early(token) end
  return need == "none" and switches.get "verify_tells" and TELLS[token.status]
end

local function is_fresh(made)
  return made > 0 and ngx.now() < made + switches.get "fresh_refused"
end

local function by_token(header, need)
  local secret = header:match "^Bearer ([%w%-_.]+)$"
  if not secret then return nil, "bad_authorization" end
  local realm, id, made = store.owner(secret)
  local token = realm and store.holder(realm, id)
  if not token or is_fresh(made) or not is_accepted(token, need) then return nil, "invalid_token" end
  if not addresses.allow(token.condition, access.address()) then return nil, "elsewhere", access.address() end
  store.mark_used(realm, id)
  return { id = id, realm = realm, token = token }
end

local function by_key(email, key)
  if #key ~= 37 or key:find "%X" then return nil, "bad_key" end
  if email ~= access.key.email or key ~= access.key.key then return nil, "unknown_key" end
  return { id = "key", realm = "key" }
end

local function caller(need)
  local header = ngx.var.http_authorization
  if header then return by_token(header, need) end
  local email, key = ngx.var.http_x_auth_email, ngx.var.http_x_auth_key
  if email and key then return by_key(email, key) end
  return nil, "no_credential"
end

local COUNTED = { invalid_token = true, unknown_key = true }

-- Notes a refusal, which may be one too many.
function access.refuse(failure)
  if COUNTED[failure] then lockout.count() end
end

-- Where the caller seems to be.
function access.address()
  local pretended = switches.get "address"
  return pretended ~= "" and pretended or ngx.var.remote_addr
end

-- The caller, or nothing, the name of a failure and its detail.
function access.caller(need)
  if lockout.holds() then return nil, "locked_out" end
  local found, failure, detail = caller(need)
  if failure then access.refuse(failure) end
  return found, failure, detail
end

-- need → the groups of which one is needed
local ACCOUNT = {
  write = { "Account API Tokens Write" },
  read = { "Account API Tokens Write", "Account API Tokens Read" },
  own = { "Account API Tokens Write", "Account API Tokens Read", "Account API Tokens Own" },
  create = { "Account API Tokens Write", "Account API Tokens Own" },
  audit = { "Account Settings Read", "Account Settings Write" },
}
local USER = {
  write = { "API Tokens Write" }, create = { "API Tokens Write" },
  read = { "API Tokens Write", "API Tokens Read" }, own = { "API Tokens Write", "API Tokens Read" },
}
local NEEDS = { account = ACCOUNT, other = ACCOUNT, user = USER }

-- need: "none", or one of those above
local function permits(asking, realm, need)
  if need == "none" or asking.realm == "key" then return true end
  for _, name in ipairs(NEEDS[realm][need]) do
    if policies.hold(asking.token.policies, groups.named(name).id) then return true end
  end
  return false
end

-- What a token of one realm is told in another: a user's lacks permission in an account, all else is not known there.
local function stranger(asking, realm, need)
  local may_lack = asking.realm == "user" and realm ~= "user" and need ~= "none"
  return may_lack and "forbidden" or "invalid_token"
end

-- The failure that stands between this caller and the operation, or nil. Without a realm the account is nobody's.
function access.barrier(request, need)
  local asking, realm = request.caller, request.realm
  if not realm then return "forbidden" end
  if asking.realm ~= "key" and asking.realm ~= realm then return stranger(asking, realm, need) end
  if not permits(asking, realm, need) then return "forbidden" end
end

-- Does the caller see nothing but what it made?
function access.sees_own_only(request)
  return not permits(request.caller, request.realm, "read")
end

-- What is granted of the groups that the caller asks for: a function of a group's id.
function access.grants(asking)
  local withheld, held_only = {}, switches.get "held_only" and asking.realm ~= "key"
  for _, name in ipairs(switches.get "withhold") do
    withheld[name] = true
  end
  return function(id)
    if withheld[id] or withheld[groups.by_id[id].name] then return false end
    return not held_only or policies.hold(asking.token.policies, id)
  end
end

return access
