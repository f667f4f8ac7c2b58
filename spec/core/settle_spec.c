/* The rules of settling and waiting, as a table: what a call has seen, and its next move.
 * Behind the tables, random histories and random servers look for an answer that is a lie. */

#include "histories.h"

#include "../../src/core/pace.h"

/* One DELETE */

static void a_call_begins_with_its_own_request(void **state)
{
    const struct row rows[] = {
        {"a delete", NOTHING, USUALLY, sends(0)},
        {"a delete without retries", NOTHING, WITH(.no_retries = true), sends(0)},
        {"a delete without a budget", NOTHING, WITH(.penniless = true), sends(0)},
        {"a read", NOTHING, READING(.left = FAR), sends(0)},
        {"a read does not check itself first", NOTHING, READING(.check_first = true), sends(0)},
        {"check_first", NOTHING, WITH(.check_first = true), confirms(0)},
    };
    (void)state;
    expect_moves(rows, COUNT(rows));
}

static void a_definite_answer_to_the_only_delete_ends_the_call(void **state)
{
    const struct row rows[] = {
        {"proof", SEEN(del_ok()), USUALLY, ends(LCF_DELETED)},
        {"proof at the last moment", SEEN(del_ok()), WITH(.left = 0.001), ends(LCF_DELETED)},
        {"proof while blocked", SEEN(del_ok()), WITH(.blocked_for = 300), ends(LCF_DELETED)},
        {"404", SEEN(del_404()), USUALLY, fails(LCF_NOT_FOUND, LCF_KIND_API)},
        {"404 about the path", SEEN(del_no_route()), USUALLY, fails(LCF_REFUSED, LCF_KIND_API)},
        {"400", SEEN(del_refused(400)), USUALLY, fails(LCF_REFUSED, LCF_KIND_API)},
        {"401", SEEN(del_refused(401)), USUALLY, fails(LCF_REFUSED, LCF_KIND_API)},
        {"403", SEEN(del_refused(403)), USUALLY, fails(LCF_REFUSED, LCF_KIND_API)},
        {"409", SEEN(del_refused(409)), USUALLY, fails(LCF_REFUSED, LCF_KIND_API)},
        {"422", SEEN(del_refused(422)), USUALLY, fails(LCF_REFUSED, LCF_KIND_API)},
    };
    (void)state;
    expect_moves(rows, COUNT(rows));
}

static void attempts_that_never_left_leave_the_call_definite(void **state)
{
    const struct row rows[] = {
        {"unsent, then proof", SEEN(del_unsent(LCF_CONNECT), del_ok()), USUALLY, ends(LCF_DELETED)},
        {"unsent, then 404", SEEN(del_unsent(LCF_TIMED_OUT), del_404()), USUALLY, fails(LCF_NOT_FOUND, LCF_KIND_API)},
        {"unsent, then 403", SEEN(del_unsent(LCF_HANDSHAKE), del_refused(403)), USUALLY, fails(LCF_REFUSED, LCF_KIND_API)},
        {"429, then 404", SEEN(del_429(1), del_404()), USUALLY, fails(LCF_NOT_FOUND, LCF_KIND_API)},
        {"429, then proof", SEEN(del_429(1), del_ok()), USUALLY, ends(LCF_DELETED)},
    };
    (void)state;
    expect_moves(rows, COUNT(rows));
}

/* Only where time may mend it */

static void attempts_that_never_left_are_repeated_within_count_and_budget(void **state)
{
    const struct row rows[] = {
        {"resolver", SEEN(del_unsent(LCF_RESOLVE)), USUALLY, spending(sends(0.5))},
        {"connect refused", SEEN(del_unsent(LCF_CONNECT)), USUALLY, spending(sends(0.5))},
        {"handshake cut", SEEN(del_unsent(LCF_HANDSHAKE)), USUALLY, spending(sends(0.5))},
        {"connect timed out", SEEN(del_unsent(LCF_TIMED_OUT)), USUALLY, spending(afresh(sends(0.5)))},
        {"a dead connection, before anything left", SEEN(del_unsent(LCF_BROKEN)), USUALLY, spending(afresh(sends(0.5)))},
        {"the second time waits twice as long", SEEN(del_unsent(LCF_CONNECT), del_unsent(LCF_CONNECT)), USUALLY,
         spending(sends(1))},
        {"the third ends it", SEEN(del_unsent(LCF_CONNECT), del_unsent(LCF_RESOLVE), del_unsent(LCF_CONNECT)), USUALLY,
         fails(LCF_NOT_SENT, LCF_KIND_NETWORK)},
        {"without retries", SEEN(del_unsent(LCF_CONNECT)), WITH(.no_retries = true), fails(LCF_NOT_SENT, LCF_KIND_NETWORK)},
        {"one retry, used", SEEN(del_unsent(LCF_CONNECT), del_unsent(LCF_HANDSHAKE)), WITH(.retries = 1),
         fails(LCF_NOT_SENT, LCF_KIND_TLS)},
        {"an empty budget", SEEN(del_unsent(LCF_CONNECT)), WITH(.penniless = true), fails(LCF_NOT_SENT, LCF_KIND_NETWORK)},
        {"an empty budget, but this one was paid", SEEN(paid(del_unsent(LCF_CONNECT))), WITH(.penniless = true), sends(0.5)},
        {"paid, and the budget is full", SEEN(paid(del_unsent(LCF_CONNECT))), USUALLY, sends(0.5)},
        {"what was paid before does not pay again", SEEN(paid(del_unsent(LCF_CONNECT)), del_unsent(LCF_CONNECT)),
         WITH(.penniless = true), fails(LCF_NOT_SENT, LCF_KIND_NETWORK)},
        {"the host is late for it", SEEN(del_unsent(LCF_CONNECT)), WITH(.asked_after = 1), spending(sends(1))},
        {"the host is late for it, and there is a block", SEEN(del_unsent(LCF_CONNECT)), WITH(.asked_after = 1, .blocked_for = 4),
         spending(sends(4))},
        {"timed out to the very end", SEEN(del_unsent(LCF_TIMED_OUT)), WITH(.left = 0.1),
         fails(LCF_NOT_SENT, LCF_KIND_TIMEOUT)},
    };
    (void)state;
    expect_moves(rows, COUNT(rows));
}

static void certificate_and_configuration_failures_are_never_repeated(void **state)
{
    const struct row rows[] = {
        {"certificate", SEEN(del_unsent(LCF_CERTIFICATE)), USUALLY, fails(LCF_NOT_SENT, LCF_KIND_TLS)},
        {"CA file", SEEN(del_unsent(LCF_CONFIGURE)), USUALLY, fails(LCF_NOT_SENT, LCF_KIND_TLS)},
        {"certificate, on the retry", SEEN(del_unsent(LCF_CONNECT), del_unsent(LCF_CERTIFICATE)), USUALLY,
         fails(LCF_NOT_SENT, LCF_KIND_TLS)},
        {"certificate after a 429", SEEN(del_429(1), del_unsent(LCF_CERTIFICATE)), USUALLY, fails(LCF_REFUSED, LCF_KIND_API)},
        {"certificate while reading first", SEEN(get_unsent(LCF_CERTIFICATE)), WITH(.check_first = true),
         fails(LCF_NOT_SENT, LCF_KIND_TLS)},
        {"certificate while confirming", SEEN(del_cut(), get_unsent(LCF_CERTIFICATE)), USUALLY, fails(LCF_UNKNOWN, LCF_KIND_TLS)},
        {"CA file while confirming", SEEN(del_cut(), get_unsent(LCF_CONFIGURE)), USUALLY, fails(LCF_UNKNOWN, LCF_KIND_TLS)},
        {"certificate on a DELETE after an ambiguous one", SEEN(del_cut(), get_200(), del_unsent(LCF_CERTIFICATE)), USUALLY,
         fails(LCF_UNKNOWN, LCF_KIND_TLS)},
        {"certificate of a read", SEEN(get_unsent(LCF_CERTIFICATE)), READING(.left = FAR), fails(LCF_NOT_SENT, LCF_KIND_TLS)},
    };
    (void)state;
    expect_moves(rows, COUNT(rows));
}

static struct lcf_entry del_store_left(void) { return with_store_left(del_unsent(LCF_CERTIFICATE)); }
static struct lcf_entry get_store_left(void) { return with_store_left(get_unsent(LCF_CERTIFICATE)); }

static void where_another_trust_store_is_left_the_handshake_is_repeated_at_once_and_for_nothing(void **state)
{
    const struct row rows[] = {
        {"of a DELETE", SEEN(del_store_left()), USUALLY, sends(0)},
        {"without retries", SEEN(del_store_left()), WITH(.no_retries = true), sends(0)},
        {"without a budget", SEEN(del_store_left()), WITH(.penniless = true), sends(0)},
        {"a bundle that cannot be read", SEEN(with_store_left(del_unsent(LCF_CONFIGURE))), USUALLY, sends(0)},
        {"not into what is left of the deadline", SEEN(del_store_left()), WITH(.left = 0.2),
         fails(LCF_NOT_SENT, LCF_KIND_TIMEOUT)},
        {"of a GET that looks first", SEEN(get_store_left()), WITH(.check_first = true), confirms(0)},
        {"of a GET that confirms", SEEN(del_cut(), get_store_left()), USUALLY, afresh(confirms(0))},
        {"of a GET that asks after a refusal", SEEN(get_200(), del_refused(403), get_store_left()),
         WITH(.check_first = true), confirms(0)},
        {"of a DELETE after an ambiguous one", SEEN(del_cut(), get_200(), del_store_left()), USUALLY, sends(0)},
        {"of a read", SEEN(get_store_left()), READING(.no_retries = true), sends(0)},
        {"and what then fails is a first attempt", SEEN(del_store_left(), del_unsent(LCF_CONNECT)), USUALLY,
         spending(sends(0.5))},
        {"of all retries", SEEN(del_store_left(), del_unsent(LCF_CONNECT), del_unsent(LCF_CONNECT)), USUALLY,
         spending(sends(1))},
        {"to the last", SEEN(del_store_left(), del_unsent(LCF_CONNECT), del_unsent(LCF_CONNECT), del_unsent(LCF_CONNECT)),
         USUALLY, fails(LCF_NOT_SENT, LCF_KIND_NETWORK)},
        {"nor does the backoff of a GET grow by it", SEEN(del_cut(), get_store_left(), get_html(502)), USUALLY,
         confirms(1)},
        {"where the other does not do either", SEEN(del_store_left(), del_unsent(LCF_CERTIFICATE)), USUALLY,
         fails(LCF_NOT_SENT, LCF_KIND_TLS)},
        {"where the other does", SEEN(del_store_left(), del_ok()), USUALLY, ends(LCF_DELETED)},
        {"cancelled", SEEN(del_store_left()), WITH(.cancelled = true), fails(LCF_NOT_SENT, LCF_KIND_CANCELLED)},
        {"cancelled after an ambiguous DELETE", SEEN(del_cut(), get_store_left()), WITH(.cancelled = true),
         fails(LCF_UNKNOWN, LCF_KIND_CANCELLED)},
    };
    (void)state;
    expect_moves(rows, COUNT(rows));
}

