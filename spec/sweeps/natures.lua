-- Every nature of operation, with each reply and each request of it cut at every byte, lost, refused or odd: nothing
-- that must happen once happens twice, no secret is said to be what it is not, and no outcome is a false word. The fault
-- server counts the secrets that it made. Deletions have sweeps of their own.
local faults = require "spec.support.faults"
local fly = require "spec.support.lanes"
local operations = require "spec.support.operations"
local Sweep = require "spec.support.sweep"

local HURRY = { attempt_timeout = 3 } -- for replies that never end
local STALL_EVERY = 16 -- a stall takes the attempt's whole time
local LIST_MORE = 400 -- bytes by which a list may be longer than the one that is measured
local SHARE, LITTLE = 20, 10 -- cases of a kind in `make test`: of replies, and of requests and oddities
local WHOLE = 8 -- times as many with SWEEP=all: there are 138,000

local function policy(group)
  return { effect = "allow", permission_groups = { { id = group:rep(32) } }, resources = { ["com.cloudflare.api.account.zone.*"] = "*" } }
end
local BEFORE = { name = "before", status = "active", policies = { policy "1" } }
local AFTER = { name = "after", policies = { policy "2" } }
local STATED = { name = "after", status = "active", policies = { policy "2" } }

local function rename(token)
  token.name = "after"
  return token
end

local function merge(...)
  local made = {}
  for _, more in ipairs { ... } do
    for name, value in pairs(more) do made[name] = value end
  end
  return made
end

local values = 0
local function fresh_value()
  values = values + 1
  return ("cfat_%048d"):format(values)
end

-- What a lost answer to the request that changes something may come to, by whether it took effect.
local UNKNOWN = { [true] = { unknown = true }, [false] = { unknown = true } }
local FOUND = { [true] = { ok = true }, [false] = { unknown = true } } -- it is looked for afterwards
local REPEATED = { [true] = { ok = true }, [false] = { ok = true } }

-- A lost roll is known to be one where the old value was a witness; it never is where there was none.
local function says_rolled(case)
  if case.detail.outcome ~= "unknown" then return end
  local told, is_so = case.detail.rolled or false, case.truth.done.roll == 1
  if told ~= is_so then return ("err.rolled is %s, and rolled: %s"):format(tostring(told), tostring(is_so)) end
end

-- A kind: its operation, what the call is given, what a lost answer comes to; `guards`, how many reads come first;
-- `tells`, what else is wrong with an error.
local kinds = {
  { "create", "create", { params = AFTER }, UNKNOWN, guards = 0 },
  { "create, recover", "create", { params = AFTER, options = { recover = true } }, FOUND, guards = 0 },
  { "roll", "roll", {}, UNKNOWN, guards = 1 },
  { "roll, old", "roll", {}, UNKNOWN, guards = 2, old = true, tells = says_rolled },
  { "update, a table", "update", { params = AFTER }, FOUND, guards = 1 },
  { "update, a table with its status", "update", { params = STATED }, FOUND, guards = 0 },
  { "update, a function", "update", { params = { name = "after" }, edit = rename }, FOUND, guards = 2 },
  { "request, repeatable", "replace", { params = STATED }, REPEATED, guards = 0 },
  { "request", "post", { params = AFTER }, UNKNOWN, guards = 0 },
  { "get", "get", {}, REPEATED, guards = 0 },
  { "list", "list", { world = { others = { BEFORE } } }, REPEATED, guards = 0 },
}

local ENDS = { "fin", "rst" }

-- A case of a kind; `more` has its scripts and what else is its own.
local function case_of(kind, over, name, more)
  local case = merge(kind[3], more)
  local world = operations[kind[2]].in_account and {} or { fields = BEFORE }
  if kind.old then world = merge(world, { value = fresh_value(), modified = "2026-01-01T00:00:00Z" }) end
  case.world = merge(world, kind[3].world or {}, more.world or {})
  case.options = merge(kind[3].options or {}, more.options or {}, { old = kind.old and world.value or nil })
  case.name, case.over, case.operation = ("%s: %s"):format(kind[1], name), over, kind[2]
  return case
