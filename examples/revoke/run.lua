-- One run: its client, its items and how each ends; what happened on the wire; the deletion of ids, many at once.
-- An item (findings.lua) gets here: outcome, why; owner, where its value lives elsewhere; name and is_saved, of the
-- evidence, or unsaved, why there is none; proof and seconds; did, of the audit log, with audited and audit_why; asked,
-- a set of those that refused the value in earlier runs; state, of its last line in the report.
local cloudflare = require "cloudflare"
local report = require "revoke.report"

local Run = {}
Run.__index = Run

local AMBIGUOUS = { unknown = true, accepted = true }
local WINDOW = 1800 -- seconds in which the API counts refusals
local LONGEST_REST = 10 -- seconds; a leaked token does not wait longer for its evidence

--- fields: options, account, accounts (to look for values in, this one first), refusals, findings, paper
function Run.new(fields)
  local run = setmetatable(fields, Run)
  run.trails, run.rays, run.last_used, run.earlier, run.last = {}, {}, {}, {}, {}
  run.saved, run.reported = {}, {} -- by ids, what the files hold already: the names of tokens, records
  local cf, err = cloudflare.new { account_id = run.account, on_event = function(event) run:listen(event) end }
  run.cf = cf
  return cf and run, err
end

--- What the wire told of one token: seen, rays (of its deletions), ended (when), and the outcome of each operation.
function Run:trail(id)
  self.trails[id] = self.trails[id] or { rays = {} }
  return self.trails[id]
end

