-- Every item of a list that is paged by number and may change while it is read. A deletion only moves items to lower
-- pages, so that a walk from the last page down to the first still meets them; where the oldest are asked for first,
-- as of tokens, a creation only adds behind what was counted. The walk is complete if it met as many items as the
-- last answer counts. It is made before the first item is handed out, so that the iterator never waits.
--
-- core.walk.all takes a table: `task`; `ask`, which is called with that table and a number and gives a page's items
-- and the envelope, or nil and an error; `per_page`, where pages may be made smaller; `takes_unnamed`, where items
-- without an id are taken, too. It keeps `total` and `date` of the last answer there.
local core = ...
local failure, now, enter = core.failure, core.now, core.realm.enter
local type, pairs, ipairs, tonumber, ceil, max, min = type, pairs, ipairs, tonumber, math.ceil, math.max, math.min

if core.jit then core.jit.off(true, true) end -- LuaJIT's compiler crashes where memory ends

local WALKS = 3
local LEAST, MOST = 5, 50 -- items on a page; the latter of tokens
local MOST_COUNTED = 1e9

-- An iterator that gives `false, err` once.
local function once(err)
  local told = false
  return function()
    if told then return nil end
    told = true
    return false, err
  end
end

local function iterate(items)
  local i = 0
  return function()
    i = i + 1
    return items[i]
  end
end

local function ask_tokens(self, number)
  local query = { page = number, per_page = self.per_page, direction = "asc" }
  for name, value in pairs(self.query) do query[name] = query[name] or value end
  local task = self.task
  local rest = task:quota_rest(0)
  if rest > 0 then task:rest(min(rest, task.limit - now())) end
  return self.realm:ask("list", query, task:options())
end

-- How many items an answer counts; nil where that is no such number.
local function count_of(info)
  local count = tonumber(info.total_count)
  return count and count >= 0 and count <= MOST_COUNTED and count % 1 == 0 and count or nil
end

-- A page and what the answer counts: `items, total, per_page`, or `nil, err`.
local function read(self, number)
  local items, envelope = self:ask(number)
  if not items then return nil, envelope end
  local info = type(envelope.result_info) == "table" and envelope.result_info or {}
  self.total, self.date = count_of(info), envelope.http.date
  if self.total then return items, self.total, max(tonumber(info.per_page) or #items, 1) end
  return nil, failure("response", "failed", self.task.name, "the answer does not say how many there are")
end

local function is_too_large(self, err)
  return err.kind == "response" and err.http.status == 200 and (self.per_page or 0) > LEAST
end

-- What the pages hold, each id once, in their order.
local function collect(self, pages, last)
  local items, seen = {}, {}
  for number = 1, last do
    for _, item in ipairs(pages[number] or {}) do
      local id = type(item) == "table" and type(item.id) == "string" and item.id
      if id and not seen[id] or not id and self.takes_unnamed then items[#items + 1] = item end
      if id then seen[id] = true end
    end
  end
  return items
end

-- One walk: `items, total`, or `nil, err`.
local function walk(self)
  local first, total, size = read(self, 1)
  if not first then return nil, total end
  if #first >= total then return collect(self, { first }, 1), total end
  local pages, last = {}, ceil(total / size)
  for number = last, 1, -1 do
    local items
    items, total = read(self, number)
    if not items then return nil, total end
    pages[number] = items
  end
  return collect(self, pages, last), total
end

local function give_up(self, err, items)
  err.seen, err.total = items and #items or 0, self.total
  if self.total and err.outcome == "not_sent" then err.outcome = "failed" end -- other pages were asked for
  return nil, err
end

-- All items, or nil and an error.
local function all(self)
  local items, total
  for _ = 1, WALKS do
    repeat
      items, total = walk(self)
      local smaller = not items and is_too_large(self, total)
      if smaller then self.per_page = max(LEAST, ceil(self.per_page / 2)) end
    until not smaller
    if not items then return give_up(self, total) end
    if #items >= total then return items end
  end
  return give_up(self, failure("response", "failed", self.task.name,
    ("the list changed while it was read: %d of %d were seen"):format(#items, total)), items)
end

core.walk = { all = all, iterate = iterate, once = once }

local function reversed(tokens)
  local found = {}
  for i = #tokens, 1, -1 do found[#found + 1] = tokens[i] end
  return found
end

--- All tokens of a realm, and by the server's clock when the last of them was read; or nil and an error.
function core.all_tokens(realm, query)
  query = query or {}
  if query.page then return realm:refuse("query.page", "every page is read; leave it out") end
  local self = {
    task = realm.task, realm = realm, ask = ask_tokens, query = query, per_page = query.per_page or MOST,
  }
  local tokens, err = all(self)
  if not tokens then return nil, err end
  return query.direction == "desc" and reversed(tokens) or tokens, self.date
end

local function each(task, ...)
  local tokens, err = core.all_tokens(enter(task, ...))
  return tokens and iterate(tokens) or once(err)
end

local definition = { options = {}, body = each, refused = once }
core.composites["tokens.each"], core.composites["user.tokens.each"] = definition, definition
