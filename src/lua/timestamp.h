#ifndef LCF_LUA_TIMESTAMP_H
#define LCF_LUA_TIMESTAMP_H

#include "compat.h"

/* timestamp(value [, from_now]): [-0, +1|2, e] a token's date as it is sent, for Lua. A string of RFC 3339 and null stay
 * as they are; a number is seconds since 1970, or with `from_now` from now on, and nothing else is taken then. For anything
 * else nil and, in words that do not repeat it, what is wrong. */
int lcf_timestamp(lua_State *L);

/* epoch(text): [-0, +1, e] the seconds since 1970 that a date of RFC 3339 stands for; nil for anything else. */
int lcf_epoch(lua_State *L);

#endif
