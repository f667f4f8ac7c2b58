#ifndef LCF_KINDS_H
#define LCF_KINDS_H

#include "span.h"

/* What a value that turned up somewhere is, by its looks alone: nothing is asked. */

enum lcf_value_kind {
    LCF_VALUE_UNKNOWN,
    LCF_VALUE_ACCOUNT,   /* an account's token: "cfat_" */
    LCF_VALUE_USER,      /* a user's token: "cfut_" */
    LCF_VALUE_KEY,       /* a global API key: "cfk_", or 37 hexadecimal digits */
    LCF_VALUE_OAUTH,     /* an OAuth token: "cfoat_" */
    LCF_VALUE_R2_SECRET, /* the secret of an R2 access key, which is the SHA-256 of a token's value */
    LCF_VALUE_ID,        /* a token's id, or the R2 access key id that equals it */
    LCF_VALUE_OLDER      /* of a token's length until 2026: an account's or a user's */
};

enum lcf_checksum {
    LCF_CHECKSUM_NONE, /* values of this kind have none, as far as is published */
    LCF_CHECKSUM_FITS,
    LCF_CHECKSUM_WRONG /* cut short, mistyped or made up */
};

/* A wrong checksum is a reason to look again, not to refuse: the format may grow. */
struct lcf_value {
    enum lcf_value_kind kind;
    enum lcf_checksum checksum;
};

struct lcf_value lcf_value_of(struct lcf_span value);

/* "account", "r2_secret" … */
const char *lcf_value_kind_name(enum lcf_value_kind kind);

#endif
