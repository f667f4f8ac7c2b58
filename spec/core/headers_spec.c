/* The response headers that are believed, and how far. */

#include "support.h"

#include "../../src/core/headers.h"

/* Feeds a header block line by line, each in a block of its own size. What stands after the
 * last LF is a line that was cut. */
static struct lcf_headers fed(const char *block)
{
    struct lcf_headers headers = {0};
    while (*block) {
        const char *lf = strchr(block, '\n');
        size_t len = lf ? (size_t)(lf - block) + 1 : strlen(block);
        struct lcf_text line = exact((struct lcf_text){block, len});
        lcf_headers_line(&headers, lcf_span_of(line));
        release(line);
        block += len;
    }
    return headers;
}

/* Sun, 06 Nov 1994 08:49:37 GMT */
#define THEN 784111777

static void retry_after_is_read_strictly(void **state)
{
    static const struct {
        const char *what, *lines;
        double seconds;
    } rows[] = {
        {"absent", "Server: x\r\n", -1},
        {"seconds", "Retry-After: 120\r\n", 120},
        {"lower case name", "retry-after: 120\r\n", 120},
        {"upper case name", "RETRY-AFTER: 120\r\n", 120},
        {"no space", "Retry-After:120\r\n", 120},
        {"much space", "Retry-After: \t 120 \t\r\n", 120},
        {"a line that ends in LF alone", "Retry-After: 120\n", 120},
        {"zero", "Retry-After: 0\r\n", 0},
        {"five minutes, as the API blocks", "Retry-After: 300\r\n", 300},
        {"a day", "Retry-After: 86400\r\n", 86400},
        {"over a day", "Retry-After: 86401\r\n", -1},
        {"absurd", "Retry-After: 999999999999999999\r\n", -1},
        {"more than any integer", "Retry-After: 99999999999999999999999999\r\n", -1},
        {"2 to the 32", "Retry-After: 4294967296\r\n", -1},
        {"2 to the 64 and five", "Retry-After: 18446744073709551621\r\n", -1},
        {"negative", "Retry-After: -1\r\n", -1},
        {"minus zero", "Retry-After: -0\r\n", -1},
        {"a plus sign", "Retry-After: +5\r\n", -1},
        {"a fraction", "Retry-After: 1.5\r\n", -1},
        {"an exponent", "Retry-After: 1e1\r\n", -1},
        {"hexadecimal", "Retry-After: 0x10\r\n", -1},
        {"a unit", "Retry-After: 5s\r\n", -1},
        {"two values", "Retry-After: 5, 10\r\n", -1},
        {"two words", "Retry-After: 5 10\r\n", -1},
        {"empty", "Retry-After:\r\n", -1},
        {"only space", "Retry-After:  \r\n", -1},
        {"a word", "Retry-After: soon\r\n", -1},
        {"in quotes", "Retry-After: \"5\"\r\n", -1},
        {"twice, unlike", "Retry-After: 5\r\nRetry-After: 10\r\n", -1},
        {"twice, seconds and a date", "Retry-After: 5\r\nRetry-After: Sun, 06 Nov 1994 08:49:57 GMT\r\n", -1},
        {"a good one and a garbled one", "Retry-After: 5\r\nRetry-After: soon\r\n", -1},
        {"another header whose name begins so", "Retry-After-Ms: 5\r\n", -1},
        {"another header whose name ends so", "X-Retry-After: 5\r\n", -1},
        {"another header of that length", "Xetry-After: 5\r\n", -1},
        {"space before the colon", "Retry-After : 5\r\n", -1},
        {"no colon", "Retry-After 5\r\n", -1},
    };
    unsigned wrong = 0;
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct lcf_headers headers = fed(rows[i].lines);
        double seconds = lcf_retry_after(&headers, THEN);
        if (seconds < rows[i].seconds || seconds > rows[i].seconds)
            WRONG(wrong, "%s: %g, expected %g", rows[i].what, seconds, rows[i].seconds);
    }
    expect_none(wrong);
}

/* Several lines are one list (RFC 9110, 5.3), and a list is no Retry-After. */
static void retry_after_given_several_times_is_garbled_in_every_order(void **state)
{
    static const char *const blocks[] = {
        "Retry-After: 5\r\nRetry-After: 10\r\nRetry-After: 15\r\n",
        "Retry-After: 5\r\nRetry-After: 10\r\nRetry-After: 15\r\nRetry-After: 20\r\n",
        "Retry-After: soon\r\nRetry-After: 5\r\n",
        "Retry-After: -1\r\nRetry-After: 5\r\n",
    };
    unsigned wrong = 0;
    (void)state;
    for (size_t i = 0; i < COUNT(blocks); i++) {
        struct lcf_headers headers = fed(blocks[i]);
        double seconds = lcf_retry_after(&headers, THEN);
        if (seconds >= 0) WRONG(wrong, "%g out of\n%s", seconds, blocks[i]);
    }
    expect_none(wrong);
}

