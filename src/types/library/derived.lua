---@meta _
-- Made by `make reference` from cloudflare.lua; see there.

---The same operations, with the same arguments; each returns a call at once. Mistakes raise as in the plain
---form; a bad value gives a call that has already ended. Dropping a call does not cancel it.
---@class cloudflare.AsyncOperations
---The account-owned tokens.
---@field tokens cloudflare.AsyncTokens
---@field accounts cloudflare.AsyncAccounts
---`user.tokens`: the tokens of the user whose credential it is. The same operations, without the account.
---@field user cloudflare.AsyncUserAccounts
local AsyncOperations = {}

---Begins what `request` does in its plain form: the call ends with the same results.
---@param method cloudflare.Method
---@param path string behind `base_url`, beginning with a slash; plain text
---@param options? cloudflare.RequestOptions over those of the client
---@return cloudflare.Call<any> call
function AsyncOperations.request(method, path, options) end

---Begins what `pages` does in its plain form: the call ends with the same results.
---@param path string behind `base_url`, beginning with a slash; plain text
---@param query? { [string]: string|number|boolean|(string|number|boolean)[] } without `page` and `cursor`
---@param options? cloudflare.CallOptions over those of the client
---@return cloudflare.Call<fun(): any, cloudflare.Error?> call
function AsyncOperations.pages(path, query, options) end

---The same operations on the user whose credential it is, under `/user`: without the account.
---@class cloudflare.UserAccounts
---The same as `tokens`, under the name that the official SDKs use.
---@field tokens cloudflare.UserTokens

---The same operations, with the same arguments; each returns a call at once. Mistakes raise as in the plain
---form; a bad value gives a call that has already ended. Dropping a call does not cancel it.
---@class cloudflare.AsyncAccounts
---The same as `tokens`, under the name that the official SDKs use.
---@field tokens cloudflare.AsyncTokens

---The same operations, with the same arguments; each returns a call at once. Mistakes raise as in the plain
---form; a bad value gives a call that has already ended. Dropping a call does not cancel it.
---@class cloudflare.AsyncTokens
---The permission groups that a token of an account can have.
---@field permission_groups cloudflare.AsyncPermissionGroups
local AsyncTokens = {}

---Begins what `create` does in its plain form: the call ends with the same results.
---@param account_id string|nil 32 of 0-9 and a-f; nil: the client's `account_id`
---@param params cloudflare.TokenParams
---@param options? cloudflare.CreateOptions over those of the client
---@return cloudflare.Call<cloudflare.CreatedToken> call
function AsyncTokens.create(account_id, params, options) end

---Begins what `list` does in its plain form: the call ends with the same results.
---@param account_id string|nil 32 of 0-9 and a-f; nil: the client's `account_id`
---@param query? cloudflare.TokenQuery
---@param options? cloudflare.CallOptions over those of the client
---@return cloudflare.Call<cloudflare.Token[]> call
function AsyncTokens.list(account_id, query, options) end

---Begins what `get` does in its plain form: the call ends with the same results.
---@param account_id string|nil 32 of 0-9 and a-f; nil: the client's `account_id`
---@param token_id string 32 of 0-9 and a-f
---@param options? cloudflare.CallOptions over those of the client
---@return cloudflare.Call<cloudflare.Token> call
function AsyncTokens.get(account_id, token_id, options) end

---Begins what `update` does in its plain form: the call ends with the same results.
---@param account_id string|nil 32 of 0-9 and a-f; nil: the client's `account_id`
---@param token_id string 32 of 0-9 and a-f
---@param params cloudflare.TokenParams|cloudflare.TokenEdit
---@param options? cloudflare.CallOptions over those of the client
---@return cloudflare.Call<cloudflare.Token> call
function AsyncTokens.update(account_id, token_id, params, options) end

---Begins what `roll` does in its plain form: the call ends with the same results.
---@param account_id string|nil 32 of 0-9 and a-f; nil: the client's `account_id`
---@param token_id string 32 of 0-9 and a-f
---@param options? cloudflare.RollOptions over those of the client
---@return cloudflare.Call<string> call
function AsyncTokens.roll(account_id, token_id, options) end

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
---@param query? cloudflare.TokenQuery the fields of a list's query, without `page`
---@param options? cloudflare.CallOptions over those of the client; `timeout` is for all of it
---@return cloudflare.Call<fun(): cloudflare.Token|false|nil, cloudflare.Error?> call
function AsyncTokens.each(account_id, query, options) end

---Begins what `delete_many` does in its plain form: the call ends with the same results.
---@param account_id string|nil 32 of 0-9 and a-f; nil: the client's `account_id`
---@param ids string[]|cloudflare.Report ids, entries of reports, or both
---@param options? cloudflare.ManyOptions over those of the client
---@return cloudflare.Call<cloudflare.Report> call
function AsyncTokens.delete_many(account_id, ids, options) end

