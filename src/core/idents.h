#ifndef LCF_IDENTS_H
#define LCF_IDENTS_H

#include "span.h"

/* What an id, a credential and a header value may look like. */

/* "Identifier": minLength = maxLength = 32 in the published schema. */
#define LCF_ID_LEN 32

enum lcf_id_fault {
    LCF_ID_GOOD,
    LCF_ID_EMPTY,
    LCF_ID_SECRET,     /* a token's value, or something as long as one: never repeat it */
    LCF_ID_LENGTH,
    LCF_ID_UPPER_CASE, /* would be an id in lower case */
    LCF_ID_BYTES
};
enum lcf_id_fault lcf_check_id(struct lcf_span id);

/* The longest credential that is taken; the API's are 37 to 80 bytes. */
#define LCF_CREDENTIAL_MAX 4096

/* A token or key: visible ASCII without spaces (RFC 6750 allows fewer bytes still), and none of what people
 * paste, export or mount in place of one. */
enum lcf_credential_fault {
    LCF_CREDENTIAL_GOOD,
    LCF_CREDENTIAL_LENGTH,
    LCF_CREDENTIAL_ENDS,        /* a blank or line end before or behind it */
    LCF_CREDENTIAL_HEADER,      /* "Bearer " or "Authorization:" in front */
    LCF_CREDENTIAL_QUOTED,
    LCF_CREDENTIAL_WRITTEN_OUT, /* a line end of two characters, "\n", behind it */
    LCF_CREDENTIAL_VARIABLE,    /* "${NAME}", "$(command)", "{{ name }}": nothing has put the value in */
    LCF_CREDENTIAL_PLACEHOLDER, /* "<your-token>" */
    LCF_CREDENTIAL_REFERENCE,   /* "op://…": where the secret lies */
    LCF_CREDENTIAL_MASKED,      /* a row of asterisks */
    LCF_CREDENTIAL_BYTES
};
enum lcf_credential_fault lcf_check_credential(struct lcf_span credential);

/* A header value such as an e-mail address or a user agent: printable ASCII, not empty. */
bool lcf_check_header_value(struct lcf_span value);

#endif
