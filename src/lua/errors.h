#ifndef LCF_ERRORS_H
#define LCF_ERRORS_H

#include "../transport/exchange.h"
#include "compat.h"

/* The error object. The only maker of errors. */

/* [-0, +1, e] Pushes the metatable of error objects. */
void lcf_errors_open(lua_State *L);

/* [-0, +2, e] nil and the error of a call whose attempts cannot be told: returns 2. */
int lcf_fail_as(lua_State *L, enum lcf_kind kind, enum lcf_nature nature, enum lcf_outcome outcome,
                const char *function, const char *message);

/* [-0, +2, e] The same for a call that sent nothing. */
int lcf_fail(lua_State *L, enum lcf_kind kind, const char *function, const char *message);

/* [-0, +2, e] The same for a bad value, found before anything was sent.
 * `message` says what is wrong and what to do, and never repeats the value. */
int lcf_bad_value(lua_State *L, const char *function, const char *argument, const char *message);

/* [-0, +0, v] Raises a message at the place that called the Lua closure which called us. */
int lcf_raise(lua_State *L, const char *message);

/* [-0, +0, v] Raises want of C's memory as Lua raises want of its own: in the same words, which tell no place. */
int lcf_no_memory(lua_State *L);

/* [-0, +0, v] Raises a programmer's mistake at the place that called the Lua closure which
 * called us: "bad argument #2 to 'delete' (string expected, got nil)". */
int lcf_bad_argument(lua_State *L, const char *function, int argument, const char *message);
/* [-0, +0, v] The same for a value of a wrong type. */
int lcf_wrong_type(lua_State *L, const char *function, int argument, const char *expected, int index);

/* [-1, +1, e] An error object around the `http` table on top of the stack, with a plain message. */
void lcf_error_plain(lua_State *L, enum lcf_kind kind, enum lcf_nature nature, enum lcf_outcome outcome,
                     const char *message);

/* The outcome that an error tells. A yes whose result cannot be given is an error too: of a read the call has then
 * `failed`; any other stays `ok`, for what it did is done. */
enum lcf_outcome lcf_error_outcome(const struct lcf_exchange *exchange);

/* [-1, +1, e] The error that an ended exchange amounts to, around the `http` table on top of
 * the stack. `envelope` is the index of the envelope, or 0; `unbuilt` why lua-cjson made no tables
 * of it, or NULL. */
void lcf_error_push(lua_State *L, const struct lcf_exchange *exchange, int envelope, const char *unbuilt);

#endif
