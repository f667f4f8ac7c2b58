-- Every token of a list that is paged by number and may change while it is read. Pages are asked for oldest first: a
-- deletion then only moves tokens to lower pages, so that a walk from the last page down to the first still meets
-- them, and a creation only adds behind what was counted. The walk is complete if it met as many tokens as the last
-- answer counts. It is made before the first token is handed out, so that the iterator never waits.
local core = ...
local failure, now = core.failure, core.now
local type, pairs, ipairs, tonumber, ceil, max, min = type, pairs, ipairs, tonumber, math.ceil, math.max, math.min

if core.jit then core.jit.off(true, true) end -- LuaJIT's compiler crashes where memory ends

local WALKS = 3
local LEAST, MOST = 5, 50 -- tokens on a page

-- An iterator that gives `false, err` once.
local function once(err)
  local told = false
  return function()
    if told then return nil end
    told = true
    return false, err
  end
end

local function iterate(tokens)
  local i = 0
  return function()
    i = i + 1
    return tokens[i]
  end
end

local function ask(self, number)
  local query = { page = number, per_page = self.per_page, direction = "asc" }
  for name, value in pairs(self.query) do query[name] = query[name] or value end
  local task = self.task
  local rest = task:quota_rest(0)
  if rest > 0 then task:rest(min(rest, task.limit - now())) end
  local options = task:options()
  if self.is_user then return task:ask("user.tokens.list", query, options) end
  return task:ask("tokens.list", self.account, query, options)
end

--- A page and what the answer counts: `tokens, total, per_page`, or `nil, err`.
local function read(self, number)
  local tokens, envelope = ask(self, number)
  if not tokens then return nil, envelope end
  local info = type(envelope.result_info) == "table" and envelope.result_info or {}
  self.total, self.date = tonumber(info.total_count), envelope.http.date
  if self.total then return tokens, self.total, max(tonumber(info.per_page) or #tokens, 1) end
  return nil, failure("response", "failed", self.task.name, "the answer does not say how many there are")
end

local function is_too_large(self, err)
  return err.kind == "response" and err.http.status == 200 and self.per_page > LEAST
end

-- What the pages hold, each id once, oldest first.
local function collect(pages, last)
  local tokens, seen = {}, {}
  for number = 1, last do
    for _, token in ipairs(pages[number] or {}) do
      if type(token) == "table" and type(token.id) == "string" and not seen[token.id] then
        seen[token.id] = true
        tokens[#tokens + 1] = token
      end
    end
  end
  return tokens
end

--- One walk: `tokens, total`, or `nil, err`.
local function walk(self)
  local first, total, size = read(self, 1)
  if not first then return nil, total end
  if #first >= total then return collect({ first }, 1), total end
  local pages, last = {}, ceil(total / size)
  for number = last, 1, -1 do
    local tokens
    tokens, total = read(self, number)
    if not tokens then return nil, total end
    pages[number] = tokens
  end
  return collect(pages, last), total
end

local function reversed(tokens)
  local found = {}
  for i = #tokens, 1, -1 do found[#found + 1] = tokens[i] end
  return found
end

local function give_up(self, err, tokens)
  err.seen, err.total = tokens and #tokens or 0, self.total
  return nil, err
end

--- All tokens, and by the server's clock when the last of them was read; or nil and an error. `...` is the account, if
--- it is not the user's tokens that the task is about, and a query.
function core.all_tokens(task, ...)
  local is_user = task.name:find "^user%." ~= nil
  local account, query = ...
  if is_user then account, query = nil, ... end
  query = query or {}
  if query.page then
    return nil, failure("argument", "not_sent", task.name, "query.page: every page is read; leave it out")
  end
  local self = { task = task, account = account, is_user = is_user, query = query, per_page = query.per_page or MOST }
  local tokens, total
  for _ = 1, WALKS do
    repeat
      tokens, total = walk(self)
      local smaller = not tokens and is_too_large(self, total)
      if smaller then self.per_page = max(LEAST, ceil(self.per_page / 2)) end
    until not smaller
    if not tokens then return give_up(self, total) end
    if #tokens >= total then return query.direction == "desc" and reversed(tokens) or tokens, self.date end
  end
  return give_up(self, failure("response", "failed", task.name,
    ("the list changed while it was read: %d of %d tokens were seen"):format(#tokens, total)), tokens)
end

local function each(task, ...)
  local tokens, err = core.all_tokens(task, ...)
  return tokens and iterate(tokens) or once(err)
end

local definition = { options = {}, body = each, refused = once }
core.composites["tokens.each"], core.composites["user.tokens.each"] = definition, definition
