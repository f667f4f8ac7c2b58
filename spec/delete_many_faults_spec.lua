-- delete_many where the world fails in the middle of it: one definite behaviour each, whichever way it is called.
local cloudflare = require "cloudflare"
local child = require "spec.support.child"
local sandbox = require "spec.support.sandbox"
local ways = require "spec.support.ways"

local read = require "spec.support.read"
local system = require "spec.support.system"

-- Whoever has the account's global key: the owner, who may do everything.
local function owner()
  return cloudflare.new { api_key = sandbox.key, api_email = sandbox.email, account_id = sandbox.account,
    base_url = sandbox.urls.http2, ca_path = sandbox.ca_path }
end

local function outcomes_by_id(report)
  local words = {}
  for _, entry in ipairs(report) do words[entry.id] = entry.outcome end
  return words
end

-- Each report of a run is held against the ledger.
local function assert_true(report)
  local deleted, sent = {}, {}
  for _, entry in ipairs(sandbox.ledger()) do
    if entry.effect == "deleted" then deleted[entry.token] = true end
    if entry.method == "DELETE" and entry.token then sent[entry.token] = true end
  end
  for id, word in pairs(outcomes_by_id(report)) do
    assert.equal(word == "deleted" or word == "gone", deleted[id] or false, id .. " " .. word)
    if word == "not_sent" then assert.is_nil(sent[id]) end
  end
end

for way, call_of in pairs { plain = ways.plain, async = ways.async, ["with sleep"] = ways.sleeping } do
  describe("tokens.delete_many, " .. way .. ",", function()
    local delete_many, path
    before_each(function()
      sandbox.reset()
      path = os.tmpname()
      local call = call_of(sandbox.options())
      function delete_many(...) return call("tokens.delete_many", nil, ...) end
    end)
    after_each(function() os.remove(path) end)

    -- Ends a run in its middle, once `count` ids are done, and goes on from its journal with another credential.
    local function assert_goes_on(report, ids)
      local work = assert(cloudflare.report_of(path))
      for _, id in ipairs(ids) do work[#work + 1] = id end
      local first, cf = outcomes_by_id(report), cloudflare.new(sandbox.options("http2", { user_agent = "the next run" }))
      local second = cf.tokens.delete_many(nil, work, { api_key = sandbox.key, api_email = sandbox.email,
        journal = cloudflare.journal(path) })
      cf:close()
      assert.is_true(second.all_gone)
      assert_true(second)
      for _, entry in ipairs(sandbox.ledger()) do
        if entry.user_agent == "the next run" and entry.token then
          assert.not_equal("deleted", first[entry.token])
          assert.not_equal("gone", first[entry.token])
        end
      end
    end

    for what, die in pairs {
      ["which its owner deletes"] = function(key, own) assert(key.tokens.delete(nil, own)) end,
      ["which its owner rolls"] = function(key, own) assert(key.tokens.roll(nil, own)) end,
    } do
      it("stops where its credential, " .. what .. ", is not accepted any more", function()
        local ids, key, journal = sandbox.seed(60), owner(), cloudflare.journal(path)
        local made = sandbox.grow { count = 1, secret = "new", groups = { "Account API Tokens Write" } }
        local report = delete_many(ids, { api_token = made.values[1], journal = journal, max_in_flight = 10, progress = function(done)
          if done == 20 then die(key, made.ids[1]) end
        end })
        key:close()
        assert.equal("credential", report.stopped)
        assert.equal("refused", report.error.outcome)
        assert.equal(401, report.error.http.status)
        assert.is_true(report.counts.deleted >= 20 and report.counts.not_sent > 0)
        assert_true(report)
        assert_goes_on(report, ids)
      end)
    end

    it("ends with every id although somebody else uses up the quota", function()
      local ids = sandbox.seed(30)
      sandbox.quota { q = 20, w = 1 }
      local report = delete_many(ids, { progress = function(done)
        if done ~= 3 then return end
        repeat until sandbox.api("GET", sandbox.tokens "/verify").status == 429
      end })
      assert.same({ deleted = 30 }, report.counts)
      assert.is_nil(report.stopped)
      assert_true(report)
    end)

    it("sends nothing where the disk is full from the start", function()
      local ids = sandbox.seed(3)
      local report = delete_many(ids, { journal = cloudflare.journal "/dev/full" })
      assert.same({ not_sent = 3 }, report.counts)
      assert.equal("journal", report.stopped)
      assert.equal("No space left on device", report.error)
      assert.truthy(tostring(report[1].err):find("nothing was sent: the journal was not written", 1, true))
      assert_true(report)
    end)

    it("goes on behind a line that was torn", function()
      local ids = sandbox.seed(3)
      system.write(path, ids[1], " sending\n", ids[2], " delet")
      local work = assert(cloudflare.report_of(path))
      for _, id in ipairs(ids) do work[#work + 1] = id end
      local report = delete_many(work, { journal = cloudflare.journal(path) })
      assert.is_true(report.all_gone)
      assert_true(report)
      local again = outcomes_by_id(assert(cloudflare.report_of(path)))
      assert.same(outcomes_by_id(report), again)
      assert.truthy(read(path):find(ids[2] .. " delet torn\n", 1, true))
    end)
  end)
end

-- A file of this process must not grow beyond 512 bytes: of the line that would, a part is written.
for way, call in pairs { plain = "cf.tokens.delete_many(nil, ids, options)",
  async = "cf.async.tokens.delete_many(nil, ids, options):wait()" } do
  it("tokens.delete_many, " .. way .. ", stops where the disk fills up while it runs, and the next run goes on", function()
    sandbox.reset()
    local path, ids = os.tmpname(), sandbox.seed(20)
    local said = child.run(([[
      local cloudflare = require "cloudflare"
      local cf = assert(cloudflare.new { base_url = %q, ca_path = %q })
      local ids = {}
      for id in ("%s"):gmatch "%%x+" do ids[#ids + 1] = id end
      local options = { journal = assert(cloudflare.journal %q) }
      local report = %s
      print(report.stopped, report.error)
      for _, entry in ipairs(report) do print(entry.id, entry.outcome) end
    ]]):format(sandbox.urls.http2, sandbox.ca_path, table.concat(ids, " "), path, call), system.LITTLE_ROOM)
    assert.truthy(said:find "^journal%s+File too large")
    assert.equal(512, #read(path)) -- torn
    local report = {}
    for id, outcome in said:gmatch "\n(%x+)%s+([%l_]+)" do
      report[#report + 1] = { id = id, outcome = outcome }
    end
    assert.equal(20, #report)
    assert_true(report)

    local work, cf = assert(cloudflare.report_of(path)), cloudflare.new(sandbox.options())
    for _, entry in ipairs(work) do -- an end may not have been written, but no other stands in its place
      local told = outcomes_by_id(report)[entry.id]
      assert.is_true(entry.outcome == told or entry.outcome == "unknown")
    end
    for _, id in ipairs(ids) do work[#work + 1] = id end
    local second = cf.tokens.delete_many(nil, work, { journal = cloudflare.journal(path) })
    assert.is_true(second.all_gone)
    assert_true(second)
    assert.is_true(cloudflare.report_of(path).all_gone)
    cf:close()
    os.remove(path)
  end)
end
