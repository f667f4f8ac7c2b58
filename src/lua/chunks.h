#ifndef LCF_CHUNKS_H
#define LCF_CHUNKS_H

#include "compat.h"

/* The module's own Lua, embedded: each file of this folder is an array of its lines. */

/* [-0, +1, e] The function that a file of Lua compiles to; `name` is one of theirs, without ".lua". */
void lcf_chunk_push(lua_State *L, const char *name);

/* compile(name): [-0, +1, e] the same. */
int lcf_chunk_compile(lua_State *L);

#endif
