---@meta cloudflare
-- What `require "cloudflare"` gives, for editors and for reading: LuaCATS annotations, never loaded. The `async` half
-- (derived.lua) and the README's reference are made of this file: `make reference`. A class cloudflare.AsyncNAME that
-- is used here and stands nowhere is derived from cloudflare.NAME.
-- Every operation answers in one of three ways:
--   result, envelope   it did what it says; `envelope.outcome` says how much of that is proven
--   nil, err           it did not, or that cannot be proven; `err.outcome` says which
--   a raised error     a mistake in the program: a wrong type, an unknown option, a closed client
-- Times are seconds, fractions allowed; sizes are bytes. Functions are called with `.`, methods of
-- a client or a call with `:`.

---@alias cloudflare.Outcome
---| "deleted"   # success: this call removed the token; the API named it and said yes
---| "gone"      # success: not in this account for this credential any more, as a read and a deletion both say;
---             # it was seen (`http.seen`), or this call may have removed it
---| "accepted"  # success: the API reported success without naming this token, and no later request could confirm it
---| "ok"        # success of every operation that deletes nothing
---| "not_found" # a deletion says that it is not in this account, or not for this credential; with `missing_ok`
---             # a success, else a failure
---| "not_sent"  # failure: the request that the operation is for did not leave the process
---| "refused"   # failure: the server received it and said no
---| "unknown"   # failure: none of the others can be proven. A deletion may be repeated; after another operation look
---             # first, for repeating may make a second token or secret
---| "failed"    # failure of a read: no trustworthy answer; nothing was changed

---@alias cloudflare.Kind
---| "argument"  # a bad value; nothing that changes anything was sent
---| "api"       # the API answered no
---| "network"   # no connection, or it broke
---| "timeout"   # a deadline ended it
---| "tls"       # the peer did not prove who it is, or a certificate file or setting is unusable
---| "response"  # an answer that is not the API's envelope
---| "cancelled" # by `call:cancel()` or `client:close()`
---| "host"      # this process: no memory, descriptor or thread left, a journal that cannot be opened or read, a
---             # place in nginx that cannot wait, an id that a stopped or dry run did not send, or a call of the
---             # parent of a fork

---Why `delete_many` ended early.
---@alias cloudflare.Stop
---| "credential" # it was refused; or, where `error.outcome` is not "refused", nobody could say whether it is accepted
---| "lockout"    # the API lets nobody in from here for a while: too many refusals
---| "journal"    # it was not written
---| "keep"       # returned false, or raised
---| "progress"   # returned false, or raised
---| "deadline"
---| "cancelled"

---What a value is by its looks.
---@alias cloudflare.SecretKind
---| "account"   # an account's token, `cfat_…`
---| "user"      # a user's token, `cfut_…`
---| "older"     # a token of either kind, as they were until 2026: 40 characters
---| "key"       # a global API key, `cfk_…`, or 37 hexadecimal digits
---| "oauth"     # an OAuth token, `cfoat_…`
---| "r2_secret" # the secret of an R2 access key: 64 hexadecimal digits
---| "id"        # a token's id, or the R2 access key id that equals it: 32 hexadecimal digits
---| "unknown"   # none of these

---@alias cloudflare.Method
---| "GET"
---| "DELETE"
---| "POST"
---| "PUT"
---| "PATCH"

---Why `identify` has no answer. None of them says that the secret is dead.
---@alias cloudflare.Reason
---| "not_accepted" # 401, code 1000 or 1001, or 9109 "Invalid access token": dead, of another account, of the other
---                # kind, or made seconds ago
---| "elsewhere"    # 9109: an address condition keeps us out; it lives
---| "lockout"      # 10502, or 9109 "Max auth failures": too many refusals; ask again in half an hour

---What one attempt proved.
---@alias cloudflare.Proved
---| "deleted"  # DELETE: 200 that names the token
---| "present"  # a read: 200 with what was asked for
---| "ok"       # what changes something and is no deletion of a token: a yes with what it must bring
---| "accepted" # DELETE: a yes that names no token, or another one
---| "absent"   # an authoritative 404 about the token
---| "refused"  # an authoritative no, a 404 about the route or the credential too

---The failure of a call. `tostring(err)` and `..` give `message`. In Lua 5.3 and newer, and LuaJIT,
---`assert(cf.tokens.delete(…))` shows it; Lua 5.1 and 5.2 show only strings there, so use
---`error(tostring(err))`.
---@class cloudflare.Error
---One sentence that a person can act on; never holds the credential or a malformed id.
---@field message string
---What stood in the way: the last answer that was no yes; without one, the last attempt, or "timeout".
---@field kind cloudflare.Kind
---How the whole call ended.
---@field outcome cloudflare.Outcome
---The evidence.
---@field http cloudflare.Http
---Repeating the same call can do no further harm. True for reads, deletions and `repeatable` requests; for other
---operations where nothing was done: outcome "not_sent", "refused" or "not_found".
---@field safe_to_retry boolean
---The argument or option at fault, where `kind` is "argument". Absent from the entries of a report, and from errors of
---`report_of`.
---@field argument? string
---Code of the first of `errors`, where it has one.
---@field code? integer
---As the API sent them, where an envelope arrived; empty where it sent null or none.
---@field errors? cloudflare.Message[]
---As the API sent them, where an envelope arrived; empty where it sent null or none.
---@field messages? cloudflare.Message[]
---Of a `create` whose answer named the token without its secret: the token's id. Roll it, or delete it.
---@field id? string
---Of a call whose result could not be built for want of memory: `call:wait()` gives it later.
---@field call? cloudflare.Call
---Of `identify`, with outcome "refused".
---@field reason? cloudflare.Reason
---Of a `create` whose answer was lost: the tokens that it may have made. They have its name, were issued since a
---minute before it was sent, and were never used. An empty list proves nothing. Nil where nobody could look.
---@field candidates? cloudflare.Token[]
---Why nobody could look for candidates, twice.
---@field candidates_error? cloudflare.Error
---With `recover`: why the roll of the one candidate gave no secret.
---@field recover_error? cloudflare.Error
---Of an `update` whose answer was lost, or that somebody came before: the token as it is now.
---@field current? cloudflare.Token
---Of a `roll` whose answer was lost, with `old`: it took effect, for the old value is not accepted any more.
---@field rolled? true
---Of `each`: how many tokens were seen, and how many there are, as far as an answer told.
---@field seen? integer
---@field total? integer
---@operator concat(any): string

