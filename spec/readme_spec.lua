-- The recipes of the README's section "Hosts", as they stand there.
local sandbox = require "spec.support.sandbox"
local read = require "spec.support.read"

-- title → its block of Lua
local function recipes()
  local hosts, found = read "README.md":match "\n## Hosts\n(.-)\n## ", {}
  for paragraph in hosts:gsub("\n%*%*", "\1"):gmatch "\1([^\1]+)" do
    found[paragraph:match "^[%w ]+"] = paragraph:match "\n```lua\n(.-)```"
  end
  return found
end

-- Runs one for a token of the sandbox, and returns the token's id, what was printed and its globals.
local function run(recipe)
  local id, printed = sandbox.fresh(), {}
  local globals = setmetatable({
    account = sandbox.account, id = id, print = function(token) printed[#printed + 1] = token.id end,
  }, { __index = _G })
  local chunk = assert((loadstring or load)(recipe, "=README", "t", globals)) -- 5.1 takes the first two
  if setfenv then setfenv(chunk, globals) end
  chunk()
  return id, printed, globals
end

local function has_descriptor()
  local call = require "cloudflare".async.tokens.verify()
  local fd = call:pollfd()
  call:cancel()
  return fd ~= nil
end

describe("the README's recipe for", function()
  before_each(sandbox.reset)

  local found = recipes()
  for _, host in ipairs { "cqueues", "luv", "Any other scheduler" } do
    it(host .. " deletes", function()
      if host == "luv" and not has_descriptor() then return pending "this build polls an array: no descriptor" end
      local id, printed = run(assert(found[host], "no such recipe"))
      assert.same({ id }, printed)
      assert.is_true(sandbox.is_deleted(id))
    end)
  end

  it("Frame loops deletes, a frame at a time", function()
    local id, printed, globals = run(assert(found["Frame loops"], "no such recipe"))
    local frames = 0
    while #printed == 0 and frames < 1000000 do
      globals.on_frame()
      frames = frames + 1
    end
    assert.same({ id }, printed)
  end)
end)
