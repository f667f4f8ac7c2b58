#ifndef LCF_SENTENCE_H
#define LCF_SENTENCE_H

#include "../transport/exchange.h"
#include "compat.h"
#include "hints.h"

/* [-0, +1, e] What became of an ended call that is told as an error, and what to do, in one sentence without the
 * secret. `said` is the first error of its answer's envelope, `hint` what that means, or NULL; `unbuilt` is why
 * lua-cjson made no tables of the answer, or NULL. */
void lcf_sentence_push(lua_State *L, const struct lcf_exchange *exchange, const struct lcf_said *said,
                       const struct lcf_hint *hint, const char *unbuilt);

#endif
