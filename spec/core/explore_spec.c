/* Every history that settle can be led through, walked to its end against a model server that
 * knows the truth: no definite answer may be false, in any world.
 *
 * What is claimed, and so would be false, in every world:
 *   deleted    a DELETE of ours removed the token, and the last answer is that DELETE's
 *   gone       the token is not in this account for this credential
 *   not_found  a DELETE would not find it, and none of ours removed it
 *   refused    a DELETE arrived, and none removed it
 *   not_sent   no DELETE arrived
 *   accepted   the last DELETE got a yes without the name, and no GET has answered since
 * Two claims are weaker in one world, and only there: behind a middleman that repeats requests by
 * itself, `not_found` (unless a GET of the call showed the token) and `refused` may be the answer to
 * the second copy of a DELETE whose first copy removed the token. The answer to the first never came.
 *
 * A world lies in one way, or in two that are named together. Where reads and DELETEs lied in the same
 * way, no client could tell. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "../../src/core/settle.h"

#include <stdlib.h>
#include <string.h>

#define MOST_ENTRIES 16
#define MOST_LOOKS 2 /* GETs that teach nothing, in one history, before the time is up */

#define ASKED "ed17574386854bf78a67040be0a770b0"
#define YES(result) "{\"success\":true,\"errors\":[],\"messages\":[],\"result\":" result "}"
#define NAMED(id) YES("{\"id\":\"" id "\"}")
#define NO(errors) "{\"success\":false,\"errors\":[" errors "],\"messages\":[],\"result\":null}"
#define CODE(code) "{\"code\":" #code ",\"message\":\"\"}"

/* Ways in which a world lies; bits. */
enum {
    LAGS = 1,          /* reads lag behind: they miss what is there, and show what is gone */
    DELETE_BLIND = 2,  /* a GET shows the token, a DELETE denies it */
    READ_BLIND = 4,    /* a DELETE acts, a GET denies it */
    REPEATS = 8,       /* a middleman sends a DELETE twice, and hands on the second answer */
    CACHES = 16,       /* a cache answers reads, and says so by an Age */
    PASSES = 32,       /* good credentials are refused for a moment */
    DIES = 64,         /* our credential is rolled, expires, or is deleted by somebody else */
    ITSELF = 128,      /* the token is our credential: it is refused once the token is gone */
    GATEWAY = 256      /* something between answers 404 by itself */
};

/* What is true, and what this credential may see of it. */
struct world {
    int lies;
    bool there;      /* the token exists */
    bool hidden;     /* in another account, or never shown to this credential, which cannot touch it */
    bool was_there;  /* a read that lags may still show it */
    bool removed;    /* by a DELETE of ours */
    bool arrived;    /* a DELETE of ours reached the server */
    bool dead;       /* our credential */
};

/* One way in which an attempt can go. `takes_effect` is for a DELETE. */
struct event {
    const char *name;
    int lies;     /* the world must lie so; 0 for any */
    bool for_delete, for_get;
    bool rare;    /* at most once in a history, to keep their number walkable */
    bool passes;  /* likewise: a refusal that comes back each time does not pass */
    bool cancels; /* the caller cancels while it is under way */
    bool needs_visible, needs_absent; /* what the server may truthfully say */
    bool is_stale; /* may be said of what was */
    bool forbids;  /* no GET meets it in a world whose GETs show the token */
    bool takes_effect, arrives;
    enum lcf_phase phase;
    enum lcf_cause cause;
    int status;
    bool cached;
    const char *body;
    double retry_after;
};

#define FOR_BOTH .for_delete = true, .for_get = true
#define ANSWER(code, text) \
    .arrives = true, .phase = LCF_COMPLETE, .cause = LCF_ANSWERED, .retry_after = -1, .status = code, .body = text
#define ASKS(code, text, seconds) \
    .arrives = true, .phase = LCF_COMPLETE, .cause = LCF_ANSWERED, .retry_after = seconds, .status = code, .body = text
