-- What the nginx of these specs does with the module: a location for each way in which a worker may call.
local cloudflare = require "cloudflare"

local function new(over)
  return assert(cloudflare.new {
    base_url = os.getenv(over), ca_path = os.getenv "SANDBOX_CA_PATH",
    timeout = 60, attempt_timeout = 30, connect_timeout = 30, -- under valgrind all takes its time
  })
end

local cf, missing = new "SANDBOX_TLS_BASE_URL", ("0"):rep(32)

local function outcome(result, detail) return (detail or result).outcome end

local jobs = {}

function jobs.delete(id) return outcome(cf.tokens.delete(nil, id)) end

function jobs.over_http1(id)
  local other = new "SANDBOX_TLS1_BASE_URL"
  local ended = outcome(other.tokens.delete(nil, id))
  other:close()
  return ended
end

-- Light threads of one request, all at once.
function jobs.threads()
  local threads, ended = {}, {}
  for i = 1, 10 do
    threads[i] = ngx.thread.spawn(function() return outcome(cf.tokens.delete(nil, missing)) end)
  end
  for i, thread in ipairs(threads) do ended[i] = select(2, ngx.thread.wait(thread)) end
  return table.concat(ended, " ")
end

-- Outlives its request.
local from_timer = "not yet"
function jobs.timer(id)
  ngx.timer.at(0, function() from_timer = outcome(cf.tokens.delete(nil, id)) end)
  return "started"
end

function jobs.timer_said() return from_timer end

-- A light thread that is killed while its call waits: the call goes on.
function jobs.killed(id)
  local thread = ngx.thread.spawn(function() cf.tokens.delete(nil, id) end)
  ngx.sleep(0.01)
  ngx.thread.kill(thread)
  while cloudflare.step() > 0 do ngx.sleep(0.01) end
  return "stepped"
end

-- Begun, and looked at by nobody.
function jobs.dropped(id)
  cf.async.tokens.delete(nil, id)
  cloudflare.step()
  return "begun"
end

-- A token from its creation to its end; a function of the caller's waits in nginx's way meanwhile.
local function life(tokens, take)
  local policies = { cloudflare.policy.allow({ "DNS Write" }, { zone = "*" }) }
  local made = assert(take(tokens.create(nil, { name = "of a worker", policies = policies })))
  local changed = assert(take(tokens.update(nil, made.id, function(token)
    ngx.sleep(0.001)
    token.name = "renamed"
    return token
  end)))
  local value = assert(take(tokens.roll(nil, made.id, { old = made.value })))
  local found = assert(take(tokens.identify(nil, value)))
  assert(found.id == made.id and value ~= made.value)
  local seen = 0
  for token in take(tokens.each(nil)) do seen = seen + (token.id == made.id and 1 or 0) end
  return ("%s, %s, %d, %s"):format(changed.name, found.kind, seen, outcome(take(tokens.delete(nil, made.id))))
end

function jobs.life() return life(cf.tokens, function(...) return ... end) end

function jobs.async_life() return life(cf.async.tokens, function(call) return call:wait() end) end

function jobs.wrong() return tostring(select(2, cf.tokens.delete(nil, "not an id"))) end

function jobs.raises() return tostring(select(2, pcall(cf.tokens.delete, nil, missing, { sleep = error }))) end

local heard = {}
function jobs.listener()
  local other = assert(cloudflare.new {
    base_url = os.getenv "SANDBOX_TLS_BASE_URL", ca_path = os.getenv "SANDBOX_CA_PATH",
    on_event = function(event) heard[#heard + 1] = event.outcome end,
  })
  other.tokens.delete(nil, missing)
  return table.concat(heard, " ")
end

function jobs.collect()
  collectgarbage()
  collectgarbage()
  return "collected"
end

function jobs.serve(job, id)
  ngx.print(jobs[job](id))
end

return jobs
