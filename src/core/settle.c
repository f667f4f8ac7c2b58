#include "facts.h"

/* The rules. A history is folded into facts; the facts and the last attempt give the next move.
 *
 * A DELETE is proven (200, the id named), denied (a 404 about the token), refused, or never left the
 * process; any other is ambiguous: it may have taken effect. A GET that looks makes nothing ambiguous.
 * After an ambiguous DELETE the call looks. A GET says shown, absent, not permitted, or nothing.
 *   - shown, absent or not permitted: the DELETE is sent again, within max_retries. A GET's absence
 *     alone is a hint: it may come from a cache, or from a reader that lags behind.
 *   - a DELETE denied, and a GET after the last ambiguous DELETE that says absent: `gone`. Two
 *     witnesses; the GET is made, or repeated, where it is missing. Shown instead: `unknown`.
 *   - where reading is not permitted, and no GET has shown the token, the DELETE's denial is enough.
 *   - a passing fault (code 10000; a 403 after the token was shown) is looked past, twice.
 *   - a 401, a lock-out, or any other refusal teaches nothing about the token: `unknown`.
 * After a yes that does not name the token the call looks once, at once. Where that teaches nothing the outcome is
 * `accepted`; where reading is not permitted, one more DELETE must give the same yes first.
 * With nothing ambiguous a DELETE decides alone: denied is `not_found`, refused is `refused`. But where
 * a GET had shown the token, something between may have repeated the request and kept the first answer:
 * a denial then needs a GET's absence, and before a refusal ends the call one GET asks whether the token vanished.
 * A 429 is waited out, what never left is sent again; both within max_retries and the retry budget.
 * Other natures are settled by the answers to their own requests. A read is repeated until an answer is
 * believed. What replaces is repeated after an ambiguous request until a yes: `ok`. What may be done once is
 * never repeated after one: `unknown`. For both a refusal after an ambiguous request is `unknown`. */

/* Looks past a passing fault, in one call. */
#define LCF_PASSING_LOOKS 2

bool lcf_is_own(const struct lcf_plan *plan, enum lcf_method method)
{
    return method != LCF_GET || plan->nature == LCF_READ;
}

bool lcf_is_safe_to_retry(enum lcf_nature nature, enum lcf_outcome outcome)
{
    return nature != LCF_ONCE || outcome == LCF_NOT_SENT || outcome == LCF_REFUSED || outcome == LCF_NOT_FOUND;
}

static bool is_refused_with(const struct lcf_entry *e, int status)
{
    return e->reading.verdict == LCF_REFUSAL && e->status == status;
}

static bool is_locked_out(const struct lcf_entry *e)
{
    return lcf_reading_has(&e->reading, LCF_CODE_LOCKED_OUT);
}

/* A refusal of good credentials that does not last. */
static bool is_passing(const struct lcf_facts *f, const struct lcf_entry *e)
{
    if (e->reading.verdict != LCF_REFUSAL) return false;
    return lcf_reading_has(&e->reading, LCF_CODE_AUTHENTICATION) || (e->status == 403 && f->seen);
}

static bool is_not_permitted(const struct lcf_facts *f, const struct lcf_entry *e)
{
    return is_refused_with(e, 403) && !is_locked_out(e) && !is_passing(f, e);
}

static void weigh_send(struct lcf_facts *f, const struct lcf_entry *e)
{
    enum lcf_verdict verdict = e->reading.verdict;
    f->sends++;
    f->looks = 0;
    if (e->phase == LCF_UNSENT) return;
    f->own_sent = e;
    if (f->plan->nature == LCF_READ) return;
    f->yes_stands = verdict == LCF_UNNAMED && f->plan->nature == LCF_REMOVE;
    if (verdict == LCF_ABSENT) f->denied = true;
    if (verdict != LCF_AMBIGUOUS && verdict != LCF_UNNAMED) return;
    f->ambiguous = true;
    f->missed = f->denied = false;
}

