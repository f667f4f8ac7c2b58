#include "route.h"

#include <stddef.h>
#include <stdlib.h>

bool lcf_route_trusts_system(const struct lcf_route *route)
{
    return !route->ca_file && !route->ca_path;
}

/* In libcurl's order. */
const char *lcf_route_proxy_variable(const struct lcf_route *route)
{
    static const char *const names[] = {"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"};
    for (size_t i = 0; !route->proxy && i < sizeof names / sizeof *names; i++) {
        const char *value = getenv(names[i]);
        if (value && value[0]) return names[i];
    }
    return NULL;
}
