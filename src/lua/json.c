#include "json.h"
#include "state.h"

#include <math.h>

/* [-0, +0, e] Calls field `name` of the table on top of the stack with one number. */
static void configure(lua_State *L, const char *name, lua_Number value)
{
    lua_getfield(L, -1, name);
    lua_pushnumber(L, value);
    lua_call(L, 1, 0);
}

/* [-0, +1, e] The program's `require`, else that of the globals at hand: a host that trusts few of its
 * scripts may have closed either. */
static void push_require(lua_State *L)
{
    lcf_loaded_push(L, "_G");
    if (!lua_isnil(L, -1)) lua_getfield(L, -1, "require"), lua_replace(L, -2);
    if (!lua_isnil(L, -1)) return;
    lua_pop(L, 1);
    lua_getglobal(L, "require");
    if (lua_isnil(L, -1)) luaL_error(L, "cloudflare: needs lua-cjson, and there is no 'require' here to load it");
}

/* [-0, +1, e] Where `require` is closed to us a lua-cjson that is loaded already will do. */
static void push_cjson(lua_State *L)
{
    lcf_loaded_push(L, "cjson");
    if (lua_isnil(L, -1)) {
        push_require(L);
        lua_pushliteral(L, "cjson");
        lua_call(L, 1, 1);
        lua_replace(L, -2);
    }
    if (lua_istable(L, -1)) lua_getfield(L, -1, "new");
    else lua_pushnil(L);
    if (lua_isnil(L, -1))
        luaL_error(L, "cloudflare: needs lua-cjson; the 'cjson' found here is another library (it has no 'new')");
    lua_pop(L, 1);
}

void lcf_json_load(lua_State *L)
{
    push_cjson(L);
    lua_getfield(L, -1, "new");
    lua_call(L, 0, 1); /* cjson, instance */
    configure(L, "decode_max_depth", LCF_JSON_DEPTH);
    lua_getfield(L, -1, "decode");
    lua_getfield(L, -2, "null"); /* cjson, instance, decode, null */
    lua_replace(L, -4);
    lua_replace(L, -2); /* null, decode */
    lua_insert(L, -2);
}

void lcf_redact(lua_State *L, const struct lcf_secret *secret)
{
    struct lcf_text text;
    text.at = lua_tolstring(L, -1, &text.len);
    size_t from = 0, at = lcf_secret_find(secret, text, 0);
    if (at == text.len) return;
    luaL_Buffer clean;
    luaL_buffinit(L, &clean);
    for (; at < text.len; at = lcf_secret_find(secret, text, from)) {
        luaL_addlstring(&clean, text.at + from, at - from);
        luaL_addstring(&clean, "[redacted]");
        from = at + lcf_secret_value(secret).len;
    }
    luaL_addlstring(&clean, text.at + from, text.len - from);
    luaL_pushresult(&clean);
    lua_remove(L, -2);
}

static void tidy_table(lua_State *L, const struct lcf_secret *secret);

/* [-1, +1, e] A decoded value as it is handed out. */
static void tidy(lua_State *L, const struct lcf_secret *secret)
{
    int type = lua_type(L, -1);
    if (type == LUA_TSTRING) lcf_redact(L, secret);
    if (type == LUA_TTABLE) tidy_table(L, secret);
#if LUA_VERSION_NUM >= 503
    lua_Number number = type == LUA_TNUMBER && !lua_isinteger(L, -1) ? lua_tonumber(L, -1) : 0.5;
    if (number == floor(number) && fabs(number) < 0x1p53) {
        lua_pop(L, 1);
        lua_pushinteger(L, (lua_Integer)number);
    }
#endif
}

/* [-1, +0, e] Moves every field of the table on top of the stack into the table just below. */
static void move_fields(lua_State *L)
{
    lua_pushnil(L);
    while (lua_next(L, -2)) { /* table, moved, key, value */
        lua_pushvalue(L, -2);
        lua_insert(L, -2);
        lua_rawset(L, -5);
    }
    lua_pop(L, 1);
}

/* [-0, +0, e] Tidies the table on top of the stack in place. A key that holds the secret is put
 * aside under its clean name: a table that is walked must not get new keys. */
static void tidy_table(lua_State *L, const struct lcf_secret *secret)
{
    luaL_checkstack(L, LUA_MINSTACK + 5, "JSON nested too deeply");
    lua_newtable(L);
    lua_pushnil(L);
    while (lua_next(L, -3)) { /* table, renamed, key, value */
        tidy(L, secret);
        lua_pushvalue(L, -2);
        if (lua_type(L, -1) == LUA_TSTRING) lcf_redact(L, secret);
        lua_insert(L, -2); /* table, renamed, key, clean key, value */
        if (lua_rawequal(L, -2, -3)) {
            lua_rawset(L, -5);
        } else {
            lua_rawset(L, -4);
            lua_pushvalue(L, -1);
            lua_pushnil(L);
            lua_rawset(L, -5);
        }
    }
    move_fields(L);
}

void lcf_json_push(lua_State *L, struct lcf_text text, const struct lcf_secret *secret)
{
    lua_pushlstring(L, text.at, text.len);
    lua_call(L, 1, 1);
    tidy(L, secret);
}
