#include "timestamp.h"
#include "../core/dates.h"
#include "../transport/clock.h"
#include "state.h"

#include <math.h>

/* [-0, +2, e] */
static int refuse(lua_State *L, const char *message)
{
    lua_pushnil(L);
    lua_pushstring(L, message);
    return 2;
}

/* [-0, +0, -] Reads the string at 1. */
static bool read_string(lua_State *L, int64_t *unix_time)
{
    struct lcf_text text = lcf_text_at(L, 1);
    return lcf_timestamp_read(lcf_span_of(text), unix_time);
}

/* [-0, +1|2, e] */
static int from_string(lua_State *L)
{
    int64_t unix_time;
    if (!read_string(L, &unix_time))
        return refuse(L, "not a date of RFC 3339, with time and zone (2026-12-31T23:59:59Z)");
    lua_settop(L, 1);
    return 1;
}

/* [-0, +1|2, e] */
static int from_number(lua_State *L, double seconds, const char *fault)
{
    char text[LCF_TIMESTAMP_SIZE];
    bool near = seconds >= 0 && seconds < LCF_TIMESTAMP_MAX + 1.0;
    if (!near || !lcf_timestamp_write((int64_t)floor(seconds), text)) return refuse(L, fault);
    lua_pushstring(L, text);
    return 1;
}

/* [-0, +1|2, e] */
static int from_now(lua_State *L)
{
    static const char fault[] = "must be a number of seconds over 0, and end before the year 10000";
    lua_Number seconds = lua_type(L, 1) == LUA_TNUMBER ? lua_tonumber(L, 1) : 0;
    if (!(seconds > 0)) return refuse(L, fault);
    return from_number(L, lcf_unix_time() + seconds, fault);
}

int lcf_timestamp(lua_State *L)
{
    if (lua_toboolean(L, 2)) return from_now(L);
    switch (lua_type(L, 1)) {
    case LUA_TSTRING: return from_string(L);
    case LUA_TNUMBER:
        return from_number(L, lua_tonumber(L, 1),
                           "not a date in seconds since 1970 and before the year 10000 (are these milliseconds?)");
    case LUA_TLIGHTUSERDATA:
        if (!lua_touserdata(L, 1)) return lua_settop(L, 1), 1;
    }
    return refuse(L, "must be a date of RFC 3339 (2026-12-31T23:59:59Z) or a number of seconds since 1970");
}

int lcf_epoch(lua_State *L)
{
    int64_t unix_time;
    if (lua_type(L, 1) == LUA_TSTRING && read_string(L, &unix_time)) lua_pushnumber(L, (lua_Number)unix_time);
    else lua_pushnil(L);
    return 1;
}
