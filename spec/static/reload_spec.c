/* A host that loads the module, calls, and unloads it, a thousand times, with threads of libcurl's that still
 * resolve a name when the module is gone. Run it inside `sandbox run`. */
#define _GNU_SOURCE
#include "slow_resolver.h"
#include "support.h"

#include <dirent.h>
#include <dlfcn.h>
#include <malloc.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TIMES 2000
#define WARM 1000 /* times after which nothing grows any more: as many threads at once have been */
#define GROWTH 32768.0 /* bytes of all that is allocated: less than seventy for each time */
#define KEPT 512.0     /* bytes that glibc may keep beside the stack of each thread that lived at once */

static size_t count_threads(void)
{
    size_t count = 0;
    DIR *dir = opendir("/proc/self/task");
    for (struct dirent *entry; (entry = readdir(dir));) count += entry->d_name[0] != '.';
    closedir(dir);
    return count;
}

/* Bytes in use once the resolvers have ended. */
static double settled(void)
{
    while (count_threads() > 1) usleep(10000);
    return (double)mallinfo2().uordblks;
}

static void *load(void)
{
    void *module = dlopen(MODULE, RTLD_NOW | RTLD_LOCAL);
    if (!module) fail_msg("%s", dlerror());
    return module;
}

static const char script[] =
    "local cloudflare, env, missing = require 'cloudflare', os.getenv, ('0'):rep(32)\n"
    "local cf = assert(cloudflare.new { base_url = env 'SANDBOX_TLS_BASE_URL', ca_path = env 'SANDBOX_CA_PATH' })\n"
    "local slow = assert(cloudflare.new { base_url = 'https://slow.example' })\n"
    "slow.async.tokens.delete(nil, missing)\n"
    "cf.async.tokens.delete(nil, missing)\n"
    "cloudflare.step(0.001)\n"
    "cloudflare.step()\n";

/* One life of the module; returns how many of its threads outlive it. */
static size_t live(void)
{
    lua_State *L = luaL_newstate();
    void *module = load();
    lua_CFunction open;
    *(void **)&open = dlsym(module, "luaopen_cloudflare");
    luaL_openlibs(L);
    luaL_requiref(L, "cloudflare", open, 0);
    if (luaL_dostring(L, script)) fail_msg("%s", lua_tostring(L, -1));
    lua_close(L);
    dlclose(module);
    return count_threads() - 1;
}

static void thousands_of_times_it_is_loaded_and_unloaded_while_names_resolve(void **state)
{
    (void)state;
    size_t outlived = 0, most = 0;
    double before = 0;
    for (int i = 0; i < TIMES; i++) {
        if (i == WARM) before = settled();
        size_t alive = live();
        outlived += alive > 0;
        most = alive > most ? alive : most;
    }
    double growth = settled() - before;
    print_message("loaded and unloaded: %d times, %zu with a resolver alive (%zu at once), %.0f bytes more\n", TIMES,
                  outlived, most, growth);
    assert_true(outlived > TIMES / 2);
    assert_true(growth < GROWTH + KEPT * (double)most);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(thousands_of_times_it_is_loaded_and_unloaded_while_names_resolve),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
