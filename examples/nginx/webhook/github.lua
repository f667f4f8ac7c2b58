-- GitHub's alerts about secrets found in repositories. An alert names the secret's place, not the secret: a function of
-- the operator's, fetch_secret(alert, repository), asks GitHub for it. The alert is written down first. GitHub does not
-- repeat what failed, and gives up after ten seconds, so a timer does the work, at once and again until it is done.
local semaphore = require "ngx.semaphore"
local crypto = require "webhook.crypto"
local exchange = require "webhook.exchange"
local journal = require "webhook.journal"
local memory = require "webhook.memory"
local revoke = require "webhook.revoke"
local settings = require "webhook.settings"

local PATIENCE = 8 -- seconds that GitHub is kept waiting
local LONGEST = 60 -- seconds for which one alert may be worked on

local github = {}

-- "owner/repository#7", or nil where the alert is none of ours.
local function name_of(event)
  local alert, repository = event.alert, event.repository
  if type(alert) ~= "table" or type(repository) ~= "table" then return nil end
  if alert.state ~= "open" or not tostring(alert.secret_type):find "^cloudflare_" then return nil end
  local number, full_name = alert.number, repository.full_name
  if type(number) ~= "number" or number % 1 ~= 0 or number < 1 or number >= 2 ^ 53 then return nil end
  if not tostring(full_name):find "^[%w._-]+/[%w._-]+$" then return nil end
  return ("%s#%.0f"):format(full_name, number)
end

-- The secret; or nil, logged. What is given is what every run knows, the first and one after a restart.
local function fetch(name)
  local full_name, number = name:match "^(.+)#(%d+)$"
  local alive, secret, why = pcall(settings.fetch_secret, { number = tonumber(number) }, { full_name = full_name })
  if alive and type(secret) == "string" and secret ~= "" then return secret end
  ngx.log(ngx.ERR, "webhook: github: no secret for ", name, ": ", tostring(alive and why or secret))
end

local function settle(name)
  if memory.is_resting(name) then return nil end
  local secret = fetch(name)
  if not secret then return nil end
  local answers, fates = revoke.all("github", { secret }, { name })
  if fates[1] == "time" or fates[1] == "mend" then return nil end
  if answers[1].outcome == "not_accepted" and journal.doubt_alert(name) then return memory.let_rest(name) end
  journal.close_alert(name, answers[1].outcome)
  return answers[1]
end

--- Works on an alert, where nobody else does: its answer, or nil where the alert stays kept.
function github.work(name)
  if not memory.lock(name, LONGEST) then return nil end
  local alive, answer = pcall(settle, name)
  memory.unlock(name)
  if alive then return answer end
  ngx.log(ngx.ERR, "webhook: github: ", name, ": ", answer)
end

-- The work goes on in its timer where the time is up, or GitHub has hung up.
local function work_now(name)
  local done, answer = semaphore.new(0), nil
  local function work()
    answer = github.work(name)
    done:post()
  end
  if ngx.timer.at(0, work) then done:wait(PATIENCE) end
  return answer
end

local function take(name, delivery, signature)
  if not memory.is_new(delivery, signature) then
    return exchange.answer(ngx.HTTP_CONFLICT, { outcome = "replayed" })
  end
  if not journal.keep_alert(name) then
    memory.forget(delivery, signature)
    return exchange.mistake(ngx.HTTP_INTERNAL_SERVER_ERROR, "the alert was not written down")
  end
  memory.confirm(delivery, signature)
  local answer = settings.fetch_secret and work_now(name)
  exchange.answer(answer and ngx.HTTP_OK or ngx.HTTP_ACCEPTED, answer or { outcome = "kept" })
end

--- POST /github
function github.serve()
  if not exchange.is_method "POST" then return end
  local body, signature = exchange.body(), ngx.var.http_x_hub_signature_256
  if not settings.github_secret or not crypto.is_signed(settings.github_secret, body, signature) then
    return exchange.mistake(ngx.HTTP_UNAUTHORIZED, "the signature is missing or wrong")
  end
  local event, delivery = exchange.decode(body), ngx.var.http_x_github_delivery or ""
  if type(event) ~= "table" or not delivery:find "^[%w-]+$" or #delivery > 64 then
    return exchange.mistake(ngx.HTTP_BAD_REQUEST, "an event with its delivery id expected")
  end
  local name = ngx.var.http_x_github_event == "secret_scanning_alert" and name_of(event)
  if not name then return exchange.answer(ngx.HTTP_OK, { outcome = "ignored" }) end
  take(name, delivery, signature)
end

return github
