-- The places in nginx from which the plain form may be called. Each deletes the token in `?id=`
-- and answers with the outcome, or with the sentence where there is no answer.
local cloudflare = require "cloudflare"

local places = {}

local function client()
  places.cf = places.cf
    or assert(cloudflare.new { base_url = os.getenv "SANDBOX_TLS_BASE_URL", ca_path = os.getenv "SANDBOX_CA_PATH" })
  return places.cf
end

-- Deletes it and says how that ended.
local function outcome(id)
  local token, detail = client().tokens.delete(nil, id)
  return token and detail.outcome or tostring(detail)
end

function places.try()
  local id = ngx.req and pcall(function() return ngx.var.arg_id end) and ngx.var.arg_id or ("0"):rep(32)
  local fine, said = pcall(outcome, id)
  return fine and said or "raised: " .. tostring(said)
end

function places.note(key) ngx.shared.seen:set(key, places.try()) end

-- What async says in a place from which no call can go on.
function places.note_async(key)
  local _, err = client().async.tokens.delete(nil, ("0"):rep(32)):wait()
  ngx.shared.seen:set(key, tostring(err))
end

function places.answer()
  ngx.print(places.try())
  ngx.exit(200)
end

-- Takes every timer that may run at once.
function places.exhaust()
  for _ = 1, 4 do ngx.timer.at(0, function() ngx.sleep(3) end) end
  ngx.sleep(0.05)
  ngx.print "done"
end

local content = {}

function content.content(id) return outcome(id) end

function content.thread(id)
  local thread = ngx.thread.spawn(outcome, id)
  return select(2, ngx.thread.wait(thread))
end

function content.timer(id)
  local said
  ngx.timer.at(0, function() said = outcome(id) end)
  while not said do ngx.sleep(0.005) end
  return said
end

function content.wrap(id) return coroutine.wrap(outcome)(id) end

function content.coroutine(id)
  local thread = coroutine.create(outcome)
  return select(2, coroutine.resume(thread, id))
end

-- One that yields to its own resumer as well.
function content.generator(id)
  local words = {}
  local next_word = coroutine.wrap(function()
    coroutine.yield "first"
    coroutine.yield(outcome(id))
    coroutine.yield "last"
  end)
  for i = 1, 3 do words[i] = next_word() end
  return table.concat(words, " ")
end

function content.index(id)
  return setmetatable({}, { __index = function(_, key) return outcome(key) end })[id]
end

