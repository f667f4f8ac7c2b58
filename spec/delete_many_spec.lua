-- delete_many: a list of ids in, a report with an outcome for each out.
local cloudflare = require "cloudflare"
local sandbox = require "spec.support.sandbox"

local requests_for, is_deleted = sandbox.requests_for, sandbox.is_deleted
local GONE_TO = "12345678901234567890123456789012" -- never issued

local function outcomes(report)
  local words = {}
  for i, entry in ipairs(report) do words[i] = entry.outcome end
  return words
end

local function own_id(cf) return assert(cf.tokens.verify()).id end

describe("tokens.delete_many", function()
  local cf
  before_each(function()
    sandbox.reset()
    cf = cloudflare.new(sandbox.options())
  end)
  after_each(function() cf:close() end)

  it("deletes each id and reports each position", function()
    local ids = sandbox.seed(3)
    local asked = { ids[1], GONE_TO, ids[2], "no id", 5, ids[1], ids[3] }
    local report = cf.tokens.delete_many(nil, asked)
    assert.same({ "deleted", "not_found", "deleted", "not_sent", "not_sent", "deleted", "deleted" }, outcomes(report))
    assert.same({ deleted = 4, not_found = 1, not_sent = 2 }, report.counts)
    for i, entry in ipairs(report) do assert.equal(asked[i], entry.id) end
    assert.is_nil(report[1].err)
    assert.equal("not_found", report[2].err.outcome)
    assert.truthy(tostring(report[4].err):find("32 of 0-9 and a-f (got 5 bytes)", 1, true))
    assert.equal("argument", report[5].err.kind)
    assert.is_false(report.all_gone)
    assert.is_nil(report.stopped)
    for _, id in ipairs(ids) do assert.equal(1, #requests_for(id)) end
  end)

  it("says all_gone where every id is deleted, gone or not there", function()
    local ids = sandbox.seed(2)
    ids[3] = GONE_TO
    sandbox.fault { token = ids[2], method = "DELETE", drop = "after" }
    local report = cf.tokens.delete_many(nil, ids)
    assert.same({ "deleted", "gone", "not_found" }, outcomes(report))
    assert.is_true(report.all_gone)
    assert.is_true(cf.tokens.delete_many(nil, {}).all_gone)
  end)

  it("carries 500 ids over few connections", function()
    local ids = sandbox.seed(500)
    local report = cf.tokens.delete_many(nil, ids)
    assert.same({ deleted = 500 }, report.counts)
    local seen, deleted = sandbox.count "DELETE"
    assert.equal(500, seen)
    assert.equal(500, deleted)
    local connections, count = {}, 0
    for _, entry in ipairs(sandbox.ledger()) do
      if not connections[entry.connection] then count = count + 1 end
      connections[entry.connection] = true
    end
    assert.is_true(count <= 4)
  end)

  it("has one in flight at first, 8 until ten were answered, then as many as it may", function()
    local ids = sandbox.seed(80)
    sandbox.fault { method = "DELETE", delay = 0.3, times = 80 }
    local call, most = cf.async.tokens.delete_many(nil, ids), {}
    while not call:done() do
      cloudflare.step(0.01)
      local open, answered = 0, 0
      for _, entry in ipairs(sandbox.ledger()) do
        if entry.method == "DELETE" and type(entry.status) == "number" then answered = answered + 1
        elseif entry.method == "DELETE" then open = open + 1 end
      end
      local when = answered < 10 and "early" or "late"
      most[when] = math.max(most[when] or 0, open)
    end
    assert.is_true(most.early <= 8)
    assert.is_true(most.late > 8 and most.late <= 50)
  end)

  it("refuses max_in_flight and deadline that are no such numbers, and sends nothing", function()
    for _, options in ipairs { { max_in_flight = 0 }, { max_in_flight = 1.5 }, { max_in_flight = 51 },
      { deadline = 0 }, { deadline = 1 / 0 }, { deadline = 0 / 0 } } do
      local report, err = cf.tokens.delete_many(nil, sandbox.seed(1), options)
      assert.is_nil(report)
      assert.equal("argument", err.kind)
      assert.truthy(tostring(err):find(next(options), 1, true))
    end
    assert.same({}, sandbox.ledger())
  end)

  it("raises where the list would not be read whole, at the line that made the mistake", function()
    local ids = sandbox.seed(3)
    for _, odd in ipairs { { ids[1], nil, ids[3] }, { [ids[1]] = true }, { [0] = ids[1], ids[2] }, { [{}] = ids[1] } } do
      local fine, said = pcall(function() cf.tokens.delete_many(nil, odd) end)
      assert.is_false(fine)
      assert.truthy(said:find("spec/delete_many_spec%.lua:%d+: bad argument #2 to 'delete_many' %(a list expected"))
    end
    assert.truthy(select(2, pcall(cf.user.tokens.delete_many, { [5] = ids[1] })):find("bad argument #1", 1, true))
    assert.same({}, sandbox.ledger())
    assert.same({ deleted = 3 }, cf.tokens.delete_many(nil, { n = 3, ids[1], ids[2], ids[3] }).counts)
  end)

  it("takes an id as the API writes it, and no other as the same", function()
    local id = sandbox.fresh()
    local report = cf.tokens.delete_many(nil, { id:upper(), id .. " ", id:sub(1, 31), 12345, false, {}, id, { id = id } })
    assert.same({ "not_sent", "not_sent", "not_sent", "not_sent", "not_sent", "not_sent", "deleted", "deleted" },
      outcomes(report))
    assert.equal(1, #requests_for(id))
  end)

  describe("its own credential", function()
    local own
    before_each(function() own = own_id(cf) end)

    it("is refused", function()
      local report = cf.tokens.delete_many(nil, { own, sandbox.fresh() })
      assert.same({ "not_sent", "deleted" }, outcomes(report))
      assert.truthy(tostring(report[1].err):find("include_self", 1, true))
      assert.is_false(is_deleted(own))
    end)

    it("stays as ambiguous as an earlier run left it, where it is refused", function()
      for _, word in ipairs { "unknown", "accepted" } do
        local report = cf.tokens.delete_many(nil, { { id = own, outcome = word } })
        assert.same({ word }, outcomes(report))
        assert.equal("argument", report[1].err.kind)
        assert.equal(word, report[1].err.http.earlier)
      end
      assert.is_false(is_deleted(own))
    end)

    it("is deleted last with include_self", function()
      local ids = sandbox.seed(12)
      table.insert(ids, 1, own)
      local order = {}
      local report = cf.tokens.delete_many(nil, ids, {
        include_self = true, progress = function(_, _, id) order[#order + 1] = id end,
      })
      assert.same({ deleted = 13 }, report.counts)
      assert.equal(own, order[13])
      local ledger = sandbox.ledger()
      assert.equal(own, ledger[#ledger].token)
    end)

    it("is unknown with a global key, and nothing is refused", function()
      local report = cf.tokens.delete_many(nil, { own, sandbox.fresh() },
        { api_key = sandbox.key, api_email = sandbox.email })
      assert.same({ deleted = 2 }, report.counts)
    end)
  end)

  describe("a credential that is not accepted", function()
    for prefix, asked in pairs {
      cfat_ = { "/accounts/.*/tokens/verify$" },
      cfut_ = { "/user/tokens/verify$" },
      older = { "/accounts/.*/tokens/verify$", "/user/tokens/verify$" }, -- it does not tell where it belongs
    } do
      it(("costs %d request%s, and no deletion is sent: %s"):format(#asked, #asked > 1 and "s" or "", prefix), function()
        local report = cf.tokens.delete_many(nil, sandbox.seed(5), { api_token = prefix .. ("x"):rep(40) })
        assert.same({ not_sent = 5 }, report.counts)
        assert.equal("credential", report.stopped)
        assert.equal("refused", report.error.outcome)
        local ledger = sandbox.ledger()
        assert.equal(#asked, #ledger)
        for i, path in ipairs(asked) do assert.truthy(ledger[i].path:find(path)) end
      end)
    end

    it("is a wrong global key: it costs one failure, and a GET that asks about it", function()
      local report = cf.tokens.delete_many(nil, sandbox.seed(20), { api_key = ("0"):rep(37), api_email = sandbox.email })
      assert.same({ refused = 1, not_sent = 19 }, report.counts)
      assert.equal("credential", report.stopped)
      assert.equal(2, #sandbox.ledger())
    end)

    it("is not what an error says where nobody could say whether it is one", function()
      local ids = sandbox.seed(2)
      sandbox.fault { path = "/verify", drop = "before", times = 99 }
      local report = cf.tokens.delete_many(nil, ids, { timeout = 0.5 })
      assert.equal("credential", report.stopped)
      assert.equal("failed", report.error.outcome)
      assert.truthy(tostring(report[1].err):find("whether the credential is accepted could not be learnt", 1, true))
      assert.same({ not_sent = 2 }, report.counts)
    end)

    it("is asked about again when the wait that the API asked for is over", function()
      local ids = sandbox.seed(2)
      sandbox.fault { path = "/verify", status = 429, headers = { ["Retry-After"] = "1" } }
      assert.same({ deleted = 2 }, cf.tokens.delete_many(nil, ids, { timeout = 0.9 }).counts)
      sandbox.fault { path = "/verify", status = 429, headers = { ["Retry-After"] = "60" } }
      local report = cf.tokens.delete_many(nil, ids, { deadline = 1 })
      assert.equal("deadline", report.stopped)
      assert.same({ not_sent = 2 }, report.counts)
    end)

    it("that dies in the middle: no more begin, those in flight land, it is asked about once, the rest is not sent",
      function()
        local ids = sandbox.seed(60)
        local own = own_id(cf)
        local key = cloudflare.new { api_key = sandbox.key, api_email = sandbox.email, account_id = sandbox.account,
          base_url = sandbox.urls.http2, ca_path = sandbox.ca_path }
        local told = {}
        local report = cf.tokens.delete_many(nil, ids, {
          max_in_flight = 8, -- else all might have been sent by then
          progress = function(done) if done == 30 then assert(key.tokens.delete(nil, own)) end end,
          journal = function(id, word) told[id] = word end,
        })
        key:close()
        assert.equal("credential", report.stopped)
        assert.is_true(report.counts.deleted >= 30)
        assert.is_true((report.counts.refused or 0) <= 8)
        assert.equal(60, report.counts.deleted + (report.counts.refused or 0) + (report.counts.not_sent or 0))
        for _, entry in ipairs(report) do
          assert.equal(entry.outcome == "deleted", is_deleted(entry.id))
          assert.equal(entry.outcome ~= "not_sent" and entry.outcome or nil, told[entry.id])
        end
        local asked = 0
        for _, entry in ipairs(sandbox.ledger()) do
          if entry.path:find "/verify$" and entry.status == 401 then asked = asked + 1 end
        end
        assert.equal(1, asked)
      end)

    it("only for a moment: the ids that it hit are sent again", function()
      local ids = sandbox.seed(20)
      sandbox.fault { method = "DELETE", token = ids[15], status = 401, code = 10000 }
      local report = cf.tokens.delete_many(nil, ids)
      assert.same({ deleted = 20 }, report.counts)
      assert.is_nil(report.stopped)
      assert.equal(2, #requests_for(ids[15]))
    end)

    it("again and again: it is asked about three times, then the run stops", function()
      local ids = sandbox.seed(2)
      sandbox.fault { method = "DELETE", token = ids[2], status = 401, code = 10000, times = 9 }
      local report = cf.tokens.delete_many(nil, ids)
      assert.same({ "deleted", "refused" }, outcomes(report))
      assert.equal("credential", report.stopped)
      assert.equal(4, #requests_for(ids[2]))
    end)
  end)

  it("with keep, too, no read is followed by a deletion once it was refused, or is to wait", function()
    local ids, kept = sandbox.seed(3), {}
    for i, fault in ipairs { { status = 401, code = 10000 }, { status = 403, code = 10000 },
      { status = 429, headers = { ["Retry-After"] = "1" } } } do
      fault.method, fault.token = "GET", ids[i]
      sandbox.fault(fault)
    end
    local report = cf.tokens.delete_many(nil, ids, { max_in_flight = 1, timeout = 0.9, keep = function(token)
      kept[#kept + 1] = token and token.id or "nothing"
    end })
    assert.same({ deleted = 3 }, report.counts)
    table.sort(kept)
    table.sort(ids)
    assert.same(ids, kept)
    sandbox.fault { method = "GET", token = sandbox.missing_id, status = 403, code = 10502 }
    report = cf.tokens.delete_many(nil, { sandbox.missing_id }, { keep = error })
    assert.equal("lockout", report.stopped)
    assert.same({ not_sent = 1 }, report.counts)
  end)

  it("stops at a lock-out at once", function()
    local ids = sandbox.seed(30)
    sandbox.fault { method = "DELETE", token = ids[3], status = 403, code = 10502 }
    local report = cf.tokens.delete_many(nil, ids)
    assert.equal("lockout", report.stopped)
    assert.equal("refused", report[3].outcome)
    assert.equal(30, report.counts.deleted + report.counts.not_sent + 1)
  end)

  it("sends an id again once the wait that a 429 asked for is over", function()
    local ids = sandbox.seed(3)
    sandbox.fault { method = "DELETE", token = ids[1], status = 429, headers = { ["Retry-After"] = "1" } }
    local report = cf.tokens.delete_many(nil, ids, { timeout = 0.9 })
    assert.same({ deleted = 3 }, report.counts)
    assert.equal(2, #requests_for(ids[1]))
  end)

  describe("under a quota", function()
    local function refused()
      local count = 0
      for _, entry in ipairs(sandbox.ledger()) do
        if entry.status == 429 then count = count + 1 end
      end
      return count
    end

    it("rests before it is used up, and leaves a tenth of it to others", function()
      local ids = sandbox.seed(30)
      sandbox.quota { q = 20, w = 2 }
      local other, seen = nil, 0
      local report = cf.tokens.delete_many(nil, ids, { progress = function(done)
        seen = done
        if done == 17 then other = cf.tokens.verify() end -- somebody at the dashboard
      end })
      assert.same({ deleted = 30 }, report.counts)
      assert.equal(30, seen)
      assert.truthy(other)
      assert.equal(0, refused())
    end)

    it("begins nothing after its deadline while it rests", function()
      local ids = sandbox.seed(30)
      sandbox.quota { q = 20, w = 60 }
      local report = cf.tokens.delete_many(nil, ids, { deadline = 0.8 })
      assert.equal("deadline", report.stopped)
      assert.equal(30, report.counts.deleted + report.counts.not_sent)
      assert.is_true(report.counts.deleted <= 18)
      assert.equal(0, refused())
    end)

    it("each rests, too", function()
      sandbox.seed(60)
      sandbox.quota { q = 10, w = 2 }
      local count = 0
      for token in cf.tokens.each(nil, { per_page = 5 }) do count = count + (token and 1 or 0) end
      assert.equal(66, count)
      assert.equal(0, refused())
    end)
  end)

  it("says refused of what was sent and refused, also where it was held back before", function()
    local ids = sandbox.seed(2)
    local report = cf.tokens.delete_many(nil, ids, { max_in_flight = 1, timeout = 0.9, deadline = 1.5, progress = function()
      sandbox.fault { path = "/verify", status = 429, headers = { ["Retry-After"] = "1" } }
      cf.tokens.verify(nil, { timeout = 0.5 }) -- the client knows now that it has to wait: the next is not sent
      sandbox.fault { token = ids[2], status = 429, headers = { ["Retry-After"] = "60" } }
    end })
    assert.equal(1, #requests_for(ids[2]))
    assert.same({ "deleted", "refused" }, outcomes(report))
  end)

  it("with no time at all begins nothing after the question about its credential", function()
    local ids = sandbox.seed(3)
    local report = cf.tokens.delete_many(nil, ids, { deadline = 1e-6 })
    assert.equal("deadline", report.stopped)
    assert.same({ not_sent = 3 }, report.counts)
    assert.equal(0, (sandbox.count "DELETE"))
  end)

  it("begins nothing after its deadline, and what waits for a 429 keeps that answer", function()
    local ids = sandbox.seed(2)
    sandbox.fault { method = "DELETE", token = ids[1], status = 429, headers = { ["Retry-After"] = "60" } }
    local report = cf.tokens.delete_many(nil, ids, { deadline = 0.5, max_in_flight = 1 })
    assert.equal("deadline", report.stopped)
    assert.same({ "refused", "not_sent" }, outcomes(report))
    assert.equal(429, report[1].err.http.status)
  end)

  describe("keep", function()
    it("gets each token before it is deleted, or nil and why", function()
      local ids, kept = sandbox.seed(2), {}
      ids[3] = GONE_TO
      local report = cf.tokens.delete_many(nil, ids, { max_in_flight = 1, keep = function(token, err, id)
        kept[#kept + 1] = token and token.id or err.outcome
        assert.equal(ids[#kept], id)
        if token then assert(not is_deleted(token.id)) end
      end })
      assert.same({ "deleted", "deleted", "not_found" }, outcomes(report))
      assert.same({ ids[1], ids[2], "not_found" }, kept)
    end)

    it("false keeps that token and ends the run", function()
      local ids = sandbox.seed(3)
      local report = cf.tokens.delete_many(nil, ids, { max_in_flight = 1, keep = function(token)
        return token.id ~= ids[2]
      end })
      assert.same({ "deleted", "not_sent", "not_sent" }, outcomes(report))
      assert.equal("keep", report.stopped)
      assert.is_false(is_deleted(ids[2]))
    end)

    it("may raise: the run ends, and report.error is what it raised", function()
      local thrown = {}
      local report = cf.tokens.delete_many(nil, sandbox.seed(2), { keep = function() error(thrown, 0) end })
      assert.equal("keep", report.stopped)
      assert.equal(thrown, report.error)
      assert.same({ not_sent = 2 }, report.counts)
    end)

    it("saw it, and then it is not there: gone, by two witnesses", function()
      local ids = sandbox.seed(1)
      local other = cloudflare.new(sandbox.options())
      local report = cf.tokens.delete_many(nil, ids, { keep = function() assert(other.tokens.delete(nil, ids[1])) end })
      assert.same({ "gone" }, outcomes(report))
      other:close()
    end)
  end)

  it("with missing_ok reads all the same what is there and what is not", function()
    local kept = {}
    local report = cf.tokens.delete_many(nil, { GONE_TO, { id = sandbox.missing_id, outcome = "unknown" } }, {
      missing_ok = true, max_in_flight = 1, keep = function(token, err) kept[#kept + 1] = token or err.outcome end,
    })
    assert.same({ "not_found", "gone" }, outcomes(report))
    assert.same({ "not_found", "not_found" }, kept)
    assert.is_nil(report[1].err)
  end)

  it("in a dry run reads, and sends nothing that changes anything", function()
    local ids, kept = sandbox.seed(2), 0
    local report = cf.tokens.delete_many(nil, ids, { dry_run = true, keep = function() kept = kept + 1 end,
      journal = error })
    assert.same({ not_sent = 2 }, report.counts)
    assert.is_nil(report.stopped)
    assert.equal(2, kept)
    assert.equal(0, (sandbox.count "DELETE"))
  end)

  describe("journal", function()
    it("is told of each id before its first byte, and of its end", function()
      local ids, lines = sandbox.seed(2), {}
      ids[3], ids[4] = "no id", GONE_TO
      cf.tokens.delete_many(nil, ids, { max_in_flight = 1, journal = function(id, word)
        lines[#lines + 1] = id .. " " .. word
        if word == "sending" then assert(#requests_for(id) == 0) end
      end })
      assert.same({ ids[1] .. " sending", ids[1] .. " deleted", ids[2] .. " sending", ids[2] .. " deleted",
        GONE_TO .. " sending", GONE_TO .. " not_found" }, lines)
    end)

    it("that is not written ends the run, and that id is not sent", function()
      local ways = {
        function() return false end, function() return nil, "full" end, function() error("full", 0) end,
      }
      for i, way in ipairs(ways) do
        local ids = sandbox.seed(3)
        local report = cf.tokens.delete_many(nil, ids, { max_in_flight = 1, journal = function(id, word)
          if id == ids[2] then return way(id, word) end
        end })
        assert.same({ "deleted", "not_sent", "not_sent" }, outcomes(report))
        assert.equal("journal", report.stopped)
        assert.equal(i > 1 and "full" or nil, report.error)
        assert.same({}, requests_for(ids[2]))
      end
    end)

    it("that cannot note an end ends the run; the report knows it all the same", function()
      local ids = sandbox.seed(2)
      local report = cf.tokens.delete_many(nil, ids, { max_in_flight = 1,
        journal = function(_, word) return word == "sending" end })
      assert.same({ "deleted", "not_sent" }, outcomes(report))
      assert.equal("journal", report.stopped)
    end)
  end)

  it("progress is told of every finished id, and ends the run by returning false", function()
    local ids, told = sandbox.seed(4), {}
    ids[5] = "no id"
    local report = cf.tokens.delete_many(nil, ids, { max_in_flight = 1, progress = function(done, total, id, outcome)
      told[#told + 1] = { done, total, id, outcome }
      return done < 3
    end })
    assert.same({ { 1, 5, "no id", "not_sent" }, { 2, 5, ids[1], "deleted" }, { 3, 5, ids[2], "deleted" } }, told)
    assert.equal("progress", report.stopped)
    assert.same({ "deleted", "deleted", "not_sent", "not_sent", "not_sent" }, outcomes(report))
  end)

  describe("given a report", function()
    it("sends nothing again that is deleted, gone or not there", function()
      local earlier = { { id = ("a"):rep(32), outcome = "deleted" }, { id = ("b"):rep(32), outcome = "gone" },
        { id = ("c"):rep(32), outcome = "not_found" } }
      local report = cf.tokens.delete_many(nil, earlier)
      assert.same({ "deleted", "gone", "not_found" }, outcomes(report))
      assert.is_true(report.all_gone)
      assert.same({}, sandbox.ledger())
    end)

    it("sends again what was refused or not sent", function()
      local ids = sandbox.seed(2)
      local report = cf.tokens.delete_many(nil, { { id = ids[1], outcome = "refused" },
        { id = ids[2], outcome = "not_sent" } })
      assert.same({ deleted = 2 }, report.counts)
    end)

    it("what was unknown ends as deleted, or as gone by two witnesses", function()
      local ids = sandbox.seed(1)
      local report = cf.tokens.delete_many(nil, { { id = ids[1], outcome = "unknown" },
        { id = GONE_TO, outcome = "unknown" } })
      assert.same({ "deleted", "gone" }, outcomes(report))
      local methods = {}
      for _, entry in ipairs(requests_for(GONE_TO)) do methods[#methods + 1] = entry.method end
      assert.same({ "DELETE", "GET" }, methods)
    end)

    it("what was ambiguous stays so where this run proves nothing, and http.earlier says why", function()
      for _, word in ipairs { "unknown", "accepted" } do
        local id = sandbox.fresh()
        local report = cf.tokens.delete_many(nil, { { id = id, outcome = word } },
          { api_token = sandbox.read_token })
        assert.same({ word }, outcomes(report))
        assert.equal(word, report[1].err.http.earlier)
        assert.equal("refused", report[1].err.outcome)
        assert.is_false(report.all_gone)
      end
    end)

    it("asks again about what was not there or gone, where the id is given afresh beside it", function()
      for _, word in ipairs { "not_found", "gone" } do
        local id = sandbox.fresh()
        local report = cf.tokens.delete_many(nil, { { id = id, outcome = word }, id })
        assert.same({ "deleted", "deleted" }, outcomes(report))
        assert.equal(1, #sandbox.requests_for(id))
      end
      local report = cf.tokens.delete_many(nil, { GONE_TO, { id = GONE_TO, outcome = "gone" } })
      assert.same({ "gone", "gone" }, outcomes(report))
      report = cf.tokens.delete_many(nil, { GONE_TO, { id = GONE_TO, outcome = "gone" } }, { dry_run = true })
      assert.same({ "not_sent", "not_sent" }, outcomes(report))
      assert.is_nil(report[1].err.http.earlier)
    end)

    it("never asks again about what was deleted", function()
      local id = sandbox.fresh()
      for _, word in ipairs { "gone", "unknown", "not_found" } do
        local report = cf.tokens.delete_many(nil, { { id = id, outcome = word }, { id = id, outcome = "deleted" }, id })
        assert.same({ deleted = 3 }, report.counts)
      end
      assert.same({}, sandbox.requests_for(id))
    end)

    it("that names an id several times: what was ambiguous once stays so, whatever came before or after", function()
      for _, words in ipairs { { "unknown", "refused" }, { "refused", "unknown" }, { "unknown", "not_found" },
        { "not_found", "unknown" }, { "not_found", "accepted" } } do
        local report = cf.tokens.delete_many(nil, { { id = GONE_TO, outcome = words[1] }, { id = GONE_TO, outcome = words[2] },
          GONE_TO })
        assert.same({ "gone", "gone", "gone" }, outcomes(report))
      end
      assert.same({ gone = 2 }, cf.tokens.delete_many(nil, { { id = GONE_TO, outcome = "gone" },
        { id = GONE_TO, outcome = "unknown" } }).counts)
    end)

    it("that has no such id, or words that it does not know, is believed nothing", function()
      local id = sandbox.fresh()
      local report = cf.tokens.delete_many(nil, { { id = "no id", outcome = "deleted" }, { outcome = "gone" },
        { id = id, outcome = "eaten" } })
      assert.same({ "not_sent", "not_sent", "deleted" }, outcomes(report))
      assert.is_false(report.all_gone)
    end)

    it("what was ambiguous and is not asked about any more says why", function()
      for _, word in ipairs { "unknown", "accepted" } do
        local report = cf.tokens.delete_many(nil, { "no id", { id = GONE_TO, outcome = word } },
          { progress = function() return false end })
        assert.equal(word, report[2].outcome)
        assert.equal(word, report[2].err.http.earlier)
        assert.truthy(tostring(report[2].err):find("nothing was sent: progress returned false", 1, true))
      end
    end)

    it("a read that is no answer is no witness", function()
      for _, fault in ipairs { { html = true, status = 403 }, { status = 403, code = 10502 }, { status = 403, code = 10000 },
        { status = 401, code = 1000 } } do
        fault.method, fault.token, fault.times = "GET", GONE_TO, 99
        sandbox.fault(fault)
        local report = cf.tokens.delete_many(nil, { { id = GONE_TO, outcome = "unknown" } }, { timeout = 0.6 })
        assert.same({ "unknown" }, outcomes(report))
        sandbox.reset()
      end
      sandbox.fault { method = "GET", token = GONE_TO, status = 403, code = 9109 } -- it may not read: the DELETE decides
      assert.same({ "gone" }, outcomes(cf.tokens.delete_many(nil, { { id = GONE_TO, outcome = "unknown" } })))
    end)

    it("its own report is one", function()
      local ids = sandbox.seed(3)
      local first = cf.tokens.delete_many(nil, ids, { max_in_flight = 1,
        progress = function(done) return done < 2 end })
      assert.same({ "deleted", "deleted", "not_sent" }, outcomes(first))
      local second = cf.tokens.delete_many(nil, first)
      assert.same({ deleted = 3 }, second.counts)
      for _, id in ipairs(ids) do assert.equal(1, #requests_for(id)) end
    end)
  end)

  it("deletes the user's tokens: user.tokens.delete_many", function()
    local ids, options = sandbox.grow({ count = 3, realm = "user" }).ids, { api_token = sandbox.user_token }
    local own = assert(cf.user.tokens.verify(options)).id
    local report = cf.user.tokens.delete_many({ ids[1], own, ids[2], ids[3] }, options)
    assert.same({ "deleted", "not_sent", "deleted", "deleted" }, outcomes(report))
    for _, id in ipairs(ids) do assert.is_true(is_deleted(id)) end
    local call = cf.async.user.tokens.delete_many({ ids[1], GONE_TO }, options)
    assert.same({ not_found = 2 }, call:wait().counts)
  end)
end)
