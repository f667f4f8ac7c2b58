-- What a fresh sandbox holds: one account, the caller's credentials, and some tokens that a real account might have.
local access = require "access"
local groups = require "groups"
local json = require "json"
local random = require "random"
local store = require "store"

local seed = {}

local function read_file(path)
  local file = assert(io.open(path))
  local text = file:read "*a"
  file:close()
  return text
end

local given = json.decode(read_file(ngx.config.prefix() .. "seed.json")) -- made anew at each start
seed.account, seed.other = given.account, ngx.md5("other " .. given.account)
seed.realms = { [seed.account] = "account", [seed.other] = "other" }

local ACCOUNT = { ["com.cloudflare.api.account." .. given.account] = "*" }
local ZONES = { ["com.cloudflare.api.account." .. given.account] = { ["com.cloudflare.api.account.zone.*"] = "*" } }
local OTHER = { ["com.cloudflare.api.account." .. seed.other] = "*" }
local USER = { ["com.cloudflare.api.user." .. ngx.md5(given.account)] = "*" }

local function policy(resources, names)
  local ids = {}
  for i, name in ipairs(names) do ids[i] = groups.named(name).id end
  table.sort(ids)
  return { id = ngx.md5(table.concat(names)), effect = "allow", resources = resources, permission_groups = ids }
end

-- The same ids after every reset.
local function plant(realm, name, resources, names, more)
  local token = {
    id = ngx.md5(given.account .. realm .. name), name = name, status = "active",
    issued_on = "2025-06-12T08:30:11Z", modified_on = "2025-06-12T08:30:11Z", last_used_on = json.null,
    policies = { policy(resources, names) },
  }
  if realm ~= "user" then
    token.creator_email_at_creation, token.provisioner_id = given.email, json.null
  end
  for field, value in pairs(more or {}) do token[field] = value end
  store.put(realm, token)
  return token
end

local function plant_credential(realm, secret, ...)
  store.set_secret(realm, plant(realm, ...).id, secret)
end

local CI = { issued_on = "2025-02-03T14:05:52Z", last_used_on = "2025-09-30T22:17:03Z", id = given.token_id }
local TERRAFORM = {
  modified_on = "2025-08-01T09:00:00Z", last_used_on = "2025-10-01T06:41:29Z", expires_on = "2035-08-01T00:00:00Z",
  condition = { request_ip = { ["in"] = { "192.0.2.0/24", "2001:db8::/48" }, not_in = {} } },
}

local OAUTH = {
  provisioner_id = ngx.md5(given.account .. "oauth"), provisioner_type = "com.cloudflare.api.oauthtoken",
}

function seed.plant()
  access.key = given
  plant_credential("account", given.write, "sandbox-write", ACCOUNT, { "Account API Tokens Write" })
  plant_credential("account", given.read, "sandbox-read", ACCOUNT, { "Account API Tokens Read" })
  plant_credential("account", given.none, "sandbox-none", ACCOUNT, { "Account Settings Read" })
  plant("account", "ci-deploy", ACCOUNT, { "Workers Scripts Write", "Workers KV Storage Write" }, CI)
  plant("account", "terraform-dns", ZONES, { "DNS Write", "Zone Read" }, TERRAFORM)
  plant("account", "grafana-readonly", ACCOUNT, { "Account Analytics Read" }, OAUTH)
  plant_credential("user", given.personal, "sandbox-user", USER, { "API Tokens Write" })
  plant("user", "laptop-cli", USER, { "API Tokens Read" }, { last_used_on = "2025-09-12T17:20:45Z" })
end

local RESOURCES = { account = ACCOUNT, other = OTHER, user = USER }
local READER = { "Account Analytics Read" }
local GROUPS = { account = READER, other = READER, user = { "User Details Read" } }

-- What is wrong with a batch, or nil.
local function problem_of(batch)
  if not RESOURCES[batch.realm or "account"] then return "realm must be account, other or user" end
  if batch.secret and batch.secret ~= "new" and batch.secret ~= "older" then return "secret must be new or older" end
  for _, name in ipairs(batch.groups or {}) do
    if not groups.named(name) then return "no such permission group: " .. tostring(name) end
  end
end

-- What every token of a batch has in common.
local function fields_of(batch)
  local hidden = (batch.creator or batch.managed) and { creator = batch.creator, managed = batch.managed } or nil
  return {
    status = batch.status, expires_on = batch.expires_on, not_before = batch.not_before, condition = batch.condition,
    hidden = hidden,
  }
end

local function secret_of(batch, realm)
  if batch.secret == "older" then return random.older_secret() end
  return random.secret(realm)
end

-- A token; its id, and its secret where the batch wants one. A dead one is not there, nor is its secret accepted.
local function grow_one(batch, realm, name, fields)
  local id, secret = random.id(), batch.secret and secret_of(batch, realm)
  if batch.dead then return id, secret end
  fields.id = id
  plant(realm, name, RESOURCES[realm], batch.groups or GROUPS[realm], fields)
  if secret then store.set_secret(realm, id, secret) end
  return id, secret
end

local function grow_batch(batch)
  local realm, fields, ids, values = batch.realm or "account", fields_of(batch), {}, {}
  for i = 1, batch.count do
    local name = ("%s-%05d"):format(batch.name or "batch", i)
    ids[i], values[i] = grow_one(batch, realm, name, fields)
  end
  return { ids = ids, values = batch.secret and values or nil }
end

-- Adds batches of tokens; returns the ids, and the secrets where wanted, of each. Or nothing and what is wrong.
function seed.grow(batches)
  for _, batch in ipairs(batches) do
    local problem = problem_of(batch)
    if problem then return nil, problem end
  end
  local grown = {}
  for i, batch in ipairs(batches) do grown[i] = grow_batch(batch) end
  return grown
end

return seed
