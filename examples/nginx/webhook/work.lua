-- The timer that works the journal off. Every worker has one; the first to take the lock does the work. What stays
-- unfinished is tried again after a rest that doubles, up to an hour.
local github = require "webhook.github"
local journal = require "webhook.journal"
local memory = require "webhook.memory"
local revoke = require "webhook.revoke"
local settings = require "webhook.settings"

local LONGEST_RUN = 300  -- seconds after which a run counts as dead
local LONGEST_REST = 3600
local TIME = 60          -- seconds within which a run begins with alerts

local shared = ngx.shared.webhook
local work = {}

local function work_off_alerts()
  local last = ngx.now() + TIME
  for _, name in ipairs(journal.alerts()) do
    if ngx.now() < last then github.work(name) end
  end
end

local function rest()
  if journal.is_empty() then return shared:delete "rounds" end
  local rounds = shared:incr("rounds", 1, 0)
  shared:set("rest", true, math.min(settings.again_after * 2 ^ (rounds - 1), LONGEST_REST))
end

local function run_once()
  journal.work_off_ids(revoke.client "journal")
  if settings.fetch_secret then work_off_alerts() end
end

local function run(is_ending)
  if is_ending or journal.is_empty() or shared:get "rest" then return end
  if not memory.lock("work", LONGEST_RUN) then return end
  local alive, why = pcall(run_once)
  if not alive then ngx.log(ngx.ERR, "webhook: ", why) end
  rest()
  memory.unlock "work"
end

--- In init_worker: what an earlier nginx left undone is tried at once.
function work.start()
  assert(ngx.timer.at(0, run))
  assert(ngx.timer.every(settings.again_after, run))
end

return work
