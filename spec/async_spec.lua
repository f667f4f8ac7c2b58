local cloudflare = require "cloudflare"
local sandbox = require "spec.support.sandbox"
local socket = require "socket"

local MARGIN = 10 -- seconds that a busy machine may add

local requests_for, is_deleted = sandbox.requests_for, sandbox.is_deleted

local step_until = require "spec.support.step_until"

local function finish() step_until(function() return cloudflare.step() == 0 end) end

-- A call whose DELETE has arrived and waits at the sandbox, done or not done yet.
local function begin_slow(cf, fault)
  local id = sandbox.fresh()
  fault.token, fault.method = id, "DELETE"
  sandbox.fault(fault)
  local call = cf.async.tokens.delete(nil, id)
  step_until(function() return #requests_for(id) > 0 end)
  return call, id
end

describe("cf.async", function()
  local cf
  before_each(function()
    sandbox.reset()
    cf = cloudflare.new(sandbox.options())
  end)
  after_each(function()
    cf:close()
    assert.equal(0, cloudflare.step())
  end)

  it("returns a call at once, before anything is sent", function()
    local id = sandbox.fresh()
    local call = cf.async.tokens.delete(nil, id)
    assert.is_false(call:done())
    assert.same({}, requests_for(id))
    assert.equal(id, call:wait().id)
    assert.is_true(call:done())
    assert.is_true(is_deleted(id))
  end)

  it("has every operation, under every name", function()
    assert.is_function(cf.async.tokens.verify)
    assert.is_function(cf.async.accounts.tokens.delete)
    assert.is_function(cloudflare.async.tokens.delete)
    local call = cf.async.tokens.verify(sandbox.account)
    assert.equal("active", call:wait().status)
  end)

  it("names its state: tostring(call)", function()
    local call = cf.async.tokens.delete(nil, sandbox.fresh())
    assert.equal("cloudflare.call: tokens.delete (pending)", tostring(call))
    call:wait()
    assert.equal("cloudflare.call: tokens.delete (deleted)", tostring(call))
    assert.truthy(tostring(cf.async.tokens.delete(nil, "")):find "not_sent")
  end)

  describe("call:wait", function()
    it("returns what the plain form returns, as often as it is asked", function()
      local id = sandbox.fresh()
      local call = cf.async.tokens.delete(nil, id)
      local token, envelope = call:wait()
      assert.same({ id = id }, token)
      assert.equal("deleted", envelope.outcome)
      local again, same = call:wait()
      assert.same(token, again)
      assert.same(envelope, same)
      assert.equal(1, #requests_for(id))
    end)

    it("returns nil and the error of a failure", function()
      local token, err = cf.async.tokens.delete(nil, sandbox.missing_id):wait()
      assert.is_nil(token)
      assert.equal("not_found", err.outcome)
      assert.truthy(tostring(err):find "^cloudflare%.tokens%.delete: ")
    end)

    it("returns nothing when its seconds ran out, and the call goes on", function()
      local call, id = begin_slow(cf, { delay = 0.5 })
      local began = socket.gettime()
      assert.equal(0, select("#", call:wait(0)))
      assert.equal(0, select("#", call:wait(0.02)))
      assert.is_true(socket.gettime() - began < MARGIN)
      assert.is_false(call:done())
      assert.equal(id, call:wait(60).id)
    end)

    it("advances the other calls too", function()
      local first = cf.async.tokens.delete(nil, sandbox.fresh())
      local second, id = begin_slow(cf, { delay = 0.2 })
      assert.equal(id, second:wait().id)
      assert.is_true(first:done())
    end)
  end)

  it("call:done only asks: it moves nothing", function()
    local id = sandbox.fresh()
    local call = cf.async.tokens.delete(nil, id)
    local deadline = socket.gettime() + 0.1
    while socket.gettime() < deadline do assert.is_false(call:done()) end
    assert.same({}, requests_for(id))
    call:wait()
  end)

  describe("cloudflare.step", function()
    it("returns how many calls are in flight, until there are none", function()
      assert.equal(0, cloudflare.step())
      local calls = {}
      sandbox.fault { method = "DELETE", delay = 0.2, times = 3 }
      for i, id in ipairs(sandbox.seed(3)) do calls[i] = cf.async.tokens.delete(nil, id) end
      assert.equal(3, cloudflare.step())
      finish()
      for _, call in ipairs(calls) do assert.is_true(call:done()) end
    end)

    it("without seconds never blocks, with seconds waits no longer than they say", function()
      local call = begin_slow(cf, { delay = 0.5 })
      local began = socket.gettime()
      assert.equal(1, cloudflare.step())
      assert.equal(1, cloudflare.step(0.05))
      assert.is_true(socket.gettime() - began < MARGIN)
      assert.is_false(call:done())
      call:wait()
    end)

    it("serves the clients of this Lua state all at once", function()
      local ids = sandbox.seed(3)
      local calls = {}
      for i, over in ipairs { "plain", "http1", "http2" } do
        calls[i] = cloudflare.new(sandbox.options(over)).async.tokens.delete(nil, ids[i])
      end
      finish()
      for i, call in ipairs(calls) do assert.equal(ids[i], call:wait().id) end
    end)
  end)

  it("carries many calls over few connections", function()
    local ids, calls = sandbox.seed(200), {}
    sandbox.fault { method = "DELETE", delay = 0.3, times = 200 } -- so that all are in flight together
    for i, id in ipairs(ids) do calls[i] = cf.async.tokens.delete(nil, id) end
    finish()
    for i, call in ipairs(calls) do
      local token, envelope = call:wait()
      assert.equal(ids[i], token.id)
      assert.equal("deleted", envelope.outcome)
    end
    local connections, count = {}, 0
    local seen, deleted = sandbox.count "DELETE"
    assert.equal(200, seen)
    assert.equal(200, deleted)
    for _, entry in ipairs(sandbox.ledger()) do
      if not connections[entry.connection] then count = count + 1 end
      connections[entry.connection] = true
    end
    assert.is_true(count <= 8)
  end)

  it("goes on with a call that nobody holds any more", function()
    local id = sandbox.fresh()
    cf.async.tokens.delete(nil, id)
    collectgarbage()
    collectgarbage()
    finish()
    assert.is_true(is_deleted(id))
  end)

  it("goes on with a call whose client nobody holds any more", function()
    local id = sandbox.fresh()
    cloudflare.new(sandbox.options()).async.tokens.delete(nil, id)
    collectgarbage()
    collectgarbage()
    finish()
    assert.is_true(is_deleted(id))
  end)

  it("tells two callers who delete one token apart", function()
    local id = sandbox.fresh()
    local calls = { cf.async.tokens.delete(nil, id), cf.async.tokens.delete(nil, id) }
    local outcomes = {}
    for i, call in ipairs(calls) do
      local _, detail = call:wait()
      outcomes[i] = detail.outcome
    end
    table.sort(outcomes)
    assert.same({ "deleted", "not_found" }, outcomes)
    assert.equal(2, #requests_for(id))
  end)

  it("gives a call that has ended for a bad value", function()
    local call = cf.async.tokens.delete(nil, "verify")
    assert.is_true(call:done())
    local token, err = call:wait()
    assert.is_nil(token)
    assert.equal("argument", err.kind)
    assert.equal("not_sent", err.outcome)
    assert.is_false(call:cancel())
    assert.equal(err, select(2, call:wait(0)))
    assert.equal(0, cloudflare.step())
  end)

  describe("call:cancel", function()
    it("before anything was sent proves that nothing was", function()
      local id = sandbox.fresh()
      local call = cf.async.tokens.delete(nil, id)
      assert.is_false(call:cancel())
      assert.is_true(call:done())
      local token, err = call:wait()
      assert.is_nil(token)
      assert.equal("cancelled", err.kind)
      assert.equal("not_sent", err.outcome)
      finish()
      assert.same({}, requests_for(id))
    end)

    it("after sending leaves an unknown, whatever the server does", function()
      local call, id = begin_slow(cf, { delay_after = 0.5 })
      assert.is_true(call:cancel())
      local token, err = call:wait()
      assert.is_nil(token)
      assert.equal("cancelled", err.kind)
      assert.equal("unknown", err.outcome)
      assert.is_true(err.http.trace[1].sent)
      assert.is_false(err.http.trace[1].complete)
      assert.equal(1, #requests_for(id)) -- it does not confirm
    end)

    it("of a call that is being settled says that something was sent", function()
      local id = sandbox.fresh()
      sandbox.fault { token = id, method = "DELETE", drop = "before" }
      sandbox.fault { token = id, method = "GET", delay = 1 }
      local call = cf.async.tokens.delete(nil, id)
      step_until(function() return #requests_for(id) > 1 end)
      assert.is_true(call:cancel())
      assert.equal("unknown", select(2, call:wait()).outcome)
    end)

    it("of a call that waits for its next attempt keeps what is proven", function()
      local id, heard = sandbox.fresh(), nil
      sandbox.fault { token = id, status = 429, headers = { ["Retry-After"] = "20" } }
      local patient = cloudflare.new(sandbox.options("http2", { on_event = function(event) heard = event end }))
      local call = patient.async.tokens.delete(nil, id)
      step_until(function() return heard and heard.status == 429 end)
      assert.is_true(call:cancel())
      local _, err = call:wait()
      assert.equal("cancelled", err.kind)
      assert.equal("refused", err.outcome)
      assert.is_false(is_deleted(id))
    end)

    it("of a call that has only looked sent nothing that deletes", function()
      local id, heard = sandbox.fresh(), nil
      sandbox.fault { token = id, method = "GET", status = 429, headers = { ["Retry-After"] = "20" } }
      local careful = cloudflare.new(sandbox.options("http2", { on_event = function(event) heard = event end }))
      local call = careful.async.tokens.delete(nil, id, { check_first = true })
      step_until(function() return heard and heard.status == 429 end)
      assert.is_false(call:cancel())
      assert.equal("not_sent", select(2, call:wait()).outcome)
    end)

    it("changes nothing about a call that has ended", function()
      local id = sandbox.fresh()
      local call = cf.async.tokens.delete(nil, id)
      call:wait()
      call:cancel()
      assert.equal(id, call:wait().id)
    end)

    it("of one call leaves its neighbours alone", function()
      local ids, calls = sandbox.seed(3), {}
      for i, id in ipairs(ids) do calls[i] = cf.async.tokens.delete(nil, id) end
      calls[2]:cancel()
      finish()
      assert.equal(ids[1], calls[1]:wait().id)
      assert.equal("not_sent", select(2, calls[2]:wait()).outcome)
      assert.equal(ids[3], calls[3]:wait().id)
    end)
  end)

  describe("closing the client", function()
    it("ends its calls, each with its outcome", function()
      local ended = cf.async.tokens.delete(nil, sandbox.missing_id)
      ended:wait()
      local sent = begin_slow(cf, { delay = 0.5 })
      local queued = cf.async.tokens.delete(nil, sandbox.fresh())
      cf:close()
      assert.is_true(sent:done())
      assert.is_true(queued:done())
      local outcomes, kinds = {}, {}
      for i, call in ipairs { ended, sent, queued } do
        local err = select(2, call:wait())
        outcomes[i], kinds[i] = err.outcome, err.kind
      end
      assert.same({ "not_found", "unknown", "not_sent" }, outcomes)
      assert.same({ "api", "cancelled", "cancelled" }, kinds)
    end)

    it("leaves the calls of other clients alone", function()
      local other, id = cloudflare.new(sandbox.options()), sandbox.fresh()
      local call = other.async.tokens.delete(nil, id)
      cf:close()
      assert.equal(id, call:wait().id)
    end)
  end)

  describe("in an event loop", function()
    -- Whether the descriptor has something to read, as select sees it.
    local function readable(fd, seconds)
      local ready = socket.select({ { getfd = function() return fd end } }, nil, seconds)
      return #ready > 0
    end

    it("a call can be waited for by its descriptor, events and timeout", function()
      local call, id = begin_slow(cf, { delay = 0.2 })
      local deadline = socket.gettime() + 60
      repeat
        assert.equal("r", call:events())
        local fd, timeout = call:pollfd(), call:timeout()
        if fd then readable(fd, timeout or 1) else socket.sleep(timeout) end
        cloudflare.step()
      until call:done() or socket.gettime() > deadline
      assert.equal(id, call:wait().id)
    end)

    it("the descriptor wakes a loop when the answer is there", function()
      local call = begin_slow(cf, { delay = 0.2 })
      step_until(function() return (call:timeout() or 1) > 0 end)
      local fd = call:pollfd()
      if fd then -- built without epoll there is none, and the timeout is short
        assert.is_true(readable(fd, 60))
      else
        assert.is_true(call:timeout() <= 0.01)
      end
      call:wait()
    end)

    it("an ended call has nothing to wait for", function()
      local call = cf.async.tokens.delete(nil, sandbox.missing_id)
      call:wait()
      assert.is_nil(call:pollfd())
      assert.equal(0, call:timeout())
    end)
  end)
end)

describe("sleep = f", function()
  before_each(sandbox.reset)

  it("is asked first of all whether the host can wait, before anything is sent", function()
    local id, first = sandbox.fresh(), nil
    local cf = cloudflare.new(sandbox.options("http2", {
      sleep = function(seconds)
        if not first then
          first = seconds
          assert.same({}, requests_for(id))
          assert.equal(0, cloudflare.step())
        end
      end,
    }))
    assert.equal(id, cf.tokens.delete(nil, id).id)
    assert.equal(0.001, first)
  end)

  it("sends nothing where it cannot", function()
    local id = sandbox.fresh()
    local cf = cloudflare.new(sandbox.options("http2", { sleep = function() error("cannot wait here", 0) end }))
    local ok, err = pcall(cf.tokens.delete, nil, id)
    assert.is_false(ok)
    assert.equal("cannot wait here", err)
    assert.equal(0, cloudflare.step())
    assert.same({}, requests_for(id))
  end)

  it("is called with more than nothing, and less than for ever", function()
    local naps = {}
    local cf = cloudflare.new(sandbox.options("http2", {
      sleep = function(seconds)
        naps[#naps + 1] = seconds
        socket.sleep(seconds)
      end,
    }))
    local id = sandbox.fresh()
    sandbox.fault { token = id, delay = 0.2 }
    assert.equal(id, cf.tokens.delete(nil, id).id)
    assert.is_true(#naps > 1)
    for _, seconds in ipairs(naps) do assert.is_true(seconds > 0 and seconds < 1) end
  end)

  it("may be coroutine.yield", function()
    local cf, ids = cloudflare.new(sandbox.options("http2", { sleep = coroutine.yield })), sandbox.seed(5)
    local threads, results = {}, {}
    for i, id in ipairs(ids) do
      threads[i] = coroutine.create(function() results[i] = cf.tokens.delete(nil, id) end)
    end
    local deadline, alive = socket.gettime() + 60, 5
    while alive > 0 and socket.gettime() < deadline do
      alive = 0
      for _, thread in ipairs(threads) do
        if coroutine.status(thread) ~= "dead" then
          assert(coroutine.resume(thread))
          alive = alive + 1
        end
      end
    end
    for i, id in ipairs(ids) do assert.same({ id = id }, results[i]) end
  end)

  it("may be given for one call, and is what call:wait waits with", function()
    local cf, naps = cloudflare.new(sandbox.options()), 0
    local options = { sleep = function(seconds)
      naps = naps + 1
      socket.sleep(seconds)
    end }
    local first, second = sandbox.fresh(), sandbox.fresh()
    for _, id in ipairs { first, second } do sandbox.fault { token = id, delay = 0.3 } end
    assert.equal(first, cf.tokens.delete(nil, first, options).id)
    assert.is_true(naps > 0)
    naps = 0
    local call = cf.async.tokens.delete(nil, second, options)
    assert.equal(0, naps) -- nothing waits yet
    assert.equal(second, call:wait().id)
    assert.is_true(naps > 0)
  end)

  it("may raise: the error goes through unchanged, and on_event hears how the call ends", function()
    local naps, reason, outcome = 0, { "killed" }, nil
    local cf = cloudflare.new(sandbox.options("http2", {
      sleep = function()
        naps = naps + 1
        if naps == 3 then error(reason) end
      end,
      on_event = function(event) outcome = event.outcome end,
    }))
    local id = sandbox.fresh()
    sandbox.fault { token = id, delay = 0.2 }
    local ok, err = pcall(cf.tokens.delete, nil, id)
    assert.is_false(ok)
    assert.equal(reason, err)
    assert.equal(1, cloudflare.step())
    finish()
    assert.equal("deleted", outcome)
    assert.is_true(is_deleted(id))
  end)

  it("may be abandoned with its coroutine: the call lives on", function()
    local cf, id = cloudflare.new(sandbox.options("http2", { sleep = coroutine.yield })), sandbox.fresh()
    local thread = coroutine.create(function() cf.tokens.delete(nil, id) end)
    for _ = 1, 2 do assert(coroutine.resume(thread)) end
    thread = nil -- luacheck: ignore
    collectgarbage()
    collectgarbage()
    finish()
    assert.is_true(is_deleted(id))
  end)
end)
