-- The plain form inside a real nginx worker: it waits where one can wait, and says so where not.
local nginx = require "spec.support.nginx"
local sandbox = require "spec.support.sandbox"
local system = require "spec.support.system"
local socket = require "socket"

local CONF = "spec/nginx/places.conf.in"
local BUSY = 0.3 -- seconds that the API takes to answer

local function start(values)
  local defaults = { LUA = "luajit", CACHE = "on", ABORT = "off", RUNNING = "256" }
  for name, value in pairs(values or {}) do defaults[name] = value end
  return nginx.start(CONF, defaults)
end

-- A token whose deletion takes its time.
local function slow_token(seconds)
  local id = sandbox.fresh()
  sandbox.fault { token = id, delay = seconds or BUSY }
  return id
end

-- The worker wrote nothing that is worse than a notice.
local function assert_clean(server)
  for line in server:log():gmatch "[^\n]+" do
    local harmless = line:find("[notice]", 1, true) or line:find("[info]", 1, true)
      or line:find('"user" directive makes sense only', 1, true)
    assert(harmless or not line:find "%[%l+%]", line)
  end
end

describe("in nginx the plain form", function()
  local server
  setup(function()
    sandbox.reset()
    server = start()
  end)
  teardown(function() server:stop() end)

  local waits = {
    "rewrite", "access", "content", "timer", "thread", "wrap", "coroutine", "index", "for", "tostring",
    "pcall", "xpcall", "with_sleep",
  }
  for _, place in ipairs(waits) do
    it("waits in " .. place, function()
      local id = slow_token(0.05)
      assert.equal("deleted", (server:get(("/%s?id=%s"):format(place, id))))
      assert.is_true(sandbox.is_deleted(id))
    end)
  end

  describe("of a call of several requests", function()
    before_each(sandbox.reset)

    for place, said in pairs {
      task = "1 deleted, 2 not_found", async_task = "1 deleted, 2 not_found",
      task_that_keeps = "1 deleted, 2 not_found, slept 12",
    } do
      it("waits: " .. place, function()
        local id = slow_token(0.05)
        assert.equal(said, (server:get(("/%s?id=%s"):format(place, id))))
        assert.is_true(sandbox.is_deleted(id))
      end)
    end

    it("waits between the pages of a resource, inside the loop", function()
      for _ = 1, 3 do assert.equal("deleted", (server:get("/content?id=" .. sandbox.fresh()))) end
      assert.equal("3 and 3", (server:get("/pages?id=" .. sandbox.no_token)))
    end)

    it("waits in another request than the one that began it", function()
      local id = slow_token(0.05)
      assert.equal("begun", (server:get("/begin_task?id=" .. id)))
      assert.equal("1 deleted, 2 not_found", (server:get "/end_task"))
    end)

    it("goes on where nobody waits for it, and while it only rests", function()
      local id = sandbox.fresh()
      sandbox.fault { token = id, method = "DELETE", status = 429, headers = { ["Retry-After"] = "1" } }
      assert.equal("begun", (server:get("/begin_task?id=" .. id)))
      assert.is_true(system.wait_until(function() return sandbox.is_deleted(id) end))
      assert.equal("1 deleted, 2 not_found", (server:get "/end_task"))
    end)

    it("under async the functions that it is given wait in a timer", function()
      local id = slow_token(0.05)
      assert.equal("begun", (server:get("/async_task_that_keeps?id=" .. id)))
      assert.equal("1 deleted, 2 not_found, slept 12", (server:get "/end_task_that_keeps"))
    end)

    it("is cancelled", function()
      assert.equal("true cancelled", (server:get("/cancelled_task?id=" .. slow_token(5))))
    end)

    it("has its turn when nginx drops its timer at first", function()
      local few = start { RUNNING = "2" }
      local id = sandbox.fresh()
      assert.equal("donebegun", (few:get("/task_without_timer?id=" .. id)))
      assert.equal("1 deleted, 2 not_found", (few:get "/end_task"))
      few:stop()
    end)
  end)

  it("waits in a generator that yields to its resumer too", function()
    assert.equal("first deleted last", (server:get("/generator?id=" .. slow_token(0.05))))
  end)

  it("lets the worker serve others meanwhile", function()
    local waiting = server:send("/content?id=" .. slow_token(1.5))
    local began = socket.gettime()
    for _ = 1, 20 do server:get "/seen?key=nothing" end
    assert.is_true(socket.gettime() - began < 1.4)
    assert.truthy(waiting:receive "*a":find("deleted", 1, true))
  end)

  it("waits a hundred times at once", function()
    assert.equal("100 not_found", (server:get "/many"))
  end)

  local cannot = { sort = "content", gsub = "content", require = "content", set = "set" }
  for place, phase in pairs(cannot) do
    it("sends nothing and names the phase in " .. place, function()
      local id = sandbox.fresh()
      local said = server:get(("/%s?id=%s"):format(place, id))
      assert.truthy(said:find("nothing was sent: nginx cannot wait here, in the phase '" .. phase .. "'", 1, true))
      assert.same({}, sandbox.requests_for(id))
    end)
  end

  for _, phase in ipairs { "header_filter", "body_filter", "log" } do
    it("sends nothing and names the phase in " .. phase, function()
      local id = sandbox.fresh()
      server:get(("/%s?id=%s"):format(phase, id))
      local said
      system.wait_until(function()
        said = server:get("/seen?key=" .. phase)
        return said ~= ""
      end)
      assert.truthy(said:find("in the phase '" .. phase .. "'", 1, true))
      assert.same({}, sandbox.requests_for(id))
    end)
  end

  it("sends nothing and names the phase in init_worker", function()
    assert.truthy(server:get "/seen?key=init_worker":find("in the phase 'init_worker'", 1, true))
  end)

  it("sends nothing in init, from where no call reaches a worker, and async neither", function()
    assert.truthy(server:get "/seen?key=init":find("phase 'init' would not reach", 1, true))
    assert.truthy(server:get "/seen?key=init_async":find("phase 'init' would not reach", 1, true))
  end)

  it("and async: a call that nobody keeps is finished by the pump", function()
    local id = slow_token()
    assert.equal("begun", (server:get("/dropped?id=" .. id)))
    assert.truthy(system.wait_until(function() return sandbox.is_deleted(id) end))
  end)

  it("and async: one whose credential took its time, too", function()
    local id = sandbox.fresh()
    assert.equal("begun", (server:get("/vault?id=" .. id)))
    assert.truthy(system.wait_until(function() return sandbox.is_deleted(id) end))
  end)

  it("and call:wait(seconds) comes back for other work", function()
    local said = server:get("/patient?id=" .. slow_token())
    local rounds = tonumber(said:match "^deleted after (%d+)$")
    assert.is_true(rounds and rounds > 1)
  end)

  it("says that nginx hides the environment where there is no credential", function()
    assert.truthy(server:get "/no_credential":find("api_key", 1, true))
  end)

  it("leaves a clean log", function() assert_clean(server) end)
end)

