-- The items of any resource that comes in pages. Where the first answer counts them, all pages are read by their
-- numbers before the first item is handed out (walk.lua), so that what is deleted in the loop hides no item. Else
-- pages are read as the loop asks for them: by the cursor that each answer names, or by number until one is the last.
-- Then the iterator waits as a plain call does. Where that cannot be (under async; and in Lua 5.1 with a `sleep`,
-- which cannot yield from inside an iterator) they are all read first. Nothing is raised for what the world does: at
-- the first failure the iterator gives `false, err`, once.
local core, nginx = ...
local failure, now, is_busy = core.failure, core.now, core.is_busy
local walk_all, iterate, once = core.walk.all, core.walk.iterate, core.walk.once
local type, next, tonumber, error, select, min = type, next, tonumber, error, select, math.min

if core.jit then core.jit.off(true, true) end -- LuaJIT's compiler crashes where memory ends

local YIELDS_IN_LOOPS = core.jit ~= nil or _VERSION ~= "Lua 5.1"

local function is_list(value)
  return type(value) == "table" and (value[1] ~= nil or next(value) == nil)
end

local function fail(self, words) return nil, failure("response", "failed", self.task.name, words) end

-- One page, with `fields` in its query: `items, envelope, info`, or `nil, err`. Each page has the whole timeout.
local function ask(self, fields)
  local task, query = self.task, {}
  local rest = task:quota_rest(0)
  if rest > 0 then task:rest(min(rest, self.timeout)) end
  task.limit = now() + self.timeout
  for name, value in next, self.query do query[name] = value end
  for name, value in next, fields do query[name] = value end
  local items, envelope = task:ask("request", "GET", self.path, task:options { query = query })
  if not items then return nil, envelope end
  if not is_list(items) then return fail(self, "the result is no list of items") end
  return items, envelope, type(envelope.result_info) == "table" and envelope.result_info or {}
end

-- A page of a walk. The first has been read when the walk begins.
local function ask_number(self, number)
  local first = number == 1 and self.first
  self.first = nil
  if first then return first.items, first.envelope end
  return ask(self, { page = number })
end

local function cursor_of(info)
  local cursor = type(info.cursors) == "table" and info.cursors.after or info.cursor
  return type(cursor) == "string" and cursor ~= "" and cursor or nil
end

-- Whether a page that was found by its number, and not counted, is followed by another.
local function is_followed(items, info)
  local page, pages, size = tonumber(info.page), tonumber(info.total_pages), tonumber(info.per_page)
  if not page or #items == 0 then return false end
  if pages then return page < pages end
  return size ~= nil and #items >= size
end

-- What the query of the next page has besides; nil after the last.
local function following(self, items, info)
  local cursor = cursor_of(info)
  if cursor then return { cursor = cursor } end
  if not self.asked.cursor and is_followed(items, info) then return { page = tonumber(info.page) + 1 } end
end

-- Whether the answer is to what was asked: a server that heeds neither number nor cursor would never come to an end.
local function check(self, info)
  local asked, cursor = self.asked, cursor_of(info)
  if asked.page and tonumber(info.page) ~= asked.page then
    return fail(self, ("page %d was asked for, and another came"):format(asked.page))
  end
  if cursor and self.met[cursor] then return fail(self, "a cursor leads back to a page that was read") end
  if cursor then self.met[cursor] = true end
  return true
end

-- The next page: its items; nil where there is none; or nil and an error.
local function read(self)
  if not self.asked then return nil end
  local items, envelope, info = ask(self, self.asked)
  local fits, err = items ~= nil, envelope
  if fits then fits, err = check(self, info) end
  if fits then
    self.asked = following(self, items, info)
    return items
  end
  self.asked, err.seen = nil, self.seen
  return nil, err
end

-- The same where a loop asks, perhaps from a place that cannot wait.
local function read_for_loop(self)
  if is_busy() then error("cloudflare.pages: called from inside on_event, which may only look", 3) end
  local why = self.asked and nginx and not self.task.sleep and nginx.obstacle()
  if not why then return read(self) end
  local err = failure("host", "failed", self.task.name, why)
  self.asked, err.seen = nil, self.seen
  return nil, err
end

local function hand_out(self, items)
  local at = 0
  return function()
    at = at + 1
    while items and items[at] == nil do
      local err
      items, err = read_for_loop(self)
      if err then return false, err end
      at = 1
    end
    if not items then return nil end
    self.seen = self.seen + 1
    return items[at]
  end
end

-- Reads what is left. What was read before a failure is handed out all the same.
local function hand_out_all(self, items)
  local all, page, err = {}, items, nil
  while page do
    for i = 1, #page do all[#all + 1] = page[i] end
    self.seen = #all
    page, err = read(self)
  end
  local give, fault = iterate(all), err and once(err)
  return function()
    local item = give()
    if item ~= nil or not fault then return item end
    return fault()
  end
end

local function pages(task, path, query)
  query = query or {}
  local name = query.page ~= nil and "page" or query.cursor ~= nil and "cursor"
  if name then return once(select(2, task:refuse("query." .. name, "every page is read; leave it out"))) end
  local self = {
    task = task, path = path, query = query, timeout = task.limit - now(), asked = {}, met = {}, seen = 0,
    ask = ask_number, takes_unnamed = true,
  }
  local items, envelope, info = ask(self, self.asked)
  if not items then
    envelope.seen = 0
    return once(envelope)
  end
  if tonumber(info.total_count) and not cursor_of(info) then
    self.first = { items = items, envelope = envelope }
    local all, err = walk_all(self)
    return all and iterate(all) or once(err)
  end
  check(self, info)
  self.asked = following(self, items, info)
  if task.async or task.sleep and not YIELDS_IN_LOOPS then return hand_out_all(self, items) end
  return hand_out(self, items)
end

core.composites.pages = { options = {}, body = pages, refused = once }
