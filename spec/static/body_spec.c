/* What Lua gives as JSON bodies, queries and dates, by the module's own writers: what is written of each, and what is
 * refused in which words. */
#define _DEFAULT_SOURCE
#include "support.h"

#include "../../src/core/scanner.h"
#include "../../src/lua/body.h"
#include "../../src/lua/query.h"
#include "../../src/lua/timestamp.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(rows) (sizeof(rows) / sizeof *(rows))

/* [-0, +1] The text that was pushed, or the fault as a sentence. */
static int give(lua_State *L, struct lcf_fault fault)
{
    if (fault.message) lua_pushfstring(L, "%s: %s", fault.argument, fault.message);
    return 1;
}

/* body(value [, where]): as `create` writes its parameters. */
static int body(lua_State *L)
{
    lua_settop(L, 2);
    struct lcf_fault fault = lcf_body_push(L, 1, "params", luaL_optstring(L, 2, ""), lcf_token_lists);
    if (!fault.message) {
        struct lcf_text text;
        text.at = lua_tolstring(L, -1, &text.len);
        assert_int_not_equal(lcf_json_check(lcf_span_of(text)), LCF_JSON_NONE);
    }
    assert_int_equal(lua_gettop(L), 3);
    return give(L, fault);
}

/* list(query), groups(query), any(query) */
static int list(lua_State *L)
{
    return give(L, lcf_query_push(L, 1, lcf_fields_of_list));
}
static int groups(lua_State *L)
{
    return give(L, lcf_query_push(L, 1, lcf_fields_of_groups));
}
static int any(lua_State *L)
{
    return give(L, lcf_query_push(L, 1, NULL));
}

/* date(value [, from_now]): the text, or what is wrong. */
static int date(lua_State *L)
{
    lua_settop(L, 2);
    lcf_timestamp(L);
    return 1;
}

static const luaL_Reg writers[] = {{"body", body}, {"list", list}, {"groups", groups}, {"any", any}, {"date", date},
                                   {NULL, NULL}};

static lua_State *L;

static int open_writers(void **state)
{
    (void)state;
    L = open_state();
    for (const luaL_Reg *writer = writers; writer->name; writer++) lua_register(L, writer->name, writer->func);
    lua_pushlightuserdata(L, (void *)(size_t)writers);
    lua_setglobal(L, "handle"); /* a pointer that is not null */
    run(L, "cloudflare = require 'cloudflare'; null, array = cloudflare.null, cloudflare.array\n"
           "function nest(levels) local t = {} for _ = 2, levels do t = { t } end return t end\n");
    return 0;
}

static int close_writers(void **state)
{
    (void)state;
    lua_close(L);
    return 0;
}

/* What a Lua expression gives, and what it should; the expression is its own explanation. */
struct row {
    const char *lua, *text;
};

static void expect(const struct row *rows, size_t count)
{
    unsigned wrong = 0;
    for (size_t i = 0; i < count; i++) {
        char script[400];
        snprintf(script, sizeof script, "return %s", rows[i].lua);
        run(L, script);
        const char *given = lua_tostring(L, -1);
        if (strcmp(given, rows[i].text) != 0)
            wrong++, print_error("  wrong: %s\n    gives %s\n    not   %s\n", rows[i].lua, given, rows[i].text);
        lua_settop(L, 0);
    }
    if (wrong) fail_msg("%u of %zu are wrong", wrong, count);
}

static void tables_are_arrays_or_objects(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"body { name = 'ci', policies = { { effect = 'allow' } } }",
         "{\"name\":\"ci\",\"policies\":[{\"effect\":\"allow\"}]}"},
        {"body { 'a', true, false, null, 1 }", "[\"a\",true,false,null,1]"},
        {"body { a = null }", "{\"a\":null}"},
        {"body { [1] = 'x', [2.0] = 'y' }", "[\"x\",\"y\"]"},
        {"body {}", "{}"},
        {"body 'text'", "\"text\""},
        {"body { ['1'] = 'x' }", "{\"1\":\"x\"}"},
        {"body { [''] = 'x' }", "{\"\":\"x\"}"},
    };
    expect(rows, COUNT(rows));
}

