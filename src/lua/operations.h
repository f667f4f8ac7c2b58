#ifndef LCF_OPERATIONS_H
#define LCF_OPERATIONS_H

#include "compat.h"

/* The table of operations: one row an API operation becomes Lua functions, plain and async. */

/* [-0, +1, e] A table with every operation of the client at index `client`, or, with 0, of the
 * default client: { tokens = { delete = … }, accounts = { tokens = … }, async = { … } }. */
void lcf_operations_push(lua_State *L, int client);

#endif
