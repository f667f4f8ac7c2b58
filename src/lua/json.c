#include "json.h"
#include "evidence.h"
#include "state.h"

#include <stdio.h>
#include <stdlib.h>

/* [-0, +0, e] Whether the lua-cjson on top of the stack reads fractions: whether it noted the decimal
 * point that the process's locale has now. */
static bool reads_fractions(lua_State *L)
{
    lua_getfield(L, -1, "decode");
    lua_pushliteral(L, "0.5");
    bool reads = lua_pcall(L, 1, 1, 0) == 0 && lua_tonumber(L, -1) > 0;
    lua_pop(L, 1);
    return reads;
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

/* lua-cjson keeps one decimal point for the whole process, and each new() notes it anew. Where that would
 * change what others read with it, its shared instance has to do, with what settings it may have. */
void lcf_json_load(lua_State *L)
{
    push_cjson(L);
    if (reads_fractions(L)) {
        lua_getfield(L, -1, "new");
        lua_call(L, 0, 1);
    } else {
        lua_pushvalue(L, -1);
    }
    lua_getfield(L, -1, "decode");
    lua_getfield(L, -2, "null"); /* cjson, instance, decode, null */
    lua_replace(L, -4);
    lua_replace(L, -2); /* null, decode */
    lua_insert(L, -2);
}

void lcf_redact(lua_State *L, const struct lcf_secret *secret)
{
    struct lcf_text text = lcf_text_at(L, -1);
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
    if (lcf_is_integer(number)) {
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

/* Takes the digits that come next. */
static struct lcf_span digits(struct lcf_span *text)
{
    const char *from = text->at;
    while (lcf_is_digit(lcf_peek(text))) text->at++;
    return (struct lcf_span){from, text->at};
}

/* The exponent that may come next. Beyond the bounds every number of ours is zero or infinite. */
static long exponent(struct lcf_span *text)
{
    const long most = 1000000000;
    if (!lcf_take(text, 'e') && !lcf_take(text, 'E')) return 0;
    char *end;
    long power = strtol(text->at, &end, 10);
    text->at = end;
    return power > most ? most : power < -most ? -most : power;
}

#define EXACT_DIGITS 15 /* of a whole number that every reader reads the same; OpenResty's cuts off beyond 2^63 */

/* [-0, +0, e] Adds the number that comes next, without a decimal point: 0.125 as 125e-3, 1.5E3 as 15e2. */
static void add_number(luaL_Buffer *b, struct lcf_span *text)
{
    char power[24] = "";
    if (lcf_take(text, '-')) luaL_addchar(b, '-');
    struct lcf_span whole = digits(text), fraction = {text->at, text->at};
    if (lcf_take(text, '.')) fraction = digits(text);
    long times = exponent(text) - (long)(fraction.end - fraction.at);
    if (*whole.at == '0' && fraction.at < fraction.end) whole.at = whole.end; /* 05 would be no number */
    while (whole.at == whole.end && fraction.at < fraction.end - 1 && *fraction.at == '0') fraction.at++;
    luaL_addlstring(b, whole.at, (size_t)(whole.end - whole.at));
    luaL_addlstring(b, fraction.at, (size_t)(fraction.end - fraction.at));
    if (times || whole.end - whole.at > EXACT_DIGITS) snprintf(power, sizeof power, "e%ld", times);
    luaL_addstring(b, power);
}

/* [-0, +1, e] Valid JSON, so written that lua-cjson reads the same in every locale: its numbers go through
 * strtod, to which "0.5" may end before the point, and "5,6" behind the six. So no number has a point, and
 * behind each stands a blank. */
static void push_for_every_locale(lua_State *L, struct lcf_span text)
{
    luaL_Buffer b;
    luaL_buffinit(L, &b);
    for (bool quoted = false; !lcf_is_empty(text);) {
        bool number = !quoted && (lcf_peek(&text) == '-' || lcf_is_digit(lcf_peek(&text)));
        if (number) add_number(&b, &text);
        int byte = number ? ' ' : lcf_next(&text);
        luaL_addchar(&b, (char)byte);
        if (byte == '\\') luaL_addchar(&b, (char)lcf_next(&text));
        if (byte == '"') quoted = !quoted;
    }
    luaL_pushresult(&b);
}

/* Whether the tables that lua-cjson makes can be handed out as they are: there is no number, no escape behind which the
 * secret could stand, and no secret. So it is of most answers to a deletion. */
static bool is_simple(struct lcf_text text, const struct lcf_secret *secret)
{
    bool quoted = false;
    for (size_t i = 0; i < text.len; i++) {
        if (text.at[i] == '"') quoted = !quoted;
        if (text.at[i] == '\\' || (!quoted && (text.at[i] == '-' || lcf_is_digit(text.at[i])))) return false;
    }
    return lcf_secret_find(secret, text, 0) == text.len;
}

void lcf_json_push(lua_State *L, struct lcf_text text, const struct lcf_secret *secret)
{
    if (is_simple(text, secret)) {
        lua_pushlstring(L, text.at, text.len);
        lua_call(L, 1, 1);
        return;
    }
    push_for_every_locale(L, lcf_span_of(text));
    lua_call(L, 1, 1);
    tidy(L, secret);
}
