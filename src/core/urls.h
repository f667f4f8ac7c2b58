#ifndef LCF_URLS_H
#define LCF_URLS_H

#include "span.h"

/* Where requests go: what a base URL and a proxy may look like. A base URL is so plain that no two readers of URLs
 * differ about its host; a proxy is split as libcurl splits it. */

enum lcf_url_fault {
    LCF_URL_GOOD,
    LCF_URL_SCHEME,    /* neither https:// nor http:// */
    LCF_URL_INSECURE,  /* http to a host that is no literal loopback address */
    LCF_URL_HOST,      /* no host, or a user name before it, or a bad port */
    LCF_URL_PATH       /* a query, a fragment, dot segments, escapes, or bytes outside a plain path */
};
enum lcf_url_fault lcf_check_base_url(struct lcf_span url);

/* Whether a checked base URL is plain http, and so a loopback address. */
bool lcf_url_is_plain(struct lcf_span url);

enum lcf_proxy_fault {
    LCF_PROXY_GOOD,
    LCF_PROXY_BYTES,   /* blanks, line ends or other control characters */
    LCF_PROXY_SCHEME,  /* one that libcurl does not speak to proxies */
    LCF_PROXY_HOST     /* no host or a bad port, as where a password holds a raw '@', '/' or '#' */
};
/* A proxy: [scheme://][user[:password]@]host[:port]; nothing is none. */
enum lcf_proxy_fault lcf_check_proxy(struct lcf_span proxy);

#endif
