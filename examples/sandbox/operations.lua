-- The operations of the token resource. Each takes the request and returns its answer and, where there is one,
-- its effect ("created", "updated", "rolled" or "deleted") and the token's id.
local access = require "access"
local clock = require "clock"
local groups = require "groups"
local json = require "json"
local mints = require "mints"
local random = require "random"
local reply = require "reply"
local shape = require "shape"
local store = require "store"
local switches = require "switches"

local operations = {}

local function whole(text, default)
  local number = tonumber(text or default)
  return number and number >= 1 and number % 1 == 0 and number or nil
end

-- What page of how many is asked for; or nothing and what is wrong. Too large or small a page is made to fit.
local function paging(query)
  local page, per_page = whole(query.page, 1), whole(query.per_page, 20)
  if not page then return nil, "page must be a whole number from 1" end
  if not per_page then return nil, "per_page must be a whole number from 5 to 50" end
  if query.direction and query.direction ~= "asc" and query.direction ~= "desc" then
    return nil, "direction must be asc or desc"
  end
  return page, math.max(5, math.min(50, per_page))
end

local function page_of(ids, page, per_page, newest_first)
  local found = {}
  for i = (page - 1) * per_page + 1, math.min(page * per_page, #ids) do
    found[#found + 1] = ids[newest_first and #ids + 1 - i or i]
  end
  return found
end

local function is_own(request, token)
  return token.hidden ~= nil and token.hidden.creator == request.caller.id
end

-- The ids of the tokens that this caller may see.
local function visible_ids(request, with_expired)
  local ids, own = store.ids(request.realm, with_expired), {}
  if not access.sees_own_only(request) then return ids end
  for _, id in ipairs(ids) do
    if is_own(request, store.get(request.realm, id)) then own[#own + 1] = id end
  end
  return own
end

-- The token of the path, where this caller may see it.
local function find(request)
  local token = store.get(request.realm, request.id)
  if token and (not access.sees_own_only(request) or is_own(request, token)) then return token end
end

function operations.list(request)
  local query = ngx.req.get_uri_args()
  local page, per_page = paging(query)
  if not page then return reply.failure("bad_request", per_page) end
  local ids = visible_ids(request, query.include_expired == "true")
  local texts = page_of(ids, page, per_page, query.direction == "desc")
  for i, id in ipairs(texts) do texts[i] = json.encode(shape.show(store.get(request.realm, id))) end
  return reply.success(json.join(texts), {
    page = page, per_page = per_page, count = #texts, total_count = #ids,
  })
end

local function mint(request, token, how)
  local secret = random.secret(request.realm)
  store.set_secret(request.realm, token.id, secret, ngx.time())
  mints.add(request.realm, token, how, secret)
  return secret
end

-- What the API adds to a new token. A user's has no creator but the user.
local function sign(token, request)
  token.id, token.issued_on, token.modified_on, token.last_used_on = random.id(), clock.now(), clock.now(), json.null
  token.hidden = { creator = request.caller.id }
  if request.realm == "user" then return end
  token.creator_email_at_creation, token.provisioner_id = access.key.email, json.null
end

local MOST = { account = "most_account", other = "most_account", user = "most_user" }

function operations.create(request)
  local wish, failure, detail = shape.read(request.body)
  if not wish then return reply.failure(failure, detail) end
  local most = switches.get(MOST[request.realm])
  if store.count(request.realm) >= most then return reply.failure("too_many", most) end
  local token = shape.chosen(wish, access.grants(request.caller))
  sign(token, request)
  store.put(request.realm, token)
  local shown = shape.show(token)
  shown.value = mint(request, token, "created")
  return reply.success(shown), "created", token.id
end

function operations.get(request)
  local token = find(request)
  if not token then return reply.failure "not_found" end
  return reply.success(shape.show(token))
end

local LASTING = {
  "id", "issued_on", "last_used_on", "creator_email_at_creation", "provisioner_id", "provisioner_type", "hidden",
}

-- Replaces all that may be chosen: what the body leaves out is lost.
function operations.update(request)
  local old = store.get(request.realm, request.id)
  if not old then return reply.failure "not_found" end
  local wish, failure, detail = shape.read(request.body)
  if not wish then return reply.failure(failure, detail) end
  local token = shape.chosen(wish, access.grants(request.caller))
  for _, field in ipairs(LASTING) do token[field] = old[field] end
  token.modified_on = clock.now()
  store.put(request.realm, token)
  return reply.success(shape.show(token)), "updated", token.id
end

function operations.delete(request)
  local token = store.get(request.realm, request.id)
  if not token then return reply.failure "not_found" end
  if token.hidden and token.hidden.managed then return reply.failure "managed" end
  store.delete(request.realm, request.id)
  return reply.success { id = request.id }, "deleted", request.id
end

-- A new secret revives a token that was revoked because its old one was found in public.
function operations.roll(request)
  local token = store.get(request.realm, request.id)
  if not token then return reply.failure "not_found" end
  if type(json.decode(request.body or "")) ~= "table" then return reply.failure "bad_json" end
  if token.status == "revoked (exposed)" then token.status = "active" end
  token.modified_on = clock.now()
  store.put(request.realm, token)
  return reply.success('"' .. mint(request, token, "rolled") .. '"'), "rolled", request.id
end

-- A key is no token.
function operations.verify(request)
  local token = request.caller.token
  if not token then return reply.failure "invalid_token" end
  return reply.success {
    id = token.id, status = token.status, expires_on = token.expires_on, not_before = token.not_before,
  }
end

function operations.permission_groups(request)
  local query = ngx.req.get_uri_args()
  return reply.success(groups.list(request.realm, query.name, query.scope))
end

return operations
