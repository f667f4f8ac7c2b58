-- Policies of a token: made from names, their permission groups looked up, and compared. Nothing here makes a request.
-- A policy gives permission groups on resources, all of one scope, which follows from the names of the resources. Names
-- of groups are not unique: the scope decides which is meant. The API returns policies and groups in another order than
-- they were sent, so they are compared as sets of (effect, group, resource).
local core = ...
local secret_kind = core.secret_kind
local type, ipairs, pairs, tostring, next, error = type, ipairs, pairs, tostring, next, error
local setmetatable, getmetatable, min = setmetatable, getmetatable, math.min
local concat, sort = table.concat, table.sort

if core.jit then core.jit.off(true, true) end -- LuaJIT's compiler crashes where memory ends

local policy = {}

local SCOPES = { -- by their short names
  account = "com.cloudflare.api.account",
  zone = "com.cloudflare.api.account.zone",
  user = "com.cloudflare.api.user",
  bucket = "com.cloudflare.edge.r2.bucket",
}
local LONGEST_FIRST = { SCOPES.zone, SCOPES.account, SCOPES.user, SCOPES.bucket }
local NEAREST = 3 -- names that an unknown one is answered with
local NAME_MAX = 100 -- bytes of a name; a longer one is not compared with others

local function list(value) return type(value) == "table" and value or {} end

