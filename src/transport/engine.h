#ifndef LCF_ENGINE_H
#define LCF_ENGINE_H

#include "exchange.h"

/* Carries every call of one Lua state at once over one libcurl multi handle, and only moves
 * when it is stepped. It belongs to the process and the thread that made it. */

#define LCF_STEP_BUDGET 300e-6 /* seconds of work in one step, after which it says "more" */
#define LCF_STEP_BEGINS 12     /* requests begun a step, besides those that follow an answer: each sets up a handle */
#define LCF_STEP_LATE 0.02     /* seconds that unread sockets may hold a deadline back */
/* Calls of a client that may be waiting for a connection at once: each costs a handshake, unless the connection that
 * comes can carry it as a stream. */
#define LCF_OPENING 4
#define LCF_LOOK 0.25          /* seconds after which libcurl is made to look at what is in flight */
#define LCF_OPENING_RETRY 1e-3 /* seconds after which the others are looked at again */

struct lcf_engine;

struct lcf_engine *lcf_engine_new(void); /* NULL when memory or descriptors are short */

/* Ends what is in flight. In another process than its maker it is abandoned instead: cleaning
 * up there would end the maker's TLS connections. */
void lcf_engine_free(struct lcf_engine *engine);
bool lcf_engine_is_foreign(const struct lcf_engine *engine);

/* Takes a call on and holds it until its end has been told as news. False when memory is short. */
bool lcf_engine_add(struct lcf_engine *engine, struct lcf_exchange *exchange);
void lcf_engine_cancel(struct lcf_engine *engine, struct lcf_exchange *exchange);
/* Cancels all calls of one client. */
void lcf_engine_close(struct lcf_engine *engine, const struct lcf_profile *profile);

/* Whether a client is open, as at first. Where none is, connections are closed as soon as no call is in flight. */
void lcf_engine_need(struct lcf_engine *engine, bool needed);

/* Waits at most `seconds` for something to happen, handles it, and returns how many are in flight. */
size_t lcf_engine_step(struct lcf_engine *engine, double seconds);

/* The next exchange with attempts or an end that have not been told; NULL when there is none. For one that has ended
 * the engine's hold passes to the caller, who releases it. */
struct lcf_exchange *lcf_engine_news(struct lcf_engine *engine);

/* Lets lcf_engine_news return an ended exchange, again if its end was told already. The engine holds it until then. */
void lcf_engine_tell_again(struct lcf_engine *engine, struct lcf_exchange *exchange);

/* Whether nothing is in flight. */
bool lcf_engine_is_idle(const struct lcf_engine *engine);

/* Seconds until a step has something to do even if no socket is ready; INFINITY when nothing is
 * in flight, 0 when there is more to do now. */
double lcf_engine_timeout(const struct lcf_engine *engine);

/* How long a host that polls may sleep: longer the longer nothing stirred, 1 to 10 ms. */
double lcf_engine_pause(const struct lcf_engine *engine);

/* One descriptor that is readable when a socket is ready, or -1 without epoll. */
int lcf_engine_pollfd(const struct lcf_engine *engine);

/* Once a process, before any engine: false when libcurl could not set itself up. */
bool lcf_engine_setup(void);
/* Whether libcurl is new enough to be trusted (7.88), and the version it has. */
bool lcf_engine_supported(const char **version);

#endif
