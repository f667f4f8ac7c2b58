/* What follows from an operation's nature: whether it is repeated, and what may be said of it. Removing has its own
 * spec, settle_spec. */

#include "histories.h"

static void a_read_that_failed_is_failed_and_never_unknown(void **state)
{
    const struct row rows[] = {
        {"answered", SEEN(get_200()), READING(.left = FAR), ends(LCF_OK)},
        {"404", SEEN(get_404()), READING(.left = FAR), fails(LCF_NOT_FOUND, LCF_KIND_API)},
        {"404 where the path names nothing", SEEN(get_404()), READING(.names_none = true),
         fails(LCF_NOT_FOUND, LCF_KIND_API)},
        {"404 about the path", SEEN(get_no_route()), READING(.left = FAR), fails(LCF_REFUSED, LCF_KIND_API)},
        {"403", SEEN(get_403()), READING(.left = FAR), fails(LCF_REFUSED, LCF_KIND_API)},
        {"401", SEEN(get_401()), READING(.left = FAR), fails(LCF_REFUSED, LCF_KIND_API)},
        {"reset", SEEN(get_cut()), READING(.left = FAR), spending(afresh(sends(0.5)))},
        {"timed out", SEEN(get_timed_out()), READING(.left = FAR), spending(afresh(sends(0.5)))},
        {"502", SEEN(get_html(502)), READING(.left = FAR), spending(sends(0.5))},
        {"502 with a Retry-After", SEEN(asking(get_html(502), 3)), READING(.left = FAR), spending(sends(3))},
        {"another token", SEEN(get_other()), READING(.left = FAR), spending(sends(0.5))},
        {"unsent", SEEN(get_unsent(LCF_CONNECT)), READING(.left = FAR), spending(sends(0.5))},
        {"the second time", SEEN(get_cut(), get_html(502)), READING(.left = FAR), spending(sends(1))},
        {"to the end", SEEN(get_cut(), get_cut(), get_cut()), READING(.left = FAR),
         fails(LCF_FAILED, LCF_KIND_NETWORK)},
        {"to the end, as HTML", SEEN(get_cut(), get_cut(), get_html(502)), READING(.left = FAR),
         fails(LCF_FAILED, LCF_KIND_RESPONSE)},
        {"to the end, unsent", SEEN(get_unsent(LCF_CONNECT), get_unsent(LCF_CONNECT), get_unsent(LCF_CONNECT)),
         READING(.left = FAR), fails(LCF_NOT_SENT, LCF_KIND_NETWORK)},
        {"once sent, then unsent", SEEN(get_cut(), get_unsent(LCF_CONNECT), get_unsent(LCF_CONNECT)),
         READING(.left = FAR),
         fails(LCF_FAILED, LCF_KIND_NETWORK)},
        {"without retries", SEEN(get_timed_out()), READING(.no_retries = true), fails(LCF_FAILED, LCF_KIND_TIMEOUT)},
        {"with an empty budget", SEEN(get_html(502)), READING(.penniless = true),
         fails(LCF_FAILED, LCF_KIND_RESPONSE)},
        {"paid", SEEN(paid(get_html(502))), READING(.penniless = true), sends(0.5)},
        {"429", SEEN(get_429(5)), READING(.left = FAR), spending(sends(5))},
        {"429 that does not fit", SEEN(get_429(300)), READING(.left = FAR), fails(LCF_REFUSED, LCF_KIND_API)},
        {"429 to the end", SEEN(get_429(1), get_429(1), get_429(1)), READING(.left = FAR),
         fails(LCF_REFUSED, LCF_KIND_API)},
        {"reset, then answered", SEEN(get_cut(), get_200()), READING(.left = FAR), ends(LCF_OK)},
        {"reset, then 404", SEEN(get_cut(), get_404()), READING(.left = FAR), fails(LCF_NOT_FOUND, LCF_KIND_API)},
        {"reset, then refused", SEEN(get_cut(), get_403()), READING(.left = FAR), fails(LCF_REFUSED, LCF_KIND_API)},
        {"429, then another token to the end", SEEN(get_429(1), get_other(), get_other()), READING(.left = FAR),
         fails(LCF_FAILED, LCF_KIND_API)},
        {"HTML, then another token to the end", SEEN(get_html(502), get_html(502), get_other()), READING(.left = FAR),
         fails(LCF_FAILED, LCF_KIND_API)},
        {"answered raw, and then cancelled", SEEN(answer(LCF_GET, 200, LCF_PROVEN, LCF_NO_ENVELOPE)),
         READING(.cancelled = true), ends(LCF_OK)},
    };
    (void)state;
    expect_moves(rows, COUNT(rows));
}

