-- Every secret that the API made, by the name that its token had then: what a lost answer must not multiply.
local json = require "json"
local store = require "store"

local mints = {}
local tokens = ngx.shared.tokens -- cleared with them

-- how: "created" or "rolled"
function mints.add(realm, token, how, secret)
  local key = "mints:" .. token.name
  local list = json.decode(tokens:get(key) or "[]")
  list[#list + 1] = { realm = realm, id = token.id, how = how, secret = secret }
  assert(tokens:safe_set(key, json.encode(list)))
end

-- How many of a name were created and rolled, how many of them a token has now, and of which tokens. No secrets.
function mints.of(name)
  local told, seen = { created = 0, rolled = 0, live = 0, ids = {} }, {}
  for _, mint in ipairs(json.decode(tokens:get("mints:" .. name) or "[]")) do
    told[mint.how] = told[mint.how] + 1
    if store.is_current(mint.secret) then told.live = told.live + 1 end
    if not seen[mint.id] then told.ids[#told.ids + 1], seen[mint.id] = mint.id, true end
  end
  return told
end

return mints
