#ifndef LCF_SETTLE_H
#define LCF_SETTLE_H

#include "headers.h"
#include "outcome.h"
#include "verdict.h"

/* All the judgement about retries, backoff, confirmation and outcome: a pure function from
 * what a call has seen so far to its next move. Times are monotonic seconds. */

#define LCF_LEAST_TIME 0.25        /* no request is begun, and no wait is made, shorter than this */
#define LCF_HOST_DELAY 0.05         /* how late a host may come to see that an attempt is over */
#define LCF_BACKOFF_BASE 0.5
#define LCF_BACKOFF_CAP 8.0

/* What repeating an operation would do, and so how a lost answer is settled. */
enum lcf_nature {
    LCF_READ,    /* nothing: it is repeated */
    LCF_REMOVE,  /* removes what its id names; ids are not reused, so repeating it is harmless. GETs settle it */
    LCF_REPLACE, /* puts the same state again: repeating it settles it */
    LCF_ONCE     /* may do something more: it is repeated only where nothing was done */
};

struct lcf_plan {
    enum lcf_nature nature;
    int max_retries;      /* own requests after the first */
    bool names_one;       /* its path names the one thing that it is about: a 404 may say that it is absent */
    bool check_first;     /* read before deleting */
    double deadline;
};

/* One attempt as it went: the evidence. */
struct lcf_entry {
    enum lcf_method method;
    enum lcf_phase phase;
    enum lcf_cause cause;
    int status;                /* 0 where none arrived */
    struct lcf_reading reading;
    bool cached;               /* a cache answered it */
    int64_t date;              /* the server's clock, UNIX seconds; 0 where it told none */
    double began, ended;
    double retry_after;        /* seconds; -1 where none was asked for */
    double jitter;             /* 0 to 1, drawn once, so that deciding twice decides alike */
    bool store_left;           /* its peer was not accepted, and another trust store is left to ask */
    bool paid;                 /* its retry has been taken from the budget */
    char ray_id[LCF_RAY_MAX + 1];
};

struct lcf_history {
    const struct lcf_entry *entries;
    size_t count;
    bool cancelled;
    bool affords_retry;   /* the client's retry budget */
    double blocked_until; /* the client's memory of a 429 to this credential */
    double suspect_until; /* until then a connection that was lost may still be in the pool */
};

enum lcf_act {
    LCF_SEND,    /* the operation's own request */
    LCF_CONFIRM, /* a GET of the same path */
    LCF_WAIT,
    LCF_END
};

struct lcf_move {
    enum lcf_act act;
    bool fresh;               /* on a new connection: the old one may have gone silent */
    bool spends;              /* this retry comes out of the budget */
    double until;             /* for LCF_WAIT */
    enum lcf_outcome outcome; /* for LCF_END */
    enum lcf_kind kind;       /* for LCF_END, where it is a failure: of the last answer that stood in the way;
                                 without one, of the last attempt, or LCF_KIND_TIMEOUT where time ran out */
};

struct lcf_move lcf_settle(const struct lcf_plan *plan, const struct lcf_history *history, double now);

/* When an attempt begun now must end: `attempt_timeout` seconds from now, but never over half
 * of what is left, so that a stalled reply leaves time to settle. Of 0.8 to 1.1 s it leaves 0.55 s:
 * the least wait, the least for a GET, and LCF_HOST_DELAY. */
double lcf_attempt_deadline(const struct lcf_plan *plan, double attempt_timeout, double now);

/* What kind of answer, or lack of one, an attempt brought. */
enum lcf_kind lcf_entry_kind(const struct lcf_entry *entry);

/* Whether an attempt brought an answer that explains a failure: any whose verdict is not LCF_PROVEN. In a removal an
 * answer with `success: true` is none, because the call asks about it with a GET. */
bool lcf_is_objection(const struct lcf_plan *plan, const struct lcf_entry *entry);

/* Whether a request is the operation's own. Where it changes something, a GET only looks. */
bool lcf_is_own(const struct lcf_plan *plan, enum lcf_method method);

/* Whether repeating a call that ended so can do no further harm. */
bool lcf_is_safe_to_retry(enum lcf_nature nature, enum lcf_outcome outcome);

#endif
