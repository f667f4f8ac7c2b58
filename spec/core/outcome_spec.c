/* The outcomes of a call, by name, and which of them are failures. */

#include "support.h"

#include "../../src/core/outcome.h"

static void a_failure_is_whatever_did_not_do_what_was_asked_for(void **state)
{
    static const struct {
        const char *name;
        bool failure;
    } rows[] = {
        [LCF_PENDING] = {"pending", false},   [LCF_OK] = {"ok", false},
        [LCF_DELETED] = {"deleted", false},   [LCF_GONE] = {"gone", false},
        [LCF_ACCEPTED] = {"accepted", false}, [LCF_NOT_FOUND] = {"not_found", true},
        [LCF_NOT_SENT] = {"not_sent", true},  [LCF_REFUSED] = {"refused", true},
        [LCF_UNKNOWN] = {"unknown", true},    [LCF_FAILED] = {"failed", true},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        assert_string_equal(lcf_outcome_name((enum lcf_outcome)i), rows[i].name);
        assert_int_equal(lcf_is_failure((enum lcf_outcome)i), rows[i].failure);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_failure_is_whatever_did_not_do_what_was_asked_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
