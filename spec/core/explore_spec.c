/* Every state that settle can be led into, against a model server that knows the truth: no definite answer may be
 * false, in any world, after a history of any length.
 *
 * lcf_settle folds a history into facts and moves by the facts alone. So no history is walked here but the facts
 * together with the world's truth: from the beginning, every way in which the next attempt can go, until no state
 * comes up that was not there before. Every history, however long, then ends in one of the states that were judged.
 *
 * What makes them finitely many:
 *   - `sends` and `looks` are left out. They only say how long a backoff is, and whether a retry is left: both are
 *     tried in every state, so what is found holds for every max_retries.
 *   - `passing` is kept up to 3: it is only compared with LCF_PASSING_LOOKS, which is 2.
 *   - Of earlier attempts settle reads whether the last own one was refused, and what kind of answer stood in the way.
 *   - Of time it matters whether our own wait, one that was asked for, or the request itself still fits. 300, 0.6, 0.3
 *     and 0.1 s are tried in every state; with a full budget and an empty one, with a block that ends, one that does
 *     not and none, with a host that comes late, and with a caller who cancels at once or during the wait.
 * That nothing else matters is checked: whole histories, every short one and long ones chosen at random, are given to
 * lcf_settle, and each must have exactly the moves of its state; and the states of all short histories must be exactly
 * those that the walk reaches in as many steps.
 *
 * What is claimed in every world. Of a removal:
 *   deleted    a DELETE of ours removed the token, and the last answer is that DELETE's
 *   gone       the token is not in this account for this credential; a DELETE and a GET said so after the last DELETE
 *              that got no definite answer (where reading is not permitted, the DELETE alone)
 *   not_found  a DELETE would not find it, none of ours removed it, each got a definite answer, the last said so, and
 *              no GET had shown it
 *   refused    each DELETE got a definite answer, the last said no, and none removed it
 *   not_sent   no DELETE left
 *   accepted   the last DELETE got a yes without the name, and no GET has answered since; never of a cancelled call
 *   unknown    some DELETE got no definite answer, or a GET had shown the token
 * Of what replaces, and of what may be done once, `ok`, `not_found`, `refused`, `not_sent` and `unknown` likewise; and
 * what may be done once is never sent again after it was done. Of a read: what its last answer said, and never
 * `unknown`.
 * Some claims are weaker in one world, and only there: behind a middleman that repeats requests by itself, `not_found`
 * (unless a GET of the call showed the token), `refused` (unless a GET has answered since: one is sent where the token
 * was shown and time is left), and the 429 after which a request is sent again may be the answer to the second copy of
 * a request whose first copy took effect. The answer to the first never came.
 *
 * A world lies in one way, or in two that are named together. Where reads and DELETEs lied in the same way, no client
 * could tell. */
#include "support.h"

#include "../../src/core/facts.h"

#define ASKED "ed17574386854bf78a67040be0a770b0"
#define YES(result) "{\"success\":true,\"errors\":[],\"messages\":[],\"result\":" result "}"
#define NAMED(id) YES("{\"id\":\"" id "\"}")
#define NO(errors) "{\"success\":false,\"errors\":[" errors "],\"messages\":[],\"result\":null}"
#define CODE(code) "{\"code\":" #code ",\"message\":\"\"}"
#define HTML "<html></html>"

/* Ways in which a world lies; bits. */
enum {
    LAGS = 1,          /* reads lag behind: they miss what is there, and show what is gone */
    DELETE_BLIND = 2,  /* a GET shows the token, a DELETE denies it */
    READ_BLIND = 4,    /* a DELETE acts, a GET denies it */
    REPEATS = 8,       /* a middleman sends a request twice, and hands on the second answer */
    CACHES = 16,       /* a cache answers reads, and says so by an Age */
    PASSES = 32,       /* good credentials are refused for a moment */
    DIES = 64,         /* our credential is rolled, expires, or is deleted by somebody else */
    ITSELF = 128,      /* the token is our credential: it is refused once the token is gone */
    GATEWAY = 256      /* something between answers 404 by itself */
};

/* Requests; bits. A change is what replaces, or may be done once. */
enum { DELETES = 1, READS = 2, CHANGES = 4, SENDS = DELETES | CHANGES, ANY = SENDS | READS };

/* Whether a request that goes so takes effect. */
enum effect { NEVER, ALWAYS, PERHAPS };

/* One way in which an attempt can go. */
struct event {
    const char *name;
    unsigned of;                       /* the requests that it may come to */
    enum effect effect;                /* of a DELETE or a change */
    int lies;                          /* the world must lie so; 0 for any */
    bool passes;                       /* at most once: a refusal that comes back each time does not pass */
    bool needs_visible, needs_absent;  /* what the server may truthfully say */
    bool is_stale;                     /* may be said of what was */
    bool forbids;                      /* no GET meets it in a world whose GETs show the token */
    enum lcf_phase phase;
    enum lcf_cause cause;
    int status;
    bool cached, store_left;
    const char *body;
    double retry_after;
};

#define ASKS(code, text, seconds) \
    .phase = LCF_COMPLETE, .cause = LCF_ANSWERED, .status = code, .body = text, .retry_after = seconds
