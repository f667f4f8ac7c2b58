/* A host that links the module statically: no file is loaded, many Lua states in many threads,
 * and nothing is left behind. Run it inside `sandbox run`. */
#define _POSIX_C_SOURCE 200809L
#include "support.h"

#include <pthread.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#define THREADS 8

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

static void a_state_closed_with_calls_in_flight_leaves_nothing(void **state)
{
    (void)state;
    lua_State *L = open_state();
    assert_int_equal(try(L, "for _ = 1, 20 do call = cf.async.tokens.delete(nil, missing) end "
                            "require 'cloudflare'.step(0)"), 0);
    lua_close(L);
}

static void a_child_process_learns_nothing_of_its_parents_calls(void **state)
{
    (void)state;
    lua_State *L = open_state();
    assert_int_equal(try(L, "removal, look = cf.async.tokens.delete(nil, missing), cf.async.tokens.verify() "
                            "require 'cloudflare'.step(0)"), 0);
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
        cmocka_unit_test(a_state_closed_with_calls_in_flight_leaves_nothing),
        cmocka_unit_test(a_child_process_learns_nothing_of_its_parents_calls),
        cmocka_unit_test(every_thread_has_states_of_its_own),
        cmocka_unit_test(states_come_and_go_in_many_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
