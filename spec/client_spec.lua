local cloudflare = require "cloudflare"
local child = require "spec.support.child"
local sandbox = require "spec.support.sandbox"
local second_opinion = require "spec.support.second_opinion"

local requests_for, is_deleted = sandbox.requests_for, sandbox.is_deleted

local function contains(text, part) return text:find(part, 1, true) ~= nil end

describe("the module", function()
  it("has a version", function() assert.truthy(cloudflare._VERSION:find "^%d+%.%d+%.%d+") end)

  it("has the null of lua-cjson", function() assert.equal(require("cjson").null, cloudflare.null) end)

  it("is not disturbed by lua-cjson's global settings", function()
    sandbox.reset()
    local cjson = require "cjson"
    cjson.decode_max_depth(1)
    local ok, token = pcall(cloudflare.new(sandbox.options()).tokens.delete, nil, sandbox.missing_id, { missing_ok = true })
    cjson.decode_max_depth(1000)
    assert.is_true(ok)
    assert.equal(sandbox.missing_id, token.id)
  end)

  it("has tokens under the SDKs' name too", function()
    assert.equal(cloudflare.tokens, cloudflare.accounts.tokens)
    local cf = cloudflare.new(sandbox.options())
    assert.equal(cf.tokens.delete, cf.accounts.tokens.delete)
    assert.equal(cf.async.tokens.delete, cf.async.accounts.tokens.delete)
  end)

  it("leaves nothing in the globals", function()
    assert.is_nil(rawget(_G, "cloudflare"))
  end)

  it("has operations that are Lua functions, which every scheduler accepts", function()
    local cf = cloudflare.new(sandbox.options())
    for _, operation in ipairs {
      cloudflare.tokens.delete, cloudflare.new, cloudflare.step, cf.tokens.delete, cf.tokens.verify,
      cf.async.tokens.delete, cf.async.tokens.delete(nil, "").wait,
    } do
      assert.equal("Lua", debug.getinfo(operation, "S").what)
    end
  end)

  it("works with a default client that the environment makes", function()
    sandbox.reset()
    local id = sandbox.fresh()
    local token, envelope = cloudflare.tokens.delete(nil, id)
    assert.equal(id, token.id)
    assert.equal("deleted", envelope.outcome)
    local second = sandbox.fresh()
    assert.equal(second, cloudflare.async.tokens.delete(sandbox.account, second):wait().id)
  end)
end)

