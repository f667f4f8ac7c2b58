-- Makes what follows from the definitions in src/types/library/cloudflare.lua, so that nothing is written twice: the
-- `async` half (src/types/library/derived.lua) and the README's reference, between its two marks. `make reference`
-- writes both; spec/types_spec.lua fails where either is stale.
local definitions = require "src.types.definitions"

local generate = {}

local SOURCE, DERIVED, README = "src/types/library/cloudflare.lua", "src/types/library/derived.lua", "README.md"

local function without_account(params)
  local rest = {}
  for _, param in ipairs(params) do
    if param.name ~= "account_id" then rest[#rest + 1] = param end
  end
  return rest
end

-- What a prefix makes of the class behind it: cloudflare.AsyncTokens of cloudflare.Tokens.
local derivations = {
  Async = {
    doc = "The same operations, with the same arguments; each returns a call at once. Mistakes raise as in the plain\n"
      .. "---form; a bad value gives a call that has already ended. Dropping a call does not cancel it.",
    operation = function(base)
      local result = base.returns[1].type
      local call = result and "cloudflare.Call<" .. definitions.without_nil(result) .. ">" or "cloudflare.Call"
      return {
        name = base.name,
        doc = "Begins what `" .. base.name .. "` does in its plain form: the call ends with the same results.",
        params = base.params,
        returns = { { type = definitions.type(call), name = "call", text = "" } },
      }
    end,
  },
  User = {
    doc = "The same operations on the user whose credential it is, under `/user`: without the account.",
    operation = function(base)
      return {
        name = base.name,
        doc = "What `" .. base.name .. "` does for an account, for the user.",
        params = without_account(base.params),
        returns = base.returns,
      }
    end,
  },
}

local function derive_class(base, prefix)
  local rule = derivations[prefix]
  local class = { doc = rule.doc, fields = {}, functions = {} }
  class.name = "cloudflare." .. prefix .. base.name:match "%.(%w+)$"
  for i, field in ipairs(base.fields) do
    local derived = definitions.type((field.type.text:gsub("^cloudflare%.", "%0" .. prefix)))
    class.fields[i] = { name = field.name, optional = field.optional, text = field.text, type = derived }
  end
  for i, operation in ipairs(base.functions) do class.functions[i] = rule.operation(operation) end
  return class
end

-- The class of a name that is used and stands nowhere, by its prefix; nil where no rule fits.
local function derive(found, name)
  for prefix in pairs(derivations) do
    local rest = name:match("^cloudflare%." .. prefix .. "(%u%w+)$")
    local base = rest and (found.classes["cloudflare." .. rest] or derive(found, "cloudflare." .. rest))
    if base then return derive_class(base, prefix) end
  end
end

local function sorted(names)
  local list = {}
  for name in pairs(names) do list[#list + 1] = name end
  table.sort(list)
  return list
end

-- Derives until every name stands somewhere, or no rule fits any more; the new classes in their order.
local function derive_all(found)
  local derived, before = {}, -1
  while #derived > before do
    before = #derived
    for _, name in ipairs(sorted(definitions.undefined(found))) do
      local class = derive(found, name)
      if class then
        definitions.add(found, class)
        derived[#derived + 1] = class
      end
    end
  end
  return derived
end

local function param_line(param)
  local name = param.name .. (param.optional and "?" or "")
  return (("---@param %s %s %s"):format(name, param.type.text, param.text):gsub(" +$", ""))
end

local function names_of(params)
  local names = {}
  for i, param in ipairs(params) do names[i] = param.name end
  return table.concat(names, ", ")
end

local function write_class(class, add)
  local variable = class.name:match "%.(%w+)$"
  add("\n---" .. class.doc .. "\n---@class " .. class.name)
  for _, field in ipairs(class.fields) do
    if field.text ~= "" then add("---" .. field.text) end
    add(("---@field %s %s"):format(field.name, field.type.text))
  end
  if #class.functions > 0 then add("local " .. variable .. " = {}") end
  for _, operation in ipairs(class.functions) do
    add("\n---" .. operation.doc)
    for _, param in ipairs(operation.params) do add(param_line(param)) end
    for _, result in ipairs(operation.returns) do add(("---@return %s %s"):format(result.type.text, result.name)) end
    add(("function %s.%s(%s) end"):format(variable, operation.name, names_of(operation.params)))
  end
end

--- The text of derived.lua.
function generate.derived()
  local lines = { "---@meta _", "-- Made by `make reference` from cloudflare.lua; see there." }
  for _, class in ipairs(derive_all(definitions.read(SOURCE))) do
    write_class(class, function(line) lines[#lines + 1] = line end)
  end
  return table.concat(lines, "\n") .. "\n"
end

-- The reference.

local function cell(text) return (text:gsub("|", "\\|")) end

local function row(...)
  local cells = {}
  for i, text in ipairs { ... } do cells[i] = cell(text) end
  return "| " .. table.concat(cells, " | ") .. " |"
end

local function code(text) return "`" .. text .. "`" end

-- delete(account_id, token_id [, options])
local function call_of(operation)
  local text = ""
  for i, param in ipairs(operation.params) do
    local name = (i > 1 and ", " or "") .. param.name
    text = text .. (param.optional and (i > 1 and " [" or "[") .. name .. "]" or name)
  end
  return operation.name .. "(" .. text .. ")"
end

local function results_of(operation)
  local first = operation.returns[1]
  return first and code(definitions.without_nil(first.type)) or ""
end

local function add_function(operation, path, add)
  local name = path .. (operation.method and ":" or ".") .. call_of(operation)
  add(row(code(name), operation.doc:match "^[^\n]*", results_of(operation)))
end

local add_space

-- A namespace that is derived, or has been shown, has one row.
local function add_inner(found, field, path, add, shown)
  local name = field.type.name
  if shown[name] or not found.classes[name] then return add(row(code(path .. ".…"), field.text, "")) end
  shown[name] = true
  add_space(found, name, path, add, shown)
end

-- The rows of a class: its namespaces, its functions, its values.
function add_space(found, name, path, add, shown)
  local fields, functions = definitions.members(found, name)
  local values = {}
  for _, field in ipairs(fields) do
    local inner = field.type.name or ""
    local is_space = inner:find "^cloudflare%." and not found.aliases[inner] -- a class, or one to be derived
    if is_space then add_inner(found, field, path .. "." .. field.name, add, shown) else values[#values + 1] = field end
  end
  for _, operation in ipairs(functions) do add_function(operation, path, add) end
  for _, field in ipairs(values) do add(row(code(path .. "." .. field.name), field.text, code(field.type.text))) end
end

local function add_operations(found, add)
  add "| function | does | gives |\n|---|---|---|"
  add_space(found, "cloudflare", "cloudflare", add, {})
  for _, operation in ipairs(found.classes["cloudflare.Client"].functions) do add_function(operation, "cf", add) end
  for _, operation in ipairs(found.classes["cloudflare.Call"].functions) do add_function(operation, "call", add) end
end

local function add_options(found, add)
  local of_call = {}
  for _, field in ipairs(found.classes["cloudflare.CallOptions"].fields) do of_call[field.name] = true end
  add "\n### Options\n\nOf `cloudflare.new`; those marked • also of a single call, in its last argument.\n"
  add "| option | type | |\n|---|---|---|"
  for _, field in ipairs((definitions.members(found, "cloudflare.ClientOptions"))) do
    add(row(code(field.name) .. (of_call[field.name] and " •" or ""), code(field.type.text), field.text))
  end
end

-- The README's reference: each function by the first paragraph of its definition, and each option.
local function reference()
  local found, lines = definitions.read(SOURCE), {}
  local function add(line) lines[#lines + 1] = line end
  add_operations(found, add)
  add_options(found, add)
  return table.concat(lines, "\n") .. "\n"
end

local function read(path)
  local file = assert(io.open(path))
  local text = file:read "*a"
  file:close()
  return text
end

--- The README, with its reference as the definitions have it.
function generate.readme()
  local text = read(README)
  local _, opened = text:find("<!-- made by `make reference` -->\n", 1, true)
  local closed = text:find("<!-- end of what `make reference` makes -->\n", 1, true)
  return text:sub(1, opened) .. "\n" .. reference() .. "\n" .. text:sub(closed)
end

--- Writes both.
function generate.write()
  for path, text in pairs { [DERIVED] = generate.derived(), [README] = generate.readme() } do
    local file = assert(io.open(path, "w"))
    file:write(text)
    file:close()
  end
end

return generate
