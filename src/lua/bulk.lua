-- Many deletions as one call. What is asked for is a list of ids; what is given back is a report with an outcome for
-- each. The rules:
--   - an id is told to the journal before the first byte that may delete it, and never forgotten afterwards;
--   - whatever stops a run (a credential, a lock-out, the caller's journal, keep or progress, the deadline, cancel)
--     keeps it from beginning anything more: what is in flight lands first, each within its timeout;
--   - an id that an earlier run left ambiguous ends only as deleted, gone, accepted or unknown, whatever this one says.
--   - an answer about the credential or its quota is no answer about an id: that one is asked about again.
-- An item is one distinct id on its way: { id, outcome, err, earlier, known, is_asked_afresh, said, shown, kept, told,
-- landed }, where `known` is the end that it came with, `said` what it was answered before it was put back, and
-- `landed` what goes on once its call has ended, which stands in `calls` where the item stands in `flights`.
local core = ...
local now, failure, credential_kind = core.now, core.failure, core.credential_kind
local next_ended = core.next_ended
local new_realm, enter = core.realm.new, core.realm.enter
local make_report, is_id = core.report.make, core.report.is_id
local FINAL, AMBIGUOUS = core.report.FINAL, core.report.AMBIGUOUS
local type, ipairs, tostring, next, rawget, error = type, ipairs, tostring, next, rawget, error
local setmetatable = setmetatable
local min, max, huge = math.min, math.max, math.huge

if core.jit then core.jit.off(true, true) end -- LuaJIT's compiler crashes where memory ends

local FIRST_FLIGHTS, FLIGHTS = 8, 50 -- how many are in flight until ten were answered, and then
local ENOUGH_ANSWERED = 10
local PROBES = 3

local LOCKED_OUT, ACCESS, AUTHENTICATION = 10502, 9109, 10000 -- the second may be about an address or a permission, too
local REJECTED = { 1000, 6003, 9103, 9106, AUTHENTICATION, 10001 }

-- Requests.
local function launch(self, item, verb, landed)
  item.landed = landed
  local call = self.realm:begin(verb, item.id, self.task.given)
  self.flights[#self.flights + 1], self.calls[#self.calls + 1] = item, call
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

local function denies_access(err, words) return has_code(err, ACCESS) and tostring(err):find(words, 1, true) ~= nil end

local function is_lockout(err) return has_code(err, LOCKED_OUT) or denies_access(err, "Max auth failures") end

local function status_of(err) return err.http and err.http.status end

-- Whether it says that the credential is not accepted.
local function is_rejection(err)
  for _, code in ipairs(REJECTED) do
    if has_code(err, code) then return true end
  end
  return status_of(err) == 401 or denies_access(err, "Invalid access token")
end

-- The caller's functions: `fine` is false where one raised or returned false, or nil and why.
local function ask_caller(self, f, ...)
  local alive, said, why = self.task:call(f, ...)
  if not alive then return false, said end
  if said == false or said == nil and why ~= nil then return false, why end
  return true
end

local function tell_journal(self, id, word)
  local journal = self.own.journal
  if not journal then return true end
  local written, why = ask_caller(self, journal, id, word)
  if not written then stop(self, "journal", why) end
  return written
end

local function tell_progress(self, item)
  self.done = self.done + 1
  local progress = self.own.progress
  if not progress then return end
  local goes_on, why = ask_caller(self, progress, self.done, self.total, item.id, item.outcome)
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

-- Where reading is not permitted, the DELETE alone decides.
local function is_not_permitted(item, err)
  return err.outcome == "refused" and status_of(err) == 403 and not item.shown
    and not is_lockout(err) and not is_rejection(err)
end

--- The end of an id whose deletion an earlier run, or somebody else, may have done already.
local function land_witness(self, item, call)
  local token, detail = self.task:take(call)
  local is_absent = not token and (detail.outcome == "not_found" or is_not_permitted(item, detail))
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

local function put(self, item)
  self.to = self.to + 1
  self.queue[self.to] = item
end

local function is_waiting(self) return self.from <= self.to or self.last ~= nil end

--- Puts it back: it is tried again, unless the run is stopped, and then ends as it was answered, or never sent.
local function postpone(self, item, outcome, err)
  if outcome and item.said ~= "refused" then item.said, item.err = outcome, err end
  put(self, item)
end

-- Whether that answer says nothing of the id: then the run is held up, for the credential's sake or the quota's.
local function holds_up(self, err)
  if is_rejection(err) then
    self.doubt = err
    return true
  end
  if not err.http.retry_after then return false end
  self.resume_at = max(self.resume_at, now() + err.http.retry_after)
  return true
end

local function is_definite_no(err)
  return err and err.kind ~= "cancelled" and (err.outcome == "refused" or err.outcome == "not_sent")
end

local function land_delete(self, item, call)
  self.answered, self.is_accepted = self.answered + 1, true
  if self.task:take_deleted(call) then return settle(self, item, "deleted") end
  local token, detail = self.task:take(call)
  local outcome, err = detail.outcome, not token and detail or nil
  if is_definite_no(err) then
    if is_lockout(err) then stop(self, "lockout", err)
    elseif holds_up(self, err) then return postpone(self, item, outcome, err) end
  end
  if outcome == "not_sent" and item.said then outcome, err = item.said, item.err end
  local may_be_removed = item.earlier or item.known == "gone" or item.shown and outcome == "not_found"
  if may_be_removed then return end_ambiguous(self, item, outcome, err) end
  settle(self, item, outcome, err)
end

local function begin_delete(self, item)
  if not item.told then
    if not tell_journal(self, item.id, "sending") then return postpone(self, item) end
    item.told = true
  end
  launch(self, item, "delete", land_delete)
end

local function land_look(self, item, call)
  local token, err = self.task:take(call)
  if token then err = nil end
  if self.task:is_stopped() then return postpone(self, item) end
  if is_definite_no(err) then
    if is_lockout(err) then
      stop(self, "lockout", err)
      return postpone(self, item)
    end
    if holds_up(self, err) then return postpone(self, item) end
  end
  item.shown = token and true or false
  local goes_on, why = ask_caller(self, self.own.keep, token or nil, err, item.id)
  if not goes_on then stop(self, "keep", why) end
  item.kept = true
  if self.stopped or self.own.dry_run or self.task:is_stopped() then return postpone(self, item) end
  begin_delete(self, item)
end

local function begin_item(self, item)
  if self.own.keep and not item.kept then
    return launch(self, item, "get", land_look)
  end
  if self.own.dry_run then return end
  begin_delete(self, item)
end

-- The credential.
local function ask_list(self) return self.realm:ask("list", { per_page = 5 }, self.task.given) end

local function verify(self, is_user)
  return new_realm(self.task, is_user, self.realm.account):ask("verify", self.task.given)
end

--- A credential is asked about where it belongs. An older one does not tell: first here, and then at the other.
local function ask_about_credential(self)
  local kind = credential_kind(self.task.client, self.task.credential)
  if kind == "key" then return ask_list(self) end
  if kind ~= "older" then return verify(self, kind == "user") end
  local token, err = verify(self, self.realm.is_user)
  if token or status_of(err) ~= 401 then return token, err end
  return verify(self, not self.realm.is_user)
end

-- What the API says of the credential; nil once that has stopped the run.
local function check_credential(self)
  local token, err = ask_about_credential(self)
  if token then return token end
  if self.task:is_stopped() then return stop(self, "cancelled") end
  local rest = err.http.retry_after
  if is_lockout(err) or not rest then return stop(self, is_lockout(err) and "lockout" or "credential", err) end
  if now() + rest >= self.deadline then return stop(self, "deadline", err) end
  self.task:rest(rest)
  return check_credential(self)
end

--- After a refusal that was the credential's: whether it is still accepted.
local function probe(self)
  if self.task:is_stopped() then return stop(self, "cancelled") end
  local doubt = self.doubt
  self.doubt, self.probes = nil, self.probes + 1
  if self.probes > PROBES then return stop(self, "credential", doubt) end
  check_credential(self)
end

local function take_out(self, item)
  local others = self.queue
  self.queue, self.to = {}, 0
  for _, other in ipairs(others) do
    if other ~= item then put(self, other) end
  end
end

--- Its own id, which it refuses to delete, or deletes last; the first request of all, made alone, so that a
--- credential that is not accepted costs one failure (an older one, which does not tell whose it is, two). With a key
--- there is none.
local function find_self(self)
  if credential_kind(self.task.client, self.task.credential) == "key" then return end
  local token = check_credential(self)
  if not token then return end
  self.is_accepted = true
  local item = self.items[token.id]
  if not item or item.outcome then return end
  take_out(self, item)
  if self.own.include_self then
    self.last = item
    return
  end
  local err = failure("argument", "not_sent", self.task.name,
    "ids: this is the token by which the requests are made; include_self = true deletes it, last")
  note_earlier(item, err)
  settle(self, item, item.earlier or "not_sent", err)
end

-- The run.
local function may_begin(self)
  if self.stopped or self.doubt or now() < self.resume_at then return false end
  local most = self.answered < ENOUGH_ANSWERED and min(FIRST_FLIGHTS, self.most) or self.most
  if not self.is_accepted then most = 1 end -- a credential that is not accepted costs one failure
  return #self.flights < most
end

local function next_item(self)
  local item = self.queue[self.from]
  if item then
    self.queue[self.from], self.from = nil, self.from + 1
    return item
  end
  if #self.flights > 0 then return nil end
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

-- Takes out the flight at `place`: the last one gets its place.
local function take_flight(self, place)
  local flights, calls, last = self.flights, self.calls, #self.flights
  local item, call = flights[place], calls[place]
  flights[place], calls[place] = flights[last], calls[last]
  flights[last], calls[last] = nil, nil
  return item, call
end

-- Takes out what has ended: items, and their calls.
local function sift(self)
  local items, done, place = {}, {}, next_ended(self.calls, 1)
  while place do
    items[#items + 1], done[#done + 1] = take_flight(self, place)
    place = next_ended(self.calls, place)
  end
  return items, done
end

local function land(self)
  local items, calls = sift(self)
  for i, item in ipairs(items) do item.landed(self, item, calls[i]) end
end

local function look_at_time(self)
  if self.task:is_stopped() then return stop(self, "cancelled") end
  if now() >= self.deadline and is_waiting(self) then stop(self, "deadline") end
end

local function wait(self)
  local limit = min(self.deadline, self.resume_at > now() and self.resume_at or huge)
  if self.stopped then limit = nil end
  self.task:await(self.calls, limit ~= huge and limit or nil)
end

local function fly(self)
  repeat
    look_at_time(self)
    begin_more(self)
    if #self.flights == 0 and (self.stopped or not self.doubt and not is_waiting(self)) then return end
    if #self.flights > 0 or not self.doubt then wait(self) end
    land(self)
    if self.doubt and #self.flights == 0 and not self.stopped then probe(self) end
  until false
end

-- What is asked for, and what is given back.
local STRENGTH = { not_found = 1, gone = 2, deleted = 3 } -- of what an id came with several times, the strongest counts

local function admit(self, value)
  local id, earlier = value, nil
  if type(value) == "table" then id, earlier = value.id, value.outcome end
  local item = type(id) == "string" and self.items[id]
  if not item then
    item = { id = id }
    self.items[type(id) == "string" and id or item] = item
    self.list[#self.list + 1] = item
  end
  self.positions[#self.positions + 1] = item
  if type(value) ~= "table" then item.is_asked_afresh = true end
  if AMBIGUOUS[earlier] then item.earlier = item.earlier or earlier end
  if (STRENGTH[earlier] or 0) > (STRENGTH[item.known] or 0) then item.known = earlier end
end

-- Whether the known end of an id stands, so that nothing is asked. `deleted` always does. `gone` and `not_found` do not
-- where another entry of the id is ambiguous, or where the id itself is given, too: the caller may have seen the token
-- since, or may use another credential.
local function is_known(item)
  return item.known == "deleted" or item.known and not item.earlier and not item.is_asked_afresh
end

local function malformed(self, item)
  return failure("argument", "not_sent", self.task.name, type(item.id) == "string"
    and ("ids: an id is 32 of 0-9 and a-f (got %d bytes)"):format(#item.id)
    or "ids: an id is a string, got " .. type(item.id))
end

local function sort(self)
  for _, item in ipairs(self.list) do
    if not is_id(item.id) then settle(self, item, "not_sent", malformed(self, item))
    elseif is_known(item) then settle(self, item, item.known)
    else put(self, item) end
  end
end

local WHY = {
  credential = "the credential was not accepted", lockout = "the API has locked this client out",
  journal = "the journal was not written", keep = "keep returned false", progress = "progress returned false",
  deadline = "the deadline of the run has passed", cancelled = "cancelled",
}

local function why_left(self)
  if self.stopped == "credential" and self.error.outcome ~= "refused" then
    return "whether the credential is accepted could not be learnt"
  end
  return WHY[self.stopped] or "this is a dry run"
end

local function leave(self, item)
  item.outcome = item.earlier or item.said or "not_sent"
  item.err = item.err or failure(self.stopped == "cancelled" and "cancelled" or "host", "not_sent", self.task.name,
    "nothing was sent: " .. why_left(self))
  note_earlier(item, item.err)
  if item.told then tell_journal(self, item.id, item.outcome) end
end

local function report(self)
  for _, item in ipairs(self.list) do
    if not item.outcome then leave(self, item) end
  end
  local all = make_report(self.positions)
  all.stopped, all.error = self.stopped, self.error
  return all
end

-- The name of an option whose value is none, and what it must be.
local function find_fault(own)
  local most, deadline = own.max_in_flight or FLIGHTS, own.deadline or 1
  if not (most >= 1 and most <= FLIGHTS and most % 1 == 0) then
    return "max_in_flight", ("must be a whole number from 1 to %d"):format(FLIGHTS)
  end
  if not (deadline > 0 and deadline < huge) then return "deadline", "must be a finite number of seconds over 0" end
end

local function delete_many(task, ...)
  local realm, ids = enter(task, ...)
  local option, fault = find_fault(task.own)
  if fault then return task:refuse(option, fault) end
  local self = {
    task = task, own = task.own, realm = realm, items = {}, list = {}, positions = {},
    queue = {}, from = 1, to = 0, flights = {}, calls = {},
    done = 0, answered = 0, probes = 0, resume_at = -huge, most = task.own.max_in_flight or FLIGHTS,
    deadline = task.own.deadline and now() + task.own.deadline or huge,
  }
  for _, value in ipairs(ids) do admit(self, value) end
  self.total = #self.list
  sort(self)
  if is_waiting(self) and not self.stopped then find_self(self) end
  fly(self)
  return report(self)
end

-- What a list does not have: a report has other fields, a list that was packed its `n`.
local function is_stray(key, count)
  if type(key) == "number" then return key < 1 or key > count or key % 1 ~= 0 end
  return type(key) ~= "string" or is_id(key)
end

-- The ids, unless some of them would be passed over: then that is the programmer's mistake. For the argument `place`.
local function take_ids(place)
  return function(ids)
    local count = 0
    if type(ids) ~= "table" then return ids end
    while rawget(ids, count + 1) ~= nil do count = count + 1 end
    for key in next, ids do
      if is_stray(key, count) then
        error(("bad argument #%d to 'delete_many' (a list expected, got a table with holes or with other keys)")
          :format(place), 3)
      end
    end
    return ids
  end
end

local definition = {
  changes = true,
  options = {
    max_in_flight = "number", deadline = "number", include_self = "boolean", dry_run = "boolean",
    keep = "function", journal = "function", progress = "function",
  },
  body = delete_many,
}

local function define(name, place)
  core.composites[name] = setmetatable({ take = take_ids(place) }, { __index = definition })
end
define("tokens.delete_many", 2)
define("user.tokens.delete_many", 1)
