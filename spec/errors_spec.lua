local cloudflare = require "cloudflare"
local child = require "spec.support.child"
local sandbox = require "spec.support.sandbox"

-- What one deletion under this fault ends in, or without one.
local function failure(fault, options)
  local id = sandbox.fresh()
  if fault then
    fault.token = id
    sandbox.fault(fault)
  end
  local token, err = assert(cloudflare.new(sandbox.options("plain", options))).tokens.delete(nil, id)
  assert.is_nil(token)
  return err, id
end

local function last_ray()
  local ledger = sandbox.ledger()
  return ledger[#ledger].ray
end

local function contains(text, part) return text:find(part, 1, true) ~= nil end

-- What a Lua of the same kind prints when it runs this, behind this command if any.
local function run(code, command) return (child.run("local cloudflare = require 'cloudflare'\n" .. code, command)) end

describe("an error", function()
  before_each(sandbox.reset)

  it("is one sentence for a person: what was called, what came of it, what to do, and the ray", function()
    local err = failure(nil, { api_token = sandbox.read_token })
    assert.equal('cloudflare.tokens.delete: the API refused (HTTP 403, code 9109 "Unauthorized to access requested '
      .. 'resource"); the credential needs the permission "Account API Tokens Write" in account ' .. sandbox.account
      .. " [ray " .. last_ray() .. "]", tostring(err))
  end)

  it("is a table for a program", function()
    local err = failure(nil, { api_token = sandbox.read_token })
    assert.equal("api", err.kind)
    assert.equal("refused", err.outcome)
    assert.equal(tostring(err), err.message)
    assert.equal(9109, err.code)
    assert.equal(9109, err.errors[1].code)
    assert.equal("Unauthorized to access requested resource", err.errors[1].message)
    assert.same({}, err.messages)
    assert.is_nil(err.argument)
    assert.is_true(err.safe_to_retry)
    assert.equal(403, err.http.status)
    assert.equal(1, err.http.attempts)
    assert.equal(last_ray(), err.http.ray_id)
    assert.equal(1, #err.http.trace)
    assert.is_nil(err.http.retry_after)
  end)

  it("concatenates with strings, numbers and errors", function()
    local err = failure(nil, { api_token = sandbox.read_token })
    local sentence = tostring(err)
    assert.equal("failed: " .. sentence, "failed: " .. err)
    assert.equal(sentence .. "!", err .. "!")
    assert.equal("1" .. sentence .. "2", 1 .. err .. 2)
    assert.equal(sentence .. sentence, err .. err)
  end)

  it("goes through error and pcall as it is", function()
    local err = failure(nil, { api_token = sandbox.read_token })
    local ok, caught = pcall(error, err)
    assert.is_false(ok)
    assert.equal(err, caught)
  end)

  -- What a deletion or, with a fourth value, a verify says when the API answers so.
  local PERMISSION, BAD_HEADER = "Account API Tokens Write", "Invalid format for %s header"
  local function chained(cause)
    local error = '{"code":6003,"message":"Invalid request headers","error_chain":[{"code":%d,"message":"%s"}]}'
    return { status = 400, effect = false, body = ('{"success":false,"errors":[%s],"result":null}')
      :format(error:format(cause == "Authorization" and 6111 or 6103, BAD_HEADER:format(cause))) }
  end
  local hints = {
    { "9109: which permission is needed",
      { status = 403, code = 9109, message = "Unauthorized to access requested resource" }, PERMISSION },
    { "9109: that the token lives, but not from this address",
      { status = 403, code = 9109, message = "Cannot use the access token from location: 192.0.2.7" },
      "from this address" },
    { "9109: that the credential is none",
      { status = 403, code = 9109, message = "Invalid access token" }, "revoked" },
    { "9109: that waiting helps, not another try", { status = 403, code = 9109,
      message = "Max auth failures reached, please check your Authorization header." }, "half an hour" },
    { "10502: likewise", { status = 403, code = 10502, message = "Max auth failures reached" }, "half an hour" },
    { "1000: what is wrong with the credential",
      { status = 401, code = 1000, message = "Invalid API Token" }, "another account" },
    { "1001: likewise", { status = 401, code = 1001, message = "Invalid API Token" }, "another account" },
    { "1000 to a verify: where a user's token is verified",
      { status = 401, code = 1000, message = "Invalid API Token" }, "/user/tokens/verify", true },
    { "10000: that it may pass", { status = 403, code = 10000, message = "Authentication error" }, "once more" },
    { "6003: where a global key belongs", chained "Authorization", "api_key and api_email" },
    { "6003: where a token belongs", chained "X-Auth-Key", "api_token" },
    { "9103: key and address", { status = 403, code = 9103 }, "api_email" },
    { "9106: that the credential was lost on the way",
      { status = 400, code = 9106, message = "Missing X-Auth-Key, X-Auth-Email or Authorization headers" },
      "on the way" },
    { "7003: the account id", { status = 404, code = 7003 }, "account id" },
    { "429: how long the API asked to wait",
      { status = 429, headers = { ["Retry-After"] = "300" } }, "300 s" },
  }
  for _, row in ipairs(hints) do
    it("helps with " .. row[1], function()
      local fault, hint, verify = row[2], row[3], row[4]
      local err
      if verify then
        fault.path = "/verify"
        sandbox.fault(fault)
        err = select(2, cloudflare.new(sandbox.options "plain").tokens.verify())
      else
        err = failure(fault)
      end
      assert.equal("refused", err.outcome)
      assert.is_true(contains(tostring(err), hint))
      assert.equal(hint == PERMISSION, contains(tostring(err), "permission"))
      assert.is_true(contains(tostring(err), ("HTTP %d, code %d"):format(fault.status, err.code)))
      assert.is_true(contains(tostring(err), "[ray " .. last_ray() .. "]"))
    end)
  end

  -- Codes that say too little, or that nobody knows.
  for _, fault in ipairs {
    { status = 403, code = 10042, message = "Something new" },
    { status = 403, code = 9109, message = "Something new" },
    { status = 400, code = 1001, message = "This token cannot be deleted" },
    { status = 401, code = 1001, message = "Something new" },
    { status = 400, code = 10000, message = "Authentication error" },
    { status = 403, code = 10001, message = "Unable to authenticate request" },
    { status = 400, code = 6003, message = "Invalid request headers" },
    { status = 403, code = 9109, message = "" },
  } do
    it(('advises nothing for a %d with %d "%s"'):format(fault.status, fault.code, fault.message), function()
      local err = failure(fault)
      assert.equal(('cloudflare.tokens.delete: the API refused (HTTP %d, code %d "%s") [ray %s]')
        :format(fault.status, fault.code, fault.message, last_ray()), tostring(err))
    end)
  end

  it("helps a user's token that knocks at an account's door", function()
    local err = failure(nil, { api_token = os.getenv "SANDBOX_USER_TOKEN" })
    assert.equal("refused", err.outcome)
    assert.equal(403, err.http.status)
    assert.is_true(contains(tostring(err), "permission"))
  end)

  it("says that repeating an unknown is safe", function()
    local err = failure({ method = "DELETE", drop = "before", times = 9 }, { max_retries = 0 })
    assert.equal("unknown", err.outcome)
    assert.truthy(tostring(err):find "^cloudflare%.tokens%.delete: it is unknown whether the token was deleted")
    assert.truthy(tostring(err):find "safe")
    assert.is_true(err.safe_to_retry)
  end)

  it("speaks for this credential and this account only where a token is not there", function()
    local err = select(2, cloudflare.new(sandbox.options()).tokens.delete(nil, sandbox.missing_id))
    assert.truthy(tostring(err):find "for this credential")
    assert.truthy(tostring(err):find "in this account")
  end)

  it("is one line whatever the API's words hold", function()
    local words = "Line one\nline two\r\n\27[31mred\27[0m\tand \0 and \127"
    local err = failure { status = 403, code = 9109, message = words }
    assert.is_nil(tostring(err):find "%c")
    assert.is_true(contains(tostring(err), "Line one line two"))
    assert.equal(words, err.errors[1].message) -- as received
  end)

  it("is UTF-8 in which nothing steers a terminal or turns the writing, whatever the API's words hold", function()
    local words = "caf\195\169 \194\155" .. "31mred\194\133next\226\128\168line\226\128\174evil\226\129\166x"
      .. "\216\156y"
    local err = failure { status = 403, code = 9109, message = words }
    assert.is_true(contains(tostring(err), '"caf\195\169  31mred next line evil x y"'))
    assert.equal(words, err.errors[1].message) -- as received
  end)

  it("does not grow with the API's words", function()
    local err = failure { status = 403, code = 9109, message = ("word "):rep(2000) }
    assert.is_true(#tostring(err) < 1000)
    assert.equal(10000, #err.errors[1].message)
  end)

  it("has no code where the API sent none", function()
    local err = failure { status = 409, body = '{"success":false,"errors":[{"message":"busy"}],"result":null}', effect = false }
    assert.equal("refused", err.outcome)
    assert.is_nil(err.code)
    assert.equal("busy", err.errors[1].message)
    assert.is_true(contains(tostring(err), '(HTTP 409, "busy")'))
  end)

  it("keeps codes under 1000, and every further error", function()
    local body = '{"success":false,"errors":[{"code":10,"message":"a"},{"code":20,"message":"b"}],'
      .. '"messages":[{"code":1,"message":"c"}],"result":null}'
    local err = failure { status = 400, body = body, effect = false }
    assert.equal(10, err.code)
    assert.same({ { code = 10, message = "a" }, { code = 20, message = "b" } }, err.errors)
    assert.same({ { code = 1, message = "c" } }, err.messages)
    assert.same({ 10, 20 }, err.http.trace[1].codes)
  end)

  it("has no code where the API's is null", function()
    local body = '{"success":false,"errors":[{"code":null,"message":"a"}],"messages":[],"result":null}'
    local err = failure { status = 400, body = body, effect = false }
    assert.is_nil(err.code)
    assert.same({ { code = cloudflare.null, message = "a" } }, err.errors)
  end)

  it("has errors and messages that can be walked, whatever the API sent there", function()
    local bodies = {
      '{"success":false,"errors":[{"code":5}],"messages":null,"result":null}',
      '{"success":false,"errors":[{"code":5}]}',
      '{"success":false,"errors":[{"code":5}],"messages":"none"}',
    }
    for _, body in ipairs(bodies) do
      local err = failure { status = 403, body = body, effect = false }
      assert.same({ { code = 5 } }, err.errors)
      assert.same({}, err.messages)
    end
    sandbox.fault { path = "/verify", body = '{"success":true,"errors":null,"result":{"id":"' .. ("5"):rep(32) .. '","x":null}}' }
    local _, envelope = cloudflare.new(sandbox.options "plain").tokens.verify()
    assert.same({ {}, {} }, { envelope.errors, envelope.messages })
    assert.equal(cloudflare.null, envelope.result.x)
  end)

  -- What a child prints whose lua-cjson cannot do its work.
  local function unreadable(faults, code)
    if faults then sandbox.fault(faults) end
    return run(([[
      local cjson = require "cjson"
      local new = cjson.new
      cjson.new = function() return { decode = function() error("no tables\ntoday", 0) end } end
      package.loaded.cloudflare = nil
      cloudflare = require "cloudflare"
      cjson.new = new
      local function show(...)
        for i = 1, select("#", ...) do io.write(tostring((select(i, ...))), i < select("#", ...) and "|" or "\n") end
      end
      %s]]):format(code))
  end
  local reason = "the answer could not be made into Lua tables (no tables today)"

  it("calls nothing memory that is not: a read says why, and keeps its evidence", function()
    local output = unreadable(nil, [[
      local result, err = cloudflare.tokens.verify()
      show(result, err.kind, err.outcome, err.http.status, #err.http.trace, err.http.trace[1].proved)
      print(err)]])
    assert.truthy(output:find("^nil|host|failed|200|1|present\n"))
    assert.is_true(contains(output, "cloudflare.tokens.verify: the API said yes (HTTP 200); " .. reason .. " [ray "))
  end)

  it("calls nothing memory that is not: a refusal keeps its codes", function()
    local output = unreadable({ method = "DELETE", status = 403, code = 9106 }, ([[
      local result, err = cloudflare.tokens.delete(nil, "%s")
      show(result, err.kind, err.outcome, err.code, #err.errors, err.errors[1].code, #err.messages,
        err.http.trace[1].codes[1])
      print(err)]]):format(sandbox.fresh()))
    assert.truthy(output:find("^nil|api|refused|9106|1|9106|0|9106\n"))
    assert.is_true(contains(output, "cloudflare.tokens.delete: the API refused (HTTP 403, code 9106"))
    assert.is_true(contains(output, "; " .. reason .. " [ray "))
  end)

  it("calls nothing memory that is not: a proven deletion stays one", function()
    local id = sandbox.fresh()
    local output = unreadable(nil, ([[
      local token, envelope = cloudflare.tokens.delete(nil, "%s")
      show(token.id, envelope.success, envelope.outcome, envelope.result.id, #envelope.errors, #envelope.messages,
        envelope.http.status, envelope.http.trace[1].proved)]]):format(id))
    assert.equal(("%s|true|deleted|%s|0|0|200|deleted"):format(id, id), output)
  end)

  it("calls nothing memory that is not: neither a hook that lets nothing be built", function()
    local id = sandbox.fresh()
    local output = run(([[
      local call = cloudflare.async.tokens.delete(nil, "%s", { max_retries = 0 })
      while not call:done() do cloudflare.step(0.1) end
      local verify = cloudflare.async.tokens.verify()
      while not verify:done() do cloudflare.step(0.1) end
      debug.sethook(function() -- of C functions that C calls
        local called, caller = debug.getinfo(2, "S"), debug.getinfo(3, "S")
        if called.what == "C" and caller and caller.what == "C" then error("of the host", 0) end
      end, "c")
      local token, envelope = call:wait()
      local result, err = verify:wait()
      debug.sethook()
      print(token and token.id, envelope.outcome, result, err and err.outcome, err)
    ]]):format(id))
    assert.truthy(output:find("^" .. id .. "\tdeleted\tnil\tfailed\tcloudflare: .*raised"))
    assert.is_false(contains(output, "memory"))
  end)

  -- One of each kind, and what its sentence must hold.
  local kinds = {
    argument = { function()
      return select(2, cloudflare.new(sandbox.options()).tokens.delete(nil, "x"))
    end, "not_sent", "token_id" },
    api = { function() return failure { status = 403 } end, "refused", "HTTP 403" },
    network = { function()
      return failure(nil, { base_url = "http://127.0.0.1:1", max_retries = 0 })
    end, "not_sent", "base_url" },
    timeout = { function()
      return failure({ delay = 3, times = 9 }, { timeout = 0.6 })
    end, nil, "time" },
    tls = { function()
      return failure(nil, { base_url = sandbox.urls.http2, ca_path = "spec" })
    end, "not_sent", "ca_file" },
    response = { function()
      sandbox.fault { path = "/verify", html = true }
      return select(2, cloudflare.new(sandbox.options("plain")).tokens.verify(sandbox.account, { max_retries = 0 }))
    end, "failed", "envelope" },
    cancelled = { function()
      local call = cloudflare.new(sandbox.options()).async.tokens.delete(nil, sandbox.fresh())
      call:cancel()
      return select(2, call:wait())
    end, "not_sent", "cancelled" },
  }
  for kind, row in pairs(kinds) do
    it("of kind " .. kind, function()
      local err = row[1]()
      assert.equal(kind, err.kind)
      if row[2] then assert.equal(row[2], err.outcome) end
      assert.equal("table", type(err.http))
      assert.equal(#err.http.trace, err.http.attempts)
      assert.equal(kind == "argument", err.argument ~= nil)
      assert.is_true(contains(tostring(err), row[3]))
      assert.is_nil(tostring(err):find "%c")
      assert.truthy(tostring(err):find "^cloudflare%.tokens%.%l+: ")
    end)
  end

  -- The sentence of a deletion over TLS in a process with these words before it, and these options in code.
  local function sentence_of(words, options)
    local code = ([[
      local options = require "spec.support.sandbox".options("http2", %s)
      options.ca_path = options.ca_path ~= "" and options.ca_path or nil
      print(select(2, require "cloudflare".new(options).tokens.delete(nil, ("0"):rep(32))))
    ]]):format(options or "{ max_retries = 0 }")
    return (child.run(code, words))
  end

  -- What of the environment, or of an option, stands behind a failure: the words before the command, the options
  -- in code, and what is said.
  local causes = {
    { "a proxy variable that is no URL", "https_proxy='http://user:hunter2@word@127.0.0.1:9'", nil,
      "https_proxy, in the environment, is no proxy's URL" },
    { "one with a scheme that no proxy has", "all_proxy=ftp://127.0.0.1:9", nil,
      "all_proxy, in the environment, is no proxy's URL" },
    { "one in quotes", [[HTTPS_PROXY='"http://127.0.0.1:9"']], nil,
      "HTTPS_PROXY, in the environment, is no proxy's URL" },
    { "one that is a URL, of a proxy that is not there", "https_proxy=http://127.0.0.1:1", nil,
      "https_proxy, in the environment, names the proxy" },
    { "OPENSSL_CONF, where TLS fails", "OPENSSL_CONF=/dev/null", "{ max_retries = 0, ca_path = '' }",
      "OPENSSL_CONF is set" },
    { "a ca_path that holds no hashes", "", "{ ca_path = 'spec' }", "ca_path holds no readable <hash>.0" },
    { "a ca_path that is a file", "", "{ ca_path = 'Makefile' }", "ca_path is no directory" },
    { "a ca_path that is not there", "", "{ ca_path = 'spec/nowhere' }", "ca_path cannot be read" },
  }
  for _, row in ipairs(causes) do
    it("names " .. row[1], function()
      local sentence = sentence_of(row[2], row[3])
      assert.is_true(contains(sentence, "nothing was sent"))
      assert.is_true(contains(sentence, row[4]))
      assert.is_false(contains(sentence, "hunter2"))
    end)
  end

  it("names nothing of the environment where code names the proxy, or where nothing is set", function()
    local words = "https_proxy=http://127.0.0.1:1"
    assert.is_false(contains(sentence_of(words, "{ max_retries = 0, proxy = 'http://127.0.0.1:1' }"), "environment"))
    assert.is_false(contains(sentence_of("env -u OPENSSL_CONF", "{ ca_path = '' }"), "OPENSSL_CONF"))
  end)

  it("comes of no proxy variable where proxy is empty: that is none", function()
    local sentence = sentence_of("https_proxy=http://127.0.0.1:1", "{ proxy = '' }")
    assert.is_true(contains(sentence, "there is no such token"))
  end)

  it("names the cause where no thread may be started, as in HAProxy", function()
    -- the superuser may start any number; nobody may not look into everyone's directories
    local module = os.getenv "LUA_CPATH":match "^[^;]+":gsub("%?", "cloudflare")
    local command = ("export ASAN_OPTIONS=detect_leaks=0; " -- which takes a thread, too
      .. "[ $(id -u) != 0 ] || as='setpriv --reuid=65534 --clear-groups'; dir=$(mktemp -d) && chmod 777 $dir && "
      .. "export GCOV_PREFIX=$dir && " -- in a build for coverage: nobody may not write to the counters of that build
      .. "cp %s $dir/cloudflare.so && cd $dir && LUA_CPATH='./?.so;;' $as prlimit --nproc=0 "):format(module)
    local said = run([[
      local cf = cloudflare.new { base_url = "https://api.invalid:1/client/v4", timeout = 2, max_retries = 0 }
      local _, err = cf.tokens.delete(("0"):rep(32), ("1"):rep(32))
      print(err.outcome, err.kind, err)
    ]], command)
    assert.truthy(said:find("^not_sent\thost\tcloudflare.tokens.delete: nothing was sent: no thread may be started here"), said)
    assert.truthy(contains(said, "insecure-fork-wanted") and contains(said, "a proxy by its address"), said)
  end)

  describe("that nobody caught", function()
    local code = "assert(cloudflare.tokens.delete(nil, '%s'))"
    local sentence = "cloudflare.tokens.delete: there is no such token"

    if _VERSION == "Lua 5.3" or _VERSION == "Lua 5.4" or jit then
      it("shows its sentence, with assert alone", function()
        assert.is_true(contains(run(code:format(sandbox.missing_id)), sentence))
      end)
    end

    it("shows its sentence everywhere, with error(tostring(err))", function()
      local careful = "local token, err = cloudflare.tokens.delete(nil, '%s') if not token then error(tostring(err)) end"
      assert.is_true(contains(run(careful:format(sandbox.missing_id)), sentence))
    end)
  end)
end)
