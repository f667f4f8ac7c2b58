#include "exchange.h"
#include "clock.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Carries one call from its first attempt to its outcome. It decides nothing about repeating: after every attempt
 * it hands the whole history to settle and does what settle says. Rules: room for an entry is there before its
 * attempt begins, so that no attempt is forgotten; every attempt is recorded, one that could not begin too; the
 * body that the outcome rests on is kept, of a look only what is no yes; whatever may hold the credential or a
 * secret is wiped before it is freed. It never waits: it says when it is due, and monotonic time is handed in. */

/* A ray that the server chose may echo the credential. */
static void free_entries(struct lcf_exchange *x)
{
    lcf_wipe(x->entries, x->room * sizeof *x->entries);
    free(x->entries);
}

/* Room for the entry of an attempt, before it begins. By hand: realloc would leave an unwiped copy behind. */
static bool reserve_entry(struct lcf_exchange *x)
{
    if (x->count < x->room) return true;
    size_t room = x->room ? x->room * 2 : 8;
    struct lcf_entry *entries = malloc(room * sizeof *entries);
    if (!entries) return false;
    if (x->count) memcpy(entries, x->entries, x->count * sizeof *entries);
    free_entries(x);
    x->entries = entries;
    x->room = room;
    return true;
}

struct lcf_exchange *lcf_exchange_new(const struct lcf_request *request, struct lcf_profile *profile,
                                      struct lcf_secret *secret, double now)
{
    size_t lines_size = lcf_lines_size(request->lines), url_size = strlen(request->url) + 1;
    size_t sends = lines_size + url_size + request->body.len;
    struct lcf_exchange *x = calloc(1, sizeof *x + sends);
    if (!x) return NULL;
    if (!reserve_entry(x)) {
        free(x);
        return NULL;
    }
    x->holders = 1;
    x->profile = lcf_profile_hold(profile);
    x->secret = lcf_secret_hold(secret);
    x->intent = request->intent;
    x->limits = request->limits;
    x->plain = request->plain;
    x->plan = (struct lcf_plan){.nature = request->intent->nature,
                                .names_one = request->id != NULL,
                                .max_retries = request->limits.max_retries,
                                .check_first = request->limits.check_first,
                                .deadline = now + request->limits.timeout};
    if (request->account) memcpy(x->account, request->account, LCF_ID_LEN);
    if (request->id) memcpy(x->id, request->id, LCF_ID_LEN);
    x->block_size = sends;
    x->lines = lcf_lines_lay(x + 1, request->lines);
    x->url = (char *)(x + 1) + lines_size;
    memcpy(x->url, request->url, url_size);
    if (request->body.at) x->body = (struct lcf_text){x->url + url_size, request->body.len};
    if (request->body.len) memcpy(x->url + url_size, request->body.at, request->body.len);
    x->due = now;
    x->began = now;
    x->retry_after = -1;
    lcf_pace_start(&x->own_pace);
    x->pace = x->intent->apart ? &x->own_pace : &profile->pace;
    lcf_pace_earn(x->pace);
    return x;
}

struct lcf_exchange *lcf_exchange_hold(struct lcf_exchange *x)
{
    x->holders++;
    return x;
}

void lcf_exchange_release(struct lcf_exchange *x)
{
    if (!x || --x->holders > 0) return;
    lcf_bytes_free(&x->attempt.body);
    lcf_bytes_free(&x->reply);
    lcf_bytes_free(&x->yes);
    lcf_secret_release(x->secret);
    lcf_profile_release(x->profile);
    free_entries(x);
    lcf_wipe(x, sizeof *x + x->block_size);
    free(x);
}

/* A DELETE answered 200 without naming our token; kept apart so that the GET that follows does not replace it. */
static bool is_unnamed_yes(const struct lcf_exchange *x, const struct lcf_entry *e)
{
    return lcf_is_own(&x->plan, e->method) && x->plan.nature == LCF_REMOVE && e->reading.verdict == LCF_UNNAMED;
}

/* Keeps a body that was an envelope, each of the two kinds in its place. No outcome rests on what a look
 * showed. */
