-- The Lua lines that wait. A C function cannot be yielded across, so every public operation is a
-- Lua closure: C begins the call and answers it, and between its steps the host may do other work.
local core, nginx = ...
local check, seal, begin, refuse = core.check, core.seal, core.begin, core.refuse
local ended, answer, step, pause, now = core.ended, core.answer, core.step, core.pause, core.now
local error = error

if core.jit then core.jit.off(true, true) end -- LuaJIT's compiler crashes where memory ends

local SLICE = 0.05 -- seconds: an interrupt that slips in before the wait is noticed after this

local function wait_by_steps(call, sleep, limit)
  while not ended(call) do
    local left = limit and limit - now() or SLICE
    step(sleep and 0 or left < SLICE and (left > 0 and left or 0) or SLICE)
    if ended(call) then break end
    if limit and now() >= limit then return end
    if sleep then sleep(pause(left)) end
  end
  return answer(call)
end

-- By tail calls: no call here may be nested deeper than begin's own, which has found the memory for it.
local function wait(call, sleep, sleeper, seconds)
  local limit = seconds and now() + seconds
  if not sleeper then return wait_by_steps(call, sleep, limit) end
  nginx.wait(call, sleeper, limit)
  if ended(call) then return answer(call) end
end

function core.methods.wait(call, seconds)
  local sleep = core.sleep_of(call, seconds)
  if ended(call) then return answer(call) end
  local pumped = nginx and not sleep
  local why = pumped and nginx.obstacle()
  if why then error("cloudflare: " .. why, 2) end
  return wait(call, sleep, pumped and nginx.new_sleeper(), seconds)
end

local api = {}

function api.operation(row, client, async)
  return function(...)
    local promising, sleep, vault = check(row, client, ...)
    local pumped = promising and nginx and not sleep
    -- a host that cannot wait here fails now, before a byte is sent
    local why = pumped and nginx.obstacle(async)
    if why then return refuse(row, client, async, why) end
    if sleep and not async then sleep(0.001) end
    local credential = vault and seal(vault()) -- false: in the options. Sealed: debug could read a local
    local sleeper = pumped and not async and nginx.new_sleeper()
    local call, err = begin(row, client, async, credential, ...)
    if async or not call then
      if pumped then nginx.keep_pumping() end
      return call, err
    end
    return wait(call, sleep, sleeper)
  end
end

function api.new(options)
  local client, err = core.new(options)
  return client, err
end

function api.array(items)
  local marked = core.array(items)
  return marked
end

function api.step(seconds)
  local in_flight = step(seconds)
  return in_flight
end

return api
