#ifndef LCF_REQUEST_H
#define LCF_REQUEST_H

#include "options.h"

/* One row of the table of operations, and how arguments become a checked request by it. */

struct lcf_operation {
    struct lcf_intent intent;
    const char *path;  /* below the base URL; {account} and {token} stand for its arguments */
};

/* Whether a token id is among its arguments: operation(account [, token] [, options]). */
bool lcf_operation_names_token(const struct lcf_operation *operation);
/* "delete" of "tokens.delete". */
const char *lcf_operation_verb(const struct lcf_operation *operation);
/* Where its options stand, counted from 1. */
int lcf_operation_options(const struct lcf_operation *operation);

/* [-0, +LCF_HOOKS, v] Raises for mistakes in the arguments from `first` on, and reads the call's
 * options over those of the client, as lcf_options_read does. */
struct lcf_fault lcf_request_options(lua_State *L, const struct lcf_operation *operation, int first,
                                     struct lcf_options *options);

/* [-0, +1, e] Reads the ids from `first` on; `account` stands in where there is none. A fault's
 * message lies on the stack. */
struct lcf_fault lcf_request_ids(lua_State *L, const struct lcf_operation *operation, int first, const char *account,
                                 struct lcf_request *request);

/* [-0, +1, e] Fills the rest of a request whose ids are good, and pushes the URL on which it then rests. */
void lcf_request_address(lua_State *L, const struct lcf_operation *operation, const char *base_url,
                         struct lcf_request *request);

#endif