/* What may be done once: a second request may do it a second time. */

#define ONCE(...) {.nature = LCF_ONCE, __VA_ARGS__}
#define JUST_ONCE {.nature = LCF_ONCE}

static struct lcf_entry post(int status, enum lcf_verdict verdict, enum lcf_success success)
{
    return answer(LCF_POST, status, verdict, success);
}

static struct lcf_entry made(void) { return post(200, LCF_PROVEN, LCF_SUCCESS); }
static struct lcf_entry made_raw(void) { return post(204, LCF_PROVEN, LCF_NO_ENVELOPE); }
static struct lcf_entry lacking(void) { return post(200, LCF_UNNAMED, LCF_SUCCESS); }
static struct lcf_entry post_404(void) { return post(404, LCF_ABSENT, LCF_FAILURE); }
static struct lcf_entry post_refused(int status) { return refusal(LCF_POST, status); }
static struct lcf_entry post_429(double retry_after) { return asking(refusal(LCF_POST, 429), retry_after); }
static struct lcf_entry post_html(int status) { return post(status, LCF_AMBIGUOUS, LCF_NO_ENVELOPE); }
static struct lcf_entry post_503(void) { return post(503, LCF_AMBIGUOUS, LCF_FAILURE); }
static struct lcf_entry post_lost(enum lcf_cause cause) { return attempt(LCF_POST, LCF_SENT, cause); }
static struct lcf_entry post_unsent(enum lcf_cause cause) { return attempt(LCF_POST, LCF_UNSENT, cause); }

static void what_may_be_done_once_is_never_repeated_after_it_may_have_been_done(void **state)
{
    const struct row rows[] = {
        {"reset", SEEN(post_lost(LCF_BROKEN)), JUST_ONCE, fails(LCF_UNKNOWN, LCF_KIND_NETWORK)},
        {"timed out", SEEN(post_lost(LCF_TIMED_OUT)), JUST_ONCE, fails(LCF_UNKNOWN, LCF_KIND_TIMEOUT)},
        {"not HTTP", SEEN(post_lost(LCF_MALFORMED)), JUST_ONCE, fails(LCF_UNKNOWN, LCF_KIND_RESPONSE)},
        {"compressed", SEEN(post_lost(LCF_COMPRESSED)), JUST_ONCE, fails(LCF_UNKNOWN, LCF_KIND_RESPONSE)},
        {"no memory for the reply", SEEN(post_lost(LCF_NO_MEMORY)), JUST_ONCE, fails(LCF_UNKNOWN, LCF_KIND_HOST)},
        {"the handshake, though it was announced", SEEN(post_lost(LCF_HANDSHAKE)), JUST_ONCE,
         fails(LCF_UNKNOWN, LCF_KIND_TLS)},
        {"the certificate, though it was announced", SEEN(post_lost(LCF_CERTIFICATE)), JUST_ONCE,
         fails(LCF_UNKNOWN, LCF_KIND_TLS)},
        {"an option, though it was announced", SEEN(post_lost(LCF_CONFIGURE)), JUST_ONCE,
         fails(LCF_UNKNOWN, LCF_KIND_TLS)},
        {"no connection, though it was announced", SEEN(post_lost(LCF_CONNECT)), JUST_ONCE,
         fails(LCF_UNKNOWN, LCF_KIND_NETWORK)},
        {"a 200 without proof", SEEN(post_html(200)), JUST_ONCE, fails(LCF_UNKNOWN, LCF_KIND_RESPONSE)},
        {"202", SEEN(post_html(202)), JUST_ONCE, fails(LCF_UNKNOWN, LCF_KIND_RESPONSE)},
        {"302", SEEN(post_html(302)), JUST_ONCE, fails(LCF_UNKNOWN, LCF_KIND_RESPONSE)},
        {"HTML 404", SEEN(post_html(404)), JUST_ONCE, fails(LCF_UNKNOWN, LCF_KIND_RESPONSE)},
        {"408", SEEN(post_html(408)), JUST_ONCE, fails(LCF_UNKNOWN, LCF_KIND_RESPONSE)},
        {"429 of a gateway, with a wait", SEEN(asking(post_html(429), 1)), JUST_ONCE,
         fails(LCF_UNKNOWN, LCF_KIND_RESPONSE)},
        {"503 as JSON", SEEN(post_503()), JUST_ONCE, fails(LCF_UNKNOWN, LCF_KIND_API)},
        {"503 with a wait", SEEN(asking(post_503(), 1)), JUST_ONCE, fails(LCF_UNKNOWN, LCF_KIND_API)},
        {"reset, with every retry left", SEEN(post_lost(LCF_BROKEN)), ONCE(.retries = 9),
         fails(LCF_UNKNOWN, LCF_KIND_NETWORK)},
        {"reset, after one that never left", SEEN(post_unsent(LCF_CONNECT), post_lost(LCF_BROKEN)), JUST_ONCE,
         fails(LCF_UNKNOWN, LCF_KIND_NETWORK)},
        {"reset, after a 429", SEEN(post_429(1), post_lost(LCF_BROKEN)), JUST_ONCE, fails(LCF_UNKNOWN, LCF_KIND_API)},
        {"reset, after another trust store",
         SEEN(with_store_left(post_unsent(LCF_CERTIFICATE)), post_lost(LCF_BROKEN)),
         JUST_ONCE, fails(LCF_UNKNOWN, LCF_KIND_NETWORK)},
        {"reset at the last moment", SEEN(post_lost(LCF_BROKEN)), ONCE(.left = 0.001),
         fails(LCF_UNKNOWN, LCF_KIND_NETWORK)},
        {"reset while blocked", SEEN(post_lost(LCF_BROKEN)), ONCE(.blocked_for = 300),
         fails(LCF_UNKNOWN, LCF_KIND_NETWORK)},
    };
    (void)state;
    expect_moves(rows, COUNT(rows));
}