#define SENT(why) .arrives = true, .phase = LCF_SENT, .cause = why, .retry_after = -1
#define UNSENT(why) .phase = LCF_UNSENT, .cause = why, .retry_after = -1
#define EFFECT .for_delete = true, .needs_visible = true, .takes_effect = true
#define HTML "<html></html>"

static const struct event events[] = {
    {.name = "deleted", EFFECT, ANSWER(200, NAMED(ASKED))},
    {.name = "yes without the name", EFFECT, ANSWER(200, YES("null"))},
    {.name = "yes, but nothing done", .for_delete = true, ANSWER(200, YES("null"))},
    {.name = "lost after it took effect", EFFECT, SENT(LCF_BROKEN)},
    {.name = "lost before it took effect", .for_delete = true, SENT(LCF_TIMED_OUT)},
    {.name = "502 after it took effect", EFFECT, ANSWER(502, HTML)},
    {.name = "present", .for_get = true, .needs_visible = true, ANSWER(200, NAMED(ASKED))},
    {.name = "another token", .for_get = true, ANSWER(200, NAMED("11111111111111111111111111111111"))},
    {.name = "502", .for_get = true, ANSWER(502, HTML)},
    {.name = "no answer", .for_get = true, SENT(LCF_TIMED_OUT)},
    {.name = "absent", FOR_BOTH, .needs_absent = true, ANSWER(404, NO(CODE(1003)))},
    {.name = "400", FOR_BOTH, ANSWER(400, NO(CODE(1001)))},
    {.name = "401", FOR_BOTH, ANSWER(401, NO(CODE(1000)))},
    {.name = "403", .forbids = true, FOR_BOTH, ANSWER(403, NO(CODE(9109)))},
    {.name = "429", FOR_BOTH, ANSWER(429, NO(CODE(971)))},
    {.name = "no connection", FOR_BOTH, UNSENT(LCF_CONNECT)},
    {.name = "bad certificate", FOR_BOTH, UNSENT(LCF_CERTIFICATE)},
    {.name = "cancelled before it was sent", .cancels = true, FOR_BOTH, UNSENT(LCF_CANCELLED)},
    {.name = "cancelled under way", .cancels = true, FOR_BOTH, SENT(LCF_CANCELLED)},
    {.name = "cancelled after it took effect", .cancels = true, EFFECT, SENT(LCF_CANCELLED)},
    {.name = "502 before it took effect", .rare = true, .for_delete = true, ANSWER(502, HTML)},
    {.name = "503 that asks for a wait", .rare = true, .for_delete = true, .for_get = true, ASKS(503, HTML, 5)},
    {.name = "no envelope, after it took effect", .rare = true, EFFECT, ANSWER(200, HTML)},
    {.name = "malformed after it took effect", .rare = true, EFFECT, SENT(LCF_MALFORMED)},
    {.name = "malformed", .rare = true, .for_delete = true, .for_get = true, SENT(LCF_MALFORMED)},
    {.name = "out of memory after it took effect", .rare = true, EFFECT, SENT(LCF_NO_MEMORY)},
    {.name = "out of memory", .rare = true, .for_delete = true, .for_get = true, UNSENT(LCF_NO_MEMORY)},
    {.name = "out of time before it was sent", .rare = true, .for_delete = true, .for_get = true, UNSENT(LCF_TIMED_OUT)},
    {.name = "429 for a while", .rare = true, .for_delete = true, .for_get = true, ASKS(429, NO(CODE(971)), 5)},
    {.name = "429 for longer than there is", .rare = true, .for_delete = true, .for_get = true, ASKS(429, NO(CODE(971)), 3600)},

    {.name = "absent, before it is", .lies = LAGS, .for_get = true, ANSWER(404, NO(CODE(1003)))},
    {.name = "present, after it was", .lies = LAGS, .for_get = true, .is_stale = true, ANSWER(200, NAMED(ASKED))},
    {.name = "denied", .lies = DELETE_BLIND, .for_delete = true, ANSWER(404, NO(CODE(1003)))},
    {.name = "missed", .lies = READ_BLIND, .for_get = true, ANSWER(404, NO(CODE(1003)))},
    {.name = "absent, of the second copy", .lies = REPEATS, EFFECT, ANSWER(404, NO(CODE(1003)))},
    {.name = "401, of the second copy", .lies = REPEATS, EFFECT, ANSWER(401, NO(CODE(1000)))},
    {.name = "403, of the second copy", .lies = REPEATS, EFFECT, ANSWER(403, NO(CODE(9109)))},
    {.name = "429, of the second copy", .lies = REPEATS, EFFECT, ANSWER(429, NO(CODE(971)))},
    {.name = "502, of the second copy", .lies = REPEATS, EFFECT, ANSWER(502, HTML)},
    {.name = "absent, by a cache", .lies = CACHES, .for_get = true, .cached = true, ANSWER(404, NO(CODE(1003)))},
    {.name = "present, by a cache", .lies = CACHES, .for_get = true, .is_stale = true, .cached = true,
     ANSWER(200, NAMED(ASKED))},
    {.name = "401 10000", .lies = PASSES, FOR_BOTH, ANSWER(401, NO(CODE(10000)))},
    {.name = "403 10000", .lies = PASSES, FOR_BOTH, ANSWER(403, NO(CODE(10000)))},
    {.name = "404 10000", .lies = PASSES, FOR_BOTH, ANSWER(404, NO(CODE(10000)))},
    {.name = "403, once", .lies = PASSES, .passes = true, FOR_BOTH, ANSWER(403, NO(CODE(9109)))},
    {.name = "403 10502", .lies = PASSES, FOR_BOTH, ANSWER(403, NO(CODE(10502)))},
    {.name = "429 10502", .lies = PASSES, FOR_BOTH, ANSWER(429, NO(CODE(10502)))},
    {.name = "404 of a gateway, without a code", .lies = GATEWAY, FOR_BOTH, ANSWER(404, NO("{\"message\":\"\"}"))},
    {.name = "404 of a gateway, empty", .lies = GATEWAY, FOR_BOTH, ANSWER(404, NO("{}"))},
    {.name = "404 of the route", .lies = GATEWAY, FOR_BOTH, ANSWER(404, NO(CODE(7003)))},
    {.name = "404 of another route", .lies = GATEWAY, FOR_BOTH, ANSWER(404, NO(CODE(7002)))},
    {.name = "404 of the route, in a chain", .lies = GATEWAY, FOR_BOTH,
     ANSWER(404, NO("{\"code\":1003,\"error_chain\":[" CODE(7003) "]}"))},
    {.name = "404 of the credential", .lies = GATEWAY, FOR_BOTH, ANSWER(404, NO(CODE(9109)))},
};
#define EVENTS (sizeof events / sizeof *events)

