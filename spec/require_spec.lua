-- What `require "cloudflare"` needs, what it refuses, and which Lua may load which build.
local sandbox = require "spec.support.sandbox"
local child = require "spec.support.child"
local system = require "spec.support.system"

local build = os.getenv "BUILD" or "build"

describe("require", function()
  if _VERSION == "Lua 5.1" then
    it("built for Lua 5.1, says so to another Lua that loads it", function()
      local real, loaded = package.loaded._G, package.loaded.cloudflare
      real._VERSION, package.loaded.cloudflare = "Lua 5.4", nil
      local fine, why = pcall(require, "cloudflare")
      real._VERSION, package.loaded.cloudflare = "Lua 5.1", loaded
      assert.is_false(fine)
      assert.truthy(tostring(why):find("built for Lua 5.1 and LuaJIT, loaded by Lua 5.4", 1, true))
    end)

    for _, lua in ipairs { "lua5.1", "luajit" } do
      it("loads the build of " .. lua .. " in Lua 5.1 and in LuaJIT", function()
        local folder = ("%s/%s"):format(build, lua)
        if not system.exists(folder .. "/cloudflare.so") then return pending("not built: " .. folder) end
        local id = sandbox.fresh()
        assert.equal("deleted", child.run(([[
          local _, answer = assert(require "cloudflare".tokens.delete(nil, "%s"))
          print(answer.outcome)
        ]]):format(id), ("LUA_CPATH='%s/?.so;;'"):format(folder)))
        assert.is_true(sandbox.is_deleted(id))
      end)
    end
  end

  -- A host such as Minetest closes `require` to everybody but the scripts that it trusts.
  local closed = 'local require = require; _G.require = function() error "require is closed" end; '
  local load = "print(require 'cloudflare'.null == package.loaded.cjson.null)"

  it("takes a lua-cjson that is loaded already where `require` is closed to others", function()
    assert.equal("true", child.run("require 'cjson'; " .. closed .. load))
  end)

  it("loads lua-cjson by the program's `require` where its caller's globals have another", function()
    assert.equal("true", child.run("package.loaded._G = { require = require }; " .. closed .. load))
  end)

  it("loads lua-cjson by the global `require` where the program's globals are hidden", function()
    assert.equal("true", child.run("package.loaded._G = nil; " .. load))
  end)

  it("asks for lua-cjson where nothing may load it", function()
    assert.truthy(child.run("local require = require; _G.require = nil; require 'cloudflare'")
      :find("cloudflare: needs lua-cjson", 1, true))
  end)

  for what, other in pairs { ["another library"] = "{ decode = print, encode = print }", ["no library"] = "true" } do
    it("names lua-cjson where 'cjson' is " .. what, function()
      assert.truthy(child.run(("package.loaded.cjson = %s; require 'cloudflare'"):format(other))
        :find("cloudflare: needs lua-cjson; the 'cjson' found here is another library", 1, true))
    end)
  end
end)
