-- The Lua lines that wait. A C function cannot be yielded across, so every public operation is a
-- Lua closure: C begins the call and answers it, and between its steps the host may do other work.
local core, nginx, tasks, needed = ...
local check, seal, begin, refuse = core.check, core.seal, core.begin, core.refuse
local ended, answer, step, pause, now = core.ended, core.answer, core.step, core.pause, core.now
local options_at, inspect, seal_value = core.options_at, core.inspect, core.seal_value
local unknown_option, tell_unsent = core.unknown_option, core.tell_unsent
local error, pairs, select, type, next = error, pairs, select, type, next
local getmetatable, setmetatable = getmetatable, setmetatable
local unpack, composites = table.unpack or unpack, core.composites

if core.jit then core.jit.off(true, true) end -- LuaJIT's compiler crashes where memory ends

local SLICE = 0.05 -- seconds: an interrupt that slips in before the wait is noticed after this

local function wait_by_steps(call, sleep, limit)
  while not ended(call) do
    local left = limit and limit - now() or SLICE
    step(sleep and 0 or left < SLICE and (left > 0 and left or 0) or SLICE, true)
    if ended(call) then break end
    if limit and now() >= limit then return end
    if sleep then sleep(pause(left)) end
  end
  return answer(call)
end

-- Only tail calls: a deeper call stack could need memory after the request was sent; begin's depth is known to fit.
local function wait(call, sleep, sleeper, seconds)
  local limit = seconds and now() + seconds
  if not sleeper then return wait_by_steps(call, sleep, limit) end
  nginx.wait(call, sleeper, limit)
  if ended(call) then return answer(call) end
end

--- Waits as the host does until `awaited` has ended or `limit` has come: how the body of a plain task waits.
function core.wait_for(awaited, sleep, limit, sleeper)
  if nginx and not sleep then return nginx.wait(awaited, sleeper or nginx.new_sleeper(), limit) end
  wait_by_steps(awaited, sleep, limit)
end

function core.methods.wait(call, seconds)
  local sleep = core.sleep_of(call, seconds)
  if ended(call) then return answer(call) end
  local is_pumped = nginx and not sleep
  local why = tasks.wait_fault(call) or is_pumped and nginx.obstacle()
  if why then error("cloudflare: " .. why, 2) end
  return wait(call, sleep, is_pumped and nginx.new_sleeper(), seconds)
end
tasks.handle.wait = core.methods.wait

local api = {}

local names = {}
for name, row in pairs(core.rows) do names[row] = name end

local function single(row, client, async)
  return function(...)
    local is_sound, sleep, vault = check(row, client, ...)
    local is_pumped = is_sound and nginx and not sleep
    -- a host that cannot wait here fails now, before a byte is sent
    local why = is_pumped and nginx.obstacle(async)
    if why then return refuse(row, client, async, why) end
    if sleep and not async then sleep(0.001) end
    -- `vault` is false where the options hold the credential. Sealed at once: debug could read a local.
    local credential = vault and seal(vault())
    local sleeper = is_pumped and not async and nginx.new_sleeper()
    local call, err = begin(row, client, async, credential, ...)
    if async or not call then
      if is_pumped then nginx.keep_pumping() end
      return call, err
    end
    return wait(call, sleep, sleeper)
  end
end

-- Takes the options that are the composite's own out of those that every call may have, and checks their types. A
-- secret is sealed.
local function split(definition, verb, place, options)
  local own, rest, meta = {}, {}, getmetatable(options)
  for name, value in next, options do
    local type_of = definition.options[name]
    local wanted = type_of == "secret" and "string" or type_of
    local fault = not wanted and unknown_option(name, definition.options) or wanted and type(value) ~= wanted
      and ("%s expected for option '%s', got %s"):format(wanted, name, type(value))
    if fault then error(("bad argument #%d to '%s' (%s)"):format(place, verb, fault), 3) end
    (wanted and own or rest)[name] = type_of == "secret" and seal_value(value) or value
  end
  return own, meta and setmetatable(rest, { __index = type(meta) ~= "table" or meta.__index }) or rest
end

local function without_credential(options)
  local given = {}
  for name, value in next, options or given do given[name] = value end
  given.api_token, given.api_key, given.api_email = nil, nil, nil
  return given
end

local function answer_unsent(definition, name, async, err)
  local refused = definition.refused
  if async then return tasks.stillborn(name, refused and refused(err), not refused and err or nil) end
  if refused then return refused(err) end
  return nil, err
end

local function hand_over(task, ...)
  if task.bearer then task:hand_over() end
  return ...
end

-- An operation of several requests: its name and arguments are those of a row, but for the options that it adds.
local function composite(definition, row, client, async)
  local name, place = names[row], options_at(row)
  local verb = name:match "[^.]*$"
  return function(...)
    local arguments, own = { ... }, {}
    local options = arguments[place]
    if type(options) == "table" then own, options = split(definition, verb, place, options) end
    arguments[place] = options
    local extra = arguments[place + 1]
    if definition.take then arguments[place - 1], extra = definition.take(arguments[place - 1]) end
    local is_sound, sleep, vault, timeout = check(row, client, unpack(arguments, 1, place))
    local is_pumped = is_sound and nginx and (async or not sleep)
    local why = is_pumped and nginx.obstacle(async)
    if why then return answer_unsent(definition, name, async, select(2, refuse(row, client, false, why))) end
    if sleep and not async then sleep(0.001) end
    local err, credential = inspect(row, client, vault and seal(vault()), unpack(arguments, 1, place))
    if err then
      tell_unsent(client, name)
      return answer_unsent(definition, name, async, err)
    end
    local task = tasks.new {
      name = name, outcome = definition.changes and "unknown" or "failed", client = client, credential = credential,
      sleep = sleep, async = async, own = own, given = without_credential(options), limit = now() + (timeout or 0),
      extra = extra,
    }
    if not async then return hand_over(task, definition.body(task, unpack(arguments, 1, place - 1))) end
    local handle = tasks.start(task, definition.body, unpack(arguments, 1, place - 1))
    if is_pumped then nginx.keep_pumping() end
    return handle
  end
end

--- The public function of a row, or of the composite that has its name.
function api.operation(row, client, async)
  local file = needed.file_of(names[row])
  if not file then return single(row, client, async) end
  return needed.later(file, function()
    local definition = composites[names[row]]
    local operate = composite(definition, row, client, async)
    return definition.wrap and definition.wrap(row, client, operate) or operate
  end)
end

api.journal = needed.later("journal", function() return core.journal end)
api.report_of = needed.later("journal", function() return core.report_of end)
api.policy = {
  allow = needed.later("policy", function() return core.policy.public.allow end),
  deny = needed.later("policy", function() return core.policy.public.deny end),
}

function api.new(options)
  local client, err = core.new(options)
  return client, err
end

function api.array(items)
  local marked = core.array(items)
  return marked
end

function api.secret_kind(value)
  local kind, fits = core.secret_kind(value)
  return kind, fits
end

function api.refusals_left(most)
  local left, seconds = core.refusals_left(most)
  return left, seconds
end

function api.step(seconds)
  local in_flight = step(seconds)
  return in_flight
end

return api