#define ANSWER(code, text) ASKS(code, text, -1)
#define SENT(why) .effect = PERHAPS, .phase = LCF_SENT, .cause = why, .retry_after = -1
#define UNSENT(why) .phase = LCF_UNSENT, .cause = why, .retry_after = -1

static const struct event events[] = {
    {"deleted", DELETES, ALWAYS, ANSWER(200, NAMED(ASKED))},
    {"made", CHANGES, ALWAYS, ANSWER(200, YES("{\"id\":\"" ASKED "\",\"value\":\"v\"}"))},
    {"made, without its secret", CHANGES, ALWAYS, ANSWER(200, NAMED(ASKED))},
    {"yes without the name", SENDS, PERHAPS, ANSWER(200, YES("null"))},
    {"present", READS, .needs_visible = true, ANSWER(200, NAMED(ASKED))},
    {"another token", READS, ANSWER(200, NAMED("11111111111111111111111111111111"))},
    {"absent", ANY, .needs_absent = true, ANSWER(404, NO(CODE(1003)))},
    {"400", ANY, ANSWER(400, NO(CODE(1001)))},
    {"401", ANY, ANSWER(401, NO(CODE(1000)))},
    {"403", ANY, .forbids = true, ANSWER(403, NO(CODE(9109)))},
    {"429", ANY, ANSWER(429, NO(CODE(971)))},
    {"429 for a while", ANY, ASKS(429, NO(CODE(971)), 5)},
    {"429 for longer than there is", ANY, ASKS(429, NO(CODE(971)), 3600)},
    {"502", ANY, PERHAPS, ANSWER(502, HTML)},
    {"503 as JSON", ANY, PERHAPS, ANSWER(503, NO(CODE(1)))},
    {"503 that asks for a wait", ANY, PERHAPS, ASKS(503, HTML, 5)},
    {"200 without an envelope", ANY, PERHAPS, ANSWER(200, HTML)},
    {"broken", ANY, SENT(LCF_BROKEN)},
    {"no answer", ANY, SENT(LCF_TIMED_OUT)},
    {"malformed", ANY, SENT(LCF_MALFORMED)},
    {"compressed", ANY, SENT(LCF_COMPRESSED)},
    {"out of memory under way", ANY, SENT(LCF_NO_MEMORY)},
    {"a certificate that failed under way", ANY, SENT(LCF_CERTIFICATE)},
    {"an option that failed under way", ANY, SENT(LCF_CONFIGURE)},
    {"cancelled under way", ANY, SENT(LCF_CANCELLED)},
    {"no connection", ANY, UNSENT(LCF_CONNECT)},
    {"bad certificate", ANY, UNSENT(LCF_CERTIFICATE)},
    {"bad certificate, and another trust store is left", ANY, UNSENT(LCF_CERTIFICATE), .store_left = true},
    {"bad CA file", ANY, UNSENT(LCF_CONFIGURE)},
    {"broken before it was sent", ANY, UNSENT(LCF_BROKEN)},
    {"out of memory", ANY, UNSENT(LCF_NO_MEMORY)},
    {"out of time before it was sent", ANY, UNSENT(LCF_TIMED_OUT)},
    {"cancelled before it was sent", ANY, UNSENT(LCF_CANCELLED)},

    {"absent, before it is", READS, .lies = LAGS, ANSWER(404, NO(CODE(1003)))},
    {"present, after it was", READS, .lies = LAGS, .is_stale = true, ANSWER(200, NAMED(ASKED))},
    {"denied", DELETES, .lies = DELETE_BLIND, ANSWER(404, NO(CODE(1003)))},
    {"missed", READS, .lies = READ_BLIND, ANSWER(404, NO(CODE(1003)))},
    {"absent, of the second copy", SENDS, ALWAYS, .lies = REPEATS, ANSWER(404, NO(CODE(1003)))},
    {"401, of the second copy", SENDS, ALWAYS, .lies = REPEATS, ANSWER(401, NO(CODE(1000)))},
    {"403, of the second copy", SENDS, ALWAYS, .lies = REPEATS, ANSWER(403, NO(CODE(9109)))},
    {"429, of the second copy", SENDS, ALWAYS, .lies = REPEATS, ANSWER(429, NO(CODE(971)))},
    {"absent, by a cache", READS, .lies = CACHES, .cached = true, ANSWER(404, NO(CODE(1003)))},
    {"present, by a cache", READS, .lies = CACHES, .is_stale = true, .cached = true, ANSWER(200, NAMED(ASKED))},
    {"401 10000", ANY, .lies = PASSES, ANSWER(401, NO(CODE(10000)))},
    {"403 10000", ANY, .lies = PASSES, ANSWER(403, NO(CODE(10000)))},
    {"404 10000", ANY, .lies = PASSES, ANSWER(404, NO(CODE(10000)))},
    {"403, once", ANY, .lies = PASSES, .passes = true, ANSWER(403, NO(CODE(9109)))},
    {"403 10502", ANY, .lies = PASSES, ANSWER(403, NO(CODE(10502)))},
    {"429 10502", ANY, .lies = PASSES, ANSWER(429, NO(CODE(10502)))},
    {"404 of a gateway, without a code", ANY, PERHAPS, .lies = GATEWAY, ANSWER(404, NO("{\"message\":\"\"}"))},
    {"404 of a gateway, empty", ANY, PERHAPS, .lies = GATEWAY, ANSWER(404, NO("{}"))},
    {"404 of the route", ANY, .lies = GATEWAY, ANSWER(404, NO(CODE(7003)))},
    {"404 of another route", ANY, .lies = GATEWAY, ANSWER(404, NO(CODE(7002)))},
    {"404 of the route, in a chain", ANY, .lies = GATEWAY,
     ANSWER(404, NO("{\"code\":1003,\"error_chain\":[" CODE(7003) "]}"))},
    {"404 of the credential", ANY, .lies = GATEWAY, ANSWER(404, NO(CODE(9109)))},
};
#define EVENTS COUNT(events)
#define MOST_EVENTS 64