static void keep_body(struct lcf_exchange *x, const struct lcf_entry *e)
{
    bool shown = !lcf_is_own(&x->plan, e->method) && e->reading.success == LCF_SUCCESS;
    if ((e->reading.success == LCF_NO_ENVELOPE && e->reading.verdict != LCF_PROVEN) || shown) return;
    struct lcf_bytes *place = is_unnamed_yes(x, e) ? &x->yes : &x->reply;
    lcf_bytes_free(place);
    *place = x->attempt.body;
    x->attempt.body = (struct lcf_bytes){0};
}

/* Whether it is a page for people, by its type and by how it begins. */
static bool is_page(const char *type, struct lcf_text body)
{
    struct lcf_span rest = lcf_span_of(body);
    while (lcf_take(&rest, ' ') || lcf_take(&rest, '\t') || lcf_take(&rest, '\r') || lcf_take(&rest, '\n')) continue;
    return strncmp(type, "text/html", 9) == 0 && lcf_peek(&rest) == '<';
}

/* Whether a body that is no envelope may be shown though it is no page. It may hold a secret where the request changes
 * something but removes nothing, and where a success answers a request of the caller's own making. */
static bool is_harmless(const struct lcf_exchange *x, const struct lcf_entry *e)
{
    bool own_making = x->intent->expects == LCF_ENVELOPE || x->intent->expects == LCF_BYTES;
    if (own_making && e->status >= 200 && e->status <= 299) return false;
    return x->plan.nature == LCF_READ || x->plan.nature == LCF_REMOVE;
}

static void keep_oddity(struct lcf_exchange *x, const struct lcf_entry *e)
{
    if (!lcf_is_objection(&x->plan, e)) return;
    x->oddity = (struct lcf_oddity){0};
    if (e->reading.success != LCF_NO_ENVELOPE) return;
    struct lcf_text body = lcf_bytes_text(&x->attempt.body), type = {x->attempt.headers.content_type, 0};
    type.len = strlen(type.at);
    lcf_secret_excerpt(x->secret, type, x->oddity.content_type, LCF_TYPE_MAX);
    if (e->cause == LCF_COMPRESSED || !(is_harmless(x, e) || is_page(type.at, body))) return;
    lcf_secret_excerpt(x->secret, body, x->oddity.excerpt, LCF_EXCERPT_MAX);
}

/* A connection that fell silent stays in the pool as long as others wait on it too; one that broke, in libcurl 8,
 * until the pool is next searched for dead ones, or another request is lost on it. */
static void heed_loss(struct lcf_exchange *x, const struct lcf_entry *e)
{
    if (e->phase != LCF_SENT || x->intent->apart) return;
    if (e->cause == LCF_TIMED_OUT) x->profile->suspect_until = x->profile->last_due;
    if (e->cause == LCF_BROKEN) x->suspect_until = e->ended + LCF_DEAD_KEPT;
}

/* The API itself told this credential to wait; what a gateway says of itself blocks nobody. */
static void heed_block(struct lcf_exchange *x, const struct lcf_entry *e)
{
    if (e->status != 429 || e->reading.verdict != LCF_REFUSAL || e->retry_after <= 0) return;
    lcf_pace_block(x->pace, lcf_secret_mark(x->secret), e->ended, e->retry_after);
}

static double blocked_until(const struct lcf_exchange *x)
{
    return lcf_pace_blocked_until(x->pace, lcf_secret_mark(x->secret));
}

/* Weighs what an attempt brought and writes it into the history. */
static void record(struct lcf_exchange *x, struct lcf_entry *e, double now, double jitter)
{
    struct lcf_span body = lcf_span_of(lcf_bytes_text(&x->attempt.body));
    const struct lcf_reply reply = {e->status, e->phase == LCF_COMPLETE, e->cached, body};
    /* A look asks for the token that its path names. */
    const struct lcf_expected expected = {lcf_is_own(&x->plan, e->method) ? x->intent->expects : LCF_THIS_ID, x->id};
    e->reading = lcf_read_reply(&reply, &expected);
    e->ended = now;
    e->jitter = jitter;
    bool may_ask = e->status == 429 || e->status >= 500;
    e->retry_after = may_ask ? lcf_retry_after(&x->attempt.headers, (int64_t)lcf_unix_time()) : -1;
    heed_block(x, e);
    if (e->status && !x->intent->apart)
        lcf_quota_hear(&x->profile->quota, lcf_secret_mark(x->secret), now, &x->attempt.allowance);
    memcpy(x->why, x->attempt.error, sizeof x->why);
    heed_loss(x, e);
    keep_oddity(x, e);
    keep_body(x, e);
    lcf_bytes_free(&x->attempt.body);
    x->count++;
}

