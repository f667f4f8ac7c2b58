#!/usr/bin/env lua
-- Revokes API tokens of a Cloudflare account, by their ids or by values that leaked, and says what became of each.
-- revoke/ beside it belongs to it; revoke.md is the guide.

local USAGE = [[
usage: revoke.lua [OPTION...] [ACCOUNT_ID] [ITEM...]

Deletes tokens of an account for good and prints a line for each: its id, or where its value was found, and what became
of it. An ITEM is a token's id, an R2 access key id (which is one), or a token's value; - reads them from standard
input. Everybody on this machine can read the arguments of a command: give values by a file or by standard input.

  --file FILE            reads items: the first word of each line, JSON lines of TruffleHog, or a report of gitleaks
  --journal FILE         writes down each step in FILE and FILE.values; run again with it, goes on where it ended
  --evidence FILE        adds what a token was, before it is deleted: policies, creator, last use (JSON lines)
  --report FILE          adds what became of each item, without any secret, for a ticket (JSON lines)
  --audit                what each token did, by the audit log; --since DATE (90 days ago) says from when
  --prove                at last asks with each deleted value until it is refused
  --other-account ID     also looks there for whose a value is
  --refusals N           how many values may be refused in half an hour (8): after ten or so the API locks everybody at
                         this address out. Those of other runs are counted where they had the same --journal and have
                         ended. "all": asks about every value until it does
  --dry-run              deletes nothing, asks about no value, writes no file; says what would be done
  --missing-ok           an id that is not there (not_found, or gone though this run never saw it) is no failure
  --no-verify            does not try the credential first

  CLOUDFLARE_API_TOKEN   a credential with the permission "Account API Tokens Write", for --audit "Account Settings
                         Read" too (or CLOUDFLARE_API_KEY and CLOUDFLARE_EMAIL)
  CLOUDFLARE_ACCOUNT_ID  the account; only where it is unset is the first argument the account

  deleted, gone          it is gone        not_found            it was not in this account for this credential
  accepted               the API said yes  refused, not_sent    it was not deleted; standard error says why
  not_accepted           the value is dead, of an account that was not asked, disabled, expired, or made seconds ago:
                         with the same --journal it is not asked about again
  alive elsewhere        the value lives: of a user or of another account, or it is accepted from other addresses only
  not asked              it may live: asking would risk a lock-out, the API has locked everybody out, or the run ended
  unknown                it must be checked: run this again

exit status: 0 all are gone; 1 some were not deleted (refused, not_sent, not_accepted; ids that are not_found, or gone
though this run never saw them), the run was stopped, or the report or standard output was not written; 2 wrong usage; 3
some may live (unknown, accepted, not asked, alive elsewhere, values that are not_found or gone in that way, or not
proven by --prove)
]]

package.path = (arg[0]:match "^.*/" or "./") .. "?.lua;" .. package.path
local cloudflare = require "cloudflare"
local Findings, Memory, Paper = require "revoke.findings", require "revoke.memory", require "revoke.paper"
local Run, values, audit = require "revoke.run", require "revoke.values", require "revoke.audit"
local report = require "revoke.report"

local MOST_REFUSALS = 50
local SETTLED = { deleted = true, gone = true, not_found = true }
local REMOVED = { deleted = true, gone = true }
local AMBIGUOUS = { unknown = true, accepted = true }
local STATUS = {
  deleted = 0, gone = 0, refused = 1, not_sent = 1, not_found = 1, not_accepted = 1,
  unknown = 3, accepted = 3, ["not asked"] = 3, ["alive elsewhere"] = 3,
}

local function fail(status, message)
  io.stderr:write("revoke: ", tostring(message), "\n")
  os.exit(status)
end

-- The command line: flags, options that take a value, and those of them that may be given more than once.
local FLAGS = {
  ["--missing-ok"] = true, ["--no-verify"] = true, ["--dry-run"] = true, ["--prove"] = true, ["--audit"] = true,
}
local TAKES = {
  ["--journal"] = true, ["--evidence"] = true, ["--report"] = true, ["--refusals"] = true, ["--since"] = true,
  ["--file"] = "many", ["--other-account"] = "many",
}

