#ifndef LCF_VERDICT_H
#define LCF_VERDICT_H

#include "idents.h"
#include "scanner.h"

/* Reads one reply of the API: its status and its envelope must agree before anything is believed. */

#define LCF_CODES_MAX 8 /* error codes kept for the trace; the envelope itself keeps all */

enum lcf_verdict {
    LCF_AMBIGUOUS, /* nothing is proven */
    LCF_PROVEN,    /* a yes whose result is what the operation expects */
    LCF_UNNAMED,   /* a yes whose result is something else: no id, another id, no secret */
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
    bool has_value;            /* the result has a `value`: a secret */
    bool about_access;         /* some code is about the route or the credential, not about the token */
};

/* What the result of a yes must be for the yes to be believed. All but the last two call for status 200 and an
 * envelope. */
enum lcf_expects {
    LCF_THIS_ID,      /* an object with exactly the id asked for */
    LCF_SOME_ID,      /* an object with an id */
    LCF_ID_AND_VALUE, /* an object with an id and a secret: a string that is not empty */
    LCF_STRING,       /* a secret alone */
    LCF_LIST,         /* an array */
    LCF_ENVELOPE,     /* an envelope of any 2xx, whatever its result; or 204 or 205 without a body */
    LCF_BYTES         /* any complete 2xx */
};

struct lcf_expected {
    enum lcf_expects what;
    const char *id; /* for LCF_THIS_ID */
};

struct lcf_reading lcf_read_reply(const struct lcf_reply *reply, const struct lcf_expected *expected);

/* Whether `code` is among the codes that are kept. */
bool lcf_reading_has(const struct lcf_reading *reading, int code);

#endif
