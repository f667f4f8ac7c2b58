-- The permission groups: what the list shows, and what a policy's group looks like in a token.
local catalogue = require "catalogue"
local json = require "json"

local SCOPE = {
  account = "com.cloudflare.api.account", zone = "com.cloudflare.api.account.zone", user = "com.cloudflare.api.user",
  bucket = "com.cloudflare.edge.r2.bucket",
}

local groups = { scopes = SCOPE, by_id = {} }
local all, by_name = {}, {}

-- Eight texts, as the API has them.
local function meta_of(name, scope, category, description)
  return {
    category = category, deprecated = "false", description = description, editable = tostring(scope ~= "user"),
    eol_at = "", label = name:lower():gsub("[^%w]+", "_"), scopes = SCOPE[scope], visibility = "public",
  }
end

local function add(category, scope, name)
  local description = ("Grants %s access to %s"):format(name:find "Read$" and "read" or "write", name)
  local group = {
    id = catalogue.known[scope .. " " .. name] or ngx.md5("group " .. scope .. " " .. name),
    name = name, scopes = { SCOPE[scope] }, category = category, description = description,
    is_selectable = not catalogue.not_selectable[name], meta = meta_of(name, scope, category, description),
  }
  all[#all + 1], groups.by_id[group.id] = group, group
  by_name[name] = by_name[name] or {}
  table.insert(by_name[name], group)
end

for _, row in ipairs(catalogue.pairs) do
  for name in row[3]:gmatch "[^;]+" do
    name = name:match "^%s*(.*)$"
    add(row[1], row[2], name .. " Read")
    add(row[1], row[2], name .. " Write")
  end
end
for _, row in ipairs(catalogue.singles) do add(unpack(row)) end

local texts = {} -- the list as JSON; it does not change
for i, group in ipairs(all) do texts[i] = json.encode(group) end

-- The group of this name; of several that of `scope`, or the first.
function groups.named(name, scope)
  for _, group in ipairs(by_name[name] or {}) do
    if not scope or group.scopes[1] == scope then return group end
  end
end

-- The groups of a realm, as JSON: an account's tokens cannot hold a user's permissions.
function groups.list(realm, name, scope)
  local found = {}
  for i, group in ipairs(all) do
    local here = realm == "user" or group.scopes[1] ~= SCOPE.user
    if here and (not name or group.name == name) and (not scope or group.scopes[1] == scope) then
      found[#found + 1] = texts[i]
    end
  end
  return json.join(found)
end

-- A group as a token shows it.
function groups.shown(id)
  local group = groups.by_id[id]
  return { id = id, name = group.name, meta = group.meta }
end

return groups
