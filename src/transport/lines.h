#ifndef LCF_LINES_H
#define LCF_LINES_H

#include "../core/span.h"

/* Header lines of the caller's own, which stand in front of those that every request has. They lie in a block that
 * somebody else owns; nothing else is allocated. */

struct curl_slist;

struct lcf_lines {
    struct curl_slist *first, *last; /* NULL where there are none */
    bool accepts;                    /* one of them is `Accept` */
};

/* How many bytes they take. `text` holds each line, "Name: value", behind a NUL byte. */
size_t lcf_lines_size(struct lcf_text text);

/* Lays them at `at`, which is aligned for pointers. */
struct lcf_lines lcf_lines_lay(void *at, struct lcf_text text);

/* All lines of a request: these, and then `rest`. */
struct curl_slist *lcf_lines_before(const struct lcf_lines *lines, struct curl_slist *rest);

#endif
