#ifndef LCF_EVENTS_H
#define LCF_EVENTS_H

#include "../transport/exchange.h"
#include "compat.h"

/* The audit log: who listens to which exchange, and what one event says. on_event runs under pcall, and its errors
 * are dropped: they never alter a call. When events are told is the loop's affair. */

/* [-0, +0, e] Makes the table of listeners, unless a former load left one. */
void lcf_events_open(lua_State *L);

/* [-1, +0, e] Makes the function (or false) on top of the stack hear of an exchange to be. */
void lcf_events_listen(lua_State *L, const struct lcf_exchange *exchange);
/* [-0, +1, -] The listener of an exchange, or what lies in its place. */
void lcf_events_push_listener(lua_State *L, const struct lcf_exchange *exchange);
/* [-0, +0, -] */
void lcf_events_forget(lua_State *L, const struct lcf_exchange *exchange);

/* [-0, +0, -] Tells the listener on top of the stack of attempt `entry`, counted from 0, or of the end where `entry` is
 * their number, and whether its secret is `lost`. */
void lcf_events_tell(lua_State *L, const struct lcf_exchange *exchange, size_t entry, bool lost);
/* [-1, +3, e] For the listener on top of the stack: a function and its two arguments, which tell it of a call that
 * ended before it began. */
void lcf_events_push_unsent(lua_State *L, const char *operation);

#endif
