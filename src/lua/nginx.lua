-- How a caller waits inside nginx: one pump a Lua state steps the engine, in a timer of its own, so
-- that an aborted request neither stops it nor loses a call. Whoever waits sleeps on a semaphore
-- until the pump posts it.
local core, ngx = ...
local ended, step, pause, now, can_yield = core.ended, core.step, core.pause, core.now, core.can_yield
local require, pcall, error, pairs, setmetatable = require, pcall, error, pairs, setmetatable

local FIRST = 0.05 -- seconds after which a caller looks whether the pump ever ran
local STALE = 1    -- seconds without a beat, after which the pump is taken for dead

local sleepers = setmetatable({}, { __mode = "k" }) -- semaphore → call; a killed thread drops its own
local roused = 0 -- how many calls had ended when they were last looked at
local pumping, beat = false, nil
local semaphore, wake

local function rouse(count)
  if count == roused then return end
  roused = count
  for sleeper, call in pairs(sleepers) do
    if call and ended(call) then
      sleepers[sleeper] = nil
      sleeper:post()
    end
  end
end

-- Until nothing is in flight, or, in a caller that stands in for a pump that never ran, its own call has ended.
local function pump(_, own)
  repeat
    local in_flight, count = step(0)
    beat = now()
    rouse(count)
    local over = in_flight == 0 or own and ended(own)
    if not over then wake:wait(pause()) end -- a new call posts it, and is sent at once
  until over
  if not own then pumping = false end
end

local function keep_pumping()
  semaphore = semaphore or require "ngx.semaphore"
  wake = wake or semaphore.new(0)
  if pumping then
    if wake:count() <= 0 then wake:post() end
    return
  end
  beat = nil
  local possible, begun = pcall(ngx.timer.at, 0, pump) -- not in init
  pumping = possible and begun
end

-- A timer may have been accepted and then dropped (lua_max_running_timers).
local function stand_in(call)
  pump(nil, call)
  pumping = false
  keep_pumping()
end

local function doze(sleeper, seconds)
  local posted, why = sleeper:wait(seconds)
  if not posted and why ~= "timeout" then error("cloudflare: nginx cannot wait here: " .. why, 0) end
  return posted
end

local nginx = { keep_pumping = keep_pumping }

--- What keeps nginx from waiting here, or nil. Asked before anything is queued: a semaphore that
--- fails to wait has queued its waiter all the same, and crashes the worker later.
function nginx.obstacle()
  if can_yield() then return nil end
  return ("nginx cannot wait here, in the phase '%s' or inside a C function such as table.sort, string.gsub or "
    .. "require; call it from ngx.timer.at(0, f), or use cloudflare.async"):format(ngx.get_phase())
end

--- Made before its call begins: afterwards nothing may need memory.
function nginx.new_sleeper()
  keep_pumping()
  local sleeper = semaphore.new(0)
  sleepers[sleeper] = false
  return sleeper
end

--- Until the call has ended, or `limit` (a time of core.now) has come.
function nginx.wait(call, sleeper, limit)
  local slice = FIRST
  sleepers[sleeper] = call
  while not ended(call) do
    local left = limit and limit - now() or slice
    if left <= 0 then break end
    local posted = doze(sleeper, left < slice and left or slice)
    if not posted and not ended(call) and (not beat or now() - beat > STALE) then stand_in(call) end
    slice = STALE
  end
  sleepers[sleeper] = nil
end

return nginx
