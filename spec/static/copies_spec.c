/* Where copies of the credential are when a client has been closed: none in memory that this module allocated,
 * neither in a block that lives nor in one that was given back. What libcurl and the TLS library leave in
 * theirs is counted and printed. Run it inside `sandbox run`. */
#define _GNU_SOURCE
#include "support.h"

#include <curl/curl.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

/* The linker gives these names to what the module (and this file) calls; libraries keep theirs. */
void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *at, size_t size);
void __real_free(void *at);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *at, size_t size);
void __wrap_free(void *at);

/* The credential, so written that looking for it does not find this: it is letters, digits and a hyphen. */
#define KEY 0x15
#define LENGTH 40
static const unsigned char hidden[LENGTH + 1] = "vzel8zs8a}p8vgpqp{a|ty8a}ta8{zwzql8fppf&";

static void reveal(char *to)
{
    for (int i = 0; i < LENGTH; i++) to[i] = (char)(hidden[i] ^ KEY);
}

static size_t count_in(const unsigned char *at, size_t len)
{
    size_t found = 0;
    for (size_t i = 0; i + LENGTH <= len; i++) {
        size_t j = 0;
        while (j < LENGTH && (at[i + j] ^ KEY) == hidden[j]) j++;
        found += j == LENGTH;
    }
    return found;
}

/* Blocks that the module holds, and how often it gave one back with the credential in it. */
#define BLOCKS 4096
static struct block {
    void *at;
    size_t size;
} blocks[BLOCKS];
static size_t given_back;
static bool clears; /* new blocks, of what a library left there */

static void *remember(void *at, size_t size)
{
    size_t i = 0;
    while (i < BLOCKS && blocks[i].at) i++;
    if (!at) return at;
    if (i == BLOCKS) abort();
    blocks[i] = (struct block){at, size};
    return at;
}

static void forget(void *at)
{
    size_t i = 0;
    if (!at) return;
    while (i < BLOCKS && blocks[i].at != at) i++;
    if (i == BLOCKS) return; /* from a library */
    given_back += count_in(at, blocks[i].size);
    blocks[i].at = NULL;
}

