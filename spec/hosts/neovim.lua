-- Neovim: the recipe for luv in its own loop, and the plain form with vim.wait.
local BEFORE = [[
local inside = dofile "inside.lua"
id = inside.id
vim.loop.new_timer():start(0, 10, inside.tick)
local display = print
print = function(what) display(what) inside.show(what) shown = true end
]]
local AFTER = [[
vim.wait(60000, function() return shown end, 10)
vim.cmd "qa!"
]]
local LEAVING = [[
vim.loop.new_timer():start(0, 10, vim.schedule_wrap(function() if inside.must_leave() then vim.cmd "qa!" end end))
]]

return {
  needs = { "nvim" }, version = "nvim --version",

  specify = function(host)
    local function command(script)
      return "nvim --headless -u NONE -i NONE -S " .. host:write("script.lua", script)
    end
    host:run(command(BEFORE .. host.recipes.luv .. AFTER))
    host:run(command(BEFORE .. host.recipes.Neovim .. AFTER))
    host:run_and_leave(command(BEFORE .. LEAVING .. host.recipes.luv))
  end,
}
