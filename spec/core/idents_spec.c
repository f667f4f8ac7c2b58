/* What an id, a credential, a header value and a base URL may look like. */

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

static const char *const url_faults[] = {
    [LCF_URL_GOOD] = "good",         [LCF_URL_SCHEME] = "bad scheme", [LCF_URL_INSECURE] = "insecure",
    [LCF_URL_HOST] = "bad host",     [LCF_URL_PATH] = "bad path",
};

struct url {
    struct lcf_text url;
    enum lcf_url_fault fault;
};

static void expect_faults(const struct url *rows, size_t count)
{
    unsigned wrong = 0;
    for (size_t i = 0; i < count; i++) {
        struct lcf_text url = exact(rows[i].url);
        enum lcf_url_fault fault = lcf_check_base_url(lcf_span_of(url));
        if (fault != rows[i].fault)
            WRONG(wrong, "%.*s: %s, expected %s", (int)url.len, rows[i].url.at, url_faults[fault], url_faults[rows[i].fault]);
        release(url);
    }
    expect_none(wrong);
}

static void good_base_urls_are_taken(void **state)
{
    static const struct url rows[] = {
        {BYTES("https://api.cloudflare.com/client/v4"), LCF_URL_GOOD},
        {BYTES("https://api.cloudflare.com/client/v4/"), LCF_URL_GOOD},
        {BYTES("https://api.cloudflare.com"), LCF_URL_GOOD},
        {BYTES("https://api.cloudflare.com/"), LCF_URL_GOOD},
        {BYTES("https://API.Cloudflare.COM/a-b_c~d.e/v4"), LCF_URL_GOOD},
        {BYTES("https://example.com:8443/v4"), LCF_URL_GOOD},
        {BYTES("https://example.com:1"), LCF_URL_GOOD},
        {BYTES("https://example.com:65535"), LCF_URL_GOOD},
        {BYTES("https://192.0.2.1/v4"), LCF_URL_GOOD},
        {BYTES("https://[2001:db8::1]/v4"), LCF_URL_GOOD},
        {BYTES("https://[2001:db8::1]:8443/v4"), LCF_URL_GOOD},
        {BYTES("https://localhost:8443"), LCF_URL_GOOD},
        {BYTES("https://a"), LCF_URL_GOOD},
        {BYTES("https://09-azAZ.example/09-azAZ_~."), LCF_URL_GOOD},
        {BYTES("https://127.0.0.1:8443/client/v4"), LCF_URL_GOOD},
        {BYTES("https://example.com/a..b/c."), LCF_URL_GOOD},
        {BYTES("https://example.com/a!b$c&d'e(f)g*h+i,j;k=l:m@n"), LCF_URL_GOOD}, /* RFC 3986, pchar */
        {BYTES("https://example.com/@/:/;v=4"), LCF_URL_GOOD},
    };
    (void)state;
    expect_faults(rows, COUNT(rows));
}

static void only_two_schemes_are_known(void **state)
{
    static const struct url rows[] = {
        {BYTES(""), LCF_URL_SCHEME},
        {BYTES("https"), LCF_URL_SCHEME},
        {BYTES("https:/"), LCF_URL_SCHEME},
        {BYTES("https:example.com"), LCF_URL_SCHEME},
        {BYTES("api.cloudflare.com"), LCF_URL_SCHEME},
        {BYTES("//api.cloudflare.com"), LCF_URL_SCHEME},
        {BYTES(" https://api.cloudflare.com"), LCF_URL_SCHEME},
        {BYTES("ftp://api.cloudflare.com"), LCF_URL_SCHEME},
        {BYTES("file:///etc/passwd"), LCF_URL_SCHEME},
        {BYTES("httpss://api.cloudflare.com"), LCF_URL_SCHEME},
        {BYTES("https\0://a"), LCF_URL_SCHEME},
    };
    (void)state;
    expect_faults(rows, COUNT(rows));
}

