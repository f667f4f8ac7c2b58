-- What a token in a request's body must look like.
local groups = require "groups"
local json = require "json"
local random = require "random"

local shape = {}

local STATUS = { active = true, disabled = true, expired = true }

local function is_time(value)
  return value == nil or value == json.null
    or type(value) == "string" and value:find "^%d%d%d%d%-%d%d%-%d%dT%d%d:%d%d:%d%dZ$" ~= nil
end

local function is_list(value)
  return type(value) == "table" and #value > 0
end

local function is_group(value)
  return type(value) == "table" and type(value.id) == "string" and #value.id == 32
end

local function check_groups(list)
  if not is_list(list) then return "permission_groups must not be empty" end
  for _, group in ipairs(list) do
    if not is_group(group) then return "permission_groups: an id must be present" end
  end
end

local function check_policy(policy)
  if type(policy) ~= "table" then return "policies: each must be an object" end
  if policy.effect ~= "allow" and policy.effect ~= "deny" then return "policies: effect must be allow or deny" end
  local resources = policy.resources
  if type(resources) ~= "table" or not next(resources) then return "policies: resources must not be empty" end
  return check_groups(policy.permission_groups)
end

local function check_policies(policies)
  if not is_list(policies) then return "policies must not be empty" end
  for _, policy in ipairs(policies) do
    local problem = check_policy(policy)
    if problem then return problem end
  end
end

-- What is wrong with it, or nil.
local function check(token)
  local name = token.name
  if type(name) ~= "string" or #name == 0 or #name > 120 then return "name must have 1 to 120 characters" end
  if not is_time(token.expires_on) then return "expires_on must look like 2030-01-31T00:00:00Z" end
  if not is_time(token.not_before) then return "not_before must look like 2030-01-31T00:00:00Z" end
  if token.status ~= nil and not STATUS[token.status] then return "status must be active, disabled or expired" end
  return check_policies(token.policies)
end

-- As the API answers it: with its id, and its groups with their names.
local function complete_policy(policy)
  local full = { id = policy.id or random.id(), effect = policy.effect, resources = policy.resources }
  full.permission_groups = {}
  for i, group in ipairs(policy.permission_groups) do
    local known = groups.by_id[group.id]
    full.permission_groups[i] = { id = group.id, name = known and known.name or group.name, meta = group.meta }
  end
  return full
end

-- The fields of a token that a caller may choose; or nothing, the name of a failure and its detail.
function shape.read(text)
  local wish = json.decode(text or "")
  if type(wish) ~= "table" then return nil, "bad_json" end
  local problem = check(wish)
  if problem then return nil, "bad_request", problem end
  local token = {
    name = wish.name, status = wish.status, condition = wish.condition,
    not_before = wish.not_before, expires_on = wish.expires_on, policies = {},
  }
  for i, policy in ipairs(wish.policies) do token.policies[i] = complete_policy(policy) end
  return token
end

return shape
