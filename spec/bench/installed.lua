-- What a client takes of a disk, in KiB, by dpkg's figures: `own` is the client itself, `all` with everything that it
-- needs beyond Debian's required packages (Priority: required, and what those need: a libc, for one).
local measure = require "spec.bench.measure"

local installed = {}

local QUERY = "dpkg-query -W -f='${Package}\t${Installed-Size}\t${Priority}\t${Provides}\t${Pre-Depends}, ${Depends}\n' 2>/dev/null"

-- Names of a relation's parts: "a (>= 1) | b:any, c" gives { { "a", "b" }, { "c" } }.
local function names_in(relation)
  local groups = {}
  for group in relation:gmatch "[^,]+" do
    local names = {}
    for name in group:gsub("%b()", ""):gmatch "[%w.+-]+[:%w]*" do names[#names + 1] = name:match "^[^:]+" end
    groups[#groups + 1] = names
  end
  return groups
end

local packages, providers, required

local function read_packages()
  packages, providers = {}, {}
  for line in measure.output(QUERY):gmatch "[^\n]+" do
    local name, size, priority, provides, needs = line:match "^([^\t]*)\t([^\t]*)\t([^\t]*)\t([^\t]*)\t(.*)$"
    packages[name] = packages[name] or { size = tonumber(size) or 0, priority = priority, needs = names_in(needs) }
    for _, provided in ipairs(names_in(provides)) do providers[provided[1]] = name end
  end
end

local function here(name) return packages[name] and name or providers[name] end

local function first_here(alternatives)
  for _, name in ipairs(alternatives) do
    if here(name) then return here(name) end
  end
end

local function add_with_needs(set, name)
  if not name or set[name] then return end
  set[name] = true
  for _, alternatives in ipairs(packages[name].needs) do add_with_needs(set, first_here(alternatives)) end
end

local function read_required()
  required = {}
  for name, package in pairs(packages) do
    if package.priority == "required" then add_with_needs(required, name) end
  end
end

--- The package that a file or a command of this system is of, or nil.
function installed.owner(file)
  local where = file:find "^/" and file or measure.output("command -v " .. file):match "%S+" or file
  local path = measure.output("readlink -f " .. where):match "%S+" or where
  local said = measure.output(("dpkg -S %s %s 2>/dev/null"):format(path, path:gsub("^/usr", "")))
  return said:match "^([^:,]+)"
end

-- Bytes of a folder's files, or those of a program or a library without what debuggers want.
local function size_of(path)
  if measure.succeeds("test -d " .. path) then
    return measure.numbers("du -s -B1 --apparent-size " .. path)[1]
  end
  local copy = os.tmpname()
  assert(measure.succeeds(("strip -o %s %s"):format(copy, path)))
  local size = measure.numbers("stat -c %s " .. copy)[1]
  os.remove(copy)
  return size
end

-- Packages of the libraries that a program or a library is linked with.
local function linked(path)
  local found = {}
  for library in measure.output(("ldd %s 2>/dev/null"):format(path)):gmatch "=> (/%S+)" do
    found[#found + 1] = installed.owner(library)
  end
  return found
end

local function add_sizes(set, without)
  local size = 0
  for name in pairs(set) do
    if not without[name] then size = size + packages[name].size end
  end
  return size
end

--- Sizes of what a client is: `packages`, by name; `paths`, files and folders that are no package's; and of what it
--- `needs`, commands or packages.
function installed.sizes(what)
  if not packages then
    read_packages()
    read_required()
  end
  local files, own, all = 0, {}, {}
  for _, name in ipairs(what.packages or {}) do
    own[name] = true
    add_with_needs(all, name)
  end
  for _, path in ipairs(what.paths or {}) do
    files = files + size_of(path) / 1024
    for _, name in ipairs(linked(path)) do add_with_needs(all, name) end
  end
  for _, name in ipairs(what.needs or {}) do add_with_needs(all, here(name) or installed.owner(name)) end
  return { own = files + add_sizes(own, {}), all = files + add_sizes(all, required) }
end

return installed
