-- The example host: it links the module statically, caps Lua's memory, and calls it sixty times a second.
local sandbox = require "spec.support.sandbox"
local system = require "spec.support.system"

local host = (os.getenv "BUILD" or "build") .. "/host/frames"

local function output_of(ids) return system.output(("%s 0.5 %s 2>&1"):format(host, table.concat(ids, " "))) end

describe("the frame host", function()
  before_each(sandbox.reset)

  it("revokes while its frames go on, and measures them", function()
    local ids = sandbox.seed(100)
    local text = output_of(ids)
    local frames, with, without = text:match "(%d+) frames; the longest took ([%d.]+) ms .* ([%d.]+) ms without"
    assert.is_true(tonumber(frames) > 1, text)
    assert.is_true(tonumber(with) > 0 and tonumber(without) > 0)
    for _, id in ipairs(ids) do
      assert.truthy(text:find(id .. "\tdeleted", 1, true))
      assert.is_true(sandbox.is_deleted(id))
    end
  end)

  it("says why where it cannot", function()
    assert.truthy(output_of { "not-an-id" }:find("token_id: not an id", 1, true))
  end)
end)
