-- Each value that the API refuses is an authentication failure, and after ten or so it may refuse everybody for half an
-- hour. So no more than SLOTS values may be refused in half an hour, by all workers together, and of these every sender
-- has some that the others cannot use up.
--
-- A slot is a key, "asking SENDER" while a value is asked about and "refused SENDER" if it was refused. It goes by
-- itself: nothing that dies keeps one for good.
local settings = require "webhook.settings"

local SLOTS, RESERVED = 8, 2
local WINDOW = 1800 -- seconds
local ASKING = 30   -- seconds; no value is asked about for longer
local PAUSE = 0.02  -- seconds until it is looked again whether who is asking gave a slot back

local memory = ngx.shared.webhook
local budget = {}

local function key_of(slot) return "slot " .. slot end

-- How many slots a sender has left, of those that do not match.
local function left_for(sender, pattern)
  local left, of = SLOTS, {}
  for slot = 1, SLOTS do
    local user = (memory:get(key_of(slot)) or ""):match(pattern)
    if user then left, of[user] = left - 1, (of[user] or 0) + 1 end
  end
  for _, other in ipairs(settings.senders) do
    if other ~= sender then left = left - math.max(0, RESERVED - (of[other] or 0)) end
  end
  return left
end

local function add(sender)
  for slot = 1, SLOTS do
    if memory:add(key_of(slot), "asking " .. sender, ASKING) then return slot end
  end
end

-- So many slots; nil where other workers were faster.
local function try(sender, number)
  local slots = { sender = sender }
  for i = 1, number do
    slots[i] = add(sender)
    if not slots[i] then return budget.give_back(slots, 0) end
  end
  return slots
end

--- Slots for so many refusals; nil where the sender has not so many left, or others are asking until it is too late.
function budget.take(sender, number, last)
  repeat
    if memory:get "locked out" or left_for(sender, "^refused (.+)") < number then return nil end
    local slots = left_for(sender, "^%l+ (.+)") >= number and try(sender, number)
    if slots then return slots end
    ngx.sleep(PAUSE)
  until ngx.now() > last
end

--- Gives slots back, but for those that values were refused on.
function budget.give_back(slots, refused)
  for i, slot in ipairs(slots) do
    if i <= refused then memory:set(key_of(slot), "refused " .. slots.sender, WINDOW)
    else memory:delete(key_of(slot)) end
  end
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
  return wait or settings.again_after
end

return budget
