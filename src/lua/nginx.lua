-- How a caller waits inside nginx: one pump a Lua state steps the engine, in a timer of its own, so
-- that an aborted request neither stops it nor loses a call. Whoever waits sleeps on a semaphore
-- until the pump posts it. A timer may be accepted and then dropped (lua_max_running_timers): a pump
-- that shows no sign of life is taken for dead, and whoever waits stands in for it.
local core, ngx = ...
local ended, step, pause, now, can_yield = core.ended, core.step, core.pause, core.now, core.can_yield
local require, pcall, error, pairs, setmetatable = require, pcall, error, pairs, setmetatable

if core.jit then core.jit.off(true, true) end -- LuaJIT's compiler crashes where memory ends

local FIRST = 0.05 -- seconds within which a pump that was asked for has begun
local STALE = 1    -- seconds within which it steps again

local sleepers = setmetatable({}, { __mode = "k" }) -- semaphore → call; a killed thread drops its own
local roused = 0 -- how many calls had ended when the sleepers were last looked at
local pumping, asked, stepped = false, 0, nil -- whether and when a pump was asked for; when it last stepped
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

-- Until nothing is in flight; in a caller that stands in, until its own call has ended or `limit` has come.
local function pump(_, own, limit)
  repeat
    local in_flight, count = step(0)
    stepped = now()
    rouse(count)
    local over = in_flight == 0 or own and (ended(own) or limit and stepped >= limit)
    if not over then wake:wait(pause()) end -- a new call posts it, and is sent at once
  until over
  if not own then pumping = false end
end

local function is_dead()
  if stepped then return now() - stepped > STALE end
  return now() - asked > FIRST
end

-- Whether a pump is, or will be, there.
local function keep_pumping()
  semaphore = semaphore or require "ngx.semaphore"
  wake = wake or semaphore.new(0)
  if pumping and not is_dead() then
    if wake:count() <= 0 then wake:post() end
    return true
  end
  asked, stepped = now(), nil
  local possible, begun = pcall(ngx.timer.at, 0, pump)
  pumping = possible and begun
  return pumping
end

local function stand_in(call, limit)
  pump(nil, call, limit)
  pumping = false
  keep_pumping()
end

local function doze(sleeper, seconds)
  local posted, why = sleeper:wait(seconds)
  if not posted and why ~= "timeout" then error("cloudflare: nginx cannot wait here; the call goes on: " .. why, 0) end
  return posted
end

--- Runs `f` in a timer of its own.
local function launch(f) return pcall(ngx.timer.at, 0, f) end

local nginx = { launch = launch, keep_pumping = keep_pumping }

--- What keeps a call from being made here, or nil. Asked before anything is queued: a semaphore that
--- fails to wait has queued its waiter all the same, and crashes the worker later.
function nginx.obstacle(async)
  local phase = ngx.get_phase()
  if phase == "init" then
    return "a call of nginx's phase 'init' would not reach its workers: make it from a timer of 'init_worker'"
  end
  if not async and not can_yield() then
    return ("nginx cannot wait here, in the phase '%s' or inside a C function such as table.sort, string.gsub or "
      .. "require; call it from ngx.timer.at(0, f), or use cloudflare.async"):format(phase)
  end
  if async and not keep_pumping() then return "nginx takes no more timers (lua_max_pending_timers)" end
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
    if not posted and not ended(call) and is_dead() then stand_in(call, limit) end
    slice = STALE
  end
  sleepers[sleeper] = nil
end

return nginx
