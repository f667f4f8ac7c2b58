-- What a token in a request's body must look like, and what one looks like in an answer.
local addresses = require "addresses"
local clock = require "clock"
local json = require "json"
local policies = require "policies"

local shape = {}

local STATUS = { active = true, disabled = true }

local function is_given(value)
  return value ~= nil and value ~= json.null
end

local function is_name(value)
  if type(value) ~= "string" then return false end
  local characters = #value:gsub("[\128-\191]", "")
  return characters > 0 and characters <= 120
end

local function is_ranges(list)
  if not is_given(list) then return true end
  if type(list) ~= "table" then return false end
  for _, range in ipairs(list) do
    if not addresses.is_range(range) then return false end
  end
  return true
end

local function is_condition(value)
  if not is_given(value) then return true end
  if type(value) ~= "table" then return false end
  local rule = value.request_ip or value["request.ip"]
  return rule == nil or type(rule) == "table" and is_ranges(rule["in"]) and is_ranges(rule.not_in)
end

-- What is wrong with it, or nil.
local function problem_of(token)
  if not is_name(token.name) then return "name must have 1 to 120 characters" end
  for _, field in ipairs { "expires_on", "not_before" } do
    if is_given(token[field]) and not clock.parse(token[field]) then
      return field .. " must look like 2030-01-31T00:00:00Z"
    end
  end
  if is_given(token.status) and not STATUS[token.status] then return "status must be active or disabled" end
  if not is_condition(token.condition) then return "condition must name IPv4 or IPv6 addresses in CIDR notation" end
  return policies.problem_of(token.policies)
end

-- What was sent, as a table that holds a whole token; or nothing, the name of a failure and its detail.
function shape.read(text)
  local wish = json.decode(text or "")
  if type(wish) ~= "table" then return nil, "bad_json" end
  local problem = problem_of(wish)
  if problem then return nil, "bad_request", problem end
  return wish
end

-- The fields that a caller may choose; what was left out is not there, and other fields are not heeded.
function shape.chosen(wish, is_granted)
  return {
    name = wish.name, status = is_given(wish.status) and wish.status or "active",
    condition = is_given(wish.condition) and wish.condition or nil,
    not_before = clock.normal(wish.not_before), expires_on = clock.normal(wish.expires_on),
    policies = policies.keep(wish.policies, is_granted),
  }
end

-- As an answer shows it: without what the sandbox alone knows of it.
function shape.show(token)
  local shown = {}
  for field, value in pairs(token) do
    if field ~= "hidden" then shown[field] = value end
  end
  shown.policies = policies.show(token.policies)
  return shown
end

return shape
