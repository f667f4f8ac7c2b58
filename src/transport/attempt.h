#ifndef LCF_ATTEMPT_H
#define LCF_ATTEMPT_H

#include "../core/quota.h"
#include "../core/settle.h"
#include "bytes.h"
#include "handles.h"
#include "lines.h"
#include "route.h"
#include "secret.h"
#include "sockets.h"
#include "truststore.h"

/* One request on the wire: an easy handle, its buffers, and what is to be said of it. No retry.
 * libcurl's types are void and int here: the floor above does not know them. */

#define LCF_HEADERS_MAX (64 * 1024) /* bytes of one header block */
#define LCF_SENTENCE_SIZE 256       /* bytes of one sentence of libcurl's, with its end */
#define LCF_PROXY_MAX (64 * 1024)   /* bytes of what a proxy answers before it lets us through */

/* What all attempts of one engine share. */
struct lcf_carrier {
    void *multi; /* CURLM */
    struct lcf_trust trust;
    struct lcf_sockets sockets;
    double step_deadline; /* after this time the progress callback aborts attempts whose deadline has passed */
    size_t opening; /* attempts in flight whose request is not announced yet */
    bool parses_urls; /* libcurl gets its URLs parsed */
};

/* What one attempt sends, and within which bounds. Nothing of it is owned. */
struct lcf_wire {
    enum lcf_method method;
    const char *url;
    const struct lcf_text *body; /* NULL where none is sent; `at` lasts as long as the attempt */
    const struct lcf_lines *lines; /* likewise */
    struct lcf_secret *secret;
    const struct lcf_route *route;
    struct lcf_handles *handles; /* of the route's client, all alike; NULL for a handle of its own */
    double connect_timeout; /* seconds, no longer than the attempt itself may take */
    double due;             /* when it ends, come what may; monotonic seconds */
    bool plain;             /* http to a loopback address */
    bool fresh;             /* not on a connection that was used before */
    bool apart;             /* on a connection that no other request uses, before, during or after */
    size_t body_max;        /* bytes */
    void *owner;            /* comes back from libcurl as CURLINFO_PRIVATE */
};

struct lcf_attempt {
    struct lcf_handle handle; /* without `easy` while nothing is in flight */
    void *multi; /* CURLM; what it is in flight over */
    enum lcf_method method;
    struct lcf_carrier *carrier;
    const struct lcf_route *route;
    struct lcf_handles *handles;
    double began, due;
    enum lcf_store store; /* by which of the system's stores the peer is judged */
    bool apart;           /* on a connection of its own */
    bool store_changed;   /* `store` is the second one that this call asks; there is no third */
    bool announced;  /* libcurl was about to send: the only sound "it may have left" */
    bool overdue;    /* stopped from within libcurl, which would not let go of it */
    long callbacks;  /* how often libcurl called back before the announcement */
    struct lcf_headers headers;
    struct lcf_allowance allowance;
    struct lcf_bytes body;
    char error[LCF_SENTENCE_SIZE];
};

/* Begins, and returns 0; on failure nothing is in flight, and libcurl's code says why. */
int lcf_attempt_begin(struct lcf_attempt *attempt, struct lcf_carrier *carrier, const struct lcf_wire *wire);

/* Ends an attempt that libcurl has finished with `rc`, or one that is stopped for `cause` of
 * our own, and writes what it showed into `entry`. The body stays until the next begins. */
void lcf_attempt_finish(struct lcf_attempt *attempt, int rc, struct lcf_entry *entry);
void lcf_attempt_stop(struct lcf_attempt *attempt, enum lcf_cause cause, struct lcf_entry *entry);

enum lcf_cause lcf_cause_of(int rc, bool announced);

/* Whether this libcurl is quicker where it gets its URLs parsed. It asks all of its libraries: once is enough. */
bool lcf_attempt_parses_urls(void);

#endif