static struct lcf_reading readings[EVENTS];

static void read_all(void)
{
    for (size_t i = 0; i < EVENTS; i++) {
        const char *body = events[i].body ? events[i].body : "";
        const struct lcf_reply reply = {events[i].status, events[i].phase == LCF_COMPLETE, events[i].cached,
                                        {body, body + strlen(body)}};
        readings[i] = lcf_read_reply(&reply, &(struct lcf_expected){LCF_THIS_ID, ASKED});
    }
}

struct tally {
    unsigned long walked, definite, accepted, exempt, wrong;
};

struct walk {
    struct lcf_plan plan;
    struct lcf_entry entries[MOST_ENTRIES];
    size_t count;
    int empty_looks;
    double now;
    struct world world;
    bool others;      /* somebody else may remove the token, once */
    bool cancels;     /* the caller may cancel anywhere, and while a request is under way */
    bool rare;        /* a rare event may still come */
    bool passes;      /* a refusal that passes may still come */
    bool poor;        /* the retry budget is spent */
    double blocked_until; /* by a 429 that another call got, after this one's first request */
    struct tally *tally;
};

static bool visible(const struct world *w)
{
    return w->there && !w->hidden;
}

static bool is_sighted(const struct world *w, enum lcf_method method)
{
    return visible(w) && !(w->lies & (method == LCF_DELETE ? DELETE_BLIND : READ_BLIND));
}

