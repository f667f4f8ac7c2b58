-- From method and path to an operation and the permission that it needs.
local audit = require "audit"
local operations = require "operations"
local seed = require "seed"

local ID = ("[0-9a-f]"):rep(32)

local function route(needs, operation)
  return { needs = needs, run = operations[operation] }
end

-- What may follow ".../tokens".
local SINGLE = "^/(" .. ID .. ")$"
local VALUE = "^/(" .. ID .. ")/value$"
local TREE = {
  { SINGLE, { GET = route("own", "get"), PUT = route("write", "update"), DELETE = route("write", "delete") } },
  { "^$", { GET = route("own", "list"), POST = route("create", "create") } },
  { "^/verify$", { GET = route("none", "verify") } },
  { "^/permission_groups$", { GET = route("read", "permission_groups") } },
  { VALUE, { PUT = route("write", "roll") } },
}

local ACCOUNT = "^/client/v4/accounts/(" .. ID .. ")/(%l+)(.*)$"
local AUDIT = { GET = { needs = "audit", run = audit.list } }

-- What is under ".../tokens": { realm, account, id, methods }, or nothing.
local function find_token(rest, realm, account)
  for _, branch in ipairs(TREE) do
    local id = rest:match(branch[1])
    if id then return { realm = realm, account = account, id = #id == 32 and id or nil, methods = branch[2] } end
  end
end

-- The same for any path. The realm of an account that is nobody's is nil.
local function find(path)
  local rest = path:match "^/client/v4/user/tokens(.*)$"
  if rest then return find_token(rest, "user") end
  local account, resource, below = path:match(ACCOUNT)
  if not account then return nil end
  local realm = seed.realms[account]
  if resource == "tokens" then return find_token(below, realm, account) end
  if resource == "logs" and below == "/audit" then return { realm = realm, account = account, methods = AUDIT } end
end

return { find = find }
