/* The engine without Lua: what a host relies on, against the sandbox. Run it inside `sandbox run`. */
#define _GNU_SOURCE
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "../../src/transport/clock.h"
#include "../../src/transport/engine.h"

#include <dlfcn.h>
#include <math.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define DEAF "127.0.0.7"
#define HEARS "127.0.0.8"

/* A resolver that hangs, or knows nobody, us or two addresses, for names that ask for it: libcurl calls this one. */
__attribute__((visibility("default"))) int getaddrinfo(const char *name, const char *service,
                                                       const struct addrinfo *hints, struct addrinfo **found)
{
    int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **);
    *(void **)&real = dlsym(RTLD_NEXT, "getaddrinfo");
    if (name && strncmp(name, "hangs.", 6) == 0) sleep(4);
    if (name && strncmp(name, "nobody.", 7) == 0) return EAI_NONAME;
    if (name && strncmp(name, "here.", 5) == 0) return real("127.0.0.1", service, hints, found);
    if (name && strncmp(name, "two.", 4) == 0) {
        int rc = real(DEAF, service, hints, found);
        return rc ? rc : real(HEARS, service, hints, &(*found)->ai_next);
    }
    return real(name, service, hints, found);
}

/* A wall clock that is set forth and back by a day or two whenever it is read, where a test asks for it. */
static time_t jump;

__attribute__((visibility("default"))) int clock_gettime(clockid_t clock, struct timespec *t)
{
    int rc = (int)syscall(SYS_clock_gettime, clock, t);
    if (clock != CLOCK_REALTIME || jump == 0) return rc;
    t->tv_sec += jump;
    jump = jump > 0 ? -2 * jump : 86400;
    return rc;
}

static const struct lcf_intent intent = {"tokens.delete", "Account API Tokens Write", "the token was deleted",
                                         LCF_DELETE, LCF_REMOVE, LCF_THIS_ID, false};
/* Of one whose credential is not the client's. */
static const struct lcf_intent apart = {"tokens.get", NULL, NULL, LCF_GET, LCF_READ, LCF_THIS_ID, .apart = true};
static const char missing_id[] = "00000000000000000000000000000000";

struct fixture {
    struct lcf_engine *engine;
    struct lcf_profile *profile;
    struct lcf_secret *secret;
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    const char *token = getenv("CLOUDFLARE_API_TOKEN");
    if (!f || !token) return -1;
    f->engine = lcf_engine_new();
    f->profile = lcf_profile_new();
    f->secret = lcf_secret_bearer((struct lcf_text){token, strlen(token)});
    f->profile->route.ca_path = strdup(getenv("SANDBOX_CA_PATH"));
    f->profile->route.user_agent = strdup("engine_spec");
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    if (f->engine) lcf_engine_free(f->engine);
    lcf_profile_release(f->profile);
    lcf_secret_release(f->secret);
    free(f);
    return 0;
}

/* A request about an id that is not there, on its way. The caller holds it. */
static struct lcf_exchange *begin_as(struct fixture *f, const struct lcf_intent *what, const char *base, double timeout)
{
    char url[300];
    const char *account = getenv("CLOUDFLARE_ACCOUNT_ID");
    snprintf(url, sizeof url, "%s/accounts/%s/tokens/%s", base, account, missing_id);
    const struct lcf_request request = {
        .intent = what, .url = url, .account = account, .id = missing_id,
        .plain = strncmp(url, "http:", 5) == 0,
        .limits = {.timeout = timeout, .attempt_timeout = timeout, .connect_timeout = timeout, .max_retries = 0},
    };
    struct lcf_exchange *x = lcf_exchange_new(&request, f->profile, f->secret, lcf_now());
    assert_non_null(x);
    assert_true(lcf_engine_add(f->engine, x));
    return x;
}

static struct lcf_exchange *begin_at(struct fixture *f, const char *base, double timeout)
{
    return begin_as(f, &intent, base, timeout);
}

static struct lcf_exchange *begin(struct fixture *f)
{
    return begin_at(f, getenv("SANDBOX_TLS_BASE_URL"), 10);
}