/* The table is silent; to repeat at once what found no memory would not be wise. */
static void a_delete_for_which_there_was_no_memory_was_not_sent(void **state)
{
    const struct row rows[] = {
        {"no memory", SEEN(del_unsent(LCF_NO_MEMORY)), USUALLY, fails(LCF_NOT_SENT, LCF_KIND_HOST)},
    };
    (void)state;
    expect_moves(rows, COUNT(rows));
}

static void a_429_is_repeated_when_its_wait_fits(void **state)
{
    const struct row rows[] = {
        {"with a wait", SEEN(del_429(5)), USUALLY, spending(sends(5))},
        {"with a long wait that fits", SEEN(del_429(29.5)), USUALLY, spending(sends(29.5))},
        {"with a wait that just leaves time for a request", SEEN(del_429(29.75)), USUALLY, spending(sends(29.75))},
        {"with a wait that leaves too little", SEEN(del_429(29.875)), USUALLY, fails(LCF_REFUSED, LCF_KIND_API)},
        {"with the wait of a block", SEEN(del_429(300)), USUALLY, fails(LCF_REFUSED, LCF_KIND_API)},
        {"with a day", SEEN(del_429(86400)), USUALLY, fails(LCF_REFUSED, LCF_KIND_API)},
        {"with a wait of 0, which is still not at once", SEEN(del_429(0)), USUALLY, spending(sends(0.25))},
        {"without a wait: our own", SEEN(del_429(NONE_ASKED)), USUALLY, spending(sends(0.5))},
        {"the second", SEEN(del_429(1), del_429(2)), USUALLY, spending(sends(2))},
        {"the third ends it", SEEN(del_429(1), del_429(1), del_429(1)), USUALLY, fails(LCF_REFUSED, LCF_KIND_API)},
        {"without retries", SEEN(del_429(1)), WITH(.no_retries = true), fails(LCF_REFUSED, LCF_KIND_API)},
        {"with an empty budget", SEEN(del_429(1)), WITH(.penniless = true), fails(LCF_REFUSED, LCF_KIND_API)},
        {"paid", SEEN(paid(del_429(1))), WITH(.penniless = true), sends(1)},
        {"then unsent to the end", SEEN(del_429(1), del_unsent(LCF_CONNECT), del_unsent(LCF_CONNECT)), USUALLY,
         fails(LCF_REFUSED, LCF_KIND_API)},
        {"the count is shared with what never left", SEEN(del_unsent(LCF_CONNECT), del_429(1), del_429(1)), USUALLY,
         fails(LCF_REFUSED, LCF_KIND_API)},
        {"as HTML, which is ambiguous", SEEN(del_html(429)), USUALLY, confirms(0.5)},
    };
    (void)state;
    expect_moves(rows, COUNT(rows));
}

/* After an ambiguous DELETE */

static void an_ambiguous_delete_is_confirmed_after_a_backoff(void **state)
{
    const struct row rows[] = {
        {"reset", SEEN(del_cut()), USUALLY, afresh(confirms(0.5))},
        {"timed out", SEEN(del_timed_out()), USUALLY, afresh(confirms(0.5))},
        {"not HTTP", SEEN(del_lost(LCF_MALFORMED)), USUALLY, confirms(0.5)},
        {"a 200 without proof", SEEN(del_html(200)), USUALLY, confirms(0.5)},
        {"204", SEEN(del_html(204)), USUALLY, confirms(0.5)},
        {"302", SEEN(del_html(302)), USUALLY, confirms(0.5)},
        {"HTML 404", SEEN(del_html(404)), USUALLY, confirms(0.5)},
        {"408", SEEN(del_html(408)), USUALLY, confirms(0.5)},
        {"503 as HTML", SEEN(del_html(503)), USUALLY, confirms(0.5)},
        {"503 as JSON", SEEN(del_503_json()), USUALLY, confirms(0.5)},
        {"503 with a Retry-After", SEEN(asking(del_503_json(), 7)), USUALLY, confirms(7)},
        {"503 with a Retry-After that does not fit", SEEN(asking(del_503_json(), 60)), USUALLY, fails(LCF_UNKNOWN, LCF_KIND_API)},
        {"without retries all the same", SEEN(del_cut()), WITH(.no_retries = true), afresh(confirms(0.5))},
        {"with an empty budget all the same", SEEN(del_cut()), WITH(.penniless = true), afresh(confirms(0.5))},
        {"ambiguous after a 429", SEEN(del_429(1), del_cut()), USUALLY, afresh(confirms(0.5))},
        {"ambiguous after unsent ones", SEEN(del_unsent(LCF_CONNECT), del_unsent(LCF_CONNECT), del_html(502)), USUALLY,
         confirms(0.5)},
    };
    (void)state;
    expect_moves(rows, COUNT(rows));
}

/* Only certificate and configuration failures are beyond repeating. */
static void an_ambiguous_delete_is_confirmed_even_if_memory_ran_out_on_the_way(void **state)
{
    const struct row rows[] = {
        {"no memory for the reply", SEEN(del_lost(LCF_NO_MEMORY)), USUALLY, confirms(0.5)},
        {"no memory for a GET", SEEN(del_cut(), get_unsent(LCF_NO_MEMORY)), USUALLY, afresh(confirms(1))},
    };
    (void)state;
    expect_moves(rows, COUNT(rows));
}

static void the_confirming_get_decides(void **state)
{
    const struct row rows[] = {
        {"absent: a hint, that a DELETE tests", SEEN(del_cut(), get_404()), USUALLY, sends(0)},
        {"absent, with an empty budget", SEEN(del_cut(), get_404()), WITH(.penniless = true), sends(0)},
        {"absent, without retries", SEEN(del_cut(), get_404()), WITH(.no_retries = true), fails(LCF_UNKNOWN, LCF_KIND_API)},
        {"absent, too late", SEEN(del_cut(), get_404()), WITH(.left = 0.125), fails(LCF_UNKNOWN, LCF_KIND_API)},
        {"404 about the path", SEEN(del_cut(), get_no_route()), USUALLY, fails(LCF_UNKNOWN, LCF_KIND_API)},
        {"still there", SEEN(del_cut(), get_200()), USUALLY, sends(0)},
        {"still there, after a silence: the silent connection is in the pool", SEEN(del_timed_out(), get_200()), USUALLY,
         afresh(sends(0))},
        {"still there, with an empty budget", SEEN(del_cut(), get_200()), WITH(.penniless = true), sends(0)},
        {"still there, without retries", SEEN(del_cut(), get_200()), WITH(.no_retries = true), fails(LCF_UNKNOWN, LCF_KIND_API)},
        {"still there, one retry", SEEN(del_cut(), get_200()), WITH(.retries = 1), sends(0)},
        {"still there, one retry used", SEEN(del_cut(), get_200(), del_cut(), get_200()), WITH(.retries = 1),
         fails(LCF_UNKNOWN, LCF_KIND_API)},
        {"still there, two retries, one used", SEEN(del_cut(), get_200(), del_cut(), get_200()), USUALLY, sends(0)},
        {"still there, two retries used", SEEN(del_cut(), get_200(), del_cut(), get_200(), del_cut(), get_200()), USUALLY,
         fails(LCF_UNKNOWN, LCF_KIND_API)},
        {"still there after a DELETE that never left", SEEN(del_unsent(LCF_CONNECT), del_cut(), get_200()), WITH(.retries = 1),
         fails(LCF_UNKNOWN, LCF_KIND_API)},
        {"still there, too late", SEEN(del_cut(), get_200()), WITH(.left = 0.125), fails(LCF_UNKNOWN, LCF_KIND_TIMEOUT)},
        {"reading is not permitted", SEEN(del_cut(), get_403()), USUALLY, sends(0)},
        {"reading is not permitted, with an empty budget", SEEN(del_cut(), get_403()), WITH(.penniless = true), sends(0)},
        {"reading is not permitted, without retries", SEEN(del_cut(), get_403()), WITH(.no_retries = true),
         fails(LCF_UNKNOWN, LCF_KIND_API)},
        {"401", SEEN(del_cut(), get_401()), USUALLY, fails(LCF_UNKNOWN, LCF_KIND_API)},
        {"400", SEEN(del_cut(), get_refused(400)), USUALLY, fails(LCF_UNKNOWN, LCF_KIND_API)},
        {"405", SEEN(del_cut(), get_refused(405)), USUALLY, fails(LCF_UNKNOWN, LCF_KIND_API)},
        {"a lock-out as 403", SEEN(del_cut(), get_locked(403)), USUALLY, fails(LCF_UNKNOWN, LCF_KIND_API)},
        {"a lock-out as 429", SEEN(del_cut(), asking(get_locked(429), 1)), USUALLY, fails(LCF_UNKNOWN, LCF_KIND_API)},
    };
    (void)state;
    expect_moves(rows, COUNT(rows));
}