/* A place in which calls are made: an operation, and what may happen to it. */
struct setting {
    const char *name;
    enum lcf_nature nature;
    int lies;
    bool check_first;
    bool names_one;
};

/* What a call amounts to: what settle knows, and the truth. All bytes, so that two of them compare as bytes. */
struct state {
    /* The facts. */
    uint8_t last;      /* the event, counted from 1; 0 at the beginning */
    uint8_t looked;    /* it came to a GET that looks */
    uint8_t refused;   /* the last own request that left: 0 none did, 1 it was refused, 2 it was not */
    uint8_t objection; /* the kind of the last answer that stood in the way; LCF_KIND_NONE without one */
    uint8_t passing;
    bool ambiguous, seen, missed, denied, yes_stands, barred, silent, distrust;
    /* The truth. */
    bool there;      /* the token exists */
    bool hidden;     /* in another account, or never shown to this credential, which cannot touch it */
    bool was_there;  /* a read that lags may still show it */
    uint8_t answer;  /* to the last own request that left: its verdict, counted from 1; 0 where none left */
    uint8_t done;    /* how often one took effect: 0, 1, or more */
    bool dead;       /* our credential */
    bool others;     /* somebody else may remove the token, once */
    bool passes;     /* a refusal that passes may still come */
    bool shown;      /* a GET of the call showed the token */
    bool doubt;      /* an own request that changes something left, and got no definite answer */
    bool missed_since, denied_since; /* after the last of them a GET, a DELETE said absent, and no GET has shown it */
    bool yes_alone;  /* the last DELETE that left got a yes without the name, and no GET has answered since */
};

/* Events as entries, for an own request and for a look; and the first event that settle cannot tell from each. */
static struct lcf_entry entries[2][MOST_EVENTS];
static uint8_t alike[2][MOST_EVENTS];

static struct lcf_entry entry_of(const struct event *e, enum lcf_method method)
{
    const char *body = e->body ? e->body : "";
    const struct lcf_reply reply = {e->status, e->phase == LCF_COMPLETE, e->cached, span(body)};
    bool changes = method != LCF_GET && method != LCF_DELETE;
    const struct lcf_expected expected = {changes ? LCF_ID_AND_VALUE : LCF_THIS_ID, ASKED};
    return (struct lcf_entry){.method = method, .phase = e->phase, .cause = e->cause, .status = e->status,
                              .reading = lcf_read_reply(&reply, &expected), .cached = e->cached,
                              .retry_after = e->retry_after, .jitter = 0.5, .store_left = e->store_left};
}

static bool same_entry(const struct lcf_entry *a, const struct lcf_entry *b)
{
    const struct lcf_reading *r = &a->reading, *s = &b->reading;
    return a->phase == b->phase && a->cause == b->cause && a->status == b->status && a->cached == b->cached &&
           a->retry_after == b->retry_after && a->store_left == b->store_left && r->verdict == s->verdict &&
           r->success == s->success && r->code_count == s->code_count &&
           memcmp(r->codes, s->codes, r->code_count * sizeof *r->codes) == 0;
}

static enum lcf_method own_method(enum lcf_nature nature)
{
    return nature == LCF_READ ? LCF_GET : nature == LCF_REMOVE ? LCF_DELETE : LCF_POST;
}

static unsigned request_of(enum lcf_method method)
{
    return method == LCF_GET ? READS : method == LCF_DELETE ? DELETES : CHANGES;
}

static void read_all(enum lcf_nature nature)
{
    for (int looked = 0; looked < 2; looked++)
        for (size_t i = 0; i < EVENTS; i++) {
            entries[looked][i] = entry_of(&events[i], looked ? LCF_GET : own_method(nature));
            const unsigned of = request_of(entries[looked][i].method);
            size_t first = 0;
            while (first < i && !((events[first].of & of) && same_entry(&entries[looked][first], &entries[looked][i])))
                first++;
            alike[looked][i] = (uint8_t)first;
        }
}

/* The states that were come upon, in that order, and where to find them by what they are. */
#define PLACES (1u << 19)

static struct {
    struct state states[PLACES / 2];
    uint8_t steps[PLACES / 2]; /* after how many they came up first, up to 255 */
    bool met[PLACES / 2];      /* by a whole history */
    size_t count;
    uint32_t places[PLACES];   /* counted from 1 */
} found;

static uint32_t *place_of(const struct state *s)
{
    uint64_t hash = 14695981039346656037u;
    const unsigned char *bytes = (const unsigned char *)s;
    for (size_t i = 0; i < sizeof *s; i++) hash = (hash ^ bytes[i]) * 1099511628211u;
    size_t at = (size_t)(hash >> 40) % PLACES;
    while (found.places[at] && memcmp(&found.states[found.places[at] - 1], s, sizeof *s) != 0) at = (at + 1) % PLACES;
    return &found.places[at];
}

