-- Changing a token: all that can be set is replaced. By a table, or by a function that edits what is there.
local cjson = require "cjson"
local cloudflare = require "cloudflare"
local sandbox = require "spec.support.sandbox"
local ways = require "spec.support.ways"

local allow, deny = cloudflare.policy.allow, cloudflare.policy.deny

describe("tokens.update", function()
  local cf, other
  before_each(function()
    sandbox.reset()
    cf, other = cloudflare.new(sandbox.options "http2"), cloudflare.new(sandbox.options "plain")
  end)
  after_each(function()
    cf:close()
    other:close()
  end)

  local function make(more)
    local params = { name = "made", policies = { allow({ "DNS Write", "DNS Read" }, { zone = "*" }) } }
    for name, value in pairs(more or {}) do params[name] = value end
    return assert(other.tokens.create(nil, params)).id
  end

  -- A token as it is, without what a change or a use moves.
  local function state(id)
    local token = assert(other.tokens.get(nil, id))
    token.modified_on, token.last_used_on = nil, nil
    table.sort(token.policies, function(a, b) return a.effect < b.effect end)
    for _, policy in ipairs(token.policies) do policy.id = nil end
    return token
  end

  local function puts() return (sandbox.count "PUT") end

  it("with what get showed changes nothing", function()
    local tokens = {
      {},
      { expires_on = "2036-01-01T00:00:00Z", not_before = "2026-01-01T00:00:00Z" },
      { condition = { request_ip = { ["in"] = { "127.0.0.0/8" }, not_in = {} } } },
      { policies = { allow({ "Logs Read" }, { account = sandbox.account }), deny({ "DNS Write" }, { zone = "*" }) } },
    }
    for _, more in ipairs(tokens) do
      local id = make(more)
      local before = state(id)
      assert(cf.tokens.update(nil, id, (cf.tokens.get(nil, id))))
      assert.same(before, state(id))
      assert(cf.tokens.update(nil, id, function(token) return token end))
      assert.same(before, state(id))
    end
  end)

  it("says which field was meant where a function adds one that is nearly a known one", function()
    local id = make()
    local _, err = cf.tokens.update(nil, id, function(token)
      token.expires = "2036-01-01T00:00:00Z"
      return token
    end)
    assert.same({ "argument", "not_sent", "expires" }, { err.kind, err.outcome, err.argument })
    assert.equal(0, puts())
  end)

  it("leaves out what the API only shows, and keeps what it does not know", function()
    sandbox.switch { bodies = true }
    local id = make()
    local token = assert(cf.tokens.get(nil, id))
    token.policies[1].fancy, token.favourite = 1, { "x" }
    assert(cf.tokens.update(nil, id, token))
    local sent = sandbox.sent()
    local body = cjson.decode(sent[#sent].request)
    local fields = {}
    for name in pairs(body) do fields[#fields + 1] = name end
    table.sort(fields)
    for _, name in ipairs { "id", "issued_on", "modified_on", "last_used_on", "creator_email_at_creation", "provisioner_id" } do
      assert.is_nil(body[name], name)
    end
    assert.same({ "x" }, body.favourite)
    assert.same({ nil, 1 }, { body.policies[1].id, body.policies[1].fancy })
    local group = body.policies[1].permission_groups[1]
    assert.same({ "string", "nil", "nil" }, { type(group.id), type(group.name), type(group.meta) })
    assert.is_string(token.id)
  end)

  it("with a table loses what is left out", function()
    local id = make { expires_on = "2036-01-01T00:00:00Z" }
    local token, envelope = cf.tokens.update(nil, id, { name = "new", policies = { allow({ "DNS Edit" }, { zone = "*" }) } })
    assert.same({ "new", "ok" }, { token.name, envelope.outcome })
    assert.same({ cloudflare.null, 1 }, { state(id).expires_on or cloudflare.null, #state(id).policies[1].permission_groups })
  end)

  it("tells what was not granted", function()
    local id = make()
    sandbox.switch { withhold = { "DNS Write" } }
    local _, envelope = cf.tokens.update(nil, id, { name = "less", policies = { allow({ "DNS Write" }, { zone = "*" }) } })
    assert.same({ "allow", "com.cloudflare.api.account.zone.*" }, { envelope.missing[1].effect, envelope.missing[1].resource })
  end)

  it("says what it could not read first, and that there is no such token, by its own name", function()
    local function edit(token) return token end
    for _, params in ipairs { edit, { name = "new", policies = {} } } do
      local _, err = cf.tokens.update(nil, sandbox.missing_id, params)
      assert.equal("not_found", err.outcome)
      assert.truthy(err.message:find("^cloudflare%.tokens%.update: there is no such token"), err.message)
      sandbox.fault { method = "GET", status = 403, code = 9109, times = 1 }
      _, err = cf.tokens.update(nil, sandbox.missing_id, params)
      assert.equal("not_sent", err.outcome)
      assert.truthy(err.message:find("^cloudflare%.tokens%.update: nothing was sent: the token could not be read first: "),
        err.message)
    end
  end)

  describe("of a token that is neither active nor disabled", function()
    local function exposed() return sandbox.grow({ count = 1, status = "revoked (exposed)" }).ids[1] end
    local params = { name = "back", policies = { allow({ { id = ("1"):rep(32) } }, { zone = "*" }) } }

    it("wants its status to be said", function()
      local id = exposed()
      local ask = {
        function() return params end,
        function() return (cf.tokens.get(nil, id)) end,
        function() return function(token) return token end end,
        function() return function(token) token.status = nil; return token end end,
      }
      for _, given in ipairs(ask) do
        local _, err = cf.tokens.update(nil, id, given())
        assert.same({ "argument", "not_sent", "status" }, { err.kind, err.outcome, err.argument })
        assert.truthy(err.message:find("the token is revoked (exposed)", 1, true), err.message)
      end
      assert.equal(0, puts())
    end)

    it("does as it is told", function()
      for _, status in ipairs { "active", "disabled" } do
        local token = assert(cf.tokens.update(nil, exposed(), function(token)
          token.status = status
          return token
        end))
        assert.equal(status, token.status)
      end
    end)
  end)

  it("leaves a disabled token disabled where no status is given", function()
    local id = make { status = "disabled" }
    local policies = { allow({ "DNS Write" }, { zone = "*" }) }
    for name, params in pairs {
      table = { name = "table", policies = policies },
      ["function"] = function() return { name = "function", policies = policies } end,
    } do
      local token = assert(cf.tokens.update(nil, id, params))
      assert.same({ name, "disabled", "disabled" }, { token.name, token.status, state(id).status })
    end
    assert.equal("active", assert(cf.tokens.update(nil, id, { name = "on", policies = policies, status = "active" })).status)
  end)

  it("sends nothing where the status cannot be read", function()
    local id = make()
    local policies = { allow({ { id = cf.tokens.permission_groups.list(nil, { name = "DNS Write" })[1].id } }, { zone = "*" }) }
    sandbox.fault { method = "GET", token = id, status = 403, code = 9109 }
    local _, err = cf.tokens.update(nil, id, { name = "unread", policies = policies })
    assert.same({ "not_sent", 403, 0 }, { err.outcome, err.http.status, puts() })
    assert(cf.tokens.update(nil, id, { name = "unread", policies = policies, status = "active" }))
  end)

  describe("by a function", function()
    it("reads, edits and puts", function()
      local id = make()
      local token = assert(cf.tokens.update(nil, id, function(token)
        token.name, token.policies[2] = "edited", deny({ "Logs Write" }, { zone = "*" })
        return token
      end))
      assert.same({ "edited", 2 }, { token.name, #token.policies })
    end)

    it("says that there is no such token", function()
      local _, err = cf.tokens.update(nil, sandbox.missing_id, function() error "not called" end)
      assert.same({ "not_found" }, { err.outcome })
    end)

    it("refuses where somebody changed the token in between, in the same second too", function()
      local id = make()
      local _, err = cf.tokens.update(nil, id, function(token)
        assert(other.tokens.update(nil, id, { name = "theirs", status = "active", policies = {
          allow({ "DNS Read" }, { zone = "*" }) } }))
        token.name = "mine"
        return token
      end)
      assert.same({ "api", "not_sent", "theirs", true }, { err.kind, err.outcome, err.current.name, err.safe_to_retry })
      assert.same({ "theirs", 1 }, { state(id).name, puts() })
    end)

    it("takes nothing but a token for its answer", function()
      local id = make()
      local _, err = cf.tokens.update(nil, id, function() end)
      assert.same({ "argument", "not_sent", "params", 0 }, { err.kind, err.outcome, err.argument, puts() })
    end)

    it("finds what cannot be sent", function()
      local id = make()
      local _, err = cf.tokens.update(nil, id, function(token)
        token.policies[1].resources = { [1] = token }
        token.condition = token
        return token
      end)
      assert.same({ "argument", "not_sent", 0 }, { err.kind, err.outcome, puts() })
    end)

    it("that raises sends nothing, and its error is the caller's", function()
      local id, wrong = make(), {}
      local ok, raised = pcall(cf.tokens.update, nil, id, function() error(wrong) end)
      assert.same({ false, true }, { ok, raised == wrong })
      local call = cf.async.tokens.update(nil, id, function() error(wrong) end)
      while not call:done() do cloudflare.step(0.05) end
      ok, raised = pcall(call.wait, call)
      assert.same({ false, true, 0 }, { ok, raised == wrong, puts() })
    end)

    it("may yield", function()
      local id = make()
      local thread = coroutine.create(function()
        return cf.tokens.update(nil, id, function(token)
          token.name = coroutine.yield "name?"
          return token
        end)
      end)
      assert.same({ true, "name?" }, { coroutine.resume(thread) })
      local _, token = assert(coroutine.resume(thread, "given"))
      assert.equal("given", token.name)
    end)
  end)

  it("of the user's does the same", function()
    local user = cloudflare.new(sandbox.options("http2", { api_token = sandbox.user_token }))
    local id = assert(user.user.tokens.create { name = "laptop", policies = { allow({ "DNS Read" }, { zone = "*" }) } }).id
    local token = assert(user.user.tokens.update(id, function(token)
      token.name = "desktop"
      return token
    end))
    assert.equal("desktop", token.name)
  end)

  it("takes a table or a function", function()
    assert.has_error(function() cf.tokens.update(nil, sandbox.missing_id, "name") end)
    assert.has_error(function() cf.tokens.update(nil, sandbox.missing_id) end)
  end)
end)

for name, way in pairs(ways) do
  describe("tokens.update whose answer is lost, " .. name, function()
    local call, id
    before_each(function()
      sandbox.reset()
      call = way(sandbox.options "http2")
      id = call("tokens.create", nil, { name = "made", policies = { allow({ "DNS Write", "DNS Read" }, { zone = "*" }) } }).id
    end)

    local function rename(token)
      token.name, token.expires_on = "renamed", 2e9
      return token
    end

    it("is ok where a read shows the token as it was asked for", function()
      sandbox.fault { method = "PUT", drop = "after" }
      local token, envelope = call("tokens.update", nil, id, rename)
      assert.same({ "renamed", "ok", 1 }, { token.name, envelope.outcome, (sandbox.count "PUT") })
      local trace = envelope.http.trace -- of the request that was lost, too
      assert.same({ 2, 2, "PUT", "GET" }, { envelope.http.attempts, #trace, trace[1].method, trace[2].method })
    end)

    it("is unknown where it is not, and tells how the token is", function()
      sandbox.fault { method = "PUT", drop = "before" }
      local token, err = call("tokens.update", nil, id, rename)
      assert.same({ nil, "unknown", "made", false, 1 },
        { token, err.outcome, err.current.name, err.safe_to_retry, (sandbox.count "PUT") })
    end)

    it("is unknown where less was granted", function()
      sandbox.switch { withhold = { "DNS Write" } }
      sandbox.fault { method = "PUT", drop = "after" }
      local _, err = call("tokens.update", nil, id, rename)
      assert.same({ "unknown", "renamed" }, { err.outcome, err.current.name })
    end)

    it("is unknown where a read shows no date in its place", function()
      sandbox.fault { { method = "PUT", drop = "after" }, { method = "GET", token = id, body = cjson.encode {
        success = true, errors = {}, messages = {},
        result = { id = id, name = "dated", status = "active", policies = {}, expires_on = "soon" } } } }
      local params = { name = "dated", status = "active", policies = {}, expires_on = 2e9 }
      local _, err = call("tokens.update", nil, id, params)
      assert.same({ "unknown", "soon" }, { err.outcome, err.current.expires_on })
    end)

    it("is unknown where nobody could read", function()
      sandbox.fault { { method = "PUT", drop = "after" }, { method = "GET", token = id, status = 403, code = 9109, times = 9 } }
      local _, err = call("tokens.update", nil, id, { name = "blind", status = "active", policies = {} })
      assert.equal("unknown", err.outcome)
      assert.is_nil(err.current)
    end)
  end)
end
