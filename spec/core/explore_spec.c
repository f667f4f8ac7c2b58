/* Every history that settle can be led through, walked to its end against a model server that
 * knows the truth: no definite answer may be false. */
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

/* What is true, and what this credential may see of it. */
struct world {
    bool there;      /* the token exists */
    bool hidden;     /* this credential is never shown it, and cannot touch it */
    bool removed;    /* by a DELETE of ours */
    bool arrived;    /* a DELETE of ours reached the server */
};

/* One way in which an attempt can go. `takes_effect` is for a DELETE. */
struct event {
    const char *name;
    bool for_delete, for_get;
    bool rare;    /* at most once in a history, to keep their number walkable */
    bool cancels; /* the caller cancels while it is under way */
    bool needs_visible, needs_absent; /* what the server may truthfully say */
    bool takes_effect, arrives;
    enum lcf_phase phase;
    enum lcf_cause cause;
    int status;
    enum lcf_verdict verdict;
    enum lcf_success success;
    double retry_after;
};

#define ANSWER .arrives = true, .phase = LCF_COMPLETE, .cause = LCF_ANSWERED, .retry_after = -1
#define SENT(why) .arrives = true, .phase = LCF_SENT, .cause = why, .retry_after = -1
#define UNSENT(why) .phase = LCF_UNSENT, .cause = why, .retry_after = -1
#define RARE .rare = true, .for_delete = true
#define REFUSES(code) ANSWER, .status = code, .verdict = LCF_REFUSAL, .success = LCF_FAILURE

static const struct event events[] = {
    {.name = "deleted", .for_delete = true, .needs_visible = true, .takes_effect = true, ANSWER, .status = 200,
     .verdict = LCF_PROVEN, .success = LCF_SUCCESS},
    {.name = "yes without the name", .for_delete = true, .needs_visible = true, .takes_effect = true, ANSWER,
     .status = 200, .verdict = LCF_UNNAMED, .success = LCF_SUCCESS},
    {.name = "yes, but nothing done", .for_delete = true, ANSWER, .status = 200, .verdict = LCF_UNNAMED,
     .success = LCF_SUCCESS},
    {.name = "lost after it took effect", .for_delete = true, .needs_visible = true, .takes_effect = true,
     SENT(LCF_BROKEN)},
    {.name = "lost before it took effect", .for_delete = true, SENT(LCF_TIMED_OUT)},
    {.name = "502 after it took effect", .for_delete = true, .needs_visible = true, .takes_effect = true, ANSWER,
     .status = 502, .verdict = LCF_AMBIGUOUS},
    {.name = "present", .for_get = true, .needs_visible = true, ANSWER, .status = 200, .verdict = LCF_PROVEN,
     .success = LCF_SUCCESS},
    {.name = "another token", .for_get = true, ANSWER, .status = 200, .verdict = LCF_UNNAMED, .success = LCF_SUCCESS},
    {.name = "502", .for_get = true, ANSWER, .status = 502, .verdict = LCF_AMBIGUOUS},
    {.name = "no answer", .for_get = true, SENT(LCF_TIMED_OUT)},
    {.name = "absent", .for_delete = true, .for_get = true, .needs_absent = true, ANSWER, .status = 404,
     .verdict = LCF_ABSENT, .success = LCF_FAILURE},
    {.name = "no route", .for_delete = true, .for_get = true, ANSWER, .status = 404, .verdict = LCF_NO_ROUTE,
     .success = LCF_FAILURE},
    {.name = "400", .for_delete = true, .for_get = true, REFUSES(400)},
    {.name = "401", .for_delete = true, .for_get = true, REFUSES(401)},
    {.name = "403", .for_delete = true, .for_get = true, REFUSES(403)},
    {.name = "429", .for_delete = true, .for_get = true, REFUSES(429)},
    {.name = "no connection", .for_delete = true, .for_get = true, UNSENT(LCF_CONNECT)},
    {.name = "bad certificate", .for_delete = true, .for_get = true, UNSENT(LCF_CERTIFICATE)},
    {.name = "cancelled before it was sent", .cancels = true, .for_delete = true, .for_get = true,
     UNSENT(LCF_CANCELLED)},
    {.name = "cancelled under way", .cancels = true, .for_delete = true, .for_get = true, SENT(LCF_CANCELLED)},
    {.name = "cancelled after it took effect", .cancels = true, .for_delete = true, .needs_visible = true,
     .takes_effect = true, SENT(LCF_CANCELLED)},
    {.name = "502 before it took effect", RARE, ANSWER, .status = 502, .verdict = LCF_AMBIGUOUS},
    {.name = "503 that asks for a wait", RARE, .for_get = true, .arrives = true, .phase = LCF_COMPLETE,
     .cause = LCF_ANSWERED, .status = 503, .verdict = LCF_AMBIGUOUS, .retry_after = 5},
    {.name = "no envelope, after it took effect", RARE, .needs_visible = true, .takes_effect = true, ANSWER,
     .status = 200, .verdict = LCF_AMBIGUOUS},
    {.name = "malformed after it took effect", RARE, .needs_visible = true, .takes_effect = true, SENT(LCF_MALFORMED)},
    {.name = "malformed", RARE, .for_get = true, SENT(LCF_MALFORMED)},
    {.name = "out of memory after it took effect", RARE, .needs_visible = true, .takes_effect = true,
     SENT(LCF_NO_MEMORY)},
    {.name = "out of memory", RARE, .for_get = true, UNSENT(LCF_NO_MEMORY)},
    {.name = "out of time before it was sent", RARE, .for_get = true, UNSENT(LCF_TIMED_OUT)},
    {.name = "429 for a while", RARE, .for_get = true, .arrives = true, .phase = LCF_COMPLETE, .cause = LCF_ANSWERED,
     .status = 429, .verdict = LCF_REFUSAL, .success = LCF_FAILURE, .retry_after = 5},
    {.name = "429 for longer than there is", RARE, .for_get = true, .arrives = true, .phase = LCF_COMPLETE,
     .cause = LCF_ANSWERED, .status = 429, .verdict = LCF_REFUSAL, .success = LCF_FAILURE, .retry_after = 3600},
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
    bool poor;        /* the retry budget is spent */
    double blocked_until; /* by a 429 that another call got, after this one's first request */
    unsigned long *walked, *definite, *accepted, *wrong;
};