static void plain_http_is_for_literal_loopback_addresses_alone(void **state)
{
    static const struct url rows[] = {
        {BYTES("http://127.0.0.1"), LCF_URL_GOOD},
        {BYTES("http://127.0.0.1:8080/client/v4"), LCF_URL_GOOD},
        {BYTES("http://127.0.0.0"), LCF_URL_GOOD},
        {BYTES("http://127.1.2.3/v4"), LCF_URL_GOOD},
        {BYTES("http://127.255.255.255"), LCF_URL_GOOD},
        {BYTES("http://[::1]"), LCF_URL_GOOD},
        {BYTES("http://[::1]:8080/v4"), LCF_URL_GOOD},
        {BYTES("http://api.cloudflare.com"), LCF_URL_INSECURE},
        {BYTES("http://localhost"), LCF_URL_INSECURE},
        {BYTES("http://localhost:8080"), LCF_URL_INSECURE},
        {BYTES("http://128.0.0.1"), LCF_URL_INSECURE},
        {BYTES("http://126.255.255.255"), LCF_URL_INSECURE},
        {BYTES("http://10.0.0.1"), LCF_URL_INSECURE},
        {BYTES("http://0.0.0.0"), LCF_URL_INSECURE},
        {BYTES("http://127.1"), LCF_URL_INSECURE},
        {BYTES("http://127"), LCF_URL_INSECURE},
        {BYTES("http://127.0.0"), LCF_URL_INSECURE},
        {BYTES("http://127.0.0."), LCF_URL_INSECURE},
        {BYTES("http://127.0.0.1."), LCF_URL_INSECURE},
        {BYTES("http://127.0.0.1.1"), LCF_URL_INSECURE},
        {BYTES("http://127..0.1"), LCF_URL_INSECURE},
        {BYTES("http://127.0.0.256"), LCF_URL_INSECURE},
        {BYTES("http://127.0.0.0001"), LCF_URL_INSECURE},
        {BYTES("http://127.1234.0.1"), LCF_URL_INSECURE},
        {BYTES("http://127.0.0.1.example.com"), LCF_URL_INSECURE},
        {BYTES("http://127.0.0.1a"), LCF_URL_INSECURE},
        {BYTES("http://127.example.com"), LCF_URL_INSECURE},
        {BYTES("http://0x7f.0.0.1"), LCF_URL_INSECURE},
        {BYTES("http://127.0x0.0.1"), LCF_URL_INSECURE},
        {BYTES("http://0177.0.0.1"), LCF_URL_INSECURE},
        {BYTES("http://2130706433"), LCF_URL_INSECURE},
        {BYTES("http://[::]"), LCF_URL_INSECURE},
        {BYTES("http://[::2]"), LCF_URL_INSECURE},
        {BYTES("http://[::ffff:10.0.0.1]"), LCF_URL_INSECURE},
        {BYTES("http://[2001:db8::1]"), LCF_URL_INSECURE},
        {BYTES("http://127.0.0.1@example.com"), LCF_URL_HOST},
        {BYTES("http://127.0.0.1:80@example.com"), LCF_URL_HOST},
        {BYTES("http://127.0.0.1\\@example.com"), LCF_URL_HOST},
        {BYTES("http://127.0.0.1\0.example.com"), LCF_URL_HOST},
        {BYTES("http://[::1].example.com"), LCF_URL_HOST},
        {BYTES("http://[::1"), LCF_URL_HOST},
    };
    (void)state;
    expect_faults(rows, COUNT(rows));
}

/* "08" is no octet to those who read a leading zero as octal, and then it is a name to look up. */
static void an_octet_with_a_leading_zero_makes_no_literal_address(void **state)
{
    static const struct url rows[] = {
        {BYTES("http://127.0.0.08"), LCF_URL_INSECURE},
        {BYTES("http://127.0.0.01"), LCF_URL_INSECURE},
        {BYTES("http://127.00.0.1"), LCF_URL_INSECURE},
    };
    (void)state;
    expect_faults(rows, COUNT(rows));
}

