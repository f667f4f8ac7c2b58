-- Our own signed notices: a JSON array of objects, { "id": … } or { "token": … }. A notice that is replayed does
-- nothing that it has not done already, since ids are never given twice.
local crypto = require "webhook.crypto"
local exchange = require "webhook.exchange"
local revoke = require "webhook.revoke"
local settings = require "webhook.settings"

local notices = {}

local function values_of(notice)
  local values = {}
  for i, leak in ipairs(notice) do
    local value = type(leak) == "table" and (leak.token or leak.id)
    values[i] = type(value) == "string" and value or false
  end
  return values
end

-- What may come to more when the notice is sent again.
local PASSING = { time = true, mend = true }

--- POST /leaked
function notices.serve()
  if not exchange.is_method "POST" then return end
  local secret, body = settings.notices_secret, exchange.body()
  if not secret or not crypto.is_signed(secret, body, ngx.var.http_x_hub_signature_256) then
    return exchange.mistake(ngx.HTTP_UNAUTHORIZED, "the signature is missing or wrong")
  end
  local notice = exchange.decode(body)
  if type(notice) ~= "table" or #notice == 0 then
    return exchange.mistake(ngx.HTTP_BAD_REQUEST, "an array of objects expected")
  end
  local answers, fates = revoke.all("notices", values_of(notice))
  local wait = revoke.wait(answers, fates, PASSING)
  exchange.answer(wait and ngx.HTTP_SERVICE_UNAVAILABLE or ngx.HTTP_OK, answers, wait)
end

return notices
