#include "scanner.h"

#include <stdint.h>

static void space(struct lcf_span *c)
{
    while (lcf_take(c, ' ') || lcf_take(c, '\t') || lcf_take(c, '\n') || lcf_take(c, '\r')) continue;
}

static bool digit(struct lcf_span *c)
{
    if (c->at >= c->end || !lcf_is_digit(*c->at)) return false;
    c->at++;
    return true;
}

static bool digits(struct lcf_span *c)
{
    if (!digit(c)) return false;
    while (digit(c)) continue;
    return true;
}

static bool number(struct lcf_span *c)
{
    (void)lcf_take(c, '-');
    if (!lcf_take(c, '0') && !digits(c)) return false;
    if (lcf_take(c, '.') && !digits(c)) return false;
    if (lcf_take(c, 'e') || lcf_take(c, 'E')) {
        if (!lcf_take(c, '+')) (void)lcf_take(c, '-');
        return digits(c);
    }
    return true;
}

static int hex_digit(int byte)
{
    if (lcf_is_digit(byte)) return byte - '0';
    if (byte >= 'a' && byte <= 'f') return byte - 'a' + 10;
    if (byte >= 'A' && byte <= 'F') return byte - 'A' + 10;
    return -1;
}

/* The four hexadecimal digits of a \u escape, or -1. */
static long hex4(struct lcf_span *c)
{
    long unit = 0;
    for (int i = 0; i < 4; i++) {
        int nibble = hex_digit(lcf_next(c));
        if (nibble < 0) return -1;
        unit = unit * 16 + nibble;
    }
    return unit;
}

/* A \u escape whose "\u" is read, with its second half where it is a surrogate pair, or -1. */
static long unicode_escape(struct lcf_span *c)
{
    long high = hex4(c);
    if (high < 0xD800 || high > 0xDFFF) return high;
    if (high > 0xDBFF || !lcf_take_word(c, "\\u")) return -1;
    long low = hex4(c);
    if (low < 0xDC00 || low > 0xDFFF) return -1;
    return 0x10000 + (high - 0xD800) * 0x400 + (low - 0xDC00);
}

static size_t utf8_encode(long point, unsigned char out[4])
{
    if (point < 0x80) {
        out[0] = (unsigned char)point;
        return 1;
    }
    size_t len = point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    static const unsigned char lead[] = {0, 0, 0xC0, 0xE0, 0xF0};
    for (size_t i = len - 1; i > 0; i--) {
        out[i] = (unsigned char)(0x80 | (point & 0x3F));
        point >>= 6;
    }
    out[0] = (unsigned char)(lead[len] | point);
    return len;
}

static size_t escape(struct lcf_span *c, unsigned char out[4])
{
    static const char names[] = "\"\\/bfnrt";
    static const char bytes[] = "\"\\/\b\f\n\r\t";
    int byte = lcf_next(c);
    if (byte == 'u') {
        long point = unicode_escape(c);
        return point < 0 ? 0 : utf8_encode(point, out);
    }
    for (size_t i = 0; i < sizeof names - 1; i++) {
        if (byte == names[i]) {
            out[0] = (unsigned char)bytes[i];
            return 1;
        }
    }
    return 0;
}

/* How long the UTF-8 sequence that begins with `lead` is, and the range of its second byte,
 * which is what keeps out overlong forms, surrogates and points over U+10FFFF (RFC 3629). */
static size_t utf8_shape(int lead, int *low, int *high)
{
    *low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
    *high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
    if (lead >= 0x20 && lead < 0x80) return 1;
    if (lead >= 0xC2 && lead <= 0xDF) return 2;
    if (lead >= 0xE0 && lead <= 0xEF) return 3;
    if (lead >= 0xF0 && lead <= 0xF4) return 4;
    return 0;
}

size_t lcf_utf8_take(struct lcf_span *c, unsigned char out[4])
{
    int low, high;
    size_t len = utf8_shape(lcf_peek(c), &low, &high);
    for (size_t i = 0; i < len; i++) {
        int byte = lcf_next(c);
        if (i > 0 && (byte < low || byte > high)) return 0;
        if (i > 0) low = 0x80, high = 0xBF;
        out[i] = (unsigned char)byte;
    }
    return len;
}

/* What stands for itself: most of a string, which is read several times. */
static bool is_plain(unsigned char byte)
{
    return byte >= ' ' && byte <= '~' && byte != '"' && byte != '\\';
}

/* The next character inside a string, decoded to UTF-8: its length, or 0 if it is not valid. */
static size_t character(struct lcf_span *c, unsigned char out[4])
{
    if (c->at < c->end && is_plain((unsigned char)*c->at)) {
        out[0] = (unsigned char)*c->at++;
        return 1;
    }
    return lcf_take(c, '\\') ? escape(c, out) : lcf_utf8_take(c, out);
}

static void plain(struct lcf_span *c)
{
    while (c->at < c->end && is_plain((unsigned char)*c->at)) c->at++;
}

static bool string(struct lcf_span *c)
{
    unsigned char ignored[4];
    if (!lcf_take(c, '"')) return false;
    for (plain(c); !lcf_take(c, '"'); plain(c))
        if (character(c, ignored) == 0) return false;
    return true;
}

static bool key(struct lcf_span *c)
{
    space(c);
    if (!string(c)) return false;
    space(c);
    return lcf_take(c, ':');
}

