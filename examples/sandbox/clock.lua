-- Times as the API writes them, and as callers may write them.
local clock = {}

local function text_of(seconds)
  return os.date("!%Y-%m-%dT%H:%M:%SZ", seconds)
end

function clock.now()
  return text_of(ngx.time())
end

local PATTERN = "^(%d%d%d%d)%-(%d%d)%-(%d%d)[Tt](%d%d):(%d%d):(%d%d)%.?%d*([Zz+-])(.*)$"

-- The seconds that lie between UTC and a zone ("Z", "+02:00"), or nil.
local function offset(sign, rest)
  if sign:upper() == "Z" then return rest == "" and 0 or nil end
  local hours, minutes = rest:match "^(%d%d):(%d%d)$"
  return hours and (sign == "-" and -1 or 1) * (hours * 3600 + minutes * 60)
end

-- Days since 1970-01-01, by the civil calendar.
local function days(year, month, day)
  year = month <= 2 and year - 1 or year
  local era = math.floor(year / 400)
  local of_year = math.floor((153 * (month + (month > 2 and -3 or 9)) + 2) / 5) + day - 1
  local years = year - era * 400
  return era * 146097 + years * 365 + math.floor(years / 4) - math.floor(years / 100) + of_year - 719468
end

-- An RFC 3339 time in seconds since 1970, or nil.
function clock.parse(text)
  if type(text) ~= "string" then return nil end
  local year, month, day, hour, minute, second, sign, rest = text:match(PATTERN)
  local shift = year and offset(sign, rest)
  if not shift or tonumber(month) < 1 or tonumber(month) > 12 or tonumber(day) < 1 or tonumber(day) > 31
    or tonumber(hour) > 23 or tonumber(minute) > 59 or tonumber(second) > 60 then return nil end
  return days(tonumber(year), tonumber(month), tonumber(day)) * 86400 + hour * 3600 + minute * 60 + second - shift
end

-- The same time in UTC and without fractions, as the API gives it back: such texts compare as times. Or nil.
function clock.normal(text)
  local seconds = clock.parse(text)
  return seconds and text_of(seconds)
end

return clock