static void weigh_look(struct lcf_facts *f, const struct lcf_entry *e)
{
    f->looks++;
    f->passing += is_passing(f, e);
    if (f->yes_stands && is_not_permitted(f, e)) f->barred = true;
    bool shown = e->reading.verdict == LCF_PROVEN;
    if (!shown && e->reading.verdict != LCF_ABSENT) return;
    f->seen = f->seen || shown;
    f->missed = !shown;
    f->yes_stands = f->barred = false;
}

void lcf_facts_add(struct lcf_facts *f, const struct lcf_entry *e)
{
    f->last = e;
    if (lcf_is_objection(f->plan, e)) f->objection = e;
    f->silent = f->silent || e->cause == LCF_TIMED_OUT;
    f->distrust = f->silent || e->cause == LCF_BROKEN || (f->distrust && e->cause != LCF_ANSWERED);
    if (e->store_left) return; /* half of an attempt: the other half follows */
    if (lcf_is_own(f->plan, e->method)) weigh_send(f, e);
    else weigh_look(f, e);
}

enum lcf_kind lcf_entry_kind(const struct lcf_entry *e)
{
    if (e->cause != LCF_ANSWERED) return lcf_cause_kind(e->cause);
    return e->reading.success == LCF_NO_ENVELOPE ? LCF_KIND_RESPONSE : LCF_KIND_API;
}

bool lcf_is_objection(const struct lcf_plan *plan, const struct lcf_entry *e)
{
    bool answered = e->cause == LCF_ANSWERED || e->cause == LCF_MALFORMED || e->cause == LCF_COMPRESSED;
    bool yes = plan->nature == LCF_REMOVE && e->reading.success == LCF_SUCCESS;
    return answered && e->phase != LCF_UNSENT && !yes && e->reading.verdict != LCF_PROVEN;
}

static struct lcf_move end(enum lcf_outcome outcome, enum lcf_kind kind)
{
    return (struct lcf_move){.act = LCF_END, .outcome = outcome, .kind = kind};
}

static struct lcf_move end_as(const struct lcf_facts *f, enum lcf_outcome outcome)
{
    return end(outcome, lcf_entry_kind(f->objection ? f->objection : f->last));
}

/* What may be said when nothing more will be learnt. */
static enum lcf_outcome proven(const struct lcf_facts *f)
{
    if (!f->own_sent) return LCF_NOT_SENT;
    if (f->plan->nature == LCF_READ) return f->own_sent->reading.verdict == LCF_REFUSAL ? LCF_REFUSED : LCF_FAILED;
    if (f->yes_stands) return LCF_ACCEPTED;
    return f->ambiguous || f->denied ? LCF_UNKNOWN : LCF_REFUSED;
}

static struct lcf_move give_up(const struct lcf_facts *f)
{
    return end_as(f, proven(f));
}

static struct lcf_move run_out(const struct lcf_facts *f)
{
    return f->objection ? give_up(f) : end(proven(f), LCF_KIND_TIMEOUT);
}

/* The pool may still hold a connection that was lost: it is given no further request. */
static struct lcf_move act(enum lcf_act what, const struct lcf_facts *f)
{
    return (struct lcf_move){.act = what, .fresh = f->distrust || f->now < f->history->suspect_until};
}

/* Exponential backoff with full jitter. */
static double backoff(int step, double jitter)
{
    double most = LCF_BACKOFF_BASE;
    for (; step > 0; step--) most *= 2;
    return jitter * (most < LCF_BACKOFF_CAP ? most : LCF_BACKOFF_CAP);
}

/* `what`, after the wait that the server asked for or our own backoff, if it fits the deadline.
 * Our own is never over half of what is left, so that the deadline is not slept through. */
static struct lcf_move later(const struct lcf_facts *f, enum lcf_act what, int step)
{
    double left = f->plan->deadline - f->last->ended;
    double asked = f->last->retry_after;
    double wait = asked >= 0 ? asked : backoff(step, f->last->jitter);
    if (wait < LCF_LEAST_TIME) wait = LCF_LEAST_TIME;
    if (asked >= 0 && wait > left - LCF_LEAST_TIME) return give_up(f);
    if (asked < 0 && wait > left / 2) wait = left / 2;
    if (wait < LCF_LEAST_TIME) return run_out(f);
    double until = f->last->ended + wait;
    return f->now < until ? (struct lcf_move){.act = LCF_WAIT, .until = until} : act(what, f);
}

