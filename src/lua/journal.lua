-- The journal of delete_many in a file, a line an entry: "ID sending" before the first byte that may delete a token,
-- "ID OUTCOME" at its end. What a killed run leaves is read back as a report: an id without an end is unknown, and one
-- that was ambiguous once ends only as deleted or gone. A later line never changes deleted. A later line changes gone
-- only where it leaves open whether the token lives (refused, unknown, and the like): another credential may see more.
-- A torn line tells nothing: it is the last one and has no end, or whoever wrote the next has ended it with " torn".
-- A line "account ID", once there, keeps the file to that account: in another one an open id would be found gone.
local core = ...
local failure, open, write, read = core.failure, core.open_journal, core.write_journal, core.read_journal
local make_report, is_id = core.report.make, core.report.is_id
local AMBIGUOUS = core.report.AMBIGUOUS
local error, type, pairs = error, type, pairs

if core.jit then core.jit.off(true, true) end -- LuaJIT's compiler crashes where memory ends

local WORDS = { -- what an entry may say of its id
  sending = true, deleted = true, gone = true, accepted = true, not_found = true, not_sent = true, refused = true,
  unknown = true,
}

local function check_text(value, name, place)
  if type(value) ~= "string" then
    error(("bad argument #%d to '%s' (string expected, got %s)"):format(place, name, type(value)), 3)
  end
end

-- A line without " torn" at its end, or the beginning of that: it may be torn, too.
local function without_mark(line)
  local text = line:match "^(.*) torn$" or line:match "^(.*) tor?$" or line:match "^(.*) t?$"
  return text and without_mark(text) or line
end

local function is_torn(line)
  line = without_mark(line)
  local account = line:match "^account (%x*)$"
  if account and #account <= 32 or line == ("account"):sub(1, #line) then return true end
  local id, word = line:match "^([0-9a-f]*)(.*)$"
  if #id < 32 then return word == "" end
  word = word:match "^ ?(%l*_?%l*)$"
  if #id > 32 or not word then return false end
  for name in pairs(WORDS) do
    if name:sub(1, #word) == word then return true end
  end
  return false
end

local REMOVED = { deleted = true, gone = true }
local AGREES_WITH_GONE = { gone = true, not_found = true, not_sent = true }

local function note_end(item, word)
  if AMBIGUOUS[word] then item.ambiguous = word end
  if item.outcome == "deleted" or item.outcome == "gone" and AGREES_WITH_GONE[word] then return end
  item.outcome = REMOVED[word] and word or item.ambiguous or word
  if word == "gone" then item.ambiguous = item.ambiguous or "unknown" end
end

local function note(item, word)
  if item.is_open and word == "sending" then note_end(item, "unknown") end -- of the attempt before
  if word ~= "sending" then note_end(item, word) end
  item.is_open = word == "sending"
end

local function note_line(items, line)
  local account = line:match "^account (%x+)$"
  if is_id(account) then
    items.account = items.account or account
    return true
  end
  local id, word = line:match "^(%x+) ([%l_]+)$"
  if not is_id(id) or not WORDS[word] then return is_torn(line) end
  local item = items[id]
  if not item then
    item = { id = id }
    items[id], items[#items + 1] = item, item
  end
  note(item, word)
  return true
end

-- The items of a journal's text, and its `account`; nil and an error where it is none.
local function parse(text, name, path)
  local function refuse_line(which)
    return nil, failure("argument", "not_sent", name, ("%s: %s is none of a journal"):format(path, which))
  end
  local items, number = {}, 0
  for line in text:gmatch "([^\n]*)\n" do
    number = number + 1
    if not note_line(items, line) then return refuse_line("line " .. number) end
  end
  if not is_torn(text:match "[^\n]*$") then return refuse_line "the last line" end
  for i = 1, #items do
    if items[i].is_open then note_end(items[i], "unknown") end
  end
  return items
end

--- The report of the run, or the runs, that a journal was kept of; or nil and an error.
function core.report_of(path)
  check_text(path, "report_of", 1)
  local text, why = read(path)
  if not text then return nil, failure("host", "not_sent", "report_of", ("%s cannot be read: %s"):format(path, why)) end
  local items, err = parse(text, "report_of", path)
  return items and make_report(items), err
end

local function refuse(account, message)
  local err = failure("argument", "not_sent", "journal", account .. message)
  err.argument = "account_id"
  return nil, err
end

local function cannot_open(path, why)
  return nil, failure("host", "not_sent", "journal", ("%s cannot be opened: %s"):format(path, why))
end

-- Keeps a file to an account: true; nil and an error where it is another's or no journal, or cannot be read or written.
local function keep_to(account, path, file)
  local text, why = read(path)
  if not text then return cannot_open(path, why) end
  local items, err = parse(text, "journal", path)
  if not items then return nil, err end
  if items.account == account then return true end
  if items.account then
    local why_not = ": %s is the journal of the account %s; give this one another file"
    return refuse(account, why_not:format(path, items.account))
  end
  local written, fault = write(file, "account " .. account .. "\n")
  if not written then return cannot_open(path, fault) end
  return true
end

--- A function for delete_many's `journal`; or nil and an error where the file cannot be written, or is kept to another
--- account than the one that is given.
function core.journal(path, account)
  check_text(path, "journal", 1)
  if account ~= nil then check_text(account, "journal", 2) end
  if account and not is_id(account) then return refuse("account_id", ": an id is 32 of 0-9 and a-f") end
  local file, why = open(path)
  if not file then return cannot_open(path, why) end
  if account then
    local fine, err = keep_to(account, path, file)
    if not fine then return nil, err end
  end
  return function(id, word)
    if not is_id(id) or not WORDS[word] then return nil, "that is no entry of a journal" end
    return write(file, id .. " " .. word .. "\n")
  end
end
