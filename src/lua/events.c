#include "events.h"
#include "../transport/clock.h"
#include "evidence.h"
#include "state.h"

/* A listener that is none is kept too: another exchange may have had this address, and to forget
 * a key that is not there may take memory. */
void lcf_events_listen(lua_State *L, const struct lcf_exchange *x)
{
    if (!lua_isfunction(L, -1)) lua_pop(L, 1), lua_pushboolean(L, 0);
    lcf_state_get(L, LCF_SLOT_LISTENERS);
    lua_pushlightuserdata(L, (void *)(size_t)x);
    lua_pushvalue(L, -3);
    lua_rawset(L, -3);
    lua_pop(L, 2);
}

/* [-0, +1, e] What every event says: when, and of which call. */
static void push_event(lua_State *L, const struct lcf_exchange *x)
{
    lua_createtable(L, 0, 12);
    lua_pushnumber(L, lcf_unix_time());
    lua_setfield(L, -2, "time");
    lcf_set_host(L, x);
    lcf_set_text(L, "operation", x->intent->name, x->secret);
    lcf_set_text(L, "account_id", x->account, x->secret);
    lcf_set_text(L, "token_id", x->id, x->secret);
}

/* [-0, +0, e] */
static void describe_attempt(lua_State *L, const struct lcf_exchange *x, size_t i)
{
    const struct lcf_entry *e = &x->entries[i];
    lcf_set_number(L, "attempt", (double)i + 1);
    lcf_set_text(L, "method", lcf_method_name(e->method), x->secret);
    if (e->status) lcf_set_number(L, "status", e->status);
    lcf_set_text(L, "proved", lcf_proved(&x->plan, e), x->secret);
    lcf_set_text(L, "ray_id", e->ray_id, x->secret);
    lcf_set_number(L, "seconds", e->ended - e->began);
}

/* [-0, +0, e] */
static void describe_end(lua_State *L, const struct lcf_exchange *x, bool lost)
{
    const struct lcf_entry *answer = lcf_exchange_answer(x);
    lcf_set_text(L, "outcome", lcf_outcome_name(x->outcome), x->secret);
    lcf_set_number(L, "attempts", (double)x->count);
    if (answer) lcf_set_number(L, "status", answer->status);
    if (answer) lcf_set_text(L, "ray_id", answer->ray_id, x->secret);
    if (lcf_exchange_made_id(x)) lcf_set_text(L, "token_id", lcf_exchange_made_id(x), x->secret);
    if (lost) {
        lua_pushboolean(L, 1);
        lua_setfield(L, -2, "lost");
    }
    lcf_set_number(L, "seconds", lcf_now() - x->began);
}

/* unsent(listener, operation): [-0, +0, e] the outcome of a call that never began. */
static int tell_unsent(lua_State *L)
{
    lua_createtable(L, 0, 5);
    lua_pushnumber(L, lcf_unix_time());
    lua_setfield(L, -2, "time");
    lua_insert(L, -2);
    lua_setfield(L, -2, "operation");
    lcf_set_number(L, "attempts", 0);
    lcf_set_number(L, "seconds", 0);
    lua_pushstring(L, lcf_outcome_name(LCF_NOT_SENT));
    lua_setfield(L, -2, "outcome");
    lua_call(L, 1, 0);
    return 0;
}

void lcf_events_push_unsent(lua_State *L, const char *operation)
{
    lua_pushcfunction(L, tell_unsent);
    lua_insert(L, -2);
    lua_pushstring(L, operation);
}

/* tell(listener, exchange, entry, lost): [-0, +0, e] entry counts from 0; past the last it is the end. */
static int tell(lua_State *L)
{
    const struct lcf_exchange *x = lua_touserdata(L, 2);
    size_t i = (size_t)lua_tointeger(L, 3);
    bool lost = lua_toboolean(L, 4);
    lua_settop(L, 1);
    push_event(L, x);
    if (i < x->count) describe_attempt(L, x, i);
    else describe_end(L, x, lost);
    lua_call(L, 1, 0);
    return 0;
}

void lcf_events_push_listener(lua_State *L, const struct lcf_exchange *x)
{
    lcf_state_get(L, LCF_SLOT_LISTENERS);
    lua_pushlightuserdata(L, (void *)(size_t)x);
    lua_rawget(L, -2);
    lua_replace(L, -2);
}

void lcf_events_forget(lua_State *L, const struct lcf_exchange *x)
{
    lcf_state_get(L, LCF_SLOT_LISTENERS);
    lua_pushlightuserdata(L, (void *)(size_t)x);
    lua_pushnil(L);
    lua_rawset(L, -3);
    lua_pop(L, 1);
}

void lcf_events_tell(lua_State *L, const struct lcf_exchange *x, size_t entry, bool lost)
{
    lcf_state_get(L, LCF_SLOT_TELL);
    lua_pushvalue(L, -2);
    lua_pushlightuserdata(L, (void *)(size_t)x);
    lua_pushinteger(L, (lua_Integer)entry);
    lua_pushboolean(L, lost);
    if (lua_pcall(L, 4, 0, 0) != 0) lua_pop(L, 1);
}

void lcf_events_open(lua_State *L)
{
    lcf_state_get(L, LCF_SLOT_LISTENERS);
    if (!lua_istable(L, -1)) lua_newtable(L), lcf_state_set(L, LCF_SLOT_LISTENERS);
    lua_pop(L, 1);
    lua_pushcfunction(L, tell);
    lcf_state_set(L, LCF_SLOT_TELL);
}
