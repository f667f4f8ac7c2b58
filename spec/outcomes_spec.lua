local cloudflare = require "cloudflare"
local free_port = require "spec.support.free_port"
local read = require "spec.support.read"
local sandbox = require "spec.support.sandbox"
local second_opinion = require "spec.support.second_opinion"
local socket = require "socket"
local step_until = require "spec.support.step_until"

local requests_for = sandbox.requests_for

-- Did the deletion really take place, and how many DELETEs arrived?
local function truth(id)
  local deletes, deletions = 0, 0
  for _, entry in ipairs(requests_for(id)) do
    if entry.method == "DELETE" then deletes = deletes + 1 end
    if entry.effect == "deleted" then deletions = deletions + 1 end
  end
  return deletions, deletes
end

-- A trace in words: each attempt, and what it proved.
local function story(http)
  local words = {}
  for i, attempt in ipairs(http.trace) do
    words[i] = attempt.method .. " " .. (attempt.proved or (attempt.sent and "nothing" or "unsent"))
  end
  return table.concat(words, ", ")
end

-- The evidence must tell what the sandbox saw: the same requests in the same order.
local function assert_same_story(id, http)
  local seen, i = requests_for(id), 0
  assert.equal(#http.trace, http.attempts)
  for _, attempt in ipairs(http.trace) do
    if attempt.sent then
      i = i + 1
      assert.equal(seen[i].method, attempt.method)
      if attempt.ray_id then assert.equal(seen[i].ray, attempt.ray_id) end
      if attempt.complete then assert.equal(seen[i].status, attempt.status) end
    end
  end
  assert.equal(i, #seen)
end

-- Bodies that are no proof, or not the one that is wanted.
local ENVELOPE = '{"success":%s,"errors":%s,"messages":[],"result":%s}'
local SAYS_NO = ENVELOPE:format("false", '[{"code":1000,"message":"no"}]', "null")
local SAYS_NOTHING = ENVELOPE:format("true", "[]", "null")
local OTHER_ID = ("e"):rep(32)
local NAMES_OTHER = ENVELOPE:format("true", "[]", '{"id":"' .. OTHER_ID .. '"}')
local PRESENT = ENVELOPE:format("true", "[]", '{"id":"$ID","status":"active"}')
local GATEWAY = ENVELOPE:format("false", '[{"message":"no such upstream"}]', "null")
local ROUTE_BELOW = ENVELOPE:format("false", '[{"code":1003,"message":"?","error_chain":[{"code":7003,"message":"?"}]}]', "null")

local function on_delete(fault)
  fault.method = "DELETE"
  return fault
end

local function on_get(fault)
  fault.method = "GET"
  return fault
end

-- Each row: what happens; the faults that this token's requests meet; the outcome; the trace in
-- words; and how many deletions the ledger must show.
local SETTLED = "DELETE nothing, GET absent, DELETE absent"
local REPEATED = "DELETE nothing, GET present, DELETE deleted"

local rows = {
  { "the connection ends before anything was done", { on_delete { drop = "before" } }, "deleted", REPEATED, 1 },
  { "the connection ends after the deletion", { on_delete { drop = "after" } }, "gone", SETTLED, 1 },
  { "the answer is cut in its body", { on_delete { truncate = 20 } }, "gone", SETTLED, 1 },
  { "the answer lacks its last byte", { on_delete { truncate = 92 } }, "gone", SETTLED, 1 },
  { "the answer is cut before its body", { on_delete { truncate = 0 } }, "gone", SETTLED, 1 },
  { "an HTML 502 comes instead of a deletion", { on_delete { html = true } }, "deleted", REPEATED, 1 },
  { "an HTML 502 hides a deletion", { on_delete { html = true, effect = true } }, "gone", SETTLED, 1 },
  { "a 500 comes instead of a deletion", { on_delete { status = 500 } }, "deleted", REPEATED, 1 },
  { "a 500 hides a deletion", { on_delete { status = 500, effect = true } }, "gone", SETTLED, 1 },
  { "a 503 comes twice", { on_delete { status = 503, times = 2 } }, "deleted",
    "DELETE nothing, GET present, DELETE nothing, GET present, DELETE deleted", 1 },
  { "a 520 hides a deletion", { on_delete { html = true, status = 520, effect = true } }, "gone", SETTLED, 1 },
  { "a 408 hides a deletion", { on_delete { status = 408, effect = true } }, "gone", SETTLED, 1 },
  { "an HTML 200 comes instead of a deletion", { on_delete { html = true, status = 200 } }, "deleted", REPEATED, 1 },
  { "an HTML 200 hides a deletion", { on_delete { html = true, status = 200, effect = true } }, "gone", SETTLED, 1 },
  { "an HTML 404 is a proxy's, not the API's", { on_delete { html = true, status = 404 } }, "deleted", REPEATED, 1 },
  { "an HTML 403 is a proxy's, not the API's", { on_delete { html = true, status = 403 } }, "deleted", REPEATED, 1 },
  { "a redirect is not followed", { on_delete { status = 307, headers = { Location = "/client/v4/elsewhere" } } },
    "deleted", REPEATED, 1 },
  { "a 200 says success: false", { on_delete { body = SAYS_NO } }, "gone", SETTLED, 1 },
  { "a 200 says success: false, rightly", { on_delete { body = SAYS_NO, effect = false } }, "deleted", REPEATED, 1 },
  { "a 404 says success: true", { on_delete { body = SAYS_NOTHING, status = 404, effect = false } }, "deleted",
    REPEATED, 1 },
  { "a 202 promises", { on_delete { body = SAYS_NOTHING, status = 202 } }, "gone", SETTLED, 1 },
  { "a 200 is empty", { on_delete { body = "" } }, "gone", SETTLED, 1 },
  { "a 200 is the JSON null", { on_delete { body = "null", effect = false } }, "deleted", REPEATED, 1 },
  { "a 200 says success twice", { on_delete { body = '{"success":false,"success":true,"result":{}}' } }, "gone",
    SETTLED, 1 },
  { "a 200 says success in words", { on_delete { body = '{"success":"true","result":{}}' } }, "gone", SETTLED, 1 },
  { "a 200 goes on behind its envelope", { on_delete { body = SAYS_NOTHING .. "<!-- -->" } }, "gone", SETTLED, 1 },
  { "a 200 says yes without an id", { on_delete { body = SAYS_NOTHING } }, "gone", "DELETE accepted, GET absent, DELETE absent", 1 },
  { "a 200 says yes without an id, and nothing was done", { on_delete { body = SAYS_NOTHING, effect = false } },
    "deleted", "DELETE accepted, GET present, DELETE deleted", 1 },
  { "a 200 names another id, but this token is dead", { on_delete { body = NAMES_OTHER } }, "gone",
    "DELETE accepted, GET absent, DELETE absent", 1 },
  { "a 200 names another id, but a read misses this token", { on_delete { body = NAMES_OTHER } }, "unknown",
    "DELETE accepted, GET absent", 1, { max_retries = 0 } },
  { "a 200 names another id, and this token lives", { on_delete { body = NAMES_OTHER, effect = false } }, "deleted",
    "DELETE accepted, GET present, DELETE deleted", 1 },
  { "a 200 names another id, and there are no retries", { on_delete { body = NAMES_OTHER, effect = false } },
    "unknown", "DELETE accepted, GET present", 0, { max_retries = 0 } },
  { "a 200 names another id, and the next DELETE is lost", {
    on_delete { body = NAMES_OTHER, effect = false }, on_delete { drop = "before" },
  }, "unknown", "DELETE accepted, GET present, DELETE nothing, GET present", 0, { max_retries = 1 } },
  { "a 200 names another id, and then the API falls silent", {
    on_delete { body = NAMES_OTHER }, on_get { status = 500, times = 9 },
  }, "accepted", "DELETE accepted, GET nothing", 1 },
  { "reading is not permitted after a lost answer: the second DELETE is the probe", {
    on_delete { drop = "after" }, on_get { status = 403, times = 9 },
  }, "gone", "DELETE nothing, GET refused, DELETE absent, GET refused", 1 },
  { "reading is not permitted only once after a lost answer", {
    on_delete { drop = "after" }, on_get { status = 403 },
  }, "gone", "DELETE nothing, GET refused, DELETE absent, GET absent", 1 },
  { "reading is not permitted after a lost request", {
    on_delete { drop = "before" }, on_get { status = 403 },
  }, "deleted", "DELETE nothing, GET refused, DELETE deleted", 1 },
  { "the confirming GET fails twice before it teaches something", {
    on_delete { drop = "after" }, on_get { status = 500 }, on_get { drop = "after" },
  }, "gone", "DELETE nothing, GET nothing, GET nothing, GET absent, DELETE absent", 1 },
  { "the confirming GET has to wait", {
    on_delete { drop = "after" }, on_get { status = 429, headers = { ["Retry-After"] = "1" } },
  }, "gone", "DELETE nothing, GET refused, GET absent, DELETE absent", 1 },
  { "the confirming GET finds no route", {
    on_delete { drop = "after" }, on_get { status = 404, code = 7003 },
  }, "unknown", "DELETE nothing, GET refused", 1 },
  { "the credential is no longer good for the confirming GET", {
    on_delete { drop = "after" }, on_get { status = 401 },
  }, "unknown", "DELETE nothing, GET refused", 1 },
  { "a passing fault meets the confirming GET", {
    on_delete { drop = "after" }, on_get { status = 401, code = 10000 },
  }, "gone", "DELETE nothing, GET refused, GET absent, DELETE absent", 1 },
  { "a passing fault does not pass", {
    on_delete { drop = "after" }, on_get { status = 403, code = 10000, times = 9 },
  }, "unknown", "DELETE nothing, GET refused, GET refused, GET refused", 1 },
  { "the credential is locked out of the confirming GET", {
    on_delete { drop = "after" }, on_get { status = 403, code = 10502 },
  }, "unknown", "DELETE nothing, GET refused", 1 },
  { "the confirming GET may not be read any more, and was before", {
    on_delete { drop = "before" }, on_get { delay = 0.01 }, on_get { status = 403 },
  }, "deleted", "GET present, DELETE nothing, GET refused, GET present, DELETE deleted", 1, { check_first = true } },
  -- Witnesses that are none, or that disagree.
  { "a read lags behind, and misses a token that lives", {
    on_delete { drop = "before" }, on_get { status = 404 },
  }, "deleted", "DELETE nothing, GET absent, DELETE deleted", 1 },
  { "a read lags behind, and still shows a token that is dead", {
    on_delete { drop = "after" }, on_get { body = PRESENT },
  }, "gone", "DELETE nothing, GET present, DELETE absent, GET absent", 1 },
  { "reading shows it, deleting says that it is not there", {
    on_delete { drop = "before" }, on_delete { status = 404 },
  }, "unknown", "DELETE nothing, GET present, DELETE absent, GET present", 0 },
  { "a cache answers the confirming GET", {
    on_delete { drop = "before" }, on_get { status = 404, headers = { Age = "0" } },
  }, "deleted", "DELETE nothing, GET nothing, GET present, DELETE deleted", 1 },
  { "a stale answer says so", {
    on_delete { drop = "before" }, on_get { status = 404, headers = { Warning = '110 - "Response is Stale"' } },
  }, "deleted", "DELETE nothing, GET nothing, GET present, DELETE deleted", 1 },
  { "a gateway's 404 meets the confirming GET", {
    on_delete { drop = "before" }, on_get { body = GATEWAY, status = 404 },
  }, "deleted", "DELETE nothing, GET nothing, GET present, DELETE deleted", 1 },
  { "a gateway's 404 comes instead of a deletion", { on_delete { body = GATEWAY, status = 404, effect = false } },
    "deleted", REPEATED, 1 },
  { "a 404 is about the route, as its cause says", { on_delete { body = ROUTE_BELOW, status = 404, effect = false } },
    "refused", "DELETE refused", 0 },
  { "a 404 is about the credential", { on_delete { status = 404, code = 10000 } }, "refused", "DELETE refused", 0 },
  { "the confirming GET gets a 404 about the credential", {
    on_delete { drop = "before" }, on_get { status = 404, code = 9109 },
  }, "unknown", "DELETE nothing, GET refused", 0 },
  { "a refusal after a lost answer proves nothing", {
    on_delete { drop = "before" }, on_delete { status = 403 },
  }, "unknown", "DELETE nothing, GET present, DELETE refused", 0 },
  { "a 429 after a lost answer proves nothing", {
    on_delete { drop = "before" }, on_delete { status = 429 },
  }, "unknown", "DELETE nothing, GET present, DELETE refused", 0 },
  { "every DELETE is lost", { on_delete { drop = "before", times = 9 } }, "unknown",
    "DELETE nothing, GET present, DELETE nothing, GET present, DELETE nothing, GET present", 0 },
  { "a 404 by the API", { on_delete { status = 404 } }, "not_found", "DELETE absent", 0 },
  { "a 404 of the route", { on_delete { status = 404, code = 7003 } }, "refused", "DELETE refused", 0 },
  { "a 400", { on_delete { status = 400 } }, "refused", "DELETE refused", 0 },
  { "a 401", { on_delete { status = 401 } }, "refused", "DELETE refused", 0 },
  { "a 403", { on_delete { status = 403 } }, "refused", "DELETE refused", 0 },
  { "a 409", { on_delete { status = 409 } }, "refused", "DELETE refused", 0 },
  { "a 422 with a code under 1000", { on_delete { status = 422, code = 10 } }, "refused", "DELETE refused", 0 },
  { "a 429 that names no wait", { on_delete { status = 429 } }, "deleted", "DELETE refused, DELETE deleted", 1 },
  { "a 429 whose wait is garbled", { on_delete { status = 429, headers = { ["Retry-After"] = "-7 parsecs" } } },
    "deleted", "DELETE refused, DELETE deleted", 1 },
  { "a 429 every time", { on_delete { status = 429, times = 9 } }, "refused",
    "DELETE refused, DELETE refused, DELETE refused", 0 },
  -- max_retries
  { "max_retries = 0 keeps the second witness from being asked", { on_delete { drop = "after" } }, "unknown",
    "DELETE nothing, GET absent", 1, { max_retries = 0 } },
  { "max_retries = 0 sends no second DELETE", { on_delete { drop = "before" } }, "unknown",
    "DELETE nothing, GET present", 0, { max_retries = 0 } },
  { "max_retries = 0 does not wait out a 429", { on_delete { status = 429 } }, "refused", "DELETE refused", 0,
    { max_retries = 0 } },
  -- check_first
  { "check_first sees the token before it deletes it", {}, "deleted", "GET present, DELETE deleted", 1,
    { check_first = true } },
  { "check_first, and a 404 that follows", { on_delete { status = 404, effect = true } }, "gone",
    "GET present, DELETE absent, GET absent", 1, { check_first = true } },
  { "check_first, and a 404 that reading contradicts", { on_delete { status = 404 } }, "unknown",
    "GET present, DELETE absent, GET present", 0, { check_first = true } },
  { "check_first, and a refusal that follows", { on_delete { status = 403 } }, "refused",
    "GET present, DELETE refused, GET present", 0, { check_first = true } },
  { "check_first, and a refusal, but the token has vanished", { on_delete { status = 403, effect = true } }, "unknown",
    "GET present, DELETE refused, GET absent", 1, { check_first = true } },
  { "check_first, and a lost answer", { on_delete { drop = "after" } }, "gone",
    "GET present, DELETE nothing, GET absent, DELETE absent", 1, { check_first = true } },
  { "check_first finds nothing", { on_get { status = 404 }, on_delete { status = 404 } }, "not_found",
    "GET absent, DELETE absent", 0, { check_first = true } },
  { "check_first finds nothing, but deleting does", { on_get { status = 404 } }, "deleted", "GET absent, DELETE deleted", 1,
    { check_first = true } },
  { "check_first may not read", { on_get { status = 403 } }, "deleted", "GET refused, DELETE deleted", 1,
    { check_first = true } },
  { "check_first is refused", { on_get { status = 401 } }, "not_sent", "GET refused", 0, { check_first = true } },
  { "check_first asks again", { on_get { html = true } }, "deleted", "GET nothing, GET present, DELETE deleted", 1,
    { check_first = true } },
}

local FAILURES = { unknown = true, refused = true, not_sent = true, not_found = true }

describe("tokens.delete tells the truth when", function()
  -- Settling takes a while: all rows are under way at once, each with a token and a client of its own.
  local calls = { http1 = {}, http2 = {} }

  local function begin(over, row, id)
    for _, fault in ipairs(row[2]) do
      local order = { token = id, body = fault.body and fault.body:gsub("%$ID", id) }
      for name, value in pairs(fault) do order[name] = order[name] or value end
      sandbox.fault(order)
    end
    local options = sandbox.options(over, { timeout = 300, attempt_timeout = 100, connect_timeout = 100 })
    for name, value in pairs(row[6] or {}) do options[name] = value end
    return { id = id, call = cloudflare.new(options).async.tokens.delete(nil, id) }
  end

  setup(function()
    sandbox.reset()
    for over, begun in pairs(calls) do
      for i, id in ipairs(sandbox.seed(#rows)) do begun[i] = begin(over, rows[i], id) end
    end
    while cloudflare.step(0.05) > 0 do end
  end)

  for _, over in ipairs { "http1", "http2" } do
    for i, row in ipairs(rows) do
      local what, outcome, words, deletions = row[1], row[3], row[4], row[5]
      it(("%s (%s): %s"):format(what, over, outcome), function()
        local id, call = calls[over][i].id, calls[over][i].call
        local token, detail = call:wait()
        assert.equal(outcome, detail.outcome)
        assert.equal(words, story(detail.http))
        local other, seen = second_opinion(detail.http, id)
        assert.equal(outcome, other)
        assert.equal(seen, detail.http.seen)
        assert_same_story(id, detail.http)
        assert.equal(deletions, (truth(id)))
        assert.equal(FAILURES[outcome] or false, token == nil)
        if outcome == "deleted" or outcome == "gone" then assert.same({ id = id }, token) end
      end)
    end
  end

  describe("with evidence:", function()
    -- The trace of a row's call, its ledger, and all that came back.
    local function evidence(what, over)
      for i, row in ipairs(rows) do
        if row[1] == what then
          local begun = calls[over or "http1"][i]
          local _, detail = begun.call:wait()
          return detail.http.trace, requests_for(begun.id), detail
        end
      end
      error("no such row: " .. what)
    end

    it("a dropped connection is a request that was sent and never answered", function()
      local trace = evidence "the connection ends after the deletion"
      assert.is_true(trace[1].sent)
      assert.is_false(trace[1].complete)
      assert.is_nil(trace[1].status)
      assert.is_nil(trace[1].success)
      assert.is_nil(trace[1].proved)
    end)

    it("after it, settling took another connection", function()
      for _, over in ipairs { "http1", "http2" } do
        local _, ledger = evidence("the connection ends after the deletion", over)
        assert.are_not.equal(ledger[1].connection, ledger[2].connection)
      end
    end)

    it("what was accepted is the yes as it came, whatever was said after it", function()
      for _, over in ipairs { "http1", "http2" } do
        local _, _, envelope = evidence("a 200 names another id, and then the API falls silent", over)
        assert.is_true(envelope.success)
        assert.equal(OTHER_ID, envelope.result.id)
      end
    end)

    it("a cut answer has its status and ray, but is not complete", function()
      local trace, ledger = evidence "the answer is cut in its body"
      assert.is_true(trace[1].sent)
      assert.is_false(trace[1].complete)
      assert.equal(200, trace[1].status)
      assert.equal(ledger[1].ray, trace[1].ray_id)
      assert.is_nil(trace[1].success)
    end)

    it("an HTML page is a complete answer without a verdict", function()
      local trace = evidence "an HTML 502 comes instead of a deletion"
      assert.is_true(trace[1].complete)
      assert.equal(502, trace[1].status)
      assert.is_nil(trace[1].success)
      assert.same({}, trace[1].codes)
    end)

    it("a cached answer is marked so, and others are not", function()
      for _, over in ipairs { "http1", "http2" } do
        for _, what in ipairs { "a cache answers the confirming GET", "a stale answer says so" } do
          local trace = evidence(what, over)
          assert.is_true(trace[2].cached)
          assert.equal(404, trace[2].status)
          assert.is_nil(trace[1].cached)
          assert.is_nil(trace[3].cached)
        end
      end
    end)

    it("the causes of a code are among the codes", function()
      local trace = evidence "a 404 is about the route, as its cause says"
      assert.same({ 1003, 7003 }, trace[1].codes)
    end)

    it("seen says whether a GET of the call showed the token", function()
      local _, _, err = evidence "reading shows it, deleting says that it is not there"
      assert.is_true(err.http.seen)
      local _, _, envelope = evidence "the connection ends after the deletion"
      assert.is_false(envelope.http.seen)
    end)

    it("a redirect is a complete answer, and nobody went where it points", function()
      for _, over in ipairs { "http1", "http2" } do
        local trace = evidence("a redirect is not followed", over)
        assert.is_true(trace[1].complete)
        assert.equal(307, trace[1].status)
      end
      for _, entry in ipairs(sandbox.ledger()) do assert.is_nil(entry.path:find "elsewhere") end
    end)

    it("a refusal has its codes", function()
      local trace = evidence "a 422 with a code under 1000"
      assert.is_false(trace[1].success)
      assert.same({ 10 }, trace[1].codes)
    end)

    it("an answer about another token names that token", function()
      local trace = evidence "a 200 names another id, but this token is dead"
      assert.equal(OTHER_ID, trace[1].id)
      assert.is_true(trace[1].success)
    end)

    it("and so does the sentence, when ours cannot be settled", function()
      for _, ending in ipairs { "there are no retries", "the next DELETE is lost" } do
        local _, _, err = evidence("a 200 names another id, and " .. ending)
        assert.truthy(tostring(err):find(OTHER_ID, 1, true))
      end
    end)

    it("an id of another shape is called malformed, and not repeated", function()
      local id = sandbox.fresh()
      sandbox.fault { token = id, method = "DELETE", body = (NAMES_OTHER:gsub(OTHER_ID, "cfat_x")) }
      local _, detail = cloudflare.new(sandbox.options("plain")).tokens.delete(nil, id)
      assert.equal("malformed", detail.http.trace[1].id)
    end)

    it("an unknown has what the last answer said", function()
      local _, _, err = evidence "a refusal after a lost answer proves nothing"
      assert.equal("api", err.kind)
      assert.equal(9109, err.code)
      assert.equal(403, err.http.status)
      assert.is_true(err.safe_to_retry)
    end)
  end)

  it("the close is rude but the last byte came: deleted", function()
    local id = sandbox.fresh()
    sandbox.fault { token = id, method = "DELETE", truncate = 93 }
    local _, envelope = cloudflare.new(sandbox.options("http1")).tokens.delete(nil, id)
    assert.equal("deleted", envelope.outcome)
    assert.is_true(envelope.http.trace[1].complete)
    assert.same({ 1, 1 }, { truth(id) })
  end)
end)

describe("Retry-After", function()
  before_each(sandbox.reset)

  local function throttle(id, wait)
    sandbox.fault { token = id, method = "DELETE", status = 429, headers = { ["Retry-After"] = wait } }
  end

  it("is waited for where it fits the deadline", function()
    local cf, id = cloudflare.new(sandbox.options("http2", { timeout = 60 })), sandbox.fresh()
    throttle(id, "1")
    local began = socket.gettime()
    local token, envelope = cf.tokens.delete(nil, id)
    assert.equal(id, token.id)
    assert.is_true(socket.gettime() - began >= 0.99)
    assert.equal("DELETE refused, DELETE deleted", story(envelope.http))
  end)

  describe("that does not fit", function()
    local cf, first, second, err

    before_each(function()
      cf, first, second = cloudflare.new(sandbox.options()), sandbox.fresh(), sandbox.fresh()
      throttle(first, "600")
      err = select(2, cf.tokens.delete(nil, first))
    end)

    it("ends the call at once as refused", function()
      assert.equal("refused", err.outcome)
      assert.equal("api", err.kind)
      assert.equal(429, err.http.status)
      assert.equal(600, err.http.retry_after)
      assert.same({ 0, 1 }, { truth(first) })
    end)

    it("is remembered: a later call of the client sends nothing", function()
      local token, later = cf.tokens.delete(nil, second)
      assert.is_nil(token)
      assert.equal("not_sent", later.outcome)
      assert.is_true(later.http.retry_after > 0 and later.http.retry_after <= 600)
      assert.same({}, later.http.trace)
      assert.same({}, requests_for(second))
    end)

    it("is said in both sentences", function()
      assert.truthy(tostring(err):find("600 s", 1, true))
      assert.truthy(tostring(select(2, cf.tokens.delete(nil, second))):find("wait %d+ s"))
    end)

    it("is not another client's", function()
      assert.equal(second, cloudflare.new(sandbox.options()).tokens.delete(nil, second).id)
    end)
  end)

  it("may be a date", function()
    local id = sandbox.fresh()
    throttle(id, os.date("!%a, %d %b %Y %H:%M:%S GMT", os.time() + 3600))
    local _, err = cloudflare.new(sandbox.options()).tokens.delete(nil, id)
    assert.equal("refused", err.outcome)
    assert.is_true(err.http.retry_after > 3500 and err.http.retry_after <= 3600)
  end)

  describe("blocks", function()
    -- What a later call of the same client comes to after one deletion met this fault.
    local function outcome_after(fault, options)
      local cf, first, second = cloudflare.new(sandbox.options("http2", { max_retries = 0 })), sandbox.fresh(), sandbox.fresh()
      fault.token, fault.method = first, "DELETE"
      sandbox.fault(fault)
      local _, met = cf.tokens.delete(nil, first, { timeout = 2 })
      local _, later = cf.tokens.delete(nil, second, options)
      return later, met
    end

    it("a quarter of an hour at most", function()
      local later, met = outcome_after { status = 429, headers = { ["Retry-After"] = "86400" } }
      assert.equal(86400, met.http.retry_after)
      assert.equal("not_sent", later.outcome)
      assert.is_true(later.http.retry_after > 800 and later.http.retry_after <= 900)
    end)

    it("nobody but the credential that was told", function()
      local fault = { status = 429, headers = { ["Retry-After"] = "600" } }
      assert.equal("deleted", outcome_after(fault, { api_key = sandbox.key, api_email = sandbox.email }).outcome)
    end)

    it("nobody where a gateway answered, and not the API", function()
      assert.equal("deleted", outcome_after({ html = true, status = 429, headers = { ["Retry-After"] = "600" } }).outcome)
      assert.equal("deleted", outcome_after({ html = true, status = 503, headers = { ["Retry-After"] = "600" } }).outcome)
      assert.equal("deleted", outcome_after({ status = 503, headers = { ["Retry-After"] = "86400" } }).outcome)
    end)

    it("no request that settles an uncertain deletion", function()
      local cf = cloudflare.new(sandbox.options())
      local uncertain, told = sandbox.fresh(), sandbox.fresh()
      sandbox.fault { token = uncertain, method = "DELETE", delay_after = 0.5, status = 500, effect = true }
      throttle(told, "600")
      local call = cf.async.tokens.delete(nil, uncertain)
      step_until(function() return #requests_for(uncertain) > 0 end)
      assert.equal("refused", select(2, cf.tokens.delete(nil, told)).outcome)
      local _, envelope = call:wait()
      assert.equal("gone", envelope.outcome)
      assert.equal(SETTLED, story(envelope.http))
    end)
  end)

  it("of a 503 counts for the call that met it", function()
    local id = sandbox.fresh()
    sandbox.fault { token = id, method = "DELETE", status = 503, headers = { ["Retry-After"] = "600" } }
    local _, err = cloudflare.new(sandbox.options()).tokens.delete(nil, id)
    assert.equal("unknown", err.outcome)
    assert.equal("DELETE nothing", story(err.http))
    assert.equal(600, err.http.retry_after)
  end)

  it("after a lost answer makes an unknown, not a refusal", function()
    local id = sandbox.fresh()
    sandbox.fault { token = id, method = "DELETE", drop = "after" }
    sandbox.fault { token = id, method = "GET", status = 429, headers = { ["Retry-After"] = "600" } }
    local _, err = cloudflare.new(sandbox.options()).tokens.delete(nil, id)
    assert.equal("unknown", err.outcome)
    assert.equal(600, err.http.retry_after)
    assert.same({ 1, 1 }, { truth(id) })
  end)
end)

describe("deadlines", function()
  local MARGIN = 10 -- seconds that a busy machine may add

  -- All at once, since each takes its time.
  local nobody, mute, stalled, unread, hurried = {}, {}, {}, {}, {}
  local seconds

  local function begin(case, over, options, faults)
    case.id = sandbox.fresh()
    for _, fault in ipairs(faults) do
      fault.token = case.id
      sandbox.fault(fault)
    end
    local cf = cloudflare.new(sandbox.options(over))
    assert(cf.tokens.verify()) -- a connection stands: the time is for the call
    case.call = cf.async.tokens.delete(nil, case.id, options)
  end

  setup(function()
    sandbox.reset()
    begin(stalled, "http2", { timeout = 60, attempt_timeout = 1 }, { on_delete { delay_after = 4 } })
    begin(nobody, "plain", { timeout = 2 }, { { delay = 5, times = 99 } })
    begin(mute, "plain", { timeout = 2 }, { on_delete { drop = "after" }, on_get { status = 503, times = 99 } })
    begin(unread, "plain", { timeout = 1, check_first = true }, { on_get { html = true, times = 99 } })
    begin(hurried, "plain", { timeout = 1e-6 }, {})
    local began = socket.gettime()
    while cloudflare.step(0.05) > 0 do end
    seconds = socket.gettime() - began
  end)

  it("end a call that nobody answers as unknown, kind timeout", function()
    local token, err = nobody.call:wait()
    assert.is_nil(token)
    assert.equal("unknown", err.outcome)
    assert.equal("timeout", err.kind)
    assert.is_true(err.safe_to_retry)
    assert.is_true(err.http.trace[1].sent)
    assert.is_false(err.http.trace[1].complete)
  end)

  it("are kept", function() assert.is_true(seconds < 3 + MARGIN) end)

  it("end a call whose confirmation never says anything as unknown, of the kind of the last answer", function()
    local err = select(2, mute.call:wait())
    assert.equal("unknown", err.outcome)
    assert.equal("api", err.kind)
    assert.same({ 1, 1 }, { truth(mute.id) })
  end)

  it("of one attempt leave time to settle, on another connection", function()
    local token, envelope = stalled.call:wait()
    assert.same({ id = stalled.id }, token)
    assert.equal("gone", envelope.outcome)
    assert.is_false(envelope.http.trace[1].complete)
    local ledger = requests_for(stalled.id)
    assert.are_not.equal(ledger[1].connection, ledger[2].connection)
  end)

  it("end check_first as not_sent where the API says nothing", function()
    local err = select(2, unread.call:wait())
    assert.equal("not_sent", err.outcome)
    assert.equal("response", err.kind)
    assert.same({ 0, 0 }, { truth(unread.id) })
  end)

  it("that nothing fits into send nothing", function()
    local err = select(2, hurried.call:wait())
    assert.equal("not_sent", err.outcome)
    assert.equal("timeout", err.kind)
    assert.same({}, requests_for(hurried.id))
  end)
end)

describe("nothing is sent", function()
  -- A file with an authority that has signed nothing here.
  local function write_stranger(path)
    local command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1 "
      .. "-subj /CN=stranger -keyout /dev/null -out '" .. path .. "' 2>/dev/null"
    os.execute(command)
    assert.truthy(read(path):find "BEGIN CERTIFICATE")
  end

  local stranger = os.tmpname()
  setup(function() write_stranger(stranger) end)
  teardown(function() os.remove(stranger) end)
  before_each(sandbox.reset)

  local tls_port = tonumber(sandbox.urls.http2:match ":(%d+)/")

  local function to(url) return function() return { base_url = url:gsub("PORT", free_port) } end end

  local situations = {
    { "where the authority is unknown to the system", "tls", function() return { ca_path = false } end,
      "DELETE unsent, DELETE unsent" }, -- by the directory, and then by the bundle
    { "where ca_file holds another authority", "tls", function()
      return { ca_path = false, ca_file = stranger }
    end },
    { "where ca_path holds no authority", "tls", function() return { ca_path = "spec" } end },
    { "where ca_file does not exist", "tls", function()
      return { ca_path = false, ca_file = stranger .. ".missing" }
    end },
    { "to a host that the certificate does not name", "tls", function()
      return { base_url = ("https://sandbox.localhost:%d/client/v4"):format(tls_port) }
    end },
    { "to a port without TLS", "tls", function()
      return { base_url = sandbox.urls.plain:gsub("^http:", "https:") }
    end },
    { "to a closed port", "network", to "https://127.0.0.1:PORT/client/v4" },
    { "in clear to a closed port", "network", to "http://127.0.0.1:PORT/client/v4" },
    { "through a proxy that is not there", "network", function()
      return { proxy = "http://127.0.0.1:" .. free_port() }
    end },
  }

  for _, row in ipairs(situations) do
    local where, kind, over = row[1], row[2], row[3]
    it(where, function()
      local options = sandbox.options("http2", { max_retries = 0 })
      for name, value in pairs(over()) do options[name] = value or nil end
      local id = sandbox.fresh()
      local token, err = assert(cloudflare.new(options)).tokens.delete(nil, id)
      assert.is_nil(token)
      assert.equal("not_sent", err.outcome)
      assert.equal(kind, err.kind)
      assert.equal(row[4] or "DELETE unsent", story(err.http))
      assert.is_nil(err.http.status)
      assert.is_true(err.safe_to_retry)
      assert.same({}, requests_for(id))
    end)
  end

  it("where no connection stands within connect_timeout", function()
    local mute = assert(socket.bind("127.0.0.1", 0))
    local url = ("https://127.0.0.1:%d"):format((select(2, mute:getsockname())))
    local options = sandbox.options("http2", { base_url = url, connect_timeout = 0.3, max_retries = 0, attempt_timeout = 20 })
    local began = socket.gettime()
    local _, err = cloudflare.new(options).tokens.delete(nil, sandbox.missing_id, { timeout = 60 })
    mute:close()
    assert.equal("not_sent", err.outcome)
    assert.equal("timeout", err.kind)
    assert.is_true(socket.gettime() - began < 10)
  end)

  it("to a closed port however often it is tried", function()
    local options = sandbox.options("plain", { base_url = "http://127.0.0.1:" .. free_port() })
    local _, err = cloudflare.new(options).tokens.delete(nil, sandbox.missing_id)
    assert.equal("not_sent", err.outcome)
    assert.equal("DELETE unsent, DELETE unsent, DELETE unsent", story(err.http))
    assert.equal(3, err.http.attempts)
  end)

  it("twice where the certificate is wrong: time does not mend that", function()
    local options = sandbox.options("http2", { ca_path = "spec", max_retries = 10 })
    local _, err = cloudflare.new(options).tokens.delete(nil, sandbox.missing_id)
    assert.equal("not_sent", err.outcome)
    assert.equal(1, err.http.attempts)
  end)
end)
