#ifndef LCF_LUA_JSON_H
#define LCF_LUA_JSON_H

#include "../transport/secret.h"
#include "compat.h"

/* JSON as Lua tables, by a private lua-cjson instance (nobody's global settings change ours), and the same
 * in every locale, whenever the process takes it up. */

/* [-0, +2, e] Loads lua-cjson and pushes its decode function and its null. */
void lcf_json_load(lua_State *L);

/* [-1, +1, e] Calls the decode function on top of the stack on `text`, valid JSON. Whole numbers become
 * integers where Lua has them; wherever `secret` stands, "[redacted]" is put in its place. */
void lcf_json_push(lua_State *L, struct lcf_text text, const struct lcf_secret *secret);

/* [-1, +1, e] The string on top of the stack without the secret in it. */
void lcf_redact(lua_State *L, const struct lcf_secret *secret);

#endif
