-- The secret of a new token: in the result of create or roll, once, and nowhere else.
local cloudflare = require "cloudflare"
local sandbox = require "spec.support.sandbox"
local step_until = require "spec.support.step_until"
local socket = require "socket"

local function group_id(cf)
  return assert(cf.tokens.permission_groups.list(nil, { name = "DNS Write" }))[1].id
end

-- All text in a value, keys and metatables' sentences included.
local function texts(value, seen, found)
  seen, found = seen or {}, found or {}
  if type(value) == "string" then found[#found + 1] = value end
  if type(value) ~= "table" or seen[value] then return found end
  seen[value] = true
  found[#found + 1] = tostring(value)
  for key, one in pairs(value) do texts(key, seen, found) texts(one, seen, found) end
  return found
end

local function is_in(secret, value) return table.concat(texts(value), "\n"):find(secret, 1, true) ~= nil end

describe("the secret of a new token", function()
  local cf, events, params
  before_each(function()
    sandbox.reset()
    events = {}
    cf = assert(cloudflare.new(sandbox.options("plain", {
      on_event = function(event) events[#events + 1] = event end,
    })))
    params = { name = "secret", policies = {
      { effect = "allow", permission_groups = { { id = group_id(cf) } }, resources = { ["com.cloudflare.api.account.zone.*"] = "*" } },
    } }
    events = {}
  end)
  after_each(function() cf:close() end)

  local makers = {
    create = function(space) return space.tokens.create(nil, params) end,
    roll = function(space) return space.tokens.roll(nil, sandbox.fresh()) end,
  }

  local METHODS = { create = "POST", roll = "PUT" }

  -- A coroutine in which the client makes a secret, once that request has arrived; its answer takes `delay` seconds, or
  -- more where this machine is so slow that it came meanwhile. The client's `sleep` yields.
  local function under_way(name, own, delay)
    local method = METHODS[name]
    sandbox.reset()
    sandbox.fault { method = method, delay = delay }
    local thread = coroutine.create(function() return makers[name](own) end)
    repeat coroutine.resume(thread) until sandbox.count(method) > 0
    if coroutine.status(thread) == "dead" then return under_way(name, own, 3 * delay) end
    return thread
  end

  -- A secret that is taken while another call's end is told, before its own: the result, and the events of its end. Nil
  -- where the answers came too late for that, or one before this process was ready for both.
  local function taken_inside(name, delay)
    local ends, result = {}, nil
    local own = cloudflare.new(sandbox.options("http2", { sleep = coroutine.yield, on_event = function(event)
      if event.outcome and event.operation ~= "tokens.get" then ends[#ends + 1] = event end
    end }))
    local taking = under_way(name, own, 2 * delay)
    local other = cloudflare.new(sandbox.options("http2", { on_event = function()
      if not result and not ends[1] then result = select(2, coroutine.resume(taking)) end
    end }))
    sandbox.fault { method = "GET", token = sandbox.missing_id, delay = delay }
    other.async.tokens.get(nil, sandbox.missing_id)
    repeat cloudflare.step() until #sandbox.requests_for(sandbox.missing_id) > 0
    socket.sleep(3 * delay) -- both are answered, and one step hears of both
    step_until(function() return cloudflare.step() == 0 end)
    if type(result) == "table" or result and result:find "^cfat_" then return result, ends end
  end

  local function secret_of(result) return type(result) == "table" and result.value or result end

  for name, make in pairs(makers) do
    it("is in the result of " .. name .. ", and in no envelope and no event", function()
      local result, envelope = make(cf)
      local secret = secret_of(assert(result, tostring(envelope)))
      assert.truthy(secret:find "^cfat_")
      assert.equal("[redacted]", secret_of(envelope.result))
      assert.is_false(is_in(secret, envelope))
      assert.is_false(is_in(secret, events))
    end)

    it("is given again to whoever waits again, in the same tables, after " .. name, function()
      local call = make(cf.async)
      local result, envelope = call:wait()
      collectgarbage()
      local again, envelope_again = call:wait()
      assert.is_true(rawequal(result, again) and rawequal(envelope, envelope_again))
    end)

    it("is told of as lost where nobody took it, after " .. name, function()
      local call = make(cf.async)
      step_until(function() return call:done() end)
      assert.is_nil(events[#events].lost)
      local told = #events
      call = nil -- luacheck: ignore
      collectgarbage()
      collectgarbage()
      cloudflare.step()
      assert.equal(told + 1, #events)
      assert.is_true(events[#events].lost)
      assert.truthy(events[#events].token_id:find("^" .. ("%x"):rep(32) .. "$"))
    end)

    it("is told of as lost where the call was dropped before it ended, after " .. name, function()
      make(cf.async)
      collectgarbage()
      step_until(function() return cloudflare.step() == 0 end)
      collectgarbage()
      collectgarbage()
      cloudflare.step()
      assert.equal("ok", events[#events].outcome)
      assert.is_true(events[#events].lost)
      cloudflare.step()
    end)

    for _, last in ipairs { "attempt", "outcome" } do
      it(("is told of as lost once, also where its call is collected while the %s is told, after %s"):format(last, name), function()
        local lost = 0
        local own = cloudflare.new(sandbox.options("plain", { sleep = coroutine.yield, on_event = function(event)
          if event.lost then lost = lost + 1 end
          if not event[last] then return end
          collectgarbage()
          collectgarbage()
        end }))
        under_way(name, own, 1)
        step_until(function() return cloudflare.step() == 0 end)
        collectgarbage()
        collectgarbage()
        cloudflare.step()
        assert.equal(1, lost)
      end)
    end

    it("is told of at its end, also where it is taken while another call's end is told, after " .. name, function()
      local result, ends
      for try = 0, 5 do
        result, ends = taken_inside(name, 0.2 * 2 ^ try)
        if result then break end
      end
      if not result then return pending "each time the other answer was told first, or came too late" end
      assert.equal(1, #ends)
      assert.truthy(ends[1].token_id)
      assert.is_nil(ends[1].lost)
    end)

    it("is not told of as lost once somebody has it, after " .. name, function()
      local told
      do
        local result = make(cf)
        assert.truthy(result)
        told = #events
      end
      collectgarbage()
      collectgarbage()
      cloudflare.step()
      assert.equal(told, #events)
    end)
  end

  it("comes with an event that names the new token", function()
    local token = cf.tokens.create(nil, params)
    assert.equal(token.id, events[#events].token_id)
  end)

  local function answers(body, more)
    local fault = { method = "POST", body = body }
    for key, value in pairs(more or {}) do fault[key] = value end
    sandbox.fault(fault)
    return cf.tokens.create(nil, params)
  end

  local ID, SECRET = ("ab"):rep(16), "cfat_" .. ("s"):rep(40) .. "00000000"

  it("that did not arrive is an error which names the token", function()
    local token, err = answers(('{"success":true,"errors":[],"messages":[],"result":{"id":"%s","name":"secret"}}'):format(ID))
    assert.is_nil(token)
    assert.equal("unknown", err.outcome)
    assert.equal(ID, err.id)
    assert.is_false(err.safe_to_retry)
    assert.truthy(tostring(err):find("its secret did not arrive: roll or delete the token " .. ID, 1, true), tostring(err))
  end)

  it("is not shown where the answer proves nothing", function()
    local broken = ('{"success":true,"errors":[],"messages":[],"result":{"id":"%s","value":"%s"}'):format(ID, SECRET)
    for _, more in ipairs { {}, { status = 500 }, { status = 201 } } do
      local token, err = answers(broken, more)
      assert.is_nil(token)
      assert.equal("unknown", err.outcome)
      assert.is_false(is_in("ssssssss", err))
      assert.is_false(is_in("ssssssss", events))
    end
  end)

  it("leaves a page of a gateway to be read", function()
    local _, err = answers("<html>Sorry, you have been blocked</html>", { html = true, status = 502 })
    assert.equal("unknown", err.outcome)
    assert.truthy(err.http.content_type)
    assert.truthy(tostring(err):find("look first whether there is one of that name", 1, true), tostring(err))
  end)

  it("may be dead after a roll whose answer was lost: the sentence says what to do", function()
    sandbox.fault { method = "PUT", drop = "after" }
    local value, err = cf.tokens.roll(nil, sandbox.fresh())
    assert.is_nil(value)
    assert.equal("unknown", err.outcome)
    assert.truthy(tostring(err):find("roll once more, and deploy that value", 1, true), tostring(err))
  end)
end)
