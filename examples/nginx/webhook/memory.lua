-- What is remembered of values and deliveries, in nginx's shared memory, for all workers. A value is never kept: its
-- digest is, under a key that follows from the senders' secrets, so that it stays the same when nginx is reloaded.
local ffi = require "ffi"
local crypto = require "webhook.crypto"
local settings = require "webhook.settings"

ffi.cdef "int kill(int pid, int signal);"

local NO_SUCH_PROCESS = 3 -- ESRCH
local DAY = 86400
local AGAIN = 1800 -- seconds until a value that was not accepted is asked about again: each time risks a lock-out
local BUSY = 10    -- seconds for which a delivery is taken for one being worked on

local shared = ngx.shared.webhook
local memory = {}

local function key_of(value)
  local key = ("%s %s %s"):format(settings.notices_secret, settings.gitlab_token, settings.github_secret)
  return "value " .. crypto.hmac(key, value)
end

--- What became of a value: word and id; nil where nothing is known.
function memory.recall(value)
  local said = shared:get(key_of(value))
  if said then return said:match "^(%S+) ?(%S*)$" end
end

function memory.note_dead(value, word, id)
  shared:set(key_of(value), word .. " " .. id, DAY)
end

function memory.note_not_accepted(value)
  shared:set(key_of(value), "not_accepted", AGAIN)
end

--- Lets an alert rest until the value that it names, which was not accepted, may be asked about again.
function memory.let_rest(name) shared:set("doubt " .. name, true, AGAIN) end

function memory.is_resting(name) return shared:get("doubt " .. name) ~= nil end

--- The word for an id that was deleted here, whoever's notice it was.
function memory.word_of(id) return (shared:get("id " .. id)) end

function memory.note_deleted(id, word) shared:set("id " .. id, word, DAY) end

-- A delivery's id is not signed, so whoever replays a body may choose another: the signature itself is remembered too.
local function keys_of(delivery, signature) return "delivery " .. delivery, "signature " .. signature:lower() end

--- Whether a delivery is a new one. It counts as known when it is confirmed, and until then for a few seconds.
function memory.is_new(delivery, signature)
  local one, other = keys_of(delivery, signature)
  return (shared:add(one, true, BUSY)) and (shared:add(other, true, BUSY)) or false
end

function memory.confirm(delivery, signature)
  for _, key in ipairs { keys_of(delivery, signature) } do shared:set(key, true, 3 * DAY) end
end

function memory.forget(delivery, signature)
  for _, key in ipairs { keys_of(delivery, signature) } do shared:delete(key) end
end

local function is_alive(pid) return ffi.C.kill(pid, 0) == 0 or ffi.errno() ~= NO_SUCH_PROCESS end

-- Of several who see that the holder is dead, one follows it.
local function take_over(key, seconds)
  local holder = shared:get(key)
  if not holder or is_alive(holder) or not shared:add(key .. " after " .. holder, true, seconds) then return false end
  return shared:set(key, ngx.worker.pid(), seconds)
end

--- One at a time: true where nobody holds the lock, or who held it is dead. It ends by itself after so many seconds.
function memory.lock(name, seconds)
  local key = "lock " .. name
  return shared:add(key, ngx.worker.pid(), seconds) or take_over(key, seconds)
end

function memory.unlock(name) shared:delete("lock " .. name) end

return memory
