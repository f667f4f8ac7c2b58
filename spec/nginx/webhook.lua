-- The example that revokes leaked tokens, as its README describes it.
local nginx = require "spec.support.nginx"
local sandbox = require "spec.support.sandbox"
local cjson = require "cjson"
local http = require "socket.http"
local ltn12 = require "ltn12"

local SECRET = "between the sender and us"

local function signature_of(body)
  local path = os.tmpname()
  local file = assert(io.open(path, "w"))
  file:write(body)
  file:close()
  local pipe = io.popen(("openssl dgst -sha256 -hmac '%s' -r %s"):format(SECRET, path))
  local digest = pipe:read "*a":match "^%x+"
  pipe:close()
  os.remove(path)
  return "sha256=" .. digest
end

describe("the nginx example", function()
  local server

  -- Its own port, a daemon, and its files found from another directory.
  local function adapt(text)
    local here = io.popen("pwd"):read "*l"
    return (text:gsub("127.0.0.1:8080", "127.0.0.1:" .. server.port):gsub("daemon off;", "env SANDBOX_DIR;")
      :gsub("${prefix}%.%./%.%./", here .. "/"):gsub("${prefix}", here .. "/examples/nginx/")
      :gsub("error_log stderr", "error_log error.log"))
  end

  setup(function()
    sandbox.reset()
    server = nginx.prepare "WEBHOOK_SECRET='between the sender and us'"
    os.execute("mkdir " .. server.dir .. "/run")
    server:launch("examples/nginx/nginx.conf", nil, adapt)
  end)
  teardown(function() server:stop() end)

  local function post(notice, signature)
    local body, answer = type(notice) == "string" and notice or cjson.encode(notice), {}
    local _, status, headers = http.request {
      url = ("http://127.0.0.1:%d/leaked"):format(server.port), method = "POST",
      headers = { ["Content-Length"] = #body, ["X-Hub-Signature-256"] = signature or signature_of(body) },
      source = ltn12.source.string(body), sink = ltn12.sink.table(answer),
    }
    local text = table.concat(answer)
    return status, status ~= 401 and status ~= 400 and cjson.decode(text) or text, headers
  end

  it("revokes by id", function()
    local id = sandbox.fresh()
    local status, answer = post { { id = id } }
    assert.equal(200, status)
    assert.same({ { id = id, outcome = "deleted" } }, answer)
    assert.is_true(sandbox.is_deleted(id))
  end)

  it("revokes by the leaked value itself", function()
    local status, answer = post { { token = sandbox.no_token } }
    assert.equal(200, status)
    assert.equal("deleted", answer[1].outcome)
    assert.is_true(sandbox.is_deleted(answer[1].id))
  end)

  it("says of a value that the account does not accept that it is not settled", function()
    local user_token = os.getenv "SANDBOX_USER_TOKEN"
    local status, answer = post { { token = user_token }, { token = "cfat_" .. ("0"):rep(40) } }
    assert.equal(200, status)
    assert.same({ { outcome = "not_accepted" }, { outcome = "not_accepted" } }, answer)
    local _, verified = http.request {
      url = sandbox.urls.plain .. "/user/tokens/verify", headers = { Authorization = "Bearer " .. user_token },
    }
    assert.equal(200, verified) -- the user's token lives
  end)

  it("says of a token that lives but may not be used from here where it is", function()
    sandbox.fault { path = "/verify", status = 403, code = 9109,
      message = "Cannot use the access token from location: 192.0.2.7" }
    local status, answer = post { { token = sandbox.read_token } }
    assert.same({ 200, "elsewhere" }, { status, answer[1].outcome })
  end)

  it("takes no refusal of a leaked value for its death", function()
    sandbox.fault { path = "/verify", status = 403 }
    local status, answer = post { { token = sandbox.read_token } }
    assert.same({ 503, "refused" }, { status, answer[1].outcome })
    sandbox.fault { path = "/verify", status = 401, code = 10000 }
    assert.same({ 503, "refused" }, { (post { { token = sandbox.read_token } }), answer[1].outcome })
    sandbox.fault { path = "/verify", status = 429, headers = { ["Retry-After"] = "600" } }
    assert.same({ 503, "refused" }, { (post { { token = sandbox.read_token } }), answer[1].outcome })
    assert.equal(200, (post { { id = sandbox.fresh() } })) -- and its rate limit is not ours
  end)

  it("answers an entry that repeating cannot mend with its word", function()
    local id = sandbox.fresh()
    sandbox.fault { token = id, method = "DELETE", status = 400, code = 1001 }
    local status, answer = post { { id = 7 }, { id = "no id" }, { token = "two words" }, { id = id }, "nothing" }
    local words = {}
    for i, entry in ipairs(answer) do words[i] = entry.outcome end
    assert.equal(200, status)
    assert.same({ "not_sent", "not_sent", "not_sent", "refused", "not_sent" }, words)
  end)

  it("does nothing for a stranger", function()
    local id = sandbox.fresh()
    for _, signature in ipairs { "sha256=" .. ("0"):rep(64), "sha256=00", "", "sha1=" .. ("0"):rep(40) } do
      assert.equal(401, (post({ { id = id } }, signature)))
    end
    assert.same({}, sandbox.requests_for(id))
  end)

  it("asks its sender to repeat what could not be settled", function()
    local id = sandbox.fresh()
    sandbox.fault { token = id, method = "DELETE", status = 429, headers = { ["Retry-After"] = "600" } }
    local status, answer, headers = post { { id = id } }
    assert.same({ 503, "60", "refused" }, { status, headers["retry-after"], answer[1].outcome })
  end)

  it("refuses what is no notice", function()
    assert.equal(400, (post "no JSON"))
    assert.equal(400, (post "{}"))
  end)

  it("writes an audit log without secrets", function()
    local log = server:log()
    assert.truthy(log:find("tokens.delete %x+ deleted"))
    assert.is_nil(log:find(sandbox.no_token, 1, true))
    assert.is_nil(log:find(sandbox.token, 1, true))
  end)
end)
