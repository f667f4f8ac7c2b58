-- JSON by lua-cjson, which cannot tell [] from {}: an empty table under one of these names is written as [].
local cjson = require "cjson.safe".new()

local json = { null = cjson.null, decode = cjson.decode }

local LISTS = {
  policies = true, permission_groups = true, ["in"] = true, not_in = true,
  errors = true, messages = true, error_chain = true, scopes = true, ids = true, faults = true,
  values = true, withhold = true,
}

-- Inside a string the quotes before and after a name would be escaped, so this matches real members only.
local function fix_empty(name)
  return LISTS[name] and '"' .. name .. '":[]' or nil
end

function json.encode(value)
  return (assert(cjson.encode(value)):gsub('"([%w_]+)":{}', fix_empty))
end

-- A list of texts that are JSON already.
function json.join(texts)
  return "[" .. table.concat(texts, ",") .. "]"
end

return json
