#!/usr/bin/env lua
-- Replaces an API token of a Cloudflare account: makes one like it, hands its secret to a command that deploys it, sees
-- the new one work, and only then deletes the old one.
--
-- Each step is written to a state file before it is taken, so that a run that was killed can be run again. The new
-- secret is in the memory of this process and on the command's standard input, nowhere else. So a secret that was lost
-- with a killed run is never deployed again: another token is made, and the lost one is deleted after the old one, for
-- it may be in use until then.
local cloudflare = require "cloudflare"

local USAGE = [[
usage: rotate.lua --state FILE --deploy COMMAND [OPTION...] [ACCOUNT_ID] TOKEN_ID

Makes a token like TOKEN_ID (its policies and condition), runs COMMAND with the new secret on standard input, asks with
the new secret until it is accepted, and deletes the old token. Where it was stopped, run it again with the same words.

  CLOUDFLARE_API_TOKEN   a credential with the permission "Account API Tokens Write"; the token itself may be it
                         (or CLOUDFLARE_API_KEY and CLOUDFLARE_EMAIL)
  CLOUDFLARE_ACCOUNT_ID  the account; only where it is unset is the first word the account
  --state FILE           what was done so far, a line a step; it holds ids and names, no secret. One run at a time:
                         another one is refused, where there is flock
  --deploy COMMAND       for sh; gets the secret, without a line end, and the new id as $ROTATE_TOKEN_ID. It is run
                         once more where it does not leave with status 0. Another status must mean that nothing is
                         deployed, unless it is 124 or over 128. What it prints goes to standard error
  --name NAME            of the new token (default: the old name, @ and the time)
  --suffix TEXT          the name is the old one and this
  --expires WHEN         of the new token: 90d, 12h, a date (2030-01-31 or 2030-01-31T00:00:00Z) or never; must be given
                         where the old token expires (default: never)
  --patience SECONDS     how long a new secret may be refused, as they are at first (default: 90)
  --roll                 gives the token a new secret in place of making another token. From then until COMMAND has
                         deployed it, whatever uses the token is refused

prints a word for each step, with an id: created, deployed, works, deleted (or gone, not_found), rolled, done

exit status: 0 done, 1 it failed and nothing is left behind, 2 wrong usage, 3 something is left, or standard output did
not take a word: standard error says what, and running the same again goes on
]]

local TRIES = 2           -- of the deploying command
local FORGOTTEN = 30 * 60 -- seconds after which the API has forgotten a refusal
local LONGEST_PAUSE = 30  -- seconds between two questions to a new secret: seven of them in a minute
local NAME_MAX, STAMP = 120, "@%Y%m%dT%H%M%SZ"

local function complain(message) io.stderr:write("rotate: ", tostring(message), "\n") end

local function stop(status, message)
  complain(message)
  os.exit(status)
end

local is_unsaid = false -- whether standard output failed

local function say(...)
  local line = table.concat({ ... }, " ")
  io.stdout:write(line, "\n")
  local written, why = io.stdout:flush()
  if written then return end
  is_unsaid = true
  complain(("standard output: %s: %s"):format(why, line))
end

local function leave() os.exit(is_unsaid and 3 or 0) end

-- The shell.

local function quote(text) return "'" .. text:gsub("'", "'\\''") .. "'" end

local function take_file(path)
  local file = io.open(path)
  local text = file and file:read "*a" or ""
  if file then file:close() end
  os.remove(path)
  return text
end

-- Runs a command with `input` on its standard input, and returns its exit status, or nil where it is not known. In Lua
-- 5.1 and LuaJIT closing a pipe does not tell the status: the shell writes it to a file. It also reads what the command
-- left unread: writing to a pipe that nobody reads would kill this process.
local function run_command(command, input, id, lock)
  local path = os.tmpname()
  local line = "ROTATE_TOKEN_ID=%s sh -c %s %s >&2; echo $? >%s; cat >/dev/null"
  local unlocked = lock and lock .. ">&-" or ""
  local pipe = assert(io.popen(line:format(quote(id), quote(command), unlocked, quote(path)), "w"))
  pipe:write(input)
  pipe:close()
  return tonumber(take_file(path))
end