---Begins what `identify` does in its plain form: the call ends with the same results.
---@param account_id string|string[]|nil where to ask; nil: the client's `account_id`
---@param value string the secret
---@param options? cloudflare.CallOptions over those of the client; no credential
---@return cloudflare.Call<cloudflare.Identified> call
function AsyncTokens.identify(account_id, value, options) end

---The same operations, with the same arguments; each returns a call at once. Mistakes raise as in the plain
---form; a bad value gives a call that has already ended. Dropping a call does not cancel it.
---@class cloudflare.AsyncUserAccounts
---The same as `tokens`, under the name that the official SDKs use.
---@field tokens cloudflare.AsyncUserTokens

---The same operations on the user whose credential it is, under `/user`: without the account.
---@class cloudflare.UserTokens
---The permission groups that a token of an account can have.
---@field permission_groups cloudflare.UserPermissionGroups
local UserTokens = {}

---What `create` does for an account, for the user.
---@param params cloudflare.TokenParams
---@param options? cloudflare.CreateOptions over those of the client
---@return cloudflare.CreatedToken|nil result
---@return cloudflare.Envelope|cloudflare.Error envelope
function UserTokens.create(params, options) end

---What `list` does for an account, for the user.
---@param query? cloudflare.TokenQuery
---@param options? cloudflare.CallOptions over those of the client
---@return cloudflare.Token[]|nil result
---@return cloudflare.Envelope|cloudflare.Error envelope
function UserTokens.list(query, options) end

---What `get` does for an account, for the user.
---@param token_id string 32 of 0-9 and a-f
---@param options? cloudflare.CallOptions over those of the client
---@return cloudflare.Token|nil result
---@return cloudflare.Envelope|cloudflare.Error envelope
function UserTokens.get(token_id, options) end

---What `update` does for an account, for the user.
---@param token_id string 32 of 0-9 and a-f
---@param params cloudflare.TokenParams|cloudflare.TokenEdit
---@param options? cloudflare.CallOptions over those of the client
---@return cloudflare.Token|nil result
---@return cloudflare.Envelope|cloudflare.Error envelope
function UserTokens.update(token_id, params, options) end

---What `roll` does for an account, for the user.
---@param token_id string 32 of 0-9 and a-f
---@param options? cloudflare.RollOptions over those of the client
---@return string|nil result
---@return cloudflare.Envelope|cloudflare.Error envelope
function UserTokens.roll(token_id, options) end

---What `delete` does for an account, for the user.
---@param token_id string 32 of 0-9 and a-f: the token's id, not its value
---@param options? cloudflare.CallOptions over those of the client
---@return { id: string }|nil result
---@return cloudflare.Envelope|cloudflare.Error envelope
function UserTokens.delete(token_id, options) end

---What `verify` does for an account, for the user.
---@param options? cloudflare.CallOptions over those of the client
---@return cloudflare.Verified|nil result
---@return cloudflare.Envelope|cloudflare.Error envelope
function UserTokens.verify(options) end

---What `each` does for an account, for the user.
---@param query? cloudflare.TokenQuery the fields of a list's query, without `page`
---@param options? cloudflare.CallOptions over those of the client; `timeout` is for all of it
---@return fun(): cloudflare.Token|false|nil, cloudflare.Error? iterator
function UserTokens.each(query, options) end

---What `delete_many` does for an account, for the user.
---@param ids string[]|cloudflare.Report ids, entries of reports, or both
---@param options? cloudflare.ManyOptions over those of the client
---@return cloudflare.Report|nil report
---@return cloudflare.Error|nil err
function UserTokens.delete_many(ids, options) end

---What `identify` does for an account, for the user.
---@param value string the secret
---@param options? cloudflare.CallOptions over those of the client; no credential
---@return cloudflare.Identified|nil result
---@return cloudflare.Envelope|cloudflare.Error envelope
function UserTokens.identify(value, options) end

---The same operations, with the same arguments; each returns a call at once. Mistakes raise as in the plain
---form; a bad value gives a call that has already ended. Dropping a call does not cancel it.
---@class cloudflare.AsyncPermissionGroups
local AsyncPermissionGroups = {}

---Begins what `list` does in its plain form: the call ends with the same results.
---@param account_id string|nil 32 of 0-9 and a-f; nil: the client's `account_id`
---@param query? cloudflare.GroupQuery
---@param options? cloudflare.CallOptions over those of the client
---@return cloudflare.Call<cloudflare.PermissionGroup[]> call
function AsyncPermissionGroups.list(account_id, query, options) end

---Begins what `get` does in its plain form: the call ends with the same results.
---@param account_id string|nil
---@param query? cloudflare.GroupQuery
---@param options? cloudflare.CallOptions
---@return cloudflare.Call<cloudflare.PermissionGroup[]> call
function AsyncPermissionGroups.get(account_id, query, options) end

