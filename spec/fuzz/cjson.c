/* The scanner beside lua-cjson: what the scanner takes lua-cjson takes too, and both read the same.
 * The reverse does not hold, by design: lua-cjson also takes NaN, hexadecimal, raw control bytes, invalid
 * UTF-8, lone surrogates and deeper nesting. Of a key that stands twice it keeps the last. */
#include "state.h"

#include "../../src/core/scanner.h"

static void open_state(void)
{
    state = luaL_newstate();
    luaL_openlibs(state);
    MUST(luaL_dostring(state, "return require 'cjson'.new().decode") == LUA_OK);
}

/* [-0, +1] A string as the scanner decodes it. */
static void push_decoded(struct lcf_span string)
{
    size_t room = (size_t)(string.end - string.at), len;
    char *out = malloc(room);
    MUST(out && lcf_json_decode(string, out, room, &len));
    lua_pushlstring(state, out, len);
    free(out);
}

static void compare_number(struct lcf_span number)
{
    char *text = calloc((size_t)(number.end - number.at) + 1, 1);
    MUST(text);
    memcpy(text, number.at, (size_t)(number.end - number.at));
    double ours = strtod(text, NULL), theirs = lua_tonumber(state, -1);
    int integer;
    MUST(lua_isnumber(state, -1) && ours <= theirs && ours >= theirs);
    if (lcf_json_integer(number, &integer)) MUST(integer >= theirs && integer <= theirs);
    free(text);
}

static void compare(struct lcf_span value, enum lcf_json type);

/* [-0, +0] Our members and elements, each put into a table by its key, against the table on top. */
static void compare_items(struct lcf_span value, enum lcf_json type)
{
    struct lcf_json_walk walk = lcf_json_enter(value);
    lua_Integer count = 0;
    MUST(lua_istable(state, -1));
    luaL_checkstack(state, 8, NULL);
    lua_newtable(state); /* of the last item under each key */
    for (struct lcf_json_item item; lcf_json_next(&walk, &item);) {
        if (type == LCF_JSON_ARRAY) lua_pushinteger(state, ++count);
        else push_decoded(item.key);
        lua_pushlstring(state, item.value.at, (size_t)(item.value.end - item.value.at));
        lua_settable(state, -3);
    }
    for (lua_pushnil(state); lua_next(state, -2);) {
        size_t len;
        const char *text = lua_tolstring(state, -1, &len);
        const struct lcf_span last = {text, text + len};
        lua_pushvalue(state, -2);
        lua_gettable(state, -5);
        compare(last, lcf_json_check(last));
        lua_pop(state, 2);
    }
    for (lua_pushnil(state); lua_next(state, -3); lua_pop(state, 1)) { /* and they have no more than we */
        lua_pushvalue(state, -2);
        lua_gettable(state, -4);
        MUST(!lua_isnil(state, -1));
        lua_pop(state, 1);
    }
    lua_pop(state, 1);
}

/* [-0, +0] A value of ours against theirs on top of the stack. */
static void compare(struct lcf_span value, enum lcf_json type)
{
    switch (type) {
    case LCF_JSON_NONE: abort();
    case LCF_JSON_OBJECT:
    case LCF_JSON_ARRAY: compare_items(value, type); return;
    case LCF_JSON_NUMBER: compare_number(value); return;
    case LCF_JSON_TRUE:
    case LCF_JSON_FALSE:
        MUST(lua_isboolean(state, -1) && lua_toboolean(state, -1) == (type == LCF_JSON_TRUE));
        return;
    case LCF_JSON_NULL: MUST(lua_islightuserdata(state, -1)); return;
    case LCF_JSON_STRING:
        push_decoded(value);
        MUST(lua_rawequal(state, -1, -2));
        lua_pop(state, 1);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!state) open_state();
    struct lcf_span text = exact(data, size);
    enum lcf_json type = lcf_json_check(text);
    if (type != LCF_JSON_NONE) {
        lua_pushvalue(state, 1);
        lua_pushlstring(state, (const char *)data, size);
        call(1, 1);
        compare(trimmed(text), type);
        lua_settop(state, 1);
    }
    release(text);
    return 0;
}
