#ifndef LCF_HEADERS_H
#define LCF_HEADERS_H

#include "span.h"

#include <stdint.h>

/* The few response headers that are believed, and how far. Fed one raw line at a time. */

#define LCF_RAY_MAX 40           /* a CF-Ray is 16 hexadecimal digits, a dash and an airport */
#define LCF_TYPE_MAX 100         /* bytes of the longest Content-Type that is kept, to be shown */
#define LCF_RETRY_MAX 86400.0    /* a longer wait, in seconds, is taken for garbage */

struct lcf_headers {
    size_t bytes;              /* of the whole header block, for its bound */
    char ray_id[LCF_RAY_MAX + 1];
    char content_type[LCF_TYPE_MAX + 1]; /* printable ASCII, or none */
    bool begun, interim;       /* a status line came; it was a 1xx, so another one follows */
    bool ended;                /* the blank line behind the block arrived */
    bool chunked;
    bool encoded;              /* a Content-Encoding that was not asked for */
    bool cached;               /* a cache answered: it has an Age, or warns that it is stale (RFC 9111, 5.1, 5.5) */
    bool contradictory;        /* two lengths, a length beside chunks, or a misshapen line: two readers may differ */
    bool has_length;
    uint64_t length;
    bool has_date;
    int64_t date;              /* the server's clock, UNIX seconds */
    unsigned retry_lines;
    bool has_retry;
    bool retry_is_date;
    int64_t retry;             /* Retry-After: seconds, or UNIX seconds where it is a date */
};

/* Takes one line as it came, CR and LF included. A status line behind a 1xx begins a new answer:
 * what the 1xx said is forgotten. Nothing behind the blank line is believed. */
void lcf_headers_line(struct lcf_headers *headers, struct lcf_span line);

/* Seconds to wait that the server asked for, or -1: absent, garbled, past or absurd.
 * `unix_now` stands in where the reply had no Date. */
double lcf_retry_after(const struct lcf_headers *headers, int64_t unix_now);

#endif
