#ifndef LCF_CALL_H
#define LCF_CALL_H

#include "compat.h"

/* A call: what a script holds of an exchange. The engine owns the exchange; dropping the call
 * does not cancel it. These are the C functions that wait.lua is made of. */

/* [-0, +0, e] Makes the metatable; the `wait` method comes from wait.lua. */
void lcf_call_open(lua_State *L);

/* [-0, +1, e] The table of functions handed to wait.lua. */
void lcf_call_push_core(lua_State *L);

#endif
