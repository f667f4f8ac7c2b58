-- The definitions in src/types/library are the module's reference: here they are compared with the module itself.
local cloudflare = require "cloudflare"
local definitions = require "src.types.definitions"
local generate = require "src.types.generate"
local sandbox = require "spec.support.sandbox"
local read = require "spec.support.read"
local Shape = require "spec.support.shape"

local SOURCE, DERIVED = "src/types/library/cloudflare.lua", "src/types/library/derived.lua"
local found = definitions.read(SOURCE, DERIVED)

local function keys(map)
  local list = {}
  for name in pairs(map) do list[#list + 1] = name end
  table.sort(list)
  return list
end

local function names(list)
  local set = {}
  for _, one in ipairs(list) do set[one.name] = true end
  return set
end

-- Calls visit(operation, path, f) for each function of a namespace and of those in it.
local function each_operation(class, space, path, visit)
  local fields, functions = definitions.members(found, class)
  for _, operation in ipairs(functions) do visit(operation, path .. operation.name, space[operation.name]) end
  for _, field in ipairs(fields) do
    if field.type.name and found.classes[field.type.name] then
      each_operation(field.type.name, space[field.name], path .. field.name .. ".", visit)
    end
  end
end

local thread = coroutine.create(function() end) -- of a type that nothing takes

-- A value of a parameter's type, with nothing wrong about its type.
local function any_of(node)
  local first = node.union and node.union[1] or node
  if first.array then return {} end
  if found.aliases[first.name] then return "" end -- one of some words
  return ({ string = "", number = 1, integer = 1, boolean = true })[first.name] or {}
end

-- The arguments of an operation, with `last` in place `at`.
local function arguments(operation, at, last)
  local list = {}
  for i = 1, at - 1 do list[i] = any_of(operation.params[i].type) end
  list[at] = last
  return list, at
end

local function why(f, list, count)
  local ok, message = pcall(f, (table.unpack or unpack)(list, 1, count)) -- luacheck: ignore 143
  return ok and "nothing was wrong" or tostring(message)
end

describe("the definitions", function()
  it("use no type that stands nowhere", function() assert.same({}, keys(definitions.undefined(found))) end)

  it("show how each function is called, in code that compiles", function()
    local source = definitions.read(SOURCE)
    for _, class in pairs(source.classes) do
      for _, operation in ipairs(class.functions) do
        local name = class.name .. "." .. operation.name
        assert.is_true(operation.doc ~= "", name)
        local code = assert(operation.example, name .. " has no example"):gsub(" <close>", "") -- Lua 5.4 alone has it
        assert((loadstring or load)(code), name .. ": " .. code)
      end
    end
  end)

  it("are what the async half and the README's reference are made of", function()
    assert.is_true(generate.derived() == read(DERIVED), DERIVED .. " is stale: make reference")
    assert.is_true(generate.readme() == read "README.md", "the README is stale: make reference")
  end)
end)

describe("the module", function()
  local cf = assert(cloudflare.new(sandbox.options "plain"))

  it("has what is documented, and nothing else", function()
    assert.same({}, Shape.new(found):misfits("cloudflare", cloudflare))
  end)

  it("gives clients and calls that have what is documented, and nothing else", function()
    assert.same({}, Shape.new(found):misfits("cloudflare.Client", cf))
    assert.same({}, Shape.new(found):misfits("cloudflare.Call", cf.async.tokens.delete(nil, "")))
  end)

  it("has the operators that are documented", function()
    local _, err = cf.tokens.delete(nil, "")
    for class, value in pairs { Error = err, Client = cf, Call = cf.async.tokens.delete(nil, "") } do
      local operators = {}
      for event in pairs(debug.getmetatable(value)) do operators[event:match "^__(.*)"] = true end
      -- those that LuaCATS has no word for
      for _, event in ipairs { "tostring", "name", "index", "gc", "close", "metatable" } do operators[event] = nil end
      assert.same(keys(found.classes["cloudflare." .. class].operators), keys(operators))
    end
  end)

  it("takes the parameters that are documented, in their order", function()
    local seen = 0
    each_operation("cloudflare.Client", cf, "", function(operation, path, f)
      if operation.method then return end
      seen = seen + 1
      for i in ipairs(operation.params) do
        assert.truthy(why(f, arguments(operation, i, thread)):find("bad argument #" .. i .. " to '", 1, true), path)
      end
    end)
    assert.is_true(seen >= 4)
  end)

  it("takes options where it is documented that it does", function()
    each_operation("cloudflare.Client", cf, "", function(operation, path, f)
      for i, param in ipairs(operation.params) do
        if param.name == "options" then
          local said = why(f, arguments(operation, i, { no_such = 1 }))
          assert.truthy(said:find("bad argument #" .. i .. " to '.*unknown option 'no_such'"), path .. ": " .. said)
        end
      end
    end)
  end)

  it("knows the options that are documented, and no other", function()
    local table_of_options = read "src/lua/options.c":match "option known%[%] = (%b{})"
    local known = {}
    for name in table_of_options:gmatch '{"([%w_]+)",' do known[name] = true end
    local documented = names((definitions.members(found, "cloudflare.ClientOptions")))
    for name in pairs(names(found.classes["cloudflare.RequestOptions"].fields)) do documented[name] = true end
    assert.same(keys(known), keys(documented))
  end)

  it("knows the options of delete_many that are documented, and checks their types", function()
    local known = {}
    for name in read "src/lua/bulk.lua":match "\n  options = (%b{})":gmatch "([%w_]+) =" do known[name] = true end
    local documented = names(found.classes["cloudflare.ManyOptions"].fields)
    assert.same(keys(known), keys(documented))
    for name in pairs(documented) do
      local said = why(cf.tokens.delete_many, { nil, {}, { [name] = thread } }, 3)
      assert.truthy(said:find("expected for option '" .. name .. "', got thread", 1, true), name)
    end
  end)

  it("takes those options of a call that are documented as such", function()
    local of_call = names(found.classes["cloudflare.CallOptions"].fields)
    for _, field in ipairs((definitions.members(found, "cloudflare.ClientOptions"))) do
      local wrong = { [field.name] = thread }
      local as_client = "expected for option '" .. field.name .. "', got thread"
      local as_call = of_call[field.name] and as_client or "option '" .. field.name .. "' is the client's alone"
      assert.truthy(why(cloudflare.new, { wrong }, 1):find(as_client, 1, true), field.name)
      assert.truthy(why(cf.tokens.verify, { nil, wrong }, 2):find(as_call, 1, true), field.name)
    end
  end)

  it("has the words that are documented for outcomes and kinds", function()
    local source = read "src/core/outcome.c"
    for alias, prefix in pairs { ["cloudflare.Outcome"] = "LCF_", ["cloudflare.Kind"] = "LCF_KIND_" } do
      local words = {}
      for word in source:gmatch("%[" .. prefix .. '%u[%u]*_?%u*%] = "([%w_]+)"') do words[word] = true end
      if prefix == "LCF_" then
        for word in source:gmatch '%[LCF_KIND_%u+%] = "([%w_]+)"' do words[word] = nil end
      end
      words.pending, words.none = nil, nil -- of a call that has not ended
      local documented = {}
      for _, word in ipairs(found.aliases[alias].values) do documented[word] = true end
      assert.same(keys(words), keys(documented))
    end
  end)
end)

describe("what comes back", function()
  local shape = Shape.new(found)
  local client = assert(cloudflare.new(sandbox.options("plain", {
    on_event = function(event) shape.events[#shape.events + 1] = event end,
  })))

  local function fits(type_text, value) assert.same({}, shape:misfits(type_text, value)) end

  local spaces = {
    Tokens = client.tokens, PermissionGroups = client.tokens.permission_groups, UserTokens = client.user.tokens,
    UserPermissionGroups = client.user.tokens.permission_groups,
  }

  -- Calls an operation, and holds what it gives, and what the listener is told, against the definitions.
  local function call(class, name, ...)
    shape.events = {}
    local result, envelope = spaces[class][name](...)
    fits(result and "cloudflare.Envelope" or "cloudflare.Error", envelope)
    for _, operation in ipairs(found.classes["cloudflare." .. class].functions) do
      if result and operation.name == name then fits(definitions.without_nil(operation.returns[1].type), result) end
    end
    for _, event in ipairs(shape.events) do fits("cloudflare.Event", event) end
    return envelope, result
  end

  before_each(sandbox.reset)

  it("is documented, of a deletion and of a look", function()
    call("Tokens", "delete", nil, sandbox.fresh(), { check_first = true })
    call("Tokens", "delete", nil, "")
    call("Tokens", "verify", nil)
    sandbox.fault { path = "verify", body = ([[{"success":true,"errors":[],"messages":[{"code":1,"message":"hm"}],
      "result":{"id":"%s","status":"active","not_before":"2026-01-01T00:00:00Z","expires_on":"2036-01-01T00:00:00Z"}}]])
      :format(sandbox.missing_id) }
    call("Tokens", "verify", nil)
  end)

  local function a_group(class, options)
    local query = { name = "DNS Write", scope = "com.cloudflare.api.account.zone" }
    fits("cloudflare.GroupQuery", query)
    if class == "PermissionGroups" then return select(2, call(class, "list", nil, query, options))[1] end
    return select(2, call(class, "list", query, options))[1]
  end

  local function params(group)
    local policy = cloudflare.policy.allow({ { id = group.id } }, { zone = "*" })
    local fields = {
      name = "documented", policies = { policy }, condition = { request_ip = { ["in"] = { "127.0.0.0/8" } } },
      not_before = "2026-01-01T00:00:00Z", expires_on = "2036-01-01T00:00:00Z", status = "active",
    }
    fits("cloudflare.PolicyParams", policy)
    fits("cloudflare.TokenParams", fields)
    return fields
  end

  local query = { page = 1, per_page = 5, direction = "asc", include_expired = true }

  it("is documented, of policies made from names", function()
    local choice = { name = "DNS Write", scope = "zone" }
    local resources = { account = {}, zone = "*", user = {}, bucket = {} }
    fits("cloudflare.GroupChoice", choice)
    fits("cloudflare.Resources", resources)
    for kind in pairs(resources) do
      fits("cloudflare.PolicyParams", cloudflare.policy.deny({ choice, "DNS Read" }, { [kind] = sandbox.missing_id }))
    end
  end)

  it("is documented, of an account's token from its creation on", function()
    local fields = params(a_group "PermissionGroups")
    local _, token = call("Tokens", "create", nil, fields)
    fits("cloudflare.TokenQuery", query)
    call("Tokens", "list", nil, query)
    call("Tokens", "get", nil, token.id)
    sandbox.fault { method = "GET", token = token.id, body = ([[{"success":true,"errors":[],"messages":[],"result":
      {"id":"%s","name":"n","status":"active","policies":[],"provisioner_type":"com.example.provisioner"}}]]):format(token.id) }
    call("Tokens", "get", nil, token.id)
    call("Tokens", "update", nil, token.id, fields)
    call("Tokens", "roll", nil, token.id)
    call("Tokens", "roll", nil, sandbox.missing_id)
    sandbox.fault { method = "POST", body = ([[{"success":true,"errors":[],"messages":[],"result":{"id":"%s"}}]])
      :format(sandbox.missing_id) }
    call("Tokens", "create", nil, fields)
    shape.events = {}
    assert(client.async.tokens.roll(nil, token.id))
    collectgarbage()
    repeat until cloudflare.step(0.1) == 0
    collectgarbage()
    collectgarbage()
    cloudflare.step()
    for _, event in ipairs(shape.events) do fits("cloudflare.Event", event) end
    call("PermissionGroups", "get", nil)
  end)

  it("is documented, of lost answers, and of less than was asked for", function()
    local fields = params(a_group "PermissionGroups")
    fields.expires_on, fields.expires_in = nil, 3600
    fits("cloudflare.TokenParams", fields)
    local function lose(method) sandbox.fault { method = method, drop = "after" } end
    sandbox.switch { withhold = { "DNS Write" } }
    call("Tokens", "create", nil, fields)
    sandbox.switch { withhold = {} }
    fields.name = "recovered"
    lose "POST"
    local _, token = call("Tokens", "create", nil, fields, { recover = true })
    fields.name = "lost"
    lose "POST"
    lose "PUT"
    call("Tokens", "create", nil, fields, { recover = true })
    lose "POST"
    sandbox.fault { method = "GET", path = "/tokens", status = 403, code = 9109 }
    call("Tokens", "create", nil, fields)
    fields.name = "changed"
    sandbox.fault { method = "PUT", drop = "before" }
    call("Tokens", "update", nil, token.id, fields)
    lose "PUT"
    local grown = sandbox.grow { count = 1, secret = "new" }
    call("Tokens", "roll", nil, grown.ids[1], { old = grown.values[1] })
  end)

  it("is documented, of a user's token from its creation on", function()
    local as_user = { api_token = sandbox.user_token }
    local fields = params(a_group("UserPermissionGroups", as_user))
    local _, token = call("UserTokens", "create", fields, as_user)
    call("UserTokens", "list", query, as_user)
    call("UserTokens", "get", token.id, as_user)
    call("UserTokens", "update", token.id, fields, as_user)
    call("UserTokens", "roll", token.id, as_user)
    call("UserTokens", "verify", as_user)
    call("UserTokens", "delete", token.id, as_user)
    call("UserPermissionGroups", "get", nil, as_user)
  end)

  it("is documented, of a value whose token is found, and of one that is not", function()
    call("Tokens", "identify", nil, sandbox.token)
    call("UserTokens", "identify", sandbox.user_token)
    call("Tokens", "identify", nil, sandbox.user_token)
    call("Tokens", "identify", nil, ("x"):rep(40))
  end)

  it("is documented, of any other endpoint", function()
    local path = "/accounts/" .. sandbox.account .. "/tokens"
    fits("cloudflare.Envelope", (select(2, client.request("GET", path, { query = query }))))
    fits("cloudflare.Error", (select(2, client.request("GET", "/no/such/route"))))
    for item, err in client.pages("/no/such/route") do
      assert.is_false(item)
      fits("cloudflare.Error", err)
    end
  end)

  it("is documented, of many deletions", function()
    local report = assert(client.tokens.delete_many(nil, { sandbox.fresh(), sandbox.missing_id, "", 5 }))
    fits("cloudflare.Report", report)
    sandbox.fault { method = "DELETE", status = 403, effect = false }
    fits("cloudflare.Report", client.tokens.delete_many(nil, { { id = sandbox.fresh(), outcome = "unknown" } }))
    report = client.tokens.delete_many(nil, { sandbox.fresh() }, { journal = function() return nil, "full" end })
    fits("cloudflare.Report", report)
    assert.equal("full", report.error)
    local _, err = client.tokens.delete_many(nil, {}, { deadline = 0 })
    fits("cloudflare.Error", err)
  end)

  it("is documented, of a walk that does not see all", function()
    sandbox.fault { path = "/tokens", times = 9, body = '{"success":true,"errors":[],"messages":[],"result":[],'
      .. '"result_info":{"total_count":7,"per_page":50}}' }
    for token, err in client.tokens.each(nil) do
      assert.is_false(token)
      fits("cloudflare.Error", err)
    end
  end)

  it("is documented, of a refusal with all that the API may say", function()
    sandbox.fault { method = "DELETE", status = 403, effect = false, body = [[{"success":false,"messages":[],"result":null,
      "errors":[{"code":9109,"message":"no","documentation_url":"https://developers.example","source":{"pointer":"/a"},
      "error_chain":[{"code":6003,"message":"why"}]}]}]] }
    call("Tokens", "delete", nil, sandbox.fresh())
    sandbox.fault { method = "DELETE", status = 429, headers = { ["Retry-After"] = "60" } }
    assert.equal(60, call("Tokens", "delete", nil, sandbox.fresh(), { timeout = 5, api_token = sandbox.read_token }).http.retry_after)
  end)

  it("is documented, of answers that prove nothing", function()
    sandbox.fault { { method = "DELETE", drop = "after" }, { method = "GET", headers = { Age = "1" } } }
    call("Tokens", "delete", nil, sandbox.fresh())
    sandbox.fault { path = "verify", html = true, status = 502 }
    assert.equal(502, call("Tokens", "verify", nil, { max_retries = 0 }).http.status)
  end)

  -- Classes whose fields are options, or that the walk above has met.
  local function is_walked(class, walked) return class.name:find "Options$" or walked.met[class.name] end

  -- The sweep of allocations meets it.
  local NEEDS_NO_MEMORY = { ["cloudflare.Error.call"] = true }

  it("has every field that is documented, in one of these", function()
    local walked, absent = Shape.new(found), {}
    walked:misfits("cloudflare", cloudflare)
    walked:misfits("cloudflare.Client", client)
    walked:misfits("cloudflare.Call", client.async.tokens.delete(nil, ""))
    for name, class in pairs(found.classes) do
      for _, field in ipairs(is_walked(class, walked) and {} or class.fields) do
        local met = (shape.met[name] or {})[field.name] or NEEDS_NO_MEMORY[name .. "." .. field.name]
        if not met then absent[#absent + 1] = name .. "." .. field.name end
      end
    end
    table.sort(absent)
    assert.same({}, absent)
  end)
end)
