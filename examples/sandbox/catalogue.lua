-- The names of some 400 permission groups: for each category and scope those that come as "… Read" and "… Write",
-- and those that stand alone. The ids of the first few are Cloudflare's; the others are made from scope and name.
-- Some names stand for two scopes, as they do in the real list: a name alone does not say which group is meant.
local catalogue = {}

catalogue.known = { -- scope and name → id
  ["account Account API Tokens Write"] = "5bc3f8b21c554832afc660159ab75fa4",
  ["account Account API Tokens Read"] = "eb56a6953c034b9d97dd838155666f06",
  ["user API Tokens Write"] = "686d18d5ac6c441c867cbf6771e58a0a",
  ["user API Tokens Read"] = "0cc3a61731504c89b99ec1be78b77aa0",
  ["account Account Settings Write"] = "1af1fa2adc104452b74a9a3364202f20",
  ["account Account Settings Read"] = "c1fde68c7bcc44588cbb6ddbc16d6480",
  ["account Account Analytics Read"] = "b89a480218d04ceb98b4fe57ca29dc1f",
  ["account Billing Read"] = "7cf72faf220841aabcfdfab81c43c4f6",
  ["account Workers Scripts Write"] = "e086da7e2179491d91ee5f35b3ca210a",
  ["account Workers Scripts Read"] = "1a71c399035b4950a1bd1466bbe4f420",
  ["account Workers KV Storage Write"] = "f7f0eda5697f475c90846e879bab8666",
  ["account Workers KV Storage Read"] = "8b47d2786a534c08a1f94ee8f9f599ef",
  ["account D1 Write"] = "09b2857d1c31407795e75e3fed8617a1",
  ["zone Zone Write"] = "e6d2666161e84845a636613608cee8d5",
  ["zone Zone Read"] = "c8fed203ed3043cba015a93ad1616f1f",
  ["zone DNS Write"] = "4755a26eedb94da69e1066d98aa820be",
  ["zone DNS Read"] = "82e64a83756745bbbb1c9c2701bf816b",
}