static void a_retry_date_counts_from_the_servers_clock_or_else_from_ours(void **state)
{
    static const struct {
        const char *what, *lines;
        int64_t unix_now;
        double seconds;
    } rows[] = {
        {"from Date, however wrong our clock",
         "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\nRetry-After: Sun, 06 Nov 1994 08:50:07 GMT\r\n", 1, 30},
        {"Date after it", "Retry-After: Sun, 06 Nov 1994 08:50:07 GMT\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n", 1, 30},
        {"no Date", "Retry-After: Sun, 06 Nov 1994 08:50:07 GMT\r\n", THEN, 30},
        {"a garbled Date", "Date: today\r\nRetry-After: Sun, 06 Nov 1994 08:50:07 GMT\r\n", THEN, 30},
        {"a Date with the wrong weekday",
         "Date: Mon, 06 Nov 1994 08:49:37 GMT\r\nRetry-After: Sun, 06 Nov 1994 08:50:07 GMT\r\n", THEN + 10, 20},
        {"past for the server",
         "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\nRetry-After: Sun, 06 Nov 1994 08:49:36 GMT\r\n", THEN - 100, -1},
        {"past for us", "Retry-After: Sun, 06 Nov 1994 08:49:36 GMT\r\n", THEN, -1},
        {"this very second", "Retry-After: Sun, 06 Nov 1994 08:49:37 GMT\r\n", THEN, 0},
        {"a day off", "Retry-After: Mon, 07 Nov 1994 08:49:37 GMT\r\n", THEN, 86400},
        {"more than a day off", "Retry-After: Mon, 07 Nov 1994 08:49:38 GMT\r\n", THEN, -1},
        {"years off", "Retry-After: Fri, 31 Dec 9999 23:59:59 GMT\r\n", THEN, -1},
        {"a date that is none", "Retry-After: Sun, 31 Feb 1994 08:49:37 GMT\r\n", THEN, -1},
        {"seconds need no clock", "Date: today\r\nRetry-After: 7\r\n", 0, 7},
    };
    unsigned wrong = 0;
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct lcf_headers headers = fed(rows[i].lines);
        double seconds = lcf_retry_after(&headers, rows[i].unix_now);
        if (seconds < rows[i].seconds || seconds > rows[i].seconds)
            WRONG(wrong, "%s: %g, expected %g", rows[i].what, seconds, rows[i].seconds);
    }
    expect_none(wrong);
}

static void a_status_line_forgets_what_an_interim_answer_said(void **state)
{
    static const char interim[] = "HTTP/1.1 103 Early Hints\r\nRetry-After: 9\r\nContent-Encoding: gzip\r\n"
                                  "Content-Length: 5\r\nCF-Ray: 0000000000000000-AAA\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n\r\n";
    static const char final[] = "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n";
    char block[2 * sizeof interim + sizeof final];
    (void)state;
    (void)snprintf(block, sizeof block, "%s%s%s", interim, interim, final);
    struct lcf_headers headers = fed(block);
    assert_false(headers.has_retry);
    assert_false(headers.encoded);
    assert_false(headers.has_date);
    assert_false(headers.contradictory);
    assert_true(headers.has_length);
    assert_int_equal(headers.length, 7);
    assert_string_equal(headers.ray_id, "");
    assert_int_equal(headers.bytes, strlen(block)); /* the bound is on all of them */
}

static void a_block_has_ended_only_when_its_blank_line_arrived(void **state)
{
    static const char *const blocks[] = {
        "HTTP/1.1 200 OK\r\nContent-Length: 7\r\nCF-Ray: 230b\r\n\r\n",
        "HTTP/1.1 200 OK\nServer: x\n\n",
        "HTTP/2 200 \r\n\r\n",
    };
    unsigned wrong = 0;
    (void)state;
    for (size_t i = 0; i < COUNT(blocks); i++)
        for (size_t len = 0; len <= strlen(blocks[i]); len++) {
            char cut[128] = {0};
            memcpy(cut, blocks[i], len);
            if (fed(cut).ended != (len == strlen(blocks[i]))) WRONG(wrong, "block %zu cut after %zu bytes", i, len);
        }
    if (fed("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n").ended) WRONG(wrong, "an interim block's end");
    if (!fed("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n").ended) WRONG(wrong, "the end after an interim block");
    expect_none(wrong);
}

