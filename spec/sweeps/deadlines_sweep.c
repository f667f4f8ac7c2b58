/* No call is ever longer than its deadline allows, by more than 50 ms, and every call ends: in each
 * trouble that can stall an exchange, for short and long timeouts, however the host steps, alone and
 * with many others. Time is simulated, so that an hour passes in a moment; with SWEEP=all it is then
 * the real one, for what takes seconds. Run it inside `sandbox run`. */
#define _GNU_SOURCE
#include "deadlines/stalls.h"
#include "deadlines/timing.h"

#include "../../src/core/pace.h"
#include "../../src/transport/clock.h"
#include "../../src/transport/engine.h"

#include <dlfcn.h>
#include <math.h>
#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define COUNT(list) (sizeof(list) / sizeof(list)[0])
#define MOST_LATE 0.05        /* seconds */
#define MANY 16               /* calls at once */
#define SHARE 10              /* without SWEEP=all: one case in so many */
#define AT_ONCE 24            /* real cases */
#define REAL_TRIES 3          /* what is late because of us is late each time */
#define MOST_HANGING 400      /* threads; those before them give up */
#define HUNG 60               /* real seconds without a case that ends */

/* A resolver that hangs, for names that ask for it, until it is let go: libcurl calls this one. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static unsigned hanging, times_let_go;

static void let_go(void)
{
    times_let_go++;
    hanging = 0;
    pthread_cond_broadcast(&changed);
}

__attribute__((visibility("default"))) int getaddrinfo(const char *name, const char *service,
                                                       const struct addrinfo *hints, struct addrinfo **found)
{
    int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **);
    *(void **)&real = dlsym(RTLD_NEXT, "getaddrinfo");
    if (!name || strncmp(name, "hangs.", 6) != 0) return real(name, service, hints, found);
    pthread_mutex_lock(&lock);
    if (++hanging > MOST_HANGING) let_go();
    for (unsigned before = times_let_go; before == times_let_go;) pthread_cond_wait(&changed, &lock);
    pthread_mutex_unlock(&lock);
    return EAI_AGAIN;
}

static void let_resolvers_go(void)
{
    pthread_mutex_lock(&lock);
    let_go();
    pthread_mutex_unlock(&lock);
}

/* Ways to wait. */

enum host { POLLS, STEPS_OFTEN, STEPS_LONG, WATCHES };
static const char *const host_names[] = {"polls", "steps often", "steps long", "watches the descriptor"};

struct trial {
    const struct stall *stall;
    double timeout, attempt_timeout;
    enum host host;
    int calls, retries;
    bool simulated;
};

struct live {
    struct lcf_engine *engine;
    struct lcf_profile *profile;
    struct lcf_secret *secret;
    struct lcf_exchange *calls[MANY];
    double ended[MANY];
    char url[300];
};

static const struct lcf_intent removing = {.name = "tokens.delete", .method = LCF_DELETE, .nature = LCF_REMOVE};
static const struct lcf_intent reading = {.name = "tokens.get", .method = LCF_GET, .nature = LCF_READ};
static const char missing_id[] = "00000000000000000000000000000000";

static const struct { const char *scheme, *host, *proxy; } routes[] = {
    [DIRECT] = {"http", "127.0.0.1", NULL},
    [OVER_TLS] = {"https", "127.0.0.1", NULL},
    [THROUGH_PROXY] = {"https", "192.0.2.1", "127.0.0.1"},
    [NAMELESS] = {"https", "hangs.example.org", NULL},
    [NAMELESS_PROXY] = {"https", "192.0.2.1", "hangs.example.org"},
};

static void make_route(struct live *live, enum route route, int port)
{
    char proxy[100];
    snprintf(live->url, sizeof live->url, "%s://%s:%d/client/v4/accounts/%s/tokens/%s", routes[route].scheme,
             routes[route].host, port, getenv("CLOUDFLARE_ACCOUNT_ID"), missing_id);
    snprintf(proxy, sizeof proxy, "http://%s:%d", routes[route].proxy ? routes[route].proxy : "", port);
    live->profile->route.proxy = routes[route].proxy ? strdup(proxy) : NULL;
    live->profile->route.ca_path = strdup(getenv("SANDBOX_CA_PATH"));
    live->profile->route.user_agent = strdup("deadlines_sweep");
}

static struct lcf_exchange *begin(struct live *live, const struct trial *t)
{
    const struct lcf_request request = {
        .intent = t->stall->reads ? &reading : &removing,
        .url = live->url, .account = getenv("CLOUDFLARE_ACCOUNT_ID"), .id = missing_id,
        .plain = t->stall->route == DIRECT,
        .limits = {.timeout = t->timeout, .attempt_timeout = t->attempt_timeout, .connect_timeout = 5,
                   .max_retries = t->retries, .check_first = t->stall->check_first},
    };
    struct lcf_exchange *x = lcf_exchange_new(&request, live->profile, live->secret, lcf_now());
    if (!x || !lcf_engine_add(live->engine, x)) abort();
    return x;
}

