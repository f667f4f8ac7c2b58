/* Which paths and header lines a request of the caller's own making may have. */

#include "support.h"

#include "../../src/core/freeform.h"
#include "../../src/core/idents.h"

static const char *const path_faults[] = {
    [LCF_PATH_GOOD] = "good", [LCF_PATH_START] = "start", [LCF_PATH_SEGMENT] = "segment",
    [LCF_PATH_DOTS] = "dots", [LCF_PATH_BYTES] = "bytes"};

static enum lcf_path_fault check_path(struct lcf_text path)
{
    struct lcf_text copy = exact(path);
    enum lcf_path_fault fault = lcf_check_path(lcf_span_of(copy));
    release(copy);
    return fault;
}

static void a_path_has_segments_that_no_one_on_the_way_reads_differently(void **state)
{
    static const struct {
        struct lcf_text path;
        enum lcf_path_fault fault;
    } rows[] = {
        {BYTES("/zones"), LCF_PATH_GOOD},
        {BYTES("/accounts/0123456789abcdef0123456789abcdef/logs/audit"), LCF_PATH_GOOD},
        {BYTES("/a/key with blanks"), LCF_PATH_GOOD},
        {BYTES("/a/Z\xC3\xBCrich"), LCF_PATH_GOOD},
        {BYTES("/a/.well-known"), LCF_PATH_GOOD},
        {BYTES("/a/..."), LCF_PATH_GOOD},
        {BYTES("/a/..b"), LCF_PATH_GOOD},
        {BYTES("/a/b."), LCF_PATH_GOOD},
        {BYTES("/a:b@c"), LCF_PATH_GOOD},
        {BYTES(""), LCF_PATH_START},
        {BYTES("zones"), LCF_PATH_START},
        {BYTES("https://api.cloudflare.com/client/v4/zones"), LCF_PATH_START},
        {BYTES("@evil.example/zones"), LCF_PATH_START},
        {BYTES(".evil.example"), LCF_PATH_START},
        {BYTES(":8080/zones"), LCF_PATH_START},
        {BYTES("\\zones"), LCF_PATH_START},
        {BYTES("/"), LCF_PATH_SEGMENT},
        {BYTES("//"), LCF_PATH_SEGMENT},
        {BYTES("//evil.example/zones"), LCF_PATH_SEGMENT},
        {BYTES("/zones/"), LCF_PATH_SEGMENT},
        {BYTES("/zones//dns_records"), LCF_PATH_SEGMENT},
        {BYTES("/zones/a/"), LCF_PATH_SEGMENT},
        {BYTES("/."), LCF_PATH_DOTS},
        {BYTES("/.."), LCF_PATH_DOTS},
        {BYTES("/zones/.."), LCF_PATH_DOTS},
        {BYTES("/zones/./a"), LCF_PATH_DOTS},
        {BYTES("/zones/../accounts"), LCF_PATH_DOTS},
        {BYTES("/zones/%2e%2e/accounts"), LCF_PATH_BYTES},
        {BYTES("/zones/a%2Fb"), LCF_PATH_BYTES},
        {BYTES("/zones?page=2"), LCF_PATH_BYTES},
        {BYTES("/zones#a"), LCF_PATH_BYTES},
        {BYTES("/zones\\..\\accounts"), LCF_PATH_BYTES},
        {BYTES("/zones\r\nHost: evil.example"), LCF_PATH_BYTES},
        {BYTES("/zones\0"), LCF_PATH_BYTES},
        {BYTES("/zones\t"), LCF_PATH_BYTES},
        {BYTES("/zones\x7F"), LCF_PATH_BYTES},
    };
    unsigned wrong = 0;
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        enum lcf_path_fault fault = check_path(rows[i].path);
        if (fault != rows[i].fault)
            WRONG(wrong, "%s: %s, expected %s", rows[i].path.at, path_faults[fault], path_faults[rows[i].fault]);
    }
    expect_none(wrong);
}

