#include "loop.h"
#include "../transport/clock.h"
#include "errors.h"
#include "events.h"
#include "state.h"

#include <math.h>

/* Owns the engine and decides when events are told. The rules: `busy` is set while the engine steps or a listener runs,
 * and nothing raises meanwhile; a child process leaves its parent's loop alone; after each listener the loop is checked
 * again; an end is counted once. */

struct loop {
    struct lcf_engine *engine; /* NULL until the first call */
    bool closed; /* collected, as only a closing state does */
    bool busy; /* inside a step, or telling */
    struct lcf_refusals refusals; /* of values asked about, by whatever process of this state */
    int clients; /* how many are open in this state, whichever process made them */
    lua_Integer ended; /* how many calls have ended */
};

/* [-0, +1, -] The loop of this state, whichever process made it, on the stack so that it stays. */
static struct loop *push_any_loop(lua_State *L)
{
    lcf_state_get(L, LCF_SLOT_LOOP);
    return lua_touserdata(L, -1);
}

/* [-0, +1, -] The same; NULL where it is another process's. */
static struct loop *push_loop(lua_State *L)
{
    struct loop *loop = push_any_loop(L);
    return loop->engine && lcf_engine_is_foreign(loop->engine) ? NULL : loop;
}

/* [-0, +0, -] */
static struct loop *current_loop(lua_State *L)
{
    struct loop *loop = push_loop(L);
    lua_pop(L, 1);
    return loop;
}

struct lcf_engine *lcf_loop_current(lua_State *L)
{
    struct loop *loop = current_loop(L);
    return loop ? loop->engine : NULL;
}

/* [-0, +0, -] */
static int loop_gc(lua_State *L)
{
    struct loop *loop = lua_touserdata(L, 1);
    if (loop->engine) lcf_engine_free(loop->engine);
    loop->engine = NULL;
    loop->closed = true;
    return 0;
}

/* [-0, +1, e] */
static struct loop *push_new_loop(lua_State *L)
{
    struct loop *loop = lua_newuserdata(L, sizeof *loop);
    *loop = (struct loop){0};
    lcf_state_get(L, LCF_SLOT_LOOP_META);
    lua_setmetatable(L, -2);
    return loop;
}

/* [-0, +0, e] The loop of this process, made if it is another's: then its parent's clients and refusals count on. While
 * it is made a finalizer may begin a call, and so make one. */
static struct loop *own_loop(lua_State *L)
{
    struct loop *loop = current_loop(L);
    if (loop) return loop;
    struct loop *made = push_new_loop(L);
    loop = current_loop(L);
    if (loop) {
        lua_pop(L, 1);
        return loop;
    }
    const struct loop *former = push_any_loop(L);
    made->clients = former->clients, made->refusals = former->refusals;
    lua_pop(L, 1);
    lcf_state_set(L, LCF_SLOT_LOOP);
    return made;
}

struct lcf_engine *lcf_loop_engine(lua_State *L)
{
    struct loop *loop = own_loop(L);
    if (!loop->engine && !loop->closed) loop->engine = lcf_engine_new();
    return loop->engine;
}

bool lcf_loop_has(lua_State *L, const struct lcf_engine *engine)
{
    bool has = push_any_loop(L)->engine == engine;
    lua_pop(L, 1);
    return has;
}

void lcf_loop_count_client(lua_State *L, int change)
{
    struct loop *loop = push_any_loop(L);
    loop->clients += change;
    if (loop->engine && !lcf_engine_is_foreign(loop->engine)) lcf_engine_need(loop->engine, loop->clients > 0);
    lua_pop(L, 1);
}

void lcf_loop_tell_unsent(lua_State *L, const char *operation)
{
    luaL_checkstack(L, LUA_MINSTACK, "an event");
    if (!lua_isfunction(L, -1)) {
        lua_pop(L, 1);
        return;
    }
    own_loop(L);
    struct loop *loop = push_loop(L);
    lua_insert(L, -2); /* loop, listener */
    lcf_events_push_unsent(L, operation);
    bool within = loop->busy; /* inside another listener, which has resumed a coroutine */
    loop->busy = true; /* nothing raises until it is as it was */
    if (lua_pcall(L, 2, 0, 0) != 0) lua_pop(L, 1);
    loop->busy = within;
    lua_pop(L, 1);
    lcf_loop_deliver(L); /* what the listener ended */
}

/* [-0, +0, -] Whether the loop goes on after Lua ran: not in a child, nor where a closing state collected its engine,
 * and with it the calls in flight. */
static bool goes_on(lua_State *L, const struct loop *loop)
{
    return loop->engine && current_loop(L) == loop;
}