local function scope_of_key(key)
  for _, scope in ipairs(LONGEST_FIRST) do
    if key:sub(1, #scope + 1) == scope .. "." then return scope end
  end
  return key:match "^(.*)%.[^.]*$" or key
end

-- The scope of a policy's resources, or nil and why there is none. A nested map has the scope of what is inside.
local function scope_of(resources, is_inner)
  local found
  for key, value in pairs(list(resources)) do
    local scope, why = scope_of_key(tostring(key)), nil
    if not is_inner and next(list(value)) ~= nil then scope, why = scope_of(value, true) end
    if not scope then return nil, why end
    if found and found ~= scope then return nil, "mix scopes: make a policy of each" end
    found = scope
  end
  return found, "name no resource"
end

local function has_scope(group, scope)
  for _, one in ipairs(list(group.scopes)) do
    if one == scope then return true end
  end
  return false
end

-- How many single-character edits turn one name into the other (Levenshtein), case aside.
local function distance(a, b)
  a, b = a:lower(), b:lower()
  local row = {}
  for j = 0, #b do row[j] = j end
  for i = 1, #a do
    local diagonal = row[0]
    row[0] = i
    for j = 1, #b do
      local substituted = diagonal + (a:byte(i) == b:byte(j) and 0 or 1)
      diagonal = row[j]
      row[j] = min(substituted, row[j] + 1, row[j - 1] + 1)
    end
  end
  return row[#b]
end

-- The names in a scope that are nearest to one, as words of a sentence.
local function nearest(name, groups, scope)
  local far, names = {}, {}
  for _, group in ipairs(groups) do
    if not far[group.name] and has_scope(group, scope) then
      far[group.name] = distance(name, group.name)
      names[#names + 1] = group.name
    end
  end
  sort(names, function(a, b)
    if far[a] ~= far[b] then return far[a] < far[b] end
    return a < b
  end)
  return concat(names, "', '", 1, min(NEAREST, #names))
end

local function matches(groups, name, scope)
  local found = {}
  for _, group in ipairs(groups) do
    if group.name == name and (not scope or has_scope(group, scope)) then found[#found + 1] = group end
  end
  return found
end

-- The dashboard says "Edit" where the API says "Write".
local function find(groups, name, scope)
  local found = matches(groups, name, scope)
  local stem = name:match "^(.*) Edit$"
  return #found == 0 and stem and matches(groups, stem .. " Write", scope) or found
end

local function unknown(name, groups, scope)
  local elsewhere = find(groups, name)[1]
  if elsewhere then
    return ("'%s' is of the scope %s, and the resources are of %s"):format(
      name, concat(list(elsewhere.scopes), ", "), scope)
  end
  local near = nearest(name, groups, scope)
  return ("no group of the scope %s is named '%s'%s"):format(
    scope, name, near ~= "" and ("; the nearest are '%s'"):format(near) or "")
end

-- Why a name is not even looked for. A value may have slipped in here: it is not repeated.
local function misnomer(name)
  if type(name) ~= "string" then return "give a group by its name, or as a table with id or name" end
  local kind = secret_kind(name)
  if kind == "id" then return "an id is given as { id = … }" end
  if kind ~= "unknown" or #name > NAME_MAX or name:find "%c" then return "this is not the name of a group" end
end

-- The group that an entry names, as it is sent; or nil and why there is none.
local function look_up(entry, groups, scope)
  local name = entry.name
  local why = misnomer(name)
  if why then return nil, why end
  local asked = entry.scope and (SCOPES[entry.scope] or entry.scope)
  if asked and asked ~= scope then return nil, ("the resources are of the scope %s"):format(scope) end
  local found = find(groups, name, scope)
  if #found == 0 then return nil, unknown(name, groups, scope) end
  if #found > 1 then return nil, ("'%s' names %d groups of the scope %s: give an id"):format(name, #found, scope) end
  if found[1].is_selectable == false then return nil, ("'%s' may not be granted by this credential"):format(name) end
  return { id = found[1].id }
end

local function is_named(entry) return type(entry) ~= "table" or entry.id == nil end

--- Whether some group is not given by its id, so that the list of groups is needed.
function policy.needs_groups(policies)
  for _, one in ipairs(policies) do
    for _, entry in ipairs(list(list(one).permission_groups)) do
      if is_named(entry) then return true end
    end
  end
  return false
end

--- A copy of a list or an object, not of what is in it.
function policy.copy(from)
  local to = {}
  for key, value in next, from do to[key] = value end
  local meta = getmetatable(from) -- that of an array, if any
  return type(meta) == "table" and setmetatable(to, meta) or to
end
local copy = policy.copy

-- One policy with the ids of its groups; or nil, the field at fault, and why.
local function resolve_one(one, groups)
  local scope, why = scope_of(one.resources)
  if not scope then return nil, "resources", why end
  local resolved = copy(one)
  resolved.permission_groups = copy(one.permission_groups)
  for i, entry in ipairs(one.permission_groups) do
    if is_named(entry) then
      entry, why = look_up(type(entry) == "table" and entry or { name = entry }, groups, scope)
      if not entry then return nil, ("permission_groups[%d]"):format(i), why end
      resolved.permission_groups[i] = entry
    end
  end
  return resolved
end

--- The policies with every group given by its id; or nil, the field at fault, and why. `groups` is the API's list.
function policy.resolve(policies, groups)
  local resolved = copy(policies)
  for i, one in ipairs(policies) do
    if policy.needs_groups { one } then
      local field, why
      resolved[i], field, why = resolve_one(one, groups)
      if not resolved[i] then return nil, ("policies[%d].%s"):format(i, field), why end
    end
  end
  return resolved
end

-- The order of keys is the order in which missing grants are listed: a missing deny first, for without it the token may
-- do more than was meant.
local function add_grant(grants, effect, group, resource)
  local key = concat({ effect == "deny" and "" or tostring(effect), tostring(group), resource }, "\n")
  grants[key] = { effect = effect, group = group, resource = resource }
end

-- What a list of policies gives, by keys that compare. An inner resource stands behind its outer one.
local function grants_of(policies)
  local grants = {}
  for _, one in ipairs(list(policies)) do
    for _, group in ipairs(list(list(one).permission_groups)) do
      for outer, value in pairs(list(one.resources)) do
        if type(value) ~= "table" then add_grant(grants, one.effect, list(group).id, tostring(outer)) end
        for inner in pairs(list(value)) do
          add_grant(grants, one.effect, list(group).id, tostring(outer) .. "/" .. tostring(inner))
        end
      end
    end
  end
  return grants
end

--- What `asked` gives and `granted` does not: a list of { effect, group (its id), resource }, or nil where nothing
--- is missing.
function policy.missing(asked, granted)
  local there, keys = grants_of(granted), {}
  asked = grants_of(asked)
  for key in pairs(asked) do
    if not there[key] then keys[#keys + 1] = key end
  end
  sort(keys)
  for i, key in ipairs(keys) do keys[i] = asked[key] end
  return keys[1] and keys
end

--- Whether two lists of policies give the same.
function policy.same(a, b) return not policy.missing(a, b) and not policy.missing(b, a) end

-- The resources of one kind: { zone = id }, { zone = { id, id } }, { zone = "*" }; or nil and what is wrong.
local function resources_of(where)
  if type(where) ~= "table" then return nil, "table expected, got " .. type(where) end
  local kind, ids = next(where)
  if not SCOPES[kind] or next(where, kind) ~= nil then
    return nil, "exactly one of account, zone, user and bucket expected: a policy has one scope"
  end
  local resources = {}
  for _, id in ipairs(type(ids) == "table" and ids or { ids }) do
    if type(id) ~= "string" then return nil, ("string expected for '%s', got %s"):format(kind, type(id)) end
    resources[SCOPES[kind] .. "." .. id] = "*"
  end
  return next(resources) and resources, ("an id expected for '%s'"):format(kind)
end

local function make(effect)
  local function wrong(argument, message)
    error(("bad argument #%d to '%s' (%s)"):format(argument, effect, message), 3)
  end
  return function(groups, where)
    if type(groups) ~= "table" then wrong(1, "table expected, got " .. type(groups)) end
    local resources, why = resources_of(where)
    if not resources then wrong(2, why) end
    return { effect = effect, permission_groups = copy(groups), resources = resources }
  end
end

policy.public = { allow = make "allow", deny = make "deny" }

return policy