static void empty_tables_are_what_the_schema_or_a_mark_says(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"body { policies = {} }", "{\"policies\":[]}"},
        {"body { policies = { { permission_groups = {}, resources = {} } } }",
         "{\"policies\":[{\"permission_groups\":[],\"resources\":{}}]}"},
        {"body { condition = { request_ip = { ['in'] = {}, not_in = {} } } }",
         "{\"condition\":{\"request_ip\":{\"in\":[],\"not_in\":[]}}}"},
        {"body { condition = { ['request.ip'] = { ['in'] = {} } } }", "{\"condition\":{\"request.ip\":{\"in\":[]}}}"},
        {"body { policies = { {} }, condition = {} }", "{\"condition\":{},\"policies\":[{}]}"},
        {"body { policies = { a = 1 } }", "{\"policies\":{\"a\":1}}"},
        {"body { policies = null }", "{\"policies\":null}"},
        {"body { tags = array {} }", "{\"tags\":[]}"},
        {"body(array {})", "[]"},
        {"body(array { 1, array {}, {} })", "[1,[],{}]"},
        {"body { tags = array { a = 1 } }", "{\"tags\":{\"a\":1}}"},
        {"body { tags = array(array {}) }", "{\"tags\":[]}"},
    };
    expect(rows, COUNT(rows));
}

/* What OpenResty's lua-cjson has more than Debian's. */
static void marks_of_the_hosts_lua_cjson_are_heeded(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"body { a = setmetatable({}, cjson.array_mt) }", "{\"a\":[]}"},
        {"body { a = setmetatable({}, cjson.empty_array_mt) }", "{\"a\":[]}"},
        {"body { a = setmetatable({ b = 1 }, cjson.empty_array_mt) }", "{\"a\":{\"b\":1}}"},
        {"body { a = cjson.empty_array }", "{\"a\":[]}"},
    };
    run(L, "cjson = require 'cjson'; cjson.array_mt = cjson.array_mt or {}\n"
           "cjson.empty_array_mt = cjson.empty_array_mt or {}");
    lua_getglobal(L, "cjson");
    lua_pushlightuserdata(L, (void *)(size_t)rows);
    lua_setfield(L, -2, "empty_array");
    lua_pop(L, 1);
    expect(rows, COUNT(rows));
    run(L, "cjson.array_mt, cjson.empty_array_mt, cjson.empty_array = nil, nil, nil");
}

static void numbers_read_back_as_they_were(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"body { 0, -0.0, 1, -1, 3.0, 10502 }", "[0,0,1,-1,3,10502]"},
        {"body { 2^53, -2^53, 1e15, 2^62 }",
         "[9007199254740992,-9007199254740992,1000000000000000,4611686018427387904]"},
        {"body { 0.5, 0.1, 1/3, -2.5e-7 }", "[0.5,0.1,0.3333333333333333,-2.5e-07]"},
        {"body { 1e300, 5e-324, 1.7976931348623157e308 }", "[1e+300,4.94065645841247e-324,1.7976931348623157e+308]"},
        {"body { math.huge }", "[1]: not a finite number"},
        {"body { -math.huge }", "[1]: not a finite number"},
        {"body { a = 0/0 }", "a: not a finite number"},
#if LUA_VERSION_NUM >= 503
        {"body { math.maxinteger, math.mininteger, 2^53 | 1 }",
         "[9223372036854775807,-9223372036854775808,9007199254740993]"},
#endif
    };
    expect(rows, COUNT(rows));
}

static void a_decimal_comma_changes_no_number(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"body { 0.5, 1/3, 1e300 }", "[0.5,0.3333333333333333,1e+300]"},
        {"any { ratio = 0.5 }", "?ratio=0.5"},
    };
    char folder[] = "/tmp/cloudflare-XXXXXX", command[120];
    assert_non_null(mkdtemp(folder));
    /* It need not be installed. */
    snprintf(command, sizeof command, "localedef -i de_DE -f UTF-8 %s/de_DE.UTF-8", folder);
    assert_int_equal(system(command), 0);
    setenv("LOCPATH", folder, 1);
    assert_non_null(setlocale(LC_NUMERIC, "de_DE.UTF-8"));
    assert_string_equal(localeconv()->decimal_point, ",");
    expect(rows, COUNT(rows));
    setlocale(LC_NUMERIC, "C");
    snprintf(command, sizeof command, "rm -r %s", folder);
    assert_int_equal(system(command), 0);
}

