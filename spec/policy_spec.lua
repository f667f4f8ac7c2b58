-- What a token may do, and where: policies made from names.
local cloudflare = require "cloudflare"

local ZONE, ANOTHER, ACCOUNT = ("1"):rep(32), ("2"):rep(32), ("3"):rep(32)

describe("cloudflare.policy", function()
  local allow, deny = cloudflare.policy.allow, cloudflare.policy.deny

  it("allows groups in a zone, or denies them", function()
    local resources = { ["com.cloudflare.api.account.zone." .. ZONE] = "*" }
    assert.same({ effect = "allow", permission_groups = { "DNS Write" }, resources = resources },
      allow({ "DNS Write" }, { zone = ZONE }))
    assert.same({ effect = "deny", permission_groups = { "DNS Write" }, resources = resources },
      deny({ "DNS Write" }, { zone = ZONE }))
  end)

  it("names the resources of each scope, one or several", function()
    local rows = {
      { { zone = "*" }, { "com.cloudflare.api.account.zone.*" } },
      { { zone = { ZONE, ANOTHER } },
        { "com.cloudflare.api.account.zone." .. ZONE, "com.cloudflare.api.account.zone." .. ANOTHER } },
      { { account = ACCOUNT }, { "com.cloudflare.api.account." .. ACCOUNT } },
      { { user = ACCOUNT }, { "com.cloudflare.api.user." .. ACCOUNT } },
      { { bucket = ACCOUNT .. "_default_logs" }, { "com.cloudflare.edge.r2.bucket." .. ACCOUNT .. "_default_logs" } },
    }
    for _, row in ipairs(rows) do
      local wanted = {}
      for _, resource in ipairs(row[2]) do wanted[resource] = "*" end
      assert.same(wanted, allow({ "Any" }, row[1]).resources)
    end
  end)

  it("keeps its own list of the groups", function()
    local groups = { "DNS Write", { id = ZONE } }
    local policy = allow(groups, { zone = "*" })
    groups[1] = "Zone Write"
    assert.same({ "DNS Write", { id = ZONE } }, policy.permission_groups)
  end)

  it("raises at the caller for what no policy can be made of", function()
    local rows = {
      { { "DNS Write" }, "#1 to 'allow' (table expected, got string)" },
      { { {}, ZONE }, "#2 to 'allow' (table expected, got string)" },
      { { {} }, "#2 to 'allow' (table expected, got nil)" },
      { { {}, {} }, "#2 to 'allow' (exactly one of account, zone, user and bucket expected" },
      { { {}, { zones = ZONE } }, "#2 to 'allow' (exactly one of account, zone, user and bucket expected" },
      { { {}, { zone = ZONE, account = ACCOUNT } }, "#2 to 'allow' (exactly one of" },
      { { {}, { zone = 7 } }, "#2 to 'allow' (string expected for 'zone', got number)" },
      { { {}, { zone = { ZONE, false } } }, "#2 to 'allow' (string expected for 'zone', got boolean)" },
      { { {}, { zone = {} } }, "#2 to 'allow' (an id expected for 'zone')" },
    }
    for _, row in ipairs(rows) do
      local ok, message = pcall(function()
        local made = allow((table.unpack or unpack)(row[1], 1, 2)) -- luacheck: ignore 143 113
        return made
      end)
      assert.is_false(ok)
      assert.truthy(message:find("^spec/policy_spec.lua:%d+: bad argument "), message)
      assert.truthy(message:find(row[2], 1, true), message)
    end
  end)
end)
