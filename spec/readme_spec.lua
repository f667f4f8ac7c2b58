-- The recipes of the README's section "Hosts", and the scripts of other sections, as they stand there. Recipes for a
-- program are run in it: spec/hosts.
local sandbox = require "spec.support.sandbox"
local system = require "spec.support.system"
local recipes = require "spec.support.recipes"
local read = require "spec.support.read"
local uv = require "luv"

-- A host's timer.
local function after(seconds, f)
  local timer = uv.new_timer()
  timer:start(math.ceil(seconds * 1000), 0, function()
    timer:close()
    f()
  end)
end

-- Runs one for a token of the sandbox, and returns the token's id, what was printed and its globals.
local function run(recipe)
  local id, printed = sandbox.fresh(), {}
  local globals = setmetatable({
    account = sandbox.account, id = id, print = function(shown) printed[#printed + 1] = shown end, after = after,
  }, { __index = _G })
  local chunk = assert((loadstring or load)(recipe, "=README", "t", globals)) -- 5.1 takes the first two
  if setfenv then setfenv(chunk, globals) end
  chunk()
  return id, printed, globals
end

describe("the README's recipe for", function()
  before_each(sandbox.reset)

  for _, host in ipairs { "cqueues", "luv", "Timers alone", "Any other scheduler" } do
    it(host .. " deletes, and shows the outcome", function()
      local id, printed = run(recipes[host])
      uv.run()
      assert.same({ "deleted" }, printed)
      assert.is_true(sandbox.is_deleted(id))
    end)

    it(host .. " shows a sentence where it cannot", function()
      local _, printed = run((recipes[host]:gsub("delete%(account, id%)", "delete(account, 'no id')")))
      uv.run()
      assert.equal(1, #printed)
      assert.truthy(tostring(printed[1]):find("token_id: not an id", 1, true))
    end)
  end

  it("Frame loops deletes, a frame at a time", function()
    local _, printed, globals = run(recipes["Frame loops"])
    local frames = 0
    while #printed == 0 and frames < 1000000 do
      globals.on_frame()
      frames = frames + 1
    end
    assert.same({ "deleted" }, printed)
  end)
end)

it("the README's first program deletes, as its commands show it", function()
  local head = read "README.md":match "^(.-)\n## "
  local program, commands = head:match "```lua\n(.-)```", head:match "```sh\n(.-)```"
  local shown = commands:match "\n(examples/sandbox[^\n]+)"
  local command, result = shown:match "^(.-)  # prints \"(.-)\"$"
  local folder = system.directory()
  system.write(folder .. "/delete.lua", program)
  command = command:gsub("lua5%.4 ", system.interpreter .. " "):gsub("delete%.lua", folder .. "/%0")
  local _, printed = system.run(command .. " 2>&1")
  os.execute("rm -r " .. folder)
  assert.equal(result .. "\n", printed)
end)

it("the README's script for making, changing and rolling does so", function()
  sandbox.reset()
  local script = read "README.md":match "\n## Making, changing, rolling\n.-```lua\n(.-)```"
  local printed = {}
  local globals = setmetatable({
    account = sandbox.account, print = function(...) printed[#printed + 1] = { ... } end,
  }, { __index = _G })
  local chunk = assert((loadstring or load)(script, "=README", "t", globals))
  if setfenv then setfenv(chunk, globals) end
  chunk()
  assert.equal(1, #printed)
  local name, policies, length = (table.unpack or unpack)(printed[1]) -- luacheck: ignore 143 113
  assert.truthy(name:find "^ci%-%d+$")
  assert.same({ 2, 53 }, { policies, length })
end)

describe("the README's script for many at once", function()
  local path
  before_each(function()
    sandbox.reset()
    path = os.tmpname()
  end)
  after_each(function() os.remove(path) end)

  local function run_script()
    local script, printed = read "README.md":match "\n## Many at once\n.-\n```lua\n(.-)```", {}
    local globals = setmetatable({
      account = sandbox.account, print = function(...) printed[#printed + 1] = { ... } end,
    }, { __index = _G })
    local chunk = assert((loadstring or load)(script:gsub("revoked%.log", path), "=README", "t", globals))
    if setfenv then setfenv(chunk, globals) end
    chunk()
    return printed
  end

  it("deletes what it is about, and goes on from its journal when it is run again", function()
    for runs = 1, 2 do
      local printed = run_script()
      assert.equal(2, #printed)
      assert.equal("deleted", printed[1][2])
      assert.is_true(sandbox.is_deleted(printed[1][1]))
      assert.same({ true }, printed[2])
      assert.equal(1, (sandbox.count "DELETE"), runs)
    end
  end)
end)
