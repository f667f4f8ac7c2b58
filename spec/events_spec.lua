-- The audit log: what `on_event` hears, when, and what it may do from inside.
local cloudflare = require "cloudflare"
local sandbox = require "spec.support.sandbox"
local ways = require "spec.support.ways"

local unpack = table.unpack or unpack
local requests_for = sandbox.requests_for

describe("on_event", function()
  before_each(sandbox.reset)

  -- A client, and the events that it tells.
  local function listening(extra)
    local events = {}
    local options = sandbox.options("http2", extra)
    options.on_event = function(event) events[#events + 1] = event end
    return cloudflare.new(options), events
  end

  it("hears of each attempt and of the outcome", function()
    local cf, events = listening()
    local id = sandbox.fresh()
    cf.tokens.delete(nil, id)
    local ray = requests_for(id)[1].ray
    assert.equal(2, #events)
    for _, event in ipairs(events) do
      assert.is_true(math.abs(event.time - os.time()) < 60)
      assert.is_true(event.seconds >= 0 and event.seconds < 60)
      event.time, event.seconds = nil, nil
    end
    local common = { operation = "tokens.delete", account_id = sandbox.account, token_id = id, status = 200, ray_id = ray,
      host = sandbox.urls.http2:match "^https://([^/]+)/" }
    local attempt, outcome = { attempt = 1, method = "DELETE", proved = "deleted" }, { outcome = "deleted", attempts = 1 }
    for name, value in pairs(common) do attempt[name], outcome[name] = value, value end
    assert.same({ attempt, outcome }, events)
  end)

  it("hears of every attempt in its order", function()
    local cf, events = listening()
    local id = sandbox.fresh()
    sandbox.fault { token = id, method = "DELETE", drop = "after" }
    cf.async.tokens.delete(nil, id):wait()
    assert.equal(4, #events)
    assert.same({ 1, "DELETE" }, { events[1].attempt, events[1].method })
    assert.is_nil(events[1].status)
    assert.same({ 2, "GET", 404 }, { events[2].attempt, events[2].method, events[2].status })
    assert.same({ 3, "DELETE", 404 }, { events[3].attempt, events[3].method, events[3].status })
    assert.same({ nil, "absent", "absent" }, { events[1].proved, events[2].proved, events[3].proved })
    assert.same({ "gone", 3 }, { events[4].outcome, events[4].attempts })
  end)

  it("hears of calls that nobody waits for, and of those that end with their client", function()
    local cf, events = listening()
    cf.async.tokens.delete(nil, sandbox.fresh())
    while cloudflare.step(0.05) > 0 do end
    assert.equal("deleted", events[2].outcome)
    cf.async.tokens.delete(nil, sandbox.fresh())
    cf:close()
    assert.equal("not_sent", events[3].outcome)
    assert.equal(0, events[3].attempts)
  end)

  it("hears of other operations by their names", function()
    local cf, events = listening()
    cf.tokens.verify()
    assert.equal("tokens.verify", events[1].operation)
    assert.is_nil(events[1].token_id)
    assert.equal("ok", events[2].outcome)
  end)

  it("changes nothing by an error in it", function()
    local heard = 0
    local cf = cloudflare.new(sandbox.options("http2", {
      on_event = function()
        heard = heard + 1
        error "a full disk"
      end,
    }))
    local id = sandbox.fresh()
    local token, envelope = cf.tokens.delete(nil, id)
    assert.equal(id, token.id)
    assert.equal("deleted", envelope.outcome)
    assert.equal(2, heard)
  end)

  it("may not step, wait or begin a call from inside", function()
    local cf, other, errors = nil, cloudflare.new(sandbox.options()), {}
    local id, second = sandbox.fresh(), sandbox.fresh()
    local pending = other.async.tokens.delete(nil, second)
    cf = cloudflare.new(sandbox.options("http2", {
      on_event = function(event)
        if not event.outcome then return end
        for name, act in pairs {
          step = function() cloudflare.step() end,
          begin = function() cf.async.tokens.delete(nil, second) end,
          plain = function() cf.tokens.delete(nil, second) end,
        } do
          local ok, err = pcall(act)
          errors[name] = not ok and err
        end
      end,
    }))
    assert.equal(id, cf.tokens.delete(nil, id).id)
    for _, name in ipairs { "step", "begin", "plain" } do
      assert.truthy(errors[name] and errors[name]:find "events_spec%.lua:%d+: .*on_event")
    end
    assert.equal(second, pending:wait().id)
    assert.equal(1, #requests_for(second))
  end)

  it("nor where the call that it hears of never began", function()
    local id, cf, heard, said = sandbox.fresh(), nil, nil, nil
    cf = cloudflare.new(sandbox.options("http2", { on_event = function(event)
      heard, said = event, { pcall(cf.tokens.delete, nil, id) }
    end }))
    cf.tokens.delete(nil, "not an id")
    assert.same({ "not_sent", 0, 0, "tokens.delete" }, { heard.outcome, heard.attempts, heard.seconds, heard.operation })
    assert.is_false(said[1])
    assert.truthy(said[2]:find "on_event")
    assert.equal(0, #requests_for(id))
    assert.equal(0, cloudflare.step()) -- nor does anything stay forbidden
  end)

  it("nor in a coroutine that it resumes, whatever that one is told of meanwhile", function()
    local waiting = cloudflare.new(sandbox.options("http2", {
      sleep = coroutine.yield, on_event = function() end, api_token = function() return "no credential" end,
    }))
    local said
    local resting = coroutine.create(function()
      waiting.tokens.get(nil, sandbox.missing_id)
      said = { pcall(cloudflare.step) }
    end)
    coroutine.resume(resting)
    local cf = cloudflare.new(sandbox.options("http2", { on_event = function() coroutine.resume(resting) end }))
    local id = sandbox.fresh()
    assert.equal(id, cf.tokens.delete(nil, id).id)
    assert.is_false(said[1])
    assert.truthy(said[2]:find "on_event")
  end)

  it("is told at once of what it cancels, also where it hears of a call that never began", function()
    local ends, pending = {}, nil
    local cf = cloudflare.new(sandbox.options("http2", { on_event = function(event)
      ends[#ends + 1] = event.token_id or "none"
      pending:cancel()
    end }))
    local id = sandbox.fresh()
    pending = cf.async.tokens.delete(nil, id)
    cf.tokens.delete(nil, "not an id")
    assert.same({ "none", id }, ends)
  end)

  -- Of operations of several requests: what is wrong with a value is found before the first, or between two.
  local account, value = sandbox.account, "cfat_" .. ("a"):rep(48)
  local bad_values = {
    { "an id", "tokens.roll", account, "none" },
    { "an old value", "tokens.roll", account, sandbox.missing_id, { old = "\n" } },
    { "a date", "tokens.create", account, { name = "late", expires_in = -1 } },
    { "a page of a walk", "tokens.each", account, { page = 2 } },
    { "a page of any walk", "pages", "/zones", { page = 2 } },
    { "a deadline", "tokens.delete_many", account, {}, { deadline = -1 } },
    { "an account in a list", "tokens.identify", { account, "none" }, value },
    { "a value of another kind", "user.tokens.identify", value },
  }
  for _, row in ipairs(bad_values) do
    for way, make in pairs(ways) do
      it(("hears once of %s that is no good, by the operation that was called, %s"):format(row[1], way), function()
        local told = {}
        local call = make(sandbox.options("http2", { on_event = function(event)
          told[#told + 1] = { event.operation, event.outcome, event.attempts }
        end }))
        local result, err = call(unpack(row, 2))
        if type(result) == "function" then result, err = result() end
        assert.same({ false, "argument", "not_sent" }, { result or false, err.kind, err.outcome })
        assert.same({ { row[2], "not_sent", 0 } }, told)
        assert.same({}, sandbox.ledger())
      end)
    end
  end

  it("may look at calls, cancel them and close clients", function()
    local other = cloudflare.new(sandbox.options())
    local id, pending, seen = sandbox.fresh(), nil, nil
    local cf = cloudflare.new(sandbox.options("http2", {
      on_event = function(event)
        if not event.outcome then return end
        seen = pending:done()
        pending:cancel()
        other:close()
      end,
    }))
    local held = sandbox.fresh()
    sandbox.fault { token = held, delay = 0.3 }
    pending = other.async.tokens.delete(nil, held)
    assert.equal(id, cf.tokens.delete(nil, id).id)
    assert.is_false(seen)
    assert.equal("cancelled", select(2, pending:wait()).kind)
  end)
end)