/* It was made, and its secret did not arrive: a second one would not be the first. */
static void a_yes_that_lacks_what_it_must_carry_is_no_success_and_is_not_repeated(void **state)
{
    const struct row rows[] = {
        {"alone", SEEN(lacking()), JUST_ONCE, fails(LCF_UNKNOWN, LCF_KIND_API)},
        {"after a 429", SEEN(post_429(1), lacking()), JUST_ONCE, fails(LCF_UNKNOWN, LCF_KIND_API)},
        {"after one that never left", SEEN(post_unsent(LCF_CONNECT), lacking()), JUST_ONCE,
         fails(LCF_UNKNOWN, LCF_KIND_API)},
        {"without time", SEEN(lacking()), ONCE(.left = 0.001), fails(LCF_UNKNOWN, LCF_KIND_API)},
        {"cancelled", SEEN(lacking()), ONCE(.cancelled = true), fails(LCF_UNKNOWN, LCF_KIND_CANCELLED)},
    };
    (void)state;
    expect_moves(rows, COUNT(rows));
}

static void what_may_be_done_once_begins_and_ends_with_its_own_request(void **state)
{
    const struct row rows[] = {
        {"it begins", NOTHING, JUST_ONCE, sends(0)},
        {"nothing is read first", NOTHING, ONCE(.check_first = true), sends(0)},
        {"too late", NOTHING, ONCE(.left = 0.125), fails(LCF_NOT_SENT, LCF_KIND_TIMEOUT)},
        {"blocked for a while", NOTHING, ONCE(.blocked_for = 5), sends(5)},
        {"blocked for too long", NOTHING, ONCE(.blocked_for = 300), fails(LCF_NOT_SENT, LCF_KIND_API)},
        {"done", SEEN(made()), JUST_ONCE, ends(LCF_OK)},
        {"done, and answered without an envelope", SEEN(made_raw()), JUST_ONCE, ends(LCF_OK)},
        {"done at the last moment", SEEN(made()), ONCE(.left = 0.001), ends(LCF_OK)},
        {"done while blocked", SEEN(made()), ONCE(.blocked_for = 300), ends(LCF_OK)},
        {"400", SEEN(post_refused(400)), JUST_ONCE, fails(LCF_REFUSED, LCF_KIND_API)},
        {"401", SEEN(post_refused(401)), JUST_ONCE, fails(LCF_REFUSED, LCF_KIND_API)},
        {"401 of a passing fault", SEEN(saying(post_refused(401), 10000)), JUST_ONCE,
         fails(LCF_REFUSED, LCF_KIND_API)},
        {"403", SEEN(post_refused(403)), JUST_ONCE, fails(LCF_REFUSED, LCF_KIND_API)},
        {"409", SEEN(post_refused(409)), JUST_ONCE, fails(LCF_REFUSED, LCF_KIND_API)},
        {"404 about the path", SEEN(post_refused(404)), JUST_ONCE, fails(LCF_REFUSED, LCF_KIND_API)},
        {"404 about what the path names", SEEN(post_404()), JUST_ONCE, fails(LCF_NOT_FOUND, LCF_KIND_API)},
        {"404 where the path names nothing", SEEN(post_404()), ONCE(.names_none = true),
         fails(LCF_REFUSED, LCF_KIND_API)},
    };
    (void)state;
    expect_moves(rows, COUNT(rows));
}

