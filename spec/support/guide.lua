-- A guide's blocks, as they stand there, and whether what was seen is what it shows.
local read = require "spec.support.read"

local guide = {}

--- The blocks of code in a file, in their order: { kind = "sh", code = … , shown = … }; `shown` is the text block that
--- follows at once, what a person is told to expect.
function guide.blocks_of(path)
  local blocks, last_end = {}, nil
  local text = "\n" .. read(path)
  local from, to, kind, code = text:find("\n```(%l+)\n(.-\n)```")
  while from do
    if kind == "text" and from == last_end then blocks[#blocks].shown = code
    else blocks[#blocks + 1] = { kind = kind, code = code } end
    last_end = to + 1
    from, to, kind, code = text:find("\n```(%l+)\n(.-\n)```", to)
  end
  return blocks
end

local function lines_of(text)
  local lines = {}
  for line in text:gmatch "[^\n]+" do lines[#lines + 1] = line end
  return lines
end

--- The first line in which they differ; nil where they do not. "…" in what is shown stands for anything.
function guide.difference(shown, seen)
  local expected, found = lines_of(shown), lines_of(seen)
  for i = 1, math.max(#expected, #found) do
    local pattern = "^" .. (expected[i] or ""):gsub("%p", "%%%0"):gsub("%%?…", ".*") .. "$"
    if not expected[i] or not found[i] or not found[i]:find(pattern) then
      return ("line %d: shown %q, seen %q"):format(i, expected[i] or "", found[i] or "")
    end
  end
end

return guide
