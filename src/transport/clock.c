#define _POSIX_C_SOURCE 200809L
#define _FILE_OFFSET_BITS 64
#define _TIME_BITS 64 /* behind 2038 on a machine of 32 bits, where the call fails otherwise */
#include "clock.h"

#include <math.h>
#include <time.h>

#define LONGEST_REST 86400.0 /* seconds; who rests longer asks again */

static double seconds(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

double lcf_now(void)
{
    return seconds(CLOCK_MONOTONIC);
}

double lcf_uptime(void)
{
#ifdef CLOCK_BOOTTIME /* Linux: CLOCK_MONOTONIC stands still there while the machine is suspended */
    return seconds(CLOCK_BOOTTIME);
#else
    return lcf_now();
#endif
}

void lcf_rest(double length)
{
    if (length > LONGEST_REST) length = LONGEST_REST;
    double whole = floor(length);
    struct timespec t = {(time_t)whole, (long)((length - whole) * 1e9)};
    nanosleep(&t, NULL);
}

double lcf_unix_time(void)
{
    return seconds(CLOCK_REALTIME);
}
