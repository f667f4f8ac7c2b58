-- A realm is where tokens live: an account, or the user. The user's operations have the names of an account's with
-- "user." before them, and take no account as their first argument. They differ in nothing else here, so that what
-- makes its requests through a realm is written once for both.
local core = ...
local setmetatable, select = setmetatable, select

if core.jit then core.jit.off(true, true) end -- LuaJIT's compiler crashes where memory ends

local realm = {}
realm.__index = realm

--- The realm of the user, or of an account: nil stands for the client's own.
local function new(task, is_user, account)
  local prefix = is_user and "user.tokens." or "tokens."
  return setmetatable({ task = task, prefix = prefix, is_user = is_user, account = account }, realm)
end

--- What a body begins with: the realm of its task, and the arguments behind the account.
local function enter(task, ...)
  if task.name:find "^user%." then return new(task, true), ... end
  return new(task, false, (...)), select(2, ...)
end

--- The arguments of an operation of this realm: behind the account, if it is one.
function realm:within(...)
  if self.is_user then return ... end
  return self.account, ...
end

--- One request by its verb: `result, envelope`, or `nil, err`.
function realm:ask(verb, ...) return self.task:ask(self.prefix .. verb, self:within(...)) end

--- The same, begun only: gives the call.
function realm:begin(verb, ...) return self.task:begin(self.prefix .. verb, self:within(...)) end

function realm:refuse(argument, message) return self.task:refuse(argument, message) end

return { new = new, enter = enter }
