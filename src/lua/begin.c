#include "begin.h"
#include "../transport/clock.h"
#include "answer.h"
#include "call.h"
#include "client.h"
#include "errors.h"
#include "events.h"
#include "loop.h"
#include "request.h"
#include "state.h"

/* A credential on its way to the call, from the caller's function or as a value to ask about: out of reach of
 * debug.getlocal. */
struct seal {
    struct lcf_secret *secret;
};

/* [-0, +0, -] */
static int seal_gc(lua_State *L)
{
    struct seal *seal = lua_touserdata(L, 1);
    lcf_secret_release(seal->secret);
    seal->secret = NULL;
    return 0;
}

/* [-0, +1, e] */
static struct seal *push_seal(lua_State *L)
{
    struct seal *seal = lua_newuserdata(L, sizeof *seal);
    seal->secret = NULL;
    lcf_state_get(L, LCF_SLOT_SEAL_META);
    lua_setmetatable(L, -2);
    return seal;
}

const struct lcf_secret *lcf_begin_sealed(lua_State *L, int index)
{
    const struct seal *seal = lcf_state_test(L, index, LCF_SLOT_SEAL_META);
    return seal ? seal->secret : NULL;
}

/* [-0, +1, e] Why the caller's function gave no credential. */
static int no_credential(lua_State *L)
{
    if (lua_type(L, 2) == LUA_TSTRING) lua_pushfstring(L, "the function gave none: %s", lua_tostring(L, 2));
    else lua_pushfstring(L, "the function must return a string; it returned %s", luaL_typename(L, 1));
    return 1;
}

int lcf_begin_seal(lua_State *L)
{
    if (lua_type(L, 1) != LUA_TSTRING) return no_credential(L);
    struct lcf_options options = {0};
    options.api_token = lcf_text_at(L, 1);
    struct lcf_fault fault = lcf_options_check_credential(&options);
    if (fault.message) {
        lua_pushfstring(L, "the function's result is %s", fault.message);
        return 1;
    }
    struct seal *seal = push_seal(L);
    seal->secret = lcf_secret_bearer(options.api_token);
    return seal->secret ? 1 : lcf_no_memory(L);
}

int lcf_begin_seal_value(lua_State *L)
{
    struct lcf_text value;
    struct seal *seal = push_seal(L);
    value = lcf_text_at(L, 1);
    seal->secret = lcf_secret_bearer(value);
    return seal->secret ? 1 : lcf_no_memory(L);
}

/* [-0, +1, -] A function option: the call's own at `own`, else of the client at `client`. */
static void push_hook(lua_State *L, int own, int client, int slot)
{
    lua_pushvalue(L, own);
    if (!lua_isnil(L, -1)) return;
    lua_pop(L, 1);
    lcf_kept_push(L, client, slot);
}

static bool has_own_text(const struct lcf_options *own)
{
    return lcf_options_has_credential(own) && !own->has_vault;
}

/* One that asks about a value sends nothing else. */
static bool needs_credential(const struct lcf_operation *op)
{
    return op->input != LCF_VALUE;
}

/* Returns nothing for a bad value: begin finds it again and reports it, and the caller's sleep and api_token functions
 * do not run for a call that cannot begin. */
int lcf_begin_check(lua_State *L)
{
    const struct lcf_operation *op = lua_touserdata(L, 1);
    int client_at = 3 + lcf_operation_options(op);
    struct lcf_options own;
    struct lcf_request request;
    lua_settop(L, client_at - 1);
    struct lcf_client *client = lcf_client_push(L, 2, op->intent.name, needs_credential(op));
    lua_settop(L, client_at);
    struct lcf_fault fault = lcf_request_read(L, op, 3, client_at, &own, &request, NULL);
    lcf_loop_check_outside_listener(L, op->intent.name);
    if (client) lcf_client_check_open(L, client, op->intent.name);
    if (!client || fault.message) return 0;
    lua_pushboolean(L, 1);
    push_hook(L, client_at + 1 + LCF_HOOK_SLEEP, client_at, LCF_CLIENT_SLEEP);
    if (!needs_credential(op)) lua_pushnil(L);
    else if (has_own_text(&own)) lua_pushboolean(L, 0);
    else push_hook(L, client_at + 1 + LCF_HOOK_VAULT, client_at, LCF_CLIENT_VAULT);
    lua_pushnumber(L, own.limits.timeout);
    return 4;
}

