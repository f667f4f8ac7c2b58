#define _GNU_SOURCE /* memmem */
#include "secret.h"
#include "bytes.h"

#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>

/* The lines that every request has, from LINE_ACCEPT on; before them those of a body, of none, and of a read. */
enum { LINE_TYPE, LINE_EXPECT, LINE_LENGTH, LINE_CACHE, LINE_PRAGMA, LINE_ACCEPT, LINE_CREDENTIAL, LINE_KEY, LINES };

struct lcf_secret {
    unsigned holders;
    struct curl_slist nodes[LINES];
    struct curl_slist unaccepting[LINE_ACCEPT]; /* the same lines, from which no `Accept` follows */
    struct lcf_text value;
    uint64_t mark;
    size_t size;
    char lines[];
};

/* One header line to be written: a name and a value. */
struct line {
    const char *name;
    struct lcf_text value;
};

static size_t line_size(const struct line *line)
{
    return strlen(line->name) + line->value.len + 1;
}

/* Writes a line as a NUL-terminated string; the value in it is what the secret keeps. */
static struct lcf_text write_line(char *to, const struct line *line)
{
    size_t name = strlen(line->name);
    memcpy(to, line->name, name);
    memcpy(to + name, line->value.at, line->value.len);
    to[name + line->value.len] = '\0';
    return (struct lcf_text){to + name, line->value.len};
}

/* clang-format off */
#define FIRST_LINES {"Content-Type: ", {"application/json", 16}}, {"Expect:", {"", 0}}, \
                    {"Content-Length: ", {"0", 1}}, \
                    {"Cache-Control: ", {"no-cache", 8}}, {"Pragma: ", {"no-cache", 8}}, \
                    {"Accept: ", {"application/json", 16}}
/* clang-format on */

/* What a request with a body, one without, and a read have in front of `rest`. */
static void chain(struct curl_slist *nodes, struct curl_slist *rest)
{
    nodes[LINE_TYPE].next = &nodes[LINE_EXPECT];
    nodes[LINE_CACHE].next = &nodes[LINE_PRAGMA];
    nodes[LINE_EXPECT].next = nodes[LINE_LENGTH].next = nodes[LINE_PRAGMA].next = rest;
}

/* FNV-1a, 64 bits. */
static uint64_t mark_of(struct lcf_text value)
{
    uint64_t mark = 0xCBF29CE484222325u;
    for (size_t i = 0; i < value.len; i++) mark = (mark ^ (unsigned char)value.at[i]) * 0x100000001B3u;
    return mark;
}

/* The last line is the one that holds the secret value. */
static struct lcf_secret *make(const struct line *lines, size_t count)
{
    size_t size = 0;
    for (size_t i = 0; i < count; i++) size += line_size(&lines[i]);
    struct lcf_secret *s = calloc(1, sizeof *s + size);
    if (!s) return NULL;
    s->holders = 1;
    s->size = size;
    char *to = s->lines;
    for (size_t i = 0; i < count; i++) {
        s->value = write_line(to, &lines[i]);
        s->nodes[i].data = to;
        if (i > LINE_ACCEPT) s->nodes[i - 1].next = &s->nodes[i];
        to += line_size(&lines[i]);
    }
    s->mark = mark_of(s->value);
    memcpy(s->unaccepting, s->nodes, sizeof s->unaccepting);
    chain(s->nodes, &s->nodes[LINE_ACCEPT]);
    chain(s->unaccepting, &s->nodes[LINE_CREDENTIAL]);
    return s;
}

struct lcf_secret *lcf_secret_bearer(struct lcf_text token)
{
    struct line lines[] = {FIRST_LINES, {"Authorization: Bearer ", token}};
    return make(lines, LINE_CREDENTIAL + 1);
}

struct lcf_secret *lcf_secret_key(struct lcf_text email, struct lcf_text key)
{
    struct line lines[] = {FIRST_LINES, {"X-Auth-Email: ", email}, {"X-Auth-Key: ", key}};
    return make(lines, LINE_CREDENTIAL + 2);
}

struct lcf_secret *lcf_secret_hold(struct lcf_secret *s)
{
    s->holders++;
    return s;
}

void lcf_secret_release(struct lcf_secret *s)
{
    if (!s || --s->holders > 0) return;
    lcf_wipe(s->lines, s->size);
    free(s);
}

struct curl_slist *lcf_secret_headers(struct lcf_secret *s, enum lcf_purpose purpose, bool accepts)
{
    static const int first[] = {LINE_TYPE, LINE_LENGTH, LINE_ACCEPT, LINE_CACHE};
    if (accepts && purpose == LCF_SENDS_NO_BODY) return &s->nodes[LINE_CREDENTIAL];
    return accepts ? &s->unaccepting[first[purpose]] : &s->nodes[first[purpose]];
}

bool lcf_secret_is_key(const struct lcf_secret *s)
{
    return s->nodes[LINE_CREDENTIAL].next != NULL; /* an address and a key */
}

struct lcf_text lcf_secret_value(const struct lcf_secret *s)
{
    return s->value;
}

uint64_t lcf_secret_mark(const struct lcf_secret *s)
{
    return s->mark;
}

size_t lcf_secret_find(const struct lcf_secret *s, struct lcf_text text, size_t from)
{
    if (s->value.len < LCF_SECRET_LEAST) return text.len;
    const char *at = memmem(text.at + from, text.len - from, s->value.at, s->value.len);
    return at ? (size_t)(at - text.at) : text.len;
}

/* A string that is written to from its beginning. */
struct excerpt {
    char *at;
    size_t len, max;
};

/* Takes as much as there is room for; false where that is not all. */
static bool take(struct excerpt *e, const char *from, size_t len)
{
    size_t room = e->max - e->len, taken = len < room ? len : room;
    for (size_t i = 0; i < taken; i++) e->at[e->len++] = from[i] ? from[i] : ' ';
    return taken == len;
}

void lcf_secret_excerpt(const struct lcf_secret *s, struct lcf_text text, char *to, size_t max)
{
    struct excerpt e = {to, 0, max};
    bool more = true;
    for (size_t at = 0, found; more && at < text.len; at = found + s->value.len) {
        found = lcf_secret_find(s, text, at);
        more = take(&e, text.at + at, found - at) && found < text.len && take(&e, "[redacted]", 10);
    }
    to[e.len] = '\0';
}