-- Locks a file that this process has open: its descriptor, for a shell, or nil where there is no `flock`; or nil and
-- why not. The shells that this process starts have the descriptor, too, so that the lock outlives this process by the
-- command that a shell waits for, but not by what that leaves running. A shell can name no descriptor above 9.
local LOCK = [[
command -v flock >/dev/null || exit
echo - none >%s
for n in 3 4 5 6 7 8 9; do
  if [ /dev/fd/$n -ef %s ]; then
    for try in 1 2 3 4 5; do
      flock -n $n; status=$?
      [ $status = 1 ] || break
      sleep 0.2
    done
    echo $n $status >%s
  fi
done 2>/dev/null]]

local OBSTACLES = {
  ["1"] = "another run is at work with the state file, or the command of one that was killed",
  none = "the state file cannot be locked: this process was given too many open files (descriptors 3 to 9)",
}

local function lock_file(path)
  local answer = os.tmpname()
  os.execute(LOCK:format(quote(answer), quote(path), quote(answer)))
  local descriptor, status = take_file(answer):match "^(%S) (%w+)\n"
  if not status or status == "0" then return descriptor end
  return nil, OBSTACLES[status] or "the state file cannot be locked: flock ended with status " .. status
end

-- Ctrl-C ends `sleep`, not the Lua that waits for it.
local function rest(seconds)
  local left = os.execute("sleep " .. seconds)
  if left ~= true and left ~= 0 then error("interrupted", 0) end
end

-- This command line, to be run again.
local function command_line()
  local words, first = {}, 0
  while arg[first - 1] do first = first - 1 end
  for i = first, #arg do words[#words + 1] = arg[i]:find "^[%w%-./_@:+,]+$" and arg[i] or quote(arg[i]) end
  return table.concat(words, " ")
end

-- The state of the rotation that the last lines of the file are about.

-- tokens: of this rotation, the old one first, each { id, handed (to the deploying command), seen (by the new one's
-- credential), gone }.
-- creating, lost: a creation has no end yet; an earlier one never had.
local function new_state(before)
  return { tokens = {}, refused = before and before.refused or {} }
end

local function token_of(state, id)
  for _, token in ipairs(state.tokens) do
    if token.id == id then return token end
  end
end

