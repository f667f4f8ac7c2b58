#ifndef LCF_SPEC_CORE_HISTORIES_H
#define LCF_SPEC_CORE_HISTORIES_H

/* Histories in rows, and the move that each must lead to: for the specs of settling. */

#include "support.h"

#include "../../src/core/settle.h"

#define FAR 30.0       /* seconds left, where a row says nothing else */
#define RETRIES 2      /* likewise */
#define NONE_ASKED (-1.0)

/* Attempts. Every one takes a tenth of a second, and its jitter is the whole of its backoff. */

static inline struct lcf_entry attempt(enum lcf_method method, enum lcf_phase phase, enum lcf_cause cause)
{
    return (struct lcf_entry){
        .method = method, .phase = phase, .cause = cause, .retry_after = NONE_ASKED, .jitter = 1};
}

static inline struct lcf_entry answer(enum lcf_method method, int status, enum lcf_verdict verdict,
                                      enum lcf_success success)
{
    struct lcf_entry entry = attempt(method, LCF_COMPLETE, LCF_ANSWERED);
    entry.status = status;
    entry.reading.verdict = verdict;
    entry.reading.success = success;
    return entry;
}

static inline struct lcf_entry refusal(enum lcf_method method, int status)
{
    return answer(method, status, LCF_REFUSAL, LCF_FAILURE);
}

static inline struct lcf_entry asking(struct lcf_entry entry, double retry_after)
{
    entry.retry_after = retry_after;
    return entry;
}

static inline struct lcf_entry saying(struct lcf_entry entry, int code)
{
    entry.reading.codes[entry.reading.code_count++] = code;
    return entry;
}

static inline struct lcf_entry with_jitter(struct lcf_entry entry, double jitter)
{
    entry.jitter = jitter;
    return entry;
}

static inline struct lcf_entry paid(struct lcf_entry entry)
{
    entry.paid = true;
    return entry;
}

/* The first half of an attempt: its peer was not accepted, and another of the system's trust stores is left. */
static inline struct lcf_entry with_store_left(struct lcf_entry entry)
{
    entry.store_left = true;
    return entry;
}

static inline struct lcf_entry del_ok(void) { return answer(LCF_DELETE, 200, LCF_PROVEN, LCF_SUCCESS); }
static inline struct lcf_entry del_yes(void) { return answer(LCF_DELETE, 200, LCF_UNNAMED, LCF_SUCCESS); }
static inline struct lcf_entry del_404(void) { return answer(LCF_DELETE, 404, LCF_ABSENT, LCF_FAILURE); }
static inline struct lcf_entry del_no_route(void) { return refusal(LCF_DELETE, 404); }
static inline struct lcf_entry del_refused(int status) { return refusal(LCF_DELETE, status); }
static inline struct lcf_entry del_429(double retry_after) { return asking(refusal(LCF_DELETE, 429), retry_after); }
static inline struct lcf_entry del_html(int status)
{
    return answer(LCF_DELETE, status, LCF_AMBIGUOUS, LCF_NO_ENVELOPE);
}

static inline struct lcf_entry del_503_json(void) { return answer(LCF_DELETE, 503, LCF_AMBIGUOUS, LCF_FAILURE); }
static inline struct lcf_entry del_cut(void) { return attempt(LCF_DELETE, LCF_SENT, LCF_BROKEN); }
static inline struct lcf_entry del_timed_out(void) { return attempt(LCF_DELETE, LCF_SENT, LCF_TIMED_OUT); }
static inline struct lcf_entry del_lost(enum lcf_cause cause) { return attempt(LCF_DELETE, LCF_SENT, cause); }
static inline struct lcf_entry del_unsent(enum lcf_cause cause) { return attempt(LCF_DELETE, LCF_UNSENT, cause); }

