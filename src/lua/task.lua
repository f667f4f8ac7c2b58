-- Operations that make several requests and count as one call. A body is a Lua function that makes requests through
-- its task and waits between them. The plain form runs the body in the caller's own coroutine, so that functions of
-- the caller's may yield there. Under async the body runs in a coroutine of its own, and every step resumes those
-- whose wait is over; in nginx it runs in a timer of its own instead and waits as a plain one does, because what a
-- function of the caller's asks of nginx belongs to the request or timer in which it runs. The rules:
--   - what the caller holds of a task (a handle) has the methods of a call; dropping it does not cancel the task:
--     the list of tasks holds it until its body has returned;
--   - a task is stopped once it is cancelled, its client is closed, or the process is not the one that began it:
--     then its requests have ended, nothing waits, and no request begins;
--   - a child process never resumes its parent's tasks, and on_event never resumes any;
--   - under async a body notes by itself what it awaits and what it ends with: an error that strikes whoever steps (an
--     interrupt, want of memory) leaves every task whole, and one that never began is forgotten;
--   - where memory ends behind a request that changes something, the result is an error that has the request's call;
--   - the credential is sealed once a task; no Lua value that a body can reach holds its text.
-- ended, answer, step and the methods of a call reach a handle by its done(), answer() and sleep.
local core, nginx = ...
local begin, ended, next_ended, answer = core.begin, core.ended, core.next_ended, core.answer
local rows, failure = core.rows, core.failure
local now, engine, is_busy, is_closed, tasks = core.now, core.engine, core.is_busy, core.is_closed, core.tasks
local note_end, engine_timeout, engine_pollfd, changes =
  core.note_end, core.engine_timeout, core.engine_pollfd, core.changes
local quota_rest, ends, tell_unsent = core.quota_rest, core.ends, core.tell_unsent
local peek, deleted, bears, took = core.peek, core.deleted, core.bears, core.took
local type, error, pairs, select, tostring = type, error, pairs, select, tostring
local getmetatable, setmetatable = getmetatable, setmetatable
local min, max, huge, unpack, remove = math.min, math.max, math.huge, table.unpack or unpack, table.remove
local create, resume, yield, status = coroutine.create, coroutine.resume, coroutine.yield, coroutine.status
local running, pcall = coroutine.running, pcall

if core.jit then core.jit.off(true, true) end -- LuaJIT's compiler crashes where memory ends

local RELAUNCH = 1 -- seconds
local YIELDS_ACROSS_PCALL = core.jit ~= nil or _VERSION ~= "Lua 5.1"
local NO_MEMORY = "not enough memory"

-- The stack of a task that rests may be shrunk: it is grown whenever its body goes on.
local grow_stack = core.jit and core.grow_stack or function() end

local AWAITS = tasks -- what a body yields; anything else is the yield of a function of the caller's

local function pack(...) return { n = select("#", ...), ... } end

--- As pcall, and a function that yields may do so, also where pcall cannot be yielded across: in plain Lua 5.1.
core.protected = pcall
if not YIELDS_ACROSS_PCALL then
  local function carry(thread, alive, ...)
    if status(thread) == "dead" then return alive, ... end
    return carry(thread, resume(thread, yield(...)))
  end
  function core.protected(f, ...)
    if not running() then return pcall(f, ...) end
    local thread = create(function(...) return f(...) end)
    return carry(thread, resume(thread, ...))
  end
end

-- What a body sees of its task.
local task = {}
task.__index = task

--- Whether nothing more may begin: the task was cancelled, its client closed, or this is a child process.
function task:is_stopped()
  self.cancelled = self.cancelled or is_closed(self.client) or engine() ~= self.engine
  return self.cancelled
end

--- Ends it for a bad value, of which the listener is told: `nil, err`.
function task:end_unsent(err)
  tell_unsent(self.client, self.name)
  return nil, err
end

