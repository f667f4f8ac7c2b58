-- The tokens of two realms, "account" and "user", in nginx's shared memory. What costs time grows only with lists:
--   token:REALM:ID      the token as JSON; its flags hold its place
--   place:REALM:PLACE   "ID EXPIRY", in order of creation
--   secret:SECRET       "REALM:ID"
--   value:REALM:ID      its secret, where one is known
--   used:REALM:ID       when it was last used as a credential
local json = require "json"

local store = {}
local tokens = ngx.shared.tokens

function store.now()
  return os.date("!%Y-%m-%dT%H:%M:%SZ", ngx.time())
end

local function keep(key, value, flags)
  assert(tokens:safe_set(key, value, 0, flags or 0))
end

-- A change makes the index that lists are served from out of date.
local function changed(realm)
  tokens:incr("version:" .. realm, 1, 0)
end

-- Times in this one format compare as text; "0" is earlier than all, "~" later.
local function expiry(token)
  if token.status == "expired" then return "0" end
  return type(token.expires_on) == "string" and token.expires_on or "~"
end

function store.put(realm, token)
  local key = realm .. ":" .. token.id
  local _, place = tokens:get("token:" .. key)
  place = place or tokens:incr("places:" .. realm, 1, 0)
  keep("token:" .. key, json.encode(token), place)
  keep("place:" .. realm .. ":" .. place, token.id .. " " .. expiry(token))
  changed(realm)
end

function store.get(realm, id)
  local text = tokens:get("token:" .. realm .. ":" .. id)
  if not text then return nil end
  local token = json.decode(text)
  token.last_used_on = tokens:get("used:" .. realm .. ":" .. id) or token.last_used_on
  if expiry(token) <= store.now() then token.status = "expired" end
  return token
end

local function forget_secret(key)
  local secret = tokens:get("value:" .. key)
  if not secret then return end
  tokens:delete("secret:" .. secret)
  tokens:delete("value:" .. key)
end

function store.delete(realm, id)
  local key = realm .. ":" .. id
  local text, place = tokens:get("token:" .. key)
  if not text then return false end
  tokens:delete("token:" .. key)
  tokens:delete("place:" .. realm .. ":" .. place)
  tokens:delete("used:" .. key)
  forget_secret(key)
  changed(realm)
  return true
end

function store.set_secret(realm, id, secret)
  local key = realm .. ":" .. id
  forget_secret(key)
  keep("secret:" .. secret, key)
  keep("value:" .. key, secret)
end

-- Whose secret this is: realm, id; or nothing.
function store.owner(secret)
  local key = tokens:get("secret:" .. secret)
  if key then return key:match "^(%a+):(%x+)$" end
end

function store.mark_used(realm, id)
  keep("used:" .. realm .. ":" .. id, store.now())
end

local indexes = {} -- by realm; this worker's copy of the places

local function build_index(realm, version)
  local index = { version = version }
  for place = 1, tokens:get("places:" .. realm) or 0 do
    local entry = tokens:get("place:" .. realm .. ":" .. place)
    if entry then index[#index + 1] = { id = entry:sub(1, 32), expiry = entry:sub(34) } end
  end
  return index
end

local function index_of(realm)
  local version = tokens:get("version:" .. realm) or 0
  if not indexes[realm] or indexes[realm].version ~= version then
    indexes[realm] = build_index(realm, version)
  end
  return indexes[realm]
end

-- The ids in order of creation.
function store.ids(realm, with_expired)
  local ids, now = {}, store.now()
  for _, entry in ipairs(index_of(realm)) do
    if with_expired or entry.expiry > now then ids[#ids + 1] = entry.id end
  end
  return ids
end

function store.clear()
  tokens:flush_all()
  tokens:flush_expired()
  indexes = {}
end

return store
