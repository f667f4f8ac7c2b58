-- create, update and roll: what makes or changes a token. Once the request that changes something may have taken
-- effect, none of them sends it again; whatever else it asks only reads, so that a lost answer can be told from one
-- that never was. The rules:
--   - what the caller gave is copied before anything waits: nobody changes it meanwhile;
--   - whatever is wrong with the arguments, names of permission groups too, is said before anything changes;
--   - a lost answer stays `unknown` unless a later read proves what became of it, and is never repeated, but for the
--     roll of a create that may be recovered;
--   - once a secret is there, nothing that may want memory stands between it and the caller.
-- The operations of an account and of the user are these functions: `self` is the realm (realm.lua).
local core = ...
local policy, fields, timestamp, epoch = core.policy, core.fields, core.timestamp, core.epoch
local uptime, failure, inspect, rows, null = core.uptime, core.failure, core.inspect, core.rows, core.null
local copy, protected, all_tokens, enter = policy.copy, core.protected, core.all_tokens, core.realm.enter
local type, next, pairs, ipairs, pcall, tostring, error = type, next, pairs, ipairs, pcall, tostring, error
local sort = table.sort
local setmetatable, getmetatable, select = setmetatable, getmetatable, select

if core.jit then core.jit.off(true, true) end -- LuaJIT's compiler crashes where memory ends

local RECENT = 60     -- seconds: a token of a lost create was issued since so long before it was sent
local SECOND_LOOK = 1 -- seconds between two looks: a list may lag

local function get(self, id) return self:ask("get", id, self.task:options()) end

-- What the caller gave, as it is now. A table that is read by other means than its own fields stays, and is refused.
local function detached(value, seen)
  if type(value) ~= "table" then return value end
  local meta = getmetatable(value)
  if seen[value] or meta ~= nil and type(meta) ~= "table" then return seen[value] or value end
  local own = {}
  seen[value] = own
  for key, field in next, value do own[key] = detached(field, seen) end
  return setmetatable(own, meta)
end

-- What is sent.
local groups_of = setmetatable({}, { __mode = "k" }) -- client → realm and account → its permission groups
local DEFAULT = {} -- stands for the default client

local function cache_of(self)
  local client = self.task.client or DEFAULT
  groups_of[client] = groups_of[client] or {}
  return groups_of[client], self.prefix .. (self.account or "")
end

