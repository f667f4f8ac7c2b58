-- A Lua of the kind that runs these specs, as a process of its own in the sandbox's environment.
local system = require "spec.support.system"

local child = {}

-- For a shell: the script comes by standard input, so that nothing is left behind.
local function command(code, words, how)
  return ("%s %s%s - <<'END OF THE SCRIPT'\n%s\nEND OF THE SCRIPT\n")
    :format(words or "", how or "", system.interpreter, code)
end

--- What it prints of `code`, its last words included, but for blanks at the end; and its exit status, as a shell counts.
--- `words` stand before it: variables, a command that runs it, or what the shell is told first, with a semicolon.
function child.run(code, words)
  local text, status = system.output("{ " .. command(code, words) .. "} 2>&1; echo; echo $?"):match "^(.-)%s*\n(%d+)$"
  return text, tonumber(status)
end

--- Starts it and goes on: its process id, and the file of its output.
function child.start(code, words)
  local output = os.tmpname()
  local pid = system.output(("{ %s} >%s 2>&1 & echo $!"):format(command(code, words, "exec "), output))
  return tonumber(pid), output
end

return child
