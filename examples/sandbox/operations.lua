-- The operations of the token resource. Each takes the request and returns its answer and, where there is one,
-- its effect ("created", "updated", "rolled" or "deleted") and the token's id.
local groups = require "groups"
local json = require "json"
local random = require "random"
local reply = require "reply"
local shape = require "shape"
local store = require "store"

local operations = {}

-- What page of how many is asked for; or nothing and what is wrong.
local function paging(query)
  local page, per_page = tonumber(query.page or 1), tonumber(query.per_page or 20)
  if not page or page < 1 or page % 1 ~= 0 then return nil, "page must be a whole number from 1" end
  if not per_page or per_page < 5 or per_page > 50 or per_page % 1 ~= 0 then
    return nil, "per_page must be a whole number from 5 to 50"
  end
  if query.direction and query.direction ~= "asc" and query.direction ~= "desc" then
    return nil, "direction must be asc or desc"
  end
  return page, per_page
end

local function page_of(ids, page, per_page, newest_first)
  local found = {}
  for i = (page - 1) * per_page + 1, math.min(page * per_page, #ids) do
    found[#found + 1] = ids[newest_first and #ids + 1 - i or i]
  end
  return found
end

function operations.list(request)
  local query = ngx.req.get_uri_args()
  local page, per_page = paging(query)
  if not page then return reply.failure("bad_request", per_page) end
  local ids = store.ids(request.realm, query.include_expired == "true")
  local texts = page_of(ids, page, per_page, query.direction == "desc")
  for i, id in ipairs(texts) do texts[i] = json.encode(store.get(request.realm, id)) end
  return reply.success(json.join(texts), {
    page = page, per_page = per_page, count = #texts, total_count = #ids, total_pages = math.ceil(#ids / per_page),
  })
end

function operations.create(request)
  local token, failure, detail = shape.read(request.body)
  if not token then return reply.failure(failure, detail) end
  token.id, token.status = random.id(), token.status or "active"
  token.issued_on, token.last_used_on = store.now(), json.null
  token.modified_on = token.issued_on
  store.put(request.realm, token)
  token.value = random.secret(request.realm)
  store.set_secret(request.realm, token.id, token.value)
  return reply.success(token), "created", token.id
end

function operations.get(request)
  local token = store.get(request.realm, request.id)
  if not token then return reply.failure "not_found" end
  return reply.success(token)
end

function operations.update(request)
  local old = store.get(request.realm, request.id)
  if not old then return reply.failure "not_found" end
  local token, failure, detail = shape.read(request.body)
  if not token then return reply.failure(failure, detail) end
  token.id, token.status = old.id, token.status or old.status
  token.issued_on, token.modified_on, token.last_used_on = old.issued_on, store.now(), old.last_used_on
  store.put(request.realm, token)
  return reply.success(token), "updated", token.id
end

function operations.delete(request)
  if not store.delete(request.realm, request.id) then return reply.failure "not_found" end
  return reply.success { id = request.id }, "deleted", request.id
end

function operations.roll(request)
  if not store.get(request.realm, request.id) then return reply.failure "not_found" end
  local secret = random.secret(request.realm)
  store.set_secret(request.realm, request.id, secret)
  return reply.success('"' .. secret .. '"'), "rolled", request.id
end

-- An account's token is no user's token, nor the other way round, and a key is no token at all.
function operations.verify(request)
  local caller = request.caller
  if caller.realm ~= request.realm then return reply.failure "invalid_token" end
  local token = caller.token
  return reply.success {
    id = token.id, status = token.status, expires_on = token.expires_on, not_before = token.not_before,
  }
end

function operations.permission_groups(request)
  local query, texts = ngx.req.get_uri_args(), {}
  for i, group in ipairs(groups.list(request.realm, query.name, query.scope)) do texts[i] = json.encode(group) end
  return reply.success(json.join(texts))
end

return operations
