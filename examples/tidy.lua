#!/usr/bin/env lua
-- Finds API tokens of a Cloudflare account that nobody should keep, shows them, and deletes them where it is told to.
local cloudflare = require "cloudflare"
local cjson = require "cjson"

local USAGE = [=[
usage: tidy.lua [SELECTION...] [--any] [--json] [--delete [--journal FILE]] [ACCOUNT_ID]

Shows the tokens of an account that fit all of the selection, oldest first; without a selection, all. Nothing is deleted
without --delete.

  --unused-since WHEN       not used since then; never used, and issued before it
  --never-expires           without an end
  --secret-older-than WHEN  not changed since then: neither rolled nor edited
  --exposed                 revoked by Cloudflare, because the secret was found in public
  --expired                 at their end
  --can-mint                may make tokens, or change them
  WHEN                      90d, 12h, or a date: 2026-01-31 or 2026-01-31T00:00:00Z

  --any             those that fit any of the selection
  --json            an object a line, for programs, in place of the table
  --delete          deletes them, but for the token by which this runs; prints what became of each
  --journal FILE    of --delete: what was begun is written there, and finished by the next run with it

  CLOUDFLARE_API_TOKEN   a credential that may read the account's tokens; to delete, "Account API Tokens Write"
                         (or CLOUDFLARE_API_KEY and CLOUDFLARE_EMAIL)
  CLOUDFLARE_ACCOUNT_ID  the account; where it is unset, ACCOUNT_ID must be given

exit status: 0 all is well, 1 some were not deleted, the tokens could not be read, the clock is off, or standard output
failed, 2 wrong usage, no usable credential or journal, 3 some are unknown
]=]

local function complain(message) io.stderr:write("tidy: ", tostring(message), "\n") end

local function stop(status, message)
  complain(message)
  os.exit(status)
end

local is_unsaid = false -- whether standard output failed

-- What standard output does not take is told on standard error.
local function say(line)
  io.stdout:write(line, "\n")
  local written, why = io.stdout:flush()
  if written then return end
  is_unsaid = true
  complain(("standard output: %s: %s"):format(why, line))
end

local function leave(status) os.exit(is_unsaid and math.max(status, 1) or status) end

local function given(value)
  if value ~= cloudflare.null then return value end
end

-- Dates: the API's are of UTC and of one form, so that they compare as texts, up to their seconds.
local SECONDS = { d = 86400, h = 3600 }
local MOST_OFF = 600 -- seconds that this machine's clock may be off where something is deleted

local function date_of(seconds) return os.date("!%Y-%m-%dT%H:%M:%S", seconds) end

local function parse_when(text)
  local count, unit = text:match "^(%d+)([dh])$"
  if count then return date_of(os.time() - count * SECONDS[unit]) end
  local day, time = text:match "^(%d%d%d%d%-%d%d%-%d%d)(.*)$"
  if day and time == "" then return day .. "T00:00:00" end
  return day and time:find "^T%d%d:%d%d:%d%dZ$" and text:sub(1, 19)
end

-- The date that an argument means. One that is still to come would fit every token.
local function read_when(flag, text)
  local when = parse_when(text or "")
  if not when then stop(2, flag .. " wants 90d, 12h or a date; see --help") end
  if when > date_of(os.time()) then stop(2, flag .. ": that is still to come") end
  return when
end

-- A date of a token; nil where it has none that can be read.
local function read_date(value)
  local date, zone = tostring(given(value)):match "^(%d%d%d%d%-%d%d%-%d%dT%d%d:%d%d:%d%d)%.?%d*(.*)$"
  return zone == "Z" and date or nil
end

-- Selections.

-- The groups that let a token make or change tokens, of an account and of a user. Others may come: their names tell.
local MINTING = { ["5bc3f8b21c554832afc660159ab75fa4"] = true, ["686d18d5ac6c441c867cbf6771e58a0a"] = true }

local function is_minting(group)
  local name = tostring(group.name)
  return MINTING[group.id] or name:find "API Tokens " ~= nil and not name:find " Read$"
end

local function list(value) return type(value) == "table" and value or {} end

local function can_mint(token)
  for _, policy in ipairs(list(token.policies)) do
    for _, group in ipairs(policy.effect == "allow" and list(policy.permission_groups) or {}) do
      if is_minting(group) then return true end
    end
  end
  return false
end

-- flag → whether a token fits; nil where it does not say. `when` is the date of the flag.
local FITS = {
  ["--unused-since"] = function(token, when)
    local last = read_date(token.last_used_on == cloudflare.null and token.issued_on or token.last_used_on)
    return last and last < when
  end,
  ["--never-expires"] = function(token) return given(token.expires_on) == nil end,
  ["--secret-older-than"] = function(token, when)
    local changed = read_date(token.modified_on)
    return changed and changed < when
  end,
  ["--exposed"] = function(token) return tostring(token.status):find("exposed", 1, true) ~= nil end,
  ["--expired"] = function(token)
    local ends = read_date(token.expires_on)
    return token.status == "expired" or ends ~= nil and ends <= date_of(os.time())
  end,
  ["--can-mint"] = can_mint,
}
local ORDER = { "--exposed", "--expired", "--unused-since", "--secret-older-than", "--never-expires", "--can-mint" }
local DATED = { ["--unused-since"] = true, ["--secret-older-than"] = true }