static void a_line_that_was_cut_is_ignored_but_counted(void **state)
{
    static const char whole[] = "Retry-After: 120\r\n";
    unsigned wrong = 0;
    (void)state;
    for (size_t len = 1; len < sizeof whole - 1; len++) {
        char cut[sizeof whole] = {0};
        memcpy(cut, whole, len);
        struct lcf_headers headers = fed(cut);
        if (headers.has_retry) WRONG(wrong, "Retry-After cut after %zu bytes", len);
        if (headers.bytes != len) WRONG(wrong, "%zu bytes counted of %zu", headers.bytes, len);
    }
    struct lcf_headers length = fed("Content-Length: 12"), ray = fed("CF-Ray: 230b030023ae2822-SJC");
    if (length.has_length || length.contradictory) WRONG(wrong, "Content-Length");
    if (ray.ray_id[0]) WRONG(wrong, "CF-Ray");
    expect_none(wrong);
}

static void lengths_must_agree(void **state)
{
    static const struct {
        const char *what, *lines;
        bool contradictory, has_length;
        uint64_t length;
    } rows[] = {
        {"none", "Server: x\r\n", false, false, 0},
        {"one", "Content-Length: 123\r\n", false, true, 123},
        {"zero", "content-length:0\r\n", false, true, 0},
        {"two alike", "Content-Length: 123\r\nContent-Length: 123\r\n", false, true, 123},
        {"two unlike", "Content-Length: 123\r\nContent-Length: 124\r\n", true, false, 0},
        {"three, the last like the first", "Content-Length: 1\r\nContent-Length: 2\r\nContent-Length: 1\r\n", true, false, 0},
        {"two unlike in one line", "Content-Length: 1, 2\r\n", true, false, 0},
        {"negative", "Content-Length: -1\r\n", true, false, 0},
        {"a plus sign", "Content-Length: +1\r\n", true, false, 0},
        {"hexadecimal", "Content-Length: 0x10\r\n", true, false, 0},
        {"empty", "Content-Length:\r\n", true, false, 0},
        {"more than any integer", "Content-Length: 18446744073709551617\r\n", true, false, 0},
        {"a good one and a garbled one", "Content-Length: 5\r\nContent-Length: five\r\n", true, false, 0},
    };
    unsigned wrong = 0;
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct lcf_headers h = fed(rows[i].lines);
        if (h.contradictory != rows[i].contradictory)
            WRONG(wrong, "%s: %s", rows[i].what, h.contradictory ? "contradictory" : "believed");
        else if (!h.contradictory && (h.has_length != rows[i].has_length || h.length != rows[i].length))
            WRONG(wrong, "%s: other length", rows[i].what);
    }
    expect_none(wrong);
}

static void an_encoding_that_was_not_asked_for_is_noticed(void **state)
{
    static const struct {
        const char *lines;
        bool encoded;
    } rows[] = {
        {"Server: x\r\n", false},
        {"Content-Encoding: identity\r\n", false},
        {"content-encoding: IDENTITY \r\n", false},
        {"Content-Encoding: gzip\r\n", true},
        {"content-encoding:br\r\n", true},
        {"Content-Encoding: identity, gzip\r\n", true},
        {"Content-Encoding: identity\r\nContent-Encoding: gzip\r\n", true},
        {"Transfer-Encoding: chunked\r\n", false},
        {"Accept-Encoding: gzip\r\n", false},
    };
    unsigned wrong = 0;
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++)
        if (fed(rows[i].lines).encoded != rows[i].encoded) WRONG(wrong, "%s", rows[i].lines);
    expect_none(wrong);
}

static void one_line_that_says_identity_does_not_undo_another_that_says_gzip(void **state)
{
    (void)state;
    assert_true(fed("Content-Encoding: gzip\r\nContent-Encoding: identity\r\n").encoded);
}

