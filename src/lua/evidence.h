#ifndef LCF_EVIDENCE_H
#define LCF_EVIDENCE_H

#include "../transport/exchange.h"
#include "compat.h"

/* What a call's attempts showed, as Lua tables: enough for someone else to derive the outcome. */

/* [-0, +1, e] The `http` table of an ended exchange; of a call that made no attempt with NULL. */
void lcf_http_push(lua_State *L, const struct lcf_exchange *exchange);

/* What one attempt proved, in one word; NULL for nothing. Whatever only reads proves what it asks about present. */
const char *lcf_proved(const struct lcf_plan *plan, const struct lcf_entry *entry);

/* [-0, +0, e] Sets `host` of the table on top of the stack: who was asked, by name and port. */
void lcf_set_host(lua_State *L, const struct lcf_exchange *exchange);

/* [-0, +0, e] Sets a text field of the table on top of the stack, redacted; empty text sets none. */
void lcf_set_text(lua_State *L, const char *name, const char *text, const struct lcf_secret *secret);

/* Whether it is whole and every lua_Integer holds it, which has 32 bits in some builds; above 2^53 a double skips whole
 * numbers. */
bool lcf_is_integer(double number);

/* [-0, +0, e] Sets a number field of the table on top of the stack; whole ones as integers. */
void lcf_set_number(lua_State *L, const char *name, double number);

#endif