static void a_host_is_a_name_or_an_address_and_nothing_more(void **state)
{
    static const struct url rows[] = {
        {BYTES("https://"), LCF_URL_HOST},
        {BYTES("https:///v4"), LCF_URL_HOST},
        {BYTES("https://:443"), LCF_URL_HOST},
        {BYTES("https://?x"), LCF_URL_HOST},
        {BYTES("https://user@example.com"), LCF_URL_HOST},
        {BYTES("https://user:password@example.com/v4"), LCF_URL_HOST},
        {BYTES("https://@example.com"), LCF_URL_HOST},
        {BYTES("https://example.com@"), LCF_URL_HOST},
        {BYTES("https://exa mple.com"), LCF_URL_HOST},
        {BYTES("https://example.com\t"), LCF_URL_HOST},
        {BYTES("https://example.com\r\nX: y"), LCF_URL_HOST},
        {BYTES("https://example.com\0"), LCF_URL_HOST},
        {BYTES("https://example%2ecom"), LCF_URL_HOST},
        {BYTES("https://example.com\\v4"), LCF_URL_HOST},
        {BYTES("https://ex\xC3\xA4mple.com"), LCF_URL_HOST},
        {BYTES("https://a,b"), LCF_URL_HOST},
        {BYTES("https://a;b/v4"), LCF_URL_HOST},
        {BYTES("https://a!b/v4"), LCF_URL_HOST},
        {BYTES("https://{a}"), LCF_URL_HOST},
        {BYTES("https://[]"), LCF_URL_HOST},
        {BYTES("https://["), LCF_URL_HOST},
        {BYTES("https://]"), LCF_URL_HOST},
        {BYTES("https://[::1"), LCF_URL_HOST},
        {BYTES("https://::1"), LCF_URL_HOST},
        {BYTES("https://[::1]x"), LCF_URL_HOST},
        {BYTES("https://[::1]]"), LCF_URL_HOST},
        {BYTES("https://[fe80::1%25eth0]"), LCF_URL_HOST},
        {BYTES("https://[example.com]"), LCF_URL_HOST},
        {BYTES("https://[::1/v4"), LCF_URL_HOST},
    };
    (void)state;
    expect_faults(rows, COUNT(rows));
}

static void a_port_is_a_number_from_1_to_65535(void **state)
{
    static const struct url rows[] = {
        {BYTES("https://example.com:"), LCF_URL_HOST},
        {BYTES("https://example.com:/v4"), LCF_URL_HOST},
        {BYTES("https://example.com:0"), LCF_URL_HOST},
        {BYTES("https://example.com:65536"), LCF_URL_HOST},
        {BYTES("https://example.com:000443"), LCF_URL_HOST},
        {BYTES("https://example.com:99999"), LCF_URL_HOST},
        {BYTES("https://example.com:4294967739"), LCF_URL_HOST},
        {BYTES("https://example.com:-1"), LCF_URL_HOST},
        {BYTES("https://example.com:+443"), LCF_URL_HOST},
        {BYTES("https://example.com: 443"), LCF_URL_HOST},
        {BYTES("https://example.com:443a"), LCF_URL_HOST},
        {BYTES("https://example.com:https"), LCF_URL_HOST},
        {BYTES("https://example.com:443:443"), LCF_URL_HOST},
        {BYTES("https://[::1]:"), LCF_URL_HOST},
        {BYTES("https://[::1]:65536"), LCF_URL_HOST},
        {BYTES("http://127.0.0.1:0"), LCF_URL_HOST},
    };
    (void)state;
    expect_faults(rows, COUNT(rows));
}

