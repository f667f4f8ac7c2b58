#include "call.h"
#include "client.h"
#include "../transport/clock.h"
#include "envelope.h"
#include "errors.h"
#include "loop.h"
#include "request.h"
#include "state.h"

#include <math.h>

struct call {
    struct lcf_exchange *exchange; /* NULL where a bad value ended the call before it began */
    struct lcf_profile *profile;   /* these two only while the call is being made */
    struct lcf_secret *secret;
    struct lcf_engine *engine;     /* followed only while it is this process's */
    bool missing_ok;
};

/* What a call keeps in Lua: slots of the table that is its user value. */
enum slot { SLOT_CLIENT = 1, SLOT_SLEEP, SLOT_RESERVE, SLOT_FAULT };

/* [-0, +0, v] */
static struct call *check_call(lua_State *L)
{
    return lcf_state_check(L, 1, LCF_SLOT_CALL_META, "cloudflare.call");
}

/* Whether the engine that drives it is not this process's: the call belongs to a parent. */
static bool is_foreign(lua_State *L, const struct call *call)
{
    return call->exchange && call->exchange->state != LCF_ENDED && call->engine != lcf_loop_current(L);
}

static bool has_ended(lua_State *L, const struct call *call)
{
    return !call->exchange || call->exchange->state == LCF_ENDED || is_foreign(L, call);
}

static int call_gc(lua_State *L)
{
    struct call *call = check_call(L);
    lcf_profile_release(call->profile);
    lcf_secret_release(call->secret);
    lcf_exchange_release(call->exchange);
    *call = (struct call){0};
    return 0;
}

/* A credential on its way from the caller's function to the call, out of reach of debug.getlocal. */
struct seal {
    struct lcf_secret *secret;
};

static int seal_gc(lua_State *L)
{
    struct seal *seal = lua_touserdata(L, 1);
    lcf_secret_release(seal->secret);
    seal->secret = NULL;
    return 0;
}

/* [-0, +1, e] Why the caller's function gave no credential. */
static int no_credential(lua_State *L)
{
    if (lua_type(L, 2) == LUA_TSTRING) lua_pushfstring(L, "the function gave none: %s", lua_tostring(L, 2));
    else lua_pushfstring(L, "the function must return a string; it returned %s", luaL_typename(L, 1));
    return 1;
}

/* seal(token [, why]): [-0, +1, e] a seal, or a string that says what is wrong. */
static int core_seal(lua_State *L)
{
    if (lua_type(L, 1) != LUA_TSTRING) return no_credential(L);
    struct lcf_options options = {0};
    options.api_token.at = lua_tolstring(L, 1, &options.api_token.len);
    struct lcf_fault fault = lcf_options_check_credential(&options);
    if (fault.message) {
        lua_pushfstring(L, "the function's result is %s", fault.message);
        return 1;
    }
    struct seal *seal = lua_newuserdata(L, sizeof *seal);
    seal->secret = NULL;
    lcf_state_get(L, LCF_SLOT_SEAL_META);
    lua_setmetatable(L, -2);
    seal->secret = lcf_secret_bearer(options.api_token);
    return seal->secret ? 1 : luaL_error(L, "not enough memory");
}

/* [-0, +1, -] A function option: the call's own at `own`, else of the client at `client`. */
static void push_hook(lua_State *L, int own, int client, int slot)
{
    lua_pushvalue(L, own);
    if (!lua_isnil(L, -1) || !lua_isuserdata(L, client)) return;
    lua_pop(L, 1);
    lcf_client_get(L, client, slot);
}

static bool has_own_text(const struct lcf_options *own)
{
    return lcf_options_has_credential(own) && !own->has_vault;
}

/* [-0, +n, v] The functions of the call's own options, and whether begin will find nothing wrong, so that the
 * host's functions are worth asking. */
static bool will_begin(lua_State *L, const struct lcf_operation *op, struct lcf_options *own)
{
    struct lcf_request request = {0};
    struct lcf_fault fault = lcf_request_options(L, op, 3, own);
    lcf_loop_check_idle(L, op->intent.name);
    struct lcf_client *client = lcf_client_resolve(L, 2, op->intent.name);
    if (client && !fault.message) fault = lcf_request_ids(L, op, 3, client->account_id, &request);
    return client && !fault.message;
}

/* check(row, client, ...): [-0, +3, v] raises for a programmer's mistake; else true, and the sleep
 * function and the api_token function that this call is to ask first, or nils; false in place of the latter where
 * its own options hold the credential. Nothing for a bad value. */
