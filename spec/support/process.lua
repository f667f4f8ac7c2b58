-- What the process that runs this holds.
local read = require "spec.support.read"

local process = {}

--- Kilobytes of memory, when garbage has been collected.
function process.memory()
  collectgarbage()
  collectgarbage()
  return tonumber(read("/proc/self/status"):match "VmRSS:%s+(%d+)")
end

--- How often a process (this one, where none is named) waited for something and was woken.
function process.wakeups(number)
  return tonumber(read(("/proc/%s/status"):format(number or "self")):match "voluntary_ctxt_switches:%s+(%d+)")
end

--- How many descriptors are open. No pipe to whoever counts: it would be among them, with one end or with two.
function process.descriptors()
  local told = os.tmpname()
  os.execute("ls /proc/$PPID/fd | wc -l >" .. told)
  local count = tonumber(read(told))
  os.remove(told)
  return count
end

return process