static void a_path_is_plain(void **state)
{
    static const struct url rows[] = {
        {BYTES("https://example.com?x"), LCF_URL_PATH},
        {BYTES("https://example.com/?x=1"), LCF_URL_PATH},
        {BYTES("https://example.com/v4?"), LCF_URL_PATH},
        {BYTES("https://example.com#x"), LCF_URL_PATH},
        {BYTES("https://example.com/v4#"), LCF_URL_PATH},
        {BYTES("https://example.com/."), LCF_URL_PATH},
        {BYTES("https://example.com/.."), LCF_URL_PATH},
        {BYTES("https://example.com/a/../b"), LCF_URL_PATH},
        {BYTES("https://example.com/a/./b"), LCF_URL_PATH},
        {BYTES("https://example.com/a/.."), LCF_URL_PATH},
        {BYTES("https://example.com//"), LCF_URL_PATH},
        {BYTES("https://example.com//evil.example"), LCF_URL_PATH},
        {BYTES("https://example.com/a//b"), LCF_URL_PATH},
        {BYTES("https://example.com/%2e%2e"), LCF_URL_PATH},
        {BYTES("https://example.com/a%2Fb"), LCF_URL_PATH},
        {BYTES("https://example.com/a%"), LCF_URL_PATH},
        {BYTES("https://example.com/a\\b"), LCF_URL_PATH},
        {BYTES("https://example.com/\\..\\b"), LCF_URL_PATH},
        {BYTES("https://example.com/a b"), LCF_URL_PATH},
        {BYTES("https://example.com/a[b]"), LCF_URL_PATH},
        {BYTES("https://example.com/{a}"), LCF_URL_PATH},
        {BYTES("https://example.com/a|b"), LCF_URL_PATH},
        {BYTES("https://example.com/a^b"), LCF_URL_PATH},
        {BYTES("https://example.com/a`b"), LCF_URL_PATH},
        {BYTES("https://example.com/<a>"), LCF_URL_PATH},
        {BYTES("https://example.com/a\"b"), LCF_URL_PATH},
        {BYTES("https://example.com/a\0b"), LCF_URL_PATH},
        {BYTES("https://example.com/a\r\nX: y"), LCF_URL_PATH},
        {BYTES("https://example.com/\xC3\xA9"), LCF_URL_PATH},
        {BYTES("https://example.com/a\x7F"), LCF_URL_PATH},
        {BYTES("http://127.0.0.1/../x"), LCF_URL_PATH},
    };
    (void)state;
    expect_faults(rows, COUNT(rows));
}

static void a_base_url_knows_whether_it_is_plain(void **state)
{
    (void)state;
    assert_true(lcf_url_is_plain(span("http://127.0.0.1:8080")));
    assert_true(lcf_url_is_plain(span("http://[::1]")));
    assert_false(lcf_url_is_plain(span("https://127.0.0.1")));
    assert_false(lcf_url_is_plain(span("https://api.cloudflare.com")));
    assert_false(lcf_url_is_plain(span("http:")));
}

static const char *const proxy_faults[] = {
    [LCF_PROXY_GOOD] = "good",         [LCF_PROXY_BYTES] = "bad bytes",
    [LCF_PROXY_SCHEME] = "bad scheme", [LCF_PROXY_HOST] = "bad host",
};

