-- Both sides' JSON against the published schema (spec/schema/token-api.json): so that the sandbox and the client cannot
-- drift from it together. A row is an exchange; the client's requests are rows too, read from the ledger.
local cjson = require "cjson"
local cloudflare = require "cloudflare"
local read = require "spec.support.read"
local sandbox = require "spec.support.sandbox"
local schema = require "spec.support.schema"

-- Where live answers leave the schema; the first seven are token-api.json's own x-waivers, by their names there.
local WAIVERS = {
  "policies[].id, permission_groups[].name, .meta", -- read-only: not required of a request
  "status of a token",                              -- "revoked (exposed)" too; a request: active or disabled
  "errors[].code, messages[].code",                 -- codes under 1000, or none
  "last_used_on, expires_on, not_before",           -- may be null
  "condition",                                      -- "request.ip" is request_ip by another name
  "result_info.count",                              -- the number on this page; total_count is the whole
  "DELETE, body",                                   -- none is sent
  -- ours
  "error_chain",                                    -- the causes of an error
  "meta in the list of permission groups",          -- published for a token's groups alone
  "failures of the user's operations",              -- published as a success and a failure at once
}

local ACCOUNT, USER = sandbox.tokens(), "/user/tokens"
local api = sandbox.api
local account_resource = { ["com.cloudflare.api.account." .. sandbox.account] = "*" }
local user_resource = { ["com.cloudflare.api.user." .. ("1"):rep(32)] = "*" }
local DNS_WRITE, DNS_READ = "4755a26eedb94da69e1066d98aa820be", "82e64a83756745bbbb1c9c2701bf816b"

local function body(resources, group)
  return {
    name = "schema", policies = { { effect = "allow", resources = resources, permission_groups = { { id = group } } } },
  }
end

local account_body = body(account_resource, "c1fde68c7bcc44588cbb6ddbc16d6480")
local user_body = body(user_resource, "0cc3a61731504c89b99ec1be78b77aa0")

local function with(fields, base)
  local made = {}
  for name, value in pairs(base) do made[name] = value end
  for name, value in pairs(fields) do made[name] = value end
  return made
end

local full_body = {
  name = "Zürich ☃", not_before = "2026-01-01T00:00:00Z", expires_on = "2036-01-01T01:00:00+01:00",
  condition = { request_ip = { ["in"] = { "127.0.0.0/8", "2001:db8::/32" }, not_in = { "127.9.9.9/32" } } },
  policies = {
    { effect = "allow", permission_groups = { { id = DNS_WRITE }, { id = DNS_READ } },
      resources = { ["com.cloudflare.api.account." .. sandbox.account] = { ["com.cloudflare.api.account.zone.*"] = "*" } } },
    { effect = "deny", permission_groups = { { id = "c8fed203ed3043cba015a93ad1616f1f" } },
      resources = { ["com.cloudflare.api.account.zone." .. ("2"):rep(32)] = "*" } },
  },
}

local function new_token(realm, more)
  local batch = sandbox.grow(with(more or {}, { count = 1, realm = realm }))
  return "/" .. batch.ids[1], batch.values and batch.values[1]
end

