-- make truth: this module and the official SDK for Node delete the same tokens of the same fault server, which knows what
-- really took effect. Prints, scenario by scenario, what happened and what each said, and counts the false words. What
-- says "deleted" is false unless the token is gone by this call; what says "not found" or "refused" is false where this
-- call removed it, and "not found" also where it is still there. "unknown" is never false. This module is asked with its
-- defaults, and, where a scenario needs it, as its README recommends for leaked tokens: with `check_first`.
local cjson = require "cjson".new()
local cloudflare = require "cloudflare"
local faults = require "spec.support.faults"
local system = require "spec.support.system"

local folder = arg[1] -- where npm has put the SDK
local HTML = "<html><body>Please log in</body></html>"
local NEVER = { raw = "", ["end"] = "stall" }

local function lost(effect) return { raw = "", ["end"] = "fin", effect = effect } end
local function page(status, body, effect, type)
  return { status = status, body = body, effect = effect, headers = type and { { "Content-Type", type } } }
end

local scenarios = {
  { "a good answer" },
  { "the token is not there", state = "absent" },
  { "no permission", { say = "forbidden" } },
  { "429, then a good answer", { say = "throttled", headers = { { "Retry-After", "1" } } } },
  { "the answer is lost, deletion done", lost(true) },
  { "the answer is lost, nothing done", lost(false) },
  { "the answer never comes, deletion done", NEVER },
  { "502 of a gateway, deletion done", { say = "html", effect = true } },
  { "502 of a gateway, nothing done", { say = "html", effect = false } },
  { "503 of the API, deletion done", { say = "broken", effect = true } },
  { "408 of a gateway, deletion done", page(408, "{}", true) },
  { "200, a captive portal's page", page(200, HTML, false, "text/html") },
  { "200, success is false", page(200, '{"success":false,"errors":[],"messages":[],"result":null}', false) },
  { "200, an empty body", page(200, "", false) },
  { "200, an empty object", page(200, "{}", false) },
  { "200, result is null, nothing done", page(200, '{"success":true,"errors":[],"messages":[],"result":null}', false) },
  { "200, another token is named", { say = "other", effect = false } },
  { "204 of a middleman", page(204, "", false) },
  { "the body is cut, deletion done", { cut = -20, ["end"] = "fin" } },
  { "the body is cut, nothing done", { cut = -20, ["end"] = "fin", effect = false } },
  { "404 of a gateway, as a page", page(404, "<h1>Not Found</h1>", false, "text/html") },
  { "404, no such route", { say = "no_route", effect = false } },
  { "404 of a worker in front", { say = "gateway", effect = false } },
  { "a passing 401", { say = "unauthorized" } },
  { "403, then the connection breaks", { say = "unauthorized_403" } },
  { "a middleman sends it twice", { copies = true }, options = { check_first = true }, method = "DELETE" },
  { "the read replica lags", lost(true), world = { reads = { "present" } } },
  { "a cache has an old 404", lost(false), world = { reads = { "absent" } } },
}

local function begin(scenario)
  local id, script = faults.fresh(), scenario[2]
  if script and scenario.method then script.method = scenario.method end
  local token = { id = id, state = scenario.state, scripts = script and { script } or nil }
  for name, value in pairs(scenario.world or {}) do token[name] = value end
  faults.register { token }
  return id
end

local function truth_of(id)
  local truth = faults.truth({ id }, true)[1]
  return { deleted = truth.done.delete > 0, there = truth.state == "present" }
end

local function is_false(said, truth)
  if said == "deleted" then return not truth.deleted end
  if said == "gone" then return truth.there end
  if said == "not found" then return truth.deleted or truth.there end
  return said == "refused" and truth.deleted
end

local function what_happened(truth)
  return truth.deleted and "deleted" or truth.there and "still there" or "was never there"
end

local function ours(id, scenario)
  local cf = assert(cloudflare.new(faults.options("plain", { timeout = 12, attempt_timeout = 4 })))
  local token, answer = cf.tokens.delete(nil, id, scenario.options)
  cf:close()
  return ((token and answer or answer).outcome:gsub("_", " "))
end

-- One process for all: its lines go in by a file, and come out by another.
local function theirs(ids)
  local options, lines = faults.options "plain", {}
  for i, id in ipairs(ids) do
    lines[i] = cjson.encode { base = options.base_url, account = options.account_id, id = id } .. "\n"
  end
  local asked = system.write(os.tmpname(), table.concat(lines))
  local said = system.lines(("cd '%s' && node sdk.mjs <'%s'"):format(folder, asked))
  for i, line in ipairs(said) do said[i] = cjson.decode(line).said end
  os.remove(asked)
  assert(#said == #ids, "the SDK did not answer every time")
  return said
end

local ids, wrong = {}, { ours = 0, theirs = 0 }
for i, scenario in ipairs(scenarios) do ids[i] = begin(scenario) end
local said = theirs(ids)

local function word(who, text, truth)
  if not is_false(text, truth) then return text end
  wrong[who] = wrong[who] + 1
  return text .. ", FALSE"
end

local ROW = "%-40s %-16s %-20s %s"
print(ROW:format("scenario", "what happened", "npm cloudflare", "this module (and what happened, if something else)"))
for i, scenario in ipairs(scenarios) do
  local theirs_truth, id = truth_of(ids[i]), begin(scenario)
  local own = ours(id, scenario)
  local own_truth = truth_of(id)
  local also = what_happened(own_truth) ~= what_happened(theirs_truth) and " (" .. what_happened(own_truth) .. ")" or ""
  print(ROW:format(scenario[1], what_happened(theirs_truth), word("theirs", said[i], theirs_truth),
    word("ours", own, own_truth) .. also))
end
print(("false words in %d scenarios: npm cloudflare %d, this module %d"):format(#scenarios, wrong.theirs, wrong.ours))
os.exit(wrong.ours == 0 and 0 or 1)