static void come_upon(const struct state *s, unsigned steps)
{
    uint32_t *place = place_of(s);
    if (*place) return;
    assert_true(found.count < PLACES / 2);
    found.states[found.count] = *s;
    found.steps[found.count] = (uint8_t)(steps < 255 ? steps : 255);
    found.met[found.count] = false;
    *place = (uint32_t)++found.count;
}

/* What settle knows, as it knows it. */
static struct lcf_facts facts_of(const struct state *s, const struct lcf_plan *plan)
{
    static const struct lcf_entry refused = {.reading = {.verdict = LCF_REFUSAL}}, not_refused = {0};
    static const struct lcf_entry no = {.reading = {.success = LCF_FAILURE}}, no_envelope = {0};
    return (struct lcf_facts){
        .plan = plan,
        .last = s->last ? &entries[s->looked][s->last - 1] : NULL,
        .own_sent = s->refused == 0 ? NULL : s->refused == 1 ? &refused : &not_refused,
        .objection = s->objection == LCF_KIND_NONE ? NULL : s->objection == LCF_KIND_API ? &no : &no_envelope,
        .sends = 1, .passing = s->passing, .ambiguous = s->ambiguous, .seen = s->seen, .missed = s->missed,
        .denied = s->denied, .yes_stands = s->yes_stands, .barred = s->barred, .silent = s->silent,
        .distrust = s->distrust};
}

static void take_facts(struct state *s, const struct lcf_facts *f)
{
    s->refused = !f->own_sent ? 0 : f->own_sent->reading.verdict == LCF_REFUSAL ? 1 : 2;
    s->objection = (uint8_t)(f->objection ? lcf_entry_kind(f->objection) : LCF_KIND_NONE);
    s->passing = (uint8_t)(f->passing < 3 ? f->passing : 3);
    s->ambiguous = f->ambiguous;
    s->seen = f->seen;
    s->missed = f->missed;
    s->denied = f->denied;
    s->yes_stands = f->yes_stands;
    s->barred = f->barred;
    s->silent = f->silent;
    s->distrust = f->distrust;
}

/* All that may follow, whatever the circumstances. */
struct moves {
    uint8_t acts[2];                /* LCF_SEND, LCF_CONFIRM; bits: 1 on any connection, 2 on a new one */
    uint16_t kinds[LCF_FAILED + 1]; /* of each outcome; bits */
};

/* A call: a state's facts, or a whole history. */
struct call {
    struct lcf_plan plan;
    struct lcf_facts facts;  /* where there is no history */
    struct lcf_entry *entries;
    size_t count;
    struct lcf_entry *last;
    int sends;
};

struct circumstances {
    double left;      /* of the deadline, when the last attempt ended */
    bool retries, affords, late;
    double blocked;   /* for how long */
    int cancelled;    /* 1 at once, 2 during the wait */
};

static struct lcf_move ask(const struct call *c, const struct lcf_plan *plan, const struct lcf_history *history,
                           double now)
{
    if (c->entries) return lcf_settle(plan, history, now);
    struct lcf_facts f = c->facts;
    f.plan = plan;
    f.history = history;
    f.now = now;
    return lcf_facts_move(&f);
}

/* The move to which they lead, after all waits. */
static struct lcf_move move_in(struct call *c, const struct circumstances *in)
{
    double ended = c->last ? c->last->ended : 1000, now = ended;
    struct lcf_plan plan = c->plan;
    plan.deadline = ended + in->left;
    plan.max_retries = in->retries ? c->sends + 2 : c->sends > 0 ? c->sends - 1 : 0;
    struct lcf_history history = {c->entries, c->count, in->cancelled == 1, in->affords, now + in->blocked, 0};
    if (c->last) {
        history.cancelled = history.cancelled || c->last->cause == LCF_CANCELLED;
        c->last->paid = false;
    }
    struct lcf_move move = ask(c, &plan, &history, now);
    while (move.act == LCF_WAIT) {
        assert_true(move.until > now && !history.cancelled);
        if (c->last && move.spends) c->last->paid = true;
        history.cancelled = in->cancelled == 2;
        now = in->late ? plan.deadline - 0.1 : move.until;
        move = ask(c, &plan, &history, now);
    }
    assert_true(move.act == LCF_END || plan.deadline - now >= LCF_LEAST_TIME);
    return move;
}

static void take_move(struct moves *all, const struct lcf_move *move)
{
    if (move->act == LCF_END) all->kinds[move->outcome] |= (uint16_t)(1u << move->kind);
    else all->acts[move->act] |= (uint8_t)(move->fresh ? 2 : 1);
}

static struct moves moves_of(struct call *c)
{
    static const double lefts[] = {300, 0.6, 0.3, 0.1}, blocks[] = {0, 2, 1000};
    struct moves all;
    memset(&all, 0, sizeof all);
    for (size_t left = 0; left < COUNT(lefts); left++)
        for (size_t block = 0; block < COUNT(blocks); block++)
            for (int bits = 0; bits < 24; bits++) {
                const struct circumstances in = {lefts[left], bits & 1, bits & 2, bits & 4, blocks[block], bits >> 3};
                const struct lcf_move move = move_in(c, &in);
                take_move(&all, &move);
            }
    return all;
}

