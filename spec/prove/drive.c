/* What Eva walks for `make prove`: whatever bytes a server or a caller may hand over, of any length
 * up to 4 KiB. They stand once at the end of their block and once at its beginning, so that one
 * byte too far is out of bounds on either side. */
#include "__fc_builtin.h"

#include "../../src/core/dates.h"
#include "../../src/core/freeform.h"
#include "../../src/core/headers.h"
#include "../../src/core/kinds.h"
#include "../../src/core/pace.h"
#include "../../src/core/quota.h"
#include "../../src/core/refusals.h"
#include "../../src/core/urls.h"
#include "../../src/core/verdict.h"
#include "../../src/core/words.h"

#define MOST 4097 /* one more than the longest credential */

static char block[MOST];

static bool either(void)
{
    return Frama_C_interval(0, 1);
}

static size_t up_to(size_t most)
{
    return (size_t)Frama_C_interval(0, (int)most);
}

static struct lcf_span any_span(bool at_end)
{
    size_t len = up_to(MOST);
    Frama_C_make_unknown(block, MOST);
    if (at_end) return (struct lcf_span){block + MOST - len, block + MOST};
    return (struct lcf_span){block, block + len};
}

static void read_value(struct lcf_span value)
{
    char name[40], out[40];
    size_t len;
    int number;
    Frama_C_make_unknown(name, sizeof name);
    (void)lcf_json_equals(value, name, up_to(sizeof name));
    (void)lcf_json_decode(value, out, up_to(sizeof out), &len);
    (void)lcf_json_integer(value, &number);
}

static void walk_through(struct lcf_span container)
{
    struct lcf_json_walk walk = lcf_json_enter(container);
    for (struct lcf_json_item item; lcf_json_next(&walk, &item);) {
        read_value(item.key);
        read_value(item.value);
        (void)lcf_json_check(item.value);
        (void)lcf_json_enter(item.value);
    }
}

static void read_reply(struct lcf_span body)
{
    char asked[LCF_ID_LEN];
    struct lcf_reply reply = {Frama_C_interval(-1, 1000), either(), either(), body};
    Frama_C_make_unknown(asked, sizeof asked);
    const struct lcf_expected expected = {(enum lcf_expects)Frama_C_interval(LCF_THIS_ID, LCF_BYTES), asked};
    struct lcf_reading reading = lcf_read_reply(&reply, &expected);
    (void)lcf_reading_has(&reading, Frama_C_interval(-1, 20000));
}

static void read_headers(bool at_end)
{
    struct lcf_headers headers = {0};
    int64_t unix_time;
    Frama_C_make_unknown((char *)&unix_time, sizeof unix_time);
    while (either()) {
        lcf_headers_line(&headers, any_span(at_end));
        (void)lcf_retry_after(&headers, unix_time);
    }
}

static void read_dates(bool at_end)
{
    char text[LCF_TIMESTAMP_SIZE];
    int64_t unix_time;
    Frama_C_make_unknown((char *)&unix_time, sizeof unix_time);
    (void)lcf_timestamp_write(unix_time, text);
    (void)lcf_http_date(any_span(at_end), &unix_time);
    (void)lcf_timestamp_read(any_span(at_end), &unix_time);
}

static double any_time(void)
{
    return Frama_C_double_interval(0, 1e12);
}

static uint64_t any_mark(void)
{
    return (uint64_t)Frama_C_interval(0, 3);
}

static void read_quota(bool at_end)
{
    struct lcf_allowance allowance = {0};
    struct lcf_quota quota = {0};
    while (either()) {
        lcf_allowance_line(&allowance, any_span(at_end));
        lcf_quota_hear(&quota, any_mark(), any_time(), &allowance);
        (void)lcf_quota_rest(&quota, any_mark(), any_time(), Frama_C_interval(0, 1000));
    }
}

static void check_path(struct lcf_span path, bool at_end)
{
    (void)lcf_check_path(path);
    (void)lcf_path_segments(path);
    (void)lcf_path_keeps(Frama_C_interval(0, 255));
    (void)lcf_check_header(path, any_span(at_end));
}

/* Budgets read no bytes; what they are told may come in any order. */
static void keep_budgets(void)
{
    struct lcf_pace pace;
    struct lcf_refusals refusals = {0};
    lcf_pace_start(&pace);
    while (either()) {
        lcf_pace_earn(&pace);
        pace.tenths = Frama_C_interval(LCF_PACE_RETRY, LCF_PACE_FULL); /* only what it affords is spent */
        if (lcf_pace_affords(&pace)) lcf_pace_spend(&pace);
        refusals.next = Frama_C_interval(0, LCF_REFUSALS_MAX - 1);
        lcf_pace_block(&pace, any_mark(), any_time(), any_time());
        (void)lcf_pace_blocked_until(&pace, any_mark());
        lcf_refusals_note(&refusals, any_time());
        if (either()) lcf_refusals_lock(&refusals, any_time());
        (void)lcf_refusals_left(&refusals, Frama_C_interval(1, LCF_REFUSALS_MAX), any_time());
        (void)lcf_refusals_wait(&refusals, Frama_C_interval(1, LCF_REFUSALS_MAX), any_time());
    }
}

static void copy_words(struct lcf_span words)
{
    char out[40];
    (void)lcf_words_copy(words, out, up_to(sizeof out));
}

static void check_argument(struct lcf_span span)
{
    (void)lcf_check_id(span);
    (void)lcf_check_credential(span);
    (void)lcf_check_header_value(span);
    (void)lcf_check_base_url(span);
    (void)lcf_check_proxy(span);
    (void)lcf_url_is_plain(span);
    (void)lcf_value_kind_name(lcf_value_of(span).kind);
}

static void read_anything(bool at_end)
{
    (void)lcf_json_check(any_span(at_end));
    walk_through(any_span(at_end));
    read_value(any_span(at_end));
    read_reply(any_span(at_end));
    read_headers(at_end);
    read_dates(at_end);
    read_quota(at_end);
    check_argument(any_span(at_end));
    check_path(any_span(at_end), at_end);
    copy_words(any_span(at_end));
}

/* Every length by itself: Eva relates no two variables, and here the end follows from the length. */
static void become_a_span(void)
{
    size_t len = up_to(MOST);
    struct lcf_span span;
    //@ split len;
    span = lcf_span_of((struct lcf_text){block + MOST - len, len});
    //@ assert len == 0 || span.end == &block[0] + MOST;
    (void)lcf_span_of((struct lcf_text){NULL, 0});
}

int main(void)
{
    //@ widen_hints global:"all", 32, 40;
    become_a_span();
    read_anything(true);
    read_anything(false);
    keep_budgets();
    return 0;
}