/* The arguments of begin, by their places; of refuse, a message in place of the seal. */
enum { ARG_ROW = 1, ARG_CLIENT, ARG_ASYNC, ARG_SEAL, ARG_FIRST, ARG_MESSAGE = ARG_SEAL };

/* [-2, +1|2, e] Gives back the nil and the error on top of the stack as they are, or under async
 * as a call that has ended; and tells the listener of the client at `client_at`, if there is one. Returns how many. */
static int give_fault(lua_State *L, const struct lcf_operation *op, int client_at)
{
    if (client_at) {
        lcf_kept_push(L, client_at, LCF_CLIENT_ON_EVENT);
        lcf_loop_tell_unsent(L, op->intent.name);
    }
    if (!lua_toboolean(L, ARG_ASYNC)) return 2;
    lcf_call_push(L);
    lua_insert(L, -2);
    lcf_kept_set(L, lua_gettop(L) - 1, LCF_CALL_FAULT);
    return 1;
}

int lcf_begin_refuse(lua_State *L)
{
    const struct lcf_operation *op = lua_touserdata(L, ARG_ROW);
    lua_settop(L, ARG_MESSAGE);
    if (!lcf_client_resolve(L, ARG_CLIENT, op->intent.name, needs_credential(op))) return give_fault(L, op, 0);
    lua_pushfstring(L, "nothing was sent: %s", lua_tostring(L, ARG_MESSAGE));
    lcf_fail(L, LCF_KIND_HOST, op->intent.name, lua_tostring(L, -1));
    return give_fault(L, op, ARG_MESSAGE + 1);
}

/* [-0, +0, -] Takes hold of all that a finalizer might take away, by closing the client, before Lua may run one. The
 * credential: of the call's own options, copied when they were read, of the seal at `seal_at`, or the client's. */
static bool hold(lua_State *L, struct lcf_call *call, const struct lcf_client *client, const struct lcf_options *own,
                 int seal_at)
{
    call->profile = lcf_profile_hold(client->profile);
    if (has_own_text(own)) return call->secret != NULL;
    struct lcf_secret *shared = own->has_vault || seal_at != ARG_SEAL ? NULL : client->secret;
    if (lua_isuserdata(L, seal_at)) shared = ((struct seal *)lua_touserdata(L, seal_at))->secret;
    if (shared) call->secret = lcf_secret_hold(shared);
    return shared != NULL;
}

/* Begins what has been checked; false where C has no memory. Nothing in it can raise. */
static bool launch(struct lcf_call *call, const struct lcf_request *request)
{
    call->exchange = lcf_exchange_new(request, call->profile, call->secret, lcf_now());
    lcf_profile_release(call->profile);
    lcf_secret_release(call->secret);
    call->profile = NULL;
    call->secret = NULL;
    return call->exchange != NULL;
}

/* [-0, +1, e] A reserve that a deletion has left, or a new one. */
static void push_reserve(lua_State *L, const struct lcf_exchange *x, int client_at)
{
    if (x->plan.nature == LCF_REMOVE && lcf_client_take_reserve(L, client_at)) lcf_answer_renew(L, x);
    else lcf_answer_reserve(L, x, client_at + 1);
}

/* [-0, +0, v] Makes all that the end of the call will need, and hands it to the engine: nothing is sent
 * before everything is there. The stack has the client, then the call, then the functions of its options. */
