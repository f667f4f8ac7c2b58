-- The Lua lines that wait. A C function cannot be yielded across, so every public operation is a
-- Lua closure: C begins the call and answers it, and between its steps the host may do other work.
local core = ...
local check, seal, begin = core.check, core.seal, core.begin
local ended, answer, step, pause, now = core.ended, core.answer, core.step, core.pause, core.now

local SLICE = 0.05 -- seconds: an interrupt that slips in before the wait is noticed after this

local function wait(call, sleep, seconds)
  local limit = seconds and now() + seconds
  while not ended(call) do
    local left = limit and limit - now() or SLICE
    step(sleep and 0 or left < SLICE and (left > 0 and left or 0) or SLICE)
    if ended(call) then break end
    if limit and now() >= limit then return end
    if sleep then sleep(pause(left)) end
  end
  return answer(call)
end

function core.methods.wait(call, seconds)
  return wait(call, core.sleep_of(call, seconds), seconds)
end

local api = {}

function api.operation(row, client, async)
  return function(...)
    local sleep, vault = check(row, client, ...)
    -- a host that cannot wait here fails now, before a byte is sent
    if sleep and not async then sleep(0.001) end
    -- no local holds the credential: debug could read it
    local call, err = begin(row, client, async, vault and seal(vault()), ...)
    if async or not call then return call, err end
    return wait(call, sleep)
  end
end

function api.new(options)
  local client, err = core.new(options)
  return client, err
end

function api.step(seconds)
  local in_flight = step(seconds)
  return in_flight
end

return api
