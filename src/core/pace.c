#include "pace.h"

void lcf_pace_start(struct lcf_pace *pace)
{
    *pace = (struct lcf_pace){.tenths = LCF_PACE_FULL};
}

void lcf_pace_earn(struct lcf_pace *pace)
{
    if (pace->tenths < LCF_PACE_FULL) pace->tenths++;
}

bool lcf_pace_affords(const struct lcf_pace *pace)
{
    return pace->tenths >= LCF_PACE_RETRY;
}

void lcf_pace_spend(struct lcf_pace *pace)
{
    pace->tenths -= LCF_PACE_RETRY;
}

void lcf_pace_block(struct lcf_pace *pace, double until)
{
    if (until > pace->blocked_until) pace->blocked_until = until;
}
