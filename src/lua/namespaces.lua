-- The tables in which operations stand: cf.tokens, cf.accounts.tokens, cf.async.tokens. Rows have dotted names, and
-- make a tree; a client's tables are views of it, whose functions are made when they are first asked for, and kept.
local core, _, _, _, api = ...
local operation = api.operation
local pairs, setmetatable, type = pairs, setmetatable, type

if core.jit then core.jit.off(true, true) end -- LuaJIT's compiler crashes where memory ends

local tree = {}
for name, row in pairs(core.rows) do
  local node = tree
  for part in name:gmatch "([^.]+)%." do
    node[part] = node[part] or {}
    node = node[part]
  end
  node[name:match "[^.]+$"] = row
end
tree.accounts = { tokens = tree.tokens } -- the name the official SDKs use

-- `views` has those that are made, by their nodes: accounts.tokens is tokens.
local function view(node, client, async, views)
  local self = {}
  local function index(_, key)
    local value = node[key]
    if value == nil then return nil end
    if type(value) == "table" then value = views[value] or view(value, client, async, views)
    else value = operation(value, client, async) end
    self[key] = value
    return value
  end
  views[node] = setmetatable(self, { __index = index }) -- only then: one that is half made would stay so
  return self
end

local function fill(space, node)
  for key, below in pairs(node) do
    local value = space[key]
    if type(below) == "table" then fill(value, below) end
  end
end

local namespaces = {}

--- The operations of a client.
function namespaces.of(client)
  local space = view(tree, client, false, {})
  space.async = view(tree, client, true, {})
  return space
end

--- Those of the default client, with every function made, so that pairs shows them: the module's own table.
function namespaces.of_module()
  local space = namespaces.of(nil)
  fill(space, tree)
  fill(space.async, tree)
  return space
end

return namespaces