-- category, scope, names: each comes as "… Read" and "… Write"
catalogue.pairs = {
  { "account_and_billing", "account", "Account API Tokens; Account Settings; Billing; "
    .. "Account Memberships; Account Roles; Account SSO; Account Custom Pages; Account Rule Lists; "
    .. "Account Rulesets; Account Subscriptions; Notifications; Trust and Safety; Integration; Organizations; "
    .. "Account Resource Groups; Registrar Domains; Registrar Contacts" },
  { "account_and_billing", "user", "API Tokens; Memberships; User Details; User Sessions; "
    .. "User Invites; User Audit Logs; User Subscriptions; User Billing; User Organizations" },
  { "developer_platform", "account", "Workers Scripts; Workers KV Storage; Workers R2 Storage; D1; "
    .. "Pages; Queues; Hyperdrive; Workers Tail; Workers Observability; Workers Builds; "
    .. "Workers CI; Workers Pipelines; Workflows; Containers; Dispatch Namespaces; Browser Rendering; "
    .. "Secrets Store; Email Workers; Realtime; Calls; Event Notifications; R2 Data Catalog; R2 SQL" },
  { "developer_platform", "zone", "Workers Routes; Snippets; Zaraz; Web3 Hostnames; Apps" },
  { "ai_and_machine_learning", "account", "Workers AI; Vectorize; AI Gateway; AI Search; AI Audit; AI Crawl Control" },
  { "dns_and_zones", "zone", "Zone; DNS; Zone Settings; Zone Versioning; Zone Transform Rules; "
    .. "SSL and Certificates; Custom Hostnames; Secondary DNS; Zone DNS Settings; Zone Holds; Subscriptions; "
    .. "Registrar Domains; Custom Pages" },
  { "dns_and_zones", "account", "DNS Firewall; DNS Views; Account DNS Settings; "
    .. "Account Custom Nameservers; Secondary DNS; Address Maps; SSL and Certificates" },
  { "app_security", "zone", "Firewall Services; Zone WAF; Bot Management; Page Shield; "
    .. "API Gateway; Access: Apps and Policies; HTTP DDoS Managed Ruleset; Turnstile; Leaked Credential Checks; "
    .. "Content Scanning; Security Center; Fraud Detection; Client Certificates" },
  { "app_security", "account", "Account WAF; Turnstile Sites; Bot Management; Page Shield; "
    .. "API Gateway; DDoS Protection; L4 DDoS Managed Ruleset; DDoS Botnet Feed; Security Center; "
    .. "Vulnerability Scanner; Intel; Cloudforce One; Fraud Detection; URL Scanner" },
  { "rules_and_configuration", "zone", "Page Rules; Origin Rules; Config Rules; Dynamic Redirect; "
    .. "Response Compression; Transform Rules; Managed Headers; Cloud Connector; Bulk URL Redirects; "
    .. "Health Checks; Load Balancers; Waiting Rooms; Observatory; Automatic Platform Optimization" },
  { "rules_and_configuration", "account", "Bulk URL Redirects; Transform Rules; Origin Rules; Select Configuration; "
    .. "Load Balancing: Monitors and Pools; Load Balancing: Account Load Balancers; Health Checks" },
  { "cloudflare_one_and_zero_trust", "account", "Zero Trust; Access: Apps and Policies; Access: Service Tokens; "
    .. "Access: Groups; Access: Organizations, Identity Providers, and Groups; Access: Users; "
    .. "Access: Audit Logs; Access: Device Posture; Access: Custom Pages; Access: Mutual TLS Certificates; "
    .. "Cloudflare Tunnel; Cloudflare Zero Trust Secure DNS Locations; Teams Connectors; Teams Report; DLP; "
    .. "Devices; Device Settings; CASB; Cloud Email Security; Digital Experience Monitoring; Gateway Rules; "
    .. "Gateway Lists; Gateway Proxy Endpoints; Browser Isolation; WARP Connector" },
  { "analytics_and_logs", "account", "Logs; Account Analytics; Logpush; Log Explorer; Web Analytics; "
    .. "Radar; Audit Logs; Instant Logs" },
  { "analytics_and_logs", "zone", "Logs; Analytics; Logpush; Instant Logs; Web Analytics" },
  { "network_services", "account", "Magic Transit; Magic WAN; Magic Firewall; "
    .. "Magic Network Monitoring; Magic Transit Prefixes; IP Prefixes; IP Prefixes: BGP On Demand; "
    .. "Network Interconnects; Spectrum; Multi-Cloud Networking" },
  { "network_services", "zone", "Argo Smart Routing; Spectrum; Regional Hostnames; Aegis" },
  { "media", "account", "Stream; Images; Image Transformations" },
  { "media", "zone", "Images; Image Transformations" },
  { "email_and_messaging", "account", "Email Routing Addresses; Email Sending; Email Security; DMARC Management" },
  { "email_and_messaging", "zone", "Email Routing Rules; Email Sending; DMARC Management" },
  { "cache_and_performance", "zone", "Cache Settings; Cache Rules; Tiered Cache; Cache Reserve; Early Hints" },
  { "cache_and_performance", "account", "Cache Reserve" },
  { "other", "account", "Disable ESC; Prefix Delegations" },
}

-- category, scope, name
catalogue.singles = {
  { "cache_and_performance", "zone", "Cache Purge" },
  { "app_security", "zone", "Access: Apps and Policies Revoke" },
  { "cloudflare_one_and_zero_trust", "account", "Access: Apps and Policies Revoke" },
  { "cloudflare_one_and_zero_trust", "account", "Zero Trust Report" },
  { "developer_platform", "bucket", "Workers R2 Storage Bucket Item Read" },
  { "developer_platform", "bucket", "Workers R2 Storage Bucket Item Write" },
  { "developer_platform", "account", "Workers Agents Configuration Metadata" },
  { "account_and_billing", "account", "Account API Tokens Own" },     -- create tokens, and list those alone
  { "account_and_billing", "account", "Cloudflare Support Write" },   -- shown, but nobody may grant it
}

catalogue.not_selectable = { ["Cloudflare Support Write"] = true }

return catalogue
