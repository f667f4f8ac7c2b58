#include "answer.h"
#include "errors.h"
#include "evidence.h"
#include "json.h"
#include "state.h"

#define BUILDS_MAX 100 /* times that an answer is built either way, each time with somebody's error in between */

enum reserve { RESERVED_RESULT = 1, RESERVED_ENVELOPE, RESERVED_ERROR };

/* [-0, +1, e] */
static void push_id(lua_State *L, const char *id)
{
    lua_createtable(L, 0, 1);
    if (!id[0]) return;
    lua_pushstring(L, id);
    lua_setfield(L, -2, "id");
}

/* [-0, +0, e] Gives the envelope on top of the stack a table under `name`, where the API sent none. */
static void make_list(lua_State *L, const char *name)
{
    lua_getfield(L, -1, name);
    bool is_list = lua_istable(L, -1);
    lua_pop(L, 1);
    if (is_list) return;
    lua_newtable(L);
    lua_setfield(L, -2, name);
}

/* [-0, +1, e] An envelope of what the scanner read, where lua-cjson made no tables. */
static void push_reading(lua_State *L, const struct lcf_exchange *x)
{
    const struct lcf_reading *reading = &lcf_exchange_answer(x)->reading;
    lua_createtable(L, 0, 6);
    lua_createtable(L, (int)reading->code_count, 0);
    for (size_t i = 0; i < reading->code_count; i++) {
        lua_createtable(L, 0, 1);
        lcf_set_number(L, "code", reading->codes[i]);
        lua_rawseti(L, -2, (int)i + 1);
    }
    lua_setfield(L, -2, "errors");
    lua_pushboolean(L, reading->success == LCF_SUCCESS);
    lua_setfield(L, -2, "success");
    push_id(L, x->outcome == LCF_DELETED ? x->id : "");
    lua_setfield(L, -2, "result");
}

/* Whether its result is the body itself, whatever that is. */
static bool is_raw(const struct lcf_exchange *x)
{
    return x->outcome == LCF_OK && x->intent->expects == LCF_BYTES;
}

/* [-0, +1, e] The envelope of a yes that needs no body. */
static void push_bare_yes(lua_State *L)
{
    lua_createtable(L, 0, 6);
    lua_pushboolean(L, 1);
    lua_setfield(L, -2, "success");
    make_list(L, "result");
    make_list(L, "errors");
    make_list(L, "messages");
}

/* [-0, +1, e] The envelope, or false where none arrived. */
static void push_envelope(lua_State *L, const struct lcf_exchange *x, bool decoded)
{
    struct lcf_text body = lcf_exchange_body(x);
    if (is_raw(x)) {
        lua_newtable(L);
        return;
    }
    if (body.len == 0 && x->outcome == LCF_OK) {
        push_bare_yes(L);
        return;
    }
    if (body.len == 0) {
        lua_pushboolean(L, 0);
        return;
    }
    if (decoded) {
        lcf_state_get(L, LCF_SLOT_DECODE);
        lcf_json_push(L, body, x->secret);
    } else {
        push_reading(L, x);
    }
    make_list(L, "errors");
    make_list(L, "messages");
}

static bool is_success(const struct lcf_exchange *x, bool missing_ok)
{
    bool may_be_missing = missing_ok && x->plan.nature == LCF_REMOVE;
    return !lcf_is_failure(x->outcome) || (x->outcome == LCF_NOT_FOUND && may_be_missing);
}

/* [-0, +1, e] */
static void push_raw(lua_State *L, const struct lcf_exchange *x)
{
    struct lcf_text body = lcf_exchange_body(x);
    lua_pushlstring(L, lcf_span_of(body).at, body.len);
    lcf_redact(L, x->secret);
}

/* [-0, +1, e] The result: as the API sent it, or, where it did not name the token, the id asked
 * for. Always true in a condition. */
static void push_result(lua_State *L, const struct lcf_exchange *x, int envelope)
{
    if (is_raw(x)) {
        push_raw(L, x);
        return;
    }
    if (x->outcome == LCF_GONE || x->outcome == LCF_NOT_FOUND) {
        push_id(L, x->id);
        return;
    }
    lua_getfield(L, envelope, "result");
    if (lua_toboolean(L, -1) && !lua_islightuserdata(L, -1)) return; /* no false, and no JSON null */
    lua_pop(L, 1);
    lua_newtable(L);
}

/* [-0, +1, e] A copy of the table at `index`, with another `value`. */
static void push_without_secret(lua_State *L, int index)
{
    lua_newtable(L);
    for (lua_pushnil(L); lua_next(L, index);) {
        lua_pushvalue(L, -2);
        lua_insert(L, -2);
        lua_rawset(L, -4);
    }
    lua_pushliteral(L, "[redacted]");
    lua_setfield(L, -2, "value");
}

/* [-0, +0, e] A new secret is in the result on top of the stack alone: the envelope, which scripts print and log, says
 * that there was one. */
static void hide_secret(lua_State *L, int envelope)
{
    if (lua_istable(L, -1)) push_without_secret(L, lua_gettop(L));
    else lua_pushliteral(L, "[redacted]");
    lua_setfield(L, envelope, "result");
}

/* [-0, +0, e] */
static const char *words_of(lua_State *L, int raised)
{
    return lua_isstring(L, raised) ? lua_tostring(L, raised) : luaL_typename(L, raised);
}

/* [-0, +0, e] Gives the error on top of the stack the call that the reserved error has, if any. */
static void copy_call(lua_State *L, int reserve)
{
    lua_rawgeti(L, reserve, RESERVED_ERROR);
    lua_getfield(L, -1, "call");
    lua_setfield(L, -3, "call");
    lua_pop(L, 1);
}

