#ifndef LCF_PROFILE_H
#define LCF_PROFILE_H

#include "../core/pace.h"
#include "../core/quota.h"
#include "handles.h"
#include "route.h"

/* What all calls of one client share. It is held by the client and by each of its calls; the last to let go
 * frees it. */

struct lcf_profile {
    unsigned holders;
    struct lcf_route route;
    char *base_url;              /* without a trailing slash */
    struct lcf_pace pace;
    struct lcf_quota quota;
    struct lcf_handles handles;
    int opening;                 /* calls that wait for a connection; the engine counts */
    double last_due;             /* when every attempt begun so far will have ended */
    double suspect_until;          /* until then a connection that fell silent may still be in the pool */
};

struct lcf_profile *lcf_profile_new(void); /* NULL when memory is short */
struct lcf_profile *lcf_profile_hold(struct lcf_profile *profile);
void lcf_profile_release(struct lcf_profile *profile); /* NULL is none */

#endif
