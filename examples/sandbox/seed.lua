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
seed.account = given.account

local ACCOUNT = { ["com.cloudflare.api.account." .. given.account] = "*" }
local ZONES = { ["com.cloudflare.api.account." .. given.account] = { ["com.cloudflare.api.account.zone.*"] = "*" } }
local USER = { ["com.cloudflare.api.user." .. ngx.md5(given.account)] = "*" }

local function policy(resources, names)
  local list = {}
  for i, name in ipairs(names) do list[i] = { id = groups.by_name[name].id, name = name } end
  return { id = ngx.md5(table.concat(names)), effect = "allow", resources = resources, permission_groups = list }
end

-- The same ids after every reset.
local function plant(realm, name, resources, names, more)
  local token = {
    id = ngx.md5(given.account .. realm .. name), name = name, status = "active",
    issued_on = "2025-06-12T08:30:11Z", modified_on = "2025-06-12T08:30:11Z", last_used_on = json.null,
    policies = { policy(resources, names) },
  }
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

function seed.plant()
  access.key = given
  plant_credential("account", given.write, "sandbox-write", ACCOUNT, { "Account API Tokens Write" })
  plant_credential("account", given.read, "sandbox-read", ACCOUNT, { "Account API Tokens Read" })
  plant_credential("account", given.none, "sandbox-none", ACCOUNT, { "Account Settings Read" })
  plant("account", "ci-deploy", ACCOUNT, { "Workers Scripts Write", "Workers KV Storage Write" }, CI)
  plant("account", "terraform-dns", ZONES, { "DNS Write", "Zone Read" }, TERRAFORM)
  plant("account", "grafana-readonly", ACCOUNT, { "Account Analytics Read" })
  plant_credential("user", given.personal, "sandbox-user", USER, { "API Tokens Write" })
  plant("user", "laptop-cli", USER, { "API Tokens Read" }, { last_used_on = "2025-09-12T17:20:45Z" })
end

-- Adds so many tokens to the account, for which no secret exists; returns their ids.
function seed.grow(count)
  local ids = {}
  for i = 1, count do
    ids[i] = random.id()
    plant("account", ("batch-%05d"):format(i), ACCOUNT, { "Account Analytics Read" }, { id = ids[i] })
  end
  return ids
end

return seed
