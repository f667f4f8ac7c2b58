-- A helper of busted's, for the variant of the module that spec/support/collector.c is linked into: at one in
-- COLLECT of the places where Lua may collect garbage all of it is collected, while the strings of the option tables
-- at hand are gone, as if a finalizer had taken them. Equal ones are put back, so that the specs hold as they stand.
local every, places, collected = tonumber(os.getenv "COLLECT"), 0, 0

local function take_strings(t)
  local taken = {}
  for key, value in pairs(t) do
    if type(value) == "string" then taken[key] = value:reverse() end
  end
  for key in pairs(taken) do t[key] = nil end
  return taken
end

local function is_options(t) return rawget(t, "api_token") or rawget(t, "base_url") end

debug.getregistry()["cloudflare.collects"] = function(...)
  places = places + 1
  if places % every ~= 0 then return end
  collected = collected + 1
  local taken = {}
  for _, t in ipairs { ... } do
    if is_options(t) then taken[t] = take_strings(t) end
  end
  collectgarbage()
  for t, strings in pairs(taken) do
    for key, text in pairs(strings) do t[key] = text:reverse() end
  end
end

require "busted".subscribe({ "suite", "end" }, function()
  print(("collected %d times, at one of %d places in %d"):format(collected, every, places))
  if collected == 0 then os.exit(1) end -- not the variant
end)