/* The arguments: the exchange, missing_ok, what lua-cjson raised before, or nil, and the reserve. */
int lcf_answer_build(lua_State *L)
{
    const struct lcf_exchange *x = lua_touserdata(L, 1);
    bool missing_ok = lua_toboolean(L, 2), decoded = lua_isnil(L, 3);
    push_envelope(L, x, decoded); /* 5 */
    lcf_http_push(L, x);          /* 6 */
    if (!is_success(x, missing_ok) || (x->outcome == LCF_OK && !decoded)) {
        const struct lcf_entry *answer = lcf_exchange_answer(x);
        bool says = answer && answer->reading.success != LCF_NO_ENVELOPE && lua_istable(L, 5);
        lcf_error_push(L, x, says ? 5 : 0, decoded ? NULL : words_of(L, 3));
        if (x->outcome == LCF_OK) copy_call(L, 4);
        lua_pushnil(L);
        lua_insert(L, -2);
        return 2;
    }
    lua_setfield(L, 5, "http");
    lua_pushstring(L, lcf_outcome_name(x->outcome));
    lua_setfield(L, 5, "outcome");
    push_result(L, x, 5);
    if (lcf_exchange_brings_secret(x)) hide_secret(L, 5);
    lua_pushvalue(L, 5);
    return 2;
}

/* [-0, +0, e] What changed something and is answered with a result can be asked for it again: the error on top of the
 * stack is given the call. */
static void set_call(lua_State *L, const struct lcf_exchange *x, int call)
{
    if (x->plan.nature == LCF_READ || x->plan.nature == LCF_REMOVE) return;
    lua_pushvalue(L, call);
    lua_setfield(L, -2, "call");
}

void lcf_answer_reserve(lua_State *L, const struct lcf_exchange *x, int call)
{
    lua_createtable(L, 3, 0);
    push_id(L, x->id);
    lua_rawseti(L, -2, RESERVED_RESULT);
    lua_createtable(L, 0, 5);
    lua_pushboolean(L, 1);
    lua_setfield(L, -2, "success");
    make_list(L, "errors");
    make_list(L, "messages");
    lua_pushliteral(L, "unknown");
    lua_setfield(L, -2, "outcome");
    lcf_http_push(L, x);
    lua_setfield(L, -2, "http");
    lua_rawseti(L, -2, RESERVED_ENVELOPE);
    lcf_http_push(L, x);
    lcf_error_plain(L, LCF_KIND_HOST, x->plan.nature, LCF_UNKNOWN,
                    "cloudflare: Lua ran out of memory while the answer was built; `outcome` says how the call ended");
    set_call(L, x, call);
    lua_rawseti(L, -2, RESERVED_ERROR);
}

/* [-0, +0, -] Sets a reserved field of the table on top of the stack to a reserved word. */
static void set_reserved_word(lua_State *L, int key_slot, int word_slot)
{
    lcf_state_get(L, key_slot);
    lcf_state_get(L, word_slot);
    lua_rawset(L, -3);
}

/* [-0, +0, -] Tells how the call ended, in the reserved error on top of the stack. */
static void set_end(lua_State *L, const struct lcf_exchange *x, int status)
{
    enum lcf_outcome outcome = lcf_error_outcome(x);
    set_reserved_word(L, LCF_SLOT_KEY_OUTCOME, LCF_SLOT_OUTCOMES + (int)outcome);
    lcf_state_get(L, LCF_SLOT_KEY_SAFE);
    lua_pushboolean(L, lcf_is_safe_to_retry(x->plan.nature, outcome));
    lua_rawset(L, -3);
    if (status != LUA_ERRMEM) set_reserved_word(L, LCF_SLOT_KEY_MESSAGE, LCF_SLOT_RAISED);
}

/* [-0, +2, -] The answer without memory. A yes that is nothing without its result is an error. */
static void push_reserved(lua_State *L, const struct lcf_exchange *x, bool missing_ok, int reserve, int status)
{
    bool success = is_success(x, missing_ok) && x->outcome != LCF_OK;
    if (success) lua_rawgeti(L, reserve, RESERVED_RESULT);
    else lua_pushnil(L);
    lua_rawgeti(L, reserve, success ? RESERVED_ENVELOPE : RESERVED_ERROR);
    if (success) set_reserved_word(L, LCF_SLOT_KEY_OUTCOME, LCF_SLOT_OUTCOMES + (int)x->outcome);
    else set_end(L, x, status);
}

void lcf_answer_renew(lua_State *L, const struct lcf_exchange *x)
{
    push_id(L, x->id);
    lua_rawseti(L, -2, RESERVED_RESULT);
}

/* A finalizer that happens to run (before Lua 5.4), or a hook, may raise in here: then it is built anew, and
 * at last without lua-cjson, which may be what raises. */
bool lcf_answer_push(lua_State *L, const struct lcf_exchange *x, bool missing_ok, int reserve)
{
    const int raised = lua_gettop(L) + 1; /* here lies what the last build raised */
    int status = LUA_ERRRUN;
    lua_pushnil(L);
    for (int builds = 0; status != 0 && status != LUA_ERRMEM && builds < 2 * BUILDS_MAX; builds++) {
        lcf_state_get(L, LCF_SLOT_ANSWER);
        lua_pushlightuserdata(L, (void *)(size_t)x);
        lua_pushboolean(L, missing_ok);
        if (builds < BUILDS_MAX) lua_pushnil(L);
        else lua_pushvalue(L, raised);
        lua_pushvalue(L, reserve);
        status = lua_pcall(L, 4, 2, 0);
        if (status != 0) lua_replace(L, raised);
    }
    if (status != 0) push_reserved(L, x, missing_ok, reserve, status);
    lua_remove(L, raised);
    return status == 0;
}
