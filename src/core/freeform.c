#include "freeform.h"
#include "alphabet.h"
#include "idents.h"

#include <string.h>

/* Moves past a segment, up to the next '/' or the end. */
static struct lcf_span take_segment(struct lcf_span *path)
{
    const char *from = path->at;
    while (!lcf_is_empty(*path) && lcf_peek(path) != '/') (void)lcf_next(path);
    return (struct lcf_span){from, path->at};
}

static bool is_dots(struct lcf_span segment)
{
    bool one = lcf_take(&segment, '.');
    (void)lcf_take(&segment, '.');
    return one && lcf_is_empty(segment);
}

/* What would end the path, be decoded or be squeezed on the way. */
static bool has_strange_bytes(struct lcf_span path)
{
    for (int byte; (byte = lcf_next(&path)) >= 0;)
        if (byte < ' ' || byte == 0x7F || strchr("%?#\\", byte)) return true;
    return false;
}

enum lcf_path_fault lcf_check_path(struct lcf_span path)
{
    if (lcf_peek(&path) != '/') return LCF_PATH_START;
    if (has_strange_bytes(path)) return LCF_PATH_BYTES;
    while (lcf_take(&path, '/')) {
        struct lcf_span segment = take_segment(&path);
        if (lcf_is_empty(segment)) return LCF_PATH_SEGMENT;
        if (is_dots(segment)) return LCF_PATH_DOTS;
    }
    return LCF_PATH_GOOD;
}

size_t lcf_path_segments(struct lcf_span path)
{
    size_t count = 0;
    for (int byte; (byte = lcf_next(&path)) >= 0;) count += byte == '/';
    return count;
}

static bool is_alphanumeric(int byte)
{
    return lcf_is_digit(byte) || lcf_is_letter(byte);
}

/* RFC 3986's pchar, without ';': some servers cut off what follows it. */
bool lcf_path_keeps(int byte)
{
    return is_alphanumeric(byte) || (byte && strchr("/-._~!$&'()*+,=:@", byte));
}

/* RFC 9110's token. */
static bool is_name(struct lcf_span name)
{
    if (lcf_is_empty(name) || name.end - name.at > LCF_HEADER_NAME_MAX) return false;
    for (int byte; (byte = lcf_next(&name)) >= 0;)
        if (!is_alphanumeric(byte) && (byte == 0 || !strchr("!#$%&'*+-.^_`|~", byte))) return false;
    return true;
}

/* Names in lower case; one that ends in '-' stands for all that begin so. */
static const struct {
    const char *name;
    enum lcf_header_fault fault;
} refused[] = {
    {"authorization", LCF_HEADER_CREDENTIAL},
    {"cookie", LCF_HEADER_CREDENTIAL},
    {"x-auth-", LCF_HEADER_CREDENTIAL},
    {"proxy-", LCF_HEADER_CREDENTIAL}, /* proxy-connection frames, too */
    {"cf-access-", LCF_HEADER_CREDENTIAL},
    {"accept-encoding", LCF_HEADER_FRAMING}, /* no answer is decoded */
    {"cache-control", LCF_HEADER_FRAMING},   /* these two are ours: reads pass caches */
    {"pragma", LCF_HEADER_FRAMING},
    {"connection", LCF_HEADER_FRAMING},
    {"content-encoding", LCF_HEADER_FRAMING},
    {"content-length", LCF_HEADER_FRAMING},
    {"content-type", LCF_HEADER_FRAMING}, /* a body is JSON */
    {"expect", LCF_HEADER_FRAMING},
    {"host", LCF_HEADER_FRAMING},
    {"http2-settings", LCF_HEADER_FRAMING},
    {"keep-alive", LCF_HEADER_FRAMING},
    {"te", LCF_HEADER_FRAMING},
    {"trailer", LCF_HEADER_FRAMING},
    {"transfer-encoding", LCF_HEADER_FRAMING},
    {"upgrade", LCF_HEADER_FRAMING},
    {"x-http-method", LCF_HEADER_FRAMING}, /* these make another method of ours */
    {"x-http-method-override", LCF_HEADER_FRAMING},
    {"x-method-override", LCF_HEADER_FRAMING},
};

static bool is_of(struct lcf_span name, const char *pattern)
{
    int last = 0;
    for (; *pattern; last = *pattern++)
        if (lcf_lower(lcf_next(&name)) != *pattern) return false;
    return last == '-' || lcf_is_empty(name);
}

enum lcf_header_fault lcf_check_header(struct lcf_span name, struct lcf_span value)
{
    if (!is_name(name)) return LCF_HEADER_NAME;
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
        if (is_of(name, refused[i].name)) return refused[i].fault;
    return lcf_check_header_value(value) ? LCF_HEADER_GOOD : LCF_HEADER_VALUE;
}