static void strings_are_utf8_with_what_json_escapes(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"body { 'say \"hi\" \\\\ / \\127' }", "[\"say \\\"hi\\\" \\\\ / \177\"]"},
        {"body { 'a\\b\\f\\n\\r\\t\\0\\1\\31z' }", "[\"a\\b\\f\\n\\r\\t\\u0000\\u0001\\u001fz\"]"},
        {"body { '\\226\\128\\168 \\195\\164 \\240\\159\\153\\130' }", "[\"\342\200\250 \303\244 \360\237\231\202\"]"},
        {"body { ['a\"\\n'] = 1 }", "{\"a\\\"\\n\":1}"},
        {"body { name = 'a\\255' }", "name: not UTF-8: binary data has to be encoded first, as by base64"},
        {"body { name = 'a\\192\\128' }", "name: not UTF-8: binary data has to be encoded first, as by base64"},
        {"body { name = '\\237\\160\\128' }", "name: not UTF-8: binary data has to be encoded first, as by base64"},
        {"body { name = '\\226\\128' }", "name: not UTF-8: binary data has to be encoded first, as by base64"},
        {"body { a = { ['\\255'] = 1 } }", "a: a field's name is not UTF-8"},
    };
    expect(rows, COUNT(rows));
}

static void fields_are_sorted(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"body { b = 1, a = { d = 2, c = { z = 3, y = 4 } }, aa = 5, ['a b'] = 6, B = 7 }",
         "{\"B\":7,\"a\":{\"c\":{\"y\":4,\"z\":3},\"d\":2},\"a b\":6,\"aa\":5,\"b\":1}"},
        {"body { { b = 1, a = 2 }, { d = { f = 3, e = 4 }, c = 5 } }",
         "[{\"a\":2,\"b\":1},{\"c\":5,\"d\":{\"e\":4,\"f\":3}}]"},
        {"any { b = 1, a = { 3, 1, 2 }, aa = 2, c = 'x' }", "?a=3&a=1&a=2&aa=2&b=1&c=x"},
    };
    expect(rows, COUNT(rows));
}

/* The same table filled in many orders. */
static void equal_tables_give_equal_bytes(void **state)
{
    (void)state;
    run(L, "local texts, n = {}, 0\n"
           "for seed = 1, 200 do\n"
           "  local t, at = {}, seed\n"
           "  for _ = 1, 101 do\n"
           "    at = (at + 37) % 101\n"
           "    t['key' .. at] = { value = at, name = 'n' .. at }\n"
           "    if at % 3 == seed % 3 then t['key' .. at] = { name = 'n' .. at, value = at } end\n"
           "  end\n"
           "  local text = body(t)\n"
           "  if not texts[text] then texts[text] = true; n = n + 1 end\n"
           "end\n"
           "assert(n == 1, n)\n");
}

static void what_cannot_be_sent_is_named_by_its_path(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"body { policies = { {}, { effect = print } } }", "policies[2].effect: a function cannot be sent"},
        {"body { a = handle }", "a: a userdata cannot be sent"},
        {"body { a = io.stdout }", "a: a userdata cannot be sent"},
        {"body { a = coroutine.create(function() end) }", "a: a thread cannot be sent"},
        {"body(print)", "params: a function cannot be sent"},
        {"body({ a = print }, 'body')", "body.a: a function cannot be sent"},
        {"body({ print }, 'body')", "body[1]: a function cannot be sent"},
        {"body { a = { 1, 2, x = 3 } }", "a: a table with both items and named fields cannot be sent"},
        {"body { a = { [1] = 1, [3] = 3 } }",
         "a: a list with gaps cannot be sent; null is cloudflare.null, a field named by a number needs a string"},
        {"body { a = { [7] = 1 } }",
         "a: a list with gaps cannot be sent; null is cloudflare.null, a field named by a number needs a string"},
        {"body { a = { [0] = 1 } }", "a: a key must be the name of a field, or the number of an item from 1 on"},
        {"body { a = { [1] = 1, [1.5] = 2, [3] = 3 } }",
         "a: a key must be the name of a field, or the number of an item from 1 on"},
        {"body { a = { [true] = 1 } }", "a: a key must be the name of a field, or the number of an item from 1 on"},
        {"body { a = setmetatable({}, { __index = { b = 1 } }) }",
         "a: a plain table expected: what __index gives would not be sent"},
    };
    expect(rows, COUNT(rows));
}

