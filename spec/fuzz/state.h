#ifndef LCF_SPEC_FUZZ_STATE_H
#define LCF_SPEC_FUZZ_STATE_H

/* One Lua state for all inputs. */

#include "fuzz.h"

#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>

static lua_State *state; /* so that what it holds is no leak */

/* Calls the function on top of the stack with `count` values below it; an error is a failure. */
static inline void call(int count, int results)
{
    if (lua_pcall(state, count, results, 0) == LUA_OK) return;
    fprintf(stderr, "%s\n", luaL_tolstring(state, -1, NULL));
    abort();
}

#endif
