#include "task.h"
#include "../transport/clock.h"
#include "begin.h"
#include "client.h"
#include "errors.h"
#include "journal.h"
#include "loop.h"
#include "operations.h"
#include "request.h"
#include "state.h"

#include <string.h>

/* options_at(row): [-0, +1, -] where its options stand, counted from 1. */
static int core_options_at(lua_State *L)
{
    lua_pushinteger(L, lcf_operation_options(lua_touserdata(L, 1)));
    return 1;
}

/* changes(row): [-0, +1, -] whether its request may change something. */
static int core_changes(lua_State *L)
{
    const struct lcf_operation *op = lua_touserdata(L, 1);
    lua_pushboolean(L, op->intent.nature != LCF_READ);
    return 1;
}

/* is_closed(client): [-0, +1, -] false for the default client, nil, too. */
static int core_is_closed(lua_State *L)
{
    const struct lcf_client *client = lua_touserdata(L, 1);
    lua_pushboolean(L, client && client->closed);
    return 1;
}

/* account_of(client): [-0, +1, e] the account that nil stands for; nil where there is none. */
static int core_account_of(lua_State *L)
{
    const struct lcf_client *client = lcf_client_push(L, 1, "identify", false);
    lua_pushstring(L, client && client->account_id[0] ? client->account_id : NULL);
    return 1;
}

/* grow_stack(): [-0, +0, e] Makes room for the frames of a body. Where memory ends, LuaJIT (2.1 of 2022) writes behind
 * the stack that a Lua function needs larger; what a C function asks for is refused in order. */
static int core_grow_stack(lua_State *L)
{
    luaL_checkstack(L, 200, "a task");
    return 0;
}

/* is_busy(): [-0, +1, -] */
static int core_is_busy(lua_State *L)
{
    lua_pushboolean(L, lcf_loop_is_busy(L));
    return 1;
}

/* engine([make]): [-0, +1, e] what tells this process's engine from its parent's; nil where there is none. */
static int core_engine(lua_State *L)
{
    struct lcf_engine *engine = lua_toboolean(L, 1) ? lcf_loop_engine(L) : lcf_loop_current(L);
    if (engine) lua_pushlightuserdata(L, engine);
    else lua_pushnil(L);
    return 1;
}

static enum lcf_kind kind_named(const char *name)
{
    int kind = LCF_KIND_HOST;
    while (kind > LCF_KIND_NONE && strcmp(lcf_kind_name((enum lcf_kind)kind), name) != 0) kind--;
    return (enum lcf_kind)kind;
}

static enum lcf_outcome outcome_named(const char *name)
{
    int outcome = LCF_FAILED;
    while (outcome > LCF_PENDING && strcmp(lcf_outcome_name((enum lcf_outcome)outcome), name) != 0) outcome--;
    return (enum lcf_outcome)outcome;
}

/* failure(kind, outcome, function, message): [-0, +1, v] an error of a task that no request of its brought. */
static int core_failure(lua_State *L)
{
    const char *function = luaL_checkstring(L, 3);
    lcf_fail_as(L, kind_named(luaL_checkstring(L, 1)), lcf_operation_nature(function),
                outcome_named(luaL_checkstring(L, 2)), function, luaL_checkstring(L, 4));
    return 1;
}

/* [-0, +0|1|2, v] The credential in the seal at 2, or else of the client at 1; NULL where the default client failed:
 * nil and the error are on the stack then. */
static const struct lcf_secret *secret_of(lua_State *L)
{
    const struct lcf_secret *sealed = lcf_begin_sealed(L, 2);
    if (sealed) return sealed;
    const struct lcf_client *client = lcf_client_resolve(L, 1, "new", true);
    return client ? client->secret : NULL;
}

/* tell_unsent(client, function): [-0, +0, v] Tells the client's listener of a call that a bad value ended. The default
 * client has none. */
static int core_tell_unsent(lua_State *L)
{
    const char *function = luaL_checkstring(L, 2);
    if (!lua_isuserdata(L, 1)) return 0;
    lcf_kept_push(L, 1, LCF_CLIENT_ON_EVENT);
    lcf_loop_tell_unsent(L, function);
    return 0;
}

static bool begins_with(struct lcf_text text, const char *word)
{
    struct lcf_span span = lcf_span_of(text);
    return lcf_take_word(&span, word);
}

/* credential_kind(client, seal): [-0, +1, v] "account", "user", "key", or "older" for a token that does not tell. */
static int core_credential_kind(lua_State *L)
{
    const struct lcf_secret *secret = secret_of(L);
    const char *kind = !secret                                          ? "older"
                       : lcf_secret_is_key(secret)                      ? "key"
                       : begins_with(lcf_secret_value(secret), "cfat_") ? "account"
                       : begins_with(lcf_secret_value(secret), "cfut_") ? "user"
                                                                        : "older";
    lua_pushstring(L, kind);
    return 1;
}

/* quota_rest(client, seal, in_flight): [-0, +1, v] seconds that a run rests before its next request. */
static int core_quota_rest(lua_State *L)
{
    const struct lcf_secret *secret = secret_of(L);
    const struct lcf_client *client = secret ? lcf_client_resolve(L, 1, "new", true) : NULL;
    double rest = 0;
    if (client && client->profile)
        rest = lcf_quota_rest(&client->profile->quota, lcf_secret_mark(secret), lcf_now(), lua_tonumber(L, 3));
    lua_pushnumber(L, rest);
    return 1;
}

static const luaL_Reg functions[] = {
    {"options_at", core_options_at},
    {"changes", core_changes},
    {"is_closed", core_is_closed},
    {"account_of", core_account_of},
    {"grow_stack", core_grow_stack},
    {"is_busy", core_is_busy},
    {"engine", core_engine},
    {"failure", core_failure},
    {"tell_unsent", core_tell_unsent},
    {"credential_kind", core_credential_kind},
    {"quota_rest", core_quota_rest},
    {"engine_pollfd", lcf_loop_pollfd},
    {"engine_timeout", lcf_loop_timeout},
    {"ends", lcf_loop_ends},
    {"note_end", lcf_loop_note_end},
    {"open_journal", lcf_journal_new},
    {"write_journal", lcf_journal_write},
    {"read_journal", lcf_journal_read},
    {NULL, NULL},
};

void lcf_task_add(lua_State *L)
{
    luaL_setfuncs(L, functions, 0);
    lcf_state_get(L, LCF_SLOT_TASKS);
    lua_setfield(L, -2, "tasks");
}
