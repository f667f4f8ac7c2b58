-- What the specs know of an operation: its nature (what repeating its request would do), its method, how a case begins it
-- (on a client's `async`), and whether the case's world is an account of its own (the fault server's `account`) rather than
-- a token.
local faults = require "spec.support.faults"

-- The same PUT as `update`, by hand, said to be repeatable.
local function replace(async, case)
  local options = { body = case.params, repeatable = true }
  for name, value in pairs(case.options or {}) do options[name] = value end
  return async.request("PUT", ("/accounts/%s/tokens/%s"):format(faults.account, case.id), options)
end

return {
  delete = { nature = "REMOVE", method = "DELETE",
    begin = function(async, case) return async.tokens.delete(case.account, case.id, case.options) end },
  create = { nature = "ONCE", method = "POST", in_account = true,
    begin = function(async, case) return async.tokens.create(case.id, case.params, case.options) end },
  roll = { nature = "ONCE", method = "PUT",
    begin = function(async, case) return async.tokens.roll(case.account, case.id, case.options) end },
  update = { nature = "ONCE", method = "PUT",
    begin = function(async, case) return async.tokens.update(case.account, case.id, case.params, case.options) end },
  replace = { nature = "REPLACE", method = "PUT", begin = replace },
  get = { nature = "READ", method = "GET",
    begin = function(async, case) return async.tokens.get(case.account, case.id, case.options) end },
  list = { nature = "READ", method = "GET", in_account = true,
    begin = function(async, case) return async.tokens.list(case.id, case.query, case.options) end },
}