static struct call call_of(const struct setting *setting)
{
    return (struct call){.plan = {.nature = setting->nature, .check_first = setting->check_first,
                                  .names_one = setting->names_one}};
}

static struct moves moves_of_state(const struct setting *setting, const struct state *s)
{
    struct call c = call_of(setting);
    struct lcf_entry last;
    c.facts = facts_of(s, &c.plan);
    c.sends = 1;
    if (c.facts.last) {
        last = *c.facts.last;
        last.ended = 1000;
        c.facts.last = c.last = &last;
    }
    return moves_of(&c);
}

/* The truth about what happens. */

static bool visible(const struct state *s)
{
    return s->there && !s->hidden;
}

static bool is_sighted(const struct setting *setting, const struct state *s, enum lcf_method method)
{
    return visible(s) && !(setting->lies & (method == LCF_DELETE ? DELETE_BLIND : method == LCF_GET ? READ_BLIND : 0));
}

/* Whether the credential is refused by now: then whatever answers says so. */
static bool is_refused(const struct setting *setting, const struct state *s)
{
    return s->dead || ((setting->lies & ITSELF) && s->done > 0);
}

/* What a server may say in this world, where it is well. */
static bool is_possible(const struct setting *setting, const struct event *e, enum lcf_method method,
                        const struct state *s)
{
    if (!(e->of & request_of(method)) || (e->passes && !s->passes) || (e->lies & ~setting->lies)) return false;
    if (e->phase == LCF_COMPLETE && is_refused(setting, s)) return e->status == 401 || e->status >= 500;
    if (e->is_stale && !s->was_there) return false;
    if (e->forbids && method == LCF_GET && (setting->lies & DELETE_BLIND)) return false;
    bool sighted = is_sighted(setting, s, method);
    if ((e->needs_visible || (e->effect == ALWAYS && method != LCF_GET)) && !sighted) return false;
    return !sighted || !(e->needs_absent || ((setting->lies & ITSELF) && e->status == 401 && !e->lies));
}

/* Whether a request that goes so may take effect, or may not. */
static bool may_act(const struct setting *setting, const struct event *e, enum lcf_method method,
                    const struct state *s, bool acts)
{
    if (method == LCF_GET || e->effect == NEVER) return !acts;
    if (e->effect == ALWAYS) return acts;
    return !acts || (is_sighted(setting, s, method) && !is_refused(setting, s));
}

static void hear_own(struct state *s, enum lcf_nature nature, enum lcf_verdict verdict)
{
    bool definite = nature == LCF_READ || (verdict != LCF_AMBIGUOUS && verdict != LCF_UNNAMED);
    s->answer = (uint8_t)(verdict + 1);
    s->yes_alone = verdict == LCF_UNNAMED;
    if (verdict == LCF_ABSENT) s->denied_since = true;
    if (definite) return;
    s->doubt = true;
    s->missed_since = s->denied_since = false;
}

static void hear_look(struct state *s, enum lcf_verdict verdict)
{
    if (verdict != LCF_PROVEN && verdict != LCF_ABSENT) return;
    s->yes_alone = false;
    s->missed_since = verdict == LCF_ABSENT;
    s->shown = s->shown || verdict == LCF_PROVEN;
}

static void take_effect(struct state *s, enum lcf_method method)
{
    if (s->done < 2) s->done++;
    if (method == LCF_DELETE) s->there = false;
}

/* The state after one more attempt. */
static struct state after(const struct setting *setting, const struct state *before, size_t event, bool looked,
                          bool acts)
{
    struct state s = *before;
    const struct call c = call_of(setting);
    struct lcf_facts facts = facts_of(before, &c.plan);
    const struct lcf_entry *entry = &entries[looked][event];
    lcf_facts_add(&facts, entry);
    take_facts(&s, &facts);
    s.last = (uint8_t)(alike[looked][event] + 1);
    s.looked = looked;
    s.passes = s.passes && !events[event].passes;
    if (looked) hear_look(&s, entry->reading.verdict);
    else if (entry->phase != LCF_UNSENT) hear_own(&s, setting->nature, entry->reading.verdict);
    if (acts) take_effect(&s, entry->method);
    return s;
}

/* Why an outcome may not be said after what was heard, or NULL. */
static const char *unfounded(const struct setting *setting, const struct state *s, enum lcf_outcome outcome)
{
    const struct lcf_entry *last = s->last ? &entries[s->looked][s->last - 1] : NULL;
    bool said_yes = s->answer == LCF_PROVEN + 1, absent = s->answer == LCF_ABSENT + 1;
    switch (outcome) {
    case LCF_OK:
    case LCF_DELETED: return said_yes && !s->looked ? NULL : "the last answer is no proof";
    case LCF_GONE:
        if (!s->doubt && !s->shown) return "none of ours may have removed it, and no GET had shown it";
        if (!s->denied_since) return "no DELETE denied it";
        return s->missed_since || (s->looked && last->status == 403) ? NULL : "no GET agreed";
    case LCF_NOT_FOUND: return absent && !s->doubt && !s->shown ? NULL : "that was not the only answer";
    case LCF_REFUSED:
        if (absent && setting->nature != LCF_REMOVE && !setting->names_one) return s->doubt ? "not definite" : NULL;
        return s->answer == LCF_REFUSAL + 1 && !s->doubt ? NULL : "the last answer is no refusal, or not all were definite";
    case LCF_NOT_SENT: return s->answer ? "a request left" : NULL;
    case LCF_FAILED: return s->answer ? NULL : "no request left";
    case LCF_ACCEPTED: return s->yes_alone ? NULL : "no yes stands alone";
    case LCF_UNKNOWN: return s->doubt || s->shown ? NULL : "every answer was definite, and no GET had shown it";
    default: return "it is no end";
    }
}