---Where in a list a page stands.
---@class cloudflare.ResultInfo
---From 1.
---@field page? integer
---@field per_page? integer
---How many entries this page has.
---@field count? integer
---How many entries the list has.
---@field total_count? integer

---A token as the API shows it: every field as received. Times are RFC 3339.
---@class cloudflare.Token
---@field id string
---@field name string
---"active", "disabled", "expired", "revoked (exposed)", or what the API may add.
---@field status string
---@field policies cloudflare.Policy[]
---@field issued_on? string
---When it was last changed, by `roll` or by an edit: the secret is at least this old.
---@field modified_on? string
---Null for a token that was never used.
---@field last_used_on? string|lightuserdata
---@field expires_on? string|lightuserdata
---@field not_before? string|lightuserdata
---@field condition? cloudflare.Condition
---Of an account's tokens; personal data.
---@field creator_email_at_creation? string
---@field provisioner_id? string|lightuserdata
---@field provisioner_type? string

---A new token. The secret is here alone: in the envelope it reads `[redacted]`.
---@class cloudflare.CreatedToken: cloudflare.Token
---The secret.
---@field value string
---The answer was lost, and `recover` rolled the one token that it can have made.
---@field recovered? true

---From where a token may be used.
---@class cloudflare.Condition
---Addresses, each as CIDR.
---@field request_ip? { in?: string[], not_in?: string[] }

---What a token may do, and where.
---@class cloudflare.Policy
---@field id? string
---@field effect "allow"|"deny"
---@field permission_groups cloudflare.GrantedGroup[]
---The resource's name, `com.cloudflare.api.account.<id>` or so; "*", or the zones inside an account.
---@field resources { [string]: string|{ [string]: string } }

---A permission group as a token has it.
---@class cloudflare.GrantedGroup
---@field id string
---@field name? string
---@field meta? { [string]: string }

---A permission group as the API lists it.
---@class cloudflare.PermissionGroup
---@field id string
---Not unique: "Logs Write" exists for accounts and for zones.
---@field name string
---`com.cloudflare.api.account`, `com.cloudflare.api.account.zone` and so on: an open set.
---@field scopes string[]
---@field category? string
---Whether the caller may put it into a token.
---@field is_selectable? boolean
---@field meta? { [string]: string }
---@field description? string

---What `create` takes, and what `update` puts.
---@class cloudflare.TokenParams
---At most 120 bytes.
---@field name string
---At least one.
---@field policies cloudflare.PolicyParams[]
---@field condition? cloudflare.Condition
---When it ends: RFC 3339, or seconds since 1970.
---@field expires_on? string|number|lightuserdata
---When it begins to be valid: RFC 3339, or seconds since 1970.
---@field not_before? string|number|lightuserdata
---Seconds from now, in place of `expires_on`; over 0.
---@field expires_in? number
---Of `update` alone.
---@field status? "active"|"disabled"

---What `update` may get in place of params: a function that gets the token as it is, and returns it changed.
---@alias cloudflare.TokenEdit fun(token: cloudflare.Token): cloudflare.TokenParams

---A policy to ask for; `cloudflare.policy.allow` and `.deny` make one.
---@class cloudflare.PolicyParams
---@field effect "allow"|"deny"
---Names are matched exactly, within the scope of the resources; the dashboard's "Edit" is "Write".
---@field permission_groups (string|cloudflare.GroupChoice)[]
---@field resources { [string]: string|{ [string]: string } }

---A permission group to ask for: by id, or by name.
---@class cloudflare.GroupChoice
---@field id? string
---@field name? string
---The scope that the name is meant of, in full or as "account", "zone", "user", "bucket": it has to be that of the
---resources.
---@field scope? string

---Where a policy holds: one of these, by id.
---@class cloudflare.Resources
---@field account? string|string[]
---"*": all zones.
---@field zone? string|string[]
---@field user? string|string[]
---`<account>_<jurisdiction>_<bucket>`
---@field bucket? string|string[]

---Which page of the tokens.
---@class cloudflare.TokenQuery
---From 1.
---@field page? integer
---5 to 50; the API's default is 20.
---@field per_page? integer
---By the time of issue.
---@field direction? "asc"|"desc"
---Expired tokens are hidden by default.
---@field include_expired? boolean

---Which permission groups.
---@class cloudflare.GroupQuery
---Plain text: it is encoded once.
---@field name? string
---@field scope? string

