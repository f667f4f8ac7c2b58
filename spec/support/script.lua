-- The scripts of examples/, run as a person runs them, by the Lua that runs these specs; and the guides beside them.
local guide = require "spec.support.guide"
local system = require "spec.support.system"

local script = {}
local interpreter, quote = system.interpreter, system.quote

-- A sanitizer is for the Lua alone: some of the system's programs hang below it.
local SPARE = "sanitizer=${LD_PRELOAD:-}; unset LD_PRELOAD\n"
local SANITIZED = "${sanitizer:+LD_PRELOAD=$sanitizer} "

-- The line for a shell: `environment` is name → value, false for one that is unset.
local function line_of(name, words, environment)
  local line = { "env", SANITIZED }
  for variable, value in pairs(environment or {}) do
    if not value then table.insert(line, 2, "-u " .. variable)
    else line[#line + 1] = variable .. "=" .. quote(value) end
  end
  line[#line + 1] = interpreter .. " examples/" .. name .. ".lua"
  for _, word in ipairs(words) do line[#line + 1] = quote(word) end
  return table.concat(line, " ")
end

--- Runs lines of a shell: status, standard output, standard error.
function script.shell(lines) return system.run(SPARE .. lines) end

--- Runs a script of examples/ by its name: status, standard output, standard error. `before`: lines for the shell.
function script.run(name, words, environment, before)
  return script.shell((before or "") .. line_of(name, words, environment))
end

--- Runs a command line that a script has printed.
function script.again(line) return script.shell("env " .. SANITIZED .. line) end

-- What was killed may stay as a zombie, without a command line, for as long as nobody asks how it ended.
local function is_running(pid)
  local file = io.open(("/proc/%s/cmdline"):format(pid))
  local words = file and file:read "*a" or ""
  if file then file:close() end
  return words ~= ""
end

--- Starts one and goes on; kills it with SIGKILL once `condition` holds; whether it ever did.
function script.kill_when(condition, name, words, environment)
  local line = "exec " .. line_of(name, words, environment)
  local pid = system.output(("{ %s%s\n} >/dev/null 2>&1 </dev/null & echo $!"):format(SPARE, line))
  local holds = system.wait_until(condition, 30)
  os.execute("kill -s KILL " .. pid)
  system.wait_until(function() return not is_running(pid) end)
  return holds
end

-- Runs the blocks of shell of a guide, in a directory, as one session, in which `lua` is the Lua of these specs.
-- Returns of each { code, shown, status, seen }.
local function run_guide(path, dir, environment)
  local lines = { ("ln -s \"$PWD/examples\" \"$PWD/build\" '%s'; cd '%s'; exec 2>&1"):format(dir, dir) }
  lines[#lines + 1] = ("lua() { env %s%s \"$@\"; }"):format(SANITIZED, interpreter)
  for name, value in pairs(environment or {}) do lines[#lines + 1] = ("export %s=%s"):format(name, quote(value)) end
  local blocks = guide.blocks_of(path)
  for _, block in ipairs(blocks) do
    assert(block.kind == "sh", "a guide of a script has commands for a shell, and what they show")
    lines[#lines + 1] = block.code .. 'echo "=== end of a block, status $?"'
  end
  local _, printed = script.shell("{ " .. table.concat(lines, "\n") .. "\n}")
  local i = 0
  for text, status in printed:gmatch "(.-)=== end of a block, status (%d+)\n" do
    i = i + 1
    blocks[i].status, blocks[i].seen = tonumber(status), text
  end
  return blocks
end

--- Runs a guide's blocks of shell so: each must end well and show what the guide shows behind it. Returns how many.
function script.check_guide(path, dir, environment)
  local blocks = run_guide(path, dir, environment)
  for _, block in ipairs(blocks) do
    assert(block.status == 0, block.code .. tostring(block.seen))
    local difference = block.shown and guide.difference(block.shown, block.seen)
    assert(not difference, block.code .. tostring(difference))
  end
  return #blocks
end

return script
