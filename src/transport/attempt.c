#define _POSIX_C_SOURCE 200809L
#include "attempt.h"
#include "clock.h"
#include "harden.h"

#include <fcntl.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Sends one request and says what is known of it afterwards. Rules: only the announcement (libcurl's PREREQ
 * callback) tells whether the request may have left, never a code or a size; the second announcement of one
 * attempt is aborted, so that one attempt is one request on the wire; a connection is kept only where it has
 * spoken HTTP/2; headers and body are bounded while they arrive; a status that came without the announcement is a
 * proxy's, and shown to nobody. */

_Static_assert(LCF_SENTENCE_SIZE >= CURL_ERROR_SIZE, "libcurl may write as much");

#define LONGEST_CONNECT 1e6 /* seconds; more would not fit libcurl's milliseconds everywhere */

/* Runs before each request on the wire. libcurl re-sends by itself on a connection that died
 * early and on REFUSED_STREAM: the second time is ours to decide, so it is stopped. */
static int on_announce(void *data, char *ip, char *local_ip, int port, int local_port)
{
    struct lcf_attempt *a = data;
    (void)ip, (void)local_ip, (void)port, (void)local_port;
    if (a->announced) return CURL_PREREQFUNC_ABORT;
    a->announced = true;
    if (a->store_changed)
        a->carrier->trust.first = a->store; /* it accepts what the other did not: ask it first from now on */
    a->carrier->opening--;
    return CURL_PREREQFUNC_OK;
}

/* libcurl reads on while more arrives, a proxy's answer byte by byte: a flood would never let it return. */
static int on_progress(void *data, curl_off_t down_all, curl_off_t down, curl_off_t up_all, curl_off_t up)
{
    struct lcf_attempt *a = data;
    (void)down_all, (void)down, (void)up_all, (void)up;
    if (!a->announced && a->callbacks++ > LCF_PROXY_MAX) return 1;
    double now = lcf_now();
    a->overdue = now > a->due && now > a->carrier->step_deadline;
    return a->overdue;
}

/* A peer may write HTTP/2 into a line of HTTP/1, and libcurl believe it; but this only libcurl itself makes. */
static bool speaks_http2(CURL *easy)
{
    struct curl_header *status;
    return curl_easy_header(easy, ":status", 0, CURLH_PSEUDO, -1, &status) == CURLHE_OK;
}

/* Over HTTP/1 an answer is known by its order alone: one too many on a kept connection would pass
 * for the answer to the next request. So only one that speaks HTTP/2 is kept. */
static void set_reuse(const struct lcf_attempt *a, bool kept)
{
    curl_easy_setopt(a->handle.easy, CURLOPT_FORBID_REUSE, (long)!kept);
}

static size_t on_header(char *at, size_t size, size_t count, void *data)
{
    struct lcf_attempt *a = data;
    size_t len = size * count;
    if (len > 5 && memcmp(at, "HTTP/", 5) == 0 && !a->apart && speaks_http2(a->handle.easy)) set_reuse(a, true);
    lcf_headers_line(&a->headers, (struct lcf_span){at, at + len});
    lcf_allowance_line(&a->allowance, (struct lcf_span){at, at + len});
    return a->headers.bytes <= LCF_HEADERS_MAX ? len : 0;
}

static size_t on_body(char *at, size_t size, size_t count, void *data)
{
    struct lcf_attempt *a = data;
    size_t len = size * count;
    return lcf_bytes_append(&a->body, at, len) ? len : 0;
}

/* A child that the host starts must not inherit the connection. */
static int on_open(void *data, curl_socket_t fd, curlsocktype purpose)
{
    (void)data, (void)purpose;
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    return CURL_SOCKOPT_OK;
}

/* libcurl would close first and tell us later: a copy of the socket in a forked child would then
 * stay in the epoll set for ever. */
static int on_close(void *data, curl_socket_t fd)
{
    lcf_sockets_watch(data, fd, false, false);
    return close(fd);
}

static enum lcf_purpose purpose_of(const struct lcf_wire *wire)
{
    if (wire->method == LCF_GET) return LCF_READS_FRESH;
    if (wire->body) return LCF_SENDS_BODY;
    return wire->method == LCF_DELETE ? LCF_SENDS_NO_BODY : LCF_SENDS_EMPTY;
}

bool lcf_attempt_parses_urls(void)
{
    return curl_version_info(CURLVERSION_NOW)->version_num < 0x080c00; /* 8.12 writes out also what it got parsed */
}

