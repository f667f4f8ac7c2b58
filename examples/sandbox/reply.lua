-- What the API answers: the envelopes of success and failure, and their way to the client.
local json = require "json"

local reply = {}

-- name → status, code, message[, code and message of the cause]
local FAILURES = {
  no_credential = { 400, 9106, "Missing X-Auth-Key, X-Auth-Email or Authorization headers" },
  bad_authorization = { 400, 6003, "Invalid request headers", 6111, "Invalid format for Authorization header" },
  bad_key = { 400, 6003, "Invalid request headers", 6103, "Invalid format for X-Auth-Key header" },
  unknown_key = { 403, 9103, "Unknown X-Auth-Key or X-Auth-Email" },
  invalid_token = { 401, 1000, "Invalid API Token" },
  elsewhere = { 403, 9109, "Cannot use the access token from location: %s" },
  locked_out = { 403, 10502, "Too many authentication failures. Please try again later." },
  managed = { 400, 1001, "This token is managed by Cloudflare and cannot be deleted" },
  too_many = { 400, 1001, "There are %d tokens already, as many as there may be" },
  forbidden = { 403, 9109, "Unauthorized to access requested resource" },
  not_found = { 404, 1003, "API Token not found" },
  no_route = { 404, 7003, "Could not route to %s, perhaps your object identifier is invalid?" },
  bad_method = { 405, 10405, "Method not allowed" },
  bad_json = { 400, 6007, "Malformed JSON in request body" },
  bad_request = { 400, 1001, "%s" },
  throttled = { 429, 971, "Please wait and consider throttling your request speed" },
}

local function envelope(success, errors, result, info)
  return '{"result":' .. result .. ',"success":' .. tostring(success) .. ',"errors":' .. errors .. ',"messages":[]'
    .. (info and ',"result_info":' .. json.encode(info) or "") .. "}"
end

-- `result` is a value, or JSON text made by the caller.
function reply.success(result, info)
  if type(result) == "table" then result = json.encode(result) end
  return { status = 200, body = envelope(true, "[]", result, info) }
end

function reply.error(status, code, message, chain)
  local errors = json.join { json.encode { code = code, message = message, error_chain = chain } }
  return { status = status, body = envelope(false, errors, "null") }
end

function reply.failure(name, detail)
  local status, code, message, cause, why = unpack(FAILURES[name], 1, 5)
  if detail then message = message:format(detail) end
  return reply.error(status, code, message, cause and { { code = cause, message = why } })
end

-- The code that the API sends with a status, as far as there is one.
function reply.code_of(status)
  for _, name in ipairs { "bad_request", "invalid_token", "forbidden", "not_found", "bad_method", "throttled" } do
    if FAILURES[name][1] == status then return FAILURES[name][2] end
  end
  return 10013
end

function reply.html(status, page)
  page = page or ("<html>\r\n<head><title>%d</title></head>\r\n<body>\r\n<center><h1>Error %d</h1></center>\r\n"
    .. "<hr><center>cloudflare</center>\r\n</body>\r\n</html>\r\n"):format(status, status)
  return { status = status, body = page, type = "text/html; charset=UTF-8" }
end

-- Closes the connection (over HTTP/2, resets the stream) with nothing more said.
function reply.drop()
  return ngx.exit(444)
end

function reply.send(answer)
  ngx.status = answer.status
  ngx.header.content_type = answer.type or "application/json"
  ngx.header.content_length = #answer.body
  for name, value in pairs(answer.headers or {}) do
    ngx.header[name] = value
  end
  ngx.print(answer.truncate and answer.body:sub(1, answer.truncate) or answer.body)
  if answer.truncate then
    ngx.flush(true)
    reply.drop()
  end
end

return reply
