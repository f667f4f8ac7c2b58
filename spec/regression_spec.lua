-- One spec for each way in which the module was once wrong.
local cloudflare = require "cloudflare"
local child = require "spec.support.child"
local read = require "spec.support.read"
local sandbox = require "spec.support.sandbox"
local system = require "spec.support.system"
local socket = require "socket"

-- Runs a script in a process of its own, where these variables are set too: what it prints, and its exit status.
local function run(script, variables)
  return child.run([[
    local cloudflare, sandbox = require "cloudflare", require "spec.support.sandbox"
    local function finally(f) -- 5.1 has finalizers for userdata only
      local guard = newproxy and newproxy(true) or setmetatable({}, { __gc = f })
      if newproxy then getmetatable(guard).__gc = f end
      return guard
    end
  ]] .. script, variables)
end

describe("it was once wrong that", function()
  before_each(sandbox.reset)

  it("a finalizer that closes a client while Lua closes crashed", function()
    assert.same({ "", 0 }, { run [[
      local cf = cloudflare.new(sandbox.options())
      guard = finally(function() cf:close(); cloudflare.step() end)
      assert(cf.tokens.verify())
    ]] })
  end)

  it("a finalizer that closes the client in the middle of a call crashed", function()
    local text, status = run [[
      collectgarbage "setpause"; collectgarbage("setpause", 0); collectgarbage("setstepmul", 10000)
      for round = 1, 200 do
        local cf = cloudflare.new(sandbox.options())
        do local guard = finally(function() cf:close() end) end
        local ok, result, err = pcall(cf.tokens.delete, nil, sandbox.missing_id, { api_token = "a-token-of-this-call" })
        if ok then assert(err.outcome == "refused" or err.kind == "cancelled", tostring(err))
        else assert(tostring(result):find("closed", 1, true), tostring(result)) end
      end
    ]]
    assert.same({ "", 0 }, { text, status })
  end)

  it("an answer was read after it was freed, where its call was collected while it was built", function()
    assert.same({ "", 0 }, { run [[
      local cf = cloudflare.new(sandbox.options())
      collectgarbage("setpause", 0)
      for _ = 1, 20 do
        local call = cf.async.tokens.list(nil, { per_page = 50 })
        while not call:done() do cloudflare.step(1) end
        do local guard = finally(function() getmetatable(call).__gc(call) end) end
        call:wait()
      end
    ]] })
  end)

  if _VERSION ~= "Lua 5.3" then -- whose own collector hangs there
    it("a listener that collects garbage while Lua closes crashed, before Lua 5.4", function()
      assert.same({ "1", 0 }, { run [[
        local attempt
        local options = { base_url = "http://127.0.0.1:1", max_retries = 0 } -- lua-cjson is unloaded by then
        function options.on_event(event)
          attempt = attempt or event.attempt
          for _ = 1, 3 do collectgarbage() end -- the engine, too, where a closing state lets it
        end
        local cf = cloudflare.new(sandbox.options("plain", options))
        call = cf.async.tokens.verify()
        guard = finally(function()
          while not attempt do cloudflare.step(0.01) end
          print(attempt)
        end)
      ]] })
    end)
  end

  it("a second require lost the calls of the first", function()
    local id = sandbox.fresh()
    sandbox.fault { token = id, delay = 0.3 }
    assert.same({ "deleted", 0 }, { run(([[
      local cf = cloudflare.new(sandbox.options())
      local call = cf.async.tokens.delete(nil, "%s")
      cloudflare.step(0.05)
      package.loaded.cloudflare = nil
      cloudflare = require "cloudflare"
      collectgarbage()
      while not call:done() do cloudflare.step(0.05) end
      print((select(2, call:wait())).outcome)
    ]]):format(id)) })
  end)

  it("a second copy of the module in one Lua state took the calls of the first", function()
    local id = sandbox.fresh()
    sandbox.fault { token = id, delay = 0.3 }
    assert.same({ "false\t0\t1\ndeleted\tdeleted\nfalse", 0 }, { run(([[
      local path = os.tmpname()
      os.execute("cp " .. package.cpath:match("[^;]+"):gsub("?", "cloudflare") .. " " .. path)
      local first = cloudflare.new(sandbox.options())
      local call = first.async.tokens.delete(nil, "%s")
      while sandbox.count "DELETE" == 0 do cloudflare.step(0.01) end
      local other = package.loadlib(path, "luaopen_cloudflare")()
      os.remove(path)
      print(call:done(), other.step(), (cloudflare.step()))
      local second = other.new(sandbox.options())
      local _, answer = second.tokens.delete(nil, sandbox.fresh())
      print(answer.outcome, (select(2, call:wait())).outcome)
      print((pcall(second.async.tokens.verify().done, call))) -- of the other copy's kind it is not
    ]]):format(id)) })
  end)

  it("an answer that had long arrived was taken for a deadline that passed", function()
    local cf = cloudflare.new(sandbox.options "plain")
    assert(cf.tokens.verify()) -- a warm connection
    local function outcome_for_a_busy_host()
      local id, before = sandbox.fresh(), sandbox.count "DELETE"
      sandbox.fault { token = id, delay = 0.1 }
      local call = cf.async.tokens.delete(nil, id, { timeout = 4, attempt_timeout = 1 })
      while sandbox.count "DELETE" == before do cloudflare.step(0.01) end
      socket.sleep(1.2)
      local token, answer = call:wait()
      if answer.outcome == "deleted" then assert.equal(id, token.id) end
      return answer.outcome
    end
    local outcome
    for _ = 1, 5 do -- a machine that is not at it for 20 ms (LCF_STEP_LATE) may really be late
      outcome = outcome_for_a_busy_host()
      if outcome == "deleted" then break end
    end
    assert.equal("deleted", outcome)
  end)

  it("on_event was not told of the attempt that its own cancel ended", function()
    local events, call = {}, nil
    local cf = cloudflare.new(sandbox.options("http2", { on_event = function(event)
      events[#events + 1] = event.outcome or event.attempt
      if event.attempt == 1 then call:cancel() end
    end }))
    local id = sandbox.fresh()
    sandbox.fault { token = id, status = 502, times = 5 }
    call = cf.async.tokens.delete(nil, id)
    call:wait()
    assert.equal("unknown", events[#events])
    local _, err = call:wait()
    assert.equal(err.http.attempts, #events - 1)
  end)

  it("on_event was not told of a call that a bad value ended", function()
    local heard
    local cf = cloudflare.new(sandbox.options("http2", { on_event = function(event) heard = event end }))
    cf.tokens.delete(nil, "not an id")
    assert.equal("not_sent", heard.outcome)
    assert.equal("tokens.delete", heard.operation)
  end)

  it("a missing credential raised where globals are strict", function()
    assert.same({ "argument", 0 }, { run [[
      os.getenv = nil
      setmetatable(_G, { __index = function(_, name) error("undeclared variable " .. name, 2) end })
      local _, err = cloudflare.new { api_email = "a@example.com" }
      print(err.kind)
    ]] })
  end)

  it("a forgotten colon blamed a function that nobody had called", function()
    local call = cloudflare.new(sandbox.options()).async.tokens.verify()
    local ok, message = pcall(function() call.wait(1) end)
    assert.is_false(ok)
    assert.truthy(message:find("'wait'", 1, true))
    assert.truthy(message:find("regression_spec", 1, true))
    call:wait()
  end)

  it("a code of an earlier answer stood beside the status of a later one", function()
    local id = sandbox.fresh()
    sandbox.fault { token = id, method = "DELETE", status = 500, code = 10001 }
    sandbox.fault { token = id, method = "GET", html = true, times = 50 }
    local _, err = cloudflare.new(sandbox.options("http2", { timeout = 3 })).tokens.delete(nil, id)
    assert.equal(502, err.http.status)
    assert.is_nil(err.code)
  end)

  it("a closed client asked its host to sleep, and its vault for a credential, before it raised", function()
    local asked = 0
    local function ask() asked = asked + 1 end
    local cf = cloudflare.new(sandbox.options("http2", { sleep = ask, api_token = ask }))
    cf.tokens.delete(nil, "not an id")
    cf:close()
    assert.has_error(function() cf.tokens.delete(nil, sandbox.missing_id) end)
    assert.equal(0, asked)
  end)

  it("a huge connect_timeout was undefined behaviour", function()
    local cf = cloudflare.new(sandbox.options("http2", { connect_timeout = 1e17 }))
    assert(cf.tokens.verify())
  end)

  it("a step slept on although the last call had ended in it", function()
    local cf = cloudflare.new(sandbox.options())
    local id = sandbox.fresh()
    sandbox.fault { token = id, delay = 20, times = 9 }
    local call = cf.async.tokens.delete(nil, id, { timeout = 1 })
    local began = socket.gettime()
    repeat cloudflare.step(10) until call:done()
    assert.is_true(socket.gettime() - began < 5)
    assert.equal("unknown", (select(2, call:wait())).outcome)
  end)

  it("a child process kept a cancelled connection alive, which made every step spin", function()
    local cf, id = cloudflare.new(sandbox.options "http1"), sandbox.fresh()
    sandbox.fault { token = id, delay = 0.3 }
    local call = cf.async.tokens.delete(nil, id)
    while sandbox.count "DELETE" == 0 do cloudflare.step(0.01) end
    local sleeper = io.popen "sleep 2"
    call:cancel()
    local slow = sandbox.fresh()
    sandbox.fault { token = slow, delay = 0.6 }
    local other, steps = cf.async.tokens.delete(nil, slow), 0
    repeat
      cloudflare.step(0.05)
      steps = steps + 1
    until other:done()
    sleeper:close()
    assert.is_true(steps < 500)
  end)

  it("a proxy's password was quoted in the error", function()
    local cf = assert(cloudflare.new(sandbox.options("http2", { proxy = "http://user:hunter2@127.0.0.1:9", max_retries = 0 })))
    local _, err = cf.tokens.delete(nil, sandbox.missing_id)
    assert.equal("not_sent", err.outcome)
    assert.is_nil(tostring(err):find("hunter2", 1, true))
    local _, refused = cloudflare.new(sandbox.options("http2", { proxy = "http://user:hunter2@127.0.0.1:99999" }))
    assert.equal("proxy", refused.argument)
    assert.is_nil(tostring(refused):find("hunter2", 1, true))
  end)

  it("so was the one in a proxy variable whose scheme libcurl does not know", function()
    local text = run([[
      local _, err = cloudflare.new(sandbox.options("http2", { max_retries = 0 })).tokens.delete(nil, sandbox.missing_id)
      print(err.outcome, err)
    ]], "https_proxy=ftp://user:hunter2@127.0.0.1:9")
    assert.truthy(text:find "^not_sent")
    assert.is_nil(text:find("hunter2", 1, true))
  end)

  it("another credential went out when the options changed while the host slept", function()
    local cf = cloudflare.new(sandbox.options())
    local options = { api_token = "the-token-of-this-call" }
    options.sleep = function(seconds)
      options.api_token = function() return "never-asked-for-this-one" end
      socket.sleep(seconds)
    end
    local id = sandbox.fresh()
    local token, err = cf.tokens.delete(nil, id, options)
    assert.is_nil(token)
    assert.equal("not_sent", err.outcome)
    assert.equal(0, (sandbox.count "DELETE"))
  end)

  it("a Retry-After beside a good answer blocked the client", function()
    local cf, first, second = cloudflare.new(sandbox.options()), sandbox.fresh(), sandbox.fresh()
    sandbox.fault { token = first, headers = { ["Retry-After"] = "80000" }, delay = 0.01 }
    assert(cf.tokens.delete(nil, first))
    assert(cf.tokens.delete(nil, second))
  end)

  it("bytes that nobody asked for, on an HTTP/1.1 connection, passed for the next call's answer", function()
    local ids = { ("1"):rep(32), ("2"):rep(32) }
    local _, said = child.start [[
      local socket = require "socket"
      local listener = assert(socket.bind("127.0.0.1", 0))
      io.write(select(2, listener:getsockname()), "\n")
      io.flush()
      local function answer(connection, status, body)
        connection:send(("HTTP/1.1 %s\r\nContent-Length: %d\r\n\r\n%s"):format(status, #body, body))
      end
      listener:settimeout(10)
      for n = 1, 2 do
        local connection = listener:accept()
        local id
        repeat
          local line = connection:receive()
          id = line and line:match "^DELETE .*/(%x+) HTTP" or id
        until not line or line == ""
        answer(connection, "200 OK", '{"success":true,"errors":[],"messages":[],"result":{"id":"' .. id .. '"}}')
        socket.sleep(0.05)
        answer(connection, "404 Not Found",
          '{"success":false,"errors":[{"code":1003,"message":"no"}],"messages":[],"result":null}')
        if n == 2 then socket.sleep(1) end
        _G[n] = connection
      end
    ]]
    local port = assert(system.wait_until(function() return read(said):match "^(%d+)\n" end))
    local cf = cloudflare.new(sandbox.options("plain", { base_url = "http://127.0.0.1:" .. port }))
    for _, id in ipairs(ids) do
      local token, err = cf.tokens.delete(nil, id)
      assert.equal("deleted", (err or token).outcome)
      assert.equal(id, token.id)
      socket.sleep(0.2)
    end
  end)

  it("a cancelled call lost its evidence when it had just had a yes without the name", function()
    local id, call = sandbox.fresh(), nil
    local cf = cloudflare.new(sandbox.options("plain", { on_event = function(event)
      if event.attempt == 1 then call:cancel() end
    end }))
    sandbox.fault { token = id, method = "DELETE", body = '{"success":true,"errors":[],"messages":[],"result":null}' }
    call = cf.async.tokens.delete(nil, id)
    local _, err = call:wait()
    assert.same({ "unknown", "cancelled", 200, 2 }, { err.outcome, err.kind, err.http.status, #err.http.trace })
    assert.equal("accepted", err.http.trace[1].proved)
    assert.same({}, err.errors)
  end)

  it("in clear a call waited for the answer to another", function()
    local slow, quick = sandbox.fresh(), sandbox.fresh()
    sandbox.fault { token = slow, delay = 5 }
    local cf = cloudflare.new(sandbox.options "plain")
    local call = cf.async.tokens.delete(nil, slow)
    cloudflare.step(0.05)
    local _, envelope = cf.tokens.delete(nil, quick, { timeout = 4 })
    assert.equal("deleted", envelope.outcome)
    assert.is_false(call:done())
    call:cancel()
  end)

  it("a finalizer that raised, somebody else's, took the answer", function()
    local text = run [[
      local function litter()
        for _ = 1, 5 do finally(function() error("of somebody else", 0) end) end
      end
      local function sleep(seconds)
        pcall(litter)
        require "socket".sleep(seconds)
      end
      local cf = cloudflare.new(sandbox.options("plain", { sleep = sleep }))
      collectgarbage("setpause", 50)
      collectgarbage("setstepmul", 2000)
      for _ = 1, 100 do
        local ok, result, err = pcall(cf.tokens.verify)
        if ok and not result then print(err) end
        while not pcall(collectgarbage) do end -- those that are left
      end
      collectgarbage "stop"
      os.exit(0)
    ]]
    assert.is_nil(text:find("out of memory", 1, true))
  end)
end)
