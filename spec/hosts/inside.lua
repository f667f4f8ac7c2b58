-- Runs inside each program first: loads the module, deletes plainly, and notes what came of it for the spec outside.
local dir = os.getenv "SPEC_DIR"
local inside = { ticks = 0, id = os.getenv "SPEC_ID" }

function inside.say(text)
  local file = assert(io.open(dir .. "/said", "a"))
  file:write(text, "\n")
  file:close()
end

--- For the program to count what it does meanwhile: a frame, a turn of a timer.
function inside.tick() inside.ticks = inside.ticks + 1 end

--- What a recipe would show to a person.
function inside.show(what) inside.say(("after %d ticks: %s"):format(inside.ticks, tostring(what))) end

--- Whether the spec outside wants the program to leave.
function inside.must_leave()
  local file = io.open(dir .. "/leave")
  return file and file:close()
end

local cloudflare = require "cloudflare"
inside.say("loaded " .. cloudflare._VERSION)
local token, answer = cloudflare.tokens.delete(nil, os.getenv "SPEC_PLAIN_ID")
inside.say("plainly: " .. (token and answer.outcome or tostring(answer)))

return inside
