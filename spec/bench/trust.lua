-- The system's authorities with the sandbox's among them: as a hashed directory, DIR/ca, and as a bundle, DIR/bundle.pem.
local sandbox = require "spec.support.sandbox"

return function(dir)
  local ok = os.execute(("rm -rf %s/ca && mkdir -p %s/ca && cp -L /etc/ssl/certs/*.0 %s/*.0 %s/ca/ && "
    .. "cat /etc/ssl/certs/ca-certificates.crt %s > %s/bundle.pem"):format(dir, dir, sandbox.ca_path, dir, sandbox.ca_file, dir))
  assert(ok == true or ok == 0, "no trust stores")
end