/* Causes that time does not mend. */
static bool is_hopeless(const struct lcf_entry *e)
{
    return e->cause == LCF_CERTIFICATE || e->cause == LCF_CONFIGURE;
}

/* Repeats the operation's own request. Settling an ambiguous DELETE is never short of budget. */
static struct lcf_move send_again(const struct lcf_facts *f)
{
    bool is_free = f->last->paid || f->ambiguous;
    bool starved = f->last->cause == LCF_NO_MEMORY && !f->ambiguous;
    if (f->sends > f->plan->max_retries || starved || is_hopeless(f->last)) return give_up(f);
    if (!is_free && !f->history->affords_retry) return give_up(f);
    struct lcf_move move = later(f, LCF_SEND, f->sends - 1);
    move.spends = !is_free && move.act != LCF_END;
    return move;
}

static struct lcf_move delete_again(const struct lcf_facts *f)
{
    return f->sends > f->plan->max_retries ? give_up(f) : act(LCF_SEND, f);
}

static struct lcf_move look_again(const struct lcf_facts *f)
{
    return is_hopeless(f->last) ? give_up(f) : later(f, LCF_CONFIRM, f->looks);
}

/* Whether a GET may say later what it does not say now. */
static bool may_say_more(const struct lcf_facts *f)
{
    if (f->last->reading.verdict != LCF_REFUSAL) return true;
    if (is_locked_out(f->last)) return false;
    return f->last->status == 429 || (is_passing(f, f->last) && f->passing <= LCF_PASSING_LOOKS);
}

/* A denied DELETE of a token that was there, or may have been, needs a GET that agrees. */
static struct lcf_move after_denial(const struct lcf_facts *f)
{
    if (!f->ambiguous && !f->seen) return end_as(f, LCF_NOT_FOUND);
    return f->missed ? end_as(f, LCF_GONE) : act(LCF_CONFIRM, f);
}

static struct lcf_move after_refusal(const struct lcf_facts *f)
{
    if (f->ambiguous) return end_as(f, LCF_UNKNOWN);
    return f->last->status == 429 ? send_again(f) : end_as(f, LCF_REFUSED);
}

/* What a 404 means to any operation but a removal. Where the path of a ONCE request names no thing of its own (a
 * create), the 404 is about something else: it is a refusal. */
static enum lcf_outcome absence(const struct lcf_facts *f)
{
    if (f->ambiguous) return LCF_UNKNOWN;
    return f->plan->names_one || f->plan->nature != LCF_ONCE ? LCF_NOT_FOUND : LCF_REFUSED;
}

/* What is settled by the answers to its own requests. */
static struct lcf_move after_request(const struct lcf_facts *f)
{
    if (f->last->phase == LCF_UNSENT) return send_again(f);
    switch (f->last->reading.verdict) {
    case LCF_PROVEN: return end_as(f, LCF_OK);
    case LCF_ABSENT: return end_as(f, absence(f));
    case LCF_REFUSAL: return after_refusal(f);
    default: return f->plan->nature == LCF_ONCE ? give_up(f) : send_again(f); /* nothing is proven */
    }
}

static struct lcf_move after_delete(const struct lcf_facts *f)
{
    if (f->last->phase == LCF_UNSENT) return send_again(f);
    switch (f->last->reading.verdict) {
    case LCF_PROVEN: return end_as(f, LCF_DELETED);
    case LCF_ABSENT: return after_denial(f);
    case LCF_REFUSAL: return after_refusal(f);
    case LCF_UNNAMED: return f->barred ? end_as(f, LCF_ACCEPTED) : act(LCF_CONFIRM, f);
    default: return look_again(f); /* nothing is proven */
    }
}

/* Whether the last GET is an answer: the token is shown or absent, or must not be read. */
static bool is_answer(const struct lcf_facts *f)
{
    enum lcf_verdict verdict = f->last->reading.verdict;
    return verdict == LCF_PROVEN || verdict == LCF_ABSENT || is_not_permitted(f, f->last);
}