static void finish_attempt(struct lcf_exchange *x, int rc, double now, double jitter)
{
    struct lcf_entry *e = &x->entries[x->count];
    lcf_attempt_finish(&x->attempt, rc, e);
    record(x, e, now, jitter);
}

static void stop_attempt(struct lcf_exchange *x, enum lcf_cause cause, double now, double jitter)
{
    struct lcf_entry *e = &x->entries[x->count];
    lcf_attempt_stop(&x->attempt, cause, e);
    record(x, e, now, jitter);
}

/* An attempt that could not even begin is an entry too. */
static void record_unstarted(struct lcf_exchange *x, enum lcf_method method, int rc, double now)
{
    struct lcf_entry *e = &x->entries[x->count];
    *e = (struct lcf_entry){.method = method, .phase = LCF_UNSENT, .cause = lcf_cause_of(rc, false), .began = now};
    x->attempt.headers = (struct lcf_headers){0};
    record(x, e, now, 0);
}

static struct lcf_move decide(struct lcf_exchange *x, double now)
{
    /* clang-format off */
    const struct lcf_history history = {x->entries, x->count, x->cancelled, lcf_pace_affords(x->pace),
                                        blocked_until(x), fmax(x->suspect_until, x->profile->suspect_until)};
    /* clang-format on */
    struct lcf_move move = lcf_settle(&x->plan, &history, now);
    if (move.spends) {
        lcf_pace_spend(x->pace);
        x->entries[x->count - 1].paid = true;
    }
    return move;
}

/* How long the API asked to wait: in the last answer, or in one to another call with this credential. */
static double asked_wait(const struct lcf_exchange *x, double now)
{
    const struct lcf_entry *last = lcf_exchange_last(x);
    double asked = last ? last->retry_after : -1;
    double blocked = blocked_until(x) - now;
    return asked >= 0 || blocked <= 0 ? asked : blocked;
}

static void end(struct lcf_exchange *x, const struct lcf_move *move, double now)
{
    x->retry_after = asked_wait(x, now);
    x->outcome = move->outcome;
    x->kind = move->kind;
    x->due = INFINITY;
    x->state = LCF_ENDED;
}

/* No memory even to remember another attempt: it ends with what is proven. */
static void end_without_memory(struct lcf_exchange *x, double now)
{
    x->cancelled = true;
    struct lcf_move move = decide(x, now);
    move.kind = LCF_KIND_HOST;
    end(x, &move, now);
}

static void begin_attempt(struct lcf_exchange *x, struct lcf_carrier *carrier, const struct lcf_move *move, double now)
{
    bool own = move->act == LCF_SEND;
    enum lcf_method method = own ? x->intent->method : LCF_GET;
    double due = lcf_attempt_deadline(&x->plan, x->limits.attempt_timeout, now);
    const struct lcf_wire wire = {
        .method = method,
        .url = x->url,
        .body = own && x->body.at ? &x->body : NULL,
        .lines = &x->lines,
        .secret = x->secret,
        .route = &x->profile->route,
        .handles = x->plain || x->intent->apart ? NULL : &x->profile->handles,
        .connect_timeout = fmin(x->limits.connect_timeout, due - now),
        .due = due,
        .plain = x->plain,
        .fresh = move->fresh,
        .apart = x->intent->apart,
        .body_max = own && x->plan.nature == LCF_REMOVE ? LCF_BODY_MAX : LCF_LIST_BODY_MAX,
        .owner = x,
    };
    if (!reserve_entry(x)) {
        end_without_memory(x, now);
        return;
    }
    int rc = lcf_attempt_begin(&x->attempt, carrier, &wire);
    if (rc != 0) {
        record_unstarted(x, wire.method, rc, now);
        return;
    }
    x->entries[x->count] = (struct lcf_entry){.began = now};
    x->profile->last_due = fmax(x->profile->last_due, due);
    x->state = LCF_RUNNING;
    x->due = due;
}

