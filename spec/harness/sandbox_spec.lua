-- The sandbox by plain HTTP: what it does as the API does, what its switches change, what it tells behind the API.
local socket = require "socket"
local sandbox = require "spec.support.sandbox"

local api = sandbox.api
local ACCOUNT, USER = sandbox.tokens(), "/user/tokens"
local ID = {
  settings_read = "c1fde68c7bcc44588cbb6ddbc16d6480", scripts_write = "e086da7e2179491d91ee5f35b3ca210a",
  dns_write = "4755a26eedb94da69e1066d98aa820be", api_tokens_read = "0cc3a61731504c89b99ec1be78b77aa0",
}
local OF_ACCOUNT = { ["com.cloudflare.api.account." .. sandbox.account] = "*" }
local ZONES = { ["com.cloudflare.api.account.zone.*"] = "*" }
local OF_USER = { ["com.cloudflare.api.user." .. ("1"):rep(32)] = "*" }

local function policy(resources, ...)
  local list = {}
  for i, id in ipairs { ... } do list[i] = { id = id } end
  return { effect = "allow", resources = resources, permission_groups = list }
end

local function token(name, ...)
  return { name = name, policies = select("#", ...) > 0 and { ... } or { policy(OF_ACCOUNT, ID.settings_read) } }
end

local function with(fields, base)
  for name, value in pairs(fields) do base[name] = value end
  return base
end

local function created(body, credential) return api("POST", ACCOUNT, body, credential).body.result end
local function get(id) return api("GET", sandbox.tokens("/" .. id)).body.result end
local function verified(value) return api("GET", ACCOUNT .. "/verify", nil, value) end

-- What one credential may do, that a batch of one made.
local function credential(more) return sandbox.grow(with({ count = 1, secret = "new" }, more)) end

-- status, code and message of an exchange
local function told(exchange)
  local err = exchange.body.errors[1] or {}
  return { exchange.status, err.code, err.message }
end

local function refused(status, code, text, exchange)
  local what = told(exchange)
  assert.same({ status, code }, { what[1], what[2] })
  assert.is_truthy(what[3]:find(text, 1, true), what[3])
end

-- Group ids of every policy of a token, sorted as they came.
local function group_ids(policies)
  local all = {}
  for i, each in ipairs(policies) do
    all[i] = {}
    for k, group in ipairs(each.permission_groups) do all[i][k] = group.id end
  end
  return all
end

local function xor(a, b)
  local sum, bit = 0, 1
  while a > 0 or b > 0 do
    if a % 2 ~= b % 2 then sum = sum + bit end
    a, b, bit = math.floor(a / 2), math.floor(b / 2), bit * 2
  end
  return sum
end

local function crc32(text)
  local crc = 4294967295
  for byte in text:gmatch "." do
    crc = xor(crc, byte:byte())
    for _ = 1, 8 do crc = crc % 2 == 1 and xor(math.floor(crc / 2), 3988292384) or math.floor(crc / 2) end
  end
  return ("%08x"):format(xor(crc, 4294967295))
end