function task:refuse(argument, message)
  local err = failure("argument", "not_sent", self.name, argument .. ": " .. message)
  err.argument = argument
  return self:end_unsent(err)
end

-- What a task that does not begin a request has instead of its call.
local function refused(name)
  local err = failure("cancelled", "not_sent", name, "cancelled: nothing was sent")
  return { done = function() return true end, cancel = function() return false end,
    answer = function() return nil, err end }
end

--- Begins a request by the name of its operation; gives the call, also where it has ended before it began.
function task:begin(name, ...)
  if self:is_stopped() then return refused(name) end
  local row = rows[name]
  local call = begin(row, self.client, true, self.credential, ...)
  self.calls[call] = changes(row)
  if self:is_stopped() then call:cancel() end -- meanwhile, by a finalizer: that did not know of this call
  return call
end

function task:wait(awaited, limit, sleeper)
  if awaited:done() or limit and now() >= limit then return end
  if not self.thread then return core.wait_for(awaited, self.sleep, limit, sleeper) end
  self.awaited, self.due = awaited, limit or false
  yield(AWAITS)
  grow_stack()
end

--- Waits until one of `calls` has ended, `limit` (a time of core.now) has come, or the task is stopped.
function task:await(calls, limit)
  local heard, found -- how many calls had ended when these were last looked at
  local awaited = {
    done = function()
      local count = ends()
      if count ~= heard then heard, found = count, next_ended(calls, 1) ~= nil end
      return found or self:is_stopped()
    end,
    answer = function() end,
  }
  self:wait(awaited, limit)
end

--- Seconds that a run rests for its quota before one request more, while `in_flight` others are not answered.
function task:quota_rest(in_flight)
  if self:is_stopped() then return 0 end
  return quota_rest(self.client, self.credential, in_flight)
end

--- Waits for `seconds`.
function task:rest(seconds) self:await({}, now() + seconds) end

local function let_go(self, call)
  if call:cancel() and self.calls[call] then self.changed = true end
  self.calls[call] = nil
end

--- The answer of a call that has ended: `result, envelope`, or `nil, err`.
function task:take(call)
  let_go(self, call)
  return answer(call)
end

--- Whether it has ended as deleted: then it is taken, and its answer is not built.
function task:take_deleted(call)
  if type(call) ~= "userdata" or not deleted(call) then return false end -- one that never began is a table
  let_go(self, call)
  return true
end

local function may_have_changed(self)
  return self.asked and self.asked:cancel() and self.asked_changes
end

-- What is told where memory ends before the answer of a request that changes something has been taken.
local function spare_error(self)
  local err = failure("host", "unknown", self.name,
    "Lua ran out of memory before the answer was taken; `call` has it: ask it again by call:wait()")
  err.call = false
  return err
end

-- The spare error, with the call that may have brought a new secret; nil where no request that changes something left.
local function rescue(self)
  local call = self.asked_changes and self.asked or self.bearer
  if not call then return nil end
  self.spare.call, self.changed, self.bearer = call, true, false
  return self.spare
end

local function perform(self, row, sleeper, ...)
  self.asked = begin(row, self.client, true, self.credential, ...)
  self:wait(self.asking, nil, sleeper)
  if may_have_changed(self) then self.changed = true end
  local call = self.asked
  if bears(call) then self.bearer = call end
  self.asked = false
  return peek(call)
end

local function performed(self, alive, ...)
  if alive then return ... end
  local err = (...) == NO_MEMORY and rescue(self)
  if err then return nil, err end
  error((...), 0)
end

--- One request, begun and awaited. What that needs is there before: once the request has left, its answer may be the
--- only place of a secret. (Where a `sleep` could not yield, in plain Lua 5.1, want of memory is raised.)
function task:ask(name, ...)
  if self:is_stopped() then return refused(name):answer() end
  local sleeper = nginx and not self.sleep and nginx.new_sleeper()
  local row = rows[name]
  self.asked, self.asked_changes = false, changes(row)
  if self.asked_changes then self.spare = spare_error(self) end
  if self.thread or self.sleep and not YIELDS_ACROSS_PCALL then return perform(self, row, sleeper, ...) end
  return performed(self, pcall(perform, self, row, sleeper, ...))
