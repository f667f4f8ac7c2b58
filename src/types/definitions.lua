-- Reads the definitions (LuaCATS) that stand in src/types/library, for whatever is made of them and for the spec that
-- compares them with the module. Strict: a line that it does not understand, a type that nothing defines and a
-- parameter without a description of its type are errors, with file and line.
--
--   aliases[name]  { name, doc, values = { "…", … } } or { name, doc, type = TYPE }
--   classes[name]  { name, doc, generic, parent, fields = { FIELD… }, functions = { FUNCTION… }, operators }
--   order          the names of the classes, as they stand in the files
--   FIELD          { name, optional, type = TYPE, text }; a class of a list has `item`, the TYPE behind [integer]
--   FUNCTION       { name, method, doc, example, params = { FIELD… }, returns = { FIELD… } }
--   TYPE           { text, and one of: name + args, literal, union, array, optional, fields, key + value,
--                  fun + params + returns }
-- A text is one paragraph; a doc may hold several, separated by line ends.
local definitions = {}

local BUILT_IN = {
  any = true, boolean = true, integer = true, lightuserdata = true, ["nil"] = true, number = true, string = true,
  table = true, thread = true, userdata = true, ["true"] = true, ["false"] = true,
}

-- Types, by recursive descent: each function takes a text and a position, and returns a type and the position after it.

local read_type

local function skip(text, at, pattern)
  local _, stop = text:find("^%s*" .. pattern, at)
  return stop and stop + 1
end

local function expect(text, at, pattern)
  return skip(text, at, pattern) or error(("%q has no %s at %q"):format(text, pattern, text:sub(at)), 0)
end