/* Gives libcurl the URL as its own parser reads it: of a URL that is given as text it writes the parsed form out again,
 * which takes a tenth of a call. What the parser refuses is given as text, and so is an IPv6 address, because
 * libcurl 7.88 forgets its zone. */
static CURLcode set_url(struct lcf_handle handle, const char *url)
{
    const unsigned how = CURLU_NON_SUPPORT_SCHEME | CURLU_DISALLOW_USER | CURLU_PATH_AS_IS;
    CURL *easy = handle.easy;
    CURLcode rc = CURLE_OK;
    bool parsed = handle.url && !strchr(url, '[') && curl_url_set(handle.url, CURLUPART_URL, url, how) == CURLUE_OK;
    LCF_SET(CURLOPT_CURLU, parsed ? handle.url : NULL); /* first: from 8.12 on it takes the URL away */
    LCF_SET(CURLOPT_URL, url);
    return rc;
}

/* The method, the header lines and the body, whatever the handle sent before. */
static CURLcode set_request(CURL *easy, const struct lcf_wire *wire)
{
    CURLcode rc = CURLE_OK;
    LCF_SET(CURLOPT_POSTFIELDSIZE_LARGE, wire->body ? (curl_off_t)wire->body->len : -1);
    LCF_SET(CURLOPT_POSTFIELDS, wire->body ? wire->body->at : NULL);
    if (!wire->body) LCF_SET(CURLOPT_HTTPGET, 1L);
    LCF_SET(CURLOPT_CUSTOMREQUEST, wire->method == LCF_GET ? NULL : lcf_method_name(wire->method));
    struct curl_slist *rest = lcf_secret_headers(wire->secret, purpose_of(wire), wire->lines->accepts);
    LCF_SET(CURLOPT_HTTPHEADER, lcf_lines_before(wire->lines, rest));
    return rc;
}

/* Over HTTP/2 another request could join the connection as a stream while it is open. libcurl lends a connection only
 * to requests of the same TLS settings, so these get some that no other has and that come to the same. */
static CURLcode set_apart(CURL *easy, const struct lcf_wire *wire)
{
    CURLcode rc = CURLE_OK;
    if (wire->apart && !wire->plain)
        LCF_SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2 | (long)CURL_SSLVERSION_MAX_TLSv1_3);
    return rc;
}

/* Once for each handle. */
static CURLcode prepare(CURL *easy, const struct lcf_wire *wire)
{
    CURLcode rc = lcf_harden(easy, wire->route, wire->plain);
    if (rc == CURLE_OK) rc = set_apart(easy, wire);
    LCF_SET(CURLOPT_SOCKOPTFUNCTION, on_open);
    LCF_SET(CURLOPT_CLOSESOCKETFUNCTION, on_close);
    LCF_SET(CURLOPT_NOPROGRESS, 0L);
    LCF_SET(CURLOPT_XFERINFOFUNCTION, on_progress);
    LCF_SET(CURLOPT_PREREQFUNCTION, on_announce);
    LCF_SET(CURLOPT_HEADERFUNCTION, on_header);
    LCF_SET(CURLOPT_WRITEFUNCTION, on_body);
    return rc;
}

/* For this one request. */
static CURLcode wire_up(struct lcf_attempt *a, const struct lcf_wire *wire)
{
    CURL *easy = a->handle.easy;
    CURLcode rc = set_url(a->handle, wire->url);
    if (rc == CURLE_OK) rc = set_request(easy, wire);
    if (rc == CURLE_OK && !wire->plain) rc = lcf_harden_trust(easy, wire->route, &a->carrier->trust, a->store);
    LCF_SET(CURLOPT_CONNECTTIMEOUT_MS, (long)(fmin(wire->connect_timeout, LONGEST_CONNECT) * 1000) + 1);
    LCF_SET(CURLOPT_FRESH_CONNECT, (long)(wire->fresh || wire->apart));
    LCF_SET(CURLOPT_FORBID_REUSE, 1L); /* until it has spoken HTTP/2 */
    LCF_SET(CURLOPT_PRIVATE, wire->owner);
    LCF_SET(CURLOPT_ERRORBUFFER, a->error);
    LCF_SET(CURLOPT_CLOSESOCKETDATA, &a->carrier->sockets);
    LCF_SET(CURLOPT_XFERINFODATA, a);
    LCF_SET(CURLOPT_PREREQDATA, a);
    LCF_SET(CURLOPT_HEADERDATA, a);
    LCF_SET(CURLOPT_WRITEDATA, a);
    return rc;
}

