-- The policies of a token: what is wrong with those that a caller sends, and what is kept and shown of them.
-- A policy stands for one scope, which follows from its resources. Kept are ids; names and meta are looked up.
local groups = require "groups"
local random = require "random"

local policies = {}

local function is_list(value)
  return type(value) == "table" and #value > 0
end

local ID = "^" .. ("[0-9a-f]"):rep(32) .. "$"

-- A resource's name without what tells it from others of its kind → the scope of its groups
local KINDS = {
  { "^com%.cloudflare%.api%.account%.zone%.[%x*]+$", groups.scopes.zone },
  { "^com%.cloudflare%.api%.account%.[%x*]+$", groups.scopes.account },
  { "^com%.cloudflare%.api%.user%.[%x*]+$", groups.scopes.user },
  { "^com%.cloudflare%.edge%.r2%.bucket%.%x+_%w+_.+$", groups.scopes.bucket },
}

local function scope_of_key(key)
  for _, kind in ipairs(KINDS) do
    if key:find(kind[1]) then return kind[2] end
  end
end

-- The scope of one resource: that of the inner keys where it holds some ("the zones of this account").
local function scope_of(key, value)
  if type(value) == "string" then return scope_of_key(key) end
  if type(value) ~= "table" or scope_of_key(key) ~= groups.scopes.account then return nil end
  local inner = next(value)
  return inner and type(value[inner]) == "string" and scope_of_key(inner)
end

-- The scope of a policy; or nothing and what is wrong.
local function scope_of_resources(resources)
  if type(resources) ~= "table" or not next(resources) then return nil, "resources must be named" end
  local scope
  for key, value in pairs(resources) do
    local found = scope_of(tostring(key), value)
    if not found then return nil, "resources: " .. tostring(key) .. " is not a resource" end
    if scope and found ~= scope then return nil, "resources: a policy must not mix scopes" end
    scope = found
  end
  return scope
end

local function problem_of_group(group, scope)
  if type(group) ~= "table" or type(group.id) ~= "string" or not group.id:find(ID) then
    return "permission_groups: an id must be present"
  end
  local known = groups.by_id[group.id]
  if not known then return "permission_groups: unknown permission group " .. group.id end
  if not known.is_selectable then return "permission_groups: " .. known.name .. " may not be granted" end
  if known.scopes[1] ~= scope then return "permission_groups: " .. known.name .. " is not of this policy's scope" end
end

local function problem_of_policy(policy)
  if type(policy) ~= "table" then return "policies: each must be an object" end
  if policy.effect ~= "allow" and policy.effect ~= "deny" then return "policies: effect must be allow or deny" end
  local scope, problem_of_scope = scope_of_resources(policy.resources)
  if not scope then return "policies: " .. problem_of_scope end
  if not is_list(policy.permission_groups) then return "permission_groups must not be empty" end
  for _, group in ipairs(policy.permission_groups) do
    local problem = problem_of_group(group, scope)
    if problem then return problem end
  end
end

-- What is wrong with a list of them, or nil.
function policies.problem_of(list)
  if not is_list(list) then return "policies must not be empty" end
  for _, policy in ipairs(list) do
    local problem = problem_of_policy(policy)
    if problem then return problem end
  end
end

local function kept(policy, is_granted)
  local ids, seen = {}, {}
  for _, group in ipairs(policy.permission_groups) do
    if is_granted(group.id) and not seen[group.id] then ids[#ids + 1], seen[group.id] = group.id, true end
  end
  table.sort(ids)
  local id = type(policy.id) == "string" and policy.id:find(ID) and policy.id or random.id()
  return { id = id, effect = policy.effect, resources = policy.resources, permission_groups = ids }
end

-- As they are kept: in another order than they came in, the groups sorted by id, without those that are not granted.
-- A policy of which nothing was granted is left out.
function policies.keep(list, is_granted)
  local all = {}
  for i = #list, 1, -1 do
    local policy = kept(list[i], is_granted)
    if #policy.permission_groups > 0 then all[#all + 1] = policy end
  end
  return all
end

-- As they are shown.
function policies.show(list)
  local all = {}
  for i, policy in ipairs(list) do
    local shown = { id = policy.id, effect = policy.effect, resources = policy.resources, permission_groups = {} }
    for k, id in ipairs(policy.permission_groups) do shown.permission_groups[k] = groups.shown(id) end
    all[i] = shown
  end
  return all
end

-- Do they allow this group, and none deny it? Which resources they name is not looked at.
function policies.hold(list, wanted)
  local allowed = false
  for _, policy in ipairs(list) do
    for _, id in ipairs(policy.permission_groups) do
      if id == wanted and policy.effect == "deny" then return false end
      allowed = allowed or id == wanted
    end
  end
  return allowed
end

return policies
