-- What earlier runs learnt of values, beside the journal of ids: so that a run that goes on asks about no value twice,
-- and so that the refusals of earlier runs count. A value is known again by a mark: two remainders by keys that are
-- drawn for this file. The mark tells 52 bits of some 240: nobody finds the value by it. (A plain SHA-256 would be no
-- mark, but the secret of the R2 access key.) A file of lines:
--   account ID                the first two: whose tokens it is about
--   key K1 K2
--   MARK ID                   the value is that of the token ID, and it is about to be deleted
--   seen ID                   a read showed that token, or a value told its id
--   MARK not_accepted PLACE   it was refused there: in an account, or as a "user"'s
--   refused TIME              some value was refused then: one of the budget
local Memory = {}
Memory.__index = Memory

local PRIME = 67108859 -- under 2^26, so that products of two stay exact in a double

local function draw()
  local source, number = assert(io.open("/dev/urandom", "rb")), 0
  for i = 1, 4 do number = number + source:read(1):byte() * 256 ^ (i - 1) end
  source:close()
  return number % (PRIME - 2) + 2
end

local function remainder(value, key)
  local sum = 1
  for i = 1, #value do sum = (sum * key + value:byte(i)) % PRIME end
  return sum
end

function Memory:mark(value)
  return ("%07x%07x"):format(remainder(value, self.key[1]), remainder(value, self.key[2]))
end

function Memory:read_line(line)
  local first, second = line:match "^key (%d+) (%d+)$"
  if first then self.key = self.key or { tonumber(first), tonumber(second) } end
  local account = line:match "^account (%x+)$"
  if account and #account == 32 then self.account = self.account or account end
  local mark, id = line:match "^(%x+) (%x+)$"
  if mark and #id == 32 then self.known[mark], self.seen[id] = id, true end
  local seen = line:match "^seen (%x+)$"
  if seen and #seen == 32 then self.seen[seen] = true end
  local refused = line:match "^%x+ not_accepted %w+$"
  if refused then self.refused[refused] = true end
  local time = line:match "^refused (%d+)$"
  if time then self.times[#self.times + 1] = tonumber(time) end
end

local function write(self, line)
  if not self.file then return true end
  return self.file:write(line, "\n")
end

local function read(self, path)
  local old = io.open(path)
  for line in old and old:lines() or function() end do self:read_line(line) end
  if old then old:close() end
end

-- What has to stand in the file before anything else.
local function write_head(self, account)
  local fine, why = write(self, "") -- behind a line that was torn
  if fine and not self.account then fine, why = write(self, "account " .. account) end
  if fine and not self.key then
    self.key = { draw(), draw() }
    fine, why = write(self, ("key %d %d"):format(self.key[1], self.key[2]))
  end
  return fine, why
end

--- The memory of an account in a file, which is made where there is none; without a path, one that lasts as long as the
--- process. Nil and why where it cannot be written, or is another account's, of which nothing holds here.
function Memory.open(path, account)
  local self = setmetatable({ known = {}, seen = {}, refused = {}, times = {} }, Memory)
  if not path then return self end
  read(self, path)
  if self.account and self.account ~= account then
    return nil, ("%s is of the account %s: give another --journal"):format(path, self.account)
  end
  local file, why = io.open(path, "a")
  if not file then return nil, why end
  file:setvbuf "no"
  self.file = file
  local fine, fault = write_head(self, account)
  if not fine then return nil, path .. ": " .. fault end
  return self
end

--- The id of the token whose value this is, or nil.
function Memory:recall(value)
  return self.file and self.known[self:mark(value)] or nil
end

local function refusal(self, value, place) return self:mark(value) .. " not_accepted " .. place end

--- Whether a value was refused in an account, or as a "user"'s.
function Memory:is_refused(value, place)
  return self.file ~= nil and self.refused[refusal(self, value, place)] or false
end

--- Learns whose a value is; nil and why where it was not written.
function Memory:learn(value, id)
  if not self.file then return true end
  return write(self, self:mark(value) .. " " .. id)
end

--- Learns that it was refused there.
function Memory:learn_refusal(value, place)
  if self.file then write(self, refusal(self, value, place)) end
end

--- A read shows the token.
function Memory:note_seen(id)
  if not self.seen[id] then write(self, "seen " .. id) end
end

--- Whether an earlier run has seen the token.
function Memory:has_seen(id) return self.seen[id] or false end

--- One value was refused just now.
function Memory:count_refusal() write(self, "refused " .. os.time()) end

--- How many refusals of earlier runs, in the last `window` seconds, still count; and in how many seconds one less will.
function Memory:refusals(window)
  local count, wait, now = 0, 0, os.time()
  for _, time in ipairs(self.times) do
    if time > now - window then
      count = count + 1
      if wait == 0 then wait = time + window - now end
    end
  end
  return count, wait
end

return Memory
