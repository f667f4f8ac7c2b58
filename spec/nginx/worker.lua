-- What a worker of nginx makes of the module, from outside. Run it beside spec/nginx/host.
local sandbox = require "spec.support.sandbox"
local socket = require "socket"
socket.unix = require "socket.unix"

-- A request to the nginx that has the module in it.
local function ask(job, id)
  local connection = socket.unix()
  connection:settimeout(120)
  assert(connection:connect(os.getenv "NGINX_HOST"))
  assert(connection:send(("GET /%s?id=%s HTTP/1.0\r\n\r\n"):format(job, id or "")))
  local reply = assert(connection:receive "*a")
  connection:close()
  assert(reply:find "^HTTP/1.1 200 ", reply)
  return reply:match "\r\n\r\n(.*)$"
end

describe("inside nginx", function()
  before_each(sandbox.reset)

  it("a location deletes", function()
    for _, job in ipairs { "delete", "over_http1" } do
      for _ = 1, 5 do
        local id = sandbox.fresh()
        assert.equal("deleted", ask(job, id))
        assert.is_true(sandbox.is_deleted(id))
      end
    end
  end)

  it("a lost answer is settled", function()
    local id = sandbox.fresh()
    sandbox.fault { token = id, method = "DELETE", drop = "after" }
    assert.equal("gone", ask("delete", id))
  end)

  it("a token is made, changed, rolled, identified, met in the list and deleted", function()
    for _, job in ipairs { "life", "async_life" } do assert.equal("renamed, account, 1, deleted", ask(job)) end
  end)

  it("ten light threads wait at once", function()
    assert.equal(("not_found "):rep(10), ask "threads" .. " ")
  end)

  it("a timer's call outlives its request", function()
    local id = sandbox.fresh()
    ask("timer", id)
    local deadline = socket.gettime() + 60
    repeat
      socket.sleep(0.05)
    until sandbox.is_deleted(id) and ask "timer_said" == "deleted" or socket.gettime() > deadline
    assert.equal("deleted", ask "timer_said")
  end)

  it("a killed light thread does not take its call with it", function()
    local id = sandbox.fresh()
    sandbox.fault { token = id, delay = 0.2 }
    assert.equal("stepped", ask("killed", id))
    assert.is_true(sandbox.is_deleted(id))
  end)

  it("a bad value is an answer, and an error of sleep goes up", function()
    assert.truthy(ask "wrong":find "token_id")
    assert.truthy(ask "raises":find "0.001")
  end)

  it("on_event is told", function() assert.equal("not_found", ask "listener") end)

  it("garbage is collected, and a call may still be in flight when nginx ends", function()
    assert.equal("collected", ask "collect")
    local id = sandbox.fresh()
    sandbox.fault { token = id, delay = 5 }
    assert.equal("begun", ask("dropped", id))
  end)
end)