describe("a client", function()
  before_each(sandbox.reset)

  it("shows where it speaks to, and no secret", function()
    local cf = cloudflare.new(sandbox.options())
    assert.equal("cloudflare.client: " .. sandbox.urls.http2, tostring(cf))
    cf:close()
    assert.equal("cloudflare.client: closed", tostring(cf))
  end)

  it("comes with a nil where an error might stand", function()
    assert.equal(2, select("#", cloudflare.new(sandbox.options())))
    assert.is_nil((select(2, cloudflare.new(sandbox.options()))))
  end)

  it("keeps its options, whatever becomes of the table", function()
    local options = sandbox.options()
    local cf, id = cloudflare.new(options), sandbox.fresh()
    for name in pairs(options) do options[name] = nil end
    assert.equal(id, cf.tokens.delete(nil, id).id)
  end)

  it("has its operations with a dot, and may hand them out", function()
    local delete, id = cloudflare.new(sandbox.options()).tokens.delete, sandbox.fresh()
    collectgarbage()
    assert.equal(id, delete(sandbox.account, id).id)
  end)

  it("has nothing under other names", function()
    local cf = cloudflare.new(sandbox.options())
    for _, name in ipairs { "api_token", "options", "token", "secret", "base_url" } do assert.is_nil(cf[name]) end
    assert.is_nil(cf[1])
  end)

  describe("that is closed", function()
    it("raises when it is used, and says where", function()
      local cf = cloudflare.new(sandbox.options())
      cf:close()
      for name, use in pairs {
        delete = function() cf.tokens.delete(nil, sandbox.missing_id) end,
        verify = function() cf.tokens.verify() end,
        async = function() cf.async.tokens.delete(nil, sandbox.missing_id) end,
      } do
        local ok, err = pcall(use)
        assert.is_false(ok, name)
        assert.truthy(err:find "client_spec%.lua:%d+: .*closed")
      end
      assert.same({}, sandbox.ledger())
    end)

    it("may be closed again", function()
      local cf = cloudflare.new(sandbox.options())
      cf:close()
      cf:close()
    end)

    it("leaves the answers that its calls have had", function()
      local cf, id = cloudflare.new(sandbox.options()), sandbox.fresh()
      local call = cf.async.tokens.delete(nil, id)
      call:wait()
      cf:close()
      assert.equal(id, call:wait().id)
    end)
  end)

  if _VERSION == "Lua 5.4" then
    local chunk = assert(load [[
      local new, options, id = ...
      local seen
      do
        local cf <close> = new(options)
        seen = cf
        assert(cf.tokens.delete(nil, id))
      end
      return seen
    ]])

    it("is closed at the end of its scope: local cf <close>", function()
      local id = sandbox.fresh()
      assert.equal("cloudflare.client: closed", tostring(chunk(cloudflare.new, sandbox.options(), id)))
      assert.is_true(is_deleted(id))
    end)

    it("is closed when an error leaves its scope", function()
      local seen
      local function new(options)
        seen = cloudflare.new(options)
        return seen
      end
      assert.is_false(pcall(chunk, new, sandbox.options(), sandbox.missing_id))
      assert.equal("cloudflare.client: closed", tostring(seen))
    end)
  end

  it("is collected when nobody holds it", function()
    local held = setmetatable({}, { __mode = "k" })
    for _ = 1, 20 do
      local cf
      cf = cloudflare.new(sandbox.options("plain", { on_event = function() return cf end }))
      assert(cf.tokens.verify())
      held[cf] = true
    end
    for _ = 1, 4 do collectgarbage() end
    local left = 0
    for _ in pairs(held) do left = left + 1 end
    assert.is_true(left <= 1) -- a dead stack slot may still hold the last one
  end)

  it("is held by its calls", function()
    local id = sandbox.fresh()
    local call = cloudflare.new(sandbox.options()).async.tokens.delete(nil, id)
    collectgarbage()
    collectgarbage()
    assert.equal(id, call:wait().id)
  end)
end)