static void what_may_be_done_once_is_repeated_where_nothing_was_done(void **state)
{
    const struct row rows[] = {
        {"the resolver", SEEN(post_unsent(LCF_RESOLVE)), JUST_ONCE, spending(sends(0.5))},
        {"a dead connection, before anything left", SEEN(post_unsent(LCF_BROKEN)), JUST_ONCE,
         spending(afresh(sends(0.5)))},
        {"the second time", SEEN(post_unsent(LCF_CONNECT), post_unsent(LCF_CONNECT)), JUST_ONCE, spending(sends(1))},
        {"to the end", SEEN(post_unsent(LCF_CONNECT), post_unsent(LCF_CONNECT), post_unsent(LCF_CONNECT)), JUST_ONCE,
         fails(LCF_NOT_SENT, LCF_KIND_NETWORK)},
        {"without retries", SEEN(post_unsent(LCF_CONNECT)), ONCE(.no_retries = true),
         fails(LCF_NOT_SENT, LCF_KIND_NETWORK)},
        {"with an empty budget", SEEN(post_unsent(LCF_CONNECT)), ONCE(.penniless = true),
         fails(LCF_NOT_SENT, LCF_KIND_NETWORK)},
        {"with an empty budget, but paid", SEEN(paid(post_unsent(LCF_CONNECT))), ONCE(.penniless = true), sends(0.5)},
        {"too late", SEEN(post_unsent(LCF_CONNECT)), ONCE(.left = 0.375), fails(LCF_NOT_SENT, LCF_KIND_TIMEOUT)},
        {"no memory", SEEN(post_unsent(LCF_NO_MEMORY)), JUST_ONCE, fails(LCF_NOT_SENT, LCF_KIND_HOST)},
        {"the certificate", SEEN(post_unsent(LCF_CERTIFICATE)), JUST_ONCE, fails(LCF_NOT_SENT, LCF_KIND_TLS)},
        {"the certificate, with another trust store", SEEN(with_store_left(post_unsent(LCF_CERTIFICATE))),
         ONCE(.no_retries = true), sends(0)},
        {"and then done", SEEN(post_unsent(LCF_CONNECT), made()), JUST_ONCE, ends(LCF_OK)},
        {"429", SEEN(post_429(5)), JUST_ONCE, spending(sends(5))},
        {"429 that does not fit", SEEN(post_429(300)), JUST_ONCE, fails(LCF_REFUSED, LCF_KIND_API)},
        {"429 to the end", SEEN(post_429(1), post_429(1), post_429(1)), JUST_ONCE, fails(LCF_REFUSED, LCF_KIND_API)},
        {"429 with an empty budget", SEEN(post_429(1)), ONCE(.penniless = true), fails(LCF_REFUSED, LCF_KIND_API)},
        {"429, and another call's longer block", SEEN(post_429(5)), ONCE(.blocked_for = 12), spending(sends(12))},
        {"429, then unsent to the end", SEEN(post_429(1), post_unsent(LCF_CONNECT), post_unsent(LCF_CONNECT)),
         JUST_ONCE,
         fails(LCF_REFUSED, LCF_KIND_API)},
        {"429, and then done", SEEN(post_429(1), made()), JUST_ONCE, ends(LCF_OK)},
        {"429, and then absent", SEEN(post_429(1), post_404()), JUST_ONCE, fails(LCF_NOT_FOUND, LCF_KIND_API)},
    };
    (void)state;
    expect_moves(rows, COUNT(rows));
}

