-- each: every token of a list that may change while it is read.
local cloudflare = require "cloudflare"
local sandbox = require "spec.support.sandbox"
local http = require "socket.http"
local step_until = require "spec.support.step_until"

-- A deletion by somebody else, while nothing of ours moves.
local function delete(id)
  local _, status = http.request {
    method = "DELETE", url = ("%s/accounts/%s/tokens/%s"):format(sandbox.urls.plain, sandbox.account, id),
    headers = { Authorization = "Bearer " .. sandbox.token },
  }
  assert.equal(200, status)
end

local function gather(...)
  local ids, failed = {}, nil
  for token, err in ... do
    if token then ids[#ids + 1] = token.id else failed = err end
  end
  return ids, failed
end

local function lists()
  local found = {}
  for _, entry in ipairs(sandbox.ledger()) do
    if entry.path:find "/tokens$" then found[#found + 1] = entry end
  end
  return found
end

describe("tokens.each", function()
  local cf
  before_each(function()
    sandbox.reset()
    cf = cloudflare.new(sandbox.options())
  end)
  after_each(function()
    cf:close()
    assert.equal(0, cloudflare.step())
  end)

  it("gives every token once, oldest first", function()
    local seeded = sandbox.seed(120)
    local ids = gather(cf.tokens.each())
    for i, id in ipairs(seeded) do assert.equal(id, ids[#ids - #seeded + i]) end
    local seen = {}
    for _, id in ipairs(ids) do
      assert.is_nil(seen[id])
      seen[id] = true
    end
  end)

  it("takes one request where all fit on a page, and else one more than there are pages", function()
    gather(cf.tokens.each())
    assert.equal(1, #lists())
    sandbox.seed(100)
    gather(cf.tokens.each())
    assert.equal(1 + 4, #lists())
  end)

  it("gives the newest first where the query says so", function()
    local seeded = sandbox.seed(60)
    local ids = gather(cf.tokens.each(nil, { direction = "desc", per_page = 10 }))
    for i, id in ipairs(seeded) do assert.equal(id, ids[#seeded + 1 - i]) end
  end)

  it("makes the walk before the first token: the loop sends nothing, and may be left", function()
    sandbox.seed(60)
    local next_token = cf.tokens.each()
    local asked = #sandbox.ledger()
    for _ = 1, 3 do assert.truthy(next_token().id) end
    assert.equal(asked, #sandbox.ledger())
  end)

  it("is one call under async", function()
    local seeded = sandbox.seed(60)
    local call = cf.async.tokens.each()
    assert.same({}, sandbox.ledger())
    step_until(function() return call:done() end)
    local ids = gather(call:wait())
    assert.equal(seeded[60], ids[#ids])
  end)

  it("waits by sleep, which may yield", function()
    sandbox.seed(60)
    sandbox.fault { method = "GET", delay = 0.1 } -- so that it has to sleep
    local count, yields = nil, 0
    local thread = coroutine.create(function()
      count = #gather(cf.tokens.each(nil, nil, { sleep = function() coroutine.yield() end }))
    end)
    while coroutine.status(thread) ~= "dead" do
      assert(coroutine.resume(thread))
      yields = yields + 1
    end
    assert.is_true(count > 60)
    assert.is_true(yields > 2)
  end)

  -- A walk of 5 tokens a page, and something that is done once page number `moment` of it was answered.
  local function walk_with(moment, change)
    local call, done = cf.async.tokens.each(nil, { per_page = 5 }), false
    step_until(function()
      local answered = 0
      for _, entry in ipairs(lists()) do
        if type(entry.status) == "number" then answered = answered + 1 end
      end
      if not done and answered == moment then
        done = true
        change()
      end
      return call:done()
    end)
    assert.is_true(done)
    return gather(call:wait())
  end

  -- The same in the plain form, where on_event is told of each page.
  local function walk_plainly_with(moment, change, sleep)
    local answered = 0
    local other = cloudflare.new(sandbox.options("http2", { sleep = sleep, on_event = function(event)
      if not event.method then return end
      answered = answered + 1
      if answered == moment then change() end
    end }))
    local found, err = gather(other.tokens.each(nil, { per_page = 5 }))
    other:close()
    assert.is_true(answered >= moment)
    return found, err
  end

  local function walk_asleep_with(moment, change)
    local walk = coroutine.create(walk_plainly_with)
    local fine, found, err
    repeat
      fine, found, err = coroutine.resume(walk, moment, change, coroutine.yield)
      assert(fine, found)
    until coroutine.status(walk) == "dead"
    return found, err
  end

  local function check_shift(walk, moment, place, creates)
    sandbox.reset()
    local ids, seen = sandbox.seed(19), {}
    local found, err = walk(moment, function()
      delete(ids[place])
      if creates then sandbox.seed(1) end
    end)
    assert.is_nil(err)
    for _, id in ipairs(found) do seen[id] = (seen[id] or 0) + 1 end
    for i, id in ipairs(ids) do
      if i ~= place then assert.equal(1, seen[id], ("moment %d, place %d, token %d"):format(moment, place, i)) end
    end
  end

  for way, row in pairs {
    ["under async"] = { walk_with, 3 }, plain = { walk_plainly_with, 6 }, ["with sleep"] = { walk_asleep_with, 6 },
  } do
    for what, creates in pairs { ["a deletion"] = false, ["a deletion and a creation"] = true } do
      it(("misses no token that was there all the while, %s: %s between any two pages"):format(way, what), function()
        for moment = 1, 5 do
          for place = 1, 19, row[2] do check_shift(row[1], moment, place, creates) end
        end
      end)
    end
  end

  it("walks again where fewer were seen than are counted, and then gives all", function()
    sandbox.seed(19)
    local found, err = walk_with(3, function() sandbox.seed(2) end)
    assert.is_nil(err)
    assert.equal(27, #found)
    assert.is_true(#lists() > 7)
  end)

  it("gives false and an error, once, where three walks saw too few", function()
    sandbox.seed(5)
    sandbox.fault { path = "/tokens", times = 9,
      body = '{"success":true,"errors":[],"messages":[],"result":[],"result_info":{"total_count":7,"per_page":50}}' }
    local ids, err = gather(cf.tokens.each())
    assert.same({}, ids)
    assert.equal("failed", err.outcome)
    assert.equal(0, err.seen)
    assert.equal(7, err.total)
    assert.truthy(tostring(err):find("0 of 7", 1, true))
    assert.equal(6, #lists())
  end)

  it("gives false and an error where an answer's count is none, and takes it for no end", function()
    for _, info in ipairs { '{"total_count":-1}', '{"total_count":7.5}', '{"total_count":1e300}', '{"total_count":"many"}',
      "{}", "null" } do
      sandbox.fault { path = "/tokens",
        body = '{"success":true,"errors":[],"messages":[],"result":[],"result_info":' .. info .. "}" }
      local ids, err = gather(cf.tokens.each())
      assert.same({}, ids)
      assert.equal("response", err.kind)
      assert.truthy(tostring(err):find("does not say how many there are", 1, true))
    end
  end)

  it("ends its pages by the per_page that the answer echoes", function()
    sandbox.seed(19)
    -- asked for 50 a page, it says 5, as one that has another limit would
    local asked = 0
    local first = cf.tokens.list(nil, { per_page = 5, page = 1, direction = "asc" })
    local cjson = require "cjson"
    sandbox.fault { path = "/tokens", body = cjson.encode {
      success = true, errors = {}, messages = {}, result = first, result_info = { total_count = 25, per_page = 5 },
    } }
    gather(cf.tokens.each())
    for _ in ipairs(lists()) do asked = asked + 1 end
    assert.equal(1 + 1 + 5, asked)
  end)

  it("gives false and the error of a page that could not be read", function()
    sandbox.seed(60)
    local ids, err = gather(cf.tokens.each(nil, nil, { api_token = sandbox.no_token }))
    assert.same({}, ids)
    assert.equal("refused", err.outcome)
    assert.equal(403, err.http.status)
    assert.equal(0, err.seen)
  end)

  it("raises nothing for a bad value: the loop runs once, with false and why", function()
    for _, call in ipairs {
      function() return cf.tokens.each "no account" end,
      function() return cf.tokens.each(nil, { per_page = 3 }) end,
      function() return cf.tokens.each(nil, { page = 2 }) end,
      function() return cf.tokens.each(nil, nil, { api_token = function() return nil, "shut" end }) end,
      function() return cf.async.tokens.each("no account"):wait() end,
    } do
      local ids, err = gather(call())
      assert.same({}, ids)
      assert.equal("argument", err.kind)
      assert.equal("not_sent", err.outcome)
    end
    assert.same({}, sandbox.ledger())
  end)

  it("raises a programmer's mistake", function()
    local fine, said = pcall(cf.tokens.each, nil, 5)
    assert.is_false(fine)
    assert.truthy(said:find("bad argument #2 to 'each' (table expected, got number)", 1, true))
  end)

  it("ends with its timeout, which is the whole walk's", function()
    sandbox.seed(60)
    cf.tokens.verify() -- so that there is a connection, and no time for another is needed
    sandbox.fault { path = "/tokens", delay = 0.4, times = 9 }
    local _, err = gather(cf.tokens.each(nil, nil, { timeout = 0.7, attempt_timeout = 0.6 }))
    assert.equal("failed", err.outcome)
    assert.equal("timeout", err.kind)
  end)

  it("finds the user's tokens: user.tokens.each", function()
    local added, found = sandbox.grow({ count = 45, realm = "user" }).ids, {}
    for token, err in cf.user.tokens.each({ per_page = 20 }, { api_token = sandbox.user_token }) do
      found[assert(token, err).id] = true
    end
    for _, id in ipairs(added) do assert.is_true(found[id]) end
  end)
end)
