-- Addresses and ranges of them (192.0.2.0/24, 2001:db8::/48), for the condition of a token.
local addresses = {}

local function bytes_of_v4(text)
  local list = { text:match "^(%d+)%.(%d+)%.(%d+)%.(%d+)$" }
  if #list ~= 4 then return nil end
  for i = 1, 4 do
    list[i] = tonumber(list[i])
    if list[i] > 255 then return nil end
  end
  return list
end

-- The bytes of "2001:db8" and the like; nothing where it is not that.
local function words(text)
  local list = {}
  if text == "" then return list end
  for word in (text .. ":"):gmatch "([^:]*):" do
    if not word:find "^%x%x?%x?%x?$" then return nil end
    local value = tonumber(word, 16)
    list[#list + 1], list[#list + 2] = math.floor(value / 256), value % 256
  end
  return list
end

local function bytes_of_v6(text)
  local left, right = text:match "^(.-)::(.*)$"
  local list, tail = words(left or text), words(right or "")
  if not list or not tail or (left and #list + #tail > 14 or not left and #list ~= 16) then return nil end
  for _ = 1, 16 - #list - #tail do list[#list + 1] = 0 end
  for _, byte in ipairs(tail) do list[#list + 1] = byte end
  return list
end

local function bytes_of(text)
  return bytes_of_v4(text) or bytes_of_v6(text)
end

-- bytes, length of the prefix; or nothing
local function parse(range)
  local text, length = range:match "^([^/]+)/?(%d*)$"
  local bytes = text and bytes_of(text)
  if not bytes then return nil end
  length = length == "" and #bytes * 8 or tonumber(length)
  if length <= #bytes * 8 then return bytes, length end
end

function addresses.is_range(text)
  return type(text) == "string" and parse(text) ~= nil
end

function addresses.is_in(address, range)
  local bytes, length = parse(range)
  local mine = bytes_of(address)
  if #mine ~= #bytes then return false end
  for i = 1, #bytes do
    local step = 2 ^ (8 - math.max(0, math.min(8, length - (i - 1) * 8)))
    if math.floor(mine[i] / step) ~= math.floor(bytes[i] / step) then return false end
  end
  return true
end

local function is_in_any(address, ranges)
  for _, range in ipairs(ranges) do
    if addresses.is_in(address, range) then return true end
  end
  return false
end

local function list_of(value)
  return type(value) == "table" and value or {}
end

-- Does a condition let this address pass? An empty or absent list says nothing.
function addresses.allow(condition, address)
  local rule = type(condition) == "table" and (condition.request_ip or condition["request.ip"])
  if type(rule) ~= "table" then return true end
  local wanted, unwanted = list_of(rule["in"]), list_of(rule.not_in)
  return (#wanted == 0 or is_in_any(address, wanted)) and not is_in_any(address, unwanted)
end

return addresses
