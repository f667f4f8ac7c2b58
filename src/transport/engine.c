#define _POSIX_C_SOURCE 200809L
#define CURL_DISABLE_DEPRECATION /* curl_multi_socket_all */
#include "engine.h"
#include "clock.h"
#include "harden.h"
#include "multi.h"
#include "process.h"
#include "sockets.h"

#include <fcntl.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>

/* Steps all exchanges of one Lua state over one multi handle. A step reads what has arrived, then turns the
 * exchanges that are due, and stops when its time is used up. Rules: an answer that has arrived is read before
 * its deadline is judged; an exchange is held until its end has been told as news; a multi handle that reported
 * an error is replaced, and what was in flight over it ends as it stands; in another process than its maker's it
 * is abandoned, not freed; callbacks of libcurl only take notes. */

struct lcf_engine {
    struct lcf_process maker;
    struct lcf_carrier carrier;
    double curl_due;    /* when libcurl wants its timeouts handled */
    double next_due;    /* no exchange is due before this */
    double look_due;    /* when libcurl is looked after */
    double stirred;     /* when a socket or a timer last did something */
    bool needed;        /* a client is open */
    bool more;          /* the last step ran out of budget */
    bool unsound;       /* the multi handle failed, for want of memory */
    int begun;          /* requests that this step has begun */
    uint64_t random;
    struct lcf_exchange **live;
    size_t count, room;
    struct lcf_exchange *news, **news_end;
};

/* splitmix64: jitter has to be spread, not secret. */
static double jitter(struct lcf_engine *e)
{
    uint64_t z = (e->random += 0x9E3779B97F4A7C15u);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return (double)((z ^ (z >> 31)) >> 11) * 0x1p-53;
}

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *data, void *per_socket)
{
    struct lcf_engine *e = data;
    (void)easy, (void)per_socket;
    if (e->carrier.opening && what != CURL_POLL_REMOVE) fcntl(fd, F_SETFD, FD_CLOEXEC); /* a resolver's, in 7.88 */
    lcf_sockets_watch(&e->carrier.sockets, fd, what == CURL_POLL_IN || what == CURL_POLL_INOUT,
                      what == CURL_POLL_OUT || what == CURL_POLL_INOUT);
    return 0;
}

static int on_timer(CURLM *multi, long ms, void *data)
{
    struct lcf_engine *e = data;
    (void)multi;
    e->curl_due = ms < 0 ? INFINITY : lcf_now() + (double)ms * 1e-3;
    return 0;
}

static bool wire_up(struct lcf_engine *e, CURLM *multi)
{
    return multi && lcf_harden_multi(multi) == CURLM_OK &&
           curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, on_socket) == CURLM_OK &&
           curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, e) == CURLM_OK &&
           curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, on_timer) == CURLM_OK &&
           curl_multi_setopt(multi, CURLMOPT_TIMERDATA, e) == CURLM_OK;
}

/* NULL when memory is short. */
static CURLM *open_multi(struct lcf_engine *e)
{
    CURLM *multi = lcf_multi_new();
    if (wire_up(e, multi)) return multi;
    curl_multi_cleanup(multi);
    return NULL;
}

struct lcf_engine *lcf_engine_new(void)
{
    struct lcf_engine *e = calloc(1, sizeof *e);
    if (!e) return NULL;
    if (!lcf_process_note(&e->maker)) {
        free(e);
        return NULL;
    }
    e->curl_due = e->next_due = INFINITY;
    e->stirred = lcf_now();
    e->needed = true;
    e->news_end = &e->news;
    e->random = (uint64_t)(e->stirred * 1e9) ^ (uint64_t)(uintptr_t)e ^ ((uint64_t)e->maker.id << 32);
    e->carrier = (struct lcf_carrier){
        .multi = open_multi(e), .trust = lcf_truststore_new(), .parses_urls = lcf_attempt_parses_urls()};
    bool open = lcf_sockets_open(&e->carrier.sockets);
    if (open && e->carrier.multi) return e;
    lcf_engine_free(e);
    return NULL;
}

