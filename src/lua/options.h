#ifndef LCF_OPTIONS_H
#define LCF_OPTIONS_H

#include "../transport/exchange.h"
#include "compat.h"

#define LCF_VERSION "1.0.0"

/* Reads an option table into one checked C struct, before anything is allocated. A mistake (an
 * unknown name, a wrong type) raises; a bad value is a fault that the caller returns. */

/* Text that was not given has `at` NULL. All of it belongs to strings of the option table or to the
 * environment, and is good until Lua may run: whatever allocates in Lua may run a finalizer, which may
 * change the table. */
struct lcf_options {
    struct lcf_limits limits;
    bool missing_ok;
    bool raw, repeatable, dangerous; /* of a request of the caller's own making */
    struct lcf_text api_token, api_key, api_email, account_id;
    struct lcf_text base_url, proxy, ca_file, ca_path, user_agent;
    bool has_vault; /* api_token is a function */
};

/* The functions and tables of an option table, by their places on the stack. A client has the first of them only. */
/* clang-format off */
enum lcf_hook {
    LCF_HOOK_VAULT, LCF_HOOK_SLEEP, LCF_HOOK_ON_EVENT, LCF_CLIENT_HOOKS,
    LCF_HOOK_QUERY = LCF_CLIENT_HOOKS, LCF_HOOK_BODY, LCF_HOOK_HEADERS, LCF_HOOKS
};
/* clang-format on */

/* What is wrong with a value; `message` NULL for nothing. */
struct lcf_fault {
    const char *argument, *message;
};

/* What a client is made of when nothing is said. */
extern const struct lcf_options lcf_options_default;

/* Where an option may be given. */
enum lcf_scope {
    LCF_SCOPE_CLIENT = 1,
    LCF_SCOPE_CALL = 2,
    LCF_SCOPE_REQUEST = 4 /* the table of a request of the caller's own making, which has a call's options too */
};

/* [-0, +LCF_HOOKS, v] Reads the table at `index` (or nothing there, or at 0) over what `options` holds, and
 * pushes its functions and tables, nil for each that it has not. It allocates only to raise, so what it gives is
 * the table at one moment; the tables in it are read later. Only the options that may be given in `scope` are
 * known. `function` and `argument` are for its errors. */
struct lcf_fault lcf_options_read(lua_State *L, int index, enum lcf_scope scope, const char *function, int argument,
                                  struct lcf_options *options);

/* unknown_option(name, others): [-0, +0|1, e] the message for an option's name that stands neither for an option nor among
 * the keys of `others`, which only its operation has; nothing where it is an option, or no string. */
int lcf_options_unknown(lua_State *L);

/* Whether it is the name of an option, of whatever scope. */
bool lcf_options_knows(const char *name);

/* Fills what is absent from the environment; a credential given in code shuts its credentials out. */
void lcf_options_environment(struct lcf_options *options);

/* The environment's variable that the value of an option came from; NULL for any other. */
const char *lcf_options_variable(const struct lcf_options *options, const char *name);

/* Whether `options` hold one whole credential or none; and whether they hold any. */
struct lcf_fault lcf_options_check_credential(const struct lcf_options *options);
bool lcf_options_has_credential(const struct lcf_options *options);

/* The values that only a client has. */
struct lcf_fault lcf_options_check_client(const struct lcf_options *options);

/* What is wrong with an id, in a sentence that does not repeat it; NULL for nothing. */
const char *lcf_id_fault(struct lcf_text id);

#endif