static void pause(struct lcf_exchange *x, const struct lcf_move *move)
{
    x->due = move->until;
    x->state = LCF_PAUSED;
}

/* Decides until something is under way; it decides again only after an attempt that could not begin. */
static void proceed(struct lcf_exchange *x, struct lcf_carrier *carrier, double now)
{
    x->state = LCF_QUEUED;
    while (x->state == LCF_QUEUED) {
        struct lcf_move move = decide(x, now);
        switch (move.act) {
        case LCF_SEND:
        case LCF_CONFIRM: begin_attempt(x, carrier, &move, now); break;
        case LCF_WAIT: pause(x, &move); break;
        case LCF_END: end(x, &move, now); break;
        }
    }
}

void lcf_exchange_turn(struct lcf_exchange *x, struct lcf_carrier *carrier, double now, double jitter)
{
    if (x->state == LCF_RUNNING) stop_attempt(x, LCF_TIMED_OUT, now, jitter);
    proceed(x, carrier, now);
}

void lcf_exchange_finish(struct lcf_exchange *x, struct lcf_carrier *carrier, int rc, double now, double jitter)
{
    finish_attempt(x, rc, now, jitter);
    proceed(x, carrier, now);
}

void lcf_exchange_cancel(struct lcf_exchange *x, struct lcf_carrier *carrier, double now)
{
    if (x->state == LCF_ENDED) return;
    x->cancelled = true;
    if (x->state == LCF_RUNNING) stop_attempt(x, LCF_CANCELLED, now, 0);
    proceed(x, carrier, now);
}

bool lcf_exchange_is_opening(const struct lcf_exchange *x)
{
    return x->state == LCF_RUNNING && !x->attempt.announced;
}

bool lcf_exchange_may_have_sent(const struct lcf_exchange *x)
{
    bool sent = x->state == LCF_RUNNING && lcf_is_own(&x->plan, x->attempt.method) && x->attempt.announced;
    for (size_t i = 0; !sent && i < x->count; i++)
        sent = lcf_is_own(&x->plan, x->entries[i].method) && x->entries[i].phase != LCF_UNSENT;
    return sent;
}

const struct lcf_entry *lcf_exchange_last(const struct lcf_exchange *x)
{
    return x->count ? &x->entries[x->count - 1] : NULL;
}

const struct lcf_entry *lcf_exchange_answer(const struct lcf_exchange *x)
{
    const struct lcf_entry *last = NULL, *objection = NULL;
    for (const struct lcf_entry *e = x->entries; e < x->entries + x->count; e++) {
        if (e->status) last = e;
        if (lcf_is_objection(&x->plan, e)) objection = e;
    }
    return objection && lcf_is_failure(x->outcome) ? objection : last;
}

bool lcf_exchange_brings_secret(const struct lcf_exchange *x)
{
    bool expected = x->intent->expects == LCF_ID_AND_VALUE || x->intent->expects == LCF_STRING;
    return expected && x->outcome == LCF_OK;
}

const char *lcf_exchange_made_id(const struct lcf_exchange *x)
{
    const struct lcf_entry *answer = lcf_exchange_answer(x);
    bool makes = x->intent->expects == LCF_ID_AND_VALUE && answer && answer->reading.success == LCF_SUCCESS;
    return makes && answer->reading.named == LCF_NAMED_ID ? answer->reading.id : NULL;
}

void lcf_exchange_forget_body(struct lcf_exchange *x)
{
    lcf_bytes_free(&x->reply);
}

struct lcf_text lcf_exchange_body(const struct lcf_exchange *x)
{
    const struct lcf_entry *answer = lcf_exchange_answer(x);
    bool yes = x->outcome == LCF_ACCEPTED || (answer && is_unnamed_yes(x, answer));
    return lcf_bytes_text(yes ? &x->yes : &x->reply);
}
