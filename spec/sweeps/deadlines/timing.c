#define _GNU_SOURCE
#include "timing.h"
#include "server.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define READING_TAKES 1000 /* nanoseconds */
#define REAL_PATIENCE 1    /* milliseconds for what was just sent to arrive */

static struct server *served;
static _Atomic int64_t nanoseconds = 1000000000;

__attribute__((visibility("default"))) int clock_gettime(clockid_t clock, struct timespec *t)
{
    if (!served || clock == CLOCK_REALTIME) return (int)syscall(SYS_clock_gettime, clock, t);
    int64_t now = atomic_fetch_add(&nanoseconds, READING_TAKES);
    *t = (struct timespec){(time_t)(now / 1000000000), (long)(now % 1000000000)};
    return 0;
}

static int really_wait(int epoll, struct epoll_event *events, int most, int ms)
{
    return (int)syscall(SYS_epoll_pwait, epoll, events, most, ms, NULL, 8);
}

/* Serves, and lets time pass until a socket of `epoll` (or, with -1, nothing but the end) is ready. */
static int simulate(int epoll, struct epoll_event *events, int most, double seconds)
{
    double until = time_now() + seconds;
    for (;;) {
        bool busy = server_serve(served);
        int n = epoll < 0 ? 0 : really_wait(epoll, events, most, busy ? REAL_PATIENCE : 0);
        if (n != 0) return n;
        if (busy) continue;
        double now = time_now(), due = fmin(until, server_due(served));
        if (now >= until) return 0;
        if (due > now) atomic_fetch_add(&nanoseconds, (int64_t)ceil((due - now) * 1e9));
    }
}

__attribute__((visibility("default"))) int epoll_wait(int epoll, struct epoll_event *events, int most, int ms)
{
    return served ? simulate(epoll, events, most, ms * 1e-3) : really_wait(epoll, events, most, ms);
}

void time_simulate(struct server *server)
{
    served = server;
}

double time_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

void time_pass(double seconds)
{
    if (served) simulate(-1, NULL, 0, seconds);
    else usleep((useconds_t)(seconds * 1e6));
}

void time_watch(int descriptor, double seconds)
{
    struct epoll_event event;
    epoll_wait(descriptor, &event, 1, (int)ceil(fmin(seconds, 1e6) * 1000));
}

/* The kernel counts it: /proc/thread-self/schedstat, its second number, in nanoseconds. */
double time_stolen(void)
{
    long long ran, waited;
    FILE *file = served ? NULL : fopen("/proc/thread-self/schedstat", "re");
    if (!file) return 0;
    int read = fscanf(file, "%lld %lld", &ran, &waited);
    fclose(file);
    return read == 2 ? (double)waited * 1e-9 : 0;
}
