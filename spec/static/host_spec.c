/* A host that links the module statically: no file is loaded, many Lua states in many threads,
 * and nothing is left behind. Run it inside `sandbox run`. */
#define _GNU_SOURCE
#include "support.h"

#include <curl/curl.h>
#include <dirent.h>
#include <dlfcn.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define THREADS 8

/* A libcurl that is too old, where a test asks for it. */
static bool is_old;

__attribute__((visibility("default"))) curl_version_info_data *curl_version_info(CURLversion stamp)
{
    static curl_version_info_data old = {.version = "7.87.0", .version_num = 0x075700};
    curl_version_info_data *(*real)(CURLversion);
    *(void **)&real = dlsym(RTLD_NEXT, "curl_version_info");
    return is_old ? &old : real(stamp);
}

static const char prelude[] = "local env = os.getenv; cf = assert(require 'cloudflare'.new {"
                              "  base_url = env 'SANDBOX_TLS_BASE_URL', ca_path = env 'SANDBOX_CA_PATH' });"
                              "missing = ('0'):rep(32)\n";

static int try(lua_State *L, const char *script)
{
    int failed = luaL_dostring(L, prelude) || luaL_dostring(L, script);
    if (failed) fprintf(stderr, "%s\n", lua_tostring(L, -1));
    return failed;
}

static void the_module_works_without_a_file(void **state)
{
    (void)state;
    lua_State *L = open_state();
    assert_int_equal(try(L, "local t, e = cf.tokens.delete(nil, missing); assert(e.outcome == 'not_found', tostring(e))"), 0);
    lua_close(L);
}

static int open_module(lua_State *L)
{
    add_module(L);
    return 0;
}

static void an_older_libcurl_is_refused_with_a_sentence(void **state)
{
    (void)state;
    lua_State *L = luaL_newstate();
    is_old = true;
    lua_pushcfunction(L, open_module);
    assert_int_not_equal(lua_pcall(L, 0, 0, 0), 0);
    is_old = false;
    assert_string_equal(lua_tostring(L, -1), "cloudflare: needs libcurl 7.88 or newer, found 7.87.0");
    lua_close(L);
}

/* Such a state has no table of loaded modules yet. (In Lua 5.1 the base library makes it, and the module is refused.) */
static void a_state_without_libraries_is_told_what_is_missing(void **state)
{
    (void)state;
    lua_State *L = luaL_newstate();
    lua_pushcfunction(L, luaopen_cloudflare);
    assert_int_not_equal(lua_pcall(L, 0, 0, 0), 0);
    if (!strstr(lua_tostring(L, -1), "needs ")) fail_msg("%s", lua_tostring(L, -1));
    lua_close(L);
}

static void a_state_closed_with_calls_in_flight_leaves_nothing(void **state)
{
    (void)state;
    lua_State *L = open_state();
    assert_int_equal(try(L, "for _ = 1, 20 do call = cf.async.tokens.delete(nil, missing) end "
                            "require 'cloudflare'.step(0)"), 0);
    lua_close(L);
}

static size_t count_descriptors(void)
{
    size_t count = 0;
    DIR *dir = opendir("/proc/self/fd");
    while (readdir(dir)) count++;
    closedir(dir);
    return count;
}

static void a_call_that_begins_while_a_state_closes_keeps_no_descriptor(void **state)
{
    (void)state;
    size_t before = count_descriptors();
    for (int i = 0; i < 5; i++) {
        lua_State *L = open_state();
        assert_int_equal(try(L, "last = setmetatable({}, { __gc = function() cf.async.tokens.delete(nil, missing);"
                                "  require 'cloudflare'.step(0.001) end })"), 0);
        lua_close(L);
    }
    assert_int_equal(count_descriptors(), before);
}

static void a_child_process_learns_nothing_of_its_parents_calls(void **state)
{
    (void)state;
    lua_State *L = open_state();
    /* Where the sandbox answers before one step ends, there is nothing in flight to fork with: again, then. */
    assert_int_equal(try(L, "repeat removal, look = cf.async.tokens.delete(nil, missing), cf.async.tokens.verify() "
                            "  require 'cloudflare'.step(0) "
                            "until not removal:done() and not look:done()"), 0);
    pid_t child = fork();
    if (child == 0)
        _exit(luaL_dostring(L, "local _, e = removal:wait() assert(e.outcome == 'unknown' and e.kind == 'host')"
                               "local _, f = look:wait() assert(f.outcome == 'failed' and f.kind == 'host')"));
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_int_equal(luaL_dostring(L, "local _, e = removal:wait() assert(e.outcome == 'not_found') assert(look:wait())"), 0);
    lua_close(L);
}

static void *work(void *failed)
{
    lua_State *L = open_state();
    *(int *)failed = try(L, "for _ = 1, 30 do"
                            "  local t, e = cf.tokens.delete(nil, missing)"
                            "  assert(e.outcome == 'not_found', tostring(e)) end");
    lua_close(L);
    return NULL;
}

/* States that end while they call, and while libcurl's threads resolve for them. */
static void *come_and_go(void *failed)
{
    *(int *)failed = 0;
    for (int i = 0; i < 10 && !*(int *)failed; i++) {
        lua_State *L = open_state();
        *(int *)failed = try(L, "for _ = 1, 5 do cf.async.tokens.delete(nil, missing) end\n"
                                "local far = require 'cloudflare'.new { base_url = 'https://nowhere.invalid' }\n"
                                "far.async.tokens.delete(nil, missing)\n"
                                "for _ = 1, 5 do require 'cloudflare'.step(0.002) end");
        lua_close(L);
    }
    return NULL;
}

static void in_many_threads(void *(*live)(void *))
{
    pthread_t threads[THREADS];
    int failed[THREADS];
    for (int i = 0; i < THREADS; i++) assert_int_equal(pthread_create(&threads[i], NULL, live, &failed[i]), 0);
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(failed[i], 0);
    }
}

static void every_thread_has_states_of_its_own(void **state)
{
    (void)state;
    in_many_threads(work);
}

static void states_come_and_go_in_many_threads(void **state)
{
    (void)state;
    in_many_threads(come_and_go);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_module_works_without_a_file),
        cmocka_unit_test(an_older_libcurl_is_refused_with_a_sentence),
        cmocka_unit_test(a_state_without_libraries_is_told_what_is_missing),
        cmocka_unit_test(a_state_closed_with_calls_in_flight_leaves_nothing),
        cmocka_unit_test(a_call_that_begins_while_a_state_closes_keeps_no_descriptor),
        cmocka_unit_test(a_child_process_learns_nothing_of_its_parents_calls),
        cmocka_unit_test(every_thread_has_states_of_its_own),
        cmocka_unit_test(states_come_and_go_in_many_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
