-- make bench: clients side by side and interleaved, each in processes of its own, in a table and a plot. What they say is
-- not believed: the sandbox's ledger tells what was deleted. Run inside `sandbox run`.
local installed = require "spec.bench.installed"
local measure = require "spec.bench.measure"
local sandbox = require "spec.support.sandbox"
local write = require "spec.support.system".write

local work, results = measure.build .. "/spec/bench", measure.build .. "/bench"
local MANY = 500
local FIRST_ROUNDS = 3 * measure.rounds -- one call is soon measured, and varies more

local NOTES = [[
CPU a call: user and system of the process for %d deletions less that of the process for one, over %d.
First deletion: a fresh process, from its fork to its end; a command for each id costs that every time.
Peak memory: of the process that deleted %d.
Installed: the client itself (dpkg's Installed-Size; node_modules by its bytes; programs stripped), and with its
interpreter, its libraries and what those depend on, beyond Debian's required packages.
Trusted: a hashed directory by the first C program, this module, lua-http and luasec; a bundle by the others; Node's own.]]

local function present()
  local here = {}
  for _, row in ipairs(require "spec.bench.clients") do
    if measure.succeeds(row[4]) then
      here[#here + 1] = { name = row[1], command = row[2], variables = row[3], what = row[5] }
    else
      print(("left out: %s (not installed; make bench-deps does)"):format(row[1]))
    end
  end
  return here
end

-- What the sandbox saw: deletions, connections, the protocol of the last one.
local function seen()
  local deleted, connections, known, protocol = 0, 0, {}, nil
  for _, entry in ipairs(sandbox.ledger()) do
    if entry.effect == "deleted" then deleted = deleted + 1 end
    if not known[entry.connection] then connections = connections + 1 end
    known[entry.connection], protocol = true, entry.protocol
  end
  return deleted, connections, protocol
end

local function delete(client, count)
  sandbox.reset()
  local environment = ("BENCH_CA_PATH=%s/ca BENCH_CA_FILE=%s/bundle.pem %s"):format(work, work, client.variables)
  local cost = measure.process(environment, client.command .. " " .. table.concat(sandbox.seed(count), " "))
  local deleted
  deleted, cost.connections, client.protocol = seen()
  assert(deleted == count, ("%s: %d of %d deleted"):format(client.name, deleted, count))
  return cost
end

local function compare(clients)
  local first = measure.interleaved(FIRST_ROUNDS, clients, function(client) return delete(client, 1) end)
  local many = measure.interleaved(measure.rounds, clients, function(client) return delete(client, MANY) end)
  for i, client in ipairs(clients) do
    client.cpu = (many[i].cpu - first[i].cpu) / (MANY - 1)
    client.first, client.wall, client.memory, client.connections = first[i].wall, many[i].wall, many[i].memory, many[i].connections
    client.size = installed.sizes(client.what)
  end
end

local HEAD = {
  "", "CPU a call, ms", "of C's", "first deletion, ms", "of C's", ("%d deletions, ms"):format(MANY), "of C's", "peak memory, MiB",
  "installed, MiB", "with all it needs, MiB", "connections", "protocol",
}

local function cells(client, c)
  return {
    client.name, ("%.3f"):format(client.cpu), ("%.2f"):format(client.cpu / c.cpu), ("%.1f"):format(client.first),
    ("%.2f"):format(client.first / c.first), ("%.0f"):format(client.wall), ("%.2f"):format(client.wall / c.wall),
    ("%.1f"):format(client.memory / 1024), ("%.2f"):format(client.size.own / 1024), ("%.1f"):format(client.size.all / 1024),
    ("%d"):format(client.connections), client.protocol,
  }
end

local function line(row) return "| " .. table.concat(row, " | ") .. " |\n" end

local function table_of(clients)
  local lines = { line(HEAD), "|---" .. ("|---:"):rep(#HEAD - 1) .. "|\n" }
  for _, client in ipairs(clients) do lines[#lines + 1] = line(cells(client, clients[1])) end
  return table.concat(lines)
end

local function plot(clients)
  local rows = {}
  for i, client in ipairs(clients) do
    rows[i] = ('"%s"\t%f\t%f\t%f\n'):format(client.name, client.cpu, client.first, client.memory / 1024)
  end
  write(results .. "/clients.dat", table.concat(rows))
  os.remove(results .. "/clients.svg")
  if not measure.succeeds "command -v gnuplot" then return print "left out: the plot (no gnuplot; make bench-deps installs it)" end
  local ok = measure.succeeds(("gnuplot -e \"folder='%s'\" spec/bench/clients.gnuplot"):format(results))
  print(ok and ("plot: %s/clients.svg"):format(results) or "left out: the plot (gnuplot failed)")
end

measure.part(("clients: TLS, medians of %d processes for a first deletion and %d for %d, interleaved"):format(FIRST_ROUNDS,
  measure.rounds, MANY), "README.md, Measured")
assert(measure.succeeds("mkdir -p " .. results))
require "spec.bench.trust"(work)
local clients = present()
compare(clients)
local text = table_of(clients)
write(results .. "/clients.md", text)
io.write(text)
print(NOTES:format(MANY, MANY - 1, MANY))
print(("table: %s/clients.md"):format(results))
plot(clients)
