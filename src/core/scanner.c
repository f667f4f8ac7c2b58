#include "scanner.h"

#include <string.h>

struct cursor {
    const unsigned char *at;
    const unsigned char *end;
};

static struct cursor cursor_over(struct lcf_text text)
{
    const unsigned char *at = (const unsigned char *)text.at;
    return (struct cursor){at, text.len ? at + text.len : at}; /* nothing may be NULL */
}

static int peek(const struct cursor *c)
{
    return c->at < c->end ? *c->at : -1;
}

static bool take(struct cursor *c, int byte)
{
    if (peek(c) != byte) return false;
    c->at++;
    return true;
}

static void space(struct cursor *c)
{
    while (take(c, ' ') || take(c, '\t') || take(c, '\n') || take(c, '\r')) continue;
}

static bool is_digit(int byte)
{
    return byte >= '0' && byte <= '9';
}

static bool digits(struct cursor *c)
{
    if (!is_digit(peek(c))) return false;
    while (is_digit(peek(c))) c->at++;
    return true;
}

static bool number(struct cursor *c)
{
    (void)take(c, '-');
    if (!take(c, '0') && !digits(c)) return false;
    if (take(c, '.') && !digits(c)) return false;
    if (take(c, 'e') || take(c, 'E')) {
        if (!take(c, '+')) (void)take(c, '-');
        return digits(c);
    }
    return true;
}

static bool word(struct cursor *c, const char *literal)
{
    for (; *literal; literal++)
        if (!take(c, *literal)) return false;
    return true;
}

static int hex_digit(int byte)
{
    if (is_digit(byte)) return byte - '0';
    if (byte >= 'a' && byte <= 'f') return byte - 'a' + 10;
    if (byte >= 'A' && byte <= 'F') return byte - 'A' + 10;
    return -1;
}

/* The four hexadecimal digits of a \u escape, or -1. */
static long hex4(struct cursor *c)
{
    long unit = 0;
    for (int i = 0; i < 4; i++) {
        int digit = hex_digit(peek(c));
        if (digit < 0) return -1;
        unit = unit * 16 + digit;
        c->at++;
    }
    return unit;
}

