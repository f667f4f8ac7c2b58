-- The judge of the sweeps, judged: what it takes for a false word, nature by nature.
local judge = require "spec.support.judge"
local second_opinion = require "spec.support.second_opinion"

local ID = ("1"):rep(32)

local function merge(base, more)
  for key, value in pairs(more or {}) do base[key] = value end
  return base
end

-- A world's truth as the fault server tells it, of a token that nothing was done to.
local function truth(more)
  local done = merge({ delete = 0, create = 0, roll = 0, update = 0 }, more.done)
  local made = merge({
    id = ID, state = "present", arrived = 1, gets = 0, cacheable = 0, effects = 0, foreign = 0, copied = 0, left = true,
    sight = {}, answers = {}, tokens = { { id = ID, fields = { name = "old" }, values = { "first" } } }, live = { "first" },
  }, more)
  made.done = done
  for _, count in pairs(done) do made.effects = made.effects + count end
  return made
end

local function token(id, ...) return { id = id, made = true, fields = { name = "new" }, values = { ... } } end

local SECRET = { id = ID, value = "secret" }
local MADE = { done = { create = 1 }, tokens = { token(ID, "secret") }, live = { "secret" } }
local NONE = { tokens = {}, live = {} }
local TWO = { done = { create = 2 }, tokens = { token(ID, "secret"), token(("2"):rep(32), "other") }, live = { "secret", "other" } }
local TWICE = merge({ copied = 1 }, TWO)
local ROLLED = { done = { roll = 1 }, tokens = { token(ID, "first", "second") }, live = { "second" } }
local ROLLED_TWICE = { done = { roll = 2 }, tokens = { token(ID, "first", "second", "third") }, live = { "third" } }
local RENAMED = { done = { update = 1 }, tokens = { { id = ID, fields = { name = "new", policies = {
  { id = "p", effect = "allow", permission_groups = { { id = "b" }, { id = "a" } } } } } } } }
local ASKED = { name = "new", policies = { { effect = "allow", permission_groups = { { id = "a" }, { id = "b" } } } } }
local UNSENT = { arrived = 0, left = false }

local function create(more) return merge({ operation = "create" }, more) end
local function roll(more) return merge({ operation = "roll" }, more) end
local function update(params) return { operation = "update", params = params } end
local function replace(params) return { operation = "replace", params = params } end
local function said(what) return { answers = { { method = "GET", says = what } }, arrived = 0, gets = 1 } end

