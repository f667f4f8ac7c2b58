#ifndef LCF_ROUTE_H
#define LCF_ROUTE_H

#include <stdbool.h>

/* How a client reaches the API. A NULL is libcurl's or this system's default. */
struct lcf_route {
    char *proxy;
    char *ca_file; /* either of these replaces the system's trust store */
    char *ca_path;
    char *user_agent;
};

/* Whether it has no trust store of its own. */
bool lcf_route_trusts_system(const struct lcf_route *route);

/* The variable of the environment that names the proxy, where the route leaves it to libcurl; or NULL. */
const char *lcf_route_proxy_variable(const struct lcf_route *route);

#endif