static void no_key_is_repeated_that_may_be_a_secret(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"body { a = { ['cfat_Sk3nW7q0VbT2mZ8xLr5dYp1uHf6jCe9aQ4gX'] = print } }", "a....: a function cannot be sent"},
        {"body { ['two words'] = print }", "...: a function cannot be sent"},
        {"body { [''] = print }", "...: a function cannot be sent"},
        {"any { ['cfat_Sk3nW7q0VbT2mZ8xLr5dYp1uHf6jCe9aQ4gX'] = print }",
         "query: must be a string, a number, a boolean, or a list of them"},
        {"list { ['cfat_Sk3nW7q0VbT2mZ8xLr5dYp1uHf6jCe9aQ4gX'] = 1 }", "query: unknown field"},
    };
    expect(rows, COUNT(rows));
}

static void no_walk_is_endless(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"#body(nest(32))", "64"},
        {"body(nest(33)):match ': .*'", ": nested too deeply: over 32 levels, or in a circle"},
        {"body(circle):match ': .*'", ": nested too deeply: over 32 levels, or in a circle"},
        {"body(shared)", "params: too large: over 16 MiB"},
        {"body { a = ('x'):rep(2^24) }", "params: too large: over 16 MiB"},
        {"#body { a = ('x'):rep(2^24 - 8) }", "16777216"},
        {"any { a = ('x'):rep(2^24) }", "query: too large: over 16 MiB"},
    };
    run(L, "circle = {}; circle.a = { circle, circle }\n"
           "shared = {}; for _ = 1, 31 do shared = { shared, shared } end");
    expect(rows, COUNT(rows));
    run(L, "circle, shared = nil");
}

/* A finalizer that comes whenever it may turns one table into the other, and back. */
static void a_table_that_changes_meanwhile_is_written_in_one_of_its_states(void **state)
{
    (void)state;
    run(L, "local one, other = '{\"a\":[1,2],\"b\":{\"c\":\"x\"}}', '{\"d\":[3],\"e\":\"y\"}'\n"
           "local t, seen, turns = {}, {}, 0\n"
           "local function turn()\n"
           "  turns = turns + 1\n"
           "  local was = t.a\n"
           "  for k in pairs(t) do t[k] = nil end\n"
           "  if was then t.d, t.e = { 3 }, 'y' else t.a, t.b = { 1, 2 }, { c = 'x' } end\n"
           "end\n"
           "local function proxy()\n"
           "  if newproxy then local p = newproxy(true); return p, getmetatable(p) end\n"
           "  local meta = {}\n"
           "  return meta, meta\n"
           "end\n"
           "local function arm()\n"
           "  local object, meta = proxy()\n"
           "  meta.__gc = function() turn(); if turns < 3000 then arm() end end\n"
           "  if not newproxy then setmetatable({}, meta) end\n"
           "end\n"
           "collectgarbage('setpause', 100); collectgarbage()\n"
           "turn(); arm()\n"
           "for _ = 1, 20000 do local text = body(t); seen[text] = true end\n"
           "for text in pairs(seen) do assert(text == one or text == other, text) end\n"
           "assert(seen[one] and seen[other] and turns > 10, turns)\n"
           "turns = 3000\n");
}

