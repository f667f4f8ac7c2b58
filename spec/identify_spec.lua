-- A value that turned up somewhere: what it is by its looks, and whose it is.
local cloudflare = require "cloudflare"
local child = require "spec.support.child"
local sandbox = require "spec.support.sandbox"
local step_until = require "spec.support.step_until"

-- The id and the value of a token that the sandbox is given.
local function seeded(realm, more)
  local batch = { count = 1, realm = realm, secret = "new" }
  for name, field in pairs(more or {}) do batch[name] = field end
  local grown = sandbox.grow(batch)
  return grown.ids[1], grown.values[1]
end

describe("secret_kind", function()
  -- Forty characters, and their CRC-32 as zlib.crc32 gives it.
  local LETTERS, CHECKSUM = "abcdefghijklmnopqrstuvwxyz0123456789ABCD", "5aa51f0b"
  local HEX = "0123456789abcdef0123456789abcdef"

  local rows = {
    { "cfat_" .. LETTERS .. CHECKSUM, "account", true },
    { "cfut_" .. LETTERS .. CHECKSUM, "user", true },
    { "cfk_" .. LETTERS .. CHECKSUM, "key", true },
    { "cfat_" .. LETTERS .. "00000000", "account", false },
    { "cfat_" .. LETTERS, "account", false },
    { "cfoat_" .. LETTERS .. CHECKSUM, "oauth", nil },
    { HEX .. "01234", "key", nil },
    { HEX, "id", nil },
    { HEX .. HEX, "r2_secret", nil },
    { LETTERS, "older", nil },
    { "", "unknown", nil },
    { "correct horse battery staple", "unknown", nil },
    { "cfat_\0", "account", false },
  }

  it("tells what a value is, and whether its checksum fits", function()
    for _, row in ipairs(rows) do
      local kind, fits = cloudflare.secret_kind(row[1])
      assert.same({ row[1], row[2], row[3] }, { row[1], kind, fits })
    end
  end)

  it("takes strings only, and does not repeat them", function()
    for _, wrong in ipairs { 12345678, {}, false } do
      local ok, message = pcall(cloudflare.secret_kind, wrong)
      assert.is_false(ok)
      assert.truthy(message:find("bad argument #1 to 'secret_kind' (string expected, got " .. type(wrong), 1, true), message)
    end
    local _, message = pcall(cloudflare.secret_kind)
    assert.truthy(message:find("got nil", 1, true), message)
    _, message = pcall(function() cloudflare.secret_kind() end)
    assert.truthy(message:find "^spec/identify_spec.lua:%d+: bad argument", message)
  end)
end)

