-- Event loops wait on one descriptor: nothing polls on a timer.
local cloudflare = require "cloudflare"
local sandbox = require "spec.support.sandbox"
local cqueues = require "cqueues"
local uv = require "luv"

local SLOW = 0.4 -- seconds that the API takes
local CALLS = 5

-- Calls that take their time, and what they came to.
local function begin_slowly(cf)
  local calls = {}
  for i, id in ipairs(sandbox.seed(CALLS)) do
    sandbox.fault { token = id, method = "DELETE", delay = SLOW }
    calls[i] = cf.async.tokens.delete(nil, id)
  end
  return calls
end

local function assert_deleted(calls)
  for _, call in ipairs(calls) do
    assert.is_true(call:done())
    assert.equal("deleted", (select(2, call:wait())).outcome)
  end
end

-- With epoll a loop turns when something happens; a poll array has no descriptor, and is looked at every 10 ms.
local function most_turns(call) return call:pollfd() and 150 or 1000 end

describe("with cqueues", function()
  before_each(sandbox.reset)

  it("a coroutine polls a call as it would a socket", function()
    local cf, turns = cloudflare.new(sandbox.options()), 0
    assert(cf.tokens.verify())
    local calls = begin_slowly(cf)
    local most = most_turns(calls[1])
    local loop = cqueues.new()
    for _, call in ipairs(calls) do
      loop:wrap(function()
        while not call:done() do
          cqueues.poll(call)
          cloudflare.step()
          turns = turns + 1
        end
      end)
    end
    assert(loop:loop())
    assert_deleted(calls)
    assert.is_true(turns < most, turns .. " turns")
  end)

  it("the plain form waits with its sleep, while others run", function()
    local cf, ticks, outcome = cloudflare.new(sandbox.options("http2", { sleep = cqueues.sleep })), 0, nil
    local id = sandbox.fresh()
    sandbox.fault { token = id, method = "DELETE", delay = SLOW }
    local loop = cqueues.new()
    loop:wrap(function() outcome = select(2, cf.tokens.delete(nil, id)).outcome end)
    loop:wrap(function()
      while not outcome do
        ticks = ticks + 1
        cqueues.sleep(0.01)
      end
    end)
    assert(loop:loop())
    assert.equal("deleted", outcome)
    assert.is_true(ticks > 5)
  end)
end)

describe("with luv", function()
  before_each(sandbox.reset)

  -- Drives `calls` by one poll handle and one timer, until all have ended; returns how often it was woken.
  local function drive(calls)
    local turns, timer = 0, uv.new_timer()
    local poll = calls[1]:pollfd() and uv.new_poll(calls[1]:pollfd())
    local function advance()
      turns = turns + 1
      if cloudflare.step() == 0 then
        timer:close()
        if poll then poll:close() end
        return
      end
      for _, call in ipairs(calls) do
        local seconds = not call:done() and call:timeout()
        if seconds then timer:start(math.ceil(seconds * 1000), 0, advance) end
      end
    end
    if poll then poll:start("r", advance) end
    timer:start(0, 0, advance)
    uv.run()
    return turns
  end

  it("one poll handle and one timer drive every call, while others run", function()
    local cf, ticks, ticker = cloudflare.new(sandbox.options()), 0, uv.new_timer()
    assert(cf.tokens.verify())
    local calls = begin_slowly(cf)
    local most = most_turns(calls[1])
    for _, call in ipairs(calls) do assert.equal(calls[1]:pollfd(), call:pollfd()) end
    ticker:start(0, 10, function() ticks = ticks + 1 end)
    ticker:unref()
    local turns = drive(calls)
    ticker:close()
    uv.run() -- luv wants to see its handles closed
    assert_deleted(calls)
    assert.is_true(ticks > 5)
    assert.is_true(turns < most, turns .. " turns")
  end)
end)
