-- A sweep: many cases of one promise, counted, and one line at the end: "sweep: NAME: N/N".
-- SWEEP=all walks every case; otherwise a seeded share (SEED, a whole number, 1 by default).
local MOST_NAMED = 20 -- of the cases that failed

local Sweep = {}
Sweep.__index = Sweep

Sweep.whole = os.getenv "SWEEP" == "all"

--- A generator of its own for one sweep: the same numbers in every Lua. `random(n)` is 1 to n.
function Sweep.random(seed)
  local state = (seed or tonumber(os.getenv "SEED") or 1) % 2147483647
  if state == 0 then state = 1 end
  return function(n)
    state = state * 16807 % 2147483647 -- Park and Miller's minimal standard: exact in a double
    return state % n + 1
  end
end

--- The cases to walk: all of them, or `most` drawn from them, in their order. Where there are too many to walk them all,
--- `most_of_whole` are drawn for SWEEP=all.
function Sweep.share(cases, most, most_of_whole)
  if Sweep.whole then most = most_of_whole or #cases end
  if #cases <= most then return cases end
  local random, drawn, left = Sweep.random(), {}, most
  for i, case in ipairs(cases) do
    if random(#cases - i + 1) <= left then
      drawn[#drawn + 1] = case
      left = left - 1
    end
  end
  return drawn
end

function Sweep.new(name) return setmetatable({ name = name, held = 0, walked = 0 }, Sweep) end

--- Counts one case; `what` names it where it failed.
function Sweep:check(holds, what)
  self.walked = self.walked + 1
  if holds then
    self.held = self.held + 1
  elseif self.walked - self.held <= MOST_NAMED then
    print("  not so: " .. what)
  end
  return holds
end

--- Prints the line; whether all held. `detail` is for what else was counted.
function Sweep:tell(detail)
  print(("sweep: %s: %d/%d%s"):format(self.name, self.held, self.walked, detail and ", " .. detail or ""))
  return self.held == self.walked and self.walked > 0
end

--- Prints the line and ends the process.
function Sweep:finish(detail) os.exit(self:tell(detail), true) end

return Sweep
