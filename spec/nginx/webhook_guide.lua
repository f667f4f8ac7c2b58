-- The guide of examples/nginx: its commands and scripts, as they stand there. (webhook_github runs fetch_secret.)
local read = require "spec.support.read"
local sandbox = require "spec.support.sandbox"
local system = require "spec.support.system"
local webhook = require "spec.support.webhook"
local cjson = require "cjson"

local guide = read "examples/nginx/README.md"

-- A block of code: that which has this text.
local function block(language, text)
  for found in guide:gmatch("```" .. language .. "\n(.-)```") do
    if found:find(text, 1, true) then return found end
  end
  error("the guide has no block with " .. text)
end

-- What is set before nginx by the guide's command, with values for its dots.
local function environment(values)
  local line = block("sh", "nginx -p"):match "\n(CLOUDFLARE_API_TOKEN=.-)%s+nginx %-p examples/nginx/ %-c nginx.conf\n"
  return (line:gsub("\\", ""):gsub("([%w_]+)=…", function(name) return ("%s='%s'"):format(name, values[name]) end))
end

local VALUES = {
  CLOUDFLARE_API_TOKEN = sandbox.token, CLOUDFLARE_ACCOUNT_ID = sandbox.account,
  WEBHOOK_SECRET = webhook.notices_secret, GITLAB_REVOCATION_TOKEN = webhook.gitlab_token,
  GITHUB_WEBHOOK_SECRET = webhook.github_secret,
}

-- Runs a block for a fresh value and id; returns what it printed, as lines.
local function run(hook, script)
  local value, id = webhook.leak()
  local id_too = sandbox.fresh()
  script = script:gsub("http://127.0.0.1:8080", hook.url):gsub("cfat_…", value):gsub("ed17574386854bf78a67040be0a770b0", id_too)
  local variables = webhook.environment:gsub("' (%u)", "'\n%1")
  local path = system.write(os.tmpname(), variables, "\n", (script:gsub("curl ", "curl -sS ")))
  local said = system.lines("sh -u " .. path .. " 2>&1")
  os.remove(path)
  return said, id, id_too
end

describe("the guide of the webhook", function()
  local hook
  before_each(sandbox.reset)
  after_each(function()
    if hook then hook.server:stop() end
    hook = nil
  end)

  it("starts it, and both senders' commands revoke", function()
    hook = webhook.start(nil, environment(VALUES))
    local said, second, first = run(hook, block("sh", "/leaked"))
    assert.same({ { id = first, outcome = "deleted" }, { id = second, outcome = "deleted" } }, cjson.decode(said[1]))

    local script = block("sh", "/v1/revoke_tokens")
    local id
    said, id = run(hook, script)
    local promised = {}
    for line in script:gmatch "\n# ([^\n]+)" do promised[#promised + 1] = line end
    assert.same(promised, said)
    assert.is_true(sandbox.is_deleted(id))
  end)

  local without_token = setmetatable({ CLOUDFLARE_API_TOKEN = "" }, { __index = VALUES })

  it("reads the credential from a file of root's", function()
    local path = system.write(os.tmpname(), sandbox.token, "\n")
    local line = block("lua", "api_token = assert"):match "(api_token = assert.-)\n":gsub("/etc/nginx/cloudflare.token", path)
    hook = webhook.start(line, environment(without_token))
    os.remove(path)
    assert.equal(200, (hook:notice { { id = sandbox.fresh() } }))
  end)

  it("asks a vault for it, which may take its time", function()
    local value = block("lua", "api_token = assert"):match "api_token = (function.-),\n"
    local vault = "{ read = function() ngx.sleep(0.01) return '" .. sandbox.token .. "' end }"
    hook = webhook.start(("api_token = (function() local vault = %s return %s end)(),"):format(vault, value),
      environment(without_token))
    local id = sandbox.fresh()
    assert.same({ { id = id, outcome = "deleted" } }, select(2, hook:notice { { id = id } }))
  end)

  it("has a word for every word that is answered", function()
    local source = read "examples/nginx/webhook/revoke.lua"
    for word in source:gmatch 'outcome = "([%l_]+)"' do
      assert.truthy(guide:find("| `" .. word, 1, true) or guide:find("`, `" .. word .. "`", 1, true), word)
    end
  end)
end)