content["for"] = function(id)
  local words = {}
  for said in function(_, before) return not before and outcome(id) or nil end do words[#words + 1] = said end
  return table.concat(words)
end

function content.abortable(id)
  ngx.on_abort(function() ngx.exit(499) end)
  return outcome(id)
end

function content.pcall(id) return select(2, pcall(outcome, id)) end

function content.xpcall(id) return select(2, xpcall(function() return outcome(id) end, debug.traceback)) end

function content.tostring(id)
  return tostring(setmetatable({}, { __tostring = function() return outcome(id) end }))
end

function content.sort(id)
  local said
  table.sort({ 1, 2 }, function(a, b) said = said or outcome(id) return a < b end)
  return said
end

function content.gsub(id)
  return (id:gsub("^.*$", outcome))
end

function content.require(id)
  package.preload.waits = function() return outcome(id) end
  package.loaded.waits = nil
  return require "waits"
end

-- A call that nobody keeps.
function content.dropped(id)
  client().async.tokens.delete(nil, id)
  return "begun"
end

-- The same, where the credential took its time: a pump that was asked for before has come and gone.
function content.vault(id)
  local cf = assert(cloudflare.new { api_token = function()
    ngx.sleep(0.1)
    return os.getenv "CLOUDFLARE_API_TOKEN"
  end })
  cf.async.tokens.delete(nil, id)
  return "begun"
end

-- Waits for its call, but not for ever.
function content.patient(id)
  local call = client().async.tokens.delete(nil, id)
  local rounds = 0
  repeat
    local token, detail = call:wait(0.1)
    rounds = rounds + 1
    if token or detail then return detail.outcome .. " after " .. rounds end
  until false
end

function content.many()
  local threads, found = {}, 0
  local function delete(id) return select(2, client().tokens.delete(nil, id)).outcome end
  for i = 1, 100 do threads[i] = ngx.thread.spawn(delete, ("%032x"):format(i)) end
  for _, thread in ipairs(threads) do
    local _, said = ngx.thread.wait(thread)
    if said == "not_found" then found = found + 1 end
  end
  return found .. " not_found"
end

-- Calls of several requests. `id` is one of the tokens.
local function all(id) return { id, ("%032x"):format(1), ("%032x"):format(2) } end

local function counted(report)
  return ("%d deleted, %d not_found"):format(report.counts.deleted or 0, report.counts.not_found or 0)
end

function content.task(id) return counted(client().tokens.delete_many(nil, all(id))) end

-- In the plain form the functions that it is given may wait, too.
function content.task_that_keeps(id)
  local slept = 0
  local function sleep()
    ngx.sleep(0.01)
    slept = slept + 1
  end
  local report = client().tokens.delete_many(nil, all(id), { keep = sleep, journal = sleep, progress = sleep })
  return counted(report) .. ", slept " .. slept
end

function content.async_task(id)
  local call = client().async.tokens.delete_many(nil, all(id))
  ngx.sleep(0.02)
  return counted(call:wait())
end

-- The audit log in pages of one, which are read while the loop goes on.
local LOG = { since = "2020-01-01T00:00:00Z", before = "2099-01-01T00:00:00Z", limit = 1 }

function content.pages(token)
  local path = ("/accounts/%s/logs/audit"):format(os.getenv "CLOUDFLARE_ACCOUNT_ID")
  local options, found, waited = { api_token = token }, 0, 0
  for entry, err in client().pages(path, LOG, options) do
    if not entry then return tostring(err) end
    found = found + 1
  end
  for _ in client().async.pages(path, LOG, options):wait() do waited = waited + 1 end
  return found .. " and " .. waited
end

-- One that is begun by a request that ends, and waited for in another.
function content.begin_task(id)
  places.call = client().async.tokens.delete_many(nil, all(id))
  return "begun"
end

function content.end_task() return counted(places.call:wait()) end

-- The same under async, in a request that ends before: they run in a timer then.
local slept = 0
function content.async_task_that_keeps(id)
  local function sleep()
    ngx.sleep(0.01)
    client().tokens.verify()
    ngx.log(ngx.NOTICE, "slept")
    slept = slept + 1
  end
  places.call = client().async.tokens.delete_many(nil, all(id), { keep = sleep, journal = sleep, progress = sleep })
  return "begun"
end

function content.end_task_that_keeps() return counted(places.call:wait()) .. ", slept " .. slept end

-- What befalls many deletions in their middle; `way` may be async. The ids are of tokens that are not there.
local function delete_many(ids, options)
  local space = ngx.var.arg_way == "async" and client().async or client()
  local report = space.tokens.delete_many(nil, ids, options)
  return report.wait and report:wait() or report
end

local function missing(count)
  local ids = {}
  for i = 1, count do ids[i] = ("%032x"):format(i) end
  return ids
end

function content.full_disk(id)
  local report = delete_many(all(id), { journal = cloudflare.journal "/dev/full" })
  return ("%s: %s; %d not_sent"):format(report.stopped, report.error, report.counts.not_sent)
end

function content.resumed(path)
  local work = cloudflare.report_of(path)
  work[#work + 1] = ngx.var.arg_other
  local report, words = delete_many(work, { journal = cloudflare.journal(path) }), {}
  for i, entry in ipairs(report) do words[i] = entry.outcome end
  return table.concat(words, " ")
end

function content.dying_credential(value)
  local own = client().tokens.verify(nil, { api_token = value }).id
  local report = delete_many(missing(30), { api_token = value, max_in_flight = 5, progress = function(done)
    if done == 10 then client().tokens.delete(nil, own) end
  end })
  local counts = report.counts
  return ("%s; %d"):format(report.stopped, counts.not_found + counts.not_sent + (counts.refused or 0))
end

function content.eaten_quota()
  local report = delete_many(missing(30), { progress = function(done)
    while done == 3 and client().tokens.verify(nil, { timeout = 0.3 }) do ngx.sleep(0) end
  end })
  return tostring(report.stopped) .. "; " .. counted(report)
end

function content.begin_walk()
  places.call = client().async.tokens.each(nil, { per_page = 5 })
  return "begun"
end

function content.end_walk()
  local ids = {}
  for token, err in places.call:wait() do ids[#ids + 1] = token and token.id or tostring(err) end
  return table.concat(ids, " ")
end

-- One whose timer is dropped at first.
function content.task_without_timer(id)
  places.exhaust()
  return content.begin_task(id)
end

function content.cancelled_task(id)
  local call = client().async.tokens.delete_many(nil, all(id))
  ngx.sleep(0.1)
  local was_sent = call:cancel()
  return tostring(was_sent) .. " " .. call:wait().stopped
end

function content.with_sleep(id)
  local cf = assert(cloudflare.new { sleep = ngx.sleep })
  return select(2, cf.tokens.delete(nil, id)).outcome
end

function content.no_credential()
  return tostring(select(2, cloudflare.new { api_email = "a@example.com" }))
end

function places.serve()
  local place = content[ngx.var.uri:sub(2)]
  local fine, said = pcall(place, ngx.var.arg_id)
  ngx.print(fine and said or "raised: " .. tostring(said))
end

return places
