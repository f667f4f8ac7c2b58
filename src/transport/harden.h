#ifndef LCF_HARDEN_H
#define LCF_HARDEN_H

#include "route.h"
#include "truststore.h"

#include <curl/curl.h>
#include <stdbool.h>

/* Every option we set on libcurl, except those that wire one attempt to its buffers. */

/* Sets one option of `easy` and keeps in `rc` the first refusal. */
#define LCF_SET(option, value) \
    do { \
        CURLcode code = curl_easy_setopt(easy, option, value); \
        if (rc == CURLE_OK) rc = code; \
    } while (0)

/* Prepares a new handle for all requests of a client. CURLE_OK, or why libcurl would not take an option: then nothing
 * may be sent. */
CURLcode lcf_harden(CURL *easy, const struct lcf_route *route, bool plain);

/* Sets by which authorities the next request's peer is judged; likewise. */
CURLcode lcf_harden_trust(CURL *easy, const struct lcf_route *route, const struct lcf_trust *system,
                          enum lcf_store store);

CURLMcode lcf_harden_multi(CURLM *multi);

#endif
