#ifndef LCF_SPEC_FUZZ_NAIVE_H
#define LCF_SPEC_FUZZ_NAIVE_H

/* A second reader of JSON, to judge the first: it recurses, allocates a tree, and shares no code
 * with the scanner. It may take more (bad UTF-8, say), for it is only asked about what the scanner took. */

#include "fuzz.h"

#include <ctype.h>

struct node {
    char type; /* one of { [ " 0 t f n */
    char *text; /* of a string, decoded */
    size_t len;
    struct node *key, *child, *next;
};

struct reader {
    const char *at, *end;
};

static void forget(struct node *n)
{
    if (!n) return;
    forget(n->key);
    forget(n->child);
    forget(n->next);
    free(n->text);
    free(n);
}

static char first(struct reader *r)
{
    while (r->at < r->end && strchr(" \t\r\n", *r->at) && *r->at) r->at++;
    return r->at < r->end ? *r->at : '\0';
}

static bool skip(struct reader *r, char byte)
{
    if (first(r) != byte) return false;
    r->at++;
    return true;
}

static void put_utf8(struct node *n, unsigned long point)
{
    char *to = n->text + n->len;
    size_t len = point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    static const unsigned long marks[] = {0, 0, 0xC0, 0xE0, 0xF0};
    for (size_t i = len; i-- > 1; point >>= 6) to[i] = (char)(0x80 | (point & 0x3F));
    to[0] = (char)(marks[len] | point);
    n->len += len;
}

static unsigned long hex(struct reader *r)
{
    char digits[5] = {0};
    for (int i = 0; i < 4 && r->at < r->end; i++) digits[i] = *r->at++;
    return strtoul(digits, NULL, 16);
}

static void read_string(struct reader *r, struct node *n)
{
    n->text = calloc((size_t)(r->end - r->at) + 4, 1);
    MUST(n->text);
    while (r->at < r->end && *r->at != '"') {
        char byte = *r->at++;
        if (byte != '\\' || r->at == r->end) {
            n->text[n->len++] = byte;
            continue;
        }
        static const char from[] = "bfnrt", to[] = "\b\f\n\r\t";
        byte = *r->at++;
        const char *named = byte ? strchr(from, byte) : NULL;
        if (byte != 'u') {
            n->text[n->len++] = named ? to[named - from] : byte;
            continue;
        }
        unsigned long unit = hex(r);
        if (unit >= 0xD800 && unit < 0xDC00) {
            r->at += r->end - r->at < 2 ? r->end - r->at : 2;
            unit = 0x10000 + ((unit - 0xD800) << 10) + (hex(r) - 0xDC00);
        }
        put_utf8(n, unit);
    }
    if (r->at < r->end) r->at++;
}

static struct node *read_node(struct reader *r);

static void read_children(struct reader *r, struct node *n)
{
    struct node **place = &n->child;
    char closer = n->type == '{' ? '}' : ']';
    while (r->at < r->end && !skip(r, closer)) {
        struct node *key = n->type == '{' ? read_node(r) : NULL;
        if (key) skip(r, ':');
        *place = read_node(r);
        if (!*place) {
            forget(key);
            return;
        }
        (*place)->key = key;
        place = &(*place)->next;
        skip(r, ',');
    }
}

/* Of text that is JSON; NULL where there is nothing. */
static struct node *read_node(struct reader *r)
{
    struct node *n = calloc(1, sizeof *n);
    MUST(n);
    n->type = first(r);
    if (n->type) r->at++;
    if (n->type == '"') read_string(r, n);
    else if (n->type == '{' || n->type == '[') read_children(r, n);
    else while (r->at < r->end && (isalnum((unsigned char)*r->at) || strchr("+-.", *r->at))) r->at++;
    if (n->type == '-' || isdigit((unsigned char)n->type)) n->type = '0';
    if (n->type) return n;
    forget(n);
    return NULL;
}

/* The only member of that name, or NULL where there is none or more than one. */
static const struct node *only(const struct node *object, const char *name)
{
    const struct node *found = NULL;
    for (const struct node *n = object->child; n; n = n->next) {
        if (n->key->len != strlen(name) || memcmp(n->key->text, name, n->key->len) != 0) continue;
        if (found) return NULL;
        found = n;
    }
    return found;
}

#endif
