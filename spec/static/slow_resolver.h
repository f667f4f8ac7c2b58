#ifndef LCF_SPEC_STATIC_SLOW_RESOLVER_H
#define LCF_SPEC_STATIC_SLOW_RESOLVER_H

/* A resolver that takes its time, for names that ask for it: libcurl calls this one. */

#include <dlfcn.h>
#include <netdb.h>
#include <string.h>
#include <unistd.h>

__attribute__((visibility("default"))) int getaddrinfo(const char *name, const char *service,
                                                       const struct addrinfo *hints, struct addrinfo **found)
{
    int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **);
    *(void **)&real = dlsym(RTLD_NEXT, "getaddrinfo");
    if (!name || strncmp(name, "slow.", 5) != 0) return real(name, service, hints, found);
    usleep(300000);
    return EAI_NONAME;
}

#endif
