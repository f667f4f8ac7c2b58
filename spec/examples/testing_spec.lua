-- examples/testing.md: every block, run in its order in one directory, shows what the guide says.
local guide = require "spec.support.guide"
local shell = require "spec.support.shell"

describe("the guide of testing one's own scripts", function()
  local place
  setup(function()
    place = shell.new()
    place:install_into("examples", "examples/sandbox")
  end)
  teardown(function() place:remove() end)

  for i, block in ipairs(guide.blocks_of "examples/testing.md") do
    it(("shows what it says, block %d"):format(i), function()
      local status, said, err = place:run(block.code)
      assert.same({ 0, "" }, { status, err })
      assert.is_nil(guide.difference(block.shown, said), said)
    end)
  end
end)
