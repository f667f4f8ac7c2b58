#ifndef LCF_CALL_H
#define LCF_CALL_H

#include "../transport/engine.h"
#include "compat.h"

/* A call: what a script holds of an exchange. The engine owns the exchange; dropping the call
 * does not cancel it. How one is made stands in begin.h. */

struct lcf_call {
    struct lcf_exchange *exchange; /* NULL where a bad value ended the call before it began */
    struct lcf_profile *profile;   /* these two only while the call is being made */
    struct lcf_secret *secret;
    struct lcf_engine *engine;     /* followed only while it is this process's */
    bool missing_ok;
    bool gave;                     /* its reserve has been left to the client */
    bool plain;                    /* it stays in the module, which asks for its answer once */
    bool kept;                     /* its answer, which holds a secret, has been built and is kept in Lua */
    int builds;                    /* of its answer that are under way: a finalizer may ask for it, too */
};

/* What a call keeps in Lua: slots of the table that is its user value. */
enum lcf_call_slot {
    LCF_CALL_CLIENT = 1,
    LCF_CALL_SLEEP,
    LCF_CALL_RESERVE,
    LCF_CALL_RESULT,
    LCF_CALL_ENVELOPE,
    LCF_CALL_FAULT
};

/* [-0, +0, e] Makes the metatable; the `wait` method comes from wait.lua. */
void lcf_call_open(lua_State *L);

/* [-0, +1, e] An empty call with its table; its collector is right for it from the start. */
struct lcf_call *lcf_call_push(lua_State *L);
/* [-0, +1, e] The table of methods. */
void lcf_call_push_methods(lua_State *L);

/* These two take a task's handle, and what a task awaits, too: a table with the methods done and answer.
 * ended(call): [-0, +1, v] */
int lcf_call_ended(lua_State *L);
/* answer(call): [-0, +n, v] what an ended call returns. */
int lcf_call_answer(lua_State *L);
/* next_ended(calls, from): [-0, +1, -] where in that list, from there on, the first call stands that has ended, or nil.
 * In it a table stands for a call that never began. */
int lcf_call_next_ended(lua_State *L);
/* peek(call): [-0, +2, v] the same, but does not mark a new secret in it as taken: a task calls `took` once the secret
 * has reached its caller. */
int lcf_call_peek(lua_State *L);
/* deleted(call): [-0, +1, v] whether it has ended as deleted. If so, its reserve goes back to the client for another
 * call: ask only where nobody will ask for the answer. */
int lcf_call_deleted(lua_State *L);
/* bears(call): [-0, +1, v] whether its answer holds a new secret. */
int lcf_call_bears(lua_State *L);
/* took(call): [-0, +0, v] */
int lcf_call_took(lua_State *L);
/* sleep_of(call, seconds): [-0, +1, v] checks the arguments of call:wait. */
int lcf_call_sleep_of(lua_State *L);

#endif