static void drain_news(struct fixture *f)
{
    for (struct lcf_exchange *x; (x = lcf_engine_news(f->engine));)
        if (x->state == LCF_ENDED) lcf_exchange_release(x);
}

static void run_until_idle(struct fixture *f)
{
    while (lcf_engine_step(f->engine, 0.05) > 0) continue;
    drain_news(f);
}

static void a_call_ends_with_the_outcome_that_its_answer_proves(void **state)
{
    struct fixture *f = *state;
    struct lcf_exchange *x = begin(f);
    run_until_idle(f);
    assert_int_equal(x->outcome, LCF_NOT_FOUND);
    assert_int_equal(x->count, 1);
    assert_int_equal(x->entries[0].status, 404);
    lcf_exchange_release(x);
}

static void nothing_is_sent_before_the_first_step(void **state)
{
    struct fixture *f = *state;
    struct lcf_exchange *x = begin(f);
    usleep(20000);
    lcf_engine_cancel(f->engine, x);
    assert_int_equal(x->outcome, LCF_NOT_SENT);
    assert_int_equal(x->kind, LCF_KIND_CANCELLED);
    assert_false(lcf_exchange_may_have_sent(x));
    drain_news(f);
    lcf_exchange_release(x);
}

static void an_idle_engine_wants_nothing(void **state)
{
    struct fixture *f = *state;
    struct lcf_exchange *x = begin(f);
    assert_true(lcf_engine_timeout(f->engine) <= 0);
    run_until_idle(f);
    assert_true(isinf(lcf_engine_timeout(f->engine)));
    assert_int_equal(lcf_engine_step(f->engine, 0), 0);
    lcf_exchange_release(x);
}

static void an_engine_freed_with_calls_in_flight_ends_them(void **state)
{
    struct fixture *f = *state;
    struct lcf_exchange *x = begin(f);
    lcf_engine_step(f->engine, 0);
    lcf_engine_free(f->engine);
    f->engine = NULL;
    assert_int_equal(x->state, LCF_ENDED);
    lcf_exchange_release(x);
}

static void a_dropped_call_is_finished_and_freed_all_the_same(void **state)
{
    struct fixture *f = *state;
    lcf_exchange_release(begin(f));
    run_until_idle(f);
    assert_int_equal(f->profile->holders, 1);
}

static void a_resolver_that_hangs_delays_neither_the_deadline_nor_the_end(void **state)
{
    struct fixture *f = *state;
    double began = lcf_now();
    struct lcf_exchange *x = begin_at(f, "https://hangs.example.org/client/v4", 1);
    run_until_idle(f);
    lcf_engine_free(f->engine);
    f->engine = NULL;
    assert_true(lcf_now() - began < 1.5);
    assert_int_equal(x->outcome, LCF_NOT_SENT);
    assert_int_equal(x->kind, LCF_KIND_TIMEOUT);
    lcf_exchange_release(x);
}

/* Ends as not sent, and says which kind. */
static enum lcf_kind unsent_kind(struct fixture *f, const char *base)
{
    struct lcf_exchange *x = begin_at(f, base, 1);
    run_until_idle(f);
    assert_int_equal(x->outcome, LCF_NOT_SENT);
    assert_int_equal(x->entries[0].phase, LCF_UNSENT);
    enum lcf_kind kind = x->kind;
    lcf_exchange_release(x);
    return kind;
}

static void to_a_name_that_does_not_resolve_nothing_is_sent(void **state)
{
    assert_int_equal(unsent_kind(*state, "https://nobody.example.org/client/v4"), LCF_KIND_NETWORK);
}

/* The kernel connects no one to the broadcast address, whatever the routes are. */
static void to_a_host_that_cannot_be_reached_nothing_is_sent(void **state)
{
    assert_int_equal(unsent_kind(*state, "https://255.255.255.255/client/v4"), LCF_KIND_NETWORK);
}