---Whose secret `identify` was given.
---@class cloudflare.Identified
---@field id string
---As the API says: an open set.
---@field status string
---@field kind "account"|"user"
---Of an account's token.
---@field account? string

---The API's whole answer, decoded: every field as received, except the credential, which becomes
---`[redacted]`. JSON null is `cloudflare.null`; whole numbers are integers where Lua has
---them, and floats over 2^53.
---@class cloudflare.Envelope
---@field success boolean
---As received; the first result of the call is this table, or `{ id = … }` of the id asked for
---where the outcome is "gone" or "not_found".
---@field result any
---@field errors cloudflare.Message[]
---@field messages cloudflare.Message[]
---@field outcome cloudflare.Outcome
---@field http cloudflare.Http
---Of lists.
---@field result_info? cloudflare.ResultInfo
---Of `create` and `update`: what was asked for and not granted, a missing deny first. Nil where all is there.
---@field missing? cloudflare.MissingGrant[]

---What a token was to be given and was not.
---@class cloudflare.MissingGrant
---@field effect "allow"|"deny"
---The permission group's id.
---@field group string
---An inner resource stands behind its outer one and a slash.
---@field resource string

---What became of many ids: one entry a position, in the order asked for. It may be given in place of the ids.
---@class cloudflare.Report
---@field [integer] cloudflare.ReportEntry
---How many ended in each outcome.
---@field counts { [cloudflare.Outcome]: integer }
---Every one is "deleted", "gone" or "not_found".
---@field all_gone boolean
---Absent where it went to its end.
---@field stopped? cloudflare.Stop
---What stopped it; where a function of the caller's did, what that raised, or its reason.
---@field error? any

---@class cloudflare.ReportEntry
---As it was given.
---@field id any
---@field outcome cloudflare.Outcome
---Absent where the outcome is a success, and "not_found" of an earlier report.
---@field err? cloudflare.Error

---What `verify` says of the credential.
---@class cloudflare.Verified
---Its id.
---@field id string
---"active", "disabled", "expired", or what the API may add.
---@field status string
---When it ends, and when it begins to be valid: RFC 3339.
---@field expires_on? string
---@field not_before? string

---An entry of `errors` or `messages`.
---@class cloudflare.Message
---@field code? integer
---@field message? string
---@field documentation_url? string
---@field source? { pointer: string? }
---@field error_chain? cloudflare.Message[]

---The evidence for an outcome, on every envelope and every error.
---@class cloudflare.Http
---How many requests were tried, unsent ones included.
---@field attempts integer
---One entry an attempt, in order.
---@field trace cloudflare.TraceEntry[]
---Who was asked: host, and port where `base_url` has one. Absent where a bad value kept the call from beginning.
---@field host? string
---Of deletions: whether a read of this call showed the token.
---@field seen? boolean
---In a report: the outcome that an earlier report had, of an id that ends no better.
---@field earlier? "unknown"|"accepted"
---Where the last answer that was no yes is not the API's: its Content-Type, and how it begins, 200 bytes at
---most, without the credential, control bytes and direction marks.
---@field content_type? string
---@field excerpt? string
---HTTP status of the last answer.
---@field status? integer
---By the server's clock, seconds since 1970: the Date of the last answer.
---@field date? integer
---CF-Ray of the last answer: what Cloudflare's support asks for.
---@field ray_id? string
---Seconds that the API asked to wait; a call that ends for lack of time says here how much it would take.
---@field retry_after? number

---One attempt as it went.
---@class cloudflare.TraceEntry
---@field method cloudflare.Method
---Whether any of it may have left this process.
---@field sent boolean
---Whether a completely framed answer arrived.
---@field complete boolean
---@field status? integer
---`success` of the envelope, where the answer was one.
---@field success? boolean
---The id that the answer named; "malformed" where it named something that is no id.
---@field id? string
---A cache answered this read, so it proves nothing; absent otherwise.
---@field cached? true
---Codes of its errors and of their `error_chain`: eight at most, one that decided among them.
---@field codes integer[]
---How long it took.
---@field seconds number
---@field ray_id? string
---Absent where it proved nothing.
---@field proved? cloudflare.Proved

---What `on_event` is told: one record for each attempt, and one for the end of each request. An operation that makes
---several (`create`, `update`, `roll`, `each`, `delete_many`, `identify`, `pages`) is told as these; what it makes of
---them only its caller learns.
---@class cloudflare.Event
---UNIX time at which it is told.
---@field time number
---Who was asked: host, and port where `base_url` has one. Absent where a bad value kept the call from beginning.
---@field host? string
---"tokens.delete"
---@field operation string
---Absent where a bad value kept the call from beginning.
---@field account_id? string
---@field token_id? string
---Status of this attempt; at the end, of the last answer.
---@field status? integer
---@field ray_id? string
---How long the attempt, or the whole call, took.
---@field seconds number
---Which attempt, from 1; absent at the end.
---@field attempt? integer
---Of the attempt; absent at the end.
---@field method? cloudflare.Method
---Of the attempt; absent at the end, and where it proved nothing.
---@field proved? cloudflare.Proved
---At the end only.
---@field outcome? cloudflare.Outcome
---At the end only: how many there were.
---@field attempts? integer
---Of a `create` or `roll` that nobody took the result of: its secret is gone with the call.
---@field lost? true

