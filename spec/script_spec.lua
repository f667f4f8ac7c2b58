-- What a script relies on: it can be interrupted, and it can go on for long.
local sandbox = require "spec.support.sandbox"
local child = require "spec.support.child"
local read = require "spec.support.read"
local system = require "spec.support.system"

describe("a script", function()
  before_each(sandbox.reset)

  it("is ended by Ctrl-C while it waits", function()
    sandbox.fault { method = "DELETE", delay = 30 }
    local pid, output = child.start(([[
      local cf = require "cloudflare".new { timeout = 60, attempt_timeout = 25 }
      cf.tokens.delete(nil, "%s")
    ]]):format(sandbox.missing_id))
    assert.is_true(system.wait_until(function() return sandbox.count "DELETE" == 1 end, 10))
    os.execute("kill -INT " .. pid)
    assert.is_true(system.wait_until(function() return read(output):find("interrupted!", 1, true) ~= nil end, 5))
  end)

  it("that has no descriptor left has sent nothing, and goes on when it has", function()
    local id = sandbox.fresh()
    local _, output = child.start(([[
      local cf = require "cloudflare".new()
      local function try()
        local token, err = cf.tokens.delete(nil, "ID", { max_retries = 0 })
        return token and "deleted" or err.outcome .. "/" .. err.kind
      end
      local function try_full()
        local open = {}
        for file in function() return (io.open "/dev/null") end do open[#open + 1] = file end
        local fate = try()
        for _, file in ipairs(open) do file:close() end
        return fate
      end
      local without_engine = try_full()
      cf.async.tokens.delete(nil, "ID"):cancel()
      print(without_engine, try_full(), try(), cf.async.tokens.verify():pollfd() and "epoll" or "poll", "end")
    ]]):gsub("ID", id), "ulimit -n 64;")
    assert.is_true(system.wait_until(function() return read(output):find("end", 1, true) ~= nil end, 30))
    local said = read(output):gsub("%s+", " ")
    -- The engine itself takes one with epoll, and where libcurl needs one to wake itself, as 8.20 does.
    local _, _, without_engine, rest = said:find "^not_sent/(%a+) not_sent/network deleted (e?poll) end"
    assert.truthy(without_engine == "host" or without_engine == "network" and rest == "poll", said)
    assert.equal(1, #sandbox.requests_for(id))
  end)

  it("deletes thousands over one connection, without growing", function()
    local _, output = child.start [[
      local process, sandbox = require "spec.support.process", require "spec.support.sandbox"
      local cf = assert(require "cloudflare".new(sandbox.options "http2"))
      local function delete(count)
        for _, id in ipairs(sandbox.seed(count)) do assert(cf.tokens.delete(nil, id)) end
        return process.memory(), process.descriptors()
      end
      local memory, open = delete(1000)
      local memory_after, open_after = delete(1000)
      print(memory_after - memory < 4096, open_after - open, "end")
    ]]
    assert.is_true(system.wait_until(function() return read(output):find("end", 1, true) ~= nil end, 60))
    assert.equal("true 0 end", (read(output):gsub("%s+", " "):gsub(" $", "")))
    local connections = {}
    for _, entry in ipairs(sandbox.ledger()) do connections[entry.connection] = true end
    assert.is_nil(next(connections, (next(connections))))
  end)
end)
