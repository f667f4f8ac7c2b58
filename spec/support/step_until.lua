local cloudflare = require "cloudflare"
local gettime = require "socket".gettime

--- Steps until `condition` holds; a call that never gets there fails the spec.
return function(condition)
  local deadline = gettime() + 60
  while not condition() do
    cloudflare.step(0.01)
    assert(gettime() < deadline, "nothing came of stepping")
  end
end
