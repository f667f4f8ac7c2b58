#ifndef LCF_VERDICT_H
#define LCF_VERDICT_H

#include "idents.h"
#include "scanner.h"

/* Reads one reply of the API: its status and its envelope must agree before anything is believed. */

#define LCF_CODES_MAX 8 /* error codes kept for the trace; the envelope itself keeps all */

enum lcf_verdict {
    LCF_AMBIGUOUS, /* nothing is proven */
    LCF_PROVEN,    /* 200, success, and the id asked for (or any, where none was asked for) */
    LCF_UNNAMED,   /* 200, success, but the result names no id or another one */
    LCF_ABSENT,    /* an authoritative 404 whose codes are all about the token */
    LCF_REFUSAL    /* any other authoritative 4xx; a 404 about the route or the credential too */
};

/* Codes that decide how a call goes on. */
enum {
    LCF_CODE_AUTHENTICATION = 10000, /* also seen as a passing fault of good credentials */
    LCF_CODE_LOCKED_OUT = 10502      /* too many authentication failures: asking again makes it last */
};

/* What the envelope's `success` said, if the whole body is one strictly valid envelope. */
enum lcf_success { LCF_NO_ENVELOPE, LCF_SUCCESS, LCF_FAILURE };

/* What the result named. */
enum lcf_named { LCF_NAMED_NONE, LCF_NAMED_ID, LCF_NAMED_OTHER };

struct lcf_reply {
    int status;
    bool complete; /* framed completely, and not encoded in a way that was not asked for */
    bool cached;   /* a read that a cache answered: it proves nothing about now */
    struct lcf_span body;
};

struct lcf_reading {
    enum lcf_verdict verdict;
    enum lcf_success success;
    enum lcf_named named;      /* LCF_NAMED_OTHER: an id that is not shaped like one */
    char id[LCF_ID_LEN + 1];   /* set with LCF_NAMED_ID */
    size_t code_count;
    int codes[LCF_CODES_MAX];  /* of the errors and of their error_chain */
    bool about_access;         /* some code is about the route or the credential, not about the token */
};

/* `asked` is the id that the result must name, or NULL where any token's id is an answer. */
struct lcf_reading lcf_read_reply(const struct lcf_reply *reply, const char *asked);

/* Whether `code` is among the codes that are kept. */
bool lcf_reading_has(const struct lcf_reading *reading, int code);

#endif
