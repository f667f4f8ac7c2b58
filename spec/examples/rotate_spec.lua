-- examples/rotate.lua: whatever happens on the way, the old token lives until the new one is deployed and works, and
-- running the same again ends with one of them.
local cjson = require "cjson"
local sandbox = require "spec.support.sandbox"
local script = require "spec.support.script"
local read = require "spec.support.read"
local system = require "spec.support.system"

local dir
local id -- of the token to be replaced

local function path(name) return dir .. "/" .. name end

local function exists(name) return system.exists(path(name)) end

-- Deploys, as a person might: the secret into a file.
local DEPLOY = "cat >secret"

local function words_of(...)
  local words = { "--state", path "state", ... }
  local has_deploy = false
  for _, word in ipairs(words) do has_deploy = has_deploy or word == "--deploy" end
  if not has_deploy then words[#words + 1], words[#words + 2] = "--deploy", ("cd '%s' && %s"):format(dir, DEPLOY) end
  words[#words + 1] = id
  return words
end

local secrets_seen -- all that must not be printed

-- status, standard output, standard error
local function rotate(words, environment)
  local status, out, err = script.run("rotate", words, environment)
  if exists "secret" then secrets_seen[#secrets_seen + 1] = read(path "secret") end
  for _, secret in ipairs(secrets_seen) do
    for _, text in ipairs { out, err, exists "state" and read(path "state") or "" } do
      assert(secret == "" or not text:find(secret, 1, true), "a secret was told")
    end
  end
  return status, out, err
end

local function get(token_id) return sandbox.api("GET", sandbox.tokens("/" .. token_id)).body.result end

-- The tokens but for the sandbox's own and the bystanders: id → token.
local function living()
  local found, count = {}, 0
  for _, token in ipairs(sandbox.api("GET", sandbox.tokens "?per_page=50&include_expired=true").body.result) do
    if token.name:find "^app" then found[token.id], count = token, count + 1 end
  end
  return found, count
end

local function owner_of(secret)
  local answer = sandbox.api("GET", sandbox.tokens "/verify", nil, secret)
  return answer.status == 200 and answer.body.result.id or nil
end

local function new_id(out) return out:match "created (%x+)" end

-- One living token, which is not the old one, and whose secret is the one that was deployed last.
local function assert_replaced()
  local tokens, count = living()
  assert.equal(1, count)
  local only = next(tokens)
  assert.is_not.equal(id, only)
  assert.equal(only, owner_of(read(path "secret")))
  return tokens[only]
end

local function assert_untouched()
  local tokens, count = living()
  assert.same({ 1, id }, { count, (next(tokens)) })
end

local function effects()
  local found = {}
  for _, entry in ipairs(sandbox.ledger()) do
    if type(entry.effect) == "string" then found[#found + 1] = entry.effect .. " " .. entry.token end
  end
  return found
end

-- A program in place of `sleep`, which notes how long it was to be; from the time `at` on it runs `act`.
local function fake_sleep(at, act)
  system.write(path "sleep", ([[
#!/bin/sh
unset LD_PRELOAD
echo "$1" >>'%s'
[ $(wc -l <'%s') -lt %d ] || { %s; } >/dev/null
]]):format(path "slept", path "slept", at or 1000, act or ":"))
  os.execute("chmod +x " .. path "sleep")
  return { PATH = dir .. ":" .. os.getenv "PATH" }
end

local function slept()
  local list = {}
  for seconds in (exists "slept" and read(path "slept") or ""):gmatch "%d+" do list[#list + 1] = tonumber(seconds) end
  return list
end

-- Lines for the shell that throw switches of the sandbox, or order a fault.
local function control(what, body) return ("curl -s -d '%s' %s/sandbox/%s"):format(body, sandbox.http, what) end

describe("examples/rotate.lua", function()
  before_each(function()
    sandbox.reset()
    secrets_seen = { sandbox.token, sandbox.key }
    dir = system.directory()
    id = sandbox.grow({ count = 1, name = "app", secret = "new", groups = { "Workers Scripts Write", "Account Analytics Read" } }).ids[1]
  end)
  after_each(function() os.execute("rm -rf " .. dir) end)

  it("makes a token like the old one, deploys it, sees it work, and deletes the old one", function()
    local old = get(id)
    local status, out, err = rotate(words_of())
    assert.same({ 0, "" }, { status, err })
    local new = assert_replaced()
    assert.truthy(new.name:find "^app%-00001@%d+T%d+Z$")
    assert.same(old.policies[1].resources, new.policies[1].resources)
    assert.same(#old.policies[1].permission_groups, #new.policies[1].permission_groups)
    assert.equal(("created %s %s\ndeployed %s\nworks %s\ndeleted %s\ndone %s\n"):format(new.id, new.name, new.id, new.id,
      id, new.id), out)
    assert.same({ "created " .. new.id, "deleted " .. id }, effects())
  end)

  it("says that it is done, where it is run again", function()
    rotate(words_of())
    local before = #sandbox.ledger()
    local status, out = rotate(words_of())
    assert.equal(0, status)
    assert.truthy(out:find "^done %x+\n$")
    assert.equal(before, #sandbox.ledger())
  end)

  it("hands the secret to the command on standard input alone", function()
    -- what the system shows of the command, its shells and this script
    local look = "cat >secret; cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null | grep -c -a -F -f secret >found"
    rotate(words_of("--deploy", ("cd '%s'; %s; echo $ROTATE_TOKEN_ID >id"):format(dir, look)))
    assert.same({ 53, "0\n" }, { #read(path "secret"), read(path "found") })
    assert.equal(assert_replaced().id .. "\n", read(path "id"))
  end)

  describe("makes a token", function()
    it("of the name that is given, or with the suffix", function()
      rotate(words_of("--name", "app of today"))
      id = assert_replaced().id
      os.remove(path "state")
      rotate(words_of("--suffix", " and tomorrow"))
      assert.equal("app of today and tomorrow", assert_replaced().name)
    end)

    it("whose name does not grow from one time to the next, nor over what the API takes", function()
      sandbox.api("PUT", sandbox.tokens("/" .. id), {
        name = "app" .. ("é"):rep(100) .. "@20200131T000000Z", policies = get(id).policies,
      })
      rotate(words_of())
      assert.equal("app" .. ("é"):rep(50), assert_replaced().name:match "^(.*)@%d+T%d+Z$")
    end)

    it("whose name could do nothing to a terminal", function()
      sandbox.api("PUT", sandbox.tokens("/" .. id), {
        name = "app\27[31m\194\15531m", policies = get(id).policies,
      })
      local _, out = rotate(words_of())
      assert.truthy(out:find(" app [31m 31m@", 1, true), out)
    end)

    it("with the condition of the old one, also where that keeps this machine out", function()
      id = sandbox.grow({
        count = 1, name = "app-elsewhere", condition = { request_ip = { ["in"] = { "192.0.2.0/24" } } },
      }).ids[1]
      local status, _, err = rotate(words_of())
      assert.equal(0, status)
      assert.truthy(err:find("its address condition does not admit this machine", 1, true), err)
      local condition
      for _, token in pairs((living())) do condition = condition or token.condition end
      assert.same({ "192.0.2.0/24" }, condition.request_ip["in"])
    end)

    it("that ends when it is told to", function()
      rotate(words_of("--expires", "2035-01-31"))
      assert.equal("2035-01-31T00:00:00Z", assert_replaced().expires_on)
      id, secrets_seen = assert_replaced().id, {}
      local status, _, err = rotate(words_of())
      assert.equal(1, status)
      assert.truthy(err:find("the token expires on 2035-01-31T00:00:00Z: say with --expires", 1, true), err)
      assert_untouched()
      rotate(words_of("--expires", "never"))
      assert.equal(cjson.null, assert_replaced().expires_on or cjson.null)
    end)
  end)

  it("asks with a new secret until it is accepted", function()
    sandbox.switch { fresh_refused = 600 }
    local status = rotate(words_of(), fake_sleep(4, control("switches", '{"fresh_refused": 0}')))
    assert.equal(0, status)
    assert.same({ 1, 2, 4, 8 }, slept())
    assert_replaced()
  end)

  it("locks nobody out where a new secret is refused on and on, and goes on when it is run again", function()
    sandbox.switch { fresh_refused = 600, lockout = 600, lockout_after = 10 }
    for _ = 1, 2 do
      local status, out, err = rotate(words_of("--patience", "1000"), fake_sleep())
      assert.equal(3, status)
      assert.truthy(err:find("the old one still lives", 1, true), err)
      assert.truthy(err:find(new_id(out) .. " was made by this rotation, and may be deployed", 1, true), err)
    end
    assert.same({ 1, 2, 4, 8, 16, 30, 30, 30 }, slept()) -- the second run asks nothing: the first one used up the refusals
    assert.equal(3, select(2, living()))
    sandbox.switch { fresh_refused = 0 }
    os.execute(("sed -i 's/^[0-9]* refused/100 refused/' '%s'"):format(path "state")) -- half an hour later
    assert.equal(0, (rotate(words_of())))
    assert_replaced()
  end)

  it("waits no longer than its patience", function()
    sandbox.switch { fresh_refused = 600 }
    assert.equal(3, (rotate(words_of("--patience", "3"), fake_sleep())))
    assert.same({ 1, 2 }, slept())
  end)

  describe("where the command", function()
    local function fails(times)
      return ("cd '%s'; echo x >>tries; cat >secret; [ $(wc -l <tries) -gt %d ]"):format(dir, times)
    end

    it("fails once, runs it once more", function()
      local status, _, err = rotate(words_of("--deploy", fails(1)))
      assert.equal(0, status)
      assert.truthy(err:find("the deploying command failed (status 1), try 1 of 2", 1, true), err)
      assert_replaced()
    end)

    it("fails twice, deletes the new token", function()
      local status, out, err = rotate(words_of("--deploy", fails(2)))
      assert.equal(1, status)
      assert.truthy(err:find("nothing is left behind, and the old token was not touched", 1, true), err)
      assert.truthy(out:find("deleted " .. new_id(out), 1, true))
      assert_untouched()
    end)

    it("fails twice, and the new token cannot be deleted, says so, and goes on when it is run again", function()
      sandbox.fault { method = "DELETE", status = 403, code = 9109 }
      local status, out, err = rotate(words_of("--deploy", fails(2)))
      assert.equal(3, status)
      assert.truthy(err:find(new_id(out) .. " is not known to be deleted (refused)", 1, true), err)
      assert.truthy(err:find("run again:\n  [^\n]*rotate.lua %-%-state"), err)
      assert.equal(0, (rotate(words_of("--deploy", fails(2)))))
      assert_replaced()
    end)

    it("ends nobody knows how, is killed, or stopped for its time, deletes nothing: it may have deployed", function()
      local unknown = "how it ended is not known"
      for _, row in ipairs {
        { "cat >secret; kill -9 $PPID", unknown }, { "[ -e secret ] && exit 4; cat >secret; kill -9 $PPID", unknown },
        { "cat >secret; kill -s KILL $$", "status 137" }, { "cat >secret; exit 124", "status 124" },
      } do
        os.remove(path "secret")
        local status, out, err = rotate(words_of("--deploy", ("cd '%s'; %s"):format(dir, row[1])))
        assert.equal(3, status)
        assert.truthy(err:find(row[2], 1, true), err)
        assert.truthy(err:find(new_id(out) .. " was made by this rotation, and may be deployed", 1, true), err)
        assert.equal(new_id(out), owner_of(read(path "secret")))
        assert.truthy(living()[id])
      end
      assert.equal(0, (rotate(words_of())))
      assert_replaced()
    end)

    it("leaves its input unread, ends at once, or is no command, goes on", function()
      assert.equal(0, (rotate(words_of("--deploy", "exit 0"))))
      id = next((living()))
      for _, command in ipairs { "exit 4", "exec false", "no such command", "'", "(" } do
        local status, _, err = rotate(words_of("--deploy", command))
        assert.same({ 1, command }, { status, command })
        assert.truthy(err:find("the deploying command failed (", 1, true), err)
        assert_untouched()
      end
    end)

    it("prints, keeps standard output as it is", function()
      local _, out, err = rotate(words_of("--deploy", ("cat >'%s'; echo printed"):format(path "secret")))
      assert.is_nil(out:find "printed")
      assert.truthy(err:find "printed")
    end)
  end)

  describe("where the creation", function()
    it("is refused, leaves all as it was", function()
      sandbox.fault { method = "POST", status = 403, code = 9109 }
      local status, _, err = rotate(words_of())
      assert.equal(1, status)
      assert.truthy(err:find("the API refused (HTTP 403, code 9109", 1, true), err)
      assert_untouched()
    end)

    it("grants less than the old token has, deletes the new one", function()
      sandbox.switch { withhold = { "Workers Scripts Write" } }
      local status, _, err = rotate(words_of())
      assert.equal(1, status)
      assert.truthy(err:find("the new token was not given all that the old one may do: allow %x+ on com%.cloudflare"), err)
      assert_untouched()
    end)

    it("is lost, takes the token that was made", function()
      sandbox.fault { method = "POST", drop = "after" }
      assert.equal(0, (rotate(words_of())))
      assert_replaced()
    end)

    it("is lost and nobody can tell what it made, says so, and finds it when it is run again", function()
      sandbox.fault {
        { method = "POST", drop = "after" }, { method = "PUT", drop = "after" }, -- the creation, and the roll that mends it
      }
      local status, _, err = rotate(words_of())
      assert.equal(3, status)
      assert.truthy(err:find("a token named app%-00001@%d+T%d+Z may have been made"), err)
      assert.equal(2, select(2, living()))
      local again, out = rotate(words_of())
      assert.equal(0, again)
      assert.truthy(out:find "^deleted %x+\ncreated")
      assert_replaced()
    end)
  end)

  it("says that a creation of an earlier run had no end, for as long as nothing tells what became of it", function()
    local line, now = ("%d %s %s\n"), os.time()
    system.write(path "state", line:format(now, "begin", id .. " create app-00001@20260101T000000Z"),
      line:format(now, "creating", ""), line:format(now, "creating", ""), line:format(now, "uncreated", ""))
    local status, _, err = rotate(words_of("--deploy", "exit 4"))
    assert.equal(3, status)
    assert.truthy(err:find("a token named app-00001@20260101T000000Z may have been made", 1, true), err)
    assert.equal(0, (rotate(words_of())))
    assert_replaced()
  end)

  it("does not begin where the state file cannot be locked", function()
    system.write(path "flock", "#!/bin/sh\nexit 9\n")
    os.execute("chmod +x " .. path "flock")
    local status, _, err = rotate(words_of(), { PATH = dir .. ":" .. os.getenv "PATH" })
    assert.equal(2, status)
    assert.truthy(err:find("flock ended with status 9", 1, true), err)
    assert_untouched()
  end)

  it("does not begin where there is a token of the name already", function()
    sandbox.grow { count = 1, name = "app-twin" }
    local status, _, err = rotate(words_of("--name", "app-twin-00001"))
    assert.equal(1, status)
    assert.truthy(err:find("choose another name", 1, true), err)
    assert.equal(0, (sandbox.count "POST"))
  end)

  describe("where the deletion of the old token", function()
    for fault, word in pairs { refused = "refused", unknown = "unknown" } do
      it("is " .. fault .. ", says so, and has it done by running again", function()
        sandbox.fault(fault == "refused" and { method = "DELETE", status = 403, code = 9109 }
          or { { method = "DELETE", status = 500, times = 3 } })
        local status, out, err = rotate(words_of())
        assert.equal(3, status)
        assert.truthy(err:find(id .. " is not known to be deleted (" .. word .. ")", 1, true), err)
        assert.truthy(err:find(new_id(out) .. " is deployed and works, and the old token, " .. id, 1, true), err)
        local command = err:match "run again:\n  ([^\n]+)"
        local again, said = script.again(command)
        assert.equal(0, again)
        assert.equal(("deleted %s\ndone %s\n"):format(id, new_id(out)), said)
        assert_replaced()
      end)
    end

    it("was done by somebody else, is done", function()
      sandbox.fault { method = "DELETE", token = id, status = 404, code = 1003, effect = true }
      local status, out = rotate(words_of())
      assert.equal(0, status)
      assert.truthy(out:find("\ngone " .. id, 1, true), out)
    end)
  end)

  describe("killed", function()
    -- Kills it once the sandbox has such a request, which it holds back, before or after it takes effect.
    local function kill_at(method, fault)
      fault.method = method
      sandbox.fault(fault)
      assert.is_true(script.kill_when(function()
        for _, entry in ipairs(sandbox.ledger()) do
          if entry.method == method and (fault.delay or type(entry.effect) == "string") then return true end
        end
      end, "rotate", words_of()))
    end

    local function kill_in_deployment()
      assert.is_true(script.kill_when(function() return exists "deployed" end, "rotate",
        words_of("--deploy", ("cd '%s'; cat >secret; : >deployed; exec sleep 0.3"):format(dir))))
    end

    local function goes_on()
      local status, out, err = rotate(words_of())
      assert.same({ 0, "" }, { status, err })
      return assert_replaced(), out
    end

    it("before the token was made, makes it when it is run again", function()
      kill_at("POST", { drop = "before", delay = 0.2 })
      goes_on()
    end)

    it("when the token was made, replaces that one, too, when it is run again", function()
      kill_at("POST", { delay_after = 0.2 })
      assert.equal(2, select(2, living()))
      local _, out = goes_on()
      assert.truthy(out:find "^deleted %x+\ncreated") -- at once: nobody has its secret
    end)

    it("while it is deployed, deletes that one only when the next one works", function()
      kill_in_deployment()
      local handed = owner_of(read(path "secret"))
      local new, out = goes_on()
      assert.equal(("created %s %s\ndeployed %s\nworks %s\ndeleted %s\ndeleted %s\ndone %s\n"):format(
        new.id, new.name, new.id, new.id, id, handed, new.id), out)
    end)

    for name, fault in pairs { before = { drop = "before", delay = 0.2 }, after = { delay_after = 0.2 } } do
      it(name .. " the old one was deleted, only deletes when it is run again", function()
        kill_at("DELETE", fault)
        local _, out = goes_on()
        assert.is_nil(out:find "created")
      end)
    end

    describe("before the old one was deleted, leaves it alone when it is run again", function()
      local function assert_left(environment)
        local status, out, err = rotate(words_of(), environment)
        assert.same({ 3, "" }, { status, out })
        assert.truthy(err:find("the new token is not seen", 1, true), err)
        assert.truthy(living()[id])
      end

      it("in another account, by a credential that is accepted there", function()
        kill_at("DELETE", { drop = "before", delay = 0.2 })
        assert_left {
          CLOUDFLARE_API_TOKEN = false, CLOUDFLARE_API_KEY = sandbox.key, CLOUDFLARE_EMAIL = sandbox.email,
          CLOUDFLARE_ACCOUNT_ID = sandbox.other_account,
        }
        goes_on()
      end)

      it("where somebody deleted the new one meanwhile, or disabled it", function()
        kill_at("DELETE", { drop = "before", delay = 0.2 })
        local new = get(owner_of(read(path "secret")))
        sandbox.api("PUT", sandbox.tokens("/" .. new.id), { name = new.name, policies = new.policies, status = "disabled" })
        assert_left()
        sandbox.api("DELETE", sandbox.tokens("/" .. new.id))
        assert_left()
      end)
    end)

    it("and not deployable afterwards, keeps the token that may be in use", function()
      kill_in_deployment()
      local handed = owner_of(read(path "secret"))
      local status, _, err = rotate(words_of("--deploy", "exit 1"))
      assert.equal(3, status)
      assert.truthy(err:find(handed .. " was made by this rotation, and may be deployed", 1, true), err)
      assert.equal(2, select(2, living()))
      goes_on()
    end)
  end)

  describe("of the credential that it runs with", function()
    local own

    before_each(function()
      local grown = sandbox.grow { count = 1, name = "app-own", secret = "new", groups = { "Account API Tokens Write" } }
      sandbox.api("DELETE", sandbox.tokens("/" .. id))
      id = grown.ids[1]
      own = { CLOUDFLARE_API_TOKEN = grown.values[1] }
      secrets_seen[#secrets_seen + 1] = grown.values[1]
    end)

    it("has the new one delete the old one", function()
      assert.equal(0, (rotate(words_of(), own)))
      local new = assert_replaced()
      local ledger = sandbox.requests_for(id)
      for _, entry in ipairs(ledger) do
        if entry.method == "DELETE" then assert.equal(new.id, entry.caller) end
      end
    end)

    it("does not take the new one's word that the old one is not there, while that is accepted", function()
      local hide = control("fault", cjson.encode { token = id, status = 404, code = 1003, times = 50 })
      local function assert_left(status, out, err)
        assert.equal(3, status)
        assert.truthy(err:find("the new token does not see it: ask by a credential that does", 1, true), err)
        assert.is_nil(out:find("done", 1, true))
        assert.equal(2, select(2, living()))
      end
      assert_left(rotate(words_of("--deploy", ("cd '%s' && %s && %s"):format(dir, DEPLOY, hide)), own))
      assert_left(rotate(words_of(), { CLOUDFLARE_API_TOKEN = read(path "secret") }))
    end)

    it("takes it where it saw the old one before", function()
      sandbox.fault { method = "DELETE", token = id, status = 403, code = 9109 }
      assert.equal(3, (rotate(words_of(), own)))
      sandbox.api("DELETE", sandbox.tokens("/" .. id))
      assert.equal(0, (rotate(words_of(), { CLOUDFLARE_API_TOKEN = read(path "secret") })))
      assert_replaced()
    end)

    it("nor that it is gone, where it never saw it", function()
      local lose = control("fault", cjson.encode { token = id, method = "DELETE", status = 502 })
      local hide = control("fault", cjson.encode { token = id, status = 404, code = 1003, times = 9 })
      local status, out, err = rotate(words_of("--deploy", ("cd '%s' && %s && %s && %s"):format(dir, DEPLOY, lose, hide)), own)
      assert.equal(3, status)
      assert.truthy(err:find("is not known to be deleted (gone): the new token does not see it", 1, true), err)
      assert.is_nil(out:find("done", 1, true))
      assert.equal(2, select(2, living()))
    end)

    it("goes on where the old one is deleted by itself, after it was killed", function()
      sandbox.fault { method = "DELETE", status = 403, code = 9109 }
      assert.equal(3, (rotate(words_of(), own)))
      assert.equal(0, (rotate(words_of(), own)))
      assert_replaced()
    end)

    it("does not roll it", function()
      local status, _, err = rotate(words_of "--roll", own)
      assert.equal(1, status)
      assert.truthy(err:find("leave --roll out", 1, true), err)
      assert.equal(0, (sandbox.count "PUT"))
    end)
  end)

  local BY_KEY = { CLOUDFLARE_API_TOKEN = false, CLOUDFLARE_API_KEY = sandbox.key, CLOUDFLARE_EMAIL = sandbox.email }

  it("runs with a global key", function()
    assert.equal(0, (rotate(words_of(), BY_KEY)))
    assert_replaced()
  end)

  it("does not take what a global key sees for what a new token, which nobody deployed, has seen", function()
    sandbox.fault { method = "DELETE", status = 403, code = 9109, times = 9 }
    local status, _, err = rotate(words_of("--deploy", "false"), BY_KEY)
    assert.equal(3, status)
    assert.truthy(err:find("is not known to be deleted (refused)", 1, true), err)
    assert.is_nil(read(path "state"):find("seen", 1, true))
  end)

  describe("--roll", function()
    it("says that there is a gap, and gives the token a new secret", function()
      local status, out, err = rotate(words_of "--roll")
      assert.equal(0, status)
      assert.truthy(err:find("from now until the new secret is deployed, whatever uses this token is refused", 1, true))
      assert.equal(("rolled %s\ndeployed %s\nworks %s\ndone %s\n"):format(id, id, id, id), out)
      assert.equal(id, owner_of(read(path "secret")))
    end)

    it("is no replacement: without it, the same state file has a new token made", function()
      assert.equal(0, (rotate(words_of "--roll")))
      local status, out = rotate(words_of())
      assert.equal(0, status)
      assert.truthy(out:find("^created "), out)
      assert_replaced()
    end)

    it("rolls once more and deploys that, when it is run again after the command failed twice", function()
      local status, _, err = rotate(words_of("--roll", "--deploy", "exit 1"))
      assert.equal(3, status)
      assert.truthy(err:find("rotate: rolled, not deployed\n", 1, true), err)
      assert.equal(0, (rotate(words_of "--roll")))
      assert.equal(id, owner_of(read(path "secret")))
      assert.same({ "rolled " .. id, "rolled " .. id }, effects())
    end)

    it("does so after a lost answer, and after it was killed", function()
      sandbox.fault { method = "PUT", drop = "after" }
      local status, _, err = rotate(words_of "--roll")
      assert.equal(3, status)
      assert.truthy(err:find(id .. " is rolled, or may be, and not known to be deployed", 1, true), err)
      sandbox.fault { method = "PUT", delay_after = 0.2 }
      assert.is_true(script.kill_when(function() return sandbox.count "PUT" == 2 end, "rotate", words_of "--roll"))
      assert.equal(0, (rotate(words_of "--roll")))
      assert.equal(id, owner_of(read(path "secret")))
    end)

    it("that is refused changes nothing, unless an earlier one may have", function()
      sandbox.fault { method = "PUT", status = 403, code = 9109 }
      local status, _, err = rotate(words_of "--roll")
      assert.equal(1, status)
      assert.truthy(err:find("nothing is left behind", 1, true), err)
      sandbox.fault { { method = "PUT", drop = "after" }, { method = "PUT", status = 403, code = 9109 } }
      assert.equal(3, (rotate(words_of "--roll")))
      assert.equal(3, (rotate(words_of "--roll")))
    end)

    it("leaves alone what is not active", function()
      id = sandbox.grow({ count = 1, name = "app-exposed", status = "revoked (exposed)" }).ids[1]
      assert.equal(1, (rotate(words_of "--roll")))
      assert.equal("revoked (exposed)", get(id).status)
    end)
  end)

  it("replaces a token that was exposed, and none that is disabled", function()
    sandbox.api("DELETE", sandbox.tokens("/" .. id))
    id = sandbox.grow({ count = 1, name = "app-disabled", status = "disabled" }).ids[1]
    assert.equal(1, (rotate(words_of())))
    sandbox.api("DELETE", sandbox.tokens("/" .. id))
    id = sandbox.grow({ count = 1, name = "app-exposed", status = "revoked (exposed)" }).ids[1]
    assert.equal(0, (rotate(words_of())))
    assert_replaced()
  end)

  describe("the state file", function()
    it("of another rotation is not gone on with", function()
      rotate(words_of("--roll", "--deploy", "exit 1"))
      local status, _, err = rotate(words_of())
      assert.equal(2, status)
      assert.truthy(err:find("tells of a rotation that has not ended: of " .. id .. ", by --roll", 1, true), err)
    end)

    it("is for its owner alone", function()
      rotate(words_of())
      assert.equal("600\n", select(2, script.shell(("stat -c %%a '%s'"):format(path "state"))))
    end)

    it("that is none is left alone", function()
      system.write(path "state", "root:x:0:0\n")
      assert.equal(2, (rotate(words_of())))
      assert.equal("root:x:0:0\n", read(path "state"))
    end)

    it("is one run's at a time, also where that was killed and its command goes on", function()
      local slow = ("cd '%s'; : >deploying; while [ -e deploying ]; do sleep 0.05; done; cat >secret; : >slow"):format(dir)
      assert.is_true(script.kill_when(function() return exists "deploying" end, "rotate", words_of("--deploy", slow)))
      local status, out, err = rotate(words_of())
      assert.same({ 2, "" }, { status, out })
      assert.truthy(err:find("another run is at work with the state file", 1, true), err)
      assert.equal(2, select(2, living()))
      for open, why in pairs { ["3 4 5"] = "another run is at work", ["3 4 5 6 7 8 9"] = "too many open files" } do
        local inherited = ("exec %s;"):format(open:gsub("%d", "%0</dev/null"))
        local refused, _, said = script.run("rotate", words_of(), nil, inherited)
        assert.equal(2, refused)
        assert.truthy(said:find(why, 1, true), said)
      end
      os.remove(path "deploying")
      assert(system.wait_until(function() return exists "slow" end))
      assert.equal(0, (rotate(words_of())))
      assert_replaced()
    end)

    it("is not kept from the next run by what the command leaves running", function()
      assert.equal(0, (rotate(words_of("--deploy", ("cat >'%s'; sleep 5 >/dev/null 2>&1 &"):format(path "secret")))))
      assert.equal(0, (rotate(words_of())))
    end)

    it("may end in a torn line", function()
      rotate(words_of("--deploy", "exit 1"))
      os.execute(("printf 123 >>'%s'"):format(path "state"))
      for _ = 1, 2 do assert.equal(1, (rotate(words_of("--deploy", "exit 1")))) end
      assert_untouched()
    end)

    it("takes no name for the mark of a torn line", function()
      for _, name in ipairs { "app#torn", "app #torn" } do
        sandbox.switch { fresh_refused = 600 }
        assert.equal(3, (rotate(words_of("--name", name, "--patience", "0"))))
        sandbox.switch { fresh_refused = 0 }
        assert.equal(0, (rotate(words_of("--name", name))))
        id = assert_replaced().id
      end
    end)

    -- Closed before it starts, its place is free for the first file that it opens.
    for name, lines in pairs { output = "exec >&-;", error = "exec 2>&-;" } do
      it("takes in nothing that is printed where standard " .. name .. " is closed", function()
        local deploy = ("cd '%s'; cat >secret; echo a word"):format(dir)
        assert.equal(0, (script.run("rotate", words_of("--deploy", deploy), nil, lines)))
        assert_replaced()
        assert.is_nil(("\n" .. read(path "state")):find "\n%D")
        assert.is_nil(read(path "state"):find("a word", 1, true))
      end)
    end

    it("that cannot be opened keeps anything from being done", function()
      assert.equal(2, (script.run("rotate", { "--state", path "none/state", "--deploy", DEPLOY, id })))
    end)

    -- Runs it where a file may have 512 bytes, of which so many lines of rotations that have ended take 11 each.
    local function rotate_in_little_room(lines)
      system.write(path "state", ("100 ended \n"):rep(lines))
      return script.run("rotate", words_of(), {}, system.LITTLE_ROOM)
    end

    it("that is full keeps anything from being done", function()
      local status, _, err = rotate_in_little_room(46)
      assert.equal(1, status)
      assert.truthy(err:find("the state file cannot be written: File too large", 1, true), err)
      assert_untouched()
    end)

    it("that is full in the middle stops it, and it goes on when there is room", function()
      local status, _, err = rotate_in_little_room(30)
      assert.equal(3, status)
      assert.truthy(err:find("stopped: the state file cannot be written: File too large", 1, true), err)
      assert.equal(0, (rotate(words_of())))
      assert_replaced()
    end)
  end)

  it("tells on standard error what standard output does not take, and again when it is run again", function()
    local status, out, err = script.run("rotate", words_of(), {}, "exec >/dev/full;")
    assert.same({ 3, "" }, { status, out })
    assert_replaced()
    for _, word in ipairs { "created", "deployed", "works", "deleted", "done" } do
      assert.truthy(err:find("rotate: standard output: No space left on device: " .. word, 1, true), err)
    end
    local done = err:match "(done %x+)\n"
    assert.equal(3, (script.run("rotate", words_of(), {}, "exec >/dev/full;")))
    status, out = rotate(words_of())
    assert.same({ 0, done .. "\n" }, { status, out })
  end)

  it("is used wrongly", function()
    for _, words in ipairs {
      {}, { id }, { "--state", path "state", id }, { "--deploy", "cat", id }, words_of "--nonsense", words_of("--expires", "soon"),
      words_of("--expires", "2001-01-01"), words_of("--roll", "--name", "app"), words_of("--name", "a", "--suffix", "b"),
      words_of("--patience", "long"), words_of "not an id", { "--state" },
    } do
      local status, out, err = rotate(words)
      assert.same({ 2, "" }, { status, out })
      assert.truthy(err:find "^rotate: ", err)
    end
    assert.equal(0, #sandbox.ledger())
    assert.equal(0, (script.run("rotate", { "--help" })))
  end)

  it("says that there is no such token, and that the credential is not accepted", function()
    id = sandbox.missing_id
    local status, _, err = rotate(words_of())
    assert.equal(1, status)
    assert.truthy(err:find("there is no such token in this account", 1, true), err)
    assert.equal(1, (rotate(words_of(), { CLOUDFLARE_API_TOKEN = "cfat_" .. ("a"):rep(48) })))
  end)
end)

describe("the guide of examples/rotate.lua", function()
  before_each(function() dir = system.directory() end)
  after_each(function() os.execute("rm -rf " .. dir) end)

  it("says what its commands do", function()
    -- in place of GitHub's: it reads a secret from standard input
    system.write(path "gh", ("#!/bin/sh\necho \"$@\" >'%s'; exec cat >'%s'\n"):format(path "gh.arguments", path "gh.secret"))
    os.execute("chmod +x " .. path "gh")
    assert.equal(6, script.check_guide("examples/rotate.md", dir, { PATH = dir .. ":" .. os.getenv "PATH" }))
    assert.equal("secret set CLOUDFLARE_API_TOKEN --repo example/site\n", read(path "gh.arguments"))
    for _, name in ipairs { "gh.secret", "ci.secret", "own.secret" } do
      assert.truthy(read(path(name)):find("^cfat_%w+$"), name)
    end
  end)
end)