---The same operations, with the same arguments; each returns a call at once. Mistakes raise as in the plain
---form; a bad value gives a call that has already ended. Dropping a call does not cancel it.
---@class cloudflare.AsyncUserTokens
---The permission groups that a token of an account can have.
---@field permission_groups cloudflare.AsyncUserPermissionGroups
local AsyncUserTokens = {}

---Begins what `create` does in its plain form: the call ends with the same results.
---@param params cloudflare.TokenParams
---@param options? cloudflare.CreateOptions over those of the client
---@return cloudflare.Call<cloudflare.CreatedToken> call
function AsyncUserTokens.create(params, options) end

---Begins what `list` does in its plain form: the call ends with the same results.
---@param query? cloudflare.TokenQuery
---@param options? cloudflare.CallOptions over those of the client
---@return cloudflare.Call<cloudflare.Token[]> call
function AsyncUserTokens.list(query, options) end

---Begins what `get` does in its plain form: the call ends with the same results.
---@param token_id string 32 of 0-9 and a-f
---@param options? cloudflare.CallOptions over those of the client
---@return cloudflare.Call<cloudflare.Token> call
function AsyncUserTokens.get(token_id, options) end

---Begins what `update` does in its plain form: the call ends with the same results.
---@param token_id string 32 of 0-9 and a-f
---@param params cloudflare.TokenParams|cloudflare.TokenEdit
---@param options? cloudflare.CallOptions over those of the client
---@return cloudflare.Call<cloudflare.Token> call
function AsyncUserTokens.update(token_id, params, options) end

---Begins what `roll` does in its plain form: the call ends with the same results.
---@param token_id string 32 of 0-9 and a-f
---@param options? cloudflare.RollOptions over those of the client
---@return cloudflare.Call<string> call
function AsyncUserTokens.roll(token_id, options) end

---Begins what `delete` does in its plain form: the call ends with the same results.
---@param token_id string 32 of 0-9 and a-f: the token's id, not its value
---@param options? cloudflare.CallOptions over those of the client
---@return cloudflare.Call<{ id: string }> call
function AsyncUserTokens.delete(token_id, options) end

---Begins what `verify` does in its plain form: the call ends with the same results.
---@param options? cloudflare.CallOptions over those of the client
---@return cloudflare.Call<cloudflare.Verified> call
function AsyncUserTokens.verify(options) end

---Begins what `each` does in its plain form: the call ends with the same results.
---@param query? cloudflare.TokenQuery the fields of a list's query, without `page`
---@param options? cloudflare.CallOptions over those of the client; `timeout` is for all of it
---@return cloudflare.Call<fun(): cloudflare.Token|false|nil, cloudflare.Error?> call
function AsyncUserTokens.each(query, options) end

---Begins what `delete_many` does in its plain form: the call ends with the same results.
---@param ids string[]|cloudflare.Report ids, entries of reports, or both
---@param options? cloudflare.ManyOptions over those of the client
---@return cloudflare.Call<cloudflare.Report> call
function AsyncUserTokens.delete_many(ids, options) end

---Begins what `identify` does in its plain form: the call ends with the same results.
---@param value string the secret
---@param options? cloudflare.CallOptions over those of the client; no credential
---@return cloudflare.Call<cloudflare.Identified> call
function AsyncUserTokens.identify(value, options) end

---The same operations on the user whose credential it is, under `/user`: without the account.
---@class cloudflare.UserPermissionGroups
local UserPermissionGroups = {}

---What `list` does for an account, for the user.
---@param query? cloudflare.GroupQuery
---@param options? cloudflare.CallOptions over those of the client
---@return cloudflare.PermissionGroup[]|nil result
---@return cloudflare.Envelope|cloudflare.Error envelope
function UserPermissionGroups.list(query, options) end

---What `get` does for an account, for the user.
---@param query? cloudflare.GroupQuery
---@param options? cloudflare.CallOptions
---@return cloudflare.PermissionGroup[]|nil result
---@return cloudflare.Envelope|cloudflare.Error envelope
function UserPermissionGroups.get(query, options) end

---The same operations, with the same arguments; each returns a call at once. Mistakes raise as in the plain
---form; a bad value gives a call that has already ended. Dropping a call does not cancel it.
---@class cloudflare.AsyncUserPermissionGroups
local AsyncUserPermissionGroups = {}

---Begins what `list` does in its plain form: the call ends with the same results.
---@param query? cloudflare.GroupQuery
---@param options? cloudflare.CallOptions over those of the client
---@return cloudflare.Call<cloudflare.PermissionGroup[]> call
function AsyncUserPermissionGroups.list(query, options) end

---Begins what `get` does in its plain form: the call ends with the same results.
---@param query? cloudflare.GroupQuery
---@param options? cloudflare.CallOptions
---@return cloudflare.Call<cloudflare.PermissionGroup[]> call
function AsyncUserPermissionGroups.get(query, options) end