/* Notes what an ended call about a value says of the budget of refusals. */
static void count_refusals(struct loop *loop, const struct lcf_exchange *x)
{
    for (const struct lcf_entry *e = x->entries; x->intent->apart && e < x->entries + x->count; e++) {
        if (e->reading.verdict != LCF_REFUSAL || (e->status != 401 && e->status != 403)) continue;
        lcf_refusals_note(&loop->refusals, e->ended);
    }
}

/* [-0, +0, -] Tells the listener on top of the stack what is new of `x`, and notes whether it is told as lost; false
 * where a listener forked or the state closes, and nothing more may be told. A listener may cancel, which adds news. */
static bool tell_news(lua_State *L, const struct loop *loop, struct lcf_exchange *x, bool *lost)
{
    bool on = true, ended = x->state == LCF_ENDED;
    size_t count = x->count;
    for (size_t i = x->told; on && lua_isfunction(L, -1) && i < count + ended; i++) {
        *lost = x->lost;
        lcf_events_tell(L, x, i, *lost); /* that may change meanwhile, by a finalizer */
        on = goes_on(L, loop);
    }
    if (on) x->told = count;
    return on;
}

/* [-0, +0, -] The end of `x` has been told. The listener of a call that brought a secret is kept until the secret is
 * taken or lost, because a loss is told as a second end; either may happen while a listener runs. */
static void note_told(lua_State *L, struct loop *loop, struct lcf_exchange *x, bool lost)
{
    if (!x->end_told) count_refusals(loop, x), loop->ended++;
    x->end_told = true;
    if (lost || x->taken || !lcf_exchange_brings_secret(x)) lcf_events_forget(L, x);
    lcf_exchange_release(x); /* the engine's hold */
}

/* [-0, +0, -] As tell_news; it holds `x`, which the engine of a closing state lets go of. */
static bool tell_exchange(lua_State *L, struct loop *loop, struct lcf_exchange *x)
{
    bool ended = x->state == LCF_ENDED, bears = ended && lcf_exchange_brings_secret(x);
    if (bears && !x->taken && x->holders == 1) x->lost = true;
    bool lost = x->lost;
    lcf_exchange_hold(x);
    lcf_events_push_listener(L, x);
    bool on = tell_news(L, loop, x, &lost);
    lua_pop(L, 1);
    if (ended) note_told(L, loop, x, lost);
    lcf_exchange_release(x);
    return on;
}

/* [-0, +0, -] */
static void deliver(lua_State *L, struct loop *loop)
{
    bool on = true;
    loop->busy = true;
    for (struct lcf_exchange *x; on && (x = lcf_engine_news(loop->engine));) on = tell_exchange(L, loop, x);
    loop->busy = false;
}

void lcf_loop_deliver(lua_State *L)
{
    struct loop *loop = push_loop(L);
    if (loop && loop->engine && !loop->busy) deliver(L, loop);
    lua_pop(L, 1);
}

/* [-0, +0, v] Raises where `loop`, if there is one, is busy. */
static void check_outside_listener(lua_State *L, const struct loop *loop, const char *function)
{
    if (loop && loop->busy)
        lcf_raise(L, lua_pushfstring(L, "cloudflare.%s: called from inside on_event, which may only look", function));
}

void lcf_loop_check_outside_listener(lua_State *L, const char *function)
{
    check_outside_listener(L, current_loop(L), function);
}

double lcf_optional_seconds(lua_State *L, int index, double fallback, const char *function, int argument)
{
    if (lua_isnoneornil(L, index)) return fallback;
    if (lua_type(L, index) != LUA_TNUMBER) lcf_wrong_type(L, function, argument, "number (seconds)", index);
    double seconds = lua_tonumber(L, index);
    if (!(seconds >= 0)) lcf_bad_argument(L, function, argument, "seconds must not be negative");
    return seconds;
}

/* [-0, +1, v] What a function of the list of tasks returns, a number; 0 where the list is empty. */
static double ask_tasks(lua_State *L, const char *function)
{
    int result = lua_gettop(L) + 1;
    lcf_state_get(L, LCF_SLOT_TASKS);
    lua_rawgeti(L, -1, 1);
    if (lua_istable(L, -1)) {
        lua_getfield(L, -2, function);
        lua_call(L, 0, 1);
    }
    lua_replace(L, result);
    lua_settop(L, result);
    return lua_tonumber(L, result);
}

void lcf_loop_advance(lua_State *L)
{
    if (lcf_loop_is_busy(L)) return;
    ask_tasks(L, "advance");
    lua_pop(L, 1);
}

/* [-0, +0, -] Steps the engine; how many calls are in flight. */
static size_t step_engine(lua_State *L, struct loop *loop, double seconds)
{
    loop->busy = true;
    size_t in_flight = lcf_engine_step(loop->engine, seconds);
    loop->busy = false;
    deliver(L, loop);
    return in_flight;
}

