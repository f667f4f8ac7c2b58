#include "refusals.h"

void lcf_refusals_note(struct lcf_refusals *r, double now)
{
    r->ends[r->next] = now + LCF_REFUSALS_WINDOW;
    r->next = (r->next + 1) % LCF_REFUSALS_MAX;
}

void lcf_refusals_lock(struct lcf_refusals *r, double now)
{
    r->locked_until = now + LCF_REFUSALS_WINDOW;
}

int lcf_refusals_left(const struct lcf_refusals *r, int most, double now)
{
    if (r->locked_until > now) return 0;
    for (int i = 0; i < LCF_REFUSALS_MAX && most > 0; i++) most -= r->ends[i] > now;
    return most;
}

double lcf_refusals_wait(const struct lcf_refusals *r, int most, double now)
{
    double until = r->locked_until;
    int blocking = (r->next - most + LCF_REFUSALS_MAX) % LCF_REFUSALS_MAX; /* the refusal `most` before the next */
    if (r->ends[blocking] > until) until = r->ends[blocking];
    return until > now ? until - now : 0;
}
