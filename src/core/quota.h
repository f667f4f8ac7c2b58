#ifndef LCF_QUOTA_H
#define LCF_QUOTA_H

#include "span.h"

#include <stdint.h>

/* How many requests of a credential are left before the API answers 429, as its answers say (Ratelimit and
 * Ratelimit-Policy), or else by the published quota. It answers questions and never sleeps; times are monotonic
 * seconds. Only runs of many requests heed it, and leave a tenth of it to whoever works beside them. */

#define LCF_QUOTA_LIMIT 1200.0  /* requests in a window: the published quota */
#define LCF_QUOTA_WINDOW 300.0  /* seconds */
#define LCF_QUOTA_LONGEST 3600.0 /* a longer window is taken for garbage */

/* What the header lines of one answer say; of several items the one with the fewest requests left. */
struct lcf_allowance {
    bool has_left, has_limit;
    double left, seconds; /* requests, and until the window ends */
    double limit;         /* requests in a window */
};

/* Takes one raw header line. */
void lcf_allowance_line(struct lcf_allowance *allowance, struct lcf_span line);

struct lcf_quota {
    uint64_t whose; /* a mark of the credential that was told last */
    double limit, left, until;
};

/* One request of that credential was answered at `now`. Within a window the least that any answer says holds. */
void lcf_quota_hear(struct lcf_quota *quota, uint64_t whose, double now, const struct lcf_allowance *allowance);

/* How long one request more should wait while `in_flight` others are not answered; 0 where it may go at once. */
double lcf_quota_rest(const struct lcf_quota *quota, uint64_t whose, double now, double in_flight);

#endif
