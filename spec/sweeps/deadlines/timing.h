#ifndef LCF_SPEC_TIMING_H
#define LCF_SPEC_TIMING_H

#include <stdbool.h>

/* The clock that the engine, libcurl and the servers read, and the one place where the engine waits:
 * this program's own clock_gettime and epoll_wait stand before libc's. While time is simulated it passes
 * by a microsecond each time it is read, and by what was asked to wait wherever no socket is ready. */

struct server;

/* From now on, with this server to be served while the engine waits; NULL: the real clock. */
void time_simulate(struct server *server);

double time_now(void);

/* A host that does something else for so long. */
void time_pass(double seconds);

/* A host that watches one descriptor itself, for so long at most. */
void time_watch(int descriptor, double seconds);

/* How long this thread could have run and was not let run by the machine, ever since it began. */
double time_stolen(void);

#endif
