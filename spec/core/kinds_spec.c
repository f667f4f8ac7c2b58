/* What a value that turned up somewhere is, by its looks alone. */

#include "support.h"

#include "../../src/core/kinds.h"

/* Forty characters and what zlib.crc32 gives for them, as the API writes it. */
#define LETTERS "abcdefghijklmnopqrstuvwxyz0123456789ABCD"
#define CHECKSUM "5aa51f0b"
#define OTHERS "Sk3nW7q0VbT2mZ8xLr5dYp1uHf6jCe9aQ4gX0141"
#define ITS_CHECKSUM "00584a4b" /* begins with zeros */

#define ID "0123456789abcdef0123456789abcdef"

struct row {
    struct lcf_text value;
    enum lcf_value_kind kind;
    enum lcf_checksum checksum;
};

static struct lcf_value value_of(struct lcf_text text)
{
    struct lcf_text copy = exact(text);
    struct lcf_value value = lcf_value_of(lcf_span_of(copy));
    release(copy);
    return value;
}

static void expect(const struct row *rows, size_t count)
{
    unsigned wrong = 0;
    for (size_t i = 0; i < count; i++) {
        struct lcf_value got = value_of(rows[i].value);
        if (got.kind != rows[i].kind || got.checksum != rows[i].checksum)
            WRONG(wrong, "\"%s\": %s, checksum %d", rows[i].value.at, lcf_value_kind_name(got.kind), got.checksum);
    }
    expect_none(wrong);
}

static void a_prefix_tells_the_kind_and_the_checksum_is_that_of_the_forty_characters(void **state)
{
    static const struct row rows[] = {
        {BYTES("cfat_" LETTERS CHECKSUM), LCF_VALUE_ACCOUNT, LCF_CHECKSUM_FITS},
        {BYTES("cfut_" LETTERS CHECKSUM), LCF_VALUE_USER, LCF_CHECKSUM_FITS},
        {BYTES("cfk_" LETTERS CHECKSUM), LCF_VALUE_KEY, LCF_CHECKSUM_FITS},
        {BYTES("cfat_" OTHERS ITS_CHECKSUM), LCF_VALUE_ACCOUNT, LCF_CHECKSUM_FITS},
        {BYTES("cfat_abcdefghijklmnopqrstuvwxyz0123456789AB\0D" "81f103cd"), LCF_VALUE_ACCOUNT, LCF_CHECKSUM_FITS},
        {BYTES("cfat_0000000000000000000000000000000000000000963fbb8e"), LCF_VALUE_ACCOUNT, LCF_CHECKSUM_FITS},
    };
    (void)state;
    expect(rows, COUNT(rows));
}

static void a_wrong_checksum_does_not_change_the_kind(void **state)
{
    static const struct row rows[] = {
        {BYTES("cfat_" LETTERS ITS_CHECKSUM), LCF_VALUE_ACCOUNT, LCF_CHECKSUM_WRONG},
        {BYTES("cfut_" OTHERS CHECKSUM), LCF_VALUE_USER, LCF_CHECKSUM_WRONG},
        {BYTES("cfat_" LETTERS "5AA51F0B"), LCF_VALUE_ACCOUNT, LCF_CHECKSUM_WRONG},
        {BYTES("cfat_" LETTERS "5aa51f0"), LCF_VALUE_ACCOUNT, LCF_CHECKSUM_WRONG},
        {BYTES("cfat_" LETTERS CHECKSUM "0"), LCF_VALUE_ACCOUNT, LCF_CHECKSUM_WRONG},
        {BYTES("cfat_" LETTERS), LCF_VALUE_ACCOUNT, LCF_CHECKSUM_WRONG},
        {BYTES("cfk_"), LCF_VALUE_KEY, LCF_CHECKSUM_WRONG},
        {BYTES("cfoat_" LETTERS CHECKSUM), LCF_VALUE_OAUTH, LCF_CHECKSUM_NONE},
        {BYTES("cfoat_"), LCF_VALUE_OAUTH, LCF_CHECKSUM_NONE},
    };
    (void)state;
    expect(rows, COUNT(rows));
}

static void one_wrong_character_anywhere_does_not_fit(void **state)
{
    char value[] = "cfat_" LETTERS CHECKSUM;
    unsigned wrong = 0;
    (void)state;
    for (size_t i = 5; i < sizeof value - 1; i++) {
        char kept = value[i];
        value[i] = kept == 'x' ? 'y' : 'x';
        if (value_of(text_of(value)).checksum != LCF_CHECKSUM_WRONG) WRONG(wrong, "character %zu", i);
        value[i] = kept;
    }
    expect_none(wrong);
}

