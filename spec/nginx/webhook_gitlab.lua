-- The webhook of examples/nginx as GitLab's Token Revocation API: what each status promises, and that it is kept.
local sandbox = require "spec.support.sandbox"
local system = require "spec.support.system"
local webhook = require "spec.support.webhook"

local TYPE = "gitleaks_rule_id_cloudflare_api_token"
local unpack = table.unpack

local eventually = webhook.eventually

local ACCOUNT = "account " .. sandbox.account .. "\n" -- how the file of ids begins

describe("the webhook for GitLab", function()
  local hook
  setup(function() hook = webhook.start() end)
  teardown(function() hook.server:stop() end)
  before_each(function() hook:forget() end)

  it("names the types that it revokes", function()
    local status, answer = hook:send("GET", "/v1/revocable_token_types", nil, { Authorization = hook.gitlab_token })
    assert.same({ 200, { types = { TYPE } } }, { status, answer })
  end)

  it("lets in nobody without the token, and takes no other method", function()
    local id = select(2, webhook.leak())
    for _, token in ipairs { "", "between GitLab and u", "between GitLab and us!", "Bearer x" } do
      assert.equal(401, (hook:revoke({ id }, token)))
      assert.equal(401, (hook:send("GET", "/v1/revocable_token_types", nil, { Authorization = token })))
    end
    assert.equal(401, (hook:send("GET", "/v1/revocable_token_types")))
    local headers = { Authorization = hook.gitlab_token }
    assert.equal(405, (hook:send("GET", "/v1/revoke_tokens", nil, headers)))
    assert.equal(405, (hook:send("POST", "/v1/revocable_token_types", "[]", headers)))
    assert.same({}, sandbox.ledger())
  end)

  it("answers 400 to what GitLab should not repeat, and does nothing", function()
    local value = webhook.leak()
    for _, request in ipairs {
      "", "no JSON", "[]", "{}", "7", '[["type"]]', { { type = TYPE } }, { { token = value } },
      { { type = TYPE, token = 7 } }, { value, { type = "gitleaks_rule_id_aws", token = "AKIA" } },
    } do
      local status, answer = hook:revoke(request)
      assert.equal(400, status)
      assert.is_string(answer.error)
    end
    assert.same({}, sandbox.ledger())
  end)

  it("answers 204 when every token is gone", function()
    local _, _, grown = webhook.leak { count = 10 }
    local older, id = webhook.leak { secret = "older" }
    local status, answer = hook:revoke { older, unpack(grown.values) }
    assert.same({ 204, "" }, { status, answer })
    for _, one in ipairs { id, unpack(grown.ids) } do assert.is_true(sandbox.is_deleted(one)) end
  end)

  it("asks once about a value that was found in many places", function()
    local value, id = webhook.leak()
    assert.equal(204, (hook:revoke { value, value, value }))
    assert.equal(1, sandbox.count "DELETE")
    assert.is_true(sandbox.is_deleted(id))
  end)

  it("may be told the same again", function()
    local value = webhook.leak()
    assert.equal(204, (hook:revoke { value }))
    local requests = #sandbox.ledger()
    assert.equal(204, (hook:revoke { value }))
    assert.equal(requests, #sandbox.ledger())
  end)

  it("answers 500 where a token may live and time alone changes nothing", function()
    local users = webhook.leak { realm = "user" }
    local managed = webhook.leak { managed = true }
    for _, row in ipairs {
      { webhook.stranger(), "not_accepted" }, { users, "not_ours" }, { managed, "refused" },
      { "cfk_" .. ("0"):rep(48), "not_sent" }, { sandbox.missing_id, "not_found" },
    } do
      local value, id = webhook.leak()
      local status, answer = hook:revoke { value, row[1] }
      assert.same({ 500, "deleted", row[2] }, { status, answer[1].outcome, answer[2].outcome })
      assert.is_true(sandbox.is_deleted(id))
    end
    assert.equal(ACCOUNT, hook:file "ids")
  end)

  it("answers 500 where our credential is refused", function()
    sandbox.fault { method = "DELETE", status = 403, code = 9109 }
    local status, answer = hook:revoke { (webhook.leak()) }
    assert.same({ 500, "refused" }, { status, answer[1].outcome })
  end)

  it("answers 429 where a value could not be asked about, and keeps nothing of it", function()
    sandbox.fault { path = "/verify", status = 429, headers = { ["Retry-After"] = "600" } }
    local value, id = webhook.leak()
    local status, answer, headers = hook:revoke { value, webhook.stranger() }
    assert.same({ 429, "1", "refused" }, { status, headers["retry-after"], answer[1].outcome })
    assert.equal(ACCOUNT, hook:file "ids")
    assert.is_false(sandbox.is_deleted(id))
    assert.equal(500, (hook:revoke { value, webhook.stranger() })) -- as GitLab does later
    assert.is_true(sandbox.is_deleted(id))
  end)

  it("does not start with the journal of another account, and says why", function()
    hook.server:stop()
    os.execute("mkdir -p " .. hook.server.dir .. "/run")
    system.write(hook.server.dir .. "/run/ids", "account " .. ("a"):rep(32) .. "\n")
    assert.is_false((pcall(hook.launch, hook)))
    assert.truthy(hook.server:log():find("ids is the journal of the account " .. ("a"):rep(32), 1, true))
    hook.server:stop()
    hook = webhook.start()
  end)

  it("promises nothing that it cannot write down", function()
    hook.server:stop()
    hook = webhook.start(nil, webhook.survivor)
    local value, id = webhook.leak()
    sandbox.fault { token = id, method = "DELETE", status = 429, headers = { ["Retry-After"] = "30" } }
    hook:fill_disk(true)
    local status, answer = hook:revoke { value }
    assert.same({ 429, id, "refused" }, { status, answer[1].id, answer[1].outcome })
    hook:fill_disk(false)
    assert.equal(204, (hook:revoke { value }))
    eventually(function() return sandbox.is_deleted(id) end)
  end)

  describe("answers 204 where it has the id in its journal,", function()
    -- A token whose deletion is refused for now: its id is known, and a timer tries again.
    local function promise()
      local value, id = webhook.leak()
      sandbox.fault { token = id, method = "DELETE", status = 429, headers = { ["Retry-After"] = "30" } }
      assert.equal(204, (hook:revoke { value }))
      return id, value
    end

    -- A client waits where it was told to, so each of these has an nginx of its own.
    local function afresh(settings)
      hook.server:stop()
      hook = webhook.start(settings)
    end
    before_each(function() afresh() end)

    it("and one of its workers works that off", function()
      local id = promise()
      eventually(function() return hook:file "ids":find(id .. " deleted", 1, true) end)
      assert.is_true(sandbox.is_deleted(id))
      assert.equal(2, (sandbox.count "DELETE"))
    end)

    it("which holds no secret", function()
      local id, value = promise()
      eventually(function() return sandbox.is_deleted(id) end)
      assert.truthy(hook:file "ids":find("^" .. ACCOUNT .. id .. " sending\n" .. id .. " refused\n"))
      assert.is_nil(hook:file "ids":find(value, 1, true))
    end)

    it("and goes on after nginx was killed", function()
      afresh "again_after = 600,"
      local id = promise()
      hook:kill(true)
      assert.is_false(sandbox.is_deleted(id))
      hook:launch()
      eventually(function() return sandbox.is_deleted(id) end)
    end)

    it("and goes on when nginx was reloaded", function()
      afresh "again_after = 600,"
      local id = promise()
      hook.server:reload()
      eventually(function() return sandbox.is_deleted(id) end)
    end)

    it("and goes on in the next worker when one was killed at work", function()
      local id = promise()
      sandbox.fault { token = id, method = "DELETE", delay = 600 }
      eventually(function() return (sandbox.count "DELETE") == 2 end)
      hook:kill()
      eventually(function() return hook:file "ids":find(id .. " deleted", 1, true) end)
    end)
  end)
end)