/* What is false about it, or NULL. */
static const char *falsehood(const struct setting *setting, const struct state *s, enum lcf_outcome outcome)
{
    switch (outcome) {
    case LCF_OK:
    case LCF_DELETED: return setting->nature == LCF_READ ? s->was_there ? NULL : "it never was there" :
                             s->done ? NULL : "nothing was done";
    case LCF_GONE: return visible(s) ? "it is there" : NULL;
    case LCF_NOT_FOUND:
        if (setting->nature == LCF_ONCE && !setting->names_one) return "the path names nothing";
        return is_sighted(setting, s, own_method(setting->nature)) ? "it is there" : s->done ? "it was done" : NULL;
    case LCF_NOT_SENT:
    case LCF_REFUSED: return s->done ? "it was done" : NULL;
    default: return NULL;
    }
}

static bool is_exempt(const struct setting *setting, const struct state *s, enum lcf_outcome outcome)
{
    enum lcf_verdict last = s->last ? entries[s->looked][s->last - 1].reading.verdict : LCF_AMBIGUOUS;
    bool asked = s->looked && (last == LCF_PROVEN || last == LCF_ABSENT) && !(setting->lies & LAGS);
    if (!(setting->lies & REPEATS)) return false;
    return (outcome == LCF_REFUSED && !asked) || (outcome == LCF_NOT_FOUND && !s->shown);
}

struct tally {
    unsigned long states, definite, accepted, exempt, wrong;
    unsigned outcomes; /* bits */
};

static void complain(struct tally *tally, const struct state *s, const char *word, const char *because)
{
    if (tally->wrong++ >= 3) return;
    print_error("  false: %s, but %s, after %s of %s; %s, %d done\n", word, because,
                s->last ? events[s->last - 1].name : "nothing", s->looked ? "a look" : "an own request",
                visible(s) ? "there" : "not there", s->done);
}

static void judge_outcome(const struct setting *setting, const struct state *s, enum lcf_outcome outcome,
                          struct tally *tally)
{
    const char *without = unfounded(setting, s, outcome), *untrue = falsehood(setting, s, outcome);
    tally->outcomes |= 1u << outcome;
    tally->accepted += outcome == LCF_ACCEPTED;
    tally->definite += outcome != LCF_ACCEPTED && outcome != LCF_UNKNOWN;
    if (without) complain(tally, s, lcf_outcome_name(outcome), without);
    else if (untrue && is_exempt(setting, s, outcome)) tally->exempt++;
    else if (untrue) complain(tally, s, lcf_outcome_name(outcome), untrue);
}

static void judge(const struct setting *setting, const struct state *s, const struct moves *moves, struct tally *tally)
{
    bool twice = setting->nature == LCF_ONCE && s->done > 0 && moves->acts[LCF_SEND];
    if (twice && (setting->lies & REPEATS)) tally->exempt++;
    else if (twice) complain(tally, s, "sent again", "it was done");
    if (moves->kinds[LCF_ACCEPTED] & 1u << LCF_KIND_CANCELLED) complain(tally, s, "accepted", "it was cancelled");
    for (int outcome = 0; outcome <= LCF_FAILED; outcome++)
        if (moves->kinds[outcome]) judge_outcome(setting, s, (enum lcf_outcome)outcome, tally);
}

/* The walk. `visit` is given every state that may come next. */
typedef void visitor(const struct setting *, const struct state *, size_t event, bool looked, void *);

static void attempt(const struct setting *setting, const struct state *s, bool looked, visitor *visit, void *with)
{
    enum lcf_method method = looked ? LCF_GET : own_method(setting->nature);
    for (size_t i = 0; i < EVENTS; i++) {
        if (!is_possible(setting, &events[i], method, s)) continue;
        for (int acts = 0; acts < 2; acts++) {
            if (!may_act(setting, &events[i], method, s, acts)) continue;
            const struct state next = after(setting, s, i, looked, acts);
            visit(setting, &next, i, looked, with);
        }
    }
}

/* What happens in the world meanwhile. */
static void pass_time(const struct setting *setting, const struct state *s, visitor *visit, void *with)
{
    struct state next = *s;
    if (s->others && visible(s)) {
        next.others = next.there = false;
        visit(setting, &next, EVENTS, false, with);
    }
    if (!(setting->lies & DIES) || s->dead) return;
    next = *s;
    next.dead = true;
    visit(setting, &next, EVENTS, false, with);
}

static void visit_all(const struct setting *setting, const struct state *s, const struct moves *moves, visitor *visit,
                      void *with)
{
    if (moves->acts[LCF_SEND]) attempt(setting, s, false, visit, with);
    if (moves->acts[LCF_CONFIRM]) attempt(setting, s, true, visit, with);
    if (moves->acts[LCF_SEND] || moves->acts[LCF_CONFIRM]) pass_time(setting, s, visit, with);
}

