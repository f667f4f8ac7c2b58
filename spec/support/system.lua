-- What specs ask of the system: to run a command and say what it prints, to keep a file, to wait until something happens.
-- It knows nothing of the module, so the fault server's side and the witness, which must not, can use it too.
local socket = require "socket"
local read = require "spec.support.read"

--- The Lua that runs these specs, as a shell finds it.
local system = { interpreter = os.getenv "LUA_INTERPRETER" or arg[-1] }

--- For a shell: no file may grow over 512 bytes from here on, and what tries to make one is not killed. gcc's counters
--- of coverage, which are larger, go elsewhere then: a part of one would spoil it for all others.
system.LITTLE_ROOM = "trap '' XFSZ; ulimit -f 1; export GCOV_PREFIX=${TMPDIR:-/tmp}/counters; "

--- A text as one word of a shell.
function system.quote(text) return "'" .. text:gsub("'", "'\\''") .. "'" end

--- What a command prints on standard output, but for blanks at its end.
function system.output(command)
  local pipe = assert(io.popen(command))
  local text = pipe:read "*a":gsub("%s+$", "")
  pipe:close()
  return text
end

--- The lines that it prints.
function system.lines(command)
  local found, pipe = {}, assert(io.popen(command))
  for line in pipe:lines() do found[#found + 1] = line end
  pipe:close()
  return found
end

local function take(path)
  local text = read(path)
  os.remove(path)
  return text
end

--- Runs lines of a shell: the exit status as it counts, standard output, standard error. Files take both, so that
--- nobody waits for what goes on in the background.
function system.run(lines)
  local out, err = os.tmpname(), os.tmpname()
  local status = system.output(("{ %s\n} >%s 2>%s </dev/null; echo $?"):format(lines, out, err))
  return tonumber(status), take(out), take(err)
end

--- Whether there is a file that can be read.
function system.exists(path)
  local file = io.open(path)
  return file ~= nil and file:close()
end

--- Writes a file of these texts, and returns its path.
function system.write(path, ...)
  local file = assert(io.open(path, "w"))
  file:write(...)
  file:close()
  return path
end

--- A new directory. A sanitizer that the Lua runs under is not for the program that makes it.
function system.directory() return system.output "LD_PRELOAD= mktemp -d" end

--- Waits until `condition` holds, 60 seconds or as long as it is told, and returns what the condition said last.
function system.wait_until(condition, seconds)
  local deadline, holds = socket.gettime() + (seconds or 60), condition()
  while not holds and socket.gettime() < deadline do
    socket.sleep(0.005)
    holds = condition()
  end
  return holds
end

return system