end

local function is_read(kind) return operations[kind[2]].method == "GET" end

-- A script for the request that decides; a read has no effect.
local function script_of(kind, more, effect)
  local script = merge({ method = operations[kind[2]].method }, more)
  if not is_read(kind) then script.effect, script.honest = effect, script.cut and true end
  return script
end

local function done(effect) return effect and "done" or "not done" end

-- Whether the last answer to such a request was whole.
local function is_answered(case, method)
  local says
  for _, answer in ipairs(case.truth.answers) do
    if answer.method == method then says = answer.says end
  end
  return says == "proof"
end

-- Where the answer was whole, it is ok; otherwise what the loss comes to. Every byte, then a reset, is one or the other.
local function settles(kind, effect, how)
  return function(case)
    local outcome, answered = case.detail.outcome, is_answered(case, operations[kind[2]].method)
    local fine = answered and outcome == "ok" or kind[4][effect][outcome]
    if answered and how ~= "rst" then fine = outcome == "ok" end
    if not fine then return ("ends as %s, %s"):format(outcome, answered and "answered" or "lost") end
    return kind.tells and kind.tells(case)
  end
end

local function ends_as_ok(case)
  if case.detail.outcome ~= "ok" then return "ends as " .. case.detail.outcome end
end

-- The reply to the request that decides, cut.
local function add_replies(cases, kind, over)
  local length = faults.measure({ {} }, over, operations[kind[2]].does or kind[2], kind[3].params or {})[1]
  local function add(cut, how, effect)
    cases[#cases + 1] = case_of(kind, over, ("the reply cut after %d, %s, %s"):format(cut, how, done(effect)), {
      alone = over == "http2", scripts = { script_of(kind, { cut = cut, ["end"] = how }, effect) }, check = settles(kind, effect, how),
    })
  end
  for cut = 0, length + (kind[2] == "list" and LIST_MORE or 0) do
    for _, how in ipairs(ENDS) do
      add(cut, how, true)
      if not is_read(kind) then add(cut, how, false) end
    end
  end
end

local function loses_both(case)
  local err = case.detail
  if is_answered(case, "PUT") then return ends_as_ok(case) end
  if err.outcome ~= "unknown" or err.recover_error.outcome ~= "unknown" then return "ends as " .. err.outcome end
end

-- A read that comes first, and what is asked after a loss, cut. Reads are repeated; a lost roll is not.
local function add_looks(cases, kind, over)
  local function add(name, scripts, check)
    cases[#cases + 1] = case_of(kind, over, name, { alone = over == "http2", scripts = scripts, check = check })
  end
  local lost = script_of(kind, { raw = "", ["end"] = "fin" }, true)
  for cut = 0, faults.measure({ {} }, over, "get")[1] - 1 do
    local how = ENDS[cut % 2 + 1]
    local read = { method = "GET", cut = cut, ["end"] = how }
    if kind.guards > 0 then add(("the read before cut after %d, %s"):format(cut, how), { read }, ends_as_ok) end
    if kind[4] == FOUND then add(("lost, the read after cut after %d, %s"):format(cut, how), { lost, read }, ends_as_ok) end
  end
  if not kind[3].options then return end -- only what is recovered rolls
  for cut = 0, faults.measure({ {} }, over, "roll")[1] - 2 do
    for _, effect in ipairs { true, false } do
      local roll = { method = "PUT", cut = cut, ["end"] = ENDS[cut % 2 + 1], effect = effect, honest = true }
      add(("lost, its roll cut after %d, %s"):format(cut, done(effect)), { lost, roll }, loses_both)
    end
  end
end

-- How many bytes a client sends on a new connection up to the end of the request that decides: over HTTP/2 reads that
-- come first go before it on the same connection, over HTTP/1 each has its own.
local function measure_request(kind, over)
  local case = case_of(kind, over, "whole", { relay = { up = 1000000, at = over ~= "http2" and kind.guards + 1 or 1 } })
  fly(Sweep.new "length", { case })
  return case.truth.relayed
end

-- No own request leaves twice, unless the first certainly did not; a hasty server acts before a request is whole.
local function add_requests(cases, kind, over)
  local at = over ~= "http2" and kind.guards + 1 or 1
  local function add(cut, how, place, retries, early)
    local relay = { up = cut, ["end"] = how, at = place, reads = place <= kind.guards or nil }
    local name = ("connection %d, %d bytes, %s, %d retries%s"):format(place, cut, how, retries, early and ", hasty" or "")
    cases[#cases + 1] = case_of(kind, over, name, {
      relay = relay, scripts = { early and { early = true } }, options = merge(how == "stall" and HURRY or {}, { max_retries = retries }),
    })
  end
  for cut = 0, measure_request(kind, over) do
    for _, how in ipairs(ENDS) do
      add(cut, how, at, cut % 2 * 2)
      if over == "plain" and not is_read(kind) then add(cut, how, at, 2, true) end
      if at > 1 and cut % 4 == 0 then add(cut, how, 1, 2) end
    end
    if cut % STALL_EVERY == 0 then add(cut, "stall", at, 2) end
  end