---Options of a client that a call may set too. A wrong type or an unknown name raises; a bad value
---returns `nil, err` with `err.kind == "argument"` and `err.argument` naming the option.
---@class cloudflare.CallOptions
---A token, or a function that returns one, called once for each call: a vault, a rotation. Its
---`nil, why` ends the call as an argument error; what it raises propagates. Printable ASCII, no
---spaces, at most 4096 bytes. One of `api_token` and `api_key` with `api_email`, never both.
---Environment: `CLOUDFLARE_API_TOKEN`, unless code gives any credential.
---@field api_token? string|fun(): string?, string?
---A global API key; needs `api_email`. Printable ASCII, no spaces, at most 4096 bytes.
---Environment: `CLOUDFLARE_API_KEY`, where `CLOUDFLARE_API_TOKEN` is unset and code gives no credential.
---@field api_key? string
---The address that the key belongs to. Environment: `CLOUDFLARE_EMAIL`, together with `CLOUDFLARE_API_KEY`.
---@field api_email? string
---Seconds for the whole call: its attempts, waits and confirmations. Default 30; finite, over 0.
---@field timeout? number
---Seconds for one attempt, cut to half of what is left of `timeout`, so that there is time to
---confirm. Default 10; finite, over 0.
---@field attempt_timeout? number
---Seconds of an attempt until there is a connection. Default 5; finite, over 0.
---@field connect_timeout? number
---How many times the operation's own request may follow the first; the GETs that confirm do not count. What makes
---or changes something, unless it is `repeatable`, is repeated only where nothing was done. Besides, all calls of a
---client share a budget, so that many calls do not become a flood where the API is in trouble: ten retries at once,
---and one more for every ten calls begun. A DELETE that is repeated after a lost answer does not use it. Default 2;
---a whole number from 0 to 10.
---@field max_retries? integer
---Makes "not_found" of a deletion a success, with `result.id` the id asked for. Default false.
---@field missing_ok? boolean
---Reads the token before deleting it. Where that showed it, the call never ends as "not_found", and as
---"refused" only after one more read, if time is left, that did not miss it. Recommended
---for leaked tokens. Default false. Of no effect on other operations.
---@field check_first? boolean
---Waits so many seconds in the host's way: `ngx.sleep`, `copas.sleep`, a function that yields. The
---plain form and `call:wait` then never block themselves. The plain form first calls it with 0.001,
---before anything is sent; what it raises propagates. Default: in nginx as nginx waits; elsewhere the module
---blocks, 0.05 at a time.
---@field sleep? fun(seconds: number)

---Options of `create`.
---@class cloudflare.CreateOptions: cloudflare.CallOptions
---Where the answer is lost and there is exactly one candidate, which has no more than was asked for, rolls it: the
---result is that token, with a known secret. For names that nobody else gives at the same time. Default false.
---@field recover? boolean

---Options of `roll`.
---@class cloudflare.RollOptions: cloudflare.CallOptions
---The value to be replaced. It is asked about before, and after a lost answer, to learn whether the roll took effect.
---@field old? string
---Rolls a token that is neither active nor disabled, too, which may bring it back to life. Default false.
---@field revive? boolean

---Options of `delete_many`.
---@class cloudflare.ManyOptions: cloudflare.CallOptions
---How many are in flight at once, from 1 to 50. Default: 8, and 50 from the tenth answer on.
---@field max_in_flight? integer
---Seconds for all of it, over 0; `timeout` is for each request's call. Default: none.
---@field deadline? number
---Deletes the token by which the requests are made, too, as the last one. Default false.
---@field include_self? boolean
---Sends no deletion. Default false.
---@field dry_run? boolean
---Gets what a GET shows before the deletion, or nil and why; and the id. False ends the run: the token is not
---deleted.
---@field keep? fun(token: cloudflare.Token|nil, err: cloudflare.Error|nil, id: string): boolean|nil
---Called with "sending" before the first byte, and with the outcome at the end. False, `nil, why` or an error
---means not written: the run stops, and that id is not sent. `cloudflare.journal` makes one.
---@field journal? fun(id: string, word: string): boolean|nil, string?
---Is told every id that has ended; false ends the run.
---@field progress? fun(done: integer, total: integer, id: string, outcome: cloudflare.Outcome): boolean|nil

---Options of `request`.
---@class cloudflare.RequestOptions: cloudflare.CallOptions
---Plain text, numbers and booleans by name; a list repeats its name. Each is encoded once.
---@field query? { [string]: string|number|boolean|(string|number|boolean)[] }
---Sent as JSON, at most 16 MiB; `cloudflare.array` marks a list that may be empty.
---@field body? table
---Header lines by name, as `["If-Match"]`. None that carries a credential or frames the message.
---@field headers? { [string]: string }
---The answer is no envelope: the result is its body, whatever that is. Default false.
---@field raw? boolean
---Repeating the request changes nothing more, so it may be sent again after a lost answer. Default false: what is no
---GET is sent again only where nothing was done (it was not sent, or the answer was a 429).
---@field repeatable? boolean
---Lets a DELETE name a path of fewer than three segments: `/accounts/<id>` is the whole account. Default false.
---@field dangerous? boolean

