#ifndef LCF_REFUSALS_H
#define LCF_REFUSALS_H

/* A budget of refused values. Each value that the API refuses is an authentication failure, and after ten or so it may
 * refuse everybody at this address for half an hour, good credentials too. It answers questions and keeps nobody from
 * asking; times are monotonic seconds. */

#define LCF_REFUSALS_WINDOW 1800.0 /* seconds after which a refusal is forgotten, and a lock-out is thought to end */
#define LCF_REFUSALS_DEFAULT 8     /* refusals in a window, when nothing else is said */
#define LCF_REFUSALS_MAX 50        /* that may be said: so many are remembered */

struct lcf_refusals {
    double ends[LCF_REFUSALS_MAX]; /* when each is forgotten, as a ring: the oldest is overwritten */
    int next;
    double locked_until;
};

/* One value was refused at `now`; or the API says that it refuses everybody. */
void lcf_refusals_note(struct lcf_refusals *refusals, double now);
void lcf_refusals_lock(struct lcf_refusals *refusals, double now);

/* How many more may be refused, of `most` in a window; none while a lock-out lasts. */
int lcf_refusals_left(const struct lcf_refusals *refusals, int most, double now);
/* Seconds until one may be refused; 0 where one may now. `most` is 1 to LCF_REFUSALS_MAX. */
double lcf_refusals_wait(const struct lcf_refusals *refusals, int most, double now);

#endif