static void in_a_path_each_byte_is_refused_kept_or_escaped(void **state)
{
    static const char kept[] = "/-._~!$&'()*+,=:@0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    unsigned wrong = 0;
    (void)state;
    for (int byte = 0; byte < 256; byte++) {
        const char path[] = {'/', 'a', (char)byte, 'b'};
        bool strange = byte < ' ' || byte == 0x7F || memchr("%?#\\", byte, 4);
        enum lcf_path_fault expected = strange ? LCF_PATH_BYTES : LCF_PATH_GOOD;
        if (check_path((struct lcf_text){path, sizeof path}) != expected) WRONG(wrong, "byte %d in a path", byte);
        bool stays = memchr(kept, byte, sizeof kept - 1) != NULL;
        if (lcf_path_keeps(byte) != stays) WRONG(wrong, "byte %d in a URL", byte);
    }
    expect_none(wrong);
}

static void segments_are_counted(void **state)
{
    (void)state;
    assert_int_equal(1, lcf_path_segments(span("/zones")));
    assert_int_equal(2, lcf_path_segments(span("/zones/a")));
    assert_int_equal(4, lcf_path_segments(span("/a/b/c/d")));
}

static const char *const header_faults[] = {
    [LCF_HEADER_GOOD] = "good", [LCF_HEADER_NAME] = "name", [LCF_HEADER_CREDENTIAL] = "credential",
    [LCF_HEADER_FRAMING] = "framing", [LCF_HEADER_VALUE] = "value"};

static enum lcf_header_fault check_header(struct lcf_text name, struct lcf_text value)
{
    struct lcf_text name_copy = exact(name), value_copy = exact(value);
    enum lcf_header_fault fault = lcf_check_header(lcf_span_of(name_copy), lcf_span_of(value_copy));
    release(name_copy);
    release(value_copy);
    return fault;
}

static void a_header_line_carries_no_credential_and_frames_nothing(void **state)
{
    static const struct {
        struct lcf_text name;
        enum lcf_header_fault fault;
    } rows[] = {
        {BYTES("If-Match"), LCF_HEADER_GOOD},
        {BYTES("cf-r2-jurisdiction"), LCF_HEADER_GOOD},
        {BYTES("Accept"), LCF_HEADER_GOOD},
        {BYTES("User-Agent"), LCF_HEADER_GOOD},
        {BYTES("Range"), LCF_HEADER_GOOD},
        {BYTES("X"), LCF_HEADER_GOOD},
        {BYTES("Hosts"), LCF_HEADER_GOOD},
        {BYTES("Hos"), LCF_HEADER_GOOD},
        {BYTES("X-Author"), LCF_HEADER_GOOD},
        {BYTES("Proxy"), LCF_HEADER_GOOD},
        {BYTES("x-trailer"), LCF_HEADER_GOOD},
        {BYTES("Authorization"), LCF_HEADER_CREDENTIAL},
        {BYTES("authorization"), LCF_HEADER_CREDENTIAL},
        {BYTES("AUTHORIZATION"), LCF_HEADER_CREDENTIAL},
        {BYTES("Cookie"), LCF_HEADER_CREDENTIAL},
        {BYTES("X-Auth-Key"), LCF_HEADER_CREDENTIAL},
        {BYTES("x-auth-email"), LCF_HEADER_CREDENTIAL},
        {BYTES("X-Auth-User-Service-Key"), LCF_HEADER_CREDENTIAL},
        {BYTES("Proxy-Authorization"), LCF_HEADER_CREDENTIAL},
        {BYTES("Proxy-Connection"), LCF_HEADER_CREDENTIAL},
        {BYTES("CF-Access-Client-Secret"), LCF_HEADER_CREDENTIAL},
        {BYTES("Accept-Encoding"), LCF_HEADER_FRAMING},
        {BYTES("Cache-Control"), LCF_HEADER_FRAMING},
        {BYTES("Pragma"), LCF_HEADER_FRAMING},
        {BYTES("Connection"), LCF_HEADER_FRAMING},
        {BYTES("Content-Encoding"), LCF_HEADER_FRAMING},
        {BYTES("Content-Length"), LCF_HEADER_FRAMING},
        {BYTES("Content-Type"), LCF_HEADER_FRAMING},
        {BYTES("Expect"), LCF_HEADER_FRAMING},
        {BYTES("Host"), LCF_HEADER_FRAMING},
        {BYTES("HTTP2-Settings"), LCF_HEADER_FRAMING},
        {BYTES("Keep-Alive"), LCF_HEADER_FRAMING},
        {BYTES("TE"), LCF_HEADER_FRAMING},
        {BYTES("Trailer"), LCF_HEADER_FRAMING},
        {BYTES("Transfer-Encoding"), LCF_HEADER_FRAMING},
        {BYTES("Upgrade"), LCF_HEADER_FRAMING},
        {BYTES("X-HTTP-Method"), LCF_HEADER_FRAMING},
        {BYTES("X-HTTP-Method-Override"), LCF_HEADER_FRAMING},
        {BYTES("X-Method-Override"), LCF_HEADER_FRAMING},
        {BYTES(""), LCF_HEADER_NAME},
        {BYTES("Host "), LCF_HEADER_NAME},
        {BYTES(":path"), LCF_HEADER_NAME},
        {BYTES("If-Match: a"), LCF_HEADER_NAME},
        {BYTES("X\r\nHost"), LCF_HEADER_NAME},
        {BYTES("X\0Host"), LCF_HEADER_NAME},
        {BYTES("Z\xC3\xBCrich"), LCF_HEADER_NAME},
    };
    unsigned wrong = 0;
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        enum lcf_header_fault fault = check_header(rows[i].name, text_of("a"));
        if (fault != rows[i].fault)
            WRONG(wrong, "%s: %s, expected %s", rows[i].name.at, header_faults[fault], header_faults[rows[i].fault]);
    }
    expect_none(wrong);
}