-- The API's list of permission groups: what is needed of it.
local function read_groups(self)
  local list, err = self:ask("permission_groups.list", {}, self.task:options())
  if not list then return nil, err end
  local groups = {}
  for _, one in ipairs(list) do
    if type(one) == "table" and type(one.name) == "string" and type(one.id) == "string" then
      groups[#groups + 1] = { id = one.id, name = one.name, scopes = one.scopes, is_selectable = one.is_selectable }
    end
  end
  local cache, key = cache_of(self)
  cache[key] = groups
  return groups
end

-- Gives the error of a read the name of the operation that was called; `words` stand before its own.
local function rename(self, err, words)
  err.message = ("cloudflare.%s: %s%s"):format(self.task.name, words, (err.message:gsub("^cloudflare%.[%w_.]+: ", "")))
  return nil, err
end

-- A read before the operation's own request failed, so that this is not sent.
local function unsent(self, what, err)
  err.outcome, err.safe_to_retry = "not_sent", true
  return rename(self, err, ("nothing was sent: %s could not be read first: "):format(what))
end

-- The token as it is before its operation; or nil and an error.
local function read_first(self, id)
  local token, err = get(self, id)
  if token then return token, err end
  if err.outcome == "not_found" then return rename(self, err, "") end
  return unsent(self, "the token", err)
end

-- The policies with every group given by its id. A list that does not have a name is read anew, once.
local function resolve(self, policies)
  local cache, key = cache_of(self)
  local resolved = cache[key] and policy.resolve(policies, cache[key])
  if resolved then return resolved end
  local groups, err = read_groups(self)
  if not groups then return unsent(self, "the permission groups", err) end
  local field, why
  resolved, field, why = policy.resolve(policies, groups)
  if not resolved then return self:refuse(field, why) end
  return resolved
end

local function set_dates(self, body)
  if body.expires_in ~= nil then
    if body.expires_on ~= nil then return self:refuse("expires_in", "give it or expires_on, not both") end
    local why
    body.expires_on, why = timestamp(body.expires_in, true)
    body.expires_in = nil
    if not body.expires_on then return self:refuse("expires_in", why) end
  end
  for _, name in ipairs { "not_before", "expires_on" } do
    if body[name] ~= nil then
      local date, why = timestamp(body[name])
      if not date then return self:refuse(name, why) end
      body[name] = date
    end
  end
  return true
end

-- The body to be sent, made of a detached copy; or nil and an error. Of an update, what `shown` has is no slip.
local function prepare(self, body, shown)
  local slip, why = fields.slip(body, shown)
  if slip then return self:refuse(slip, why) end
  local ready, err = set_dates(self, body)
  if not ready then return nil, err end
  if type(body.policies) == "table" and policy.needs_groups(body.policies) then
    body.policies, err = resolve(self, body.policies)
    if not body.policies then return nil, err end
  end
  fields.strip(body)
  return body
end

-- What is looked into after a lost answer may want memory that is not there: the call then ends with what it has.
-- Gives what `f` gives, or nothing. Any other error is the caller's own: of a `sleep`.
local function results_of(alive, ...)
  if alive then return ... end
  if (...) ~= "not enough memory" then error((...), 0) end
end

local function while_memory_lasts(f, ...) return results_of(protected(f, ...)) end

-- Whether the answer was lost, and may be looked for. One that only memory was missing for is with the error's call.
local function is_lost(self, err) return err.outcome == "unknown" and not err.call and not self.task:is_stopped() end

local function note_missing(envelope, asked, granted)
  if type(asked) == "table" then envelope.missing = policy.missing(asked, granted) end
end

-- How a token is compared with what was asked for.
local function is_nothing(value)
  return value == nil or value == null or type(value) == "table" and next(value) == nil
end

-- Whether two values are alike. Null, an empty table and nothing are.
local function alike(a, b)
  if is_nothing(a) or is_nothing(b) then return is_nothing(a) and is_nothing(b) end
  if type(a) ~= "table" or type(b) ~= "table" then return a == b end
  for key, value in pairs(a) do
    if not alike(value, b[key]) then return false end
  end
  for key, value in pairs(b) do
    if a[key] == nil and not is_nothing(value) then return false end
  end
  return true
end

local function same_moment(a, b)
  if is_nothing(a) or is_nothing(b) then return is_nothing(a) and is_nothing(b) end
  return epoch(a) ~= nil and epoch(a) == epoch(b)
end

local COMPARED = { policies = policy.same, not_before = same_moment, expires_on = same_moment }
local CLEARED = { "condition", "not_before", "expires_on" } -- what a body leaves out of these is nothing afterwards

-- Whether a token has what a body asked for, but for its policies.
local function has_settings(body, token)
  for name, value in pairs(body) do
    if name ~= "policies" and not (COMPARED[name] or alike)(value, token[name]) then return false end
  end
  for _, name in ipairs(CLEARED) do
    if body[name] == nil and not is_nothing(token[name]) then return false end
  end
  return true
end

local function is_as_asked(body, token)
  return has_settings(body, token) and policy.same(body.policies, token.policies)
end

-- What create does.

-- Puts into `found` the tokens that the lost create may have made: of its name, issued since, never used. Their age is
-- told by the server's clock, and that of the create by one that goes on while the machine is suspended, which is an
-- ordinary way to lose an answer.
local function look(self, body, began, found)
  local tokens, date = all_tokens(self, { include_expired = true })
  if not tokens then return nil, date end
  if not date then return nil, failure("response", "failed", self.task.name, "the answer does not tell the time") end
  local since = date - (uptime() - began) - RECENT
  for _, token in ipairs(tokens) do
    local issued = token.name == body.name and is_nothing(token.last_used_on) and epoch(token.issued_on)
    found[token.id] = issued and issued >= since and token or nil
  end
  return true
end

-- Sets err.candidates, and where nobody could look, twice, err.candidates_error.
local function look_twice(self, body, began, err)
  local found, list = {}, {}
  local looked, why = look(self, body, began, found)
  if looked then
    self.task:rest(SECOND_LOOK)
    looked, why = look(self, body, began, found)
  end
  for id, token in pairs(found) do
    if not err.id or err.id == id then list[#list + 1] = token end
  end
  sort(list, function(a, b) return a.id < b.id end)
  if looked or list[1] then err.candidates = list end
  if not looked then err.candidates_error = why end
end

-- The one token that may be taken for the lost one: nobody else's of that name, by all that it has.
local function sole_candidate(err, body)
  local list = not err.candidates_error and err.candidates
  local only = list and #list == 1 and list[1]
  local is_ours = only and has_settings(body, only) and not policy.missing(only.policies, body.policies)
  return is_ours and only
end

-- Rolls it. The result is there before the secret is.
local function recover(self, only, err, body)
  local token, shown = copy(only), copy(only)
  token.value, token.recovered, shown.value = "", true, "[redacted]"
  local value, envelope = self:ask("roll", only.id, self.task:options())
  if value then
    token.value, envelope.result = value, shown
    pcall(note_missing, envelope, body.policies, only.policies)
    return token, envelope
  end
  if envelope.call then return nil, envelope end -- it has the secret
  err.recover_error = envelope
  return nil, err
end

local function create(task, ...)
  local self, params = enter(task, ...)
  local body, fault = prepare(self, params)
  if not body then return nil, fault end
  local options, began = task:options(), uptime()
  local token, err = self:ask("create", body, options)
  if token then
    pcall(note_missing, err, body.policies, token.policies) -- `err` is the envelope
    return token, err
  end
  if not is_lost(self, err) then return nil, err end
  while_memory_lasts(look_twice, self, body, began, err)
  local only = task.own.recover and while_memory_lasts(sole_candidate, err, body)
  if not only or task:is_stopped() then return nil, err end
  local recovered, detail = while_memory_lasts(recover, self, only, err, body)
  return recovered, detail or err
end

-- What update does.
local KEPT = { active = true, disabled = true } -- what a request may say of a token's status

-- A put without a status brings a token to life. So one that is disabled (`status`, as it was read) is put as disabled;
-- for one that is neither active nor disabled the body must say which: an error where it does not.
local function keep_status(self, body, status)
  if not is_nothing(body.status) then status = body.status end
  if not KEPT[status] then
    local why = "the token is %s: give \"active\" or \"disabled\" to change it all the same"
    return select(2, self:refuse("status", why:format(tostring(status))))
  end
  if status == "disabled" then body.status = status end
end

-- Puts the attempts of an earlier call before a later one's: the outcome rests on both.
local function prepend(http, earlier)
  local trace = {}
  for _, one in ipairs(earlier.trace) do trace[#trace + 1] = one end
  for _, one in ipairs(http.trace) do trace[#trace + 1] = one end
  http.trace, http.attempts = trace, #trace
end

-- After a put whose answer was lost: the token, where it is as asked; else the error tells how it is.
local function look_after(self, id, body, err)
  local token, envelope = get(self, id)
  if not token then return nil, err end
  if is_as_asked(body, token) then
    prepend(envelope.http, err.http)
    return token, envelope
  end
  err.current = token
  return nil, err
end

local function put(self, id, body)
  local token, err = self:ask("update", id, body, self.task:options())
  if token then
    pcall(note_missing, err, body.policies, token.policies) -- `err` is the envelope
    return token, err
  end
  if not is_lost(self, err) then return nil, err end
  local found, detail = while_memory_lasts(look_after, self, id, body, err)
  return found, detail or err
end

-- Replaces all that can be set. What a token shows may be put as it is, so that no name in it is a slip.
local function put_table(self, id, params)
  local body, err = prepare(self, params, params)
  if not body then return nil, err end
  local status
  if is_nothing(body.status) then
    local token, why = read_first(self, id)
    if not token then return nil, why end
    status = token.status
  end
  err = keep_status(self, body, status)
  if err then return nil, err end
  return put(self, id, body)
end

-- Why a token is not to be put: it is not as it was.
local function change_since(self, id, before)
  local token, err = read_first(self, id)
  if not token then return err end
  fields.strip(before.settable)
  if token.modified_on == before.modified_on and is_as_asked(before.settable, token) then return nil end
  err = failure("api", "not_sent", self.task.name, "nothing was sent: somebody changed the token meanwhile")
  err.current = token
  return err
end

-- Reads, has it edited, and puts it, unless somebody changed it in between.
local function put_edited(self, id, edit)
  local token, err = read_first(self, id)
  if not token then return nil, err end
  local before = { modified_on = token.modified_on, settable = detached(token, {}), shown = detached(token, {}) }
  local status = token.status
  local edited = edit(token)
  if type(edited) ~= "table" then return self:refuse("params", "the function must return the token") end
  local body
  body, err = prepare(self, detached(edited, {}), before.shown)
  if not body then return nil, err end
  err = keep_status(self, body, status) or change_since(self, id, before)
  if err then return nil, err end
  return put(self, id, body)
end

local function update(task, ...)
  local self, id, params = enter(task, ...)
  if task.extra then return put_edited(self, id, task.extra) end
  return put_table(self, id, params)
end

-- What roll does.

-- Reads the token first: `true, token, envelope`, the token where it could be read; or nil and why it is not rolled.
local function may_roll(self, id, own)
  if own.revive and not own.old then return true end
  local token, envelope = read_first(self, id)
  if own.revive then return true, token, envelope end
  if not token then return nil, envelope end
  if KEPT[token.status] then return true, token, envelope end
  return self:refuse("revive", ("the token is %s, and a roll may bring it back to life: give true to do so"):format(
    tostring(token.status)))
end

-- Whether a refusal of the old value would prove something later: it is this token's, is accepted now, and is so old
-- that it is known everywhere. Nil and an error where it is another's.
local function is_witness(self, id, token, envelope)
  local date, modified = token and envelope.http.date, token and epoch(token.modified_on)
  local found = self:ask("identify", self.task.own.old, self.task:options())
  if found and found.id ~= id then return self:refuse("old", "the value of another token; nothing was sent") end
  return found and date and modified and date - modified >= RECENT and true or false
end

-- Whether the old value is refused, twice, while the token is as active as it was.
local function is_replaced(self, id)
  for i = 1, 2 do
    if i > 1 then self.task:rest(SECOND_LOOK) end
    local found, err = self:ask("identify", self.task.own.old, self.task:options())
    if found or err.reason ~= "not_accepted" then return false end
  end
  local token = get(self, id)
  return token and token.status == "active"
end

local function check_old(self, old)
  if not inspect(rows[self.prefix .. "identify"], self.task.client, nil, self:within(old)) then return true end
  return self:refuse("old", "not a token's value")
end

local function roll(task, ...)
  local self, id = enter(task, ...)
  local own = task.own
  local allowed, token, envelope = true, nil, nil
  if own.old then allowed, token = check_old(self, own.old) end
  if allowed then allowed, token, envelope = may_roll(self, id, own) end
  if not allowed then return nil, token end
  local witness, err
  if own.old then
    witness, err = is_witness(self, id, token, envelope)
    if err then return nil, err end
  end
  local value, detail = self:ask("roll", id, task:options())
  if value or not is_lost(self, detail) then return value, detail end
  if witness and while_memory_lasts(is_replaced, self, id) then detail.rolled = true end
  return nil, detail
end

-- What the caller gave in place of params, for the check and for the body.
local function take_params(params) return detached(params, {}) end

local function take_params_or_function(params)
  if type(params) == "function" then return {}, params end
  return take_params(params)
end

for _, prefix in ipairs { "tokens.", "user.tokens." } do
  core.composites[prefix .. "create"] =
    { options = { recover = "boolean" }, changes = true, body = create, take = take_params }
  core.composites[prefix .. "update"] = { options = {}, changes = true, body = update, take = take_params_or_function }
  core.composites[prefix .. "roll"] = { options = { old = "secret", revive = "boolean" }, changes = true, body = roll }
end