/* One that waits, or a new one. */
static CURLcode take_handle(struct lcf_attempt *a, const struct lcf_wire *wire)
{
    if (wire->handles) a->handle = lcf_handles_take(wire->handles);
    if (a->handle.easy) return CURLE_OK;
    a->handle = (struct lcf_handle){.easy = curl_easy_init(), .url = a->carrier->parses_urls ? curl_url() : NULL};
    return a->handle.easy ? prepare(a->handle.easy, wire) : CURLE_OUT_OF_MEMORY;
}

/* Only one that has brought a whole answer is used again. */
static void drop_handle(struct lcf_attempt *a, bool answered)
{
    if (answered && a->handles) lcf_handles_give(a->handles, a->handle);
    else lcf_handle_end(a->handle);
    a->handle = (struct lcf_handle){NULL, NULL};
}

/* By which of the system's stores the next peer of this call is judged. */
static enum lcf_store choose_store(const struct lcf_attempt *a, struct lcf_trust *trust, const struct lcf_wire *wire)
{
    if (a->store_changed) return a->store;
    return !wire->plain && lcf_route_trusts_system(wire->route) ? lcf_truststore_first(trust) : LCF_STORE_NONE;
}

int lcf_attempt_begin(struct lcf_attempt *a, struct lcf_carrier *carrier, const struct lcf_wire *wire)
{
    lcf_bytes_free(&a->body);
    /* clang-format off */
    *a = (struct lcf_attempt){
        .multi = carrier->multi, .method = wire->method, .carrier = carrier, .route = wire->route,
        .handles = wire->handles, .began = lcf_now(), .due = wire->due, .apart = wire->apart,
        .store_changed = a->store_changed,
        .store = choose_store(a, &carrier->trust, wire), .body = {.max = wire->body_max}};
    /* clang-format on */
    CURLcode rc = take_handle(a, wire);
    if (rc == CURLE_OK) rc = wire_up(a, wire);
    if (rc == CURLE_OK && curl_multi_add_handle(a->multi, a->handle.easy) != CURLM_OK) rc = CURLE_OUT_OF_MEMORY;
    if (rc != CURLE_OK) drop_handle(a, false);
    else carrier->opening++;
    return (int)rc;
}

enum lcf_cause lcf_cause_of(int rc, bool announced)
{
    switch (rc) {
    case CURLE_OK: return LCF_ANSWERED;
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY: return LCF_RESOLVE;
    case CURLE_SSL_CONNECT_ERROR: return LCF_HANDSHAKE;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_ISSUER_ERROR: return LCF_CERTIFICATE;
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CIPHER:
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL: /* an answer that is not HTTP, too */
    case CURLE_UNKNOWN_OPTION:
    case CURLE_NOT_BUILT_IN:
    case CURLE_BAD_FUNCTION_ARGUMENT: return announced ? LCF_MALFORMED : LCF_CONFIGURE;
    case CURLE_OPERATION_TIMEDOUT: return LCF_TIMED_OUT;
    case CURLE_FAILED_INIT:
    case CURLE_OUT_OF_MEMORY: return LCF_NO_MEMORY;
    case CURLE_WRITE_ERROR: /* our own bounds */
    case CURLE_HTTP2:
    case CURLE_WEIRD_SERVER_REPLY: return announced ? LCF_MALFORMED : LCF_CONNECT;
    default: return announced ? LCF_BROKEN : LCF_CONNECT;
    }
}

static int status_of(CURL *easy)
{
    long status = 0;
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    return (int)status;
}

static void *do_nothing(void *data)
{
    return data;
}

static bool may_start_thread(void)
{
    pthread_t thread;
    return pthread_create(&thread, NULL, do_nothing, NULL) == 0 && pthread_join(thread, NULL) == 0;
}

/* libcurl resolves names in threads. One that it may not start it calls a name that did not resolve; from 8.20 on it
 * says nothing, and tries until the time is over. */
static bool lacks_thread(const struct lcf_attempt *a, enum lcf_cause cause)
{
    curl_off_t resolved = 0;
    if (a->announced || (cause != LCF_RESOLVE && cause != LCF_TIMED_OUT)) return false;
    curl_easy_getinfo(a->handle.easy, CURLINFO_NAMELOOKUP_TIME_T, &resolved);
    return resolved == 0 && !may_start_thread();
}

