#define _POSIX_C_SOURCE 200809L
#include "harden.h"

#include <limits.h>

#define LCF_CONNECTIONS_KEPT 32L /* libcurl's default shrinks with the handles in flight */
#define LCF_STREAMS 100L         /* an HTTP/2 server's usual limit */
#define LCF_RESOLVERS 1000L      /* threads, of which one that hangs takes two; libcurl's default is 20 */

/* Since libcurl 8.20; older headers do not name them. */
#define LCF_RESOLVE_THREADS_MAX ((CURLMoption)20)
#define LCF_MULTI_QUICK_EXIT ((CURLMoption)21)

static CURLcode harden_http(CURL *easy, const struct lcf_route *route, bool plain)
{
    CURLcode rc = CURLE_OK;
    LCF_SET(CURLOPT_NOSIGNAL, 1L);                          /* no alarm() in a host's process */
    LCF_SET(CURLOPT_PROTOCOLS_STR, plain ? "http" : "https");
    LCF_SET(CURLOPT_FOLLOWLOCATION, 0L);                    /* a redirect would carry the credential along */
    LCF_SET(CURLOPT_PATH_AS_IS, 1L);                        /* what was checked is what is sent */
    LCF_SET(CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
    LCF_SET(CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);       /* one credential, ours */
    LCF_SET(CURLOPT_HTTP09_ALLOWED, 0L);                    /* bytes without a status are no answer */
    LCF_SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
    LCF_SET(CURLOPT_PIPEWAIT, (long)!plain);                /* a stream on a live connection before a new one */
    LCF_SET(CURLOPT_TCP_KEEPALIVE, 1L);                     /* a peer that vanished is noticed */
    LCF_SET(CURLOPT_QUICK_EXIT, 1L);                        /* never wait for a resolver thread */
    LCF_SET(CURLOPT_USERAGENT, route->user_agent);
    return rc;
}

/* A loopback address never goes through a proxy: it would be handed the credential in clear. */
static CURLcode harden_proxy(CURL *easy, const struct lcf_route *route, bool plain)
{
    CURLcode rc = CURLE_OK;
    LCF_SET(CURLOPT_PROXY, plain ? "" : route->proxy);      /* NULL: the documented proxy variables */
    LCF_SET(CURLOPT_SOCKS5_AUTH, (long)CURLAUTH_BASIC);     /* GSS-API would block, and say who the host is */
    LCF_SET(CURLOPT_HEADEROPT, (long)CURLHEADER_SEPARATE);  /* the credential is not for the proxy */
    LCF_SET(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);          /* nor are its headers the API's */
    LCF_SET(CURLOPT_PROXY_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    LCF_SET(CURLOPT_PROXY_SSL_VERIFYPEER, 1L);
    LCF_SET(CURLOPT_PROXY_SSL_VERIFYHOST, 2L);
    return rc;
}

static CURLcode harden_tls(CURL *easy)
{
    CURLcode rc = CURLE_OK;
    LCF_SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    LCF_SET(CURLOPT_SSL_VERIFYPEER, 1L);
    LCF_SET(CURLOPT_SSL_VERIFYHOST, 2L);
    LCF_SET(CURLOPT_SSL_SESSIONID_CACHE, 0L);               /* 7.88 frees a name in it twice when memory ends */
    return rc;
}

static CURLcode set_authorities(CURL *easy, const char *ca_file, const char *ca_path, long kept)
{
    CURLcode rc = CURLE_OK;
    LCF_SET(CURLOPT_CAINFO, ca_file);                       /* exactly one of the two: both would parse */
    LCF_SET(CURLOPT_CAPATH, ca_path);                       /* the bundle anew for every connection */
    LCF_SET(CURLOPT_PROXY_CAINFO, ca_file);
    LCF_SET(CURLOPT_PROXY_CAPATH, ca_path);
    LCF_SET(CURLOPT_CA_CACHE_TIMEOUT, kept);                /* a bundle that has changed is read again */
    return rc;
}

/* From 8.21 on, NULL makes libcurl add its default: beside the caller's store it would trust the system's, and beside a
 * directory it would parse the system's bundle for each connection. So the unused option gets a value that adds
 * nothing: for a file, the file itself as directory; for a directory, one certificate of it as file. libcurl still parses a
 * caller's file for each connection, because it caches one only where no directory is set. */
static CURLcode harden_authorities(CURL *easy, const char *ca_file, const char *ca_path, long kept, bool adds_default)
{
    char one[PATH_MAX];
    if (!adds_default || !ca_file == !ca_path) return set_authorities(easy, ca_file, ca_path, kept);
    if (ca_file) return set_authorities(easy, ca_file, ca_file, kept);
    bool found = lcf_truststore_pick(ca_path, one, sizeof one); /* else no file at all, and no handshake */
    return set_authorities(easy, found ? one : ca_path, ca_path, kept);
}

CURLcode lcf_harden(CURL *easy, const struct lcf_route *route, bool plain)
{
    CURLcode rc = harden_http(easy, route, plain);
    if (rc == CURLE_OK) rc = harden_proxy(easy, route, plain);
    if (rc == CURLE_OK && !plain) rc = harden_tls(easy);
    return rc;
}

CURLcode lcf_harden_trust(CURL *easy, const struct lcf_route *route, const struct lcf_trust *system,
                          enum lcf_store store)
{
    bool own = !lcf_route_trusts_system(route);
    const char *file = own ? route->ca_file : store == LCF_STORE_BUNDLE ? system->file : NULL;
    const char *path = own ? route->ca_path : store == LCF_STORE_DIRECTORY ? system->path : NULL;
    return harden_authorities(easy, file, path, lcf_truststore_kept(system), system->adds_default);
}

/* Names are resolved by threads of the multi handle, where libcurl knows these options. */
static CURLMcode harden_resolvers(CURLM *multi)
{
    CURLMcode rc = curl_multi_setopt(multi, LCF_RESOLVE_THREADS_MAX, LCF_RESOLVERS);
    if (rc == CURLM_OK) rc = curl_multi_setopt(multi, LCF_MULTI_QUICK_EXIT, 1L);
    return rc == CURLM_UNKNOWN_OPTION ? CURLM_OK : rc;
}

CURLMcode lcf_harden_multi(CURLM *multi)
{
    CURLMcode rc = curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, LCF_CONNECTIONS_KEPT);
    if (rc == CURLM_OK) rc = curl_multi_setopt(multi, CURLMOPT_MAX_CONCURRENT_STREAMS, LCF_STREAMS);
    return rc != CURLM_OK ? rc : harden_resolvers(multi);
}
