-- long_run.lua COUNT deletes so many tokens, one after the other, by one client. Prints, after each tenth, microseconds of
-- processor time that a call of it took, and at rest KiB of Lua's memory and of the process.
local cloudflare = require "cloudflare"
local process = require "spec.support.process"
local sandbox = require "spec.support.sandbox"

local part = math.floor(tonumber(arg[1]) / 10)
local cf = assert(cloudflare.new(sandbox.options()))
local figures = {} -- of one length from the beginning
for i = 1, 30 do figures[i] = 0 end

local function delete(count)
  local ids = sandbox.seed(count)
  local began = os.clock()
  for _, id in ipairs(ids) do assert(cf.tokens.delete(nil, id)) end
  return (os.clock() - began) * 1e6 / count
end

for tenth = 0, 9 do
  figures[3 * tenth + 1] = delete(part)
  figures[3 * tenth + 3] = process.memory() -- collects garbage
  figures[3 * tenth + 2] = collectgarbage "count"
end
for _, figure in ipairs(figures) do print(("%.1f"):format(figure)) end
