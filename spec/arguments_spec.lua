local cloudflare = require "cloudflare"
local child = require "spec.support.child"
local sandbox = require "spec.support.sandbox"

local AGENT = "arguments-spec" -- by which the ledger knows the requests of these specs
local ID = ("a"):rep(32)

local function client(extra)
  local options = sandbox.options("plain", extra)
  options.user_agent = AGENT
  return cloudflare.new(options)
end

-- How many requests of this file arrived.
local function arrived()
  local count = 0
  for _, entry in ipairs(sandbox.ledger()) do
    if entry.user_agent == AGENT then count = count + 1 end
  end
  return count
end

local function contains(text, part) return text:find(part, 1, true) ~= nil end

local VARIABLES = {
  "CLOUDFLARE_API_TOKEN", "CLOUDFLARE_API_KEY", "CLOUDFLARE_EMAIL", "CLOUDFLARE_ACCOUNT_ID", "CLOUDFLARE_BASE_URL",
}

-- What a Lua of the same kind prints when it runs `code` with these variables, and no others that
-- the module reads.
local function in_environment(variables, code)
  local words = { "env" }
  for _, name in ipairs(VARIABLES) do words[#words + 1] = "-u " .. name end
  for name, value in pairs(variables) do words[#words + 1] = ("%s='%s'"):format(name, value) end
  return (child.run("local cloudflare = require 'cloudflare'\n" .. code, table.concat(words, " ")))
end

describe("a mistake raises", function()
  local cf
  before_each(function()
    sandbox.reset()
    cf = client()
  end)

  -- Each row: the mistake on a line of its own, and the message behind its position.
  local account = sandbox.account
  local mistakes = {
    { "no id", function() cf.tokens.delete(account) end, "bad argument #2 to 'delete' (string expected, got nil)" },
    { "nil for an id", function() cf.tokens.delete(account, nil, {}) end,
      "bad argument #2 to 'delete' (string expected, got nil)" },
    { "a number for an id", function() cf.tokens.delete(account, 12) end,
      "bad argument #2 to 'delete' (string expected, got number)" },
    { "a table for an account", function() cf.tokens.delete({}, ID) end,
      "bad argument #1 to 'delete' (string expected, got table; called with ':' in place of '.'?)" },
    { "a colon for a dot", function() cf.tokens:delete(account, ID) end,
      "bad argument #1 to 'delete' (string expected, got table; called with ':' in place of '.'?)" },
    { "a string for the options", function() cf.tokens.delete(account, ID, "missing_ok") end,
      "bad argument #3 to 'delete' (table expected, got string)" },
    { "an unknown option of a call", function() cf.tokens.delete(account, ID, { timeuot = 1 }) end,
      "bad argument #3 to 'delete' (unknown option 'timeuot'; did you mean 'timeout'?)" },
    { "an unknown option like no other", function() cf.tokens.delete(account, ID, { colour = "red" }) end,
      "bad argument #3 to 'delete' (unknown option 'colour')" },
    { "an option that is the client's alone", function() cf.tokens.delete(account, ID, { base_url = "https://x" }) end,
      "bad argument #3 to 'delete' (option 'base_url' is the client's alone)" },
    { "an option by its position", function() cf.tokens.delete(account, ID, { true }) end,
      "bad argument #3 to 'delete' (option names are strings)" },
    { "a string for seconds", function() cf.tokens.delete(account, ID, { timeout = "5" }) end,
      "bad argument #3 to 'delete' (number (seconds) expected for option 'timeout', got string)" },
    { "a number for a flag", function() cf.tokens.delete(account, ID, { missing_ok = 1 }) end,
      "bad argument #3 to 'delete' (boolean expected for option 'missing_ok', got number)" },
    { "a string for a count", function() cf.tokens.delete(account, ID, { max_retries = "2" }) end,
      "bad argument #3 to 'delete' (number expected for option 'max_retries', got string)" },
    { "a number for sleep", function() cf.tokens.delete(account, ID, { sleep = 1 }) end,
      "bad argument #3 to 'delete' (function expected for option 'sleep', got number)" },
    { "the same under async", function() cf.async.tokens.delete(account, 12) end,
      "bad argument #2 to 'delete' (string expected, got number)" },
    { "an unknown option under async", function() cf.async.tokens.delete(account, ID, { mising_ok = true }) end,
      "bad argument #3 to 'delete' (unknown option 'mising_ok'; did you mean 'missing_ok'?)" },
    { "a number for the account of verify", function() cf.tokens.verify(12) end,
      "bad argument #1 to 'verify' (string expected, got number)" },
    { "a string for the options of verify", function() cf.tokens.verify(account, "x") end,
      "bad argument #2 to 'verify' (table expected, got string)" },
    { "a string for the query of list", function() cf.tokens.list(account, "page=2") end,
      "bad argument #2 to 'list' (table expected, got string)" },
    { "an unknown option of list", function() cf.tokens.list(account, nil, { per_page = 5 }) end,
      "bad argument #3 to 'list' (unknown option 'per_page')" },
    { "options in place of the id of get", function() cf.tokens.get(account, {}) end,
      "bad argument #2 to 'get' (string expected, got table)" },
    { "no parameters of create", function() cf.tokens.create(account) end,
      "bad argument #2 to 'create' (table expected, got nil)" },
    { "a table for the account of create", function() cf.tokens.create({}, account) end,
      "bad argument #1 to 'create' (string expected, got table; called with ':' in place of '.'?)" },
    { "parameters in place of the id of update", function() cf.tokens.update(account, {}) end,
      "bad argument #2 to 'update' (string expected, got table)" },
    { "no id for roll", function() cf.tokens.roll(account) end,
      "bad argument #2 to 'roll' (string expected, got nil)" },
    { "a string for the options of roll", function() cf.tokens.roll(account, ID, "cfat_old") end,
      "bad argument #3 to 'roll' (table expected, got string)" },
    { "a string for the query of permission groups", function() cf.tokens.permission_groups.list(account, "DNS") end,
      "bad argument #2 to 'list' (table expected, got string)" },
    { "an account where the user's tokens have none", function() cf.user.tokens.list(account) end,
      "bad argument #1 to 'list' (table expected, got string)" },
    { "an account before the id of the user's token", function() cf.user.tokens.delete(account, ID) end,
      "bad argument #2 to 'delete' (table expected, got string)" },
    { "an account for the user's permission groups", function() cf.user.tokens.permission_groups.get(account) end,
      "bad argument #1 to 'get' (table expected, got string)" },
    { "a number for the id of the user's token", function() cf.user.tokens.roll(12) end,
      "bad argument #1 to 'roll' (string expected, got number)" },
    { "a string for what the user's token may do", function() cf.user.tokens.create "laptop" end,
      "bad argument #1 to 'create' (table expected, got string)" },
    { "the module's own function", function() cloudflare.tokens.delete(account, 12) end,
      "bad argument #2 to 'delete' (string expected, got number)" },
    { "a string for the options of new", function() cloudflare.new "cfat_1234" end,
      "bad argument #1 to 'new' (table expected, got string)" },
    { "an unknown option of new", function() cloudflare.new { api_tokn = "x" } end,
      "bad argument #1 to 'new' (unknown option 'api_tokn'; did you mean 'api_token'?)" },
    { "a token by its position", function() cloudflare.new { "cfat_1234" } end,
      "bad argument #1 to 'new' (option names are strings)" },
    { "a number for a token", function() cloudflare.new { api_token = 12 } end,
      "bad argument #1 to 'new' (string or function expected for option 'api_token', got number)" },
    { "options that stand behind a metatable", function()
        cloudflare.new(setmetatable({}, { __index = { api_token = "x" } }))
      end, "bad argument #1 to 'new' (a plain table expected: what __index gives would not be read)" },
    { "a string for on_event", function() cloudflare.new { api_token = "x", on_event = "print" } end,
      "bad argument #1 to 'new' (function expected for option 'on_event', got string)" },
    { "a boolean for base_url", function() cloudflare.new { api_token = "x", base_url = true } end,
      "bad argument #1 to 'new' (string expected for option 'base_url', got boolean)" },
    { "a string for the seconds of step", function() cloudflare.step "1" end,
      "bad argument #1 to 'step' (number (seconds) expected, got string)" },
    { "less than no time for step", function() cloudflare.step(-1) end,
      "bad argument #1 to 'step' (seconds must not be negative)" },
    { "a string for the seconds of wait", function() cf.async.tokens.delete("", ID):wait "1" end,
      "bad argument #1 to 'wait' (number (seconds) expected, got string)" },
  }

  for _, row in ipairs(mistakes) do
    local what, mistake, message = row[1], row[2], row[3]
    it(("(%s), naming place, function and argument"):format(what), function()
      local ok, err = pcall(mistake)
      assert.is_false(ok)
      local file, line, text = err:match "^(.-):(%d+): (.*)$"
      local place = debug.getinfo(mistake, "S")
      assert.equal(place.short_src, file)
      assert.is_true(tonumber(line) >= place.linedefined and tonumber(line) <= place.lastlinedefined)
      assert.equal(message, text)
      assert.equal(0, arrived())
    end)
  end

  it("without repeating a secret that stands where an option's name belongs", function()
    for _, options in ipairs { { [sandbox.token] = true }, { sandbox.token } } do
      local ok, err = pcall(cloudflare.new, options)
      assert.is_false(ok)
      assert.is_false(contains(err, sandbox.token))
    end
  end)
end)

-- What every bad value comes back as.
local function assert_fault(argument, result, err)
  assert.is_nil(result)
  assert.equal("argument", err.kind)
  assert.equal("not_sent", err.outcome)
  assert.equal(argument, err.argument)
  assert.same({ attempts = 0, trace = {} }, err.http)
  assert.is_true(err.safe_to_retry)
  assert.is_true(contains(tostring(err), argument))
  assert.is_nil(tostring(err):find "%c")
end

describe("a bad id returns nil and an error, and opens no connection:", function()
  local function pad(text) return text .. ("0"):rep(32 - #text) end

  local bad_ids = {
    { "empty", "" },
    { "short", ("a"):rep(31) },
    { "long", ("a"):rep(33) },
    { "upper case", ("A"):rep(32) },
    { "a letter beyond f", ("g"):rep(32) },
    { "the parent directory", ".." },
    { "this directory", "." },
    { "a sibling route", "verify" },
    { "another sibling route", "permission_groups" },
    { "dot segments of the right length", pad "../../" },
    { "a slash", pad "a/b" },
    { "a question mark", pad "a?b" },
    { "a hash", pad "a#b" },
    { "a percent sign", pad "%2e%2e" },
    { "a backslash", pad "a\\b" },
    { "a space", pad "a b" },
    { "a NUL byte", pad "a\0b" },
    { "an id that ends in NUL and more", ID .. "\0/" },
    { "a carriage return", pad "a\rb" },
    { "a line feed", pad "a\nb" },
    { "an id with a line feed behind it", ID .. "\n" },
    { "bytes beyond ASCII", pad "\195\164" },
    { "a UUID", "ed175743-8685-4bf7-8a67-040be0a770b0" },
  }

  local cf
  setup(sandbox.reset)
  before_each(function() cf = client() end)
  teardown(function() assert.equal(0, arrived()) end)

  for _, row in ipairs(bad_ids) do
    local what, id = row[1], row[2]
    it(what, function()
      for argument, call in pairs {
        token_id = function(delete) return delete(sandbox.account, id) end,
        account_id = function(delete) return delete(id, ID) end,
      } do
        local result, err = call(cf.tokens.delete)
        assert_fault(argument, result, err)
        local ended = call(cf.async.tokens.delete)
        assert.is_true(ended:done())
        assert_fault(argument, ended:wait())
        -- its length is all that is repeated of it
        if #id > 0 then assert.is_true(contains(tostring(err), #id .. " bytes")) end
        if #id > 3 then assert.is_false(contains(tostring(err), id)) end
      end
      assert.equal(0, arrived())
    end)
  end

  it("of every operation that takes one", function()
    local params, bad = { name = "x", policies = {} }, "../../verify"
    local function of_account(space, id, account)
      return {
        get = { space.get(account, id) }, update = { space.update(account, id, params) },
        roll = { space.roll(account, id) }, delete = { space.delete(account, id) },
      }
    end
    local function of_user(space, id)
      return {
        get = { space.get(id) }, update = { space.update(id, params) }, roll = { space.roll(id) },
        delete = { space.delete(id) },
      }
    end
    for _, answers in ipairs { of_account(cf.tokens, bad), of_user(cf.user.tokens, bad) } do
      for _, answer in pairs(answers) do assert_fault("token_id", answer[1], answer[2]) end
    end
    local of_space = of_account(cf.tokens, ID, bad)
    of_space.list, of_space.create = { cf.tokens.list(bad) }, { cf.tokens.create(bad, params) }
    of_space.verify, of_space.groups = { cf.tokens.verify(bad) }, { cf.tokens.permission_groups.list(bad) }
    for _, answer in pairs(of_space) do assert_fault("account_id", answer[1], answer[2]) end
  end)

  it("as the account of a client", function()
    for _, row in ipairs(bad_ids) do assert_fault("account_id", client { account_id = row[2] }) end
  end)

  it("upper case is told apart", function()
    assert.truthy(tostring(select(2, cf.tokens.delete(nil, ("AB"):rep(16)))):find "lower case")
  end)

  it("a secret in its place is called one, and not repeated", function()
    local secrets = {
      "cfat_" .. ("Q"):rep(40), "cfut_" .. ("Q"):rep(40), "cfk_" .. ("Q"):rep(40), "cfat_QQQQ",
      ("Q"):rep(37), ("Q"):rep(40), ("0"):rep(37), sandbox.key, sandbox.token,
    }
    for _, secret in ipairs(secrets) do
      for _, err in ipairs {
        select(2, cf.tokens.delete(nil, secret)), select(2, cf.tokens.delete(secret, ID)),
        select(2, client { account_id = secret }),
      } do
        assert.equal("argument", err.kind)
        assert.truthy(tostring(err):find "secret")
        for _, value in pairs(err) do
          if type(value) == "string" then
            assert.is_false(contains(value, secret))
            assert.is_false(contains(value, "QQQQ"))
          end
        end
      end
    end
    assert.equal(0, arrived())
  end)
end)

describe("a bad value of an option returns nil and an error:", function()
  local nan = 0 / 0
  -- Each row: what, the option that is at fault, and the options.
  local bad_options = {
    { "a token with a line end", "api_token", { api_token = "cfat_abc\r\nX-Evil: 1" } },
    { "a token that ends in a line feed", "api_token", { api_token = "cfat_abc\n" } },
    { "a token with a space", "api_token", { api_token = "Bearer cfat_abc" } },
    { "a token with a tab", "api_token", { api_token = "cfat_\tabc" } },
    { "a token with a NUL byte", "api_token", { api_token = "cfat_\0abc" } },
    { "a token beyond ASCII", "api_token", { api_token = "cf\195\164t" } },
    { "an empty token", "api_token", { api_token = "" } },
    { "a key with a line end", "api_key", { api_key = "abc\ndef", api_email = "me@example.com" } },
    { "a key with a space", "api_key", { api_key = "abc def", api_email = "me@example.com" } },
    { "an address with a line end", "api_email", { api_key = "abc", api_email = "me@example.com\r\nX-Evil: 1" } },
    { "a key without its address", "api_email", { api_key = "abc" } },
    { "an address without a key", "api_key", { api_email = "me@example.com" } },
    { "two credentials", "api_token", { api_token = "abc", api_key = "abc", api_email = "me@example.com" } },
    { "a token, and an address that waits for its key", "api_token", { api_token = "abc", api_email = "me@x.org" } },
    { "a function, and a key", "api_token", { api_token = print, api_key = "abc", api_email = "me@x.org" } },
  }
  for _, name in ipairs { "timeout", "attempt_timeout", "connect_timeout" } do
    for _, seconds in ipairs { 0, -1, 1 / 0, -1 / 0, nan } do
      bad_options[#bad_options + 1] = { ("%s = %s"):format(name, seconds), name, { [name] = seconds } }
    end
  end
  for _, count in ipairs { 11, 1.5, -1, 1 / 0, nan } do
    bad_options[#bad_options + 1] = { "max_retries = " .. count, "max_retries", { max_retries = count } }
  end

  setup(sandbox.reset)

  for _, row in ipairs(bad_options) do
    local what, option, options = row[1], row[2], row[3]

    it(what .. ", of a client", function()
      local own = { user_agent = AGENT, base_url = sandbox.urls.plain }
      if option:find "time" or option == "max_retries" then own.api_token = sandbox.token end
      for name, value in pairs(options) do own[name] = value end
      assert_fault(option, cloudflare.new(own))
    end)

    it(what .. ", of a call", function()
      local cf = client()
      assert_fault(option, cf.tokens.delete(sandbox.account, ID, options))
      local call = cf.async.tokens.delete(sandbox.account, ID, options)
      assert.is_true(call:done())
      assert_fault(option, call:wait())
      assert.equal(0, arrived())
    end)
  end

  -- What people have in place of a credential (%s: one), and a part of what they are told.
  local spoilt = {
    { "%s\n", "line end" }, { "%s\r\n", "line end" }, { " %s", "blank" }, { "%s\t", "blank" },
    { "Bearer %s", "Bearer" }, { "bearer: %s", "Bearer" }, { "Authorization: Bearer %s", "Bearer" },
    { '"%s"', "quotes" }, { "'%s'", "quotes" }, { "%s\\n", "backslash" },
    { "${%s}", "variable" }, { "<%s>", "placeholder" }, { "op://%s/token", "reference" },
    { "%s********", "asterisks" },
    { "%s %s", "blanks" }, { "\239\187\191%s", "byte order mark" }, { "%s\194\160", "no%-break space" },
  }
  for _, row in ipairs(spoilt) do
    local value = ("QQQQQQQQ"):rep(5)
    local credential = row[1]:gsub("%%s", value)
    local shown = row[1]:gsub("[^ -~]", function(byte) return ("\\%d"):format(byte:byte()) end)
    it(("a credential as people have it, %s, and names its %s"):format(shown, row[2]), function()
      local function vault() return credential end
      local _, of_vault = client { api_token = vault }.tokens.delete(sandbox.account, ID)
      for option, err in pairs {
        api_token = select(2, cloudflare.new { api_token = credential }),
        api_key = select(2, cloudflare.new { api_key = credential, api_email = "me@example.com" }),
        vault = of_vault,
      } do
        assert_fault(option == "vault" and "api_token" or option, nil, err)
        assert.truthy(tostring(err):find("not a credential", 1, true))
        assert.truthy(tostring(err):find(row[2]), tostring(err))
        assert.is_false(contains(tostring(err), "QQQQ"))
      end
      assert.equal(0, arrived())
    end)
  end

  it("never repeats a credential", function()
    local secret = "cfat_" .. ("Q"):rep(40)
    local _, err = client { api_token = secret .. "\n" }
    assert_fault("api_token", nil, err)
    assert.is_false(contains(tostring(err), secret))
  end)

  it("takes what lies within the bounds", function()
    for _, options in ipairs {
      { timeout = 1e-3 }, { timeout = 1e6 }, { max_retries = 0 }, { max_retries = 10 }, { attempt_timeout = 0.5 },
    } do
      assert.truthy(client(options))
    end
  end)

  local base_urls = {
    { "no scheme", "api.cloudflare.com/client/v4" },
    { "another scheme", "ftp://api.cloudflare.com/client/v4" },
    { "http to the world", "http://api.cloudflare.com/client/v4" },
    { "http to a name", "http://localhost/client/v4" },
    { "http to a name that begins like an address", "http://127.0.0.1.example.com/client/v4" },
    { "http to a private network", "http://10.0.0.1/client/v4" },
    { "a user name", "https://me@api.cloudflare.com/client/v4" },
    { "a password", "https://me:QQQQQQQQ@api.cloudflare.com/client/v4" },
    { "a user name that looks like loopback", "http://127.0.0.1@example.com/client/v4" },
    { "a query", "https://api.cloudflare.com/client/v4?a=b" },
    { "a fragment", "https://api.cloudflare.com/client/v4#a" },
    { "an escape", "https://api.cloudflare.com/client%2fv4" },
    { "dot segments", "https://api.cloudflare.com/client/../v4" },
    { "no host", "https:///client/v4" },
    { "a space", "https://api.cloudflare.com/client v4" },
    { "a line end", "https://api.cloudflare.com/client/v4\r\nX-Evil: 1" },
    { "port 0", "https://api.cloudflare.com:0/client/v4" },
    { "a port beyond the last", "https://api.cloudflare.com:65536/client/v4" },
    { "a port in words", "https://api.cloudflare.com:https/client/v4" },
    { "nothing", "" },
  }
  for _, row in ipairs(base_urls) do
    it("base_url with " .. row[1], function()
      local cf, err = client { base_url = row[2] }
      assert_fault("base_url", cf, err)
      assert.is_false(contains(tostring(err), "QQQQQQQQ"))
    end)
  end

  for _, url in ipairs {
    "https://api.cloudflare.com/client/v4", "https://api.cloudflare.com/client/v4/", "https://example.com:8443",
    "https://[2001:db8::1]:8443/v4", "http://127.0.0.1:8080/client/v4", "http://[::1]:8080/client/v4",
    "https://example.com/a!b$c&d'e(f)g*h+i,j;k=l:m@n/v4",
  } do
    it("but not base_url = " .. url, function() assert.truthy(client { base_url = url }) end)
  end

  it("a proxy whose scheme libcurl does not speak to proxies", function()
    for _, proxy in ipairs { "ftp://127.0.0.1", "socks6://127.0.0.1", "://127.0.0.1" } do
      assert_fault("proxy", client { proxy = proxy })
    end
    for _, proxy in ipairs { "127.0.0.1:3128", "http://127.0.0.1", "socks5h://127.0.0.1", "HTTP://127.0.0.1" } do
      assert.truthy(client { proxy = proxy })
    end
  end)

  -- Each row: what is in it, and the proxy.
  local bad_proxies = {
    { "a line end", "http://127.0.0.1:3128\n" },
    { "a line end and a header", "http://127.0.0.1:3128\r\nX-Evil: 1" },
    { "a blank behind it", "http://127.0.0.1:3128 " },
    { "quotes", "'http://127.0.0.1:3128'" },
    { "a raw @ in the password", "http://user:QQQ@QQQQQ@127.0.0.1:3128" },
    { "a raw # in the password", "http://user:QQQ#QQQQQ@127.0.0.1:3128" },
    { "a raw / in the password", "http://user:QQQ/QQQQQ@127.0.0.1:3128" },
    { "a port beyond the last", "http://127.0.0.1:99999" },
    { "no host", "http://" },
  }
  for _, row in ipairs(bad_proxies) do
    it("a proxy with " .. row[1], function()
      local cf, err = client { proxy = row[2] }
      assert_fault("proxy", cf, err)
      assert.is_false(contains(tostring(err), "QQQ"))
    end)
  end

  it("a user_agent that does not fit into a header", function()
    for _, agent in ipairs { "a\r\nX-Evil: 1", "a\0b", "", "\195\164" } do
      assert_fault("user_agent", cloudflare.new(sandbox.options("plain", { user_agent = agent })))
    end
  end)
end)

describe("the environment", function()
  -- A script for a child: deletes the token `id` with a client of `options`, and says what came of it.
  local function deletion(options, id)
    return ([[
      local cf, err = cloudflare.new %s
      local token
      if cf then token, err = cf.tokens.delete(nil, "%s") end
      print(token and "deleted" or err.outcome, token and token.id or err.argument or err.code)
    ]]):format(options, id)
  end

  local base = { CLOUDFLARE_BASE_URL = sandbox.urls.plain, CLOUDFLARE_ACCOUNT_ID = sandbox.account }
  local function with(variables)
    for name, value in pairs(base) do variables[name] = variables[name] or value end
    return variables
  end

  -- Each row: what; the variables; the options in code; what is printed (%s: the id).
  local cases = {
    { "gives a token", { CLOUDFLARE_API_TOKEN = sandbox.token }, "{}", "deleted\t%s" },
    { "gives a key with its address", { CLOUDFLARE_API_KEY = sandbox.key, CLOUDFLARE_EMAIL = sandbox.email }, "{}",
      "deleted\t%s" },
    { "prefers the token to the key",
      { CLOUDFLARE_API_TOKEN = sandbox.read_token, CLOUDFLARE_API_KEY = sandbox.key,
        CLOUDFLARE_EMAIL = sandbox.email }, "{}", "refused\t9109" },
    { "does no harm with an address beside the token",
      { CLOUDFLARE_API_TOKEN = sandbox.token, CLOUDFLARE_EMAIL = sandbox.email }, "{}", "deleted\t%s" },
    { "with an address alone has no credential", { CLOUDFLARE_EMAIL = sandbox.email }, "{}", "not_sent\tapi_token" },
    { "with a key alone misses the address", { CLOUDFLARE_API_KEY = sandbox.key }, "{}", "not_sent\tapi_email" },
    { "counts an empty token as unset",
      { CLOUDFLARE_API_TOKEN = "", CLOUDFLARE_API_KEY = sandbox.key, CLOUDFLARE_EMAIL = sandbox.email }, "{}",
      "deleted\t%s" },
    { "that is empty has no credential", { CLOUDFLARE_API_TOKEN = "", CLOUDFLARE_API_KEY = "" }, "{}",
      "not_sent\tapi_token" },
    { "is shut out by a token in code",
      { CLOUDFLARE_API_KEY = sandbox.key, CLOUDFLARE_EMAIL = sandbox.email, CLOUDFLARE_API_TOKEN = sandbox.token },
      ("{ api_token = '%s' }"):format(sandbox.read_token), "refused\t9109" },
    { "is shut out by a key in code",
      { CLOUDFLARE_API_TOKEN = sandbox.read_token },
      ("{ api_key = '%s', api_email = '%s' }"):format(sandbox.key, sandbox.email), "deleted\t%s" },
    { "does not lend its address to a key in code", { CLOUDFLARE_EMAIL = sandbox.email },
      ("{ api_key = '%s' }"):format(sandbox.key), "not_sent\tapi_email" },
    { "does not lend its key to an address in code", { CLOUDFLARE_API_KEY = sandbox.key },
      ("{ api_email = '%s' }"):format(sandbox.email), "not_sent\tapi_key" },
    { "is shut out by a function in code", { CLOUDFLARE_API_TOKEN = sandbox.token },
      ("{ api_token = function() return '%s' end }"):format(sandbox.read_token), "refused\t9109" },
    { "gives the account, which code may replace",
      { CLOUDFLARE_API_TOKEN = sandbox.token, CLOUDFLARE_ACCOUNT_ID = ("3"):rep(32) },
      ("{ account_id = '%s' }"):format(sandbox.account), "deleted\t%s" },
    { "may give an account that is none", { CLOUDFLARE_API_TOKEN = sandbox.token, CLOUDFLARE_ACCOUNT_ID = "mine" },
      "{}", "not_sent\taccount_id" },
    { "gives the base URL, which code may replace",
      { CLOUDFLARE_API_TOKEN = sandbox.token, CLOUDFLARE_BASE_URL = "https://127.0.0.1:1" },
      ("{ base_url = '%s' }"):format(sandbox.urls.plain), "deleted\t%s" },
    { "may not give a base URL that code might not",
      { CLOUDFLARE_API_TOKEN = sandbox.token, CLOUDFLARE_BASE_URL = "http://example.com" }, "{}",
      "not_sent\tbase_url" },
    { "is checked as code is", { CLOUDFLARE_API_TOKEN = "cfat_a b" }, "{}", "not_sent\tapi_token" },
  }

  setup(sandbox.reset)

  for _, row in ipairs(cases) do
    local what, variables, options, printed = row[1], row[2], row[3], row[4]
    it(what, function()
      local id = sandbox.fresh()
      assert.equal(printed:format(id), in_environment(with(variables), deletion(options, id)))
    end)
  end

  it("without a credential is an error that names the variables, before any connection", function()
    local before = #sandbox.ledger()
    for _, code in ipairs {
      "print(select(2, cloudflare.new()))",
      "print(select(2, cloudflare.new {}))",
      ("print(select(2, cloudflare.tokens.delete(nil, '%s')))"):format(ID),
      ("print(select(2, cloudflare.async.tokens.delete(nil, '%s'):wait()))"):format(ID),
      "print(select(2, cloudflare.tokens.verify()))",
    } do
      local sentence = in_environment(with {}, code)
      assert.is_nil(sentence:find "\n")
      for _, word in ipairs { "CLOUDFLARE_API_TOKEN", "CLOUDFLARE_API_KEY", "CLOUDFLARE_EMAIL" } do
        assert.is_true(contains(sentence, word))
      end
    end
    assert.equal(before, #sandbox.ledger())
  end)

  it("with a key alone names the address's variable, and where a token belongs", function()
    local print_error = "print(select(2, cloudflare.new()))"
    local sentence = in_environment(with { CLOUDFLARE_API_KEY = sandbox.key }, print_error)
    assert.is_true(contains(sentence, "CLOUDFLARE_EMAIL"))
    assert.is_true(contains(sentence, "a token belongs in CLOUDFLARE_API_TOKEN"))
    assert.is_false(contains(sentence, sandbox.key))
    local with_key = ("print(select(2, cloudflare.new { api_key = '%s' }))"):format(sandbox.key)
    local in_code = in_environment(with {}, with_key)
    assert.is_true(contains(in_code, "a token belongs in api_token"))
  end)

  it("is named where it gave what is no credential", function()
    local sentence = in_environment(with { CLOUDFLARE_API_TOKEN = "${TOKEN}" }, "print(select(2, cloudflare.new()))")
    assert.truthy(sentence:find("variable.*it came from CLOUDFLARE_API_TOKEN"))
  end)

  it("without a credential, inside nginx, is an error that names the directive which is missing there", function()
    local sentence = in_environment(with {}, "package.loaded.ngx = {}; print(select(2, cloudflare.new()))")
    assert.is_true(contains(sentence, "env CLOUDFLARE_API_TOKEN;"))
  end)

  it("without an account is an error where the call names none either", function()
    local variables = { CLOUDFLARE_API_TOKEN = sandbox.token, CLOUDFLARE_BASE_URL = sandbox.urls.plain }
    local code = [[
      local token, err = cloudflare.tokens.delete(nil, "%s")
      print(token, err.kind, err.outcome, err.argument)
      print(err)
    ]]
    local output = in_environment(variables, code:format(ID))
    assert.truthy(output:find("nil\targument\tnot_sent\taccount_id\n", 1, true))
    assert.is_true(contains(output, "CLOUDFLARE_ACCOUNT_ID"))
  end)

  it("makes the default client, on first use", function()
    local id = sandbox.fresh()
    local variables = with { CLOUDFLARE_API_TOKEN = sandbox.token }
    local code = ("local token, envelope = cloudflare.tokens.delete(nil, '%s') print(token.id, envelope.outcome)")
    assert.equal(id .. "\tdeleted", in_environment(variables, code:format(id)))
  end)

  it("makes it once: a block that it met is remembered", function()
    local id = sandbox.fresh()
    sandbox.fault { token = id, method = "DELETE", status = 429, headers = { ["Retry-After"] = "600" } }
    local variables = with { CLOUDFLARE_API_TOKEN = sandbox.token }
    local code = ("for _ = 1, 2 do io.write(select(2, cloudflare.tokens.delete(nil, '%s')).outcome, ' ') end")
    assert.equal("refused not_sent", in_environment(variables, code:format(id)))
  end)

  it("names no proxy for a loopback address", function()
    local id = sandbox.fresh()
    local variables = with { CLOUDFLARE_API_TOKEN = sandbox.token }
    for _, name in ipairs { "http_proxy", "https_proxy", "ALL_PROXY", "all_proxy" } do
      variables[name] = "http://127.0.0.1:1"
    end
    assert.equal("deleted\t" .. id, in_environment(variables, deletion("{}", id)))
  end)
end)
