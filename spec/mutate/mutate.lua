-- Does every line of the judgement matter to some test? Each mutant of the files below, and of the spans
-- that they read (see operators.lua), is built and the core's C specs run against it: one must turn red, or
-- equivalent.txt says why nobody could tell the mutant from the original.
--     lua5.4 spec/mutate/mutate.lua [WORD]     only mutants whose line holds WORD
-- CC, BUILD and JOBS (2) are the environment's.
package.path = "./?.lua;" .. package.path
local operators = require "spec.mutate.operators"
local read = require "spec.support.read"
local write = require "spec.support.system".write
local Sweep = require "spec.support.sweep"

local cc, jobs = os.getenv "CC" or "cc", tonumber(os.getenv "JOBS" or 2)
local dir = (os.getenv "BUILD" or "build") .. "/mutate"

local CORE = { "alphabet", "dates", "freeform", "headers", "idents", "kinds", "outcome", "pace", "quota", "refusals",
  "scanner", "settle", "urls", "verdict", "words" }
-- The specs that drive a file, the quickest first, and what has to be built again with a mutant of it.
local FILES = {
  { name = "verdict.c", specs = { "verdict_spec" }, builds = { "verdict" } },
  { name = "settle.c", specs = { "settle_spec", "natures_spec", "explore_spec" }, builds = { "settle" } },
  { name = "scanner.c", specs = { "scanner_spec", "verdict_spec" }, builds = { "scanner" } },
  { name = "dates.c", specs = { "dates_spec" }, builds = { "dates" } },
  { name = "freeform.c", specs = { "freeform_spec" }, builds = { "freeform" } },
  { name = "kinds.c", specs = { "kinds_spec" }, builds = { "kinds" } },
  { name = "pace.c", specs = { "pace_spec" }, builds = { "pace" } },
  { name = "quota.c", specs = { "quota_spec" }, builds = { "quota" } },
  { name = "refusals.c", specs = { "refusals_spec" }, builds = { "refusals" } },
  { name = "span.h", specs = { "scanner_spec", "idents_spec", "urls_spec", "headers_spec" }, builds = CORE },
}
-- A mutant that survives is tried again under sanitizers with the first of them, as in `make test`.
local SANITIZE = "-O1 -fsanitize=address,undefined -fno-sanitize-recover=all"
local FLAVOURS = {
  { name = "plain", core = "-O0", spec = "-O2", most = 4 },
  { name = "checked", core = SANITIZE, spec = SANITIZE, most = 1 },
}

local function run(...) return (os.execute(table.concat({ ... }, " "))) end

local function compile(flags, from, to)
  return run(cc, "-std=c11 -w -Werror=return-type", flags, "-c", from, "-o", to, "2>/dev/null")
end

-- Everything but the mutant, once.
local function prepare()
  for _, flavour in ipairs(FLAVOURS) do
    local built = dir .. "/" .. flavour.name
    assert(run("rm -rf", built, "&& mkdir -p", built))
    for _, name in ipairs(CORE) do
      assert(compile(flavour.core, ("src/core/%s.c"):format(name), ("%s/%s.o"):format(built, name)))
    end
    for spec in io.popen("ls spec/core/*_spec.c"):lines() do
      local object = ("%s/%s"):format(built, spec:match "[^/]*$":gsub("c$", "o"))
      assert(compile(flavour.spec, spec, object), "needs libcmocka-dev")
    end
  end
end

