#include "settle.h"

/* What a history amounts to. */
struct facts {
    const struct lcf_entry *last;
    const struct lcf_entry *answered; /* the last own request that left the process */
    int sends;       /* own requests, those that never left included */
    int looks;       /* GETs since the last of them */
    bool ambiguous;  /* some DELETE may have taken effect */
    bool seen;       /* a GET of this call showed the token */
    bool yes_stands; /* the last DELETE got a yes without the name, and nothing contradicts it */
    bool barred;     /* reading was not permitted after such a yes */
    bool silent;     /* an attempt timed out: its connection may stay in the pool, and be picked again */
    bool distrust;   /* that, or something broke and nothing has been answered since */
};

bool lcf_is_own(const struct lcf_plan *plan, enum lcf_method method)
{
    return method == LCF_DELETE || plan->nature == LCF_READ;
}

static void weigh_send(const struct lcf_plan *plan, struct facts *f, const struct lcf_entry *e)
{
    enum lcf_verdict verdict = e->reading.verdict;
    f->sends++;
    f->looks = 0;
    if (e->phase == LCF_UNSENT) return;
    f->answered = e;
    if (plan->nature == LCF_READ) return;
    f->yes_stands = verdict == LCF_UNNAMED;
    f->ambiguous = f->ambiguous || verdict == LCF_AMBIGUOUS || verdict == LCF_UNNAMED;
}

static bool refused_with(const struct lcf_entry *e, int status)
{
    return e->reading.verdict == LCF_REFUSAL && e->status == status;
}

static void weigh_look(struct facts *f, const struct lcf_entry *e)
{
    f->looks++;
    if (f->yes_stands && refused_with(e, 403)) f->barred = true;
    if (e->reading.verdict == LCF_PROVEN) {
        f->seen = true;
        f->yes_stands = f->barred = false;
    }
}

static struct facts weigh(const struct lcf_plan *plan, const struct lcf_history *history)
{
    struct facts f = {0};
    for (size_t i = 0; i < history->count; i++) {
        f.last = &history->entries[i];
        f.silent = f.silent || f.last->cause == LCF_TIMED_OUT;
        f.distrust = f.silent || f.last->cause == LCF_BROKEN || (f.distrust && f.last->cause != LCF_ANSWERED);
        if (lcf_is_own(plan, f.last->method)) weigh_send(plan, &f, f.last);
        else weigh_look(&f, f.last);
    }
    return f;
}

enum lcf_kind lcf_entry_kind(const struct lcf_entry *e)
{
    if (e->cause != LCF_ANSWERED) return lcf_cause_kind(e->cause);
    return e->reading.success == LCF_NO_ENVELOPE ? LCF_KIND_RESPONSE : LCF_KIND_API;
}

static struct lcf_move end(enum lcf_outcome outcome, enum lcf_kind kind)
{
    return (struct lcf_move){.act = LCF_END, .outcome = outcome, .kind = kind};
}

static struct lcf_move end_as(const struct facts *f, enum lcf_outcome outcome)
{
    return end(outcome, lcf_entry_kind(f->last));
}

/* What may be said when nothing more will be learnt. */
static enum lcf_outcome proven(const struct lcf_plan *plan, const struct facts *f)
{
    if (!f->answered) return LCF_NOT_SENT;
    if (plan->nature == LCF_READ)
        return f->answered->reading.verdict == LCF_REFUSAL ? LCF_REFUSED : LCF_FAILED;
    if (f->yes_stands) return LCF_ACCEPTED;
    return f->ambiguous ? LCF_UNKNOWN : LCF_REFUSED;
}

static struct lcf_move give_up(const struct lcf_plan *plan, const struct facts *f)
{
    return end_as(f, proven(plan, f));
}

/* The pool may still hold the connection that fell silent: this call gives it no further request. */
static struct lcf_move act(enum lcf_act what, const struct facts *f)
{
    return (struct lcf_move){.act = what, .fresh = f->distrust};
}