-- What is said, of which call, in which world; and what the judge has against it: a pattern, or nothing.
local rows = {
  { "a create with its secret", "ok", create { result = SECRET }, MADE },
  { "a create that made nothing", "ok", create { result = SECRET }, NONE, "a lie" },
  { "a create with another secret", "ok", create { result = { id = ID, value = "else" } }, MADE, "a lie" },
  { "a create with another id", "ok", create { result = { id = "else", value = "secret" } }, MADE, "a lie" },
  { "a create with no secret", "ok", create { result = { id = ID } }, MADE, "a lie" },
  { "a create that made two", "ok", create { result = SECRET }, TWO, "a lie" },
  { "a create that made two, and says nothing", "unknown", create(), TWO, "2 times: create" },
  { "a create that a middleman made two of", "ok", create { result = { id = "?", value = "other" } }, TWICE },
  { "a create that a middleman made two of, with neither secret", "ok", create { result = { value = "?" } }, TWICE, "a lie" },
  { "a lost create that made one", "unknown", create(), MADE },
  { "a lost create that made none", "unknown", create(), NONE },
  { "a refused create that made one", "refused", create(), MADE, "a lie" },
  { "a refused create", "refused", create(), NONE },
  { "an unsent create that arrived", "not_sent", create(), NONE, "a lie" },
  { "an unsent create", "not_sent", create(), merge({ arrived = 0, left = false }, NONE) },
  { "an outcome of a deletion", "deleted", create(), MADE, "no outcome of a create" },
  { "candidates that were made", "unknown", create { err = { candidates = { { id = ID } } } }, MADE },
  { "candidates that were not", "unknown", create { err = { candidates = { { id = "?" } } } }, MADE, "a candidate that is none" },
  { "a recovered create", "ok", create { recover = true, result = { id = ID, value = "second" } },
    merge({}, { done = { create = 1, roll = 1 }, tokens = ROLLED.tokens, live = { "second" } }) },
  { "a recovered create with the dead secret", "ok", create { recover = true, result = { id = ID, value = "first" } },
    merge({}, { done = { create = 1, roll = 1 }, tokens = ROLLED.tokens, live = { "second" } }), "a lie" },
  { "a recovered create that rolled another's", "unknown", create { recover = true }, { done = { create = 1, roll = 1 }, tokens = {
      token(ID, "secret"), { id = ("2"):rep(32), values = { "theirs", "stolen" } } } }, "another's token was rolled" },
  { "a create beside another's token", "ok", create { result = SECRET }, { done = { create = 1 }, tokens = {
      { id = ("2"):rep(32), values = { "theirs" } }, token(ID, "secret") }, live = { "theirs", "secret" } } },
  { "a create that rolls, unasked", "ok", create { result = { id = ID, value = "second" } },
    merge({}, { done = { create = 1, roll = 1 }, tokens = ROLLED.tokens, live = { "second" } }), "1 times: roll" },

  { "a recovered create that rolled twice", "unknown", create { recover = true },
    { done = { create = 1, roll = 2 }, tokens = { token(ID, "first", "second", "third") }, live = { "third" } }, "2 times: roll" },
  { "a POST of the caller's own that made one", "ok", { operation = "post" }, MADE },
  { "a POST of the caller's own that made none", "ok", { operation = "post" }, NONE, "a lie" },
  { "a lost POST of the caller's own that made two", "unknown", { operation = "post" }, TWO, "2 times: create" },

  { "a roll with its secret", "ok", roll { result = "second" }, ROLLED },
  { "a roll with the dead secret", "ok", roll { result = "first" }, ROLLED, "a lie" },
  { "a roll of nothing", "ok", roll { result = "first" }, {}, "a lie" },
  { "a roll done twice", "ok", roll { result = "third" }, ROLLED_TWICE, "a lie" },
  { "a roll done twice, and says nothing", "unknown", roll(), ROLLED_TWICE, "2 times: roll" },
  { "a roll that was not found", "not_found", roll(), {} },
  { "a roll whose read came first, and missed it", "not_found", roll(), said "absent" },
  { "a roll that was not found, and done", "not_found", roll(), ROLLED, "a lie" },
  { "a lost roll that is known", "unknown", roll { err = { rolled = true } }, ROLLED },
  { "a lost roll that is known, and was not", "unknown", roll { err = { rolled = true } }, {}, "rolled, it says" },

  { "an update as it was asked, in another order", "ok", update(ASKED), RENAMED },
  { "an update with another name", "ok", update { name = "other" }, RENAMED, "a lie" },
  { "an update with another policy", "ok", update { name = "new", policies = {} }, RENAMED, "a lie" },
  { "a refused update that was done", "refused", update(ASKED), RENAMED, "a lie" },
  { "an update done twice", "ok", update(ASKED), merge({ done = { update = 2 } }, { tokens = RENAMED.tokens }), "2 times: update" },
  { "a repeatable request done twice", "ok", replace(ASKED),
    merge({ done = { update = 2 } }, { tokens = RENAMED.tokens }) },
  { "a repeatable request that was done, and refused", "refused", replace(ASKED), RENAMED, "a lie" },

  { "a read", "ok", { operation = "get" }, said "proof" },
  { "a read that saw nothing", "ok", { operation = "get" }, said "nothing", "a lie" },
  { "a read that was not found", "not_found", { operation = "get" }, said "absent" },
  { "a read that deletes", "ok", { operation = "get" }, merge({ done = { delete = 1 } }, said "proof"), "changed something" },
  { "an unsent read", "not_sent", { operation = "get" }, UNSENT },
  { "an unsent read that arrived", "not_sent", { operation = "get" }, said "proof", "a lie" },

  { "a deletion", "deleted", nil, { done = { delete = 1 }, state = "absent", answers = { { method = "DELETE", says = "proof" } } } },
  { "a deletion that was none", "deleted", nil, {}, "a lie" },
  { "a lost deletion", "unknown", nil, {} },
}

describe("the judge", function()
  for _, row in ipairs(rows) do
    it(("takes %s: %s for %s"):format(row[1], row[2], row[5] and "wrong" or "true"), function()
      local world, trace = truth(merge({}, row[4])), {}
      for i = 1, world.arrived do trace[i] = { method = "POST", sent = true } end
      local problem, lied = judge(row[2], { trace = trace }, world, nil, false, row[3])
      if not row[5] then assert.is_nil(problem) return end
      assert.truthy(problem and problem:find(row[5], 1, true), tostring(problem))
      assert.is_true(lied)
    end)
  end
end)