static void a_get_that_teaches_nothing_is_repeated_at_growing_backoff(void **state)
{
    const struct row rows[] = {
        {"reset", SEEN(del_cut(), get_cut()), USUALLY, afresh(confirms(1))},
        {"timed out", SEEN(del_cut(), get_timed_out()), USUALLY, afresh(confirms(1))},
        {"unsent: the cut connection is still not trusted", SEEN(del_cut(), get_unsent(LCF_CONNECT)), USUALLY, afresh(confirms(1))},
        {"an answer does not make up for silence", SEEN(del_timed_out(), get_html(502)), USUALLY, afresh(confirms(1))},
        {"nor does a later one", SEEN(del_cut(), get_timed_out(), get_200()), USUALLY, afresh(sends(0))},
        {"HTML 404", SEEN(del_cut(), get_html(404)), USUALLY, confirms(1)},
        {"HTML 403", SEEN(del_cut(), get_html(403)), USUALLY, confirms(1)},
        {"502", SEEN(del_cut(), get_html(502)), USUALLY, confirms(1)},
        {"another token", SEEN(del_cut(), get_other()), USUALLY, confirms(1)},
        {"the third GET", SEEN(del_cut(), get_html(502), get_html(502)), USUALLY, confirms(2)},
        {"the fourth", SEEN(del_cut(), get_html(502), get_html(502), get_html(502)), USUALLY, confirms(4)},
        {"the fifth", SEEN(del_cut(), get_html(502), get_html(502), get_html(502), get_html(502)), USUALLY, confirms(8)},
        {"the sixth, no longer", SEEN(del_cut(), get_html(502), get_html(502), get_html(502), get_html(502), get_html(502)),
         USUALLY, confirms(8)},
        {"the backoff begins again after a DELETE", SEEN(del_cut(), get_html(502), get_html(502), get_200(), del_cut()),
         USUALLY, afresh(confirms(0.5))},
        {"no retries are used up", SEEN(del_cut(), get_cut(), get_html(502)), WITH(.no_retries = true), confirms(2)},
        {"no budget is used up", SEEN(del_cut(), get_cut(), get_html(502)), WITH(.penniless = true), confirms(2)},
        {"429", SEEN(del_cut(), get_429(3)), USUALLY, confirms(3)},
        {"429 without a wait", SEEN(del_cut(), get_429(NONE_ASKED)), USUALLY, confirms(1)},
        {"429 with a wait of 0", SEEN(del_cut(), get_429(0)), USUALLY, confirms(0.25)},
        {"429 that does not fit", SEEN(del_cut(), get_429(300)), USUALLY, fails(LCF_UNKNOWN, LCF_KIND_API)},
        {"502 with a Retry-After", SEEN(del_cut(), asking(get_html(502), 4)), USUALLY, confirms(4)},
        {"502 with one that does not fit", SEEN(del_cut(), asking(get_html(502), 40)), USUALLY,
         fails(LCF_UNKNOWN, LCF_KIND_RESPONSE)},
    };
    (void)state;
    expect_moves(rows, COUNT(rows));
}

static void a_delete_after_an_ambiguous_one_is_read_in_that_light(void **state)
{
    const struct row rows[] = {
        {"proof", SEEN(del_cut(), get_200(), del_ok()), USUALLY, ends(LCF_DELETED)},
        {"404, after a GET that said so", SEEN(del_cut(), get_404(), del_404()), USUALLY, ends(LCF_GONE)},
        {"404, after a GET that said so, at the last moment", SEEN(del_cut(), get_404(), del_404()), WITH(.left = 0.001),
         ends(LCF_GONE)},
        {"proof, after a GET that missed it", SEEN(del_cut(), get_404(), del_ok()), USUALLY, ends(LCF_DELETED)},
        {"ambiguous, after a GET that missed it: a new GET has to say so", SEEN(del_cut(), get_404(), del_cut(), get_403(), del_404()),
         USUALLY, confirms(0)},
        {"proof of the probe", SEEN(del_cut(), get_403(), del_ok()), USUALLY, ends(LCF_DELETED)},
        {"400", SEEN(del_cut(), get_200(), del_refused(400)), USUALLY, fails(LCF_UNKNOWN, LCF_KIND_API)},
        {"401", SEEN(del_cut(), get_403(), del_refused(401)), USUALLY, fails(LCF_UNKNOWN, LCF_KIND_API)},
        {"403", SEEN(del_cut(), get_403(), del_refused(403)), USUALLY, fails(LCF_UNKNOWN, LCF_KIND_API)},
        {"429, not refused", SEEN(del_cut(), get_200(), del_429(1)), USUALLY, fails(LCF_UNKNOWN, LCF_KIND_API)},
        {"429 that does not fit", SEEN(del_cut(), get_200(), del_429(300)), USUALLY, fails(LCF_UNKNOWN, LCF_KIND_API)},
        {"404 about the path", SEEN(del_cut(), get_200(), del_no_route()), USUALLY, fails(LCF_UNKNOWN, LCF_KIND_API)},
        {"ambiguous again", SEEN(del_cut(), get_200(), del_html(502)), USUALLY, confirms(0.5)},
        {"ambiguous probe", SEEN(del_cut(), get_403(), del_cut()), USUALLY, afresh(confirms(0.5))},
        {"ambiguous probes to the end", SEEN(del_cut(), get_403(), del_cut(), get_403(), del_cut(), get_403()), USUALLY,
         fails(LCF_UNKNOWN, LCF_KIND_API)},
        {"unsent", SEEN(del_cut(), get_200(), del_unsent(LCF_CONNECT)), USUALLY, sends(1)},
        {"unsent, with an empty budget", SEEN(del_cut(), get_200(), del_unsent(LCF_CONNECT)), WITH(.penniless = true), sends(1)},
        {"no memory for it", SEEN(del_cut(), get_200(), del_unsent(LCF_NO_MEMORY)), USUALLY, sends(1)},
        {"unsent, to the end", SEEN(del_cut(), get_200(), del_unsent(LCF_CONNECT), del_unsent(LCF_CONNECT)), USUALLY,
         fails(LCF_UNKNOWN, LCF_KIND_NETWORK)},
        {"a 429 before the ambiguous one changes nothing", SEEN(del_429(1), del_cut(), get_404(), del_404()), USUALLY,
         ends(LCF_GONE)},
    };
    (void)state;
    expect_moves(rows, COUNT(rows));
}

/* A DELETE that denies what was, or may have been, there is one witness. */
static void gone_needs_a_get_and_a_delete_that_both_say_absent(void **state)
{
    const struct row rows[] = {
        {"shown, and then denied", SEEN(del_cut(), get_200(), del_404()), USUALLY, confirms(0)},
        {"shown, denied, and a GET agrees", SEEN(del_cut(), get_200(), del_404(), get_404()), USUALLY, ends(LCF_GONE)},
        {"shown, denied, and still shown", SEEN(del_cut(), get_200(), del_404(), get_200()), USUALLY,
         fails(LCF_UNKNOWN, LCF_KIND_API)},
        {"shown and denied, without time to ask", SEEN(del_cut(), get_200(), del_404()), WITH(.left = 0.125),
         fails(LCF_UNKNOWN, LCF_KIND_API)},
        {"shown, denied, and cancelled", SEEN(del_cut(), get_200(), del_404()), WITH(.cancelled = true),
         fails(LCF_UNKNOWN, LCF_KIND_CANCELLED)},
        {"missed, shown, and denied", SEEN(del_cut(), get_404(), del_cut(), get_200(), del_404()), WITH(.retries = 3),
         confirms(0)},
        {"after the denial a GET that teaches nothing is repeated", SEEN(del_cut(), get_200(), del_404(), get_html(502)),
         USUALLY, confirms(1)},
        {"after the denial a 401 teaches nothing", SEEN(del_cut(), get_200(), del_404(), get_401()), USUALLY,
         fails(LCF_UNKNOWN, LCF_KIND_API)},
        {"after the denial a certificate fails", SEEN(del_cut(), get_200(), del_404(), get_unsent(LCF_CERTIFICATE)), USUALLY,
         fails(LCF_UNKNOWN, LCF_KIND_API)},
        {"first read, then denied", SEEN(get_200(), del_404()), WITH(.check_first = true), confirms(0)},
        {"first read, denied, and a GET agrees", SEEN(get_200(), del_404(), get_404()), WITH(.check_first = true), ends(LCF_GONE)},
        {"first read, denied, and still shown", SEEN(get_200(), del_404(), get_200()), WITH(.check_first = true),
         fails(LCF_UNKNOWN, LCF_KIND_API)},
        {"first read, denied, and nobody could look", SEEN(get_200(), del_404(), get_html(502)),
         WITH(.check_first = true, .left = 0.375), fails(LCF_UNKNOWN, LCF_KIND_RESPONSE)},
        {"first read, denied, and cancelled", SEEN(get_200(), del_404()), WITH(.check_first = true, .cancelled = true),
         fails(LCF_UNKNOWN, LCF_KIND_CANCELLED)},
    };
    (void)state;
    expect_moves(rows, COUNT(rows));
}

static void where_reading_is_not_permitted_the_delete_is_the_only_witness(void **state)
{
    const struct row rows[] = {
        {"denied: asked once more", SEEN(del_cut(), get_403(), del_404()), USUALLY, confirms(0)},
        {"still not permitted", SEEN(del_cut(), get_403(), del_404(), get_403()), USUALLY, ends(LCF_GONE)},
        {"permitted by now, and it is shown", SEEN(del_cut(), get_403(), del_404(), get_200()), USUALLY,
         fails(LCF_UNKNOWN, LCF_KIND_API)},
        {"permitted by now, and it is absent", SEEN(del_cut(), get_403(), del_404(), get_404()), USUALLY, ends(LCF_GONE)},
        {"once it was shown, a 403 is a fault that passes", SEEN(get_200(), del_404(), get_403()), WITH(.check_first = true),
         confirms(1)},
    };
    (void)state;
    expect_moves(rows, COUNT(rows));
}

static void a_passing_fault_is_looked_past_twice(void **state)
{
    const struct row rows[] = {
        {"401 10000", SEEN(del_cut(), get_passing(401)), USUALLY, confirms(1)},
        {"403 10000", SEEN(del_cut(), get_passing(403)), USUALLY, confirms(1)},
        {"404 10000", SEEN(del_cut(), get_passing(404)), USUALLY, confirms(1)},
        {"the second time", SEEN(del_cut(), get_passing(401), get_passing(401)), USUALLY, confirms(2)},
        {"the third time", SEEN(del_cut(), get_passing(401), get_passing(401), get_passing(401)), USUALLY,
         fails(LCF_UNKNOWN, LCF_KIND_API)},
        {"the third in a call, with a DELETE between", SEEN(del_cut(), get_passing(401), get_passing(401), get_200(), del_html(502),
         get_passing(401)), USUALLY, fails(LCF_UNKNOWN, LCF_KIND_API)},
        {"with a lock-out beside it", SEEN(del_cut(), saying(get_passing(401), 10502)), USUALLY, fails(LCF_UNKNOWN, LCF_KIND_API)},
        {"after a yes without the name there is one GET", SEEN(del_yes(), get_passing(401)), USUALLY, ends(LCF_ACCEPTED)},
        {"what is ambiguous is none, whatever its code", SEEN(del_cut(), saying(get_html(503), 10000), saying(get_html(503), 10000),
         saying(get_html(503), 10000), get_passing(401)), USUALLY, confirms(8)},
        {"nor is a 403 that is not the API's, once it was shown", SEEN(get_200(), del_404(), get_html(403), get_html(403),
         get_html(403), get_passing(401)), WITH(.check_first = true), confirms(8)},
        {"while reading first", SEEN(get_passing(401)), WITH(.check_first = true), confirms(1)},
        {"while reading first, the third time", SEEN(get_passing(401), get_passing(403), get_passing(401)),
         WITH(.check_first = true), fails(LCF_NOT_SENT, LCF_KIND_API)},
        {"a DELETE that it refuses is refused", SEEN(saying(del_refused(401), 10000)), USUALLY, fails(LCF_REFUSED, LCF_KIND_API)},
    };
    (void)state;
    expect_moves(rows, COUNT(rows));
}

