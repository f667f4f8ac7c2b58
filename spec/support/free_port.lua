-- A port of this machine that nothing listens on.
local socket = require "socket"

return function()
  local server = assert(socket.bind("127.0.0.1", 0))
  local _, port = server:getsockname()
  server:close()
  return port
end
