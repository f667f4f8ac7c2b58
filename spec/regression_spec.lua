-- One spec for each way in which the module was once wrong.
local cloudflare = require "cloudflare"
local sandbox = require "spec.support.sandbox"
local socket = require "socket"

local interpreter = os.getenv "LUA_INTERPRETER" or arg[-1]

-- Runs a script in a process of its own, and returns what it printed.
local function output_of(script)
  local path = os.tmpname()
  local file = assert(io.open(path, "w"))
  file:write('local cloudflare, sandbox = require "cloudflare", require "spec.support.sandbox"\n')
  -- 5.1 has finalizers for userdata only
  file:write "local function finally(f) local p = newproxy and newproxy(true); if p then getmetatable(p).__gc = f; return p end; "
  file:write "return setmetatable({}, { __gc = f }) end\n"
  file:write(script)
  file:close()
  local pipe = io.popen(("%s %s 2>&1; echo $?"):format(interpreter, path))
  local text = pipe:read "*a"
  pipe:close()
  os.remove(path)
  return text
end

describe("it was once wrong that", function()
  before_each(sandbox.reset)

  it("a finalizer that closes a client while Lua closes crashed", function()
    assert.equal("0\n", output_of [[
      local cf = cloudflare.new(sandbox.options())
      guard = finally(function() cf:close(); cloudflare.step() end)
      assert(cf.tokens.verify())
    ]])
  end)

  it("a finalizer that closes the client in the middle of a call crashed", function()
    local text = output_of [[
      collectgarbage "setpause"; collectgarbage("setpause", 0); collectgarbage("setstepmul", 10000)
      for round = 1, 200 do
        local cf = cloudflare.new(sandbox.options())
        do local guard = finally(function() cf:close() end) end
        local ok, result, err = pcall(cf.tokens.delete, nil, sandbox.missing_id, { api_token = "a-token-of-this-call" })
        if ok then assert(err.outcome == "refused" or err.kind == "cancelled", tostring(err))
        else assert(tostring(result):find("closed", 1, true), tostring(result)) end
      end
    ]]
    assert.equal("0\n", text)
  end)

  it("a second require lost the calls of the first", function()
    local id = sandbox.fresh()
    sandbox.fault { token = id, delay = 0.3 }
    assert.equal("deleted\n0\n", output_of(([[
      local cf = cloudflare.new(sandbox.options())
      local call = cf.async.tokens.delete(nil, "%s")
      cloudflare.step(0.05)
      package.loaded.cloudflare = nil
      cloudflare = require "cloudflare"
      collectgarbage()
      while not call:done() do cloudflare.step(0.05) end
      print((select(2, call:wait())).outcome)
    ]]):format(id)))
  end)

  it("an answer that had long arrived was taken for a deadline that passed", function()
    local cf, id = cloudflare.new(sandbox.options()), sandbox.fresh()
    assert(cf.tokens.verify()) -- a warm connection
    local call = cf.async.tokens.delete(nil, id, { timeout = 2, attempt_timeout = 0.6 })
    cloudflare.step(0)
    socket.sleep(1) -- the host is busy
    local token, envelope = call:wait()
    assert.equal(id, token.id)
    assert.equal("deleted", envelope.outcome)
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
    assert.equal("argument\n0\n", output_of [[
      os.getenv = nil
      setmetatable(_G, { __index = function(_, name) error("undeclared variable " .. name, 2) end })
      local _, err = cloudflare.new { api_email = "a@example.com" }
      print(err.kind)
    ]])
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
end)
