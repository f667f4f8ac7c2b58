-- The recipes of the README's section "Hosts", as they stand there: title → its block of Lua.
local read = require "spec.support.read"

local hosts, found = read "README.md":match "\n## Hosts\n(.-)\n## ", {}
for paragraph in hosts:gsub("\n%*%*", "\1"):gmatch "\1([^\1]+)" do
  found[paragraph:match "^[%w ]+"] = paragraph:match "\n```lua\n(.-)```"
end

return setmetatable(found, { __index = function(_, title) error("the README has no recipe for " .. title) end })