describe("the judge", function()
  it("counts the roll of a create that was not recovered in its trace", function()
    local http, tried = { trace = { { method = "POST", sent = true } } }, { http = { trace = { { method = "PUT", sent = true } } } }
    local world = truth { arrived = 2, done = { create = 1, roll = 1 }, tokens = { token(ID, "first", "second") } }
    local function problem(err) return (judge("unknown", http, world, true, false, create { recover = true, err = err })) end
    assert.is_nil(problem { recover_error = tried })
    assert.truthy(problem {}:find "2 requests that change something arrived")
  end)

  it("takes a refusal of what a middleman had done for wrong only where a read was heard that shows it", function()
    local world = truth { copied = 1, done = { delete = 1 }, state = "absent", gets = 2, answers = {
      { method = "GET", says = "proof" }, { method = "DELETE", says = "refusal" }, { method = "GET", says = "absent" } } }
    local function problem(heard)
      local trace = { { method = "GET", complete = true }, { method = "DELETE", sent = true, complete = true },
        { method = "GET", complete = heard } }
      return (judge("refused", { trace = trace }, world, nil, false))
    end
    assert.truthy(problem(true):find "a lie: refused")
    assert.is_nil(problem(false))
    assert.truthy(problem(nil):find "a lie: refused") -- nobody kept the whole trace
  end)

  it("wants GETs to be asked past the caches, and no more requests than the trace has", function()
    local http = { trace = { { method = "DELETE", sent = true } } }
    assert.is_nil((judge("unknown", http, truth {}, nil, false)))
    assert.truthy(judge("unknown", http, truth { cacheable = 1 }, nil, false):find "past the caches")
    assert.truthy(judge("unknown", http, truth { arrived = 2 }, nil, false):find "the trace has 1")
    assert.truthy(judge("unknown", http, truth { arrived = 0 }, true, false):find "the trace has 1")
  end)
end)

local function yes(method, id) return { method = method, sent = true, complete = true, success = true, status = 200, id = id } end
local function no(method, status, code)
  return { method = method, sent = true, complete = true, success = false, status = status, codes = { code } }
end
local function lost(method) return { method = method, sent = true } end
local function unsent(method) return { method = method, sent = false } end

-- A trace, of which operation, and each outcome that it leaves open.
local traces = {
  { "create", { yes("POST", ID) }, "ok", "unknown" },
  { "create", { yes "POST" }, "unknown" },
  { "create", { lost "POST" }, "unknown" },
  { "create", { no("POST", 404, 1003) }, "refused" },
  { "create", { no("POST", 429, 10429), yes("POST", ID) }, "ok", "unknown" },
  { "create", { no("POST", 429, 10429) }, "refused" },
  { "create", { unsent "POST", unsent "POST" }, "not_sent" },
  { "create", { unsent "POST", lost "POST" }, "unknown" },
  { "create", { lost "POST", yes("POST", ID) }, "nothing: attempt 2 follows the end" },
  { "create", { no("POST", 403, 9109), no("POST", 403, 9109) }, "nothing: attempt 2 follows the end" },
  { "roll", { yes "PUT" }, "ok", "unknown" },
  { "roll", { no("PUT", 404, 1003) }, "not_found" },
  { "roll", { lost "PUT", lost "PUT" }, "nothing: attempt 2 follows the end" },
  { "roll", { no("GET", 404, 1003) }, "not_sent", "not_found" },
  { "roll", { yes("GET", ID), no("PUT", 403, 9109) }, "refused" },
  { "update", { yes("PUT", ID) }, "ok" },
  { "update", { lost "PUT", yes("GET", ID) }, "unknown", "ok" },
  { "post", { yes "POST" }, "ok" },
  { "post", { lost "POST" }, "unknown" },
  { "post", { lost "POST", yes "POST" }, "nothing: attempt 2 follows the end" },
  { "post", { no("POST", 404, 1003) }, "refused" },
  { "replace", { lost "PUT", yes("PUT", ID) }, "ok" },
  { "replace", { lost "PUT", no("PUT", 403, 9109) }, "unknown" },
  { "replace", { no("PUT", 429, 10429), no("PUT", 404, 1003) }, "not_found" },
  { "replace", { unsent "PUT" }, "not_sent" },
  { "get", { lost "GET", yes("GET", ID) }, "ok" },
  { "get", { yes("GET", "another") }, "failed" },
  { "list", { yes "GET" }, "ok", "failed" }, -- the trace does not tell whether it brought a list
  { "list", { lost "GET" }, "failed" },
  { "list", { no("GET", 403, 9109) }, "refused" },
}

describe("the second opinion", function()
  for i, row in ipairs(traces) do
    it(("of a %s, trace %d: %s"):format(row[1], i, row[3]), function()
      for _, attempt in ipairs(row[2]) do attempt.codes = attempt.codes or {} end
      local http = { attempts = #row[2], trace = row[2] }
      for _, outcome in ipairs { "ok", "unknown", "refused", "not_found", "not_sent", "failed" } do
        local open = outcome == row[3] or outcome == row[4]
        assert.equal(open and outcome or row[3], second_opinion(http, ID, { operation = row[1], said = outcome }))
      end
    end)
  end
end)