static void tell(struct lcf_engine *e, struct lcf_exchange *x)
{
    if (x->has_news) return;
    x->has_news = true;
    x->next_news = NULL;
    *e->news_end = x;
    e->news_end = &x->next_news;
}

struct lcf_exchange *lcf_engine_news(struct lcf_engine *e)
{
    struct lcf_exchange *x = e->news;
    if (!x) return NULL;
    e->news = x->next_news;
    if (!e->news) e->news_end = &e->news;
    x->has_news = false;
    return x;
}

void lcf_engine_tell_again(struct lcf_engine *e, struct lcf_exchange *x)
{
    if (!x->has_news) tell(e, lcf_exchange_hold(x)); /* else the news holds it already */
}

static void release_news(struct lcf_engine *e)
{
    for (struct lcf_exchange *x; (x = lcf_engine_news(e));)
        if (x->state == LCF_ENDED) lcf_exchange_release(x);
}

bool lcf_engine_is_foreign(const struct lcf_engine *e)
{
    return lcf_process_is_other(&e->maker);
}

void lcf_engine_free(struct lcf_engine *e)
{
    if (lcf_engine_is_foreign(e)) return;
    lcf_engine_close(e, NULL);
    release_news(e);
    curl_multi_cleanup(e->carrier.multi);
    lcf_sockets_close(&e->carrier.sockets);
    lcf_process_forget(&e->maker);
    free(e->live);
    free(e);
}

bool lcf_engine_add(struct lcf_engine *e, struct lcf_exchange *x)
{
    if (e->count == e->room) {
        size_t room = e->room ? e->room * 2 : 16;
        struct lcf_exchange **live = realloc(e->live, room * sizeof *live);
        if (!live) return false;
        e->live = live;
        e->room = room;
    }
    e->live[e->count++] = lcf_exchange_hold(x);
    if (x->due < e->next_due) e->next_due = x->due;
    return true;
}

/* After an exchange moved: its news, and when it is due next. */
static void note(struct lcf_engine *e, struct lcf_exchange *x)
{
    if (x->count > x->told || x->state == LCF_ENDED) tell(e, x);
    if (x->due < e->next_due) e->next_due = x->due;
}

/* Forgets those that have ended; their hold now belongs to the news. */
static void sweep(struct lcf_engine *e)
{
    size_t kept = 0;
    for (size_t i = 0; i < e->count; i++)
        if (e->live[i]->state != LCF_ENDED) e->live[kept++] = e->live[i];
    e->count = kept;
}

/* Closes the connections that nobody will use. */
static void close_idle(struct lcf_engine *e)
{
    if (e->needed || e->count) return;
    curl_multi_cleanup(e->carrier.multi);
    e->carrier.multi = NULL;
    e->unsound = false;
    e->curl_due = INFINITY;
}

void lcf_engine_need(struct lcf_engine *e, bool needed)
{
    e->needed = needed;
    close_idle(e);
}

static void cancel_matching(struct lcf_engine *e, const struct lcf_exchange *one, const struct lcf_profile *profile)
{
    double now = lcf_now();
    for (size_t i = 0; i < e->count; i++) {
        struct lcf_exchange *x = e->live[i];
        if ((one && x != one) || (profile && x->profile != profile)) continue;
        lcf_exchange_cancel(x, &e->carrier, now);
        note(e, x);
    }
    sweep(e);
    close_idle(e);
}

void lcf_engine_cancel(struct lcf_engine *e, struct lcf_exchange *x)
{
    cancel_matching(e, x, NULL);
}

void lcf_engine_close(struct lcf_engine *e, const struct lcf_profile *profile)
{
    cancel_matching(e, NULL, profile);
}

static void count_opening(struct lcf_engine *e)
{
    for (size_t i = 0; i < e->count; i++) e->live[i]->profile->opening = 0;
    for (size_t i = 0; i < e->count; i++) e->live[i]->profile->opening += lcf_exchange_is_opening(e->live[i]);
}

