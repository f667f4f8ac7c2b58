/* What a host pays outside the memory that it gives Lua: libcurl's, OpenSSL's and this module's own bytes, for the first
 * connection, for each further Lua state with a connection of its own, and for each call in flight.
 *     memory STATES CALLS
 * Prints, in bytes: the libraries and the first connection; a further one; Lua's part of such a state; a call in flight;
 * Lua's part of it. BENCH_CA_PATH and BENCH_CA_FILE are the trust store. */
#define _GNU_SOURCE /* mallinfo2 */
#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int luaopen_cjson(lua_State *L);
int luaopen_cloudflare(lua_State *L);

static const char connect[] =
    "cloudflare = require 'cloudflare'\n"
    "cf = assert(cloudflare.new { base_url = os.getenv 'SANDBOX_TLS_BASE_URL', timeout = 60,\n"
    "  ca_path = os.getenv 'BENCH_CA_PATH', ca_file = os.getenv 'BENCH_CA_FILE' })\n"
    "assert(cf.tokens.verify())\n"
    "collectgarbage() collectgarbage()\n";

/* The server holds their answers back. */
static const char begin_calls[] =
    "calls = {}\n"
    "for i = 1, ... do calls[i] = cf.async.tokens.delete(nil, ('%032x'):format(i)) end\n"
    "for i = 1, 200 do cloudflare.step(0.01) end\n"
    "collectgarbage() collectgarbage()\n"
    "assert(cloudflare.step() == ...)\n";

/* Bytes that all Lua states hold; and those that the process holds besides. */
static size_t of_lua;

static size_t outside(void)
{
    struct mallinfo2 all = mallinfo2();
    return all.uordblks + all.hblkhd - of_lua;
}

static void *counted(void *data, void *block, size_t old_size, size_t new_size)
{
    (void)data;
    size_t old = block ? old_size : 0;
    void *moved = NULL;
    if (new_size == 0) free(block);
    else moved = realloc(block, new_size);
    if (moved || new_size == 0) of_lua = of_lua - old + new_size;
    return moved;
}

static void run(lua_State *L, const char *script, int argument)
{
    int status = luaL_loadstring(L, script);
    lua_pushinteger(L, argument);
    if (status == LUA_OK && lua_pcall(L, 1, 0, 0) == LUA_OK) return;
    fprintf(stderr, "%s\n", lua_tostring(L, -2 + (status == LUA_OK)));
    exit(EXIT_FAILURE);
}

static lua_State *open_state(void)
{
    lua_State *L = lua_newstate(counted, NULL);
    if (!L) exit(EXIT_FAILURE);
    luaL_openlibs(L);
    luaL_requiref(L, "cjson", luaopen_cjson, 0);
    luaL_requiref(L, "cloudflare", luaopen_cloudflare, 0);
    lua_settop(L, 0);
    run(L, connect, 0);
    return L;
}

int main(int argc, char **argv)
{
    int states = argc > 2 ? atoi(argv[1]) : 0, calls = argc > 2 ? atoi(argv[2]) : 0;
    if (states < 1 || calls < 1) return 2;
    size_t before = outside();
    lua_State *first = open_state();
    size_t one = outside(), lua_of_one = of_lua;
    for (int i = 0; i < states; i++) open_state();
    size_t many = outside(), lua_of_many = of_lua;
    run(first, begin_calls, calls);
    printf("%zu %zu %zu %zu %zu\n", one - before, (many - one) / (size_t)states,
           (lua_of_many - lua_of_one) / (size_t)states, (outside() - many) / (size_t)calls,
           (of_lua - lua_of_many) / (size_t)calls);
    fflush(stdout);
    _exit(EXIT_SUCCESS); /* nothing waits for what is in flight */
}