describe("api_token = function", function()
  before_each(sandbox.reset)

  local function client(vault, extra)
    local options = sandbox.options("http2", extra)
    options.api_token = vault
    return cloudflare.new(options)
  end

  it("is called once for each call, however many attempts that takes", function()
    local calls = 0
    local cf = client(function()
      calls = calls + 1
      return sandbox.token
    end)
    assert.equal(0, calls)
    local id = sandbox.fresh()
    sandbox.fault { token = id, method = "DELETE", drop = "before" }
    local _, envelope = cf.tokens.delete(nil, id)
    assert.equal("deleted", envelope.outcome)
    assert.equal(3, envelope.http.attempts)
    assert.equal(1, calls)
    cf.async.tokens.delete(nil, sandbox.fresh()):wait()
    assert.equal(2, calls)
  end)

  it("may rotate", function()
    local tokens = { sandbox.no_token, sandbox.token }
    local cf = client(function() return table.remove(tokens, 1) end)
    local id = sandbox.fresh()
    assert.equal("refused", select(2, cf.tokens.delete(nil, id)).outcome)
    assert.equal(id, cf.tokens.delete(nil, id).id)
  end)

  it("may be given for one call", function()
    local cf, id = client(function() return sandbox.no_token end), sandbox.fresh()
    assert.equal(id, cf.tokens.delete(nil, id, { api_token = function() return sandbox.token end }).id)
  end)

  it("is not asked where the call brings its own credential", function()
    local cf, id = client(function() error "not asked" end), sandbox.fresh()
    assert.equal(id, cf.tokens.delete(nil, id, { api_token = sandbox.token }).id)
    local second = sandbox.fresh()
    local key = { api_key = sandbox.key, api_email = sandbox.email }
    assert.equal(second, cf.tokens.delete(nil, second, key).id)
  end)

  -- Each row: what it does, and the words that the error must hold.
  local function nothing() end
  local failures = {
    { "gives nil and why", function() return nil, "vault is sealed" end, "vault is sealed" },
    { "gives nil", function() return nil end, "nil" },
    { "gives nothing", nothing, "string" },
    { "gives a number", function() return 12 end, "number" },
    { "gives a table", function() return {} end, "table" },
    { "gives what is no credential", function() return "cfat_abc\r\nX-Evil: 1" end, "line ends" },
    { "gives an empty string", function() return "" end, "" },
  }
  for _, row in ipairs(failures) do
    local what, vault, words = row[1], row[2], row[3]
    it("that " .. what .. " makes an argument error, and nothing is sent", function()
      local cf = client(vault)
      local call = cf.async.tokens.delete(nil, sandbox.missing_id)
      assert.is_true(call:done())
      local plain = select(2, cf.tokens.delete(nil, sandbox.missing_id))
      for _, err in ipairs { plain, (select(2, call:wait())) } do
        assert.equal("argument", err.kind)
        assert.equal("not_sent", err.outcome)
        assert.equal("api_token", err.argument)
        assert.is_true(contains(tostring(err), words))
        assert.is_false(contains(tostring(err), "cfat_"))
      end
      assert.same({}, sandbox.ledger())
    end)
  end

  it("that raises is heard unchanged, and nothing is sent", function()
    local reason = { "no network" }
    local cf = client(function() error(reason) end)
    for _, delete in ipairs { cf.tokens.delete, cf.async.tokens.delete } do
      local ok, err = pcall(delete, nil, sandbox.missing_id)
      assert.is_false(ok)
      assert.equal(reason, err)
    end
    assert.equal(0, cloudflare.step())
    assert.same({}, sandbox.ledger())
  end)

  it("may yield, in every Lua", function()
    local cf, id = client(function() return coroutine.yield "who are we?" end), sandbox.fresh()
    local thread = coroutine.create(function() return cf.tokens.delete(nil, id) end)
    local ok, question = coroutine.resume(thread)
    assert.is_true(ok)
    assert.equal("who are we?", question)
    assert.same({}, requests_for(id))
    local _, token = coroutine.resume(thread, sandbox.token)
    assert.equal(id, token.id)
  end)
end)