---Options of `cloudflare.new`. Each variable counts where its option is absent; an empty one is unset.
---@class cloudflare.ClientOptions: cloudflare.CallOptions
---Stands in where an operation gets nil for its account. 32 of 0-9 and a-f.
---Environment: `CLOUDFLARE_ACCOUNT_ID`.
---@field account_id? string
---Default `https://api.cloudflare.com/client/v4`. https, with a plain path; http to a literal loopback
---address only (127.0.0.0/8, [::1]). Environment: `CLOUDFLARE_BASE_URL`.
---@field base_url? string
---URL of a proxy, "" for none; never used for http to loopback. `[scheme://][user:password@]host[:port]`,
---with `@`, `/` and `#` of a password as %40, %2F and %23. Default: libcurl's own variables, `https_proxy`,
---`HTTPS_PROXY`, `all_proxy`, `ALL_PROXY`, `no_proxy` and `NO_PROXY`.
---@field proxy? string
---PEM file of the authorities to trust, in place of the system's. An unreadable one ends each call
---as "not_sent", kind "tls".
---@field ca_file? string
---Directory of them, as `c_rehash` prepares it, in place of the system's: one without a `<hash>.0` ends
---each call as "not_sent", kind "tls".
---@field ca_path? string
---Default "cloudflare-lua/" and the version. Printable ASCII.
---@field user_agent? string
---The audit log: told of each attempt and of the outcome of each request, without any credential. Its errors are
---ignored (an interrupt that comes while it runs is one), and neither `cloudflare.step` nor an
---operation may be called from inside it: they raise.
---@field on_event? fun(event: cloudflare.Event)

---The permission groups that a token can have.
---@class cloudflare.PermissionGroups
local groups = {}

---Lists the permission groups: about 400, in one page.
---
---    local groups, err = cf.tokens.permission_groups.list(account_id, { scope = "com.cloudflare.api.account.zone" })
---    for _, group in ipairs(groups or {}) do print(group.id, group.name) end
---
---Errors, as `nil, err`: outcome "refused", "not_found", "failed" or "not_sent". Raises as `tokens.delete` does.
---@param account_id string|nil 32 of 0-9 and a-f; nil: the client's `account_id`
---@param query? cloudflare.GroupQuery
---@param options? cloudflare.CallOptions over those of the client
---@return cloudflare.PermissionGroup[]|nil result
---@return cloudflare.Envelope|cloudflare.Error envelope `outcome`: "ok"
function groups.list(account_id, query, options) end

---The same as `list`, under the name that the official SDKs use.
---
---    local groups, err = cf.tokens.permission_groups.get(account_id, { name = "DNS Write" })
---
---@param account_id string|nil
---@param query? cloudflare.GroupQuery
---@param options? cloudflare.CallOptions
---@return cloudflare.PermissionGroup[]|nil result
---@return cloudflare.Envelope|cloudflare.Error envelope
function groups.get(account_id, query, options) end

---The account-owned tokens.
---@class cloudflare.Tokens
---The permission groups that a token of an account can have.
---@field permission_groups cloudflare.PermissionGroups
local tokens = {}

---Makes a token; its secret is `result.value`, once and nowhere else.
---
---    local token, err = cf.tokens.create(account_id, {
---      name = "ci", expires_in = 86400,
---      policies = { cloudflare.policy.allow({ "DNS Write" }, { zone = zone_id }) },
---    })
---    if token then store(token.value) else print(err.outcome, err) end
---
---Never repeated after a lost answer: that is "unknown", with `err.candidates`. What was asked for and not granted is
---in `envelope.missing`. A group that is unknown, ambiguous or not selectable is an argument error, with the nearest
---names. Errors, as `nil, err`: outcome "not_sent", "refused" or "unknown". Raises as `delete` does.
---@param account_id string|nil 32 of 0-9 and a-f; nil: the client's `account_id`
---@param params cloudflare.TokenParams
---@param options? cloudflare.CreateOptions over those of the client
---@return cloudflare.CreatedToken|nil result
---@return cloudflare.Envelope|cloudflare.Error envelope `outcome`: "ok"
function tokens.create(account_id, params, options) end

