-- tokens.verify: whose credential this is, and that it proves nothing of a deletion that comes after it.
local cloudflare = require "cloudflare"
local sandbox = require "spec.support.sandbox"
local second_opinion = require "spec.support.second_opinion"

local is_deleted = sandbox.is_deleted

describe("tokens.verify", function()
  before_each(sandbox.reset)

  it("says whose credential this is", function()
    local cf = cloudflare.new(sandbox.options())
    local result, envelope = cf.tokens.verify(sandbox.account)
    assert.truthy(result.id:find "^%x+$")
    assert.equal(32, #result.id)
    assert.equal("active", result.status)
    assert.equal("ok", envelope.outcome)
    assert.equal(1, envelope.http.attempts)
    local ledger = sandbox.ledger()
    assert.equal(1, #ledger)
    assert.equal("GET", ledger[1].method)
    assert.equal(("/client/v4/accounts/%s/tokens/verify"):format(sandbox.account), ledger[1].path)
    assert.is_false(ledger[1].has_body)
  end)

  it("warms the connection for what follows", function()
    local cf, id = cloudflare.new(sandbox.options()), sandbox.fresh()
    cf.tokens.verify()
    cf.tokens.delete(nil, id)
    local ledger = sandbox.ledger()
    assert.equal(ledger[1].connection, ledger[2].connection)
  end)

  it("is refused to a credential that is not good", function()
    local result, err = cloudflare.new(sandbox.options("http2", { api_token = "cfat_unknown" })).tokens.verify()
    assert.is_nil(result)
    assert.equal("refused", err.outcome)
    assert.equal(1000, err.code)
    assert.equal("api", err.kind)
  end)

  it("is repeated where no answer came, and fails without harm where none comes", function()
    local cf = cloudflare.new(sandbox.options())
    sandbox.fault { path = "/tokens/verify", html = true }
    local result, envelope = cf.tokens.verify()
    assert.equal("active", result.status)
    assert.equal(2, envelope.http.attempts)
    sandbox.fault { path = "/tokens/verify", html = true, times = 9 }
    local nothing, err = cf.tokens.verify(nil, { max_retries = 0 })
    assert.is_nil(nothing)
    assert.equal("failed", err.outcome)
    assert.is_true(err.safe_to_retry)
  end)

  -- What something that is not the API may answer to everything.
  local nobodies = {
    { "no result", '{"success":true,"errors":[],"messages":[]}' },
    { "null", '{"success":true,"errors":[],"messages":[],"result":null}' },
    { "a list", '{"success":true,"errors":[],"messages":[],"result":[]}' },
    { "a text", '{"success":true,"errors":[],"messages":[],"result":"fine"}' },
    { "an object without an id", '{"success":true,"errors":[],"messages":[],"result":{"status":"active"}}' },
    { "an id that is none", '{"success":true,"errors":[],"messages":[],"result":{"id":"me","status":"active"}}' },
    { "an id in upper case", ('{"success":true,"errors":[],"messages":[],"result":{"id":"%s"}}'):format(("A"):rep(32)) },
    { "an id twice", ('{"success":true,"errors":[],"messages":[],"result":{"id":"%s","id":"%s"}}'):format(("a"):rep(32), ("b"):rep(32)) },
  }
  for _, row in ipairs(nobodies) do
    it("takes no yes that names nobody: " .. row[1], function()
      local cf = cloudflare.new(sandbox.options())
      sandbox.fault { path = "/tokens/verify", body = row[2] }
      local result, envelope = cf.tokens.verify()
      assert.equal(32, #result.id)
      assert.equal(2, envelope.http.attempts)
      sandbox.fault { path = "/tokens/verify", body = row[2] }
      local nothing, err = cf.tokens.verify(nil, { max_retries = 0 })
      assert.is_nil(nothing)
      assert.equal("failed", err.outcome)
      assert.is_nil(err.http.trace[1].proved)
      assert.equal("failed", (second_opinion(err.http)))
    end)
  end

  describe("proves nothing of a deletion that comes after it:", function()
    local function own_id() return cloudflare.new(sandbox.options()).tokens.verify().id end

    it("a lost answer to its own deletion is unknown, whatever the 401 that follows", function()
      local cf, id = cloudflare.new(sandbox.options()), own_id()
      cf.tokens.verify()
      sandbox.fault { token = id, method = "DELETE", drop = "after" }
      local token, err = cf.tokens.delete(nil, id)
      assert.is_true(is_deleted(id))
      assert.is_nil(token)
      assert.equal("unknown", err.outcome)
      assert.equal(401, err.http.status)
    end)

    it("a credential that was rolled meanwhile answers the same, and the token lives", function()
      local cf, id = cloudflare.new(sandbox.options()), own_id()
      cf.tokens.verify()
      sandbox.fault { token = id, method = "DELETE", drop = "before" }
      sandbox.fault { token = id, method = "GET", status = 401 }
      assert.equal("unknown", select(2, cf.tokens.delete(nil, id)).outcome)
      assert.is_false(is_deleted(id))
    end)

    it("with a complete answer it is simply deleted", function()
      local cf, id = cloudflare.new(sandbox.options()), own_id()
      local _, envelope = cf.tokens.delete(nil, id)
      assert.equal("deleted", envelope.outcome)
      assert.equal("refused", select(2, cf.tokens.verify()).outcome)
    end)
  end)
end)
