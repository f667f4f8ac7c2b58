-- nmap: a script waits, and other threads of nmap's go on. It is left as people leave it, by Ctrl-C.
local COUNTING = [[
local stdnse = require "stdnse"
local inside = dofile(os.getenv "SPEC_DIR" .. "/inside.lua")
local recipe = setmetatable({}, { __index = _ENV })
loadfile(os.getenv "SPEC_DIR" .. "/revoke.nse", "t", recipe)()
categories, prerule = recipe.categories, recipe.prerule
action = function()
  local over
  stdnse.new_thread(function()
    while not over do
      inside.tick()
      stdnse.sleep(0.01)
    end
  end)
  inside.show(recipe.action())
  over = true
end
]]

return {
  needs = { "nmap" }, version = "nmap --version",
  leaves = 130, -- SIGINT

  specify = function(host)
    host:write("revoke.nse", host.recipes.nmap)
    host:write("counting.nse", COUNTING)
    local function command(script) return "nmap --script ./" .. script .. " --script-args id=$SPEC_ID" end
    host:run(command "counting.nse")
    host:run_and_leave(command "revoke.nse", "INT")
  end,
}
