local cloudflare = require "cloudflare"
local sandbox = require "spec.support.sandbox"

-- The sandbox's three doors, and what it must say that it spoke there.
local WAYS = { "plain", "http1", "http2" }
local PROTOCOL = { plain = "HTTP/1.1", http1 = "HTTP/1.1", http2 = "HTTP/2.0" }

-- The example answer of the API's documentation. Its id is not the one that is asked for.
local DOCUMENTED = [[
{
  "errors": [
    { "code": 1000, "message": "message", "documentation_url": "documentation_url",
      "source": { "pointer": "pointer" } }
  ],
  "messages": [
    { "code": 1000, "message": "message", "documentation_url": "documentation_url",
      "source": { "pointer": "pointer" } }
  ],
  "success": true,
  "result": { "id": "023e105f4ecef8ad9ca31a8372d0c353" }
}
]]

local requests_for, is_deleted = sandbox.requests_for, sandbox.is_deleted

-- Whole numbers are integers where Lua has them.
local function assert_integer(expected, value)
  assert.equal(expected, value)
  if math.type then assert.equal("integer", math.type(value)) end
end

describe("tokens.delete", function()
  before_each(sandbox.reset)

  for _, over in ipairs(WAYS) do
    describe("over " .. over, function()
      local cf
      before_each(function() cf = assert(cloudflare.new(sandbox.options(over))) end)
      after_each(function() cf:close() end)

      it("deletes a token and returns its id", function()
        local id = sandbox.fresh()
        local token, envelope = cf.tokens.delete(sandbox.account, id)
        assert.same({ id = id }, token)
        assert.is_true(envelope.success)
        assert.equal("deleted", envelope.outcome)
        assert.is_true(is_deleted(id))
      end)

      it("sends exactly one DELETE, without a body", function()
        local id = sandbox.fresh()
        assert(cf.tokens.delete(sandbox.account, id))
        local ledger = sandbox.ledger()
        assert.equal(1, #ledger)
        assert.equal("DELETE", ledger[1].method)
        assert.equal(("/client/v4/accounts/%s/tokens/%s"):format(sandbox.account, id), ledger[1].path)
        assert.is_false(ledger[1].has_body)
        assert.equal(PROTOCOL[over], ledger[1].protocol)
      end)

      it("hands over the whole envelope, and the evidence", function()
        local id = sandbox.fresh()
        local token, envelope = cf.tokens.delete(sandbox.account, id)
        local entry = requests_for(id)[1]
        assert.equal(token, envelope.result)
        assert.same({}, envelope.errors)
        assert.same({}, envelope.messages)
        assert_integer(1, envelope.http.attempts)
        assert_integer(200, envelope.http.status)
        assert.equal(entry.ray, envelope.http.ray_id)
        assert.equal(1, #envelope.http.trace)
        local attempt = envelope.http.trace[1]
        assert.is_true(attempt.seconds >= 0)
        attempt.seconds = nil
        assert.same({
          method = "DELETE", sent = true, complete = true, status = 200, success = true, id = id, codes = {},
          ray_id = entry.ray, proved = "deleted",
        }, attempt)
      end)

      it("tells a token that is not there from one that it deleted", function()
        local token, err = cf.tokens.delete(sandbox.account, sandbox.missing_id)
        assert.is_nil(token)
        assert.equal("not_found", err.outcome)
        assert.equal("api", err.kind)
        assert_integer(1003, err.code)
        assert_integer(404, err.http.status)
        assert.equal("absent", err.http.trace[1].proved)
        assert.equal(1, #requests_for(sandbox.missing_id))
      end)
    end)
  end

  describe("missing_ok", function()
    it("is for deletions: a read that finds nothing has failed all the same", function()
      local cf = cloudflare.new(sandbox.options("http2", { missing_ok = true }))
      sandbox.fault { path = "/tokens/verify", status = 404 }
      local result, err = cf.tokens.verify()
      assert.is_nil(result)
      assert.equal("not_found", err.outcome)
    end)

    it("makes a success of a token that is not there, with the id that was asked for", function()
      local cf = cloudflare.new(sandbox.options())
      local token, envelope = cf.tokens.delete(nil, sandbox.missing_id, { missing_ok = true })
      assert.same({ id = sandbox.missing_id }, token)
      assert.equal("not_found", envelope.outcome)
      assert.is_false(envelope.success) -- the envelope stays as it was received
      assert.equal(1003, envelope.errors[1].code)
      assert.equal(404, envelope.http.status)
    end)

    it("may be said once, on the client, and taken back for a call", function()
      local cf = cloudflare.new(sandbox.options("http2", { missing_ok = true }))
      assert.same({ id = sandbox.missing_id }, (cf.tokens.delete(nil, sandbox.missing_id)))
      local token, err = cf.tokens.delete(nil, sandbox.missing_id, { missing_ok = false })
      assert.is_nil(token)
      assert.equal("not_found", err.outcome)
    end)

    it("does not make a success of a refusal", function()
      local cf = cloudflare.new(sandbox.options("http2", { api_token = sandbox.no_token }))
      local token, err = cf.tokens.delete(nil, sandbox.missing_id, { missing_ok = true })
      assert.is_nil(token)
      assert.equal("refused", err.outcome)
    end)
  end)

  describe("account", function()
    it("may be nil where the client has an account_id", function()
      local cf, id = cloudflare.new(sandbox.options()), sandbox.fresh()
      assert.equal(id, cf.tokens.delete(nil, id).id)
      assert.is_true(is_deleted(id))
    end)

    it("of the call goes before the client's", function()
      local other = ("1"):rep(32)
      local cf, id = cloudflare.new(sandbox.options("http2", { account_id = other })), sandbox.fresh()
      assert.equal(id, cf.tokens.delete(sandbox.account, id).id)
      local token, err = cf.tokens.delete(nil, sandbox.fresh())
      assert.is_nil(token)
      assert.equal("refused", err.outcome)
      local ledger = sandbox.ledger()
      assert.truthy(ledger[#ledger].path:find("/accounts/" .. other .. "/", 1, true))
    end)
  end)

  describe("is refused", function()
    local refusals = {
      { "to a credential that may only read", { api_token = sandbox.read_token }, 403, 9109 },
      { "to a credential without any permission here", { api_token = sandbox.no_token }, 403, 9109 },
      { "to a credential that nobody knows", { api_token = "cfat_" .. ("x"):rep(40) }, 401, 1000 },
      { "in an account that is not the credential's", { account_id = ("2"):rep(32) }, 403, 9109 },
    }
    for _, row in ipairs(refusals) do
      local to_whom, options, status, code = row[1], row[2], row[3], row[4]
      it(to_whom, function()
        local cf, id = cloudflare.new(sandbox.options("http2", options)), sandbox.fresh()
        local token, err = cf.tokens.delete(nil, id)
        assert.is_nil(token)
        assert.equal("refused", err.outcome)
        assert.equal("api", err.kind)
        assert_integer(status, err.http.status)
        assert_integer(code, err.code)
        assert.equal("refused", err.http.trace[1].proved)
        assert.same({ code }, err.http.trace[1].codes)
        assert.equal(1, #requests_for(id))
        assert.is_false(is_deleted(id))
      end)
    end
  end)

  describe("credential", function()
    local function options_with_key(over)
      local options = sandbox.options(over, { api_key = sandbox.key, api_email = sandbox.email })
      options.api_token = nil
      return options
    end

    for _, over in ipairs(WAYS) do
      it("may be a global key with its address, over " .. over, function()
        local cf, id = cloudflare.new(options_with_key(over)), sandbox.fresh()
        assert.equal(id, cf.tokens.delete(nil, id).id)
        assert.is_true(is_deleted(id))
      end)
    end

    it("of a call goes before the client's", function()
      local cf, id = cloudflare.new(sandbox.options("http2", { api_token = sandbox.read_token })), sandbox.fresh()
      assert.equal("refused", select(2, cf.tokens.delete(nil, id)).outcome)
      assert.equal(id, cf.tokens.delete(nil, id, { api_token = sandbox.token }).id)
      local second = sandbox.fresh()
      local key = { api_key = sandbox.key, api_email = sandbox.email }
      assert.equal(second, cf.tokens.delete(nil, second, key).id)
      assert.equal("refused", select(2, cf.tokens.delete(nil, sandbox.fresh())).outcome)
    end)

    it("of a call is that call's alone", function()
      local cf, id = cloudflare.new(options_with_key()), sandbox.fresh()
      assert.equal("refused", select(2, cf.tokens.delete(nil, id, { api_token = sandbox.no_token })).outcome)
      assert.equal(id, cf.tokens.delete(nil, id).id)
    end)
  end)

  describe("connections", function()
    -- How many connections twenty calls take, one after the other.
    local function connections_over(over)
      local cf, seen, count = cloudflare.new(sandbox.options(over)), {}, 0
      for _, id in ipairs(sandbox.seed(20)) do assert(cf.tokens.delete(nil, id)) end
      for _, entry in ipairs(sandbox.ledger()) do
        if not seen[entry.connection] then count = count + 1 end
        seen[entry.connection] = true
      end
      return count
    end

    it("are reused by one call after the other over HTTP/2", function() assert.equal(1, connections_over "http2") end)

    for _, over in ipairs { "plain", "http1" } do
      it("carry one request each over HTTP/1, where an answer is known by its order alone, over " .. over, function()
        assert.equal(20, connections_over(over))
      end)
    end

    it("to a loopback address never go through a proxy", function()
      local nowhere = "http://127.0.0.1:1" -- would hand the credential to whoever listens there
      local cf, id = cloudflare.new(sandbox.options("plain", { proxy = nowhere })), sandbox.fresh()
      assert.equal(id, cf.tokens.delete(nil, id).id)
    end)
  end)

  it("names itself, or what user_agent says, to the server", function()
    local first, second = sandbox.fresh(), sandbox.fresh()
    assert(cloudflare.new(sandbox.options()).tokens.delete(nil, first))
    local options = sandbox.options("http2", { user_agent = "audit/3 (ops@example.com)" })
    assert(cloudflare.new(options).tokens.delete(nil, second))
    assert.equal("cloudflare-lua/" .. cloudflare._VERSION, requests_for(first)[1].user_agent)
    assert.equal("audit/3 (ops@example.com)", requests_for(second)[1].user_agent)
  end)

  describe("the answer", function()
    it("is native Lua in every field, as the API's documentation prints it", function()
      sandbox.fault { body = DOCUMENTED, times = 1000 }
      local cf = cloudflare.new(sandbox.options())
      local account, id = "023e105f4ecef8ad9ca31a8372d0c353", "ed17574386854bf78a67040be0a770b0"
      local token, envelope = cf.tokens.delete(account, id)
      assert.same({ id = "023e105f4ecef8ad9ca31a8372d0c353" }, token)
      assert.equal("accepted", envelope.outcome)
      assert.is_true(envelope.success)
      for _, list in ipairs { envelope.errors, envelope.messages } do
        assert.equal(1, #list)
        assert_integer(1000, list[1].code)
        assert.equal("message", list[1].message)
        assert.equal("documentation_url", list[1].documentation_url)
        assert.equal("pointer", list[1].source.pointer)
      end
    end)

    it("that names another token says so in the evidence, and the API was asked once more", function()
      sandbox.fault { body = DOCUMENTED, times = 1000 }
      local id = "ed17574386854bf78a67040be0a770b0"
      local _, envelope = cloudflare.new(sandbox.options()).tokens.delete(nil, id)
      assert.equal("023e105f4ecef8ad9ca31a8372d0c353", envelope.http.trace[1].id)
      assert.equal("accepted", envelope.http.trace[1].proved)
      assert.equal("GET", envelope.http.trace[2].method)
      assert.equal(2, envelope.http.attempts)
      local ledger = requests_for(id)
      assert.equal(2, #ledger)
      assert.equal("DELETE", ledger[1].method)
      assert.equal("GET", ledger[2].method)
    end)

    it("keeps every field of an error, its error_chain too", function()
      local options = sandbox.options("http2", { api_key = "not-a-global-key", api_email = sandbox.email })
      options.api_token = nil
      local _, err = cloudflare.new(options).tokens.delete(nil, sandbox.missing_id)
      assert.equal("refused", err.outcome)
      assert_integer(6003, err.errors[1].code)
      assert.equal("Invalid request headers", err.errors[1].message)
      assert_integer(6103, err.errors[1].error_chain[1].code)
      assert.equal("Invalid format for X-Auth-Key header", err.errors[1].error_chain[1].message)
      assert.same({}, err.messages)
    end)

    it("has cloudflare.null where the API sends null, and numbers as they are", function()
      local id = sandbox.fresh()
      sandbox.fault {
        token = id,
        body = ('{"success":true,"errors":[],"messages":[],"result_info":null,"result":'
          .. '{"id":"%s","expires_on":null,"uses":12,"load":0.5,"big":9007199254740991,"low":-1e300}}'):format(id),
      }
      local token, envelope = cloudflare.new(sandbox.options()).tokens.delete(nil, id)
      assert.equal("deleted", envelope.outcome)
      assert.equal(cloudflare.null, token.expires_on)
      assert.equal(cloudflare.null, envelope.result_info)
      assert_integer(12, token.uses)
      assert_integer(9007199254740991, token.big)
      assert.equal(0.5, token.load)
      assert.equal(-1e300, token.low)
    end)

    it("is a table even where the API sends null", function()
      sandbox.fault { body = '{"success":true,"errors":[],"messages":[],"result":null}', times = 1000 }
      local token, envelope = cloudflare.new(sandbox.options()).tokens.delete(nil, sandbox.fresh())
      assert.same({}, token)
      assert.equal(cloudflare.null, envelope.result)
      assert.equal("accepted", envelope.outcome)
    end)
  end)
end)
