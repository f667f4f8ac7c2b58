/* The host's process is as it was, whatever the module does in it: signals, descriptors, environment, locale,
 * masks and modes. And no write to a dead connection kills it. Run it inside `sandbox run`. */
#define _GNU_SOURCE
#include "support.h"

#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <fenv.h>
#include <locale.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* What is looked at: one text for each thing, and the descriptors. */
#define PARTS 20
#define PART_SIZE 16384
struct snapshot {
    size_t count;
    char part[PARTS][PART_SIZE];
    bool open[1024];
};

static void note(struct snapshot *s, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    assert_true(s->count < PARTS);
    vsnprintf(s->part[s->count++], PART_SIZE, format, arguments);
    va_end(arguments);
}

static void note_signals(struct snapshot *s)
{
    char line[256];
    FILE *status = fopen("/proc/self/status", "r");
    while (fgets(line, sizeof line, status))
        if (strncmp(line, "SigBlk", 6) == 0 || strncmp(line, "SigIgn", 6) == 0 || strncmp(line, "SigCgt", 6) == 0 ||
            strncmp(line, "Umask", 5) == 0)
            note(s, "%s", line);
    fclose(status);
    for (int signal = 1; signal < NSIG; signal++) {
        struct sigaction action;
        if (sigaction(signal, NULL, &action) != 0) continue;
        char *part = s->part[s->count];
        size_t len = strlen(part);
        snprintf(part + len, PART_SIZE - len, "%d: %p %x\n", signal, (void *)(size_t)action.sa_handler,
                 (unsigned)action.sa_flags);
    }
    s->count++;
}

static void note_environment(struct snapshot *s)
{
    size_t len = (size_t)snprintf(s->part[s->count], PART_SIZE, "environment\n"); /* which is all that is printed */
    for (char **variable = environ; *variable && len < PART_SIZE; variable++)
        len += (size_t)snprintf(s->part[s->count] + len, PART_SIZE - len, "%s\n", *variable);
    s->count++;
}

static void note_modes(struct snapshot *s)
{
    struct itimerval timer;
    struct rlimit files, core;
    char *cwd = getcwd(NULL, 0);
    getitimer(ITIMER_REAL, &timer);
    getrlimit(RLIMIT_NOFILE, &files);
    getrlimit(RLIMIT_CORE, &core);
    note(s, "locale %s", setlocale(LC_ALL, NULL));
    note(s, "directory %s", cwd);
    note(s, "floating point: round %d, traps %d", fegetround(), fegetexcept());
    note(s, "timer %ld %ld", (long)timer.it_value.tv_sec, (long)timer.it_interval.tv_sec);
    note(s, "limits %lu %lu, dumpable %d", (unsigned long)files.rlim_cur, (unsigned long)core.rlim_cur,
         prctl(PR_GET_DUMPABLE));
    for (int fd = 0; fd < 3; fd++) note(s, "standard stream %d: %x", fd, (unsigned)fcntl(fd, F_GETFL));
    note(s, "next random number %d", (srand(7), rand()));
    free(cwd);
}

static void note_descriptors(struct snapshot *s)
{
    DIR *dir = opendir("/proc/self/fd");
    for (struct dirent *entry; (entry = readdir(dir));) {
        int fd = atoi(entry->d_name);
        if (entry->d_name[0] != '.' && fd != dirfd(dir) && fd < 1024) s->open[fd] = true;
    }
    closedir(dir);
}

static struct snapshot *look(void)
{
    struct snapshot *s = calloc(1, sizeof *s);
    assert_non_null(s);
    note_signals(s);
    note_environment(s);
    note_modes(s);
    note_descriptors(s);
    return s;
}

static void check_same(const struct snapshot *before, const char *when)
{
    struct snapshot *now = look();
    for (size_t i = 0; i < before->count; i++)
        if (strcmp(before->part[i], now->part[i]) != 0)
            fail_msg("%s another: %.*s", when, (int)strcspn(now->part[i], "\n"), now->part[i]);
    free(now);
}

/* libcurl of 7.88 does not mark the pair with which it wakes itself, sockets or a pipe (curl issue 13618). */
static bool is_private_pair(int fd)
{
    struct sockaddr_un peer = {0};
    socklen_t size = sizeof peer;
    struct stat status;
    if (fstat(fd, &status) == 0 && S_ISFIFO(status.st_mode)) return true;
    return getpeername(fd, (struct sockaddr *)&peer, &size) == 0 && peer.sun_family == AF_UNIX &&
           size == sizeof peer.sun_family;
}

/* What the module has opened is closed in a program that the host starts. */
static void check_closed_on_exec(const struct snapshot *before, size_t least)
{
    struct snapshot *now = look();
    size_t fresh = 0, inherited = 0;
    for (int fd = 0; fd < 1024; fd++) {
        if (!now->open[fd] || before->open[fd]) continue;
        fresh++;
        if (fcntl(fd, F_GETFD) & FD_CLOEXEC) continue;
        inherited++;
        if (!is_private_pair(fd)) fail_msg("descriptor %d would be inherited", fd);
    }
    assert_true(inherited <= 2);
    assert_true(fresh >= inherited + least);
    free(now);
}

