#ifndef LCF_COMPAT_H
#define LCF_COMPAT_H

#include <lauxlib.h>
#include <lua.h>

/* The few differences between Lua 5.1 to 5.4 and LuaJIT that we meet. */

#if LUA_VERSION_NUM < 502
#define lua_getuservalue(L, i) lua_getfenv(L, i)
#define lua_setuservalue(L, i) ((void)lua_setfenv(L, i))
#ifndef luaL_newlib /* LuaJIT has the functions, plain 5.1 has not */
#define luaL_setfuncs(L, list, n) luaL_register(L, NULL, list)
#define lua_isyieldable(L) (!lua_pushthread(L)) /* may leave the thread on the stack */
#endif
#elif LUA_VERSION_NUM == 502
#define lua_isyieldable(L) (!lua_pushthread(L))
#endif

#endif