end

-- Odd replies: to the request that decides, done and not done, and to a read before it.
local NO = '{"success":false,"errors":[{"code":1001,"message":"no"}],"messages":[],"result":null}'
local function yes(result) return ('{"success":true,"errors":[],"messages":[],"result":%s}'):format(result) end
local odd = {
  { "closed without an answer", { raw = "", ["end"] = "fin" } }, { "reset without an answer", { raw = "", ["end"] = "rst" } },
  { "silent", { raw = "", ["end"] = "stall" }, options = HURRY },
  { "500", { status = 500 } }, { "500 says no", { status = 500, body = NO } }, { "an HTML 502", { say = "html" } },
  { "503", { say = "broken" } }, { "520", { status = 520 } }, { "408 says no", { status = 408, body = NO } },
  { "an HTML 200", { say = "html", status = 200 } }, { "an HTML 404", { say = "html", status = 404 } },
  { "an HTML 429", { say = "html", status = 429 } }, { "a redirect", { status = 307, headers = { { "Location", "/" } } } },
  { "no in a 200", { status = 200, body = NO } }, { "yes in a 403", { status = 403 } },
  { "a 404 without a code", { say = "gateway" } },
  { "a long body", { body = (" "):rep(5000000) } }, { "a long header", { headers = { { "X-Long", ("x"):rep(90000) } } } },
  { "compressed", { headers = { { "Content-Encoding", "gzip" } } } },
  { "a body of bad UTF-8", { body = yes '{"id":"$ID","value":"\255"}' } },
  { "success twice", { body = (yes '{"id":"$ID","value":"$VALUE"}':gsub("^{", '{"success":false,')) } },
  { "an early end", { frames = { "headers", { "data_end", 0, 40 } } }, over = "http2" },
  { "REFUSED_STREAM", { frames = { { "reset", 7 } } }, over = "http2" },
  { "CANCEL", { frames = { { "reset", 8 } } }, over = "http2" },
  { "GOAWAY below", { frames = { { "goaway", 2, 0 } }, ["end"] = "fin" }, over = "http2" },
  { "GOAWAY at", { frames = { { "goaway", 0, 0 } }, ["end"] = "fin" }, over = "http2" },
  -- A yes that lacks what it must carry: for a request of the caller's own making, and in part for others, that is a yes.
  { "a null", { say = "yes" }, lacks = true }, { "another id", { say = "other" }, lacks = true },
  { "an id alone", { body = yes '{"id":"$ID"}' }, lacks = true, names = true },
  { "an empty value", { body = yes '{"id":"$ID","value":""}' }, lacks = true, names = true },
  { "a value without an id", { body = yes '{"value":"$VALUE"}' }, lacks = true }, { "an empty string", { body = yes '""' }, lacks = true },
  { "a number", { body = yes "42" }, lacks = true }, { "a list", { body = yes "[]" }, lacks = true },
  -- Definite answers.
  { "401", { say = "invalid" }, definite = true }, { "403", { say = "forbidden" }, definite = true },
  { "404", { say = "absent" }, definite = true }, { "404 of the route", { say = "no_route" }, definite = true },
  { "409", { status = 409, body = NO }, definite = true }, { "429", { say = "throttled" }, definite = true },
  { "429 twice", { say = "throttled", times = 2 }, definite = true }, { "locked out", { say = "locked_out" }, definite = true },
}

