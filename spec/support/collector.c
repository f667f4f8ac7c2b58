/* Linked into a variant of the module: wherever a call of Lua's API may collect garbage, and so run finalizers, it
 * first calls the function that the registry holds as "cloudflare.collects", with the tables among the arguments of
 * the C function at hand. Lua's own collector comes by seldom; this one comes every time. */
#include "../../src/lua/compat.h"

#include <stdarg.h>

#define ARGUMENTS 7 /* of begin, which has most */

static int inside; /* nor does a finalizer run inside a finalizer */

/* [-0, +0, -] */
static void collect(lua_State *L)
{
    if (inside || !lua_checkstack(L, LUA_MINSTACK + ARGUMENTS)) return;
    int top = lua_gettop(L);
    inside = 1;
    lua_getfield(L, LUA_REGISTRYINDEX, "cloudflare.collects");
    for (int i = 1; i <= top && i <= ARGUMENTS; i++)
        if (lua_istable(L, i)) lua_pushvalue(L, i);
    if (lua_isfunction(L, top + 1)) lua_pcall(L, lua_gettop(L) - top - 1, 0, 0);
    lua_settop(L, top);
    inside = 0;
}

/* The linker sends here what the module calls. lua_tolstring collects only where it converts a number, which the
 * module never asks of it. */
#define WRAP(type, name, parameters, state, arguments)                                                      \
    type __real_##name parameters;                                                                          \
    type __wrap_##name parameters;                                                                          \
    type __wrap_##name parameters                                                                           \
    {                                                                                                       \
        collect(state);                                                                                     \
        return __real_##name arguments;                                                                     \
    }
#define WRAP_VOID(name, parameters, state, arguments)                                                       \
    void __real_##name parameters;                                                                          \
    void __wrap_##name parameters;                                                                          \
    void __wrap_##name parameters                                                                           \
    {                                                                                                       \
        collect(state);                                                                                     \
        __real_##name arguments;                                                                            \
    }

WRAP_VOID(lua_createtable, (lua_State * L, int array, int hash), L, (L, array, hash))
WRAP_VOID(lua_pushcclosure, (lua_State * L, lua_CFunction f, int n), L, (L, f, n))
WRAP_VOID(lua_concat, (lua_State * L, int n), L, (L, n))
WRAP_VOID(luaL_where, (lua_State * L, int level), L, (L, level))
WRAP_VOID(luaL_addlstring, (luaL_Buffer * b, const char *at, size_t len), b->L, (b, at, len))
WRAP_VOID(luaL_addstring, (luaL_Buffer * b, const char *at), b->L, (b, at))
WRAP_VOID(luaL_pushresult, (luaL_Buffer * b), b->L, (b))
#if LUA_VERSION_NUM >= 502
WRAP(const char *, lua_pushlstring, (lua_State * L, const char *at, size_t len), L, (L, at, len))
WRAP(const char *, lua_pushstring, (lua_State * L, const char *at), L, (L, at))
WRAP(char *, luaL_prepbuffsize, (luaL_Buffer * b, size_t size), b->L, (b, size))
#else
WRAP_VOID(lua_pushlstring, (lua_State * L, const char *at, size_t len), L, (L, at, len))
WRAP_VOID(lua_pushstring, (lua_State * L, const char *at), L, (L, at))
WRAP(char *, luaL_prepbuffer, (luaL_Buffer * b), b->L, (b))
#endif
#if LUA_VERSION_NUM >= 504
WRAP(void *, lua_newuserdatauv, (lua_State * L, size_t size, int values), L, (L, size, values))
#else
WRAP(void *, lua_newuserdata, (lua_State * L, size_t size), L, (L, size))
#endif

const char *__wrap_lua_pushfstring(lua_State *L, const char *format, ...);
const char *__wrap_lua_pushfstring(lua_State *L, const char *format, ...)
{
    va_list arguments;
    collect(L);
    va_start(arguments, format);
    const char *text = lua_pushvfstring(L, format, arguments);
    va_end(arguments);
    return text;
}

/* It makes a string only where there is a metatable. */
int __real_luaL_getmetafield(lua_State *L, int i, const char *name);
int __wrap_luaL_getmetafield(lua_State *L, int i, const char *name);
int __wrap_luaL_getmetafield(lua_State *L, int i, const char *name)
{
    if (!lua_getmetatable(L, i)) return 0;
    lua_pop(L, 1);
    collect(L);
    return __real_luaL_getmetafield(L, i, name);
}