describe("the sandbox", function()
  before_each(sandbox.reset)
  teardown(sandbox.reset)

  describe("lists", function()
    local function list(query) return api("GET", ACCOUNT .. query).body end

    it("a page, and says how many there are", function()
      sandbox.seed(30)
      local page = list "?page=2"
      assert.equal(16, #page.result)
      assert.same({ count = 16, page = 2, per_page = 20, total_count = 36 }, page.result_info)
    end)

    for asked, given in pairs { ["1"] = 5, ["5"] = 5, ["50"] = 50, ["500"] = 50 } do
      it("no fewer than 5 and no more than 50 on a page: " .. asked, function()
        sandbox.seed(60)
        local page = list("?per_page=" .. asked)
        assert.same({ given, given }, { page.result_info.per_page, #page.result })
      end)
    end

    it("from either end", function()
      local first, last = list "?direction=asc".result, list "?direction=desc".result
      assert.equal(first[1].id, last[#last].id)
      assert.not_equal(first[1].id, last[1].id)
    end)

    it("expired tokens only where they are asked for", function()
      sandbox.grow { count = 1, expires_on = "2020-01-01T00:00:00Z" }
      assert.equal(6, list("").result_info.total_count)
      local all = list "?include_expired=true"
      assert.equal(7, all.result_info.total_count)
      assert.equal("expired", all.result[7].status)
    end)

    it("no secret, ever", function()
      created(token "x")
      for _, each in ipairs(list("").result) do assert.is_nil(each.value) end
    end)

    it("to a credential that may list its own alone nothing else", function()
      local batch = credential { groups = { "Account API Tokens Own" } }
      local own = batch.values[1]
      assert.equal(0, api("GET", ACCOUNT, nil, own).body.result_info.total_count)
      local mine = created(token "mine", own)
      sandbox.grow { count = 2, creator = batch.ids[1] }
      local seen = api("GET", ACCOUNT, nil, own).body
      assert.same({ 3, mine.id }, { seen.result_info.total_count, seen.result[1].id })
      assert.equal(200, api("GET", sandbox.tokens("/" .. mine.id), nil, own).status)
      refused(404, 1003, "not found", api("GET", sandbox.tokens("/" .. sandbox.fresh()), nil, own))
      refused(403, 9109, "Unauthorized", api("DELETE", sandbox.tokens("/" .. mine.id), nil, own))
    end)
  end)

  describe("creates a token", function()
    it("that shows its secret once", function()
      local made = created(token "once")
      local letters, checksum = made.value:match "^cfat_(%w+)(%x%x%x%x%x%x%x%x)$"
      assert.same({ 40, crc32(letters) }, { #letters, checksum })
      assert.same({ "active", made.issued_on }, { made.status, made.modified_on })
      assert.same(made.policies, get(made.id).policies)
      assert.is_nil(get(made.id).value)
      assert.equal(made.id, verified(made.value).body.result.id)
    end)

    it("whose policies and groups stand in another order", function()
      local groups = { ID.scripts_write, ID.settings_read }
      local made = created(token("order", policy(OF_ACCOUNT, groups[1], groups[2]), policy(ZONES, ID.dns_write)))
      assert.same({ { ID.dns_write }, { groups[2], groups[1] } }, group_ids(made.policies))
    end)

    it("and heeds nothing of what it alone decides", function()
      local made = created(with({ id = sandbox.missing_id, value = "mine", issued_on = "2001-01-01T00:00:00Z" }, token "x"))
      assert.not_equal(sandbox.missing_id, made.id)
      assert.not_equal("mine", made.value)
      assert.is_nil(made.issued_on:find "^2001")
    end)

    it("with fewer grants where the creator has them not, and says nothing of it", function()
      local body = token("fewer", policy(OF_ACCOUNT, ID.scripts_write, ID.settings_read))
      sandbox.switch { withhold = { "Workers Scripts Write" } }
      assert.same({ { ID.settings_read } }, group_ids(created(body).policies))
      sandbox.switch { withhold = {}, held_only = true }
      assert.same({}, created(body).policies)
    end)

    it("until there are as many as there may be", function()
      sandbox.seed(493)
      created(token "the last")
      refused(400, 1001, "500", api("POST", ACCOUNT, token "too many"))
      sandbox.grow { count = 48, realm = "user" }
      refused(400, 1001, "50", api("POST", USER, token("x", policy(OF_USER, ID.api_tokens_read)), sandbox.user_token))
    end)

    local wrong = {
      { "without a name", { name = "" }, "name" },
      { "with a name of 121 characters", { name = ("ü"):rep(121) }, "name" },
      { "without policies", { policies = {} }, "policies" },
      { "with a status that cannot be asked for", { status = "expired" }, "status" },
      { "with a time that is none", { expires_on = "tomorrow" }, "expires_on" },
      { "with an address that is none", { condition = { request_ip = { ["in"] = { "192.0.2.0/33" } } } }, "CIDR" },
      { "with an effect that is none", { policies = { with({ effect = "maybe" }, policy(OF_ACCOUNT, ID.dns_write)) } }, "effect" },
      { "with a group that nobody knows", { policies = { policy(OF_ACCOUNT, ("f"):rep(32)) } }, "unknown permission group" },
      { "with a group of another scope", { policies = { policy(OF_ACCOUNT, ID.dns_write) } }, "scope" },
      { "with resources of two scopes", { policies = { policy(with({ ["com.cloudflare.api.account.zone.*"] = "*" },
        with(OF_ACCOUNT, {})), ID.dns_write) } }, "must not mix scopes" },
      { "with a resource that is none", { policies = { policy({ everything = "*" }, ID.dns_write) } }, "not a resource" },
      { "with an empty list of groups", { policies = { policy(OF_ACCOUNT) } }, "permission_groups" },
    }
    for _, row in ipairs(wrong) do
      it("not " .. row[1], function() refused(400, 1001, row[3], api("POST", ACCOUNT, with(row[2], token "x"))) end)
    end

    it("not with a group that may not be granted", function()
      local listed = api("GET", ACCOUNT .. "/permission_groups?name=Cloudflare%20Support%20Write").body.result[1]
      assert.is_false(listed.is_selectable)
      refused(400, 1001, "may not be granted", api("POST", ACCOUNT, token("x", policy(OF_ACCOUNT, listed.id))))
    end)

    it("not of what is not JSON", function() refused(400, 6007, "JSON", api("POST", ACCOUNT, "{")) end)
  end)

  describe("puts a token", function()
    it("whole: what is left out is lost", function()
      local old = created(with({ expires_on = "2036-01-01T00:00:00Z", condition = { request_ip = { ["in"] = { "::1" } } } },
        token "old"))
      local path = sandbox.tokens("/" .. old.id)
      local new = api("PUT", path, with({ id = sandbox.missing_id, issued_on = "2001-01-01T00:00:00Z" }, token "new")).body.result
      assert.same({ old.id, "new", old.issued_on }, { new.id, new.name, new.issued_on })
      assert.is_nil(new.expires_on)
      assert.is_nil(new.condition)
    end)

    it("active again where it leaves out that it was disabled", function()
      local id = sandbox.fresh()
      api("PUT", sandbox.tokens("/" .. id), with({ status = "disabled" }, token "off"))
      assert.equal("disabled", get(id).status)
      api("PUT", sandbox.tokens("/" .. id), token "on")
      assert.equal("active", get(id).status)
    end)

    it("times in UTC", function()
      local made = created(with({ expires_on = "2036-02-29T01:30:00.5+02:00" }, token "x"))
      assert.equal("2036-02-28T23:30:00Z", made.expires_on)
    end)
  end)

  describe("rolls a secret", function()
    it("and the old one is dead", function()
      local made = created(token "rolled")
      local value = api("PUT", sandbox.tokens("/" .. made.id .. "/value"), {}).body.result
      assert.equal(made.id, verified(value).body.result.id)
      refused(401, 1000, "Invalid API Token", verified(made.value))
    end)

    it("which moves modified_on, not issued_on", function()
      local batch = sandbox.grow { count = 1 }
      local before = get(batch.ids[1])
      api("PUT", sandbox.tokens("/" .. batch.ids[1] .. "/value"), {})
      local after = get(batch.ids[1])
      assert.equal(before.issued_on, after.issued_on)
      assert.not_equal(before.modified_on, after.modified_on)
    end)

    it("of a token that was exposed, which revives it", function()
      local leaked = credential { status = "revoked (exposed)" }
      assert.equal("revoked (exposed)", get(leaked.ids[1]).status)
      refused(401, 1000, "Invalid API Token", verified(leaked.values[1]))
      local value = api("PUT", sandbox.tokens("/" .. leaked.ids[1] .. "/value"), {}).body.result
      assert.equal("active", verified(value).body.result.status)
    end)
  end)

  it("deletes no token that Cloudflare manages", function()
    local id = sandbox.grow { count = 1, managed = true }.ids[1]
    refused(400, 1001, "managed by Cloudflare", api("DELETE", sandbox.tokens("/" .. id)))
    assert.equal(id, get(id).id)
  end)

  it("does for the user's tokens what it does for the account's, and keeps them apart", function()
    local function call(method, below, body) return api(method, USER .. below, body, sandbox.user_token) end
    local made = call("POST", "", token("mine", policy(OF_USER, ID.api_tokens_read))).body.result
    assert.is_truthy(made.value:find "^cfut_")
    assert.equal(3, call("GET", "").body.result_info.total_count)
    assert.equal("mine", call("GET", "/" .. made.id).body.result.name)
    assert.is_truthy(call("PUT", "/" .. made.id .. "/value", {}).body.result:find "^cfut_")
    refused(404, 1003, "not found", api("GET", sandbox.tokens("/" .. made.id)))
    assert.equal(made.id, call("DELETE", "/" .. made.id).body.result.id)
    refused(404, 1003, "not found", call("GET", "/" .. made.id))
  end)

  describe("lists permission groups", function()
    local function groups(base, query, value) return api("GET", base .. "/permission_groups" .. query, nil, value).body.result end

    it("on one page of some 400, each with eight texts of meta", function()
      local all = groups(ACCOUNT, "")
      assert.is_true(#all > 350 and #all < 450)
      for _, group in ipairs(all) do
        local texts = 0
        for _, text in pairs(group.meta) do texts = texts + (type(text) == "string" and 1 or 100) end
        assert.equal(8, texts)
      end
    end)

    it("of which a name may stand for two scopes", function()
      local both = groups(ACCOUNT, "?name=Logs%20Write")
      assert.same({ "com.cloudflare.api.account", "com.cloudflare.api.account.zone" }, { both[1].scopes[1], both[2].scopes[1] })
      local one = groups(ACCOUNT, "?name=Logs%20Write&scope=com.cloudflare.api.account.zone")
      assert.same({ 1, both[2].id }, { #one, one[1].id })
    end)

    it("of the user to the user alone", function()
      assert.equal(0, #groups(ACCOUNT, "?name=API%20Tokens%20Write"))
      assert.equal(1, #groups(USER, "?name=API%20Tokens%20Write", sandbox.user_token))
    end)
  end)

  describe("takes a token as a credential", function()
    it("also an older one, without prefix", function()
      local older = sandbox.grow { count = 1, secret = "older" }
      assert.same({ 40, older.ids[1] }, { #older.values[1], verified(older.values[1]).body.result.id })
    end)

    it("only where it belongs", function()
      local other = credential { realm = "other" }
      refused(401, 1000, "Invalid API Token", verified(other.values[1]))
      refused(401, 1000, "Invalid API Token", verified(sandbox.user_token))
      refused(401, 1000, "Invalid API Token", api("GET", USER .. "/verify"))
      refused(401, 1000, "Invalid API Token", api("GET", USER))
      local there = api("GET", ("/accounts/%s/tokens/verify"):format(sandbox.other_account), nil, other.values[1])
      assert.equal(other.ids[1], there.body.result.id)
    end)

    it("for what its groups say", function()
      local path = sandbox.tokens("/" .. sandbox.fresh())
      assert.equal(200, api("GET", path, nil, sandbox.read_token).status)
      refused(403, 9109, "Unauthorized", api("DELETE", path, nil, sandbox.read_token))
      refused(403, 9109, "Unauthorized", api("GET", path, nil, sandbox.no_token))
    end)

    local dead = {
      { "disabled", { status = "disabled" } }, { "expired", { expires_on = "2020-01-01T00:00:00Z" } },
      { "exposed", { status = "revoked (exposed)" } }, { "for later", { not_before = "2036-01-01T00:00:00Z" } },
      { "dead", { dead = true } },
    }
    for _, row in ipairs(dead) do
      it("not while it is " .. row[1], function()
        refused(401, 1000, "Invalid API Token", verified(credential(row[2]).values[1]))
      end)
    end

    local places = {
      { "127.0.0.1", { ["in"] = { "127.0.0.0/8" } }, true }, { "127.0.0.1", { ["in"] = { "192.0.2.0/24" } }, false },
      { "192.0.3.1", { ["in"] = { "192.0.2.0/23" } }, true }, { "192.0.4.1", { ["in"] = { "192.0.2.0/23" } }, false },
      { "192.0.2.9", { not_in = { "192.0.2.8/31" } }, false }, { "192.0.2.10", { not_in = { "192.0.2.8/31" } }, true },
      { "2001:db8::1", { ["in"] = { "2001:db8::/32" } }, true }, { "2001:db9::1", { ["in"] = { "2001:db8::/32" } }, false },
      { "2001:db8::1", { ["in"] = { "192.0.2.0/24", "2001:db8:0:0:0:0:0:1" } }, true },
    }
    for i, place in ipairs(places) do
      it(("from where its condition lets it, %d: %s"):format(i, place[1]), function()
        sandbox.switch { address = place[1] }
        local answer = verified(credential { condition = { request_ip = place[2] } }.values[1])
        if place[3] then return assert.equal(200, answer.status) end
        refused(403, 9109, "Cannot use the access token from location: " .. place[1], answer)
      end)
    end
  end)

  describe("has a switch for", function()
    it("a new secret that is refused at first", function()
      sandbox.switch { fresh_refused = 600 }
      local made = created(token "fresh")
      refused(401, 1000, "Invalid API Token", verified(made.value))
      sandbox.switch { fresh_refused = 0 }
      assert.equal(200, verified(made.value).status)
    end)

    it("a dead secret that is accepted for some time", function()
      sandbox.switch { dead_accepted = 1 }
      local made = created(token "dead")
      api("PUT", sandbox.tokens("/" .. made.id .. "/value"), {})
      assert.equal(made.id, verified(made.value).body.result.id)
      api("DELETE", sandbox.tokens("/" .. made.id))
      refused(404, 1003, "not found", api("GET", sandbox.tokens("/" .. made.id)))
      assert.equal(made.id, verified(made.value).body.result.id)
      socket.sleep(1.2)
      refused(401, 1000, "Invalid API Token", verified(made.value))
    end)

    it("the lock-out of everybody after twelve refusals", function()
      sandbox.switch { lockout = 1 }
      for _ = 1, 12 do
        assert.equal(200, verified().status)
        refused(401, 1000, "Invalid API Token", verified(("x"):rep(40)))
      end
      refused(403, 10502, "Too many authentication failures", verified())
      socket.sleep(1.2)
      assert.equal(200, verified().status)
    end)

    it("verifying a disabled or expired token, which is refused all else", function()
      sandbox.switch { verify_tells = true }
      local off = credential { status = "disabled", groups = { "Account API Tokens Write" } }
      assert.same({ id = off.ids[1], status = "disabled" }, verified(off.values[1]).body.result)
      local old = verified(credential { expires_on = "2020-01-01T00:00:00Z" }.values[1]).body.result
      assert.same({ "expired", "2020-01-01T00:00:00Z" }, { old.status, old.expires_on })
      refused(401, 1000, "Invalid API Token", verified(credential { status = "revoked (exposed)" }.values[1]))
      refused(401, 1000, "Invalid API Token", api("GET", ACCOUNT, nil, off.values[1]))
    end)

    it("nothing that it does not know", function()
      assert.has_error(function() sandbox.switch { lock_out = 1 } end)
      assert.has_error(function() sandbox.switch { lockout = "1" } end)
    end)
  end)

  it("breaks every so many requests where a fault says so", function()
    sandbox.fault { path = "/verify", every = 3, times = 2, status = 401, code = 10000 }
    local statuses = {}
    for i = 1, 10 do statuses[i] = verified().status end
    assert.same({ 200, 200, 401, 200, 200, 401, 200, 200, 200, 200 }, statuses)
  end)

  describe("has an audit log", function()
    local function log(query, value)
      local path = ("/accounts/%s/logs/audit?since=2026-01-01T00:00:00Z&before=2036-01-01T00:00:00Z"):format(sandbox.account)
      return api("GET", path .. query, nil, value or sandbox.no_token)
    end

    it("of what took effect, the newest first, with who did it", function()
      local made = created(token "a")
      local ray = api("DELETE", sandbox.tokens("/" .. made.id)).headers["cf-ray"]:match "^%x+"
      get(sandbox.missing_id)
      local entries = log("").body.result
      assert.equal(2, #entries)
      assert.same({ "delete", made.id, ray }, { entries[1].action.type, entries[1].resource.id, entries[1].raw.cf_ray_id })
      assert.equal("create", entries[2].action.type)
      assert.equal(verified().body.result.id, entries[1].actor.token_id)
      assert.is_string(entries[1].raw.user_agent)
    end)

    it("that is searched by who, and by ray", function()
      local helper = credential { groups = { "Account API Tokens Write" } }
      created(token "a")
      local made = created(token "b", helper.values[1])
      local by_helper = log("&actor_token_id=" .. helper.ids[1]).body.result
      assert.same({ 1, made.id }, { #by_helper, by_helper[1].resource.id })
      assert.equal(made.id, log("&raw_cf_ray_id=" .. by_helper[1].raw.cf_ray_id).body.result[1].resource.id)
    end)

    it("in pages that a cursor leads through", function()
      local ids, seen, after = {}, {}, ""
      for i = 5, 1, -1 do ids[i] = created(token "a").id end
      for page = 1, 3 do
        local body = log("&limit=2" .. (after ~= "" and "&cursor=" .. after or "")).body
        for _, entry in ipairs(body.result) do seen[#seen + 1] = entry.resource.id end
        after = body.result_info.cursors.after
        assert.equal(page == 3, after == "")
      end
      assert.same(ids, seen)
    end)

    it("for whoever may read it, between two times", function()
      refused(403, 9109, "Unauthorized", log("", sandbox.token))
      created(token "a")
      local path = ("/accounts/%s/logs/audit"):format(sandbox.account)
      refused(400, 1001, "since and before", api("GET", path, nil, sandbox.no_token))
      local early = api("GET", path .. "?since=2020-01-01T00:00:00Z&before=2021-01-01T00:00:00Z", nil, sandbox.no_token)
      assert.same({}, early.body.result)
    end)
  end)

  describe("counts the secrets of a name", function()
    it("those made, those rolled, and those that live", function()
      local first, second = created(token "twice"), created(token "twice")
      api("PUT", sandbox.tokens("/" .. first.id .. "/value"), {})
      assert.same({ created = 2, rolled = 1, live = 2, ids = { first.id, second.id } }, sandbox.secrets "twice")
      api("DELETE", sandbox.tokens("/" .. second.id))
      assert.equal(1, sandbox.secrets "twice".live)
      assert.equal(0, sandbox.secrets "never".created)
    end)

    it("also those whose answers were lost", function()
      sandbox.fault { method = "POST", drop = "after" }
      pcall(api, "POST", ACCOUNT, token "lost")
      assert.same({ 1, 1 }, { sandbox.secrets "lost".created, sandbox.secrets "lost".live })
    end)
  end)

  it("takes thousands of leaked, foreign, dead and personal tokens in one request", function()
    local leaked, foreign, dead, mine, rest = sandbox.grow({ count = 300, secret = "new", name = "leaked" },
      { count = 20, secret = "older", realm = "other" }, { count = 20, secret = "new", dead = true },
      { count = 20, secret = "new", realm = "user" }, { count = 2000 })
    assert.same({ 300, 20, 20, 20, 2000 }, { #leaked.values, #foreign.values, #dead.values, #mine.values, #rest.ids })
    assert.equal("leaked-00300", get(leaked.ids[300]).name)
    assert.equal(leaked.ids[150], verified(leaked.values[150]).body.result.id)
    assert.equal(401, verified(foreign.values[1]).status)
    assert.equal(401, verified(dead.values[20]).status)
    assert.equal(mine.ids[7], api("GET", USER .. "/verify", nil, mine.values[7]).body.result.id)
    assert.equal(2306, api("GET", ACCOUNT).body.result_info.total_count)
  end)
end)
