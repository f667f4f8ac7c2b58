#ifndef LCF_OPERATIONS_H
#define LCF_OPERATIONS_H

#include "../transport/exchange.h"
#include "compat.h"

/* The table of operations: one row an API operation becomes Lua functions, plain and async (namespaces.lua). */

/* What repeating an operation would do; of a name that is none's, nothing. */
enum lcf_nature lcf_operation_nature(const char *name);

/* [-0, +1, e] The rows, as light userdata, by their dotted names. */
void lcf_operations_push(lua_State *L);

#endif
