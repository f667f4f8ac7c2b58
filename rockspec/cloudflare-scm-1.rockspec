package = "cloudflare"
version = "scm-1"

source = {
  url = "git+https://github.com/cloudflare-lua/cloudflare-lua.git",
}

description = {
  summary = "Manages Cloudflare API tokens, and says only what it can prove",
  detailed = [[
A C module on libcurl. Every deletion ends in an outcome that is proven (deleted, gone, not found,
refused, not sent), or says that nothing is proven (accepted, unknown). Calls wait in any host: plain Lua, coroutines, event
loops, nginx. Needs libcurl 7.88 or newer.
]],
  homepage = "https://github.com/cloudflare-lua/cloudflare-lua",
  license = "MIT",
}

supported_platforms = { "linux" }

dependencies = {
  "lua >= 5.1, < 5.6",
  "lua-cjson",
}

-- The library, not the header: multiarch systems keep headers where LuaRocks does not look.
external_dependencies = {
  CURL = { library = "curl" },
}

-- By the Makefile, so that a rock hides the same symbols and is linked in the same way. LuaRocks says where Lua and
-- libcurl are. Built anew each time: the Lua may be another one.
build = {
  type = "make",
  build_target = "clean all",
  build_variables = {
    LUA = "lua",
    BUILD = "build/rock",
    CFLAGS = "$(CFLAGS)",
    LUA_CFLAGS = "-I$(LUA_INCDIR)",
    CURL = "-I$(CURL_INCDIR)",
    CURL_LIBS = "-L$(CURL_LIBDIR) -lcurl",
  },
  install_pass = false,
  install = {
    lib = { cloudflare = "build/rock/lua/cloudflare.so" },
  },
  copy_directories = { "examples", "src/types/library" },
}
