-- After so many refused credentials nobody is let in for a while, whatever their credential: see the switches.
local switches = require "switches"

local lockout = {}
local control = ngx.shared.control

function lockout.holds()
  return control:get "locked" ~= nil
end

-- One credential was refused.
function lockout.count()
  local seconds = switches.get "lockout"
  if seconds == 0 then return end
  if control:incr("refusals", 1, 0, seconds) < switches.get "lockout_after" then return end
  control:set("locked", true, seconds)
  control:delete "refusals"
end

function lockout.lift()
  control:delete "locked"
  control:delete "refusals"
end

return lockout
