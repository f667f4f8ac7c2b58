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

static bool all(struct lcf_span text, bool (*allowed)(char))
{
    for (; text.at < text.end; text.at++)
        if (!allowed(*text.at)) return false;
    return true;
}

static bool starts_with(struct lcf_span text, const char *prefix)
{
    return lcf_take_word(&text, prefix);
}

/* Account tokens, user tokens and keys carry these prefixes; older keys have 37 characters, tokens 40. */
static bool looks_secret(struct lcf_span id)
{
    return starts_with(id, "cfat_") || starts_with(id, "cfut_") || starts_with(id, "cfk_") || id.end - id.at >= 37;
}

enum lcf_id_fault lcf_check_id(struct lcf_span id)
{
    if (lcf_is_empty(id)) return LCF_ID_EMPTY;
    if (looks_secret(id)) return LCF_ID_SECRET;
    if (id.end - id.at != LCF_ID_LEN) return LCF_ID_LENGTH;
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

static bool fits_a_header(struct lcf_span text)
{
    return !lcf_is_empty(text) && text.end - text.at <= LCF_CREDENTIAL_MAX;
}

static bool is_blank(int byte)
{
    return byte == ' ' || (byte >= '\t' && byte <= '\r');
}

static bool is_letter(int byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
}

static bool ends_with(struct lcf_span text, const char *suffix)
{
    const ptrdiff_t len = (ptrdiff_t)strlen(suffix);
    return text.end - text.at >= len && starts_with((struct lcf_span){text.end - len, text.end}, suffix);
}

/* Whether it stands between two marks that do not overlap. */
static bool between(struct lcf_span text, const char *open, const char *close)
{
    return lcf_take_word(&text, open) && ends_with(text, close);
}

/* Moves past a word in upper or lower case, given in lower case, if the text begins with it. */
static bool take_any_case(struct lcf_span *text, const char *word)
{
    struct lcf_span rest = *text;
    for (; *word; word++) {
        bool upper = is_letter(*word) && lcf_take(&rest, (char)(*word - 'a' + 'A'));
        if (!upper && !lcf_take(&rest, *word)) return false;
    }
    *text = rest;
    return true;
}

static bool begins_as_header(struct lcf_span text)
{
    struct lcf_span scheme = text;
    bool name = take_any_case(&text, "authorization") && lcf_peek(&text) == ':';
    return name || (take_any_case(&scheme, "bearer") && (lcf_peek(&scheme) == ':' || is_blank(lcf_peek(&scheme))));
}

static bool is_reference(struct lcf_span text)
{
    struct lcf_span rest = text;
    while (is_letter(lcf_peek(&rest))) (void)lcf_next(&rest);
    return rest.at > text.at && starts_with(rest, "://");
}

static bool is_masked(struct lcf_span text)
{
    for (; text.at < text.end; text.at++)
        if (starts_with(text, "***")) return true;
    return false;
}

enum lcf_credential_fault lcf_check_credential(struct lcf_span text)
{
    if (!fits_a_header(text)) return LCF_CREDENTIAL_LENGTH;
    if (is_blank(lcf_peek(&text)) || is_blank(lcf_last(text))) return LCF_CREDENTIAL_ENDS;
    if (begins_as_header(text)) return LCF_CREDENTIAL_HEADER;
    if (between(text, "\"", "\"") || between(text, "'", "'") || between(text, "`", "`")) return LCF_CREDENTIAL_QUOTED;
    if (ends_with(text, "\\n") || ends_with(text, "\\r")) return LCF_CREDENTIAL_WRITTEN_OUT;
    if (between(text, "${", "}") || between(text, "$(", ")") || between(text, "{{", "}}"))
        return LCF_CREDENTIAL_VARIABLE;
    if (between(text, "<", ">")) return LCF_CREDENTIAL_PLACEHOLDER;
    if (is_reference(text)) return LCF_CREDENTIAL_REFERENCE;
    if (is_masked(text)) return LCF_CREDENTIAL_MASKED;
    return all(text, is_visible) ? LCF_CREDENTIAL_GOOD : LCF_CREDENTIAL_BYTES;
}

bool lcf_check_header_value(struct lcf_span value)
{
    return fits_a_header(value) && all(value, is_printable) && lcf_peek(&value) != ' ' && lcf_last(value) != ' ';
}

/* What stands before the first of `stops`, or all. */
static struct lcf_span before(struct lcf_span text, const char *stops)
{
    struct lcf_span part = {text.at, text.at};
    while (part.end < text.end && !(*part.end && strchr(stops, *part.end))) part.end++;
    return part;
}

static bool is_host_byte(char byte)
{
    return lcf_is_digit(byte) || (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || byte == '.' ||
           byte == '-';
}

static bool is_address_byte(char byte)
{
    return is_hex(byte) || byte == ':' || byte == '.';
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

/* Splits "host", "host:port" or "[address]:port"; `host` keeps its brackets. */
static bool split_authority(struct lcf_span authority, struct lcf_span *host)
{
    host->at = authority.at;
    bool bracketed = lcf_take(&authority, '[');
    struct lcf_span inside = before(authority, bracketed ? "]" : ":");
    authority.at = inside.end;
    if (bracketed && !lcf_take(&authority, ']')) return false;
    host->end = authority.at;
    return !lcf_is_empty(inside) && all(inside, bracketed ? is_address_byte : is_host_byte) && check_port(authority);
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
    if (starts_with(host, "[::1]")) return true; /* a bracket ends its host */
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
    if (!all(path, is_path_byte)) return false;
    for (int last = 0, byte; (byte = lcf_next(&path)) >= 0; last = byte)
        if (last == '/' && (byte == '.' || byte == '/')) return false;
    return true;
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
        if (take_any_case(proxy, schemes[i])) return true;
    struct lcf_span rest = *proxy;
    while (rest.at < rest.end && !starts_with(rest, "://")) rest.at++;
    return lcf_is_empty(rest);
}

/* "host" or "host:port", as libcurl splits it: a name may be of any language, a port may be left out. */
static bool check_proxy_host(struct lcf_span authority)
{
    bool bracketed = lcf_take(&authority, '[');
    struct lcf_span host = before(authority, bracketed ? "]" : ":");
    authority.at = host.end;
    if (lcf_is_empty(host) || (bracketed && !lcf_take(&authority, ']'))) return false;
    struct lcf_span clean = before(host, "@\\\"'`<>{}|^[]$!*,;=");
    bool portless = authority.end - authority.at == 1 && lcf_peek(&authority) == ':';
    return clean.end == host.end && (portless || check_port(authority));
}

enum lcf_proxy_fault lcf_check_proxy(struct lcf_span proxy)
{
    if (lcf_is_empty(proxy)) return LCF_PROXY_GOOD;
    if (!all(proxy, is_no_control)) return LCF_PROXY_BYTES;
    if (!take_proxy_scheme(&proxy)) return LCF_PROXY_SCHEME;
    struct lcf_span authority = before(proxy, "/?#");
    struct lcf_span user = before(authority, "@");
    if (user.end < authority.end) authority.at = user.end + 1;
    return check_proxy_host(authority) ? LCF_PROXY_GOOD : LCF_PROXY_HOST;
}

bool lcf_url_is_plain(struct lcf_span url)
{
    return starts_with(url, "http://");
}

enum lcf_url_fault lcf_check_base_url(struct lcf_span url)
{
    bool plain = lcf_url_is_plain(url);
    if (!lcf_take_word(&url, plain ? "http://" : "https://")) return LCF_URL_SCHEME;
    struct lcf_span authority = before(url, "/?#");
    struct lcf_span host;
    if (!split_authority(authority, &host)) return LCF_URL_HOST;
    if (plain && !is_loopback(host)) return LCF_URL_INSECURE;
    return check_path((struct lcf_span){authority.end, url.end}) ? LCF_URL_GOOD : LCF_URL_PATH;
}