static bool visible(const struct world *w)
{
    return w->there && !w->hidden;
}

static struct lcf_history history_of(const struct walk *w, bool cancelled)
{
    return (struct lcf_history){w->entries, w->count, cancelled, !w->poor, w->count > 0 ? w->blocked_until : 0};
}

/* Whether the last DELETE that left got a yes without the name, and no GET has shown the token since. */
static bool yes_stands_alone(const struct walk *w)
{
    bool yes = false;
    for (const struct lcf_entry *e = w->entries; e < w->entries + w->count; e++) {
        if (e->method == LCF_DELETE && e->phase != LCF_UNSENT) yes = e->reading.verdict == LCF_UNNAMED;
        if (e->method == LCF_GET && e->reading.verdict == LCF_PROVEN) yes = false;
    }
    return yes;
}

/* What is false about an outcome, or NULL. For a hidden token `gone` and `not_found` are true:
 * they speak for this credential. */
static const char *falsehood(const struct walk *w, enum lcf_outcome outcome)
{
    const struct lcf_entry *last = w->count ? &w->entries[w->count - 1] : NULL;
    switch (outcome) {
    case LCF_DELETED: return w->world.removed && last->method == LCF_DELETE ? NULL : "nothing was removed";
    case LCF_GONE: return visible(&w->world) ? "it is there" : NULL;
    case LCF_ACCEPTED: return yes_stands_alone(w) ? NULL : "no yes stands alone";
    case LCF_NOT_FOUND: return visible(&w->world) ? "it is there" : w->world.removed ? "we removed it" : NULL;
    case LCF_NOT_SENT: return w->world.arrived ? "a DELETE arrived" : NULL;
    case LCF_REFUSED: return !w->world.arrived ? "none arrived" : w->world.removed ? "we removed it" : NULL;
    case LCF_UNKNOWN: return NULL;
    default: return "no outcome of a deletion";
    }
}

static void judge(const struct walk *w, const struct lcf_move *move)
{
    ++*w->walked;
    *w->accepted += move->outcome == LCF_ACCEPTED;
    *w->definite += move->outcome != LCF_ACCEPTED && move->outcome != LCF_UNKNOWN;
    const char *false_because = falsehood(w, move->outcome);
    if (!false_because) return;
    ++*w->wrong;
    print_message("  false: %s, but %s, after:", lcf_outcome_name(move->outcome), false_because);
    for (size_t i = 0; i < w->count; i++)
        print_message(" %s/%d/%d", lcf_method_name(w->entries[i].method), w->entries[i].status,
                      w->entries[i].reading.verdict);
    print_message("\n");
}

