-- Holds exchanges with the API against its published schema; spec/schema/validate does the work.
local cjson = require "cjson"
local program = require "spec.support.program"

local schema = {}

--- For each exchange a list of problems. An exchange is what sandbox.api returns: method, path, query, request,
--- status, answer. `waivers` is a list of names.
function schema.problems(exchanges, waivers)
  local sent = {}
  for i, each in ipairs(exchanges) do
    sent[i] = {
      method = each.method, path = each.path, query = each.query, request = each.request, status = each.status,
      answer = each.answer,
    }
  end
  local path = program.write(os.tmpname(), cjson.encode { exchanges = sent, waivers = waivers })
  local pipe, found = io.popen("env -u LD_PRELOAD spec/schema/validate <" .. path .. " 2>&1"), {}
  for line in pipe:lines() do found[#found + 1] = line:find "^%[" and cjson.decode(line) or { line } end
  pipe:close()
  os.remove(path)
  return found
end

return schema
