/* How many requests are left, as the answers say, and how long a run rests for it. */

#include "support.h"

#include "../../src/core/quota.h"

static struct lcf_allowance said(const char *line, const char *next)
{
    struct lcf_allowance allowance = {0};
    lcf_allowance_line(&allowance, (struct lcf_span){line, line + strlen(line)});
    lcf_allowance_line(&allowance, (struct lcf_span){next, next + strlen(next)});
    return allowance;
}

static void the_lines_of_the_api_are_read(void **state)
{
    struct lcf_allowance a = said("Ratelimit: \"default\";r=50;t=30\r\n",
                                  "ratelimit-policy: \"default\";q=1200;w=300\r\n");
    (void)state;
    assert_true(a.has_left && a.left == 50 && a.seconds == 30);
    assert_true(a.has_limit && a.limit == 1200);
}

static void the_case_of_a_name_does_not_count(void **state)
{
    struct lcf_allowance a = said("RATELIMIT: x;r=50;t=3600", "RATELIMIT-POLICY: x;q=1200");
    (void)state;
    assert_true(a.left == 50 && a.seconds == 3600 && a.limit == 1200);
}

static struct lcf_allowance said_in(const char *line, size_t len)
{
    struct lcf_allowance allowance = {0};
    lcf_allowance_line(&allowance, (struct lcf_span){line, line + len});
    return allowance;
}

/* A NUL byte is one like others. */
static void nothing_ends_an_item_but_a_comma(void **state)
{
    static const char within[] = "Ratelimit: x;r=5\0;t=1", before[] = "Ratelimit: x\0;r=5;t=1";
    (void)state;
    assert_true(said_in(within, sizeof within - 1).has_left);
    assert_true(said_in(before, sizeof before - 1).has_left);
}

static void of_equal_items_the_first_counts(void **state)
{
    struct lcf_allowance a = said("Ratelimit: x;r=4;t=2, y;r=4;t=9", "");
    (void)state;
    assert_true(a.left == 4 && a.seconds == 2);
}

static void of_several_items_the_least_counts(void **state)
{
    struct lcf_allowance a = said("RateLimit: \"a,b;r=1;t=1\"; r=9;t=5, \"c\";r=4; t=2, \"d\";r=7;t=1",
                                  "Ratelimit-Policy: a;q=70, b;q=60, c;q=80");
    (void)state;
    assert_true(a.left == 4 && a.seconds == 2 && a.limit == 60);
}

static void what_is_garbled_says_nothing(void **state)
{
    static const char *const lines[] = {
        "", "Ratelimit", "Ratelimit:", "Ratelimit: ,", "Ratelimit: x;r=5", "Ratelimit: x;t=5", "Ratelimit: x;r=;t=1",
        "Ratelimit: x;r=-1;t=1", "Ratelimit: x;r=1234567890;t=1", "Ratelimit: \"x;r=5;t=1", "Ratelimit: x;r=5;t=3601",
        "Ratelimi: x;r=5;t=1", "Ratelimits: x;r=5;t=1", "X-Ratelimit: x;r=5;t=1", "Ratelimit-Policy: x;q=",
        "Ratelimit: x;rr=5;t=1", "Ratelimit: x;ar=5;t=1", "Timelimit: x;r=5;t=1", "X-Policy: x;q=5",
    };
    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        struct lcf_allowance a = said(lines[i], "");
        assert_false(a.has_left || a.has_limit);
    }
}

static struct lcf_allowance left(double requests, double seconds)
{
    return (struct lcf_allowance){
        .has_left = true, .has_limit = true, .left = requests, .seconds = seconds, .limit = 100};
}

/* A window that begins with more than the published quota. */
static void the_first_answer_of_a_window_is_believed(void **state)
{
    struct lcf_quota q = {0};
    struct lcf_allowance many = left(5000, 20);
    (void)state;
    lcf_quota_hear(&q, 7, 1000, &many);
    assert_true(lcf_quota_rest(&q, 7, 1000, 4000) == 0);
}

static void nobody_rests_before_the_first_answer(void **state)
{
    struct lcf_quota q = {0};
    (void)state;
    assert_true(lcf_quota_rest(&q, 7, 1000, 0) == 0);
}

static void a_tenth_is_left_to_others(void **state)
{
    struct lcf_quota q = {0};
    (void)state;
    for (int requests = 12; requests > 10; requests--) {
        struct lcf_allowance a = left(requests, 20);
        lcf_quota_hear(&q, 7, 1000, &a);
        assert_true(lcf_quota_rest(&q, 7, 1000, 0) == 0);
    }
    struct lcf_allowance a = left(10, 20);
    lcf_quota_hear(&q, 7, 1000, &a);
    assert_true(lcf_quota_rest(&q, 7, 1000, 0) == 20);
    assert_true(lcf_quota_rest(&q, 7, 1019, 0) == 1);
    assert_true(lcf_quota_rest(&q, 7, 1020, 0) == 0); /* another window */
    assert_true(lcf_quota_rest(&q, 8, 1000, 0) == 0); /* another credential */
}

static void what_is_in_flight_counts(void **state)
{
    struct lcf_quota q = {0};
    struct lcf_allowance a = left(30, 20);
    (void)state;
    lcf_quota_hear(&q, 7, 1000, &a);
    assert_true(lcf_quota_rest(&q, 7, 1000, 19) == 0);
    assert_true(lcf_quota_rest(&q, 7, 1000, 20) == 20);
}

static void of_parallel_answers_the_least_holds_until_the_window_ends(void **state)
{
    struct lcf_quota q = {0};
    struct lcf_allowance few = left(5, 20), more = left(8, 20), fresh = left(99, 60);
    (void)state;
    lcf_quota_hear(&q, 7, 1000, &few);
    lcf_quota_hear(&q, 7, 1001, &more);
    assert_true(q.left == 5 && q.until == 1020);
    lcf_quota_hear(&q, 7, 1002, &few); /* as few, and later */
    assert_true(q.left == 5 && q.until == 1022);
    lcf_quota_hear(&q, 7, 1022, &fresh);
    assert_true(q.left == 99 && q.until == 1082);
}

static void answers_that_say_nothing_count_by_the_published_quota(void **state)
{
    struct lcf_quota q = {0};
    const struct lcf_allowance none = {0};
    (void)state;
    for (int i = 0; i < 1079; i++) lcf_quota_hear(&q, 7, 1000, &none);
    assert_true(lcf_quota_rest(&q, 7, 1000, 0) == 0);
    for (int i = 0; i < 200; i++) {
        lcf_quota_hear(&q, 7, 1000, &none);
        assert_true(lcf_quota_rest(&q, 7, 1000, 0) == 300);
    }
    assert_true(q.left == 0);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_lines_of_the_api_are_read),
        cmocka_unit_test(the_case_of_a_name_does_not_count),
        cmocka_unit_test(nothing_ends_an_item_but_a_comma),
        cmocka_unit_test(of_equal_items_the_first_counts),
        cmocka_unit_test(of_several_items_the_least_counts),
        cmocka_unit_test(what_is_garbled_says_nothing),
        cmocka_unit_test(the_first_answer_of_a_window_is_believed),
        cmocka_unit_test(nobody_rests_before_the_first_answer),
        cmocka_unit_test(a_tenth_is_left_to_others),
        cmocka_unit_test(what_is_in_flight_counts),
        cmocka_unit_test(of_parallel_answers_the_least_holds_until_the_window_ends),
        cmocka_unit_test(answers_that_say_nothing_count_by_the_published_quota),
    };
    return cmocka_run_group_tests_name("quota", tests, NULL, NULL);
}
