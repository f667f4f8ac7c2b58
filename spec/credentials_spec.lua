-- A credential that a function hands over, once for each call: what it may do, and what becomes of its mistakes.
local cloudflare = require "cloudflare"
local sandbox = require "spec.support.sandbox"

local requests_for = sandbox.requests_for

local function contains(text, part) return text:find(part, 1, true) ~= nil end

describe("api_token = function", function()
  before_each(sandbox.reset)

  local function client(vault, extra)
    local options = sandbox.options("http2", extra)
    options.api_token = vault
    return cloudflare.new(options)
  end

  it("is called once for each call, however many attempts that takes", function()
    local calls = 0
    local cf = client(function()
      calls = calls + 1
      return sandbox.token
    end)
    assert.equal(0, calls)
    local id = sandbox.fresh()
    sandbox.fault { token = id, method = "DELETE", drop = "before" }
    local _, envelope = cf.tokens.delete(nil, id)
    assert.equal("deleted", envelope.outcome)
    assert.equal(3, envelope.http.attempts)
    assert.equal(1, calls)
    cf.async.tokens.delete(nil, sandbox.fresh()):wait()
    assert.equal(2, calls)
  end)

  it("may rotate", function()
    local tokens = { sandbox.no_token, sandbox.token }
    local cf = client(function() return table.remove(tokens, 1) end)
    local id = sandbox.fresh()
    assert.equal("refused", select(2, cf.tokens.delete(nil, id)).outcome)
    assert.equal(id, cf.tokens.delete(nil, id).id)
  end)

  it("may be given for one call", function()
    local cf, id = client(function() return sandbox.no_token end), sandbox.fresh()
    assert.equal(id, cf.tokens.delete(nil, id, { api_token = function() return sandbox.token end }).id)
  end)

  it("is not asked where the call brings its own credential", function()
    local cf, id = client(function() error "not asked" end), sandbox.fresh()
    assert.equal(id, cf.tokens.delete(nil, id, { api_token = sandbox.token }).id)
    local second = sandbox.fresh()
    local key = { api_key = sandbox.key, api_email = sandbox.email }
    assert.equal(second, cf.tokens.delete(nil, second, key).id)
  end)

  -- Each row: what it does, and the words that the error must hold.
  local function nothing() end
  local failures = {
    { "gives nil and why", function() return nil, "vault is sealed" end, "vault is sealed" },
    { "gives nil", function() return nil end, "nil" },
    { "gives nothing", nothing, "string" },
    { "gives a number", function() return 12 end, "number" },
    { "gives a table", function() return {} end, "table" },
    { "gives what is no credential", function() return "cfat_abc\r\nX-Evil: 1" end, "line ends" },
    { "gives an empty string", function() return "" end, "" },
  }
  for _, row in ipairs(failures) do
    local what, vault, words = row[1], row[2], row[3]
    it("that " .. what .. " makes an argument error, and nothing is sent", function()
      local cf = client(vault)
      local call = cf.async.tokens.delete(nil, sandbox.missing_id)
      assert.is_true(call:done())
      local plain = select(2, cf.tokens.delete(nil, sandbox.missing_id))
      for _, err in ipairs { plain, (select(2, call:wait())) } do
        assert.equal("argument", err.kind)
        assert.equal("not_sent", err.outcome)
        assert.equal("api_token", err.argument)
        assert.is_true(contains(tostring(err), words))
        assert.is_false(contains(tostring(err), "cfat_"))
      end
      assert.same({}, sandbox.ledger())
    end)
  end

  it("that raises is heard unchanged, and nothing is sent", function()
    local reason = { "no network" }
    local cf = client(function() error(reason) end)
    for _, delete in ipairs { cf.tokens.delete, cf.async.tokens.delete } do
      local ok, err = pcall(delete, nil, sandbox.missing_id)
      assert.is_false(ok)
      assert.equal(reason, err)
    end
    assert.equal(0, cloudflare.step())
    assert.same({}, sandbox.ledger())
  end)

  it("may yield, in every Lua", function()
    local cf, id = client(function() return coroutine.yield "who are we?" end), sandbox.fresh()
    local thread = coroutine.create(function() return cf.tokens.delete(nil, id) end)
    local ok, question = coroutine.resume(thread)
    assert.is_true(ok)
    assert.equal("who are we?", question)
    assert.same({}, requests_for(id))
    local _, token = coroutine.resume(thread, sandbox.token)
    assert.equal(id, token.id)
  end)
end)
