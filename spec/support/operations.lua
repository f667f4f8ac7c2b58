-- What the specs know of an operation: its nature (what repeating its request would do), its method, what it `does` to a
-- world where that has another name, how a case begins it (on a client's `async`; `edit` is what a case updates by), and
-- whether the case's world is an account of its own (the fault server's `account`) rather than a token.
local faults = require "spec.support.faults"

-- The same PUT as `update`, by hand, said to be repeatable.
local function replace(async, case)
  local options = { body = case.params, repeatable = true }
  for name, value in pairs(case.options or {}) do options[name] = value end
  return async.request("PUT", ("/accounts/%s/tokens/%s"):format(faults.account, case.id), options)
end

-- The same POST as `create`, by hand.
local function post(async, case) return async.request("POST", ("/accounts/%s/tokens"):format(case.id), { body = case.params }) end

return {
  delete = { nature = "REMOVE", method = "DELETE",
    begin = function(async, case) return async.tokens.delete(case.account, case.id, case.options) end },
  create = { nature = "ONCE", method = "POST", in_account = true,
    begin = function(async, case) return async.tokens.create(case.id, case.params, case.options) end },
  roll = { nature = "ONCE", method = "PUT",
    begin = function(async, case) return async.tokens.roll(case.account, case.id, case.options) end },
  update = { nature = "ONCE", method = "PUT",
    begin = function(async, case) return async.tokens.update(case.account, case.id, case.edit or case.params, case.options) end },
  post = { nature = "ONCE", method = "POST", does = "create", in_account = true, begin = post },
  replace = { nature = "REPLACE", method = "PUT", does = "update", begin = replace },
  get = { nature = "READ", method = "GET",
    begin = function(async, case) return async.tokens.get(case.account, case.id, case.options) end },
  list = { nature = "READ", method = "GET", in_account = true,
    begin = function(async, case) return async.tokens.list(case.id, case.query, case.options) end },
}