int lcf_loop_step(lua_State *L)
{
    lua_settop(L, 2);
    double seconds = lcf_optional_seconds(L, 1, 0, "step", 1);
    check_outside_listener(L, current_loop(L), "step");
    double due = ask_tasks(L, "due");
    bool has_tasks = lua_isnumber(L, -1);
    struct loop *loop = push_loop(L); /* after Lua ran: a finalizer may have forked */
    bool rests = (has_tasks && isfinite(due)) || lua_toboolean(L, 2); /* isfinite: a task of this process */
    if (has_tasks && due < seconds) seconds = due;
    size_t in_flight = 0;
    if (loop && loop->engine && !lcf_engine_is_idle(loop->engine)) in_flight = step_engine(L, loop, seconds);
    else if (rests) lcf_rest(seconds);
    in_flight += (size_t)ask_tasks(L, "advance");
    lua_pushinteger(L, (lua_Integer)in_flight);
    lua_pushinteger(L, loop ? loop->ended : 0);
    return 2;
}

int lcf_loop_pollfd(lua_State *L)
{
    struct lcf_engine *engine = lcf_loop_current(L);
    int fd = engine ? lcf_engine_pollfd(engine) : -1;
    if (fd < 0) lua_pushnil(L);
    else lua_pushinteger(L, fd);
    return 1;
}

int lcf_loop_timeout(lua_State *L)
{
    struct lcf_engine *engine = lcf_loop_current(L);
    double seconds = engine ? lcf_engine_timeout(engine) : INFINITY;
    if (engine && lcf_engine_pollfd(engine) < 0) seconds = fmin(seconds, 0.01);
    if (isinf(seconds)) lua_pushnil(L);
    else lua_pushnumber(L, seconds);
    return 1;
}

int lcf_loop_ends(lua_State *L)
{
    const struct loop *loop = push_loop(L);
    lua_pushinteger(L, loop ? loop->ended : 0);
    return 1;
}

int lcf_loop_note_end(lua_State *L)
{
    own_loop(L)->ended++;
    return 0;
}

bool lcf_loop_is_busy(lua_State *L)
{
    const struct loop *loop = current_loop(L);
    return loop && loop->busy;
}

int lcf_loop_note_lockout(lua_State *L)
{
    lcf_refusals_lock(&push_any_loop(L)->refusals, lcf_now());
    return 0;
}

int lcf_loop_refusals_left(lua_State *L)
{
    double most = lua_isnoneornil(L, 1) ? LCF_REFUSALS_DEFAULT : lua_tonumber(L, 1), now = lcf_now();
    if (!lua_isnoneornil(L, 1) && lua_type(L, 1) != LUA_TNUMBER) lcf_wrong_type(L, "refusals_left", 1, "number", 1);
    if (!(most >= 1 && most <= LCF_REFUSALS_MAX) || most != floor(most))
        lcf_bad_argument(L, "refusals_left", 1, "a whole number from 1 to 50 expected");
    const struct loop *loop = push_any_loop(L); /* a child begins with its parent's refusals */
    lua_pushinteger(L, lcf_refusals_left(&loop->refusals, (int)most, now));
    lua_pushnumber(L, lcf_refusals_wait(&loop->refusals, (int)most, now));
    return 2;
}

int lcf_loop_pause(lua_State *L)
{
    struct lcf_engine *engine = lcf_loop_current(L);
    double pause = engine ? lcf_engine_pause(engine) : 0.001;
    double most = lua_tonumber(L, 1);
    lua_pushnumber(L, most > 0 && most < pause ? most : pause);
    return 1;
}

int lcf_loop_now(lua_State *L)
{
    lua_pushnumber(L, lcf_now());
    return 1;
}

int lcf_loop_uptime(lua_State *L)
{
    lua_pushnumber(L, lcf_uptime());
    return 1;
}

int lcf_loop_can_yield(lua_State *L)
{
    lua_pushboolean(L, lua_isyieldable(L));
    return 1;
}

void lcf_loop_open(lua_State *L)
{
    int top = lua_gettop(L);
    lcf_state_userdata(L, LCF_SLOT_LOOP_META, "cloudflare.loop", loop_gc);
    lcf_state_get(L, LCF_SLOT_TASKS);
    if (!lua_istable(L, -1)) lua_newtable(L), lcf_state_set(L, LCF_SLOT_TASKS);
    lcf_state_get(L, LCF_SLOT_LOOP);
    if (!lua_isuserdata(L, -1)) push_new_loop(L), lcf_state_set(L, LCF_SLOT_LOOP);
    lua_settop(L, top);
}