static struct lcf_history history_of(const struct walk *w, bool cancelled)
{
    return (struct lcf_history){w->entries, w->count, cancelled, !w->poor, w->count > 0 ? w->blocked_until : 0, 0};
}

static bool was_shown(const struct walk *w)
{
    bool shown = false;
    for (const struct lcf_entry *e = w->entries; e < w->entries + w->count; e++)
        shown = shown || (e->method == LCF_GET && e->reading.verdict == LCF_PROVEN);
    return shown;
}

/* Whether the last DELETE that left got a yes without the name, and no GET has answered since. */
static bool yes_stands_alone(const struct walk *w)
{
    bool yes = false;
    for (const struct lcf_entry *e = w->entries; e < w->entries + w->count; e++) {
        bool answers = e->reading.verdict == LCF_PROVEN || e->reading.verdict == LCF_ABSENT;
        if (e->method == LCF_DELETE && e->phase != LCF_UNSENT) yes = e->reading.verdict == LCF_UNNAMED;
        if (e->method == LCF_GET && answers) yes = false;
    }
    return yes;
}

/* What is false about an outcome, or NULL. */
static const char *falsehood(const struct walk *w, enum lcf_outcome outcome)
{
    const struct lcf_entry *last = w->count ? &w->entries[w->count - 1] : NULL;
    switch (outcome) {
    case LCF_DELETED: return w->world.removed && last->method == LCF_DELETE ? NULL : "nothing was removed";
    case LCF_GONE: return visible(&w->world) ? "it is there" : NULL;
    case LCF_ACCEPTED: return yes_stands_alone(w) ? NULL : "no yes stands alone";
    case LCF_NOT_FOUND:
        return is_sighted(&w->world, LCF_DELETE) ? "it is there" : w->world.removed ? "we removed it" : NULL;
    case LCF_NOT_SENT: return w->world.arrived ? "a DELETE arrived" : NULL;
    case LCF_REFUSED: return !w->world.arrived ? "none arrived" : w->world.removed ? "we removed it" : NULL;
    case LCF_UNKNOWN: return NULL;
    default: return "no outcome of a deletion";
    }
}

static bool is_exempt(const struct walk *w, enum lcf_outcome outcome)
{
    if (!(w->world.lies & REPEATS)) return false;
    return outcome == LCF_REFUSED || (outcome == LCF_NOT_FOUND && !was_shown(w));
}

static void judge(const struct walk *w, const struct lcf_move *move)
{
    const char *false_because = falsehood(w, move->outcome);
    w->tally->walked++;
    w->tally->accepted += move->outcome == LCF_ACCEPTED;
    w->tally->definite += move->outcome != LCF_ACCEPTED && move->outcome != LCF_UNKNOWN;
    if (!false_because) return;
    if (is_exempt(w, move->outcome)) {
        w->tally->exempt++;
        return;
    }
    if (w->tally->wrong++ >= 3) return;
    print_message("  false: %s, but %s, after:", lcf_outcome_name(move->outcome), false_because);
    for (size_t i = 0; i < w->count; i++)
        print_message(" %s/%d/%d", lcf_method_name(w->entries[i].method), w->entries[i].status,
                      w->entries[i].reading.verdict);
    print_message("\n");
}

/* Whether the credential is refused by now: then whatever answers says so. */
static bool is_refused(const struct world *w)
{
    return w->dead || ((w->lies & ITSELF) && w->removed);
}