static int core_check(lua_State *L)
{
    const struct lcf_operation *op = lua_touserdata(L, 1);
    int options = 2 + lcf_operation_options(op);
    struct lcf_options own = {0};
    lua_settop(L, options);
    if (!will_begin(L, op, &own)) return 0;
    lua_pushboolean(L, 1);
    push_hook(L, options + 1 + LCF_HOOK_SLEEP, 2, LCF_CLIENT_SLEEP);
    if (has_own_text(&own)) lua_pushboolean(L, 0);
    else push_hook(L, options + 1 + LCF_HOOK_VAULT, 2, LCF_CLIENT_VAULT);
    return 3;
}

/* The arguments of begin, by their places. */
enum { ARG_ROW = 1, ARG_CLIENT, ARG_ASYNC, ARG_SEAL, ARG_FIRST };

/* [-0, +1, e] An empty call with its table; its collector is right for it from the start. */
static struct call *push_empty(lua_State *L)
{
    struct call *call = lua_newuserdata(L, sizeof *call);
    *call = (struct call){0};
    lcf_state_get(L, LCF_SLOT_CALL_META);
    lua_setmetatable(L, -2);
    lua_createtable(L, SLOT_FAULT, 0);
    lua_setuservalue(L, -2);
    return call;
}

/* [-1, +0, e] Keeps the value on top of the stack in the call at `index`. */
static void keep(lua_State *L, int index, int slot)
{
    lua_getuservalue(L, index);
    lua_insert(L, -2);
    lua_rawseti(L, -2, slot);
    lua_pop(L, 1);
}

/* [-0, +1, -] */
static void push_kept(lua_State *L, int index, int slot)
{
    lua_getuservalue(L, index);
    lua_rawgeti(L, -1, slot);
    lua_replace(L, -2);
}

/* [-0, +1|2, e] Gives back the nil and the error on top of the stack as they are, or under async
 * as a call that has ended; and tells the listener of the client at `client_at`, if there is one. */
static int give_fault(lua_State *L, const struct lcf_operation *op, int client_at)
{
    if (client_at) {
        lcf_client_get(L, client_at, LCF_CLIENT_ON_EVENT);
        lcf_loop_tell_unsent(L, op->intent.name);
    }
    if (!lua_toboolean(L, ARG_ASYNC)) return 2;
    push_empty(L);
    lua_insert(L, -2);
    keep(L, lua_gettop(L) - 1, SLOT_FAULT);
    return 1;
}

/* refuse(row, client, async, message): [-0, +1|2, v] the answer of a call that this place cannot wait for. */
static int core_refuse(lua_State *L)
{
    const struct lcf_operation *op = lua_touserdata(L, ARG_ROW);
    lua_settop(L, ARG_SEAL);
    if (!lcf_client_resolve(L, ARG_CLIENT, op->intent.name)) return give_fault(L, op, 0);
    lua_pushfstring(L, "nothing was sent: %s", lua_tostring(L, ARG_SEAL));
    lcf_fail(L, LCF_KIND_HOST, LCF_NOT_SENT, op->intent.name, lua_tostring(L, -1));
    return give_fault(L, op, ARG_SEAL + 1);
}

/* can_yield(): [-0, +1, -] */
static int core_can_yield(lua_State *L)
{
    lua_pushboolean(L, lua_isyieldable(L));
    return 1;
}

/* Takes hold of all that a finalizer might take away, by closing the client or changing the options, before
 * Lua may run one. The credential: of the call's own options, of the sealed function's result, or the client's. */
static bool hold(lua_State *L, struct call *call, const struct lcf_client *client, const struct lcf_options *own)
{
    bool failed;
    call->profile = lcf_profile_hold(client->profile);
    call->secret = lcf_client_secret(own, &failed);
    if (call->secret || failed) return !failed;
    struct lcf_secret *shared = own->has_vault ? NULL : client->secret;
    if (lua_isuserdata(L, ARG_SEAL)) shared = ((struct seal *)lua_touserdata(L, ARG_SEAL))->secret;
    if (shared) call->secret = lcf_secret_hold(shared);
    return shared != NULL;
}

/* Begins what has been checked; false where C has no memory. Nothing in it can raise. */
static bool launch(struct call *call, const struct lcf_request *request)
{
    call->exchange = lcf_exchange_new(request, call->profile, call->secret, lcf_now());
    lcf_profile_release(call->profile);
    lcf_secret_release(call->secret);
    call->profile = NULL;
    call->secret = NULL;
    return call->exchange != NULL;
}

/* [-0, +0, v] Makes all that the end of the call will need, and hands it to the engine: nothing is sent
 * before everything is there. The stack has the client, the call, and the functions of its options. */
