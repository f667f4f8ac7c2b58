-- Giving a token a new secret: once, and never by accident to one that was revoked.
local cloudflare = require "cloudflare"
local sandbox = require "spec.support.sandbox"
local ways = require "spec.support.ways"

-- A token that is older than a minute, and its value.
local function seeded(more)
  local batch = { count = 1, secret = "new", name = "rolled" }
  for name, value in pairs(more or {}) do batch[name] = value end
  local grown = sandbox.grow(batch)
  return grown.ids[1], grown.values[1]
end

local function rolls()
  local count = 0
  for _, entry in ipairs(sandbox.ledger()) do
    if entry.effect == "rolled" then count = count + 1 end
  end
  return count
end

describe("tokens.roll", function()
  local cf
  before_each(function()
    sandbox.reset()
    cf = cloudflare.new(sandbox.options "http2")
  end)
  after_each(function() cf:close() end)

  it("gives the new secret, and the old one stops", function()
    local id, old = seeded()
    local value, envelope = cf.tokens.roll(nil, id, { old = old })
    assert.equal("ok", envelope.outcome)
    assert.equal(id, cf.tokens.identify(nil, value).id)
    assert.equal("not_accepted", select(2, cf.tokens.identify(nil, old)).reason)
  end)

  it("rolls a disabled token, and one of the user's", function()
    assert.is_string((cf.tokens.roll(nil, (seeded { status = "disabled" }))))
    local user = cloudflare.new(sandbox.options("http2", { api_token = sandbox.user_token }))
    local id, old = seeded { realm = "user" }
    assert.truthy(user.user.tokens.roll(id, { old = old }):find "^cfut_")
  end)

  it("says that there is no such token", function()
    local _, err = cf.tokens.roll(nil, sandbox.missing_id)
    assert.equal("not_found", err.outcome)
    assert.truthy(err.message:find("^cloudflare%.tokens%.roll: there is no such token in this account"), err.message)
  end)

  it("says that the token could not be read first", function()
    sandbox.fault { method = "GET", status = 403, code = 9109, times = 9 }
    local _, err = cf.tokens.roll(nil, (seeded()))
    assert.same({ "not_sent", "api", 403, true, 0 },
      { err.outcome, err.kind, err.http.status, err.safe_to_retry, (sandbox.count "PUT") })
    assert.truthy(err.message:find("^cloudflare%.tokens%.roll: nothing was sent: the token could not be read first: the API "
      .. "refused %(HTTP 403"), err.message)
  end)

  describe("of a token that was exposed", function()
    it("sends nothing", function()
      local id = seeded { status = "revoked (exposed)" }
      local _, err = cf.tokens.roll(nil, id)
      assert.same({ "argument", "not_sent", "revive", 0 }, { err.kind, err.outcome, err.argument, (sandbox.count "PUT") })
      assert.truthy(err.message:find("the token is revoked (exposed)", 1, true), err.message)
    end)

    it("does so with revive", function()
      local id = seeded { status = "revoked (exposed)" }
      assert.is_string((cf.tokens.roll(nil, id, { revive = true })))
      assert.equal("active", cf.tokens.get(nil, id).status)
    end)
  end)

  it("sends nothing where the status cannot be read, but with revive", function()
    local id = seeded()
    sandbox.fault { method = "GET", token = id, status = 403, code = 9109 }
    local _, err = cf.tokens.roll(nil, id)
    assert.same({ "not_sent", 403, 0 }, { err.outcome, err.http.status, rolls() })
    assert.is_string((cf.tokens.roll(nil, id, { revive = true })))
  end)

  it("sends nothing where the old value is another token's, or no token's", function()
    local id = seeded()
    local _, value = seeded()
    for _, old in ipairs { value, "cfk_" .. ("k"):rep(48), ("a"):rep(64), "", "with a blank" } do
      local _, err = cf.tokens.roll(nil, id, { old = old })
      assert.same({ "argument", "not_sent", "old", 0 }, { err.kind, err.outcome, err.argument, (sandbox.count "PUT") })
      if old ~= "" then assert.is_nil(err.message:find(old, 1, true)) end
    end
  end)

  it("checks the types of its options", function()
    for name, value in pairs { old = 1, revive = "yes" } do
      local ok, message = pcall(cf.tokens.roll, nil, sandbox.missing_id, { [name] = value })
      assert.is_false(ok)
      assert.truthy(message:find("expected for option '" .. name .. "', got " .. type(value), 1, true), message)
    end
  end)

  it("keeps the old value out of reach while it waits", function()
    local id, old = seeded()
    local seen = {}
    local function walk(value, depth)
      if value == old then seen[#seen + 1] = depth end
      if type(value) ~= "table" or seen[value] or depth > 6 then return end
      seen[value] = true
      for key, field in next, value do
        walk(key, depth + 1)
        walk(field, depth + 1)
      end
    end
    local function sleep() -- looks at all frames of the call
      for level = 2, 30 do
        local info = debug.getinfo(level, "fS")
        if not info or info.source ~= "=cloudflare" then break end
        for i = 1, 100 do walk((select(2, debug.getlocal(level, i))), 0) end
        for i = 1, 100 do walk((select(2, debug.getupvalue(info.func, i))), 0) end
      end
      coroutine.yield()
    end
    sandbox.fault { delay = 0.05, times = 10 }
    local slept = 0
    local thread = coroutine.wrap(function()
      return cf.tokens.roll(nil, id, { old = old, sleep = function(...) slept = slept + 1; return sleep(...) end })
    end)
    local result
    repeat result = thread() until result
    assert.is_string(result)
    assert.is_true(slept > 2)
    assert.same({}, { unpack and unpack(seen) or table.unpack(seen) }) -- luacheck: ignore 143 113
  end)
end)

for name, way in pairs(ways) do
  describe("tokens.roll whose answer is lost, " .. name, function()
    local call, id, old, events
    before_each(function()
      sandbox.reset()
      events = {}
      call = way(sandbox.options("http2", { on_event = function(event) events[#events + 1] = event end }))
      id, old = seeded()
    end)

    it("is unknown, and is not repeated", function()
      for i, effect in ipairs { "before", "after" } do
        sandbox.fault { method = "PUT", drop = effect }
        local value, err = call("tokens.roll", nil, id)
        assert.same({ nil, "unknown", false, i }, { value, err.outcome, err.safe_to_retry, (sandbox.count "PUT") })
        assert.is_nil(err.rolled)
      end
    end)

    it("is known to have taken effect where the old value is refused, twice", function()
      sandbox.fault { method = "PUT", drop = "after" }
      local _, err = call("tokens.roll", nil, id, { old = old })
      assert.same({ "unknown", true }, { err.outcome, err.rolled })
      for _, event in ipairs(events) do
        for _, field in pairs(event) do assert.is_false(field == old) end
      end
    end)

    it("is not known to have where it is accepted", function()
      sandbox.fault { method = "PUT", drop = "before" }
      local _, err = call("tokens.roll", nil, id, { old = old })
      assert.equal("unknown", err.outcome)
      assert.is_nil(err.rolled)
    end)
  end)
end

describe("tokens.roll whose answer is lost says nothing of the old value", function()
  local cf
  before_each(function()
    sandbox.reset()
    cf = cloudflare.new(sandbox.options "http2")
  end)
  after_each(function() cf:close() end)

  local function lose(id, old, effect, options)
    options = options or {}
    options.old = old
    sandbox.fault { method = "PUT", drop = effect }
    local _, err = cf.tokens.roll(nil, id, options)
    assert.equal("unknown", err.outcome)
    return err.rolled
  end

  it("where it was refused before: the token is disabled, or it is an older value", function()
    local id, old = seeded { status = "disabled" }
    assert.is_nil(lose(id, old, "before"))
    id, old = seeded()
    assert(cf.tokens.roll(nil, id))
    assert.is_nil(lose(id, old, "before"))
  end)

  it("where it is less than a minute old: it may not be known everywhere", function()
    local made = assert(cf.tokens.create(nil, { name = "fresh", policies = {
      cloudflare.policy.allow({ "DNS Read" }, { zone = "*" }) } }))
    assert.is_nil(lose(made.id, made.value, "after"))
    local id = made.id
    local value = assert(cf.tokens.roll(nil, id))
    assert.is_nil(lose(id, value, "after", { revive = true }))
  end)

  it("where a refusal was one of many words", function()
    local id, old = seeded()
    sandbox.fault { path = "verify", times = 9, every = 2, status = 401, code = 10000 }
    assert.is_nil(lose(id, old, "before"))
  end)

  it("where the token was deleted meanwhile, or could not be read", function()
    local id, old = seeded()
    sandbox.fault { { method = "PUT", drop = "after" } }
    local looked = 0
    local watched = cloudflare.new(sandbox.options("http2", { on_event = function(event)
      if event.operation == "tokens.get" and event.attempt then looked = looked + 1 end
      if event.operation == "tokens.roll" and event.outcome then
        sandbox.api("DELETE", sandbox.tokens("/" .. id))
      end
    end }))
    local _, err = watched.tokens.roll(nil, id, { old = old })
    assert.same({ "unknown", 2 }, { err.outcome, looked })
    assert.is_nil(err.rolled)
  end)
end)
