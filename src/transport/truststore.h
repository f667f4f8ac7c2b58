#ifndef LCF_TRUSTSTORE_H
#define LCF_TRUSTSTORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Which certificate authorities this system trusts: a hashed directory, a bundle, or both. libcurl's
 * default on Debian, both at once, parses the bundle anew for every connection. So one is asked at a
 * time, first the cheap directory; where a peer is not accepted, once more with the other: together
 * they accept what both at once would. */

enum lcf_store { LCF_STORE_NONE, LCF_STORE_DIRECTORY, LCF_STORE_BUNDLE };

/* What shows that a bundle has changed. Not struct stat, whose size depends on
 * _FILE_OFFSET_BITS, which not every includer defines. */
struct lcf_bundle {
    uint64_t inode;         /* 0 where none was looked at */
    int64_t size, seconds;
    long nanoseconds;
};

struct lcf_trust {
    const char *path;         /* a directory that c_rehash prepared, or NULL */
    const char *file;         /* a bundle, or NULL */
    enum lcf_store first;     /* which to ask first; none where none was found */
    struct lcf_bundle bundle; /* as it was when last looked at */
    bool adds_default;        /* libcurl adds its own default where no path or no file is named */
    double changed;           /* when it was found to have changed; monotonic seconds, 0 for never */
};

/* What is known before the first look. */
struct lcf_trust lcf_truststore_new(void);

/* Which to ask first. Looks at the system where none is known yet. */
enum lcf_store lcf_truststore_first(struct lcf_trust *trust);

/* Which store to ask once more after a peer was not accepted by `failed`: the other one, the bundle again where it has
 * changed since the attempt `began`, one that was not there before, or none. */
enum lcf_store lcf_truststore_other(struct lcf_trust *trust, enum lcf_store failed, double began);

/* How many seconds old what libcurl keeps of the bundle may be. */
long lcf_truststore_kept(const struct lcf_trust *trust);

/* Why nothing can be looked up in a directory; NULL for no reason. OpenSSL does not say it. */
const char *lcf_truststore_fault(const char *path);

/* Writes the path of one certificate that a prepared directory holds; false where it holds none that can be read. */
bool lcf_truststore_pick(const char *path, char *file, size_t size);

#endif
