-- What the operator says in nginx.conf, checked before the first worker starts: a mistake keeps nginx from starting.
-- A sender is one of "notices", "gitlab" and "github"; who has no secret here is not listened to.
local settings = {
  senders = {},     -- the names of those that are listened to
  again_after = 60, -- seconds until a timer looks at unfinished work again, and a sender may
  directory = "run",
  gitlab_types = { "gitleaks_rule_id_cloudflare_api_token" },
}

local SECRETS = { notices = "notices_secret", gitlab = "gitlab_token", github = "github_secret" }
local SHORTEST = 16 -- bytes; a secret that is empty or can be guessed lets everybody in

local TYPES = {
  notices_secret = "string", gitlab_token = "string", gitlab_types = "table", github_secret = "string",
  fetch_secret = "function", api_token = "string or function", directory = "string", again_after = "number",
}

local function check(name, value)
  local wanted = TYPES[name] or error("webhook: no setting is called " .. tostring(name), 0)
  if not wanted:find(type(value), 1, true) then error(("webhook: %s: a %s expected"):format(name, wanted), 0) end
end

local function add_sender(sender, name)
  local secret = settings[name]
  if not secret then return end
  if #secret < SHORTEST then error(("webhook: %s: at least %d characters expected"):format(name, SHORTEST), 0) end
  settings.senders[#settings.senders + 1] = sender
end

--- Takes the operator's table.
function settings.set(given)
  for name, value in pairs(given) do
    check(name, value)
    settings[name] = value
  end
  if settings.again_after <= 0 then error("webhook: again_after: more than 0 expected", 0) end
  for sender, name in pairs(SECRETS) do add_sender(sender, name) end
  if #settings.senders == 0 then error("webhook: nobody is listened to: no sender's secret is set", 0) end
end

return settings
