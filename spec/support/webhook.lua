-- The nginx example in an nginx of its own: on its own port, with a directory of its own, and its timers in a hurry.
local nginx = require "spec.support.nginx"
local read = require "spec.support.read"
local sandbox = require "spec.support.sandbox"
local system = require "spec.support.system"
local cjson = require "cjson"
local http = require "socket.http"
local ltn12 = require "ltn12"

local webhook = {
  notices_secret = "between the sender and us",
  gitlab_token = "between GitLab and us",
  github_secret = "between GitHub and us",
}
webhook.__index = webhook

-- What the specs need besides: a GitHub that shows one secret, and a way to make the webhook forget.
local BESIDES = [[
        location = /spec/forget {
            content_by_lua_block {
                ngx.shared.webhook:flush_all()
                ngx.shared.webhook_pending:flush_all()
            }
        }
        location = /spec/forget-values { content_by_lua_block { ngx.shared.webhook:flush_all() } }
        location = /spec/secret {
            content_by_lua_block { ngx.shared.spec:set("secret", ngx.var.arg_value) }
        }
        location /repos/ {
            content_by_lua_block {
                local secret = ngx.var.http_authorization == ("Bearer " .. ("t"):rep(40)) and ngx.shared.spec:get "secret"
                if not secret then return ngx.exit(404) end
                ngx.say(('{"number": 7, "secret_type": "cloudflare_account_api_token", "secret": "%s"}'):format(secret))
            }
        }
]]

local function adapt(self, settings)
  local here = system.output "pwd"
  return function(text)
    text = text:gsub("127.0.0.1:8080", "127.0.0.1:" .. self.server.port):gsub("daemon off;", "env SANDBOX_DIR;")
      :gsub("${prefix}%.%./%.%./", here .. "/"):gsub("${prefix}", here .. "/examples/nginx/")
      :gsub("error_log stderr", "error_log error.log"):gsub("listen [^\n]+\n", "%0" .. BESIDES:gsub("%%", "%%%%"))
      :gsub("lua_shared_dict", "lua_shared_dict spec 1m;\n    %0", 1)
      :gsub("init_worker_by_lua_block {", "%0 package.path, package.cpath = '', ''") -- as if these lay in root's home
    if self.server.environment == webhook.survivor then text = "user root;\n" .. text end -- as who fills the disk
    local extra = "again_after = 0.1,\n" .. (settings or "") .. "\n"
    return (text:gsub("open {[^\n]*\n", function(line) return line .. extra end))
  end
end

webhook.environment = ("WEBHOOK_SECRET='%s' GITLAB_REVOCATION_TOKEN='%s' GITHUB_WEBHOOK_SECRET='%s'")
  :format(webhook.notices_secret, webhook.gitlab_token, webhook.github_secret)

--- Starts it; `settings` are more lines for its table of settings, `environment` what its command is given, as a shell
--- writes it.
function webhook.start(settings, environment)
  local self = setmetatable({}, webhook)
  self.server = nginx.prepare(environment or webhook.environment)
  os.execute("mkdir " .. self.server.dir .. "/run")
  self:launch(settings)
  return self
end

function webhook:launch(settings)
  self.url = ("http://127.0.0.1:%d"):format(self.server.port)
  settings = settings and settings:gsub("https://api.github.com", self.url)
  self.server:launch("examples/nginx/nginx.conf", nil, adapt(self, settings))
end

--- A signature as GitHub's.
function webhook.sign(secret, body)
  local path = system.write(os.tmpname(), body)
  local digest = system.output(("openssl dgst -sha256 -hmac '%s' -r %s"):format(secret, path)):match "^%x+"
  os.remove(path)
  return "sha256=" .. digest
end

--- Sends a body, a string or what JSON is made of; returns the status, the answer (decoded where it is JSON) and headers.
function webhook:send(method, path, body, headers)
  local text, answer = type(body) == "table" and cjson.encode(body) or body or "", {}
  headers = headers or {}
  headers["Content-Length"] = #text
  local _, status, received = http.request {
    url = self.url .. path, method = method, headers = headers,
    source = ltn12.source.string(text), sink = ltn12.sink.table(answer),
  }
  answer = table.concat(answer)
  local is_json = received and received["content-type"] == "application/json"
  return status, is_json and cjson.decode(answer) or answer, received
end

--- Posts a signed notice.
function webhook:notice(notice, signature)
  local text = type(notice) == "string" and notice or cjson.encode(notice)
  return self:send("POST", "/leaked", text, {
    ["X-Hub-Signature-256"] = signature or webhook.sign(self.notices_secret, text),
  })
end

--- Posts values as GitLab does.
function webhook:revoke(values, token)
  local found = values
  if type(values) == "table" then
    found = {}
    for i, value in ipairs(values) do
      found[i] = type(value) == "table" and value
        or { type = "gitleaks_rule_id_cloudflare_api_token", token = value, location = "https://gitlab/x#L" .. i }
    end
  end
  return self:send("POST", "/v1/revoke_tokens", found, { Authorization = token or self.gitlab_token })
end

local deliveries = 0

--- Posts an event as GitHub does; `with` may have delivery, event and signature of its own.
function webhook:event(event, with)
  deliveries = deliveries + 1
  with = with or {}
  local text = type(event) == "string" and event or cjson.encode(event)
  return self:send("POST", "/github", text, {
    ["X-GitHub-Event"] = with.event or "secret_scanning_alert",
    ["X-GitHub-Delivery"] = with.delivery or ("72d3162e-cc78-11e3-81ab-%012d"):format(deliveries),
    ["X-Hub-Signature-256"] = with.signature or webhook.sign(self.github_secret, text),
  })
end

--- Forgets what was asked, refused and promised; the files stay.
function webhook:forget()
  sandbox.reset()
  self.server:get "/spec/forget"
end

--- As if half an hour had passed: what is pending stays.
function webhook:forget_values() self.server:get "/spec/forget-values" end

--- What a file of the journal holds.
function webhook:file(name) return read(self.server.dir .. "/run/" .. name) end

--- Kills its workers, and with `all` its master too.
function webhook:kill(all)
  local pids = self.server:workers()
  if all then table.insert(pids, 1, (read(self.server.pid):match "%d+")) end
  os.execute("kill -9 " .. table.concat(pids, " "))
end

--- Fills the disk, or empties it, as its workers see it. They have to be told not to die of that: see `survivor`.
function webhook:fill_disk(is_full)
  for _, pid in ipairs(self.server:workers()) do
    assert(os.execute(("prlimit --pid %d --fsize=%s:"):format(pid, is_full and "0" or "unlimited")))
  end
end

--- An environment in which it can be started so.
webhook.survivor = "--ignore-signal=XFSZ " .. webhook.environment

--- Until something that nginx does by itself has happened.
function webhook.eventually(happened) assert(system.wait_until(happened), "it does not happen") end

--- Values of tokens that the sandbox is given, and their ids.
function webhook.leak(more)
  local batch = { count = 1, realm = "account", secret = "new" }
  for name, field in pairs(more or {}) do batch[name] = field end
  local grown = sandbox.grow(batch)
  return grown.values[1], grown.ids[1], grown
end

--- A value that nobody knows, another one each time.
local strangers = 0
function webhook.stranger()
  strangers = strangers + 1
  return ("cfat_%048d"):format(strangers)
end

return webhook
