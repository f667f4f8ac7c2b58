-- examples/revoke.md: every block, run in its order in one incident, shows what the guide says.
local cjson = require "cjson"
local guide = require "spec.support.guide"
local sandbox = require "spec.support.sandbox"
local shell = require "spec.support.shell"

local blocks = guide.blocks_of "examples/revoke.md"

describe("the guide of revoke.lua", function()
  local place, credential, values

  -- A scanner's report: a value that was abused, a user's, a dead one, another detector's, an older one, an OAuth token.
  local function leak()
    local groups = { "Account API Tokens Write", "Account Settings Read" }
    local thief, dead, old = sandbox.grow({ count = 1, secret = "new", name = "leaked", groups = groups },
      { count = 1, secret = "new", dead = true }, { count = 1, secret = "older", name = "old" })
    local user = sandbox.grow { count = 1, secret = "new", realm = "user" }
    sandbox.api("DELETE", sandbox.tokens("/" .. sandbox.fresh()), nil, thief.values[1])
    local function found(value, file, line, rule)
      return { RuleID = rule or "cloudflare-api-key", Secret = value, File = file, StartLine = line, Match = value }
    end
    values = { thief.values[1], user.values[1], dead.values[1], old.values[1] }
    place:write("leaks.json", cjson.encode {
      found(values[1], "src/deploy.sh", 12), found(values[2], "src/me.sh", 1), found(values[3], "src/b.sh", 2),
      found("AKIA", "src/aws.sh", 7, "aws-access-token"), found(values[4], "src/old.sh", 3),
      found("cfoat_" .. ("x"):rep(40), "src/app.sh", 9),
    })
  end

  setup(function()
    sandbox.reset()
    credential = sandbox.grow { count = 1, secret = "new", groups = { "Account API Tokens Write", "Account Settings Read" } }
    place = shell.new()
    place:install_into("examples", "examples/revoke.lua", "examples/revoke")
    leak()
  end)
  teardown(function() place:remove() end)

  for i, block in ipairs(blocks) do
    it(("shows what it says, block %d"):format(i), function()
      if block.kind == "lua" then place:write("block.lua", block.code) end
      local command = block.kind == "lua" and "lua block.lua" or block.code
      local status = place:run(("export HOME=\"$PWD\" CLOUDFLARE_API_TOKEN=%s\nexec 2>&1\n%s"):format(credential.values[1], command))
      local said = place:read ".out"
      assert.is_true(status <= 3, said) -- the guide explains these
      assert.is_nil(guide.difference(block.shown or "", said), said)
      for _, value in ipairs(values) do assert.is_nil(said:find(value, 1, true)) end
    end)
  end

  it("leaves a report that a ticket may hold, and no value on the disk", function()
    local record = cjson.decode(place:read "leak.report":match "^[^\n]+")
    assert.same({ "deleted", "src/deploy.sh:12", "refused" }, { record.outcome, record.places[1], record.proof })
    for _, value in ipairs(values) do
      local status, out = place:run("grep -rlF --exclude=.command " .. value .. " .")
      assert.same({ 1, "" }, { status, out })
    end
  end)
end)
