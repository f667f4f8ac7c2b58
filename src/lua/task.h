#ifndef LCF_TASK_H
#define LCF_TASK_H

#include "compat.h"

/* What task.lua and the bodies of composite operations ask of C, besides what wait.lua does. */

/* [-0, +0, e] Adds the functions to the table on top of the stack. */
void lcf_task_add(lua_State *L);

#endif
