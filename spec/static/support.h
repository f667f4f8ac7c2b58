#ifndef LCF_SPEC_STATIC_SUPPORT_H
#define LCF_SPEC_STATIC_SUPPORT_H

/* What every host that links the module needs: cmocka with what it asks for, Lua, and a state with the module in it. */

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>

int luaopen_cloudflare(lua_State *L);

static inline void add_module(lua_State *L)
{
    lua_getfield(L, LUA_REGISTRYINDEX, "_LOADED");
    lua_pushcfunction(L, luaopen_cloudflare);
    lua_pushliteral(L, "cloudflare");
    lua_call(L, 1, 1);
    lua_setfield(L, -2, "cloudflare");
    lua_pop(L, 1);
}

static inline lua_State *open_state(void)
{
    lua_State *L = luaL_newstate();
    luaL_openlibs(L);
    add_module(L);
    return L;
}

static inline void run(lua_State *L, const char *script)
{
    if (luaL_dostring(L, script)) fail_msg("%s", lua_tostring(L, -1));
}

#endif
