-- What holds for the house as a whole.
local read = require "spec.support.read"
local lines_of = require "spec.support.system".lines

local function includes(folder, pattern)
  return lines_of(("grep -lE '#[[:space:]]*include[[:space:]]*[<\"]%s' src/%s/*"):format(pattern, folder))
end

-- A text with the Makefile's variables, for the Lua that runs these specs.
local function make_says(text)
  local lua = os.getenv "LUA_INTERPRETER" or "lua5.4"
  return lines_of(("make -s --eval='say:;@:$(info %s)' say LUA=%s"):format(text, lua))[1]
end

-- The headers that the compiler reads for the files of a floor and whose path matches a pattern: "call.o: …/curl.h".
-- Lua's and libcurl's can both be found, so that none is missed for want of a path.
local function reads(floor, ...)
  local command = make_says "LD_PRELOAD= $(CC) -std=c11 $(CPPFLAGS) $(CURL) $(LUA_CFLAGS) -M"
  local rules = table.concat(lines_of(("%s src/%s/*.c"):format(command, floor)), "\n"):gsub("\\\n", "")
  local found, files = {}, 0
  for object, headers in rules:gmatch "([^\n]+):([^\n]*)" do
    files = files + 1
    for header in headers:gmatch "%S+" do
      for _, pattern in ipairs { ... } do
        if header:find(pattern) then found[#found + 1] = object .. ": " .. header end
      end
    end
  end
  assert.equal(#lines_of(("ls src/%s/*.c"):format(floor)), files)
  return found
end

-- Whether a file has a test of cmocka's of this name, or the name as a string; one that ends in a space is how it begins.
local function has(path, name)
  local literal = name:gsub("%p", "%%%0")
  local as_string = "[\"']" .. literal .. (name:find " $" and "" or "[\"']")
  local as_test = "cmocka_unit_test[%w_]*%(" .. literal .. "[,)]"
  local file = io.open(path)
  local found = false
  for line in file and file:lines() or function() end do
    local code = line:find "^%s*%-%-" and "" or line
    found = found or code:find(as_string) ~= nil or code:find(as_test) ~= nil
  end
  if file then file:close() end
  return found
end

describe("the house", function()
  it("has three floors, and none knows the one above", function()
    assert.same({}, includes("core", "(lua|lauxlib|lualib|curl/|\\.\\./lua|\\.\\./transport)"))
    assert.same({}, includes("transport", "(lua|lauxlib|lualib|\\.\\./lua)"))
    assert.same({}, includes("lua", "curl/"))
  end)

  it("has three floors, and no header brings one what it must not know", function()
    local of_lua, of_libcurl = "/lua%w*%.h$", "/curl/%w+%.h$"
    assert.same({}, reads("core", of_lua, of_libcurl, "/%.%./transport/", "/%.%./lua/"))
    assert.same({}, reads("transport", of_lua, "/%.%./lua/"))
    assert.same({}, reads("lua", of_libcurl))
  end)

  it("has a proof for every row", function()
    local missing = {}
    for _, section in ipairs(require "spec.rows") do
      for i = 2, #section do
        local row = section[i]
        if #row < 2 then missing[#missing + 1] = row[1] end
        for j = 2, #row do
          if not has(row[j]:match "^(.-): (.*)$") then missing[#missing + 1] = row[1] .. " <- " .. row[j] end
        end
      end
    end
    assert.same({}, missing)
  end)

  it("embeds its Lua as it is", function()
    for _, path in ipairs(lines_of "ls src/lua/*.lua") do
      local text = read((path:gsub("%.lua$", ".inc"))):gsub('    "(.-)\\n",\n', "%1\n"):gsub("\\(.)", "%1")
      assert.equal(read(path), text)
    end
  end)

  it("is written as .editorconfig says", function()
    local written = "grep -rIl%s --exclude-dir=corpus --exclude-dir=schema --exclude=*.inc --exclude-dir=run .??* *.md Makefile "
      .. "examples rockspec spec src --exclude-dir=.git 2>/dev/null | LC_ALL=C sort"
    assert.same({}, lines_of(written:format "P '[ \t\r]+$'"))
    local tabbed = { "Makefile", "examples/revoke.md", "examples/sandbox/sandbox", "rockspec/debian/rules" }
    assert.same(tabbed, lines_of(written:format "P '^\t'"))
  end)

  it("says what each function does to Lua's stack: [-popped, +pushed, raises]", function()
    local effects = {} -- name → whether a comment above its declaration or its definition says so
    for _, path in ipairs(lines_of "ls src/lua/*.[ch]") do
      local comment = ""
      for line in io.lines(path) do
        local name = line:match "^%a[%w_ *]-([%w_]+)%([^)]*lua_State %*" or line:match "^%a[%w_ *]-([%w_]+)%([^)]*luaL_Buffer %*"
        if name then effects[name] = effects[name] or comment:find("[-", 1, true) ~= nil end
        local goes_on = line:find "^/%*" or line:find "^ %*"
        comment = goes_on and (line:find "^/%*" and line or comment .. line) or ""
      end
    end
    local silent, count = {}, 0
    for name, says in pairs(effects) do
      count = count + 1
      if not says then silent[#silent + 1] = name end
    end
    assert.same({}, silent)
    assert.is_true(count > 200)
  end)

  it("keeps no writable data of its own", function()
    for _, line in ipairs(lines_of "size -A build/core/*.o build/transport/*.o build/lua5.4/*.o") do
      local section, size = line:match "^(%.%w+)%s+(%d+)"
      if section == ".data" or section == ".bss" then assert.equal(0, tonumber(size)) end
    end
  end)
end)