/* Something between may have sent the DELETE twice, and kept the first answer for itself. */
static void a_refused_delete_of_a_token_that_was_shown_is_looked_after_once(void **state)
{
    const struct row rows[] = {
        {"shown, then refused", SEEN(get_200(), del_refused(403)), WITH(.check_first = true), confirms(0)},
        {"shown, refused, and still shown", SEEN(get_200(), del_refused(403), get_200()), WITH(.check_first = true),
         fails(LCF_REFUSED, LCF_KIND_API)},
        {"shown, refused, and absent", SEEN(get_200(), del_refused(403), get_404()), WITH(.check_first = true),
         fails(LCF_UNKNOWN, LCF_KIND_API)},
        {"shown, refused, and nothing learnt", SEEN(get_200(), del_refused(403), get_html(502)), WITH(.check_first = true),
         fails(LCF_REFUSED, LCF_KIND_RESPONSE)},
        {"shown, then refused, without time to look", SEEN(get_200(), del_refused(403)),
         WITH(.check_first = true, .left = 0.125), fails(LCF_REFUSED, LCF_KIND_API)},
        {"shown, then refused, while blocked", SEEN(get_200(), del_refused(403)), WITH(.check_first = true, .blocked_for = 300),
         confirms(0)},
        {"shown, then refused, and cancelled", SEEN(get_200(), del_refused(403)), WITH(.check_first = true, .cancelled = true),
         fails(LCF_REFUSED, LCF_KIND_CANCELLED)},
        {"shown, then throttled for a while", SEEN(get_200(), del_429(2)), WITH(.check_first = true), spending(sends(2))},
        {"shown, then throttled for too long", SEEN(get_200(), del_429(300)), WITH(.check_first = true), confirms(0)},
        {"shown, throttled, then unsent to the end", SEEN(get_200(), del_429(1), del_unsent(LCF_CONNECT)),
         WITH(.check_first = true, .retries = 1), confirms(0)},
        {"shown, throttled, then unsent for good", SEEN(get_200(), del_429(1), del_unsent(LCF_CERTIFICATE)),
         WITH(.check_first = true), confirms(0)},
        {"shown, throttled, then unsent without a budget", SEEN(get_200(), del_429(1), del_unsent(LCF_CONNECT)),
         WITH(.check_first = true, .penniless = true), confirms(0)},
        {"shown, throttled for a while, but blocked for too long", SEEN(get_200(), del_429(2)),
         WITH(.check_first = true, .blocked_for = 3600), spending(confirms(2))},
        {"shown, throttled, unsent, and absent", SEEN(get_200(), del_429(1), del_unsent(LCF_CONNECT), get_404()),
         WITH(.check_first = true, .retries = 1), fails(LCF_UNKNOWN, LCF_KIND_API)},
        {"shown, throttled, unsent, and still shown", SEEN(get_200(), del_429(1), del_unsent(LCF_CONNECT), get_200()),
         WITH(.check_first = true, .retries = 1), fails(LCF_REFUSED, LCF_KIND_API)},
        {"shown, then unsent to the end", SEEN(get_200(), del_unsent(LCF_CONNECT)), WITH(.check_first = true, .no_retries = true),
         fails(LCF_NOT_SENT, LCF_KIND_NETWORK)},
        {"not permitted, then refused", SEEN(get_403(), del_refused(403)), WITH(.check_first = true),
         fails(LCF_REFUSED, LCF_KIND_API)},
    };
    (void)state;
    expect_moves(rows, COUNT(rows));
}

/* A yes that named no or another id */

static void an_unnamed_yes_is_asked_about_at_once_and_only_once(void **state)
{
    const struct row rows[] = {
        {"at once", SEEN(del_yes()), USUALLY, confirms(0)},
        {"at once, without retries or budget", SEEN(del_yes()), WITH(.no_retries = true, .penniless = true), confirms(0)},
        {"absent: the yes is tested", SEEN(del_yes(), get_404()), USUALLY, sends(0)},
        {"absent, then denied", SEEN(del_yes(), get_404(), del_404()), USUALLY, ends(LCF_GONE)},
        {"absent, then the same yes", SEEN(del_yes(), get_404(), del_yes()), USUALLY, confirms(0)},
        {"absent, without retries: it no longer stands alone", SEEN(del_yes(), get_404()), WITH(.no_retries = true),
         fails(LCF_UNKNOWN, LCF_KIND_API)},
        {"reset", SEEN(del_yes(), get_cut()), USUALLY, ends(LCF_ACCEPTED)},
        {"timed out", SEEN(del_yes(), get_timed_out()), USUALLY, ends(LCF_ACCEPTED)},
        {"unsent", SEEN(del_yes(), get_unsent(LCF_CONNECT)), USUALLY, ends(LCF_ACCEPTED)},
        {"a certificate that changed", SEEN(del_yes(), get_unsent(LCF_CERTIFICATE)), USUALLY, ends(LCF_ACCEPTED)},
        {"502", SEEN(del_yes(), get_html(502)), USUALLY, ends(LCF_ACCEPTED)},
        {"HTML 404", SEEN(del_yes(), get_html(404)), USUALLY, ends(LCF_ACCEPTED)},
        {"405", SEEN(del_yes(), get_refused(405)), USUALLY, ends(LCF_ACCEPTED)},
        {"the same example again, as a canned server sends it", SEEN(del_yes(), get_other()), USUALLY, ends(LCF_ACCEPTED)},
        {"still there: the yes was none", SEEN(del_yes(), get_200()), USUALLY, sends(0)},
        {"still there, without retries", SEEN(del_yes(), get_200()), WITH(.no_retries = true), fails(LCF_UNKNOWN, LCF_KIND_API)},
        {"still there to the end", SEEN(del_yes(), get_200(), del_yes(), get_200(), del_yes(), get_200()), USUALLY,
         fails(LCF_UNKNOWN, LCF_KIND_API)},
        {"still there, then proof", SEEN(del_yes(), get_200(), del_ok()), USUALLY, ends(LCF_DELETED)},
        {"still there, then 404", SEEN(del_yes(), get_200(), del_404()), USUALLY, confirms(0)},
        {"still there, then a new yes", SEEN(del_yes(), get_200(), del_yes()), USUALLY, confirms(0)},
        {"still there, then refused", SEEN(del_yes(), get_200(), del_refused(403)), USUALLY, fails(LCF_UNKNOWN, LCF_KIND_API)},
        {"still there, then ambiguous", SEEN(del_yes(), get_200(), del_cut()), USUALLY, afresh(confirms(0.5))},
        {"still there, then ambiguous and nothing learnt", SEEN(del_yes(), get_200(), del_html(502), get_html(502)), USUALLY,
         confirms(1)},
        {"a yes after an ambiguous DELETE", SEEN(del_cut(), get_200(), del_yes()), USUALLY, confirms(0)},
        {"a yes after an ambiguous DELETE, nothing learnt", SEEN(del_cut(), get_200(), del_yes(), get_html(502)), USUALLY,
         ends(LCF_ACCEPTED)},
        {"no time to ask", SEEN(del_yes()), WITH(.left = 0.125), ends(LCF_ACCEPTED)},
        {"blocked, and asked all the same", SEEN(del_yes()), WITH(.blocked_for = 300), confirms(0)},
    };
    (void)state;
    expect_moves(rows, COUNT(rows));
}

static void where_reading_is_not_permitted_the_same_yes_again_is_accepted(void **state)
{
    const struct row rows[] = {
        {"one more DELETE", SEEN(del_yes(), get_403()), USUALLY, sends(0)},
        {"that answers the same", SEEN(del_yes(), get_403(), del_yes()), USUALLY, ends(LCF_ACCEPTED)},
        {"that answers the same, at the last moment", SEEN(del_yes(), get_403(), del_yes()), WITH(.left = 0.001),
         ends(LCF_ACCEPTED)},
        {"that proves it", SEEN(del_yes(), get_403(), del_ok()), USUALLY, ends(LCF_DELETED)},
        {"that finds nothing", SEEN(del_yes(), get_403(), del_404()), USUALLY, confirms(0)},
        {"that finds nothing, and reading is still not permitted", SEEN(del_yes(), get_403(), del_404(), get_403()), USUALLY,
         ends(LCF_GONE)},
        {"that is refused", SEEN(del_yes(), get_403(), del_refused(403)), USUALLY, fails(LCF_UNKNOWN, LCF_KIND_API)},
        {"that is throttled", SEEN(del_yes(), get_403(), del_429(1)), USUALLY, fails(LCF_UNKNOWN, LCF_KIND_API)},
        {"that is ambiguous", SEEN(del_yes(), get_403(), del_cut()), USUALLY, afresh(confirms(0.5))},
        {"that never left is sent again", SEEN(del_yes(), get_403(), del_unsent(LCF_CONNECT)), USUALLY, sends(1)},
        {"ambiguous before the yes", SEEN(del_cut(), get_403(), del_yes()), USUALLY, confirms(0)},
        {"ambiguous before the yes, then not permitted", SEEN(del_cut(), get_403(), del_yes(), get_403()), USUALLY, sends(0)},
    };
    (void)state;
    expect_moves(rows, COUNT(rows));
}

/* Reading was permitted in between, so the new yes can be asked about. */
static void a_yes_after_the_token_was_seen_is_a_new_yes(void **state)
{
    const struct row rows[] = {
        {"403 after the first yes, 200 before the second",
         SEEN(del_yes(), get_403(), del_cut(), get_200(), del_yes()), USUALLY, confirms(0)},
    };
    (void)state;
    expect_moves(rows, COUNT(rows));
}

/* Two rules meet here, and the one about the yes is taken: the table leaves the order open. */
static void a_yes_stands_where_its_get_could_not_teach_anything(void **state)
{
    const struct row rows[] = {
        {"404 about the path", SEEN(del_yes(), get_no_route()), USUALLY, ends(LCF_ACCEPTED)},
        {"401", SEEN(del_yes(), get_401()), USUALLY, ends(LCF_ACCEPTED)},
        {"429", SEEN(del_yes(), get_429(1)), USUALLY, ends(LCF_ACCEPTED)},
        {"403, without retries", SEEN(del_yes(), get_403()), WITH(.no_retries = true), ends(LCF_ACCEPTED)},
        {"403, and the DELETEs after it never left", SEEN(del_yes(), get_403(), del_unsent(LCF_CONNECT), del_unsent(LCF_CONNECT)),
         USUALLY, ends(LCF_ACCEPTED)},
    };
    (void)state;
    expect_moves(rows, COUNT(rows));
}

/* check_first */

