#ifndef LCF_EXCHANGE_H
#define LCF_EXCHANGE_H

#include "attempt.h"
#include "profile.h"

/* A call's life: attempts, driven by settle, to an outcome. It is held by the engine while in
 * flight and by whoever looks at it; the last to let go frees it. */

#define LCF_BODY_MAX (64 * 1024)         /* bytes of a reply that only carries a verdict */
#define LCF_LIST_BODY_MAX (4 * 1024 * 1024) /* bytes of one that carries tokens */

#define LCF_DEAD_KEPT 1.0 /* seconds between libcurl's searches for dead connections */

/* Times are seconds. */
struct lcf_limits {
    double timeout;         /* the whole call */
    double attempt_timeout; /* one request */
    double connect_timeout;
    int max_retries;
    bool check_first;
};

/* What an operation is. Static data. */
struct lcf_intent {
    const char *name;         /* "tokens.delete", in errors and events */
    const char *permission;   /* the permission group that it needs, or NULL */
    const char *effect;       /* "the token was deleted", for "it is unknown whether …"; NULL for a read */
    enum lcf_method method;
    enum lcf_nature nature;
    enum lcf_expects expects; /* what the result of a yes must be */
    bool apart;               /* its credential is a value that it asks about, not the client's: it neither heeds nor
                                 changes the client's pace and quota, nor shares a connection */
};

/* A checked request. All text is NUL-terminated, but for the body, and copied, but for the intent's. */
struct lcf_request {
    const struct lcf_intent *intent;
    const char *url;
    const char *account;    /* NULL where it names none */
    const char *id;         /* the token it names, or NULL */
    struct lcf_text body;   /* JSON; `at` is NULL where none is sent */
    struct lcf_text lines;  /* header lines, each behind a NUL byte */
    bool plain;             /* http to a loopback address */
    struct lcf_limits limits;
};

#define LCF_EXCERPT_MAX 256 /* bytes that are kept: more than are shown, so that the last character is whole */

/* What an answer looked like that is not the API's. Empty strings show nothing. */
struct lcf_oddity {
    char content_type[LCF_TYPE_MAX + 1];
    char excerpt[LCF_EXCERPT_MAX + 1]; /* how its body begins, without the credential */
};

enum lcf_state { LCF_QUEUED, LCF_RUNNING, LCF_PAUSED, LCF_ENDED };

struct lcf_exchange {
    unsigned holders;
    struct lcf_profile *profile;
    struct lcf_pace *pace;        /* the client's, or its own */
    struct lcf_pace own_pace;
    struct lcf_secret *secret;
    const struct lcf_intent *intent;
    struct lcf_limits limits;
    struct lcf_plan plan;
    bool plain, cancelled;
    char account[LCF_ID_LEN + 1]; /* empty where the operation names none */
    char id[LCF_ID_LEN + 1];      /* likewise */
    enum lcf_state state;
    double due;              /* when it wants to be turned next; monotonic seconds */
    double began;            /* monotonic seconds */
    double suspect_until;    /* until then a connection that broke may still be in the pool */
    char *url;               /* in the block behind this struct, like body and lines */
    struct lcf_text body;    /* what its own request sends; `at` is NULL where that is nothing */
    struct lcf_lines lines;
    size_t block_size;       /* bytes of that block */

    struct lcf_attempt attempt;
    struct lcf_entry *entries;
    size_t count, room;
    struct lcf_bytes reply;      /* the last body that was an envelope */
    struct lcf_bytes yes;        /* the body of a DELETE's yes without the name */
    char why[LCF_SENTENCE_SIZE]; /* libcurl's sentence about the last attempt, or empty */
    struct lcf_oddity oddity;    /* what the last answer looked like, where that was no envelope */

    enum lcf_outcome outcome;    /* LCF_PENDING until the state is LCF_ENDED */
    enum lcf_kind kind;
    double retry_after;          /* seconds that the API asked to wait; -1 where it did not */

    struct lcf_exchange *next_news; /* the engine's list of those with something untold */
    bool has_news;
    size_t told;                 /* entries that whoever listens has been told of */
    bool end_told;
    bool taken;                  /* it brought a secret, and somebody has been given it */
    bool lost;                   /* it brought a secret, and whoever could have taken it is gone */
};

/* Holds `profile` and `secret` itself. NULL when memory is short: nothing was sent. */
struct lcf_exchange *lcf_exchange_new(const struct lcf_request *request, struct lcf_profile *profile,
                                      struct lcf_secret *secret, double now);
struct lcf_exchange *lcf_exchange_hold(struct lcf_exchange *exchange);
void lcf_exchange_release(struct lcf_exchange *exchange); /* NULL is none */

/* Takes the next step that is due at `now`; `jitter` (0 to 1) is for the attempt that may end. */
void lcf_exchange_turn(struct lcf_exchange *exchange, struct lcf_carrier *carrier, double now, double jitter);
/* libcurl has finished its attempt with `rc`. */
void lcf_exchange_finish(struct lcf_exchange *exchange, struct lcf_carrier *carrier, int rc, double now, double jitter);
/* Ends it at once. */
void lcf_exchange_cancel(struct lcf_exchange *exchange, struct lcf_carrier *carrier, double now);

/* Whether its request waits for a connection. */
bool lcf_exchange_is_opening(const struct lcf_exchange *exchange);

/* Whether the operation's own request may have left, so far. */
bool lcf_exchange_may_have_sent(const struct lcf_exchange *exchange);

/* The last attempt that ended, or NULL. */
const struct lcf_entry *lcf_exchange_last(const struct lcf_exchange *exchange);

/* The answer that the outcome is told by: the last of any kind, but of a failure the last that was no
 * yes. NULL where none came. */
const struct lcf_entry *lcf_exchange_answer(const struct lcf_exchange *exchange);

/* Whether it ended with a new secret, which stands in its answer alone; and the id of the token that a yes without
 * one named, or NULL. */
bool lcf_exchange_brings_secret(const struct lcf_exchange *exchange);
const char *lcf_exchange_made_id(const struct lcf_exchange *exchange);

/* Wipes the answer's body, of which everything has been made. */
void lcf_exchange_forget_body(struct lcf_exchange *exchange);

/* The body that the outcome rests on; empty where there was no envelope. */
struct lcf_text lcf_exchange_body(const struct lcf_exchange *exchange);

#endif
