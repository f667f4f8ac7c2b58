-- make bench: instructions of a call, of `require` and of a further client, counted by valgrind; and whose they are. Run
-- inside `sandbox run`.
local callgrind = require "spec.bench.callgrind"
local measure = require "spec.bench.measure"
local sandbox = require "spec.support.sandbox"

local lua, work = os.getenv "LUA", measure.build .. "/spec/bench"
local FEW, MANY = 50, 250 -- deletions: the difference has no first one in it
local FEW_CLIENTS, MANY_CLIENTS = 1, 101

measure.part("instructions, by valgrind (independent of what else the machine does)", "README.md, Measured")
if not measure.succeeds "command -v valgrind" then return print "left out: no valgrind (make bench-deps installs it)" end
require "spec.bench.trust"(work)
local environment = ("BENCH_CA_PATH=%s/ca"):format(work)

local function deletions(command, count)
  sandbox.reset()
  return callgrind(environment, command .. " " .. table.concat(sandbox.seed(count), " "))
end

-- What `more` took beyond `less`, over `count`; by object and in all.
local function difference(more, less, count)
  local costs, sum = {}, 0
  for object, cost in pairs(more) do
    costs[object] = (cost - (less[object] or 0)) / count
    sum = sum + costs[object]
  end
  return costs, sum
end

local function a_call(command)
  return difference(deletions(command, MANY), deletions(command, FEW), MANY - FEW)
end

-- Objects that took something in one of the columns, those of the last one first.
local function objects_of(columns, least)
  local objects, last = {}, columns[#columns]
  for object in pairs(last) do objects[#objects + 1] = object end
  for object in pairs(columns[1]) do
    if not last[object] then objects[#objects + 1] = object end
  end
  table.sort(objects, function(a, b) return (last[a] or 0) > (last[b] or 0) end)
  local found = {}
  for _, object in ipairs(objects) do
    if math.max(last[object] or 0, columns[1][object] or 0) >= least then found[#found + 1] = object end
  end
  return found
end

local function print_row(title, of_c, of_module)
  print(("  %-30s %12s %12.0f"):format(title, of_c and ("%.0f"):format(of_c) or "", of_module))
end

local function print_call()
  local of_c, c = a_call(("%s/baseline %s/accounts/%s/tokens %s %s/ca"):format(work, sandbox.urls.http2, sandbox.account,
    sandbox.token, work))
  local of_module, own = a_call(lua .. " spec/bench/delete.lua")
  print(("  %-30s %12s %12s"):format("", "C", "this module"))
  print_row("a deletion", c, own)
  for _, object in ipairs(objects_of({ of_c, of_module }, own / 200)) do
    print_row("  " .. object, of_c[object] or 0, of_module[object] or 0)
  end
  print(("  a deletion takes %.2f of C's"):format(own / c))
end

local function of_script(script) return callgrind(environment, ("%s -e '%s'"):format(lua, script)) end
local function of_clients(count) return callgrind(environment, ("%s spec/bench/extra_clients.lua %d"):format(lua, count)) end

-- lua-cjson is there already. ld-linux links libcurl's libraries, which a program in C pays too.
local function print_require()
  local costs, sum = difference(of_script 'require "cjson" require "cloudflare"', of_script 'require "cjson"', 1)
  print_row('require "cloudflare"', nil, sum)
  for _, object in ipairs(objects_of({ costs }, sum / 100)) do print_row("  " .. object, nil, costs[object]) end
end

local function print_client()
  local _, sum = difference(of_clients(MANY_CLIENTS), of_clients(FEW_CLIENTS), MANY_CLIENTS - FEW_CLIENTS)
  print_row("a further client", nil, sum)
end

print_call()
print_require()
print_client()
