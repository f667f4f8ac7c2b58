package = "cloudflare"
version = "scm-1"

source = {
  url = "git+https://github.com/cloudflare-lua/cloudflare-lua.git",
}

description = {
  summary = "Deletes Cloudflare account-owned API tokens, and says only what it can prove",
  detailed = [[
A C module on libcurl. Every deletion ends in a definite, proven outcome: deleted, gone, accepted,
not found, refused, not sent, or unknown. Calls wait in any host: plain Lua, coroutines, event
loops, nginx. Needs libcurl 7.88 or newer.
]],
  homepage = "https://github.com/cloudflare-lua/cloudflare-lua",
  license = "MIT",
}

supported_platforms = { "unix" }

dependencies = {
  "lua >= 5.1, < 5.6",
  "lua-cjson",
}

-- The library, not the header: multiarch systems keep headers where LuaRocks does not look.
external_dependencies = {
  CURL = { library = "curl" },
}

build = {
  type = "builtin",
  modules = {
    cloudflare = {
      sources = {
        "src/core/dates.c",
        "src/core/freeform.c",
        "src/core/headers.c",
        "src/core/idents.c",
        "src/core/kinds.c",
        "src/core/outcome.c",
        "src/core/pace.c",
        "src/core/quota.c",
        "src/core/refusals.c",
        "src/core/scanner.c",
        "src/core/settle.c",
        "src/core/verdict.c",
        "src/core/words.c",
        "src/transport/attempt.c",
        "src/transport/bytes.c",
        "src/transport/clock.c",
        "src/transport/engine.c",
        "src/transport/exchange.c",
        "src/transport/handles.c",
        "src/transport/harden.c",
        "src/transport/lines.c",
        "src/transport/multi.c",
        "src/transport/process.c",
        "src/transport/profile.c",
        "src/transport/route.c",
        "src/transport/secret.c",
        "src/transport/sockets.c",
        "src/transport/truststore.c",
        "src/lua/answer.c",
        "src/lua/begin.c",
        "src/lua/body.c",
        "src/lua/call.c",
        "src/lua/chunks.c",
        "src/lua/client.c",
        "src/lua/cloudflare.c",
        "src/lua/draft.c",
        "src/lua/errors.c",
        "src/lua/events.c",
        "src/lua/evidence.c",
        "src/lua/freeform.c",
        "src/lua/journal.c",
        "src/lua/json.c",
        "src/lua/loop.c",
        "src/lua/names.c",
        "src/lua/operations.c",
        "src/lua/options.c",
        "src/lua/query.c",
        "src/lua/request.c",
        "src/lua/state.c",
        "src/lua/task.c",
        "src/lua/timestamp.c",
        "src/lua/value.c",
        "rockspec/pin.c",
      },
      incdirs = { "$(CURL_INCDIR)" },
      libdirs = { "$(CURL_LIBDIR)" },
      libraries = { "curl", "m" },
    },
  },
}
