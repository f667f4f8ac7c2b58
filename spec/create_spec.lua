-- Making a token: its policies by names, what was granted of them, and what became of one whose answer was lost.
local cloudflare = require "cloudflare"
local sandbox = require "spec.support.sandbox"
local step_until = require "spec.support.step_until"
local ways = require "spec.support.ways"

local allow, deny = cloudflare.policy.allow, cloudflare.policy.deny

local function params(name, more)
  local made = { name = name, policies = { allow({ "DNS Write" }, { zone = "*" }) } }
  for field, value in pairs(more or {}) do made[field] = value end
  return made
end

-- The bodies of all that was posted.
local function posted()
  local cjson, bodies = require "cjson", {}
  for _, sent in ipairs(sandbox.sent()) do
    if sent.method == "POST" then bodies[#bodies + 1] = cjson.decode(sent.request) end
  end
  return bodies
end

local function effects()
  local list = {}
  for _, entry in ipairs(sandbox.ledger()) do
    if type(entry.effect) == "string" then list[#list + 1] = entry.effect end
  end
  return list
end

describe("tokens.create", function()
  local cf
  before_each(function()
    sandbox.reset()
    sandbox.switch { bodies = true }
    cf = cloudflare.new(sandbox.options "http2")
  end)
  after_each(function() cf:close() end)

  it("is done also where lua-cjson has been unloaded since", function()
    local cjson = package.loaded.cjson
    package.loaded.cjson = nil
    local token = cf.tokens.create(nil, params "bare")
    package.loaded.cjson = cjson
    assert.equal("bare", token.name)
  end)

  local function group(name, scope)
    for _, one in ipairs((cf.tokens.permission_groups.list(nil, { name = name, scope = scope }))) do
      if one.name == name then return one.id end
    end
  end

  it("says which field was meant, before anything is sent, where one is nearly a known one", function()
    local address = { ["in"] = { "127.0.0.0/8" } }
    local slips = {
      expires_inn = { { expires_inn = 86400 }, "expires_in" }, expire_on = { { expire_on = "2036-01-01T00:00:00Z" }, "expires_on" },
      policys = { { policys = {} }, "policies" }, ["condition.request_ips"] = { { condition = { request_ips = address } }, "request_ip" },
      ["condition.request_ip.inn"] = { { condition = { request_ip = { inn = address } } }, "in" },
      ["policies[1].effects"] = { { policies = { { effects = "allow" } } }, "effect" },
    }
    for field, row in pairs(slips) do
      local _, err = cf.tokens.create(nil, params("slip", row[1]))
      assert.same({ "argument", "not_sent", field }, { err.kind, err.outcome, err.argument })
      assert.truthy(tostring(err):find(("unknown field; did you mean '%s'?"):format(row[2]), 1, true), field)
    end
    assert.same({}, posted())
  end)

  it("sends a field that is like no known one: the API may have more by now", function()
    assert(cf.tokens.create(nil, params("more", { note = "kept", colour = "red" })))
    assert.same({ "kept", "red" }, { posted()[1].note, posted()[1].colour })
  end)

  it("gives permission groups by their names, in the scope of the resources", function()
    local zones, account = "com.cloudflare.api.account.zone", "com.cloudflare.api.account"
    local token, envelope = cf.tokens.create(nil, { name = "by-name", policies = {
      allow({ "Logs Write", { name = "DNS Read", scope = "zone" }, { id = group("DNS Write", zones) } }, { zone = "*" }),
      deny({ "Logs Write" }, { account = sandbox.account }),
    } })
    assert.is_string(token.value)
    assert.is_nil(envelope.missing)
    local sent = posted()[1].policies
    assert.same({ { id = group("Logs Write", zones) }, { id = group("DNS Read", zones) }, { id = group("DNS Write", zones) } },
      sent[1].permission_groups)
    assert.same({ { id = group("Logs Write", account) } }, sent[2].permission_groups)
  end)

  it("reads the groups once for a client, and again for a name that was not there", function()
    local function reads()
      local count = 0
      for _, entry in ipairs(sandbox.ledger()) do
        if entry.path:find "permission_groups" then count = count + 1 end
      end
      return count
    end
    for i = 1, 3 do assert(cf.tokens.create(nil, params("cached-" .. i))) end
    assert.equal(1, reads())
    assert.is_nil((cf.tokens.create(nil, { name = "none", policies = { allow({ "No Such" }, { zone = "*" }) } })))
    assert.equal(2, reads())
    assert(cf.tokens.create(nil, { name = "ids", policies = { allow({ { id = group "DNS Write" } }, { zone = "*" }) } }))
    assert.equal(3, reads())
  end)

  it("knows which of its own options was meant", function()
    local _, said = pcall(cf.tokens.create, nil, params "near", { recovr = true })
    assert.truthy(said:find("bad argument #3 to 'create' (unknown option 'recovr'; did you mean 'recover'?)", 1, true), said)
  end)

  it("understands the dashboard's word", function()
    assert(cf.tokens.create(nil, { name = "edit", policies = { allow({ "DNS Edit" }, { zone = "*" }) } }))
    assert.same({ { id = group "DNS Write" } }, posted()[1].policies[1].permission_groups)
  end)

  describe("says before anything is sent", function()
    local secret = "cfat_" .. ("s"):rep(48)
    local rows = {
      { "that a name is unknown, with the nearest", allow({ "DNS Wirte" }, { zone = "*" }), "permission_groups[1]",
        "named 'DNS Wirte'; the nearest are 'DNS Write'" },
      { "that a name is of another scope", allow({ { id = ("1"):rep(32) }, "DNS Write" }, { account = sandbox.account }),
        "permission_groups[2]", "'DNS Write' is of the scope com.cloudflare.api.account.zone" },
      { "that a scope is not that of the resources", allow({ { name = "Logs Write", scope = "account" } }, { zone = "*" }),
        "permission_groups[1]", "the resources are of the scope com.cloudflare.api.account.zone" },
      { "that a group may not be granted", allow({ "Cloudflare Support Write" }, { account = sandbox.account }),
        "permission_groups[1]", "may not be granted" },
      { "that scopes are mixed", { effect = "allow", permission_groups = { "DNS Write" }, resources = {
        ["com.cloudflare.api.account.zone.*"] = "*", ["com.cloudflare.api.account." .. sandbox.account] = "*" } },
        "resources", "mix scopes" },
      { "that there are no resources", { effect = "allow", permission_groups = { "DNS Write" } }, "resources",
        "name no resource" },
      { "that an id is no name", allow({ ("1"):rep(32) }, { zone = "*" }), "permission_groups[1]", "{ id = … }" },
      { "that a secret is no name, and does not repeat it", allow({ secret }, { zone = "*" }), "permission_groups[1]",
        "this is not the name of a group" },
      { "that a number is no group", allow({ 7 }, { zone = "*" }), "permission_groups[1]", "id or name" },
    }
    for _, row in ipairs(rows) do
      it(row[1], function()
        local token, err = cf.tokens.create(nil, { name = "refused", policies = { row[2] } })
        assert.is_nil(token)
        assert.same({ "argument", "not_sent", "policies[1]." .. row[3] }, { err.kind, err.outcome, err.argument })
        assert.truthy(err.message:find(row[4], 1, true), err.message)
        assert.is_nil(err.message:find(secret, 1, true))
        assert.same({}, effects())
      end)
    end

    it("that the groups could not be read", function()
      local _, err = cf.tokens.create(nil, params "unread", { api_token = sandbox.no_token })
      assert.same({ "api", "not_sent", 403, true }, { err.kind, err.outcome, err.http.status, err.safe_to_retry })
      assert.truthy(err.message:find("^cloudflare%.tokens%.create: nothing was sent: the permission groups could not be "
        .. "read first: the API refused"), err.message)
      assert.is_nil(err.message:find "tokens%.permission_groups")
    end)

    it("that a date is none", function()
      local bad = {
        expires_on = { "tomorrow", 1e15, false }, not_before = { "2026-13-01T00:00:00Z" }, expires_in = { 0, -1, "1", 1e300 },
      }
      for field, values in pairs(bad) do
        for _, value in ipairs(values) do
          local _, err = cf.tokens.create(nil, params("dates", { [field] = value }))
          assert.same({ field, "argument", field }, { field, err.kind, err.argument })
        end
      end
      local _, err = cf.tokens.create(nil, params("dates", { expires_in = 60, expires_on = 2e9 }))
      assert.equal("expires_in", err.argument)
      assert.same({}, effects())
    end)
  end)

  it("takes dates as the API has them, as seconds since 1970, and from now on", function()
    local token = assert(cf.tokens.create(nil, params("dated", { not_before = 1700000000, expires_on = "2036-01-01T00:00:00Z" })))
    assert.same({ "2023-11-14T22:13:20Z", "2036-01-01T00:00:00Z" }, { token.not_before, token.expires_on })
    local before = os.time()
    assert(cf.tokens.create(nil, params("in-an-hour", { expires_in = 3600 })))
    local body = posted()[2]
    assert.is_nil(body.expires_in)
    local earliest, latest = os.date("!%Y-%m-%dT%H:%M:%SZ", before + 3600), os.date("!%Y-%m-%dT%H:%M:%SZ", os.time() + 3600)
    assert.is_true(earliest <= body.expires_on and body.expires_on <= latest, body.expires_on)
  end)

  it("tells in envelope.missing what was not granted, a missing deny first", function()
    sandbox.switch { withhold = { "DNS Write", "Logs Write" } }
    local zone = sandbox.missing_id
    local token, envelope = cf.tokens.create(nil, { name = "less", policies = {
      allow({ "DNS Write", "DNS Read" }, { zone = "*" }), deny({ "Logs Write" }, { zone = zone }),
    } })
    assert.is_string(token.value)
    assert.same({
      { effect = "deny", group = group("Logs Write", "com.cloudflare.api.account.zone"),
        resource = "com.cloudflare.api.account.zone." .. zone },
      { effect = "allow", group = group "DNS Write", resource = "com.cloudflare.api.account.zone.*" },
    }, envelope.missing)
  end)

  it("sends what it was given when it was called", function()
    local given = params "as-called"
    local call = cf.async.tokens.create(nil, given)
    given.name, given.policies[1].effect = "changed", "deny"
    step_until(function() return call:done() end)
    local token = call:wait()
    assert.same({ "as-called", "allow" }, { token.name, token.policies[1].effect })
  end)

  it("does not change what it was given", function()
    local given = params("kept", { expires_in = 60 })
    assert(cf.tokens.create(nil, given))
    assert.same(params("kept", { expires_in = 60 }), given)
  end)

  it("makes a token of the user's, too", function()
    local user = cloudflare.new(sandbox.options("http2", { api_token = sandbox.user_token }))
    local token = assert(user.user.tokens.create { name = "laptop", policies = { allow({ "DNS Read" }, { zone = "*" }) } })
    assert.truthy(token.value:find "^cfut_")
  end)
end)

local function lose(effect) sandbox.fault { method = "POST", drop = effect } end

for name, way in pairs(ways) do
  describe("tokens.create whose answer is lost, " .. name, function()
    local call
    before_each(function()
      sandbox.reset()
      call = way(sandbox.options "http2")
    end)

    it("has the one that was made as its candidate", function()
      lose "after"
      local token, err = call("tokens.create", nil, params "lost")
      assert.same({ nil, "unknown", false }, { token, err.outcome, err.safe_to_retry })
      assert.equal(1, #err.candidates)
      assert.equal(sandbox.secrets("lost").ids[1], err.candidates[1].id)
      assert.is_nil(err.candidates_error)
      assert.same({ "created" }, effects())
    end)

    it("is recovered: the one candidate is rolled, and its secret is known", function()
      lose "after"
      local token, envelope = call("tokens.create", nil, params "recovered", { recover = true })
      assert.same({ true, "recovered", "ok" }, { token.recovered, token.name, envelope.outcome })
      assert.is_nil(envelope.missing)
      local own = assert(cloudflare.tokens.verify(nil, { api_token = token.value }))
      assert.equal(token.id, own.id)
      assert.same({ 1, 1, 1 }, { sandbox.secrets("recovered").created, sandbox.secrets("recovered").rolled,
        sandbox.secrets("recovered").live })
      assert.same({ "[redacted]", token.id }, { envelope.result.value, envelope.result.id })
    end)

    it("is not recovered where the roll is lost, which is not repeated", function()
      for _, effect in ipairs { "before", "after" } do
        sandbox.reset()
        sandbox.fault { { method = "POST", drop = "after" }, { method = "PUT", drop = effect } }
        local _, err = call("tokens.create", nil, params "twice", { recover = true })
        assert.same({ "unknown", 1, "unknown" }, { err.outcome, #err.candidates, err.recover_error.outcome })
        assert.equal(1, sandbox.count "PUT")
      end
    end)
  end)
end

describe("tokens.create whose answer is lost", function()
  local call
  before_each(function()
    sandbox.reset()
    call = ways.plain(sandbox.options "http2")
  end)

  local EMPTY = '{"success":true,"errors":[],"messages":[],"result":[],"result_info":'
    .. '{"page":1,"per_page":50,"count":0,"total_count":0}}'

  -- With the group's id, so that the first read is of the list.
  local function by_id(name)
    local found = cloudflare.tokens.permission_groups.list(nil, { name = "DNS Write" })
    return { name = name, policies = { allow({ { id = found[1].id } }, { zone = "*" }) } }
  end

  it("has no candidate where none was made, which proves nothing", function()
    lose "before"
    local _, err = call("tokens.create", nil, params "lost")
    assert.same({ "unknown", {} }, { err.outcome, err.candidates })
    assert.same({}, effects())
  end)

  it("has all of that name that are new and were never used", function()
    local old = cloudflare.new(sandbox.options "plain")
    assert(old.tokens.create(nil, params "lost"))
    local used = assert(old.tokens.create(nil, params "lost"))
    assert(old.tokens.verify(nil, { api_token = used.value }))
    assert(old.tokens.create(nil, params "another"))
    lose "after"
    local _, err = call("tokens.create", nil, params "lost", { recover = true })
    assert.equal("unknown", err.outcome)
    assert.equal(2, #err.candidates)
    assert.equal(0, sandbox.secrets("lost").rolled)
  end)

  it("is looked for twice, for a list may lag", function()
    local lost, lagging = by_id "lost", by_id "lagging"
    lose "after"
    sandbox.fault { method = "GET", body = EMPTY }
    local token, envelope = call("tokens.create", nil, lost, { recover = true })
    assert.same({ true, "ok" }, { token.recovered, envelope.outcome })
    lose "after"
    sandbox.fault { method = "GET", body = EMPTY, times = 2 }
    local _, err = call("tokens.create", nil, lagging, { recover = true })
    assert.same({ "unknown", {} }, { err.outcome, err.candidates })
    assert.same({ "created", "rolled", "created" }, effects())
  end)

  it("is looked for by the server's clock: one that is over a minute older is another", function()
    local dates = { [-3600] = 1, [30] = 1, [90] = 0 }
    for ahead, count in pairs(dates) do
      local lost = by_id("clock" .. ahead)
      lose "after"
      local date = os.date("!%a, %d %b %Y %H:%M:%S GMT", os.time() + ahead)
      sandbox.fault { method = "GET", headers = { Date = date }, times = 2 }
      local _, err = call("tokens.create", nil, lost)
      assert.same({ ahead, count }, { ahead, #err.candidates })
    end
  end)

  it("says where nobody could look", function()
    local unseen = by_id "unseen"
    lose "after"
    sandbox.fault { method = "GET", path = "/tokens", status = 403, code = 9109, times = 9 }
    local _, err = call("tokens.create", nil, unseen, { recover = true })
    assert.same({ "unknown", nil, "refused" }, { err.outcome, err.candidates, err.candidates_error.outcome })
  end)

  it("is unknown where the roll is refused: the token may be there", function()
    sandbox.fault { { method = "POST", drop = "after" }, { method = "PUT", status = 403, code = 9109 } }
    local _, err = call("tokens.create", nil, params "kept", { recover = true })
    assert.same({ "unknown", 1, "refused" }, { err.outcome, #err.candidates, err.recover_error.outcome })
  end)

  it("leaves alone what was not asked for", function()
    local others = {
      { policies = { allow({ "DNS Write", "DNS Read" }, { zone = "*" }) } },
      { policies = { allow({ "DNS Write" }, { zone = { "*", sandbox.missing_id } }) } },
      { expires_in = 3600 },
      { condition = { request_ip = { ["in"] = { "127.0.0.0/8" } } } },
    }
    local other = cloudflare.new(sandbox.options "plain")
    for _, more in ipairs(others) do
      sandbox.reset()
      assert(other.tokens.create(nil, params("mine", more)))
      lose "before"
      local _, err = call("tokens.create", nil, params "mine", { recover = true })
      assert.same({ "unknown", 1 }, { err.outcome, #err.candidates })
      assert.same({ "created" }, effects())
    end
  end)

  it("is not looked for where the answer was no", function()
    sandbox.switch { most_account = 1 }
    local _, err = call("tokens.create", nil, params "full", { recover = true })
    assert.same({ "refused" }, { err.outcome })
    assert.is_nil(err.candidates)
  end)

  it("of the user's is looked for and recovered, too", function()
    call = ways.plain(sandbox.options("http2", { api_token = sandbox.user_token }))
    lose "after"
    local token = call("user.tokens.create", { name = "mine", policies = { allow({ "DNS Read" }, { zone = "*" }) } },
      { recover = true })
    assert.is_true(token.recovered)
    assert.truthy(token.value:find "^cfut_")
  end)
end)