-- name, status, what makes the exchange
local rows = {}
local function row(name, status, make) rows[#rows + 1] = { name, status, make } end

for realm, base in pairs { account = ACCOUNT, user = USER } do
  local plain = realm == "account" and account_body or user_body
  local token = realm == "user" and sandbox.user_token or nil
  local function of(name) return ("%s's tokens: %s"):format(realm, name) end
  local function call(method, below, sent) return api(method, base .. below, sent, token) end

  row(of "list", 200, function() return call("GET", "") end)
  row(of "list, the page, the order, the expired", 200, function()
    new_token(realm, { count = 7, expires_on = "2020-01-01T00:00:00Z" })
    return call("GET", "?page=1&per_page=5&direction=desc&include_expired=true")
  end)
  row(of "create", 200, function() return call("POST", "", plain) end)
  row(of "get", 200, function() return call("GET", (new_token(realm))) end)
  row(of "get, when it is exposed", 200, function() return call("GET", (new_token(realm, { status = "revoked (exposed)" }))) end)
  row(of "update", 200, function()
    return call("PUT", (new_token(realm)), with({ status = "disabled" }, plain))
  end)
  row(of "roll", 200, function() return call("PUT", new_token(realm) .. "/value", "{}") end)
  row(of "delete", 200, function() return call("DELETE", (new_token(realm))) end)
  row(of "verify", 200, function() return call("GET", "/verify") end)
  row(of "permission groups", 200, function() return call("GET", "/permission_groups") end)
  row(of "permission groups by name and scope", 200, function()
    return call("GET", "/permission_groups?name=Logs%20Write&scope=com.cloudflare.api.account.zone")
  end)

  for _, path in ipairs { "", "/value" } do
    row(of("not there" .. path), 404, function() return call("PUT", "/" .. sandbox.missing_id .. path, plain) end)
  end
  row(of "a malformed id", 404, function() return call("GET", "/abc") end)
  row(of "not by this method", 405, function() return call("DELETE", "/verify") end)
  row(of "not JSON", 400, function() return call("POST", "", "{") end)
  row(of "no name", 400, function() return call("POST", "", { policies = plain.policies }) end)
  row(of "a page that is none", 400, function() return call("GET", "?page=0") end)
  row(of "managed", 400, function() return call("DELETE", (new_token(realm, { managed = true }))) end)
  row(of "no room", 400, function()
    sandbox.switch { most_account = 0, most_user = 0 }
    return call("POST", "", plain)
  end)
  row(of "no credential", 400, function() return api("GET", base, nil, false) end)
  row(of "a malformed credential", 400, function() return api("GET", base, nil, "a b") end)
  row(of "an unknown credential", 401, function() return api("GET", base .. "/verify", nil, ("x"):rep(40)) end)
  row(of "a credential without permission", 403, function()
    local _, value = new_token(realm, { secret = "new" })
    return api("POST", base, plain, value)
  end)
  row(of "a credential used elsewhere", 403, function()
    local _, value = new_token(realm, { secret = "new", condition = { request_ip = { ["in"] = { "192.0.2.0/24" } } } })
    return api("GET", base .. "/verify", nil, value)
  end)
  row(of "locked out", 403, function()
    sandbox.switch { lockout = 60, lockout_after = 1 }
    api("GET", base, nil, ("x"):rep(40))
    return call("GET", "")
  end)
  row(of "too many requests", 429, function()
    sandbox.quota { q = 1, w = 60 }
    call("GET", "")
    return call("GET", "")
  end)
  row(of "an error without a code", 400, function()
    sandbox.fault { status = 400, body = '{"success":false,"errors":[{"message":"no"}],"messages":[],"result":null}' }
    return call("GET", "")
  end)
end

row("a token with everything", 200, function() return api("POST", ACCOUNT, full_body) end)
row("a condition by its other name", 200, function()
  return api("POST", ACCOUNT, with({ condition = { ["request.ip"] = { ["in"] = { "127.0.0.1/32" } } } }, account_body))
end)
row("a token that an application made", 200, function() return api("GET", ACCOUNT .. "?per_page=50") end)
row("a credential of the other kind", 401, function() return api("GET", ACCOUNT .. "/verify", nil, sandbox.user_token) end)
row("an account that is nobody's", 403, function() return api("GET", ("/accounts/%s/tokens"):format(("2"):rep(32))) end)

local published = cjson.decode(read "spec/schema/token-api.json")

-- The path of an exchange as the schema writes it.
local function template_of(exchange)
  return (exchange.path:gsub(sandbox.account, "{account_id}"):gsub(("%x"):rep(32), "{token_id}"))
end

local function operation_of(exchange)
  return published.paths[template_of(exchange)][exchange.method:lower()].operationId
end

-- The operations of the published schema that are not in `asked`.
local function not_asked(asked)
  local missing = {}
  for _, methods in pairs(published.paths) do
    for _, operation in pairs(methods) do
      local id = type(operation) == "table" and operation.operationId
      if id and not asked[id] then missing[#missing + 1] = id end
    end
  end
  return missing
end

local exchanges = {}
local function problems(waivers) return schema.problems(exchanges, waivers) end

local function without(list, name)
  local rest = {}
  for _, each in ipairs(list) do
    if each ~= name then rest[#rest + 1] = each end
  end
  return rest
end

local function count(found)
  local bad = 0
  for _, each in ipairs(found) do bad = bad + math.min(1, #each) end
  return bad
end

describe("the sandbox's JSON", function()
  local found

  setup(function()
    for i, each in ipairs(rows) do
      sandbox.reset()
      exchanges[i] = each[3]()
    end
    found = problems(WAIVERS)
  end)
  teardown(sandbox.reset)

  for i, each in ipairs(rows) do
    it(("has the published shape: %s, %d"):format(each[1], each[2]), function()
      assert.equal(each[2], exchanges[i].status)
      assert.same({}, found[i])
    end)
  end

  it("is held against every operation that is published", function()
    local asked = {}
    for _, each in ipairs(exchanges) do
      if each.status == 200 then
        asked[operation_of(each)] = true
      end
    end
    assert.same({}, not_asked(asked))
  end)
end)

-- With every field, and an empty list that must not become an object.
local QUERY = { page = 1, per_page = 5, direction = "desc", include_expired = true }
local GROUPS = { name = "DNS Write", scope = "com.cloudflare.api.account.zone" }
local with_empty_list = with({ condition = { request_ip = { ["in"] = { "127.0.0.0/8" }, not_in = {} } } }, full_body)
local disabled = with({ status = "disabled" }, with_empty_list)
local by_names = { name = "by names", policies = { cloudflare.policy.allow({ "DNS Write" }, { zone = "*" }) } }
local as_user = { api_token = sandbox.user_token }
local function of_user() return (new_token("user"):sub(2)) end

-- An operation of the client's: its name in the schema, what makes it send its request (others may go before it), and
-- what is special about it.
local calls = {
  { "account-api-tokens-list-tokens", function(cf) return cf.tokens.list(nil, QUERY) end },
  { "account-api-tokens-list-tokens", function(cf) return cf.tokens.list() end, "no query" },
  { "account-api-tokens-token-details", function(cf) return cf.tokens.get(nil, sandbox.fresh()) end },
  { "account-api-tokens-create-token", function(cf) return cf.tokens.create(nil, with_empty_list) end },
  { "account-api-tokens-create-token", function(cf) return cf.tokens.create(nil, by_names) end, "groups by their names" },
  { "account-api-tokens-update-token", function(cf) return cf.tokens.update(nil, sandbox.fresh(), disabled) end },
  { "account-api-tokens-update-token", function(cf)
    local id = sandbox.fresh()
    return cf.tokens.update(nil, id, (cf.tokens.get(nil, id)))
  end, "what get showed" },
  { "account-api-tokens-roll-token", function(cf) return cf.tokens.roll(nil, sandbox.fresh()) end },
  { "account-api-tokens-delete-token", function(cf) return cf.tokens.delete(nil, sandbox.fresh()) end },
  { "account-api-tokens-verify-token", function(cf) return cf.tokens.verify() end },
  { "account-api-tokens-verify-token", function(cf) return cf.tokens.identify(nil, sandbox.token) end, "identify" },
  { "account-api-tokens-list-permission-groups", function(cf) return cf.tokens.permission_groups.list(nil, GROUPS) end },
  { "account-api-tokens-list-permission-groups", function(cf) return cf.tokens.permission_groups.get() end, "no query" },
  { "user-api-tokens-list-tokens", function(cf) return cf.user.tokens.list(QUERY, as_user) end },
  { "user-api-tokens-token-details", function(cf) return cf.user.tokens.get(of_user(), as_user) end },
  { "user-api-tokens-create-token", function(cf) return cf.user.tokens.create(with_empty_list, as_user) end },
  { "user-api-tokens-update-token", function(cf) return cf.user.tokens.update(of_user(), disabled, as_user) end },
  { "user-api-tokens-roll-token", function(cf) return cf.user.tokens.roll(of_user(), as_user) end },
  { "user-api-tokens-delete-token", function(cf) return cf.user.tokens.delete(of_user(), as_user) end },
  { "user-api-tokens-verify-token", function(cf) return cf.user.tokens.verify(as_user) end },
  { "user-api-tokens-verify-token", function(cf) return cf.user.tokens.identify(sandbox.user_token) end, "identify" },
  { "permission-groups-list-permission-groups",
    function(cf) return cf.user.tokens.permission_groups.list(GROUPS, as_user) end },
  { "permission-groups-list-permission-groups",
    function(cf) return cf.user.tokens.permission_groups.get(nil, as_user) end, "no query" },
}

describe("the client's JSON", function()
  before_each(sandbox.reset)
  teardown(sandbox.reset)

  for _, call in ipairs(calls) do
    it("has the published shape: " .. call[1] .. (call[3] and ", " .. call[3] or ""), function()
      sandbox.switch { bodies = true }
      assert(call[2](cloudflare.new(sandbox.options())))
      local sent = sandbox.sent()
      for _, problems_of_one in ipairs(schema.problems(sent, WAIVERS)) do assert.same({}, problems_of_one) end
      assert.equal(call[1], operation_of(sent[#sent]))
    end)
  end

  it("is held against every operation that is published", function()
    local asked = {}
    for _, call in ipairs(calls) do asked[call[1]] = true end
    assert.same({}, not_asked(asked))
  end)
end)

describe("a waiver", function()
  it("stands here where the schema lists it, and nowhere else", function()
    local listed = published["x-waivers"]
    for i, each in ipairs(listed) do assert.equal(each.where, WAIVERS[i]) end
    assert.equal("error_chain", WAIVERS[#listed + 1])
  end)

  -- Without result_info.count nothing is checked less: the rest make what was right wrong.
  for _, name in ipairs(without(WAIVERS, "result_info.count")) do
    it("is needed: " .. name, function() assert.is_true(count(problems(without(WAIVERS, name))) > 0) end)
  end
end)

describe("what has not the published shape", function()
  local answers = {
    { "nothing, as long as nothing was changed", '"', '"' },
    { "a field of the wrong type", '"name":"[^"]*"', '"name":7' },
    { "a field that nobody published", '"name":', '"nickname":"x","name":' },
    { "a field of a policy that nobody published", '"effect":', '"affect":"x","effect":' },
    { "a status that is none", '"active"', '"asleep"' },
    { "a time that is none", '"issued_on":"%d+', '"issued_on":"26' },
    { "an answer without its errors", '"errors":%[%],', "" },
    { "a success that says failure", '"success":true', '"success":false' },
    { "a list that became an object", '"messages":%[%]', '"messages":{}' },
    { "a name twice", '"success":true', '"success":true,"success":true' },
    { "what is not JSON", "}$", "" },
  }
  local requests = {
    { "nothing, in a request that is right", "POST", "", account_body },
    { "a request without a name", "POST", "", { policies = account_body.policies } },
    { "a request with a field that nobody published", "POST", "", with({ nickname = "x" }, account_body) },
    { "a status that no request may ask for", "PUT", "/" .. sandbox.missing_id, with({ status = "expired" }, account_body) },
    { "no body where one belongs", "PUT", "/" .. sandbox.missing_id .. "/value" },
    { "a body where none belongs", "DELETE", "/" .. sandbox.missing_id, {} },
    { "a page that is too large", "GET", "", nil, "per_page=51" },
    { "a parameter that nobody published", "GET", "", nil, "limit=5" },
    { "a boolean that is none", "GET", "", nil, "include_expired=yes" },
    { "an operation that nobody published", "PATCH", "", account_body },
  }
  local found_in_answers, found_in_requests

  setup(function()
    local good, turned, sent = api("GET", sandbox.tokens("/" .. sandbox.fresh())), {}, {}
    for i, each in ipairs(answers) do
      local text, n = good.answer:gsub(each[2], each[3], 1)
      assert.equal(1, n)
      turned[i] = with({ answer = text }, good)
    end
    for i, each in ipairs(requests) do
      sent[i] = {
        method = each[2], path = sandbox.tokens(each[3]), query = each[5], status = 200,
        request = each[4] and cjson.encode(each[4]),
      }
    end
    found_in_answers, found_in_requests = schema.problems(turned, WAIVERS), schema.problems(sent, WAIVERS)
  end)

  for i, each in ipairs(answers) do
    it("is found in an answer: " .. each[1], function() assert.equal(i > 1, #found_in_answers[i] > 0) end)
  end
  for i, each in ipairs(requests) do
    it("is found in a request: " .. each[1], function() assert.equal(i > 1, #found_in_requests[i] > 0) end)
  end
end)
