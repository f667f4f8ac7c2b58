#include "idents.h"

#include <string.h>

static bool is_lower_hex(char byte)
{
    return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'f');
}

static bool is_hex(char byte)
{
    return is_lower_hex(byte) || (byte >= 'A' && byte <= 'F');
}

static bool all(struct lcf_text text, bool (*allowed)(char))
{
    for (size_t i = 0; i < text.len; i++)
        if (!allowed(text.at[i])) return false;
    return true;
}

static bool starts_with(struct lcf_text text, const char *prefix)
{
    size_t len = strlen(prefix);
    return text.len >= len && memcmp(text.at, prefix, len) == 0;
}

/* Account tokens, user tokens and keys carry these prefixes; older keys have 37 characters, tokens 40. */
static bool looks_secret(struct lcf_text id)
{
    return starts_with(id, "cfat_") || starts_with(id, "cfut_") || starts_with(id, "cfk_") || id.len >= 37;
}

enum lcf_id_fault lcf_check_id(struct lcf_text id)
{
    if (id.len == 0) return LCF_ID_EMPTY;
    if (looks_secret(id)) return LCF_ID_SECRET;
    if (id.len != LCF_ID_LEN) return LCF_ID_LENGTH;
    if (all(id, is_lower_hex)) return LCF_ID_GOOD;
    return all(id, is_hex) ? LCF_ID_UPPER_CASE : LCF_ID_BYTES;
}

static bool is_visible(char byte)
{
    return byte > ' ' && byte < 0x7F;
}

static bool is_printable(char byte)
{
    return byte == ' ' || is_visible(byte);
}

bool lcf_check_credential(struct lcf_text credential)
{
    return credential.len > 0 && credential.len <= LCF_CREDENTIAL_MAX && all(credential, is_visible);
}

bool lcf_check_header_value(struct lcf_text value)
{
    return value.len > 0 && value.len <= LCF_CREDENTIAL_MAX && all(value, is_printable) && value.at[0] != ' ' &&
           value.at[value.len - 1] != ' ';
}

static struct lcf_text after(struct lcf_text text, size_t skipped)
{
    return (struct lcf_text){text.at + skipped, text.len - skipped};
}

/* How many bytes stand before the first of `stops`. */
static size_t span_until(struct lcf_text text, const char *stops)
{
    size_t n = 0;
    while (n < text.len && !(text.at[n] && strchr(stops, text.at[n]))) n++;
    return n;
}

static bool is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

static bool is_host_byte(char byte)
{
    return is_digit(byte) || (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || byte == '.' ||
           byte == '-';
}

static bool is_address_byte(char byte)
{
    return is_hex(byte) || byte == ':' || byte == '.';
}

/* ":1" to ":65535", or nothing. */
static bool check_port(struct lcf_text port)
{
    if (port.len == 0) return true;
    if (port.at[0] != ':' || port.len < 2 || port.len > 6) return false;
    long number = 0;
    for (size_t i = 1; i < port.len; i++) {
        if (!is_digit(port.at[i])) return false;
        number = number * 10 + (port.at[i] - '0');
    }
    return number >= 1 && number <= 65535;
}

/* Splits "host", "host:port" or "[address]:port"; `host` keeps its brackets. */
static bool split_authority(struct lcf_text authority, struct lcf_text *host)
{
    bool bracketed = authority.len > 0 && authority.at[0] == '[';
    size_t n = span_until(authority, bracketed ? "]" : ":");
    if (bracketed && n++ == authority.len) return false;
    *host = (struct lcf_text){authority.at, n};
    struct lcf_text inside = bracketed ? (struct lcf_text){host->at + 1, n - 2} : *host;
    return inside.len > 0 && all(inside, bracketed ? is_address_byte : is_host_byte) &&
           check_port(after(authority, n));
}

/* "0" to "255"; with a leading zero some readers take an octet for octal. */
static bool take_octet(struct lcf_text *rest)
{
    int number = 0;
    size_t n = 0;
    while (n < rest->len && n < 4 && is_digit(rest->at[n])) number = number * 10 + (rest->at[n++] - '0');
    bool padded = n > 1 && rest->at[0] == '0';
    *rest = after(*rest, n);
    return n >= 1 && n <= 3 && !padded && number <= 255;
}

/* 127.0.0.0/8 or ::1, written as an address: a name could resolve to anything. */
static bool is_loopback(struct lcf_text host)
{
    if (host.len == 5 && memcmp(host.at, "[::1]", 5) == 0) return true;
    if (!starts_with(host, "127.")) return false;
    struct lcf_text rest = after(host, 3);
    for (int i = 0; i < 3; i++) {
        if (rest.len == 0 || rest.at[0] != '.') return false;
        rest = after(rest, 1);
        if (!take_octet(&rest)) return false;
    }
    return rest.len == 0;
}

static bool is_path_byte(char byte)
{
    return is_host_byte(byte) || byte == '/' || byte == '_' || byte == '~';
}

/* A plain path: what libcurl would squeeze ("/..") or the server decode ("%2e") is refused. */
static bool check_path(struct lcf_text path)
{
    if (!all(path, is_path_byte)) return false;
    for (size_t i = 0; i < path.len; i++) {
        bool begins = path.at[i] == '/';
        if (begins && i + 1 < path.len && (path.at[i + 1] == '.' || path.at[i + 1] == '/')) return false;
    }
    return true;
}

bool lcf_check_proxy(struct lcf_text proxy)
{
    static const char *const schemes[] = {"http://",   "https://",  "socks4://",
                                          "socks4a://", "socks5://", "socks5h://"};
    size_t scheme = 0;
    while (scheme + 3 <= proxy.len && memcmp(proxy.at + scheme, "://", 3) != 0) scheme++;
    if (scheme + 3 > proxy.len) return proxy.len > 0;
    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++)
        if (starts_with(proxy, schemes[i])) return true;
    return false;
}

bool lcf_url_is_plain(struct lcf_text url)
{
    return starts_with(url, "http://");
}

enum lcf_url_fault lcf_check_base_url(struct lcf_text url)
{
    bool plain = lcf_url_is_plain(url);
    if (!plain && !starts_with(url, "https://")) return LCF_URL_SCHEME;
    struct lcf_text rest = after(url, plain ? 7 : 8);
    struct lcf_text authority = {rest.at, span_until(rest, "/?#")};
    struct lcf_text host;
    if (!split_authority(authority, &host)) return LCF_URL_HOST;
    if (plain && !is_loopback(host)) return LCF_URL_INSECURE;
    return check_path(after(rest, authority.len)) ? LCF_URL_GOOD : LCF_URL_PATH;
}