static void check_first_reads_before_it_deletes(void **state)
{
    const struct row rows[] = {
        {"there", SEEN(get_200()), WITH(.check_first = true), sends(0)},
        {"there, without a budget", SEEN(get_200()), WITH(.check_first = true, .penniless = true), sends(0)},
        {"not there: a DELETE tests it", SEEN(get_404()), WITH(.check_first = true), sends(0)},
        {"not there, denied", SEEN(get_404(), del_404()), WITH(.check_first = true), fails(LCF_NOT_FOUND, LCF_KIND_API)},
        {"not there, and yet deleted", SEEN(get_404(), del_ok()), WITH(.check_first = true), ends(LCF_DELETED)},
        {"not there, then ambiguous: an earlier GET is no witness", SEEN(get_404(), del_html(502), get_403(), del_404()),
         WITH(.check_first = true), confirms(0)},
        {"not there, then unsent to the end", SEEN(get_404(), del_unsent(LCF_CONNECT)), WITH(.check_first = true, .no_retries = true),
         fails(LCF_NOT_SENT, LCF_KIND_API)},
        {"reading is not permitted", SEEN(get_403()), WITH(.check_first = true), sends(0)},
        {"502", SEEN(get_html(502)), WITH(.check_first = true), confirms(1)},
        {"reset", SEEN(get_cut()), WITH(.check_first = true), afresh(confirms(1))},
        {"timed out", SEEN(get_timed_out()), WITH(.check_first = true), afresh(confirms(1))},
        {"unsent", SEEN(get_unsent(LCF_RESOLVE)), WITH(.check_first = true), confirms(1)},
        {"another token", SEEN(get_other()), WITH(.check_first = true), confirms(1)},
        {"429", SEEN(get_429(3)), WITH(.check_first = true), confirms(3)},
        {"429 that does not fit", SEEN(get_429(300)), WITH(.check_first = true), fails(LCF_NOT_SENT, LCF_KIND_API)},
        {"without retries it is repeated all the same", SEEN(get_cut(), get_html(502)),
         WITH(.check_first = true, .no_retries = true, .penniless = true), confirms(2)},
        {"to the deadline", SEEN(get_html(502)), WITH(.check_first = true, .left = 0.375), fails(LCF_NOT_SENT, LCF_KIND_RESPONSE)},
        {"there, but too late", SEEN(get_200()), WITH(.check_first = true, .left = 0.125), fails(LCF_NOT_SENT, LCF_KIND_TIMEOUT)},
        {"there, then proof", SEEN(get_200(), del_ok()), WITH(.check_first = true), ends(LCF_DELETED)},
        {"there, then 429 and 404", SEEN(get_200(), del_429(1), del_404()), WITH(.check_first = true), confirms(0)},
        {"there, then unsent", SEEN(get_200(), del_unsent(LCF_CONNECT)), WITH(.check_first = true), spending(sends(0.5))},
        {"there, then unsent to the end", SEEN(get_200(), del_unsent(LCF_CONNECT)), WITH(.check_first = true, .no_retries = true),
         fails(LCF_NOT_SENT, LCF_KIND_NETWORK)},
        {"there, then ambiguous", SEEN(get_200(), del_cut()), WITH(.check_first = true), afresh(confirms(0.5))},
        {"not permitted, then 404: nobody saw it", SEEN(get_403(), del_404()), WITH(.check_first = true),
         fails(LCF_NOT_FOUND, LCF_KIND_API)},
        {"not permitted, then ambiguous", SEEN(get_403(), del_html(502)), WITH(.check_first = true), confirms(0.5)},
        {"not permitted, then an unnamed yes", SEEN(get_403(), del_yes()), WITH(.check_first = true), confirms(0)},
        {"502, there, then 404", SEEN(get_html(502), get_200(), del_404()), WITH(.check_first = true), confirms(0)},
    };
    (void)state;
    expect_moves(rows, COUNT(rows));
}

/* "Otherwise repeat" yields to "a definite failure is repeated only where time may mend it". */
static void check_first_ends_at_once_on_what_time_does_not_mend(void **state)
{
    const struct row rows[] = {
        {"400", SEEN(get_refused(400)), WITH(.check_first = true), fails(LCF_NOT_SENT, LCF_KIND_API)},
        {"401", SEEN(get_401()), WITH(.check_first = true), fails(LCF_NOT_SENT, LCF_KIND_API)},
        {"404 about the path", SEEN(get_no_route()), WITH(.check_first = true), fails(LCF_NOT_SENT, LCF_KIND_API)},
    };
    (void)state;
    expect_moves(rows, COUNT(rows));
}

/* Time */

static void no_request_is_begun_with_under_a_quarter_of_a_second_left(void **state)
{
    const struct row rows[] = {
        {"the first, in time", NOTHING, WITH(.left = 0.25), sends(0)},
        {"the first, too late", NOTHING, WITH(.left = 0.24), fails(LCF_NOT_SENT, LCF_KIND_TIMEOUT)},
        {"the first, past the deadline", NOTHING, WITH(.left = 1, .asked_after = 2), fails(LCF_NOT_SENT, LCF_KIND_TIMEOUT)},
        {"a read, too late", NOTHING, READING(.left = 0.125), fails(LCF_NOT_SENT, LCF_KIND_TIMEOUT)},
        {"check_first, too late", NOTHING, WITH(.check_first = true, .left = 0.125), fails(LCF_NOT_SENT, LCF_KIND_TIMEOUT)},
        {"a confirmation, in time", SEEN(del_cut()), WITH(.left = 0.5), afresh(confirms(0.25))},
        {"a confirmation, too late", SEEN(del_cut()), WITH(.left = 0.49), fails(LCF_UNKNOWN, LCF_KIND_TIMEOUT)},
        {"a confirmation, past the deadline", SEEN(del_timed_out()), WITH(.left = 10, .asked_after = 11),
         fails(LCF_UNKNOWN, LCF_KIND_TIMEOUT)},
        {"a second confirmation, too late", SEEN(del_cut(), get_html(502)), WITH(.left = 0.375), fails(LCF_UNKNOWN, LCF_KIND_RESPONSE)},
        {"a retry, too late", SEEN(del_unsent(LCF_CONNECT)), WITH(.left = 0.375), fails(LCF_NOT_SENT, LCF_KIND_TIMEOUT)},
        {"a retry after a 429, too late", SEEN(del_429(NONE_ASKED)), WITH(.left = 0.375), fails(LCF_REFUSED, LCF_KIND_API)},
        {"the host came back late from a wait", SEEN(del_429(5)), WITH(.asked_after = 29.875), fails(LCF_REFUSED, LCF_KIND_API)},
        {"a retried read, too late", SEEN(get_html(502)), READING(.left = 0.375), fails(LCF_FAILED, LCF_KIND_RESPONSE)},
    };
    (void)state;
    expect_moves(rows, COUNT(rows));
}

static void our_own_waits_take_at_most_half_of_what_is_left(void **state)
{
    const struct row rows[] = {
        {"four GETs, 10 s left", SEEN(del_cut(), get_html(502), get_html(502), get_html(502), get_html(502)), WITH(.left = 10),
         confirms(5)},
        {"less than half is not stretched to it",
         SEEN(del_cut(), get_html(502), get_html(502), get_html(502), with_jitter(get_html(502), 0.5)), WITH(.left = 10),
         confirms(4)},
        {"the first confirmation, 0.75 s left", SEEN(del_cut()), WITH(.left = 0.75), afresh(confirms(0.375))},
        {"a retry, 0.75 s left", SEEN(del_unsent(LCF_CONNECT)), WITH(.left = 0.75), spending(sends(0.375))},
        {"a short wait that was asked for is kept", SEEN(del_429(0.75)), WITH(.left = 1.25), spending(sends(0.75))},
        {"but a wait that was asked for is kept", SEEN(del_429(20)), USUALLY, spending(sends(20))},
    };
    (void)state;
    expect_moves(rows, COUNT(rows));
}

static void the_backoff_has_full_jitter_and_a_floor(void **state)
{
    const struct row rows[] = {
        {"no jitter", SEEN(with_jitter(del_cut(), 0)), USUALLY, afresh(confirms(0.25))},
        {"a quarter of 0.5 s is under the floor", SEEN(with_jitter(del_cut(), 0.25)), USUALLY, afresh(confirms(0.25))},
        {"three quarters of 0.5 s", SEEN(with_jitter(del_cut(), 0.75)), USUALLY, afresh(confirms(0.375))},
        {"half of 1 s", SEEN(del_cut(), with_jitter(get_html(502), 0.5)), USUALLY, confirms(0.5)},
        {"half of the cap",
         SEEN(del_cut(), get_html(502), get_html(502), get_html(502), get_html(502), with_jitter(get_html(502), 0.5)), USUALLY,
         confirms(4)},
        {"a retry", SEEN(with_jitter(del_unsent(LCF_CONNECT), 0.75)), USUALLY, spending(sends(0.375))},
        {"none on what the server asked for", SEEN(with_jitter(del_429(5), 0)), USUALLY, spending(sends(5))},
    };
    (void)state;
    expect_moves(rows, COUNT(rows));
}

static void while_a_lost_connection_may_be_in_the_pool_none_of_it_is_used(void **state)
{
    const struct row rows[] = {
        {"by the first DELETE", NOTHING, WITH(.suspect_for = 1), afresh(sends(0))},
        {"by one after a GET", SEEN(del_cut(), get_200()), WITH(.suspect_for = 1), afresh(sends(0))},
        {"by a read", NOTHING, READING(.suspect_for = 1), afresh(sends(0))},
        {"but from the moment that it is gone", SEEN(del_unsent(LCF_RESOLVE)), WITH(.suspect_for = 0.5), spending(sends(0.5))},
    };
    (void)state;
    expect_moves(rows, COUNT(rows));
}

static void a_remembered_block_never_holds_back_what_settles(void **state)
{
    const struct row rows[] = {
        {"a confirmation", SEEN(del_cut()), WITH(.blocked_for = 300), afresh(confirms(0.5))},
        {"a DELETE after a GET", SEEN(del_cut(), get_200()), WITH(.blocked_for = 300), sends(0)},
        {"a GET after a denial", SEEN(get_200(), del_404()), WITH(.check_first = true, .blocked_for = 300), confirms(0)},
        {"an own wait that the server asked for is kept", SEEN(del_cut(), get_429(3)), WITH(.blocked_for = 300), confirms(3)},
    };
    (void)state;
    expect_moves(rows, COUNT(rows));
}