-- Reads items separated by commas up to `close`.
local function read_list(text, at, close, read_item)
  local items, after = {}, skip(text, at, close)
  while not after do
    items[#items + 1], at = read_item(text, at)
    after = skip(text, at, close)
    at = after or expect(text, at, ",")
  end
  return items, after
end

-- `name: type`, `name?: type`, `...: type`
local function read_member(text, at)
  local _, stop, name, optional = text:find("^%s*([%w_.]+)(%??)%s*:%s*", at)
  if not stop then error(("%q has no name at %q"):format(text, text:sub(at)), 0) end
  local member = { name = name, optional = optional == "?" }
  member.type, at = read_type(text, stop + 1)
  return member, at
end

local function read_function_type(text, at)
  local params, after = read_list(text, at, "%)", read_member)
  local returns, colon = {}, skip(text, after, ":")
  while colon do
    returns[#returns + 1], after = read_type(text, colon)
    colon = skip(text, after, ",")
  end
  return { fun = true, params = params, returns = returns }, after
end

local function read_table_type(text, at)
  local bracket = skip(text, at, "%[")
  if not bracket then
    local fields, after = read_list(text, at, "}", read_member)
    return { fields = fields }, after
  end
  local key, value
  key, at = read_type(text, bracket)
  value, at = read_type(text, expect(text, at, "%]%s*:"))
  return { key = key, value = value }, expect(text, at, "}")
end

local function read_name(text, at)
  local _, stop, name = text:find("^%s*([%a_][%w_.]*)", at)
  if not stop then error(("%q has no type at %q"):format(text, text:sub(at)), 0) end
  local angle = skip(text, stop + 1, "<")
  if not angle then return { name = name }, stop + 1 end
  local args, after = read_list(text, angle, ">", read_type)
  return { name = name, args = args }, after
end

local function read_plain_type(text, at)
  local _, stop, literal = text:find('^%s*"([^"]*)"', at)
  if literal then return { literal = literal }, stop + 1 end
  local inside = skip(text, at, "fun%(")
  if inside then return read_function_type(text, inside) end
  inside = skip(text, at, "{")
  if inside then return read_table_type(text, inside) end
  inside = skip(text, at, "%(")
  if not inside then return read_name(text, at) end
  local node
  node, at = read_type(text, inside)
  return node, expect(text, at, "%)")
end

-- A plain type with what may follow it: `[]` and `?`.
local function read_part(text, at)
  local first = text:match("^%s*()", at)
  local node, after = read_plain_type(text, first)
  node.text = text:sub(first, after - 1)
  while text:find("^%[%]", after) or text:find("^%?", after) do
    local brackets = text:sub(after, after) == "["
    after = after + (brackets and 2 or 1)
    node = { [brackets and "array" or "optional"] = node, text = text:sub(first, after - 1) }
  end
  return node, after
end

function read_type(text, at)
  local parts, first = {}, text:match("^%s*()", at)
  local bar = first
  while bar do
    parts[#parts + 1], at = read_part(text, bar)
    bar = text:match("^|()", at)
  end
  if #parts == 1 then return parts[1], at end
  return { union = parts, text = text:sub(first, at - 1) }, at
end

-- Lines.

-- Paragraphs of text, and the lines of code among them.
local function split_doc(lines)
  local paragraphs, code, open = {}, {}, false
  for _, line in ipairs(lines) do
    local shown = line:match "^    (.*)"
    if shown then
      code[#code + 1] = shown
    elseif line == "" then
      open = false
    elseif open then
      paragraphs[#paragraphs] = paragraphs[#paragraphs] .. " " .. line
    else
      paragraphs[#paragraphs + 1], open = line, true
    end
  end
  return table.concat(paragraphs, "\n"), #code > 0 and table.concat(code, "\n") or nil
end

local function take_doc(state)
  local doc, example = split_doc(state.doc)
  state.doc = {}
  return doc, example
end

local function join(doc, text)
  return doc ~= "" and text ~= "" and doc .. " " .. text or doc .. text
end

-- `type`, or with `named` `type [name] [text]`.
local function read_tagged(state, member, rest)
  local at
  member.type, at = read_type(rest, 1)
  state.used[#state.used + 1] = { type = member.type, line = state.line, generic = state.class and state.class.generic }
  return member, rest:sub(at):match "^%s*(.-)%s*$"
end

local tags = {}

function tags.meta() end

function tags.alias(state, rest)
  local name, type_text = rest:match "^([%w.]+)%s*(.*)$"
  local alias = { name = name, doc = take_doc(state) }
  if type_text ~= "" then read_tagged(state, alias, type_text) else alias.values = {} end
  state.found.aliases[name], state.alias = alias, alias
end

function tags.class(state, rest)
  local name, generic, parent = rest:match "^([%w.]+)<?(%w*)>?:?%s*([%w.]*)$"
  local class = { name = name, doc = take_doc(state), fields = {}, functions = {}, operators = {} }
  class.generic, class.parent = generic ~= "" and generic or nil, parent ~= "" and parent or nil
  if state.found.classes[name] then error("a second class " .. name, 0) end
  state.found.classes[name], state.class = class, class
  table.insert(state.found.order, name)
  if parent ~= "" then table.insert(state.used, { type = { name = parent }, line = state.line }) end
end

function tags.field(state, rest)
  local item = rest:match "^%[integer%] (.+)$"
  if item then
    state.class.item = read_tagged(state, {}, item).type
    return
  end
  local name, optional, type_text = rest:match "^([%a_][%w_]*)(%??)%s+(.+)$"
  local field, text = read_tagged(state, { name = name, optional = optional == "?" }, type_text)
  field.text = join((take_doc(state):gsub("\n", " ")), text)
  table.insert(state.class.fields, field)
end

function tags.operator(state, rest) state.class.operators[rest:match "^%w+"] = true end

function tags.param(state, rest)
  local name, optional, type_text = rest:match "^([%a_][%w_]*)(%??)%s+(.+)$"
  local param
  param, state.text = read_tagged(state, { name = name, optional = optional == "?" }, type_text)
  param.text = state.text
  table.insert(state.params, param)
end

tags["return"] = function(state, rest)
  local result, text = read_tagged(state, {}, rest)
  result.name, result.text = text:match "^([%w_]*)%s*(.*)$"
  table.insert(state.returns, result)
end

local function end_function(state, variable, sign, name, params)
  local class = state.variables[variable] or error("no class belongs to " .. variable, 0)
  local described = {}
  for i, param in ipairs(state.params) do described[i] = param.name end
  if table.concat(described, ", ") ~= params then error(name .. ": parameters other than the described ones", 0) end
  local found = { name = name, method = sign == ":", params = state.params, returns = state.returns }
  found.doc, found.example = take_doc(state)
  table.insert(class.functions, found)
  state.params, state.returns = {}, {}
end

-- What a line says, and whether it is one that may stand here.
local function read_line(state, line)
  local tag, rest = line:match "^%-%-%-@(%w+)%s*(.*)$"
  if tag then return (tags[tag] or error("unknown tag @" .. tag, 0))(state, rest) end
  local value = line:match '^%-%-%-| "([%w_ ()]+)"'
  if value then return table.insert(state.alias.values, value) end
  local doc = line:match "^%-%-%-(.*)$"
  if doc then return not doc:find "^ +#" and table.insert(state.doc, doc) end
  local variable = line:match "^local ([%w_]+) = {}$"
  if variable then state.variables[variable] = state.class return end
  local object, sign, name, params = line:match "^function ([%w_]+)([.:])([%w_]+)%((.*)%) end$"
  if object then return end_function(state, object, sign, name, params) end
  if line ~= "" and not line:find "^%-%-" and not line:find "^return [%w_]+$" then error("not understood", 0) end
end

-- Calls `visit` with a type and all that it is made of.
local function each_type(node, visit)
  visit(node)
  for _, list in ipairs { node.args or {}, node.union or {}, node.returns or {} } do
    for _, part in ipairs(list) do each_type(part, visit) end
  end
  for _, list in ipairs { node.fields or {}, node.params or {} } do
    for _, member in ipairs(list) do each_type(member.type, visit) end
  end
  for _, part in ipairs { "array", "optional", "key", "value" } do
    if node[part] then each_type(node[part], visit) end
  end
end

--- Reads one type.
function definitions.type(text) return (read_type(text, 1)) end

local function use(found, node, line, generic)
  found.used[#found.used + 1] = { type = node, line = line, generic = generic }
end

--- Adds a class that stands in no file.
function definitions.add(found, class)
  found.classes[class.name] = class
  found.order[#found.order + 1] = class.name
  for _, field in ipairs(class.fields) do use(found, field.type, class.name) end
  for _, operation in ipairs(class.functions) do
    for _, result in ipairs(operation.returns) do use(found, result.type, class.name) end
  end
end

--- The names of types that are used and defined nowhere: name → the line that uses it first.
function definitions.undefined(found)
  local missing = {}
  for _, one in ipairs(found.used) do
    each_type(one.type, function(node)
      local name = node.name
      local known = not name or BUILT_IN[name] or found.classes[name] or found.aliases[name] or name == one.generic
      if not known then missing[name] = missing[name] or one.line end
    end)
  end
  return missing
end

--- The definitions in some files, one after the other.
function definitions.read(...)
  local found = { aliases = {}, classes = {}, order = {}, used = {} }
  for _, path in ipairs { ... } do
    local state = { found = found, used = found.used, doc = {}, params = {}, returns = {}, variables = {} }
    local number = 0
    for line in io.lines(path) do
      number = number + 1
      state.line = path .. ":" .. number
      local ok, why = pcall(read_line, state, line)
      if not ok then error(("%s: %s: %s"):format(state.line, why, line), 0) end
      if line == "" then state.doc = {} end
    end
  end
  return found
end

--- A type without the nil that it allows.
function definitions.without_nil(node)
  local texts = {}
  for _, part in ipairs(node.union or { node.optional or node }) do
    if part.name ~= "nil" then texts[#texts + 1] = part.text end
  end
  return table.concat(texts, "|")
end

--- The fields and functions of a class, its parents' first: lists.
function definitions.members(found, name)
  local class = found.classes[name]
  local fields, functions = {}, {}
  if class.parent then fields, functions = definitions.members(found, class.parent) end
  for _, field in ipairs(class.fields) do fields[#fields + 1] = field end
  for _, operation in ipairs(class.functions) do functions[#functions + 1] = operation end
  return fields, functions
end

return definitions
