-- What is to be revoked, as it is given: words, lines of text, the reports of TruffleHog and gitleaks. The format is
-- told by the text itself. An item is one distinct id or value:
--   at      where it was first met in what was given: "#3", "leaks.json#3" (the third finding), "ids.txt:3" (the line)
--   places  where a scanner found it: "src/deploy.sh:12", or a link
--   kind    as secret_kind has it, and `fits`; "unreadable" where a finding cannot be read, with `fault`
--   id      in lower case, where it is one; else `value`
local cjson = require "cjson"
local secret_kind = require "cloudflare".secret_kind

local Findings = {}
Findings.__index = Findings

local OURS = "cloudflare" -- in the name of a detector of TruffleHog, or of a rule of gitleaks, whatever the case

--- An empty list. `skipped` counts the findings of other detectors and rules; `crowded` are the places of lines that
--- hold more than the word that is read.
function Findings.new() return setmetatable({ of = {}, skipped = 0, crowded = {} }, Findings) end

--- Adds an id or a value; one that is there already only gets the place.
function Findings:add(text, at, place)
  local kind, fits = secret_kind(text)
  local value = kind == "id" and text:lower() or text
  local item = self.of[value]
  if not item then
    item = { at = at, places = {}, kind = kind, fits = fits, [kind == "id" and "id" or "value"] = value }
    self.of[value], self[#self + 1] = item, item
  end
  item.places[#item.places + 1] = place
end

function Findings:add_unreadable(at, fault)
  self[#self + 1] = { at = at, places = {}, kind = "unreadable", fault = fault }
end

local function decode(text)
  local fine, object = pcall(cjson.decode, text)
  return fine and type(object) == "table" and object or nil
end

local function is_text(value) return type(value) == "string" and value ~= "" end

local function with_line(file, line)
  if not is_text(file) then return nil end
  return type(line) == "number" and ("%s:%.0f"):format(file, line) or file
end

-- TruffleHog tells the place by the kind of its source: { Git = { file, line, … } }.
local function place_in(data)
  if type(data) ~= "table" then return nil end
  local place = with_line(data.file, data.line) or is_text(data.link) and data.link
  if place then return place end
  for _, inner in pairs(data) do
    place = place_in(inner)
    if place then return place end
  end
end

local function of_trufflehog(finding)
  local metadata = finding.SourceMetadata
  return finding.DetectorName, finding.Raw, place_in(type(metadata) == "table" and metadata.Data)
end

local function of_gitleaks(finding)
  return finding.RuleID, finding.Secret, with_line(finding.File, finding.StartLine)
end

-- Whatever a rule is called, the checksum of a value tells.
local function is_ours(rule, value)
  return rule:lower():find(OURS, 1, true) or value and select(2, secret_kind(value))
end

function Findings:add_finding(finding, at)
  local rule, value, place = (is_text(finding.DetectorName) and of_trufflehog or of_gitleaks)(finding)
  value = is_text(value) and value:match "^%s*(.-)%s*$" or nil
  if not is_text(rule) then self:add_unreadable(at, "this is no finding of TruffleHog or gitleaks")
  elseif not is_ours(rule, value) then self.skipped = self.skipped + 1
  elseif not value or value == "" then self:add_unreadable(at, "the finding holds no value")
  else self:add(value, at, place) end
end

-- A line of TruffleHog's log.
local function is_log(object) return is_text(object.level) and is_text(object.msg) end

local function holds_one(text)
  for word in text:gmatch "%S+" do
    local kind, fits = secret_kind(word)
    if kind == "id" or fits then return true end
  end
end

-- A line of text: its first word. One that begins with # is a remark.
function Findings:add_line(line, at)
  if line:find "^%s*{" then
    local finding = decode(line)
    if not finding then self:add_unreadable(at, "the line is not whole JSON")
    elseif not is_log(finding) then self:add_finding(finding, at) end
    return
  end
  local word, remark = line:match "^%s*([^%s#]%S*)(.*)$"
  if word then self:add(word, at) end
  if word and holds_one(remark) then self.crowded[#self.crowded + 1] = at end
end

function Findings:add_array(name, text)
  local all = decode(text)
  if not all then return nil, name .. " is not whole JSON" end
  for i, finding in ipairs(all) do
    local at = ("%s#%d"):format(name, i)
    if type(finding) == "table" then self:add_finding(finding, at)
    elseif is_text(finding) then self:add(finding, at)
    else self:add_unreadable(at, "this is no finding") end
  end
  return true
end

function Findings:add_lines(name, text)
  local number = 0
  for line in text:gsub("\r\n?", "\n"):gmatch "([^\n]*)\n?" do
    number = number + 1
    self:add_line(line, ("%s:%d"):format(name, number))
  end
  return true
end

--- Adds what a text holds. Nil and why where it is of no format that is known.
function Findings:add_text(name, text)
  if text:find "^\255\254" or text:find "^\254\255" then return nil, name .. " is UTF-16; write it as UTF-8" end
  text = text:gsub("^\239\187\191", "")
  if text:find "^%s*%[" then return self:add_array(name, text) end
  local first = text:match "^%s*({[^\n]*)"
  if first and not decode(first) then
    return nil, name .. " is JSON, but neither JSON lines nor an array (gitleaks: --report-format json)"
  end
  return self:add_lines(name, text)
end

--- Adds what a file holds; "-" is standard input.
function Findings:add_file(path)
  local file, why = io.stdin, nil
  if path ~= "-" then file, why = io.open(path, "rb") end
  if not file then return nil, why end
  local text, fault = file:read "*a"
  if path ~= "-" then file:close() end
  if not text then return nil, ("%s: %s"):format(path, fault or "it cannot be read") end
  return self:add_text(path == "-" and "stdin" or path:match "[^/]*$", text)
end

return Findings
