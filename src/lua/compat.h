#ifndef LCF_COMPAT_H
#define LCF_COMPAT_H

#include <lauxlib.h>
#include <lua.h>

/* The few differences between Lua 5.1 to 5.5 and LuaJIT that we meet. */

#if LUA_VERSION_NUM < 502
/* One build serves plain 5.1 and LuaJIT, whichever's headers it had: only what both have is called. */
#undef luaL_setfuncs
#define luaL_setfuncs(L, list, n) luaL_register(L, NULL, list)
#define lua_getuservalue(L, i) lua_getfenv(L, i)
#define lua_setuservalue(L, i) ((void)lua_setfenv(L, i))
#define lua_load(L, reader, data, name, mode) (lua_load)(L, reader, data, name)
#endif
#if LUA_VERSION_NUM < 503
/* [-0, +0, -] LuaJIT 2.1 has it. Where it is missing nobody can tell, and we do not wait. */
extern int lua_isyieldable(lua_State *L) __attribute__((weak));
#define lua_isyieldable(L) (&(lua_isyieldable) && (lua_isyieldable)(L))
#endif

#endif
