-- cf.request: any other endpoint, with the credential, the limits and the judgement of every call.
local cloudflare = require "cloudflare"
local faults = require "spec.support.faults"
local sandbox = require "spec.support.sandbox"
local step_until = require "spec.support.step_until"
local witness = require "spec.support.witness"

local GOOD = '{"success":true,"errors":[],"messages":[],"result":{"id":"x"}}'

-- What arrives of one request, head and body, and what the call gave: `answer` is what it is told.
local function heard(answer, method, path, options)
  local port = witness.listen { answers = { [method] = answer } }
  local cf = cloudflare.new { api_token = "a-token-of-the-spec", base_url = "http://127.0.0.1:" .. port .. "/base" }
  local result, detail = cf.request(method, path, options)
  cf:close()
  local head, body = witness.heard(port):match "^(.-\r\n)\r\n(.*)$"
  return head, body, result, detail
end

local good = witness.answer("200 OK", GOOD)

describe("a request", function()
  local cf
  before_each(function()
    sandbox.reset()
    cf = cloudflare.new(sandbox.options())
  end)
  after_each(function()
    cf:close()
    assert.equal(0, cloudflare.step())
  end)

  it("gives the result and the envelope of any endpoint", function()
    sandbox.seed(6)
    local page, envelope = cf.request("GET", sandbox.tokens(), { query = { per_page = 5, direction = "asc" } })
    assert.equal(5, #page)
    assert.equal("ok", envelope.outcome)
    assert.equal(5, envelope.result_info.per_page)
    assert.equal(200, envelope.http.status)
  end)

  it("makes, changes and removes", function()
    local name = { name = "by hand", policies = { {
      effect = "allow", permission_groups = { { id = "c1fde68c7bcc44588cbb6ddbc16d6480" } },
      resources = { ["com.cloudflare.api.account." .. sandbox.account] = "*" },
    } } }
    local made = assert(cf.request("POST", sandbox.tokens(), { body = name }))
    name.name = "renamed"
    assert.equal("renamed", assert(cf.request("PUT", sandbox.tokens("/" .. made.id), { body = name })).name)
    assert.equal("ok", select(2, cf.request("DELETE", sandbox.tokens("/" .. made.id))).outcome)
    assert.is_true(sandbox.is_deleted(made.id))
  end)

  -- Over HTTP/2 what an answer came by is used for the next request.
  it("carries nothing of the request before it", function()
    local own = cloudflare.new(sandbox.options "http2")
    local made = assert(own.request("POST", sandbox.tokens(), { body = { name = "first", policies = { {
      effect = "allow", permission_groups = { { id = "c1fde68c7bcc44588cbb6ddbc16d6480" } },
      resources = { ["com.cloudflare.api.account." .. sandbox.account] = "*" },
    } } }, headers = { Accept = "text/plain" } }))
    assert(own.request("GET", sandbox.tokens("/" .. made.id)))
    assert(own.request("PUT", sandbox.tokens("/" .. made.id .. "/value"), { body = {} }))
    assert(own.tokens.delete(nil, made.id))
    own.tokens.get(nil, made.id)
    own:close()
    local arrived = {}
    for i, e in ipairs(sandbox.ledger()) do
      arrived[i] = ("%s %s %d"):format(e.method, tostring(e.has_body), e.connection)
    end
    local only = arrived[1]:match "%d+$"
    assert.same({ "POST true " .. only, "GET false " .. only, "PUT true " .. only, "DELETE false " .. only,
      "GET false " .. only }, arrived)
  end)

  it("is one call under async", function()
    local call = cf.async.request("GET", sandbox.tokens())
    step_until(function() return call:done() end)
    assert.equal("ok", select(2, call:wait()).outcome)
    local ended = cf.async.request("GET", "no/slash")
    assert.is_true(ended:done())
    assert.equal("argument", select(2, ended:wait()).kind)
  end)

  it("stands in the module, for the default client", function()
    assert.equal("argument", select(2, cloudflare.request("GET", "")).kind)
  end)

  it("takes a credential of its own", function()
    local _, err = cf.request("GET", sandbox.tokens(), { api_token = sandbox.no_token })
    assert.equal("refused", err.outcome)
    assert.equal(403, err.http.status)
  end)

  it("tells the listener its name and its methods, and neither a body nor an id", function()
    local events = {}
    local own = cloudflare.new(sandbox.options("plain", { on_event = function(e) events[#events + 1] = e end }))
    own.request("POST", sandbox.tokens(), { body = { name = "a-name-that-is-nobody's-business" } })
    own:close()
    assert.equal(2, #events)
    for _, event in ipairs(events) do
      assert.equal("request", event.operation)
      assert.is_nil(event.account_id)
      assert.is_nil(event.token_id)
      for _, value in pairs(event) do assert.is_nil(tostring(value):find("a-name", 1, true)) end
    end
    assert.equal("POST", events[1].method)
    assert.equal("refused", events[2].outcome)
  end)

  -- What is a yes.

  it("is answered yes by any 2xx with an envelope", function()
    for _, status in ipairs { "200 OK", "201 Created", "202 Accepted", "299 Odd" } do
      local _, _, result, envelope = heard(witness.answer(status, GOOD), "POST", "/a", { body = {} })
      assert.equal("x", result.id)
      assert.equal("ok", envelope.outcome)
    end
  end)

  it("is answered yes by 204 and 205 without a body: an empty result", function()
    for _, status in ipairs { "204 No Content", "205 Reset Content" } do
      for _, method in ipairs { "GET", "POST", "DELETE" } do
        local _, _, result, envelope = heard(witness.answer(status, ""), method, "/a/b/c")
        assert.same({}, result)
        assert.same({ true, "ok", {}, {} }, { envelope.success, envelope.outcome, envelope.errors, envelope.messages })
        assert.equal(tonumber(status:match "%d+"), envelope.http.status)
      end
    end
  end)

  it("gives a result that is a number or true as it is, and an empty table for false and null", function()
    for json, expected in pairs { ["5"] = 5, ["true"] = true, ['"s"'] = "s", ["false"] = {}, ["null"] = {} } do
      local body = ('{"success":true,"errors":[],"messages":[],"result":%s}'):format(json)
      assert.same(expected, (select(3, heard(witness.answer("200 OK", body), "GET", "/a"))))
    end
  end)

  it("proves nothing by a redirect, by 200 without a body, and by what is no envelope", function()
    local answers = {
      witness.answer("302 Found", GOOD, "Location: /elsewhere\r\n"), witness.answer("200 OK", ""),
      witness.answer("304 Not Modified", ""), witness.answer("200 OK", "<html>"), witness.answer("200 OK", "[]"),
      witness.answer("200 OK", '{"success":false,"errors":[{"code":1}],"messages":[],"result":null}'),
      witness.answer("500 Oops", GOOD),
    }
    for _, answer in ipairs(answers) do
      local _, _, _, err = heard(answer, "POST", "/a", { body = {} })
      assert.equal("unknown", err.outcome)
      assert.is_false(err.safe_to_retry)
      assert.truthy(err.message:find("it is unknown whether the request took effect", 1, true))
    end
  end)

  it("gives the body as it came where it is raw: a string, and of the envelope what is ours", function()
    local id, bytes = faults.fresh(), {}
    for byte = 0, 255 do bytes[#bytes + 1] = string.char(byte) end
    local text = table.concat(bytes)
    faults.register { { id = id, scripts = {
      { method = "GET", status = 200, body = text }, { method = "GET", status = 203, body = "" },
      { method = "PUT", status = 201, body = GOOD },
    } } }
    local own = cloudflare.new(faults.options "http2")
    local path = ("/accounts/%s/tokens/%s"):format(faults.account, id)
    local body, envelope = own.request("GET", path, { raw = true })
    assert.equal(text, body)
    assert.equal("ok", envelope.outcome)
    assert.equal(200, envelope.http.status)
    envelope.outcome, envelope.http = nil, nil
    assert.same({}, envelope)
    assert.equal("", (own.request("GET", path, { raw = true })))
    assert.equal(GOOD, (own.request("PUT", path, { raw = true, body = {} })))
    own:close()
  end)

  it("gives no credential back in what is raw", function()
    local answer = witness.answer("200 OK", "you are a-token-of-the-spec!")
    assert.equal("you are [redacted]!", (select(3, heard(answer, "GET", "/a", { raw = true }))))
  end)

  it("is refused by the API's no, raw or not", function()
    local no = '{"success":false,"errors":[{"code":1234,"message":"no"}],"messages":[],"result":null}'
    for _, raw in ipairs { true, false } do
      local _, _, result, err = heard(witness.answer("400 Bad Request", no), "POST", "/a", { raw = raw, body = {} })
      assert.is_nil(result)
      assert.same({ "refused", 1234, true }, { err.outcome, err.code, err.safe_to_retry })
    end
  end)

  -- What repeating would do.

  local function lost(method, times, options)
    local id = faults.fresh()
    faults.register { { id = id, scripts = { { method = method, cut = 20, times = times } } } }
    local own = cloudflare.new(faults.options "http1")
    local result, detail = own.request(method, ("/accounts/%s/tokens/%s"):format(faults.account, id), options)
    own:close()
    return detail.outcome, faults.truth({ id })[1].arrived, result, detail
  end

  it("is sent once, whatever its method, where its answer is lost", function()
    local body = { name = "n", policies = cloudflare.array {} }
    for _, method in ipairs { "POST", "PUT", "PATCH", "DELETE" } do
      local outcome, arrived, _, err = lost(method, 1, { body = method ~= "DELETE" and body or nil })
      assert.same({ method, "unknown", 1, false }, { method, outcome, arrived, err.safe_to_retry })
    end
  end)

  it("is sent again where it may be repeated, and a GET always", function()
    local body = { name = "n", policies = cloudflare.array {} }
    local outcome, arrived = lost("PUT", 1, { repeatable = true, body = body })
    assert.same({ "ok", 2 }, { outcome, arrived })
    local read, _, _, envelope = lost("GET", 2)
    assert.same({ "ok", 3 }, { read, envelope.http.attempts })
  end)

  it("is unknown where it was repeated and no answer came, and of a GET failed", function()
    local outcome, arrived, _, err = lost("PUT", 9, { repeatable = true, body = {}, max_retries = 1 })
    assert.same({ "unknown", 2, true }, { outcome, arrived, err.safe_to_retry })
    assert.truthy(err.message:find("repeating the call is safe", 1, true))
    outcome, _, _, err = lost("GET", 9, { max_retries = 1 })
    assert.same({ "failed", 2 }, { outcome, err.http.attempts })
  end)

  it("is not found, by a 404 to a GET or to what may be repeated, and else refused", function()
    local absent = sandbox.tokens("/" .. sandbox.missing_id)
    assert.equal("not_found", select(2, cf.request("GET", absent)).outcome)
    assert.equal("not_found", select(2, cf.request("DELETE", absent, { repeatable = true })).outcome)
    assert.equal("refused", select(2, cf.request("DELETE", absent)).outcome)
  end)

  -- What is sent.

  it("escapes of a path what a segment needs, once", function()
    local head = heard(good, "GET", "/a b/Z\195\188rich/{x};y/~.-_!$&'()*+,=:@")
    assert.equal("GET /base/a%20b/Z%C3%BCrich/%7Bx%7D%3By/~.-_!$&'()*+,=:@ HTTP/1.1", (head:match "^[^\r]*"))
  end)

  it("sends a query, encoded once, with any fields", function()
    local head = heard(good, "GET", "/a", { query = { order = "a b", tags = { "x", "y&z" }, match = true, n = 5 } })
    assert.equal("GET /base/a?match=true&n=5&order=a%20b&tags=x&tags=y%26z HTTP/1.1", (head:match "^[^\r]*"))
  end)

  it("sends a body as JSON, and says where there is none", function()
    local head, body = heard(good, "PATCH", "/a", { body = { list = cloudflare.array {}, s = "\226\152\131" } })
    assert.equal('{"list":[],"s":"\226\152\131"}', body)
    assert.truthy(head:find("\r\nContent-Type: application/json\r\n", 1, true))
    for _, method in ipairs { "POST", "PUT", "PATCH" } do
      head, body = heard(good, method, "/a")
      assert.equal("", body)
      assert.truthy(head:find("\r\nContent-Length: 0\r\n", 1, true))
      assert.is_nil(head:find("Content-Type", 1, true))
    end
    head = heard(good, "DELETE", "/a/b/c")
    assert.is_nil(head:find("Content-", 1, true))
    head, body = heard(good, "DELETE", "/a/b/c", { body = { ids = { 1 } } })
    assert.equal('{"ids":[1]}', body)
    assert.equal("DELETE", head:match "^%u+")
  end)

  it("asks past caches where it reads", function()
    local head = heard(good, "GET", "/a", { headers = { Accept = "text/plain" } })
    assert.truthy(head:find("\r\nCache-Control: no-cache\r\nPragma: no-cache\r\n", 1, true))
  end)

  it("sends header lines of the caller's own, sorted, in front of the others", function()
    local head = heard(good, "GET", "/a", { headers = { ["X-B"] = "2 3", ["If-Match"] = '"e"' } })
    assert.truthy(head:find('\r\nIf-Match: "e"\r\nX-B: 2 3\r\n', 1, true))
    assert.truthy(head:find("\r\nAccept: application/json\r\n", 1, true))
    assert.truthy(head:find("\r\nAuthorization: Bearer a-token-of-the-spec\r\n", 1, true))
  end)

  it("asks for JSON, or for what the caller accepts", function()
    for method, options in pairs { GET = {}, POST = { body = {} }, PUT = {}, DELETE = {} } do
      options.headers = { accept = "text/plain" }
      local head = heard(good, method, "/a/b/c", options)
      assert.truthy(head:find("\r\naccept: text/plain\r\n", 1, true))
      assert.is_nil(head:find("\r\nAccept:", 1, true))
      assert.truthy(head:find("\r\nAuthorization: Bearer a-token-of-the-spec\r\n", 1, true))
    end
  end)

  it("sends the same lines again where it is repeated", function()
    local port = witness.listen { answers = { PUT = "" } }
    local own = cloudflare.new { api_token = "a-token-of-the-spec", base_url = "http://127.0.0.1:" .. port }
    own.request("PUT", "/a", { repeatable = true, max_retries = 1, body = {}, headers = { ["If-Match"] = "e" } })
    own:close()
    local first, second = witness.heard(port):match "^(PUT .*)(PUT .*)$"
    assert.equal(first, second)
    assert.truthy(first:find("\r\nIf-Match: e\r\n", 1, true))
  end)

  -- What is refused before anything is sent. The message says which part, and why.

  local refused = {
    { "an unknown method", "FETCH", "/a", nil, "method: must be GET" },
    { "a method in lower case", "get", "/a", nil, "method: must be GET" },
    { "a method with more behind it", "GET\0", "/a", nil, "method: must be GET" },
    { "an absolute URL", "GET", "https://evil.example/a", nil, "path: must begin with '/'" },
    { "another host", "GET", "@evil.example/a", nil, "path: must begin with '/'" },
    { "a network path", "GET", "//evil.example/a", nil, "path: has an empty segment" },
    { "a trailing slash", "GET", "/zones/", nil, "path: has an empty segment" },
    { "a double slash", "DELETE", "/zones//a/b", nil, "path: has an empty segment" },
    { "dot segments", "DELETE", "/zones/a/b/..", nil, "path: has a segment of dots" },
    { "an escape", "DELETE", "/zones/a/b/%2e%2e", nil, "path: has '%'" },
    { "a query in the path", "GET", "/zones?page=2", nil, "path: has '%'" },
    { "a fragment", "GET", "/zones#a", nil, "path: has '%'" },
    { "a backslash", "GET", "/zones\\a", nil, "path: has '%'" },
    { "a line end", "GET", "/zones HTTP/1.1\r\nHost: evil.example", nil, "path: has '%'" },
    { "a DELETE of all", "DELETE", "/zones", nil, "path: a DELETE this high" },
    { "a DELETE of an account", "DELETE", "/accounts/" .. ("a"):rep(32), nil, "path: a DELETE this high" },
    { "the same, repeatable", "DELETE", "/zones/a", { repeatable = true }, "path: a DELETE this high" },
    { "a GET with a body", "GET", "/a", { body = {} }, "body: a GET has none" },
    { "a body that is no JSON", "POST", "/a", { body = { x = 0 / 0 } }, "body.x: " },
    { "a query that is no text", "GET", "/a", { query = { x = {} } }, "query.x: " },
    { "a credential", "GET", "/a", { headers = { Authorization = "b" } }, "headers.Authorization: carries" },
    { "a key", "GET", "/a", { headers = { ["x-auth-key"] = "b" } }, "headers.x-auth-key: carries a credential" },
    { "a cookie", "GET", "/a", { headers = { Cookie = "b" } }, "headers.Cookie: carries a credential" },
    { "another host by header", "GET", "/a", { headers = { HOST = "b" } }, "headers.HOST: says how" },
    { "a length", "POST", "/a", { headers = { ["Content-Length"] = "5" } }, "headers.Content-Length: says how" },
    { "another method", "GET", "/a", { headers = { ["X-HTTP-Method-Override"] = "DELETE" } }, "says how the message" },
    { "a line end in a value", "GET", "/a", { headers = { A = "b\r\nHost: c" } }, "headers.A: must be printable" },
    { "a NUL in a value", "GET", "/a", { headers = { A = "b\0" } }, "headers.A: must be printable" },
    { "an empty value", "GET", "/a", { headers = { A = "" } }, "headers.A: must be printable" },
    { "a value that is no string", "GET", "/a", { headers = { A = 5 } }, "headers.A: must be a string" },
    { "a line end in a name", "GET", "/a", { headers = { ["A: b\r\nHost"] = "c" } }, "headers: no name" },
    { "a name that is no string", "GET", "/a", { headers = { "A: b" } }, "headers: names of header lines" },
    { "inherited header lines", "GET", "/a", { headers = setmetatable({}, { __index = {} }) }, "headers: a plain" },
    { "half a credential", "GET", "/a", { api_key = ("a"):rep(37) }, "api_email: missing" },
  }
  for _, row in ipairs(refused) do
    it("is not sent with " .. row[1], function()
      local result, err = cf.request(row[2], row[3], row[4])
      assert.is_nil(result)
      assert.same({ "argument", "not_sent" }, { err.kind, err.outcome })
      assert.truthy(err.message:find("cloudflare.request: .*" .. row[5]:gsub("%p", "%%%0")), err.message)
      assert.same({}, sandbox.ledger())
    end)
  end

  it("does not repeat a long name, which may be a secret", function()
    local name = ("s"):rep(60)
    local _, err = cf.request("GET", "/a", { headers = { [name] = "" } })
    assert.equal("headers", err.argument)
    assert.is_nil(err.message:find(name, 1, true))
  end)

  it("goes high where that is said to be meant", function()
    local head = heard(good, "DELETE", "/zones/a", { dangerous = true })
    assert.equal("DELETE /base/zones/a HTTP/1.1", (head:match "^[^\r]*"))
  end)

  local mistakes = {
    { "a method that is no string", { nil, "/a" }, "bad argument #1 to 'request' (string expected, got nil)" },
    { "a path that is no string", { "GET", {} }, "bad argument #2 to 'request' (string expected, got table)" },
    { "options that are no table", { "GET", "/a", "q" }, "bad argument #3 to 'request' (table expected, got string)" },
    { "an unknown option", { "GET", "/a", { header = {} } },
      "bad argument #3 to 'request' (unknown option 'header'; did you mean 'headers'?)" },
    { "a body that is a string", { "POST", "/a", { body = "x" } },
      "bad argument #3 to 'request' (table expected for option 'body', got string)" },
    { "an option of the client's", { "GET", "/a", { base_url = "x" } },
      "bad argument #3 to 'request' (option 'base_url' is the client's alone)" },
  }
  for _, row in ipairs(mistakes) do
    it("raises for " .. row[1], function()
      local _, message = pcall(cf.request, row[2][1], row[2][2], row[2][3])
      assert.equal(row[3], message)
    end)
  end

  it("has options that no other call has", function()
    local _, message = pcall(cf.tokens.verify, nil, { raw = true })
    assert.equal("bad argument #2 to 'verify' (option 'raw' is of 'request' alone)", message)
    _, message = pcall(cloudflare.new, { query = {} })
    assert.equal("bad argument #1 to 'new' (option 'query' is of 'request' alone)", message)
  end)
end)
