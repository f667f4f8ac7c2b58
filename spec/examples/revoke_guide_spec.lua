-- examples/revoke.md: every block, run in its order in one incident, which the guide's own first blocks make, shows
-- what the guide says.
local cjson = require "cjson"
local guide = require "spec.support.guide"
local sandbox = require "spec.support.sandbox"
local shell = require "spec.support.shell"

local blocks = guide.blocks_of "examples/revoke.md"

-- What one block exports, the next one has: it is all one session.
local SESSION = [[
export HOME="$PWD"
[ ! -e .session ] || . ./.session
exec 2>&1
trap 'export -p | grep CLOUDFLARE_ >.session' EXIT
]]

describe("the guide of revoke.lua", function()
  local place, values

  -- The values that are to be revoked, once they are there.
  local function values_in(report)
    local found = {}
    for _, finding in ipairs(cjson.decode(report)) do
      if #finding.Secret > 20 then found[#found + 1] = finding.Secret end
    end
    return found
  end

  setup(function()
    sandbox.reset()
    place = shell.new()
    place:install_into("examples", "examples/revoke.lua", "examples/revoke")
  end)
  teardown(function() place:remove() end)

  local function lua_block()
    for _, block in ipairs(blocks) do
      if block.kind == "lua" then return block.code end
    end
  end

  for i, block in ipairs(blocks) do
    it(("shows what it says, block %d"):format(i), function()
      if block.kind == "lua" then place:write("block.lua", block.code) end
      local status, said = place:run(SESSION .. (block.kind == "lua" and "lua block.lua" or block.code))
      assert.is_true(status <= 3, said) -- the guide explains these
      assert.is_nil(guide.difference(block.shown or "", said), said)
      if not values and place:run "test -e leaks.json" == 0 then values = values_in(place:read "leaks.json") end
      for _, value in ipairs(values or {}) do assert.is_nil(said:find(value, 1, true)) end
    end)
  end

  it("leaves a report that a ticket may hold, and no value on the disk", function()
    local ends = {}
    for line in place:read "leak.report":gmatch "[^\n]+" do
      local record = cjson.decode(line)
      if record.at then ends[record.at] = record end
    end
    local first = ends["leaks.json#1"]
    assert.same({ "deleted", "src/deploy.sh:12", "refused", 1 },
      { first.outcome, first.places[1], first.proof, #first.ray_ids })
    assert.equal(os.getenv "SANDBOX_TOKEN_ID", first.did[1].resource_id)
    assert.equal(5, #values)
    for _, value in ipairs(values) do
      local status, out = place:run("grep -rlF --exclude=.command " .. value .. " .")
      assert.same({ 1, "" }, { status, out })
    end
  end)

  it("names what was given as an id by its place in what was given", function()
    local id = sandbox.fresh()
    assert.equal(0, (place:run("rm leak.evidence; lua revoke.lua --evidence leak.evidence " .. id)))
    place:write("block.lua", lua_block())
    local status, out, said = place:run "lua block.lua"
    assert.same({ 0, "" }, { status, said })
    assert.equal("batch-00001\t#1\tnil\n", out:match "^[^\n]*\n")
  end)
end)