/* What a server may truthfully do; one whose credential is the token itself says 401 once that is gone. */
static bool possible(const struct event *e, enum lcf_method method, const struct walk *w)
{
    if ((e->rare && !w->rare) || (e->cancels && !w->cancels)) return false;
    bool needs_absent = e->needs_absent || (w->plan.deletes_itself && e->status == 401);
    if (method == LCF_DELETE ? !e->for_delete : !e->for_get) return false;
    if (e->needs_visible && !visible(&w->world)) return false;
    return !(needs_absent && visible(&w->world));
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

/* The walk goes on after one event, with time left or with hardly any. */
static void happen(const struct walk *before, const struct event *e, enum lcf_method method, bool late)
{
    struct walk w = *before;
    w.rare = w.rare && !e->rare;
    struct lcf_entry *entry = &w.entries[w.count++];
    if (method == LCF_DELETE && e->arrives) w.world.arrived = true;
    if (method == LCF_DELETE && e->takes_effect) {
        w.world.there = false;
        w.world.removed = true;
    }
    bool teaches = method == LCF_DELETE || e->verdict == LCF_PROVEN;
    w.empty_looks += !teaches;
    if (late || w.empty_looks > MOST_LOOKS || w.count == MOST_ENTRIES - 1) w.now = w.plan.deadline - 0.3;
    else w.now += 0.1;
    *entry = (struct lcf_entry){.method = method, .phase = e->phase, .cause = e->cause, .status = e->status,
                                .began = before->now, .ended = w.now, .retry_after = e->retry_after, .jitter = 0.5};
    entry->reading.verdict = e->verdict;
    entry->reading.success = e->success;
    if (e->cancels) somebody_cancels(&w);
    else explore(&w);
}

static void attempt(const struct walk *w, enum lcf_method method)
{
    for (size_t i = 0; i < sizeof events / sizeof *events; i++) {
        if (!possible(&events[i], method, w)) continue;
        happen(w, &events[i], method, false);
        happen(w, &events[i], method, true);
    }
}

static void somebody_else_removes(const struct walk *before)
{
    struct walk w = *before;
    w.others = false;
    w.world.there = false;
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
enum { OTHERS = 1, FIRST = 2, ITSELF = 4, CANCELS = 8, RARELY = 16, POOR = 32, BLOCKED = 64, LONG = 128, ALL = 256 };

/* The share that is walked without SWEEP=all: one circumstance at a time, alone with the plan. */
static bool is_shared(int variant)
{
    int circumstances = !!(variant & RARELY) + !!(variant & POOR) + !!(variant & BLOCKED);
    return circumstances == 0 || (circumstances == 1 && !(variant & (OTHERS | CANCELS)));
}

static void explore_variant(struct walk w, int variant)
{
    w.others = variant & OTHERS;
    w.cancels = variant & CANCELS;
    w.rare = variant & RARELY;
    w.poor = variant & POOR;
    w.plan = (struct lcf_plan){.nature = LCF_REMOVE, .deadline = 300, .max_retries = 2,
                               .check_first = variant & FIRST, .deletes_itself = variant & ITSELF};
    if (variant & ~(FIRST | ITSELF | CANCELS)) w.plan.max_retries = 1;
    if (variant & BLOCKED) w.blocked_until = variant & LONG ? 1000 : 20;
    for (size_t i = 0; i < 3; i++) {
        w.world = worlds[i];
        explore(&w);
    }
}

static void no_history_ends_in_a_false_answer(void **state)
{
    (void)state;
    unsigned long walked = 0, definite = 0, accepted = 0, wrong = 0;
    const struct walk w = {.walked = &walked, .definite = &definite, .accepted = &accepted, .wrong = &wrong};
    const char *sweep = getenv("SWEEP");
    bool whole = sweep && strcmp(sweep, "all") == 0;
    for (int variant = 0; variant < ALL; variant++) {
        if ((variant & LONG) && !(variant & BLOCKED)) continue;
        if (whole || is_shared(variant)) explore_variant(w, variant);
    }
    print_message("explored %lu histories: %lu definite answers, %lu accepted, %lu false\n", walked, definite,
                  accepted, wrong);
    assert_int_equal(wrong, 0);
    assert_true(walked > 100000 && definite > 10000 && accepted > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(no_history_ends_in_a_false_answer)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