static void keep(const struct setting *setting, const struct state *s, size_t event, bool looked, void *steps)
{
    (void)setting;
    (void)event;
    (void)looked;
    come_upon(s, *(unsigned *)steps);
}

#define BEGINNINGS 3

static struct state beginning(int which)
{
    struct state s;
    memset(&s, 0, sizeof s);
    s.there = which != 1;
    s.hidden = which == 2;
    s.was_there = visible(&s);
    s.others = s.passes = true;
    return s;
}

static struct tally walk(const struct setting *setting)
{
    struct tally tally = {0};
    memset(&found, 0, sizeof found);
    for (int i = 0; i < BEGINNINGS; i++) {
        const struct state first = beginning(i);
        come_upon(&first, 0);
    }
    for (; tally.states < found.count; tally.states++) {
        const struct state s = found.states[tally.states];
        unsigned steps = found.steps[tally.states] + 1u;
        const struct moves moves = moves_of_state(setting, &s);
        judge(setting, &s, &moves, &tally);
        visit_all(setting, &s, &moves, keep, &steps);
    }
    return tally;
}

/* Whole histories. */

#define LONGEST 40

struct history {
    struct lcf_entry entries[LONGEST];
    size_t count;
    struct state state;
    unsigned steps, most;
    unsigned long *compared;
};

static struct moves moves_of_history(const struct setting *setting, struct history *h)
{
    struct call c = call_of(setting);
    c.entries = h->entries;
    c.count = h->count;
    c.last = h->count ? &h->entries[h->count - 1] : NULL;
    for (size_t i = 0; i < h->count; i++)
        c.sends += lcf_is_own(&c.plan, h->entries[i].method) && !h->entries[i].store_left;
    return moves_of(&c);
}

/* It must have the moves of its state, and that must have been come upon. */
static struct moves compare(const struct setting *setting, struct history *h)
{
    const struct moves moves = moves_of_history(setting, h), expected = moves_of_state(setting, &h->state);
    uint32_t *place = place_of(&h->state);
    ++*h->compared;
    if (!*place) fail_msg("a history comes to a state that the walk did not come upon");
    found.met[*place - 1] = true;
    if (memcmp(&moves, &expected, sizeof moves) != 0) {
        for (size_t i = 0; i < h->count; i++)
            print_error("  %s %d %d\n", lcf_method_name(h->entries[i].method), h->entries[i].status,
                        (int)h->entries[i].reading.verdict);
        fail_msg("a history has other moves than its state");
    }
    return moves;
}

static void append(struct history *h, const struct state *s, size_t event, bool looked)
{
    h->state = *s;
    h->steps++;
    if (event == EVENTS) return;
    double ended = h->count ? h->entries[h->count - 1].ended : 1000;
    h->entries[h->count] = entries[looked][event];
    h->entries[h->count].began = ended + 0.5;
    h->entries[h->count++].ended = ended + 0.625;
}

static void enumerate(const struct setting *setting, struct history *h);

static void go_on(const struct setting *setting, const struct state *s, size_t event, bool looked, void *before)
{
    struct history h = *(const struct history *)before;
    append(&h, s, event, looked);
    enumerate(setting, &h);
}

static void enumerate(const struct setting *setting, struct history *h)
{
    const struct moves moves = compare(setting, h);
    if (h->steps < h->most) visit_all(setting, &h->state, &moves, go_on, h);
}

/* Of all that may come next, one. */
struct choice {
    uint64_t *seed;
    unsigned seen;
    struct state state;
    size_t event;
    bool looked;
};

static void choose(const struct setting *setting, const struct state *s, size_t event, bool looked, void *with)
{
    struct choice *c = with;
    (void)setting;
    if (!one_in(c->seed, ++c->seen)) return;
    c->state = *s;
    c->event = event;
    c->looked = looked;
}

static void follow_one(const struct setting *setting, struct history *h, uint64_t *seed)
{
    while (h->count < LONGEST && h->steps < 2 * LONGEST) {
        const struct moves moves = compare(setting, h);
        struct choice c = {.seed = seed};
        visit_all(setting, &h->state, &moves, choose, &c);
        if (!c.seen) return;
        append(h, &c.state, c.event, c.looked);
    }
}

static bool sweeps(const char *how)
{
    const char *sweep = getenv("SWEEP");
    return sweep && strcmp(sweep, how) == 0;
}

static unsigned long compare_histories(const struct setting *setting)
{
    unsigned long compared = 0;
    uint64_t seed = 20261129;
    const unsigned most = sweeps("all") ? 3 : 2;
    if (sweeps("few")) return 0;
    for (int i = 0; i < BEGINNINGS; i++) {
        struct history h = {.state = beginning(i), .most = most, .compared = &compared};
        enumerate(setting, &h);
    }
    for (size_t i = 0; i < found.count; i++) assert_int_equal(found.met[i], found.steps[i] <= most);
    for (int i = 0; i < 60; i++) {
        struct history h = {.state = beginning(i % BEGINNINGS), .compared = &compared};
        follow_one(setting, &h, &seed);
    }
    return compared;
}

struct sum {
    unsigned long states, definite, wrong, histories;
};

