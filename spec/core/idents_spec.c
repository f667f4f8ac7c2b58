/* What an id, a credential and a header value may look like. */

#include "support.h"

#include "../../src/core/idents.h"

static enum lcf_id_fault check_id(struct lcf_text id)
{
    struct lcf_text copy = exact(id);
    enum lcf_id_fault fault = lcf_check_id(lcf_span_of(copy));
    release(copy);
    return fault;
}

static void ids_are_32_lower_case_hexadecimal_digits(void **state)
{
    static const struct {
        const char *what;
        struct lcf_text id;
        enum lcf_id_fault fault;
    } rows[] = {
        {"an id", BYTES("0123456789abcdef0123456789abcdef"), LCF_ID_GOOD},
        {"all zeros", BYTES("00000000000000000000000000000000"), LCF_ID_GOOD},
        {"empty", BYTES(""), LCF_ID_EMPTY},
        {".", BYTES("."), LCF_ID_LENGTH},
        {"..", BYTES(".."), LCF_ID_LENGTH},
        {"/", BYTES("/"), LCF_ID_LENGTH},
        {"31 digits", BYTES("0123456789abcdef0123456789abcde"), LCF_ID_LENGTH},
        {"33 digits", BYTES("0123456789abcdef0123456789abcdef0"), LCF_ID_LENGTH},
        {"36 bytes, a UUID", BYTES("01234567-89ab-cdef-0123-456789abcdef"), LCF_ID_LENGTH},
        {"upper case", BYTES("0123456789ABCDEF0123456789ABCDEF"), LCF_ID_UPPER_CASE},
        {"one letter in upper case", BYTES("0123456789abcdef0123456789abcdeF"), LCF_ID_UPPER_CASE},
        {"g", BYTES("0123456789abcdef0123456789abcdeg"), LCF_ID_BYTES},
        {"G", BYTES("0123456789abcdef0123456789abcdeG"), LCF_ID_BYTES},
        {"a slash", BYTES("0123456789abcdef/123456789abcdef"), LCF_ID_BYTES},
        {"dots", BYTES("0123456789abcdef0123456789abc/.."), LCF_ID_BYTES},
        {"?", BYTES("?123456789abcdef0123456789abcdef"), LCF_ID_BYTES},
        {"#", BYTES("0123456789abcdef0123456789abcde#"), LCF_ID_BYTES},
        {"a percent escape", BYTES("0123456789abcdef0123456789abc%2e"), LCF_ID_BYTES},
        {"a NUL", BYTES("0123456789abcdef\0" "123456789abcdef"), LCF_ID_BYTES},
        {"CR LF", BYTES("0123456789abcdef0123456789abcd\r\n"), LCF_ID_BYTES},
        {"a space", BYTES("0123456789abcdef0123456789abcde "), LCF_ID_BYTES},
        {"a good id and a NUL", BYTES("0123456789abcdef0123456789abcdef\0"), LCF_ID_LENGTH},
        {"a good id and LF", BYTES("0123456789abcdef0123456789abcdef\n"), LCF_ID_LENGTH},
        {"UTF-8", BYTES("0123456789abcdef0123456789abcd\xC3\xA9"), LCF_ID_BYTES},
    };
    unsigned wrong = 0;
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        enum lcf_id_fault fault = check_id(rows[i].id);
        if (fault != rows[i].fault) WRONG(wrong, "%s: %d, expected %d", rows[i].what, (int)fault, (int)rows[i].fault);
    }
    expect_none(wrong);
}

static void in_an_id_every_other_byte_is_refused_in_every_place(void **state)
{
    unsigned wrong = 0;
    (void)state;
    for (size_t i = 0; i < LCF_ID_LEN; i++)
        for (unsigned byte = 0; byte <= 0xFF; byte++) {
            char id[] = "0123456789abcdef0123456789abcdef";
            bool good = (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'f');
            id[i] = (char)byte;
            if ((check_id((struct lcf_text){id, LCF_ID_LEN}) == LCF_ID_GOOD) != good)
                WRONG(wrong, "%02X in place %zu", byte, i);
        }
    expect_none(wrong);
}