/* In a process of its own, of a user who may have no more threads. With one, this name would time out. */
static void without_a_thread_for_the_resolver_nothing_is_sent(void **state)
{
    struct fixture *f = *state;
    pid_t child = fork();
    if (child == 0) {
        const struct rlimit none = {0, 0};
        if (geteuid() == 0 && setresuid(65534, 65534, 65534) != 0) _exit(2);
        if (setrlimit(RLIMIT_NPROC, &none) != 0) _exit(3);
        f->engine = lcf_engine_new();
        f->profile->route.ca_path = NULL; /* which that user may not search */
        _exit(unsent_kind(f, "https://hangs.example.org/client/v4") == LCF_KIND_HOST ? 0 : 1);
    }
    int status;
    waitpid(child, &status, 0);
    assert_int_equal(status, 0);
}

/* Leaves `spare` descriptors to this process, and returns the limit that was. */
static struct rlimit leave_descriptors(rlim_t spare)
{
    struct rlimit was, now;
    getrlimit(RLIMIT_NOFILE, &was);
    int lowest = open("/dev/null", O_RDONLY | O_CLOEXEC);
    close(lowest);
    now = was;
    now.rlim_cur = (rlim_t)lowest + spare;
    setrlimit(RLIMIT_NOFILE, &now);
    return was;
}

static void without_a_descriptor_there_is_no_engine_or_nothing_is_sent_until_there_is_one(void **state)
{
    struct fixture *f = *state;
    struct rlimit was = leave_descriptors(0);
    struct lcf_engine *engine = lcf_engine_new();
    enum lcf_kind kind = unsent_kind(f, getenv("SANDBOX_TLS_BASE_URL"));
    setrlimit(RLIMIT_NOFILE, &was);
    assert_null(engine);
    assert_int_equal(kind, LCF_KIND_NETWORK);
    struct lcf_exchange *x = begin(f);
    run_until_idle(f);
    assert_int_equal(x->outcome, LCF_NOT_FOUND);
    lcf_exchange_release(x);
}

/* Descriptors that a program would inherit. */
static int count_inherited(void)
{
    int count = 0;
    for (int fd = 0; fd < 1024; fd++) count += fcntl(fd, F_GETFD) == 0;
    return count;
}

static void no_descriptor_is_left_to_programs(void **state)
{
    struct fixture *f = *state;
    lcf_engine_free(f->engine);
    int others = count_inherited();
    f->engine = lcf_engine_new();
    assert_int_equal(count_inherited(), others);
    struct lcf_exchange *x = begin(f);
    while (lcf_engine_step(f->engine, 0.001) > 0) assert_int_equal(count_inherited(), others);
    assert_int_equal(x->outcome, LCF_NOT_FOUND);
    lcf_exchange_release(x);
    x = begin_at(f, "https://hangs.example.org/client/v4", 10);
    lcf_engine_step(f->engine, 0);
    assert_true(count_inherited() <= others + 1); /* 7.88's thread has one, until the name is resolved */
    lcf_engine_cancel(f->engine, x);
    drain_news(f);
    lcf_exchange_release(x);
}

/* A thread of the host that opens pairs, and writes into them, and expects them to stay as they are. */
static atomic_bool stopped;

static void *open_and_close(void *data)
{
    size_t *changed = data;
    while (!stopped) {
        int pair[2];
        char bytes[5];
        if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0) continue;
        for (int i = 0; i < 5; i++) *changed += write(pair[0], "", 1) != 1;
        *changed += read(pair[1], bytes, sizeof bytes) != 5;
        for (int i = 0; i < 2; i++) {
            *changed += fcntl(pair[i], F_GETFD) != 0;
            close(pair[i]);
        }
    }
    return NULL;
}

static void nor_is_any_taken_for_ours_that_a_thread_opens(void **state)
{
    struct fixture *f = *state;
    pthread_t thread;
    size_t changed = 0;
    lcf_engine_free(f->engine);
    int others = count_inherited();
    stopped = false;
    assert_int_equal(pthread_create(&thread, NULL, open_and_close, &changed), 0);
    for (int i = 0; i < 300; i++) lcf_engine_free(lcf_engine_new());
    f->engine = lcf_engine_new();
    stopped = true;
    pthread_join(thread, NULL);
    assert_int_equal(changed, 0);
    assert_int_equal(count_inherited(), others);
}

