#ifndef LCF_FREEFORM_H
#define LCF_FREEFORM_H

#include "span.h"

/* What a request of the caller's own making may name: a path below the base URL, and header lines. */

enum lcf_path_fault {
    LCF_PATH_GOOD,
    LCF_PATH_START,   /* no '/' in front: an absolute URL, or nothing */
    LCF_PATH_SEGMENT, /* an empty segment: "//", or '/' at the end, which makes a collection of an item */
    LCF_PATH_DOTS,    /* "." or ".." as a segment */
    LCF_PATH_BYTES    /* '%', '?', '#', '\' or a control byte */
};
/* A path as it is said, not yet escaped. */
enum lcf_path_fault lcf_check_path(struct lcf_span path);

/* How many segments a good path has. */
size_t lcf_path_segments(struct lcf_span path);

/* Whether a byte of a good path stands in a URL as it is; any other is escaped. */
bool lcf_path_keeps(int byte);

/* The longest name of a header line that is taken. */
#define LCF_HEADER_NAME_MAX 256

enum lcf_header_fault {
    LCF_HEADER_GOOD,
    LCF_HEADER_NAME,       /* no name of a header line */
    LCF_HEADER_CREDENTIAL, /* it carries a credential */
    LCF_HEADER_FRAMING,    /* it says where the message ends, how it is encoded, or what its method is */
    LCF_HEADER_VALUE       /* no printable ASCII, or blanks around it */
};
enum lcf_header_fault lcf_check_header(struct lcf_span name, struct lcf_span value);

#endif