static void cancelling_what_may_be_done_once_says_what_is_proven(void **state)
{
    const struct row rows[] = {
        {"before anything", NOTHING, ONCE(.cancelled = true), fails(LCF_NOT_SENT, LCF_KIND_CANCELLED)},
        {"before it left", SEEN(post_unsent(LCF_CANCELLED)), ONCE(.cancelled = true),
         fails(LCF_NOT_SENT, LCF_KIND_CANCELLED)},
        {"under way", SEEN(post_lost(LCF_CANCELLED)), ONCE(.cancelled = true), fails(LCF_UNKNOWN, LCF_KIND_CANCELLED)},
        {"while waiting after a 429", SEEN(post_429(5)), ONCE(.cancelled = true),
         fails(LCF_REFUSED, LCF_KIND_CANCELLED)},
        {"under way after a 429", SEEN(post_429(5), post_lost(LCF_CANCELLED)), ONCE(.cancelled = true),
         fails(LCF_UNKNOWN, LCF_KIND_CANCELLED)},
        {"before another trust store", SEEN(with_store_left(post_unsent(LCF_CERTIFICATE))), ONCE(.cancelled = true),
         fails(LCF_NOT_SENT, LCF_KIND_CANCELLED)},
        {"done", SEEN(made()), ONCE(.cancelled = true), ends(LCF_OK)},
        {"absent", SEEN(post_404()), ONCE(.cancelled = true), fails(LCF_NOT_FOUND, LCF_KIND_CANCELLED)},
    };
    (void)state;
    expect_moves(rows, COUNT(rows));
}

/* What replaces: putting the same again settles it. */

#define REPLACING(...) {.nature = LCF_REPLACE, __VA_ARGS__}
#define JUST_REPLACING {.nature = LCF_REPLACE}

static void what_replaces_is_repeated_after_a_lost_answer_within_its_retries(void **state)
{
    const struct row rows[] = {
        {"it begins", NOTHING, JUST_REPLACING, sends(0)},
        {"nothing is read first", NOTHING, REPLACING(.check_first = true), sends(0)},
        {"done", SEEN(made()), JUST_REPLACING, ends(LCF_OK)},
        {"reset", SEEN(post_lost(LCF_BROKEN)), JUST_REPLACING, afresh(sends(0.5))},
        {"timed out", SEEN(post_lost(LCF_TIMED_OUT)), JUST_REPLACING, afresh(sends(0.5))},
        {"no memory for the reply", SEEN(post_lost(LCF_NO_MEMORY)), JUST_REPLACING, sends(0.5)},
        {"HTML", SEEN(post_html(502)), JUST_REPLACING, sends(0.5)},
        {"503 with a wait", SEEN(asking(post_503(), 7)), JUST_REPLACING, sends(7)},
        {"503 with a wait that does not fit", SEEN(asking(post_503(), 60)), JUST_REPLACING,
         fails(LCF_UNKNOWN, LCF_KIND_API)},
        {"a yes that lacks what it must carry", SEEN(lacking()), JUST_REPLACING, sends(0.5)},
        {"the budget does not hold it back", SEEN(post_html(502)), REPLACING(.penniless = true), sends(0.5)},
        {"nor does a block", SEEN(post_html(502)), REPLACING(.blocked_for = 300), sends(0.5)},
        {"the second time", SEEN(post_html(502), post_html(502)), JUST_REPLACING, sends(1)},
        {"without retries", SEEN(post_html(502)), REPLACING(.no_retries = true),
         fails(LCF_UNKNOWN, LCF_KIND_RESPONSE)},
        {"to the end", SEEN(post_html(502), post_html(502), post_html(502)), JUST_REPLACING,
         fails(LCF_UNKNOWN, LCF_KIND_RESPONSE)},
        {"HTML, then lacking to the end", SEEN(post_html(502), post_html(502), lacking()), JUST_REPLACING,
         fails(LCF_UNKNOWN, LCF_KIND_API)},
        {"the certificate, though it was announced", SEEN(post_lost(LCF_CERTIFICATE)), JUST_REPLACING,
         fails(LCF_UNKNOWN, LCF_KIND_TLS)},
        {"too late", SEEN(post_lost(LCF_BROKEN)), REPLACING(.left = 0.375), fails(LCF_UNKNOWN, LCF_KIND_TIMEOUT)},
        {"lost, and then done", SEEN(post_lost(LCF_BROKEN), made()), JUST_REPLACING, ends(LCF_OK)},
        {"lacking, and then done", SEEN(lacking(), made()), JUST_REPLACING, ends(LCF_OK)},
        {"lost, then unsent", SEEN(post_html(502), post_unsent(LCF_CONNECT)), JUST_REPLACING, sends(1)},
        {"lost, then unsent to the end", SEEN(post_html(502), post_unsent(LCF_CONNECT), post_unsent(LCF_CONNECT)),
         JUST_REPLACING, fails(LCF_UNKNOWN, LCF_KIND_RESPONSE)},
        {"lost, and then the certificate", SEEN(post_html(502), post_unsent(LCF_CERTIFICATE)), JUST_REPLACING,
         fails(LCF_UNKNOWN, LCF_KIND_RESPONSE)},
    };
    (void)state;
    expect_moves(rows, COUNT(rows));
}

