/* Every history that settle can be led through, walked to its end against a model server that
 * knows the truth: no definite answer may be false. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "../../src/core/settle.h"

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
#define REFUSES(code) ANSWER, .status = code, .verdict = LCF_REFUSAL, .success = LCF_FAILURE

static const struct event events[] = {
    {.name = "deleted", .for_delete = true, .needs_visible = true, .takes_effect = true, ANSWER, .status = 200,
     .verdict = LCF_PROVEN, .success = LCF_SUCCESS},
    {.name = "yes without the name", .for_delete = true, .needs_visible = true, .takes_effect = true, ANSWER,
     .status = 200, .verdict = LCF_UNNAMED, .success = LCF_SUCCESS},
    {.name = "yes, but nothing done", .for_delete = true, ANSWER, .status = 200, .verdict = LCF_UNNAMED,
     .success = LCF_SUCCESS},
    {.name = "lost after it took effect", .for_delete = true, .needs_visible = true, .takes_effect = true,
     .arrives = true, .phase = LCF_SENT, .cause = LCF_BROKEN, .retry_after = -1},
    {.name = "lost before it took effect", .for_delete = true, .arrives = true, .phase = LCF_SENT,
     .cause = LCF_TIMED_OUT, .retry_after = -1},
    {.name = "502 after it took effect", .for_delete = true, .needs_visible = true, .takes_effect = true, ANSWER,
     .status = 502, .verdict = LCF_AMBIGUOUS},
    {.name = "present", .for_get = true, .needs_visible = true, ANSWER, .status = 200, .verdict = LCF_PROVEN,
     .success = LCF_SUCCESS},
    {.name = "another token", .for_get = true, ANSWER, .status = 200, .verdict = LCF_UNNAMED, .success = LCF_SUCCESS},
    {.name = "502", .for_get = true, ANSWER, .status = 502, .verdict = LCF_AMBIGUOUS},
    {.name = "no answer", .for_get = true, .arrives = true, .phase = LCF_SENT, .cause = LCF_TIMED_OUT,
     .retry_after = -1},
    {.name = "absent", .for_delete = true, .for_get = true, .needs_absent = true, ANSWER, .status = 404,
     .verdict = LCF_ABSENT, .success = LCF_FAILURE},
    {.name = "no route", .for_delete = true, .for_get = true, ANSWER, .status = 404, .verdict = LCF_NO_ROUTE,
     .success = LCF_FAILURE},
    {.name = "400", .for_delete = true, .for_get = true, REFUSES(400)},
    {.name = "401", .for_delete = true, .for_get = true, REFUSES(401)},
    {.name = "403", .for_delete = true, .for_get = true, REFUSES(403)},
    {.name = "429", .for_delete = true, .for_get = true, REFUSES(429)},
    {.name = "no connection", .for_delete = true, .for_get = true, .phase = LCF_UNSENT, .cause = LCF_CONNECT,
     .retry_after = -1},
    {.name = "bad certificate", .for_delete = true, .for_get = true, .phase = LCF_UNSENT, .cause = LCF_CERTIFICATE,
     .retry_after = -1},
};

struct walk {
    struct lcf_plan plan;
    struct lcf_entry entries[MOST_ENTRIES];
    size_t count;
    int empty_looks;
    double now;
    struct world world;
    bool others;      /* somebody else may remove the token, once */
    bool cancels;     /* the caller may cancel anywhere */
    unsigned long *walked, *definite, *accepted, *wrong;
};

static bool visible(const struct world *w)
{
    return w->there && !w->hidden;
}

/* What is false about an outcome, or NULL. For a hidden token `gone` and `not_found` are true:
 * they speak for this credential. */
static const char *falsehood(const struct walk *w, enum lcf_outcome outcome)
{
    const struct lcf_entry *last = w->count ? &w->entries[w->count - 1] : NULL;
    bool yes = false;
    for (size_t i = 0; i < w->count; i++)
        if (w->entries[i].method == LCF_DELETE && w->entries[i].phase != LCF_UNSENT)
            yes = w->entries[i].reading.verdict == LCF_UNNAMED;
    switch (outcome) {
    case LCF_DELETED: return w->world.removed && last->method == LCF_DELETE ? NULL : "nothing was removed";
    case LCF_GONE: return visible(&w->world) ? "it is there" : NULL;
    case LCF_ACCEPTED: return yes ? NULL : "the last DELETE got no yes";
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
    bool needs_absent = e->needs_absent || (w->plan.deletes_itself && e->status == 401);
    if (method == LCF_DELETE ? !e->for_delete : !e->for_get) return false;
    if (e->needs_visible && !visible(&w->world)) return false;
    return !(needs_absent && visible(&w->world));
}

static void explore(const struct walk *w);

/* The walk goes on after one event, with time left or with hardly any. */
static void happen(const struct walk *before, const struct event *e, enum lcf_method method, bool late)
{
    struct walk w = *before;
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
    explore(&w);
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

static void somebody_cancels(const struct walk *before)
{
    struct walk w = *before;
    const struct lcf_history history = {w.entries, w.count, true, true, 0};
    const struct lcf_move move = lcf_settle(&w.plan, &history, w.now);
    assert_int_equal(move.act, LCF_END);
    judge(&w, &move);
}

static void explore(const struct walk *at)
{
    struct walk w = *at;
    const struct lcf_history history = {w.entries, w.count, false, true, 0};
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

static void no_history_ends_in_a_false_answer(void **state)
{
    (void)state;
    unsigned long walked = 0, definite = 0, accepted = 0, wrong = 0;
    static const struct world worlds[] = {{.there = true}, {.there = false}, {.there = true, .hidden = true}};
    for (size_t i = 0; i < 3; i++)
        for (int variant = 0; variant < 16; variant++) {
            struct walk w = {.world = worlds[i], .others = variant & 1, .cancels = variant & 8,
                             .walked = &walked, .definite = &definite, .accepted = &accepted, .wrong = &wrong};
            w.plan = (struct lcf_plan){.nature = LCF_REMOVE, .deadline = 300, .max_retries = variant & 1 ? 1 : 2,
                                       .check_first = variant & 2, .deletes_itself = variant & 4};
            explore(&w);
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
