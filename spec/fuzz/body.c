#define _DEFAULT_SOURCE
/* The writer of bodies beside lua-cjson: JSON that the scanner takes is decoded by lua-cjson and written again. What
 * is written must be JSON that decodes to the same tables, and gives the same bytes again. Refused are only numbers
 * beyond a double, and nesting that the writer does not take. */
#include "state.h"

#include "../../src/core/scanner.h"
#include "../../src/lua/body.h"

int luaopen_cloudflare(lua_State *L);

static const char same[] =
    "local function same(a, b)\n"
    "  if type(a) ~= 'table' or type(b) ~= 'table' then return a == b end\n"
    "  for k, v in pairs(a) do if not same(v, b[k]) then return false end end\n"
    "  for k in pairs(b) do if a[k] == nil then return false end end\n"
    "  return true\n"
    "end\n"
    "return same";

/* decode, same */
static void open_state(void)
{
    state = luaL_newstate();
    luaL_openlibs(state);
    luaL_requiref(state, "cloudflare", luaopen_cloudflare, 0);
    lua_settop(state, 0);
    MUST(luaL_dostring(state, "return require 'cjson'.new().decode") == LUA_OK);
    MUST(luaL_dostring(state, same) == LUA_OK);
}

/* [-1, +1] */
static void decode(void)
{
    lua_pushvalue(state, 1);
    lua_insert(state, -2);
    call(1, 1);
}

static void check_again(int first, int text)
{
    size_t len;
    const char *at = lua_tolstring(state, text, &len);
    MUST(lcf_json_check((struct lcf_span){at, at + len}) != LCF_JSON_NONE);
    lua_pushvalue(state, 2);
    lua_pushvalue(state, first);
    lua_pushvalue(state, text);
    decode();
    lua_pushvalue(state, -1);
    lua_insert(state, 5);
    call(2, 1);
    MUST(lua_toboolean(state, -1));
    struct lcf_fault fault = lcf_body_push(state, 5, "body", "", NULL);
    MUST(!fault.message && lua_rawequal(state, -1, text));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!state) open_state();
    struct lcf_span text = exact(data, size);
    if (lcf_json_check(text) != LCF_JSON_NONE) {
        lua_pushlstring(state, (const char *)data, size);
        decode();
        struct lcf_fault fault = lcf_body_push(state, 3, "body", "", NULL);
        if (!fault.message) check_again(3, 4);
        else MUST(strstr(fault.message, "finite") || strstr(fault.message, "nested"));
    }
    lua_settop(state, 2);
    release(text);
    return 0;
}