local function add_token(state, id) state.tokens[#state.tokens + 1] = { id = id } end

-- word → what it does to the state; gives the state that follows, where that is another one.
local WORDS = {
  begin = function(state, rest_of_line)
    state.old, state.mode, state.name = rest_of_line:match "^(%x+) (%l+) ?(.*)$"
    add_token(state, assert(state.old))
  end,
  creating = function(state) state.lost, state.creating = state.lost or state.creating, true end,
  new = function(state, id) state.creating = nil add_token(state, id) end,
  uncreated = function(state) state.creating = nil end,
  deploying = function(state, id) token_of(state, id).handed = true end,
  rolling = function(state) state.rolling = true end,
  refused = function(state, _, time) table.insert(state.refused, time) end,
  works = function(state, id) state.works = id end,
  seen = function(state, id) token_of(state, id).seen = true end,
  gone = function(state, id) token_of(state, id).gone = true end,
  done = function(state, id)
    local after = new_state(state)
    if state.mode == "create" then after.replaced, after.replacement = state.old, id end
    return after
  end,
  ended = new_state,
}

local function apply(state, time, word, rest_of_line)
  return WORDS[word](state, rest_of_line, time) or state
end

local TORN = "\t#torn" -- no name has a control character

-- Reads the lines; a last one that was torn is told by its mark from then on. Nil where they are none of ours.
local function parse(text)
  local state = new_state()
  for line in text:gmatch "([^\n]*)\n" do
    local time, word, rest_of_line = line:match "^(%d+) (%l+) ?(.*)$"
    local torn = line:sub(-#TORN) == TORN
    if not torn and not WORDS[word] then return nil end
    if not torn then state = apply(state, tonumber(time), word, rest_of_line) end
  end
  return state, text:match "[^\n]*$" ~= ""
end

local function open_state(path)
  cloudflare.journal(path) -- which makes a file for its owner alone
  collectgarbage()         -- and closes it
  local file, why = io.open(path, "a+")
  if not file then stop(2, "the state file cannot be opened: " .. why) end
  local lock, obstacle = lock_file(path)
  if obstacle then stop(2, obstacle) end
  file:seek "set"
  local alive, state, is_torn = pcall(parse, file:read "*a" or "")
  if not alive or not state then stop(2, path .. " is no state file of this script") end
  file:seek "end"
  if is_torn then file:write(TORN, "\n") end
  return file, state, lock
end

-- Writes a step down. What cannot be written down is not done.
local function note(run, word, rest_of_line)
  local line = ("%d %s %s\n"):format(os.time(), word, rest_of_line or "")
  local written, why = run.file:write(line)
  if written then written, why = run.file:flush() end
  if not written then error("the state file cannot be written: " .. tostring(why), 0) end
  run.state = apply(run.state, os.time(), word, rest_of_line or "")
end

-- Ends.

local function role_of(token, state)
  if token.id == state.works then return "is the new token, deployed and working" end
  return token.handed and "was made by this rotation, and may be deployed" or "was made by this rotation"
end

-- What this rotation has made or changed and not undone, in sentences.
local function remains(run)
  local state, lines = run.state, {}
  for i, token in ipairs(state.tokens) do
    if i > 1 and not token.gone then lines[#lines + 1] = token.id .. " " .. role_of(token, state) end
  end
  if state.creating or state.lost then lines[#lines + 1] = "a token named " .. state.name .. " may have been made" end
  if state.rolling then lines[#lines + 1] = state.old .. " is rolled, or may be, and not known to be deployed" end
  return lines
end

local function run_again(run, message)
  local lines = remains(run)
  if lines[1] then message = message .. "\nrotate: " .. table.concat(lines, "\nrotate: ") end
  stop(3, message .. "\nrotate: run again:\n  " .. command_line())
end

local function give_up(run, message)
  if remains(run)[1] then run_again(run, message) end
  if run.state.old then note(run, "ended") end
  stop(1, tostring(message) .. "\nrotate: nothing is left behind, and the old token was not touched")
end

-- Arguments.

local WITH_VALUE = {
  ["--state"] = "state", ["--deploy"] = "deploy", ["--name"] = "name", ["--suffix"] = "suffix",
  ["--expires"] = "expires", ["--patience"] = "patience",
}

local function read_arguments()
  local flags, words, i = {}, {}, 1
  while arg[i] do
    local name = WITH_VALUE[arg[i]]
    if arg[i] == "--help" or arg[i] == "-h" then io.write(USAGE) os.exit(0)
    elseif arg[i] == "--roll" then flags.roll = true
    elseif name then
      i = i + 1
      flags[name] = arg[i] or stop(2, arg[i - 1] .. " wants a value; see --help")
    elseif arg[i]:find "^%-" then stop(2, "unknown option " .. arg[i] .. "; see --help")
    else words[#words + 1] = arg[i] end
    i = i + 1
  end
  return flags, words
end

local SECONDS = { d = 86400, h = 3600 }

-- The fields of a token that say when it ends.
local function read_expiry(text)
  if text == nil or text == "never" then return {} end
  local count, unit = text:match "^(%d+)([dh])$"
  if count and tonumber(count) > 0 then return { expires_in = count * SECONDS[unit] } end
  local date = text:find "^%d%d%d%d%-%d%d%-%d%d$" and text .. "T00:00:00Z" or text
  if not date:find "^%d%d%d%d%-%d%d%-%d%dT%d%d:%d%d:%d%dZ$" then stop(2, "--expires: see --help for what it takes") end
  if date <= os.date "!%Y-%m-%dT%H:%M:%SZ" then stop(2, "--expires: that has passed") end
  return { expires_on = date }
end

local function check(flags)
  if not flags.state or not flags.deploy then stop(2, "--state and --deploy must be given; see --help") end
  if flags.name and flags.suffix then stop(2, "--name or --suffix, not both") end
  if flags.roll and (flags.name or flags.suffix or flags.expires) then
    stop(2, "--roll keeps the token with its name and expiry: --name, --suffix and --expires do not go with it")
  end
  if (flags.name or flags.suffix or ""):find "%c" then stop(2, "a name has no control characters") end
  flags.patience = tonumber(flags.patience or 90) or stop(2, "--patience: a number of seconds")
end

-- The account: of the environment, else the first word; and the token.
local function take_ids(words)
  local account = os.getenv "CLOUDFLARE_ACCOUNT_ID" or ""
  if account == "" or #words > 1 and words[1] == account then account = table.remove(words, 1) end
  local id = words[1] or ""
  if #words ~= 1 or #id ~= 32 or id:find "[^0-9a-f]" then
    stop(2, "one TOKEN_ID, 32 of 0-9 and a-f, must be given (an id, not a secret); see --help")
  end
  return account, id
end

-- The id of the token by which the requests are made; nil with a global key and with a user's token.
local function own_id(run)
  local value = os.getenv "CLOUDFLARE_API_TOKEN" or ""
  local kind = value ~= "" and cloudflare.secret_kind(value) or "key"
  if kind == "key" or kind == "user" then return nil end
  local own, err = run.cf.tokens.verify()
  if own then return own.id end
  if kind == "older" and run.cf.user.tokens.verify() then return nil end
  give_up(run, err)
end

-- Steps.

-- Whether a client says that the token is not there, and no read has shown it before.
local function is_unseen(answer)
  return answer.outcome == "not_found" or answer.outcome == "gone" and not answer.http.seen
end

-- Whether requests by this client have the credential that this rotation made.
local function is_by_new(run, cf) return cf ~= run.cf or run.own ~= nil and run.own == run.state.works end

-- Whether the word of a client that the token is not there is to be believed. The new credential may see less than the
-- one that it replaces: it is believed where it has seen the token, or where that one, asked itself, is refused.
local function is_gone(run, cf, id)
  if not is_by_new(run, cf) or token_of(run.state, id).seen then return true end
  if cf == run.cf then return false end -- this run has no credential but the new one
  local own, err = run.cf.tokens.verify()
  return not own and err.outcome == "refused" and err.http.status == 401
end

-- Deletes a token; true where it is gone for sure.
local function delete(run, cf, id)
  local token, answer = cf.tokens.delete(nil, id, { missing_ok = true, check_first = true })
  local is_doubtful = token and is_unseen(answer) and not is_gone(run, cf, id)
  if token and answer.outcome ~= "accepted" and not is_doubtful then
    note(run, "gone", id)
    say(answer.outcome, id)
    return true
  end
  if answer.http.seen and is_by_new(run, cf) then note(run, "seen", id) end
  complain(("%s is not known to be deleted (%s): %s"):format(id, answer.outcome,
    is_doubtful and "the new token does not see it: ask by a credential that does"
      or token and "the API said yes without naming it" or tostring(answer)))
  return false
end

-- A command that was killed (by a signal: over 128), or stopped by `timeout` (124), may have deployed.
local function is_cut_short(status) return not status or status == 124 or status > 128 end

-- Whether the command has deployed a secret; nil where that is not known.
local function deploy(run, id, value)
  local failed = false
  note(run, "deploying", id)
  for try = 1, TRIES do
    local status = run_command(run.flags.deploy, value, id, run.lock)
    if status == 0 then
      say("deployed", id)
      return true
    end
    if is_cut_short(status) then failed = nil end
    complain(("the deploying command failed (%s), try %d of %d"):format(
      status and "status " .. status or "how it ended is not known", try, TRIES))
  end
  return failed
end

-- How many values may be refused yet. This process counts its own; the state file has those of earlier ones.
local function refusals_left(run)
  local left = cloudflare.refusals_left()
  for _, time in ipairs(run.earlier) do
    if os.difftime(os.time(), time) < FORGOTTEN then left = left - 1 end
  end
  return left
end

-- Asks once: true where the secret works, false where it may do so later, nil where it will not; and why.
local function ask(run, id, value)
  if refusals_left(run) < 1 then return nil, "so many values were refused that asking on risks a lock-out" end
  local found, err = run.cf.tokens.identify(nil, value)
  if found then
    if found.id == id and found.status == "active" then return true end
    return nil, ("it is said to be the secret of %s, %s"):format(found.id, found.status)
  end
  if err.reason == "elsewhere" then
    complain(id .. " lives; its address condition does not admit this machine, so that no more can be seen from here")
    return true
  end
  if err.reason == "not_accepted" then note(run, "refused", id) end
  if err.reason == "not_accepted" or err.outcome == "failed" then return false, tostring(err) end
  return nil, tostring(err)
end

-- A new secret may be refused for up to a minute: asks until it works; else false and why.
local function comes_to_work(run, id, value)
  local waited, pause = 0, 1
  while true do
    local works, why = ask(run, id, value)
    if works then
      say("works", id)
      return true
    end
    if works == nil or waited >= run.flags.patience then return false, why end
    rest(pause)
    waited, pause = waited + pause, math.min(pause * 2, LONGEST_PAUSE)
  end
end

-- Adds to the state what creations without an end have made: tokens of our name that nobody ever used.
local function find_lost(run)
  for token, err in run.cf.tokens.each(nil, { include_expired = true }) do
    if not token then run_again(run, "the tokens could not be listed: " .. tostring(err)) end
    local is_known = token_of(run.state, token.id)
    if token.name == run.state.name and not is_known then
      if token.last_used_on and token.last_used_on ~= cloudflare.null then
        complain(token.id .. " has the same name and was used: it is not of this rotation, and left alone")
      else note(run, "new", token.id) end
    end
  end
end

-- What has to be deleted once `works` does: the credential of the requests last.
local function superseded(run, works)
  local ids, own = {}, nil
  for _, token in ipairs(run.state.tokens) do
    local is_superseded = not token.gone and token.id ~= works
    if is_superseded and token.id == run.own then own = token.id
    elseif is_superseded then ids[#ids + 1] = token.id end
  end
  ids[#ids + 1] = own
  return ids
end

-- The client that deletes the credential of the requests: that of the new secret.
local function deleting_client(run, value)
  if not value or not token_of(run.state, run.own) then return run.cf end
  return assert(cloudflare.new { api_token = value, account_id = run.account })
end

local function finish(run, value)
  local works, all_gone = run.state.works, true
  if run.state.lost or run.state.creating then find_lost(run) end
  local cf = deleting_client(run, value)
  for _, id in ipairs(superseded(run, works)) do
    all_gone = delete(run, id == run.own and cf or run.cf, id) and all_gone
  end
  if not all_gone then
    run_again(run, ("%s is deployed and works, and the old token, %s, is not known to be deleted"):format(works,
      run.state.old))
  end
  note(run, "done", works)
  say("done", works)
end

-- The same in a later run. Who does not see the new token, because it is gone by now or because this is another account
-- or credential, can neither say that the old one is not needed any more, nor that it is not there.
local function finish_later(run)
  local token, err = run.cf.tokens.get(nil, run.state.works)
  local why = not token and tostring(err) or token.status ~= "active" and "it is " .. tostring(token.status)
  if not why then return finish(run) end
  run.state.works = nil
  run_again(run, "the new token is not seen to live, so that the old one is left alone: " .. why)
end

-- A new token.

local function given(value)
  if value ~= cloudflare.null then return value end
end

local function new_name(flags, old)
  if flags.name then return flags.name end
  local name = old.name:gsub("%c", " "):gsub("\194[\128-\159]", " "):gsub("@%d+T%d+Z$", "")
  if flags.suffix then return name .. flags.suffix end
  local stamp = os.date("!" .. STAMP)
  local most = NAME_MAX - #stamp
  while name:find("^[\128-\191]", most + 1) do most = most - 1 end -- not within a character of UTF-8
  return name:sub(1, most) .. stamp
end

-- Why a token cannot be replaced by one like it, or nil.
local function obstacle(flags, old)
  if old.status == "disabled" then return "the token is disabled, and a new one would not be" end
  local first = given(old.not_before)
  if first and first > os.date "!%Y-%m-%dT%H:%M:%SZ" then return "the token is not valid before " .. first end
  if given(old.expires_on) and not flags.expires then
    return "the token expires on " .. old.expires_on .. ": say with --expires when the new one shall, or never"
  end
end

local function begin_creating(run, old)
  local name = new_name(run.flags, old)
  for token, err in run.cf.tokens.each(nil, { include_expired = true }) do
    if not token then give_up(run, "the tokens could not be listed: " .. tostring(err)) end
    if token.name == name and token.id ~= old.id then
      give_up(run, ("there is a token named %s already, %s: choose another name"):format(name, token.id))
    end
  end
  note(run, "begin", old.id .. " create " .. name)
end

-- Tokens of an earlier run whose secrets no command was given are of no use to anybody.
local function clear_up(run)
  if run.state.creating or run.state.lost then find_lost(run) end
  for _, token in ipairs(run.state.tokens) do
    if token.id ~= run.state.old and not token.handed and not token.gone then delete(run, run.cf, token.id) end
  end
end

local function abandon(run, id, why)
  delete(run, run.cf, id)
  give_up(run, why)
end

local function missing_words(missing)
  local words = {}
  for i, one in ipairs(missing) do words[i] = ("%s %s on %s"):format(one.effect, one.group, one.resource) end
  return table.concat(words, ", ")
end

local function create(run, old)
  local params = run.expiry
  params.name, params.policies, params.condition = run.state.name, old.policies, given(old.condition)
  note(run, "creating")
  local token, answer = run.cf.tokens.create(nil, params, { recover = true })
  if not token then
    if answer.outcome ~= "unknown" and answer.outcome ~= "ok" then note(run, "uncreated")
    elseif answer.id then note(run, "new", answer.id) end
    give_up(run, answer)
  end
  note(run, "new", token.id)
  say("created", token.id, run.state.name)
  if answer.missing then
    abandon(run, token.id, "the new token was not given all that the old one may do: " .. missing_words(answer.missing))
  end
  return token
end

local function replace(run)
  if run.state.works then return finish_later(run) end
  local old, answer = run.cf.tokens.get(nil, run.id)
  local why = not old and answer or old and obstacle(run.flags, old)
  if why then give_up(run, why) end
  if run.state.old then clear_up(run) else begin_creating(run, old) end
  local token = create(run, old)
  local deployed = deploy(run, token.id, token.value)
  if deployed == nil then run_again(run, "whether the new token is deployed is not known, so that both live") end
  if not deployed then abandon(run, token.id, "the new token could not be deployed") end
  local works
  works, why = comes_to_work(run, token.id, token.value)
  if not works then run_again(run, "the new token was not seen to work, so that the old one still lives: " .. why) end
  note(run, "works", token.id)
  finish(run, token.value)
end

-- A new secret.

local function begin_rolling(run)
  if run.own == run.id then
    give_up(run, "--roll would end the secret by which this runs, and nobody could go on from there: leave --roll out")
  end
  local old, err = run.cf.tokens.get(nil, run.id)
  if not old then give_up(run, err) end
  if old.status ~= "active" then give_up(run, ("the token is %s: --roll is for active ones"):format(old.status)) end
  note(run, "begin", run.id .. " roll")
end

local function roll(run)
  if not run.state.old then begin_rolling(run) end
  if run.state.works then return note(run, "done", run.id) end
  complain "from now until the new secret is deployed, whatever uses this token is refused"
  local was_rolled = run.state.rolling
  note(run, "rolling")
  local value, err = run.cf.tokens.roll(nil, run.id)
  if not value then
    if not was_rolled and err.outcome ~= "unknown" and err.outcome ~= "ok" then run.state.rolling = nil end
    give_up(run, err)
  end
  say("rolled", run.id)
  local deployed = deploy(run, run.id, value)
  if deployed == nil then run_again(run, "rolled, and not known to be deployed") end
  if not deployed then run_again(run, "rolled, not deployed") end
  local works, why = comes_to_work(run, run.id, value)
  if not works then run_again(run, "rolled and deployed, but not seen to work: " .. why) end
  note(run, "works", run.id)
  note(run, "done", run.id)
  say("done", run.id)
end

-- The whole.

local function check_state(run)
  local state, mode = run.state, run.flags.roll and "roll" or "create"
  if state.replaced == run.id and not state.old and not run.flags.roll then
    say("done", state.replacement)
    leave()
  end
  if state.old and (state.old ~= run.id or state.mode ~= mode) then
    stop(2, ("%s tells of a rotation that has not ended: of %s, by %s"):format(run.flags.state, state.old,
      state.mode == "roll" and "--roll" or "a new token"))
  end
end

-- Files in the places of those standard ones that are closed: the state file would be opened there, and be printed to.
local function fill_places()
  local files = {}
  for place = 0, 2 do
    local is_open = os.execute(("[ -e /dev/fd/%d ]"):format(place))
    if is_open ~= true and is_open ~= 0 then files[#files + 1] = io.open("/dev/null", "r+") end
  end
  return files
end

local function start()
  local places = fill_places()
  local flags, words = read_arguments()
  check(flags)
  local expiry = read_expiry(flags.expires)
  local account, id = take_ids(words)
  local file, state, lock = open_state(flags.state)
  local run = {
    flags = flags, expiry = expiry, account = account, id = id, file = file, state = state, earlier = {},
    places = places, lock = lock,
  }
  for i, time in ipairs(state.refused) do run.earlier[i] = time end
  check_state(run)
  local err
  run.cf, err = cloudflare.new { account_id = account }
  if not run.cf then stop(2, err) end
  if run_command("exit 7", "", id) ~= 7 then give_up(run, "the shell, sh, cannot be run") end
  run.own = own_id(run)
  return run
end

local run = start()
local alive, why = pcall(run.flags.roll and roll or replace, run)
if not alive then
  if run.state.old then run_again(run, "stopped: " .. tostring(why)) end
  stop(1, tostring(why) .. "\nrotate: nothing was done")
end
leave()
