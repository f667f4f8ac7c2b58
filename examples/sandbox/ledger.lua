-- What really happened, request by request, in the order of arrival.
local json = require "json"

local ledger = {}
local entries = ngx.shared.ledger -- full, it gives up its oldest entries

function ledger.next_number()
  return entries:incr("n", 1, 0)
end

-- May be written more than once: a delayed request stands here while it waits.
function ledger.write(entry)
  entries:set(entry.n, json.encode(entry))
end

-- The entries as JSON, from number `first` on.
function ledger.texts(first)
  local texts = {}
  for n = math.max(first, (entries:get "cleared" or 0) + 1), entries:get "n" or 0 do
    texts[#texts + 1] = entries:get(n)
  end
  return texts
end

function ledger.since(first)
  return json.join(ledger.texts(first))
end

-- The numbers go on: what was under way when it was cleared must not pass for something new.
function ledger.clear()
  local last = entries:get "n" or 0
  entries:flush_all()
  entries:flush_expired()
  entries:set("n", last)
  entries:set("cleared", last)
end

return ledger