static inline struct lcf_entry get_200(void) { return answer(LCF_GET, 200, LCF_PROVEN, LCF_SUCCESS); }
static inline struct lcf_entry get_other(void) { return answer(LCF_GET, 200, LCF_UNNAMED, LCF_SUCCESS); }
static inline struct lcf_entry get_404(void) { return answer(LCF_GET, 404, LCF_ABSENT, LCF_FAILURE); }
static inline struct lcf_entry get_no_route(void) { return refusal(LCF_GET, 404); }
static inline struct lcf_entry get_refused(int status) { return refusal(LCF_GET, status); }
static inline struct lcf_entry get_401(void) { return refusal(LCF_GET, 401); }
static inline struct lcf_entry get_403(void) { return refusal(LCF_GET, 403); }
static inline struct lcf_entry get_passing(int status) { return saying(refusal(LCF_GET, status), 10000); }
static inline struct lcf_entry get_locked(int status) { return saying(refusal(LCF_GET, status), 10502); }
static inline struct lcf_entry get_429(double retry_after) { return asking(refusal(LCF_GET, 429), retry_after); }
static inline struct lcf_entry get_html(int status) { return answer(LCF_GET, status, LCF_AMBIGUOUS, LCF_NO_ENVELOPE); }
static inline struct lcf_entry get_cut(void) { return attempt(LCF_GET, LCF_SENT, LCF_BROKEN); }
static inline struct lcf_entry get_timed_out(void) { return attempt(LCF_GET, LCF_SENT, LCF_TIMED_OUT); }
static inline struct lcf_entry get_unsent(enum lcf_cause cause) { return attempt(LCF_GET, LCF_UNSENT, cause); }

/* Moves, as a row expects them. */

struct expected {
    enum lcf_act act;
    double after;     /* seconds since the last attempt ended, and no sooner */
    bool fresh;
    bool spends;      /* this retry is taken from the budget: once */
    enum lcf_outcome outcome;
    enum lcf_kind kind;
};

static inline struct expected sends(double after) { return (struct expected){.act = LCF_SEND, .after = after}; }
static inline struct expected confirms(double after) { return (struct expected){.act = LCF_CONFIRM, .after = after}; }

static inline struct expected ends(enum lcf_outcome outcome)
{
    return (struct expected){.act = LCF_END, .outcome = outcome};
}

static inline struct expected fails(enum lcf_outcome outcome, enum lcf_kind kind)
{
    return (struct expected){.act = LCF_END, .outcome = outcome, .kind = kind};
}

static inline struct expected afresh(struct expected move)
{
    move.fresh = true;
    return move;
}

static inline struct expected spending(struct expected move)
{
    move.spends = true;
    return move;
}

/* What a row says beside its history; all zero is a client in good order with time enough. */
struct situation {
    enum lcf_nature nature;
    bool no_retries;     /* max_retries = 0 */
    int retries;         /* max_retries, where not RETRIES */
    bool check_first;
    bool names_none;     /* the path names nothing that could be absent: a create's */
    bool penniless;      /* the retry budget is empty */
    bool cancelled;
    double left;         /* of the deadline when the last attempt ended, where not FAR */
    double blocked_for;  /* since then */
    double suspect_for;  /* likewise, a lost connection in the pool */
    double asked_after;  /* how late settle is asked, where not at once */
};

struct row {
    const char *what;
    size_t count;
    struct lcf_entry entries[8];
    struct situation in;
    struct expected move;
};

#define SEEN(...) \
    sizeof((struct lcf_entry[]){__VA_ARGS__}) / sizeof(struct lcf_entry), {__VA_ARGS__}
#define NOTHING 0, {{0}}
#define USUALLY {.nature = LCF_REMOVE}
#define WITH(...) {.nature = LCF_REMOVE, __VA_ARGS__}
#define READING(...) {.nature = LCF_READ, __VA_ARGS__}

static const char *const act_names[] = {
    [LCF_SEND] = "send", [LCF_CONFIRM] = "confirm", [LCF_WAIT] = "wait", [LCF_END] = "end"};

static inline bool near(double a, double b)
{
    return a - b < 1e-6 && b - a < 1e-6;
}