function Run:listen(event)
  self.now = event.time
  if event.ray_id then self.rays[event.ray_id:match "^%w*"] = true end
  if event.attempt and event.operation:find "identify$" and (event.status == 401 or event.status == 403) then
    self.memory:count_refusal()
  end
  local trail = event.token_id and self:trail(event.token_id)
  if not trail then return end
  if event.method == "GET" and event.proved == "present" and not trail.seen then
    trail.seen = true
    self.memory:note_seen(event.token_id)
  end
  if event.method == "DELETE" and event.ray_id then trail.rays[#trail.rays + 1] = event.ray_id end
  if event.outcome then trail[event.operation] = event.outcome end
  if event.outcome and event.operation == "tokens.delete" then trail.ended = event.time end
end

--- Whether the credential is accepted, where it belongs: its id and status, or nil and an error. A key has neither.
function Run:verify()
  local token = os.getenv "CLOUDFLARE_API_TOKEN" or ""
  if token == "" then return { status = "active" } end
  local kind = cloudflare.secret_kind(token)
  if kind == "user" then return self.cf.user.tokens.verify() end
  local own, err = self.cf.tokens.verify()
  if own or kind ~= "older" or err.http.status ~= 401 then return own, err end
  return self.cf.user.tokens.verify()
end

local LOCKED_OUT = 10502

--- Whether the API refuses everybody at this address.
function Run.is_lockout(err)
  return err.code == LOCKED_OUT or tostring(err):find("Max auth failures", 1, true) ~= nil
end

function Run.rest(seconds)
  local status = os.execute(("sleep %d"):format(math.ceil(seconds)))
  if status ~= true and status ~= 0 then error("interrupted", 0) end
end

--- Nothing more is begun.
function Run:stop(why, err)
  if why == "lockout" then self.is_locked_out = true end
  if not why or self.stopped then return end
  self.stopped = why
  self.paper:warn(("revoke: stopped (%s)%s"):format(why, err and ": " .. tostring(err) or ""))
end

--- How a line calls it: an id by itself, a value by where it was given.
function Run.name_of(item) return item.value and item.at or item.id or item.at end

local function tell(self, item, outcome)
  if item.told then return end
  item.told = true
  local words = { self.name_of(item), outcome }
  if item.owner then words[#words + 1] = item.owner == "user" and "user" or "account " .. item.owner end
  if item.value then words[#words + 1] = item.id end
  self.paper:say(table.concat(words, " "))
end

local REMOVED = { deleted = true, gone = true }

--- Whether an id is said to be gone that neither this run nor an earlier one has seen.
function Run:is_unseen(id, outcome)
  if outcome ~= "gone" then return false end
  return not (self:trail(id).seen or self.memory:has_seen(id) or REMOVED[self.earlier[id]])
end

--- How an item ends; `why` is an error or a sentence.
function Run:finish(item, outcome, why)
  item.outcome, item.why = outcome, why and self.paper:clean(why)
  tell(self, item, outcome)
  item.is_unseen = self:is_unseen(item.id, outcome)
  if item.is_unseen then
    item.why = "this run never saw it: a deletion removed it before a read could, or it was not in this account"
  end
  if item.why then self.paper:warn(self.name_of(item) .. ": " .. item.why) end
  report.tell(self, item)
end

--- What `ask` reads, asked once more after `err` if the first answer was lost: the client's own repetitions are few.
--- Not where a gateway wants more than `most` seconds; where the API does, a deletion would have to wait, too.
function Run:read_again(err, ask, most)
  local rest = err.http and err.http.retry_after
  local holds_deletions = rest and err.http.status == 429
  if rest and rest > (most or rest) and not holds_deletions then return nil, err end
  if not rest and err.outcome ~= "failed" and err.outcome ~= "not_sent" then return nil, err end
  if rest then self.rest(rest) end
  return ask()
end

-- Writes down what cannot be read any more once the token is deleted; nil and why where that failed.
local function write_evidence(self, token, item)
  local written, why = self.paper:record("evidence", {
    id = token.id, account = self.account, at = item.at, places = self.paper:places_of(item),
    saved = os.date "!%Y-%m-%dT%H:%M:%SZ", token = token,
    last_used_before = self.last_used[token.id], -- asking with a value is a use of it
  })
  if written then self.saved[token.id] = self.paper:clean(token.name) end
  return written, why
end

--- Marks an item whose evidence is in the file; whether it is.
function Run:recall_evidence(item)
  local name = item.id and self.saved[item.id]
  if name then item.name, item.is_saved = name, true end
  return item.is_saved
end

--- Takes what earlier runs saved, a list of records.
function Run:recall_saved(records)
  for _, record in ipairs(records) do
    local token = type(record.token) == "table" and record.token or {}
    if record.id then self.saved[record.id] = self.paper:clean(token.name) end
  end
  for _, item in ipairs(self.findings) do self:recall_evidence(item) end
end

--- Saves what a token was: `token`, or else `err`, is what a read told. Nil and why where that was not written.
function Run:keep(item, token, err)
  if self:recall_evidence(item) then return true end
  if not token then
    token, err = self:read_again(err, function() return self.cf.tokens.get(nil, item.id) end, LONGEST_REST)
  end
  if token then
    local fine, why = write_evidence(self, token, item)
    self:recall_evidence(item)
    return fine, why
  end
  item.unsaved = self.paper:clean(err)
  if err.outcome ~= "not_found" then self.paper:warn(self.name_of(item) .. ": no evidence: " .. item.unsaved) end
  return true
end

local function entries_of(self, items)
  local entries, of = {}, {}
  for i, item in ipairs(items) do
    local earlier = self.earlier[item.id]
    entries[i] = earlier == "not_found" and item.id or { id = item.id, outcome = earlier }
    of[item.id] = of[item.id] or {}
    table.insert(of[item.id], item)
  end
  return entries, of
end

-- delete_many takes every well-formed id but that of its own credential.
local function is_own(entry) return entry.err and entry.err.kind == "argument" end

-- One that ends while others go on; why, delete_many tells in the end.
local function end_in_flight(self, item, outcome)
  item.outcome = outcome
  tell(self, item, outcome)
  report.tell(self, item)
end

local function options_for(self, of, more)
  local options = {
    journal = self.journal,
    keep = function(token, why_not, id)
      for _, item in ipairs(of[id]) do
        local fine, why = self:keep(item, token, why_not)
        if not fine then return nil, why end
      end
    end,
    progress = function(done, total, id, outcome)
      local is_news = outcome ~= "not_sent" and not (AMBIGUOUS[outcome] and outcome == self.earlier[id])
      for _, item in ipairs(is_news and of[id] or {}) do end_in_flight(self, item, outcome) end
      self.paper:progress(done, total)
    end,
  }
  -- A read comes before each deletion: for `keep`, or by check_first.
  if not self.paper.files.evidence then options.keep, options.check_first = nil, true end
  for name, value in pairs(more or {}) do options[name] = value end
  return options
end

--- Deletes the tokens of these items, which have ids. Its own credential's is left for the end, unless `include_self`.
function Run:delete_many(items, include_self)
  if not items[1] then return end
  local entries, of = entries_of(self, items)
  local ended, err = self.cf.tokens.delete_many(nil, entries, options_for(self, of, { include_self = include_self }))
  if not ended then error(tostring(err), 0) end
  for i, entry in ipairs(ended) do
    if is_own(entry) and not include_self then self.last[#self.last + 1] = items[i]
    else self:finish(items[i], entry.outcome, entry.err) end
  end
  self:stop(ended.stopped, ended.error)
end

--- Deletes the credential's own token, where it is among the items: nothing could be deleted after it.
function Run:delete_own()
  if not self.stopped then return self:delete_many(self.last, true) end
  for _, item in ipairs(self.last) do
    local earlier = self.earlier[item.id]
    self:finish(item, AMBIGUOUS[earlier] and earlier or "not_sent", "the run was stopped before")
  end
end

--- The end of a run that was interrupted: what is not known of each item is said to be so.
function Run:abandon(problem)
  self:stop("interrupted", problem)
  for _, item in ipairs(self.findings) do
    if not item.outcome then self:finish(item, item.id and "unknown" or "not asked", "the run was interrupted") end
  end
end

--- What a dry run may do with ids: look at each.
function Run:look_at(items)
  local entries, of = entries_of(self, items)
  local ended, err = self.cf.tokens.delete_many(nil, entries, options_for(self, of, {
    dry_run = true, include_self = true,
    keep = function(token)
      for _, item in ipairs(token and of[token.id] or {}) do item.name = self.paper:clean(token.name) end
    end,
  }))
  if not ended then error(tostring(err), 0) end
  self:stop(ended.stopped, ended.error)
end

--- How many more values may be refused, those of earlier runs counted; and the seconds until one may.
function Run:refusals_left()
  local spent, wait = self.memory:refusals(WINDOW)
  if spent >= self.refusals then return 0, wait end
  local left, seconds = cloudflare.refusals_left(self.refusals - spent)
  return left, seconds > 0 and seconds or wait > 0 and wait or WINDOW
end

return Run