static void wait_as(enum host host, struct lcf_engine *engine)
{
    switch (host) {
    case POLLS:
        time_pass(lcf_engine_pause(engine));
        lcf_engine_step(engine, 0);
        break;
    case STEPS_OFTEN: lcf_engine_step(engine, 0.05); break;
    case STEPS_LONG: lcf_engine_step(engine, 1000); break;
    case WATCHES:
        time_watch(lcf_engine_pollfd(engine), lcf_engine_timeout(engine));
        lcf_engine_step(engine, 0);
        break;
    }
    for (struct lcf_exchange *x; (x = lcf_engine_news(engine));)
        if (x->state == LCF_ENDED) lcf_exchange_release(x);
}

/* How many seconds after its deadline the latest call ended. A real machine is not always there when it
 * is needed: what it kept this thread waiting for a processor, in steps that ended past the deadline, is
 * not ours and taken off. INFINITY where a call has not ended. */
static double lateness(struct live *live, const struct trial *t, int calls)
{
    double latest = -INFINITY, stolen = 0, deadline = lcf_now() + t->timeout;
    for (int left = calls; left > 0;) {
        double before = time_stolen();
        wait_as(t->host, live->engine);
        double now = lcf_now();
        if (now > deadline) stolen += time_stolen() - before;
        if (now > deadline + 10) return INFINITY;
        for (int i = 0; i < calls; i++) {
            struct lcf_exchange *x = live->calls[i];
            if (live->ended[i] > 0 || x->state != LCF_ENDED) continue;
            live->ended[i] = now;
            latest = fmax(latest, now - x->plan.deadline - stolen);
            left--;
        }
    }
    return latest;
}

/* Between many calls, or on a slow machine, one may get less far before its end. */
static bool ends_well(const struct trial *t, const struct lcf_exchange *x)
{
    bool hurried = t->calls > 1 || !t->simulated;
    if (x->outcome == t->stall->ends || (hurried && x->outcome == LCF_NOT_SENT)) return true;
    if (t->stall->is_blocked && t->timeout > LCF_BLOCK_MAX && x->outcome == LCF_REFUSED) return true; /* forgotten */
    if (t->stall->ends == SOMEHOW && t->stall->trouble.relays <= LONG_HANDSHAKE && x->outcome == LCF_NOT_SENT) return true;
    if (t->stall->ends == SOMEHOW)
        return x->outcome == LCF_GONE || x->outcome == LCF_UNKNOWN || x->outcome == LCF_NOT_FOUND;
    /* Over HTTP/1 each call needs a connection of its own, and four open at a time: the last start late. */
    bool queued = t->calls > 1 && t->timeout <= 1 && t->stall->ends == LCF_NOT_FOUND;
    bool unsettled = t->stall->ends == LCF_GONE && (hurried || t->timeout < 0.8);
    return (queued || unsettled) && x->outcome == LCF_UNKNOWN;
}

static void print_trial(const struct trial *t, const char *what)
{
    dprintf(STDOUT_FILENO, "  not so: %s: %g s, attempts of %g s, %d calls, %d retries, a host that %s, %s time: %s\n",
            t->stall->name, t->timeout, t->attempt_timeout, t->calls, t->retries, host_names[t->host],
            t->simulated ? "simulated" : "real", what);
}

static bool judge(struct live *live, const struct trial *t, bool tells)
{
    double late = lateness(live, t, t->calls);
    const char *wrong = late > MOST_LATE ? "ended late" : NULL;
    enum lcf_outcome outcome = t->stall->ends;
    for (int i = 0; i < t->calls && !wrong; i++) {
        if (ends_well(t, live->calls[i])) continue;
        outcome = live->calls[i]->outcome;
        wrong = "ended otherwise";
    }
    if (wrong && tells) print_trial(t, wrong), printf("    %g s late, %s\n", late, lcf_outcome_name(outcome));
    return !wrong;
}

static int asks_for(const struct trial *t)
{
    return t->stall->asks == JUST_FITS ? (int)floor(t->timeout - 0.3) : (int)floor(t->timeout) + 1;
}

/* Another call of the client learns first that it has to wait. */
static void block(struct live *live, const struct trial *t)
{
    struct trial other = *t;
    other.timeout = 0.9;
    other.retries = 0;
    live->calls[0] = begin(live, &other);
    lateness(live, &other, 1);
    lcf_exchange_release(live->calls[0]);
    live->ended[0] = 0;
}

