/* A host that has no memory left: it links the module statically, counts what the module, libcurl
 * and Lua allocate, and refuses one of these requests, or all from one on. Every case is a process
 * of its own, so that a crash or a hang is one case's end. spec/sweeps/allocations/driver.lua says what
 * is tried and what must hold. Run it inside `sandbox run`.
 *
 * Not refused: what lua-cjson asks malloc for (it answers by ending the process), and what
 * OpenSSL, nghttp2 and libc ask for themselves. Not tried: LuaJIT's compiler, which crashes where
 * memory ends. */
#define _POSIX_C_SOURCE 200809L
#include "../../../src/lua/compat.h"

#include <curl/curl.h>
#include <lualib.h>
#include <malloc.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define LONGEST_CASE 60 /* seconds: more is a hang */
#define GRAIN 64        /* bytes by which a cap on Lua's memory is raised */
#define LITTER 0x5a     /* what freed memory is overwritten with: without sanitizers, too, a use after it shows */

int luaopen_cloudflare(lua_State *L);

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *block, size_t size);
void __real_free(void *block);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *block, size_t size);
void __wrap_free(void *block);
CURLcode __wrap_curl_global_init(long flags);

enum source { OURS, CURLS, LUAS, SOURCES };
static const char *const source_names[] = {"module", "libcurl", "Lua", NULL};

/* ONCE: Lua 5.4 answers it by collecting garbage and asking again. AGAIN refuses that, too. */
enum mode { ONCE, AGAIN, ON, CAP };
static const char *const mode_names[] = {"once", "again", "on", "cap", NULL};

static struct {
    enum source source;
    enum mode mode;
    size_t at;         /* which request is refused; 0 none */
    bool armed;
    size_t seen[SOURCES], refused, start, peak;
    const void *block; /* the request that was refused last */
    size_t size;
} plan;

static size_t held[SOURCES]; /* blocks */
static size_t lua_bytes;

static bool is_refused(enum source source)
{
    if (!plan.armed) return false;
    size_t seen = ++plan.seen[source];
    if (source != plan.source || !plan.at) return false;
    bool hit = plan.mode == ON ? seen >= plan.at : seen == plan.at;
    plan.refused += hit;
    return hit;
}

/* The same block asked for again at once, with nothing between. */
static bool is_repeated(const void *block, size_t size)
{
    return plan.armed && plan.mode == AGAIN && plan.seen[LUAS] == plan.at && plan.refused == 1 &&
           block == plan.block && size == plan.size;
}

static bool is_lua_refused(const void *block, size_t had, size_t size)
{
    if (plan.mode == CAP) {
        bool over = plan.armed && lua_bytes - had + size > plan.start + plan.at * GRAIN;
        plan.refused += over;
        return over;
    }
    if (plan.source == LUAS && is_repeated(block, size)) return plan.refused++, true;
    bool hit = is_refused(LUAS);
    if (hit) plan.block = block, plan.size = size;
    return hit;
}

static void *counted(enum source source, void *block)
{
    held[source] += block != NULL;
    return block;
}

static void *lua_alloc(void *data, void *block, size_t had, size_t size)
{
    (void)data;
    if (!block) had = 0;
    if (size == 0) {
        held[LUAS] -= block != NULL;
        lua_bytes -= had;
        __real_free(block);
        return NULL;
    }
    if (size > had && is_lua_refused(block, had, size)) return NULL;
    void *to = __real_realloc(block, size);
    if (to) lua_bytes = lua_bytes - had + size;
    if (plan.armed && lua_bytes > plan.peak) plan.peak = lua_bytes;
    return block ? to : counted(LUAS, to);
}

/* Lua's memory failing inside lua-cjson leaves its buffer behind: its own affair, like its exit. */
__attribute__((visibility("default"))) const char *__lsan_default_suppressions(void);
__attribute__((visibility("default"))) const char *__lsan_default_options(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:cjson.so";
}
const char *__lsan_default_options(void)
{
    return "print_suppressions=0";
}

