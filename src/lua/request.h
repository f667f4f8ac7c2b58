#ifndef LCF_REQUEST_H
#define LCF_REQUEST_H

#include "body.h"
#include "query.h"

/* One row of the table of operations, and how arguments become a checked request by it:
 * operation(the ids that its path names, its input if it has one, options). */

enum lcf_input {
    LCF_NO_INPUT,
    LCF_QUERY,
    LCF_BODY,
    LCF_ITEMS, /* a list for a composite operation, which reads it itself */
    LCF_VALUE, /* a credential to ask about */
    LCF_FREEFORM, /* a method and a path; the rest stands in the options */
    LCF_PAGES     /* a path and a query */
};

struct lcf_operation {
    struct lcf_intent intent;
    const char *path;         /* below the base URL; each {name} is an argument, in this order */
    enum lcf_input input;     /* one argument more, or two */
    const struct lcf_field *fields; /* of a query; NULL where any will do */
    const char *const *lists; /* fields of a body that are arrays even when empty; ends in NULL */
    const char *body;         /* what is sent where there is no input to send, or NULL */
};

/* "delete" of "tokens.delete". */
const char *lcf_operation_verb(const struct lcf_operation *operation);
/* Where its options stand, counted from 1. */
int lcf_operation_options(const struct lcf_operation *operation);

/* [-0, +n, v] Reads the arguments from `first` on into a request and the call's options, over those of the client at
 * `client` (nil for none). Raises for mistakes. It pushes the functions of the options, LCF_HOOKS of them, and then
 * what the request, or the message of a fault, rests on. The options are read before anything in Lua may run, and at
 * that moment their credential, if they have one, is copied into `secret`, which stays NULL where memory is
 * short; their texts are not good afterwards. Without `secret` it only looks for faults, and builds no URL. */
struct lcf_fault lcf_request_read(lua_State *L, const struct lcf_operation *operation, int first, int client,
                                  struct lcf_options *options, struct lcf_request *request, struct lcf_secret **secret);

#endif
