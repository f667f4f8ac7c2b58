-- examples/revoke.lua, as a person uses it: what it says, what it writes, how it ends, and what the API was sent.
local cjson = require "cjson"
local incident = require "spec.support.incident"
local sandbox = require "spec.support.sandbox"
local shell = require "spec.support.shell"
local system = require "spec.support.system"

local is_deleted = sandbox.is_deleted
local READER = { groups = { "Account Settings Read", "Account API Tokens Write" }, count = 1, secret = "new" }

describe("revoke.lua", function()
  local place
  setup(function()
    place = shell.new()
    place:install("examples/revoke.lua", "examples/revoke")
  end)
  teardown(function() place:remove() end)
  before_each(function()
    sandbox.reset()
    place:run "rm -f ids* leaks* report* evidence* journal*"
  end)

  -- Runs it; returns its exit status, and what it said on standard output and on standard error.
  local function revoke(arguments, before)
    return place:run(("%s lua revoke.lua %s"):format(before or "", arguments))
  end

  local function lines_of(text)
    local lines = {}
    for line in text:gmatch "[^\n]+" do lines[#lines + 1] = line end
    table.sort(lines)
    return lines
  end

  local function says(expected, text)
    table.sort(expected)
    assert.same(expected, lines_of(text))
  end

  local function contains(text, words) assert.truthy(text:find(words, 1, true), text) end

  local function records_of(name)
    local records = {}
    for line in place:read(name):gmatch "[^\n]+" do records[#records + 1] = cjson.decode(line) end
    return records
  end

  -- The last line that a report has of each item, by where it was given; and the report's last line of all.
  local function ends_of(name)
    local ends, records = {}, records_of(name)
    for _, record in ipairs(records) do ends[record.at or "summary"] = record end
    return ends, records[#records]
  end

  -- Writes gitleaks' report of these values; a value's place is src/N.sh:N.
  local function report_leaks(values, more)
    local found = {}
    for i, value in ipairs(values) do
      found[i] = {
        RuleID = "cloudflare-api-key", Secret = value, Match = "TOKEN=" .. value, File = "src/" .. i .. ".sh",
        StartLine = i, Commit = "c0ffee", Fingerprint = "x",
      }
    end
    for _, finding in ipairs(more or {}) do found[#found + 1] = finding end
    place:write("leaks.json", cjson.encode(found))
  end

  local function no_secret_in(values, ...)
    for _, text in ipairs { ... } do
      for _, value in ipairs(values) do assert.is_nil(text:find(value, 1, true)) end
    end
  end

  local function asked(id)
    local methods = {}
    for i, entry in ipairs(sandbox.requests_for(id)) do methods[i] = entry.method end
    return table.concat(methods, " ")
  end

  describe("with ids", function()
    it("deletes each and says so", function()
      local ids = sandbox.seed(2)
      local status, out = revoke(table.concat(ids, " "))
      says({ ids[1] .. " deleted", ids[2] .. " deleted" }, out)
      assert.equal(0, status)
      assert.is_true(is_deleted(ids[1]) and is_deleted(ids[2]))
    end)

    it("takes the account as the first word where the environment has none", function()
      local id = sandbox.fresh()
      local status, out = revoke(sandbox.account .. " " .. id, "unset CLOUDFLARE_ACCOUNT_ID;")
      says({ id .. " deleted" }, out)
      assert.equal(0, status)
    end)

    it("takes the account in both places for no token", function()
      local id = sandbox.fresh()
      local _, out = revoke(sandbox.account .. " " .. id)
      says({ id .. " deleted" }, out)
    end)

    it("reads them from standard input, the first word of each line, and from files; each once", function()
      local ids = sandbox.seed(3)
      place:write("ids", ids[1] .. " a remark\n\n# " .. ids[3] .. "\n" .. ids[2]:upper() .. "\r\n")
      local status, out = revoke("--file ids - <ids " .. ids[1])
      says({ ids[1] .. " deleted", ids[2] .. " deleted" }, out)
      assert.equal(0, status)
      assert.is_false(is_deleted(ids[3]))
      assert.equal("GET DELETE", asked(ids[1]))
    end)

    it("reads lines that end as a Mac's once did", function()
      local ids = sandbox.seed(2)
      place:write("ids", ids[1] .. "\r" .. ids[2] .. "\r")
      says({ ids[1] .. " deleted", ids[2] .. " deleted" }, select(2, revoke "--file ids"))
    end)

    it("says where there are more in a line, of which it reads the first", function()
      local ids, leaked = sandbox.seed(3), sandbox.grow { count = 1, secret = "new" }
      place:write("ids", ids[1] .. " " .. ids[2] .. "\n" .. ids[3] .. "\t# was " .. leaked.values[1] .. "\n")
      local _, out, said = revoke "--file ids"
      says({ ids[1] .. " deleted", ids[3] .. " deleted" }, out)
      contains(said, "ids:1: only the first word of a line is read, and another one is an id or a value")
      contains(said, "ids:2: only the first word")
      no_secret_in(leaked.values, out, said)
      place:write("ids", ids[1] .. " a remark\n# " .. ids[2])
      assert.is_nil(select(3, revoke "--file ids"):find("first word", 1, true))
    end)

    it("ends with 1 for one that is not there, but for --missing-ok", function()
      local status, out, said = revoke(sandbox.missing_id)
      says({ sandbox.missing_id .. " not_found" }, out)
      contains(said, "no such token in this account")
      assert.equal(1, status)
      assert.equal(0, (revoke("--missing-ok " .. sandbox.missing_id)))
    end)

    -- What an earlier run left so, and this one may not delete.
    for _, word in ipairs { "unknown", "accepted" } do
      it("ends with 3 where one is " .. word .. ", which wins over 1", function()
        local id = sandbox.fresh()
        place:write("journal", ("%s sending\n%s %s\n"):format(id, id, word))
        sandbox.fault { method = "DELETE", token = id, status = 403, code = 9109, times = 9 }
        local status, out = revoke("--journal journal " .. id .. " " .. sandbox.missing_id)
        says({ id .. " " .. word, sandbox.missing_id .. " not_found" }, out)
        assert.equal(3, status)
      end)
    end

    it("says of one that is gone whether this run ever saw it", function()
      local missing = sandbox.missing_id
      for _, options in ipairs { "", "--evidence evidence " } do
        local id = sandbox.fresh()
        sandbox.fault { token = id, method = "DELETE", drop = "after" }
        local status, out, said = revoke(options .. id)
        says({ id .. " gone" }, out)
        assert.is_nil(said:find("never saw it", 1, true))
        assert.equal(0, status)
        sandbox.fault { token = missing, method = "DELETE", status = 502 }
        status, out, said = revoke(options .. missing)
        says({ missing .. " gone" }, out)
        contains(said, "this run never saw it")
        assert.equal(1, status)
      end
      sandbox.fault { token = missing, method = "DELETE", status = 502 }
      assert.equal(0, (revoke("--missing-ok " .. missing)))
      for _ = 1, 3 do -- what an earlier run was told of it is no sight of it
        sandbox.fault { token = missing, method = "DELETE", status = 502 }
        assert.equal(1, (revoke("--journal journal " .. missing)))
      end
      local id = sandbox.fresh()
      sandbox.fault { token = id, method = "DELETE", status = 403, code = 9109 }
      assert.equal(1, (revoke("--journal journal " .. id)))
      sandbox.api("DELETE", sandbox.tokens("/" .. id))
      sandbox.fault { token = id, method = "DELETE", status = 502 }
      assert.equal(0, (revoke("--journal journal " .. id))) -- gone, and seen by the run before
    end)

    it("deletes the credential's own token last", function()
      local own, ids = sandbox.grow(READER), sandbox.seed(3)
      local status, out = revoke(own.ids[1] .. " " .. table.concat(ids, " "), "CLOUDFLARE_API_TOKEN=" .. own.values[1])
      assert.equal(0, status)
      local lines = {}
      for line in out:gmatch "[^\n]+" do lines[#lines + 1] = line end
      assert.equal(own.ids[1] .. " deleted", lines[4])
    end)
  end)

  describe("sends nothing", function()
    local function nothing_was_deleted() assert.equal(0, (sandbox.count "DELETE")) end

    it("without items: 2 and the usage", function()
      local status, out, said = revoke ""
      assert.same({ 2, "" }, { status, out })
      contains(said, "usage: revoke.lua")
    end)

    it("without an account: 2, and says where it is to stand", function()
      for _, words in ipairs { "--file ids", "- <ids", sandbox.missing_id } do
        place:write("ids", sandbox.missing_id)
        local status, out, said = revoke(words, "unset CLOUDFLARE_ACCOUNT_ID;")
        assert.same({ 2, "" }, { status, out })
        contains(said, "revoke: no account: set CLOUDFLARE_ACCOUNT_ID, or give it first")
        assert.is_nil(said:find("usage", 1, true))
      end
    end)

    it("with --help", function()
      local status, out = revoke "--help"
      assert.equal(0, status)
      contains(out, "Everybody on this machine can read the arguments")
    end)

    it("for options that are none, and does not repeat what stands behind them", function()
      for words, told in pairs {
        ["--forse"] = "unknown option --forse", ["--token=cfat_SECRET"] = "unknown option --token;",
        ["-cfat_SECRET"] = "unknown option -cfat;", ["--file="] = "--file wants a value",
        ["--refusals 0"] = "from 1 to 50, or all", ["--refusals many"] = "from 1 to 50, or all",
        ["--since yesterday"] = "--since wants a date", ["--file nowhere"] = "nowhere: No such file",
        ["--file revoke"] = "revoke: Is a directory", ["--report no/where"] = "no/where: No such file",
        ["--evidence no/where"] = "no/where: No such file", ["--journal no/where"] = "no/where cannot be opened",
        ["--journal revoke.lua"] = "cloudflare.journal: revoke.lua: line 1 is none of a journal",
        ["--other-account me"] = "an account's id is 32",
      } do
        local status, out, said = revoke(words .. " " .. sandbox.missing_id)
        assert.same({ words, 2, "" }, { words, status, out })
        contains(said, told)
        assert.is_nil(said:find "SECRET")
      end
      assert.equal(0, #sandbox.ledger())
    end)

    it("where a secret stands in the place of the account", function()
      local status, _, said = revoke(sandbox.token .. " " .. sandbox.missing_id, "unset CLOUDFLARE_ACCOUNT_ID;")
      assert.equal(2, status)
      no_secret_in({ sandbox.token }, said)
    end)

    it("where the credential is not accepted, unless --no-verify says to go on", function()
      local id = sandbox.fresh()
      local status, out, said = revoke(id, "CLOUDFLARE_API_TOKEN=cfat_wrong")
      assert.same({ 1, "" }, { status, out })
      contains(said, "nothing was deleted; --no-verify skips this check")
      nothing_was_deleted()
      status, out, said = revoke("--no-verify " .. id, "CLOUDFLARE_API_TOKEN=cfat_wrong")
      says({ id .. " not_sent" }, out)
      contains(said, "stopped (credential)")
      assert.equal(1, status)
    end)

    it("for a file that holds no format that it knows", function()
      for text, told in pairs {
        ['[{"RuleID":"cloudflare-api-key"'] = "ids is not whole JSON",
        ['{\n "version": "2.1.0"\n}'] = "neither JSON lines nor an array",
        ["\255\254c\0f\0"] = "ids is UTF-16",
      } do
        place:write("ids", text)
        local status, _, said = revoke "--file ids"
        assert.equal(2, status)
        contains(said, told)
      end
      nothing_was_deleted()
    end)

    it("with --dry-run: it says what would be done, asks about no value and writes no file", function()
      local leaked = sandbox.grow { count = 1, secret = "new" }
      report_leaks { leaked.values[1], ("0a"):rep(32) }
      local id = sandbox.fresh()
      local status, out = revoke("--dry-run --journal journal --report report --evidence evidence --file leaks.json "
        .. id .. " " .. sandbox.missing_id)
      assert.equal(1, status)
      contains(out, id .. " would be deleted: batch-00001")
      contains(out, sandbox.missing_id .. " would be tried: a read says not_found")
      contains(out, "leaks.json#1 would be asked about: account")
      contains(out, "leaks.json#2 cannot be revoked: ")
      contains(out, "access key id")
      nothing_was_deleted()
      for _, entry in ipairs(sandbox.ledger()) do assert.not_equal(leaked.ids[1], entry.caller) end
      assert.equal(0, (place:run "! ls | grep -E 'journal|report|evidence'"))
      assert.equal(0, (revoke("--dry-run " .. id)))
    end)
  end)

  describe("with values", function()
    it("asks each whose it is and deletes it at once", function()
      local leaked = sandbox.grow { count = 2, secret = "new" }
      place:write("ids", table.concat(leaked.values, "\n"))
      local status, out = revoke "--file ids"
      says({ "ids:1 deleted " .. leaked.ids[1], "ids:2 deleted " .. leaked.ids[2] }, out)
      assert.equal(0, status)
      assert.equal("GET DELETE", asked(leaked.ids[1]))
      local order = {}
      for _, entry in ipairs(sandbox.ledger()) do
        if entry.caller == leaked.ids[2] then order[#order + 1] = "asked" end
        if entry.effect == "deleted" then order[#order + 1] = "deleted" end
      end
      assert.equal("deleted asked deleted", table.concat(order, " "))
    end)

    it("takes ids first, whatever the order", function()
      local leaked, id = sandbox.grow { count = 1, secret = "older" }, sandbox.fresh()
      place:write("ids", leaked.values[1] .. "\n" .. id .. "\n")
      local _, out = revoke "- <ids"
      assert.equal(id .. " deleted\nstdin:1 deleted " .. leaked.ids[1] .. "\n", out)
    end)

    it("warns of one in the arguments, which everybody can read", function()
      local leaked = sandbox.grow { count = 1, secret = "new" }
      local status, out, said = revoke(leaked.values[1])
      says({ "#1 deleted " .. leaked.ids[1] }, out)
      contains(said, "everybody on this machine can read")
      assert.equal(0, status)
      no_secret_in(leaked.values, out, said)
    end)

    it("reads gitleaks' report, and counts what other rules found", function()
      local leaked = sandbox.grow { count = 2, secret = "new" }
      report_leaks({ leaked.values[1], leaked.values[2], leaked.values[1] },
        { { RuleID = "aws-access-token", Secret = "AKIA" }, { RuleID = "our-CLOUDFLARE-key", Secret = "" } })
      local status, out, said = revoke "--file leaks.json --report report"
      says({ "leaks.json#1 deleted " .. leaked.ids[1], "leaks.json#2 deleted " .. leaked.ids[2], "leaks.json#5 not_sent" }, out)
      contains(said, "skipped, of other detectors: 1")
      contains(said, "the finding holds no value")
      assert.equal(1, status)
      assert.same({ "src/1.sh:1", "src/3.sh:3" }, ends_of "report"["leaks.json#1"].places)
    end)

    it("takes what the checksum tells to be a token, whatever the rule is called", function()
      local leaked = sandbox.grow { count = 2, secret = "new" }
      report_leaks({}, {
        { RuleID = "generic-api-key", Secret = leaked.values[1] },
        { RuleID = "generic-api-key", Secret = leaked.values[2]:sub(1, -2) .. "z" }, { RuleID = "aws-access-token" },
      })
      local status, out, said = revoke "--file leaks.json"
      says({ "leaks.json#1 deleted " .. leaked.ids[1] }, out)
      contains(said, "skipped, of other detectors: 2")
      assert.equal(0, status)
    end)

    it("passes over no object in silence: what is no finding is not revoked, and that is 1", function()
      local alert = { number = 1, secret_type = "cloudflare_api_token", secret = "correct-horse-battery" }
      for _, text in ipairs { cjson.encode { alert }, cjson.encode { { alert } }, "[null, 7]", cjson.encode(alert) } do
        place:write("leaks.json", text)
        local status, out, said = revoke "--file leaks.json"
        assert.equal(1, status)
        assert.truthy(out:find "^leaks.json[#:]1 not_sent\n", out)
        contains(said, "no finding")
        no_secret_in({ alert.secret }, out, said)
      end
    end)

    it("reads TruffleHog's lines, its log and what is torn among them", function()
      local leaked = sandbox.grow { count = 3, secret = "new" }
      local function line(detector, raw, data)
        return cjson.encode {
          SourceMetadata = { Data = data }, DetectorName = detector, Verified = false, Raw = raw, RawV2 = raw .. "x",
          Redacted = "", ExtraData = cjson.null,
        }
      end
      place:write("leaks.jsonl", table.concat({
        line("CloudflareApiToken", leaked.values[1], { Git = { file = "a.env", line = 3, commit = "c0ffee" } }),
        '{"level":"info-0","msg":"scanning"}',
        line("AWS", "AKIA", { file = "b" }),
        line("CloudflareApiToken", leaked.values[2], { file = "c.env", line = 7, link = cjson.null }),
        line("CloudflareApiToken", leaked.values[3], { Slack = { link = "https://example.com/m" } }),
        '{"DetectorName":"CloudflareApiTok',
      }, "\n"))
      local status, out, said = revoke "--file leaks.jsonl --report report"
      says({ "leaks.jsonl:1 deleted " .. leaked.ids[1], "leaks.jsonl:4 deleted " .. leaked.ids[2],
        "leaks.jsonl:5 deleted " .. leaked.ids[3], "leaks.jsonl:6 not_sent" }, out)
      contains(said, "the line is not whole JSON")
      contains(said, "skipped, of other detectors: 1")
      assert.equal(1, status)
      local ends = ends_of "report"
      assert.same({ { "a.env:3" }, { "c.env:7" }, { "https://example.com/m" } },
        { ends["leaks.jsonl:1"].places, ends["leaks.jsonl:4"].places, ends["leaks.jsonl:5"].places })
    end)

    it("sends nothing of what is no token, and says what to do instead", function()
      local values = { "cfk_" .. ("x"):rep(48), ("0a"):rep(32), "cfoat_" .. ("x"):rep(40), "correct-horse-battery" }
      report_leaks(values)
      local status, out, said = revoke "--file leaks.json"
      says({ "leaks.json#1 not_sent", "leaks.json#2 not_sent", "leaks.json#3 not_sent", "leaks.json#4 not_sent" }, out)
      contains(said, "dashboard")
      contains(said, "access key id")
      contains(said, "revoke what the application was granted")
      contains(said, "looks like no token")
      assert.equal(1, status)
      assert.equal(1, #sandbox.ledger()) -- the credential's own verify
      no_secret_in(values, out, said)
    end)

    it("says of one that is refused that it is not accepted: 1", function()
      local dead = sandbox.grow { count = 1, secret = "new", dead = true }
      report_leaks(dead.values)
      local status, out, said = revoke "--missing-ok --file leaks.json"
      says({ "leaks.json#1 not_accepted" }, out)
      contains(said, "revoked or expired, of another account or of the other kind")
      assert.equal(1, status)
    end)

    it("says of one that lives elsewhere whose it is: 3", function()
      local other, user = sandbox.grow({ count = 1, realm = "other", secret = "new" },
        { count = 1, realm = "user", secret = "new" })
      local bound = sandbox.grow { count = 1, secret = "new", condition = { request_ip = { ["in"] = { "192.0.2.0/24" } } } }
      report_leaks { other.values[1], user.values[1], bound.values[1] }
      local status, out, said = revoke("--file leaks.json --other-account " .. sandbox.other_account)
      says({
        ("leaks.json#1 alive elsewhere account %s %s"):format(sandbox.other_account, other.ids[1]),
        "leaks.json#2 alive elsewhere user " .. user.ids[1],
        "leaks.json#3 alive elsewhere",
      }, out)
      contains(said, "the token is valid")
      assert.equal(3, status)
      assert.equal(0, (sandbox.count "DELETE"))
    end)

    it("ends with 3 where no answer comes", function()
      local leaked = sandbox.grow { count = 1, secret = "new" }
      report_leaks(leaked.values)
      sandbox.fault { path = "/verify", every = 1, times = 1, effect = true, headers = {} } -- the credential's own passes
      sandbox.fault { path = "/verify", drop = "before", times = 100 }
      local status, out = revoke "--file leaks.json"
      says({ "leaks.json#1 unknown" }, out)
      assert.equal(3, status)
    end)

    it("deletes the credential itself last, when it is among them", function()
      local own, leaked = sandbox.grow(READER), sandbox.grow { count = 2, secret = "new" }
      report_leaks { own.values[1], leaked.values[1], leaked.values[2] }
      local status, out = revoke("--file leaks.json", "CLOUDFLARE_API_TOKEN=" .. own.values[1])
      assert.equal(0, status)
      assert.truthy(out:find("leaks.json#1 deleted " .. own.ids[1] .. "\n$"))
      assert.is_true(is_deleted(leaked.ids[2]))
    end)

    it("waits where the quota is used up", function()
      local leaked = sandbox.grow { count = 1, secret = "new" }
      report_leaks(leaked.values)
      sandbox.fault { method = "DELETE", status = 429, headers = { ["Retry-After"] = "1" } }
      local status, out = revoke "--file leaks.json"
      says({ "leaks.json#1 deleted " .. leaked.ids[1] }, out)
      assert.equal(0, status)
    end)

    it("stops where the credential dies", function()
      local own, leaked = sandbox.grow(READER), sandbox.grow { count = 3, secret = "new" }
      report_leaks(leaked.values)
      sandbox.fault { method = "DELETE", token = leaked.ids[1], status = 401, code = 1000, times = 9 }
      sandbox.fault { path = "/verify", headers = {}, times = 2 } -- the first two pass
      sandbox.fault { path = "/verify", status = 401, code = 1000 }
      local status, out, said = revoke("--file leaks.json", "CLOUDFLARE_API_TOKEN=" .. own.values[1])
      says({ "leaks.json#1 refused " .. leaked.ids[1], "leaks.json#2 not asked", "leaks.json#3 not asked" }, out)
      contains(said, "stopped (credential)")
      assert.equal(3, status)
    end)
  end)

  describe("the budget of refusals", function()
    local function batches()
      local dead, alive = sandbox.grow({ count = 4, secret = "new", dead = true }, { count = 2, secret = "new" })
      return dead, alive
    end

    it("is kept: what it does not allow is not asked, and ids are deleted all the same", function()
      sandbox.switch { lockout = 60, lockout_after = 4 }
      local dead, alive = batches()
      report_leaks { dead.values[1], dead.values[2], dead.values[3], alive.values[1], dead.values[4], alive.values[2] }
      local id = sandbox.fresh()
      local status, out, said = revoke("--refusals 3 --file leaks.json " .. id)
      says({ id .. " deleted", "leaks.json#1 not_accepted", "leaks.json#2 not_accepted", "leaks.json#3 not_accepted",
        "leaks.json#4 not asked", "leaks.json#5 not asked", "leaks.json#6 not asked" }, out)
      contains(said, "revoke: 3 were not asked; run this again with the same --journal in 30 minutes\n"
        .. "revoke: with 3 refusals in half an hour that may take 1 more run at most, half an hour apart; "
        .. "--refusals all asks on at once, and risks the lock-out\n")
      assert.equal(3, status)
      assert.equal(200, sandbox.api("GET", sandbox.tokens()).status) -- nobody is locked out
    end)

    it("is spent on what can be deleted here first, and last on what has a wrong checksum", function()
      local alive = sandbox.grow { count = 1, secret = "new" }
      report_leaks { "cfat_" .. ("x"):rep(48), alive.values[1] }
      local _, out = revoke "--file leaks.json"
      assert.equal("leaks.json#2 deleted " .. alive.ids[1] .. "\nleaks.json#1 not_accepted\n", out)
    end)

    it("reaches over runs with one journal, which ask about no value twice", function()
      local dead, alive = batches()
      report_leaks { dead.values[1], alive.values[1], dead.values[2], alive.values[2], dead.values[3] }
      local status, out = revoke "--refusals 2 --journal journal --file leaks.json"
      says({ "leaks.json#1 not_accepted", "leaks.json#2 deleted " .. alive.ids[1], "leaks.json#3 not_accepted",
        "leaks.json#4 not asked", "leaks.json#5 not asked" }, out)
      assert.equal(3, status)
      local before = #sandbox.ledger()
      out = select(2, revoke "--refusals 2 --journal journal --file leaks.json")
      contains(out, "leaks.json#4 not asked")
      assert.equal(before + 1, #sandbox.ledger()) -- the credential's own verify
      out = select(2, revoke "--refusals 3 --journal journal --file leaks.json") -- as if half an hour had passed for one
      says({ "leaks.json#1 not_accepted", "leaks.json#2 deleted " .. alive.ids[1], "leaks.json#3 not_accepted",
        "leaks.json#4 deleted " .. alive.ids[2], "leaks.json#5 not_accepted" }, out)
      no_secret_in(dead.values, place:read "journal.values")
      no_secret_in(alive.values, place:read "journal.values", place:read "journal")
    end)

    it("is spent again on a value that was refused, where it was not asked yet", function()
      local other, older = sandbox.grow({ count = 1, secret = "new", realm = "other" },
        { count = 1, secret = "older", realm = "other" })
      report_leaks { other.values[1], older.values[1] }
      local told = { "leaks.json#1 not_accepted", "leaks.json#2 not_accepted" }
      for _ = 1, 2 do says(told, select(2, revoke "--journal journal --file leaks.json")) end
      local before = #sandbox.ledger()
      local status, out = revoke("--journal journal --file leaks.json --other-account " .. sandbox.other_account)
      says({ ("leaks.json#1 alive elsewhere account %s %s"):format(sandbox.other_account, other.ids[1]),
        ("leaks.json#2 alive elsewhere account %s %s"):format(sandbox.other_account, older.ids[1]) }, out)
      assert.equal(3, status)
      assert.equal(before + 3, #sandbox.ledger()) -- the credential's own verify, and one for each
    end)

    it("counts a refusal whose ray is none", function()
      local dead = sandbox.grow { count = 1, secret = "new", dead = true }
      report_leaks(dead.values)
      sandbox.fault { path = "/verify", headers = { ["CF-Ray"] = "-" }, times = 9 }
      revoke "--journal journal --file leaks.json"
      contains(place:read "journal.values", "\nrefused ")
    end)

    it("tells how many runs it may take: an older value costs two, of the account and of the user", function()
      local dead, older = sandbox.grow({ count = 4, secret = "new", dead = true }, { count = 3, secret = "older", dead = true })
      place:write("ids", table.concat(dead.values, "\n") .. "\n" .. table.concat(older.values, "\n"))
      local said = select(3, revoke "--refusals 3 --file ids") -- 3; then 1 and 2, 2, 2
      contains(said, "revoke: 4 were not asked; ")
      contains(said, "that may take 3 more runs at most, ")
    end)

    it("is gone before the start: nothing is asked, nothing is called not deleted", function()
      local leaked, ids = sandbox.grow { count = 2, secret = "new" }, sandbox.seed(2)
      local dead = sandbox.grow { count = 1, secret = "new", dead = true }
      report_leaks { leaked.values[1], dead.values[1] }
      assert.equal(1, (revoke("--journal journal --report report --file leaks.json " .. ids[1])))
      report_leaks { leaked.values[1], dead.values[1], leaked.values[2] }
      sandbox.switch { lockout = 60, lockout_after = 1 }
      sandbox.api("GET", sandbox.tokens(), nil, "cfat_wrong")
      local status, out, said = revoke("--journal journal --report report --file leaks.json " .. table.concat(ids, " "))
      says({ ids[1] .. " deleted", ids[2] .. " not asked", "leaks.json#1 deleted " .. leaked.ids[1],
        "leaks.json#2 not_accepted", "leaks.json#3 not asked" }, out)
      assert.equal(3, status)
      contains(said, "stopped (lockout)")
      contains(said, "revoke: 2 were deleted by earlier runs, the rest was not asked; run this again in half an hour\n")
      assert.same({ deleted = 2, not_accepted = 1, ["not asked"] = 2 }, select(2, ends_of "report").summary)
      status, out, said = revoke("--dry-run --file leaks.json")
      assert.same({ 3, "" }, { status, out })
      contains(said, "code 10502")
    end)

    it("may be left aside; a lock-out then ends the run", function()
      sandbox.switch { lockout = 60, lockout_after = 10 }
      local dead = sandbox.grow { count = 12, secret = "new", dead = true }
      report_leaks(dead.values)
      local status, out, said = revoke "--refusals all --prove --file leaks.json"
      assert.equal(10, select(2, out:gsub("not_accepted", "")))
      assert.equal(2, select(2, out:gsub("not asked", "")))
      contains(said, "stopped (lockout)")
      assert.equal(3, status)
      assert.equal(12, #sandbox.ledger())
    end)
  end)

  describe("--prove", function()
    it("asks with each deleted value until it is refused", function()
      sandbox.switch { dead_accepted = 1 }
      local leaked = sandbox.grow { count = 2, secret = "new" }
      report_leaks(leaked.values)
      local status, out = revoke "--prove --file leaks.json --report report"
      assert.truthy(out:find "leaks.json#1 value refused %d+%.%d s after the deletion")
      assert.truthy(out:find "leaks.json#2 value refused %d+%.%d s after the deletion")
      assert.equal(0, status)
      local ended = ends_of "report"["leaks.json#1"]
      assert.equal("refused", ended.proof)
      assert.is_true(ended.proof_seconds >= 0.9)
    end)

    it("is no proof where the run was interrupted before it, or an earlier run was: 3", function()
      local leaked = sandbox.grow { count = 1, secret = "new" }
      report_leaks(leaked.values)
      sandbox.switch { dead_accepted = 60 }
      local options = "--prove --journal journal --file leaks.json"
      local status, out, said = revoke(options, "timeout --preserve-status -s INT 4")
      contains(out, "leaks.json#1 deleted")
      contains(said, "interrupted")
      assert.equal(3, status)
      sandbox.fault { status = 403, code = 10502, times = 9 }
      status = revoke(options)
      assert.equal(3, status)
    end)

    it("shares the budget: what is not asked is not proven, and that is 3", function()
      local leaked = sandbox.grow { count = 3, secret = "new" }
      report_leaks(leaked.values)
      local status, out = revoke "--prove --refusals 2 --file leaks.json"
      contains(out, "leaks.json#3 deleted")
      contains(out, "leaks.json#3 value not asked")
      assert.equal(3, status)
    end)
  end)

  describe("--evidence", function()
    it("keeps what a token was, with its last use before this run asked", function()
      local leaked, id = sandbox.grow { count = 1, secret = "new", name = "leaked" }, sandbox.fresh()
      report_leaks(leaked.values)
      assert.equal(0, (revoke("--evidence evidence --file leaks.json " .. id)))
      local kept = records_of "evidence"
      assert.same({ id, leaked.ids[1] }, { kept[1].id, kept[2].id })
      assert.equal("Account Analytics Read", kept[2].token.policies[1].permission_groups[1].name)
      assert.equal("sandbox@example.com", kept[2].token.creator_email_at_creation or "sandbox@example.com")
      assert.equal("string", type(kept[2].token.last_used_on)) -- by this run
      assert.equal(cjson.null, kept[2].last_used_before)
      assert.same({ "src/1.sh:1" }, kept[2].places)
      no_secret_in(leaked.values, place:read "evidence")
    end)

    it("is in place before the deletion: where it cannot be written nothing is deleted", function()
      local leaked, id = sandbox.grow { count = 2, secret = "new" }, sandbox.fresh()
      report_leaks(leaked.values)
      local status, out, said = revoke "--evidence /dev/full --file leaks.json"
      says({ "leaks.json#1 not_sent " .. leaked.ids[1], "leaks.json#2 not asked" }, out)
      contains(said, "No space left on device")
      assert.equal(3, status)
      status, out = revoke("--evidence /dev/full " .. id)
      says({ id .. " not_sent" }, out)
      assert.equal(1, status)
      assert.equal(0, (sandbox.count "DELETE"))
    end)

    it("and the report go on behind a line that was torn", function()
      local id = sandbox.fresh()
      place:write("evidence", '{"id":"')
      place:write("report", '{"id":"')
      assert.equal(0, (revoke("--evidence evidence --report report " .. id)))
      for _, name in ipairs { "evidence", "report" } do
        local _, torn = place:read(name):match '^({"id":")\n()'
        assert.equal(id, cjson.decode(place:read(name):sub(torn):match "[^\n]+").id)
      end
    end)

    it("and the report take in nothing that is printed where the standard files are closed", function()
      local id = sandbox.fresh()
      assert.equal(1, (revoke("--journal journal --evidence evidence --report report " .. id .. " " .. sandbox.missing_id,
        "exec <&- >&- 2>&-;")))
      assert.same({ 1, 4 }, { #records_of "evidence", #records_of "report" }) -- one, and why another was not there
      assert.is_nil(place:read "journal.values":find "not_found")
    end)

    it("is asked for once more where a read got no answer, for ids and for values", function()
      local leaked, id = sandbox.grow { count = 1, secret = "new" }, sandbox.fresh()
      report_leaks(leaked.values)
      for _, lost in ipairs { id, leaked.ids[1] } do
        sandbox.fault { method = "GET", token = lost, drop = "before", times = 3 } -- as many as one call sends
      end
      assert.equal(0, (revoke("--evidence evidence --report report --file leaks.json " .. id)))
      local kept, ends = records_of "evidence", ends_of "report"
      assert.same({ id, leaked.ids[1] }, { kept[1].id, kept[2].id })
      assert.same({ true, true }, { ends["#1"].evidence, ends["leaks.json#1"].evidence })
    end)

    it("that could not be read does not hold the deletion up; it is counted, and the report says why", function()
      local leaked, id = sandbox.grow { count = 1, secret = "new" }, sandbox.fresh()
      report_leaks(leaked.values)
      sandbox.fault { method = "GET", token = leaked.ids[1], status = 403, code = 9109, times = 9 }
      sandbox.fault { method = "GET", token = id, drop = "before", times = 9 }
      local status, out, said = revoke("--evidence evidence --report report --file leaks.json " .. id)
      says({ id .. " deleted", "leaks.json#1 deleted " .. leaked.ids[1] }, out)
      assert.equal(0, status)
      contains(said, "leaks.json#1: no evidence: ")
      contains(said, "revoke: 2 were deleted without evidence\n")
      local ends, last = ends_of "report"
      assert.same({ false, false, 2 }, { ends["#1"].evidence, ends["leaks.json#1"].evidence, last.without_evidence })
      contains(ends["#1"].evidence_why, "no trustworthy answer")
      contains(ends["leaks.json#1"].evidence_why, "HTTP 403")
    end)

    it("of an earlier run stands, and counts: it is not written again, nor behind a line that was torn", function()
      local id, other = sandbox.fresh(), sandbox.fresh()
      place:write("evidence", cjson.encode { id = id, token = { name = "as it was" } } .. '\n{"id":"to')
      assert.equal(0, (revoke(("--evidence evidence --report report %s %s"):format(id, other))))
      local lines = {}
      for line in place:read "evidence":gmatch "[^\n]+" do lines[#lines + 1] = line end
      assert.same({ 3, '{"id":"to', other }, { #lines, lines[2], cjson.decode(lines[3]).id })
      assert.same({ "as it was", true }, { ends_of "report"["#1"].name, ends_of "report"["#1"].evidence })
    end)
  end)

  describe("--journal", function()
    -- Waits until the deletion has taken effect; its answer is not there yet.
    local DELETED = [[
      for n in $(seq 400); do
        curl -s "$SANDBOX_HTTP/sandbox/ledger" | tr '{' '\n' | grep '%s' | grep -q '"effect":"deleted"' && break
        sleep 0.05
      done
    ]]

    it("goes on where a killed run ended", function()
      local leaked, ids = sandbox.grow { count = 3, secret = "new" }, sandbox.seed(2)
      report_leaks(leaked.values)
      sandbox.fault { method = "DELETE", token = leaked.ids[2], delay_after = 30 }
      place:run(("lua revoke.lua --journal journal --file leaks.json %s >ids.out 2>&1 &\n" .. DELETED .. "kill -9 $!")
        :format(table.concat(ids, " "), leaked.ids[2]))
      assert.is_true(is_deleted(leaked.ids[2]))
      local status, out = revoke("--journal journal --file leaks.json " .. table.concat(ids, " "))
      says({ ids[1] .. " deleted", ids[2] .. " deleted", "leaks.json#1 deleted " .. leaked.ids[1],
        "leaks.json#2 gone " .. leaked.ids[2], "leaks.json#3 deleted " .. leaked.ids[3] }, out)
      assert.equal(0, status)
      assert.equal("GET DELETE", asked(ids[1]))
    end)

    it("and a report lose nothing of a killed run: the last line of an item has all that is known of it", function()
      local leaked, id = sandbox.grow { count = 2, secret = "new", name = "leaked" }, sandbox.fresh()
      report_leaks(leaked.values)
      sandbox.fault { method = "DELETE", token = leaked.ids[2], delay_after = 30 }
      local options = "--journal journal --evidence evidence --report report --file leaks.json " .. id
      place:run(("lua revoke.lua %s >ids.out 2>&1 &\n" .. DELETED .. "kill -9 $!"):format(options, leaked.ids[2]))
      local before = ends_of "report"
      for at, name in pairs { ["#1"] = "batch-00001", ["leaks.json#1"] = "leaked-00001" } do
        local ended = before[at]
        assert.same({ "deleted", name, true }, { ended.outcome, ended.name, ended.evidence })
        assert.equal(1, #ended.ray_ids)
        assert.truthy(ended.ended:find "^%d+%-%d%d%-%d%dT")
      end
      assert.is_nil(before["leaks.json#2"])
      assert.equal(0, (revoke(options)))
      assert.equal(4, #records_of "report") -- one more item, and the end
      local after = ends_of "report"
      assert.same({ "gone", "leaked-00002", true },
        { after["leaks.json#2"].outcome, after["leaks.json#2"].name, after["leaks.json#2"].evidence })
      revoke("--audit --prove " .. options)
      local audited = ends_of "report"["leaks.json#1"]
      assert.same({ before["leaks.json#1"].ray_ids, "leaked-00001", false, "refused" },
        { audited.ray_ids, audited.name, audited.audited, audited.proof })
      local asked_before = #sandbox.ledger()
      revoke("--prove " .. options)
      assert.equal(asked_before + 1, #sandbox.ledger()) -- the credential's own verify: what is proven is not asked
    end)

    it("and the report tell of a run that Ctrl-C ended what is known", function()
      local leaked, id = sandbox.grow { count = 3, secret = "new" }, sandbox.fresh()
      report_leaks(leaked.values)
      sandbox.fault { method = "DELETE", token = leaked.ids[2], delay_after = 30 }
      local status = place:run(("lua revoke.lua --journal journal --report report --file leaks.json %s >ids.out 2>ids.err &\n"
        .. DELETED .. "cat /proc/[0-9]*/cmdline >ids.ps; kill -INT $!; wait $!")
        :format(id, leaked.ids[2]))
      no_secret_in(leaked.values, place:read "ids.ps")
      says({ id .. " deleted", "leaks.json#1 deleted " .. leaked.ids[1], "leaks.json#2 unknown " .. leaked.ids[2],
        "leaks.json#3 not asked" }, place:read "ids.out")
      contains(place:read "ids.err", "stopped (interrupted)")
      assert.equal(3, status)
      assert.equal(5, #records_of "report")
    end)

    it("works off what an earlier run began, though it is not given again", function()
      local ids = sandbox.seed(2)
      place:write("journal", ids[1] .. " sending\n" .. ids[2] .. " sending\n" .. ids[2] .. " deleted\n")
      local status, out = revoke "--journal journal"
      says({ ids[1] .. " deleted" }, out)
      assert.equal(0, status)
    end)

    it("is of one account: in another one nothing is done by it, nor said", function()
      local id = sandbox.fresh()
      sandbox.fault { method = "DELETE", token = id, status = 403, code = 9109 }
      assert.equal(1, (revoke("--journal journal " .. id)))
      place:write("journal", ("account %s\n%s sending\n"):format(sandbox.account, id))
      local elsewhere = ("unset CLOUDFLARE_API_TOKEN; export CLOUDFLARE_API_KEY=%s CLOUDFLARE_EMAIL=%s "
        .. "CLOUDFLARE_ACCOUNT_ID=%s;"):format(sandbox.key, sandbox.email, sandbox.other_account)
      place:run "cp journal kept; cp journal.values kept.values"
      for file, why in pairs { journal = "journal is the journal of", ["journal.values"] = "journal.values is of" } do
        place:run(("rm journal*; cp %s %s"):format(file:gsub("journal", "kept"), file))
        local status, out, said = revoke("--journal journal", elsewhere)
        assert.same({ 2, "" }, { status, out })
        contains(said, why .. " the account " .. sandbox.account)
      end
      assert.is_false(is_deleted(id))
    end)

    it("and all else that is written is for its owner alone", function()
      assert.equal(0, (revoke("--journal journal --evidence evidence --report report " .. sandbox.fresh(), "umask 022;")))
      local _, modes = place:run "stat -c %a journal journal.values evidence report"
      assert.equal(("600\n"):rep(4), modes)
    end)

    it("is written before anything is sent: where it cannot be, nothing is", function()
      local leaked, own = sandbox.grow({ count = 1, secret = "new" }, READER)
      report_leaks { own.values[1], leaked.values[1] }
      local account = ("account %s\n"):format(sandbox.account)
      place:write("journal", account .. (sandbox.missing_id .. " sending\n" .. sandbox.missing_id .. " deleted\n"):rep(12))
      local status, out, said = place:run(system.LITTLE_ROOM
        .. ("CLOUDFLARE_API_TOKEN=%s lua revoke.lua --journal journal --file leaks.json"):format(own.values[1]))
      says({ "leaks.json#1 not_sent " .. own.ids[1], "leaks.json#2 not_sent " .. leaked.ids[1] }, out)
      assert.equal(1, status)
      contains(said, "stopped (journal)")
      assert.equal(0, (sandbox.count "DELETE"))
    end)
  end)

  describe("--audit", function()
    it("tells what a token did, and leaves out what this run did", function()
      local thief, id = sandbox.grow(READER), sandbox.fresh()
      assert.equal(200, sandbox.api("DELETE", sandbox.tokens("/" .. id), nil, thief.values[1]).status)
      local more = sandbox.fresh()
      report_leaks { thief.values[1] }
      local status, out = revoke("--audit --report report --file leaks.json " .. more,
        "CLOUDFLARE_API_TOKEN=" .. thief.values[1])
      assert.equal(0, status)
      assert.truthy(out:find("leaks.json#1 did: %S+ delete token " .. id .. " from 127.0.0.1\n"))
      contains(out, more .. " did: nothing that the audit log shows")
      assert.equal(1, select(2, out:gsub("did: %d", "")))
      local ended = ends_of "report"["leaks.json#1"]
      assert.same({ true, id }, { ended.audited, ended.did[1].resource_id })
    end)

    it("says where the credential may not read the log, which is no failure of the revocation", function()
      local ids = sandbox.seed(2)
      local status, _, said = revoke("--audit --report report " .. table.concat(ids, " "))
      assert.equal(0, status)
      contains(said, 'the audit log wants the permission "Account Settings Read"')
      contains(said, "revoke: the audit log was not read for 2\n")
      local ends, last = ends_of "report"
      assert.same({ false, false, 2 }, { ends["#1"].audited, ends["#2"].audited, last.not_audited })
      contains(ends["#2"].audit_why, "HTTP 403")
    end)

    it("reads the log once more where no answer came", function()
      local own, id = sandbox.grow(READER), sandbox.fresh()
      sandbox.fault { path = "/logs/audit", drop = "before", times = 3 } -- as many as one call sends
      local status, out, said = revoke("--audit " .. id, "CLOUDFLARE_API_TOKEN=" .. own.values[1])
      assert.equal(0, status)
      contains(out, id .. " did: nothing")
      assert.is_nil(said:find("not read", 1, true))
    end)
  end)

  describe("tells", function()
    it("for a ticket what became of each, and how it ended", function()
      local leaked = sandbox.grow { count = 1, secret = "new", name = "leaked" }
      report_leaks({ leaked.values[1] }, { { RuleID = "aws", Secret = "x" } })
      revoke("--evidence evidence --report report --file leaks.json " .. sandbox.missing_id)
      local ends, last = ends_of "report"
      local id, value = ends["#1"], ends["leaks.json#1"]
      assert.same({ "account", true, "deleted", leaked.ids[1], "leaked-00001", true },
        { value.kind, value.checksum, value.outcome, value.id, value.name, value.evidence })
      assert.same({ "id", "not_found" }, { id.kind, id.outcome })
      assert.truthy(id.why:find("no such token", 1, true))
      assert.equal(1, #value.ray_ids)
      assert.same({ { deleted = 1, not_found = 1 }, 1, 1 }, { last.summary, last.skipped, last.exit })
    end)

    it("nothing that a scanner's place could do to a terminal, nor a secret in it", function()
      local leaked = sandbox.grow { count = 1, secret = "new" }
      report_leaks({}, { { RuleID = "cloudflare-api-key", Secret = leaked.values[1], File = "a\27[2J" .. leaked.values[1] } })
      revoke "--report report --evidence evidence --file leaks.json"
      assert.same({ "a [2J[redacted]" }, records_of "report"[1].places)
      assert.same({ "a [2J[redacted]" }, records_of "evidence"[1].places)
    end)

    it("progress on a terminal only", function()
      local ids = sandbox.seed(2)
      local _, _, said = revoke(ids[1])
      assert.is_nil(said:find(" of 1", 1, true))
      place:run(("script -qec 'lua revoke.lua %s' /dev/null >ids.out"):format(ids[2]))
      contains(place:read "ids.out", "1 of 1")
    end)

    it("on standard error what standard output does not take", function()
      local leaked = sandbox.grow { count = 1, secret = "new" }
      report_leaks(leaked.values)
      local status, _, said = revoke("--file leaks.json", "exec >/dev/full;")
      contains(said, "standard output: No space left on device: leaks.json#1 deleted " .. leaked.ids[1])
      assert.equal(1, status)
      status, _, said = revoke("--dry-run " .. sandbox.fresh(), "exec >/dev/full;")
      contains(said, "No space left on device: ")
      assert.equal(1, status)
    end)

    it("again what was not found, where it is given again: by then it may be there for the credential", function()
      local id = sandbox.fresh()
      place:write("journal", id .. " sending\n" .. id .. " not_found\n")
      local status, out = revoke("--journal journal " .. id)
      says({ id .. " deleted" }, out)
      assert.equal(0, status)
    end)

    it("that the report could not be written", function()
      local id = sandbox.fresh()
      local status, out, said = revoke("--report /dev/full " .. id)
      says({ id .. " deleted" }, out)
      contains(said, "the report is not whole")
      assert.equal(1, status)
    end)
  end)

  -- All values at once, a third of them dead, foreign or of the user; spec/sweeps/incident.lua has three hundred.
  describe("in an incident", function()
    local function run_incident(leaked, options)
      place:write("leaks.json", incident.report_of(leaked))
      local status, out, said = revoke(incident.COMMAND .. options)
      local everything = { out, said }
      for _, name in ipairs(incident.FILES) do everything[#everything + 1] = place:read(name) end
      assert.same({}, incident.leaks_in(leaked, table.concat(everything)))
      local differences, counts = incident.differences(leaked, place:read "report")
      assert.same({}, differences)
      return status, counts
    end

    it("reports what the ledger knows, through a server that loses one answer in five", function()
      local leaked = incident.leak(10)
      sandbox.fault { every = 5, drop = "after", times = 10000 }
      local status, counts = run_incident(leaked, "--refusals all")
      assert.equal(6, (counts.deleted or 0) + (counts.gone or 0))
      assert.same({ 2, 2 }, { counts.not_accepted, counts["alive elsewhere"] })
      assert.equal(3, status)
    end)

    it("does so with the lock in force: nobody is locked out, and what was not asked is told", function()
      sandbox.switch { lockout = 60, lockout_after = 12 }
      local leaked = incident.leak(30)
      local status, counts = run_incident(leaked, "")
      assert.is_true(counts.deleted > 0 and counts["not asked"] > 0)
      assert.equal(3, status)
      assert.equal(200, sandbox.api("GET", sandbox.tokens()).status)
    end)
  end)
end)
