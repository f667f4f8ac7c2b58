-- What `make install`, `make install-dev`, a rock and Debian's packages are made of. That rocks and packages delete tokens
-- where they are installed is `make test-packages`.
local cloudflare = require "cloudflare"
local read = require "spec.support.read"
local system = require "spec.support.system"

local lua = os.getenv "LUA_INTERPRETER" or "lua5.4"

-- Without a sanitizer that these specs may run under.
local function lines_of(command) return system.lines("export LD_PRELOAD=; " .. command) end

-- The globals that a rockspec sets.
local function rock_of(path)
  local rock = {}
  local chunk = assert((loadstring or load)(read(path), "=" .. path, "t", rock))
  if setfenv then setfenv(chunk, rock) end
  chunk()
  return rock
end

-- The module of these specs.
local module = package.searchpath and package.searchpath("cloudflare", package.cpath)
  or package.cpath:match "^[^;]+":gsub("%?", "cloudflare")

describe("the version", function()
  it("stands in src/lua/options.h, and in what is named after it", function()
    local version = read "src/lua/options.h":match '#define LCF_VERSION "(%d+%.%d+%.%d+)"'
    assert.equal(version, cloudflare._VERSION)
    assert.equal(version, read "rockspec/debian/changelog":match "^lua%-cloudflare %(([%d.]+)%-%d+%)")
    assert.truthy(read "CHANGELOG.md":find(("\n## [%s] - "):format(version), 1, true))
    local numbered = lines_of "ls rockspec/cloudflare-[0-9]*.rockspec"
    assert.same({ ("rockspec/cloudflare-%s-1.rockspec"):format(version) }, numbered)
    local rock = rock_of(numbered[1])
    assert.same({ version .. "-1", "v" .. version }, { rock.version, rock.source.tag })
  end)
end)

describe("the rockspec", function()
  local rock = rock_of "rockspec/cloudflare-scm-1.rockspec"

  it("is the same for the version and for what is to come", function()
    local numbered = rock_of(lines_of "ls rockspec/cloudflare-[0-9]*.rockspec"[1])
    numbered.version, numbered.source.tag = rock.version, nil
    assert.same(rock, numbered)
  end)

  -- For a shell, with something in place of what LuaRocks knows: "$(LUA_INCDIR)".
  local function command()
    local words = { "make -n -B", rock.build.build_target }
    for name, value in pairs(rock.build.build_variables) do
      words[#words + 1] = ("%s='%s'"):format(name, (value:gsub("%$%((.-)%)", "/its/%1")))
    end
    return table.concat(words, " ")
  end

  it("builds every source, hidden from other libraries, into what it installs", function()
    local compiled, linked = {}, nil
    for _, line in ipairs(lines_of(command())) do
      local source = line:match " %-c .* (src/%S+%.c)$"
      if source then
        assert.truthy(line:find(" -fvisibility=hidden ", 1, true), line)
        compiled[#compiled + 1] = source
      elseif line:find(" -shared ", 1, true) then
        assert.truthy(line:find("-z,nodelete", 1, true), line)
        linked = line:match " %-o (%S+)"
      end
    end
    table.sort(compiled)
    assert.same(lines_of "ls src/*/*.c | LC_ALL=C sort", compiled)
    assert.equal(rock.build.install.lib.cloudflare, linked)
  end)
end)

describe("the module", function()
  it("shows one symbol to the world", function()
    local exported = lines_of(("nm -D --defined-only %s | awk '{ print $3 }' | grep -v '^__'"):format(module))
    assert.same({ "luaopen_cloudflare" }, exported)
  end)

  it("is installed below folders with blanks in their names", function()
    local root = system.directory()
    local found = lines_of(("make -s -o %s install MODULE=%s DESTDIR='%s/an image' PREFIX='/opt/our own' 2>&1; "
      .. "cd '%s/an image' && find . -type f; rm -rf '%s'"):format(module, module, root, root, root))
    assert.same({ "./opt/our own/lib/lua/5.4/cloudflare.so" }, found)
  end)
end)

describe("what make install-dev installs", function()
  local root, prefix
  setup(function()
    root = system.directory()
    prefix = root .. "/our own"
    assert.same({}, lines_of(("make -s install-dev LUA=%s PREFIX='%s' 2>&1"):format(lua, prefix)))
  end)
  teardown(function() lines_of(("rm -rf '%s'"):format(root)) end)

  it("is a library, its pkg-config file, and the definitions", function()
    assert.same({
      "./lib/lib" .. lua .. "-cloudflare.a",
      "./lib/pkgconfig/" .. lua .. "-cloudflare.pc",
      "./share/cloudflare-lua/library/cloudflare.lua",
      "./share/cloudflare-lua/library/derived.lua",
    }, lines_of(("cd '%s' && find . -type f | LC_ALL=C sort"):format(prefix)))
  end)

  it("shows a host's other libraries one symbol, and the linker none without our prefix", function()
    local hidden = 0
    -- the compiler's own thunks, on 32-bit x86, are in every object and as hidden
    local symbols = lines_of(("readelf -sW '%s/lib/lib%s-cloudflare.a' | "
      .. "awk '$5 == \"GLOBAL\" && $7 != \"UND\" && $8 !~ /^__x86[.]get_pc_thunk/ { print $6, $8 }'"):format(prefix, lua))
    for _, line in ipairs(symbols) do
      if line ~= "DEFAULT luaopen_cloudflare" then
        assert.truthy(line:find "^HIDDEN lcf_", line)
        hidden = hidden + 1
      end
    end
    assert.equal(#symbols - 1, hidden)
    assert.is_true(hidden > 100)
  end)

  it("is linked as its pkg-config file says", function()
    local pkg_config = ("PKG_CONFIG_PATH='%s/lib/pkgconfig' pkg-config"):format(prefix)
    assert.same({ cloudflare._VERSION }, lines_of(("%s --modversion %s-cloudflare"):format(pkg_config, lua)))
    local linked = lines_of(([[
      echo '#include <lua.h>
        int luaopen_cloudflare(lua_State *L);
        int main(void) { return !luaopen_cloudflare; }' |
      eval cc -x c -o "'%s/host'" - -Wl,--no-as-needed "$(%s --cflags --libs %s-cloudflare)" 2>&1 && ldd '%s/host']])
      :format(prefix, pkg_config, lua, prefix))
    local text = table.concat(linked, "\n")
    assert.truthy(text:find "libcurl%.so", text)
    assert.truthy(text:find("lib" .. lua:gsub("%.", "%%.")), text)
  end)
end)
