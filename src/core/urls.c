#include "urls.h"
#include "alphabet.h"

#include <string.h>

/* A URL is taken from its front: scheme, host, port, path. Each part says which bytes it may hold. */

/* What stands before the first of `stops`, or all. */
static struct lcf_span before(struct lcf_span text, const char *stops)
{
    struct lcf_span part = {text.at, text.at};
    while (part.end < text.end && !(*part.end && strchr(stops, *part.end))) part.end++;
    return part;
}

static bool is_host_byte(char byte)
{
    return lcf_is_digit(byte) || lcf_is_letter(byte) || byte == '.' || byte == '-';
}

static bool is_address_byte(char byte)
{
    return lcf_is_hex(byte) || byte == ':' || byte == '.';
}

/* Takes "name" or "[address]" and leaves what follows, which may be a port. */
static bool take_host(struct lcf_span *authority, bool (*in_name)(char), bool (*in_address)(char))
{
    bool bracketed = lcf_take(authority, '[');
    struct lcf_span host = before(*authority, bracketed ? "]" : ":");
    authority->at = host.end;
    if (bracketed && !lcf_take(authority, ']')) return false;
    return !lcf_is_empty(host) && lcf_all(host, bracketed ? in_address : in_name);
}

/* ":1" to ":65535", or nothing. */
static bool check_port(struct lcf_span port)
{
    int number = 0;
    if (lcf_is_empty(port)) return true;
    if (!lcf_take(&port, ':') || port.end - port.at > 5) return false;
    for (int byte; number <= 65535 && (byte = lcf_next(&port)) >= 0;) {
        if (!lcf_is_digit(byte)) return false;
        number = number * 10 + (byte - '0');
    }
    return number >= 1 && number <= 65535;
}

/* "0" to "255"; with a leading zero some readers take an octet for octal. */
static bool take_octet(struct lcf_span *text)
{
    const int first = lcf_peek(text);
    int number = 0, count = 0;
    //@ loop unroll 3;
    for (; count < 3 && lcf_is_digit(lcf_peek(text)); count++) number = number * 10 + (lcf_next(text) - '0');
    bool padded = count > 1 && first == '0';
    return count > 0 && !padded && number <= 255;
}

/* 127.0.0.0/8 or ::1, written as an address: a name could resolve to anything. */
static bool is_loopback(struct lcf_span host)
{
    if (lcf_starts_with(host, "[::1]")) return true; /* a bracket ends its host */
    if (!lcf_take_word(&host, "127")) return false;
    for (int i = 0; i < 3; i++)
        if (!lcf_take(&host, '.') || !take_octet(&host)) return false;
    return lcf_is_empty(host);
}

/* What RFC 3986 allows in the segments of a path, but for escapes. */
static bool is_path_byte(char byte)
{
    return is_host_byte(byte) || (byte && strchr("/_~!$&'()*+,;=:@", byte));
}

/* A plain path: what libcurl would squeeze ("/..") or the server decode ("%2e") is refused. */
static bool check_path(struct lcf_span path)
{
    if (!lcf_all(path, is_path_byte)) return false;
    for (int last = 0, byte; (byte = lcf_next(&path)) >= 0; last = byte)
        if (last == '/' && (byte == '.' || byte == '/')) return false;
    return true;
}

bool lcf_url_is_plain(struct lcf_span url)
{
    return lcf_starts_with(url, "http://");
}

enum lcf_url_fault lcf_check_base_url(struct lcf_span url)
{
    bool plain = lcf_url_is_plain(url);
    if (!lcf_take_word(&url, plain ? "http://" : "https://")) return LCF_URL_SCHEME;
    struct lcf_span authority = before(url, "/?#");
    struct lcf_span port = authority;
    if (!take_host(&port, is_host_byte, is_address_byte) || !check_port(port)) return LCF_URL_HOST;
    if (plain && !is_loopback((struct lcf_span){authority.at, port.at})) return LCF_URL_INSECURE;
    return check_path((struct lcf_span){authority.end, url.end}) ? LCF_URL_GOOD : LCF_URL_PATH;
}

static bool is_no_control(char byte)
{
    return (unsigned char)byte > ' ' && byte != 0x7F;
}

/* Takes "http://" and its like, or nothing where there is no scheme. */
static bool take_proxy_scheme(struct lcf_span *proxy)
{
    static const char *const schemes[] = {"http://", "https://", "socks4://", "socks4a://", "socks5://", "socks5h://"};
    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++)
        if (lcf_take_any_case(proxy, schemes[i])) return true;
    struct lcf_span rest = *proxy;
    while (rest.at < rest.end && !lcf_starts_with(rest, "://")) rest.at++;
    return lcf_is_empty(rest);
}

/* A name may be of any language. */
static bool is_proxy_host_byte(char byte)
{
    return !strchr("@\\\"'`<>{}|^[]$!*,;=", byte);
}

/* "host" or "host:port", as libcurl splits it: behind the colon a port may be left out. */
static bool check_proxy_host(struct lcf_span authority)
{
    if (!take_host(&authority, is_proxy_host_byte, is_proxy_host_byte)) return false;
    bool portless = authority.end - authority.at == 1 && lcf_peek(&authority) == ':';
    return portless || check_port(authority);
}

enum lcf_proxy_fault lcf_check_proxy(struct lcf_span proxy)
{
    if (lcf_is_empty(proxy)) return LCF_PROXY_GOOD;
    if (!lcf_all(proxy, is_no_control)) return LCF_PROXY_BYTES;
    if (!take_proxy_scheme(&proxy)) return LCF_PROXY_SCHEME;
    struct lcf_span authority = before(proxy, "/?#");
    struct lcf_span user = before(authority, "@");
    if (user.end < authority.end) authority.at = user.end + 1;
    return check_proxy_host(authority) ? LCF_PROXY_GOOD : LCF_PROXY_HOST;
}
