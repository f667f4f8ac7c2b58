/* How many values may still be refused before asking about more risks a lock-out. */

#include "support.h"

#include "../../src/core/refusals.h"

static void expect(const struct lcf_refusals *r, int most, double now, int left, double wait)
{
    assert_int_equal(left, lcf_refusals_left(r, most, now));
    assert_float_equal(wait, lcf_refusals_wait(r, most, now), 1e-9);
}

static void at_first_all_may_be_refused(void **state)
{
    const struct lcf_refusals r = {0};
    (void)state;
    expect(&r, LCF_REFUSALS_DEFAULT, 1000, 8, 0);
    expect(&r, LCF_REFUSALS_MAX, 1000, LCF_REFUSALS_MAX, 0);
    expect(&r, 1, 1000, 1, 0);
}

static void each_refusal_counts_for_half_an_hour(void **state)
{
    struct lcf_refusals r = {0};
    (void)state;
    for (int i = 0; i < 8; i++) {
        expect(&r, 8, 1000 + i, 8 - i, 0);
        lcf_refusals_note(&r, 1000 + i);
    }
    expect(&r, 8, 1010, 0, 1790);
    expect(&r, 9, 1010, 1, 0);
    expect(&r, 3, 1010, 0, 1795); /* what one asker may take the other may not */
    expect(&r, 8, 2799.5, 0, 0.5);
    expect(&r, 8, 2800, 1, 0);
    expect(&r, 8, 2805.5, 6, 0);
    expect(&r, 8, 9000, 8, 0);
}

static void a_lock_out_leaves_none_for_half_an_hour(void **state)
{
    struct lcf_refusals r = {0};
    (void)state;
    lcf_refusals_note(&r, 1000);
    lcf_refusals_lock(&r, 1010);
    expect(&r, 8, 1010, 0, 1800);
    expect(&r, 8, 2809, 0, 1);
    expect(&r, 8, 2810, 8, 0);
}

static void more_than_are_remembered_are_as_many(void **state)
{
    struct lcf_refusals r = {0};
    (void)state;
    for (int i = 0; i < 3 * LCF_REFUSALS_MAX + 7; i++) lcf_refusals_note(&r, 1000 + i);
    expect(&r, LCF_REFUSALS_MAX, 1157, 0, 1750); /* the 108th, at 1107, is the oldest of the last fifty */
    expect(&r, 1, 1157, 0, 1799);
    expect(&r, LCF_REFUSALS_MAX, 2907, 1, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(at_first_all_may_be_refused),
        cmocka_unit_test(each_refusal_counts_for_half_an_hour),
        cmocka_unit_test(a_lock_out_leaves_none_for_half_an_hour),
        cmocka_unit_test(more_than_are_remembered_are_as_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
