#ifndef LCF_TRUSTSTORE_H
#define LCF_TRUSTSTORE_H

#include <stdbool.h>

/* Which certificate authorities this system trusts, and in which form. libcurl's default on
 * Debian, a bundle and a directory together, parses the bundle anew for every connection. */

struct lcf_trust {
    const char *path; /* a hashed directory, used alone where there is one; else NULL */
    const char *file; /* a bundle; NULL where `path` is set, or where nothing was found */
};

struct lcf_trust lcf_truststore_find(void);

/* Whether a directory can be searched: OpenSSL does not say when it cannot. */
bool lcf_truststore_can_search(const char *path);

#endif
