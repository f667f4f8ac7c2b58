-- The specs' side of the sandbox: what `sandbox run` exported, and its control endpoint.
local http = require "socket.http"
local ltn12 = require "ltn12"
local cjson = require "cjson"
local unpack = table.unpack or unpack

local sandbox = {
  http = os.getenv "SANDBOX_HTTP",
  account = os.getenv "CLOUDFLARE_ACCOUNT_ID",
  token = os.getenv "CLOUDFLARE_API_TOKEN",
  read_token = os.getenv "SANDBOX_READ_TOKEN",
  no_token = os.getenv "SANDBOX_NO_TOKEN",
  user_token = os.getenv "SANDBOX_USER_TOKEN",
  other_account = os.getenv "SANDBOX_OTHER_ACCOUNT_ID",
  key = os.getenv "SANDBOX_API_KEY",
  email = os.getenv "SANDBOX_API_EMAIL",
  ca_file = os.getenv "SANDBOX_CA_FILE",
  ca_path = os.getenv "SANDBOX_CA_PATH",
  urls = {
    plain = os.getenv "CLOUDFLARE_BASE_URL",
    http1 = os.getenv "SANDBOX_TLS1_BASE_URL",
    http2 = os.getenv "SANDBOX_TLS_BASE_URL",
  },
  missing_id = ("0"):rep(32), -- an id that the sandbox never issues
}
assert(sandbox.http, "the specs need a sandbox: make check, or examples/sandbox/sandbox run busted")

-- status or nil and what went wrong, body, headers
local function send(method, url, headers, text)
  local answer = {}
  headers["Content-Length"], headers["Content-Type"] = text and tostring(#text), "application/json"
  local ok, status, received = http.request {
    url = url, method = method, headers = headers,
    source = ltn12.source.string(text or ""), sink = ltn12.sink.table(answer),
  }
  return ok and status, table.concat(answer), received
end

local function ask(method, path, body)
  local status, reply = send(method, sandbox.http .. "/sandbox/" .. path, {}, body and cjson.encode(body) or "")
  assert(status == 200, ("the sandbox answered %s: %s"):format(status, reply))
  return cjson.decode(reply)
end

--- One request to the API by plain HTTP, below /client/v4, with `token` as its credential (false: none). A body that
--- is a string is sent as it is. Returns the exchange: method, path, query, request, status, answer (both texts), body
--- (the answer decoded) and headers.
function sandbox.api(method, target, body, token)
  local headers = {}
  if token ~= false then headers.Authorization = "Bearer " .. (token or sandbox.token) end
  local text = body and (type(body) == "string" and body or cjson.encode(body))
  local path, query = target:match "^([^?]*)%??(.*)$"
  local status, answer, received = send(method, sandbox.urls.plain .. target, headers, text)
  return {
    method = method, path = path, query = query, request = text, status = status, answer = answer,
    body = status and cjson.decode(answer), headers = received,
  }
end

--- The path of the account's tokens, and of what is below.
function sandbox.tokens(below) return ("/accounts/%s/tokens%s"):format(sandbox.account, below or "") end

--- Back to the seed: no faults, an empty ledger.
function sandbox.reset() ask("POST", "reset") end

--- Queues one fault (or a list of them) for the next matching requests.
function sandbox.fault(fault) ask("POST", "fault", fault) end

--- What really happened, in order.
function sandbox.ledger() return ask("GET", "ledger") end

--- What the API was sent since the reset, as exchanges without answers; needs the switch `bodies`.
function sandbox.sent()
  local found = {}
  for i, entry in ipairs(sandbox.ledger()) do
    found[i] = {
      method = entry.method, path = entry.path:gsub("^/client/v4", ""), query = entry.query, request = entry.body,
      status = entry.status,
    }
  end
  return found
end

--- Adds tokens and returns their ids.
function sandbox.seed(count) return ask("POST", "seed", { count = count }).ids end

--- Adds batches of tokens, of which each says more than a count; returns { ids, values } of each.
function sandbox.grow(...) return unpack(ask("POST", "seed", { ... }).seeded) end

--- Throws switches, until the reset.
function sandbox.switch(switches) return ask("POST", "switches", switches) end

--- From now on `q` requests of each credential in `w` seconds.
function sandbox.quota(quota) ask("POST", "quota", quota) end

--- What became of the secrets that a name got: created, rolled, live, ids.
function sandbox.secrets(name) return ask("GET", "secrets?name=" .. name) end

--- A token's id, fresh.
function sandbox.fresh() return sandbox.seed(1)[1] end

--- How many requests of a method the sandbox saw, and how many tokens it deleted.
function sandbox.count(method)
  local seen, deleted = 0, 0
  for _, entry in ipairs(sandbox.ledger()) do
    if entry.method == method then seen = seen + 1 end
    if entry.effect == "deleted" then deleted = deleted + 1 end
  end
  return seen, deleted
end

--- What the sandbox saw of one token, in order.
function sandbox.requests_for(id)
  local found = {}
  for _, entry in ipairs(sandbox.ledger()) do
    if entry.token == id then found[#found + 1] = entry end
  end
  return found
end

--- Whether a deletion of this token really took effect.
function sandbox.is_deleted(id)
  for _, entry in ipairs(sandbox.requests_for(id)) do
    if entry.effect == "deleted" then return true end
  end
  return false
end

--- The options of a client that trusts the sandbox over "plain", "http1" or "http2".
function sandbox.options(over, extra)
  local options = {
    api_token = sandbox.token, account_id = sandbox.account, base_url = sandbox.urls[over or "http2"],
    timeout = 60, attempt_timeout = 30, connect_timeout = 30, -- under valgrind a handshake takes its time
  }
  if over ~= "plain" then options.ca_path = sandbox.ca_path end
  for name, value in pairs(extra or {}) do options[name] = value end
  return options
end

return sandbox