static bool submit(lua_State *L, struct call *call, const struct lcf_request *request, int client_at)
{
    int call_at = client_at + 1;
    call->engine = lcf_loop_engine(L);
    if (!call->engine || !launch(call, request)) return false;
    lua_pushvalue(L, client_at);
    keep(L, call_at, SLOT_CLIENT);
    push_hook(L, call_at + 1 + LCF_HOOK_SLEEP, client_at, LCF_CLIENT_SLEEP);
    keep(L, call_at, SLOT_SLEEP);
    lcf_reserve_push(L, call->exchange);
    keep(L, call_at, SLOT_RESERVE);
    lcf_client_get(L, client_at, LCF_CLIENT_ON_EVENT);
    lcf_loop_listen(L, call->exchange);
    lcf_client_check_open(L, lua_touserdata(L, client_at), request->intent->name); /* it has ended its calls */
    return lcf_engine_add(call->engine, call->exchange);
}

/* [-0, +0, -] What is wrong with the credential that `check` found, in the options or by the caller's function. */
static struct lcf_fault find_credential_fault(lua_State *L, const struct lcf_options *own)
{
    if (lua_type(L, ARG_SEAL) == LUA_TSTRING) return (struct lcf_fault){"api_token", lua_tostring(L, ARG_SEAL)};
    bool same = has_own_text(own) == lua_isboolean(L, ARG_SEAL) && (!own->has_vault || lua_isuserdata(L, ARG_SEAL));
    return same ? (struct lcf_fault){0} : (struct lcf_fault){"api_token", "it was changed while the call began"};
}

/* [-0, +n, v] The functions of the call's own options, and what is wrong with a value, if anything: its message
 * lies on the stack. */
static struct lcf_fault find_fault(lua_State *L, const struct lcf_operation *op, const struct lcf_client *client,
                                   struct lcf_options *own, struct lcf_request *request)
{
    struct lcf_fault fault = lcf_request_options(L, op, ARG_FIRST, own);
    if (!fault.message) fault = lcf_options_check_credential(own);
    if (!fault.message) fault = lcf_request_ids(L, op, ARG_FIRST, client->account_id, request);
    if (!fault.message) fault = find_credential_fault(L, own);
    request->limits = own->limits;
    return fault;
}

/* begin(row, client, async, seal, ...): [-0, +1|2, v] the call, or nil and an error. The call is made first:
 * nothing may run between the reading of an option and its copy. */
static int core_begin(lua_State *L)
{
    const struct lcf_operation *op = lua_touserdata(L, ARG_ROW);
    int client_at = ARG_FIRST + lcf_operation_options(op);
    lua_settop(L, client_at - 1);
    struct lcf_client *client = lcf_client_resolve(L, ARG_CLIENT, op->intent.name);
    if (!client) return give_fault(L, op, 0);
    struct call *call = push_empty(L);
    struct lcf_options own = {.limits = client->limits, .missing_ok = client->missing_ok};
    struct lcf_request request = {0};
    struct lcf_fault fault = find_fault(L, op, client, &own, &request);
    if (fault.message) {
        lcf_bad_value(L, op->intent.name, fault.argument, fault.message);
        return give_fault(L, op, client_at);
    }
    call->missing_ok = own.missing_ok;
    lcf_client_check_open(L, client, op->intent.name);
    bool held = hold(L, call, client, &own);
    if (held) lcf_request_address(L, op, call->profile->base_url, &request);
    if (held && submit(L, call, &request, client_at)) {
        lua_pushvalue(L, client_at + 1);
        return 1;
    }
    lcf_fail(L, LCF_KIND_HOST, LCF_NOT_SENT, op->intent.name, "nothing was sent: out of memory or file descriptors");
    return give_fault(L, op, client_at);
}

/* ended(call): [-0, +1, v] */
static int call_done(lua_State *L)
{
    struct call *call = check_call(L);
    lua_pushboolean(L, has_ended(L, call));
    return 1;
}

/* [-0, +2, e] The answer to a child process about its parent's call. */
static int foreign_answer(lua_State *L, const struct lcf_exchange *x)
{
    return lcf_fail(L, LCF_KIND_HOST, x->plan.nature == LCF_REMOVE ? LCF_UNKNOWN : LCF_FAILED, x->intent->name,
                    "this call belongs to the process that began it; only that one learns its outcome");
}