static void no_other_length_is_an_id(void **state)
{
    char digits[200];
    unsigned wrong = 0;
    (void)state;
    memset(digits, 'a', sizeof digits);
    for (size_t len = 0; len <= sizeof digits; len++)
        if ((check_id((struct lcf_text){digits, len}) == LCF_ID_GOOD) != (len == 32)) WRONG(wrong, "%zu digits", len);
    expect_none(wrong);
}

static void what_may_be_a_secret_is_told_apart_so_that_it_is_never_repeated(void **state)
{
    static const char *const secrets[] = {
        "cfat_abcdefghijklmnopqrstuvwxyz0123456789abcdefghij01234567",
        "cfut_abcdefghijklmnopqrstuvwxyz0123456789abcdefghij01234567",
        "cfk_abcdefghijklmnopqrstuvwxyz0123456789abcdefghij012345678",
        "cfat_",
        "cfut_x",
        "cfk_",
        "cfat_6789abcdef0123456789abcdef01",
        "0123456789abcdef0123456789abcdef01234",
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJ0123",
    };
    unsigned wrong = 0;
    (void)state;
    for (size_t i = 0; i < COUNT(secrets); i++)
        if (check_id(text_of(secrets[i])) != LCF_ID_SECRET) WRONG(wrong, "%s", secrets[i]);
    if (check_id(text_of("cfat")) != LCF_ID_LENGTH) WRONG(wrong, "half a prefix");
    expect_none(wrong);
}

static enum lcf_credential_fault check_credential(struct lcf_text credential)
{
    struct lcf_text copy = exact(credential);
    enum lcf_credential_fault fault = lcf_check_credential(lcf_span_of(copy));
    release(copy);
    return fault;
}

static void credentials_hold_visible_ascii_and_no_other_byte(void **state)
{
    unsigned wrong = 0;
    (void)state;
    for (unsigned byte = 0; byte <= 0xFF; byte++) {
        char first = (char)byte, middle[] = {'a', (char)byte, 'b'}, last[] = {'a', (char)byte};
        bool good = byte >= 0x21 && byte <= 0x7E, blank = byte == 0x20 || (byte >= 0x09 && byte <= 0x0D);
        enum lcf_credential_fault inside = good ? LCF_CREDENTIAL_GOOD : LCF_CREDENTIAL_BYTES;
        enum lcf_credential_fault end = blank ? LCF_CREDENTIAL_ENDS : inside;
        if (check_credential((struct lcf_text){&first, 1}) != end) WRONG(wrong, "%02X alone", byte);
        if (check_credential((struct lcf_text){middle, 3}) != inside) WRONG(wrong, "%02X in the middle", byte);
        if (check_credential((struct lcf_text){last, 2}) != end) WRONG(wrong, "%02X at the end", byte);
    }
    expect_none(wrong);
}

static void a_credential_has_at_least_one_byte_and_at_most_4096(void **state)
{
    char many[LCF_CREDENTIAL_MAX + 1];
    (void)state;
    memset(many, 'a', sizeof many);
    assert_int_equal(LCF_CREDENTIAL_MAX, 4096);
    assert_int_equal(check_credential((struct lcf_text){many, 0}), LCF_CREDENTIAL_LENGTH);
    assert_int_equal(lcf_check_credential(lcf_span_of((struct lcf_text){NULL, 0})), LCF_CREDENTIAL_LENGTH);
    assert_int_equal(check_credential((struct lcf_text){many, 1}), LCF_CREDENTIAL_GOOD);
    assert_int_equal(check_credential((struct lcf_text){many, LCF_CREDENTIAL_MAX}), LCF_CREDENTIAL_GOOD);
    assert_int_equal(check_credential((struct lcf_text){many, LCF_CREDENTIAL_MAX + 1}), LCF_CREDENTIAL_LENGTH);
}