describe("on_event", function()
  before_each(sandbox.reset)

  -- A client, and the events that it tells.
  local function listening(extra)
    local events = {}
    local options = sandbox.options("http2", extra)
    options.on_event = function(event) events[#events + 1] = event end
    return cloudflare.new(options), events
  end

  it("hears of each attempt and of the outcome", function()
    local cf, events = listening()
    local id = sandbox.fresh()
    cf.tokens.delete(nil, id)
    local ray = requests_for(id)[1].ray
    assert.equal(2, #events)
    for _, event in ipairs(events) do
      assert.is_true(math.abs(event.time - os.time()) < 60)
      assert.is_true(event.seconds >= 0 and event.seconds < 60)
      event.time, event.seconds = nil, nil
    end
    local common = { operation = "tokens.delete", account_id = sandbox.account, token_id = id, status = 200, ray_id = ray,
      host = sandbox.urls.http2:match "^https://([^/]+)/" }
    local attempt, outcome = { attempt = 1, method = "DELETE" }, { outcome = "deleted", attempts = 1 }
    for name, value in pairs(common) do attempt[name], outcome[name] = value, value end
    assert.same({ attempt, outcome }, events)
  end)

  it("hears of every attempt in its order", function()
    local cf, events = listening()
    local id = sandbox.fresh()
    sandbox.fault { token = id, method = "DELETE", drop = "after" }
    cf.async.tokens.delete(nil, id):wait()
    assert.equal(4, #events)
    assert.same({ 1, "DELETE" }, { events[1].attempt, events[1].method })
    assert.is_nil(events[1].status)
    assert.same({ 2, "GET", 404 }, { events[2].attempt, events[2].method, events[2].status })
    assert.same({ 3, "DELETE", 404 }, { events[3].attempt, events[3].method, events[3].status })
    assert.same({ "gone", 3 }, { events[4].outcome, events[4].attempts })
  end)

  it("hears of calls that nobody waits for, and of those that end with their client", function()
    local cf, events = listening()
    cf.async.tokens.delete(nil, sandbox.fresh())
    while cloudflare.step(0.05) > 0 do end
    assert.equal("deleted", events[2].outcome)
    cf.async.tokens.delete(nil, sandbox.fresh())
    cf:close()
    assert.equal("not_sent", events[3].outcome)
    assert.equal(0, events[3].attempts)
  end)

  it("hears of other operations by their names", function()
    local cf, events = listening()
    cf.tokens.verify()
    assert.equal("tokens.verify", events[1].operation)
    assert.is_nil(events[1].token_id)
    assert.equal("ok", events[2].outcome)
  end)

  it("changes nothing by an error in it", function()
    local heard = 0
    local cf = cloudflare.new(sandbox.options("http2", {
      on_event = function()
        heard = heard + 1
        error "a full disk"
      end,
    }))
    local id = sandbox.fresh()
    local token, envelope = cf.tokens.delete(nil, id)
    assert.equal(id, token.id)
    assert.equal("deleted", envelope.outcome)
    assert.equal(2, heard)
  end)

  it("may not step, wait or begin a call from inside", function()
    local cf, other, errors = nil, cloudflare.new(sandbox.options()), {}
    local id, second = sandbox.fresh(), sandbox.fresh()
    local pending = other.async.tokens.delete(nil, second)
    cf = cloudflare.new(sandbox.options("http2", {
      on_event = function(event)
        if not event.outcome then return end
        for name, act in pairs {
          step = function() cloudflare.step() end,
          begin = function() cf.async.tokens.delete(nil, second) end,
          plain = function() cf.tokens.delete(nil, second) end,
        } do
          local ok, err = pcall(act)
          errors[name] = not ok and err
        end
      end,
    }))
    assert.equal(id, cf.tokens.delete(nil, id).id)
    for _, name in ipairs { "step", "begin", "plain" } do
      assert.truthy(errors[name] and errors[name]:find "client_spec%.lua:%d+: .*on_event")
    end
    assert.equal(second, pending:wait().id)
    assert.equal(1, #requests_for(second))
  end)

  it("nor where the call that it hears of never began", function()
    local id, cf, heard, said = sandbox.fresh(), nil, nil, nil
    cf = cloudflare.new(sandbox.options("http2", { on_event = function(event)
      heard, said = event, { pcall(cf.tokens.delete, nil, id) }
    end }))
    cf.tokens.delete(nil, "not an id")
    assert.same({ "not_sent", 0, 0, "tokens.delete" }, { heard.outcome, heard.attempts, heard.seconds, heard.operation })
    assert.is_false(said[1])
    assert.truthy(said[2]:find "on_event")
    assert.equal(0, #requests_for(id))
    assert.equal(0, cloudflare.step()) -- nor does anything stay forbidden
  end)

  it("may look at calls, cancel them and close clients", function()
    local other = cloudflare.new(sandbox.options())
    local id, pending, seen = sandbox.fresh(), nil, nil
    local cf = cloudflare.new(sandbox.options("http2", {
      on_event = function(event)
        if not event.outcome then return end
        seen = pending:done()
        pending:cancel()
        other:close()
      end,
    }))
    local held = sandbox.fresh()
    sandbox.fault { token = held, delay = 0.3 }
    pending = other.async.tokens.delete(nil, held)
    assert.equal(id, cf.tokens.delete(nil, id).id)
    assert.is_false(seen)
    assert.equal("cancelled", select(2, pending:wait()).kind)
  end)
end)

describe("tokens.verify", function()
  before_each(sandbox.reset)

  it("says whose credential this is", function()
    local cf = cloudflare.new(sandbox.options())
    local result, envelope = cf.tokens.verify(sandbox.account)
    assert.truthy(result.id:find "^%x+$")
    assert.equal(32, #result.id)
    assert.equal("active", result.status)
    assert.equal("ok", envelope.outcome)
    assert.equal(1, envelope.http.attempts)
    local ledger = sandbox.ledger()
    assert.equal(1, #ledger)
    assert.equal("GET", ledger[1].method)
    assert.equal(("/client/v4/accounts/%s/tokens/verify"):format(sandbox.account), ledger[1].path)
    assert.is_false(ledger[1].has_body)
  end)

  it("warms the connection for what follows", function()
    local cf, id = cloudflare.new(sandbox.options()), sandbox.fresh()
    cf.tokens.verify()
    cf.tokens.delete(nil, id)
    local ledger = sandbox.ledger()
    assert.equal(ledger[1].connection, ledger[2].connection)
  end)

  it("is refused to a credential that is not good", function()
    local result, err = cloudflare.new(sandbox.options("http2", { api_token = "cfat_unknown" })).tokens.verify()
    assert.is_nil(result)
    assert.equal("refused", err.outcome)
    assert.equal(1000, err.code)
    assert.equal("api", err.kind)
  end)

  it("is repeated where no answer came, and fails without harm where none comes", function()
    local cf = cloudflare.new(sandbox.options())
    sandbox.fault { path = "/tokens/verify", html = true }
    local result, envelope = cf.tokens.verify()
    assert.equal("active", result.status)
    assert.equal(2, envelope.http.attempts)
    sandbox.fault { path = "/tokens/verify", html = true, times = 9 }
    local nothing, err = cf.tokens.verify(nil, { max_retries = 0 })
    assert.is_nil(nothing)
    assert.equal("failed", err.outcome)
    assert.is_true(err.safe_to_retry)
  end)

  -- What something that is not the API may answer to everything.
  local nobodies = {
    { "no result", '{"success":true,"errors":[],"messages":[]}' },
    { "null", '{"success":true,"errors":[],"messages":[],"result":null}' },
    { "a list", '{"success":true,"errors":[],"messages":[],"result":[]}' },
    { "a text", '{"success":true,"errors":[],"messages":[],"result":"fine"}' },
    { "an object without an id", '{"success":true,"errors":[],"messages":[],"result":{"status":"active"}}' },
    { "an id that is none", '{"success":true,"errors":[],"messages":[],"result":{"id":"me","status":"active"}}' },
    { "an id in upper case", ('{"success":true,"errors":[],"messages":[],"result":{"id":"%s"}}'):format(("A"):rep(32)) },
    { "an id twice", ('{"success":true,"errors":[],"messages":[],"result":{"id":"%s","id":"%s"}}'):format(("a"):rep(32), ("b"):rep(32)) },
  }
  for _, row in ipairs(nobodies) do
    it("takes no yes that names nobody: " .. row[1], function()
      local cf = cloudflare.new(sandbox.options())
      sandbox.fault { path = "/tokens/verify", body = row[2] }
      local result, envelope = cf.tokens.verify()
      assert.equal(32, #result.id)
      assert.equal(2, envelope.http.attempts)
      sandbox.fault { path = "/tokens/verify", body = row[2] }
      local nothing, err = cf.tokens.verify(nil, { max_retries = 0 })
      assert.is_nil(nothing)
      assert.equal("failed", err.outcome)
      assert.is_nil(err.http.trace[1].proved)
      assert.equal("failed", (second_opinion(err.http)))
    end)
  end

  describe("proves nothing of a deletion that comes after it:", function()
    local function own_id() return cloudflare.new(sandbox.options()).tokens.verify().id end

    it("a lost answer to its own deletion is unknown, whatever the 401 that follows", function()
      local cf, id = cloudflare.new(sandbox.options()), own_id()
      cf.tokens.verify()
      sandbox.fault { token = id, method = "DELETE", drop = "after" }
      local token, err = cf.tokens.delete(nil, id)
      assert.is_true(is_deleted(id))
      assert.is_nil(token)
      assert.equal("unknown", err.outcome)
      assert.equal(401, err.http.status)
    end)

    it("a credential that was rolled meanwhile answers the same, and the token lives", function()
      local cf, id = cloudflare.new(sandbox.options()), own_id()
      cf.tokens.verify()
      sandbox.fault { token = id, method = "DELETE", drop = "before" }
      sandbox.fault { token = id, method = "GET", status = 401 }
      assert.equal("unknown", select(2, cf.tokens.delete(nil, id)).outcome)
      assert.is_false(is_deleted(id))
    end)

    it("with a complete answer it is simply deleted", function()
      local cf, id = cloudflare.new(sandbox.options()), own_id()
      local _, envelope = cf.tokens.delete(nil, id)
      assert.equal("deleted", envelope.outcome)
      assert.equal("refused", select(2, cf.tokens.verify()).outcome)
    end)
  end)
end)

describe("http.host", function()
  before_each(sandbox.reset)

  local function host_of(over) return sandbox.urls[over]:match "^https?://([^/]+)/" end

  it("names who was asked, port and all, in every result", function()
    for _, over in ipairs { "plain", "http1", "http2" } do
      local cf = cloudflare.new(sandbox.options(over))
      assert.equal(host_of(over), select(2, cf.tokens.delete(nil, sandbox.fresh())).http.host)
      assert.equal(host_of(over), select(2, cf.tokens.verify()).http.host)
    end
  end)

  it("in errors, also where nothing was sent", function()
    local cf = cloudflare.new(sandbox.options())
    assert.equal(host_of "http2", select(2, cf.tokens.delete(nil, sandbox.missing_id)).http.host)
    assert.equal(host_of "http2", select(2, cf.tokens.delete(nil, sandbox.missing_id, { timeout = 1e-6 })).http.host)
  end)

  it("has no port where base_url has none, and nothing of its path", function()
    local cf = cloudflare.new { api_token = sandbox.token, base_url = "https://api.cloudflare.com/client/v4" }
    local _, err = cf.tokens.delete(sandbox.account, sandbox.missing_id, { timeout = 1e-6 })
    assert.equal("not_sent", err.outcome)
    assert.equal("api.cloudflare.com", err.http.host)
  end)

  it("is in events", function()
    local hosts = {}
    local options = sandbox.options("plain", { on_event = function(event) hosts[#hosts + 1] = event.host end })
    cloudflare.new(options).tokens.delete(nil, sandbox.fresh())
    assert.same({ host_of "plain", host_of "plain" }, hosts)
  end)
end)

-- In a process of its own, where no other client is open.
describe("with the last client", function()
  before_each(sandbox.reset)

  local function descriptors_after(steps)
    return (child.run([[
      local cloudflare, sandbox = require "cloudflare", require "spec.support.sandbox"
      local process = require "spec.support.process"
      local function new() return assert(cloudflare.new(sandbox.options "http2")) end
      local function delete(cf) assert(select(2, cf.tokens.delete(nil, sandbox.missing_id)).outcome == "not_found") end
      local function collect() collectgarbage() collectgarbage() end
      local first = new()
      delete(first)
      local with_connection = process.descriptors()
      first:close()
      local closed = process.descriptors()
      assert(closed < with_connection)
      ]] .. steps))
  end

  for how, steps in pairs {
    ["once it is closed"] = "print(true)",
    ["once it is collected"] = [[
      delete(new())
      collect()
      print(process.descriptors() == closed)]],
    ["and not before"] = [[
      local kept, closes = new(), new()
      delete(closes)
      closes:close()
      local open = process.descriptors()
      kept:close()
      print(open == with_connection and process.descriptors() == closed)]],
    ["once the calls that it left have ended"] = [[
      new().async.tokens.delete(nil, sandbox.missing_id)
      cloudflare.step(0)
      collect()
      repeat until cloudflare.step(0.05) == 0
      print(process.descriptors() == closed and sandbox.count "DELETE" == 2)]],
    ["and another goes on"] = "delete(new()) delete(new()) print(true)",
  } do
    it("its idle connections are closed, " .. how, function() assert.equal("true", descriptors_after(steps)) end)
  end
end)