static void a_header_name_is_a_token_of_at_most_256_bytes(void **state)
{
    static const char marks[] = "!#$%&'*+-.^_`|~";
    char name[LCF_HEADER_NAME_MAX + 1];
    unsigned wrong = 0;
    (void)state;
    for (int byte = 0; byte < 256; byte++) {
        const char text[] = {'x', (char)byte};
        bool letter = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9');
        bool good = letter || memchr(marks, byte, sizeof marks - 1);
        enum lcf_header_fault fault = check_header((struct lcf_text){text, sizeof text}, text_of("a"));
        if (fault != (good ? LCF_HEADER_GOOD : LCF_HEADER_NAME)) WRONG(wrong, "byte %d", byte);
    }
    expect_none(wrong);
    memset(name, 'x', sizeof name);
    assert_int_equal(LCF_HEADER_GOOD, check_header((struct lcf_text){name, LCF_HEADER_NAME_MAX}, text_of("a")));
    assert_int_equal(LCF_HEADER_NAME, check_header((struct lcf_text){name, LCF_HEADER_NAME_MAX + 1}, text_of("a")));
}

static void a_header_value_is_printable_and_has_no_blanks_around_it(void **state)
{
    static const struct lcf_text refused[] = {
        BYTES(""), BYTES(" a"), BYTES("a "), BYTES("a\r\nHost: b"), BYTES("a\n"), BYTES("a\0"), BYTES("a\tb"),
        BYTES("\xC3\xBC")};
    (void)state;
    assert_int_equal(LCF_HEADER_GOOD, check_header(text_of("If-Match"), text_of("\"a b\", W/\"c\"")));
    for (size_t i = 0; i < COUNT(refused); i++)
        assert_int_equal(LCF_HEADER_VALUE, check_header(text_of("If-Match"), refused[i]));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_path_has_segments_that_no_one_on_the_way_reads_differently),
        cmocka_unit_test(in_a_path_each_byte_is_refused_kept_or_escaped),
        cmocka_unit_test(segments_are_counted),
        cmocka_unit_test(a_header_line_carries_no_credential_and_frames_nothing),
        cmocka_unit_test(a_header_name_is_a_token_of_at_most_256_bytes),
        cmocka_unit_test(a_header_value_is_printable_and_has_no_blanks_around_it),
    };
    return cmocka_run_group_tests_name("freeform", tests, NULL, NULL);
}
