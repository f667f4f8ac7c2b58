-- GitLab's Token Revocation API. 204 says that each token is gone, or that its id is in the journal, which a timer
-- works off. What is not identified is in no journal, for that would take its secret: GitLab keeps it, and is told to
-- repeat.
local crypto = require "webhook.crypto"
local exchange = require "webhook.exchange"
local journal = require "webhook.journal"
local revoke = require "webhook.revoke"
local settings = require "webhook.settings"

local gitlab = {}

local function is_gitlab()
  local given, token = ngx.var.http_authorization, settings.gitlab_token
  if token and given and crypto.is_secret(token, given) then return true end
  exchange.mistake(ngx.HTTP_UNAUTHORIZED, "not the token that was agreed upon")
end

local function is_ours(type_)
  for _, known in ipairs(settings.gitlab_types) do
    if type_ == known then return true end
  end
end

--- The values of a request and where they were found; or nil and what is wrong with it.
local function read(request)
  if type(request) ~= "table" or #request == 0 then return nil, "an array of objects expected" end
  local values, places = {}, {}
  for i, found in ipairs(request) do
    if type(found) ~= "table" or type(found.token) ~= "string" or type(found.type) ~= "string" then
      return nil, ("entry %d: type and token expected"):format(i)
    end
    if not is_ours(found.type) then return nil, ("entry %d: not a type that is revoked here"):format(i) end
    values[i], places[i] = found.token, found.location or false
  end
  return values, places
end

-- What waits for nothing but time is promised, where its id is known.
local function promise(answers, fates)
  for i, answer in ipairs(answers) do
    if fates[i] == "time" and answer.id and journal.promise(answer.id, answer.outcome) then fates[i] = "promised" end
  end
end

local KEPT = { done = true, promised = true }

-- 204; else 429 and the seconds, where time may settle one of them; else 500.
local function status_for(answers, fates)
  local wait = revoke.wait(answers, fates, { time = true })
  if wait then return 429, wait end
  for _, fate in ipairs(fates) do
    if not KEPT[fate] then return ngx.HTTP_INTERNAL_SERVER_ERROR end
  end
  return ngx.HTTP_NO_CONTENT
end

--- GET /v1/revocable_token_types
function gitlab.types()
  if not is_gitlab() or not exchange.is_method "GET" then return end
  exchange.answer(ngx.HTTP_OK, { types = settings.gitlab_types })
end

--- POST /v1/revoke_tokens
function gitlab.revoke()
  if not is_gitlab() or not exchange.is_method "POST" then return end
  local values, places = read(exchange.decode(exchange.body()))
  if not values then return exchange.mistake(ngx.HTTP_BAD_REQUEST, places) end
  local answers, fates = revoke.all("gitlab", values, places)
  promise(answers, fates)
  local status, wait = status_for(answers, fates)
  exchange.answer(status, status ~= ngx.HTTP_NO_CONTENT and answers, wait)
end

return gitlab