local function take_option(options, arguments, at)
  local name, value = arguments[at]:match "^(%-%-[%l%-]+)=(.*)$"
  name = name or arguments[at]
  if not TAKES[name] then fail(2, "unknown option " .. name:match "^%-%-?[%l%-]*" .. "; see --help") end
  if not value then at, value = at + 1, arguments[at + 1] end
  if not value or value == "" then fail(2, name .. " wants a value; see --help") end
  if TAKES[name] == "many" then table.insert(options[name], value) else options[name] = value end
  return at
end

local function parse(arguments)
  local options, words, at = { ["--file"] = {}, ["--other-account"] = {} }, {}, 1
  while arguments[at] do
    local argument = arguments[at]
    if argument == "--help" or argument == "-h" then io.write(USAGE) os.exit(0) end
    if FLAGS[argument] then options[argument] = true
    elseif argument:find "^%-." then at = take_option(options, arguments, at)
    else words[#words + 1] = argument end
    at = at + 1
  end
  return options, words
end

-- The account: of the environment, else the first word. Given in both places it is no token.
local function take_account(words)
  local account = os.getenv "CLOUDFLARE_ACCOUNT_ID" or ""
  if account == "" or words[1] == account then return table.remove(words, 1) end
  return account
end

local function refusals_of(text)
  if text == "all" then return text end
  local most = tonumber(text or 8)
  if most and most >= 1 and most <= MOST_REFUSALS and most % 1 == 0 then return most end
  fail(2, ("--refusals: a whole number from 1 to %d, or all"):format(MOST_REFUSALS))
end

local function accounts_of(account, others)
  local accounts = { account }
  for i, other in ipairs(others) do
    if #other ~= 32 or other:find "[^0-9a-f]" then fail(2, "--other-account: an account's id is 32 of 0-9 and a-f") end
    accounts[i + 1] = other
  end
  return accounts
end

-- Words and files to items. What is no id may be a secret, and everybody can read it in the arguments.
local function add_word(findings, word, position)
  if word == "-" then return findings:add_file "-" end
  findings:add(word, "#" .. position)
  if cloudflare.secret_kind(word) ~= "id" then findings.is_in_arguments = true end
  return true
end

local function read_findings(words, files)
  local findings = Findings.new()
  for i, word in ipairs(words) do
    local fine, why = add_word(findings, word, i)
    if not fine then fail(2, why) end
  end
  for _, path in ipairs(files) do
    local fine, why = findings:add_file(path)
    if not fine then fail(2, why) end
  end
  if findings.is_in_arguments then
    io.stderr:write "revoke: everybody on this machine can read a value in the arguments; give it by a file\n"
  end
  return findings
end

-- What earlier runs learnt of values; the ids that are among the findings.
local function recall(run)
  local known = {}
  for _, item in ipairs(run.findings) do
    if item.value then values.recall(run, item) end
    if item.id then known[item.id] = true end
  end
  return known
end

-- What earlier runs began and did not settle is worked off, whether it is given again or not.
local function take_up(run, begun)
  local known = recall(run)
  for _, entry in ipairs(begun) do
    run.earlier[entry.id] = entry.outcome
    if not SETTLED[entry.outcome] and not known[entry.id] then run.findings:add(entry.id, "journal") end
  end
end

local function open_journal(run, path)
  local write, err = cloudflare.journal(path, run.account)
  if not write then fail(2, err) end
  local begun
  function run.journal(id, word) -- one that nobody saw is asked about again by the next run
    return write(id, run:is_unseen(id, word) and "not_found" or word)
  end
  begun, err = cloudflare.report_of(path)
  return begun or fail(2, err)
end

-- Opens a file of records, where one is wanted; what it holds.
local function open_records(run, name)
  local path = run.options["--" .. name]
  if not path then return {} end
  cloudflare.journal(path) -- which makes a file for its owner alone
  local records, why = run.paper:keep(name, path)
  return records or fail(2, why)
end

local function open_memory(path, account)
  path = path and path .. ".values"
  if path then cloudflare.journal(path) end
  local memory, why = Memory.open(path, account)
  return memory or fail(2, why)
end

local function open_files(run)
  local journal = run.options["--journal"]
  local begun = journal and open_journal(run, journal) or {}
  run.memory = open_memory(journal, run.account)
  take_up(run, begun)
  run:recall_saved(open_records(run, "evidence"))
  report.recall(run, open_records(run, "report"))
end

-- The stages. Ids, of which many go at once; then values; what reads about them; the credential itself; the proof.
local function sort(run)
  local ids, asked = {}, {}
  for _, item in ipairs(run.findings) do
    local obstacle = not item.id and values.obstacle_to(run, item)
    if item.id then ids[#ids + 1] = item
    elseif obstacle then run:finish(item, "not_sent", obstacle)
    elseif item.is_refused then run:finish(item, "not_accepted", "an earlier run asked")
    else asked[#asked + 1] = item end
  end
  values.sort(asked)
  return ids, asked
end

-- Whether anything may be asked: with a credential that is not accepted nothing is begun.
local function check_credential(run)
  local own, err = run:verify()
  if not own and run.is_lockout(err) then return nil, err end
  if not own then fail(1, tostring(err) .. "\nrevoke: nothing was deleted; --no-verify skips this check") end
  if own.status ~= "active" then fail(1, "nothing was deleted: the credential is " .. tostring(own.status)) end
  return true
end

local function revoke(run)
  local ids, asked = sort(run)
  run:delete_many(ids)
  values.ask_all(run, asked)
  if run.options["--audit"] then audit.show_all(run, run.findings, run.since) end
  run:delete_own()
  if run.options["--prove"] then values.prove_all(run, run.findings) end
end

-- What a dry run says of each.
local function intention(run, item)
  if item.name then return "would be deleted: " .. item.name end
  if item.id then return "would be tried: a read says " .. (run:trail(item.id)["tokens.get"] or "nothing") end
  local obstacle = values.obstacle_to(run, item)
  if obstacle then return "cannot be revoked: " .. run.paper:clean(obstacle), 1 end
  local doubt = item.fits == false and ", whose checksum does not fit" or ""
  return ("would be asked about: %s%s"):format(item.kind, doubt)
end

local function rehearse(run)
  local ids, status = {}, 0
  for _, item in ipairs(run.findings) do ids[#ids + 1] = item.id and item or nil end
  run:look_at(ids)
  for _, item in ipairs(run.findings) do
    local words, bad = intention(run, item)
    run.paper:say(run.name_of(item) .. " " .. words)
    status = bad or status
  end
  return (run.stopped or run.paper.is_unsaid) and 1 or status
end

-- The end.
local function status_of(run, item)
  if run.options["--prove"] and values.lacks_proof(run, item) then return 3 end
  if item.outcome ~= "not_found" and not item.is_unseen then return STATUS[item.outcome] end
  if item.value then return item.proof == "refused" and 0 or 3 end -- it was accepted a moment ago
  return run.options["--missing-ok"] and 0 or 1
end

local function count(run)
  local counts, names, words = {}, {}, {}
  for _, item in ipairs(run.findings) do
    if not counts[item.outcome] then names[#names + 1] = item.outcome end
    counts[item.outcome] = (counts[item.outcome] or 0) + 1
  end
  for i, name in ipairs(names) do words[i] = counts[name] .. " " .. name end
  return counts, #words > 0 and table.concat(words, ", ") or "nothing to revoke"
end

local function tell_gaps(run)
  local unsaved, unread = report.gaps(run)
  if unsaved > 0 then
    run.paper:warn(("revoke: %d %s deleted without evidence"):format(unsaved, unsaved == 1 and "was" or "were"))
  end
  if unread > 0 then run.paper:warn(("revoke: the audit log was not read for %d"):format(unread)) end
end

-- Ends the report; the exit status, and how many had each outcome.
local function close(run)
  local status, counts, words = 0, count(run)
  for _, item in ipairs(run.findings) do status = math.max(status, status_of(run, item)) end
  local fine, why = report.close(run, counts, status)
  if not fine then run.paper:warn("revoke: the report is not whole: " .. why) end
  run.paper:warn("revoke: " .. words)
  tell_gaps(run)
  local is_whole = fine and not run.paper.is_unsaid and not run.stopped
  return is_whole and status or math.max(status, 1), counts
end

local function advise(run, status, counts)
  if counts["not asked"] and run.wait then
    local runs = values.runs_left(run)
    run.paper:warn(("revoke: %d were not asked; run this again with the same --journal in %d minutes"):format(
      counts["not asked"], math.ceil(run.wait / 60)))
    local words = runs == 1 and "run" or "runs"
    run.paper:warn(("revoke: with %d refusals in half an hour that may take %d more %s at most, half an hour apart; ")
      :format(run.refusals, runs, words) .. "--refusals all asks on at once, and risks the lock-out")
  end
  if status == 3 then run.paper:warn "revoke: some may live and must be checked" end
end

-- Of a run that began during a lock-out only what earlier runs have settled is known. How many are deleted.
local function end_unasked(run, err)
  run:stop("lockout", err)
  local ids, asked = sort(run)
  local deleted = 0
  for _, item in ipairs(ids) do
    local earlier = run.earlier[item.id]
    if REMOVED[earlier] then deleted = deleted + 1 end
    run:finish(item, (REMOVED[earlier] or AMBIGUOUS[earlier]) and earlier or "not asked")
  end
  for _, item in ipairs(asked) do run:finish(item, "not asked") end
  return deleted
end

local function sit_out(run, err)
  if run.options["--dry-run"] then fail(3, err) end
  local deleted = end_unasked(run, err)
  local status, counts = close(run)
  run.paper:warn(("revoke: %d were deleted by earlier runs, the rest was not asked; "):format(deleted)
    .. "run this again in half an hour")
  advise(run, status, counts)
  os.exit(status)
end

-- Exits where nothing is given, or no account.
local function check_given(account, words, options)
  if words[1] or options["--file"][1] or options["--journal"] then
    if account then return end
  elseif not arg[1] or (os.getenv "CLOUDFLARE_ACCOUNT_ID" or "") ~= "" then
    io.stderr:write(USAGE)
    os.exit(2)
  end
  fail(2, "no account: set CLOUDFLARE_ACCOUNT_ID, or give it first, and behind it what is to be revoked")
end

local MORE = "revoke: %s: only the first word of a line is read, and another one is an id or a value\n"

local function tell_passed_over(findings)
  for _, at in ipairs(findings.crowded) do io.stderr:write(MORE:format(at)) end
  if findings.skipped == 0 then return end
  io.stderr:write(("revoke: skipped, of other detectors: %d\n"):format(findings.skipped))
end

-- Files in the places of those standard ones that are closed: what is printed would come into the next that is opened.
local function fill_places()
  return { io.open("/dev/null", "r+"), io.open("/dev/null", "r+"), io.open("/dev/null", "r+") }
end

local places = fill_places()
local options, words = parse(arg)
local account = take_account(words)
check_given(account, words, options)
local since = audit.since(options["--since"]) or fail(2, "--since wants a date, as 2030-01-31")
local refusals = refusals_of(options["--refusals"])
local findings = read_findings(words, options["--file"])
local run, err = Run.new {
  options = options, account = account, accounts = accounts_of(account, options["--other-account"]),
  since = since, refusals = refusals, findings = findings, paper = Paper.new(findings),
  places = places,
}
if not run then fail(2, err) end

tell_passed_over(findings)
if options["--dry-run"] then run.memory = open_memory() else open_files(run) end
if findings[1] and not options["--no-verify"] then
  local fine, why = check_credential(run)
  if not fine then sit_out(run, why) end
end
if options["--dry-run"] then os.exit(rehearse(run)) end
local went_well, problem = pcall(revoke, run) -- Ctrl-C is an error
if not went_well then run:abandon(problem) end
local status, counts = close(run)
advise(run, status, counts)
os.exit(status)
