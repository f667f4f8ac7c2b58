-- Instructions that a command takes, counted by valgrind: whatever else the machine does, they are the same.
local measure = require "spec.bench.measure"

-- "(3) /usr/lib/libcurl.so.4.8.0" names object 3; "(3)" is it again.
local function object_named(text, known)
  local number, path = text:match "^(%b())%s*(.*)$"
  if path ~= "" then known[number] = path:match "[^/]*$":gsub("%.so.*", "") end
  return known[number]
end

-- Of each object, what its own code took. The line after calls= is what was called, which is counted where it stands.
local function read(path)
  local costs, known, object, of_called = {}, {}, nil, false
  for line in io.lines(path) do
    local name = line:match "^c?ob=(.*)"
    if name then
      local named = object_named(name, known)
      if line:find "^ob" then object = named end
    end
    local cost = line:match "^[%d+*-]+ (%d+)$"
    if cost and not of_called then costs[object] = (costs[object] or 0) + tonumber(cost) end
    of_called = line:find "^calls=" ~= nil
  end
  return costs
end

--- Instructions of a command in its environment, by object (a program, a library).
return function(environment, command)
  local path = os.tmpname()
  local run = ("%s valgrind --tool=callgrind --callgrind-out-file=%s %s"):format(environment, path, command)
  assert(measure.succeeds(run), "failed under valgrind: " .. command:sub(1, 100))
  local costs = read(path)
  os.remove(path)
  return costs
end
