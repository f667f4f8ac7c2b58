/* What a base URL and a proxy may look like. */

#include "support.h"

#include "../../src/core/urls.h"

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
    return cmocka_run_group_tests_name("urls", tests, NULL, NULL);
}
