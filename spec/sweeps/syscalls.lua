-- Every system call of a deletion fails once, with each errno that is plausible for it. The process
-- must end by itself and say how the call ended, and the sandbox must not know better.
local socket = require "socket"
local Sweep = require "spec.support.sweep"
local sandbox = require "spec.support.sandbox"

local SHARE = 40
local AT_ONCE = 6  -- some wait for the clock
local LONGEST = 60 -- seconds: more is a hang

local SUBJECT = "lua5.4 spec/sweeps/syscalls/subject.lua"

local read = "EINTR EAGAIN ECONNRESET ETIMEDOUT ENOMEM EIO"
local write = "EINTR EAGAIN ECONNRESET EPIPE ETIMEDOUT ENOMEM ENOBUFS EIO"
local file = "EACCES ENOENT EMFILE ENFILE ENOMEM EIO EINTR"
local descriptors = "EMFILE ENFILE ENOMEM"

-- Calls that cannot fail are not named, nor is futex: all that a deletion makes of them wake a thread.
local ERRNOS = {
  socket = "EMFILE ENFILE ENOBUFS ENOMEM EACCES EAFNOSUPPORT",
  connect = "ECONNREFUSED ENETUNREACH EHOSTUNREACH ETIMEDOUT EACCES EADDRNOTAVAIL EINTR EAGAIN ENOBUFS ECONNRESET",
  getsockname = "ENOBUFS", getpeername = "ENOBUFS ENOTCONN",
  getsockopt = "ENOBUFS EINVAL", setsockopt = "ENOPROTOOPT EINVAL ENOMEM",
  fcntl = "EAGAIN EINVAL", ioctl = "ENOTTY EINVAL",
  epoll_create1 = descriptors, eventfd2 = descriptors, socketpair = descriptors, pipe2 = descriptors,
  epoll_ctl = "ENOMEM ENOSPC EPERM", epoll_wait = "EINTR", epoll_pwait = "EINTR", poll = "EINTR ENOMEM",
  sendto = write, sendmsg = write, write = write, writev = write,
  recvfrom = read, recvmsg = read, read = read, pread64 = read,
  close = "EINTR EIO",
  mmap = "ENOMEM", munmap = "ENOMEM", mremap = "ENOMEM", mprotect = "ENOMEM",
  brk = "=0", -- not an errno: it returns what cannot be where it was asked to move the break
  clone = "EAGAIN ENOMEM", clone3 = "EAGAIN ENOMEM",
  openat = file, access = file, faccessat2 = file, newfstatat = file, fstat = "EIO ENOMEM", stat = file,
  getdents64 = "EIO ENOENT", lseek = "EINVAL", readlink = file,
  getrandom = "EINTR EAGAIN ENOSYS",
  rt_sigaction = "EINVAL", rt_sigprocmask = "EINVAL",
}

local function strace(options, over, id)
  return ("timeout %d strace -f -qq %s %s %s %s 2>&1"):format(LONGEST, options, SUBJECT, over, id)
end

local function run(command)
  local pipe = assert(io.popen(command))
  local said = pipe:read "a"
  local _, how, code = pipe:close()
  return said, how, code
end

-- The calls of a deletion in their order, each with its number among those of its kind since the
-- process began: strace counts from there.
local function record(over)
  local path = os.tmpname()
  local said = run(strace("-o " .. path, over, sandbox.fresh()))
  local counts, calls, inside = {}, {}, false
  for line in io.lines(path) do
    local name = line:match "^%d+%s+([%w_]+)%("
    if name then counts[name] = (counts[name] or 0) + 1 end
    if line:find("/mark/", 1, true) then
      inside = line:find("/mark/begin", 1, true) ~= nil
    elseif inside and ERRNOS[name] then
      calls[#calls + 1] = { name = name, number = counts[name] }
    end
  end
  os.remove(path)
  if #calls == 0 then
    print("strace could not trace a deletion here; it needs leave to ptrace, and its Debian package: " .. said)
    os.exit(1)
  end
  assert(said:find "^outcome deleted", said)
  return calls
end

local function cases_over(over)
  local cases = {}
  for _, call in ipairs(record(over)) do
    for errno in ERRNOS[call.name]:gmatch "%S+" do
      cases[#cases + 1] = { over = over, call = call.name, number = call.number, errno = errno }
    end
  end
  return cases
end

local function begin(case)
  local result = case.errno:find "=" and "retval" .. case.errno or "error=" .. case.errno
  local options = ("-o /dev/null -e trace=%s -e inject=%s:%s:when=%d"):format(case.call, case.call, result, case.number)
  case.pipe = assert(io.popen(strace(options, case.over, case.id)))
end

local function finish(case)
  case.said = case.pipe:read "a"
  local _, how, code = case.pipe:close()
  case.ended = how .. " " .. code
  case.outcome = case.said:match "outcome (%S+)"
end

local function play(cases)
  local ids = sandbox.seed(#cases)
  for i, case in ipairs(cases) do
    case.id = ids[i]
    begin(case)
    if i > AT_ONCE then finish(cases[i - AT_ONCE]) end
  end
  for i = math.max(1, #cases - AT_ONCE + 1), #cases do finish(cases[i]) end
end

-- What the sandbox saw of each token.
local function truths()
  socket.sleep(0.3) -- what was sent before a case ended has arrived by now
  local seen = {}
  for _, entry in ipairs(sandbox.ledger()) do
    local known = seen[entry.token] == "deleted" or entry.effect == "deleted"
    if entry.method == "DELETE" then seen[entry.token] = known and "deleted" or "arrived" end
  end
  return seen
end

-- What the outcome cannot be, given what the sandbox saw.
local function is_false(outcome, truth)
  if outcome == "deleted" or outcome == "gone" then return truth ~= "deleted" end
  if outcome == "not_sent" then return truth ~= nil end
  return outcome ~= "unknown"
end

sandbox.reset()
local sweep = Sweep.new "system calls"
local cases = cases_over "plain"
for _, case in ipairs(cases_over "http2") do cases[#cases + 1] = case end
local definite = 0
cases = Sweep.share(cases, SHARE)
sandbox.reset()
play(cases)
local seen = truths()
for _, case in ipairs(cases) do
  local truth = seen[case.id]
  if case.outcome and case.outcome ~= "unknown" then definite = definite + 1 end
  sweep:check(case.ended == "exit 0" and not is_false(case.outcome, truth),
    ("%s %d over %s failed with %s: %s, %s; the sandbox saw: %s"):format(case.call, case.number, case.over, case.errno,
      case.ended, case.said, truth or "nothing"))
end
sweep:finish(("%d definite"):format(definite))
