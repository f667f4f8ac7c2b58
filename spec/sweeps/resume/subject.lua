-- What the resume sweep kills: a run of delete_many that goes on from its journal, and that ends this process by
-- SIGKILL at a stage, when that has come for the `number`th time. At no stage that is known here, somebody else does.
local path, run, stage, number, ids = arg[1], arg[2], arg[3], tonumber(arg[4]), { select(5, ...) }
local cloudflare = require "cloudflare"
local socket = require "socket"

local pid = io.open "/proc/self/stat":read "*n"

local function die() os.execute(("kill -9 %d"):format(pid)) end

local function reach(name)
  if name ~= stage then return end
  number = number - 1
  if number == 0 then die() end
end

local function is_torn()
  local last = assert(io.open(path)):read "a":sub(-1)
  return last ~= "" and last ~= "\n"
end

-- The stages at which a part of a line has been written.
local function tear(name, id, word)
  if name ~= stage then return end
  number = number - 1
  if number > 0 then return end
  local file, line = assert(io.open(path, "a")), id .. " " .. word .. "\n"
  file:write(is_torn() and " torn\n" or "", line:sub(1, 1 + tonumber(id:sub(-4), 16) % (#line - 1)))
  file:close()
  die()
end

local written = assert(cloudflare.journal(path))

local function journal(id, word)
  local what = word == "sending" and "sending" or "end"
  reach("before the " .. what .. " is noted")
  tear("while the " .. what .. " is noted", id, word)
  local fine, why = written(id, word)
  reach("once the " .. what .. " is noted")
  return fine, why
end

local cf = assert(cloudflare.new {
  base_url = os.getenv "SANDBOX_TLS_BASE_URL", ca_path = os.getenv "SANDBOX_CA_PATH", user_agent = run,
  on_event = function(event)
    if event.operation == "tokens.delete" and event.method then reach "once an answer has come" end
  end,
})

local work = assert(cloudflare.report_of(path))
for _, id in ipairs(ids) do work[#work + 1] = id end
assert(cf.tokens.delete_many(nil, work, {
  journal = journal,
  sleep = function(seconds)
    socket.sleep(seconds)
    reach "while requests are in flight"
  end,
  keep = stage == "while a token is looked at" and function() reach(stage) end or nil,
  progress = function() reach "once progress was told" end,
}))