/* libcurl calls a reply that was cut inside its header block a good one; and where two lengths
 * or an encoding stand, the bytes are not what they seem. */
static enum lcf_cause cause_of(const struct lcf_attempt *a, int rc)
{
    if (a->overdue) return LCF_TIMED_OUT;
    if (rc != CURLE_OK) return lcf_cause_of(rc, a->announced);
    if (!a->headers.ended) return LCF_BROKEN;
    if (a->headers.encoded) return LCF_COMPRESSED;
    return a->headers.contradictory ? LCF_MALFORMED : LCF_ANSWERED;
}

void lcf_attempt_stop(struct lcf_attempt *a, enum lcf_cause cause, struct lcf_entry *entry)
{
    bool answered = cause == LCF_ANSWERED && a->announced;
    if (!a->announced) a->carrier->opening--;
    if (lacks_thread(a, cause)) cause = LCF_NO_THREAD;
    entry->method = a->method;
    entry->cause = cause;
    entry->phase = answered ? LCF_COMPLETE : a->announced ? LCF_SENT : LCF_UNSENT;
    /* Without the announcement a status is a proxy's. */
    entry->status = a->announced ? status_of(a->handle.easy) : 0;
    entry->cached = a->method == LCF_GET && a->announced && a->headers.cached;
    entry->date = a->announced && a->headers.has_date ? a->headers.date : 0;
    memcpy(entry->ray_id, a->headers.ray_id, sizeof entry->ray_id);
    /* One that fell silent is not for the next call; while other streams are on it, it stays. */
    if (cause == LCF_TIMED_OUT) set_reuse(a, false);
    curl_multi_remove_handle(a->multi, a->handle.easy);
    drop_handle(a, answered);
}

/* A sentence of libcurl's that quotes a proxy may quote its password. */
static bool quotes_proxy(const struct lcf_attempt *a, int rc)
{
    return rc == CURLE_COULDNT_RESOLVE_PROXY || strstr(a->error, "://") || strchr(a->error, '@');
}

/* libcurl may quote a header that the server sent. Where its sentence was cut it may end in a part of the credential,
 * which nobody would find in it. */
static bool may_be_cut(const struct lcf_attempt *a)
{
    return strlen(a->error) >= sizeof a->error - 2;
}

/* For an attempt that a callback aborted, libcurl only says so; our own reason stands instead, or none. */
static const char *explain(const struct lcf_attempt *a, int rc)
{
    if (rc != CURLE_ABORTED_BY_CALLBACK) return curl_easy_strerror((CURLcode)rc);
    return a->callbacks > LCF_PROXY_MAX ? "the proxy's answer does not end" : "";
}

static bool is_distrust(int rc)
{
    return rc == CURLE_PEER_FAILED_VERIFICATION || rc == CURLE_SSL_ISSUER_ERROR || rc == CURLE_SSL_CACERT_BADFILE;
}

/* After a peer, or a proxy, that was not accepted: whether to go on with another of the system's stores. */
static bool change_store(struct lcf_attempt *a, int rc)
{
    if (a->announced || a->store_changed || !is_distrust(rc) || !lcf_route_trusts_system(a->route)) return false;
    enum lcf_store other = lcf_truststore_other(&a->carrier->trust, a->store, a->began);
    if (other == LCF_STORE_NONE) return false;
    a->store = other;
    a->store_changed = true;
    return true;
}

/* Why no peer could have been accepted; libcurl only says that this one was not. */
static const char *store_fault(const struct lcf_attempt *a, int rc)
{
    if (!is_distrust(rc)) return NULL;
    if (a->route->ca_path) return lcf_truststore_fault(a->route->ca_path);
    return !a->route->ca_file && a->store == LCF_STORE_NONE ? "no trust store found on this system" : NULL;
}

void lcf_attempt_finish(struct lcf_attempt *a, int rc, struct lcf_entry *entry)
{
    lcf_attempt_stop(a, cause_of(a, rc), entry);
    entry->store_left = change_store(a, rc);
    const char *fault = store_fault(a, rc);
    if (fault) snprintf(a->error, sizeof a->error, "%s", fault);
    bool is_libcurls = rc != CURLE_OK && rc != CURLE_ABORTED_BY_CALLBACK; /* the failure */
    if (!is_libcurls || may_be_cut(a) || quotes_proxy(a, rc)) a->error[0] = '\0';
    if (rc != CURLE_OK && a->error[0] == '\0') snprintf(a->error, sizeof a->error, "%s", explain(a, rc));
}
