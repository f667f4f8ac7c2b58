#ifndef LCF_CLIENT_H
#define LCF_CLIENT_H

#include "options.h"

#define LCF_RESERVES_KEPT 32 /* some 1.5 KiB each */

/* A client: its options in one C struct, its credential, and the Lua functions it was given. */

struct lcf_client {
    struct lcf_profile *profile;
    struct lcf_secret *secret; /* NULL where api_token is a function */
    char account_id[LCF_ID_LEN + 1];
    struct lcf_limits limits;
    bool missing_ok, closed;
    int reserves; /* how many are in LCF_CLIENT_RESERVES */
};

/* What a client keeps in Lua: slots of the table that is its user value. */
enum lcf_client_slot {
    LCF_CLIENT_VAULT = 1 + LCF_HOOK_VAULT,
    LCF_CLIENT_SLEEP = 1 + LCF_HOOK_SLEEP,
    LCF_CLIENT_ON_EVENT = 1 + LCF_HOOK_ON_EVENT,
    LCF_CLIENT_URL = 1 + LCF_CLIENT_HOOKS,
    LCF_CLIENT_RESERVES, /* a list: those that ended deletions did not use */
    LCF_CLIENT_NAMESPACE
};

/* [-0, +0, e] Makes the metatable. */
void lcf_client_open(lua_State *L);

/* new([options]): [-0, +2, v] the client and nil, or nil and an error. */
int lcf_client_new(lua_State *L);

/* [-0, +1|2, e] Pushes the client at `index`, or the default one where nil stands there; or nil
 * and an error, and returns NULL. Where no credential is needed, and the environment has none, the default client
 * is one without, made for this call alone. */
struct lcf_client *lcf_client_push(lua_State *L, int index, const char *function, bool needs_credential);

/* [-0, +1|2, v] The same, but a closed client raises. */
struct lcf_client *lcf_client_resolve(lua_State *L, int index, const char *function, bool needs_credential);

/* [-0, +0, v] Raises where the client is closed. */
void lcf_client_check_open(lua_State *L, const struct lcf_client *client, const char *function);

/* [-0, +0|1, -] Pushes the reserve of an answer that the client at `index` has left; false where there is none. */
bool lcf_client_take_reserve(lua_State *L, int index);
/* [-1, +0, -] Leaves the reserve on top of the stack to the client at `index`, where there is room for it. */
void lcf_client_give_reserve(lua_State *L, int index);

/* The credential that `options` hold, with a hold for the caller; NULL where they hold none
 * (`failed` false) or memory is short (`failed` true). */
struct lcf_secret *lcf_client_secret(const struct lcf_options *options, bool *failed);

#endif
