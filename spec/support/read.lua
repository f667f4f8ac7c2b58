--- The whole of a file.
return function(path)
  local file = assert(io.open(path))
  local text = file:read "*a"
  file:close()
  return text
end