describe("tokens.identify", function()
  local cf, events
  before_each(function()
    sandbox.reset()
    events = {}
    cf = cloudflare.new(sandbox.options("http2", { on_event = function(event) events[#events + 1] = event end }))
  end)
  after_each(function() cf:close() end)

  local function of_account(more) return seeded("account", more) end
  local function of_user(more) return seeded("user", more) end

  local function paths()
    local found = {}
    for i, entry in ipairs(sandbox.ledger()) do found[i] = entry.path:gsub("^/client/v4", "") end
    return found
  end

  local function verify_at(account) return ("/accounts/%s/tokens/verify"):format(account) end
  local USER = "/user/tokens/verify"

  describe("says whose a value is:", function()
    it("an account's token", function()
      local id, value = of_account()
      local result, envelope = cf.tokens.identify(sandbox.account, value)
      assert.same({ id = id, status = "active", kind = "account", account = sandbox.account }, result)
      assert.equal("ok", envelope.outcome)
      assert.same({ verify_at(sandbox.account) }, paths())
    end)

    it("with nil for the client's account", function()
      local id, value = of_account()
      assert.equal(id, cf.tokens.identify(nil, value).id)
    end)

    it("a user's token, whatever accounts are given", function()
      local id, value = of_user()
      local wanted = { id = id, status = "active", kind = "user" }
      assert.same(wanted, (cf.tokens.identify(nil, value)))
      assert.same(wanted, (cf.tokens.identify({ sandbox.account, sandbox.other_account }, value)))
      assert.same(wanted, (cf.user.tokens.identify(value)))
      assert.same({ USER, USER, USER }, paths())
    end)

    it("another account's, of those that are given", function()
      local id, value = seeded("other")
      local result = cf.tokens.identify({ sandbox.account, sandbox.other_account }, value)
      assert.same({ id, sandbox.other_account }, { result.id, result.account })
      assert.same({ verify_at(sandbox.account), verify_at(sandbox.other_account) }, paths())
    end)

    it("an older one: the accounts are asked, then the user", function()
      local id, value = of_user { secret = "older" }
      local result = cf.tokens.identify({ sandbox.account, sandbox.other_account }, value)
      assert.same({ id, "user" }, { result.id, result.kind })
      assert.same({ verify_at(sandbox.account), verify_at(sandbox.other_account), USER }, paths())
      id, value = of_account { secret = "older" }
      assert.equal(id, cf.tokens.identify(nil, value).id)
      assert.equal(4, #paths())
      assert.equal(id, cf.tokens.identify(sandbox.account, value).id)
    end)

    it("an older one with no account to ask: the user alone", function()
      local id, value = of_user { secret = "older" }
      assert.equal(id, cf.tokens.identify({}, value).id)
      assert.same({ USER }, paths())
    end)

    it("and its state, where the API tells it", function()
      sandbox.switch { verify_tells = true }
      local id, value = of_account { status = "disabled" }
      local result = cf.tokens.identify(nil, value)
      assert.same({ id, "disabled" }, { result.id, result.status })
    end)
  end)

  -- What is refused is told with the reason; nothing of it is called dead.
  local function refused(reason, account, value, options)
    local result, err = cf.tokens.identify(account, value, options)
    assert.is_nil(result)
    assert.same({ "refused", "api", reason }, { err.outcome, err.kind, err.reason })
    assert.is_true(err.safe_to_retry)
    return err
  end

  describe("is refused", function()
    it("for what is dead, disabled or nobody's: not_accepted", function()
      local _, dead = of_account { dead = true }
      local _, disabled = of_account { status = "disabled" }
      for _, value in ipairs { dead, disabled, "cfat_unknown" } do
        assert.equal(1000, refused("not_accepted", nil, value).code)
      end
    end)

    it("for another account's: not_accepted", function()
      refused("not_accepted", nil, (select(2, seeded("other"))))
    end)

    it("where every place refuses", function()
      local _, value = of_account { secret = "older", dead = true }
      refused("not_accepted", { sandbox.account, sandbox.other_account }, value)
      assert.same({ verify_at(sandbox.account), verify_at(sandbox.other_account), USER }, paths())
    end)

    it("for one that is bound to other addresses: elsewhere; no other place is asked", function()
      local _, value = of_account { secret = "older", condition = { request_ip = { ["in"] = { "192.0.2.0/24" } } } }
      local err = refused("elsewhere", { sandbox.account, sandbox.other_account }, value)
      assert.equal(9109, err.code)
      assert.truthy(tostring(err):find("the token is valid", 1, true))
      assert.equal(1, #paths())
    end)

    it("by a lock-out, and no other place is asked", function()
      sandbox.switch { lockout = 60, lockout_after = 1 }
      refused("not_accepted", nil, "cfat_unknown")
      local _, value = of_account { secret = "older" }
      local err = refused("lockout", { sandbox.account, sandbox.other_account }, value)
      assert.equal(10502, err.code)
      assert.equal(2, #paths())
      sandbox.reset()
      sandbox.fault { status = 403, code = 9109, message = "Max auth failures reached, please check your Authorization header." }
      refused("lockout", nil, "cfat_unknown")
    end)

    it("in passing (10000), and is asked once more", function()
      local id, value = of_account()
      sandbox.fault { status = 401, code = 10000 }
      assert.equal(id, cf.tokens.identify(nil, value).id)
      sandbox.fault { status = 401, code = 10000, times = 3 }
      assert.equal(10000, refused(nil, nil, value).code)
      assert.equal(4, #paths())
    end)
  end)

  it("fails where no place knows it and one did not answer", function()
    local _, value = of_account { secret = "older", dead = true }
    sandbox.fault { path = "/accounts/" .. sandbox.account, html = true, times = 9 }
    local result, err = cf.tokens.identify(nil, value, { max_retries = 1 })
    assert.is_nil(result)
    assert.same({ "failed", "response", 2 }, { err.outcome, err.kind, err.http.attempts })
    assert.is_nil(err.reason)
    assert.equal(USER, paths()[3])
  end)

  it("is refused for no known reason where one place was so, and the others do not accept it", function()
    local _, value = of_account { secret = "older", dead = true }
    local accounts = { sandbox.other_account, sandbox.account }
    sandbox.fault { path = "/accounts/" .. sandbox.account, status = 403, code = 1234 }
    local err = refused(nil, accounts, value)
    assert.equal(1234, err.code)
    assert.same({ verify_at(sandbox.other_account), verify_at(sandbox.account), USER }, paths())
  end)

  it("is found where one place did not answer and another knows it", function()
    local id, value = of_user { secret = "older" }
    sandbox.fault { path = "/accounts/" .. sandbox.account, html = true, times = 9 }
    assert.equal(id, cf.tokens.identify(nil, value, { max_retries = 0 }).id)
  end)

  describe("sends nothing", function()
    local LETTERS = ("x"):rep(40)
    local rows = {
      { "a global key", "cfk_" .. LETTERS, "value", "dashboard" },
      { "an older global key", ("0"):rep(37), "value", "dashboard" },
      { "an OAuth token", "cfoat_" .. LETTERS, "value", "revoke what the application was granted" },
      { "an R2 access key's secret", ("0a"):rep(32), "value", "access key id" },
      { "an id", ("0a"):rep(16), "value", "can be given to get and delete" },
      { "nothing", "", "value", "empty" },
      { "a value with a line end", "cfat_x\n", "value", "line end" },
      { "a value in a header", "Bearer cfat_x", "value", "Bearer" },
    }
    for _, row in ipairs(rows) do
      it("for " .. row[1], function()
        for _, identify in ipairs { function(...) return cf.tokens.identify(nil, ...) end, cf.user.tokens.identify } do
          local result, err = identify(row[2])
          assert.is_nil(result)
          assert.same({ "argument", "not_sent", row[3] }, { err.kind, err.outcome, err.argument })
          assert.truthy(tostring(err):find(row[4], 1, true), tostring(err))
          if row[2] ~= "" then assert.is_nil(tostring(err):find(row[2], 1, true)) end
        end
        assert.same({}, sandbox.ledger())
        assert.same({ "not_sent", "not_sent" }, { events[1].outcome, events[2].outcome })
      end)
    end

    local function bad(argument, ...)
      local result, err = cf.tokens.identify(...)
      assert.is_nil(result)
      assert.same({ "argument", "not_sent", argument }, { err.kind, err.outcome, err.argument })
      assert.same({}, sandbox.ledger())
    end

    it("where an account is none, wherever it stands in the list", function()
      for _, value in ipairs { "cfat_x", "cfut_x", ("x"):rep(40) } do
        bad("account_id", "me", value)
        bad("account_id", { "me" }, value)
        if value ~= "cfut_x" then bad("account_id", { sandbox.account, "me" }, value) end
      end
    end)

    it("where no account is known, but for a user's", function()
      bad("account_id", {}, "cfat_x")
      local options = sandbox.options()
      options.account_id = nil
      assert.equal("account_id\tok", (child.run(([[
        local cf = require "cloudflare".new { base_url = %q, api_token = "x" }
        local _, err = cf.tokens.identify(nil, ("x"):rep(40))
        local found, detail = cf.tokens.identify(nil, %q)
        print(err.argument, detail.outcome)
      ]]):format(sandbox.urls.plain, sandbox.user_token), "unset CLOUDFLARE_ACCOUNT_ID;")))
    end)

    it("to the user's place for an account's token", function()
      local _, err = cf.user.tokens.identify "cfat_x"
      assert.same({ "argument", "value" }, { err.kind, err.argument })
      assert.same({}, sandbox.ledger())
    end)

    it("with another credential in its options", function()
      local _, err = cf.tokens.identify(nil, "cfat_x", { api_token = "cfat_y" })
      assert.truthy(tostring(err):find("api_token: the value itself is sent, and no other credential", 1, true))
      bad("api_token", nil, "cfat_x", { api_token = "cfat_y" })
      bad("api_token", nil, "cfat_x", { api_token = function() error "asked" end })
      bad("api_token", nil, "cfat_x", { api_key = "0", api_email = "me@example.com" })
    end)
  end)

  it("raises for mistakes at the caller's line", function()
    local function raises(words, f)
      local ok, message = pcall(f)
      assert.is_false(ok)
      assert.truthy(message:find "^spec/identify_spec.lua:%d+: ", message)
      assert.truthy(message:find(words, 1, true), message)
    end
    raises("bad argument #2 to 'identify' (string expected, got nil)", function() cf.tokens.identify(nil) end)
    raises("bad argument #2 to 'identify' (string expected, got userdata)", function() cf.tokens.identify(nil, io.stdout) end)
    raises("bad argument #1 to 'identify' (string expected, got boolean)", function() cf.tokens.identify(true, "x") end)
    raises("bad argument #1 to 'identify' (string expected in the list of accounts, got number)",
      function() cf.tokens.identify({ sandbox.account, 1 }, "x") end)
    raises("unknown option 'timout'; did you mean 'timeout'?", function() cf.tokens.identify(nil, "x", { timout = 1 }) end)
    raises("bad argument #1 to 'identify' (string expected, got nil)", function() cf.user.tokens.identify() end)
    raises("the client is closed", function()
      cf:close()
      cf.tokens.identify(nil, "x")
    end)
  end)

  describe("needs no other credential:", function()
    it("the client's is not sent, nor is its function asked", function()
      local id, value = of_account()
      local client = cloudflare.new(sandbox.options("http2", { api_token = function() error "asked" end }))
      assert.equal(id, client.tokens.identify(nil, value).id)
      assert.equal(id, cf.tokens.identify(nil, value).id)
      for _, entry in ipairs(sandbox.ledger()) do assert.equal(id, entry.caller) end
    end)

    it("the module's function works where the environment has none, and what needs one still says so", function()
      local id, value = of_account()
      assert.equal(("%s\tno credential"):format(id), (child.run(([[
        local cloudflare = require "cloudflare"
        local found = assert(cloudflare.tokens.identify(nil, %q))
        for _ = 1, 2 do collectgarbage() end
        local _, err = cloudflare.tokens.verify()
        print(found.id, tostring(err):match "no credential")
      ]]):format(value), "unset CLOUDFLARE_API_TOKEN;")))
    end)

    it("the module's function leaves a default client that was made", function()
      local id, value = of_account()
      assert.same({ id, "active" }, { cloudflare.tokens.identify(nil, value).id, cloudflare.tokens.verify().status })
      assert.equal(id, cloudflare.tokens.identify(nil, value).id)
    end)
  end)

  describe("leaves the client alone:", function()
    local function block(path) sandbox.fault { path = path, status = 429, headers = { ["Retry-After"] = "60" } } end
    local quick = { timeout = 5, max_retries = 0 }

    it("a block of the client's does not hold it, nor does one of its own hold the client", function()
      local id, value = of_account()
      block "/verify"
      assert.equal("refused", select(2, cf.tokens.verify(nil, quick)).outcome)
      assert.equal(id, cf.tokens.identify(nil, value, quick).id)
      assert.equal("not_sent", select(2, cf.tokens.verify(nil, quick)).outcome) -- it still holds the client
    end)

    it("its own blocks, many or of the client's own token, hold neither the client nor the next", function()
      for _ = 1, 10 do
        local id, value = of_account()
        block "/verify"
        local _, err = cf.tokens.identify(nil, value, quick)
        assert.same({ "refused", 429, 60 }, { err.outcome, err.http.status, err.http.retry_after })
        assert.is_nil(err.reason)
        assert.equal(id, cf.tokens.identify(nil, value, quick).id)
      end
      block "/verify"
      assert.equal("refused", select(2, cf.tokens.identify(nil, sandbox.token, quick)).outcome)
      assert.equal("active", cf.tokens.verify(nil, quick).status)
    end)

    it("each has a budget of retries of its own", function()
      local _, value = of_account()
      sandbox.fault { path = "/verify", html = true, times = 40 }
      local calls = {} -- the client's budget is ten retries: these spend it
      for i = 1, 5 do calls[i] = cf.async.tokens.verify(nil, { max_retries = 2 }) end
      for i = 1, 5 do calls[i]:wait() end
      local function attempts(tokens, ...) return select(2, tokens(...)).http.attempts end
      assert.equal(1, attempts(cf.tokens.verify, nil, { max_retries = 1 }))
      assert.equal(2, attempts(cf.tokens.identify, nil, value, { max_retries = 1 }))
      local client = cloudflare.new(sandbox.options())
      for i = 1, 5 do calls[i] = client.async.tokens.identify(nil, value, { max_retries = 2 }) end
      for i = 1, 5 do calls[i]:wait() end
      assert.equal(2, attempts(client.tokens.verify, nil, { max_retries = 1 }))
    end)
  end)

  -- In a state of its own, which holds no other connections: a script that leaves a list, and the connections that the
  -- sandbox saw, by their paths.
  describe("has a connection of its own", function()
    local function run(over, code)
      return (child.run(([[
        local cloudflare = require "cloudflare"
        local process, sandbox = require "spec.support.process", require "spec.support.sandbox"
        local step_until = require "spec.support.step_until"
        local cf = cloudflare.new(sandbox.options %q)
        local function connections(path)
          local found = {}
          for _, entry in ipairs(sandbox.ledger()) do
            if entry.path:find(path, 1, true) then found[#found + 1] = entry.connection end
          end
          return found
        end
      ]]):format(over) .. code))
    end

    for _, over in ipairs { "plain", "http1", "http2" } do
      it("that is not the client's, and is closed afterwards: " .. over, function()
        assert.equal(over == "http2" and "true\ttrue" or "true\tfalse", run(over, [[
          cf.tokens.verify()
          local open = process.descriptors()
          for _ = 1, 2 do assert(cf.tokens.identify(nil, sandbox.user_token)) end
          -- at once; or in the course of the next calls, where libcurl waits for the other side to end TLS (8.14 does)
          step_until(function() return cf.tokens.verify() and process.descriptors() == open end)
          local own, others = connections "/user/", connections "/accounts/"
          print(own[1] ~= own[2] and own[1] ~= others[1] and own[2] ~= others[1], others[1] == others[2])
        ]]))
      end)
    end

    it("that nobody joins while it is open", function()
      assert.equal("false\ttrue\ttrue", run("http2", [[
        sandbox.fault { path = "/user/tokens/verify", delay_after = 1, times = 2 }
        local one, other = cf.async.tokens.identify(nil, sandbox.user_token), cf.async.tokens.identify(nil, sandbox.user_token)
        step_until(function() return #connections "/user/" == 2 end)
        cf.tokens.verify()
        local ended = one:done() or other:done()
        one:wait()
        other:wait()
        cf.tokens.verify()
        local own, others = connections "/user/", connections "/accounts/"
        print(ended, own[1] ~= own[2], others[1] == others[2] and others[1] ~= own[1] and others[1] ~= own[2])
      ]]))
    end)
  end)

  describe("is a call like any other:", function()
    it("under async, with all its places", function()
      local id, value = of_user { secret = "older" }
      local call = cf.async.tokens.identify(nil, value)
      assert.is_false(call:done())
      assert.equal(id, call:wait().id)
      assert.is_false(call:cancel())
    end)

    it("can be cancelled, and then asks no other place", function()
      local _, value = of_user { secret = "older" }
      sandbox.fault { path = "/verify", delay = 2 }
      local call = cf.async.tokens.identify(nil, value)
      step_until(function() return #sandbox.ledger() == 1 end)
      assert.is_false(call:cancel()) -- nothing that changes anything was sent
      assert.equal("cancelled", select(2, call:wait()).kind)
      assert.equal(1, #sandbox.ledger())
    end)

    it("ends with its client", function()
      local _, value = of_account()
      sandbox.fault { path = "/verify", delay = 2 }
      local call = cf.async.tokens.identify(nil, value)
      step_until(function() return #sandbox.ledger() == 1 end)
      cf:close()
      local _, err = call:wait()
      assert.same({ "cancelled", "failed" }, { err.kind, err.outcome })
    end)

    it("waits by the caller's sleep, and ends by its timeout", function()
      local _, value = of_account()
      local slept = 0
      assert.is_table(cf.tokens.identify(nil, value, { sleep = function() slept = slept + 1 end }))
      assert.is_true(slept > 0)
      sandbox.fault { path = "/verify", delay = 5, times = 5 }
      local _, err = cf.tokens.identify(nil, value, { timeout = 1 })
      assert.same({ "failed", "timeout" }, { err.outcome, err.kind })
    end)

    it("is told to the listener, each place by itself", function()
      local _, value = of_user { secret = "older" }
      cf.tokens.identify(nil, value)
      local ends = {}
      for _, event in ipairs(events) do
        if event.outcome then ends[#ends + 1] = event.operation .. " " .. event.outcome end
        assert.is_nil(event.token_id)
      end
      assert.same({ "tokens.identify refused", "user.tokens.identify ok" }, ends)
    end)
  end)
end)

-- The budget is the Lua state's: each case has a state of its own.
describe("refusals_left", function()
  before_each(sandbox.reset)

  local function run(code)
    return (child.run([[
      local cloudflare = require "cloudflare"
      local cf = cloudflare.new {}
      local function ask(value) return select(2, cf.tokens.identify(nil, value)) end
    ]] .. code))
  end

  it("counts every value refused, by whichever client, and nothing else", function()
    assert.equal("8\t0\t5\t0\t12", run [[
      local at_first, none = cloudflare.refusals_left()
      ask "cfat_unknown"
      cloudflare.tokens.identify(nil, "cfut_unknown")
      cf.async.tokens.identify(nil, "cfat_unknown"):wait()
      ask(os.getenv "CLOUDFLARE_API_TOKEN")
      ask "cfk_unknown"
      cloudflare.new { api_token = "cfat_unknown" }.tokens.verify()
      local left, seconds = cloudflare.refusals_left()
      print(("%d\t%d\t%d\t%d\t%d"):format(at_first, none, left, seconds, (cloudflare.refusals_left(15))))
    ]])
  end)

  it("says when one more may be refused, and keeps nobody from asking", function()
    assert.equal("0\ttrue\tnot_accepted\t1", run [[
      for _ = 1, 8 do ask "cfat_unknown" end
      local left, seconds = cloudflare.refusals_left()
      print(left, seconds > 1700 and seconds <= 1800, ask "cfat_unknown".reason, (cloudflare.refusals_left(10)))
    ]])
  end)

  it("is none after a lock-out", function()
    sandbox.switch { lockout = 60, lockout_after = 1 }
    assert.equal("lockout\t0\ttrue", run [[
      ask "cfat_unknown"
      local reason = ask "cfat_unknown".reason
      local left, seconds = cloudflare.refusals_left(50)
      print(reason, left, seconds > 1700)
    ]])
    sandbox.reset()
    sandbox.fault { status = 403, code = 9109, message = "Max auth failures reached, please check your Authorization header." }
    assert.equal("lockout\t0", run [[print(ask "cfat_unknown".reason, (cloudflare.refusals_left(50)))]])
  end)

  it("takes whole numbers from 1 to 50", function()
    for _, wrong in ipairs { 0, 51, 1.5, -1, 0 / 0, "8", {} } do
      local ok, message = pcall(function() cloudflare.refusals_left(wrong) end)
      assert.is_false(ok)
      assert.truthy(message:find "^spec/identify_spec.lua:%d+: bad argument #1 to 'refusals_left'", message)
    end
    cloudflare.refusals_left(1)
    cloudflare.refusals_left(50)
  end)
end)
