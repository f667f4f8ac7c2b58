-- What the specs know of an operation: its nature (what repeating its request would do), its method, how a case begins it,
-- and whether the case's world is an account of its own (the fault server's `account`) rather than a token.
return {
  delete = { nature = "REMOVE", method = "DELETE",
    begin = function(tokens, case) return tokens.delete(case.account, case.id, case.options) end },
  create = { nature = "ONCE", method = "POST", in_account = true,
    begin = function(tokens, case) return tokens.create(case.id, case.params, case.options) end },
  roll = { nature = "ONCE", method = "PUT",
    begin = function(tokens, case) return tokens.roll(case.account, case.id, case.options) end },
  update = { nature = "ONCE", method = "PUT",
    begin = function(tokens, case) return tokens.update(case.account, case.id, case.params, case.options) end },
  get = { nature = "READ", method = "GET",
    begin = function(tokens, case) return tokens.get(case.account, case.id, case.options) end },
  list = { nature = "READ", method = "GET", in_account = true,
    begin = function(tokens, case) return tokens.list(case.id, case.query, case.options) end },
}