end

local function call_apart(self, f, ...)
  local thread = create(function(...)
    grow_stack()
    return f(...)
  end)
  local alive, said, why = resume(thread, ...)
  if status(thread) == "suspended" then return false, self.misuse end
  return alive, said, why
end

--- Calls a function of the caller's as pcall does, for two results. Under async one that yields would suspend the body
--- for good, with requests in flight: there it runs in a coroutine of its own, and to yield is its error.
function task:call(f, ...)
  if not self.thread then return core.protected(f, ...) end
  local has_memory, alive, said, why = pcall(call_apart, self, f, ...)
  if not has_memory then return false, alive end
  return alive, said, why
end

--- A new secret among the results has reached the caller; otherwise it is lost with the call that bears it.
function task:hand_over() took(self.bearer) end

--- The options of one request: the call's own, with what is left of the whole timeout, and with `extra` over them.
function task:options(extra)
  local options = {}
  for name, value in pairs(self.given) do options[name] = value end
  options.timeout = max(self.limit - now(), 1e-9) -- the least ends at once: there is no time to send
  for name, value in pairs(extra or {}) do options[name] = value end
  return options
end

-- Under async: the list, and how it is advanced.
-- Room for the results was made with the task: where memory has ended they are not lost.
local function finish(self, result, detail)
  self.room[1], self.room[2] = result, detail
  self.results = self.room
  self.thread, self.awaited, self.due = false, false, false
  note_end()
end

local function fail(self, message)
  local err = message == NO_MEMORY and rescue(self)
  if not err then self.failed, self.raised = true, message end
  for _, is_change in pairs(self.calls) do self.changed = self.changed or is_change end -- those go on without it
  finish(self, nil, err or nil)
end

local function run(self, body, ...)
  grow_stack()
  finish(self, body(self, ...))
end

local function heed(self, alive, said)
  if self.results then return end
  if not alive then return fail(self, said) end
  if said ~= AWAITS then fail(self, self.misuse) end
end

local function advance_one(self, ...) heed(self, resume(self.thread, ...)) end

local function never_began(self) return self.thread and not self.awaited and status(self.thread) == "suspended" end

local function is_over(self) return self.results or self.engine ~= engine() or never_began(self) end

-- Seconds until a task wants to go on; nil for one that is running or another process's.
local function left(self)
  if self.results or not self.thread or self.engine ~= engine() then return nil end
  local state = status(self.thread)
  if state == "dead" then return 0 end -- of an error that nobody heeded
  if state ~= "suspended" or not self.awaited then return nil end
  if self.awaited:done() then return 0 end
  return self.due and self.due - now() or huge
end

--- Seconds until the first task wants to go on.
function tasks.due()
  local due = huge
  for i = 1, #tasks do due = min(due, left(tasks[i]) or huge) end
  return due > 0 and due or 0
end

--- Resumes every task whose wait is over; how many there are still.
function tasks.advance()
  local i = 1 -- one that cancels another shortens the list; whoever is missed has its turn at the next step
  while i <= #tasks do
    if (left(tasks[i]) or 1) <= 0 then advance_one(tasks[i]) end
    if tasks[i] and tasks[i].launch then tasks[i].launch() end
    i = i + 1
  end
  for k = #tasks, 1, -1 do
    if is_over(tasks[k]) then remove(tasks, k) end
  end
  return #tasks
end

-- What the caller holds.
local handle = {}
handle.__index = handle

-- Whether it is one of this task's own functions that asks.
local function is_within(self)
  if self.results then return false end
  if not self.thread then return self.within and self.within == running() end
  local state = status(self.thread)
  return state == "running" or state == "normal" -- where that function has resumed another
end

