-- A webhook that revokes leaked tokens; ../README.md tells its use.
--   settings   what the operator said              crypto     signatures, and comparisons in constant time
--   exchange   requests in, answers out            memory     what is remembered of values and deliveries
--   notices, gitlab, github   the three senders    budget     how many values may be refused, for each sender
--   revoke     from a value to a word              journal    what was promised; work: the timer that does it
local settings = require "webhook.settings"

local webhook = {}
local work

--- In init_by_lua, before there are workers, which may not be allowed to read these files: all are loaded here.
function webhook.open(given)
  settings.set(given)
  require("webhook.revoke").open()
  local directory = settings.directory
  if not directory:find "^/" then directory = ngx.config.prefix() .. directory end
  require("webhook.journal").open(directory)
  for _, name in ipairs { "notices", "gitlab", "github" } do webhook[name] = require("webhook." .. name) end
  work = require "webhook.work"
end

--- In init_worker_by_lua.
function webhook.start() work.start() end

return webhook