static void a_ray_id_is_kept_only_if_it_is_shaped_like_one(void **state)
{
    static const struct {
        const char *lines, *ray_id;
    } rows[] = {
        {"CF-Ray: 230b030023ae2822-SJC\r\n", "230b030023ae2822-SJC"},
        {"cf-ray:230b030023ae2822\r\n", "230b030023ae2822"},
        {"CF-RAY: 8E2c030023ae2822-fra05 \r\n", "8E2c030023ae2822-fra05"},
        {"CF-Ray: 09-azAZ\r\n", "09-azAZ"},
        {"CF-Ray: <230b0300\r\n", ""},
        {"CF-Ray: aaaaaaaaaabbbbbbbbbbccccccccccdddddddddd\r\n", "aaaaaaaaaabbbbbbbbbbccccccccccdddddddddd"},
        {"CF-Ray: aaaaaaaaaabbbbbbbbbbccccccccccddddddddddd\r\n", ""},
        {"CF-Ray:\r\n", ""},
        {"CF-Ray: 230b 0300\r\n", ""},
        {"CF-Ray: <script>\r\n", ""},
        {"CF-Ray: 230b\x1b[31m\r\n", ""},
        {"CF-Ray: 230b_0300\r\n", ""},
        {"CF-Ray: 230b{0300\r\n", ""},
        {"CF-Ray: 230b\xC3\xA9\r\n", ""},
        {"CF-Ray: \"230b0300\"\r\n", ""},
        {"X-CF-Ray: 230b030023ae2822-SJC\r\n", ""},
    };
    unsigned wrong = 0;
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct lcf_headers headers = fed(rows[i].lines);
        if (strcmp(headers.ray_id, rows[i].ray_id) != 0) WRONG(wrong, "%s as \"%s\"", rows[i].lines, headers.ray_id);
    }
    expect_none(wrong);
}

static void odd_lines_are_survived(void **state)
{
    static const struct lcf_text lines[] = {
        BYTES("\r\n"),    BYTES("\n"),     BYTES(":"),        BYTES(":\n"),     BYTES(":::\r\n"),       BYTES("HTTP"),
        BYTES("HTTP/"),   BYTES("\0:\0\n"), BYTES("a:\n"),     BYTES("a:\r\n"),  BYTES("Retry-After\n"), BYTES("Date:\n"),
        BYTES("CF-Ray:"), BYTES(" a: b\n"), BYTES("\xFF:\xFF\n"),
    };
    struct lcf_headers headers = {0};
    size_t bytes = 0;
    (void)state;
    for (size_t i = 0; i < COUNT(lines); i++) {
        struct lcf_text line = exact(lines[i]);
        lcf_headers_line(&headers, lcf_span_of(line));
        release(line);
        bytes += lines[i].len;
    }
    lcf_headers_line(&headers, lcf_span_of((struct lcf_text){NULL, 0}));
    assert_int_equal(headers.bytes, bytes);
    assert_false(headers.has_retry || headers.has_date || headers.has_length || headers.encoded);
    assert_string_equal(headers.ray_id, "");
}

static void what_two_readers_could_read_differently_is_contradictory(void **state)
{
    static const struct {
        const char *what, *lines[6];
        bool contradictory;
    } rows[] = {
        {"a length", {"HTTP/1.1 200 OK\r\n", "Content-Length: 5\r\n"}, false},
        {"chunks", {"HTTP/1.1 200 OK\r\n", "Transfer-Encoding: chunked\r\n"}, false},
        {"chunks twice", {"HTTP/1.1 200 OK\r\n", "Transfer-Encoding: chunked\r\n", "Transfer-Encoding: identity\r\n",
         "Content-Length: 5\r\n"}, true},
        {"a length beside identity", {"HTTP/1.1 200 OK\r\n", "Transfer-Encoding: identity\r\n", "Content-Length: 5\r\n"}, false},
        {"a length beside chunks", {"HTTP/1.1 200 OK\r\n", "Content-Length: 5\r\n", "Transfer-Encoding: chunked\r\n"}, true},
        {"chunks beside a length", {"HTTP/1.1 200 OK\r\n", "Transfer-Encoding: chunked\r\n", "Content-Length: 5\r\n"}, true},
        {"a folded line", {"HTTP/1.1 200 OK\r\n", "Retry-After: 1\r\n", " 00\r\n"}, true},
        {"a blank before the colon", {"HTTP/1.1 200 OK\r\n", "Content-Encoding : gzip\r\n"}, true},
        {"no name before the colon", {"HTTP/1.1 200 OK\r\n", ": gzip\r\n"}, false},
        {"a field that looks like a status line",
         {"HTTP/1.1 200 OK\r\n", "Content-Length: 5\r\n", "HTTP/x: y\r\n", "Content-Length: 7\r\n"}, true},
        {"a 1xx with another length", {"HTTP/1.1 100 Continue\r\n", "Content-Length: 9\r\n", "\r\n",
         "HTTP/1.1 200 OK\r\n", "Content-Length: 5\r\n"}, false},
        {"a trailer", {"HTTP/1.1 200 OK\r\n", "Content-Length: 5\r\n", "\r\n", "HTTP/1.1 200 OK\r\n", "Content-Length: 7\r\n"}, false},
    };
    unsigned wrong = 0;
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct lcf_headers headers = {0};
        for (size_t j = 0; j < 6 && rows[i].lines[j]; j++)
            lcf_headers_line(&headers, span(rows[i].lines[j]));
        if (headers.contradictory != rows[i].contradictory) WRONG(wrong, "%s", rows[i].what);
    }
    expect_none(wrong);
}

