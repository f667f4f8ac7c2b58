/* The retry budget and the remembered block. */

#include "support.h"

#include "../../src/core/pace.h"

static struct lcf_pace started(void)
{
    struct lcf_pace pace;
    memset(&pace, 0x5A, sizeof pace);
    lcf_pace_start(&pace);
    return pace;
}

static int affordable(struct lcf_pace pace)
{
    int retries = 0;
    for (; lcf_pace_affords(&pace) && retries < 1000; retries++) lcf_pace_spend(&pace);
    return retries;
}

static void a_new_client_affords_ten_retries(void **state)
{
    (void)state;
    assert_int_equal(affordable(started()), 10);
}

static void ten_calls_earn_one_retry_and_nine_do_not(void **state)
{
    struct lcf_pace pace = started();
    (void)state;
    while (lcf_pace_affords(&pace)) lcf_pace_spend(&pace);
    for (int call = 0; call < 9; call++) lcf_pace_earn(&pace);
    assert_false(lcf_pace_affords(&pace));
    lcf_pace_earn(&pace);
    assert_int_equal(affordable(pace), 1);
}

static void calls_never_earn_more_than_ten_retries(void **state)
{
    struct lcf_pace pace = started();
    (void)state;
    for (int call = 0; call < 100000; call++) lcf_pace_earn(&pace);
    assert_int_equal(affordable(pace), 10);
    while (lcf_pace_affords(&pace)) lcf_pace_spend(&pace);
    for (int call = 0; call < 9; call++) lcf_pace_earn(&pace);
    assert_false(lcf_pace_affords(&pace)); /* nor a tenth */
}

/* The storm that the budget is for: every call fails and wants two retries. */
static void when_every_call_fails_one_retry_in_ten_calls_remains(void **state)
{
    struct lcf_pace pace = started();
    int retries = 0;
    (void)state;
    for (int call = 0; call < 1000; call++) {
        lcf_pace_earn(&pace);
        for (int wish = 0; wish < 2 && lcf_pace_affords(&pace); wish++, retries++) lcf_pace_spend(&pace);
    }
    assert_true(retries >= 100 && retries <= 110);
}

#define OURS 7u
#define THEIRS 8u

static bool is_until(const struct lcf_pace *pace, uint64_t whose, double until)
{
    double got = lcf_pace_blocked_until(pace, whose);
    return got >= until && got <= until;
}

static void a_new_client_is_not_blocked(void **state)
{
    struct lcf_pace pace = started();
    (void)state;
    assert_true(is_until(&pace, OURS, 0));
}

static void the_longest_block_is_the_one_that_counts(void **state)
{
    struct lcf_pace pace = started();
    (void)state;
    lcf_pace_block(&pace, OURS, 50, 50);
    assert_true(is_until(&pace, OURS, 100));
    lcf_pace_block(&pace, OURS, 51, 4);
    assert_true(is_until(&pace, OURS, 100));
    lcf_pace_block(&pace, OURS, 52, 248);
    assert_true(is_until(&pace, OURS, 300));
    assert_int_equal(affordable(pace), 10); /* and costs nothing */
}

static void a_block_is_one_credentials_alone(void **state)
{
    struct lcf_pace pace = started();
    (void)state;
    lcf_pace_block(&pace, OURS, 0, 100);
    assert_true(is_until(&pace, THEIRS, 0));
    lcf_pace_block(&pace, THEIRS, 0, 20);
    assert_true(is_until(&pace, OURS, 100) && is_until(&pace, THEIRS, 20));
}

static void a_block_is_remembered_for_a_quarter_of_an_hour_at_most(void **state)
{
    struct lcf_pace pace = started();
    (void)state;
    lcf_pace_block(&pace, OURS, 1000, 86400);
    assert_true(is_until(&pace, OURS, 1900));
    lcf_pace_block(&pace, THEIRS, 1000, 900);
    assert_true(is_until(&pace, THEIRS, 1900));
}

/* Also where it ends before the one that makes way. */
static void the_latest_block_is_always_remembered(void **state)
{
    struct lcf_pace pace = started();
    (void)state;
    for (unsigned whose = 1; whose <= LCF_BLOCKS; whose++) lcf_pace_block(&pace, whose, 0, 100 + whose);
    lcf_pace_block(&pace, 99, 0, 50);
    assert_true(is_until(&pace, 99, 50) && is_until(&pace, 1, 0));
}

/* There is room for a few: the one that ends first makes way. */
static void the_longest_of_many_blocks_are_remembered(void **state)
{
    struct lcf_pace pace = started();
    (void)state;
    for (unsigned whose = 1; whose <= LCF_BLOCKS; whose++) lcf_pace_block(&pace, whose, 0, 100 + whose);
    lcf_pace_block(&pace, 99, 0, 500);
    assert_true(is_until(&pace, 99, 500) && is_until(&pace, 1, 0));
    for (unsigned whose = 2; whose <= LCF_BLOCKS; whose++) assert_true(is_until(&pace, whose, 100 + whose));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_client_affords_ten_retries),
        cmocka_unit_test(ten_calls_earn_one_retry_and_nine_do_not),
        cmocka_unit_test(calls_never_earn_more_than_ten_retries),
        cmocka_unit_test(when_every_call_fails_one_retry_in_ten_calls_remains),
        cmocka_unit_test(a_new_client_is_not_blocked),
        cmocka_unit_test(the_longest_block_is_the_one_that_counts),
        cmocka_unit_test(a_block_is_one_credentials_alone),
        cmocka_unit_test(a_block_is_remembered_for_a_quarter_of_an_hour_at_most),
        cmocka_unit_test(the_latest_block_is_always_remembered),
        cmocka_unit_test(the_longest_of_many_blocks_are_remembered),
    };
    return cmocka_run_group_tests_name("pace", tests, NULL, NULL);
}