static bool submit(lua_State *L, struct lcf_call *call, const struct lcf_request *request, int client_at)
{
    int call_at = client_at + 1;
    call->engine = lcf_loop_engine(L);
    if (!call->engine || !launch(call, request)) return false;
    lua_pushvalue(L, client_at);
    lcf_kept_set(L, call_at, LCF_CALL_CLIENT);
    push_hook(L, call_at + 1 + LCF_HOOK_SLEEP, client_at, LCF_CLIENT_SLEEP);
    lcf_kept_set(L, call_at, LCF_CALL_SLEEP);
    push_reserve(L, call->exchange, client_at);
    lcf_kept_set(L, call_at, LCF_CALL_RESERVE);
    lcf_kept_push(L, client_at, LCF_CLIENT_ON_EVENT);
    lcf_events_listen(L, call->exchange);
    const struct lcf_client *client = lua_touserdata(L, client_at);
    if (!client->closed && lcf_loop_has(L, call->engine) && lcf_engine_add(call->engine, call->exchange)) return true;
    lcf_events_forget(L, call->exchange);
    lcf_client_check_open(L, client, request->intent->name); /* a finalizer closed it, and has ended its calls */
    return false;
}

/* [-0, +0, -] What is wrong with the credential that `check` found, in the options or by the caller's function. */
static struct lcf_fault find_credential_fault(lua_State *L, const struct lcf_options *own)
{
    if (lua_type(L, ARG_SEAL) == LUA_TSTRING) return (struct lcf_fault){"api_token", lua_tostring(L, ARG_SEAL)};
    bool same = has_own_text(own) == lua_isboolean(L, ARG_SEAL) && (!own->has_vault || lua_isuserdata(L, ARG_SEAL));
    return same ? (struct lcf_fault){0} : (struct lcf_fault){"api_token", "it was changed while the call began"};
}

/* The call is made first: nothing may run between the reading of an option and its copy. */
int lcf_begin_call(lua_State *L)
{
    const struct lcf_operation *op = lua_touserdata(L, ARG_ROW);
    int client_at = ARG_FIRST + lcf_operation_options(op);
    int seal_at = needs_credential(op) ? ARG_SEAL : client_at - 2; /* of a value, its argument */
    lua_settop(L, client_at - 1);
    struct lcf_client *client = lcf_client_resolve(L, ARG_CLIENT, op->intent.name, needs_credential(op));
    if (!client) return give_fault(L, op, 0);
    struct lcf_call *call = lcf_call_push(L);
    struct lcf_options own;
    struct lcf_request request;
    struct lcf_fault fault = lcf_request_read(L, op, ARG_FIRST, client_at, &own, &request, &call->secret);
    if (!fault.message) fault = find_credential_fault(L, &own);
    if (fault.message) {
        lcf_bad_value(L, op->intent.name, fault.argument, fault.message);
        return give_fault(L, op, client_at);
    }
    call->missing_ok = own.missing_ok;
    call->plain = !lua_toboolean(L, ARG_ASYNC);
    lcf_client_check_open(L, client, op->intent.name);
    if (hold(L, call, client, &own, seal_at) && submit(L, call, &request, client_at)) {
        lua_pushvalue(L, client_at + 1);
        return 1;
    }
    lcf_fail(L, LCF_KIND_HOST, op->intent.name, "nothing was sent: out of memory or file descriptors");
    return give_fault(L, op, client_at);
}

int lcf_begin_inspect(lua_State *L)
{
    const struct lcf_operation *op = lua_touserdata(L, ARG_ROW);
    int client_at = ARG_FIRST + lcf_operation_options(op);
    struct lcf_options own;
    struct lcf_request request;
    lua_pushboolean(L, 0);
    lua_insert(L, ARG_ASYNC);
    lua_settop(L, client_at - 1);
    if (!lcf_client_resolve(L, ARG_CLIENT, op->intent.name, needs_credential(op))) return 1;
    struct seal *seal = push_seal(L);
    struct lcf_fault fault = lcf_request_read(L, op, ARG_FIRST, client_at, &own, &request, &seal->secret);
    if (!fault.message) fault = find_credential_fault(L, &own);
    if (fault.message) {
        lcf_bad_value(L, op->intent.name, fault.argument, fault.message);
        return 1;
    }
    if (has_own_text(&own) && !seal->secret) return lcf_no_memory(L);
    lua_pushnil(L);
    lua_pushvalue(L, seal->secret ? client_at + 1 : ARG_SEAL);
    return 2;
}

void lcf_begin_open(lua_State *L)
{
    lcf_state_userdata(L, LCF_SLOT_SEAL_META, "cloudflare.seal", seal_gc);
}