static bool scalar(struct lcf_span *c)
{
    switch (lcf_peek(c)) {
    case '"': return string(c);
    case 't': return lcf_take_word(c, "true");
    case 'f': return lcf_take_word(c, "false");
    case 'n': return lcf_take_word(c, "null");
    default: return number(c);
    }
}

/* What still has to be closed: one bit a level, the innermost lowest, set where it is an object. */
struct nesting {
    unsigned depth;
    uint64_t objects;
};

static bool in_object(const struct nesting *open)
{
    return open->objects & 1;
}

static bool closes(struct lcf_span *c, struct nesting *open)
{
    space(c);
    if (!lcf_take(c, in_object(open) ? '}' : ']')) return false;
    open->objects >>= 1;
    open->depth--;
    return true;
}

/* Before an element that must follow: in an object its key stands first. */
static bool element(struct lcf_span *c, const struct nesting *open)
{
    return !in_object(open) || key(c);
}

/* Opens an object or array and says whether a first element is due; an empty one is closed at once. */
static bool opens(struct lcf_span *c, struct nesting *open, bool *due)
{
    if (open->depth == LCF_JSON_DEPTH) return false;
    open->objects = open->objects * 2 + (lcf_next(c) == '{');
    open->depth++;
    *due = !closes(c, open);
    return !*due || element(c, open);
}

/* After a value: closes what ends here, and says whether another value is due. */
static bool follows(struct lcf_span *c, struct nesting *open, bool *due)
{
    *due = false;
    while (open->depth > 0 && !*due) {
        if (closes(c, open)) continue;
        if (!lcf_take(c, ',') || !element(c, open)) return false;
        *due = true;
    }
    return true;
}

static bool value(struct lcf_span *c)
{
    struct nesting open = {0, 0};
    bool due = true;
    while (due) {
        space(c);
        if (lcf_peek(c) == '{' || lcf_peek(c) == '[') {
            if (!opens(c, &open, &due)) return false;
            if (due) continue;
        } else if (!scalar(c)) {
            return false;
        }
        if (!follows(c, &open, &due)) return false;
    }
    return true;
}

static enum lcf_json type_of(int first)
{
    return first == '{'   ? LCF_JSON_OBJECT
           : first == '[' ? LCF_JSON_ARRAY
           : first == '"' ? LCF_JSON_STRING
           : first == 't' ? LCF_JSON_TRUE
           : first == 'f' ? LCF_JSON_FALSE
           : first == 'n' ? LCF_JSON_NULL
                          : LCF_JSON_NUMBER;
}

enum lcf_json lcf_json_check(struct lcf_span text)
{
    space(&text);
    int first = lcf_peek(&text);
    if (!value(&text)) return LCF_JSON_NONE;
    space(&text);
    return lcf_is_empty(text) ? type_of(first) : LCF_JSON_NONE;
}

struct lcf_json_walk lcf_json_enter(struct lcf_span container)
{
    space(&container);
    bool in_object = lcf_next(&container) == '{';
    return (struct lcf_json_walk){container, in_object};
}

static bool item_key(struct lcf_span *c, struct lcf_json_item *item)
{
    const char *from = c->at;
    if (!string(c)) return false;
    item->key = (struct lcf_span){from, c->at};
    space(c);
    return lcf_take(c, ':');
}

bool lcf_json_next(struct lcf_json_walk *walk, struct lcf_json_item *item)
{
    struct lcf_span c = walk->rest;
    space(&c);
    if (lcf_take(&c, ',')) space(&c);
    item->key = (struct lcf_span){c.at, c.at};
    if (walk->in_object && !item_key(&c, item)) return false;
    space(&c);
    const char *from = c.at;
    int first = lcf_peek(&c);
    if (!value(&c)) return false;
    item->value = (struct lcf_span){from, c.at};
    item->type = type_of(first);
    walk->rest = c;
    return true;
}

bool lcf_json_equals(struct lcf_span string, const char *bytes, size_t len)
{
    unsigned char decoded[4] = {0};
    size_t same = 0;
    (void)lcf_take(&string, '"');
    while (!lcf_take(&string, '"')) {
        size_t n = character(&string, decoded);
        if (n == 0) return false;
        for (size_t i = 0; i < n; i++, same++)
            if (same >= len || (unsigned char)bytes[same] != decoded[i]) return false;
    }
    return same == len;
}

bool lcf_json_decode(struct lcf_span string, char *out, size_t max, size_t *len)
{
    unsigned char decoded[4] = {0};
    size_t written = 0;
    (void)lcf_take(&string, '"');
    while (!lcf_take(&string, '"')) {
        size_t n = character(&string, decoded);
        if (n == 0) return false;
        for (size_t i = 0; i < n; i++) {
            if (written >= max) return false;
            out[written++] = (char)decoded[i];
        }
    }
    *len = written;
    return true;
}

bool lcf_json_integer(struct lcf_span number, int *out)
{
    int sum = 0, count = 0;
    //@ loop unroll 10;
    for (; !lcf_is_empty(number); count++) {
        int byte = lcf_next(&number);
        if (!lcf_is_digit(byte) || count == 9) return false;
        sum = sum * 10 + (byte - '0');
    }
    if (count == 0) return false;
    *out = sum;
    return true;
}