/* Exponential backoff with full jitter. */
static double backoff(int step, double jitter)
{
    double most = LCF_BACKOFF_BASE;
    for (; step > 0 && most < LCF_BACKOFF_CAP; step--) most *= 2;
    double wait = jitter * (most < LCF_BACKOFF_CAP ? most : LCF_BACKOFF_CAP);
    return wait > LCF_LEAST ? wait : LCF_LEAST;
}

/* `what`, after the wait that the server asked for or our own backoff, if it fits the deadline.
 * Our own is never over half of what is left, so that the deadline is not slept through. */
static struct lcf_move later(const struct lcf_plan *plan, const struct facts *f, enum lcf_act what, int step,
                             double now)
{
    double left = plan->deadline - f->last->ended;
    double asked = f->last->retry_after;
    double wait = asked >= 0 ? asked : backoff(step, f->last->jitter);
    if (asked >= 0 && wait < LCF_LEAST) wait = LCF_LEAST;
    if (asked >= 0 && wait > left - LCF_LEAST) return give_up(plan, f);
    if (asked < 0 && wait > left / 2) wait = left / 2;
    if (wait < LCF_LEAST) return end(proven(plan, f), LCF_KIND_TIMEOUT);
    double until = f->last->ended + wait;
    return now < until ? (struct lcf_move){.act = LCF_WAIT, .until = until} : act(what, f);
}

/* Causes that time does not mend. */
static bool is_hopeless(const struct lcf_entry *e)
{
    return e->cause == LCF_CERTIFICATE || e->cause == LCF_CONFIGURE;
}

/* Repeats the operation's own request. Settling an ambiguous DELETE is never short of budget. */
static struct lcf_move send_again(const struct lcf_plan *plan, const struct lcf_history *history,
                                  const struct facts *f, double now)
{
    bool is_free = f->last->paid || f->ambiguous;
    bool starved = f->last->cause == LCF_NO_MEMORY && !f->ambiguous;
    if (f->sends > plan->max_retries || starved || is_hopeless(f->last)) return give_up(plan, f);
    if (!is_free && !history->affords_retry) return give_up(plan, f);
    struct lcf_move move = later(plan, f, LCF_SEND, f->sends - 1, now);
    move.spends = !is_free && move.act != LCF_END;
    return move;
}

static struct lcf_move look_again(const struct lcf_plan *plan, const struct facts *f, double now)
{
    if (is_hopeless(f->last)) return give_up(plan, f);
    return later(plan, f, LCF_CONFIRM, f->looks, now);
}

static struct lcf_move after_read(const struct lcf_plan *plan, const struct lcf_history *history,
                                  const struct facts *f, double now)
{
    if (f->last->phase != LCF_UNSENT) {
        switch (f->last->reading.verdict) {
        case LCF_PROVEN: return end_as(f, LCF_OK);
        case LCF_ABSENT: return end_as(f, LCF_NOT_FOUND);
        case LCF_NO_ROUTE: return end_as(f, LCF_REFUSED);
        case LCF_REFUSAL:
            if (f->last->status != 429) return end_as(f, LCF_REFUSED);
            break;
        case LCF_AMBIGUOUS:
        case LCF_UNNAMED: break;
        }
    }
    return send_again(plan, history, f, now);
}

static struct lcf_move after_refusal(const struct lcf_plan *plan, const struct lcf_history *history,
                                     const struct facts *f, double now)
{
    if (f->ambiguous) return end_as(f, LCF_UNKNOWN);
    if (f->last->status == 429) return send_again(plan, history, f, now);
    return end_as(f, LCF_REFUSED);
}

static struct lcf_move after_delete(const struct lcf_plan *plan, const struct lcf_history *history,
                                    const struct facts *f, double now)
{
    if (f->last->phase == LCF_UNSENT) return send_again(plan, history, f, now);
    switch (f->last->reading.verdict) {
    case LCF_PROVEN: return end_as(f, LCF_DELETED);
    case LCF_ABSENT: return end_as(f, f->ambiguous || f->seen ? LCF_GONE : LCF_NOT_FOUND);
    case LCF_NO_ROUTE:
    case LCF_REFUSAL: return after_refusal(plan, history, f, now);
    case LCF_UNNAMED: return f->barred ? end_as(f, LCF_ACCEPTED) : act(LCF_CONFIRM, f);
    case LCF_AMBIGUOUS: break;
    }
    return look_again(plan, f, now);
}

