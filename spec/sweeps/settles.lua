-- However a DELETE was lost: where the server comes back within the deadline, the last word is definite and true. Done, it
-- is `gone` by two witnesses: a GET and another DELETE.
local cloudflare = require "cloudflare"
local gettime = require "socket".gettime
local faults = require "spec.support.faults"
local fly = require "spec.support.lanes"
local Sweep = require "spec.support.sweep"

local losses = {
  { "closed without an answer", { raw = "", ["end"] = "fin" } }, { "reset without an answer", { raw = "", ["end"] = "rst" } },
  { "cut in the headers", { cut = -110 } }, { "cut in the body", { cut = -20, ["end"] = "rst" } },
  { "silent", { raw = "", ["end"] = "stall" }, HURRY = true },
  { "500", { status = 500 } }, { "an HTML 502", { say = "html" } }, { "503 in JSON", { say = "broken" } },
  { "408", { status = 408 } }, { "202", { status = 202 } }, { "an HTML 200", { say = "html", status = 200 } },
  { "an HTML 404", { say = "html", status = 404 } }, { "an HTML 429", { say = "html", status = 429 } },
  { "a redirect", { status = 307, headers = { { "Location", "/" } } } },
  { "success false in a 200", { status = 200, body = '{"success":false,"errors":[{"code":1}]}' } },
  { "a yes without a name", { say = "yes" } }, { "a yes to another", { say = "other" } },
  { "REFUSED_STREAM", { frames = { { "reset", 7 } } }, over = "http2" },
  { "CANCEL", { frames = { "headers", { "reset", 8 } } }, over = "http2" },
  { "an early END_STREAM", { frames = { "headers_end" } }, over = "http2" },
  { "GOAWAY", { frames = { { "goaway", 2, 0 } }, ["end"] = "fin" }, over = "http2" },
}

-- What the confirming GETs meet before the server is well again.
local troubles = {
  { "none" }, { "the GET is lost", { raw = "", ["end"] = "fin" } }, { "the GET is cut", { cut = -20, ["end"] = "rst" } },
  { "the GET meets an HTML 502", { say = "html" } }, { "the GET meets a 503 twice", { say = "broken", times = 2 } },
  { "the GET must wait", { say = "throttled", headers = { { "Retry-After", "1" } } }, alone = true },
  { "the GET is not permitted", { say = "forbidden", times = 9 } },
  { "the GET shows another token", { say = "other" } },
}

local function on(method, script, effect)
  local made = { method = method, effect = effect }
  for name, value in pairs(script) do made[name] = value end
  return made
end

local cases = {}
local function add(over, loss, trouble, state, effect, times)
  local first = on("DELETE", loss[2], effect)
  first.times = times
  cases[#cases + 1] = {
    name = ("%s, %d times, %s, %s, %s"):format(loss[1], times, trouble[1], state, effect and "done" or "not done"),
    over = over, state = state, alone = trouble.alone,
    scripts = { first, trouble[2] and on("GET", trouble[2]) },
    options = loss.HURRY and { attempt_timeout = 3, max_retries = 5 }, -- a busy machine may not even get it out in time
    allowed = { deleted = state == "present" and not effect, gone = true },
  }
end

-- A yes is asked after only once: what the GET then fails to say leaves `accepted`, which odd_replies and the core's specs have.
local function settles(loss, trouble) return trouble[1] == "none" or not (loss[2].say == "yes" or loss[2].say == "other") end

for _, loss in ipairs(losses) do
  for _, trouble in ipairs(troubles) do
    for _, over in ipairs(faults.transports) do
      if (loss.over or over) == over and settles(loss, trouble) then
        for times = 1, 2 do
          add(over, loss, trouble, "present", true, times)
          add(over, loss, trouble, "present", false, times)
          add(over, loss, trouble, "absent", false, times)
          add(over, loss, trouble, "hidden", false, times)
        end
      end
    end
  end
end

local sweep = Sweep.new "ambiguous calls settle"
cases = Sweep.share(cases, 400)
fly(sweep, cases)

-- A connection that fell silent delays the call that met it, and no other: the next has its answer at the first attempt.
for _, over in ipairs(faults.transports) do
  local silent, next_one = faults.fresh(), faults.fresh()
  faults.register { { id = silent, scripts = { { method = "DELETE", effect = false, raw = "", ["end"] = "stall" } } },
    { id = next_one } }
  local cf = assert(cloudflare.new(faults.options(over)))
  local _, first = cf.tokens.delete(nil, silent, { attempt_timeout = 1 })
  local _, second = cf.tokens.delete(nil, next_one, { attempt_timeout = 2 })
  sweep:check(first.outcome == "deleted" and second.outcome == "deleted" and second.http.attempts == 1,
    ("%s, after silence: %s, then %s in %d attempts"):format(over, first.outcome, second.outcome, second.http.attempts))
end

-- Not even while another call still waits on it, so that libcurl keeps it.
local function step_for(seconds)
  local deadline = gettime() + seconds
  repeat cloudflare.step(0.01) until gettime() >= deadline
end
for _, over in ipairs(faults.transports) do
  local ids = { faults.fresh(), faults.fresh(), faults.fresh() }
  faults.register { { id = ids[1], scripts = { { method = "DELETE", effect = false, raw = "", ["end"] = "stall" } } },
    { id = ids[2] }, { id = ids[3] } }
  local cf = assert(cloudflare.new(faults.options(over, { attempt_timeout = 1 })))
  local silent = cf.async.tokens.delete(nil, ids[1])
  step_for(0.7)
  local beside = cf.async.tokens.delete(nil, ids[2])
  step_for(0.5)
  local _, next_one = cf.tokens.delete(nil, ids[3])
  local _, first = silent:wait()
  local _, second = beside:wait()
  sweep:check(first.outcome == "deleted" and second.outcome == "deleted" and next_one.http.attempts == 1,
    ("%s, beside silence: %s, %s, then %s in %d attempts"):format(over, first.outcome, second.outcome,
      next_one.outcome, next_one.http.attempts))
end
sweep:finish()
