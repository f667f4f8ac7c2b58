-- The tokens of three realms, "account", "user" and "other" (a second account), in nginx's shared memory. What costs
-- time grows only with lists:
--   token:REALM:ID      the token as JSON; its flags hold its place
--   place:REALM:PLACE   "ID EXPIRY", in order of creation
--   count:REALM         how many there are
--   secret:SECRET       "REALM:ID"; its flags hold when it was made, or 0
--   value:REALM:ID      its secret, where one is known
--   grave:REALM:ID      a deleted token, while a secret of it may still be accepted
--   used:REALM:ID       when it was last used as a credential
-- A token's field `hidden` is the sandbox's own: `creator`, the id of the credential that made it, and `managed`.
local clock = require "clock"
local json = require "json"
local switches = require "switches"

local store = {}
local tokens = ngx.shared.tokens

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
  if not place then
    place = tokens:incr("places:" .. realm, 1, 0)
    tokens:incr("count:" .. realm, 1, 0)
  end
  keep("token:" .. key, json.encode(token), place)
  keep("place:" .. realm .. ":" .. place, token.id .. " " .. expiry(token))
  changed(realm)
end

local function read(kind, realm, id)
  local text = tokens:get(kind .. realm .. ":" .. id)
  if not text then return nil end
  local token = json.decode(text)
  token.last_used_on = tokens:get("used:" .. realm .. ":" .. id) or token.last_used_on
  if expiry(token) <= clock.now() and token.status ~= "revoked (exposed)" then token.status = "expired" end
  return token
end

function store.get(realm, id)
  return read("token:", realm, id)
end

-- The token that a secret speaks for, also when it was deleted and its secret is not yet refused.
function store.holder(realm, id)
  return read("token:", realm, id) or read("grave:", realm, id)
end

function store.count(realm)
  return tokens:get("count:" .. realm) or 0
end

-- A dead secret may be accepted for some time; nothing links the token to it any more.
local function forget_secret(key)
  local secret, grace = tokens:get("value:" .. key), switches.get "dead_accepted"
  if not secret then return end
  if grace > 0 then tokens:expire("secret:" .. secret, grace) else tokens:delete("secret:" .. secret) end
  tokens:delete("value:" .. key)
end

local function bury(key, text)
  local grace = switches.get "dead_accepted"
  if grace > 0 then tokens:set("grave:" .. key, text, grace) end
end

function store.delete(realm, id)
  local key = realm .. ":" .. id
  local text, place = tokens:get("token:" .. key)
  if not text then return false end
  tokens:delete("token:" .. key)
  tokens:delete("place:" .. realm .. ":" .. place)
  tokens:delete("used:" .. key)
  tokens:incr("count:" .. realm, -1)
  bury(key, text)
  forget_secret(key)
  changed(realm)
  return true
end

-- made: seconds since 1970, where it is new
function store.set_secret(realm, id, secret, made)
  local key = realm .. ":" .. id
  forget_secret(key)
  keep("secret:" .. secret, key, made)
  keep("value:" .. key, secret)
end

-- Whose secret this is and when it was made (0: long ago): realm, id, seconds; or nothing.
function store.owner(secret)
  local key, made = tokens:get("secret:" .. secret)
  if not key then return nil end
  local realm, id = key:match "^(%a+):(%x+)$"
  return realm, id, made or 0
end

-- Is this secret the one that its token has now?
function store.is_current(secret)
  local realm, id = store.owner(secret)
  return realm ~= nil and tokens:get("value:" .. realm .. ":" .. id) == secret
end

function store.mark_used(realm, id)
  keep("used:" .. realm .. ":" .. id, clock.now())
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
  local ids, now = {}, clock.now()
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