static void a_definite_answer_to_what_replaces_says_nothing_of_a_request_that_was_lost(void **state)
{
    const struct row rows[] = {
        {"refused", SEEN(post_refused(403)), JUST_REPLACING, fails(LCF_REFUSED, LCF_KIND_API)},
        {"absent", SEEN(post_404()), JUST_REPLACING, fails(LCF_NOT_FOUND, LCF_KIND_API)},
        {"absent, where the path names nothing", SEEN(post_404()), REPLACING(.names_none = true),
         fails(LCF_NOT_FOUND, LCF_KIND_API)},
        {"429", SEEN(post_429(5)), JUST_REPLACING, spending(sends(5))},
        {"429 that does not fit", SEEN(post_429(300)), JUST_REPLACING, fails(LCF_REFUSED, LCF_KIND_API)},
        {"unsent", SEEN(post_unsent(LCF_CONNECT)), JUST_REPLACING, spending(sends(0.5))},
        {"unsent to the end", SEEN(post_unsent(LCF_CONNECT)), REPLACING(.no_retries = true),
         fails(LCF_NOT_SENT, LCF_KIND_NETWORK)},
        {"lost, then refused", SEEN(post_html(502), post_refused(403)), JUST_REPLACING,
         fails(LCF_UNKNOWN, LCF_KIND_API)},
        {"lost, then throttled", SEEN(post_html(502), post_429(1)), JUST_REPLACING, fails(LCF_UNKNOWN, LCF_KIND_API)},
        {"lost, then absent", SEEN(post_html(502), post_404()), JUST_REPLACING, fails(LCF_UNKNOWN, LCF_KIND_API)},
        {"lost, then absent where the path names nothing", SEEN(post_html(502), post_404()),
         REPLACING(.names_none = true), fails(LCF_UNKNOWN, LCF_KIND_API)},
        {"lacking, then refused", SEEN(lacking(), post_refused(403)), JUST_REPLACING,
         fails(LCF_UNKNOWN, LCF_KIND_API)},
        {"lacking, then absent", SEEN(lacking(), post_404()), JUST_REPLACING, fails(LCF_UNKNOWN, LCF_KIND_API)},
        {"lacking, and cancelled", SEEN(lacking()), REPLACING(.cancelled = true),
         fails(LCF_UNKNOWN, LCF_KIND_CANCELLED)},
        {"lost, and cancelled", SEEN(post_lost(LCF_BROKEN)), REPLACING(.cancelled = true),
         fails(LCF_UNKNOWN, LCF_KIND_CANCELLED)},
        {"throttled, and cancelled", SEEN(post_429(5)), REPLACING(.cancelled = true),
         fails(LCF_REFUSED, LCF_KIND_CANCELLED)},
    };
    (void)state;
    expect_moves(rows, COUNT(rows));
}

/* Words */

