#!/usr/bin/env lua
-- Revokes API tokens of a Cloudflare account and says what became of each.

local USAGE = [[
usage: revoke.lua [--missing-ok] [--no-verify] [ACCOUNT_ID] TOKEN_ID...

Deletes tokens of an account for good and prints a line for each: its id and what became of it.
A TOKEN_ID of - reads ids from standard input, the first word of each line.

  CLOUDFLARE_API_TOKEN   a credential with the permission "Account API Tokens Write"
                         (or CLOUDFLARE_API_KEY and CLOUDFLARE_EMAIL)
  CLOUDFLARE_ACCOUNT_ID  the account; only where it is unset is the first argument the account
  --missing-ok           a token that is not there (not_found) is no failure
  --no-verify            do not try the credential first; for a user's own token, which cannot pass

  deleted, gone          it is gone        not_found            it was not in this account for this credential
  accepted               the API said yes  refused, not_sent    it was not deleted; standard error says why
                                           unknown              it must be checked: run this again

exit status: 0 all is well, 1 some were not deleted, 2 wrong usage, 3 some are unknown
]]

local function fail(status, message)
  io.stderr:write("revoke: ", tostring(message), "\n")
  os.exit(status)
end

local function parse(arguments)
  local flags, words = {}, {}
  for _, argument in ipairs(arguments) do
    if argument == "--help" or argument == "-h" then io.write(USAGE) os.exit(0) end
    if argument == "--missing-ok" or argument == "--no-verify" then flags[argument] = true
    elseif argument:find "^%-." then fail(2, "unknown option " .. argument .. "; see --help")
    else words[#words + 1] = argument end
  end
  return flags, words
end

-- The account: of the environment, else the first word. Given in both places it is no token.
local function take_account(words)
  local account = os.getenv "CLOUDFLARE_ACCOUNT_ID" or ""
  if account == "" or words[1] == account then return table.remove(words, 1) end
  return account
end

-- Each id once, in the order given.
local function read_ids(words)
  local ids = {}
  local function add(id)
    if id and not ids[id] then ids[id], ids[#ids + 1] = true, id end
  end
  for _, word in ipairs(words) do
    if word ~= "-" then add(word)
    else for line in io.lines() do add(line:match "%S+") end end
  end
  return ids
end

-- The credential itself, should it be among them, goes last: nothing could be deleted after it.
local function put_last(ids, own)
  for i, id in ipairs(ids) do
    if id == own then return table.insert(ids, table.remove(ids, i)) end
  end
end

local function verify(cf)
  local own, err = cf.tokens.verify()
  if not own then fail(1, tostring(err) .. "\nrevoke: nothing was deleted; --no-verify skips this check") end
  if own.status ~= "active" then fail(1, "nothing was deleted: the credential is " .. tostring(own.status)) end
  return own.id
end

-- Prints what became of one token; returns what that does to the exit status.
local function revoke(cf, id, position)
  local token, answer = cf.tokens.delete(nil, id) -- answer: the envelope, or the error
  local shown = answer.argument and "#" .. position or id -- what is no id may be a secret
  print(shown .. " " .. answer.outcome)
  if answer.outcome == "gone" and not answer.http.seen then
    io.stderr:write(shown, ": this run never saw it: its first request removed it, or it was not in this account\n")
  end
  if token then return 0 end
  io.stderr:write(shown, ": ", tostring(answer), "\n")
  return answer.outcome == "unknown" and 3 or 1
end

local flags, words = parse(arg)
local account = take_account(words)
if #words == 0 then
  io.stderr:write(USAGE)
  os.exit(2)
end

local cf, err = require "cloudflare".new { account_id = account, missing_ok = flags["--missing-ok"] }
if not cf then fail(2, err) end

io.stdout:setvbuf "line"
local ids = read_ids(words)
local has_token = (os.getenv "CLOUDFLARE_API_TOKEN" or "") ~= "" -- a global key cannot be verified
if has_token and not flags["--no-verify"] then put_last(ids, verify(cf)) end

local status = 0
for position, id in ipairs(ids) do status = math.max(status, revoke(cf, id, position)) end
if status == 3 then fail(3, "some are unknown and must be checked: run this again with their ids") end
os.exit(status)
