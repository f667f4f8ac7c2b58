#ifndef LCF_HANDLES_H
#define LCF_HANDLES_H

#include <stddef.h>

/* Easy handles of one client, kept after an answer for its next requests: making and preparing one costs as much as all
 * other work here for a request. Each request sets again what may differ. */

#define LCF_HANDLES_KEPT 32 /* some 6 KiB each */

struct lcf_handle {
    void *easy; /* CURL */
    void *url; /* CURLU, which the easy handle reads; NULL where libcurl parses, or for want of memory */
};

struct lcf_handles {
    struct lcf_handle kept[LCF_HANDLES_KEPT];
    size_t count;
};

struct lcf_handle lcf_handles_take(struct lcf_handles *handles); /* without `easy` where none is kept */

/* Keeps one that is in no multi handle, or ends it where there are enough. Nothing of the caller's is left in it that
 * libcurl could still read. */
void lcf_handles_give(struct lcf_handles *handles, struct lcf_handle handle);

void lcf_handle_end(struct lcf_handle handle);

void lcf_handles_free(struct lcf_handles *handles);

#endif
