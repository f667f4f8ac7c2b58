-- The webhook of examples/nginx for GitHub's alerts, with and without the operator's function that fetches the secret.
local read = require "spec.support.read"
local sandbox = require "spec.support.sandbox"
local webhook = require "spec.support.webhook"
local http = require "socket.http"

local eventually = webhook.eventually

-- An alert as GitHub sends it; `more` goes into it.
local function alert_of(number, more)
  local alert = { number = number, state = "open", secret_type = "cloudflare_account_api_token" }
  for name, field in pairs(more or {}) do alert[name] = field end
  return { action = "created", alert = alert, repository = { full_name = "octo/hello.world" } }
end

describe("the webhook for GitHub", function()
  local hook
  setup(function() hook = webhook.start(nil, webhook.survivor) end)
  teardown(function() hook.server:stop() end)
  before_each(function() hook:forget() end)

  it("writes an alert down, and says so: 202", function()
    local status, answer = hook:event(alert_of(7))
    assert.same({ 202, { outcome = "kept" } }, { status, answer })
    assert.equal("octo/hello.world#7 kept\n", hook:file "alerts")
  end)

  it("takes nothing that GitHub has not signed", function()
    local before = hook:file "alerts"
    for _, signature in ipairs { "", "sha256=00", "sha256=" .. ("0"):rep(64) } do
      assert.equal(401, (hook:event(alert_of(8), { signature = signature })))
    end
    assert.equal(before, hook:file "alerts")
  end)

  it("takes a delivery once, under whatever id it comes", function()
    local event = alert_of(9)
    assert.equal(202, (hook:event(event, { delivery = "one" })))
    assert.equal(409, (hook:event(event, { delivery = "one" })))
    assert.equal(409, (hook:event(event, { delivery = "another" })))
    assert.equal(409, (hook:event(alert_of(10), { delivery = "one" })))
    assert.equal(202, (hook:event(alert_of(10), { delivery = "two" })))
  end)

  it("lets pass what is no open alert about a token of Cloudflare's", function()
    local before = hook:file "alerts"
    for _, event in ipairs {
      alert_of(11, { state = "resolved" }), alert_of(11, { secret_type = "aws_access_key_id" }),
      alert_of "11", alert_of(1.5), alert_of(-1), { zen = "Design for failure." },
      { alert = alert_of(11).alert, repository = { full_name = "octo/hello\nforged#1 kept" } },
    } do
      local status, answer = hook:event(event)
      assert.same({ 200, { outcome = "ignored" } }, { status, answer })
    end
    assert.equal(200, (hook:event(alert_of(11), { event = "push" })))
    assert.equal(before, hook:file "alerts")
  end)

  it("answers 500 to what it could not write down, and hears it when it is redelivered", function()
    hook:fill_disk(true)
    assert.equal(500, (hook:event(alert_of(13), { delivery = "again" })))
    hook:fill_disk(false)
    assert.equal(202, (hook:event(alert_of(13), { delivery = "again" })))
  end)

  it("refuses what is no event, no POST, or too long", function()
    assert.equal(400, (hook:event "no JSON"))
    assert.equal(400, (hook:event(alert_of(12), { delivery = "" })))
    assert.equal(405, (hook:send("GET", "/github")))
    assert.equal(413, (hook:event((" "):rep(262145))))
  end)
end)

describe("the webhook for GitHub that can fetch the secret", function()
  local script = read "examples/nginx/README.md":match "```lua\n(local cjson.-)```"
  local settings = ("fetch_secret = (function()\n%s\nreturn fetch_secret end)(),"):format(script)
  local hook
  setup(function() hook = webhook.start(settings, webhook.environment .. " GITHUB_TOKEN=" .. ("t"):rep(40)) end)
  teardown(function() hook.server:stop() end)
  before_each(function() hook:forget() end)

  -- What GitHub shows as the secret of every alert.
  local function show(secret) http.request(hook.url .. "/spec/secret" .. (secret and "?value=" .. secret or "")) end

  it("revokes what was found", function()
    local value, id, status, answer, name
    for number = 31, 33 do
      name = "octo/hello.world#" .. number
      value, id = webhook.leak()
      show(value)
      status, answer = hook:event(alert_of(number))
      if status == 200 then break end -- the timer that works off what is kept was not faster
    end
    assert.same({ 200, { id = id, outcome = "deleted" } }, { status, answer })
    assert.is_true(sandbox.is_deleted(id))
    assert.truthy(hook:file "alerts":find(name .. " kept\n" .. name .. " deleted\n", 1, true))
    assert.is_nil((hook:file "alerts" .. hook.server:log()):find(value, 1, true))
  end)

  it("asks once more, half an hour later, about what was not accepted: a new secret is not at first", function()
    local value, id = webhook.leak()
    show(webhook.stranger())
    local status, answer = hook:event(alert_of(22))
    assert.same({ 202, { outcome = "kept" } }, { status, answer })
    eventually(function() return hook.server:log():find "not_accepted %- %- octo/hello.world#22 %(somebody has to look%)" end)
    show(value)
    hook:forget_values()
    eventually(function() return sandbox.is_deleted(id) end)
    show(webhook.stranger())
    assert.equal(202, (hook:event(alert_of(25))))
    hook:forget_values()
    eventually(function() return hook:file "alerts":find("#25 not_accepted\n", 1, true) end)
  end)

  it("keeps an alert whose secret cannot be had now, and revokes it later", function()
    show(nil)
    local status, answer = hook:event(alert_of(23))
    assert.same({ 202, { outcome = "kept" } }, { status, answer })
    local value, id = webhook.leak()
    show(value)
    eventually(function() return sandbox.is_deleted(id) end)
    eventually(function() return hook:file "alerts":find("#23 deleted\n", 1, true) end)
  end)

  it("goes on after nginx was killed, with what was kept", function()
    show(nil)
    assert.equal(202, (hook:event(alert_of(24))))
    hook:kill(true)
    hook:launch(settings)
    local value, id = webhook.leak()
    show(value)
    eventually(function() return sandbox.is_deleted(id) end)
  end)
end)
