-- Many deletions as one call. What is asked for is a list of ids; what is given back is a report with an outcome for
-- each. The rules:
--   - an id is told to the journal before the first byte that may delete it, and never forgotten afterwards;
--   - whatever stops a run (a credential, a lock-out, the caller's journal, keep or progress, the deadline, cancel)
--     keeps it from beginning anything more: what is in flight lands first, each within its timeout;
--   - an id that an earlier run left ambiguous ends only as deleted, gone, accepted or unknown, whatever this one says.
-- An item is one distinct id on its way: { id, outcome, err, earlier, shown, told, call, landed }, where `landed` is
-- what goes on once its call has ended.
local core = ...
local now, failure, credential_kind = core.now, core.failure, core.credential_kind
local ended, protected = core.ended, core.protected
local type, ipairs, tostring = type, ipairs, tostring
local min, max, huge, remove = math.min, math.max, math.huge, table.remove

if core.jit then core.jit.off(true, true) end -- LuaJIT's compiler crashes where memory ends

local FIRST_FLIGHTS, FLIGHTS = 8, 50 -- how many are in flight until ten were answered, and then
local ENOUGH_ANSWERED = 10
local PROBES = 3

local FINAL = { deleted = true, gone = true, not_found = true }
local AMBIGUOUS = { unknown = true, accepted = true }
local LOCKED_OUT, ADDRESS_OR_LOCK = 10502, 9109

-- Requests.
local function begin(self, verb, id)
  local name = self.family .. verb
  if self.is_user then return self.task:begin(name, id, self.task.given) end
  return self.task:begin(name, self.account, id, self.task.given)
end

local function launch(self, item, verb, landed)
  item.call, item.landed = begin(self, verb, item.id), landed
  self.flights[#self.flights + 1] = item
end

--- Whatever stops it starts nothing more; the first reason stays.
local function stop(self, why, err)
  if not self.stopped then self.stopped, self.error = why, err end
end

local function has_code(err, code)
  for _, entry in ipairs(type(err.errors) == "table" and err.errors or {}) do
    if type(entry) == "table" and entry.code == code then return true end
  end
  return false
end

local function is_lockout(err)
  return has_code(err, LOCKED_OUT)
    or has_code(err, ADDRESS_OR_LOCK) and tostring(err):find("Max auth failures", 1, true) ~= nil
end

local function status_of(err) return err.http and err.http.status end

-- The caller's functions: `fine` is false where one raised or returned false, or nil and why.
local function ask_caller(f, ...)
  local alive, said, why = protected(f, ...)
  if not alive then return false, said end
  if said == false or said == nil and why ~= nil then return false, why end
  return true
end

local function tell_journal(self, id, word)
  local journal = self.own.journal
  if not journal then return true end
  local written, why = ask_caller(journal, id, word)
  if not written then stop(self, "journal", why) end
  return written
end

local function tell_progress(self, item)
  self.done = self.done + 1
  local progress = self.own.progress
  if not progress then return end
  local goes_on, why = ask_caller(progress, self.done, self.total, item.id, item.outcome)
  if not goes_on then stop(self, "progress", why) end
end

local function settle(self, item, outcome, err)
  item.outcome, item.err = outcome, err
  if item.told then tell_journal(self, item.id, outcome) end
  tell_progress(self, item)
end

-- How an id ends.
local function note_earlier(item, err)
  if not item.earlier or not err then return end
  err.http = err.http or {}
  err.http.earlier = item.earlier
end

--- The end of an id whose deletion an earlier run, or somebody else, may have done already.
local function land_witness(self, item, token, detail)
  local status = not token and status_of(detail)
  local is_absent = not token and (detail.outcome == "not_found" or status == 403)
  if is_absent then return settle(self, item, "gone") end
  local err = failure("api", "unknown", self.task.name, "it is unknown whether the token was deleted: "
    .. (token and "reading shows it, deleting says that it is not there" or "a read told nothing"))
  note_earlier(item, err)
  settle(self, item, "unknown", err)
end

local function end_ambiguous(self, item, outcome, err)
  if outcome == "not_found" and not self.task:is_stopped() then return launch(self, item, "get", land_witness) end
  if outcome == "not_found" or not AMBIGUOUS[outcome] and not FINAL[outcome] then
    outcome = item.earlier or "unknown"
  end
  note_earlier(item, err)
  settle(self, item, outcome, err)
end

--- Puts it back: it is tried again, unless the run is stopped, and then ends as it was answered, or never sent.
local function postpone(self, item, outcome, err)
  item.call, item.landed = nil, nil
  item.said, item.err = item.said or outcome, err
  self.queue[#self.queue + 1] = item
end

local function is_definite_no(outcome) return outcome == "refused" or outcome == "not_sent" end

local function land_delete(self, item, token, detail)
  local outcome, err = detail.outcome, not token and detail or nil
  self.answered, self.is_accepted = self.answered + 1, true
  if err and is_definite_no(outcome) then
    if is_lockout(err) then
      stop(self, "lockout", err)
    elseif status_of(err) == 401 then
      self.doubt = err
      return postpone(self, item, outcome, err)
    elseif err.http.retry_after and err.kind ~= "cancelled" then
      self.resume_at = max(self.resume_at, now() + err.http.retry_after)
      return postpone(self, item, outcome, err)
    end
  end
  if item.earlier or item.shown and outcome == "not_found" then return end_ambiguous(self, item, outcome, err) end
  settle(self, item, outcome, err)
end

local function begin_delete(self, item)
  if not item.told then
    if not tell_journal(self, item.id, "sending") then return postpone(self, item) end
    item.told = true
  end
  launch(self, item, "delete", land_delete)
end

local function land_look(self, item, token, err)
  item.shown = token and true or false
  local goes_on, why = ask_caller(self.own.keep, token or nil, err)
  if not goes_on then stop(self, "keep", why) end
  item.kept = true
  if self.stopped or self.own.dry_run or self.task:is_stopped() then return postpone(self, item) end
  begin_delete(self, item)
end

local function begin_item(self, item)
  if self.own.keep and not item.kept then
    return launch(self, item, "get", function(_, _, token, detail)
      land_look(self, item, token, not token and detail or nil)
    end)
  end
  if self.own.dry_run then return end
  begin_delete(self, item)
end

-- The credential.
local function ask_list(self)
  local task, query = self.task, { per_page = 5 }
  if self.is_user then return task:ask("user.tokens.list", query, task.given) end
  return task:ask("tokens.list", self.account, query, task.given)
end

local function verify(self, is_user)
  local task = self.task
  if is_user then return task:ask("user.tokens.verify", task.given) end
  return task:ask("tokens.verify", self.account, task.given)
end

--- A credential is asked about where it belongs. An older one does not tell: first here, and then at the other.
local function ask_about_credential(self)
  local kind = credential_kind(self.task.client, self.task.credential)
  if kind == "key" then return ask_list(self) end
  if kind ~= "older" then return verify(self, kind == "user") end
  local token, err = verify(self, self.is_user)
  if token or status_of(err) ~= 401 then return token, err end
  return verify(self, not self.is_user)
end

--- After a 401: whether the credential is still accepted.
local function probe(self)
  if self.task:is_stopped() then return stop(self, "cancelled") end
  local doubt = self.doubt
  self.doubt, self.probes = nil, self.probes + 1
  if self.probes > PROBES then return stop(self, "credential", doubt) end
  local token, err = ask_about_credential(self)
  if token then return end
  stop(self, is_lockout(err) and "lockout" or "credential", err)
end

--- Its own id, which it refuses to delete, or deletes last; the first request of all, made alone, so that a
--- credential that is not accepted costs one failure (an older one, which does not tell whose it is, two). With a key
--- there is none.
local function find_self(self)
  if credential_kind(self.task.client, self.task.credential) == "key" then return end
  local token, err = ask_about_credential(self)
  if not token then return stop(self, is_lockout(err) and "lockout" or "credential", err) end
  self.is_accepted = true
  local item = self.items[token.id]
  if not item or item.outcome then return end
  for i, other in ipairs(self.queue) do
    if other == item then remove(self.queue, i) end
  end
  if self.own.include_self then
    self.last = item
    return
  end
  settle(self, item, "not_sent", failure("argument", "not_sent", self.task.name,
    "ids: this is the token by which the requests are made; include_self = true deletes it, last"))
end

-- The run.
local function may_begin(self)
  if self.stopped or self.doubt or now() < self.resume_at then return false end
  local most = self.answered < ENOUGH_ANSWERED and min(FIRST_FLIGHTS, self.most) or self.most
  if not self.is_accepted then most = 1 end -- a credential that is not accepted costs one failure
  return #self.flights < most
end

local function next_item(self)
  local item = remove(self.queue, 1)
  if item or not self.last or #self.flights > 0 then return item end
  item, self.last = self.last, nil
  return item
end

local function begin_more(self)
  while may_begin(self) do
    local rest = self.task:quota_rest(#self.flights)
    if rest > 0 then
      self.resume_at = now() + rest
      return
    end
    local item = next_item(self)
    if not item then return end
    begin_item(self, item)
  end
end

local function land(self)
  local flying = self.flights
  self.flights = {}
  for _, item in ipairs(flying) do
    if ended(item.call) then item.landed(self, item, self.task:take(item.call))
    else self.flights[#self.flights + 1] = item end
  end
end

local function look_at_time(self)
  if self.task:is_stopped() then return stop(self, "cancelled") end
  if now() >= self.deadline and (self.queue[1] or self.last) then stop(self, "deadline") end
end

local function wait(self)
  local calls, limit = {}, min(self.deadline, self.resume_at > now() and self.resume_at or huge)
  for i, item in ipairs(self.flights) do calls[i] = item.call end
  if self.stopped then limit = nil end
  self.task:await(calls, limit ~= huge and limit or nil)
end

local function fly(self)
  repeat
    look_at_time(self)
    begin_more(self)
    if #self.flights == 0 and (self.stopped or not self.doubt and not self.queue[1] and not self.last) then return end
    if #self.flights > 0 or not self.doubt then wait(self) end
    land(self)
    if self.doubt and #self.flights == 0 and not self.stopped then probe(self) end
  until false
end

-- What is asked for, and what is given back.
local function admit(self, value)
  local id, earlier = value, nil
  if type(value) == "table" then id, earlier = value.id, value.outcome end
  local item = type(id) == "string" and self.items[id]
  if not item then
    item = { id = id, earlier = AMBIGUOUS[earlier] and earlier or nil }
    self.items[type(id) == "string" and id or item] = item
    self.list[#self.list + 1] = item
  end
  self.positions[#self.positions + 1] = item
  if FINAL[earlier] and not item.outcome then item.outcome = earlier end
end

local function malformed(self, item)
  return failure("argument", "not_sent", self.task.name, type(item.id) == "string"
    and ("ids: an id is 32 of 0-9 and a-f (got %d bytes)"):format(#item.id)
    or "ids: an id is a string, got " .. type(item.id))
end

local function sort(self)
  for _, item in ipairs(self.list) do
    if item.outcome then tell_progress(self, item)
    elseif type(item.id) ~= "string" or not item.id:find "^%x+$" or item.id:find "%u" or #item.id ~= 32 then
      settle(self, item, "not_sent", malformed(self, item))
    else self.queue[#self.queue + 1] = item end
  end
end

local WHY = {
  credential = "the credential was not accepted", lockout = "the API has locked this client out",
  journal = "the journal was not written", keep = "keep returned false", progress = "progress returned false",
  deadline = "the deadline of the run has passed", cancelled = "cancelled",
}

local function leave(self, item)
  item.outcome = item.earlier or item.said or "not_sent"
  if not item.earlier and not item.err then
    item.err = failure(self.stopped == "cancelled" and "cancelled" or "host", "not_sent", self.task.name,
      "nothing was sent: " .. (WHY[self.stopped] or "this is a dry run"))
  end
  if item.told then tell_journal(self, item.id, item.outcome) end
end

--- A report of items: { id, outcome, err }, each with its outcome.
function core.report(items)
  local all, counts, all_gone = {}, {}, true
  for i, item in ipairs(items) do
    all[i] = { id = item.id, outcome = item.outcome, err = item.err }
    counts[item.outcome] = (counts[item.outcome] or 0) + 1
    all_gone = all_gone and FINAL[item.outcome] or false
  end
  all.counts, all.all_gone = counts, all_gone
  return all
end

local function report(self)
  for _, item in ipairs(self.list) do
    if not item.outcome then leave(self, item) end
  end
  local all = core.report(self.positions)
  all.stopped, all.error = self.stopped, self.error
  return all
end

local function find_fault(task)
  local most, deadline = task.own.max_in_flight or FLIGHTS, task.own.deadline or 1
  local what = not (most >= 1 and most <= FLIGHTS and most % 1 == 0)
    and ("max_in_flight: must be a whole number from 1 to %d"):format(FLIGHTS)
    or not (deadline > 0 and deadline < huge) and "deadline: must be a finite number of seconds over 0"
  return what and failure("argument", "not_sent", task.name, what)
end

local function delete_many(task, ...)
  local is_user = task.name:find "^user%." ~= nil
  local account, ids = ...
  if is_user then account, ids = nil, ... end
  local fault = find_fault(task)
  if fault then return nil, fault end
  local self = {
    task = task, own = task.own, account = account, family = task.name:match "^(.*%.)",
    is_user = is_user, items = {}, list = {}, positions = {}, queue = {}, flights = {},
    done = 0, answered = 0, probes = 0, resume_at = -huge, most = task.own.max_in_flight or FLIGHTS,
    deadline = task.own.deadline and now() + task.own.deadline or huge,
  }
  for _, value in ipairs(ids) do admit(self, value) end
  self.total = #self.list
  sort(self)
  if self.queue[1] and not self.stopped then find_self(self) end
  fly(self)
  return report(self)
end

local definition = {
  changes = true,
  options = {
    max_in_flight = "number", deadline = "number", include_self = "boolean", dry_run = "boolean",
    keep = "function", journal = "function", progress = "function",
  },
  body = delete_many,
}
core.composites["tokens.delete_many"], core.composites["user.tokens.delete_many"] = definition, definition