/* A \u escape whose "\u" is read, with its second half where it is a surrogate pair, or -1. */
static long unicode_escape(struct cursor *c)
{
    long high = hex4(c);
    if (high < 0xD800 || high > 0xDFFF) return high;
    if (high > 0xDBFF || !word(c, "\\u")) return -1;
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

static size_t escape(struct cursor *c, unsigned char out[4])
{
    static const char names[] = "\"\\/bfnrt";
    static const char bytes[] = "\"\\/\b\f\n\r\t";
    int byte = peek(c);
    if (byte < 0) return 0;
    c->at++;
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

static size_t raw_character(struct cursor *c, unsigned char out[4])
{
    int low, high;
    size_t len = utf8_shape(peek(c), &low, &high);
    for (size_t i = 0; i < len; i++) {
        int byte = peek(c);
        if (i > 0 && (byte < low || byte > high)) return 0;
        if (i > 0) low = 0x80, high = 0xBF;
        out[i] = (unsigned char)byte;
        c->at++;
    }
    return len;
}

/* The next character inside a string, decoded to UTF-8: its length, or 0 if it is not valid. */
static size_t character(struct cursor *c, unsigned char out[4])
{
    return take(c, '\\') ? escape(c, out) : raw_character(c, out);
}

static bool string(struct cursor *c)
{
    unsigned char ignored[4];
    if (!take(c, '"')) return false;
    while (!take(c, '"'))
        if (character(c, ignored) == 0) return false;
    return true;
}

static bool key(struct cursor *c)
{
    space(c);
    if (!string(c)) return false;
    space(c);
    return take(c, ':');
}

static bool scalar(struct cursor *c)
{
    switch (peek(c)) {
    case '"': return string(c);
    case 't': return word(c, "true");
    case 'f': return word(c, "false");
    case 'n': return word(c, "null");
    default: return number(c);
    }
}

/* What still has to be closed, the innermost last. */
struct nesting {
    size_t depth;
    char closers[LCF_JSON_DEPTH];
};

static bool closes(struct cursor *c, struct nesting *open)
{
    space(c);
    if (!take(c, open->closers[open->depth - 1])) return false;
    open->depth--;
    return true;
}

/* Before an element that must follow: in an object its key stands first. */
static bool element(struct cursor *c, const struct nesting *open)
{
    return open->closers[open->depth - 1] == ']' || key(c);
}

/* Opens an object or array and says whether a first element is due; an empty one is closed at once. */
static bool opens(struct cursor *c, struct nesting *open, bool *due)
{
    if (open->depth == LCF_JSON_DEPTH) return false;
    open->closers[open->depth++] = *c->at++ == '{' ? '}' : ']';
    *due = !closes(c, open);
    return !*due || element(c, open);
}

/* After a value: closes what ends here, and says whether another value is due. */
static bool follows(struct cursor *c, struct nesting *open, bool *due)
{
    *due = false;
    while (open->depth > 0 && !*due) {
        if (closes(c, open)) continue;
        if (!take(c, ',') || !element(c, open)) return false;
        *due = true;
    }
    return true;
}

static bool value(struct cursor *c)
{
    struct nesting open = {0, {0}};
    bool due = true;
    while (due) {
        space(c);
        if (peek(c) == '{' || peek(c) == '[') {
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
    switch (first) {
    case '{': return LCF_JSON_OBJECT;
    case '[': return LCF_JSON_ARRAY;
    case '"': return LCF_JSON_STRING;
    case 't': return LCF_JSON_TRUE;
    case 'f': return LCF_JSON_FALSE;
    case 'n': return LCF_JSON_NULL;
    default: return LCF_JSON_NUMBER;
    }
}

enum lcf_json lcf_json_check(struct lcf_text text)
{
    struct cursor c = cursor_over(text);
    space(&c);
    int first = peek(&c);
    if (!value(&c)) return LCF_JSON_NONE;
    space(&c);
    return c.at == c.end ? type_of(first) : LCF_JSON_NONE;
}

static struct lcf_text between(const unsigned char *from, const unsigned char *to)
{
    return (struct lcf_text){(const char *)from, (size_t)(to - from)};
}

struct lcf_json_walk lcf_json_enter(struct lcf_text container)
{
    struct cursor c = cursor_over(container);
    space(&c);
    bool in_object = peek(&c) == '{';
    if (c.at < c.end) c.at++;
    return (struct lcf_json_walk){between(c.at, c.end), in_object};
}

static bool item_key(struct cursor *c, struct lcf_json_item *item)
{
    const unsigned char *from = c->at;
    if (!string(c)) return false;
    item->key = between(from, c->at);
    space(c);
    return take(c, ':');
}

bool lcf_json_next(struct lcf_json_walk *walk, struct lcf_json_item *item)
{
    struct cursor c = cursor_over(walk->rest);
    item->key = (struct lcf_text){NULL, 0};
    space(&c);
    if (take(&c, ',')) space(&c);
    if (walk->in_object && !item_key(&c, item)) return false;
    space(&c);
    const unsigned char *from = c.at;
    int first = peek(&c);
    if (!value(&c)) return false;
    item->value = between(from, c.at);
    item->type = type_of(first);
    walk->rest = between(c.at, c.end);
    return true;
}

/* The inside of a string, without its quotes. */
static struct cursor unquoted(struct lcf_text string)
{
    struct cursor c = cursor_over(string);
    (void)take(&c, '"');
    return c;
}

bool lcf_json_equals(struct lcf_text string, const char *bytes, size_t len)
{
    struct cursor c = unquoted(string);
    unsigned char decoded[4];
    while (!take(&c, '"')) {
        size_t n = character(&c, decoded);
        if (n == 0 || n > len || memcmp(bytes, decoded, n) != 0) return false;
        bytes += n;
        len -= n;
    }
    return len == 0;
}

bool lcf_json_decode(struct lcf_text string, char *out, size_t max, size_t *len)
{
    struct cursor c = unquoted(string);
    unsigned char decoded[4];
    for (*len = 0; !take(&c, '"');) {
        size_t n = character(&c, decoded);
        if (n == 0 || n > max - *len) return false;
        memcpy(out + *len, decoded, n);
        *len += n;
    }
    return true;
}

bool lcf_json_integer(struct lcf_text number, int *out)
{
    if (number.len == 0 || number.len > 9) return false;
    int sum = 0;
    for (size_t i = 0; i < number.len; i++) {
        if (!is_digit((unsigned char)number.at[i])) return false;
        sum = sum * 10 + (number.at[i] - '0');
    }
    *out = sum;
    return true;
}