static void a_proxy_is_a_host_or_has_a_scheme_that_libcurl_speaks_to_proxies(void **state)
{
    static const struct {
        struct lcf_text proxy;
        enum lcf_proxy_fault fault;
    } rows[] = {
        {BYTES(""), LCF_PROXY_GOOD}, /* none */
        {BYTES("proxy.example"), LCF_PROXY_GOOD},
        {BYTES("proxy.example:3128"), LCF_PROXY_GOOD},
        {BYTES("user:password@proxy.example"), LCF_PROXY_GOOD},
        {BYTES("a:/"), LCF_PROXY_GOOD},
        {BYTES("http://proxy.example"), LCF_PROXY_GOOD},
        {BYTES("https://proxy.example"), LCF_PROXY_GOOD},
        {BYTES("socks4://proxy.example"), LCF_PROXY_GOOD},
        {BYTES("socks4a://proxy.example"), LCF_PROXY_GOOD},
        {BYTES("socks5://proxy.example"), LCF_PROXY_GOOD},
        {BYTES("socks5h://proxy.example"), LCF_PROXY_GOOD},
        {BYTES("HTTP://proxy.example"), LCF_PROXY_GOOD},
        {BYTES("Socks5h://proxy.example"), LCF_PROXY_GOOD},
        {BYTES("http://proxy.example/"), LCF_PROXY_GOOD},
        {BYTES("http://proxy.example:3128/"), LCF_PROXY_GOOD},
        {BYTES("http://proxy.example:"), LCF_PROXY_GOOD},
        {BYTES("http://my_proxy:3128"), LCF_PROXY_GOOD},
        {BYTES("http://127.0.0.1:3128"), LCF_PROXY_GOOD},
        {BYTES("http://[::1]:3128"), LCF_PROXY_GOOD},
        {BYTES("http://[fe80::1%25eth0]:3128"), LCF_PROXY_GOOD},
        {BYTES("http://user:p%40ss@proxy.example"), LCF_PROXY_GOOD},
        {BYTES("http://corp\\user:word@proxy.example"), LCF_PROXY_GOOD},
        {BYTES("http://user:100%@proxy.example"), LCF_PROXY_GOOD},
        {BYTES("http://@proxy.example"), LCF_PROXY_GOOD},
        {BYTES("socks5h://localhost/run/proxy.sock"), LCF_PROXY_GOOD},
        {BYTES("http://ex\xC3\xA4mple.com"), LCF_PROXY_GOOD},
        {BYTES("://"), LCF_PROXY_SCHEME},
        {BYTES("ftp://proxy.example"), LCF_PROXY_SCHEME},
        {BYTES("socks6://proxy.example"), LCF_PROXY_SCHEME},
        {BYTES("xhttp://proxy.example"), LCF_PROXY_SCHEME},
        {BYTES("hTTpx://proxy.example"), LCF_PROXY_SCHEME},
        {BYTES("\"http://proxy.example\""), LCF_PROXY_SCHEME},
        {BYTES("http\0://proxy.example"), LCF_PROXY_BYTES},
        {BYTES("http://proxy.example\n"), LCF_PROXY_BYTES},
        {BYTES("http://proxy.example\r\nX: y"), LCF_PROXY_BYTES},
        {BYTES("http://proxy.example "), LCF_PROXY_BYTES},
        {BYTES(" proxy.example"), LCF_PROXY_BYTES},
        {BYTES("\tproxy.example"), LCF_PROXY_BYTES},
        {BYTES("proxy.example\x7F"), LCF_PROXY_BYTES},
        {BYTES("http://"), LCF_PROXY_HOST},
        {BYTES("http:///"), LCF_PROXY_HOST},
        {BYTES("http://:3128"), LCF_PROXY_HOST},
        {BYTES("http://user@"), LCF_PROXY_HOST},
        {BYTES("proxy.example:0"), LCF_PROXY_HOST},
        {BYTES("proxy.example:65536"), LCF_PROXY_HOST},
        {BYTES("http://proxy.example:99999"), LCF_PROXY_HOST},
        {BYTES("http://proxy.example:port"), LCF_PROXY_HOST},
        {BYTES("http://proxy.example:3128:1"), LCF_PROXY_HOST},
        {BYTES("http://user:p@ss@proxy.example"), LCF_PROXY_HOST},
        {BYTES("http://user:p#ss@proxy.example"), LCF_PROXY_HOST},
        {BYTES("http://user:p/ss@proxy.example"), LCF_PROXY_HOST},
        {BYTES("http://[::1"), LCF_PROXY_HOST},
        {BYTES("http://[]"), LCF_PROXY_HOST},
        {BYTES("http://[::1]x"), LCF_PROXY_HOST},
        {BYTES("http://pro,xy"), LCF_PROXY_HOST},
        {BYTES("http://{proxy}"), LCF_PROXY_HOST},
        {BYTES("'proxy.example'"), LCF_PROXY_HOST},
    };
    unsigned wrong = 0;
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct lcf_text proxy = exact(rows[i].proxy);
        enum lcf_proxy_fault fault = lcf_check_proxy(lcf_span_of(proxy));
        if (fault != rows[i].fault)
            WRONG(wrong, "%.*s: %s, expected %s", (int)proxy.len, rows[i].proxy.at, proxy_faults[fault],
                  proxy_faults[rows[i].fault]);
        release(proxy);
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
        cmocka_unit_test(good_base_urls_are_taken),
        cmocka_unit_test(only_two_schemes_are_known),
        cmocka_unit_test(plain_http_is_for_literal_loopback_addresses_alone),
        cmocka_unit_test(an_octet_with_a_leading_zero_makes_no_literal_address),
        cmocka_unit_test(a_host_is_a_name_or_an_address_and_nothing_more),
        cmocka_unit_test(a_port_is_a_number_from_1_to_65535),
        cmocka_unit_test(a_path_is_plain),
        cmocka_unit_test(a_base_url_knows_whether_it_is_plain),
        cmocka_unit_test(a_proxy_is_a_host_or_has_a_scheme_that_libcurl_speaks_to_proxies),
    };
    return cmocka_run_group_tests_name("idents", tests, NULL, NULL);
}
