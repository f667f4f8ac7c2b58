local cloudflare = require "cloudflare"
local child = require "spec.support.child"
local sandbox = require "spec.support.sandbox"

-- The specs hold each credential backwards only, so that whatever holds it forwards is not theirs.
-- It has letters, digits and a hyphen: a cf-ray header may look like that too.
local BACKWARDS = "9-thgir-eht-si-siht-terces"

local function forwards() return BACKWARDS:reverse() end

local function holds_secret(text) return text:reverse():find(BACKWARDS, 1, true) ~= nil end

-- A client with that credential. It is made in a function of its own, whose stack is gone afterwards.
local function client(over, extra)
  local options = sandbox.options(over, extra)
  if not options.api_token or options.api_token == sandbox.token then options.api_token = forwards() end
  return (assert(cloudflare.new(options)))
end

-- debug.getuservalue under 5.1's name for it; 5.4 numbers them.
local function uservalues(userdata)
  if not debug.getuservalue then return { debug.getfenv(userdata) } end
  local values = {}
  for n = 1, 8 do values[n] = debug.getuservalue(userdata, n) end
  return values
end

-- Where the secret can be reached from `root` by all that debug can follow; nil for nowhere. In 5.1
-- every function leads to the globals: they are looked through only where `thorough` asks for it.
local function search(root, thorough)
  local seen, queue, paths = {}, {}, {}
  if not thorough then seen[_G], seen[package.loaded], seen[debug.getregistry()] = true, true, true end

  local function visit(value, path)
    local kind = type(value)
    if kind == "string" then return holds_secret(value) and path or nil end
    if kind ~= "table" and kind ~= "function" and kind ~= "userdata" and kind ~= "thread" then return nil end
    if seen[value] then return nil end
    seen[value] = true
    queue[#queue + 1], paths[#paths + 1] = value, path
  end

  local look = {}

  function look.table(t, path)
    for key, value in next, t do
      local found = visit(key, path .. ".<key>") or visit(value, path .. "." .. tostring(key))
      if found then return found end
    end
  end

  look["function"] = function(f, path)
    for i = 1, math.huge do
      local name, value = debug.getupvalue(f, i)
      if not name then break end
      local found = visit(value, path .. " upvalue " .. i .. name)
      if found then return found end
    end
    if debug.getfenv then return visit(debug.getfenv(f), path .. " fenv") end
  end

  function look.userdata(u, path)
    for n, value in pairs(uservalues(u)) do
      local found = visit(value, path .. " uservalue " .. n)
      if found then return found end
    end
  end

  -- Every local of every level of a thread: names, temporaries and varargs.
  function look.thread(thread, path)
    for level = 0, math.huge do
      local info = debug.getinfo(thread, level, "f")
      if not info then return nil end
      local found = visit(info.func, path .. " level " .. level)
      for _, step in ipairs { 1, -1 } do
        for i = step, step * 250, step do
          local name, value = debug.getlocal(thread, level, i)
          if not name then break end
          found = found or visit(value, ("%s level %d local %d %s"):format(path, level, i, name))
        end
      end
      if found then return found end
    end
  end

  local found = visit(root, "root")
  local i = 1
  while queue[i] and not found do
    local value, path = queue[i], paths[i]
    found = look[type(value)](value, path) or visit(debug.getmetatable(value), path .. " metatable")
    i = i + 1
  end
  return found
end

-- The same of every frame that stands below the caller, as an error handler or a hook sees them.
local function search_stack()
  for level = 2, math.huge do
    if not debug.getinfo(level, "f") then return nil end
    for i = 1, 250 do
      local name, value = debug.getlocal(level, i)
      if not name then break end
      if type(value) == "string" and holds_secret(value) then return ("level %d local %d %s"):format(level, i, name) end
    end
  end
end

local step_until = require "spec.support.step_until"

describe("the search of these specs", function()
  it("finds a secret wherever debug can reach one", function()
    local hiding = forwards()
    local places = {
      { hiding }, { [hiding] = true }, { { a = { b = hiding } } }, function() return hiding end,
      setmetatable({}, { __index = { hiding } }), "before " .. hiding .. " behind",
    }
    -- what a client keeps of its caller's is in sight too
    places[#places + 1] = cloudflare.new(sandbox.options("plain", { sleep = function() return hiding end }))
    for _, place in ipairs(places) do assert.is_string(search(place)) end
    local thread = coroutine.create(function(...)
      local held = forwards()
      coroutine.yield(...)
      return held
    end)
    coroutine.resume(thread)
    assert.is_string(search(thread))
    assert.is_string(search_stack())
  end)

  it("finds none where there is none", function()
    assert.is_nil(search { BACKWARDS, { search }, coroutine.create(function() end) })
  end)
end)

describe("a server that echoes the credential", function()
  -- The credential in words of JSON: as it is, and with its characters escaped.
  local function escaped()
    return (forwards():gsub(".", function(char) return ("\\u%04X"):format(char:byte()) end))
  end

  local function half_escaped()
    return (forwards():gsub("[st]", function(char) return ("\\u%04x"):format(char:byte()) end))
  end

  local BODY = [=[{
    "success": SUCCESS,
    "errors": [
      { "code": 9109, "message": "no rights for SECRET", "documentation_url": "https://x/?t=SECRET",
        "source": { "pointer": "SECRET" }, "error_chain": [{ "code": 1, "message": "SECRET,SECRET" }], "SECRET": "SECRET" }
    ],
    "messages": [{ "code": 1, "message": "SECRET" }],
    "result": RESULT,
    "SECRET": { "SECRET SECRET": [["SECRET"]] }
  }]=]

  local function body(success, result, spelling)
    return (BODY:gsub("RESULT", result):gsub("SUCCESS", success):gsub("SECRET", (spelling:gsub("%%", "%%%%"))))
  end

  -- Each row: what is echoed where; the fault; the outcome.
  local echoes = {
    { "in a refusal", "false", "null", { status = 403, effect = false }, "refused" },
    { "in a success", "true", '{"id":"ID","note":"SECRET","SECRET":1}', {}, "deleted" },
    { "as the id", "true", '{"id":"SECRET"}', {}, "accepted" },
    { "in an answer that is none", "1", "null", {}, "unknown" },
    { "in a 500", "false", "null", { status = 500, effect = false }, "unknown" },
    { "in a 404", "false", "null", { status = 404, effect = false }, "refused" }, -- of the credential: 9109
  }
  local spellings = { plainly = forwards, escaped = escaped, ["half escaped"] = half_escaped }

  -- Orders this answer to a DELETE of `id`, and a 401 to the GET that may follow; both echo.
  local function order(id, fault, text)
    local headers = { ["CF-Ray"] = forwards(), ["X-Echo"] = forwards() }
    local first = { token = id, method = "DELETE", body = text, headers = headers }
    for name, value in pairs(fault) do first[name] = value end
    sandbox.fault(first)
    local second = body("false", "null", forwards())
    sandbox.fault { token = id, method = "GET", status = 401, body = second, headers = headers }
  end

  -- Some rows take a while to settle: all are under way at once.
  local cases = {}
  for _, row in ipairs(echoes) do
    for how, spelling in pairs(spellings) do
      cases[#cases + 1] = { row = row, spelling = spelling, name = row[1] .. ", " .. how, events = {} }
    end
  end

  local function begin(case)
    local id, row, events = sandbox.fresh(), case.row, case.events
    local result = row[3]:gsub("ID", id)
    order(id, row[4], body(row[2], result, case.spelling()))
    local cf = client("plain", { on_event = function(event) events[#events + 1] = event end })
    case.call = cf.async.tokens.delete(nil, id)
  end

  setup(function()
    sandbox.reset()
    for _, case in ipairs(cases) do begin(case) end
    while cloudflare.step(0.05) > 0 do end
  end)

  for _, case in ipairs(cases) do
    it(("(%s) does not make us hand it on"):format(case.name), function()
      local token, detail = case.call:wait()
      assert.equal(case.row[5], detail.outcome)
      assert.is_true(#case.events > 0)
      for name, value in pairs {
        token = token or {}, detail = detail, events = case.events, sentence = tostring(detail),
      } do
        assert.is_nil(search(value), name)
      end
    end)
  end

  it("is handed on with [redacted] in its place", function()
    order(sandbox.missing_id, { status = 403 }, body("false", "null", forwards()))
    local _, err = client("plain").tokens.delete(nil, sandbox.missing_id)
    assert.equal("no rights for [redacted]", err.errors[1].message)
    assert.equal("[redacted]", err.errors[1].source.pointer)
    assert.equal("[redacted],[redacted]", err.errors[1].error_chain[1].message)
    assert.equal("[redacted]", err.errors[1]["[redacted]"])
    assert.truthy(tostring(err):find("no rights for [redacted]", 1, true))
    assert.equal("[redacted]", err.http.ray_id)
  end)

  it("is heard about a key as about a token", function()
    sandbox.fault { body = body("false", "null", forwards()), status = 403 }
    local options = sandbox.options("plain", { api_key = forwards(), api_email = "me@example.com" })
    options.api_token = nil
    local _, err = cloudflare.new(options).tokens.delete(nil, sandbox.missing_id)
    assert.equal("refused", err.outcome)
    assert.is_nil(search(err))
  end)

  it("is heard about the credential of a call, and of a function", function()
    for _, credential in ipairs { forwards(), function() return forwards() end } do
      sandbox.fault { body = body("false", "null", forwards()), status = 403 }
      local cf = cloudflare.new(sandbox.options("plain"))
      local _, err = cf.tokens.delete(nil, sandbox.missing_id, { api_token = credential })
      assert.equal("refused", err.outcome)
      assert.is_nil(search(err))
    end
  end)

  it("may echo a credential of one letter without keeping us busy for ever", function()
    -- in a process of its own, which is stopped if it works on for ten seconds
    assert.equal("refused", (child.run([[
      local cf = require "cloudflare".new { api_token = "e" }
      print(select(2, cf.tokens.delete(nil, ("0"):rep(32))).outcome)
    ]], "ulimit -t 10;")))
  end)
end)

describe("the credential cannot be reached", function()
  before_each(sandbox.reset)

  it("from the module, a client or what tostring says of it", function()
    local cf = client()
    cf.tokens.verify()
    assert.is_nil(search(cf))
    assert.is_nil(search(cloudflare))
    assert.is_false(holds_secret(tostring(cf)))
  end)

  it("from a call, in flight or ended", function()
    local cf = client()
    local call = cf.async.tokens.delete(nil, sandbox.missing_id)
    assert.is_nil(search(call))
    cloudflare.step()
    assert.is_nil(search(call))
    call:wait()
    assert.is_nil(search(call))
    assert.is_false(holds_secret(tostring(call)))
  end)

  it("from the registry, with calls in flight", function()
    local cf = client("http2", { on_event = function() end })
    local id = sandbox.fresh()
    sandbox.fault { token = id, delay = 5 }
    local call = cf.async.tokens.delete(nil, id)
    step_until(function() return #sandbox.ledger() > 0 end)
    collectgarbage()
    assert.is_nil(search(debug.getregistry(), true))
    call:cancel()
  end)

  -- How often a coroutine has yielded, and could be searched, before its call ended: the first few times.
  local function search_while_it_waits(thread)
    local times = 0
    while times < 4 do
      assert(coroutine.resume(thread))
      if coroutine.status(thread) == "dead" then break end
      assert.is_nil(search(thread))
      times = times + 1
    end
    return times
  end

  it("from a coroutine that waits in sleep, whoever gave the credential", function()
    local vault = function() return forwards() end
    for how, options in pairs {
      ["the client"] = {}, ["the client's function"] = { api_token = vault },
    } do
      local cf, id = client("http2", options), sandbox.fresh()
      sandbox.fault { token = id, delay = 5 }
      local thread = coroutine.create(function()
        return cf.tokens.delete(nil, id, { sleep = coroutine.yield })
      end)
      assert.is_true(search_while_it_waits(thread) >= 2, how)
      cf:close()
    end
  end)

  it("from a coroutine that waits in a call of verify without arguments", function()
    local cf = client("http2", { sleep = coroutine.yield, api_token = function() return forwards() end })
    sandbox.fault { path = "/verify", delay = 5 }
    local thread = coroutine.create(function() return cf.tokens.verify() end)
    assert.is_true(search_while_it_waits(thread) >= 2)
    cf:close()
  end)

  it("from a coroutine whose api_token function has yielded", function()
    local cf = client("http2", {
      sleep = coroutine.yield,
      api_token = function()
        coroutine.yield()
        return forwards()
      end,
    })
    sandbox.fault { method = "DELETE", delay = 5 }
    local thread = coroutine.create(function() return cf.tokens.delete(nil, sandbox.missing_id) end)
    assert.is_true(search_while_it_waits(thread) >= 3)
    cf:close()
  end)

  it("from inside on_event", function()
    local found, heard = nil, 0
    local cf = client("http2", {
      api_token = function() return forwards() end,
      on_event = function()
        heard = heard + 1
        found = found or search_stack()
      end,
    })
    cf.tokens.delete(nil, sandbox.missing_id)
    assert.equal(2, heard)
    assert.is_nil(found)
  end)

  it("from a handler of the error that use after close raises", function()
    local cf = client("http2", { api_token = function() return forwards() end })
    cf:close()
    for _, use in ipairs {
      function() cf.tokens.verify() end,
      function() cf.tokens.delete(nil, sandbox.missing_id) end,
    } do
      local found
      local ok, err = xpcall(use, function(err)
        found = search_stack()
        return debug.traceback(err)
      end)
      assert.is_false(ok)
      assert.is_nil(found)
      assert.is_false(holds_secret(err))
    end
  end)

  it("from a client that was closed", function()
    local cf = client()
    cf.tokens.verify()
    cf:close()
    assert.is_nil(search(cf))
  end)
end)

describe("a value that is asked about", function()
  before_each(sandbox.reset)

  -- A client whose credential is another.
  local function asker(extra) return assert(cloudflare.new(sandbox.options("http2", extra))) end

  local function search_while_it_waits(begin)
    local thread, times = coroutine.create(begin), 0
    while times < 4 do
      assert(coroutine.resume(thread))
      if coroutine.status(thread) == "dead" then break end
      assert.is_nil(search(thread))
      times = times + 1
    end
    return times
  end

  it("is found in no coroutine that waits: not before it is sent, nor afterwards", function()
    for name, begin in pairs {
      tokens = function(cf, options) return cf.tokens.identify(nil, forwards(), options) end,
      ["several places"] = function(cf, options) return cf.tokens.identify({ sandbox.account }, forwards(), options) end,
      user = function(cf, options) return cf.user.tokens.identify(forwards(), options) end,
    } do
      local cf = asker()
      sandbox.fault { path = "/verify", delay = 5, times = 9 }
      local function ask() return begin(cf, { sleep = coroutine.yield }) end
      assert.is_true(search_while_it_waits(ask) >= 3, name)
      cf:close()
    end
  end)

  it("is found in no call, in flight or ended, nor in the registry", function()
    local cf = asker { on_event = function() end }
    sandbox.fault { path = "/verify", delay = 1 }
    local call = cf.async.tokens.identify(nil, forwards())
    assert.is_nil(search(call))
    step_until(function() return #sandbox.ledger() > 0 end)
    collectgarbage()
    assert.is_nil(search(call))
    assert.is_nil(search(debug.getregistry(), true))
    call:wait()
    assert.is_nil(search(call))
    assert.is_nil(search(cf))
    assert.is_nil(search(cloudflare))
    assert.is_false(holds_secret(tostring(call)))
  end)

  it("is found by no listener, on no stack", function()
    local found, heard = nil, 0
    local cf = asker {
      on_event = function(event)
        heard = heard + 1
        found = found or search_stack() or search(event)
      end,
    }
    cf.tokens.identify(nil, forwards())
    assert.is_true(heard >= 4) -- two places
    assert.is_nil(found)
  end)

  it("is handed on by no answer that echoes it", function()
    local echo = ([[{"success":false,"errors":[{"code":1000,"message":"SECRET","SECRET":"SECRET"}],"messages":["SECRET"],
      "result":"SECRET"}]]):gsub("SECRET", forwards())
    local events = {}
    local cf = asker { on_event = function(event) events[#events + 1] = event end }
    sandbox.fault { path = "/verify", status = 401, body = echo, headers = { ["CF-Ray"] = forwards() }, times = 2 }
    local _, err = cf.tokens.identify(nil, forwards())
    assert.equal("refused", err.outcome)
    assert.equal("[redacted]", err.errors[1].message)
    assert.is_nil(search(err))
    assert.is_nil(search(events))
    sandbox.fault { path = "/verify", body = (echo:gsub("false", "true")
      :gsub('"result":"[^"]*"', '"result":{"id":"' .. sandbox.missing_id .. '","note":"' .. forwards() .. '"}')) }
    local result, envelope = cf.tokens.identify(nil, forwards())
    assert.equal("[redacted]", result.note)
    assert.is_nil(search(result))
    assert.is_nil(search(envelope))
  end)

  it("is repeated by no error about it, nor by a message that is raised", function()
    local cf = asker()
    for _, spoilt in ipairs { forwards() .. "\n", forwards() .. " x", "\0" .. forwards(), "cfk_" .. forwards() } do
      local _, err = cf.tokens.identify(nil, spoilt)
      assert.equal("argument", err.kind)
      assert.is_nil(search(err))
      assert.is_nil(search { cloudflare.secret_kind(spoilt) })
    end
    local ok, message = pcall(cf.tokens.identify, forwards(), nil)
    assert.is_false(ok)
    assert.is_false(holds_secret(message))
    local _, err = cf.tokens.identify(forwards(), "cfat_x") -- in the wrong place
    assert.is_nil(search(err))
    cf:close()
    ok, message = xpcall(function() cf.tokens.identify(nil, forwards()) end, debug.traceback)
    assert.is_false(ok)
    assert.is_false(holds_secret(message))
  end)
end)

describe("errors about a credential", function()
  it("never repeat it", function()
    for _, spoilt in ipairs { forwards() .. "\n", forwards() .. " x", "\0" .. forwards(), forwards() .. "\195\164" } do
      local options = sandbox.options("plain")
      options.api_token = spoilt
      local _, err = cloudflare.new(options)
      assert.equal("argument", err.kind)
      assert.is_nil(search(err))
      local _, later = cloudflare.new(sandbox.options("plain")).tokens.delete(nil, sandbox.missing_id, { api_token = spoilt })
      assert.equal("argument", later.kind)
      assert.is_nil(search(later))
    end
  end)

  it("of a type that is wrong do not repeat it either", function()
    local ok, err = pcall(cloudflare.new, { api_token = { forwards() } })
    assert.is_false(ok)
    assert.is_false(holds_secret(err))
  end)

  it("about an id that is one do not repeat it", function()
    local _, err = cloudflare.new(sandbox.options("plain")).tokens.delete(nil, forwards())
    assert.equal("argument", err.kind)
    assert.is_nil(search(err))
  end)
end)
