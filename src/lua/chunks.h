#ifndef LCF_CHUNKS_H
#define LCF_CHUNKS_H

#include "compat.h"

/* The module's own Lua, embedded: each file of this folder is an array of its lines. */

enum lcf_chunk {
    LCF_CHUNK_NGINX,
    LCF_CHUNK_TASK,
    LCF_CHUNK_BULK,
    LCF_CHUNK_WALK,
    LCF_CHUNK_PAGES,
    LCF_CHUNK_IDENTIFY,
    LCF_CHUNK_POLICY,
    LCF_CHUNK_FIELDS,
    LCF_CHUNK_LIFE,
    LCF_CHUNK_JOURNAL,
    LCF_CHUNK_WAIT,
    LCF_CHUNK_NAMESPACES
};

/* [-0, +1, e] The function that a file of Lua compiles to. */
void lcf_chunk_push(lua_State *L, enum lcf_chunk chunk);

#endif
