#ifndef LCF_BYTES_H
#define LCF_BYTES_H

#include "../core/scanner.h"

/* A growing buffer, born with its maximum; wiped when it is freed or outgrown. */

struct lcf_bytes {
    char *at;
    size_t len, room, max;
};

/* False, with nothing appended, when that would pass the maximum or memory is short. */
bool lcf_bytes_append(struct lcf_bytes *bytes, const void *data, size_t len);
struct lcf_text lcf_bytes_text(const struct lcf_bytes *bytes);

/* Empties it and gives its memory back; its maximum stays. */
void lcf_bytes_free(struct lcf_bytes *bytes);

/* Overwrites memory that held a secret; never optimised away. */
void lcf_wipe(void *at, size_t len);

#endif
