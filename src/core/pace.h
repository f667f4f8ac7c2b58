#ifndef LCF_PACE_H
#define LCF_PACE_H

#include <stdbool.h>
#include <stdint.h>

/* How fast a client may go: a budget for retries, and the blocks that the server asked for.
 * It answers questions and never sleeps. Times are monotonic seconds. */

#define LCF_PACE_FULL 100 /* tenths of a retry: ten, that a quiet client may spend at once */
#define LCF_PACE_RETRY 10 /* tenths that one retry costs; each call begun earns one tenth */
#define LCF_BLOCK_MAX 900.0 /* seconds that a block is remembered at most: the API's own last 300 */
#define LCF_BLOCKS 8        /* credentials of one client whose blocks are remembered at once */

struct lcf_block {
    uint64_t whose; /* a mark of the credential */
    double until;
};

struct lcf_pace {
    int tenths;
    struct lcf_block blocks[LCF_BLOCKS];
};

void lcf_pace_start(struct lcf_pace *pace);
void lcf_pace_earn(struct lcf_pace *pace);
bool lcf_pace_affords(const struct lcf_pace *pace);
void lcf_pace_spend(struct lcf_pace *pace);

/* The server told one credential to wait `seconds` from `now`; the longer of two blocks holds. */
void lcf_pace_block(struct lcf_pace *pace, uint64_t whose, double now, double seconds);
/* Until when that credential is blocked; 0 where it never was. */
double lcf_pace_blocked_until(const struct lcf_pace *pace, uint64_t whose);

#endif