#define VALUE "abcdefghijklmnopqrstuvwxyzABCDEFGHIJ0123"

static void what_people_have_in_place_of_a_credential_is_told_apart(void **state)
{
    static const struct {
        struct lcf_text credential;
        enum lcf_credential_fault fault;
    } rows[] = {
        {BYTES(VALUE "\n"), LCF_CREDENTIAL_ENDS},
        {BYTES(VALUE "\r\n"), LCF_CREDENTIAL_ENDS},
        {BYTES(VALUE "\r"), LCF_CREDENTIAL_ENDS},
        {BYTES(" " VALUE), LCF_CREDENTIAL_ENDS},
        {BYTES("\t" VALUE), LCF_CREDENTIAL_ENDS},
        {BYTES("\n"), LCF_CREDENTIAL_ENDS},
        {BYTES("Bearer " VALUE), LCF_CREDENTIAL_HEADER},
        {BYTES("bearer\t" VALUE), LCF_CREDENTIAL_HEADER},
        {BYTES("BEARER:" VALUE), LCF_CREDENTIAL_HEADER},
        {BYTES("Authorization: Bearer " VALUE), LCF_CREDENTIAL_HEADER},
        {BYTES("authorization:" VALUE), LCF_CREDENTIAL_HEADER},
        {BYTES("\"" VALUE "\""), LCF_CREDENTIAL_QUOTED},
        {BYTES("'" VALUE "'"), LCF_CREDENTIAL_QUOTED},
        {BYTES("`" VALUE "`"), LCF_CREDENTIAL_QUOTED},
        {BYTES("\"\""), LCF_CREDENTIAL_QUOTED},
        {BYTES("'" VALUE " " VALUE "'"), LCF_CREDENTIAL_QUOTED},
        {BYTES(VALUE "\\n"), LCF_CREDENTIAL_WRITTEN_OUT},
        {BYTES(VALUE "\\r\\n"), LCF_CREDENTIAL_WRITTEN_OUT},
        {BYTES(VALUE "\\r"), LCF_CREDENTIAL_WRITTEN_OUT},
        {BYTES("${CLOUDFLARE_API_TOKEN}"), LCF_CREDENTIAL_VARIABLE},
        {BYTES("$(cat /run/secrets/token)"), LCF_CREDENTIAL_VARIABLE},
        {BYTES("{{ .Values.token }}"), LCF_CREDENTIAL_VARIABLE},
        {BYTES("<your-token>"), LCF_CREDENTIAL_PLACEHOLDER},
        {BYTES("<your token>"), LCF_CREDENTIAL_PLACEHOLDER},
        {BYTES("op://vault/cloudflare/token"), LCF_CREDENTIAL_REFERENCE},
        {BYTES("https://vault.example/token"), LCF_CREDENTIAL_REFERENCE},
        {BYTES("***"), LCF_CREDENTIAL_MASKED},
        {BYTES("cfat_****wxyz"), LCF_CREDENTIAL_MASKED},
        {BYTES(VALUE "****"), LCF_CREDENTIAL_MASKED},
        {BYTES(VALUE " " VALUE), LCF_CREDENTIAL_BYTES},
        {BYTES(VALUE "\n" VALUE), LCF_CREDENTIAL_BYTES},
        {BYTES("\xEF\xBB\xBF" VALUE), LCF_CREDENTIAL_BYTES},
        {BYTES(VALUE "\xC2\xA0"), LCF_CREDENTIAL_BYTES},
        {BYTES("\x1B[32m" VALUE "\x1B[0m"), LCF_CREDENTIAL_BYTES},
        {BYTES(VALUE "\0"), LCF_CREDENTIAL_BYTES},
    };
    unsigned wrong = 0;
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        enum lcf_credential_fault fault = check_credential(rows[i].credential);
        if (fault != rows[i].fault) WRONG(wrong, "%s: %d", rows[i].credential.at, (int)fault);
    }
    expect_none(wrong);
}

