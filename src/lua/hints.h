#ifndef LCF_HINTS_H
#define LCF_HINTS_H

#include <stdbool.h>

/* What the API's error codes mean to the caller. */

/* The first error of an envelope. */
struct lcf_said {
    bool has_code;
    int code;
    const char *message, *cause; /* its own, and of the first in its error_chain; or NULL */
};

/* By the code, and by the status, the operation and a part of the words where these are given. A code alone often
 * says too little. Where nothing is known, nothing is advised. */
struct lcf_hint {
    int code, status;
    const char *operation, *words;
    const char *advice; /* NULL: the permission that the operation needs */
    const char *reason; /* why a value that was asked about was refused, in a word */
};

/* The hint for an answer to an operation, or NULL. */
const struct lcf_hint *lcf_hint_find(const char *operation, int status, const struct lcf_said *said);

#endif
