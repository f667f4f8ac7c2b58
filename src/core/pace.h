#ifndef LCF_PACE_H
#define LCF_PACE_H

#include <stdbool.h>

/* How fast a client may go: a budget for retries, and the block that the server asked for.
 * It answers questions and never sleeps. Times are monotonic seconds. */

#define LCF_PACE_FULL 100 /* tenths of a retry: ten, that a quiet client may spend at once */
#define LCF_PACE_RETRY 10 /* tenths that one retry costs; each call begun earns one tenth */

struct lcf_pace {
    int tenths;
    double blocked_until;
};

void lcf_pace_start(struct lcf_pace *pace);
void lcf_pace_earn(struct lcf_pace *pace);
bool lcf_pace_affords(const struct lcf_pace *pace);
void lcf_pace_spend(struct lcf_pace *pace);
void lcf_pace_block(struct lcf_pace *pace, double until);

#endif