static void take_note(int signal)
{
    (void)signal;
}

static void a_signal_every_other_millisecond_changes_nothing(void **state)
{
    struct fixture *f = *state;
    const struct itimerval often = {{0, 500}, {0, 500}}, never = {{0, 0}, {0, 0}};
    struct sigaction before, interrupts = {.sa_handler = take_note}; /* without SA_RESTART */
    sigaction(SIGALRM, &interrupts, &before);
    setitimer(ITIMER_REAL, &often, NULL);
    for (int i = 0; i < 20; i++) {
        struct lcf_exchange *x = begin_at(f, getenv(i % 2 ? "SANDBOX_TLS_BASE_URL" : "CLOUDFLARE_BASE_URL"), 10);
        run_until_idle(f);
        assert_int_equal(x->outcome, LCF_NOT_FOUND);
        assert_int_equal(x->count, 1);
        lcf_exchange_release(x);
    }
    setitimer(ITIMER_REAL, &never, NULL);
    sigaction(SIGALRM, &before, NULL);
}

static int listen_at(const char *ip, int *port, int backlog)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)*port)};
    socklen_t len = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    inet_pton(AF_INET, ip, &address.sin_addr);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, len), 0);
    assert_int_equal(listen(fd, backlog), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
    *port = ntohs(address.sin_port);
    return fd;
}

/* Connections come in and nobody answers them. */
static int listen_in_silence(char *base, size_t size)
{
    int port = 0, fd = listen_at("127.0.0.1", &port, 8);
    snprintf(base, size, "http://127.0.0.1:%d/client/v4", port);
    return fd;
}

/* Fills the queue of a listener that takes one, so that no other connection comes about. */
static void deafen(const char *ip, int port, int *fds, size_t count)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    inet_pton(AF_INET, ip, &address.sin_addr);
    for (size_t i = 0; i < count; i++) {
        fds[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        connect(fds[i], (struct sockaddr *)&address, sizeof address);
    }
}

/* The host steps only when the engine asks for it. */
static void a_deaf_address_is_left_for_the_next_in_half_the_time(void **state)
{
    struct fixture *f = *state;
    char base[100];
    int port = 0, deaf = listen_at(DEAF, &port, 0), hears = listen_at(HEARS, &port, 8), queue[4];
    deafen(DEAF, port, queue, 4);
    snprintf(base, sizeof base, "https://two.example.org:%d/client/v4", port);
    struct pollfd heard = {.fd = hears, .events = POLLIN};
    double began = lcf_now();
    struct lcf_exchange *x = begin_at(f, base, 4); /* attempts, and so connections, get two seconds */
    while (poll(&heard, 1, 0) == 0 && x->state != LCF_ENDED) lcf_engine_step(f->engine, 10);
    assert_int_equal(x->count, 0);
    assert_true(lcf_now() - began < 1 + 2 * LCF_LOOK + 0.1);
    lcf_engine_cancel(f->engine, x);
    drain_news(f);
    lcf_exchange_release(x);
    for (size_t i = 0; i < 4; i++) close(queue[i]);
    close(deaf);
    close(hears);
}

/* How often a host is woken that steps only when the engine asks for it. */
static int count_steps(struct fixture *f, double seconds)
{
    int steps = 0;
    for (double end = lcf_now() + seconds, left = seconds; left > 0; left = end - lcf_now(), steps++)
        lcf_engine_step(f->engine, left);
    return steps;
}

static void libcurl_is_looked_after_while_a_request_is_in_flight_and_no_longer(void **state)
{
    struct fixture *f = *state;
    char base[100];
    int silent = listen_in_silence(base, sizeof base);
    struct lcf_exchange *x = begin_at(f, base, 30);
    lcf_engine_step(f->engine, 0);
    for (double end = lcf_now() + 6 * LCF_LOOK; lcf_now() < end; lcf_engine_step(f->engine, 1))
        assert_true(lcf_engine_timeout(f->engine) <= LCF_LOOK);
    assert_true(x->attempt.announced);
    assert_true(count_steps(f, 6 * LCF_LOOK) <= 8);
    lcf_engine_cancel(f->engine, x);
    assert_true(isinf(lcf_engine_timeout(f->engine)));
    drain_news(f);
    lcf_exchange_release(x);
    close(silent);
}

