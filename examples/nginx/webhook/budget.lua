-- Each value that the API refuses is an authentication failure, and after ten or so it may refuse everybody for half an
-- hour. So no more than SLOTS values may be refused in half an hour, by all workers together, and of these every sender
-- has some that the others cannot use up.
--
-- A slot is a key that is added before a value is asked about, and goes by itself: a worker that dies gives it back.
local settings = require "webhook.settings"

local SLOTS, RESERVED = 8, 2
local WINDOW = 1800 -- seconds

local memory = ngx.shared.webhook
local budget = {}

local function key_of(slot) return "refusal " .. slot end

-- How many slots are taken, and by whom.
local function count()
  local taken, of = 0, {}
  for slot = 1, SLOTS do
    local sender = memory:get(key_of(slot))
    if sender then taken, of[sender] = taken + 1, (of[sender] or 0) + 1 end
  end
  return taken, of
end

local function left_for(sender)
  local taken, of = count()
  local reserved = 0
  for _, other in ipairs(settings.senders) do
    if other ~= sender then reserved = reserved + math.max(0, RESERVED - (of[other] or 0)) end
  end
  return SLOTS - taken - reserved
end

local function take_one(sender)
  for slot = 1, SLOTS do
    if memory:add(key_of(slot), sender, WINDOW) then return slot end
  end
end

--- Gives back slots that were taken and not needed: all but the first `used`.
function budget.give_back(slots, used)
  for i = used + 1, #slots do memory:delete(key_of(slots[i])) end
end

--- Slots for so many refusals; nil where the sender has not so many left.
function budget.take(sender, number)
  if memory:get "locked out" or left_for(sender) < number then return nil end
  local slots = {}
  for i = 1, number do
    slots[i] = take_one(sender)
    if not slots[i] then return budget.give_back(slots, 0) end
  end
  return slots
end

--- The API says that it refuses everybody.
function budget.lock() memory:set("locked out", true, WINDOW) end

--- Seconds until there is a slot again, for whoever has none.
function budget.wait()
  local wait = memory:ttl "locked out"
  for slot = 1, wait and 0 or SLOTS do
    local left = memory:ttl(key_of(slot))
    if left and left > 0 then wait = math.min(wait or left, left) end
  end
  return math.ceil(wait or settings.again_after)
end

return budget
