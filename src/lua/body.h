#ifndef LCF_BODY_H
#define LCF_BODY_H

#include "options.h"

/* A Lua table as JSON text. lua-cjson cannot say `[]`, and its settings are the host's; this writer knows which
 * fields are arrays, and equal tables give equal bytes.
 *
 * Tables with keys 1..n are arrays, others objects, their keys sorted. An empty table is `{}`, unless cloudflare.array
 * (or OpenResty's lua-cjson: array_mt, empty_array_mt) marked it or its field is one of `lists`. The null of
 * lua-cjson is null. Strings are UTF-8, numbers finite; nothing is nested deeper than LCF_BODY_DEPTH. Tables are read
 * raw: no metamethod runs. */

#define LCF_BODY_DEPTH 32

/* The fields of a token that the published schema calls arrays, at whatever depth they stand. */
extern const char *const lcf_token_lists[];

/* [-0, +0, e] */
void lcf_body_open(lua_State *L);

/* [-0, +1, e] Pushes the text of the value at `index` (not counted from the top), or, with a fault, what the fault's
 * words rest on: its argument is the field, as in "policies[2].effect", behind `where` and a dot if `where` is not
 * empty; the value at `index` itself is called `whole`. `lists` ends in NULL, and may be NULL. */
struct lcf_fault lcf_body_push(lua_State *L, int index, const char *whole, const char *where, const char *const *lists);

/* cloudflare.array(table): [-0, +1, v] marks a table as an array, even when it is empty, and returns it. */
int lcf_array(lua_State *L);

#endif