static void a_wall_clock_that_jumps_moves_no_deadline(void **state)
{
    struct fixture *f = *state;
    char base[100];
    int silent = listen_in_silence(base, sizeof base);
    jump = 86400;
    double began = lcf_now();
    struct lcf_exchange *x = begin_at(f, base, 1);
    run_until_idle(f);
    double took = lcf_now() - began;
    jump = 0;
    close(silent);
    assert_int_equal(x->outcome, LCF_UNKNOWN);
    assert_int_equal(x->kind, LCF_KIND_TIMEOUT);
    assert_true(took > 0.7 && took < 5);
    lcf_exchange_release(x);
}

static void a_child_process_abandons_the_engine_and_the_parent_goes_on(void **state)
{
    struct fixture *f = *state;
    struct lcf_exchange *warm = begin(f);
    run_until_idle(f);
    lcf_exchange_release(warm);
    pid_t child = fork();
    if (child == 0) {
        bool foreign = lcf_engine_is_foreign(f->engine);
        lcf_engine_free(f->engine);
        _exit(foreign ? 0 : 1);
    }
    int status;
    waitpid(child, &status, 0);
    assert_int_equal(status, 0);
    struct lcf_exchange *x = begin(f);
    run_until_idle(f);
    assert_int_equal(x->outcome, LCF_NOT_FOUND);
    assert_int_equal(x->count, 1);
    lcf_exchange_release(x);
}

/* Its client's other calls wait for connections that nobody answers. */
static void a_call_that_is_held_back_ends_in_time(void **state)
{
    struct fixture *f = *state;
    struct lcf_exchange *calls[LCF_OPENING + 1];
    char clear[100], base[110];
    int silent = listen_in_silence(clear, sizeof clear);
    snprintf(base, sizeof base, "https%s", clear + 4);
    double began = lcf_now();
    for (size_t i = 0; i <= LCF_OPENING; i++) calls[i] = begin_at(f, base, i < LCF_OPENING ? 60 : 1);
    while (calls[LCF_OPENING]->state != LCF_ENDED && lcf_now() - began < 10) lcf_engine_step(f->engine, 0.05);
    assert_true(lcf_now() - began < 2);
    assert_int_equal(calls[LCF_OPENING]->outcome, LCF_NOT_SENT);
    close(silent);
    lcf_engine_close(f->engine, NULL);
    drain_news(f);
    for (size_t i = 0; i <= LCF_OPENING; i++) lcf_exchange_release(calls[i]);
}

/* A server in a process of its own that takes one request and gives these bytes for an answer. */
static pid_t answer_with(const char *bytes, char *base, size_t size)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(listener, (struct sockaddr *)&address, len), 0);
    assert_int_equal(listen(listener, 1), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &len), 0);
    snprintf(base, size, "http://127.0.0.1:%d/client/v4", ntohs(address.sin_port));
    pid_t child = fork();
    if (child == 0) {
        char request[4096];
        int fd = accept(listener, NULL, NULL);
        if (recv(fd, request, sizeof request, 0) > 0) send(fd, bytes, strlen(bytes), 0);
        _exit(0);
    }
    close(listener);
    return child;
}

/* libcurl calls such a reply a good one. */
static void an_answer_cut_inside_its_headers_is_no_answer(void **state)
{
    static const char whole[] = "HTTP/1.1 204 No Content\r\nServer: x\r\n\r\n";
    struct fixture *f = *state;
    for (size_t len = sizeof whole - 1; len > 24; len--) {
        char cut[sizeof whole], base[64];
        snprintf(cut, sizeof cut, "%.*s", (int)len, whole);
        pid_t server = answer_with(cut, base, sizeof base);
        struct lcf_exchange *x = begin_at(f, base, 5);
        while (x->count == 0) lcf_engine_step(f->engine, 0.05);
        bool is_whole = len == sizeof whole - 1;
        assert_int_equal(x->entries[0].status, 204);
        assert_int_equal(x->entries[0].phase, is_whole ? LCF_COMPLETE : LCF_SENT);
        assert_int_equal(x->entries[0].cause, is_whole ? LCF_ANSWERED : LCF_BROKEN);
        assert_int_equal(x->suspect_until > lcf_now(), !is_whole); /* libcurl 8 may still offer the dead connection */
        lcf_engine_cancel(f->engine, x);
        drain_news(f);
        lcf_exchange_release(x);
        waitpid(server, NULL, 0);
    }
}

