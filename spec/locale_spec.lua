-- A language with a decimal comma, which the process takes up sooner or later than the module.
local cloudflare = require "cloudflare"
local child = require "spec.support.child"
local sandbox = require "spec.support.sandbox"
local system = require "spec.support.system"

local COMMA = "de_DE.UTF-8" -- 0,5

-- The folder that `localedef` makes the locale in, for LOCPATH; the locale need not be installed.
local folder
local function make_locale()
  folder = system.directory()
  local made = os.execute(("LD_PRELOAD= localedef -i de_DE -f UTF-8 %s/%s"):format(folder, COMMA))
  assert(made == true or made == 0, "localedef needs the package locales: make deps")
end

-- What a Lua of the same kind prints when it runs this in the sandbox's environment. `reads` tells
-- whether its own lua-cjson reads a half; `half` asks the API for one.
local function run(code)
  local script = ([[
    local function comma() assert(os.setlocale("%s")) end
    local function plain() assert(os.setlocale "C") end
    local function reads()
      local ok, number = pcall(require "cjson".decode, "0.5")
      return ok and number == 0.5
    end
    local function half()
      local result, envelope = require "cloudflare".tokens.verify()
      if not result then return tostring(envelope) end
      return result.half == 0.5 and result.third == -1.25e-3 and result.many == 12300 and result.list[3] == 3
        and envelope.messages[1].code == 10000 and envelope.outcome
    end
  ]]):format(COMMA) .. code
  -- The C library itself leaks a list of LOCPATH's folders.
  return (child.run(script, ("LOCPATH=%s ASAN_OPTIONS=detect_leaks=0"):format(folder)))
end

local ANSWER = '{"success":true,"errors":[],"messages":[{"code":10000,"message":"1.5, said \\"2.5"}],"result":'
  .. '{"id":"' .. ("c"):rep(32) .. '","status":"active","half":0.5,"third":-0.125E-2,"many":1.23e+4,"list":[1,2,3]}}'

describe("a decimal comma", function()
  setup(make_locale)
  teardown(function() os.execute("rm -r " .. folder) end)
  before_each(function()
    sandbox.reset()
    for _ = 1, 4 do sandbox.fault { path = "/verify", body = ANSWER } end
  end)

  -- Each row: what; the script; what it prints.
  local orders = {
    { "that comes after require changes no answer",
      [[require "cloudflare" print(half()) comma() print(half())]], "ok\nok" },
    { "that goes after require changes no answer",
      [[comma() require "cloudflare" print(half()) plain() print(half())]], "ok\nok" },
    { "that comes between lua-cjson and the module changes no answer",
      [[require "cjson" comma() print(half()) plain() print(half())]], "ok\nok" },
    { "that goes between lua-cjson and the module changes no answer",
      [[comma() require "cjson" plain() print(half()) comma() print(half())]], "ok\nok" },
    { "changes no deletion", [[
        require "cloudflare"
        comma()
        local token, envelope = require "cloudflare".tokens.delete(nil, "%s")
        print(envelope.outcome, #token.id)]], "deleted\t32" },
  }
  for _, row in ipairs(orders) do
    it(row[1], function() assert.equal(row[3], run(row[2]:format(sandbox.fresh()))) end)
  end

  -- lua-cjson keeps one decimal point for the whole library, and cjson.new() notes it anew.
  local hosts = {
    { "there all along", [[comma() print(reads()) half() print(reads())]], "true\ntrue" },
    { "that came after lua-cjson", [[
        print(reads())
        comma() print(reads()) half() print(reads())
        plain() print(reads())]], "true\nfalse\nfalse\ntrue" },
    { "that went after lua-cjson", [[
        comma() print(reads())
        plain() print(reads()) half() print(reads())
        comma() print(reads())]], "true\nfalse\nfalse\ntrue" },
    { "that came after the module", [[
        print(reads()) half()
        comma() print(reads()) half() print(reads())
        plain() print(reads())]], "true\nfalse\nfalse\ntrue" },
  }
  for _, row in ipairs(hosts) do
    it(row[1] .. ": the host's own lua-cjson reads 0.5 as before", function() assert.equal(row[3], run(row[2])) end)
  end
end)

describe("a number in an answer", function()
  local written = {
    "0", "-0", "7", "-7", "10", "0.5", "-0.05", "0.0", "-0.000", "100.0", "10.01", "0.1", "0.30000000000000004",
    "1e3", "1E+3", "1.5e3", "1.5E-3", "0.05e2", "123456.789e-3", "9007199254740991", "-9007199254740991",
    "5e-324", "2.2250738585072011e-308", "1.7976931348623157e308",
    "0." .. ("0"):rep(400) .. "1e401", "1" .. ("0"):rep(400) .. ".5e-400",
  }

  -- What a result gives for numbers written so.
  local function decoded(numbers)
    local body = '{"success":true,"errors":[],"messages":[],"result":{"id":"%s","numbers":[%s]}}'
    sandbox.reset()
    sandbox.fault { path = "/verify", body = body:format(("c"):rep(32), table.concat(numbers, ",")) }
    return assert(assert(cloudflare.new(sandbox.options "plain")).tokens.verify()).numbers
  end

  it("is what Lua reads where the API wrote it", function()
    local read = decoded(written)
    for i, text in ipairs(written) do assert.equal(tonumber(text), read[i], text) end
    assert.equal(#written, #read)
  end)

  it("may be too large or too small to be one", function()
    local huge = 1 / 0
    assert.same({ huge, -huge, huge }, decoded { "1e400", "-1.5e400", "1.5e99999999999999999999" })
    assert.same({ 0, 0, 0 }, decoded { "1.5e-400", "1.5e-99999999999999999999", "0.0e99999999999999999999" })
  end)

  it("that is whole and over 2^53 is the nearest that Lua has", function()
    local read = decoded { "9007199254740993", "12345678901234567890" }
    assert.equal(2.0 ^ 53, read[1])
    assert.equal(12345678901234567890.0, read[2])
  end)
end)
