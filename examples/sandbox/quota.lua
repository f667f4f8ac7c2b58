-- The published quota: so many requests of a credential in a window of seconds. Not enforced until told so.
local json = require "json"

local quota = {}
local control = ngx.shared.control

local PUBLISHED = { q = 1200, w = 300 }

function quota.enforce(limits)
  local serial = control:incr("quotas", 1, 0) -- what was counted under another quota counts no more
  control:set("quota", json.encode { q = limits.q or PUBLISHED.q, w = limits.w or PUBLISHED.w, serial = serial })
end

function quota.lift()
  control:delete "quota"
end

local function headers(limits, left, seconds)
  return {
    Ratelimit = ('"default";r=%d;t=%d'):format(left, seconds),
    ["Ratelimit-Policy"] = ('"default";q=%d;w=%d'):format(limits.q, limits.w),
  }
end

local UNLIMITED = headers(PUBLISHED, PUBLISHED.q, PUBLISHED.w)

-- Counts one request: its headers, and how long to wait where there was none left.
function quota.charge(credential)
  local text = control:get "quota"
  if not text then return UNLIMITED end
  local limits = json.decode(text)
  local key = "spent:" .. limits.serial .. ":" .. credential
  local spent = control:incr(key, 1, 0, limits.w)
  local seconds = math.max(1, math.ceil(control:ttl(key) or limits.w))
  local told = headers(limits, math.max(0, limits.q - spent), seconds)
  if spent > limits.q then
    told["Retry-After"] = seconds
    return told, seconds
  end
  return told
end

return quota
