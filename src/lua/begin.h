#ifndef LCF_BEGIN_H
#define LCF_BEGIN_H

#include "../transport/secret.h"
#include "compat.h"

/* How a call is made: what wait.lua asks before anything is sent, and the sending. Each function takes a row of the
 * table of operations first, and the client (nil is the default one). */

/* [-0, +0, e] Makes the seal's metatable. */
void lcf_begin_open(lua_State *L);

/* check(row, client, ...): [-0, +0|4, v] raises for a programmer's mistake, and returns nothing for a bad value. Else:
 * true; the sleep function or nil; the api_token function or nil, false where the call's own options hold the
 * credential; the timeout of the whole call. */
int lcf_begin_check(lua_State *L);

/* seal(token [, why]): [-0, +1, e] a seal, or a string that says what is wrong. */
int lcf_begin_seal(lua_State *L);

/* seal_value(value): [-0, +1, e] a seal of a value to ask about, whatever it is. */
int lcf_begin_seal_value(lua_State *L);

/* [-0, +0, -] The credential in the seal at `index`; NULL where none stands there. */
const struct lcf_secret *lcf_begin_sealed(lua_State *L, int index);

/* begin(row, client, async, seal, ...): [-0, +1|2, v] the call, or nil and an error. */
int lcf_begin_call(lua_State *L);

/* inspect(row, client, seal, ...): [-0, +1|2, v] for a call of several requests: the error that begin would return for
 * a bad value, without telling a listener; else nil and the credential of its requests: a seal of the one in the
 * options, or `seal` itself. */
int lcf_begin_inspect(lua_State *L);

/* refuse(row, client, async, message): [-0, +1|2, v] the answer of a call that this place cannot wait for. */
int lcf_begin_refuse(lua_State *L);

#endif