static const struct {
    const char *name;
    enum lcf_nature nature;
    int lies;
} worlds[] = {
    {"a removal where nothing lies", LCF_REMOVE, 0},
    {"a removal where reads lag behind", LCF_REMOVE, LAGS},
    {"a removal where a DELETE denies what a GET shows", LCF_REMOVE, DELETE_BLIND},
    {"a removal where a GET denies what a DELETE removes", LCF_REMOVE, READ_BLIND},
    {"a removal where a middleman repeats the DELETE", LCF_REMOVE, REPEATS},
    {"a removal where a cache answers, with its Age", LCF_REMOVE, CACHES},
    {"a removal where good credentials are refused for a moment", LCF_REMOVE, PASSES},
    {"a removal where our credential dies", LCF_REMOVE, DIES},
    {"a removal of our credential itself", LCF_REMOVE, ITSELF},
    {"a removal where a gateway answers 404", LCF_REMOVE, GATEWAY},
    {"a removal where a middleman repeats, and reads lag behind", LCF_REMOVE, REPEATS | LAGS},
    {"a removal where a DELETE is blind, and credentials are refused for a moment", LCF_REMOVE, DELETE_BLIND | PASSES},
    {"a removal where reads lag behind, and our credential dies", LCF_REMOVE, LAGS | DIES},
    {"a removal of our credential itself, refused for a moment", LCF_REMOVE, ITSELF | PASSES},
    {"a read where nothing lies", LCF_READ, 0},
    {"a read where a cache answers, with its Age", LCF_READ, CACHES},
    {"a read where good credentials are refused for a moment", LCF_READ, PASSES},
    {"a read where our credential dies", LCF_READ, DIES},
    {"a read where a gateway answers 404", LCF_READ, GATEWAY},
    {"what may be done once, where nothing lies", LCF_ONCE, 0},
    {"what may be done once, where a middleman repeats it", LCF_ONCE, REPEATS},
    {"what may be done once, where good credentials are refused for a moment", LCF_ONCE, PASSES},
    {"what may be done once, where our credential dies", LCF_ONCE, DIES},
    {"what may be done once, to our credential itself", LCF_ONCE, ITSELF},
    {"what may be done once, where a gateway answers 404", LCF_ONCE, GATEWAY},
    {"what replaces, where nothing lies", LCF_REPLACE, 0},
    {"what replaces, where a middleman repeats it", LCF_REPLACE, REPEATS},
    {"what replaces, where good credentials are refused for a moment", LCF_REPLACE, PASSES},
    {"what replaces, where our credential dies", LCF_REPLACE, DIES},
    {"what replaces our credential itself", LCF_REPLACE, ITSELF},
    {"what replaces, where a gateway answers 404", LCF_REPLACE, GATEWAY},
};

/* What may be said of each; where nothing lies each of them is. */
static unsigned outcomes_of(const struct setting *setting)
{
    const unsigned failures = 1u << LCF_NOT_SENT | 1u << LCF_REFUSED;
    const unsigned absent = 1u << LCF_NOT_FOUND, unknown = 1u << LCF_UNKNOWN, ok = 1u << LCF_OK;
    switch (setting->nature) {
    case LCF_READ: return failures | ok | absent | 1u << LCF_FAILED;
    case LCF_REMOVE: return failures | absent | unknown | 1u << LCF_DELETED | 1u << LCF_GONE | 1u << LCF_ACCEPTED;
    case LCF_REPLACE: return failures | ok | unknown | absent;
    default: return failures | ok | unknown | (setting->names_one ? absent : 0);
    }
}

static void explore(const struct setting *setting, const char *how, struct sum *sum)
{
    read_all(setting->nature);
    const struct tally tally = walk(setting);
    const unsigned long histories = compare_histories(setting);
    print_message("explored %lu states of %s%s: %lu definite answers, %lu accepted, %lu exempt, %lu false\n",
                  tally.states, setting->name, how, tally.definite, tally.accepted, tally.exempt, tally.wrong);
    assert_int_equal(tally.outcomes & ~outcomes_of(setting), 0);
    if (setting->lies == 0) assert_int_equal(tally.outcomes, outcomes_of(setting));
    assert_int_equal(tally.exempt > 0, (setting->lies & REPEATS) != 0);
    sum->states += tally.states;
    sum->definite += tally.definite;
    sum->wrong += tally.wrong;
    sum->histories += histories;
}

static void no_history_ends_in_a_false_answer(void **state)
{
    struct sum sum = {0};
    (void)state;
    assert_true(EVENTS <= MOST_EVENTS);
    for (size_t i = 0; i < COUNT(worlds); i++) {
        bool removes = worlds[i].nature == LCF_REMOVE;
        const struct setting named = {worlds[i].name, worlds[i].nature, worlds[i].lies, false, true};
        const struct setting other = {worlds[i].name, worlds[i].nature, worlds[i].lies, removes, removes};
        explore(&named, "", &sum);
        explore(&other, removes ? ", read first" : ", where the path names nothing", &sum);
    }
    print_message("explored %lu states, and no history leads out of them: %lu definite answers, %lu false; "
                  "%lu histories agree\n", sum.states, sum.definite, sum.wrong, sum.histories);
    assert_int_equal(sum.wrong, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(no_history_ends_in_a_false_answer)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