/* A call that would send is held back to the next step where this one has begun enough, and while
 * others of its client open connections, but not past its end. */
static bool is_held_back(const struct lcf_engine *e, struct lcf_exchange *x, double now)
{
    if (x->state == LCF_RUNNING || now > x->plan.deadline - LCF_LEAST_TIME) return false;
    if (e->begun >= LCF_STEP_BEGINS) return true;
    if (x->profile->opening++ < LCF_OPENING) return false;
    x->due = now + LCF_OPENING_RETRY;
    return true;
}

static void turn(struct lcf_engine *e, struct lcf_exchange *x, double now)
{
    lcf_exchange_turn(x, &e->carrier, now, jitter(e));
    e->begun += x->state == LCF_RUNNING;
}

static void turn_due(struct lcf_engine *e, double now)
{
    if (e->next_due > now) return;
    if (!e->carrier.multi) e->carrier.multi = open_multi(e);
    count_opening(e);
    e->next_due = INFINITY;
    e->begun = 0;
    for (size_t i = 0; i < e->count; i++) {
        struct lcf_exchange *x = e->live[i];
        if (x->due <= now && !is_held_back(e, x, now)) turn(e, x, now);
        note(e, x);
    }
    sweep(e);
}

/* Hands the attempts that `multi` has finished back to their exchanges. */
static void collect(struct lcf_engine *e, CURLM *multi, double now)
{
    int left;
    bool ended = false;
    for (CURLMsg *message; (message = curl_multi_info_read(multi, &left));) {
        char *owner = NULL;
        int rc = (int)message->data.result;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &owner);
        struct lcf_exchange *x = (struct lcf_exchange *)(void *)owner;
        lcf_exchange_finish(x, &e->carrier, rc, now, jitter(e));
        note(e, x);
        ended = ended || x->state == LCF_ENDED;
    }
    if (ended) sweep(e);
}

/* After an error libcurl's books are wrong (7.88 divides by zero when it next looks at a socket that
 * it had no memory for): the multi handle is not used again. */
static void drive(struct lcf_engine *e, curl_socket_t fd, int events)
{
    int running;
    if (e->unsound || !e->carrier.multi) return;
    e->unsound = curl_multi_socket_action(e->carrier.multi, fd, events, &running) != CURLM_OK;
}

static void handle_timeouts(struct lcf_engine *e, double now)
{
    if (e->curl_due > now) return;
    e->curl_due = INFINITY;
    e->stirred = now;
    drive(e, CURL_SOCKET_TIMEOUT, 0);
}

static int curl_events(const struct lcf_ready *ready)
{
    return (ready->readable ? CURL_CSELECT_IN : 0) | (ready->writable ? CURL_CSELECT_OUT : 0) |
           (ready->broken ? CURL_CSELECT_ERR : 0);
}

/* Gives libcurl the sockets that stirred, as far as the budget reaches. */
static void handle_sockets(struct lcf_engine *e, const struct lcf_ready *ready, size_t count, double now)
{
    if (count) e->stirred = now;
    e->more = count == LCF_READY_MAX;
    for (size_t i = 0; i < count; i++) {
        drive(e, ready[i].fd, curl_events(&ready[i]));
        if (i + 1 == count || lcf_now() - now < LCF_STEP_BUDGET) continue;
        e->more = true;
        return;
    }
}

static bool has_begun(const struct lcf_engine *e)
{
    size_t i = 0;
    while (i < e->count && e->live[i]->state != LCF_RUNNING) i++;
    return i < e->count;
}

/* libcurl counts on being called now and then, as its own loop does. 7.88 announces neither socket nor timer when it
 * goes on from a deaf address to the next. Once in some thousand it announces none for an answer over HTTP/2 either,
 * though it has read it. */
static void look_after(struct lcf_engine *e, double now)
{
    int running;
    bool begun = has_begun(e);
    if (begun && now < e->look_due) return;
    e->look_due = now + LCF_LOOK;
    if (begun && !e->unsound) e->unsound = curl_multi_socket_all(e->carrier.multi, &running) != CURLM_OK;
}