for _, setting in ipairs { { "off", "content" }, { "on", "content" }, { "on", "abortable" } } do
  local abort, place = setting[1], setting[2]
  describe(("an aborted request (lua_check_client_abort %s, %s)"):format(abort, place), function()
    local server
    setup(function() server = start { ABORT = abort } end)
    teardown(function() server:stop() end)

    it("loses no deletion, and the next one waits as before", function()
      local ids = {}
      for i = 1, 20 do
        ids[i] = slow_token()
        local client = server:send(("/%s?id=%s"):format(place, ids[i]))
        socket.sleep(0.01)
        client:close()
      end
      for _, id in ipairs(ids) do
        assert.truthy(system.wait_until(function() return sandbox.is_deleted(id) end))
      end
      assert.equal("deleted", (server:get("/content?id=" .. slow_token(0.05))))
      assert_clean(server)
    end)
  end)
end

describe("a reload with calls in flight", function()
  it("answers every caller, and the old worker goes", function()
    local server = start()
    local old = server:workers()[1]
    local waiting = {}
    for i = 1, 30 do waiting[i] = server:send("/content?id=" .. slow_token(1)) end
    socket.sleep(0.2)
    server:reload()
    for _, client in ipairs(waiting) do assert.truthy(client:receive "*a":find("deleted", 1, true)) end
    assert.truthy(system.wait_until(function()
      local workers = server:workers()
      return #workers == 1 and workers[1] ~= old
    end))
    assert.equal("deleted", (server:get("/content?id=" .. slow_token(0.05))))
    assert_clean(server)
    server:stop()
  end)
end)

describe("nginx with the build for Lua 5.1", function()
  local module = (os.getenv "BUILD" or "build") .. "/lua5.1/cloudflare.so"
  local server
  setup(function() server = system.exists(module) and start { LUA = "lua5.1" } end)
  teardown(function() if server then server:stop() end end)

  it("waits in content, and sends nothing in sort", function()
    if not server then return pending("not built: " .. module) end
    local first, second = slow_token(0.05), sandbox.fresh()
    assert.equal("deleted", (server:get("/content?id=" .. first)))
    assert.truthy(server:get("/sort?id=" .. second):find("nothing was sent: nginx cannot wait here", 1, true))
    assert.same({}, sandbox.requests_for(second))
    assert_clean(server)
  end)
end)

describe("with lua_code_cache off", function()
  it("every request has a state of its own, and nothing piles up", function()
    local server = start { CACHE = "off" }
    local worker = server:workers()[1]
    local function descriptors() return #system.lines("ls /proc/" .. worker .. "/fd") end
    for _ = 1, 5 do server:get("/content?id=" .. sandbox.fresh()) end
    local before = descriptors()
    for _ = 1, 40 do assert.equal("deleted", (server:get("/content?id=" .. sandbox.fresh()))) end
    assert.is_true(descriptors() <= before + 4)
    assert.equal(worker, server:workers()[1])
    server:stop()
  end)
end)

describe("where no timer is left for the pump", function()
  it("a call that nobody keeps waits for the next call to pump it", function()
    local server = start { RUNNING = "1" }
    local first, second = sandbox.fresh(), sandbox.fresh()
    assert.equal("done", (server:get "/exhaust"))
    assert.equal("begun", (server:get("/dropped?id=" .. first)))
    socket.sleep(3) -- now there are timers again
    assert.equal("begun", (server:get("/dropped?id=" .. second)))
    for _, id in ipairs { first, second } do
      assert.truthy(system.wait_until(function() return sandbox.is_deleted(id) end))
    end
    server:stop()
  end)

  it("call:wait(seconds) still comes back for other work", function()
    local server = start { RUNNING = "1" }
    assert.equal("done", (server:get "/exhaust"))
    local said = server:get("/patient?id=" .. slow_token(1))
    assert.is_true(tonumber(said:match "^deleted after (%d+)$") > 2, said)
    server:stop()
  end)

  it("the caller pumps for itself", function()
    local server = start { RUNNING = "1" }
    assert.equal("done", (server:get "/exhaust"))
    local began = socket.gettime()
    assert.equal("deleted", (server:get("/content?id=" .. sandbox.fresh())))
    assert.is_true(socket.gettime() - began < 2)
    server:stop()
  end)
end)
