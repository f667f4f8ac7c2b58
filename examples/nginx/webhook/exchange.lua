-- Requests in, answers out: what the senders' handlers share.
local cjson = require "cjson.safe".new()

cjson.decode_max_depth(20)

local exchange = {}

--- The body, which nginx.conf bounds and keeps in memory; "" where there is none.
function exchange.body()
  ngx.req.read_body()
  return ngx.req.get_body_data() or ""
end

--- A JSON value, or nil.
function exchange.decode(text) return (cjson.decode(text)) end

--- Answers, and ends the handler's work.
function exchange.answer(status, content, retry_after)
  ngx.status = status
  if retry_after then ngx.header["Retry-After"] = retry_after end
  if not content then return ngx.exit(status) end
  ngx.header["Content-Type"] = "application/json"
  ngx.say(cjson.encode(content))
end

function exchange.mistake(status, why) exchange.answer(status, { error = why }) end

--- Whether the request has this method; it is answered where it has not.
function exchange.is_method(method)
  if ngx.req.get_method() == method then return true end
  ngx.header["Allow"] = method
  exchange.mistake(ngx.HTTP_NOT_ALLOWED, "only " .. method)
end

return exchange
