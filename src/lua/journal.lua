-- The journal of delete_many in a file, a line an entry: "ID sending" before the first byte that may delete a token,
-- "ID OUTCOME" at its end. What a killed run leaves is read back as a report: an id without an end is unknown, and one
-- that was ambiguous once ends only as deleted or gone. Nothing behind it takes deleted back; gone is taken back by
-- what leaves it open whether the token lives, because another credential may see more. A line that was torn tells
-- nothing: it is the last one and has no end, or whoever wrote the next has ended it with " torn".
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

local function check_path(path, name)
  if type(path) ~= "string" then
    error(("bad argument #1 to '%s' (string expected, got %s)"):format(name, type(path)), 3)
  end
end

--- A function for delete_many's `journal`; or nil and an error where the file cannot be written.
function core.journal(path)
  check_path(path, "journal")
  local file, why = open(path)
  if not file then return nil, failure("host", "not_sent", "journal", ("%s cannot be opened: %s"):format(path, why)) end
  return function(id, word)
    if not is_id(id) or not WORDS[word] then return nil, "that is no entry of a journal" end
    return write(file, id .. " " .. word .. "\n")
  end
end

-- A line without " torn" at its end, or the beginning of that: it may be torn, too.
local function without_mark(line)
  local text = line:match "^(.*) torn$" or line:match "^(.*) tor?$" or line:match "^(.*) t?$"
  return text and without_mark(text) or line
end

local function is_torn(line)
  local id, word = without_mark(line):match "^([0-9a-f]*)(.*)$"
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

--- The report of the run, or the runs, that a journal was kept of; or nil and an error.
function core.report_of(path)
  check_path(path, "report_of")
  local text, why = read(path)
  if not text then return nil, failure("host", "not_sent", "report_of", ("%s cannot be read: %s"):format(path, why)) end
  local items, number = {}, 0
  for line in text:gmatch "([^\n]*)\n" do
    number = number + 1
    if not note_line(items, line) then
      return nil, failure("argument", "not_sent", "report_of", ("line %d is none of a journal"):format(number))
    end
  end
  if not is_torn(text:match "[^\n]*$") then
    return nil, failure("argument", "not_sent", "report_of", "the last line is none of a journal")
  end
  for i = 1, #items do
    if items[i].is_open then note_end(items[i], "unknown") end
  end
  return make_report(items)
end
