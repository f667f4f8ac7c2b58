-- The webhook of examples/nginx: signed notices, and what holds for every sender.
local sandbox = require "spec.support.sandbox"
local system = require "spec.support.system"
local webhook = require "spec.support.webhook"
local read = require "spec.support.read"
local http = require "socket.http"
local socket = require "socket"
local unpack = table.unpack

describe("the webhook", function()
  local hook
  setup(function() hook = webhook.start() end)
  teardown(function() hook.server:stop() end)
  before_each(function() hook:forget() end)

  local function words(answer)
    local found = {}
    for i, entry in ipairs(answer) do found[i] = entry.outcome end
    return found
  end

  it("revokes by id", function()
    local id = sandbox.fresh()
    local status, answer = hook:notice { { id = id } }
    assert.equal(200, status)
    assert.same({ { id = id, outcome = "deleted" } }, answer)
    assert.is_true(sandbox.is_deleted(id))
  end)

  it("revokes by the leaked value itself, new or older", function()
    local value, id = webhook.leak()
    local older, older_id = webhook.leak { secret = "older" }
    local status, answer = hook:notice { { token = value }, { token = older } }
    assert.equal(200, status)
    assert.same({ { id = id, outcome = "deleted" }, { id = older_id, outcome = "deleted" } }, answer)
  end)

  it("routes a value by what it is, whatever the notice calls it", function()
    local value, id = webhook.leak()
    local other = sandbox.fresh() -- as an R2 access key id, which is a token's
    local _, answer = hook:notice { { id = value }, { token = other } }
    assert.same({ { id = id, outcome = "deleted" }, { id = other, outcome = "deleted" } }, answer)
  end)

  it("says of what has no id what it is, and asks nobody", function()
    local status, answer = hook:notice { { token = "cfk_" .. ("0"):rep(48) }, { token = ("0"):rep(64) }, { token = "x" } }
    assert.equal(200, status)
    assert.same({
      { kind = "key", outcome = "not_sent" }, { kind = "r2_secret", outcome = "not_sent" },
      { kind = "unknown", outcome = "not_sent" },
    }, answer)
    assert.same({}, sandbox.ledger())
  end)

  it("says of a user's token that it lives, and whose it is", function()
    local value, id = webhook.leak { realm = "user" }
    local older, older_id = webhook.leak { realm = "user", secret = "older" }
    local status, answer = hook:notice { { token = value }, { token = older } }
    assert.equal(200, status)
    assert.same({
      { id = id, kind = "user", outcome = "not_ours" }, { id = older_id, kind = "user", outcome = "not_ours" },
    }, answer)
    assert.same({ false, false }, { sandbox.is_deleted(id), sandbox.is_deleted(older_id) })
  end)

  it("says of a value that nobody accepts that it is not settled, and does not ask again soon", function()
    local value = webhook.stranger()
    for _ = 1, 3 do
      local status, answer = hook:notice { { token = value }, { token = value } }
      assert.same({ 200, "not_accepted", "not_accepted" }, { status, unpack(words(answer)) })
    end
    assert.equal(1, #sandbox.ledger())
  end)

  it("knows a value again that it revoked", function()
    local value, id = webhook.leak()
    hook:notice { { token = value } }
    local requests = #sandbox.ledger()
    local status, answer = hook:notice { { token = value } }
    assert.same({ 200, { { id = id, outcome = "deleted" } } }, { status, answer })
    assert.equal(requests, #sandbox.ledger())
  end)

  it("says of a token that lives but may not be used from here where it is", function()
    sandbox.fault { path = "/verify", status = 403, code = 9109,
      message = "Cannot use the access token from location: 192.0.2.7" }
    local status, answer = hook:notice { { token = sandbox.read_token } }
    assert.same({ 200, "elsewhere" }, { status, answer[1].outcome })
  end)

  it("takes no refusal of a leaked value for its death", function()
    sandbox.fault { path = "/verify", status = 403 }
    local status, answer = hook:notice { { token = sandbox.read_token } }
    assert.same({ 503, "refused" }, { status, answer[1].outcome })
    sandbox.fault { path = "/verify", status = 401, code = 10000, times = 2 }
    assert.same({ 503, "refused" }, { (hook:notice { { token = sandbox.read_token } }), answer[1].outcome })
    sandbox.fault { path = "/verify", status = 429, headers = { ["Retry-After"] = "600" } }
    assert.same({ 503, "refused" }, { (hook:notice { { token = sandbox.read_token } }), answer[1].outcome })
    assert.equal(200, (hook:notice { { id = sandbox.fresh() } })) -- and its rate limit is not ours
  end)

  it("answers an entry that repeating cannot mend with its word", function()
    local id = sandbox.fresh()
    sandbox.fault { token = id, method = "DELETE", status = 400, code = 1001 }
    local status, answer = hook:notice { { id = 7 }, { id = "no id" }, { token = "two words" }, { id = id }, "nothing" }
    assert.equal(200, status)
    assert.same({ "not_sent", "not_sent", "not_sent", "refused", "not_sent" }, words(answer))
  end)

  it("looks before it deletes: a token that somebody between us and the API deleted first is gone, not missing", function()
    local id = sandbox.fresh()
    sandbox.fault { token = id, method = "DELETE", status = 404, code = 1003, effect = true }
    local status, answer = hook:notice { { id = id } }
    assert.same({ 200, { { id = id, outcome = "gone" } } }, { status, answer })
  end)

  it("does not call a token gone that nothing has shown, though an answer was lost: it may be another account's", function()
    sandbox.fault { token = sandbox.missing_id, method = "DELETE", status = 502 }
    local status, answer = hook:notice { { id = sandbox.missing_id } }
    assert.same({ 200, { { id = sandbox.missing_id, outcome = "not_found" } } }, { status, answer })
  end)

  it("does nothing for a stranger", function()
    local id = sandbox.fresh()
    for _, signature in ipairs { "sha256=" .. ("0"):rep(64), "sha256=00", "", "sha1=" .. ("0"):rep(40) } do
      assert.equal(401, (hook:notice({ { id = id } }, signature)))
    end
    assert.same({}, sandbox.requests_for(id))
  end)

  it("refuses what does not say how long it is: nginx would write some of it to a file", function()
    local notice = '[{"token":"' .. webhook.stranger() .. '"},' .. ('{"id":"x"},'):rep(1500) .. "{}]"
    local wire = assert(socket.connect("127.0.0.1", hook.server.port))
    wire:send(("POST /leaked HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nX-Hub-Signature-256: %s\r\n\r\n")
      :format(webhook.sign(hook.notices_secret, notice)))
    wire:send((notice:gsub(".", "1\r\n%0\r\n")) .. "0\r\n\r\n")
    assert.truthy(wire:receive "*l":find(" 411 ", 1, true))
    wire:close()
    assert.is_nil(read(hook.server.dir .. "/error.log"):find("/run/body/", 1, true))
  end)

  it("refuses what is no notice, no POST, or too long", function()
    assert.equal(400, (hook:notice "no JSON"))
    assert.equal(400, (hook:notice "{}"))
    assert.equal(405, (hook:send("GET", "/leaked")))
    assert.equal(413, (hook:notice((" "):rep(65537))))
  end)

  describe("lets no value bring a lock-out:", function()
    it("of what is refused, a sender may ask about a few, and then waits", function()
      local notice = {}
      for i = 1, 5 do notice[i] = { token = webhook.stranger() } end
      local status, answer, headers = hook:notice(notice)
      local said = words(answer)
      table.sort(said)
      assert.same({ 503, "not_accepted", "not_accepted", "not_accepted", "not_accepted", "not_asked" },
        { status, unpack(said) })
      assert.equal(4, #sandbox.ledger())
      assert.truthy(tonumber(headers["retry-after"]) > 1700)
    end)

    it("and delays no other sender, nor ids of its own", function()
      for _ = 1, 5 do hook:notice { { token = webhook.stranger() } } end
      local value, id = webhook.leak()
      assert.equal(204, (hook:revoke { value }))
      assert.is_true(sandbox.is_deleted(id))
      assert.equal(200, (hook:notice { { id = sandbox.fresh() } }))
    end)

    it("a value whose checksum fits is asked about before those that are made up", function()
      local value, id = webhook.leak()
      local _, answer = hook:notice {
        { token = webhook.stranger() }, { token = webhook.stranger() }, { token = webhook.stranger() },
        { token = webhook.stranger() }, { token = webhook.stranger() }, { token = value },
      }
      assert.same({ id = id, outcome = "deleted" }, answer[6])
    end)

    it("accepted values cost nothing", function()
      for _ = 1, 9 do
        local status, answer = hook:notice { { token = (webhook.leak()) } }
        assert.same({ 200, "deleted" }, { status, answer[1].outcome })
      end
    end)

    it("a lock-out stops all asking", function()
      sandbox.fault { path = "/verify", status = 403, code = 10502, message = "Too many authentication failures" }
      for _ = 1, 2 do
        local status, answer = hook:notice { { token = webhook.stranger() } }
        assert.same({ 503, "not_asked" }, { status, answer[1].outcome })
      end
      assert.equal(429, (hook:revoke { (webhook.leak()) }))
      assert.equal(1, #sandbox.ledger())
    end)
  end)

  it("answers one sender while another's leak takes its time", function()
    local slow, fast = sandbox.fresh(), sandbox.fresh()
    sandbox.fault { token = slow, method = "DELETE", delay = 0.5 }
    local client = assert(socket.connect("127.0.0.1", hook.server.port))
    local body = ('[{"id":"%s"}]'):format(slow)
    assert(client:send(("POST /leaked HTTP/1.0\r\nX-Hub-Signature-256: %s\r\nContent-Length: %d\r\n\r\n%s")
      :format(webhook.sign(hook.notices_secret, body), #body, body)))
    assert.equal(200, (hook:notice { { id = fast } }))
    assert.is_false(sandbox.is_deleted(slow))
    client:settimeout(30)
    assert.truthy(client:receive "*a":find("deleted", 1, true))
    client:close()
  end)

  it("lets nobody ask without end", function()
    local status
    for _ = 1, 200 do
      _, status = http.request(hook.url .. "/v1/revocable_token_types")
      if status == 429 then break end
    end
    assert.equal(429, status)
  end)

  it("asks its sender to repeat what could not be settled", function()
    local id = sandbox.fresh()
    sandbox.fault { token = id, method = "DELETE", status = 429, headers = { ["Retry-After"] = "600" } }
    local status, answer, headers = hook:notice { { id = id } }
    assert.same({ 503, "refused" }, { status, answer[1].outcome })
    assert.equal("1", headers["retry-after"]) -- of the settings, in whole seconds
  end)

  it("writes an audit log without secrets", function()
    local value = webhook.leak()
    hook:notice { { token = value } }
    hook:revoke { { type = "gitleaks_rule_id_cloudflare_api_token", token = value, location = "https://x/" .. value } }
    local log = hook.server:log()
    assert.truthy(log:find("tokens.delete %x+ deleted"))
    assert.truthy(log:find("webhook: notices deleted %x+"))
    for _, secret in ipairs { value, sandbox.token, sandbox.read_token, hook.notices_secret, "cf[au]t_%w" } do
      assert.is_nil(log:find(secret))
    end
  end)
end)

describe("the webhook does not start", function()
  local function refuses(settings, why)
    local said = system.output(([[LUA_PATH='examples/nginx/?.lua;;' luajit -e '
      local ok, said = pcall(require("webhook.settings").set, { %s })
      io.write(tostring(said))']]):format(settings))
    assert.truthy(said:find(why, 1, true), said)
  end

  it("with nobody to listen to", function() refuses("", "no sender's secret is set") end)
  it("with a secret that can be guessed", function() refuses([[github_secret = ""]], "at least 16 characters") end)
  it("with a setting that it does not know", function() refuses("gitlab_secret = 1", "no setting is called gitlab_secret") end)
end)