/* To be shown, where an answer is not the API's. */
static void a_content_type_is_kept_whole_or_not_at_all(void **state)
{
    char line[200], longest[LCF_TYPE_MAX + 1];
    (void)state;
    memset(longest, 'x', LCF_TYPE_MAX);
    longest[LCF_TYPE_MAX] = '\0';
    assert_string_equal(fed("X: y\r\n").content_type, "");
    assert_string_equal(fed("Content-Type: text/html; charset=utf-8\r\n").content_type, "text/html; charset=utf-8");
    assert_string_equal(fed("content-type:\r\n").content_type, "");
    assert_string_equal(fed("Content-Type: text/\x1bhtml\r\n").content_type, "");
    assert_string_equal(fed("Content-Type: text/\xe9\r\n").content_type, "");
    assert_string_equal(fed("Content-Type: text/\x7f\r\n").content_type, "");
    snprintf(line, sizeof line, "Content-Type: %s\r\n", longest);
    assert_string_equal(fed(line).content_type, longest);
    snprintf(line, sizeof line, "Content-Type: %sy\r\n", longest);
    assert_string_equal(fed(line).content_type, "");
}

/* RFC 9111: Age says that a cache answered; 110 of the older Warning, that it was stale. */
static void an_age_or_a_warning_of_staleness_tells_of_a_cache(void **state)
{
    static const struct {
        const char *lines;
        bool cached;
    } rows[] = {
        {"Cache-Control: max-age=60\r\n", false},
        {"X-Cache: HIT\r\n", false},
        {"Age: 0\r\n", true},
        {"age: 3600\r\n", true},
        {"Age:\r\n", true},
        {"Aged: 1\r\n", false},
        {"Warning: 110 - \"Response is Stale\"\r\n", true},
        {"warning: 110\r\n", true},
        {"Warning: 1100 - \"x\"\r\n", false},
        {"Warning: 299 - \"deprecated\"\r\n", false},
        {"Warning: 299 - \"x\", 110 proxy \"stale\"\r\n", true},
        {"Warning: 110 - \"x\"\r\nWarning: 299 - \"x\"\r\n", true},
        {"Warning: \r\n", false},
        {"Warning: ,,\r\n", false},
    };
    unsigned wrong = 0;
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++)
        if (fed(rows[i].lines).cached != rows[i].cached) WRONG(wrong, "%s", rows[i].lines);
    expect_none(wrong);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(retry_after_is_read_strictly),
        cmocka_unit_test(retry_after_given_several_times_is_garbled_in_every_order),
        cmocka_unit_test(a_retry_date_counts_from_the_servers_clock_or_else_from_ours),
        cmocka_unit_test(a_status_line_forgets_what_an_interim_answer_said),
        cmocka_unit_test(a_block_has_ended_only_when_its_blank_line_arrived),
        cmocka_unit_test(a_line_that_was_cut_is_ignored_but_counted),
        cmocka_unit_test(lengths_must_agree),
        cmocka_unit_test(an_encoding_that_was_not_asked_for_is_noticed),
        cmocka_unit_test(one_line_that_says_identity_does_not_undo_another_that_says_gzip),
        cmocka_unit_test(a_ray_id_is_kept_only_if_it_is_shaped_like_one),
        cmocka_unit_test(odd_lines_are_survived),
        cmocka_unit_test(what_two_readers_could_read_differently_is_contradictory),
        cmocka_unit_test(a_content_type_is_kept_whole_or_not_at_all),
        cmocka_unit_test(an_age_or_a_warning_of_staleness_tells_of_a_cache),
    };
    return cmocka_run_group_tests_name("headers", tests, NULL, NULL);
}