---Lists one page of the tokens that the credential may see; `each` walks them all.
---
---    local page, envelope = cf.tokens.list(account_id, { per_page = 50 })
---    if page then print(#page, envelope.result_info.total_count) end
---
---Errors, as `nil, err`: outcome "refused", "not_found", "failed" or "not_sent". Raises as `delete` does.
---@param account_id string|nil 32 of 0-9 and a-f; nil: the client's `account_id`
---@param query? cloudflare.TokenQuery
---@param options? cloudflare.CallOptions over those of the client
---@return cloudflare.Token[]|nil result
---@return cloudflare.Envelope|cloudflare.Error envelope `outcome`: "ok"
function tokens.list(account_id, query, options) end

---Reads a token.
---
---    local token, err = cf.tokens.get(account_id, token_id)
---    print(token and token.status or err)
---
---Errors, as `nil, err`: outcome "not_found", "refused", "failed" or "not_sent". Raises as `delete` does.
---@param account_id string|nil 32 of 0-9 and a-f; nil: the client's `account_id`
---@param token_id string 32 of 0-9 and a-f
---@param options? cloudflare.CallOptions over those of the client
---@return cloudflare.Token|nil result
---@return cloudflare.Envelope|cloudflare.Error envelope `outcome`: "ok"
function tokens.get(account_id, token_id, options) end

---Replaces all that can be set of a token; what is left out is lost. A function gets the token, and returns it changed.
---
---    local token, err = cf.tokens.update(account_id, token_id, function(token)
---      token.name = "renamed"
---      return token
---    end)
---
---With a function, it ends as "not_sent", with `err.current`, where somebody changed the token between the read and the
---change; what the function raises propagates, and nothing is sent. Under async, outside nginx, it must not yield.
---Where `status` is left out, a disabled token stays disabled, and one that is neither active nor disabled is not
---changed.
---Never repeated after a lost answer: it is "ok" where the token is then as it was asked for, else "unknown", with
---`err.current`. What was asked for and not granted is in `envelope.missing`. Errors, as `nil, err`: outcome
---"not_found", "not_sent", "refused" or "unknown". Raises as `delete` does.
---@param account_id string|nil 32 of 0-9 and a-f; nil: the client's `account_id`
---@param token_id string 32 of 0-9 and a-f
---@param params cloudflare.TokenParams|cloudflare.TokenEdit
---@param options? cloudflare.CallOptions over those of the client
---@return cloudflare.Token|nil result
---@return cloudflare.Envelope|cloudflare.Error envelope `outcome`: "ok"
function tokens.update(account_id, token_id, params, options) end

---Gives a token a new secret, which is the result; the old one stops.
---
---    local value, err = cf.tokens.roll(account_id, token_id, { old = old_value })
---    if value then store(value) else print(err.outcome, err.rolled, err) end
---
---The token is read first (not with `revive` and without `old`): one that is neither active nor disabled is rolled only
---with `revive`. Never repeated after a lost answer: that is "unknown". Roll once more and deploy that value. A client
---that rolls its own token goes on with the dead secret: make a new one. Errors, as `nil, err`: outcome "not_found",
---"not_sent", "refused" or "unknown". Raises as `delete` does.
---@param account_id string|nil 32 of 0-9 and a-f; nil: the client's `account_id`
---@param token_id string 32 of 0-9 and a-f
---@param options? cloudflare.RollOptions over those of the client
---@return string|nil result the new secret
---@return cloudflare.Envelope|cloudflare.Error envelope `outcome`: "ok"
function tokens.roll(account_id, token_id, options) end

---Deletes a token of an account for good, and says only what it can prove.
---
---    local token, err = cf.tokens.delete(account_id, token_id, { missing_ok = true })
---    if not token then print(err.outcome, err) end
---
---Errors, as `nil, err`: outcome "not_found", "not_sent", "refused" or "unknown". Raises for a wrong
---type, an unknown option, a closed client, and from inside `on_event`.
---@param account_id string|nil 32 of 0-9 and a-f; nil: the client's `account_id`
---@param token_id string 32 of 0-9 and a-f: the token's id, not its value
---@param options? cloudflare.CallOptions over those of the client
---@return { id: string }|nil result `id` may be missing where the outcome is "accepted"
---@return cloudflare.Envelope|cloudflare.Error envelope `outcome`: "deleted", "gone", "accepted" or "not_found"
function tokens.delete(account_id, token_id, options) end

---Asks whether the credential is valid in this account, and for its own id. It also warms the
---connection.
---
---    local own, err = cf.tokens.verify(account_id)
---    print(own and own.status or err)
---
---Errors, as `nil, err`: outcome "refused", "not_found", "failed", or "not_sent". Raises as `delete` does.
---@param account_id string|nil 32 of 0-9 and a-f; nil: the client's `account_id`
---@param options? cloudflare.CallOptions over those of the client
---@return cloudflare.Verified|nil result
---@return cloudflare.Envelope|cloudflare.Error envelope `outcome`: "ok"
function tokens.verify(account_id, options) end

---Gives every token that the credential may see, oldest first, each once, while others create and delete; expired
---ones only with `include_expired`. All are read before the first is handed out, so deleting them in the loop loses
---none.
---
---    for token, err in cf.tokens.each(account_id) do
---      if not token then error(tostring(err)) end
---      print(token.id, token.name)
---    end
---
---Where they cannot all be read the loop runs once, with `false, err`; `err.seen` and `err.total` say how many were
---read, and how many there are. Under async the iterator is what the call ends with. Raises as `delete` does.
---@param account_id string|nil 32 of 0-9 and a-f; nil: the client's `account_id`
---@param query? cloudflare.TokenQuery the fields of a list's query, without `page`
---@param options? cloudflare.CallOptions over those of the client; `timeout` is for all of it
---@return fun(): cloudflare.Token|false|nil, cloudflare.Error? iterator
function tokens.each(account_id, query, options) end

---Deletes many tokens, and says of each what became of it. It keeps to the pace that the API's answers allow.
---
---    local journal = assert(cloudflare.journal("revoked.log", account_id))
---    local report, err = cf.tokens.delete_many(account_id, ids, { journal = journal })
---    if not report then error(tostring(err)) end
---    if not report.all_gone then print(report.stopped, report.error) end
---
---An entry of an earlier report that is "deleted", "gone" or "not_found" is not sent again ("gone" and "not_found" are,
---where the id itself is given, too); what was "unknown" or "accepted" stays so unless it is proven now. Under async,
---outside nginx, `keep`, `journal` and `progress` must not yield. Errors, as
---`nil, err`: a bad argument or option (kind "argument"), or a place in nginx that cannot wait; what is wrong with an
---id stands in its entry. Raises as `delete` does, and for a table that is no list, since ids in it would be passed
---over.
---@param account_id string|nil 32 of 0-9 and a-f; nil: the client's `account_id`
---@param ids string[]|cloudflare.Report ids, entries of reports, or both
---@param options? cloudflare.ManyOptions over those of the client
---@return cloudflare.Report|nil report
---@return cloudflare.Error|nil err
function tokens.delete_many(account_id, ids, options) end

---Tells whose a secret is, by asking with the secret itself: no other credential is needed.
---
---    local found, err = cf.tokens.identify({ account_id, other_account_id }, leaked_value)
---    if found then print(found.kind, found.id) else print(err.reason, err) end
---
---An account's token is looked for in these accounts, a user's with its user; an older value, which does not tell its
---kind, in the accounts and then with the user. It has a connection of its own, and neither heeds nor changes the
---waits, retries and quota of the client. Each refusal counts with the API as an authentication failure: see
---`cloudflare.refusals_left`. A global key, an OAuth token, an R2 secret and an id are argument errors that say what to
---do instead. Errors, as `nil, err`: outcome "refused" with `err.reason`, "failed" or "not_sent". Raises as `delete`
---does.
---@param account_id string|string[]|nil where to ask; nil: the client's `account_id`
---@param value string the secret
---@param options? cloudflare.CallOptions over those of the client; no credential
---@return cloudflare.Identified|nil result
---@return cloudflare.Envelope|cloudflare.Error envelope `outcome`: "ok"
function tokens.identify(account_id, value, options) end

---@class cloudflare.Accounts
---The same as `tokens`, under the name that the official SDKs use.
---@field tokens cloudflare.Tokens

---What the module and each client can do.
---@class cloudflare.Operations
---The account-owned tokens.
---@field tokens cloudflare.Tokens
---@field accounts cloudflare.Accounts
---`user.tokens`: the tokens of the user whose credential it is. The same operations, without the account.
---@field user cloudflare.UserAccounts
local operations = {}

---Sends a request to any other endpoint, with the same credential, limits and care for lost answers.
---
---    local zones, err = cf.request("GET", "/zones", { query = { name = "example.com" } })
---    if zones then print(#zones) else print(err.outcome, err) end
---
---A yes is a complete 2xx whose envelope says success; one that is empty (204, 205); or with `raw` any. Refused before
---anything is sent: an absolute URL, empty and dot segments, `%`, `?`, `#` and `\` in the path. Which of the result's
---fields is secret is not known here: the result is as received, and events hold no bodies. Errors, as `nil, err`:
---outcome "not_sent", "refused", "not_found" or "failed" of a GET, else "not_sent", "refused" or "unknown"; with
---`repeatable` "not_found" too. Raises as `tokens.delete` does.
---@param method cloudflare.Method
---@param path string behind `base_url`, beginning with a slash; plain text
---@param options? cloudflare.RequestOptions over those of the client
---@return any result the envelope's `result`; an empty table where there is none; with `raw` the body, a string
---@return cloudflare.Envelope|cloudflare.Error envelope `outcome`: "ok"
function operations.request(method, path, options) end

---Gives the items of any resource that comes in pages, by number or by cursor.
---
---    for zone, err in cf.pages("/zones", { per_page = 50 }) do
---      if not zone then error(tostring(err)) end
---      print(zone.id, zone.name)
---    end
---
---Where the first answer counts the items, all are read before the first is handed out; else as the loop goes on, each
---page within `timeout`. After a failure the loop runs once more, with `false, err`; `err.seen` says how many items
---came. Under async, and in Lua 5.1 with `sleep`, all are read first. Raises as `tokens.delete` does.
---@param path string behind `base_url`, beginning with a slash; plain text
---@param query? { [string]: string|number|boolean|(string|number|boolean)[] } without `page` and `cursor`
---@param options? cloudflare.CallOptions over those of the client
---@return fun(): any, cloudflare.Error? iterator
function operations.pages(path, query, options) end

---A call in flight, or ended. It can be polled as cqueues polls: `pollfd`, `events`, `timeout`.
---@class cloudflare.Call<T>
local call = {}

---Whether it has ended. Only asks: it advances nothing.
---
---    while not call:done() do cloudflare.step(0.05) end
---    print(call:wait())
---
---@return boolean
function call:done() end

---Waits until it has ended and returns what the plain form returns; any number of times.
---
---    local token, err = call:wait(0.5)
---    if not token and not err then print "still waiting" end
---
---Returns nothing where `seconds` ran out; the call goes on. Raises for a wrong type, what `sleep`
---raises, and inside a function that this call waits for itself (a `progress` of its own).
---@param seconds? number default: as long as it takes
---@return T|nil result
---@return cloudflare.Envelope|cloudflare.Error|nil envelope
function call:wait(seconds) end

---Ends it at once, without confirming: kind "cancelled", outcome "unknown" where a DELETE may have
---taken effect, else what is proven. An ended call stays as it is.
---
---    local sent = call:cancel()
---    print(sent, select(2, call:wait()))
---
---@return boolean sent whether anything may have been sent
function call:cancel() end

---The descriptor that becomes readable when a `step` has something to do; it is the same for every
---call of this Lua state. Nil once the call has ended, and where the system has no epoll.
---
---    cqueues.poll(call)
---    cloudflare.step()
---
---@return integer|nil fd
function call:pollfd() end

---What to poll the descriptor for: always "r".
---
---    local events = call:events()
---    assert(events == "r")
---
---@return "r"
function call:events() end

---Seconds after which a `step` is wanted though the descriptor is silent; 0 once ended, nil for
---never, at most 0.01 where there is no descriptor.
---
---    local seconds = call:timeout()
---    cloudflare.step(seconds)
---
---@return number|nil seconds
function call:timeout() end

---A credential, an account and their options. Also closed by `<close>` in Lua 5.4 and newer.
---@class cloudflare.Client: cloudflare.Operations
---The same operations, with the same arguments; each returns a call at once.
---@field async cloudflare.AsyncOperations
local client = {}

---Ends its calls, each with its outcome (kind "cancelled"), and forgets the credential. Using it
---afterwards raises; closing it again does nothing.
---
---    local cf <close> = cloudflare.new { account_id = account_id }
---    cf:close()
---
function client:close() end

---Policies for `tokens.create` and `tokens.update`.
---@class cloudflare.Policies
local policies = {}

---A policy that allows.
---
---    local policy = cloudflare.policy.allow({ "DNS Write", "Zone Read" }, { zone = zone_id })
---
---Raises for a wrong type and for resources of more than one scope.
---@param permission_groups (string|cloudflare.GroupChoice)[]
---@param resources cloudflare.Resources
---@return cloudflare.PolicyParams policy
function policies.allow(permission_groups, resources) end

---A policy that denies.
---
---    local policy = cloudflare.policy.deny({ "DNS Write" }, { zone = zone_id })
---
---Raises as `allow` does.
---@param permission_groups (string|cloudflare.GroupChoice)[]
---@param resources cloudflare.Resources
---@return cloudflare.PolicyParams policy
function policies.deny(permission_groups, resources) end

---The operations of the module itself use one client made of the environment alone, at their first use.
---@class cloudflare: cloudflare.Operations
---The same operations, with the same arguments; each returns a call at once.
---@field async cloudflare.AsyncOperations
---Makes policies.
---@field policy cloudflare.Policies
---What JSON null becomes in a result: lua-cjson's `null`, OpenResty's `ngx.null`.
---@field null lightuserdata
---Three numbers with dots between, as in "1.0.0".
---@field _VERSION string
local cloudflare = {}

---Marks a table as a JSON array, so that it is sent as `[]` when it is empty. Fields that the API's schema calls
---arrays (`policies`, `permission_groups`, `in`, `not_in`) need no mark. A table with another metatable raises.
---
---    local body = { tags = cloudflare.array {} }
---
---@param items table the list
---@return table items the same table
function cloudflare.array(items) end

---Opens a journal for `delete_many`: a file to which each word is added as a line. It outlives the process, however
---that ends, not a power cut. A line that was torn is ended with " torn" by the next one, and tells nothing.
---
---    local journal = assert(cloudflare.journal("revoked.log", account_id))
---    cloudflare.tokens.delete_many(account_id, ids, { journal = journal })
---
---With `account_id` a line of the file names that account, and the file cannot be opened for another one: there an id
---that it leaves open would be found gone, though its token lives. Errors, as `nil, err`: the file cannot be opened
---(kind "host"), or is another account's or no journal, or the id is malformed ("argument"). Raises for a wrong type.
---@param path string the file; it is made where there is none
---@param account_id? string 32 of 0-9 and a-f; without it the file is kept to no account
---@return (fun(id: string, word: string): boolean|nil, string?)|nil journal
---@return cloudflare.Error|nil err
function cloudflare.journal(path, account_id) end

---Reads a journal back as a report, of the ids that were begun. One without an end is "unknown"; a torn line tells
---nothing.
---
---    local report, err = cloudflare.report_of "revoked.log"
---    if not report then error(tostring(err)) end
---    cloudflare.tokens.delete_many(account_id, report)
---
---Errors, as `nil, err`: the file cannot be read (kind "host"), or is no journal ("argument"). Raises for a wrong type.
---@param path string
---@return cloudflare.Report|nil report
---@return cloudflare.Error|nil err
function cloudflare.report_of(path) end

---What a value that turned up somewhere is, by its looks alone; nothing is asked. A checksum that does not fit means
---that the value was cut short, mistyped or made up; it is a reason to look again, not a proof.
---
---    local kind, fits = cloudflare.secret_kind(value)
---
---@param value string the value; it is never repeated
---@return cloudflare.SecretKind kind
---@return boolean|nil fits whether its checksum does; nil where values of this kind have none
function cloudflare.secret_kind(value) end

---How many more values may be refused before asking about one risks a lock-out of everybody at this address, and the
---seconds until one may. Counted for the Lua state, all its clients together, in the last half hour.
---
---    local left, seconds = cloudflare.refusals_left()
---    if left == 0 then print("ask again in " .. seconds .. " seconds") end
---
---Raises for a wrong type, and for a number out of range.
---@param most? integer how many refusals in half an hour are risked, 1 to 50; default 8
---@return integer left
---@return number seconds
function cloudflare.refusals_left(most) end

---Makes a client. Opens no connection: that comes with its first call.
---
---    local cf, err = cloudflare.new { api_token = read_secret(), account_id = account_id }
---    if not cf then error(tostring(err)) end
---
---Errors, as `nil, err`: a bad value, or no credential anywhere (kind "argument"). Raises for a wrong
---type and an unknown option, naming the nearest.
---@param options? cloudflare.ClientOptions what is absent comes from the environment
---@return cloudflare.Client|nil client
---@return cloudflare.Error|nil err
function cloudflare.new(options) end

---Advances every call of this Lua state, of all its clients; waits at most `seconds` (default 0) for something to
---happen, and returns how many calls are in flight.
---
---    local call = cf.async.tokens.delete(account_id, token_id)
---    while cloudflare.step(0.05) > 0 do redraw() end
---
---Raises for a wrong type, a negative number, and from inside `on_event`.
---@param seconds? number to wait at most for something to happen; default 0, which never blocks
---@return integer in_flight how many calls have not ended
function cloudflare.step(seconds) end

return cloudflare
