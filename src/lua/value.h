#ifndef LCF_LUA_VALUE_H
#define LCF_LUA_VALUE_H

#include "options.h"

/* A value that turned up somewhere, and may be a token's: what it is by its looks, and whether the API can be asked
 * whose it is. The value itself is never repeated. */

/* What keeps the API from being asked about a value, and what to do instead; `message` NULL for nothing. */
struct lcf_fault lcf_value_fault(struct lcf_text value);

/* secret_kind(value): [-0, +2, v] the name of its kind, and whether its checksum fits; nil where it has none. */
int lcf_secret_kind(lua_State *L);

#endif
