/* A host that draws sixty frames a second and revokes tokens meanwhile. The module and lua-cjson are
 * linked in, Lua's memory is capped, and every frame calls Lua once:
 *     frames [-c] SECONDS TOKEN_ID...
 * It prints how each deletion ended, and the longest frame with and without deletions in flight.
 * Before the first frame it asks the API to verify the credential, which opens the connection; -c
 * leaves that out. */
#define _POSIX_C_SOURCE 200809L
#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

int luaopen_cjson(lua_State *L);
int luaopen_cloudflare(lua_State *L);

#define FRAME (1.0 / 60)           /* seconds */
#define LUA_MEMORY (4 * 1024 * 1024) /* bytes that the scripts of this host may hold */

/* Begins the deletions, and gives the function to call once a frame. */
static const char script[] =
    "local cloudflare, ids, cold = ...\n"
    "local cf = assert(cloudflare.new { base_url = os.getenv 'SANDBOX_TLS_BASE_URL',\n"
    "  ca_path = os.getenv 'SANDBOX_CA_PATH' })\n"
    "if not cold then assert(cf.tokens.verify()) end\n" /* waits: while a game loads */
    "local calls = {}\n"
    "for _, id in ipairs(ids) do calls[id] = cf.async.tokens.delete(nil, id) end\n"
    "return function()\n"
    "  local in_flight = cloudflare.step()\n" /* never waits */
    "  for id, call in pairs(calls) do\n"
    "    if call:done() then\n"
    "      local token, detail = call:wait()\n"
    "      print(id, token and detail.outcome or tostring(detail))\n"
    "      calls[id] = nil\n"
    "    end\n"
    "  end\n"
    "  return in_flight\n"
    "end\n";

struct memory {
    size_t used, most;
};

/* A lua_Alloc that gives no more than `most`. */
static void *capped(void *data, void *block, size_t old_size, size_t new_size)
{
    struct memory *memory = data;
    size_t old = block ? old_size : 0;
    if (new_size == 0) {
        free(block);
        memory->used -= old;
        return NULL;
    }
    if (new_size > old && memory->used + (new_size - old) > memory->most) return NULL;
    void *moved = realloc(block, new_size);
    if (moved) memory->used = memory->used - old + new_size;
    return moved;
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void sleep_until(double time)
{
    double left = time - now();
    struct timespec pause = {(time_t)left, (long)((left - (double)(time_t)left) * 1e9)};
    if (left > 0) nanosleep(&pause, NULL);
}

/* [-0, +1, e] The modules are in package.loaded before anyone asks for them: no file is looked for. */
static void open_modules(lua_State *L)
{
    luaL_openlibs(L);
    luaL_requiref(L, "cjson", luaopen_cjson, 0);
    luaL_requiref(L, "cloudflare", luaopen_cloudflare, 0);
    lua_replace(L, -2);
}

/* start(ids, cold): [-2, +1, e] the function to call once a frame; `ids` is a NULL-ended array of strings. */
static int start(lua_State *L)
{
    char **ids = lua_touserdata(L, 1);
    open_modules(L); /* 3 */
    if (luaL_loadstring(L, script) != LUA_OK) return lua_error(L);
    lua_pushvalue(L, 3);
    lua_newtable(L);
    for (int i = 0; ids[i]; i++) {
        lua_pushstring(L, ids[i]);
        lua_rawseti(L, -2, i + 1);
    }
    lua_pushvalue(L, 2);
    lua_call(L, 3, 1);
    return 1;
}

/* One frame's work; how many deletions are in flight, or -1 for an error. */
static int frame(lua_State *L)
{
    lua_pushvalue(L, 1);
    if (lua_pcall(L, 0, 1, 0) != LUA_OK) {
        fprintf(stderr, "%s\n", lua_tostring(L, -1));
        return -1;
    }
    int in_flight = (int)lua_tointeger(L, -1);
    lua_pop(L, 1);
    return in_flight;
}

static int run(lua_State *L, double seconds)
{
    double longest[2] = {0, 0}, began = now();
    int frames = 0, in_flight = 1;
    for (double next = began; in_flight > 0 || next - began < seconds; next += FRAME, frames++) {
        sleep_until(next);
        double from = now();
        double *most = &longest[in_flight == 0];
        in_flight = frame(L);
        if (in_flight < 0) return EXIT_FAILURE;
        double took = now() - from;
        if (took > *most) *most = took;
    }
    printf("%d frames; the longest took %.2f ms with deletions in flight, %.2f ms without\n", frames,
           longest[0] * 1000, longest[1] * 1000);
    return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    struct memory memory = {0, LUA_MEMORY};
    int cold = argc > 1 && strcmp(argv[1], "-c") == 0;
    char **arguments = argv + 1 + cold;
    if (!arguments[0]) {
        fprintf(stderr, "usage: %s [-c] SECONDS TOKEN_ID...\n", argv[0]);
        return 2;
    }
    lua_State *L = lua_newstate(capped, &memory);
    if (!L) return EXIT_FAILURE;
    lua_pushcfunction(L, start);
    lua_pushlightuserdata(L, arguments + 1);
    lua_pushboolean(L, cold);
    int status = EXIT_FAILURE;
    if (lua_pcall(L, 2, 1, 0) == LUA_OK) status = run(L, strtod(arguments[0], NULL));
    else fprintf(stderr, "%s\n", lua_tostring(L, -1));
    lua_close(L);
    return status;
}
