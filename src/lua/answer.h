#ifndef LCF_ANSWER_H
#define LCF_ANSWER_H

#include "../transport/exchange.h"
#include "compat.h"

/* A finished exchange becomes `result, envelope` or `nil, error`. The plain form of every
 * possible answer is reserved before anything is sent: when Lua has no memory left for the rich
 * one, the outcome still reaches the caller. Where lua-cjson fails for any other reason, the answer is
 * made of what the scanner read. */

/* [-0, +1, e] Pushes the reserve for an exchange that is about to begin; the call is at `call`. */
void lcf_answer_reserve(lua_State *L, const struct lcf_exchange *exchange, int call);

/* [-0, +0, e] Adapts the reserve on top of the stack, unused by an ended deletion of the same client, to `exchange`,
 * which is about to begin. */
void lcf_answer_renew(lua_State *L, const struct lcf_exchange *exchange);

/* [-0, +2, -] Pushes the answer of an ended exchange; `reserve` is the index of its reserve. Returns whether that was
 * not used. */
bool lcf_answer_push(lua_State *L, const struct lcf_exchange *exchange, bool missing_ok, int reserve);

/* [-0, +2, e] The function that builds the rich answer, for LCF_SLOT_ANSWER. */
int lcf_answer_build(lua_State *L);

#endif