static void anything_else_that_a_header_may_carry_is_taken_for_a_credential(void **state)
{
    static const char *const taken[] = {
        VALUE, "cfat_" VALUE "01234567", "cfut_" VALUE "01234567", "cfk_" VALUE, "cfoat_" VALUE, "0123456789abcdef",
        "eyJhbGciOiJIUzI1NiJ9.e30.abc-_", "a+b/c==", "Bearer", "bearer-" VALUE, "authorization", "authorizations:x",
        "\"", "'" VALUE, VALUE "'", "\"" VALUE "'", "a\"b\"c", "n", "\\", VALUE "\\t", "a\\nb",
        "$NAME", "${NAME", "NAME}", "$2b$10$abc", "{x}", "<", "<a", "a>", "://", "a:b//c", "a1://b", "a*b**c", "**", "a,b;c=d", "*", "~",
    };
    unsigned wrong = 0;
    (void)state;
    for (size_t i = 0; i < COUNT(taken); i++) {
        enum lcf_credential_fault fault = check_credential(text_of(taken[i]));
        if (fault != LCF_CREDENTIAL_GOOD) WRONG(wrong, "%s: %d", taken[i], (int)fault);
    }
    expect_none(wrong);
}

static void header_values_hold_printable_ascii_with_spaces_only_inside(void **state)
{
    static const struct {
        struct lcf_text value;
        bool good;
    } rows[] = {
        {BYTES("user@example.com"), true},
        {BYTES("my-script/1.0 (Lua 5.4)"), true},
        {BYTES("a"), true},
        {BYTES(""), false},
        {BYTES(" "), false},
        {BYTES(" a"), false},
        {BYTES("a "), false},
        {BYTES("a\tb"), false},
        {BYTES("a\r\nX-Evil: 1"), false},
        {BYTES("a\n"), false},
        {BYTES("a\0b"), false},
        {BYTES("caf\xC3\xA9"), false},
        {BYTES("a\x7F"), false},
    };
    unsigned wrong = 0;
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct lcf_text value = exact(rows[i].value);
        if (lcf_check_header_value(lcf_span_of(value)) != rows[i].good) WRONG(wrong, "\"%.*s\"", (int)value.len, rows[i].value.at);
        release(value);
    }
    char many[LCF_CREDENTIAL_MAX + 1];
    memset(many, 'a', sizeof many);
    if (!lcf_check_header_value(lcf_span_of((struct lcf_text){many, LCF_CREDENTIAL_MAX}))) WRONG(wrong, "the longest");
    if (lcf_check_header_value(lcf_span_of((struct lcf_text){many, LCF_CREDENTIAL_MAX + 1}))) WRONG(wrong, "one byte more");
    for (unsigned byte = 0; byte <= 0xFF; byte++) {
        char value[] = {'a', (char)byte, 'b'};
        bool good = byte >= 0x20 && byte <= 0x7E;
        if (lcf_check_header_value(lcf_span_of((struct lcf_text){value, 3})) != good) WRONG(wrong, "%02X", byte);
    }
    expect_none(wrong);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(ids_are_32_lower_case_hexadecimal_digits),
        cmocka_unit_test(in_an_id_every_other_byte_is_refused_in_every_place),
        cmocka_unit_test(no_other_length_is_an_id),
        cmocka_unit_test(what_may_be_a_secret_is_told_apart_so_that_it_is_never_repeated),
        cmocka_unit_test(credentials_hold_visible_ascii_and_no_other_byte),
        cmocka_unit_test(a_credential_has_at_least_one_byte_and_at_most_4096),
        cmocka_unit_test(what_people_have_in_place_of_a_credential_is_told_apart),
        cmocka_unit_test(anything_else_that_a_header_may_carry_is_taken_for_a_credential),
        cmocka_unit_test(header_values_hold_printable_ascii_with_spaces_only_inside),
    };
    return cmocka_run_group_tests_name("idents", tests, NULL, NULL);
}
