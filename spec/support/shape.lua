-- Compares values with their definitions (src/types). A shape notes each field that it met, so that a spec can ask for
-- those that are documented and never came.
local definitions = require "src.types.definitions"

local Shape = {}
Shape.__index = Shape

--- found: what definitions.read gave.
function Shape.new(found) return setmetatable({ found = found, met = {} }, Shape) end

local plain = {
  any = function(value) return value ~= nil end,
  integer = function(value) return type(value) == "number" and value % 1 == 0 end,
  lightuserdata = function(value) return type(value) == "userdata" end,
  ["true"] = function(value) return value == true end,
  ["false"] = function(value) return value == false end,
}

local function is_lua_function(value) return type(value) == "function" and debug.getinfo(value, "S").what == "Lua" end

-- The names in a value. A client hands out by a function what it has: it is asked for `candidates`.
local function names_in(value, candidates)
  local index = type(value) == "userdata" and debug.getmetatable(value).__index or value
  if type(index) == "table" then return index end
  local names = {}
  for name in pairs(candidates) do names[name] = value[name] end
  return names
end

-- What every class and the module call anything.
local function all_names(found)
  local names = {}
  for name in pairs(require "cloudflare") do names[name] = true end
  for class in pairs(found.classes) do
    local fields, functions = definitions.members(found, class)
    for _, field in ipairs(fields) do names[field.name] = true end
    for _, operation in ipairs(functions) do names[operation.name] = true end
  end
  return names
end

-- A class was met, and a field of it, by name.
function Shape:note(class, name)
  while class do
    self.met[class] = self.met[class] or {}
    if name then self.met[class][name] = true end
    class = self.found.classes[class].parent
  end
end

function Shape:fields_misfit(class, fields, value, path, add)
  local documented = {}
  for _, field in ipairs(fields) do
    documented[field.name] = true
    local got = value[field.name]
    if got ~= nil then
      if class then self:note(class, field.name) end
      self:misfit(field.type, got, path .. "." .. field.name, add)
    elseif not field.optional then
      add(path .. "." .. field.name .. ": documented, and absent")
    end
  end
  return documented
end

function Shape:class_misfits(name, value, path, add)
  local fields, functions = definitions.members(self.found, name)
  if type(value) ~= "table" and type(value) ~= "userdata" then return add(path .. ": not a " .. name) end
  self:note(name)
  local documented = self:fields_misfit(name, fields, value, path, add)
  for _, operation in ipairs(functions) do
    documented[operation.name] = true
    if type(value[operation.name]) ~= "function" then add(path .. "." .. operation.name .. ": documented, and absent") end
    if not operation.method and not is_lua_function(value[operation.name]) then add(path .. ": a C function") end
  end
  local item = self.found.classes[name].item
  for key, one in pairs(names_in(value, all_names(self.found))) do
    if item and type(key) == "number" then self:misfit(item, one, path .. "[" .. key .. "]", add)
    elseif not documented[key] then add(path .. "." .. tostring(key) .. ": undocumented") end
  end
end

function Shape:union_misfits(parts, value, path, add)
  local first
  for _, part in ipairs(parts) do
    local said = {}
    self:misfit(part, value, path, function(complaint) said[#said + 1] = complaint end)
    if #said == 0 then return end
    first = first or said[1]
  end
  add(first)
end

function Shape:list_misfits(item, value, path, add)
  if type(value) ~= "table" then return add(path .. ": not a list") end
  for key, one in pairs(value) do
    if type(key) ~= "number" then add(path .. "." .. tostring(key) .. ": a list has no names") end
    self:misfit(item, one, path .. "[" .. tostring(key) .. "]", add)
  end
end

function Shape:map_misfits(node, value, path, add)
  if type(value) ~= "table" then return add(path .. ": not a table") end
  for key, one in pairs(value) do
    self:misfit(node.key, key, path .. "'s key", add)
    self:misfit(node.value, one, path .. "." .. tostring(key), add)
  end
end

function Shape:named_misfits(node, value, path, add)
  local alias = self.found.aliases[node.name]
  if self.found.classes[node.name] then return self:class_misfits(node.name, value, path, add) end
  if alias and alias.type then return self:misfit(alias.type, value, path, add) end
  local fits = plain[node.name] and plain[node.name](value) or type(value) == node.name
  for _, literal in ipairs(alias and alias.values or {}) do fits = fits or value == literal end
  if not fits then add(path .. ": " .. tostring(value) .. " is no " .. node.name) end
end

--- Calls add(sentence) for whatever keeps a value from being of a type.
function Shape:misfit(node, value, path, add)
  if node.union then return self:union_misfits(node.union, value, path, add) end
  if node.optional then return value ~= nil and self:misfit(node.optional, value, path, add) end
  if node.array then return self:list_misfits(node.array, value, path, add) end
  if node.key then return self:map_misfits(node, value, path, add) end
  if node.name then return self:named_misfits(node, value, path, add) end
  if node.literal then return value ~= node.literal and add(path .. ": not " .. node.text) end
  if node.fun then return type(value) ~= "function" and add(path .. ": not a function") end
  if type(value) ~= "table" then return add(path .. ": not a table") end
  local documented = self:fields_misfit(nil, node.fields, value, path, add)
  for key in pairs(value) do
    if not documented[key] then add(path .. "." .. tostring(key) .. ": undocumented") end
  end
end

--- The misfits as a list.
function Shape:misfits(type_text, value)
  local said = {}
  self:misfit(definitions.type(type_text), value, type_text, function(sentence) said[#said + 1] = sentence end)
  table.sort(said)
  return said
end

return Shape
