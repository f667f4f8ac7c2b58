#ifndef LCF_SCANNER_H
#define LCF_SCANNER_H

#include "span.h"

/* Strict JSON (RFC 8259) over bytes it does not own. It allocates nothing, keeps nothing,
 * never recurses, and refuses what two readers could read differently: invalid UTF-8, lone
 * surrogates, raw control bytes, a byte order mark, trailing bytes, deep nesting. */

/* The deepest nesting that is accepted; the API's envelopes stay under ten. */
#define LCF_JSON_DEPTH 64

enum lcf_json {
    LCF_JSON_NONE, /* not there, or not JSON */
    LCF_JSON_OBJECT,
    LCF_JSON_ARRAY,
    LCF_JSON_STRING,
    LCF_JSON_NUMBER,
    LCF_JSON_TRUE,
    LCF_JSON_FALSE,
    LCF_JSON_NULL
};

/* The type of a span that is exactly one valid JSON value, else LCF_JSON_NONE. */
enum lcf_json lcf_json_check(struct lcf_span text);

/* Walks the members of an object or the elements of an array that lcf_json_check accepted:
 *     struct lcf_json_walk walk = lcf_json_enter(value);
 *     for (struct lcf_json_item item; lcf_json_next(&walk, &item);) …
 * `key` keeps its quotes and escapes and is empty in an array; `value` is the exact JSON text. */
struct lcf_json_walk {
    struct lcf_span rest;
    bool in_object;
};
struct lcf_json_item {
    struct lcf_span key;
    struct lcf_span value;
    enum lcf_json type;
};
struct lcf_json_walk lcf_json_enter(struct lcf_span container);
bool lcf_json_next(struct lcf_json_walk *walk, struct lcf_json_item *item);

/* Whether a JSON string, its escapes decoded, is byte for byte `len` bytes at `bytes`. */
bool lcf_json_equals(struct lcf_span string, const char *bytes, size_t len);

/* Decodes a JSON string of at most `max` bytes into `out`; false when it is longer. */
bool lcf_json_decode(struct lcf_span string, char *out, size_t max, size_t *len);

/* Reads a number written as a plain integer of at most nine digits; false for any other. */
bool lcf_json_integer(struct lcf_span number, int *out);

/* Takes the next character of UTF-8 text into `out`: its length, or 0 where it is a control byte below
 * U+0020 or no UTF-8, and then some bytes of it may have been taken. */
size_t lcf_utf8_take(struct lcf_span *text, unsigned char out[4]);

#endif
