#include "call.h"
#include "answer.h"
#include "client.h"
#include "errors.h"
#include "events.h"
#include "loop.h"
#include "state.h"

/* [-0, +0, v] */
static struct lcf_call *check_call(lua_State *L)
{
    return lcf_state_check(L, 1, LCF_SLOT_CALL_META, "cloudflare.call");
}

static bool goes_on(const struct lcf_call *call)
{
    return call->exchange && call->exchange->state != LCF_ENDED;
}

/* [-0, +0, -] Whether the engine that drives it is not this process's: the call belongs to a parent. */
static bool is_foreign(lua_State *L, const struct lcf_call *call)
{
    return goes_on(call) && call->engine != lcf_loop_current(L);
}

/* [-0, +0, -] */
static bool has_ended(lua_State *L, const struct lcf_call *call)
{
    return !goes_on(call) || is_foreign(L, call);
}

/* [-0, +0, -] A new secret that nobody took is told of, now or after what is under way. */
static void report_loss(lua_State *L, const struct lcf_call *call)
{
    struct lcf_exchange *x = call->exchange;
    if (!x || x->taken || !lcf_exchange_brings_secret(x) || call->engine != lcf_loop_current(L)) return;
    x->lost = true;
    lcf_engine_tell_again(call->engine, x);
    lcf_loop_deliver(L);
}

/* [-0, +0, v] */
static int call_gc(lua_State *L)
{
    struct lcf_call *call = check_call(L);
    report_loss(L, call);
    lcf_profile_release(call->profile);
    lcf_secret_release(call->secret);
    lcf_exchange_release(call->exchange);
    *call = (struct lcf_call){0};
    return 0;
}

struct lcf_call *lcf_call_push(lua_State *L)
{
    struct lcf_call *call = lua_newuserdata(L, sizeof *call);
    *call = (struct lcf_call){0};
    lcf_state_get(L, LCF_SLOT_CALL_META);
    lua_setmetatable(L, -2);
    lua_createtable(L, LCF_CALL_FAULT, 0);
    lua_setuservalue(L, -2);
    return call;
}

/* [-0, +n, v] What a method of a task, or of what a task awaits, returns: it is a table at 1. */
static int ask_table(lua_State *L, const char *method)
{
    lua_settop(L, 1);
    lua_getfield(L, 1, method);
    lua_pushvalue(L, 1);
    lua_call(L, 1, LUA_MULTRET);
    return lua_gettop(L) - 1;
}

/* call:done(): [-0, +1, v] */
static int call_done(lua_State *L)
{
    struct lcf_call *call = check_call(L);
    lua_pushboolean(L, has_ended(L, call));
    return 1;
}

int lcf_call_ended(lua_State *L)
{
    return lua_istable(L, 1) ? ask_table(L, "done") : call_done(L);
}

int lcf_call_next_ended(lua_State *L)
{
    const struct lcf_engine *current = lcf_loop_current(L);
    bool pending = true;
    for (int i = (int)lua_tointeger(L, 2); pending; i++) {
        lua_settop(L, 1);
        lua_pushinteger(L, i);
        lua_rawgeti(L, 1, i);
        const struct lcf_call *call = lua_touserdata(L, 3);
        if (lua_isnil(L, 3)) return 1;
        pending = call && goes_on(call) && call->engine == current;
    }
    lua_settop(L, 2);
    return 1;
}

/* [-0, +2, e] The answer to a child process about its parent's call. */
static int foreign_answer(lua_State *L, const struct lcf_exchange *x)
{
    enum lcf_nature nature = x->plan.nature;
    return lcf_fail_as(L, LCF_KIND_HOST, nature, nature == LCF_READ ? LCF_FAILED : LCF_UNKNOWN, x->intent->name,
                       "this call belongs to the process that began it; only that one learns its outcome");
}

/* [-0, +0, -] Leaves the unused reserve at `index` to the client. */
static void give_reserve(lua_State *L, struct lcf_call *call, int index)
{
    if (call->gave) return;
    call->gave = true;
    lcf_kept_push(L, 1, LCF_CALL_CLIENT);
    lua_pushvalue(L, index);
    lcf_client_give_reserve(L, lua_gettop(L) - 1);
    lua_pop(L, 1);
}

/* [-0, +2, -] The exchange is held: a finalizer that runs meanwhile may collect the call. */
static int push_answer(lua_State *L, struct lcf_call *call)
{
    struct lcf_exchange *x = lcf_exchange_hold(call->exchange);
    lcf_kept_push(L, 1, LCF_CALL_RESERVE);
    int reserve = lua_gettop(L);
    call->builds++;
    bool unused = lcf_answer_push(L, x, call->missing_ok, reserve);
    call->builds--;
    if (unused && call->plain && x->plan.nature == LCF_REMOVE) give_reserve(L, call, reserve);
    lua_remove(L, reserve);
    lcf_exchange_release(x);
    return 2;
}

/* [-2, +0, -] Keeps the answer, in places that the call's table has. */
static void keep_answer(lua_State *L, struct lcf_call *call)
{
    lcf_kept_set(L, 1, LCF_CALL_ENVELOPE);
    lcf_kept_set(L, 1, LCF_CALL_RESULT);
    call->kept = true;
}

