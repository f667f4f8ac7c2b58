-- The fields of a token: which the API only shows, and which name is a slip of the keyboard. Unknown fields stay, since
-- the API may have more by now; but one that is nearly a known one would be left out without a word, and what it was to
-- restrict would not be restricted.
local core = ...
local edits = core.edits
local type, next, pairs, ipairs, floor, max = type, next, pairs, ipairs, math.floor, math.max

if core.jit then core.jit.off(true, true) end -- LuaJIT's compiler crashes where memory ends

local SHOWN = {
  id = true, issued_on = true, modified_on = true, last_used_on = true, creator_email_at_creation = true,
  provisioner_id = true, provisioner_type = true, value = true, recovered = true,
}
local SHOWN_OF_POLICY, SHOWN_OF_GROUP = { id = true }, { name = true, meta = true }

local TOKEN = { "name", "policies", "condition", "expires_on", "expires_in", "not_before", "status" }
local POLICY = { "effect", "permission_groups", "resources" }
local CONDITION, ADDRESSES = { "request_ip" }, { "in", "not_in" }

local fields = {}

local function strip(from, names)
  for name in pairs(names) do from[name] = nil end
end

local function each_table(list, visit)
  for _, one in ipairs(type(list) == "table" and list or {}) do
    if type(one) == "table" then visit(one) end
  end
end

--- Takes out what the API shows of a token and does not take.
function fields.strip(body)
  strip(body, SHOWN)
  each_table(body.policies, function(one)
    strip(one, SHOWN_OF_POLICY)
    each_table(one.permission_groups, function(group) strip(group, SHOWN_OF_GROUP) end)
  end)
end

-- The known name that another one is nearly: a third of its letters, or one, may differ.
local function meant(name, known)
  local best, least = nil, nil
  for _, one in ipairs(known) do
    if one == name then return nil end
    local count = edits(one, name)
    if count <= max(1, floor(#one / 3)) and (not least or count < least) then best, least = one, count end
  end
  return best
end

local function slip_in(from, known, path, also)
  if type(from) ~= "table" then return nil end
  for name in next, from do
    local near = type(name) == "string" and not (also and also[name] ~= nil) and meant(name, known)
    if near then return path .. name, ("unknown field; did you mean '%s'?"):format(near) end
  end
end

--- The first name in a body that is nearly a known one: its path, and a sentence; or nil. What `shown` has, the token
--- as the API shows it, is no slip.
function fields.slip(body, shown)
  local path, why = slip_in(body, TOKEN, "", shown or SHOWN)
  if path then return path, why end
  for i, one in ipairs(type(body.policies) == "table" and body.policies or {}) do
    path, why = slip_in(one, POLICY, ("policies[%d]."):format(i), SHOWN_OF_POLICY)
    if path then return path, why end
  end
  local condition = body.condition
  path, why = slip_in(condition, CONDITION, "condition.")
  if path or type(condition) ~= "table" then return path, why end
  return slip_in(condition.request_ip, ADDRESSES, "condition.request_ip.")
end

return fields