/* A listener that takes connections and says nothing. */
static int listen_silently(char *base, size_t size)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(listener, (struct sockaddr *)&address, len), 0);
    assert_int_equal(listen(listener, 8), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &len), 0);
    snprintf(base, size, "http://127.0.0.1:%d/client/v4", ntohs(address.sin_port));
    return listener;
}

/* Ends a call, and returns whether it changed what its client keeps. */
static bool changes_client(struct fixture *f, struct lcf_exchange *x, enum lcf_outcome outcome)
{
    struct lcf_profile before = *f->profile;
    run_until_idle(f);
    assert_int_equal(x->outcome, outcome);
    lcf_exchange_release(x);
    return before.pace.tenths != f->profile->pace.tenths || before.suspect_until != f->profile->suspect_until ||
           memcmp(before.pace.blocks, f->profile->pace.blocks, sizeof before.pace.blocks) != 0 ||
           before.quota.whose != f->profile->quota.whose || before.quota.left != f->profile->quota.left;
}

static void a_call_apart_leaves_what_its_client_keeps(void **state)
{
    struct fixture *f = *state;
    char silent[64];
    int listener = listen_silently(silent, sizeof silent);
    const char *good = getenv("SANDBOX_TLS_BASE_URL");
    f->profile->pace.tenths = 50;
    assert_false(changes_client(f, begin_as(f, &apart, good, 10), LCF_NOT_FOUND));
    assert_false(changes_client(f, begin_as(f, &apart, silent, 0.7), LCF_FAILED));
    assert_true(changes_client(f, begin_at(f, good, 10), LCF_NOT_FOUND)); /* its quota is heard */
    assert_true(changes_client(f, begin_at(f, silent, 0.7), LCF_UNKNOWN)); /* a connection has fallen silent */
    close(listener);
}

/* Else it would be read until its end, which one that waits for us to speak never comes to. */
static void an_answer_that_is_not_http_is_malformed(void **state)
{
    struct fixture *f = *state;
    char base[64];
    pid_t server = answer_with("SSH-2.0-OpenSSH_9.2\r\n", base, sizeof base);
    struct lcf_exchange *x = begin_at(f, base, 5);
    while (x->count == 0) lcf_engine_step(f->engine, 0.05);
    assert_int_equal(x->entries[0].phase, LCF_SENT);
    assert_int_equal(x->entries[0].cause, LCF_MALFORMED);
    lcf_engine_cancel(f->engine, x);
    drain_news(f);
    lcf_exchange_release(x);
    waitpid(server, NULL, 0);
}

static void many_calls_share_few_connections(void **state)
{
    struct fixture *f = *state;
    struct lcf_exchange *calls[200];
    for (size_t i = 0; i < 200; i++) calls[i] = begin(f);
    run_until_idle(f);
    for (size_t i = 0; i < 200; i++) {
        assert_int_equal(calls[i]->outcome, LCF_NOT_FOUND);
        lcf_exchange_release(calls[i]);
    }
}

#define CLIENTS 10

/* Calls of many clients, so that their opening limits do not hide others. */
static void open_clients(const struct fixture *f, struct fixture *clients)
{
    for (size_t i = 0; i < CLIENTS; i++) {
        clients[i] = *f;
        clients[i].profile = lcf_profile_new();
        clients[i].profile->route.ca_path = strdup(f->profile->route.ca_path);
        clients[i].profile->route.user_agent = strdup("engine_spec");
    }
}