void *__wrap_malloc(size_t size)
{
    void *at = __real_malloc(size);
    if (at && clears) memset(at, 0, size);
    return remember(at, size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return remember(__real_calloc(count, size), count * size);
}

void *__wrap_realloc(void *at, size_t size)
{
    forget(at);
    return remember(__real_realloc(at, size), size);
}

void __wrap_free(void *at)
{
    forget(at);
    __real_free(at);
}

static size_t held(void)
{
    size_t found = 0;
    for (size_t i = 0; i < BLOCKS; i++)
        if (blocks[i].at) found += count_in(blocks[i].at, blocks[i].size);
    return found;
}

/* How often it stands in writable memory of this process, whoever's it is. */
static size_t in_process(void)
{
    char line[512];
    size_t found = 0;
    FILE *maps = fopen("/proc/self/maps", "r");
    int memory = open("/proc/self/mem", O_RDONLY);
    while (fgets(line, sizeof line, maps)) {
        unsigned long from, to;
        char rights[5];
        if (sscanf(line, "%lx-%lx %4s", &from, &to, rights) != 3 || rights[1] != 'w') continue;
        unsigned char *copy = mmap(NULL, to - from, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        ssize_t len = pread(memory, copy, to - from, (off_t)from);
        if (len > 0) found += count_in(copy, (size_t)len);
        munmap(copy, to - from);
    }
    fclose(maps);
    close(memory);
    return found;
}

/* Memory that is wiped when it is given back: Lua's always, libcurl's where a test asks for it. */
static void *wiping_malloc(size_t size)
{
    size_t *at = __real_malloc(size + 16);
    if (!at) return NULL;
    *at = size;
    return (char *)at + 16;
}

static void wiping_free(void *at)
{
    if (!at) return;
    size_t *block = (size_t *)(void *)((char *)at - 16);
    explicit_bzero(at, *block);
    __real_free(block);
}

static void *wiping_calloc(size_t count, size_t size)
{
    void *at = wiping_malloc(count * size);
    return at ? memset(at, 0, count * size) : NULL;
}

static void *wiping_realloc(void *at, size_t size)
{
    void *to = wiping_malloc(size);
    size_t old = at ? *(size_t *)(void *)((char *)at - 16) : 0;
    if (to && at) memcpy(to, at, old < size ? old : size);
    if (to) wiping_free(at);
    return to;
}

static char *wiping_strdup(const char *text)
{
    char *to = wiping_malloc(strlen(text) + 1);
    return to ? strcpy(to, text) : NULL;
}

static void *lua_memory(void *data, void *at, size_t old, size_t size)
{
    (void)data, (void)old;
    if (size) return wiping_realloc(at, size);
    wiping_free(at);
    return NULL;
}

static const char prelude[] =
    "package.path = './?.lua;' .. package.path\n"
    "local cloudflare, sandbox = require 'cloudflare', require 'spec.support.sandbox'\n"
    "local secret, over = ...\n"
    "local function use(extra)\n"
    "  local options = sandbox.options(over)\n"
    "  options.api_token = nil\n"
    "  for name, value in pairs(extra) do options[name] = value end\n"
    "  local cf = assert(cloudflare.new(options))\n"
    "  local _, err = cf.tokens.delete(nil, sandbox.missing_id)\n"
    "  assert(err.outcome ~= 'not_sent', tostring(err))\n"
    "  cf.tokens.verify()\n"
    "  cf:close()\n"
    "end\n";

/* Gives it to a script, which has forgotten it when this returns. */
static bool tell(lua_State *L, const char *script, const char *over)
{
    char secret[LENGTH], whole[4096];
    snprintf(whole, sizeof whole, "%s%s", prelude, script);
    bool good = luaL_loadstring(L, whole) == 0;
    reveal(secret);
    lua_pushlstring(L, secret, LENGTH);
    explicit_bzero(secret, sizeof secret);
    lua_pushstring(L, over);
    good = good && lua_pcall(L, 2, 0, 0) == 0;
    if (!good) fprintf(stderr, "%s\n", lua_tostring(L, -1));
    lua_settop(L, 0);
    lua_gc(L, LUA_GCCOLLECT, 0);
    lua_gc(L, LUA_GCCOLLECT, 0);
    return good;
}

struct copies {
    bool good;
    size_t held, given_back; /* in our blocks */
    size_t after_close, after_all; /* anywhere in the process */
};

enum mode { OURS, ALL, ALL_BUT_LIBCURLS };

static struct copies count_copies(const char *script, const char *over, enum mode mode)
{
    struct copies copies = {0};
    clears = mode == OURS;
    if (mode == ALL_BUT_LIBCURLS)
        curl_global_init_mem(CURL_GLOBAL_DEFAULT, wiping_malloc, wiping_free, wiping_realloc, wiping_strdup,
                             wiping_calloc);
    lua_State *L = lua_newstate(lua_memory, NULL);
    luaL_openlibs(L);
    add_module(L);
    copies.good = tell(L, script, over);
    copies.held = held();
    copies.after_close = in_process();
    lua_close(L);
    copies.given_back = given_back;
    copies.after_all = in_process();
    return copies;
}

/* In a process of its own: what one leaves behind is not the next one's. */
static struct copies measure(const char *script, const char *over, enum mode mode)
{
    struct copies copies = {0};
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        copies = count_copies(script, over, mode);
        _exit(write(ends[1], &copies, sizeof copies) != sizeof copies);
    }
    close(ends[1]);
    assert_int_equal(read(ends[0], &copies, sizeof copies), sizeof copies);
    close(ends[0]);
    waitpid(child, NULL, 0);
    assert_true(copies.good);
    return copies;
}

static const char *const ways[] = {"plain", "http1", "http2"};

static void check_ours(const char *script)
{
    for (size_t i = 0; i < 3; i++) {
        struct copies copies = measure(script, ways[i], OURS);
        assert_int_equal(copies.held, 0);
        assert_int_equal(copies.given_back, 0);
    }
}

static void none_of_a_token(void **state)
{
    (void)state;
    check_ours("use { api_token = secret }");
}

static void none_of_a_key(void **state)
{
    (void)state;
    check_ours("use { api_key = secret, api_email = 'someone@example.com' }");
}

static void none_of_what_a_function_gave(void **state)
{
    (void)state;
    check_ours("use { api_token = function() return secret end }");
}

static void none_of_a_call_that_was_left_alone(void **state)
{
    (void)state;
    check_ours("local cf = cloudflare.new(sandbox.options(over))\n"
               "sandbox.fault { delay = 0.2, times = 9 }\n"
               "for _ = 1, 9 do cf.async.tokens.delete(nil, sandbox.missing_id, { api_token = secret }) end\n"
               "cloudflare.step(0.05)\n"
               "cf:close()");
}

static void none_of_one_that_was_refused(void **state)
{
    (void)state;
    check_ours("assert(not cloudflare.new { api_token = secret .. '\\n' })\n"
               "assert(not cloudflare.new(sandbox.options(over)).tokens.delete(nil, secret))\n"
               "assert(not cloudflare.new(sandbox.options(over, { proxy = secret .. '://' })))\n");
}

static void none_of_a_proxys_password(void **state)
{
    (void)state;
    check_ours("for _, at in ipairs { '@127.0.0.1:99999', '@[::1' } do\n"
               "  assert(not cloudflare.new { api_token = 'a-token', proxy = 'http://user:' .. secret .. at })\n"
               "end\n"
               "for _, at in ipairs { '@127.0.0.1:9', '@127.0.0.1:1' } do\n"
               "  local cf = assert(cloudflare.new { api_token = 'a-token', base_url = 'https://api.example',\n"
               "    proxy = 'http://user:' .. secret .. at, max_retries = 0 })\n"
               "  local _, err = cf.tokens.delete(sandbox.account, sandbox.missing_id)\n"
               "  assert(err.outcome == 'not_sent' and not tostring(err):find(secret, 1, true))\n"
               "  cf:close()\n"
               "end");
}

/* A server that says it back says it in the ray, the sentence, the id and the body. */
static void none_of_one_that_the_server_says_back(void **state)
{
    (void)state;
    check_ours("local body = ('{\"success\":false,\"errors\":[{\"code\":1,\"message\":\"%s\"}],'\n"
               "  .. '\"result\":{\"id\":\"%s\"}}')\n"
               "  :format(secret, secret)\n"
               "sandbox.fault { body = body, status = 403, headers = { ['CF-Ray'] = secret, ['X-Echo'] = secret } }\n"
               "use { api_token = secret }\n"
               "sandbox.fault { method = 'GET', body = body, headers = { ['CF-Ray'] = secret } }\n"
               "local cf = cloudflare.new(sandbox.options(over, { api_token = secret }))\n"
               "cf.tokens.verify()\n"
               "cf:close()\n"
               "sandbox.reset()");
}

/* More attempts than a call has room for at first. */
static void none_of_one_that_is_said_back_many_times(void **state)
{
    (void)state;
    struct copies copies = measure(
        "local cf = cloudflare.new(sandbox.options('plain', { api_token = secret }))\n"
        "sandbox.fault { method = 'DELETE', status = 500, headers = { ['CF-Ray'] = secret }, times = 99 }\n"
        "sandbox.fault { method = 'GET', status = 403, headers = { ['CF-Ray'] = secret }, times = 99 }\n"
        "local _, err = cf.tokens.delete(nil, sandbox.missing_id, { timeout = 60, max_retries = 4 })\n"
        "assert(err.http.attempts > 8, err.http.attempts)\n"
        "cf:close()\n"
        "sandbox.reset()", "plain", OURS);
    assert_int_equal(copies.held + copies.given_back, 0);
}

/* The proof that the rest is theirs: it goes when libcurl's memory is wiped. */
static void what_is_left_is_the_libraries(void **state)
{
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct copies left = measure("use { api_token = secret }", ways[i], ALL);
        struct copies wiped = measure("use { api_token = secret }", ways[i], ALL_BUT_LIBCURLS);
        print_message("copies, %s: ours 0; in the process after close %zu, at the end %zu; "
                      "%zu and %zu where libcurl's memory is wiped\n",
                      ways[i], left.after_close, left.after_all, wiped.after_close, wiped.after_all);
        assert_true(left.after_all > 0); /* else this could not find one */
        assert_true(wiped.after_all < left.after_all);
        if (i == 0) assert_int_equal(wiped.after_all, 0); /* with no TLS library: nor on our stack */
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(none_of_a_token),
        cmocka_unit_test(none_of_a_key),
        cmocka_unit_test(none_of_what_a_function_gave),
        cmocka_unit_test(none_of_a_call_that_was_left_alone),
        cmocka_unit_test(none_of_one_that_was_refused),
        cmocka_unit_test(none_of_a_proxys_password),
        cmocka_unit_test(none_of_one_that_the_server_says_back),
        cmocka_unit_test(none_of_one_that_is_said_back_many_times),
        cmocka_unit_test(what_is_left_is_the_libraries),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
