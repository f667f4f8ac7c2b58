-- mpv: a coroutine that a timer wakes, and timers alone; a video plays meanwhile.
local BEFORE = [[
local inside = dofile "inside.lua"
account, id, after = nil, inside.id, mp.add_timeout
mp.add_periodic_timer(0.01, inside.tick)
print = function(what)
  inside.show(what)
  mp.command "quit"
end
local display = mp.osd_message
mp.osd_message = function(what)
  display(what)
  print(what)
end
]]
local PRESS = [[
mp.register_event("file-loaded", function() mp.commandv("keypress", "R") end)
]]
local LEAVING = [[
mp.add_periodic_timer(0.01, function() if inside.must_leave() then mp.command "quit" end end)
]]

return {
  needs = { "mpv" }, version = "mpv --version",

  specify = function(host)
    local function command(script)
      host:write("script.lua", script)
      return "mpv --no-config --quiet --vo=null --ao=null --script=script.lua av://lavfi:testsrc"
    end
    host:run(command(BEFORE .. host.recipes.mpv .. PRESS))
    host:run(command(BEFORE .. host.recipes["Timers alone"]))
    host:run_and_leave(command(BEFORE .. host.recipes.mpv .. PRESS .. LEAVING))
  end,
}
