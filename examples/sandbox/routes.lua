-- From method and path to an operation and the permission that it needs.
local operations = require "operations"

local ID = ("[0-9a-f]"):rep(32)

local function route(needs, operation)
  return { needs = needs, run = operations[operation] }
end

-- What may follow ".../tokens".
local SINGLE = "^/(" .. ID .. ")$"
local VALUE = "^/(" .. ID .. ")/value$"
local TREE = {
  { SINGLE, { GET = route("read", "get"), PUT = route("write", "update"), DELETE = route("write", "delete") } },
  { "^$", { GET = route("read", "list"), POST = route("write", "create") } },
  { "^/verify$", { GET = route("none", "verify") } },
  { "^/permission_groups$", { GET = route("read", "permission_groups") } },
  { VALUE, { PUT = route("write", "roll") } },
}

local ACCOUNT = "^/client/v4/accounts/(" .. ID .. ")/tokens(.*)$"

-- realm, rest[, account]
local function split(path)
  local account, rest = path:match(ACCOUNT)
  if account then return "account", rest, account end
  rest = path:match "^/client/v4/user/tokens(.*)$"
  if rest then return "user", rest end
end

-- { realm, account, id, methods }, or nothing.
local function find(path)
  local realm, rest, account = split(path)
  if not realm then return nil end
  for _, branch in ipairs(TREE) do
    local id = rest:match(branch[1])
    if id then return { realm = realm, account = account, id = #id == 32 and id or nil, methods = branch[2] } end
  end
end

return { find = find }