-- Whether it took effect, where that may be either.
local function effects_of(kind, row)
  local any_yes = kind[2] == "replace" or kind[2] == "post"
  -- without its effect, what is a yes would be the API's own lie
  if is_read(kind) or row.lacks and any_yes or row.names and kind[2] == "update" then return { true } end
  return row.definite and { false } or { true, false }
end

local function add_odd(cases, kind, over)
  local function add(row, name, script, more)
    cases[#cases + 1] = case_of(kind, over, row[1] .. name, { alone = true, scripts = { script },
      options = merge(more or {}, row.options or {}) })
  end
  for _, row in ipairs(odd) do
    if (row.over or over) == over then
      for times = 1, 2 do
        for _, effect in ipairs(effects_of(kind, row)) do
          add(row, (", %d times, %s"):format(times, done(effect)), script_of(kind, merge({ times = times }, row[2]), effect))
        end
      end
      for times = 1, kind.guards > 0 and 9 or 0, 8 do
        add(row, (", %d times to the read before"):format(times), merge({ method = "GET", times = times }, row[2]),
          times > 1 and { timeout = 3 })
      end
    end
  end
end

-- Of a create: others of its name, which are nobody's to roll, and lists that lag.
local function add_worlds(cases, kind, over)
  if kind[2] ~= "create" then return end
  local more = { name = "after", status = "active", policies = { policy "2", policy "3" } }
  local same = { name = "after", status = "active", policies = { policy "2" } }
  local worlds = {
    { "one with more than was asked for", { others = { more } }, several = true }, { "one of another name", { others = { BEFORE } } },
    { "two like it", { others = { same, same } }, several = true },
    { "a list that lags", { reads = { "absent" } } }, { "a list that lags twice", { reads = { "absent", "absent" } }, several = true },
  }
  for _, world in ipairs(worlds) do
    for _, effect in ipairs { true, false } do
      local lost = { method = "POST", raw = "", ["end"] = "rst", effect = effect }
      local found = effect and kind[3].options and not world.several
      cases[#cases + 1] = case_of(kind, over, ("%s, lost, %s"):format(world[1], done(effect)), {
        world = world[2], scripts = { lost }, allowed = found and { ok = true } or { unknown = true },
      })
    end
  end
end

local walked = {}
for _, kind in ipairs(kinds) do
  for _, over in ipairs(faults.transports) do
    local rows = { { add_replies, SHARE }, { add_looks, LITTLE }, { add_requests, LITTLE }, { add_odd, LITTLE }, { add_worlds, LITTLE } }
    for _, row in ipairs(rows) do
      local cases = {}
      row[1](cases, kind, over)
      for _, case in ipairs(Sweep.share(cases, row[2], WHOLE * row[2])) do walked[#walked + 1] = case end
    end
  end
end

local sweep = Sweep.new "natures"
fly(sweep, walked)
local made, rolled, false_words = 0, 0, 0
for _, case in ipairs(walked) do
  made, rolled = made + case.truth.done.create, rolled + case.truth.done.roll
  if case.lied then false_words = false_words + 1 end
end
sweep:check(made > 0 and rolled > 0, "secrets are made and rolled")
sweep:finish(("%d made, %d rolled, %d false"):format(made, rolled, false_words))
