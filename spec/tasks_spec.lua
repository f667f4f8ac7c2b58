-- Operations that make several requests and count as one call, told by delete_many.
local cloudflare = require "cloudflare"
local sandbox = require "spec.support.sandbox"
local socket = require "socket"
local step_until = require "spec.support.step_until"

local MARGIN = 10 -- seconds that a busy machine may add

describe("a call of several requests", function()
  local cf
  before_each(function()
    sandbox.reset()
    cf = cloudflare.new(sandbox.options())
  end)
  after_each(function()
    cf:close()
    assert.equal(0, cloudflare.step())
  end)

  -- One whose deletions wait at the sandbox.
  local function begin_slow(options)
    local ids = sandbox.seed(3)
    sandbox.fault { method = "DELETE", delay = 2, times = 3 }
    local call = cf.async.tokens.delete_many(nil, ids, options)
    step_until(function() return sandbox.count "DELETE" == 3 end)
    return call, ids
  end

  describe("under async", function()
    it("returns at once, before anything is sent", function()
      local ids = sandbox.seed(3)
      local call = cf.async.tokens.delete_many(nil, ids)
      assert.is_false(call:done())
      assert.same({}, sandbox.ledger())
      assert.equal(3, call:wait().counts.deleted)
      assert.is_true(call:done())
    end)

    it("is advanced by step, whose count it is part of until it has ended", function()
      local call = cf.async.tokens.delete_many(nil, sandbox.seed(30))
      step_until(function() return cloudflare.step() == 0 end)
      assert.is_true(call:done())
      assert.equal(30, call:wait().counts.deleted)
    end)

    it("is advanced by whoever waits for another call", function()
      local call = cf.async.tokens.delete_many(nil, sandbox.seed(2))
      local other = sandbox.fresh()
      sandbox.fault { method = "DELETE", token = other, delay = 1 }
      assert.equal(other, cf.tokens.delete(nil, other).id)
      assert.is_true(call:done())
    end)

    it("call:wait gives the same results as often as it is asked, and nothing when its seconds ran out", function()
      local call = begin_slow()
      assert.equal(0, select("#", call:wait(0)))
      assert.equal(0, select("#", call:wait(0.02)))
      local report = call:wait()
      assert.equal(3, report.counts.deleted)
      assert.equal(report, (call:wait(0)))
    end)

    it("goes on when nobody holds it any more", function()
      local ids = sandbox.seed(20)
      cf.async.tokens.delete_many(nil, ids)
      for _ = 1, 2 do collectgarbage() end
      step_until(function()
        collectgarbage()
        return cloudflare.step() == 0
      end)
      assert.equal(20, select(2, sandbox.count "DELETE"))
    end)

    it("names its state: tostring(call)", function()
      local call = cf.async.tokens.delete_many(nil, sandbox.seed(1))
      assert.equal("cloudflare.call: tokens.delete_many (pending)", tostring(call))
      call:wait()
      assert.equal("cloudflare.call: tokens.delete_many (ended)", tostring(call))
    end)

    it("is pollable as any call is", function()
      local call = cf.async.tokens.delete_many(nil, sandbox.seed(1))
      assert.equal("r", call:events())
      assert.equal("number", type(call:timeout()))
      step_until(function() return call:done() end)
      assert.is_nil(call:pollfd())
      assert.equal(0, call:timeout())
    end)

    it("gives a call that has ended for a bad value", function()
      local call = cf.async.tokens.delete_many("no account", {})
      assert.is_true(call:done())
      local report, err = call:wait()
      assert.is_nil(report)
      assert.equal("argument", err.kind)
      assert.equal("not_sent", err.outcome)
      assert.is_false(call:cancel())
      assert.equal(err, select(2, call:wait(0)))
    end)

    it("is one of the two things that wait takes", function()
      local calls = { cf.async.tokens.delete_many(nil, {}), cf.async.tokens.verify() }
      for _, call in ipairs(calls) do
        assert.is_false((pcall(call.wait, {})))
        local _, said = pcall(function() call.wait {} end)
        assert.truthy(said:find("bad argument #1 to 'wait' (call (written call:wait) expected, got table)", 1, true))
        for _, other in ipairs(calls) do assert(call.wait(other)) end
      end
    end)

    it("raises from wait what a function of the caller's raised, whenever it is asked", function()
      local thrown = setmetatable({}, { __tostring = function() return "thrown" end })
      local ids = { setmetatable({}, { __index = function() error(thrown) end }) }
      local call = cf.async.tokens.delete_many(nil, ids)
      assert.equal(thrown, select(2, pcall(cf.tokens.delete_many, nil, ids)))
      for _ = 1, 2 do assert.equal(thrown, select(2, pcall(call.wait, call))) end
    end)

    it("raises where it is waited for by a function that it waits for itself, alone or in a ring", function()
      local one, other, said
      local function wait_for(call) return function() said = select(2, pcall(function() call():wait() end)) end end
      one = cf.async.tokens.delete_many(nil, sandbox.seed(1), { progress = wait_for(function() return one end) })
      assert.equal(1, one:wait().counts.deleted)
      assert.truthy(said:find("spec/tasks_spec%.lua:%d+: cloudflare: call:wait%(%) from inside a function that this very call"))
      said = nil
      one = cf.async.tokens.delete_many(nil, sandbox.seed(1), { progress = function() other:wait() end })
      local slow = sandbox.seed(1)
      sandbox.fault { method = "DELETE", token = slow[1], delay = 0.2 }
      other = cf.async.tokens.delete_many(nil, slow, { progress = wait_for(function() return one end) })
      assert.equal(1, one:wait().counts.deleted)
      assert.equal(1, other:wait().counts.deleted)
      assert.truthy(said)
    end)

    it("goes on where one of its functions steps, or calls in the plain form", function()
      local ids, other = sandbox.seed(3), sandbox.seed(3)
      local call = cf.async.tokens.delete_many(nil, ids, { progress = function(done)
        cloudflare.step(0.01)
        assert.equal(other[done], cf.tokens.delete(nil, other[done]).id)
      end })
      assert.equal(3, call:wait().counts.deleted)
    end)

    it("does not rest where one of its functions steps and nothing else is in flight", function()
      local began, rested
      local call = cf.async.tokens.delete_many(nil, sandbox.seed(1), { keep = function()
        began = socket.gettime()
        cloudflare.step(30)
        rested = socket.gettime() - began
      end })
      assert.equal(1, call:wait().counts.deleted)
      assert.is_true(rested < 30 - MARGIN)
    end)

    it("stops where a function that it was given yields, and reports what was in flight", function()
      for name, deleted in pairs { keep = 0, journal = 0, progress = 2 } do
        local ids, call = sandbox.seed(20), nil
        local function yields() coroutine.yield "mine" end
        local host = coroutine.wrap(function()
          call = cf.async.tokens.delete_many(nil, ids, { [name] = yields, max_in_flight = 2 })
          step_until(function() return call:done() end)
          return "stepped"
        end)
        assert.equal("stepped", host())
        local report = assert(call:wait())
        assert.equal(name, report.stopped)
        assert.equal("cloudflare.tokens.delete_many: a function that was given to it yielded; under async none may",
          report.error)
        assert.same({ deleted, 20 - deleted }, { report.counts.deleted or 0, report.counts.not_sent }, name)
      end
    end)

    it("tells of a deletion that is in flight when one of its functions yields", function()
      local ids = sandbox.seed(2)
      sandbox.fault { { method = "DELETE", token = ids[1], delay = 1 }, { method = "GET", token = ids[2], delay = 0.5 } }
      local call = cf.async.tokens.delete_many(nil, ids, { keep = function(_, _, id)
        if id == ids[2] then coroutine.yield() end
      end })
      local report = call:wait()
      assert.same({ "deleted", "not_sent", "keep" }, { report[1].outcome, report[2].outcome, report.stopped })
    end)

    it("says so when the edit of an update yields, and changes nothing", function()
      local id = sandbox.fresh()
      local call = cf.async.tokens.update(nil, id, function() coroutine.yield "mine" end)
      step_until(function() return call:done() end)
      local fine, said = pcall(call.wait, call)
      assert.is_false(fine)
      assert.equal("cloudflare.tokens.update: a function that was given to it yielded; under async none may", said)
      assert.equal(0, select(2, sandbox.count "PUT"))
    end)
  end)

  -- As Ctrl-C does in Lua's own interpreter, and want of memory: an error at the nth instruction.
  describe("under async, struck by an error at any instruction", function()
    local function strike(at, f, ...)
      return pcall(function(...)
        debug.sethook(function()
          debug.sethook()
          error("struck", 0)
        end, "", at)
        local result = f(...)
        debug.sethook()
        return result
      end, ...)
    end

    it("while it is begun, leaves every later step whole", function()
      local at, fine = 0, false
      while not fine do
        at = at + 1
        fine = strike(at, cf.async.tokens.delete_many, nil, {})
        step_until(function() return cloudflare.step() == 0 end)
      end
      assert.is_true(at > 100)
    end)

    it("while it is advanced, goes on where it was", function()
      local struck = 0
      for at, id in ipairs(sandbox.seed(120)) do
        local told, turn = {}, 0
        local call = cf.async.tokens.delete_many(nil, { id }, { journal = function(_, word) told[#told + 1] = word end })
        step_until(function()
          turn = turn + 1
          if turn % 2 == 0 then cloudflare.step() elseif not strike(at, cloudflare.step) then struck = struck + 1 end
          return call:done()
        end)
        assert.equal(1, call:wait().counts.deleted)
        assert.same({ "sending", "deleted" }, told)
      end
      assert.is_true(struck > 10)
    end)
  end)

  describe("call:cancel", function()
    it("ends what is in flight, begins nothing more, and says whether anything may have been sent", function()
      local call, ids = begin_slow()
      assert.is_true(call:cancel())
      assert.is_true(call:done())
      local report = call:wait()
      assert.equal("cancelled", report.stopped)
      assert.equal(3, report.counts.unknown)
      for i, entry in ipairs(report) do
        assert.equal(ids[i], entry.id)
        assert.equal("cancelled", entry.err.kind)
      end
      assert.is_true(call:cancel())
      assert.equal(report, (call:wait()))
    end)

    it("before anything was sent: nothing was", function()
      local call = cf.async.tokens.delete_many(nil, sandbox.seed(3))
      assert.is_false(call:cancel())
      assert.is_true(call:done())
      local report = call:wait()
      assert.same({ not_sent = 3 }, report.counts)
      assert.equal("cancelled", report.stopped)
      assert.equal("cancelled", report[1].err.kind)
      assert.same({}, sandbox.ledger())
    end)

    it("after reads alone: nothing that changes anything was sent", function()
      local call = cf.async.tokens.delete_many(nil, sandbox.seed(1), { dry_run = true, keep = print })
      sandbox.fault { method = "GET", delay = 2 }
      step_until(function() return #sandbox.ledger() > 0 end)
      assert.is_false(call:cancel())
      assert.same({ not_sent = 1 }, call:wait().counts)
    end)

    it("from inside one of its own functions: it ends when that has returned", function()
      local call
      call = cf.async.tokens.delete_many(nil, sandbox.seed(20), {
        max_in_flight = 1, progress = function(done) if done == 2 then call:cancel() end end,
      })
      local report = call:wait()
      assert.equal("cancelled", report.stopped)
      assert.same({ deleted = 2, not_sent = 18 }, report.counts)
    end)

    it("from on_event, which may cancel, but resumes nothing", function()
      local call
      local other = cloudflare.new(sandbox.options("http2", { on_event = function(event)
        if event.operation == "tokens.delete" and event.outcome == "deleted" then
          call:cancel()
          assert(not call:done())
        end
      end }))
      call = other.async.tokens.delete_many(nil, sandbox.seed(10), { max_in_flight = 1 })
      local report = call:wait()
      assert.same({ deleted = 1, not_sent = 9 }, report.counts)
      other:close()
    end)
  end)

  it("ends as cancelled when its client is closed", function()
    local call = begin_slow()
    cf:close()
    assert.is_true(call:done())
    local report = call:wait()
    assert.equal("cancelled", report.stopped)
    assert.equal(3, report.counts.unknown)
  end)

  it("sends nothing more where its journal closes the client, or cancels it, before the first byte of an id", function()
    for _, how in ipairs { "close", "cancel" } do
      local other, ids, call = cloudflare.new(sandbox.options()), sandbox.seed(3), nil
      local words = {}
      call = other.async.tokens.delete_many(nil, ids, { max_in_flight = 1, journal = function(id, word)
        words[#words + 1] = word
        if id ~= ids[2] or word ~= "sending" then return end
        if how == "close" then other:close() else call:cancel() end
      end })
      local report = call:wait()
      assert.equal("cancelled", report.stopped)
      assert.same({ deleted = 1, not_sent = 2 }, report.counts)
      assert.same({ "sending", "deleted", "sending", "not_sent" }, words)
      assert.same({}, sandbox.requests_for(ids[2]))
      other:close()
    end
  end)

  describe("that only rests", function()
    -- The API asks to wait for a second; nothing is in flight meanwhile.
    local function begin_resting(options)
      sandbox.fault { method = "DELETE", status = 429, headers = { ["Retry-After"] = "1" } }
      local all = { timeout = 0.9 }
      for name, value in pairs(options or {}) do all[name] = value end
      return sandbox.seed(1), all
    end

    it("takes no processor's time in the plain form", function()
      local ids, options = begin_resting()
      local began, busy = socket.gettime(), os.clock()
      assert.equal(1, cf.tokens.delete_many(nil, ids, options).counts.deleted)
      assert.is_true(socket.gettime() - began >= 0.9)
      assert.is_true(os.clock() - busy < 0.5)
    end)

    it("is counted by step, which waits for it as long as it is told, and no longer than it rests", function()
      local ids, options = begin_resting()
      local call = cf.async.tokens.delete_many(nil, ids, options)
      step_until(function() return sandbox.count "DELETE" == 1 and cloudflare.step() == 1 end)
      local began, busy = socket.gettime(), os.clock()
      assert.equal(1, cloudflare.step(0.05))
      assert.is_true(socket.gettime() - began >= 0.04)
      assert.is_true(call:timeout() <= 1)
      while not call:done() do cloudflare.step(30) end
      assert.is_true(socket.gettime() - began < MARGIN)
      assert.is_true(os.clock() - busy < 0.5)
      assert.equal(1, call:wait().counts.deleted)
    end)

    it("is cancelled at once, and closed at once", function()
      for _, how in ipairs { "cancel", "close" } do
        local ids, options = begin_resting()
        local other = cloudflare.new(sandbox.options())
        local call = other.async.tokens.delete_many(nil, ids, options)
        step_until(function() return sandbox.count "DELETE" == 1 and cloudflare.step() == 1 end)
        if how == "cancel" then assert.is_true(call:cancel()) else other:close() end
        assert.is_true(call:done())
        assert.same({ refused = 1 }, call:wait().counts)
        other:close()
        sandbox.reset()
      end
    end)
  end)

  describe("with sleep", function()
    it("sleeps before anything is sent, and never for 0 seconds", function()
      local slept, before = {}, nil
      local report = cf.tokens.delete_many(nil, sandbox.seed(3), { sleep = function(seconds)
        before = before or #sandbox.ledger()
        slept[#slept + 1] = seconds
      end })
      assert.equal(3, report.counts.deleted)
      assert.equal(0, before)
      assert.equal(0.001, slept[1])
      for _, seconds in ipairs(slept) do assert.is_true(seconds > 0) end
    end)

    it("yields from the caller's own coroutine, as the functions that it was given may", function()
      local ids, yielded, report = sandbox.seed(3), {}, nil
      sandbox.fault { method = "GET", delay = 0.1 } -- so that it has to sleep
      local thread = coroutine.create(function()
        report = cf.tokens.delete_many(nil, ids, {
          sleep = function() coroutine.yield "sleep" end, keep = function() coroutine.yield "keep" end,
          journal = function() coroutine.yield "journal" end, progress = function() coroutine.yield "progress" end,
        })
      end)
      while coroutine.status(thread) ~= "dead" do
        local fine, what = coroutine.resume(thread)
        assert(fine, what)
        yielded[what or "returned"] = (yielded[what or "returned"] or 0) + 1
      end
      assert.equal(3, report.counts.deleted)
      assert.is_true(yielded.sleep > 1)
      yielded.sleep = nil
      assert.same({ keep = 3, journal = 6, progress = 3, returned = 1 }, yielded)
    end)

    -- Places out of which a yield may not pass: in plain Lua 5.1 all of these, elsewhere the last.
    local places = {
      pcall = function(f)
        local fine, result = pcall(f)
        if not fine then error(result, 0) end
        return result
      end,
      metamethod = function(f) return setmetatable({}, { __index = f }).key end,
      iterator = function(f)
        local last
        for result in function(_, before) return not before and f() or nil end do last = result end
        return last
      end,
      sort = function(f)
        local result
        table.sort({ 1, 2 }, function() result = result or f() return false end)
        return result
      end,
    }
    local is_plain_5_1 = _VERSION == "Lua 5.1" and not rawget(_G, "jit")
    for name, place in pairs(places) do
      local can = name ~= "sort" and not is_plain_5_1
      it(("that yields: a place that it cannot yield out of raises before the first request: %s%s"):format(name,
        can and " is none here" or ""), function()
        local options, ids = { sleep = function() coroutine.yield() end }, nil
        for _, call in ipairs {
          function() return cf.tokens.delete(nil, ids[1], options) end,
          function() return cf.tokens.delete_many(nil, ids, options) end,
          function() return cf.tokens.each(nil, nil, options) end,
        } do
          sandbox.reset()
          ids = sandbox.seed(2)
          local thread = coroutine.create(place)
          local fine, said
          repeat fine, said = coroutine.resume(thread, call) until coroutine.status(thread) == "dead"
          assert.equal(can, fine)
          if not can then
            assert.truthy(tostring(said):find "attempt to yield across")
            assert.same({}, sandbox.ledger())
          end
          assert(place(function() return cf.async.tokens.delete_many(nil, ids):wait() end)) -- this can, everywhere
        end
      end)
    end

    it("an error of it comes through unchanged, at first and later; before the first nothing is sent", function()
      for calls = 1, 2 do
        local thrown, count = {}, 0
        sandbox.fault { method = "GET", delay = 0.1 } -- so that it has to sleep
        local fine, said = pcall(cf.tokens.delete_many, nil, sandbox.seed(3), { sleep = function()
          count = count + 1
          if count == calls then error(thrown, 0) end
        end })
        assert.is_false(fine)
        assert.equal(thrown, said)
        if calls == 1 then assert.same({}, sandbox.ledger()) end
      end
      step_until(function() return cloudflare.step() == 0 end)
    end)
  end)

  describe("with a credential of its own", function()
    it("asks a function for it once", function()
      local asked = 0
      local report = cf.tokens.delete_many(nil, sandbox.seed(5), { api_token = function()
        asked = asked + 1
        return sandbox.token
      end })
      assert.equal(5, report.counts.deleted)
      assert.equal(1, asked)
    end)

    it("says what is wrong with it, and sends nothing", function()
      for _, wrong in ipairs { "no\nline", function() return nil, "the vault is shut" end } do
        local report, err = cf.tokens.delete_many(nil, sandbox.seed(1), { api_token = wrong })
        assert.is_nil(report)
        assert.equal("argument", err.kind)
        assert.equal("api_token", err.argument)
        assert.truthy(tostring(err):find "^cloudflare%.tokens%.delete_many: api_token: ")
      end
      assert.same({}, sandbox.ledger())
    end)

    it("holds no text of it where debug could read it", function()
      local secret, found = sandbox.read_token, false
      local seen = {}
      local function look(value)
        if value == secret then found = true end
        if type(value) ~= "table" or seen[value] then return end
        seen[value] = true
        for key, inner in next, value do
          look(key)
          look(inner)
        end
        look(debug.getmetatable(value))
      end
      local call = cf.async.tokens.delete_many(nil, sandbox.seed(2), { api_token = secret, progress = function()
        local level = 1
        while debug.getinfo(level) do
          for i = 1, 200 do
            local name, value = debug.getlocal(level, i)
            if not name then break end
            if name ~= "secret" then look(value) end
          end
          level = level + 1
        end
      end })
      look(call)
      call:wait()
      assert.is_false(found)
    end)
  end)

  it("raises a programmer's mistake at the line that made it", function()
    local function said(...)
      local _, message = pcall(function(...) cf.tokens.delete_many(...) end, ...)
      return message
    end
    local here = "spec/tasks_spec%.lua:%d+: bad argument #"
    assert.truthy(said(nil, "id"):find(here .. "2 to 'delete_many' %(table expected, got string%)"))
    assert.truthy(said(5, {}):find(here .. "1 to 'delete_many' %(string expected, got number%)"))
    assert.truthy(said(nil, {}, { keep = 1 }):find(here
      .. "3 to 'delete_many' %(function expected for option 'keep', got number%)"))
    assert.truthy(said(nil, {}, { timeout = "1" }):find(here .. "3 to 'delete_many'"))
    assert.truthy(said(nil, {}, { journl = print }):find(here
      .. "3 to 'delete_many' %(unknown option 'journl'; did you mean 'journal'%?%)"))
    assert.truthy(said(nil, {}, { tiemout = 1 }):find "did you mean 'timeout'?")
    assert.truthy(said(nil, {}, { ca_file = "x" }):find "option 'ca_file' is the client's alone")
    assert.truthy(said(nil, {}, { colour = 1 }):find "unknown option 'colour'%)")
    assert.truthy(said(nil, {}, { [1] = 1 }):find "option names are strings")
  end)
end)
