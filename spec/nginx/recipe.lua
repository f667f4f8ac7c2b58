-- The README's recipe for nginx, in an nginx that is told besides only what to load and where to listen.
local nginx = require "spec.support.nginx"
local sandbox = require "spec.support.sandbox"
local read = require "spec.support.read"

local recipe = assert(read "README.md":match "```nginx\n(.-)```")

local AROUND = [[
user root;
load_module @MODULES@/ndk_http_module.so;
load_module @MODULES@/ngx_http_lua_module.so;
pid nginx.pid;
error_log error.log;
env CLOUDFLARE_BASE_URL;
events { }
]]
local HTTP = [[http {
    access_log off;
    lua_package_cpath "@BUILD@/luajit/?.so;;";
    client_body_temp_path tmp_body;
    proxy_temp_path tmp_proxy;
    fastcgi_temp_path tmp_fastcgi;
    uwsgi_temp_path tmp_uwsgi;
    scgi_temp_path tmp_scgi;
]]
local SERVER = "server {\n        listen 127.0.0.1:@PORT@;\n"

describe("the README's recipe for nginx", function()
  it("deletes", function()
    local server = nginx.prepare()
    server:launch(AROUND .. recipe:gsub("http {\n", HTTP):gsub("server {\n", SERVER))
    local id = sandbox.fresh()
    assert.equal("deleted\n", (server:get("/revoke?id=" .. id)))
    assert.is_true(sandbox.is_deleted(id))
    server:stop()
  end)
end)
