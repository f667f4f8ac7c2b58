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

function ledger.since(first)
  local texts = {}
  for n = first, entries:get "n" or 0 do
    texts[#texts + 1] = entries:get(n)
  end
  return json.join(texts)
end

function ledger.clear()
  entries:flush_all()
  entries:flush_expired()
end

return ledger
