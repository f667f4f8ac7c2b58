#include "harden.h"

#define LCF_CONNECTIONS_KEPT 32L /* libcurl's default shrinks with the handles in flight */
#define LCF_STREAMS 100L         /* an HTTP/2 server's usual limit */

/* Remembers the first option that was not taken. */
#define SET(option, value)                                                                                   \
    do {                                                                                                     \
        CURLcode code = curl_easy_setopt(easy, option, value);                                               \
        if (rc == CURLE_OK) rc = code;                                                                       \
    } while (0)

static CURLcode harden_http(CURL *easy, const struct lcf_route *route, bool plain)
{
    CURLcode rc = CURLE_OK;
    SET(CURLOPT_NOSIGNAL, 1L);                          /* no alarm() in a host's process */
    SET(CURLOPT_PROTOCOLS_STR, plain ? "http" : "https");
    SET(CURLOPT_FOLLOWLOCATION, 0L);                    /* a redirect would carry the credential along */
    SET(CURLOPT_PATH_AS_IS, 1L);                        /* what was checked is what is sent */
    SET(CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
    SET(CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);       /* one credential, ours */
    SET(CURLOPT_HTTP09_ALLOWED, 0L);                    /* bytes without a status are no answer */
    SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
    SET(CURLOPT_PIPEWAIT, 1L);                          /* a stream on a live connection before a new one */
    SET(CURLOPT_TCP_KEEPALIVE, 1L);                     /* a peer that vanished is noticed */
    SET(CURLOPT_QUICK_EXIT, 1L);                        /* never wait for a resolver thread */
    SET(CURLOPT_USERAGENT, route->user_agent);
    return rc;
}

/* A loopback address never goes through a proxy: it would be handed the credential in clear. */
static CURLcode harden_proxy(CURL *easy, const struct lcf_route *route, bool plain)
{
    CURLcode rc = CURLE_OK;
    SET(CURLOPT_PROXY, plain ? "" : route->proxy);      /* NULL: the documented proxy variables */
    SET(CURLOPT_HEADEROPT, (long)CURLHEADER_SEPARATE);  /* the credential is not for the proxy */
    SET(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);          /* nor are its headers the API's */
    SET(CURLOPT_PROXY_SSL_VERIFYPEER, 1L);
    SET(CURLOPT_PROXY_SSL_VERIFYHOST, 2L);
    return rc;
}

static CURLcode harden_tls(CURL *easy, const char *ca_file, const char *ca_path)
{
    CURLcode rc = CURLE_OK;
    SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    SET(CURLOPT_SSL_VERIFYPEER, 1L);
    SET(CURLOPT_SSL_VERIFYHOST, 2L);
    SET(CURLOPT_CAINFO, ca_file);                       /* exactly one of the two: both would parse */
    SET(CURLOPT_CAPATH, ca_path);                       /* the bundle anew for every connection */
    SET(CURLOPT_PROXY_CAINFO, ca_file);
    SET(CURLOPT_PROXY_CAPATH, ca_path);
    return rc;
}

CURLcode lcf_harden(CURL *easy, const struct lcf_route *route, const struct lcf_trust *system, bool plain)
{
    bool own = route->ca_file || route->ca_path;
    const char *file = own ? route->ca_file : system->file;
    const char *path = own ? route->ca_path : system->path;
    if (!plain && route->ca_path && !lcf_truststore_can_search(route->ca_path)) return CURLE_SSL_CACERT_BADFILE;
    CURLcode rc = harden_http(easy, route, plain);
    if (rc == CURLE_OK) rc = harden_proxy(easy, route, plain);
    if (rc == CURLE_OK && !plain) rc = harden_tls(easy, file, path);
    return rc;
}

CURLMcode lcf_harden_multi(CURLM *multi)
{
    CURLMcode rc = curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, LCF_CONNECTIONS_KEPT);
    if (rc != CURLM_OK) return rc;
    return curl_multi_setopt(multi, CURLMOPT_MAX_CONCURRENT_STREAMS, LCF_STREAMS);
}