/* [-0, +2, -] A secret is made into a result once: whoever asks again is given the same tables. Its bytes are wiped as
 * soon as nobody reads them any more. */
static int give_secret(lua_State *L, struct lcf_call *call)
{
    if (!call->kept) {
        push_answer(L, call);
        if (!call->exchange) return 2; /* collected meanwhile */
        if (!call->kept && lua_isnil(L, -2)) return 2; /* for want of memory; it may be asked for again */
        if (call->kept) lua_pop(L, 2); /* a finalizer has asked meanwhile, and was given it */
        else keep_answer(L, call);
    }
    if (call->builds == 0) lcf_exchange_forget_body(call->exchange);
    lcf_kept_push(L, 1, LCF_CALL_RESULT);
    lcf_kept_push(L, 1, LCF_CALL_ENVELOPE);
    return 2;
}

static bool bears_secret(const struct lcf_call *call)
{
    return call->exchange && lcf_exchange_brings_secret(call->exchange);
}

/* [-0, +0, -] The listener is kept where the end is still to be told. */
static void note_taken(lua_State *L, struct lcf_call *call)
{
    struct lcf_exchange *x = call->exchange;
    if (!x || !call->kept || x->taken) return;
    x->taken = true;
    if (x->end_told) lcf_events_forget(L, x);
}

int lcf_call_peek(lua_State *L)
{
    struct lcf_call *call = check_call(L);
    if (!call->exchange) {
        lua_pushnil(L);
        lcf_kept_push(L, 1, LCF_CALL_FAULT);
        return 2;
    }
    if (is_foreign(L, call)) return foreign_answer(L, call->exchange);
    return bears_secret(call) ? give_secret(L, call) : push_answer(L, call);
}

int lcf_call_deleted(lua_State *L)
{
    struct lcf_call *call = check_call(L);
    bool deleted = call->exchange && !is_foreign(L, call) && call->exchange->outcome == LCF_DELETED;
    if (deleted) {
        lcf_kept_push(L, 1, LCF_CALL_RESERVE);
        give_reserve(L, call, lua_gettop(L));
    }
    lua_pushboolean(L, deleted);
    return 1;
}

int lcf_call_bears(lua_State *L)
{
    lua_pushboolean(L, bears_secret(check_call(L)));
    return 1;
}

int lcf_call_took(lua_State *L)
{
    note_taken(L, check_call(L));
    return 0;
}

int lcf_call_answer(lua_State *L)
{
    if (lua_istable(L, 1)) return ask_table(L, "answer");
    struct lcf_call *call = check_call(L);
    int count = lcf_call_peek(L);
    note_taken(L, call);
    return count;
}

/* [-0, +0, e] Whether a handle of a task is at 1: a table whose metatable has a call's methods. */
static bool is_handle(lua_State *L)
{
    bool found = lua_istable(L, 1) && luaL_getmetafield(L, 1, "answer");
    if (found) lua_pop(L, 1);
    return found;
}

int lcf_call_sleep_of(lua_State *L)
{
    bool handle = is_handle(L);
    if (!handle && !lcf_state_test(L, 1, LCF_SLOT_CALL_META))
        lcf_wrong_type(L, "wait", 1, "call (written call:wait)", 1);
    (void)lcf_optional_seconds(L, 2, 0, "wait", 1);
    if (handle) lua_getfield(L, 1, "sleep");
    else lcf_kept_push(L, 1, LCF_CALL_SLEEP);
    return 1;
}

/* call:cancel(): [-0, +1, v] whether anything may have been sent. An ended call stays as it is. */
static int call_cancel(lua_State *L)
{
    struct lcf_call *call = check_call(L);
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
    struct lcf_call *call = check_call(L);
    if (!has_ended(L, call)) return lcf_loop_pollfd(L);
    lua_pushnil(L);
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
    struct lcf_call *call = check_call(L);
    if (!has_ended(L, call)) return lcf_loop_timeout(L);
    lua_pushinteger(L, 0);
    return 1;
}

/* [-0, +1, v] */
static int call_tostring(lua_State *L)
{
    struct lcf_call *call = check_call(L);
    const char *name = call->exchange ? call->exchange->intent->name : "never begun";
    const char *outcome = call->exchange ? lcf_outcome_name(call->exchange->outcome) : "not_sent";
    lua_pushfstring(L, "cloudflare.call: %s (%s)", name, outcome);
    return 1;
}

static const luaL_Reg call_methods[] = {
    {"done", call_done},     {"cancel", call_cancel},   {"pollfd", call_pollfd},
    {"events", call_events}, {"timeout", call_timeout}, {NULL, NULL},
};

void lcf_call_open(lua_State *L)
{
    lcf_state_metatable(L, LCF_SLOT_CALL_META, "cloudflare.call");
    lua_pushcfunction(L, call_gc);
    lua_setfield(L, -2, "__gc");
    lua_pushcfunction(L, call_tostring);
    lua_setfield(L, -2, "__tostring");
    lua_newtable(L);
    luaL_setfuncs(L, call_methods, 0);
    lua_setfield(L, -2, "__index");
    lua_pop(L, 1);
}

void lcf_call_push_methods(lua_State *L)
{
    lcf_state_get(L, LCF_SLOT_CALL_META);
    lua_getfield(L, -1, "__index");
    lua_replace(L, -2);
}
