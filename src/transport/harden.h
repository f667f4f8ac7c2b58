#ifndef LCF_HARDEN_H
#define LCF_HARDEN_H

#include "truststore.h"

#include <curl/curl.h>
#include <stdbool.h>

/* Every option we set on libcurl, except those that wire one attempt to its buffers. */

/* Sets one option of `easy` and keeps in `rc` the first refusal. */
#define LCF_SET(option, value)                                                                               \
    do {                                                                                                     \
        CURLcode code = curl_easy_setopt(easy, option, value);                                               \
        if (rc == CURLE_OK) rc = code;                                                                       \
    } while (0)

/* How a client reaches the API. A NULL is libcurl's or this system's default. */
struct lcf_route {
    char *proxy;
    char *ca_file; /* either of these replaces the system's trust store */
    char *ca_path;
    char *user_agent;
};

/* CURLE_OK, or why libcurl would not take an option: then nothing may be sent. */
CURLcode lcf_harden(CURL *easy, const struct lcf_route *route, const struct lcf_trust *system, enum lcf_store store,
                    bool plain);

/* Whether it has no trust store of its own. */
bool lcf_route_trusts_system(const struct lcf_route *route);

/* The variable of the environment that names the proxy, where the route leaves it to libcurl; or NULL. */
const char *lcf_route_proxy_variable(const struct lcf_route *route);

CURLMcode lcf_harden_multi(CURLM *multi);

#endif