/* answer(call): [-0, +2, v] what an ended call returns. */
static int core_answer(lua_State *L)
{
    struct call *call = check_call(L);
    if (!call->exchange) {
        lua_pushnil(L);
        push_kept(L, 1, SLOT_FAULT);
        return 2;
    }
    if (is_foreign(L, call)) return foreign_answer(L, call->exchange);
    push_kept(L, 1, SLOT_RESERVE);
    return lcf_answer_push(L, call->exchange, call->missing_ok, lua_gettop(L));
}

/* sleep_of(call, seconds): [-0, +1, v] checks the arguments of call:wait. */
static int core_sleep_of(lua_State *L)
{
    if (!lcf_state_test(L, 1, LCF_SLOT_CALL_META)) lcf_wrong_type(L, "wait", 1, "call (written call:wait)", 1);
    (void)lcf_optional_seconds(L, 2, 0, "wait", 1);
    push_kept(L, 1, SLOT_SLEEP);
    return 1;
}

/* call:cancel(): [-0, +1, v] whether anything may have been sent. An ended call stays as it is. */
static int call_cancel(lua_State *L)
{
    struct call *call = check_call(L);
    if (!has_ended(L, call)) {
        lcf_engine_cancel(call->engine, call->exchange);
        lcf_loop_deliver(L);
    }
    bool may_send = is_foreign(L, call); /* the parent does not know of this */
    lua_pushboolean(L, may_send || (call->exchange && lcf_exchange_may_have_sent(call->exchange)));
    return 1;
}

/* The pollable protocol of cqueues. call:pollfd(): [-0, +1, v] */
static int call_pollfd(lua_State *L)
{
    struct call *call = check_call(L);
    int fd = has_ended(L, call) ? -1 : lcf_engine_pollfd(call->engine);
    if (fd < 0) lua_pushnil(L);
    else lua_pushinteger(L, fd);
    return 1;
}

/* call:events(): [-0, +1, v] */
static int call_events(lua_State *L)
{
    check_call(L);
    lua_pushliteral(L, "r");
    return 1;
}

/* call:timeout(): [-0, +1, v] seconds until a step is wanted even if the descriptor is silent. */
static int call_timeout(lua_State *L)
{
    struct call *call = check_call(L);
    double seconds = has_ended(L, call) ? 0 : lcf_engine_timeout(call->engine);
    bool silent = !has_ended(L, call) && lcf_engine_pollfd(call->engine) < 0;
    if (silent && seconds > 0.01) seconds = 0.01;
    if (isinf(seconds)) lua_pushnil(L);
    else lua_pushnumber(L, seconds);
    return 1;
}

static int call_tostring(lua_State *L)
{
    struct call *call = check_call(L);
    const char *name = call->exchange ? call->exchange->intent->name : "never begun";
    const char *outcome = call->exchange ? lcf_outcome_name(call->exchange->outcome) : "not_sent";
    lua_pushfstring(L, "cloudflare.call: %s (%s)", name, outcome);
    return 1;
}

static const luaL_Reg core[] = {
    {"check", core_check},   {"seal", core_seal},         {"begin", core_begin},
    {"ended", call_done},    {"answer", core_answer},     {"sleep_of", core_sleep_of},
    {"step", lcf_loop_step}, {"pause", lcf_loop_pause},   {"now", lcf_loop_now},
    {"new", lcf_client_new}, {"refuse", core_refuse},     {"can_yield", core_can_yield},
    {NULL, NULL},
};

static const luaL_Reg call_methods[] = {
    {"done", call_done},     {"cancel", call_cancel},   {"pollfd", call_pollfd},
    {"events", call_events}, {"timeout", call_timeout}, {NULL, NULL},
};

void lcf_call_open(lua_State *L)
{
    lcf_state_metatable(L, LCF_SLOT_SEAL_META, "cloudflare.seal");
    lua_pushcfunction(L, seal_gc);
    lua_setfield(L, -2, "__gc");
    lcf_state_metatable(L, LCF_SLOT_CALL_META, "cloudflare.call");
    lua_pushcfunction(L, call_gc);
    lua_setfield(L, -2, "__gc");
    lua_pushcfunction(L, call_tostring);
    lua_setfield(L, -2, "__tostring");
    lua_newtable(L);
    luaL_setfuncs(L, call_methods, 0);
    lua_setfield(L, -2, "__index");
    lua_pop(L, 2);
}

void lcf_call_push_core(lua_State *L)
{
    lua_newtable(L);
    luaL_setfuncs(L, core, 0);
    lcf_state_get(L, LCF_SLOT_CALL_META);
    lua_getfield(L, -1, "__index");
    lua_setfield(L, -3, "methods");
    lua_pop(L, 1);
    lcf_loaded_push(L, "jit");
    lua_setfield(L, -2, "jit");
}