static void many_names_that_hang_hold_up_no_other(void **state)
{
    struct fixture *f = *state, clients[CLIENTS];
    struct lcf_exchange *hanging[CLIENTS * LCF_OPENING];
    char base[100];
    open_clients(f, clients);
    for (int i = 0; i < CLIENTS * LCF_OPENING; i++) {
        snprintf(base, sizeof base, "https://hangs.%d.example.org/client/v4", i);
        hanging[i] = begin_at(&clients[i % CLIENTS], base, 20);
    }
    for (double end = lcf_now() + 0.5; lcf_now() < end;) lcf_engine_step(f->engine, 0.05);
    for (int i = 0; i < CLIENTS * LCF_OPENING; i++) assert_int_equal(hanging[i]->state, LCF_RUNNING);
    snprintf(base, sizeof base, "http://here.example.org%s", strrchr(getenv("CLOUDFLARE_BASE_URL"), ':'));
    struct lcf_exchange *x = begin_at(f, base, 4);
    while (x->state != LCF_ENDED) lcf_engine_step(f->engine, 0.05);
    assert_int_equal(x->outcome, LCF_NOT_FOUND);
    lcf_exchange_release(x);
    lcf_engine_close(f->engine, NULL);
    drain_news(f);
    for (int i = 0; i < CLIENTS * LCF_OPENING; i++) lcf_exchange_release(hanging[i]);
    for (size_t i = 0; i < CLIENTS; i++) lcf_profile_release(clients[i].profile);
}

static void a_step_begins_only_so_many_requests(void **state)
{
    struct fixture *f = *state, clients[CLIENTS];
    struct lcf_exchange *calls[40];
    open_clients(f, clients);
    for (size_t i = 0; i < 40; i++) calls[i] = begin(&clients[i % CLIENTS]);
    lcf_engine_step(f->engine, 0);
    size_t begun = 0;
    for (size_t i = 0; i < 40; i++) begun += calls[i]->state == LCF_RUNNING || calls[i]->count; /* or answered */
    assert_int_equal(begun, LCF_STEP_BEGINS);
    assert_true(lcf_engine_timeout(f->engine) <= 0);
    run_until_idle(f);
    for (size_t i = 0; i < 40; i++) {
        assert_int_equal(calls[i]->outcome, LCF_NOT_FOUND);
        lcf_exchange_release(calls[i]);
    }
    for (size_t i = 0; i < CLIENTS; i++) lcf_profile_release(clients[i].profile);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_call_ends_with_the_outcome_that_its_answer_proves, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nothing_is_sent_before_the_first_step, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_idle_engine_wants_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_engine_freed_with_calls_in_flight_ends_them, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_dropped_call_is_finished_and_freed_all_the_same, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_resolver_that_hangs_delays_neither_the_deadline_nor_the_end, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(to_a_name_that_does_not_resolve_nothing_is_sent, set_up, tear_down),
        cmocka_unit_test_setup_teardown(to_a_host_that_cannot_be_reached_nothing_is_sent, set_up, tear_down),
        cmocka_unit_test_setup_teardown(without_a_thread_for_the_resolver_nothing_is_sent, set_up, tear_down),
        cmocka_unit_test_setup_teardown(without_a_descriptor_there_is_no_engine_or_nothing_is_sent_until_there_is_one,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(no_descriptor_is_left_to_programs, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nor_is_any_taken_for_ours_that_a_thread_opens, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_signal_every_other_millisecond_changes_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_wall_clock_that_jumps_moves_no_deadline, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_deaf_address_is_left_for_the_next_in_half_the_time, set_up, tear_down),
        cmocka_unit_test_setup_teardown(libcurl_is_looked_after_while_a_request_is_in_flight_and_no_longer, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_call_that_is_held_back_ends_in_time, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_child_process_abandons_the_engine_and_the_parent_goes_on, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_answer_cut_inside_its_headers_is_no_answer, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_answer_that_is_not_http_is_malformed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_call_apart_leaves_what_its_client_keeps, set_up, tear_down),
        cmocka_unit_test_setup_teardown(many_calls_share_few_connections, set_up, tear_down),
        cmocka_unit_test_setup_teardown(many_names_that_hang_hold_up_no_other, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_step_begins_only_so_many_requests, set_up, tear_down),
    };
    if (!lcf_engine_setup()) return 2;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
