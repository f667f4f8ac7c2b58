-- LÖVE: the recipe for frame loops, in a window that nobody sees; what is counted is frames.
local BEFORE = [[
local inside = dofile(os.getenv "SPEC_DIR" .. "/inside.lua")
id, print = inside.id, inside.show
]]
local AFTER = [[
love.update, love.draw = on_frame, inside.tick
local show = print
print = function(what)
  show(what)
  love.event.quit()
end
]]
local LEAVING = [[
function love.update()
  on_frame()
  if inside.must_leave() then love.event.quit() end
end
]]

return {
  needs = { "love", "xvfb-run" }, version = "love --version",

  specify = function(host)
    host:write("conf.lua", "function love.conf(t) t.modules.audio, t.modules.sound = false, false end")
    local function command(script)
      host:write("main.lua", script)
      return "xvfb-run -a love ."
    end
    host:run(command(BEFORE .. host.recipes["Frame loops"] .. AFTER))
    host:run_and_leave(command(BEFORE .. host.recipes["Frame loops"] .. LEAVING))
  end,
}
