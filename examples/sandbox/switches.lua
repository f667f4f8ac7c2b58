-- Switches that change how the API behaves until they are set back; README.md explains each.
local json = require "json"

local switches = {}
local control = ngx.shared.control

local DEFAULTS = {
  fresh_refused = 0, dead_accepted = 0, lockout = 0, lockout_after = 12,
  withhold = {}, held_only = false, most_account = 500, most_user = 50, address = "", bodies = false,
  verify_tells = false,
}

function switches.all()
  local text = control:get "switches"
  local set = text and json.decode(text) or {}
  for name, value in pairs(DEFAULTS) do
    if set[name] == nil then set[name] = value end
  end
  return set
end

function switches.get(name)
  if not control:get "switches" then return DEFAULTS[name] end
  return switches.all()[name]
end

local function problem_of(name, value)
  if DEFAULTS[name] == nil then return "no such switch: " .. tostring(name) end
  if type(value) ~= type(DEFAULTS[name]) then return name .. " must be a " .. type(DEFAULTS[name]) end
  if type(value) == "number" and value < 0 then return name .. " must not be negative" end
end

-- Sets those that are named. Returns what is wrong, and then nothing was set.
function switches.set(wanted)
  for name, value in pairs(wanted) do
    local problem = problem_of(name, value)
    if problem then return problem end
  end
  local set = switches.all()
  for name, value in pairs(wanted) do set[name] = value end
  control:set("switches", json.encode(set))
end

function switches.clear()
  control:delete "switches"
end

return switches
