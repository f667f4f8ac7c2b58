-- Some of Cloudflare's permission groups, with their real ids.
local SCOPE = {
  account = "com.cloudflare.api.account", zone = "com.cloudflare.api.account.zone", user = "com.cloudflare.api.user",
}

local function group(id, name, scope, category)
  return { id = id, name = name, scopes = { SCOPE[scope] }, category = category }
end

local groups = {
  group("5bc3f8b21c554832afc660159ab75fa4", "Account API Tokens Write", "account", "account_and_billing"),
  group("eb56a6953c034b9d97dd838155666f06", "Account API Tokens Read", "account", "account_and_billing"),
  group("686d18d5ac6c441c867cbf6771e58a0a", "API Tokens Write", "user", "account_and_billing"),
  group("0cc3a61731504c89b99ec1be78b77aa0", "API Tokens Read", "user", "account_and_billing"),
  group("1af1fa2adc104452b74a9a3364202f20", "Account Settings Write", "account", "account_and_billing"),
  group("c1fde68c7bcc44588cbb6ddbc16d6480", "Account Settings Read", "account", "account_and_billing"),
  group("b89a480218d04ceb98b4fe57ca29dc1f", "Account Analytics Read", "account", "analytics_and_logs"),
  group("7cf72faf220841aabcfdfab81c43c4f6", "Billing Read", "account", "account_and_billing"),
  group("e086da7e2179491d91ee5f35b3ca210a", "Workers Scripts Write", "account", "developer_platform"),
  group("1a71c399035b4950a1bd1466bbe4f420", "Workers Scripts Read", "account", "developer_platform"),
  group("f7f0eda5697f475c90846e879bab8666", "Workers KV Storage Write", "account", "developer_platform"),
  group("8b47d2786a534c08a1f94ee8f9f599ef", "Workers KV Storage Read", "account", "developer_platform"),
  group("09b2857d1c31407795e75e3fed8617a1", "D1 Write", "account", "developer_platform"),
  group("e6d2666161e84845a636613608cee8d5", "Zone Write", "zone", "dns_and_zones"),
  group("c8fed203ed3043cba015a93ad1616f1f", "Zone Read", "zone", "dns_and_zones"),
  group("4755a26eedb94da69e1066d98aa820be", "DNS Write", "zone", "dns_and_zones"),
  group("82e64a83756745bbbb1c9c2701bf816b", "DNS Read", "zone", "dns_and_zones"),
}

local by_id, by_name = {}, {}
for _, each in ipairs(groups) do
  by_id[each.id], by_name[each.name] = each, each
end

-- The groups of a realm: an account's tokens cannot hold a user's permissions.
local function list(realm, name, scope)
  local found = {}
  for _, each in ipairs(groups) do
    local here = realm == "user" or each.scopes[1] ~= SCOPE.user
    if here and (not name or each.name == name) and (not scope or each.scopes[1] == scope) then
      found[#found + 1] = each
    end
  end
  return found
end

return { by_id = by_id, by_name = by_name, list = list }
