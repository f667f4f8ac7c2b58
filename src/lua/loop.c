#include "loop.h"
#include "../transport/clock.h"
#include "errors.h"
#include "events.h"
#include "state.h"

struct loop {
    struct lcf_engine *engine; /* NULL until the first call */
    bool closed; /* collected, as only a closing state does */
    bool busy; /* inside a step, or telling */
    int clients; /* how many are open in this state, whichever process made them */
    lua_Integer ended; /* how many calls have ended */
};

/* [-0, +1, -] The loop, on the stack so that it stays; NULL where it is another process's. */
static struct loop *push_loop(lua_State *L)
{
    lcf_state_get(L, LCF_SLOT_LOOP);
    struct loop *loop = lua_touserdata(L, -1);
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

static int loop_gc(lua_State *L)
{
    struct loop *loop = lua_touserdata(L, 1);
    if (loop->engine) lcf_engine_free(loop->engine);
    loop->engine = NULL;
    loop->closed = true;
    return 0;
}

/* [-0, +0, e] */
static struct loop *make_loop(lua_State *L)
{
    lcf_state_get(L, LCF_SLOT_LOOP);
    const struct loop *former = lua_touserdata(L, -1);
    struct loop *loop = lua_newuserdata(L, sizeof *loop);
    *loop = (struct loop){.clients = former ? former->clients : 0};
    lua_replace(L, -2);
    lcf_state_get(L, LCF_SLOT_LOOP_META);
    lua_setmetatable(L, -2);
    lcf_state_set(L, LCF_SLOT_LOOP);
    return loop;
}

/* [-0, +0, e] The loop of this process, made if it is another's. */
static struct loop *own_loop(lua_State *L)
{
    struct loop *loop = current_loop(L);
    return loop ? loop : make_loop(L);
}

struct lcf_engine *lcf_loop_engine(lua_State *L)
{
    struct loop *loop = own_loop(L);
    if (!loop->engine && !loop->closed) loop->engine = lcf_engine_new();
    return loop->engine;
}

void lcf_loop_count_client(lua_State *L, int change)
{
    lcf_state_get(L, LCF_SLOT_LOOP);
    struct loop *loop = lua_touserdata(L, -1);
    loop->clients += change;
    if (loop->engine && !lcf_engine_is_foreign(loop->engine)) lcf_engine_need(loop->engine, loop->clients > 0);
    lua_pop(L, 1);
}

void lcf_loop_tell_unsent(lua_State *L, const char *operation)
{
    if (!lua_isfunction(L, -1)) {
        lua_pop(L, 1);
        return;
    }
    own_loop(L);
    struct loop *loop = push_loop(L);
    lua_insert(L, -2); /* loop, listener */
    lcf_events_push_unsent(L, operation);
    loop->busy = true; /* nothing raises until it is false again */
    if (lua_pcall(L, 2, 0, 0) != 0) lua_pop(L, 1);
    loop->busy = false;
    lua_pop(L, 1);
}

/* [-0, +0, -] Whether the loop goes on after Lua ran: not in a child, nor where a closing state collected its engine,
 * and with it the calls in flight. */
static bool goes_on(lua_State *L, const struct loop *loop)
{
    return loop->engine && current_loop(L) == loop;
}

/* [-0, +0, -] A listener may cancel, which adds news; or fork, and then the child tells nothing. */
static void tell_exchange(lua_State *L, struct loop *loop, struct lcf_exchange *x)
{
    bool ended = x->state == LCF_ENDED, on = true;
    size_t count = x->count;
    lcf_events_push_listener(L, x);
    for (size_t i = x->told; on && lua_isfunction(L, -1) && i < count + ended; i++) {
        lcf_events_tell(L, x, i);
        on = goes_on(L, loop);
    }
    lua_pop(L, 1);
    if (on) x->told = count;
    if (!ended) return;
    loop->ended++;
    lcf_events_forget(L, x);
    lcf_exchange_release(x);
}

void lcf_loop_deliver(lua_State *L)
{
    struct loop *loop = push_loop(L);
    if (loop && loop->engine && !loop->busy) {
        loop->busy = true;
        for (struct lcf_exchange *x; goes_on(L, loop) && (x = lcf_engine_news(loop->engine));)
            tell_exchange(L, loop, x);
        loop->busy = false;
    }
    lua_pop(L, 1);
}

void lcf_loop_check_idle(lua_State *L, const char *function)
{
    const struct loop *loop = current_loop(L);
    if (loop && loop->busy)
        lcf_raise(L, lua_pushfstring(L, "cloudflare.%s: called from inside on_event, which may only look", function));
}

double lcf_optional_seconds(lua_State *L, int index, double fallback, const char *function, int argument)
{
    if (lua_isnoneornil(L, index)) return fallback;
    if (lua_type(L, index) != LUA_TNUMBER) lcf_wrong_type(L, function, argument, "number (seconds)", index);
    double seconds = lua_tonumber(L, index);
    if (!(seconds >= 0)) lcf_bad_argument(L, function, argument, "seconds must not be negative");
    return seconds;
}

int lcf_loop_step(lua_State *L)
{
    double seconds = lcf_optional_seconds(L, 1, 0, "step", 1);
    lcf_loop_check_idle(L, "step");
    struct loop *loop = push_loop(L);
    size_t in_flight = 0;
    if (loop && loop->engine) {
        loop->busy = true;
        in_flight = lcf_engine_step(loop->engine, seconds);
        loop->busy = false;
        lcf_loop_deliver(L);
    }
    lua_pushinteger(L, (lua_Integer)in_flight);
    lua_pushinteger(L, loop ? loop->ended : 0);
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

int lcf_loop_can_yield(lua_State *L)
{
    lua_pushboolean(L, lua_isyieldable(L));
    return 1;
}

void lcf_loop_open(lua_State *L)
{
    int top = lua_gettop(L);
    lcf_state_metatable(L, LCF_SLOT_LOOP_META, "cloudflare.loop");
    lua_pushcfunction(L, loop_gc);
    lua_setfield(L, -2, "__gc");
    lua_pop(L, 1);
    lcf_state_get(L, LCF_SLOT_LOOP);
    if (!lua_isuserdata(L, -1)) make_loop(L);
    lua_settop(L, top);
}