static void a_remembered_block_holds_other_requests_back(void **state)
{
    const struct row rows[] = {
        {"a new call that can outwait it", NOTHING, WITH(.blocked_for = 5), sends(5)},
        {"a new call that just can", NOTHING, WITH(.blocked_for = 29.75), sends(29.75)},
        {"a new call that cannot", NOTHING, WITH(.blocked_for = 29.875), fails(LCF_NOT_SENT, LCF_KIND_API)},
        {"a block that is over", NOTHING, WITH(.blocked_for = 5, .asked_after = 5), sends(5)},
        {"check_first that cannot", NOTHING, WITH(.check_first = true, .blocked_for = 300), fails(LCF_NOT_SENT, LCF_KIND_API)},
        {"a read that can", NOTHING, READING(.blocked_for = 5), sends(5)},
        {"a read that cannot", NOTHING, READING(.blocked_for = 300), fails(LCF_NOT_SENT, LCF_KIND_API)},
        {"the 429's own wait", SEEN(del_429(5)), WITH(.blocked_for = 5), spending(sends(5))},
        {"another call's longer block", SEEN(del_429(5)), WITH(.blocked_for = 12), spending(sends(12))},
        {"a DELETE after the first read", SEEN(get_200()), WITH(.check_first = true, .blocked_for = 3), sends(3)},
        {"a retry that cannot outwait it", SEEN(del_unsent(LCF_CONNECT)), WITH(.blocked_for = 300), fails(LCF_NOT_SENT, LCF_KIND_API)},
    };
    (void)state;
    expect_moves(rows, COUNT(rows));
}

static void an_attempt_gets_its_timeout_but_at_most_half_of_what_is_left(void **state)
{
    static const struct {
        double left, timeout, expected;
    } rows[] = {{30, 10, 10}, {20, 10, 10}, {18, 10, 9}, {8, 10, 4}, {0.25, 10, 0.125}, {30, 20, 15}, {30, 0.5, 0.5},
                 /* a quarter to wait, a quarter to ask in, and a little for a host that comes late */
                 {1.25, 10, 0.625}, {1, 10, 0.45}, {1, 0.3, 0.3}, {0.875, 10, 0.325}, {0.75, 10, 0.375}};
    unsigned wrong = 0;
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct lcf_plan plan = {.nature = LCF_REMOVE, .deadline = 1024 + rows[i].left};
        double got = lcf_attempt_deadline(&plan, rows[i].timeout, 1024) - 1024;
        if (!near(got, rows[i].expected)) WRONG(wrong, "%g s of %g s left: %g s", rows[i].timeout, rows[i].left, got);
    }
    expect_none(wrong);
}

/* Even where a second is all there is, the host comes late, and the jitter is at its longest. */
static void a_delete_that_stalls_is_confirmed_within_a_second(void **state)
{
    (void)state;
    for (double timeout = 0.85; timeout < 3; timeout += 0.01) {
        struct lcf_plan plan = {.nature = LCF_REMOVE, .max_retries = 0, .deadline = 1024 + timeout};
        struct lcf_entry entry = del_timed_out();
        struct lcf_history history = {&entry, 1, false, true, 0, 0};
        entry.began = 1024;
        entry.ended = lcf_attempt_deadline(&plan, 10, 1024) + 0.04;
        struct lcf_move move = lcf_settle(&plan, &history, entry.ended);
        if (move.act == LCF_WAIT) move = lcf_settle(&plan, &history, move.until + 0.004);
        if (move.act != LCF_CONFIRM) fail_msg("not with a timeout of %g s", timeout);
    }
}

/* Cancelling */

static void cancelling_ends_at_once_and_unknown_after_any_delete_that_is_not_definite(void **state)
{
    const struct row rows[] = {
        {"before anything", NOTHING, WITH(.cancelled = true), fails(LCF_NOT_SENT, LCF_KIND_CANCELLED)},
        {"after an unsent DELETE", SEEN(del_unsent(LCF_CONNECT)), WITH(.cancelled = true), fails(LCF_NOT_SENT, LCF_KIND_CANCELLED)},
        {"during one that had not left", SEEN(del_unsent(LCF_CANCELLED)), WITH(.cancelled = true),
         fails(LCF_NOT_SENT, LCF_KIND_CANCELLED)},
        {"during one that had", SEEN(del_lost(LCF_CANCELLED)), WITH(.cancelled = true), fails(LCF_UNKNOWN, LCF_KIND_CANCELLED)},
        {"after a reset", SEEN(del_cut()), WITH(.cancelled = true), fails(LCF_UNKNOWN, LCF_KIND_CANCELLED)},
        {"after a GET that taught nothing", SEEN(del_cut(), get_html(502)), WITH(.cancelled = true),
         fails(LCF_UNKNOWN, LCF_KIND_CANCELLED)},
        {"after it was seen still there", SEEN(del_cut(), get_200()), WITH(.cancelled = true), fails(LCF_UNKNOWN, LCF_KIND_CANCELLED)},
        {"after an unnamed yes", SEEN(del_yes()), WITH(.cancelled = true), fails(LCF_UNKNOWN, LCF_KIND_CANCELLED)},
        {"while an unnamed yes is asked about", SEEN(del_yes(), get_unsent(LCF_CANCELLED)), WITH(.cancelled = true),
         fails(LCF_UNKNOWN, LCF_KIND_CANCELLED)},
        {"while waiting after a 429", SEEN(del_429(5)), WITH(.cancelled = true), fails(LCF_REFUSED, LCF_KIND_CANCELLED)},
        {"during the retry after a 429", SEEN(del_429(5), del_lost(LCF_CANCELLED)), WITH(.cancelled = true),
         fails(LCF_UNKNOWN, LCF_KIND_CANCELLED)},
        {"while reading first", SEEN(get_unsent(LCF_CANCELLED)), WITH(.check_first = true, .cancelled = true),
         fails(LCF_NOT_SENT, LCF_KIND_CANCELLED)},
        {"after it was seen, before the DELETE", SEEN(get_200()), WITH(.check_first = true, .cancelled = true),
         fails(LCF_NOT_SENT, LCF_KIND_CANCELLED)},
        {"a read before anything", NOTHING, READING(.cancelled = true), fails(LCF_NOT_SENT, LCF_KIND_CANCELLED)},
        {"a read under way", SEEN(attempt(LCF_GET, LCF_SENT, LCF_CANCELLED)), READING(.cancelled = true),
         fails(LCF_FAILED, LCF_KIND_CANCELLED)},
    };
    (void)state;
    expect_moves(rows, COUNT(rows));
}

/* The last answer and the cancelling can come in one step. */
static void cancelling_takes_nothing_from_what_is_proven(void **state)
{
    const struct row rows[] = {
        {"deleted", SEEN(del_ok()), WITH(.cancelled = true), ends(LCF_DELETED)},
        {"deleted, after one that never left", SEEN(del_unsent(LCF_CONNECT), del_ok()), WITH(.cancelled = true), ends(LCF_DELETED)},
        {"not found", SEEN(del_404()), WITH(.cancelled = true), fails(LCF_NOT_FOUND, LCF_KIND_CANCELLED)},
        {"missed, and then denied", SEEN(del_cut(), get_404(), del_404()), WITH(.cancelled = true), ends(LCF_GONE)},
        {"a read that was answered", SEEN(get_200()), READING(.cancelled = true), ends(LCF_OK)},
        {"a read that found nothing", SEEN(get_404()), READING(.cancelled = true), fails(LCF_NOT_FOUND, LCF_KIND_CANCELLED)},
    };
    (void)state;
    expect_moves(rows, COUNT(rows));
}

/* What stood in the way is what was answered, not what came of asking again. */
static void the_kind_of_a_failure_follows_the_last_answer_that_was_no_yes(void **state)
{
    const struct row rows[] = {
        {"HTML, and then nothing until the end", SEEN(del_html(502), get_timed_out()), WITH(.left = 0.375),
         fails(LCF_UNKNOWN, LCF_KIND_RESPONSE)},
        {"a refusal of reading, and then no time", SEEN(del_cut(), get_403()), WITH(.left = 0.125), fails(LCF_UNKNOWN, LCF_KIND_API)},
        {"not HTTP, and then a reset", SEEN(del_lost(LCF_MALFORMED), get_cut()), WITH(.left = 0.375),
         fails(LCF_UNKNOWN, LCF_KIND_RESPONSE)},
        {"compressed, and then a reset", SEEN(del_lost(LCF_COMPRESSED), get_cut()), WITH(.left = 0.375),
         fails(LCF_UNKNOWN, LCF_KIND_RESPONSE)},
        {"malformed, but of a proxy", SEEN(del_unsent(LCF_MALFORMED), del_unsent(LCF_CONNECT)), WITH(.retries = 1),
         fails(LCF_NOT_SENT, LCF_KIND_NETWORK)},
        {"a block page to a read", SEEN(get_html(403)), READING(.no_retries = true), fails(LCF_FAILED, LCF_KIND_RESPONSE)},
        {"a block page, and then silence", SEEN(get_html(403), get_timed_out()), READING(.retries = 1),
         fails(LCF_FAILED, LCF_KIND_RESPONSE)},
        {"silence to the end", SEEN(del_timed_out(), get_timed_out()), WITH(.left = 0.375), fails(LCF_UNKNOWN, LCF_KIND_TIMEOUT)},
        {"a reset, and no time to ask", SEEN(del_cut()), WITH(.left = 0.375), fails(LCF_UNKNOWN, LCF_KIND_TIMEOUT)},
        {"a yes stands in nobody's way", SEEN(get_200(), del_unsent(LCF_CONNECT)), WITH(.check_first = true, .no_retries = true),
         fails(LCF_NOT_SENT, LCF_KIND_NETWORK)},
    };
    (void)state;
    expect_moves(rows, COUNT(rows));
}

/* Words */

static void the_kind_of_an_attempt_follows_what_it_brought(void **state)
{
    const struct {
        const char *what;
        struct lcf_entry entry;
        enum lcf_kind kind;
    } rows[] = {
        {"a no", del_refused(403), LCF_KIND_API},
        {"a 404", del_404(), LCF_KIND_API},
        {"a 503 in JSON", del_503_json(), LCF_KIND_API},
        {"HTML", del_html(502), LCF_KIND_RESPONSE},
        {"an empty 204", del_html(204), LCF_KIND_RESPONSE},
        {"not HTTP", del_lost(LCF_MALFORMED), LCF_KIND_RESPONSE},
        {"a reset", del_cut(), LCF_KIND_NETWORK},
        {"the resolver", del_unsent(LCF_RESOLVE), LCF_KIND_NETWORK},
        {"connecting", del_unsent(LCF_CONNECT), LCF_KIND_NETWORK},
        {"the handshake", del_unsent(LCF_HANDSHAKE), LCF_KIND_TLS},
        {"the certificate", del_unsent(LCF_CERTIFICATE), LCF_KIND_TLS},
        {"the CA file", del_unsent(LCF_CONFIGURE), LCF_KIND_TLS},
        {"a timeout", del_timed_out(), LCF_KIND_TIMEOUT},
        {"no memory", del_unsent(LCF_NO_MEMORY), LCF_KIND_HOST},
        {"cancelled", del_unsent(LCF_CANCELLED), LCF_KIND_CANCELLED},
    };
    unsigned wrong = 0;
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        enum lcf_kind kind = lcf_entry_kind(&rows[i].entry);
        if (kind != rows[i].kind) WRONG(wrong, "%s: %s, expected %s", rows[i].what, lcf_kind_name(kind), lcf_kind_name(rows[i].kind));
    }
    expect_none(wrong);
}

