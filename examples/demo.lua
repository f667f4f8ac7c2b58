-- What deleting a token looks like, and what can go wrong, against the sandbox: no account, no network.
--   examples/sandbox/sandbox run lua examples/demo.lua

local cloudflare = require "cloudflare"
local cjson = require "cjson"
local http = require "socket.http"
local ltn12 = require "ltn12"

local SANDBOX = os.getenv "SANDBOX_HTTP"
if not SANDBOX then
  io.stderr:write "demo: this wants a sandbox: examples/sandbox/sandbox run lua examples/demo.lua\n"
  os.exit(2)
end

-- One plain request, by other means than the module that is shown.
local function ask(method, url, body)
  local parts = {}
  local _, status = http.request {
    method = method, url = url, sink = ltn12.sink.table(parts), source = ltn12.source.string(body or ""),
    headers = { Authorization = "Bearer " .. os.getenv "CLOUDFLARE_API_TOKEN", ["Content-Length"] = #(body or "") },
  }
  assert(status == 200, ("%s %s: %s"):format(method, url, status))
  return cjson.decode(table.concat(parts))
end

local function order(fault) ask("POST", SANDBOX .. "/sandbox/fault", cjson.encode(fault)) end
local function forget_faults() ask("DELETE", SANDBOX .. "/sandbox/fault") end

-- Prints text in lines of 96, each indented.
local function say(text)
  local line = " "
  for word in text:gmatch "%S+" do
    if #line + #word > 96 then
      print(line)
      line = " "
    end
    line = line .. " " .. word
  end
  print(line)
end

-- Prints the account's tokens, without the sandbox's own credentials; returns their ids by name.
local function show_tokens(title, count)
  local url = ("%s/accounts/%s/tokens"):format(os.getenv "CLOUDFLARE_BASE_URL", os.getenv "CLOUDFLARE_ACCOUNT_ID")
  local ids, shown = {}, 0
  print(title)
  for _, token in ipairs(ask("GET", url).result) do
    if not token.name:find "^sandbox%-" then
      print(("  %-18s%s"):format(token.name, token.id))
      ids[token.name], shown = token.id, shown + 1
    end
  end
  assert(shown == count, ("%d tokens expected"):format(count))
  return ids
end

-- What each attempt brought, in a few words: "DELETE no answer, GET 404".
local function evidence(trace)
  local words = {}
  for i, attempt in ipairs(trace) do words[i] = attempt.method .. " " .. (attempt.status or "no answer") end
  return table.concat(words, ", ")
end

-- Prints what a deletion returned, which must have the expected outcome.
local function show(expected, token, answer)
  if token then say(("-> token.id = %q, envelope.outcome = %q"):format(token.id, answer.outcome))
  else
    say(("-> nil, err with err.outcome = %q"):format(answer.outcome))
    say(tostring(answer))
  end
  say("evidence: " .. evidence(answer.http.trace))
  assert(answer.outcome == expected, ("%s expected"):format(expected))
end

local ids = show_tokens("A pretend account, on this machine only. Its tokens:", 3)

print '\ncloudflare.tokens.delete(account_id, token_id) of "ci-deploy":'
show("deleted", cloudflare.tokens.delete(nil, ids["ci-deploy"]))

print()
show_tokens("The tokens now:", 2)

print "\nA refusal: the credential may read tokens, not delete them."
local reader = cloudflare.new { api_token = os.getenv "SANDBOX_READ_TOKEN" }
show("refused", reader.tokens.delete(nil, ids["terraform-dns"]))

print "\nA lost answer: the connection breaks after the token was deleted. Asking again settles it."
order { method = "DELETE", drop = "after" }
show("gone", cloudflare.tokens.delete(nil, ids["terraform-dns"]))

print "\nAn unknown: for two seconds nothing but bad gateways. Was it deleted? Nobody can tell."
order { html = true, status = 502, times = 100 }
show("unknown", cloudflare.tokens.delete(nil, ids["grafana-readonly"], { timeout = 2 }))
forget_faults()

print "\nToken ids are not reused, so the same call may be repeated until the outcome is known."
show("deleted", cloudflare.tokens.delete(nil, ids["grafana-readonly"]))