static void an_answer_stands_in_the_way_unless_it_is_the_yes_that_was_needed(void **state)
{
    const struct {
        const char *what;
        struct lcf_entry entry;
        bool of_others, of_a_removal;
    } rows[] = {
        {"proof", made(), false, false},
        {"proof without an envelope", made_raw(), false, false},
        {"a yes that lacks what it must carry", lacking(), true, false},
        {"a yes from a cache", post(200, LCF_AMBIGUOUS, LCF_SUCCESS), true, false},
        {"a no", post_refused(403), true, true},
        {"a 404", post_404(), true, true},
        {"HTML", post_html(502), true, true},
        {"not HTTP", post_lost(LCF_MALFORMED), true, true},
        {"compressed", post_lost(LCF_COMPRESSED), true, true},
        {"a reset", post_lost(LCF_BROKEN), false, false},
        {"a proxy's answer", post_unsent(LCF_MALFORMED), false, false},
    };
    static const enum lcf_nature others[] = {LCF_READ, LCF_REPLACE, LCF_ONCE};
    const struct lcf_plan removal = {.nature = LCF_REMOVE};
    unsigned wrong = 0;
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        for (size_t n = 0; n < COUNT(others); n++) {
            const struct lcf_plan plan = {.nature = others[n]};
            bool stands = lcf_is_objection(&plan, &rows[i].entry);
            if (stands != rows[i].of_others) WRONG(wrong, "%s, nature %zu", rows[i].what, n);
        }
        bool stands = lcf_is_objection(&removal, &rows[i].entry);
        if (stands != rows[i].of_a_removal) WRONG(wrong, "%s, removing", rows[i].what);
    }
    expect_none(wrong);
}

static void only_a_get_of_what_changes_something_is_a_look(void **state)
{
    static const enum lcf_method methods[] = {LCF_GET, LCF_DELETE, LCF_POST, LCF_PUT, LCF_PATCH};
    static const enum lcf_nature natures[] = {LCF_READ, LCF_REMOVE, LCF_REPLACE, LCF_ONCE};
    (void)state;
    for (size_t n = 0; n < COUNT(natures); n++)
        for (size_t m = 0; m < COUNT(methods); m++) {
            const struct lcf_plan plan = {.nature = natures[n]};
            bool look = methods[m] == LCF_GET && natures[n] != LCF_READ;
            assert_int_equal(lcf_is_own(&plan, methods[m]), !look);
        }
}

static void a_call_is_safe_to_repeat_unless_it_may_have_done_what_may_be_done_once(void **state)
{
    static const struct {
        enum lcf_outcome outcome;
        bool safe_once;
    } rows[] = {
        {LCF_OK, false},        {LCF_UNKNOWN, false},  {LCF_FAILED, false},
        {LCF_NOT_FOUND, true},  {LCF_NOT_SENT, true},  {LCF_REFUSED, true},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        assert_int_equal(lcf_is_safe_to_retry(LCF_ONCE, rows[i].outcome), rows[i].safe_once);
        assert_true(lcf_is_safe_to_retry(LCF_READ, rows[i].outcome));
        assert_true(lcf_is_safe_to_retry(LCF_REMOVE, rows[i].outcome));
        assert_true(lcf_is_safe_to_retry(LCF_REPLACE, rows[i].outcome));
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_read_that_failed_is_failed_and_never_unknown),
        cmocka_unit_test(what_may_be_done_once_is_never_repeated_after_it_may_have_been_done),
        cmocka_unit_test(a_yes_that_lacks_what_it_must_carry_is_no_success_and_is_not_repeated),
        cmocka_unit_test(what_may_be_done_once_begins_and_ends_with_its_own_request),
        cmocka_unit_test(what_may_be_done_once_is_repeated_where_nothing_was_done),
        cmocka_unit_test(cancelling_what_may_be_done_once_says_what_is_proven),
        cmocka_unit_test(what_replaces_is_repeated_after_a_lost_answer_within_its_retries),
        cmocka_unit_test(a_definite_answer_to_what_replaces_says_nothing_of_a_request_that_was_lost),
        cmocka_unit_test(an_answer_stands_in_the_way_unless_it_is_the_yes_that_was_needed),
        cmocka_unit_test(only_a_get_of_what_changes_something_is_a_look),
        cmocka_unit_test(a_call_is_safe_to_repeat_unless_it_may_have_done_what_may_be_done_once),
    };
    return cmocka_run_group_tests_name("natures", tests, NULL, NULL);
}
