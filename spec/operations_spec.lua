-- What each operation on tokens does, of an account's tokens and of the user's: its request, its result, and what is
-- refused. Deleting, verifying, many at once, and what a lost answer leaves behind have files of their own.
local cloudflare = require "cloudflare"
local cjson = require "cjson"
local sandbox = require "spec.support.sandbox"
local ways = require "spec.support.ways"

local null = cloudflare.null
local unpack = table.unpack or unpack
local DNS_READ, DNS_WRITE = "82e64a83756745bbbb1c9c2701bf816b", "4755a26eedb94da69e1066d98aa820be"
local ZONE, ZONES = "com.cloudflare.api.account.zone", "com.cloudflare.api.account.zone.*"

local realms = {
  account = {
    prefix = "tokens.", path = sandbox.tokens(), token = sandbox.token, secret = "^cfat_",
    of_the_other_kind = sandbox.user_token, here = "in this account for this credential",
  },
  user = {
    prefix = "user.tokens.", path = "/user/tokens", token = sandbox.user_token, secret = "^cfut_",
    of_the_other_kind = sandbox.token, here = "for this credential",
  },
}

local function params(more)
  local made = {
    name = "ci", policies = { { effect = "allow", permission_groups = { { id = DNS_READ } }, resources = { [ZONES] = "*" } } },
  }
  for name, value in pairs(more or {}) do made[name] = value end
  return made
end

local function names_of(tokens)
  local names = {}
  for i, token in ipairs(tokens) do names[i] = token.name end
  return names
end

