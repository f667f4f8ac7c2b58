-- Holds exchanges with the API against its published schema; spec/schema/validate does the work.
local cjson = require "cjson"
local system = require "spec.support.system"

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
  local path = system.write(os.tmpname(), cjson.encode { exchanges = sent, waivers = waivers })
  local found = system.lines("env -u LD_PRELOAD spec/schema/validate <" .. path .. " 2>&1")
  for i, line in ipairs(found) do found[i] = line:find "^%[" and cjson.decode(line) or { line } end
  os.remove(path)
  return found
end

return schema