static void a_get_that_is_put_back_is_the_same(void **state)
{
    (void)state;
    run(L, "local got = '{\"condition\":{\"request.ip\":{\"in\":[\"192.0.2.0/24\"],\"not_in\":[]}},'\n"
           "  .. '\"expires_on\":null,\"name\":\"ci\",\"policies\":[{\"effect\":\"allow\",\"permission_groups\":'\n"
           "  .. '[{\"id\":\"c8fed203ed3043cba015a93ad1616f1f\"}],'\n"
           "  .. '\"resources\":{\"com.cloudflare.api.account.zone.*\":\"*\"}},'\n"
           "  .. '{\"effect\":\"deny\",\"permission_groups\":[],\"resources\":{}}],\"status\":\"active\"}'\n"
           "local put = body(require 'cjson'.decode(got))\n"
           "assert(put == got, put)\n");
}

static void queries_are_encoded_once_and_checked_by_the_schema(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"list {}", ""},
        {"list(nil)", ""},
        {"list { per_page = 50, page = 2, direction = 'asc', include_expired = true }",
         "?direction=asc&include_expired=true&page=2&per_page=50"},
        {"list { page = 1, per_page = 5 }", "?page=1&per_page=5"},
        {"list { page = 1e6, include_expired = false }", "?include_expired=false&page=1000000"},
        {"list { per_page = 51 }", "query.per_page: must be a whole number from 5 to 50"},
        {"list { per_page = 4 }", "query.per_page: must be a whole number from 5 to 50"},
        {"list { per_page = 5.5 }", "query.per_page: must be a whole number from 5 to 50"},
        {"list { per_page = '20' }", "query.per_page: must be a whole number from 5 to 50"},
        {"list { per_page = 0/0 }", "query.per_page: must be a whole number from 5 to 50"},
        {"list { page = 0 }", "query.page: must be a whole number from 1 on"},
        {"list { page = math.huge }", "query.page: must be a whole number from 1 on"},
        {"list { direction = 'up' }", "query.direction: must be \"asc\" or \"desc\""},
        {"list { direction = 'asc\\0' }", "query.direction: must be \"asc\" or \"desc\""},
        {"list { direction = {} }", "query.direction: must be \"asc\" or \"desc\""},
        {"list { include_expired = 'true' }", "query.include_expired: must be true or false"},
        {"list { per_pge = 20 }", "query: unknown field 'per_pge'; did you mean 'per_page'?"},
        {"list { ['page\\0'] = 1 }", "query: unknown field"},
        {"list { [1] = 1 }", "query: field names are strings"},
        {"list 'page=2'", "query: a table expected"},
        {"list(setmetatable({}, { __index = {} }))",
         "query: a plain table expected: what __index gives would not be sent"},
        {"groups { name = 'DNS Write', scope = 'com.cloudflare.api.account.zone' }",
         "?name=DNS%20Write&scope=com.cloudflare.api.account.zone"},
        {"groups { name = 'Account%20Settings' }", "?name=Account%2520Settings"},
        {"groups { name = '' }", "query.name: must be a string that is not empty"},
        {"groups { name = 7 }", "query.name: must be a string that is not empty"},
        {"groups { page = 2 }", "query: unknown field 'page'; did you mean 'name'?"},
        {"any { q = 'azAZ09-._~ !/?#[]@&=+%\\n\\195\\164' }",
         "?q=azAZ09-._~%20%21%2F%3F%23%5B%5D%40%26%3D%2B%25%0A%C3%A4"},
        {"any { ['a b'] = '', n = -2.5, yes = true, many = { 'x', 1, false } }",
         "?a%20b=&many=x&many=1&many=false&n=-2.5&yes=true"},
        {"any { n = 1e-9 }", "query.n: would be written with an exponent: give it as a string, as the API wants it"},
        {"any { n = 0/0 }", "query.n: not a finite number"},
        {"any { a = {} }", "query.a: an empty list cannot be sent: leave the field out"},
        {"any { a = null }", "query.a: must be a string, a number, a boolean, or a list of them"},
        {"any { a = { 1, { 2 } } }", "query.a: must be a string, a number, a boolean, or a list of them"},
        {"any { a = { 1, x = 2 } }", "query.a: must be a string, a number, a boolean, or a list of them"},
        {"any { a = { [1] = 1, [3] = 3 } }", "query.a: must be a string, a number, a boolean, or a list of them"},
    };
    expect(rows, COUNT(rows));
}

