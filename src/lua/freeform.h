#ifndef LCF_LUA_FREEFORM_H
#define LCF_LUA_FREEFORM_H

#include "options.h"

/* A request of the caller's own making: cf.request(method, path, options). Its query, body and header lines stand in
 * its options. */

/* [-0, +1, e] Pushes the path at `index`, escaped for a URL; or, with a fault, what the fault's words rest on. */
struct lcf_fault lcf_freeform_push_path(lua_State *L, int index);

/* [-0, +n, e] Reads the method at `index` and the path behind it, and the options, whose tables lie from `hooks` on,
 * into the request; pushes what it rests on, then the escaped path and the query. */
struct lcf_fault lcf_freeform_read(lua_State *L, int index, int hooks, const struct lcf_options *options,
                                   struct lcf_request *request);

#endif
