-- Where a run writes: lines on standard output and standard error, progress where that is a terminal, and files of JSON
-- lines. No secret that was given passes, whatever brings it: a scanner's link, a server's words.
local cjson = require "cjson"

local Paper = {}
Paper.__index = Paper

local SHORTEST = 8 -- characters of a value that is looked for: less may be a word

local function is_terminal()
  local status = os.execute "test -t 2"
  return status == true or status == 0
end

function Paper.new(findings)
  return setmetatable({ findings = findings, is_terminal = is_terminal(), files = {} }, Paper)
end

local function without(text, secret)
  local from, to = text:find(secret, 1, true)
  while from do
    text = text:sub(1, from - 1) .. "[redacted]" .. text:sub(to + 1)
    from, to = text:find(secret, from, true)
  end
  return text
end

--- A text of somebody else's as it may be shown: one line, without control characters, and without any value.
function Paper:clean(text)
  text = tostring(text):gsub("%c", " "):gsub("\194[\128-\159]", " ")
  for _, item in ipairs(self.findings) do
    if item.value and #item.value >= SHORTEST then text = without(text, item.value) end
  end
  return text
end

--- Where a scanner found it; nil where none did.
function Paper:places_of(item)
  local places = {}
  for i, place in ipairs(item.places) do places[i] = self:clean(place) end
  return places[1] and places
end

local function wipe_progress(self)
  if self.is_showing then io.stderr:write "\r\27[K" end
  self.is_showing = false
end

--- What standard output does not take is told on standard error; `is_unsaid` from then on.
function Paper:say(line)
  wipe_progress(self)
  io.stdout:write(line, "\n")
  local written, why = io.stdout:flush()
  if written then return end
  self.is_unsaid = true
  self:warn(("revoke: standard output: %s: %s"):format(why, line))
end

function Paper:warn(line)
  wipe_progress(self)
  io.stderr:write(self:clean(line), "\n")
end

function Paper:progress(done, total)
  if not self.is_terminal then return end
  io.stderr:write(("\r\27[K%d of %d"):format(done, total))
  self.is_showing = true
end

-- What a file holds; nothing of what is no regular file, whose size is 0 or none.
local function text_of(file)
  local size = file:seek "end"
  if not size or size == 0 then return "" end
  file:seek "set"
  local text = file:read "*a" or ""
  file:seek "end"
  return text
end

local function records_in(text)
  local records = {}
  for line in text:gmatch "[^\n]+" do
    local fine, record = pcall(cjson.decode, line)
    if fine and type(record) == "table" then records[#records + 1] = record end
  end
  return records
end

--- Opens a file to which records are added: those that it holds, or nil and why.
function Paper:keep(name, path)
  local file, why = io.open(path, "a+")
  if not file then return nil, why end
  local text = text_of(file)
  if text:find "[^\n]$" then file:write "\n" end -- behind a line that was torn
  self.files[name] = file
  return records_in(text)
end

--- Adds a record. Nil and why where it was not written; without such a file, nothing happens.
function Paper:record(name, record)
  local file = self.files[name]
  if not file then return true end
  local fine, why = file:write(self:clean(cjson.encode(record)), "\n")
  if fine then fine, why = file:flush() end
  return fine, why
end

return Paper
