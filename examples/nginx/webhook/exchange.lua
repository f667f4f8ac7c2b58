-- Requests in, answers out: what the senders' handlers share.
local cjson = require "cjson.safe".new()

cjson.decode_max_depth(20)

local LENGTH_REQUIRED = 411

local exchange = {}

--- The body, whose length is told: nginx.conf bounds it and keeps it in memory; "" where there is none.
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

--- Whether the request has this method, and tells the length of a body; it is answered where it has not. A body without
--- a length comes in pieces, and where these are small nginx writes it to a file, secrets and all.
function exchange.is_method(method)
  if ngx.req.get_method() ~= method then
    ngx.header["Allow"] = method
    return exchange.mistake(ngx.HTTP_NOT_ALLOWED, "only " .. method)
  end
  if method == "GET" or ngx.var.http_content_length then return true end
  exchange.mistake(LENGTH_REQUIRED, "a Content-Length expected")
end

return exchange