static void without_a_prefix_length_and_alphabet_tell_the_kind(void **state)
{
    static const struct row rows[] = {
        {BYTES(ID), LCF_VALUE_ID, LCF_CHECKSUM_NONE},
        {BYTES("0123456789ABCDEF0123456789abcdef"), LCF_VALUE_ID, LCF_CHECKSUM_NONE},
        {BYTES(ID "01234"), LCF_VALUE_KEY, LCF_CHECKSUM_NONE},
        {BYTES(ID ID), LCF_VALUE_R2_SECRET, LCF_CHECKSUM_NONE},
        {BYTES(ID "01234567"), LCF_VALUE_OLDER, LCF_CHECKSUM_NONE},
        {BYTES(LETTERS), LCF_VALUE_OLDER, LCF_CHECKSUM_NONE},
        {BYTES("AZaz09_-AZaz09_-AZaz09_-AZaz09_-AZaz09_-"), LCF_VALUE_OLDER, LCF_CHECKSUM_NONE},
    };
    (void)state;
    expect(rows, COUNT(rows));
}

static void all_else_is_unknown(void **state)
{
    static const struct row rows[] = {
        {BYTES(""), LCF_VALUE_UNKNOWN, LCF_CHECKSUM_NONE},
        {BYTES("cfat"), LCF_VALUE_UNKNOWN, LCF_CHECKSUM_NONE},
        {BYTES("CFAT_" LETTERS CHECKSUM), LCF_VALUE_UNKNOWN, LCF_CHECKSUM_NONE},
        {BYTES("hunter2"), LCF_VALUE_UNKNOWN, LCF_CHECKSUM_NONE},
        {BYTES("0123456789abcdef0123456789abcdeg"), LCF_VALUE_UNKNOWN, LCF_CHECKSUM_NONE},
        {BYTES("0123456789abcdef0123456789abcde"), LCF_VALUE_UNKNOWN, LCF_CHECKSUM_NONE},
        {BYTES(ID "0"), LCF_VALUE_UNKNOWN, LCF_CHECKSUM_NONE},
        {BYTES(ID "0123456789abcdef0123456789abcde_"), LCF_VALUE_UNKNOWN, LCF_CHECKSUM_NONE},
        {BYTES("abcdefghijklmnopqrstuvwxyz0123456789ABC."), LCF_VALUE_UNKNOWN, LCF_CHECKSUM_NONE},
        {BYTES("abcdefghijklmnopqrstuvwxyz0123456789ABC\0"), LCF_VALUE_UNKNOWN, LCF_CHECKSUM_NONE},
        {BYTES(LETTERS CHECKSUM), LCF_VALUE_UNKNOWN, LCF_CHECKSUM_NONE},
    };
    (void)state;
    expect(rows, COUNT(rows));
}

/* At every place of a value without a prefix every byte is tried. */
static void only_the_alphabet_of_a_kind_is_taken(void **state)
{
    char value[] = ID ID;
    unsigned wrong = 0;
    (void)state;
    for (size_t len = 32; len <= 64; len += 32)
        for (unsigned byte = 0; byte <= 0xFF; byte++) {
            bool hex = byte != 0 && strchr("0123456789abcdefABCDEF", (int)byte) != NULL;
            value[len - 1] = (char)byte;
            bool known = value_of((struct lcf_text){value, len}).kind != LCF_VALUE_UNKNOWN;
            if (known != hex) WRONG(wrong, "%02X as the last of %zu", byte, len);
            value[len - 1] = 'f';
        }
    expect_none(wrong);
}

static void only_letters_digits_and_two_marks_stand_in_an_older_value(void **state)
{
    char value[] = LETTERS;
    unsigned wrong = 0;
    (void)state;
    for (unsigned byte = 0; byte <= 0xFF; byte++) {
        bool good = (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
                    byte == '_' || byte == '-';
        value[7] = (char)byte;
        bool older = value_of((struct lcf_text){value, 40}).kind == LCF_VALUE_OLDER;
        if (older != good) WRONG(wrong, "%02X", byte);
    }
    expect_none(wrong);
}

static void each_kind_has_a_name(void **state)
{
    static const char *const names[] = {"unknown", "account", "user", "key", "oauth", "r2_secret", "id", "older"};
    (void)state;
    for (int kind = LCF_VALUE_UNKNOWN; kind <= LCF_VALUE_OLDER; kind++)
        assert_string_equal(names[kind], lcf_value_kind_name((enum lcf_value_kind)kind));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_prefix_tells_the_kind_and_the_checksum_is_that_of_the_forty_characters),
        cmocka_unit_test(a_wrong_checksum_does_not_change_the_kind),
        cmocka_unit_test(one_wrong_character_anywhere_does_not_fit),
        cmocka_unit_test(without_a_prefix_length_and_alphabet_tell_the_kind),
        cmocka_unit_test(all_else_is_unknown),
        cmocka_unit_test(only_the_alphabet_of_a_kind_is_taken),
        cmocka_unit_test(only_letters_digits_and_two_marks_stand_in_an_older_value),
        cmocka_unit_test(each_kind_has_a_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