/* What a server may say in this world, where it is well. */
static bool possible(const struct event *e, enum lcf_method method, const struct walk *w)
{
    const struct world *world = &w->world;
    if ((e->rare && !w->rare) || (e->passes && !w->passes) || (e->cancels && !w->cancels)) return false;
    if (e->lies & ~world->lies) return false;
    if (method == LCF_DELETE ? !e->for_delete : !e->for_get) return false;
    if (e->phase == LCF_COMPLETE && is_refused(world)) return e->status == 401 || e->status >= 500;
    if (e->is_stale && !world->was_there) return false;
    if (e->forbids && method == LCF_GET && (world->lies & DELETE_BLIND)) return false;
    if (e->needs_visible && !is_sighted(world, method)) return false;
    bool needs_absent = e->needs_absent || ((world->lies & ITSELF) && e->status == 401 && !e->lies);
    return !(needs_absent && is_sighted(world, method));
}

static void explore(const struct walk *w);

static void somebody_cancels(const struct walk *before)
{
    struct walk w = *before;
    const struct lcf_history history = history_of(&w, true);
    const struct lcf_move move = lcf_settle(&w.plan, &history, w.now);
    assert_int_equal(move.act, LCF_END);
    judge(&w, &move);
}

static void take_effect(struct world *w, const struct event *e)
{
    w->arrived = w->arrived || e->arrives;
    if (!e->takes_effect) return;
    w->there = false;
    w->removed = true;
}

/* The walk goes on after one event, with time left or with hardly any. */
static void happen(const struct walk *before, size_t what, enum lcf_method method, bool late)
{
    const struct event *e = &events[what];
    struct walk w = *before;
    w.rare = w.rare && !e->rare;
    w.passes = w.passes && !e->passes;
    struct lcf_entry *entry = &w.entries[w.count++];
    if (method == LCF_DELETE) take_effect(&w.world, e);
    bool teaches = method == LCF_DELETE || readings[what].verdict == LCF_PROVEN;
    w.empty_looks += !teaches;
    if (late || w.empty_looks > MOST_LOOKS || w.count == MOST_ENTRIES - 1) w.now = w.plan.deadline - 0.3;
    else w.now += 0.1;
    *entry = (struct lcf_entry){.method = method, .phase = e->phase, .cause = e->cause, .status = e->status,
                                .reading = readings[what], .cached = e->cached, .began = before->now,
                                .ended = w.now, .retry_after = e->retry_after, .jitter = 0.5};
    if (e->cancels) somebody_cancels(&w);
    else explore(&w);
}

static void attempt(const struct walk *w, enum lcf_method method)
{
    for (size_t i = 0; i < EVENTS; i++) {
        if (!possible(&events[i], method, w)) continue;
        happen(w, i, method, false);
        happen(w, i, method, true);
    }
}

static void somebody_else_removes(const struct walk *before)
{
    struct walk w = *before;
    w.others = false;
    w.world.there = false;
    explore(&w);
}

static void the_credential_dies(const struct walk *before)
{
    struct walk w = *before;
    w.world.dead = true;
    explore(&w);
}

static void explore(const struct walk *at)
{
    struct walk w = *at;
    const struct lcf_history history = history_of(&w, false);
    struct lcf_move move = lcf_settle(&w.plan, &history, w.now);
    if (move.act == LCF_END) {
        judge(&w, &move);
        return;
    }
    if (w.cancels) somebody_cancels(&w);
    if (w.others && visible(&w.world)) somebody_else_removes(&w);
    if ((w.world.lies & DIES) && !w.world.dead) the_credential_dies(&w);
    while (move.act == LCF_WAIT) {
        assert_true(move.until > w.now);
        w.now = move.until;
        move = lcf_settle(&w.plan, &history, w.now);
    }
    if (move.act == LCF_END) judge(&w, &move);
    else attempt(&w, move.act == LCF_SEND ? LCF_DELETE : LCF_GET);
}

static const struct world worlds[] = {{.there = true}, {.there = false}, {.there = true, .hidden = true}};

/* Bits of `variant`: the plans, and what else may come. */
enum { OTHERS = 1, FIRST = 2, CANCELS = 4, RARELY = 8, POOR = 16, BLOCKED = 32, LONG = 64, ALL = 128 };