-- The core with a mutant in it, in `place`: its objects, or nil where it does not compile.
local function build(flavour, mutant, place)
  local file, objects = mutant.file, {}
  assert(run("rm -rf", place, "&& mkdir -p", place, "&& cp src/core/*", place))
  write(place .. "/" .. file.name, operators.applied(file.text, mutant))
  for _, name in ipairs(CORE) do objects[name] = ("%s/%s/%s.o"):format(dir, flavour.name, name) end
  for _, name in ipairs(file.builds) do
    objects[name] = ("%s/%s.o"):format(place, name)
    if not compile(flavour.core, ("%s/%s.c"):format(place, name), objects[name]) then return nil end
  end
  local list = {}
  for _, object in pairs(objects) do list[#list + 1] = object end
  return table.concat(list, " ")
end

-- The object of a spec: one that reads spans itself reads them as the mutant does.
local function spec_object(flavour, mutant, spec, place)
  if mutant.file.name ~= "span.h" then return ("%s/%s/%s.o"):format(dir, flavour.name, spec) end
  local object = ("%s/%s.o"):format(place, spec)
  assert(compile(("%s -include %s/span.h"):format(flavour.spec, place), ("spec/core/%s.c"):format(spec), object))
  return object
end

-- Whether a program passes. One that takes more CPU than its spec's limit loops for ever; what it took is kept in
-- SPEC.times.
local function passes(program, spec)
  return run(("ulimit -c 0; ulimit -t $(cat %s.limit 2>/dev/null || echo 600); CMOCKA_TEST_ABORT=1 SWEEP=few %s >/dev/null 2>&1; "
    .. "fate=$?; times >%s.times; exit $fate"):format(spec, program, spec))
end

-- "red", with the name of the spec; "green"; or "stillborn", where it does not compile.
local function try(mutant, worker)
  local place, specs = ("%s/%d"):format(dir, worker), mutant.file.specs
  for _, flavour in ipairs(FLAVOURS) do
    local objects, program = build(flavour, mutant, place), place .. "/program"
    if not objects then return "stillborn" end
    for i = 1, math.min(flavour.most, #specs) do
      assert(run(cc, flavour.core, spec_object(flavour, mutant, specs[i], place), objects, "-lcmocka -o", program))
      if not passes(program, ("%s/%s/%s"):format(dir, flavour.name, specs[i])) then return "red", specs[i] end
    end
  end
  return "green"
end

local function all_mutants()
  local found = {}
  for _, file in ipairs(FILES) do
    file.text = read("src/core/" .. file.name)
    for _, mutant in ipairs(operators.mutants(file.text)) do
      mutant.file, mutant.line = file, file.name .. " " .. mutant.line
      found[#found + 1] = mutant
    end
  end
  return found
end

-- Red means something only where a mutant that changes nothing is green. What that takes, three times and a second,
-- is the limit.
local function prove_the_specs_pass()
  for _, file in ipairs(FILES) do
    assert(try({ file = file, from = 1, to = 0, text = "" }, 0) == "green", "the specs fail without any mutant")
  end
  for _, flavour in ipairs(FLAVOURS) do
    for spec in io.popen(("ls %s/%s/*.times"):format(dir, flavour.name)):lines() do
      local minutes, seconds = read(spec):match "\n(%d+)m([%d.]+)s"
      write(spec:gsub("times$", "limit"), ("%d"):format(1 + math.ceil(3 * (minutes * 60 + seconds))))
    end
  end
end

-- equivalent.txt: lines as mutants name themselves, then, indented, why they change nothing.
local function equivalents()
  local listed = {}
  for line in io.lines "spec/mutate/equivalent.txt" do
    if line:find "^%w+%.[ch] " then listed[line] = true end
  end
  return listed
end

local function chosen()
  local word, found = arg[1] or "", {}
  for _, mutant in ipairs(all_mutants()) do
    if mutant.line:find(word, 1, true) then found[#found + 1] = mutant end
  end
  return found
end

-- This script again, for every `jobs`th mutant.
local function work(worker)
  local mutants = chosen()
  for i = worker, #mutants, jobs do
    print(i, try(mutants[i], worker))
    io.flush()
  end
end

local function results()
  local fates, pipes = {}, {}
  for worker = 1, jobs do
    pipes[worker] = io.popen(("WORKER=%d lua5.4 spec/mutate/mutate.lua '%s'"):format(worker, arg[1] or ""))
  end
  for _, pipe in ipairs(pipes) do
    for line in pipe:lines() do
      local i, fate, by = line:match "^(%d+)\t(%a+)\t?(.*)"
      fates[tonumber(i)] = { fate = fate, by = by }
    end
    pipe:close()
  end
  return fates
end

local function judge()
  local sweep, listed, known = Sweep.new "mutants", equivalents(), {}
  for _, mutant in ipairs(all_mutants()) do known[mutant.line] = true end
  prove_the_specs_pass()
  for line in pairs(listed) do
    if not known[line] then sweep:check(false, "listed as equivalent, but no mutant reads so: " .. line) end
  end
  local fates, counted = results(), { stillborn = 0, equivalent = 0 }
  for i, mutant in ipairs(chosen()) do
    local fate = fates[i] and fates[i].fate or "lost"
    if fate == "green" and listed[mutant.line] then
      counted.equivalent = counted.equivalent + 1
    elseif fate == "red" and listed[mutant.line] then
      sweep:check(false, "listed as equivalent, but " .. fates[i].by .. " turns red: " .. mutant.line)
    elseif fate == "stillborn" then
      counted.stillborn = counted.stillborn + 1
    else
      sweep:check(fate == "red", fate .. ": " .. mutant.line)
    end
  end
  sweep:finish(("%d equivalent, %d that do not compile"):format(counted.equivalent, counted.stillborn))
end

if os.getenv "WORKER" then
  work(tonumber(os.getenv "WORKER"))
else
  prepare()
  judge()
end