/* The GET that `check_first` asks for, before any DELETE. */
static struct lcf_move after_first_look(const struct lcf_facts *f)
{
    if (is_answer(f)) return act(LCF_SEND, f);
    return may_say_more(f) ? look_again(f) : end_as(f, LCF_NOT_SENT);
}

/* The GET that follows an ambiguous or a denied DELETE. */
static struct lcf_move after_confirmation(const struct lcf_facts *f)
{
    bool shown = f->last->reading.verdict == LCF_PROVEN;
    if (is_answer(f) && f->denied) return end_as(f, shown ? LCF_UNKNOWN : LCF_GONE);
    if (is_answer(f)) return delete_again(f);
    return f->yes_stands || !may_say_more(f) ? give_up(f) : look_again(f);
}

/* The GET that follows a refused DELETE of a token that was shown. */
static struct lcf_move after_refusal_look(const struct lcf_facts *f)
{
    return end_as(f, f->last->reading.verdict == LCF_ABSENT ? LCF_UNKNOWN : LCF_REFUSED);
}

static struct lcf_move after_look(const struct lcf_facts *f)
{
    if (f->ambiguous || f->denied) return after_confirmation(f);
    return f->own_sent ? after_refusal_look(f) : after_first_look(f);
}

static struct lcf_move next(const struct lcf_facts *f)
{
    enum lcf_nature nature = f->plan->nature;
    if (!f->last) return act(f->plan->check_first && nature == LCF_REMOVE ? LCF_CONFIRM : LCF_SEND, f);
    bool own = lcf_is_own(f->plan, f->last->method);
    if (f->last->store_left) return act(own ? LCF_SEND : LCF_CONFIRM, f);
    if (nature != LCF_REMOVE) return after_request(f);
    return own ? after_delete(f) : after_look(f);
}

/* Where a GET had shown the token, a call does not end as refused before one more has asked whether it vanished. */
static struct lcf_move unless_refused(const struct lcf_facts *f, struct lcf_move move)
{
    bool asks = f->seen && f->last->method == LCF_DELETE;
    return asks && move.outcome == LCF_REFUSED ? act(LCF_CONFIRM, f) : move;
}

/* Holds a request back where too little time is left for it, or the server's block still lasts. What
 * settles a call is not held back by a block. */
static struct lcf_move gate(const struct lcf_facts *f)
{
    struct lcf_move move = unless_refused(f, next(f));
    double blocked_until = f->history->blocked_until;
    bool settles = f->ambiguous || (move.act == LCF_CONFIRM && f->own_sent);
    if (move.act != LCF_SEND && move.act != LCF_CONFIRM) return move;
    if (f->plan->deadline - f->now < LCF_LEAST_TIME) return run_out(f);
    if (settles || blocked_until <= f->now) return move;
    if (blocked_until > f->plan->deadline - LCF_LEAST_TIME) return unless_refused(f, end(proven(f), LCF_KIND_API));
    return (struct lcf_move){.act = LCF_WAIT, .spends = move.spends, .until = blocked_until};
}

struct lcf_move lcf_facts_move(const struct lcf_facts *f)
{
    struct lcf_move move = gate(f);
    if (!f->history->cancelled) return move;
    if (move.act == LCF_END && move.outcome != LCF_ACCEPTED) return end(move.outcome, LCF_KIND_CANCELLED);
    return end(f->yes_stands ? LCF_UNKNOWN : proven(f), LCF_KIND_CANCELLED);
}

struct lcf_move lcf_settle(const struct lcf_plan *plan, const struct lcf_history *history, double now)
{
    struct lcf_facts f = {.plan = plan, .history = history, .now = now};
    for (size_t i = 0; i < history->count; i++) lcf_facts_add(&f, &history->entries[i]);
    return lcf_facts_move(&f);
}

double lcf_attempt_deadline(const struct lcf_plan *plan, double attempt_timeout, double now)
{
    double left = plan->deadline - now;
    double most = left / 2;
    double before_settling = left - 2 * LCF_LEAST_TIME - LCF_HOST_DELAY; /* the least wait, and the least for a GET */
    if (before_settling >= LCF_LEAST_TIME && before_settling < most) most = before_settling;
    return now + (attempt_timeout < most ? attempt_timeout : most);
}
