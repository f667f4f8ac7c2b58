#include "envelope.h"
#include "errors.h"
#include "evidence.h"
#include "json.h"
#include "state.h"

#define BUILDS_MAX 100 /* times that an answer is built, each time with one of somebody else's errors in between */

enum reserve { RESERVED_RESULT = 1, RESERVED_ENVELOPE, RESERVED_ERROR };

/* [-0, +1, e] */
static void push_id(lua_State *L, const char *id)
{
    lua_createtable(L, 0, 1);
    if (!id[0]) return;
    lua_pushstring(L, id);
    lua_setfield(L, -2, "id");
}

/* [-0, +1, e] The decoded envelope, or false where none arrived. */
static void push_envelope(lua_State *L, const struct lcf_exchange *x)
{
    struct lcf_text body = lcf_exchange_body(x);
    if (body.len == 0) {
        lua_pushboolean(L, 0);
        return;
    }
    lcf_state_get(L, LCF_SLOT_DECODE);
    lcf_json_push(L, body, x->secret);
}

static bool is_success(const struct lcf_exchange *x, bool missing_ok)
{
    missing_ok = missing_ok && x->plan.nature == LCF_REMOVE;
    return x->outcome == LCF_OK || x->outcome == LCF_DELETED || x->outcome == LCF_GONE ||
           x->outcome == LCF_ACCEPTED || (x->outcome == LCF_NOT_FOUND && missing_ok);
}

/* [-0, +1, e] The result: as the API sent it, or, where it did not name the token, the id asked
 * for. Always true in a condition. */
static void push_result(lua_State *L, const struct lcf_exchange *x, int envelope)
{
    if (x->outcome == LCF_GONE || x->outcome == LCF_NOT_FOUND) {
        push_id(L, x->id);
        return;
    }
    lua_getfield(L, envelope, "result");
    if (lua_istable(L, -1) || lua_type(L, -1) == LUA_TSTRING) return;
    lua_pop(L, 1);
    lua_newtable(L);
}

int lcf_answer_build(lua_State *L)
{
    const struct lcf_exchange *x = lua_touserdata(L, 1);
    bool missing_ok = lua_toboolean(L, 2);
    push_envelope(L, x);   /* 3 */
    lcf_http_push(L, x);   /* 4 */
    if (!is_success(x, missing_ok)) {
        const struct lcf_entry *answer = lcf_exchange_answer(x);
        bool says = answer && answer->reading.success != LCF_NO_ENVELOPE && lua_istable(L, 3);
        lcf_error_push(L, x, says ? 3 : 0);
        lua_pushnil(L);
        lua_insert(L, -2);
        return 2;
    }
    lua_setfield(L, 3, "http");
    lua_pushstring(L, lcf_outcome_name(x->outcome));
    lua_setfield(L, 3, "outcome");
    push_result(L, x, 3);
    lua_pushvalue(L, 3);
    return 2;
}

void lcf_reserve_push(lua_State *L, const struct lcf_exchange *x)
{
    lua_createtable(L, 3, 0);
    push_id(L, x->id);
    lua_rawseti(L, -2, RESERVED_RESULT);
    lua_createtable(L, 0, 3);
    lua_pushboolean(L, 1);
    lua_setfield(L, -2, "success");
    lua_pushliteral(L, "unknown");
    lua_setfield(L, -2, "outcome");
    lcf_http_push(L, x);
    lua_setfield(L, -2, "http");
    lua_rawseti(L, -2, RESERVED_ENVELOPE);
    lcf_http_push(L, x);
    lcf_error_plain(L, LCF_KIND_HOST, LCF_UNKNOWN,
                    "cloudflare: Lua ran out of memory while the answer was built; `outcome` says how the call ended");
    lua_rawseti(L, -2, RESERVED_ERROR);
}

/* [-0, +0, -] Sets a reserved field of the table on top of the stack to a reserved word. */
static void set_word(lua_State *L, int key_slot, int word_slot)
{
    lcf_state_get(L, key_slot);
    lcf_state_get(L, word_slot);
    lua_rawset(L, -3);
}

/* [-0, +2, -] The answer without memory. A read's result is lost with it: that is a failure. */
static void push_reserved(lua_State *L, const struct lcf_exchange *x, bool missing_ok, int reserve)
{
    bool success = is_success(x, missing_ok) && x->outcome != LCF_OK;
    if (success) lua_rawgeti(L, reserve, RESERVED_RESULT);
    else lua_pushnil(L);
    lua_rawgeti(L, reserve, success ? RESERVED_ENVELOPE : RESERVED_ERROR);
    set_word(L, LCF_SLOT_KEY_OUTCOME, LCF_SLOT_OUTCOMES + (int)(x->outcome == LCF_OK ? LCF_FAILED : x->outcome));
}

/* A finalizer that happens to run (before Lua 5.4), or a hook, may raise in here: then it is built anew. */
int lcf_answer_push(lua_State *L, const struct lcf_exchange *x, bool missing_ok, int reserve)
{
    int top = lua_gettop(L), status = LUA_ERRRUN;
    for (int builds = 0; status != LUA_ERRMEM && builds < BUILDS_MAX; builds++) {
        lcf_state_get(L, LCF_SLOT_ANSWER);
        lua_pushlightuserdata(L, (void *)(size_t)x);
        lua_pushboolean(L, missing_ok);
        status = lua_pcall(L, 2, 2, 0);
        if (status == 0) return 2;
        lua_settop(L, top);
    }
    push_reserved(L, x, missing_ok, reserve);
    return 2;
}
