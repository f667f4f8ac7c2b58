#ifndef LCF_LOOP_H
#define LCF_LOOP_H

#include "../core/refusals.h"
#include "../transport/engine.h"
#include "compat.h"

/* The one engine of this Lua state: made at the first call of each process, stepped from Lua.
 * Between its steps it says when events are told: never while the engine is stepped, nor from inside a listener. */

/* [-0, +0, e] Makes the metatable and the loop. Finalizers run in the reverse order of creation, so the loop, made
 * early, outlives what needs it. May follow a load that failed anywhere. */
void lcf_loop_open(lua_State *L);

/* [-0, +0, e] The engine of this process, made if there is none; NULL where that failed. */
struct lcf_engine *lcf_loop_engine(lua_State *L);
/* [-0, +0, -] The same, but NULL where none has been made. */
struct lcf_engine *lcf_loop_current(lua_State *L);

/* [-0, +0, -] Whether the state still has that engine: a closing state frees it while finalizers may still begin calls. */
bool lcf_loop_has(lua_State *L, const struct lcf_engine *engine);

/* [-0, +0, -] One client more is open, or one less: with the last its idle connections are closed. */
void lcf_loop_count_client(lua_State *L, int change);

/* [-1, +0, e] Tells the function (or whatever lies) on top of the stack of a call that a bad value ended. */
void lcf_loop_tell_unsent(lua_State *L, const char *operation);

/* [-0, +0, -] Tells all news. Errors of listeners are dropped: they never alter a call. */
void lcf_loop_deliver(lua_State *L);

/* [-0, +0, v] Raises where called from inside on_event. */
void lcf_loop_check_outside_listener(lua_State *L, const char *function);

/* [-0, +0, v] The number of seconds at `index`, or `fallback` where there is none; it must not be negative. */
double lcf_optional_seconds(lua_State *L, int index, double fallback, const char *function, int argument);

/* [-0, +0, -] Whether on_event is being told, or the engine steps. */
bool lcf_loop_is_busy(lua_State *L);

/* [-0, +0, v] Resumes the tasks whose wait is over, unless on_event is being told. */
void lcf_loop_advance(lua_State *L);

/* step([seconds [, rests]]): [-0, +2, v] how many calls and tasks are in flight, and how many have ended so far.
 * Where nothing is in flight it waits only if a task rests, or `rests` says so. */
int lcf_loop_step(lua_State *L);
/* pollfd(): [-0, +1, -] the descriptor to watch for whoever waits, or nil where there is none. */
int lcf_loop_pollfd(lua_State *L);
/* timeout(): [-0, +1, -] seconds until a step is wanted even if the descriptor is silent, or nil. */
int lcf_loop_timeout(lua_State *L);
/* ends(): [-0, +1, -] how many calls have ended so far. */
int lcf_loop_ends(lua_State *L);
/* note_end(): [-0, +0, e] One task more has ended. */
int lcf_loop_note_end(lua_State *L);
/* pause([most]): [-0, +1, -] how long a polling host should sleep now, in seconds. */
int lcf_loop_pause(lua_State *L);
/* refusals_left([most]): [-0, +2, v] how many more values may be refused before asking about one risks a lock-out, and
 * seconds until one may. Counted for the Lua state, all its clients together: the API counts by address. */
int lcf_loop_refusals_left(lua_State *L);
/* note_lockout(): [-0, +0, -] The API has refused a value because of a lock-out: no more may be asked about for now. */
int lcf_loop_note_lockout(lua_State *L);
/* now(): [-0, +1, -] monotonic seconds. */
int lcf_loop_now(lua_State *L);
/* uptime(): [-0, +1, -] monotonic seconds, of which those count that the machine is suspended. */
int lcf_loop_uptime(lua_State *L);
/* can_yield(): [-0, +1, -] */
int lcf_loop_can_yield(lua_State *L);

#endif