static bool try_once(const struct trial *t, bool tells)
{
    struct live live = {.engine = NULL};
    const char *token = getenv("CLOUDFLARE_API_TOKEN");
    struct server *server = server_new(&t->stall->trouble, asks_for(t));
    if (!server || (!t->simulated && !server_run(server))) abort();
    if (t->simulated) time_simulate(server);
    live.engine = lcf_engine_new();
    live.profile = lcf_profile_new();
    live.secret = lcf_secret_bearer((struct lcf_text){token, strlen(token)});
    make_route(&live, t->stall->route, server_port(server));
    if (t->stall->is_blocked) block(&live, t);
    for (int i = 0; i < t->calls; i++) live.calls[i] = begin(&live, t);
    bool good = judge(&live, t, tells);
    lcf_engine_free(live.engine);
    for (int i = 0; i < t->calls; i++) lcf_exchange_release(live.calls[i]);
    lcf_profile_release(live.profile);
    lcf_secret_release(live.secret);
    if (t->simulated) {
        time_simulate(NULL);
        let_resolvers_go();
    }
    server_free(server);
    return good;
}

/* All of them, or a share. */

struct tally { unsigned held, walked; };

static const struct trial *current; /* for the watchdog */

static void bark(int signal)
{
    (void)signal;
    if (current) print_trial(current, "hangs");
    _exit(2);
}

static void try_simulated(struct tally *tally, struct trial t)
{
    t.simulated = true;
    current = &t;
    alarm(HUNG);
    tally->held += try_once(&t, true);
    tally->walked++;
    current = NULL;
}

static unsigned draw(void)
{
    static unsigned state;
    if (!state) state = getenv("SEED") ? (unsigned)atoi(getenv("SEED")) * 2u + 1 : 1;
    return (state = state * 1664525u + 1013904223u) >> 16;
}

/* One of `count`, from a number that stands for several choices. */
static size_t take(size_t *number, size_t count)
{
    size_t taken = *number % count;
    *number /= count;
    return taken;
}

static const double attempt_timeouts[] = {0.5, 10};

/* Half a minute is a few seconds over and over, and an hour more of it: each is tried, but not in every way. */
static bool is_worth_it(const struct trial *t)
{
    if (t->timeout < 10) return true;
    return t->calls == 1 && (t->timeout < 100 || (t->host >= STEPS_LONG && t->attempt_timeout > 1));
}

static struct tally sweep_simulated(bool whole)
{
    static const double timeouts[] = {0.3, 1, 5, 30, 3600};
    struct tally tally = {0};
    for (size_t n = 0; n < COUNT(stalls) * COUNT(timeouts) * COUNT(attempt_timeouts) * COUNT(host_names) * 2; n++) {
        size_t left = n;
        struct trial t = {.retries = (int)(draw() % 3)};
        t.calls = take(&left, 2) ? MANY : 1;
        t.host = (enum host)take(&left, COUNT(host_names));
        t.attempt_timeout = attempt_timeouts[take(&left, COUNT(attempt_timeouts))];
        t.timeout = timeouts[take(&left, COUNT(timeouts))];
        t.stall = &stalls[left];
        if (is_worth_it(&t) && (whole || draw() % SHARE == 0)) try_simulated(&tally, t);
    }
    return tally;
}

/* In real time, many at once, each with a thread, an engine and a server of its own. */

static const double real_timeouts[] = {0.3, 1, 3};

struct crew {
    atomic_size_t next;
    atomic_uint held, walked;
};

static bool try_really(size_t n)
{
    struct trial t = {.calls = 1, .retries = (int)(n % 3)};
    t.host = (enum host)take(&n, COUNT(host_names));
    t.attempt_timeout = attempt_timeouts[take(&n, COUNT(attempt_timeouts))];
    t.timeout = real_timeouts[take(&n, COUNT(real_timeouts))];
    t.stall = &stalls[n];
    bool good = false;
    for (int i = 1; i <= REAL_TRIES && !good; i++) good = try_once(&t, i == REAL_TRIES);
    return good;
}

static void *work(void *data)
{
    struct crew *crew = data;
    const size_t last = COUNT(stalls) * COUNT(real_timeouts) * COUNT(attempt_timeouts) * COUNT(host_names);
    for (size_t n; (n = atomic_fetch_add(&crew->next, 1)) < last;) {
        if (try_really(n)) atomic_fetch_add(&crew->held, 1);
        atomic_fetch_add(&crew->walked, 1);
        alarm(HUNG);
    }
    return NULL;
}

static struct tally sweep_real(void)
{
    struct crew crew = {0};
    pthread_t threads[AT_ONCE];
    for (int i = 0; i < AT_ONCE; i++)
        if (pthread_create(&threads[i], NULL, work, &crew) != 0) abort();
    for (int i = 0; i < AT_ONCE; i++) pthread_join(threads[i], NULL);
    return (struct tally){crew.held, crew.walked};
}

int main(void)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    signal(SIGALRM, bark);
    if (!lcf_engine_setup()) return 2;
    bool whole = getenv("SWEEP") && strcmp(getenv("SWEEP"), "all") == 0;
    struct tally simulated = sweep_simulated(whole), real = whole ? sweep_real() : (struct tally){0, 0};
    unsigned held = simulated.held + real.held, walked = simulated.walked + real.walked;
    printf("sweep: deadlines: %u/%u, %u in simulated and %u in real time\n", held, walked, simulated.walked,
           real.walked);
    return held == walked ? 0 : 1;
}
