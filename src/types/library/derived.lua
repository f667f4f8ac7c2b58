---@meta _
-- Made by `make reference` from cloudflare.lua; see there.

---The same operations, with the same arguments; each returns a call at once. Mistakes raise as in the plain
---form; a bad value gives a call that has already ended. Dropping a call does not cancel it.
---@class cloudflare.AsyncOperations
---The account-owned tokens.
---@field tokens cloudflare.AsyncTokens
---@field accounts cloudflare.AsyncAccounts

---The same operations, with the same arguments; each returns a call at once. Mistakes raise as in the plain
---form; a bad value gives a call that has already ended. Dropping a call does not cancel it.
---@class cloudflare.AsyncAccounts
---The same as `tokens`, under the name that the official SDKs use.
---@field tokens cloudflare.AsyncTokens

---The same operations, with the same arguments; each returns a call at once. Mistakes raise as in the plain
---form; a bad value gives a call that has already ended. Dropping a call does not cancel it.
---@class cloudflare.AsyncTokens
local AsyncTokens = {}

---Begins what `delete` does in its plain form: the call ends with the same results.
---@param account_id string|nil 32 of 0-9 and a-f; nil: the client's `account_id`
---@param token_id string 32 of 0-9 and a-f: the token's id, not its value
---@param options? cloudflare.CallOptions over those of the client
---@return cloudflare.Call<{ id: string }> call
function AsyncTokens.delete(account_id, token_id, options) end

---Begins what `verify` does in its plain form: the call ends with the same results.
---@param account_id string|nil 32 of 0-9 and a-f; nil: the client's `account_id`
---@param options? cloudflare.CallOptions over those of the client
---@return cloudflare.Call<cloudflare.Verified> call
function AsyncTokens.verify(account_id, options) end

---Begins what `each` does in its plain form: the call ends with the same results.
---@param account_id string|nil 32 of 0-9 and a-f; nil: the client's `account_id`
---@param query? table the fields of a list's query, without `page`
---@param options? cloudflare.CallOptions over those of the client; `timeout` is for all of it
---@return cloudflare.Call<fun(): table|false|nil, cloudflare.Error?> call
function AsyncTokens.each(account_id, query, options) end

---Begins what `delete_many` does in its plain form: the call ends with the same results.
---@param account_id string|nil 32 of 0-9 and a-f; nil: the client's `account_id`
---@param ids string[]|cloudflare.Report ids, entries of reports, or both
---@param options? cloudflare.ManyOptions over those of the client
---@return cloudflare.Call<cloudflare.Report> call
function AsyncTokens.delete_many(account_id, ids, options) end
