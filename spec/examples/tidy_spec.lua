-- examples/tidy.lua: which tokens it selects, that it only reads unless it is told to delete, and what it then says.
local cjson = require "cjson"
local sandbox = require "spec.support.sandbox"
local script = require "spec.support.script"
local read = require "spec.support.read"
local system = require "spec.support.system"

local DAY = 86400
local WITH_KEY = { CLOUDFLARE_API_TOKEN = false, CLOUDFLARE_API_KEY = sandbox.key, CLOUDFLARE_EMAIL = sandbox.email }

local function date(days_ago) return os.date("!%Y-%m-%d", os.time() - days_ago * DAY) end

local function own_id() return sandbox.api("GET", sandbox.tokens "/verify").body.result.id end

-- What it selects, by names; and its status, standard output, standard error.
local function tidy(words, environment)
  words[#words + 1] = "--json"
  local status, out, err = script.run("tidy", words, environment)
  for _, secret in ipairs { sandbox.token, sandbox.read_token, sandbox.key } do
    assert.is_nil((out .. err):find(secret, 1, true))
  end
  local names, entries = {}, {}
  for line in out:gmatch "[^\n]+" do
    local entry = cjson.decode(line)
    names[#names + 1], entries[#entries + 1] = entry.name, entry
  end
  return names, status, err, entries
end

local function deleted()
  local found = {}
  for _, entry in ipairs(sandbox.ledger()) do
    if entry.effect == "deleted" then found[#found + 1] = entry.token end
  end
  return found
end

describe("examples/tidy.lua", function()
  local journal
  before_each(function()
    sandbox.reset()
    journal = os.tmpname()
    os.remove(journal)
  end)
  after_each(function() os.remove(journal) end)

  it("shows all tokens, and deletes none", function()
    local status, out, err = script.run("tidy", {})
    assert.equal(0, status)
    for _, name in ipairs { "sandbox%-write %(runs this%)", "ci%-deploy", "terraform%-dns", "grafana%-readonly" } do
      assert.truthy(out:find(name .. "\n"), name)
    end
    assert.truthy(err:find("6 of 6 tokens, and nothing was deleted; a credential that may list only its own tokens", 1, true))
    assert.same({}, deleted())
  end)

  describe("selects", function()
    it("what was not used since a date; never used, what was issued before it", function()
      assert.same({ "sandbox-read", "sandbox-none", "grafana-readonly" }, (tidy { "--unused-since", "2025-09-01" }))
      assert.same({ "sandbox-read", "sandbox-none", "ci-deploy", "grafana-readonly" },
        (tidy { "--unused-since", "2025-10-01T00:00:00Z" }))
      assert.same({}, (tidy { "--unused-since", "2025-06-12" })) -- the day on which all were issued
    end)

    it("by an age", function()
      local made = sandbox.api("POST", sandbox.tokens(), {
        name = "new", policies = sandbox.api("GET", sandbox.tokens()).body.result[1].policies,
      }).body.result
      assert.equal(date(0), made.issued_on:sub(1, 10))
      local names = tidy { "--unused-since", "30d" }
      assert.same({ "sandbox-read", "sandbox-none", "ci-deploy", "terraform-dns", "grafana-readonly" }, names)
      assert.same({ "sandbox-read" }, { (tidy { "--secret-older-than", "12h" })[2] })
    end)

    it("what never expires", function()
      local names = tidy { "--never-expires" }
      assert.equal(5, #names)
      assert.is_nil(table.concat(names, " "):find "terraform")
    end)

    it("what has an old secret: a roll makes it new", function()
      assert.equal(5, #(tidy { "--secret-older-than", "2025-07-01" }))
      sandbox.api("PUT", sandbox.tokens("/" .. os.getenv "SANDBOX_TOKEN_ID" .. "/value"), "{}")
      assert.equal(4, #(tidy { "--secret-older-than", "2025-07-01" }))
    end)

    it("what was exposed, and what is expired, which lists hide", function()
      sandbox.grow({ count = 1, name = "exposed", status = "revoked (exposed)" },
        { count = 1, name = "past", expires_on = "2025-10-01T00:00:00Z" }, { count = 1, name = "said", status = "expired" })
      assert.same({ "exposed-00001" }, (tidy { "--exposed" }))
      assert.same({ "past-00001", "said-00001" }, (tidy { "--expired" }))
    end)

    it("what may make others, but not what reads tokens or is denied them", function()
      sandbox.grow { count = 1, name = "own", groups = { "Account API Tokens Own" } }
      local policies = sandbox.api("GET", sandbox.tokens("/" .. own_id())).body.result.policies
      policies[1].effect = "deny"
      sandbox.api("POST", sandbox.tokens(), { name = "denied", policies = policies })
      assert.same({ "sandbox-write", "own-00001" }, (tidy { "--can-mint" }))
    end)

    it("what fits all that is asked, or any", function()
      assert.same({ "grafana-readonly" }, { (tidy { "--unused-since", "90d", "--never-expires" })[4] })
      assert.same({}, (tidy { "--can-mint", "--exposed" }))
      assert.same({ "sandbox-write" }, (tidy { "--can-mint", "--exposed", "--any" }))
      local _, _, _, entries = tidy { "--can-mint", "--never-expires" }
      assert.same({ "never-expires,can-mint", true }, { entries[1].fits, entries[1].own })
    end)

    it("nothing by a date that it cannot read, and says so", function()
      local function token(issued, used)
        return { id = sandbox.fresh(), name = "odd\27[31m", status = "active", policies = cjson.null, issued_on = issued,
          last_used_on = used }
      end
      sandbox.fault { path = "/tokens", body = cjson.encode {
        success = true, errors = {}, messages = {}, result_info = { page = 1, per_page = 50, count = 2, total_count = 2 },
        result = { token("long ago", cjson.null), token("2020-01-01T00:00:00Z", nil) }, -- of this one no use is told
      } }
      local names, _, err = tidy({ "--unused-since", "90d" }, WITH_KEY) -- which is not verified first
      assert.same({}, names)
      assert.truthy(err:find("2 have dates that cannot be read, and are left out", 1, true), err)
    end)
  end)

  it("shows no control characters", function()
    sandbox.api("POST", sandbox.tokens(), {
      name = "odd\27[31m\194\15531m", policies = sandbox.api("GET", sandbox.tokens()).body.result[1].policies,
    })
    local _, out = script.run("tidy", {})
    assert.truthy(out:find("odd?[31m?31m", 1, true))
  end)

  it("sees no more than its credential may, and says how many that is", function()
    local own = sandbox.grow { count = 1, name = "lister", secret = "new", groups = { "Account API Tokens Own" } }
    sandbox.grow { count = 2, name = "made", creator = own.ids[1] }
    local names, _, err = tidy({}, { CLOUDFLARE_API_TOKEN = own.values[1] })
    assert.same({ "made-00001", "made-00002" }, names)
    assert.truthy(err:find("2 of 2 tokens", 1, true), err)
  end)

  it("runs with a global key", function()
    assert.equal(6, #(tidy({}, WITH_KEY)))
  end)

  it("says that the tokens could not be read", function()
    local _, status, err = tidy({}, { CLOUDFLARE_API_TOKEN = sandbox.no_token })
    assert.equal(1, status)
    assert.truthy(err:find("nothing was deleted; 0 of ? tokens were seen", 1, true), err)
  end)

  describe("with --delete", function()
    it("deletes what it selects, but for the token by which it runs", function()
      local names, status, err, entries = tidy { "--never-expires", "--secret-older-than", "90d", "--delete" }
      assert.equal(0, status)
      assert.same({ "sandbox-read", "sandbox-none", "ci-deploy", "grafana-readonly" }, names)
      assert.equal(4, #deleted())
      for _, entry in ipairs(entries) do
        assert.equal("deleted", entry.outcome)
        assert.is_true(sandbox.is_deleted(entry.id))
      end
      assert.truthy(err:find(own_id() .. " is the token by which this runs: left alone", 1, true), err)
    end)

    it("wants a selection", function()
      assert.equal(2, (script.run("tidy", { "--delete" })))
      assert.equal(2, (script.run("tidy", { "--delete", "--any" })))
    end)

    it("says what was refused, and what is unknown, which wins", function()
      local ids = sandbox.seed(3)
      sandbox.fault {
        { method = "DELETE", token = ids[1], status = 403, code = 9109 },
        { method = "DELETE", token = ids[3], status = 404, code = 1003, effect = true },
      }
      local status, out, err = script.run("tidy", { "--unused-since", "90d", "--delete" })
      assert.equal(1, status)
      assert.truthy(out:find(ids[1] .. " refused\n", 1, true))
      assert.truthy(out:find(ids[2] .. " deleted\n", 1, true))
      assert.truthy(out:find(ids[3] .. " gone\n", 1, true))
      assert.truthy(err:find(ids[1] .. ": cloudflare.tokens.delete: the API refused (HTTP 403", 1, true), err)
      local id = sandbox.fresh()
      sandbox.fault {
        { method = "DELETE", token = ids[1], status = 403, code = 9109 },
        { method = "DELETE", token = id, status = 404, code = 1003 },
      }
      status, out = script.run("tidy", { "--unused-since", "90d", "--delete" })
      assert.equal(3, status)
      assert.truthy(out:find(id .. " unknown\n", 1, true)) -- it is read as before, and one answer is wrong
    end)

    it("stops where the credential may not delete", function()
      local _, status = tidy({ "--unused-since", "90d", "--delete" }, { CLOUDFLARE_API_TOKEN = sandbox.read_token })
      assert.equal(1, status)
      assert.same({}, deleted())
    end)

    it("deletes nothing by a clock that the API's contradicts", function()
      for _, days in ipairs { -2, 2 } do
        local told = os.date("!%a, %d %b %Y %H:%M:%S GMT", os.time() + days * 86400)
        sandbox.fault { method = "GET", headers = { Date = told }, times = 9 }
        local status, out, err = script.run("tidy", { "--never-expires", "--delete" })
        assert.same({ 1, "" }, { status, out })
        assert.truthy(err:find("clock", 1, true), err)
      end
      assert.equal(0, (sandbox.count "DELETE"))
    end)

    it("finishes what a run that was killed has begun, from its journal", function()
      local ids = sandbox.seed(2)
      sandbox.fault { method = "DELETE", token = ids[1], delay_after = 3 }
      local words = { "--unused-since", "90d", "--never-expires", "--delete", "--journal", journal }
      assert.is_true(script.kill_when(function() return sandbox.is_deleted(ids[1]) end, "tidy", words))
      local status, out, err = script.run("tidy", words)
      assert.equal(0, status)
      assert.truthy(out:find(ids[1] .. " gone\n", 1, true), out)
      assert.truthy(err:find(ids[1] .. " was to be deleted by an earlier run, and is not there any more", 1, true), err)
      assert.truthy(read(journal):find(ids[1] .. " gone\n", 1, true))
      assert.is_true(sandbox.is_deleted(ids[2]))
    end)

    it("leaves alone what an earlier run began, and is not selected any more", function()
      local grown = sandbox.grow { count = 1, secret = "new", name = "used" }
      system.write(journal, grown.ids[1], " sending\n")
      sandbox.api("GET", sandbox.tokens "/verify", nil, grown.values[1]) -- somebody uses it
      local _, status, err = tidy { "--unused-since", "90d", "--delete", "--journal", journal }
      assert.equal(0, status)
      assert.truthy(err:find(grown.ids[1] .. " was to be deleted by an earlier run, is still there", 1, true), err)
      assert.is_false(sandbox.is_deleted(grown.ids[1]))
    end)

    it("asks nothing where the journal cannot be written, or is none, and names the file", function()
      system.write(journal, "root:x:0:0\n")
      for _, path in ipairs { journal, "/nowhere/journal" } do
        local status, out, err = script.run("tidy", { "--unused-since", "90d", "--delete", "--journal", path })
        assert.same({ 2, "" }, { status, out })
        assert.truthy(err:find(path, 1, true), err)
      end
      assert.equal(0, #sandbox.ledger())
    end)
  end)

  it("tells on standard error what standard output does not take", function()
    local status, _, err = script.run("tidy", { "--exposed" }, nil, "exec >/dev/full;")
    assert.equal(1, status)
    assert.truthy(err:find("tidy: standard output: No space left on device: ID  STATUS", 1, true), err)
    local id = sandbox.grow({ count = 1, name = "exposed", status = "revoked (exposed)" }).ids[1]
    status, _, err = script.run("tidy", { "--exposed", "--delete" }, nil, "exec >/dev/full;")
    assert.equal(1, status)
    assert.truthy(err:find("No space left on device: " .. id .. " deleted\n", 1, true), err)
  end)

  it("is used wrongly", function()
    for _, words in ipairs {
      { "--unused-since" }, { "--unused-since", "soon" }, { "--unused-since", "2099-01-01" }, { "--secret-older-than", "9" },
      { "--nonsense" }, { "--journal", "file" }, { "--exposed", "--delete", "--journal" }, { "one", "two" }, { "no account" },
    } do
      local status, out = script.run("tidy", words)
      assert.same({ 2, "" }, { status, out }, table.concat(words, " "))
    end
    assert.equal(0, #sandbox.ledger())
    assert.equal(0, (script.run("tidy", { "--help" })))
  end)
end)

it("the guide of examples/tidy.lua says what its commands do", function()
  local dir = system.directory()
  local alive, count = pcall(script.check_guide, "examples/tidy.md", dir)
  os.execute("rm -rf " .. dir)
  assert.same({ true, 4 }, { alive, count })
end)
