-- The ways in which an operation can be called: each takes a client's options and gives a function that takes the
-- operation's dotted name and its arguments, and answers as the plain form does.
local cloudflare = require "cloudflare"
local socket = require "socket"
local unpack = table.unpack or unpack

local function find(space, name)
  for part in name:gmatch "[^.]+" do space = space[part] end
  return space
end

local function plain(cf)
  return function(name, ...) return find(cf, name)(...) end
end

local function async(cf)
  return function(name, ...)
    local call = find(cf.async, name)(...)
    while not call:done() do cloudflare.step(0.05) end
    return call:wait()
  end
end

-- In a coroutine whose scheduler is this loop.
local function sleeping(cf)
  return function(name, ...)
    local arguments, count = { ... }, select("#", ...)
    local thread = coroutine.create(function() return find(cf, name)(unpack(arguments, 1, count)) end)
    local seconds = { coroutine.resume(thread) }
    while coroutine.status(thread) == "suspended" do
      socket.sleep(seconds[2])
      seconds = { coroutine.resume(thread) }
    end
    return select(2, assert(unpack(seconds, 1, 3)))
  end
end

return {
  plain = function(options) return plain(cloudflare.new(options)) end,
  async = function(options) return async(cloudflare.new(options)) end,
  sleeping = function(options)
    options.sleep = coroutine.yield
    return sleeping(cloudflare.new(options))
  end,
}
