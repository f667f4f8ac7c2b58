-- cloudflare.journal and cloudflare.report_of: what a run of delete_many did, in a file that outlives it.
local cloudflare = require "cloudflare"
local sandbox = require "spec.support.sandbox"
local child = require "spec.support.child"
local read = require "spec.support.read"
local system = require "spec.support.system"

local A, B, C = ("a"):rep(32), ("b"):rep(32), ("c"):rep(32)

describe("the journal of a run", function()
  local path
  before_each(function() path = os.tmpname() end)
  after_each(function() os.remove(path) end)

  local function write(text) system.write(path, text) end

  local function outcomes_of(text)
    write(text)
    local report = assert(cloudflare.report_of(path))
    local words = {}
    for i, entry in ipairs(report) do words[i] = entry.id:sub(1, 1) .. " " .. entry.outcome end
    return table.concat(words, ", "), report
  end

  it("has a line for each beginning and each end", function()
    local cf = cloudflare.new(sandbox.options())
    local ids = sandbox.seed(2)
    local report = cf.tokens.delete_many(nil, ids, { journal = assert(cloudflare.journal(path)), max_in_flight = 1 })
    assert.same({ deleted = 2 }, report.counts)
    assert.equal(("%s sending\n%s deleted\n%s sending\n%s deleted\n"):format(ids[1], ids[1], ids[2], ids[2]),
      read(path))
    local again = cloudflare.report_of(path)
    assert.same(report, again)
    assert.same({ deleted = 2 }, cf.tokens.delete_many(nil, again).counts)
    cf:close()
  end)

  it("is written at once, and survives the end of the process without a word", function()
    child.run(([[
      local journal = require "cloudflare".journal(%q)
      assert(journal(%q, "sending"))
      assert(journal(%q, "deleted"))
      assert(journal(%q, "sending"))
      local pid = assert(io.open("/proc/self/stat")):read "*n"
      os.execute("kill -9 " .. ("%%d"):format(pid))
    ]]):format(path, A, A, B))
    local report = assert(cloudflare.report_of(path))
    assert.same({ deleted = 1, unknown = 1 }, report.counts)
    assert.is_false(report.all_gone)
  end)

  it("takes in nothing that is printed where the standard outputs are closed", function()
    child.run(([[
      local journal = require "cloudflare".journal(%q)
      print "a word"
      io.stderr:write "another\n"
      journal(%q, "sending")
    ]]):format(path, A), ">&- 2>&-")
    assert.equal(A .. " sending\n", read(path))
  end)

  it("is appended to by the next run, also behind a line that was torn", function()
    write(A .. " sending\n" .. B:sub(1, 9))
    local journal = cloudflare.journal(path)
    assert.is_true(journal(C, "sending"))
    assert.is_true(journal(C, "deleted"))
    assert.equal(A .. " sending\n" .. B:sub(1, 9) .. " torn\n" .. C .. " sending\n" .. C .. " deleted\n", read(path))
    local report = assert(cloudflare.report_of(path))
    assert.same({ unknown = 1, deleted = 1 }, report.counts)
  end)

  it("is appended to behind a line that another process left torn meanwhile", function()
    local journal = cloudflare.journal(path)
    assert.is_true(journal(A, "sending"))
    local file = assert(io.open(path, "a"))
    file:write(B .. " send")
    file:close()
    assert.is_true(journal(C, "sending"))
    assert.equal(A .. " sending\n" .. B .. " send torn\n" .. C .. " sending\n", read(path))
    assert.same({ unknown = 2 }, assert(cloudflare.report_of(path)).counts)
  end)

  it("a torn line tells nothing after the next run went on either, wherever it, or what ended it, was torn", function()
    for _, line in ipairs { B .. " deleted", B .. " sending", B .. " deleted to", B .. " sen t", B:sub(1, 9) .. " tor" } do
      for length = 1, #line do
        write(line:sub(1, length))
        local journal = cloudflare.journal(path)
        assert(journal(C, "sending"))
        assert(journal(C, "gone"))
        local report = assert(cloudflare.report_of(path))
        assert.same({ gone = 1 }, report.counts)
      end
    end
  end)

  it("says what an id came to", function()
    assert.equal("a deleted, b refused", (outcomes_of(A .. " sending\n" .. B .. " sending\n" .. B .. " refused\n"
      .. A .. " deleted\n")))
    assert.equal("a unknown", (outcomes_of(A .. " sending\n")))
    assert.equal("a deleted", (outcomes_of(A .. " sending\n" .. A .. " refused\n" .. A .. " sending\n"
      .. A .. " deleted\n")))
    assert.equal("a deleted", (outcomes_of(A .. " deleted\n" .. A .. " sending\n" .. A .. " not_found\n")))
  end)

  it("once ambiguous, an id ends only as deleted, gone, accepted or unknown", function()
    local twice = A .. " sending\n" .. A .. " sending\n"
    assert.equal("a unknown", (outcomes_of(twice .. A .. " not_found\n")))
    assert.equal("a unknown", (outcomes_of(twice .. A .. " refused\n")))
    assert.equal("a gone", (outcomes_of(twice .. A .. " gone\n")))
    assert.equal("a accepted", (outcomes_of(A .. " sending\n" .. A .. " accepted\n" .. A .. " sending\n"
      .. A .. " not_found\n")))
    assert.equal("a unknown", (outcomes_of(A .. " unknown\n" .. A .. " not_sent\n")))
  end)

  it("gone is taken back by what leaves it open whether the token lives", function()
    local gone = A .. " sending\n" .. A .. " gone\n" .. A .. " sending\n"
    assert.equal("a unknown", (outcomes_of(gone)))
    assert.equal("a unknown", (outcomes_of(gone .. A .. " sending\n" .. A .. " not_sent\n")))
    assert.equal("a unknown", (outcomes_of(gone .. A .. " unknown\n")))
    assert.equal("a unknown", (outcomes_of(gone .. A .. " refused\n")))
    assert.equal("a accepted", (outcomes_of(gone .. A .. " accepted\n")))
    assert.equal("a deleted", (outcomes_of(gone .. A .. " deleted\n")))
    for _, word in ipairs { "gone", "not_found", "not_sent" } do
      assert.equal("a gone", (outcomes_of(gone .. A .. " " .. word .. "\n")))
    end
  end)

  it("a torn last line is ignored, wherever it was torn", function()
    local line = B .. " deleted"
    for length = 0, #line do
      assert.equal("a deleted", (outcomes_of(A .. " sending\n" .. A .. " deleted\n" .. line:sub(1, length))))
    end
  end)

  it("what is no journal is said, so that nobody takes it for a run without ids", function()
    for _, text in ipairs { "root:x:0:0\n", A .. " deleted\nsomething\n", "no end of line", A .. " eaten\n",
      A:upper() .. " deleted\n", A .. "0 deleted\n" } do
      write(text)
      local report, err = cloudflare.report_of(path)
      assert.is_nil(report)
      assert.equal("argument", err.kind)
      assert.truthy(tostring(err):find("none of a journal", 1, true))
    end
  end)

  describe("of an account", function()
    local ours, theirs = A, B

    it("is refused for another one, and for a malformed one", function()
      assert(cloudflare.journal(path, ours))(C, "sending")
      assert(cloudflare.journal(path, ours))(C, "unknown")
      assert(cloudflare.journal(path))
      assert.equal(("account %s\n%s sending\n%s unknown\n"):format(ours, C, C), read(path))
      for account, words in pairs { [theirs] = path .. " is the journal of the account " .. ours, short = "account_id: an id" } do
        local journal, err = cloudflare.journal(path, account)
        assert.is_nil(journal)
        assert.same({ "argument", "account_id", "not_sent" }, { err.kind, err.argument, err.outcome })
        assert.truthy(tostring(err):find(words, 1, true), tostring(err))
      end
    end)

    it("is kept to the first that it is opened for, also behind what is there already", function()
      assert.equal("c unknown", (outcomes_of(C .. " sending\n" .. C .. " del")))
      assert(cloudflare.journal(path, ours))
      assert.is_nil((cloudflare.journal(path, theirs)))
      assert.equal("unknown", assert(cloudflare.report_of(path))[1].outcome)
    end)

    it("is read back wherever that line was torn, and told again", function()
      local line = ("account %s\n"):format(ours)
      for length = 0, #line - 1 do
        write(line:sub(1, length))
        assert(cloudflare.report_of(path))
        assert(cloudflare.journal(path, ours))
        assert.is_nil((cloudflare.journal(path, theirs)), length)
        assert.same({}, assert(cloudflare.report_of(path)).counts)
      end
    end)

    it("is not written into a file that is no journal", function()
      write "precious\n"
      local journal, err = cloudflare.journal(path, ours)
      assert.is_nil(journal)
      assert.equal("argument", err.kind)
      assert.truthy(tostring(err):find(": " .. path .. ": line 1 is none of a journal", 1, true), tostring(err))
      assert.equal("precious\n", read(path))
    end)

    it("is not opened where the account cannot be written", function()
      local journal, err = cloudflare.journal("/dev/full", ours)
      assert.is_nil(journal)
      assert.same({ "host", "not_sent" }, { err.kind, err.outcome })
    end)
  end)

  it("says why where there is no such file, or none can be made", function()
    local report, err = cloudflare.report_of "/nowhere/journal"
    assert.is_nil(report)
    assert.equal("host", err.kind)
    assert.truthy(tostring(err):find("^cloudflare%.report_of: /nowhere/journal cannot be read: "))
    local journal
    journal, err = cloudflare.journal "/nowhere/journal"
    assert.is_nil(journal)
    assert.truthy(tostring(err):find("^cloudflare%.journal: /nowhere/journal cannot be opened: "))
    assert.is_nil((cloudflare.report_of "/tmp"))
    for _, open in ipairs { cloudflare.journal, cloudflare.report_of } do
      local opened
      opened, err = open(path .. "\0.log") -- C would open what stands before the NUL byte
      assert.is_nil(opened)
      assert.equal("host", err.kind)
    end
  end)

  it("takes no entry that it could not read back", function()
    local journal = cloudflare.journal(path)
    for _, entry in ipairs { { "short", "sending" }, { A .. "\n", "sending" }, { A, "eaten" }, { A, nil }, { 5, "gone" } } do
      assert.is_nil((journal(entry[1], entry[2])))
    end
    assert.equal("", read(path))
  end)

  it("a full disk stops the run before the id is sent", function()
    local journal = cloudflare.journal "/dev/full"
    local cf = cloudflare.new(sandbox.options())
    local ids = sandbox.seed(2)
    local report = cf.tokens.delete_many(nil, ids, { journal = journal })
    assert.same({ not_sent = 2 }, report.counts)
    assert.equal("journal", report.stopped)
    assert.equal("string", type(report.error))
    assert.same({}, sandbox.requests_for(ids[1]))
    cf:close()
  end)

  it("raises a programmer's mistake at the line that made it", function()
    for _, name in ipairs { "journal", "report_of" } do
      local fine, said = pcall(function() cloudflare[name]() end)
      assert.is_false(fine)
      assert.truthy(said:find("spec/journal_spec%.lua:%d+: bad argument #1 to '" .. name .. "' %(string expected, got nil%)"))
    end
  end)
end)
