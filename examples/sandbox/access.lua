-- Who is asking, and what they may do.
local groups = require "groups"
local store = require "store"

local access = { key = {} } -- key: the email and the global key that the seed gave

local function is_early(token)
  return type(token.not_before) == "string" and token.not_before > store.now()
end

local function by_token(header)
  local secret = header:match "^Bearer ([%w%-_.]+)$"
  if not secret then return nil, "bad_authorization" end
  local realm, id = store.owner(secret)
  local token = realm and store.get(realm, id)
  if not token or token.status ~= "active" or is_early(token) then return nil, "invalid_token" end
  store.mark_used(realm, id)
  return { id = id, realm = realm, token = token }
end

local function by_key(email, key)
  if #key ~= 37 or key:find "%X" then return nil, "bad_key" end
  if email ~= access.key.email or key ~= access.key.key then return nil, "unknown_key" end
  return { id = "key", realm = "key" }
end

-- The caller, or nothing and the name of a failure.
function access.caller()
  local header = ngx.var.http_authorization
  if header then return by_token(header) end
  local email, key = ngx.var.http_x_auth_email, ngx.var.http_x_auth_key
  if email and key then return by_key(email, key) end
  return nil, "no_credential"
end

local WRITE = { account = "Account API Tokens Write", user = "API Tokens Write" }
local READ = { account = "Account API Tokens Read", user = "API Tokens Read" }

-- Does a policy allow this group, and none deny it? Which resources a policy names is not looked at.
local function holds(token, name)
  local wanted, allowed = groups.by_name[name].id, false
  for _, policy in ipairs(token.policies) do
    for _, group in ipairs(policy.permission_groups) do
      if group.id == wanted and policy.effect == "deny" then return false end
      allowed = allowed or group.id == wanted
    end
  end
  return allowed
end

-- need: "none", "read" or "write"
function access.permits(caller, realm, need)
  if need == "none" or caller.realm == "key" then return true end
  if realm == "user" and caller.realm ~= "user" then return false end
  return holds(caller.token, WRITE[realm]) or need == "read" and holds(caller.token, READ[realm])
end

return access
