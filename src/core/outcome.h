#ifndef LCF_OUTCOME_H
#define LCF_OUTCOME_H

#include <stdbool.h>

/* The words that every floor shares, and their names as Lua sees them. */

/* How a whole call ended. An outcome describes the call, never its last attempt alone. */
enum lcf_outcome {
    LCF_PENDING,   /* it has not ended */
    LCF_OK,        /* an operation other than delete did what it says */
    LCF_DELETED,   /* this call removed the token: the API named it and said yes */
    LCF_GONE,      /* no longer visible to this credential, and it was seen or may have been removed by us */
    LCF_ACCEPTED,  /* the API said yes without naming this token, and could not be asked */
    LCF_NOT_FOUND, /* it was not there, or not for this credential; nothing of ours removed it */
    LCF_NOT_SENT,  /* no request that changes anything left the process */
    LCF_REFUSED,   /* the server received it and said no */
    LCF_UNKNOWN,   /* none of these can be proven */
    LCF_FAILED     /* a read without a trustworthy answer: nothing was changed */
};

/* What stood in the way. */
enum lcf_kind {
    LCF_KIND_NONE,
    LCF_KIND_ARGUMENT,
    LCF_KIND_API,      /* the API answered no, or its yes lacked what it must carry */
    LCF_KIND_NETWORK,
    LCF_KIND_TIMEOUT,
    LCF_KIND_TLS,
    LCF_KIND_RESPONSE, /* an answer that is not the API's envelope */
    LCF_KIND_CANCELLED,
    LCF_KIND_HOST      /* this place cannot wait, or has no memory or thread left */
};

/* How far one attempt came. */
enum lcf_phase {
    LCF_UNSENT,   /* libcurl never announced the request: no byte of it left */
    LCF_SENT,     /* it may have reached the server; no complete answer did */
    LCF_COMPLETE  /* a completely framed answer arrived */
};

/* Why an attempt brought no complete answer. */
enum lcf_cause {
    LCF_ANSWERED,
    LCF_RESOLVE,     /* the name did not resolve */
    LCF_NO_THREAD,   /* nor could it: no thread may be started here */
    LCF_CONNECT,     /* no connection, to the server or through the proxy */
    LCF_HANDSHAKE,   /* the TLS handshake was cut */
    LCF_CERTIFICATE, /* the peer did not prove who it is; repeating cannot mend that */
    LCF_CONFIGURE,   /* a CA file that cannot be read, an unusable option; likewise */
    LCF_TIMED_OUT,
    LCF_BROKEN,      /* closed, reset, or silently re-sent by libcurl and stopped */
    LCF_MALFORMED,   /* not HTTP, two lengths, or more bytes than the bound allows */
    LCF_COMPRESSED,  /* it was compressed, or encoded otherwise, though that was not asked for */
    LCF_NO_MEMORY,
    LCF_CANCELLED
};

enum lcf_method { LCF_GET, LCF_DELETE, LCF_POST, LCF_PUT, LCF_PATCH };

/* Whether a call that ended so did not do what was asked for. */
bool lcf_is_failure(enum lcf_outcome outcome);

const char *lcf_outcome_name(enum lcf_outcome outcome);
const char *lcf_kind_name(enum lcf_kind kind);
const char *lcf_method_name(enum lcf_method method);
enum lcf_kind lcf_cause_kind(enum lcf_cause cause);

#endif