#define NO_DATE "not a date of RFC 3339, with time and zone (2026-12-31T23:59:59Z)"
#define NO_SECONDS "not a date in seconds since 1970 and before the year 10000 (are these milliseconds?)"
#define NO_DURATION "must be a number of seconds over 0, and end before the year 10000"

static void dates_are_texts_or_seconds(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"date '2026-12-31T23:59:59Z'", "2026-12-31T23:59:59Z"},
        {"date '2026-12-31t23:59:59.123+01:00'", "2026-12-31t23:59:59.123+01:00"},
        {"date '2026-12-31'", NO_DATE},
        {"date '2026-12-31T23:59:59Z\\0'", NO_DATE},
        {"date ''", NO_DATE},
        {"date(784111777)", "1994-11-06T08:49:37Z"},
        {"date(784111777.9)", "1994-11-06T08:49:37Z"},
        {"date(0)", "1970-01-01T00:00:00Z"},
        {"date(253402300799)", "9999-12-31T23:59:59Z"},
        {"date(784111777000)", NO_SECONDS},
        {"date(-1)", NO_SECONDS},
        {"date(math.huge)", NO_SECONDS},
        {"date(0/0)", NO_SECONDS},
        {"tostring(date(null) == null)", "true"},
        {"date(handle)", "must be a date of RFC 3339 (2026-12-31T23:59:59Z) or a number of seconds since 1970"},
        {"date {}", "must be a date of RFC 3339 (2026-12-31T23:59:59Z) or a number of seconds since 1970"},
        {"tostring(date(3600, true) >= os.date('!%Y-%m-%dT%H:%M:%SZ', os.time() + 3599))", "true"},
        {"tostring(date(3600, true) <= os.date('!%Y-%m-%dT%H:%M:%SZ', os.time() + 3601))", "true"},
        {"date(0, true)", NO_DURATION},
        {"date(-1, true)", NO_DURATION},
        {"date(0/0, true)", NO_DURATION},
        {"date(math.huge, true)", NO_DURATION},
        {"date('3600', true)", NO_DURATION},
    };
    expect(rows, COUNT(rows));
}

static void array_marks_plain_tables_alone(void **state)
{
    (void)state;
    run(L, "local t = {}; assert(array(t) == t and array(t) == t)\n"
           "local ok, why = pcall(function() array(setmetatable({}, {})) end)\n"
           "assert(not ok and why:find 'bad argument #1 to .-array.- %(a table without a metatable expected%)', why)\n"
           "ok, why = pcall(function() array() end)\n"
           "assert(not ok and why:find 'table expected', why)\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tables_are_arrays_or_objects),
        cmocka_unit_test(empty_tables_are_what_the_schema_or_a_mark_says),
        cmocka_unit_test(marks_of_the_hosts_lua_cjson_are_heeded),
        cmocka_unit_test(numbers_read_back_as_they_were),
        cmocka_unit_test(a_decimal_comma_changes_no_number),
        cmocka_unit_test(strings_are_utf8_with_what_json_escapes),
        cmocka_unit_test(fields_are_sorted),
        cmocka_unit_test(equal_tables_give_equal_bytes),
        cmocka_unit_test(what_cannot_be_sent_is_named_by_its_path),
        cmocka_unit_test(no_key_is_repeated_that_may_be_a_secret),
        cmocka_unit_test(no_walk_is_endless),
        cmocka_unit_test(a_table_that_changes_meanwhile_is_written_in_one_of_its_states),
        cmocka_unit_test(a_get_that_is_put_back_is_the_same),
        cmocka_unit_test(queries_are_encoded_once_and_checked_by_the_schema),
        cmocka_unit_test(dates_are_texts_or_seconds),
        cmocka_unit_test(array_marks_plain_tables_alone),
    };
    return cmocka_run_group_tests(tests, open_writers, close_writers);
}
