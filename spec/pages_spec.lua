-- pages: the items of any resource that comes in pages, by number or by cursor.
local cloudflare = require "cloudflare"
local sandbox = require "spec.support.sandbox"
local step_until = require "spec.support.step_until"

local cjson = require "cjson"

local function gather(...)
  local items, failed = {}, nil
  for item, err in ... do
    if item then items[#items + 1] = item else failed = err end
  end
  return items, failed
end

local function ids_of(items)
  local ids = {}
  for i, item in ipairs(items) do ids[i] = item.id end
  return ids
end

-- An answer of the sandbox's: a page of numbers, and what its result_info says.
local function page(items, info)
  local text = #items > 0 and cjson.encode(items) or "[]"
  local body = '{"success":true,"errors":[],"messages":[],"result":%s%s}'
  local tail = info and ',"result_info":' .. cjson.encode(info) or ""
  return { method = "GET", path = "/tokens", body = body:format(text, tail) }
end

-- The queries of the requests so far.
local function asked()
  local queries = {}
  for i, entry in ipairs(sandbox.ledger()) do queries[i] = entry.query or "" end
  return queries
end

describe("pages", function()
  local cf, path
  before_each(function()
    sandbox.reset()
    sandbox.switch { bodies = true }
    cf = cloudflare.new(sandbox.options())
    path = sandbox.tokens()
  end)
  after_each(function()
    cf:close()
    assert.equal(0, cloudflare.step())
  end)

  -- Counted, so read by number before the first item.

  it("gives every item of a counted resource once, in its order", function()
    local seeded = sandbox.seed(60)
    local items, err = gather(cf.pages(path, { per_page = 25, direction = "asc" }))
    assert.is_nil(err)
    local ids = ids_of(items)
    for i, id in ipairs(seeded) do assert.equal(id, ids[#ids - #seeded + i]) end
    assert.same({ 66, 1 + 3 }, { #ids, #asked() })
  end)

  it("takes one request where all are on the first page", function()
    assert.equal(6, #gather(cf.pages(path)))
    assert.same({ "" }, asked())
  end)

  it("has read a counted resource before the loop begins: what is deleted in it hides nothing", function()
    sandbox.seed(30)
    local deleted = 0
    for item, err in cf.pages(path, { per_page = 10, direction = "desc" }) do
      assert.is_nil(err)
      if item.name:find "^sandbox%-" == nil then
        assert(cf.tokens.delete(nil, item.id))
        deleted = deleted + 1
      end
    end
    assert.is_true(deleted >= 30)
  end)

  it("walks again where the list changed, and ends with false and an error where it kept changing", function()
    sandbox.fault(page({ 1, 2 }, { page = 1, per_page = 2, total_count = 3 }))
    sandbox.fault(page({}, { page = 2, per_page = 2, total_count = 3 }))
    sandbox.fault(page({ 1, 2 }, { page = 1, per_page = 2, total_count = 3 }))
    sandbox.fault(page({ 1, 2, 3 }, { page = 1, per_page = 3, total_count = 3 }))
    assert.same({ 1, 2, 3 }, (gather(cf.pages(path))))
    local short = page({ 1 }, { page = 1, per_page = 5, total_count = 3 })
    short.times = 9
    sandbox.fault(short)
    local items, err = gather(cf.pages(path))
    assert.same({}, items)
    assert.same({ "failed", 1, 3 }, { err.outcome, err.seen, err.total })
    assert.truthy(err.message:find("^cloudflare%.pages: the list changed"))
  end)

  -- Not counted: read as the loop asks.

  local function with_changes(count)
    for _ = 1, count do assert(cf.tokens.delete(nil, sandbox.fresh())) end
    return ("/accounts/%s/logs/audit"):format(sandbox.account),
      { since = "2020-01-01T00:00:00Z", before = "2099-01-01T00:00:00Z", limit = 2 },
      { api_token = sandbox.no_token }
  end

  it("follows cursors, and reads a page when the loop comes to it", function()
    local log, query, options = with_changes(7)
    local before = #sandbox.ledger()
    local give, seen = cf.pages(log, query, options), {}
    assert.equal(before + 1, #sandbox.ledger())
    for n = 1, 7 do
      local item = give()
      assert.is_nil(seen[item.id])
      seen[item.id] = true
      assert.equal(before + math.ceil(n / 2), #sandbox.ledger())
    end
    assert.is_nil(give())
    assert.is_nil(give())
    assert.equal(before + 4, #sandbox.ledger())
  end)

  it("is left in the middle without anything in flight", function()
    local log, query, options = with_changes(3)
    local give = cf.pages(log, query, options)
    assert.truthy(give().id)
    assert.equal(0, cloudflare.step())
  end)

  it("knows both places of a cursor, goes past empty pages, and ends by null, by nothing and by none", function()
    local endings = { { cursor = cjson.null }, {}, { cursors = { after = "" } }, { cursors = cjson.null } }
    for _, ending in ipairs(endings) do
      sandbox.reset()
      sandbox.switch { bodies = true }
      sandbox.fault(page({ 1 }, { cursor = "a b" }))
      sandbox.fault(page({}, { cursors = { after = "b", before = "z" } }))
      sandbox.fault(page({ 2, 3 }, ending))
      assert.same({ 1, 2, 3 }, (gather(cf.pages(path, { order = "x" }))))
      assert.same({ "order=x", "cursor=a%20b&order=x", "cursor=b&order=x" }, asked())
    end
  end)

  it("goes by number where the pages are counted, and not what is on them", function()
    sandbox.fault(page({ 1, 2 }, { page = 1, per_page = 2, total_pages = 2 }))
    sandbox.fault(page({ 3, 4 }, { page = 2, per_page = 2, total_pages = 2 }))
    assert.same({ 1, 2, 3, 4 }, (gather(cf.pages(path))))
    assert.same({ "", "page=2" }, asked())
  end)

  it("goes by number until a page is short or empty, where nothing is counted", function()
    for _, last in ipairs { { 3 }, {} } do
      sandbox.reset()
      sandbox.switch { bodies = true }
      sandbox.fault(page({ 1, 2 }, { page = 1, per_page = 2 }))
      sandbox.fault(page(last, { page = 2, per_page = 2 }))
      assert.same({ 1, 2, last[1] }, (gather(cf.pages(path))))
      assert.equal(2, #asked())
    end
  end)

  it("has one page where the answer does not say that there are more", function()
    sandbox.fault(page { 1, 2 })
    assert.same({ 1, 2 }, (gather(cf.pages(path))))
    sandbox.fault { path = "/tokens", status = 204, body = "" }
    assert.same({}, (gather(cf.pages(path))))
    assert.equal(2, #asked())
  end)

  -- Failures: once false and an error, and then the end.

  it("gives what came before a failure, then false and the error, once", function()
    sandbox.fault(page({ 1, 2 }, { cursor = "a" }))
    sandbox.fault { path = "/tokens", status = 403, code = 9109, message = "no" }
    local give = cf.pages(path)
    assert.same({ 1, 2 }, { give(), (give()) })
    local item, err = give()
    assert.is_false(item)
    assert.same({ "refused", 2 }, { err.outcome, err.seen })
    assert.is_nil(give())
    assert.equal(2, #asked())
  end)

  local function first_failure(...)
    local items, err = gather(cf.pages(...))
    assert.same({}, items)
    return err
  end

  it("gives false and an error for a first page that fails, and for arguments", function()
    assert.equal("refused", first_failure(("/accounts/%s/nothing"):format(sandbox.account)).outcome)
    assert.truthy(first_failure("/a/").message:find("cloudflare.pages: path: has an empty segment", 1, true))
    assert.truthy(first_failure(path, { page = 2 }).message:find("cloudflare.pages: query.page: every page", 1, true))
    assert.truthy(first_failure(path, { cursor = "c" }).message:find("query.cursor: every page", 1, true))
    assert.truthy(first_failure(path, { x = {} }).message:find("cloudflare.pages: query.x: ", 1, true))
    assert.equal(1, #asked())
  end)

  it("raises for a programmer's mistake", function()
    local _, message = pcall(cf.pages, nil)
    assert.equal("bad argument #1 to 'pages' (string expected, got nil)", message)
    _, message = pcall(cf.pages, "/a", "x")
    assert.equal("bad argument #2 to 'pages' (table expected, got string)", message)
    _, message = pcall(cf.pages, "/a", nil, { raw = true })
    assert.equal("bad argument #3 to 'pages' (option 'raw' is of 'request' alone)", message)
  end)

  it("does not take a result for items that is none", function()
    sandbox.fault { path = "/tokens", body = '{"success":true,"errors":[],"messages":[],"result":{"buckets":[1]}}' }
    local err = first_failure(path)
    assert.same({ "response", "failed" }, { err.kind, err.outcome })
    assert.truthy(err.message:find("no list of items", 1, true))
  end)

  it("ends where a server leads it in a circle", function()
    for _, info in ipairs { { cursor = "a" }, { page = 1, per_page = 2 } } do
      sandbox.reset()
      local same = page({ 1, 2 }, info)
      same.times = 9
      sandbox.fault(same)
      local items, err = gather(cf.pages(path))
      assert.same({ 1, 2 }, items)
      assert.same({ "response", "failed", 2 }, { err.kind, err.outcome, err.seen })
      assert.equal(2, #asked())
    end
  end)

  it("ends with an error once its client is closed", function()
    sandbox.fault(page({ 1 }, { cursor = "a" }))
    local own = cloudflare.new(sandbox.options())
    local give = own.pages(path)
    own:close()
    assert.equal(1, (give()))
    local item, err = give()
    assert.same({ false, "cancelled", "not_sent" }, { item, err.kind, err.outcome })
    assert.is_nil(give())
  end)

  it("raises where the next page would be read from inside on_event", function()
    local give, said
    local own = cloudflare.new(sandbox.options("plain", {
      on_event = function() if give and not said then said = select(2, pcall(give)) end end,
    }))
    sandbox.fault(page({}, { cursor = "a" }))
    give = own.pages(path)
    own.tokens.verify()
    assert.truthy(tostring(said):find("cloudflare.pages: called from inside on_event", 1, true))
    assert.truthy(give())
    own:close()
  end)

  it("has the whole timeout for each page", function()
    local slow = page({ 1 }, { cursor = "a" })
    slow.delay = 0.7
    sandbox.fault(slow)
    slow = page({ 2 }, {})
    slow.delay = 0.7
    sandbox.fault(slow)
    assert.same({ 1, 2 }, (gather(cf.pages(path, nil, { timeout = 2, attempt_timeout = 2 }))))
  end)

  -- How it waits.

  it("waits by sleep, which may yield: between pages too, and in Lua 5.1 before the loop", function()
    local log, query, options = with_changes(5)
    sandbox.fault { path = log, delay = 0.05, times = 3 }
    local items, slept = 0, {}
    options.sleep = function()
      slept[items] = true
      coroutine.yield()
    end
    local thread = coroutine.create(function()
      for item in cf.pages(log, query, options) do items = items + (item and 1 or 0) end
    end)
    while coroutine.status(thread) ~= "dead" do assert(coroutine.resume(thread)) end
    assert.equal(5, items)
    local reads_first = _VERSION == "Lua 5.1" and not jit
    assert.same(reads_first and { [0] = true } or { [0] = true, [2] = true, [4] = true }, slept)
  end)

  it("is one call under async, which has read all", function()
    local log, query, options = with_changes(5)
    local call = cf.async.pages(log, query, options)
    step_until(function() return call:done() end)
    local before = #sandbox.ledger()
    assert.equal(5, #gather(call:wait()))
    assert.equal(before, #sandbox.ledger())
  end)

  it("gives under async, too, what came before a failure", function()
    sandbox.fault(page({ 1, 2 }, { cursor = "a" }))
    sandbox.fault { path = "/tokens", status = 403, code = 9109, message = "no" }
    local call = cf.async.pages(path)
    step_until(function() return call:done() end)
    local items, err = gather(call:wait())
    assert.same({ 1, 2 }, items)
    assert.equal(2, err.seen)
  end)

  it("is cancelled under async", function()
    local call = cf.async.pages(path)
    assert.is_false(call:cancel())
    local items, err = gather(call:wait())
    assert.same({}, items)
    assert.equal("cancelled", err.kind)
  end)
end)