/* The linker sends here what the module's own objects, and this one, ask for. */
void *__wrap_malloc(size_t size)
{
    return is_refused(OURS) ? NULL : counted(OURS, __real_malloc(size));
}
void *__wrap_calloc(size_t count, size_t size)
{
    return is_refused(OURS) ? NULL : counted(OURS, __real_calloc(count, size));
}
void *__wrap_realloc(void *block, size_t size)
{
    if (is_refused(OURS)) return NULL;
    void *to = __real_realloc(block, size);
    return block ? to : counted(OURS, to);
}
void __wrap_free(void *block)
{
    held[OURS] -= block != NULL;
    __real_free(block);
}

static void *curl_malloc(size_t size)
{
    return is_refused(CURLS) ? NULL : counted(CURLS, __real_malloc(size));
}
static void *curl_calloc(size_t count, size_t size)
{
    return is_refused(CURLS) ? NULL : counted(CURLS, __real_calloc(count, size));
}
static void *curl_realloc(void *block, size_t size)
{
    if (is_refused(CURLS)) return NULL;
    void *to = __real_realloc(block, size);
    return block ? to : counted(CURLS, to);
}
static char *curl_strdup(const char *text)
{
    char *to = curl_malloc(strlen(text) + 1);
    return to ? strcpy(to, text) : NULL;
}
static void curl_free_block(void *block)
{
    held[CURLS] -= block != NULL;
    __real_free(block);
}

CURLcode __wrap_curl_global_init(long flags)
{
    return curl_global_init_mem(flags, curl_malloc, curl_free_block, curl_realloc, curl_strdup, curl_calloc);
}

static void die(const char *what)
{
    fprintf(stderr, "%s\n", what);
    exit(2);
}

static lua_State *open_state(lua_Alloc alloc)
{
    lua_State *L = alloc ? lua_newstate(alloc, NULL) : luaL_newstate();
    if (!L) die("no Lua state");
    luaL_openlibs(L);
    lua_getglobal(L, "package");
    lua_getfield(L, -1, "preload");
    lua_pushcfunction(L, luaopen_cloudflare);
    lua_setfield(L, -2, "cloudflare");
    lua_pop(L, 2);
    return L;
}

/* Runs `file` with the `given` values on top of the stack, and leaves what it returns. */
static void run_file(lua_State *L, const char *file, int given, int wanted)
{
    if (luaL_loadfile(L, file) != 0) die(lua_tostring(L, -1));
    lua_insert(L, -given - 1);
    if (lua_pcall(L, given, wanted, 0) != 0) die(lua_tostring(L, -1));
}

/* Calls the first of the two functions on top of the stack with memory failing as planned, and the
 * second, with memory, on what came of it; `report` is what that says. */
static void try_and_tell(lua_State *L, char *report, size_t size)
{
    int tell = lua_gettop(L);
    lua_pushvalue(L, tell);
    lua_pushvalue(L, tell - 1);
    plan.start = plan.peak = lua_bytes;
    plan.armed = true;
    int raised = lua_pcall(L, 0, 2, 0) != 0;
    plan.armed = false;
    lua_pushboolean(L, !raised);
    lua_insert(L, tell + 2);
    if (lua_pcall(L, lua_gettop(L) - tell - 1, 1, 0) != 0) die(lua_tostring(L, -1));
    snprintf(report, size, "%s", lua_tostring(L, -1));
}

/* One case: a state that is made, used and closed; and what was left of it. */
static void play(int out, const char *scenario, const char *id)
{
    char report[512];
    alarm(LONGEST_CASE);
    curl_global_cleanup(); /* the module sets it up again */
    memset(held, 0, sizeof held);
    lua_State *L = open_state(lua_alloc);
    lua_pushstring(L, scenario);
    lua_pushstring(L, id);
    lua_pushstring(L, source_names[plan.source]);
    run_file(L, "spec/sweeps/allocations/subject.lua", 3, 2);
    try_and_tell(L, report, sizeof report);
    plan.armed = plan.mode != CAP;
    lua_close(L);
    plan.armed = false;
    dprintf(out, "%zu %zu %zu %zu %zu %zu %s", plan.seen[OURS], plan.seen[CURLS], plan.seen[LUAS],
            (plan.peak - plan.start) / GRAIN, plan.refused, held[OURS] + held[CURLS] + held[LUAS], report);
}

