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

/* The block of that credential, or else the one that ends first. */
static struct lcf_block *place_for(struct lcf_pace *pace, uint64_t whose)
{
    struct lcf_block *place = pace->blocks;
    for (struct lcf_block *b = pace->blocks; b < pace->blocks + LCF_BLOCKS; b++) {
        if (b->whose == whose) return b;
        if (b->until < place->until) place = b;
    }
    return place;
}

void lcf_pace_block(struct lcf_pace *pace, uint64_t whose, double now, double seconds)
{
    struct lcf_block *place = place_for(pace, whose);
    double until = now + (seconds < LCF_BLOCK_MAX ? seconds : LCF_BLOCK_MAX);
    if (place->whose != whose || until > place->until) *place = (struct lcf_block){whose, until};
}

double lcf_pace_blocked_until(const struct lcf_pace *pace, uint64_t whose)
{
    for (const struct lcf_block *b = pace->blocks; b < pace->blocks + LCF_BLOCKS; b++)
        if (b->whose == whose) return b->until;
    return 0;
}
