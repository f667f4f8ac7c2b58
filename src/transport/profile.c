#include "profile.h"
#include "bytes.h"

#include <stdlib.h>
#include <string.h>

struct lcf_profile *lcf_profile_new(void)
{
    struct lcf_profile *p = calloc(1, sizeof *p);
    if (!p) return NULL;
    p->holders = 1;
    lcf_pace_start(&p->pace);
    return p;
}

struct lcf_profile *lcf_profile_hold(struct lcf_profile *p)
{
    p->holders++;
    return p;
}

void lcf_profile_release(struct lcf_profile *p)
{
    if (!p || --p->holders > 0) return;
    if (p->route.proxy) lcf_wipe(p->route.proxy, strlen(p->route.proxy)); /* it may hold a password */
    free(p->route.proxy);
    lcf_handles_free(&p->handles);
    free(p->base_url);
    free(p->route.ca_file);
    free(p->route.ca_path);
    free(p->route.user_agent);
    free(p);
}