static void outcomes_kinds_and_methods_have_the_names_that_are_promised(void **state)
{
    (void)state;
    assert_string_equal(lcf_outcome_name(LCF_OK), "ok");
    assert_string_equal(lcf_outcome_name(LCF_DELETED), "deleted");
    assert_string_equal(lcf_outcome_name(LCF_GONE), "gone");
    assert_string_equal(lcf_outcome_name(LCF_ACCEPTED), "accepted");
    assert_string_equal(lcf_outcome_name(LCF_NOT_FOUND), "not_found");
    assert_string_equal(lcf_outcome_name(LCF_NOT_SENT), "not_sent");
    assert_string_equal(lcf_outcome_name(LCF_REFUSED), "refused");
    assert_string_equal(lcf_outcome_name(LCF_UNKNOWN), "unknown");
    assert_string_equal(lcf_outcome_name(LCF_FAILED), "failed");
    assert_string_equal(lcf_kind_name(LCF_KIND_ARGUMENT), "argument");
    assert_string_equal(lcf_kind_name(LCF_KIND_API), "api");
    assert_string_equal(lcf_kind_name(LCF_KIND_NETWORK), "network");
    assert_string_equal(lcf_kind_name(LCF_KIND_TIMEOUT), "timeout");
    assert_string_equal(lcf_kind_name(LCF_KIND_TLS), "tls");
    assert_string_equal(lcf_kind_name(LCF_KIND_RESPONSE), "response");
    assert_string_equal(lcf_kind_name(LCF_KIND_CANCELLED), "cancelled");
    assert_string_equal(lcf_kind_name(LCF_KIND_HOST), "host");
    assert_string_equal(lcf_method_name(LCF_GET), "GET");
    assert_string_equal(lcf_method_name(LCF_DELETE), "DELETE");
}

/* Random histories: many of them could never happen, and none may make settle lie. They keep
 * to one thing: after a DELETE that left, a GET is only made where some DELETE was ambiguous, or
 * a GET had shown the token. */

#define HISTORIES 200000
#define LONGEST 6

static struct lcf_entry random_entry(uint64_t *seed, enum lcf_method method)
{
    static const enum lcf_cause causes[] = {LCF_RESOLVE,   LCF_CONNECT, LCF_HANDSHAKE, LCF_CERTIFICATE, LCF_CONFIGURE,
                                            LCF_TIMED_OUT, LCF_BROKEN,  LCF_MALFORMED, LCF_NO_MEMORY,   LCF_CANCELLED};
    static const int refusals[] = {400, 401, 403, 405, 409, 422, 429};
    static const int statuses[] = {200, 202, 204, 302, 403, 404, 408, 429, 500, 503, 522};
    struct lcf_entry entry = attempt(method, LCF_UNSENT, causes[random_below(seed, COUNT(causes))]);
    switch (random_below(seed, 10)) {
    case 0: break;
    case 1: entry.phase = LCF_SENT; break;
    case 2: entry = answer(method, 200, LCF_PROVEN, LCF_SUCCESS); break;
    case 3: entry = answer(method, 200, LCF_UNNAMED, LCF_SUCCESS); break;
    case 4: entry = answer(method, 404, LCF_ABSENT, LCF_FAILURE); break;
    case 5: entry = refusal(method, 404); break;
    case 6: entry = refusal(method, refusals[random_below(seed, COUNT(refusals))]); break;
    case 7: entry = saying(refusal(method, refusals[random_below(seed, COUNT(refusals))]), one_in(seed, 3) ? 10502 : 10000); break;
    default:
        entry = answer(method, statuses[random_below(seed, COUNT(statuses))], LCF_AMBIGUOUS,
                       (enum lcf_success)random_below(seed, 3));
    }
    if (entry.phase == LCF_COMPLETE && one_in(seed, 4)) entry.retry_after = (double)random_below(seed, 40);
    entry.jitter = random_part(seed);
    entry.paid = one_in(seed, 3);
    return entry;
}

static struct lcf_plan random_plan(uint64_t *seed, double deadline)
{
    return (struct lcf_plan){
        .nature = one_in(seed, 8) ? LCF_READ : LCF_REMOVE,
        .max_retries = (int)random_below(seed, 4),
        .check_first = one_in(seed, 4),
        .deadline = deadline,
    };
}

/* The facts of a history, in the words of the truth table. */
struct truth {
    int sends;
    bool ambiguous;     /* a DELETE that left and got no definite answer */
    bool sent;          /* a DELETE, or a read's request, that left */
    bool seen;          /* a GET showed the token */
    bool missed, denied; /* a GET, a DELETE said absent after the last ambiguous DELETE, and nothing showed it since */
    bool yes;           /* the last DELETE that left got an unnamed yes */
    const struct lcf_entry *last, *last_delete;
};

static struct truth truth_of(const struct lcf_entry *entries, size_t count)
{
    struct truth t = {0};
    for (size_t i = 0; i < count; i++) {
        const struct lcf_entry *e = t.last = &entries[i];
        bool left = e->phase != LCF_UNSENT;
        bool absent = e->reading.verdict == LCF_ABSENT;
        if (e->method == LCF_GET) {
            t.seen = t.seen || e->reading.verdict == LCF_PROVEN;
            t.missed = absent || (t.missed && e->reading.verdict != LCF_PROVEN);
            continue;
        }
        t.last_delete = e;
        t.sends++;
        t.sent = t.sent || left;
        if (left) t.yes = e->reading.verdict == LCF_UNNAMED;
        if (absent) t.denied = true;
        if (left && (e->reading.verdict == LCF_AMBIGUOUS || e->reading.verdict == LCF_UNNAMED)) t.missed = t.denied = false;
        t.ambiguous = t.ambiguous || (left && (e->reading.verdict == LCF_AMBIGUOUS || e->reading.verdict == LCF_UNNAMED));
    }
    return t;
}

/* What is wrong with an end of a delete, or NULL. */
static const char *lie(enum lcf_outcome outcome, const struct truth *t)
{
    switch (outcome) {
    case LCF_DELETED:
        return t->last == t->last_delete && t->last && t->last->reading.verdict == LCF_PROVEN ? NULL : "without proof";
    case LCF_GONE:
        if (!t->ambiguous && !t->seen) return "neither seen nor possibly removed by us";
        if (!t->denied) return "without a DELETE that denies it";
        return t->missed || (t->last->method == LCF_GET && t->last->status == 403) ? NULL : "without a GET that agrees";
    case LCF_ACCEPTED: return t->yes ? NULL : "without a yes";
    case LCF_NOT_FOUND:
        if (t->ambiguous || t->seen) return "though it was there or may have been ours";
        return t->last == t->last_delete && t->denied ? NULL : "without a DELETE that denies it";
    case LCF_NOT_SENT: return t->sent ? "though a DELETE left" : NULL;
    case LCF_REFUSED:
        if (t->ambiguous) return "though a DELETE was ambiguous";
        return t->sent ? NULL : "though nothing was sent";
    case LCF_UNKNOWN: return t->ambiguous || t->seen || t->denied ? NULL : "though every DELETE was definite";
    case LCF_PENDING:
    case LCF_OK:
    case LCF_FAILED: break;
    }
    return "which is no outcome of a delete";
}

static const char *misdeed(const struct lcf_plan *plan, const struct lcf_history *history, const struct lcf_move *move,
                           const struct truth *t, double now)
{
    switch (move->act) {
    case LCF_SEND:
        if (plan->nature == LCF_REMOVE && t->sends > plan->max_retries) return "sends more often than it may";
        /* fall through */
    case LCF_CONFIRM:
        if (plan->deadline - now < LCF_LEAST_TIME) return "begins a request too late";
        if (history->blocked_until > now && !t->ambiguous && !(move->act == LCF_CONFIRM && t->sent)) return "breaks a block";
        if (history->cancelled) return "goes on though cancelled";
        return NULL;
    case LCF_WAIT:
        if (move->until <= now) return "waits for what is past";
        if (move->until > plan->deadline - LCF_LEAST_TIME + 1e-9) return "waits past the last moment";
        if (history->cancelled) return "waits though cancelled";
        return NULL;
    case LCF_END: break;
    }
    if (plan->nature == LCF_REMOVE) return lie(move->outcome, t);
    return move->outcome == LCF_UNKNOWN || move->outcome == LCF_PENDING || move->outcome == LCF_DELETED ? "bad end of a read" : NULL;
}

static bool same_move(const struct lcf_move *a, const struct lcf_move *b)
{
    return a->act == b->act && a->fresh == b->fresh && a->spends == b->spends && near(a->until, b->until) &&
           a->outcome == b->outcome && a->kind == b->kind;
}

static void print_history(const struct lcf_entry *entries, size_t count)
{
    for (size_t i = 0; i < count; i++)
        print_error("    %s phase %d cause %d status %d verdict %d\n", lcf_method_name(entries[i].method),
                    (int)entries[i].phase, (int)entries[i].cause, entries[i].status, (int)entries[i].reading.verdict);
}

/* What was seen of each act and outcome: a property of what never occurs would prove nothing. */
static void expect_all_kinds_of_moves(const unsigned *acts, const unsigned *ends_seen)
{
    for (int act = LCF_SEND; act <= LCF_END; act++) assert_int_not_equal(acts[act], 0);
    for (int outcome = LCF_OK; outcome <= LCF_FAILED; outcome++) assert_int_not_equal(ends_seen[outcome], 0);
}

