#define _DEFAULT_SOURCE
/* The options table, and the errors that come of it: see options.lua. Run it from the project's root. */
#include "state.h"

int luaopen_cloudflare(lua_State *L);

static void open_state(void)
{
    static const char *const variables[] = {"CLOUDFLARE_API_TOKEN", "CLOUDFLARE_API_KEY", "CLOUDFLARE_EMAIL",
                                            "CLOUDFLARE_ACCOUNT_ID", "CLOUDFLARE_BASE_URL"};
    for (size_t i = 0; i < sizeof variables / sizeof *variables; i++) unsetenv(variables[i]);
    state = luaL_newstate();
    luaL_openlibs(state);
    luaL_requiref(state, "cloudflare", luaopen_cloudflare, 0);
    MUST(luaL_loadfile(state, "spec/fuzz/options.lua") == LUA_OK);
    call(0, 1);
    lua_replace(state, 1);
    lua_settop(state, 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!state) open_state();
    lua_pushvalue(state, 1);
    lua_pushlstring(state, (const char *)data, size);
    call(1, 0);
    return 0;
}
