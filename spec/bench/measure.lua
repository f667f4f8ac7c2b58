-- What the parts of `make bench` share: processes measured from outside, interleaved rounds, medians.
local system = require "spec.support.system"

local measure = {
  build = os.getenv "BUILD" or "build",
  rounds = tonumber(os.getenv "BENCH_ROUNDS") or 11,
}

--- What a command prints.
measure.output = system.output

--- The numbers that a command prints; it prints at least one.
function measure.numbers(command)
  local found = {}
  for number in measure.output(command):gmatch "%-?[%d.]+" do found[#found + 1] = tonumber(number) end
  assert(#found > 0, "no figures from " .. command)
  return found
end

--- Whether a command succeeds. What it prints is dropped.
function measure.succeeds(command)
  local ok = os.execute(("(%s) >/dev/null 2>&1"):format(command))
  return ok == true or ok == 0
end

--- What a whole process takes: `wall` and `cpu` in milliseconds, `memory`, its peak, in KiB.
function measure.process(environment, command)
  local found = measure.numbers(("%s %s/spec/bench/run_timed %s"):format(environment, measure.build, command))
  return { wall = found[1], cpu = found[2], memory = found[3] }
end

function measure.median(list)
  local sorted = {}
  for i, number in ipairs(list) do sorted[i] = number end
  table.sort(sorted)
  return sorted[math.floor(#sorted / 2) + 1]
end

local function add(lists, numbers)
  for name, number in pairs(numbers) do
    lists[name] = lists[name] or {}
    table.insert(lists[name], number)
  end
end

local function medians(lists)
  local found = {}
  for name, list in pairs(lists) do found[name] = measure.median(list) end
  return found
end

--- Asks ask(subject) for a table of numbers, `rounds` times. Every round asks about all subjects, one after the other, so
--- that what disturbs the machine disturbs them all. Returns the medians, subject by subject.
function measure.interleaved(rounds, subjects, ask)
  local lists, found = {}, {}
  for _ = 1, rounds do
    for i, subject in ipairs(subjects) do
      lists[i] = lists[i] or {}
      add(lists[i], ask(subject))
    end
  end
  for i in ipairs(subjects) do found[i] = medians(lists[i]) end
  return found
end

--- Begins a part of the report, and says which document quotes its figures.
function measure.part(title, quoted_in)
  print(("\n%s%s"):format(title, quoted_in and (" [quoted in %s]"):format(quoted_in) or ""))
end

return measure
