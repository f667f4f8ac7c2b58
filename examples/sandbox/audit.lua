-- The account's audit log, version 2: a view of the ledger that shows what took effect, the newest first.
local clock = require "clock"
local json = require "json"
local ledger = require "ledger"
local reply = require "reply"
local store = require "store"

local audit = {}

local TYPES = { created = "create", updated = "update", rolled = "update", deleted = "delete" }

local function token_name(id)
  local token = store.get("account", id)
  return token and token.name or json.null
end

-- Who did it: a token of the account's, or the user by the global key.
local function actor_of(entry)
  local address = "127.0.0.1"
  if entry.caller == "key" then return { type = "user", context = "api_key", ip_address = address } end
  return {
    type = "account", context = "api_token", ip_address = address, id = entry.caller, token_id = entry.caller,
    token_name = token_name(entry.caller),
  }
end

local function ray_of(entry)
  return (entry.ray:gsub("%-.*", ""))
end

local function record_of(entry, account)
  return {
    id = ngx.md5(entry.ray), account = { id = account },
    action = {
      type = TYPES[entry.effect], time = entry.time, result = "success", description = "Token " .. entry.effect,
    },
    actor = actor_of(entry), resource = { id = entry.token, type = "token", product = "api_tokens" },
    raw = {
      cf_ray_id = ray_of(entry), method = entry.method, uri = entry.path, user_agent = entry.user_agent,
      status_code = entry.status,
    },
  }
end

local function fits(entry, query, from, to)
  local time = clock.parse(entry.time)
  return time >= from and time < to
    and (not query.actor_token_id or entry.caller == query.actor_token_id)
    and (not query.raw_cf_ray_id or ray_of(entry) == query.raw_cf_ray_id)
end

-- What took effect in this account before entry number `before`, the newest first.
local function effects(account, before)
  local mine, found, texts = "^/client/v4/accounts/" .. account .. "/", {}, ledger.texts(1)
  for i = #texts, 1, -1 do
    local entry = not texts[i]:find('"effect":null', 1, true) and json.decode(texts[i])
    if entry and entry.n < before and entry.path:find(mine) then found[#found + 1] = entry end
  end
  return found
end

local function limit_of(query)
  local limit = tonumber(query.limit or 100)
  return limit and limit >= 1 and limit <= 1000 and limit % 1 == 0 and limit or nil
end

-- from, to, limit, before; or nothing and what is wrong
local function window(query)
  local from, to = clock.parse(query.since), clock.parse(query.before)
  if not from or not to then return nil, "since and before are required, as 2030-01-31T00:00:00Z" end
  local limit = limit_of(query)
  if not limit then return nil, "limit must be a whole number from 1 to 1000" end
  local before = query.cursor and tonumber(ngx.decode_base64(query.cursor) or "")
  if query.cursor and not before then return nil, "cursor is not one of ours" end
  return from, to, limit, before or math.huge
end

-- A page, and the cursor of the next, empty where there is none.
function audit.list(request)
  local query = ngx.req.get_uri_args()
  local from, to, limit, before = window(query)
  if not from then return reply.failure("bad_request", to) end
  local texts, after, last = {}, "", nil
  for _, entry in ipairs(effects(request.account, before)) do
    if fits(entry, query, from, to) then
      if #texts == limit then
        after = ngx.encode_base64(tostring(last))
        break
      end
      texts[#texts + 1], last = json.encode(record_of(entry, request.account)), entry.n
    end
  end
  return reply.success(json.join(texts), { count = #texts, cursors = { after = after } })
end

return audit
