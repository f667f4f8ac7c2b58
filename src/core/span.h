#ifndef LCF_SPAN_H
#define LCF_SPAN_H

#include <stdbool.h>
#include <stddef.h>

/* Bytes that somebody else owns, in two shapes. The floors above hand over a text; the core
 * reads a span, from `at` up to but not including `end`, so that no length has to follow. */

struct lcf_text {
    const char *at;
    size_t len;
};

struct lcf_span {
    const char *at;
    const char *end;
};

/* An empty text may be NULL. */
static inline struct lcf_span lcf_span_of(struct lcf_text text)
{
    const char *at = text.len ? text.at : "";
    return (struct lcf_span){at, at + text.len};
}

static inline bool lcf_is_empty(struct lcf_span span)
{
    return span.at == span.end;
}

static inline bool lcf_is_digit(int byte)
{
    return byte >= '0' && byte <= '9';
}

/* The first byte, or -1 where there is none. */
static inline int lcf_peek(const struct lcf_span *span)
{
    return span->at < span->end ? (unsigned char)*span->at : -1;
}

/* The last byte, likewise. */
static inline int lcf_last(struct lcf_span span)
{
    return span.at < span.end ? (unsigned char)span.end[-1] : -1;
}

/* The first byte or -1, and moves past it. */
static inline int lcf_next(struct lcf_span *span)
{
    return span->at < span->end ? (unsigned char)*span->at++ : -1;
}

/* Moves past the first byte if it is `byte`. */
static inline bool lcf_take(struct lcf_span *span, char byte)
{
    if (span->at >= span->end || *span->at != byte) return false;
    span->at++;
    return true;
}

/* Moves past `word` if the span begins with it; where it does not, to where they part. */
static inline bool lcf_take_word(struct lcf_span *span, const char *word)
{
    for (; *word; word++)
        if (!lcf_take(span, *word)) return false;
    return true;
}

#endif
