-- A value that turned up somewhere: what it is by its looks, and whose it is.
local cloudflare = require "cloudflare"

describe("secret_kind", function()
  -- Forty characters, and their CRC-32 as zlib.crc32 gives it.
  local LETTERS, CHECKSUM = "abcdefghijklmnopqrstuvwxyz0123456789ABCD", "5aa51f0b"
  local HEX = "0123456789abcdef0123456789abcdef"

  local rows = {
    { "cfat_" .. LETTERS .. CHECKSUM, "account", true },
    { "cfut_" .. LETTERS .. CHECKSUM, "user", true },
    { "cfk_" .. LETTERS .. CHECKSUM, "key", true },
    { "cfat_" .. LETTERS .. "00000000", "account", false },
    { "cfat_" .. LETTERS, "account", false },
    { "cfoat_" .. LETTERS .. CHECKSUM, "oauth", nil },
    { HEX .. "01234", "key", nil },
    { HEX, "id", nil },
    { HEX .. HEX, "r2_secret", nil },
    { LETTERS, "older", nil },
    { "", "unknown", nil },
    { "correct horse battery staple", "unknown", nil },
    { "cfat_\0", "account", false },
  }

  it("tells what a value is, and whether its checksum fits", function()
    for _, row in ipairs(rows) do
      local kind, fits = cloudflare.secret_kind(row[1])
      assert.same({ row[1], row[2], row[3] }, { row[1], kind, fits })
    end
  end)

  it("takes strings only, and does not repeat them", function()
    for _, wrong in ipairs { 12345678, {}, false } do
      local ok, message = pcall(cloudflare.secret_kind, wrong)
      assert.is_false(ok)
      assert.truthy(message:find("bad argument #1 to 'secret_kind' (string expected, got " .. type(wrong), 1, true), message)
    end
    local _, message = pcall(cloudflare.secret_kind)
    assert.truthy(message:find("got nil", 1, true), message)
    _, message = pcall(function() cloudflare.secret_kind() end)
    assert.truthy(message:find "^spec/identify_spec.lua:%d+: bad argument", message)
  end)
end)