local function is_foreign(self) return not self.results and self.engine ~= engine() end

function handle:done() return self.task.results and true or is_foreign(self.task) end

function handle:answer()
  local own = self.task
  if is_foreign(own) then
    return nil, failure("host", own.outcome, own.name,
      "this call belongs to the process that began it; only that one learns its outcome")
  end
  if own.failed then error(own.raised, 0) end
  if own.bearer then own:hand_over() end
  return own.results[1], own.results[2]
end

--- Whether anything may have been sent by a request that changes something. An ended call stays as it is.
function handle:cancel()
  local own = self.task
  if own.results then return own.changed end
  own.cancelled = true
  for call, is_change in pairs(own.calls) do
    if call:cancel() and is_change then own.changed = true end
  end
  if may_have_changed(own) then own.changed = true end
  if not is_busy() then tasks.advance() end
  if nginx then note_end() end -- rouses it
  return own.changed
end

function handle:pollfd()
  if not self:done() then return engine_pollfd() end
end

function handle.events() return "r" end

function handle:timeout()
  if self:done() then return 0 end
  local seconds = min(engine_timeout() or huge, left(self.task) or huge)
  if seconds < huge then return seconds > 0 and seconds or 0 end
end

function handle:__tostring()
  local results = self.task.results
  local detail = results and (results[2] or results[1])
  return ("cloudflare.call: %s (%s)"):format(self.task.name,
    tostring(not results and "pending" or type(detail) == "table" and detail.outcome or "ended"))
end

--- A call that ended before it began.
local function stillborn(name, ...)
  return setmetatable({ task = { name = name, results = { ... }, changed = false } }, handle)
end

--- Why a caller must not wait for that call; nil where it may.
local function wait_fault(call)
  if getmetatable(call) == handle and is_within(call.task) then
    return "call:wait() from inside a function that this very call waits for"
  end
end

--- The operations of several requests by name, each with its own options (name → type) and its body. What it gives
--- in place of `nil, err` for a bad value is up to `refused`. The public function may stand behind another that `wrap`
--- makes, which hands on the arguments of the row and one more for the body, `extra` of its task.
core.composites = {}

local composite = { stillborn = stillborn, handle = handle, wait_fault = wait_fault }

--- A task by its fields: name, outcome (what a child process is told), client, credential, sleep, async, limit, given
--- (the options that its requests have) and own (those that only it has).
function composite.new(self)
  self.calls, self.changed = {}, false
  self.asked, self.asked_changes, self.spare = false, false, false
  self.thread, self.awaited, self.due, self.failed, self.raised = false, false, false, false, false
  self.within = false
  self.asking = {
    done = function() return ended(self.asked) or self:is_stopped() end,
    answer = function() end,
  }
  self.room, self.results, self.bearer = { false, false }, false, false
  self.engine = engine(true)
  return setmetatable(self, task)
end

-- nginx may accept a timer and drop it (lua_max_running_timers): one that has not begun in time is asked for again.
local function prepare_timer(self, body, ...)
  local asked, arguments = -huge, pack(...)
  local function begin_body(premature)
    if not self.launch then return end
    self.launch, self.cancelled, self.within = nil, self.cancelled or premature, running()
    local alive, said = pcall(run, self, body, unpack(arguments, 1, arguments.n))
    if not alive then fail(self, said) end
  end
  function self.launch()
    if now() - asked < RELAUNCH then return end
    asked = now()
    nginx.launch(begin_body)
  end
end

--- Begins a task that runs by itself; gives the handle, which is there before.
function composite.start(self, body, ...)
  local own = setmetatable({ task = self, sleep = self.sleep }, handle)
  self.misuse = "cloudflare." .. self.name .. ": a function that was given to it yielded; under async none may"
  if nginx then prepare_timer(self, body, ...)
  else self.thread = create(run) end
  tasks[#tasks + 1] = self
  if nginx then self.launch()
  else advance_one(self, self, body, ...) end
  return own
end

return composite