static void no_history_makes_settle_lie(void **state)
{
    uint64_t seed = 20240229;
    unsigned wrong = 0, acts[LCF_END + 1] = {0}, ends_seen[LCF_FAILED + 1] = {0};
    (void)state;
    for (unsigned round = 0; round < HISTORIES && wrong < 10; round++) {
        struct lcf_entry entries[LONGEST];
        size_t count = random_below(&seed, LONGEST + 1);
        double now = 100 * random_part(&seed);
        for (size_t i = 0; i < count; i++) {
            struct truth so_far = truth_of(entries, i);
            bool may_look = so_far.sends == 0 || so_far.ambiguous || (so_far.seen && so_far.sent);
            entries[i] = random_entry(&seed, may_look && one_in(&seed, 2) ? LCF_GET : LCF_DELETE);
            entries[i].began = now;
            entries[i].ended = now += random_part(&seed);
        }
        struct lcf_plan plan = random_plan(&seed, now + 20 * random_part(&seed) - 1);
        if (plan.nature == LCF_READ)
            for (size_t i = 0; i < count; i++) entries[i].method = LCF_GET;
        struct lcf_history history = {entries, count, one_in(&seed, 8), !one_in(&seed, 4),
                                      one_in(&seed, 4) ? now + 10 * random_part(&seed) : 0, 0};
        if (one_in(&seed, 2)) now += random_part(&seed);
        struct truth truth = truth_of(entries, count);
        struct lcf_move move = lcf_settle(&plan, &history, now), again = lcf_settle(&plan, &history, now);
        const char *fault = same_move(&move, &again) ? misdeed(&plan, &history, &move, &truth, now) : "decides differently";
        acts[move.act]++;
        if (move.act == LCF_END) ends_seen[move.outcome]++;
        if (!fault) continue;
        WRONG(wrong, "history %u: %s %s %s", round, act_names[move.act], lcf_outcome_name(move.outcome), fault);
        print_history(entries, count);
    }
    expect_none(wrong);
    expect_all_kinds_of_moves(acts, ends_seen);
}

/* Random servers: whole calls against a token that is really there or not. */

#define CALLS 200000

struct server {
    uint64_t *seed;
    bool there;           /* the token */
    bool removed_by_us;
    bool may_read;
    bool certificate_bad;
    bool names_tokens;    /* false: says yes without the name */
    unsigned chaos;       /* one in so many exchanges breaks */
};

static struct lcf_entry broken_exchange(struct server *s, enum lcf_method method, double most, double *took)
{
    static const enum lcf_cause before[] = {LCF_RESOLVE, LCF_CONNECT, LCF_HANDSHAKE, LCF_TIMED_OUT};
    static const enum lcf_cause during[] = {LCF_TIMED_OUT, LCF_BROKEN, LCF_MALFORMED};
    if (one_in(s->seed, 3)) return attempt(method, LCF_UNSENT, before[random_below(s->seed, COUNT(before))]);
    bool takes_effect = method == LCF_DELETE && one_in(s->seed, 2);
    if (takes_effect && s->there) s->there = false, s->removed_by_us = true;
    if (one_in(s->seed, 3)) return answer(method, 502, LCF_AMBIGUOUS, LCF_NO_ENVELOPE);
    struct lcf_entry entry = attempt(method, LCF_SENT, during[random_below(s->seed, COUNT(during))]);
    if (entry.cause == LCF_TIMED_OUT) *took = most;
    return entry;
}

static struct lcf_entry exchanged(struct server *s, enum lcf_method method, double most, double *took)
{
    *took = most * random_part(s->seed) / 4;
    if (one_in(s->seed, 40)) s->there = false; /* someone else removes it */
    if (s->certificate_bad) return attempt(method, LCF_UNSENT, LCF_CERTIFICATE);
    if (one_in(s->seed, s->chaos)) return broken_exchange(s, method, most, took);
    if (one_in(s->seed, 20)) return asking(refusal(method, 429), one_in(s->seed, 2) ? NONE_ASKED : random_below(s->seed, 40));
    if (one_in(s->seed, 40)) return refusal(method, 400 + (int)random_below(s->seed, 4));
    if (method == LCF_GET && !s->may_read) return refusal(method, 403);
    if (!s->there) return answer(method, 404, LCF_ABSENT, LCF_FAILURE);
    if (method == LCF_GET) return answer(method, 200, LCF_PROVEN, LCF_SUCCESS);
    s->there = false;
    s->removed_by_us = true;
    return answer(method, 200, s->names_tokens ? LCF_PROVEN : LCF_UNNAMED, LCF_SUCCESS);
}

/* What is untrue about an outcome, or NULL. */
static const char *untruth(enum lcf_outcome outcome, const struct server *s)
{
    switch (outcome) {
    case LCF_DELETED: return s->removed_by_us ? NULL : "but this call did not remove it";
    case LCF_GONE: return s->there ? "but it is there" : NULL;
    case LCF_ACCEPTED: return s->names_tokens ? "but every yes had a name" : s->there ? "but it is there" : NULL;
    case LCF_NOT_FOUND:
        if (s->removed_by_us) return "but we removed it";
        return s->there ? "but it is there" : NULL;
    case LCF_NOT_SENT:
    case LCF_REFUSED: return s->removed_by_us ? "but we removed it" : NULL;
    case LCF_UNKNOWN: return NULL;
    case LCF_PENDING:
    case LCF_OK:
    case LCF_FAILED: break;
    }
    return "which is no outcome of a delete";
}

static void no_server_makes_a_whole_call_lie_or_overstay(void **state)
{
    enum { MOST = 128 };
    uint64_t seed = 19700101;
    unsigned wrong = 0, known = 0;
    (void)state;
    for (unsigned round = 0; round < CALLS && wrong < 10; round++) {
        struct lcf_entry entries[MOST];
        struct server server = {&seed, !one_in(&seed, 4), false, !one_in(&seed, 3), one_in(&seed, 50), !one_in(&seed, 4),
                                1 + random_below(&seed, 6)};
        double now = 1000 * random_part(&seed);
        struct lcf_plan plan = random_plan(&seed, now + 0.1 + 40 * random_part(&seed));
        plan.nature = LCF_REMOVE;
        struct lcf_history history = {entries, 0, false, true, 0, 0};
        struct lcf_move move = lcf_settle(&plan, &history, now);
        int deletes = 0, spent = 0;
        for (; move.act != LCF_END && history.count < MOST; move = lcf_settle(&plan, &history, now)) {
            history.cancelled = one_in(&seed, 50); /* while this wait or attempt goes on */
            if (move.spends) spent++;
            if (move.spends && history.count) entries[history.count - 1].paid = true;
            if (move.act == LCF_WAIT) {
                now = move.until;
                continue;
            }
            double took, most = lcf_attempt_deadline(&plan, 10, now) - now;
            enum lcf_method method = move.act == LCF_SEND ? LCF_DELETE : LCF_GET;
            struct lcf_entry entry = exchanged(&server, method, most, &took);
            deletes += method == LCF_DELETE;
            entry.began = now;
            entry.ended = now += took;
            entry.jitter = random_part(&seed);
            entries[history.count++] = entry;
        }
        const char *fault = move.act != LCF_END           ? "never ends"
                            : now > plan.deadline         ? "overstays its deadline"
                            : deletes > plan.max_retries + 1 ? "sends too many DELETEs"
                            : spent > plan.max_retries    ? "spends too much"
                                                          : untruth(move.outcome, &server);
        known += move.act == LCF_END && move.outcome != LCF_UNKNOWN;
        if (!fault) continue;
        WRONG(wrong, "call %u: %s %s", round, lcf_outcome_name(move.outcome), fault);
        print_history(entries, history.count);
    }
    expect_none(wrong);
    assert_true(known >= CALLS / 2 && known < CALLS);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_call_begins_with_its_own_request),
        cmocka_unit_test(a_definite_answer_to_the_only_delete_ends_the_call),
        cmocka_unit_test(attempts_that_never_left_leave_the_call_definite),
        cmocka_unit_test(attempts_that_never_left_are_repeated_within_count_and_budget),
        cmocka_unit_test(certificate_and_configuration_failures_are_never_repeated),
        cmocka_unit_test(where_another_trust_store_is_left_the_handshake_is_repeated_at_once_and_for_nothing),
        cmocka_unit_test(a_delete_for_which_there_was_no_memory_was_not_sent),
        cmocka_unit_test(a_429_is_repeated_when_its_wait_fits),
        cmocka_unit_test(an_ambiguous_delete_is_confirmed_after_a_backoff),
        cmocka_unit_test(an_ambiguous_delete_is_confirmed_even_if_memory_ran_out_on_the_way),
        cmocka_unit_test(the_confirming_get_decides),
        cmocka_unit_test(a_get_that_teaches_nothing_is_repeated_at_growing_backoff),
        cmocka_unit_test(a_delete_after_an_ambiguous_one_is_read_in_that_light),
        cmocka_unit_test(gone_needs_a_get_and_a_delete_that_both_say_absent),
        cmocka_unit_test(where_reading_is_not_permitted_the_delete_is_the_only_witness),
        cmocka_unit_test(a_passing_fault_is_looked_past_twice),
        cmocka_unit_test(a_refused_delete_of_a_token_that_was_shown_is_looked_after_once),
        cmocka_unit_test(an_unnamed_yes_is_asked_about_at_once_and_only_once),
        cmocka_unit_test(where_reading_is_not_permitted_the_same_yes_again_is_accepted),
        cmocka_unit_test(a_yes_after_the_token_was_seen_is_a_new_yes),
        cmocka_unit_test(a_yes_stands_where_its_get_could_not_teach_anything),
        cmocka_unit_test(check_first_reads_before_it_deletes),
        cmocka_unit_test(check_first_ends_at_once_on_what_time_does_not_mend),
        cmocka_unit_test(no_request_is_begun_with_under_a_quarter_of_a_second_left),
        cmocka_unit_test(our_own_waits_take_at_most_half_of_what_is_left),
        cmocka_unit_test(the_backoff_has_full_jitter_and_a_floor),
        cmocka_unit_test(while_a_lost_connection_may_be_in_the_pool_none_of_it_is_used),
        cmocka_unit_test(a_remembered_block_never_holds_back_what_settles),
        cmocka_unit_test(a_remembered_block_holds_other_requests_back),
        cmocka_unit_test(an_attempt_gets_its_timeout_but_at_most_half_of_what_is_left),
        cmocka_unit_test(a_delete_that_stalls_is_confirmed_within_a_second),
        cmocka_unit_test(cancelling_ends_at_once_and_unknown_after_any_delete_that_is_not_definite),
        cmocka_unit_test(cancelling_takes_nothing_from_what_is_proven),
        cmocka_unit_test(the_kind_of_a_failure_follows_the_last_answer_that_was_no_yes),
        cmocka_unit_test(the_kind_of_an_attempt_follows_what_it_brought),
        cmocka_unit_test(outcomes_kinds_and_methods_have_the_names_that_are_promised),
        cmocka_unit_test(no_history_makes_settle_lie),
        cmocka_unit_test(no_server_makes_a_whole_call_lie_or_overstay),
    };
    return cmocka_run_group_tests_name("settle", tests, NULL, NULL);
}