-- The latest request that arrived: method, path below the realm's tokens, query and body as they were sent.
local function last_request(realm)
  local sent = sandbox.sent()
  local one = sent[#sent]
  return { one.method, one.path:sub(#realm.path + 1), one.query or null, one.request or null }
end

for kind, realm in pairs(realms) do
  describe(("%s… of the %s"):format(realm.prefix, kind), function()
    -- call(verb, …): an operation of this realm; the account is that of the client.
    local call
    local function by(named)
      return function(verb, ...)
        if kind == "user" then return named(realm.prefix .. verb, ...) end
        return named(realm.prefix .. verb, nil, ...)
      end
    end

    before_each(function()
      sandbox.reset()
      sandbox.switch { bodies = true }
      call = by(ways.plain(sandbox.options("plain", { api_token = realm.token })))
    end)

    -- Tokens that are older than those that an operation makes; more as a seed has it.
    local function seed(count, more)
      local batch = { count = count, realm = kind }
      for name, value in pairs(more or {}) do batch[name] = value end
      return sandbox.grow(batch).ids
    end

    local function assert_refused(status, code, result, err)
      assert.is_nil(result)
      assert.same({ "api", "refused", status, code }, { err.kind, err.outcome, err.http.status, err.code })
    end

    local function assert_argument(argument, words, result, err)
      assert.is_nil(result)
      assert.same({ "argument", "not_sent", argument, 0 }, { err.kind, err.outcome, err.argument, err.http.attempts })
      assert.truthy(err.message:find(words, 1, true), err.message)
      assert.equal(0, #sandbox.ledger())
    end

    local function assert_not_found(result, err)
      assert.is_nil(result)
      assert.same({ "not_found", 404, 1003 }, { err.outcome, err.http.status, err.code })
      assert.truthy(err.message:find(realm.here, 1, true), err.message)
    end

    describe("list", function()
      it("gives a page of the tokens, and says where it stands among all", function()
        local before = #call "list"
        seed(47)
        local tokens, envelope = call("list", { page = 2, per_page = 20 })
        assert.same({ 20, "ok", 1 }, { #tokens, envelope.outcome, envelope.http.attempts })
        assert.same({ page = 2, per_page = 20, count = 20, total_count = before + 47 }, envelope.result_info)
        assert.same({ "GET", "", "page=2&per_page=20", null }, last_request(realm))
      end)

      it("asks for no page in particular where it gets no query, or an empty one", function()
        for _, query in ipairs { {}, false } do
          call("list", query or nil)
          assert.same({ "GET", "", null, null }, last_request(realm))
        end
      end)

      it("gives an empty list behind the last page", function()
        assert.same({}, (call("list", { page = 9, per_page = 50 })))
      end)

      it("gives the newest first, or the oldest, as it is asked", function()
        local first, last = seed(1, { name = "first" })[1], assert(call("create", params { name = "last" })).id
        local up, down = call("list", { direction = "asc" }), call("list", { direction = "desc" })
        assert.same({ last, last }, { up[#up].id, down[1].id })
        assert.same({ first, first }, { up[#up - 1].id, down[2].id })
      end)

      it("hides expired tokens, unless it is asked for them", function()
        local id = seed(1, { name = "over", expires_on = "2020-01-01T00:00:00Z", status = "expired" })[1]
        local function shows(query)
          for _, token in ipairs((call("list", query))) do
            if token.id == id then return true end
          end
          return false
        end
        assert.same({ false, false, true },
          { shows(), shows { include_expired = false }, shows { include_expired = true } })
      end)

      -- Each row: the query, the field at fault, and what is said of it.
      local faults = {
        { { page = 0 }, "query.page", "must be a whole number from 1 on" },
        { { page = 1.5 }, "query.page", "must be a whole number from 1 on" },
        { { page = "2" }, "query.page", "must be a whole number from 1 on" },
        { { per_page = 4 }, "query.per_page", "must be a whole number from 5 to 50" },
        { { per_page = 51 }, "query.per_page", "must be a whole number from 5 to 50" },
        { { direction = "up" }, "query.direction", 'must be "asc" or "desc"' },
        { { include_expired = "yes" }, "query.include_expired", "must be true or false" },
        { { perpage = 5 }, "query", "unknown field 'perpage'; did you mean 'per_page'?" },
        { { timeout = 5 }, "query", "that is an option: options stand behind the query" },
        { { 5 }, "query", "field names are strings" },
      }
      for _, row in ipairs(faults) do
        local field, value = next(row[1])
        it(("sends no query with %s = %s"):format(field, value), function()
          assert_argument(row[2], row[3], call("list", row[1]))
        end)
      end
    end)

    describe("get", function()
      it("shows a token as the API does, null as cloudflare.null", function()
        local id = seed(1, { name = "seen" })[1]
        local token, envelope = call("get", id)
        assert.same({ id, "seen-00001", "active", null }, { token.id, token.name, token.status, token.last_used_on })
        assert.equal("string", type(token.policies[1].permission_groups[1].id))
        assert.is_nil(token.value)
        assert.equal("ok", envelope.outcome)
        assert.same({ "GET", "/" .. id, null, null }, last_request(realm))
      end)

      it("says that there is no such token", function() assert_not_found(call("get", sandbox.missing_id)) end)
    end)

    describe("create", function()
      it("makes a token of what it is given, and brings its secret", function()
        local token, envelope = call("create", params())
        assert.same({ "ok", "ci", "active", DNS_READ },
          { envelope.outcome, token.name, token.status, token.policies[1].permission_groups[1].id })
        assert.truthy(token.value:find(realm.secret))
        assert.equal("ci", call("get", token.id).name)
        assert.equal(token.id, call("verify", { api_token = token.value }).id)
      end)

      it("sends its body as JSON, with its names sorted", function()
        call("create", params { condition = { request_ip = { not_in = {}, ["in"] = { "127.0.0.0/8" } } } })
        assert.same({ "POST", "", null, '{"condition":{"request_ip":{"in":["127.0.0.0/8"],"not_in":[]}},"name":"ci",'
          .. '"policies":[{"effect":"allow","permission_groups":[{"id":"' .. DNS_READ .. '"}],'
          .. '"resources":{"' .. ZONES .. '":"*"}}]}' }, last_request(realm))
      end)

      -- Each row: what is wrong, and the parameters: the schema is the API's to judge.
      local refused = {
        { "without anything", {} },
        { "without a name", { policies = params().policies } },
        { "without policies", { name = "ci" } },
        { "with an empty list of them", params { policies = {} } },
        { "with a name that is too long", params { name = ("x"):rep(121) } },
        { "with a name that is none", params { name = 7 } },
        { "with an effect that is none", params { policies = {
          { effect = "permit", permission_groups = { { id = DNS_READ } }, resources = { [ZONES] = "*" } } } } },
      }
      for _, row in ipairs(refused) do
        it("is refused by the API " .. row[1], function()
          assert_refused(400, 1001, call("create", row[2]))
          assert.equal(1, (sandbox.count "POST"))
        end)
      end

      -- Each row: what cannot be sent, its field, and what is said of it.
      local unsent = {
        { params { name = "\255" }, "name", "not UTF-8" },
        { params { policies = { { effect = print } } }, "policies[1].effect", "a function cannot be sent" },
        { params { limit = 0 / 0 }, "limit", "not a finite number" },
      }
      for _, row in ipairs(unsent) do
        it("sends nothing where JSON has no word for it: " .. row[2], function()
          assert_argument(row[2], row[3], call("create", row[1]))
        end)
      end

      it("is refused a credential that may only read, and names the permission", function()
        local permission = kind == "user" and '"API Tokens Write"' or '"Account API Tokens Write"'
        local reader = sandbox.grow { count = 1, realm = kind, secret = "new", groups = {
          kind == "user" and "API Tokens Read" or "Account API Tokens Read" } }.values[1]
        local made, err = call("create", params(), { api_token = reader })
        assert_refused(403, 9109, made, err)
        assert.truthy(err.message:find(permission, 1, true), err.message)
        assert.truthy(call("list", nil, { api_token = reader }))
      end)
    end)

    describe("update", function()
      it("replaces all that can be set: what is left out is lost", function()
        local id = call("create", params { condition = { request_ip = { ["in"] = { "127.0.0.0/8" } } } }).id
        local token, envelope = call("update", id, params { name = "renamed", status = "disabled" })
        assert.same({ id, "renamed", "disabled", "ok" }, { token.id, token.name, token.status, envelope.outcome })
        assert.is_nil(token.value)
        local method, path = unpack(last_request(realm), 1, 2)
        assert.same({ "PUT", "/" .. id }, { method, path })
        token = call("get", id)
        assert.same({ "renamed", "disabled" }, { token.name, token.status })
        assert.is_true(token.condition == nil or token.condition == null)
      end)

      it("takes what get showed, nulls and lists with nothing in them too", function()
        local id = call("create", params {
          expires_on = "2036-01-01T00:00:00Z", condition = { request_ip = { ["in"] = { "127.0.0.0/8" }, not_in = {} } },
        }).id
        local before = call("get", id)
        assert.equal(null, before.last_used_on)
        assert.same({ cloudflare.array {}, { "127.0.0.0/8" } }, { before.condition.request_ip.not_in, before.condition.request_ip["in"] })
        assert(call("update", id, before))
        local body = cjson.decode(last_request(realm)[4])
        assert.same({ before.name, before.expires_on, before.condition.request_ip["in"] },
          { body.name, body.expires_on, body.condition.request_ip["in"] })
        assert.truthy(last_request(realm)[4]:find('"not_in":[]', 1, true))
        local after = call("get", id)
        for _, token in ipairs { before, after } do
          token.modified_on, token.policies[1].id = nil, nil -- an update makes policies anew
        end
        assert.same(before, after)
      end)

      it("sends null where it is told to", function()
        local id = call("create", params { expires_on = "2036-01-01T00:00:00Z" }).id
        assert(call("update", id, params { status = "active", expires_on = null }))
        assert.truthy(last_request(realm)[4]:find('"expires_on":null', 1, true))
        assert.is_true(call("get", id).expires_on == nil or call("get", id).expires_on == null)
      end)

      it("is refused by the API without what the schema requires", function()
        local id = seed(1)[1]
        assert_refused(400, 1001, call("update", id, { status = "active", name = "no policies" }))
        assert_refused(400, 1001, call("update", id, { status = "active", policies = params().policies }))
      end)

      it("says that there is no such token", function()
        assert_not_found(call("update", sandbox.missing_id, params { status = "active" }))
      end)
    end)

    describe("roll", function()
      it("brings a new secret, which is the result, and the old one stops", function()
        local token = call("create", params())
        local value, envelope = call("roll", token.id)
        assert.truthy(value:find(realm.secret))
        assert.not_equal(token.value, value)
        assert.equal("ok", envelope.outcome)
        assert.same({ "PUT", ("/%s/value"):format(token.id), null, "{}" }, last_request(realm))
        assert.equal(token.id, call("verify", { api_token = value }).id)
        assert_refused(401, 1000, call("verify", { api_token = token.value }))
      end)

      it("says that there is no such token", function() assert_not_found(call("roll", sandbox.missing_id)) end)
    end)

    describe("permission_groups", function()
      it("list and get are one operation by two names", function()
        local listed, got = call "permission_groups.list", call "permission_groups.get"
        assert.is_true(#listed > 300)
        assert.same(listed, got)
        assert.same({ "GET", "/permission_groups", null, null }, last_request(realm))
      end)

      it("may be asked for by name, by scope, or by both, which are encoded once", function()
        local found = call("permission_groups.list", { name = "DNS Write", scope = ZONE })
        assert.same({ 1, DNS_WRITE, "DNS Write", { ZONE } }, { #found, found[1].id, found[1].name, found[1].scopes })
        assert.equal("name=DNS%20Write&scope=com.cloudflare.api.account.zone", last_request(realm)[3])
        local both = call("permission_groups.list", { name = "Logs Write" })
        assert.same({ "Logs Write", "Logs Write" }, names_of(both))
      end)

      it("may be none", function() assert.same({}, (call("permission_groups.list", { name = "100% & more" }))) end)

      it("send no query that has a fault", function()
        assert_argument("query.name", "must be a string that is not empty", call("permission_groups.list", { name = "" }))
        assert_argument("query.scope", "must be a string that is not empty", call("permission_groups.get", { scope = 1 }))
        assert_argument("query", "unknown field 'nmae'; did you mean 'name'?", call("permission_groups.list", { nmae = "x" }))
      end)
    end)

    -- Each operation and its arguments behind the account; `id` is a token's.
    local function each_operation(id)
      return pairs {
        list = {}, get = { id }, create = { params() }, update = { id, params { status = "active" } },
        roll = { id, { revive = true } }, delete = { id }, verify = {},
        ["permission_groups.list"] = {}, ["permission_groups.get"] = {},
      }
    end

    it("are all refused to a credential of the other kind, and change nothing", function()
      local operate = by(ways.plain(sandbox.options("plain", { api_token = realm.of_the_other_kind })))
      local id = seed(1)[1]
      for verb, arguments in each_operation(id) do
        local result, err = operate(verb, unpack(arguments))
        assert.same({ verb, nil, "refused" }, { verb, result, err.outcome })
        assert.equal(1, (err.message:find(("cloudflare.%s%s: "):format(realm.prefix, verb), 1, true)))
      end
      for _, entry in ipairs(sandbox.ledger()) do assert.equal(null, entry.effect) end
      assert.equal("active", call("get", id).status)
    end)

    it("are told to on_event by their names, an account's with the account", function()
      local told = {}
      local function on_event(event) told[event.operation] = event.account_id or "none" end
      local operate = by(ways.plain(sandbox.options("plain", { api_token = realm.token, on_event = on_event })))
      for verb, arguments in each_operation(seed(1)[1]) do operate(verb, unpack(arguments)) end
      for verb in each_operation() do
        assert.same({ verb, kind == "account" and sandbox.account or "none" }, { verb, told[realm.prefix .. verb] })
      end
    end)
  end)
end