/* The GET that `check_first` asks for, before any DELETE. */
static struct lcf_move after_first_look(const struct lcf_plan *plan, const struct facts *f, double now)
{
    switch (f->last->reading.verdict) {
    case LCF_PROVEN: return act(LCF_SEND, f);
    case LCF_ABSENT: return end_as(f, LCF_NOT_FOUND);
    case LCF_NO_ROUTE: return end_as(f, LCF_NOT_SENT);
    case LCF_REFUSAL:
        if (f->last->status == 403) return act(LCF_SEND, f);
        if (f->last->status != 429) return end_as(f, LCF_NOT_SENT);
        break;
    case LCF_AMBIGUOUS:
    case LCF_UNNAMED: break;
    }
    return look_again(plan, f, now);
}

static struct lcf_move delete_again(const struct lcf_plan *plan, const struct facts *f)
{
    return f->sends > plan->max_retries ? give_up(plan, f) : act(LCF_SEND, f);
}

/* The GET that follows an ambiguous DELETE. */
static struct lcf_move after_confirmation(const struct lcf_plan *plan, const struct facts *f, double now)
{
    enum lcf_verdict verdict = f->last->reading.verdict;
    if (verdict == LCF_ABSENT) return end_as(f, LCF_GONE);
    if (verdict == LCF_PROVEN || refused_with(f->last, 403)) return delete_again(plan, f);
    if (refused_with(f->last, 401) && plan->deletes_itself) return end_as(f, LCF_GONE);
    if (f->yes_stands || verdict == LCF_NO_ROUTE || refused_with(f->last, 401)) return give_up(plan, f);
    return look_again(plan, f, now);
}

static struct lcf_move next(const struct lcf_plan *plan, const struct lcf_history *history,
                            const struct facts *f, double now)
{
    if (!f->last) return act(plan->check_first && plan->nature == LCF_REMOVE ? LCF_CONFIRM : LCF_SEND, f);
    if (plan->nature == LCF_READ) return after_read(plan, history, f, now);
    if (f->last->method == LCF_DELETE) return after_delete(plan, history, f, now);
    return f->ambiguous ? after_confirmation(plan, f, now) : after_first_look(plan, f, now);
}

/* Holds a request back where too little time is left for it, or the server's block still lasts. */
static struct lcf_move gate(const struct lcf_plan *plan, const struct lcf_history *history,
                            const struct facts *f, double now)
{
    struct lcf_move move = next(plan, history, f, now);
    if (move.act != LCF_SEND && move.act != LCF_CONFIRM) return move;
    if (plan->deadline - now < LCF_LEAST) return end(proven(plan, f), LCF_KIND_TIMEOUT);
    if (history->blocked_until <= now) return move;
    if (history->blocked_until > plan->deadline - LCF_LEAST) return end(proven(plan, f), LCF_KIND_API);
    return (struct lcf_move){.act = LCF_WAIT, .spends = move.spends, .until = history->blocked_until};
}

struct lcf_move lcf_settle(const struct lcf_plan *plan, const struct lcf_history *history, double now)
{
    struct facts f = weigh(plan, history);
    struct lcf_move move = gate(plan, history, &f, now);
    if (!history->cancelled) return move;
    if (move.act == LCF_END && move.outcome != LCF_ACCEPTED) return end(move.outcome, LCF_KIND_CANCELLED);
    return end(f.yes_stands ? LCF_UNKNOWN : proven(plan, &f), LCF_KIND_CANCELLED);
}

double lcf_attempt_deadline(const struct lcf_plan *plan, double attempt_timeout, double now)
{
    double left = plan->deadline - now;
    double most = left / 2;
    double before_settling = left - 2 * LCF_LEAST - LCF_LATE; /* the least wait, and the least for a GET */
    if (before_settling >= LCF_LEAST && before_settling < most) most = before_settling;
    return now + (attempt_timeout < most ? attempt_timeout : most);
}