/* Goes on with a new multi handle, or none until there is memory. */
static void renew(struct lcf_engine *e)
{
    curl_multi_setopt(e->carrier.multi, CURLMOPT_TIMERFUNCTION, NULL);
    e->carrier.multi = open_multi(e);
    e->unsound = false;
    e->curl_due = INFINITY;
}

/* Ends what is still in flight over a multi handle that failed: sent or not, as it stands. */
static void abandon(struct lcf_engine *e, CURLM *multi, double now)
{
    for (size_t i = 0; i < e->count; i++) {
        struct lcf_exchange *x = e->live[i];
        if (x->state != LCF_RUNNING || x->attempt.multi != multi) continue;
        lcf_exchange_finish(x, &e->carrier, CURLE_OUT_OF_MEMORY, now, jitter(e));
        note(e, x);
    }
    sweep(e);
    curl_multi_cleanup(multi);
}

/* Waits for sockets and timers, and hands on what they brought. */
static void stir(struct lcf_engine *e, double seconds)
{
    struct lcf_ready ready[LCF_READY_MAX];
    size_t count = lcf_sockets_wait(&e->carrier.sockets, seconds, ready);
    double now = lcf_now();
    CURLM *multi = e->carrier.multi;
    e->carrier.step_deadline = now + LCF_STEP_LATE;
    handle_sockets(e, ready, count, now);
    handle_timeouts(e, now);
    look_after(e, now);
    if (e->unsound) renew(e);
    collect(e, multi, lcf_now());
    if (multi != e->carrier.multi) abandon(e, multi, lcf_now());
}

/* Turns the exchanges that are due. An answer that has come is read before its deadline is judged. */
static void turn_over(struct lcf_engine *e)
{
    if (has_begun(e)) stir(e, 0);
    bool late = lcf_now() > e->next_due + LCF_STEP_LATE;
    if (!e->more || late) turn_due(e, lcf_now());
}

/* Waits for something to happen. What libcurl wanted to do at once, as to send a request, is done first. */
static void wait_for_news(struct lcf_engine *e, double seconds)
{
    double most = e->count && !e->news ? lcf_engine_timeout(e) : 0;
    stir(e, most < seconds ? most : seconds);
    if (most > 0 || seconds <= 0 || !e->count || e->news) return;
    most = lcf_engine_timeout(e);
    stir(e, most < seconds ? most : seconds);
}

size_t lcf_engine_step(struct lcf_engine *e, double seconds)
{
    if (e->count == 0) return 0;
    if (e->next_due <= lcf_now()) turn_over(e);
    wait_for_news(e, seconds);
    close_idle(e);
    return e->count;
}

bool lcf_engine_is_idle(const struct lcf_engine *e)
{
    return e->count == 0;
}

double lcf_engine_timeout(const struct lcf_engine *e)
{
    if (e->count == 0) return INFINITY;
    if (e->more) return 0;
    double due = fmin(e->curl_due, e->next_due);
    if (has_begun(e)) due = fmin(due, e->look_due);
    double left = due - lcf_now();
    return left > 0 ? left : 0;
}

double lcf_engine_pause(const struct lcf_engine *e)
{
    double pause = e->more ? 0 : (lcf_now() - e->stirred) / 16;
    double due = lcf_engine_timeout(e);
    if (pause > 0.010) pause = 0.010;
    if (pause > due) pause = due;
    return pause < 0.001 ? 0.001 : pause;
}

int lcf_engine_pollfd(const struct lcf_engine *e)
{
    return e->carrier.sockets.epoll;
}

bool lcf_engine_setup(void)
{
    return curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
}

bool lcf_engine_supported(const char **version)
{
    const curl_version_info_data *curl = curl_version_info(CURLVERSION_NOW);
    *version = curl->version;
    return curl->version_num >= 0x075800;
}