static void check_descriptors(const struct snapshot *before)
{
    struct snapshot *now = look();
    assert_memory_equal(before->open, now->open, sizeof now->open);
    free(now);
}

static const char make_client[] =
    "local cloudflare, env = require 'cloudflare', os.getenv\n"
    "cf = assert(cloudflare.new { base_url = env(over), ca_path = env 'SANDBOX_CA_PATH' })\n"
    "missing = ('0'):rep(32)";
static const char call[] = "local _, err = cf.tokens.delete(nil, missing)\n"
                           "assert(err.outcome == 'not_found', tostring(err))\n"
                           "assert(cf.tokens.verify())";
static const char start[] = "for _ = 1, 9 do cf.async.tokens.delete(nil, missing) end\n"
                            "require 'cloudflare'.step(0.001)";

static const char *const ways[] = {"CLOUDFLARE_BASE_URL", "SANDBOX_TLS1_BASE_URL", "SANDBOX_TLS_BASE_URL"};

static void walk(const struct snapshot *before, const char *way)
{
    lua_State *L = open_state();
    check_same(before, "after require");
    lua_pushstring(L, way);
    lua_setglobal(L, "over");
    run(L, make_client);
    check_same(before, "after new");
    run(L, call);
    check_same(before, "after a call");
    check_closed_on_exec(before, 1); /* epoll's */
    run(L, start);
    check_same(before, "with calls in flight");
    check_closed_on_exec(before, 2); /* and a connection's */
    run(L, "cf:close()");
    check_same(before, "after close");
    lua_close(L);
    check_same(before, "after the state has closed");
}

static void on_signal(int signal)
{
    (void)signal;
}

/* A host with dispositions, masks and modes of its own. */
static void settle_in(void)
{
    sigset_t blocked;
    signal(SIGPIPE, SIG_DFL);
    signal(SIGALRM, on_signal);
    signal(SIGUSR1, SIG_IGN);
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGUSR2);
    sigprocmask(SIG_BLOCK, &blocked, NULL);
    umask(027);
    setlocale(LC_ALL, "C.UTF-8");
    fesetround(FE_UPWARD);
}

static void nothing_is_left_changed(void **state)
{
    (void)state;
    settle_in();
    struct snapshot *first = look();
    walk(first, ways[0]); /* what libraries open once a process, they may keep */
    check_descriptors(first);
    for (int round = 0; round < 3; round++)
        for (size_t i = 0; i < 3; i++) {
            walk(first, ways[i]);
            check_descriptors(first);
        }
    free(first);
    fesetround(FE_TONEAREST);
}

/* Libraries send through these. From the one that `dies_at` counts down to, every connection is dead. */
static int dies_at, sends;

static void kill_socket(int fd)
{
    sends++;
    if (dies_at == 0 || sends < dies_at) return;
    struct stat status;
    if (fstat(fd, &status) == 0 && S_ISSOCK(status.st_mode)) shutdown(fd, SHUT_WR);
}

#define EXPORT __attribute__((visibility("default")))
#define REAL(name) (*(void **)&real = dlsym(RTLD_NEXT, name))

EXPORT ssize_t send(int fd, const void *data, size_t len, int flags)
{
    ssize_t (*real)(int, const void *, size_t, int);
    REAL("send");
    kill_socket(fd);
    return real(fd, data, len, flags);
}

EXPORT ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
    ssize_t (*real)(int, const struct msghdr *, int);
    REAL("sendmsg");
    kill_socket(fd);
    return real(fd, message, flags);
}

EXPORT ssize_t write(int fd, const void *data, size_t len)
{
    ssize_t (*real)(int, const void *, size_t);
    REAL("write");
    kill_socket(fd);
    return real(fd, data, len);
}

EXPORT ssize_t writev(int fd, const struct iovec *data, int count)
{
    ssize_t (*real)(int, const struct iovec *, int);
    REAL("writev");
    kill_socket(fd);
    return real(fd, data, count);
}

/* In a child: a whole life whose `n`-th send, and all that follow, find the connection dead. Exits with 1
 * when it was over before. */
static int live(const char *way, int n)
{
    pid_t child = fork();
    if (child == 0) {
        signal(SIGPIPE, SIG_DFL);
        dies_at = n;
        sends = 0;
        lua_State *L = open_state();
        lua_pushstring(L, way);
        lua_setglobal(L, "over");
        run(L, make_client);
        run(L, "local a, b = cf.tokens.delete(nil, missing, { timeout = 0.6 })\n"
               "assert((b or a).outcome)\n"
               "cf.async.tokens.verify(); require 'cloudflare'.step(0.01)");
        lua_close(L);
        _exit(sends < n);
    }
    int status;
    waitpid(child, &status, 0);
    assert_true(WIFEXITED(status)); /* not killed */
    return WEXITSTATUS(status);
}

static void no_write_to_a_dead_connection_kills_the_host(void **state)
{
    (void)state;
    int walked = 0;
    for (size_t i = 0; i < 3; i++)
        for (int n = 1; live(ways[i], n) == 0; n++) walked++;
    print_message("writes to a dead connection: %d survived\n", walked);
    assert_true(walked > 9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_left_changed),
        cmocka_unit_test(no_write_to_a_dead_connection_kills_the_host),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