struct task {
    int out;
    const char *scenario, *id;
};

static void *play_task(void *data)
{
    const struct task *task = data;
    play(task->out, task->scenario, task->id);
    return NULL;
}

/* A thread allocates from fresh pages; in the heap that the fork shares, each page used would be copied first. */
static void play_apart(struct task task)
{
    pthread_t thread;
    if (pthread_create(&thread, NULL, play_task, &task) != 0 || pthread_join(thread, NULL) != 0) die("no thread");
}

static struct child {
    pid_t pid;
    int out;
} children[64];

static struct child *find_child(pid_t pid)
{
    for (size_t i = 0; i < sizeof children / sizeof *children; i++)
        if (children[i].pid == pid) return &children[i];
    die("too many cases at once");
    return NULL;
}

/* LeakSanitizer looks for what was not counted here, where it is there, in one case of so many: it takes longer than the
 * case. A prime meets every kind of refusal. */
#define LOOKS_EVERY 23
__attribute__((visibility("default"))) const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "leak_check_at_exit=0";
}
void __lsan_do_leak_check(void) __attribute__((weak));

/* Ends a case. Sanitizers and coverage report when a process exits; without them OpenSSL's long clean-up is skipped. */
void __gcov_exit(void) __attribute__((weak));
static void leave(void)
{
    if (&__lsan_do_leak_check || &__gcov_exit) exit(0);
    _exit(0);
}

/* start(scenario, id, source, mode, at): begins a case and returns its number. */
static int start(lua_State *L)
{
    static unsigned started;
    const char *scenario = luaL_checkstring(L, 1), *id = luaL_checkstring(L, 2);
    plan.source = (enum source)luaL_checkoption(L, 3, NULL, source_names);
    plan.mode = (enum mode)luaL_checkoption(L, 4, NULL, mode_names);
    plan.at = (size_t)luaL_checkinteger(L, 5);
    int ends[2];
    if (pipe(ends) != 0) die("no pipe");
    fflush(stdout);
    bool looks = started++ % LOOKS_EVERY == 0 && &__lsan_do_leak_check;
    pid_t pid = fork();
    if (pid < 0) die("no process");
    if (pid == 0) {
        play_apart((struct task){ends[1], scenario, id});
        if (looks) __lsan_do_leak_check();
        leave();
    }
    close(ends[1]);
    *find_child(0) = (struct child){pid, ends[0]};
    lua_pushinteger(L, pid);
    return 1;
}

/* collect(): waits for a case: its number, its exit status or minus its signal, and its report. */
static int collect(lua_State *L)
{
    int status;
    char report[1024];
    pid_t pid = wait(&status);
    if (pid < 0) die("nothing to wait for");
    struct child *child = find_child(pid);
    ssize_t len = read(child->out, report, sizeof report);
    close(child->out);
    *child = (struct child){0};
    lua_pushinteger(L, pid);
    lua_pushinteger(L, WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status));
    lua_pushlstring(L, report, len > 0 ? (size_t)len : 0);
    return 3;
}

/* One exchange before the first fork: what OpenSSL and libcurl keep from it no case has to make again. */
static void warm_up(void)
{
    if (__wrap_curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) die("libcurl could not be set up");
    CURL *easy = curl_easy_init();
    curl_easy_setopt(easy, CURLOPT_URL, getenv("SANDBOX_TLS_BASE_URL"));
    curl_easy_setopt(easy, CURLOPT_CAINFO, getenv("SANDBOX_CA_FILE"));
    curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
    if (curl_easy_perform(easy) != CURLE_OK) die("the sandbox does not answer");
    curl_easy_cleanup(easy);
}

int main(void)
{
    mallopt(M_PERTURB, LITTER);
    mallopt(M_TOP_PAD, 4 << 20); /* the heap grows in large steps: each is a system call */
    lua_State *L = open_state(NULL);
    warm_up();
    lua_pushcfunction(L, start);
    lua_pushcfunction(L, collect);
    lua_pushboolean(L, &__lsan_do_leak_check != NULL);
    run_file(L, "spec/sweeps/allocations/driver.lua", 3, 0);
    die("spec/sweeps/allocations/driver.lua did not finish");
}