static int count_circumstances(int variant)
{
    return !!(variant & RARELY) + !!(variant & POOR) + !!(variant & BLOCKED);
}

/* The share that is walked without SWEEP: one circumstance at a time, alone with the plan, and in
 * worlds that lie the plans alone. */
static bool is_shared(int variant, int lies)
{
    int circumstances = count_circumstances(variant);
    if (lies) return circumstances == 0 && !(variant & CANCELS && variant & OTHERS);
    return circumstances == 0 || (circumstances == 1 && !(variant & (OTHERS | CANCELS)));
}

static void explore_variant(struct walk w, int variant, int lies)
{
    w.others = variant & OTHERS;
    w.cancels = variant & CANCELS;
    w.rare = variant & RARELY;
    w.passes = true;
    w.poor = variant & POOR;
    w.plan = (struct lcf_plan){.nature = LCF_REMOVE, .deadline = 300, .max_retries = 2,
                               .check_first = variant & FIRST};
    if (lies || (variant & ~(FIRST | CANCELS))) w.plan.max_retries = 1;
    if (variant & BLOCKED) w.blocked_until = variant & LONG ? 1000 : 20;
    for (size_t i = 0; i < sizeof worlds / sizeof *worlds; i++) {
        w.world = worlds[i];
        w.world.lies = lies;
        w.world.was_there = visible(&w.world);
        explore(&w);
    }
}

/* SWEEP=all walks everything; SWEEP=few, for the many mutants, the plans alone. */
static bool is_chosen(int variant, int lies)
{
    const char *sweep = getenv("SWEEP");
    if (sweep && strcmp(sweep, "all") == 0) return true;
    if (sweep && strcmp(sweep, "few") == 0) return !(variant & ~FIRST);
    return is_shared(variant, lies);
}

static struct tally explore_world(const char *name, int lies)
{
    struct tally tally = {0};
    const struct walk w = {.tally = &tally};
    for (int variant = 0; variant < ALL; variant++) {
        if ((variant & LONG) && !(variant & BLOCKED)) continue;
        if (is_chosen(variant, lies)) explore_variant(w, variant, lies);
    }
    print_message("explored %lu histories where %s: %lu definite answers, %lu accepted, %lu exempt, %lu false\n",
                  tally.walked, name, tally.definite, tally.accepted, tally.exempt, tally.wrong);
    return tally;
}

static void no_history_ends_in_a_false_answer(void **state)
{
    static const struct {
        const char *name;
        int lies;
    } kinds[] = {
        {"nothing lies", 0},
        {"reads lag behind", LAGS},
        {"a DELETE denies what a GET shows", DELETE_BLIND},
        {"a GET denies what a DELETE removes", READ_BLIND},
        {"a middleman repeats the DELETE", REPEATS},
        {"a cache answers, with its Age", CACHES},
        {"good credentials are refused for a moment", PASSES},
        {"our credential dies", DIES},
        {"the token is our credential", ITSELF},
        {"a gateway answers 404", GATEWAY},
        {"a middleman repeats, and reads lag behind", REPEATS | LAGS},
        {"a DELETE is blind, and credentials are refused for a moment", DELETE_BLIND | PASSES},
        {"reads lag behind, and our credential dies", LAGS | DIES},
        {"the token is our credential, and refused for a moment", ITSELF | PASSES},
    };
    struct tally all = {0};
    (void)state;
    read_all();
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        struct tally one = explore_world(kinds[i].name, kinds[i].lies);
        assert_true(one.walked > 1000 && one.definite > 100 && one.accepted > 0);
        assert_int_equal(one.exempt > 0, (kinds[i].lies & REPEATS) != 0);
        all.walked += one.walked;
        all.definite += one.definite;
        all.wrong += one.wrong;
    }
    print_message("explored %lu histories: %lu definite answers, %lu false\n", all.walked, all.definite, all.wrong);
    assert_int_equal(all.wrong, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(no_history_ends_in_a_false_answer)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