/* Asks as an exchange does: waits when told to, and marks what was paid for. */
static inline struct expected settled(const struct row *row)
{
    struct lcf_entry entries[8];
    double now = 1024;
    memcpy(entries, row->entries, sizeof entries);
    for (size_t i = 0; i < row->count; i++) {
        entries[i].began = now;
        entries[i].ended = now += 0.125;
        now += i + 1 < row->count ? 0.5 : 0;
    }
    const double ended = now;
    now += row->in.asked_after;
    struct lcf_plan plan = {
        .nature = row->in.nature,
        .max_retries = row->in.no_retries ? 0 : row->in.retries ? row->in.retries : RETRIES,
        .check_first = row->in.check_first,
        .names_one = !row->in.names_none,
        .deadline = ended + (row->in.left > 0 ? row->in.left : FAR),
    };
    struct lcf_history history = {entries, row->count, row->in.cancelled, !row->in.penniless,
                                  row->in.blocked_for > 0 ? ended + row->in.blocked_for : 0,
                                  row->in.suspect_for > 0 ? ended + row->in.suspect_for : 0};
    unsigned payments = 0;
    struct lcf_move move = lcf_settle(&plan, &history, now);
    for (int waits = 0;; move = lcf_settle(&plan, &history, now)) {
        bool pays_in_vain = move.spends && (waits > 0 || move.act == LCF_END);
        if (pays_in_vain) fail_msg("%s: pays too late, or for nothing", row->what);
        if (move.spends) {
            payments++;
            if (row->count > 0) entries[row->count - 1].paid = true;
        }
        if (move.act != LCF_WAIT || ++waits > 5) break;
        if (move.until <= now) fail_msg("%s: waits for what is past", row->what);
        struct lcf_move halfway = lcf_settle(&plan, &history, (now + move.until) / 2);
        if (halfway.act != LCF_WAIT || !near(halfway.until, move.until)) fail_msg("%s: changes its mind", row->what);
        now = move.until;
    }
    if (payments > 1) fail_msg("%s: pays %u times for one retry", row->what, payments);
    return (struct expected){move.act, now - ended, move.fresh, payments > 0, move.outcome, move.kind};
}

static inline bool is_success(enum lcf_outcome outcome)
{
    return outcome == LCF_DELETED || outcome == LCF_GONE || outcome == LCF_ACCEPTED || outcome == LCF_OK;
}

static inline unsigned check_row(const struct row *row)
{
    const struct expected want = row->move, got = settled(row);
    unsigned wrong = 0;
    if (got.act != want.act) {
        WRONG(wrong, "%s: %s %s, expected %s %s", row->what, act_names[got.act], lcf_outcome_name(got.outcome),
              act_names[want.act], lcf_outcome_name(want.outcome));
        return wrong;
    }
    if (got.act == LCF_END) {
        if (got.outcome != want.outcome)
            WRONG(wrong, "%s: %s, expected %s", row->what, lcf_outcome_name(got.outcome),
                  lcf_outcome_name(want.outcome));
        else if (!is_success(got.outcome) && got.kind != want.kind)
            WRONG(wrong, "%s: kind %s, expected %s", row->what, lcf_kind_name(got.kind), lcf_kind_name(want.kind));
        return wrong;
    }
    if (!near(got.after, want.after)) WRONG(wrong, "%s: after %g s, expected %g s", row->what, got.after, want.after);
    if (got.fresh != want.fresh) WRONG(wrong, "%s: %s connection", row->what, got.fresh ? "a new" : "any");
    if (got.spends != want.spends) WRONG(wrong, "%s: %s", row->what, got.spends ? "spends" : "spends nothing");
    return wrong;
}

static inline void expect_moves(const struct row *rows, size_t count)
{
    unsigned wrong = 0;
    for (size_t i = 0; i < count; i++) wrong += check_row(&rows[i]);
    expect_none(wrong);
}

#endif
