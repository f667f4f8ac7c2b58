-- Files of Lua that not every program needs are compiled when they are first asked for: to compile them all takes
-- longer than a request. In plain Lua 5.1 a tail call adds a level to the call stack, so an error that is raised
-- through such a function would not name the caller's line: there, all are compiled at once.
local core, nginx = ...
local compile, composites = core.compile, core.composites
local ipairs, pairs, rawget, setmetatable = ipairs, pairs, rawget, setmetatable

if core.jit then core.jit.off(true, true) end -- LuaJIT's compiler crashes where memory ends

-- Which files a file needs; what it gives stands under its name.
local NEEDS = {
  realm = {}, report = {}, policy = {}, fields = {}, identify = {}, walk = { "realm" }, pages = { "walk" },
  bulk = { "realm", "report" }, journal = { "report" }, life = { "realm", "policy", "fields", "walk" },
}
-- In which file the operations of several requests are, by their verbs.
local FILES = {
  create = "life", update = "life", roll = "life", each = "walk", delete_many = "bulk", identify = "identify",
  pages = "pages",
}

local needed = {}

local compiled = {}
local function need(file)
  if compiled[file] then return end
  for _, other in ipairs(NEEDS[file]) do need(other) end
  local given = compile(file)(core, nginx)
  if given then core[file] = given end
  compiled[file] = true
end

setmetatable(composites, {
  __index = function(_, name)
    need(FILES[name:match "[^.]*$"])
    return rawget(composites, name)
  end,
})

--- The file of an operation of several requests; nil for one of a single request.
function needed.file_of(name) return FILES[name:match "[^.]*$"] end

--- The function that `find` gives once the file is there.
function needed.later(file, find)
  if needed.at_once then return find() end
  local found
  return function(...)
    if not found then
      need(file)
      found = find()
    end
    return found(...)
  end
end

needed.at_once = _VERSION == "Lua 5.1" and not core.jit
if needed.at_once then
  for file in pairs(NEEDS) do need(file) end
end

return needed