-- Which of the flags it fits, and whether it is selected; true as the third where one could not be judged.
local function judge(flags, token)
  local why, asked, unclear = {}, 0, false
  for _, flag in ipairs(ORDER) do
    local when = flags[flag]
    local fits = when and FITS[flag](token, when)
    if when then asked = asked + 1 end
    if when and fits == nil then unclear = true end
    if fits then why[#why + 1] = flag:sub(3) end
  end
  return why, #why == asked or flags["--any"] and #why > 0, unclear
end

-- Arguments.

local PLAIN = { ["--any"] = true, ["--json"] = true, ["--delete"] = true }

local function read_arguments()
  local flags, words, i = {}, {}, 1
  while arg[i] do
    local flag = arg[i]
    if flag == "--help" or flag == "-h" then io.write(USAGE) os.exit(0)
    elseif DATED[flag] then flags[flag], i = read_when(flag, arg[i + 1]) and arg[i + 1], i + 1
    elseif flag == "--journal" then flags[flag], i = arg[i + 1] or stop(2, "--journal wants a file"), i + 1
    elseif FITS[flag] or PLAIN[flag] then flags[flag] = true
    elseif flag:find "^%-" then stop(2, "unknown option " .. flag .. "; see --help")
    else words[#words + 1] = flag end
    i = i + 1
  end
  return flags, words
end

-- What "90d" means is told by this machine's clock, which is checked before something is deleted.
local function settle_dates(flags)
  for flag in pairs(DATED) do flags[flag] = flags[flag] and read_when(flag, flags[flag]) end
end

local function check(flags, words)
  local has_selection = false
  for _, flag in ipairs(ORDER) do has_selection = has_selection or flags[flag] ~= nil end
  if flags["--delete"] and not has_selection then stop(2, "--delete wants a selection; see --help") end
  if flags["--journal"] and not flags["--delete"] then stop(2, "--journal is for --delete") end
  if #words > 1 then stop(2, "one account, by its id; see --help") end
end

-- Reading.

-- The id of the token by which the requests are made; nil with a global key, with a user's token, and where it is not
-- told. Whoever deletes asks once more.
local function own_id(cf)
  local value = os.getenv "CLOUDFLARE_API_TOKEN" or ""
  local kind = value ~= "" and cloudflare.secret_kind(value) or "key"
  local own = kind ~= "key" and kind ~= "user" and cf.tokens.verify()
  return own and own.id or nil
end

-- By a clock that is fast, what was used today was not used for months, and what lives has expired.
local function check_clock(cf)
  local tokens, answer = cf.tokens.list(nil, { per_page = 5 })
  local off = tokens and answer.http.date and os.difftime(os.time(), answer.http.date) or 0
  if math.abs(off) < MOST_OFF then return end
  stop(1, ("nothing was deleted: this machine's clock is %.0f seconds %s the API's"):format(math.abs(off),
    off > 0 and "ahead of" or "behind"))
end

-- All tokens, in order and by their ids.
local function read_tokens(cf)
  local tokens = {}
  for token, err in cf.tokens.each(nil, { include_expired = true }) do
    if not token then
      stop(1, ("%s\ntidy: nothing was deleted; %s of %s tokens were seen"):format(tostring(err), err.seen or 0,
        err.total or "?"))
    end
    tokens[#tokens + 1], tokens[token.id] = token, token
  end
  return tokens
end

local function select_from(tokens, flags, own)
  local found = { unclear = 0 }
  for _, token in ipairs(tokens) do
    local why, is_selected, is_unclear = judge(flags, token)
    if is_unclear and not is_selected then found.unclear = found.unclear + 1 end
    if is_selected then
      found[#found + 1] = { id = token.id, token = token, why = why, is_own = token.id == own }
    end
  end
  return found
end

-- Showing.

-- A text that could do nothing to a terminal.
local function harmless(text) return (tostring(text):gsub("%c", "?"):gsub("\194[\128-\159]", "?")) end

local function day_of(value, otherwise)
  if given(value) == nil then return otherwise end
  return harmless(tostring(value):sub(1, 10))
end

local HEAD = { "ID", "STATUS", "USED", "CHANGED", "ENDS", "FITS", "NAME" }

local function row_of(entry)
  local token = entry.token
  local fits, used = table.concat(entry.why, ","), token.last_used_on == nil and "?" or "never"
  return {
    harmless(token.id), harmless(token.status), day_of(token.last_used_on, used), day_of(token.modified_on, "?"),
    day_of(token.expires_on, "never"), fits == "" and "-" or fits,
    harmless(token.name) .. (entry.is_own and " (runs this)" or ""),
  }
end

local function print_table(found)
  local rows, widths = { HEAD }, {}
  for _, entry in ipairs(found) do rows[#rows + 1] = row_of(entry) end
  for _, row in ipairs(rows) do
    for i, text in ipairs(row) do widths[i] = math.max(widths[i] or 0, #text) end
  end
  for _, row in ipairs(rows) do
    for i = 1, #row - 1 do row[i] = row[i] .. (" "):rep(widths[i] - #row[i]) end
    say(table.concat(row, "  "))
  end
end

local SHOWN = { "id", "name", "status", "issued_on", "modified_on", "last_used_on", "expires_on" }

local function print_json(entry)
  local line = { fits = table.concat(entry.why, ","), own = entry.is_own, outcome = entry.outcome }
  for _, field in ipairs(SHOWN) do line[field] = entry.token[field] end
  if entry.err then line.error = tostring(entry.err) end
  say(cjson.encode(line))
end

local function print_all(found)
  for _, entry in ipairs(found) do print_json(entry) end
end

local function summarise(tokens, found, flags)
  complain(("%d of %d tokens%s; a credential that may list only its own tokens sees no others"):format(#found, #tokens,
    flags["--delete"] and "" or ", and nothing was deleted"))
  if found.unclear > 0 then complain(found.unclear .. " have dates that cannot be read, and are left out") end
end

-- Deleting.

local AMBIGUOUS = { unknown = true, accepted = true }
local NOT_SEEN = " was to be deleted by an earlier run, and is not there any more, or not for this credential"

-- What an earlier run has begun and nobody knows the end of. Where such a token is still there, it is deleted only if
-- it is selected now: it may have been used since. Gives them, and the set of their ids.
local function unfinished(begun, tokens, selected)
  local work, ids = {}, {}
  for _, entry in ipairs(begun) do
    local is_open = AMBIGUOUS[entry.outcome]
    if is_open and tokens[entry.id] and not selected[entry.id] then
      complain(entry.id .. " was to be deleted by an earlier run, is still there, and is not selected now: left alone")
    elseif is_open then
      work[#work + 1], ids[entry.id] = entry, true
      if not tokens[entry.id] then complain(entry.id .. NOT_SEEN) end
    end
  end
  return work, ids
end

local function work_of(begun, tokens, found)
  local selected = {}
  for _, entry in ipairs(found) do selected[entry.id] = not entry.is_own or nil end
  local work, ids = unfinished(begun, tokens, selected)
  for _, entry in ipairs(found) do
    if selected[entry.id] and not ids[entry.id] then work[#work + 1] = entry.id end
  end
  return work
end

-- The journal to write, and what it tells of earlier runs; without one, nothing.
local function open_journal(path, account)
  if not path then return nil, {} end
  local journal, why = cloudflare.journal(path, account or os.getenv "CLOUDFLARE_ACCOUNT_ID")
  if not journal then stop(2, why) end
  local begun, fault = cloudflare.report_of(path)
  return journal, begun or stop(2, fault)
end

local STATUS = { deleted = 0, gone = 0, not_found = 0, not_sent = 1, refused = 1, unknown = 3, accepted = 3 }

-- Prints what became of each that is not in the table, too; returns the exit status.
local function tell(report, by_id, is_json)
  local status = 0
  for _, ended in ipairs(report) do
    local entry = by_id[ended.id]
    if is_json and entry then
      entry.outcome, entry.err = ended.outcome, ended.err
      print_json(entry)
    elseif is_json then say(cjson.encode { id = ended.id, outcome = ended.outcome })
    else say(ended.id .. " " .. ended.outcome) end
    if ended.err then complain(ended.id .. ": " .. tostring(ended.err)) end
    status = math.max(status, STATUS[ended.outcome])
  end
  return status
end

local function delete(cf, flags, work, found, journal)
  for _, entry in ipairs(found) do
    if entry.is_own then complain(entry.id .. " is the token by which this runs: left alone") end
  end
  local report, err = cf.tokens.delete_many(nil, work, { journal = journal, check_first = true })
  if not report then stop(1, err) end
  local by_id = {}
  for _, entry in ipairs(found) do by_id[entry.id] = entry end
  local status = tell(report, by_id, flags["--json"])
  if report.stopped then complain(("stopped (%s): %s"):format(report.stopped, tostring(report.error))) end
  return status
end

local function main()
  local flags, words = read_arguments()
  check(flags, words)
  local cf, err = cloudflare.new { account_id = words[1] }
  if not cf then stop(2, err) end
  local journal, begun = open_journal(flags["--journal"], words[1])
  if flags["--delete"] then check_clock(cf) end
  settle_dates(flags)
  local own, tokens = own_id(cf), read_tokens(cf)
  local found = select_from(tokens, flags, own)
  if not flags["--json"] then print_table(found)
  elseif not flags["--delete"] then print_all(found) end
  summarise(tokens, found, flags)
  if not flags["--delete"] then leave(0) end
  leave(delete(cf, flags, work_of(begun, tokens, found), found, journal))
end

main()
