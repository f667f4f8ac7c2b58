#ifndef LCF_SECRET_H
#define LCF_SECRET_H

#include "../core/scanner.h"

#include <stdint.h>

/* Holds one credential and the header lines made of it, in a single block of memory that is
 * wiped when the last holder lets go. Nothing else in the module keeps a copy. */

struct lcf_secret;
struct curl_slist;

/* Authorization: Bearer … Both return NULL when memory is short; the bytes have been checked. */
struct lcf_secret *lcf_secret_bearer(struct lcf_text token);
/* X-Auth-Email and X-Auth-Key: the older global key. */
struct lcf_secret *lcf_secret_key(struct lcf_text email, struct lcf_text key);

struct lcf_secret *lcf_secret_hold(struct lcf_secret *secret);
void lcf_secret_release(struct lcf_secret *secret); /* NULL is none */

/* What a request's header lines are for, besides the credential. */
enum lcf_purpose {
    LCF_SENDS_BODY,   /* the body is JSON, and is sent at once: no `Expect` */
    LCF_SENDS_EMPTY,  /* it could have a body, and says that it has none */
    LCF_SENDS_NO_BODY,
    LCF_READS_FRESH   /* caches are asked to let it pass */
};

/* The request's header lines, for CURLOPT_HTTPHEADER, which does not copy them. Where the caller `accepts` something
 * else, JSON is not asked for. */
struct curl_slist *lcf_secret_headers(struct lcf_secret *secret, enum lcf_purpose purpose, bool accepts);

/* Whether it is a global key, and no token. */
bool lcf_secret_is_key(const struct lcf_secret *secret);

/* The bytes that must never be handed back to anyone. */
struct lcf_text lcf_secret_value(const struct lcf_secret *secret);

/* A number that tells credentials apart and does not give them away: what must remember one after
 * its call keeps this. */
uint64_t lcf_secret_mark(const struct lcf_secret *secret);

/* A shorter one is no secret, and looking for it would shred what we hand back. */
#define LCF_SECRET_LEAST 8

/* Copies what `text` begins with, without the secret, as a string of at most `max` bytes; bytes of 0
 * become blanks. */
void lcf_secret_excerpt(const struct lcf_secret *secret, struct lcf_text text, char *to, size_t max);

/* Where the secret stands in `text` from `from` on, or `text.len`. */
size_t lcf_secret_find(const struct lcf_secret *secret, struct lcf_text text, size_t from);

#endif
