#include "errors.h"
#include "evidence.h"
#include "sentence.h"
#include "state.h"

/* [-0, +1, e] What a value reads as in a concatenation. */
static void push_text(lua_State *L, int index)
{
    if (lua_istable(L, index)) lua_getfield(L, index, "message");
    else lua_pushvalue(L, index);
    if (!lua_isstring(L, -1)) lua_pushstring(L, luaL_typename(L, index)), lua_replace(L, -2);
}

/* [-0, +1, e] */
static int error_tostring(lua_State *L)
{
    push_text(L, 1);
    return 1;
}

/* [-0, +1, e] */
static int error_concat(lua_State *L)
{
    push_text(L, 1);
    push_text(L, 2);
    lua_concat(L, 2);
    return 1;
}

static const luaL_Reg error_meta[] = {
    {"__tostring", error_tostring},
    {"__concat", error_concat},
    {NULL, NULL},
};

void lcf_errors_open(lua_State *L)
{
    lua_newtable(L);
    luaL_setfuncs(L, error_meta, 0);
    lua_pushliteral(L, "cloudflare.error");
    lua_setfield(L, -2, "__name");
}

void lcf_error_plain(lua_State *L, enum lcf_kind kind, enum lcf_nature nature, enum lcf_outcome outcome,
                     const char *message)
{
    lua_createtable(L, 0, 8);
    lua_insert(L, -2); /* err, http */
    lua_setfield(L, -2, "http");
    lua_pushstring(L, lcf_kind_name(kind));
    lua_setfield(L, -2, "kind");
    lua_pushstring(L, lcf_outcome_name(outcome));
    lua_setfield(L, -2, "outcome");
    lua_pushstring(L, message);
    lua_setfield(L, -2, "message");
    lua_pushboolean(L, lcf_is_safe_to_retry(nature, outcome));
    lua_setfield(L, -2, "safe_to_retry");
    lcf_state_get(L, LCF_SLOT_ERROR_META);
    lua_setmetatable(L, -2);
}

int lcf_fail_as(lua_State *L, enum lcf_kind kind, enum lcf_nature nature, enum lcf_outcome outcome,
                const char *function, const char *message)
{
    lua_pushnil(L);
    lua_pushfstring(L, "cloudflare.%s: %s", function, message);
    lcf_http_push(L, NULL);
    lcf_error_plain(L, kind, nature, outcome, lua_tostring(L, -2));
    lua_remove(L, -2); /* the message */
    return 2;
}

int lcf_fail(lua_State *L, enum lcf_kind kind, const char *function, const char *message)
{
    return lcf_fail_as(L, kind, LCF_ONCE, LCF_NOT_SENT, function, message); /* nothing was done, whatever it was */
}

int lcf_bad_value(lua_State *L, const char *function, const char *argument, const char *message)
{
    lua_pushfstring(L, "%s: %s", argument, message);
    lcf_fail(L, LCF_KIND_ARGUMENT, function, lua_tostring(L, -1));
    lua_remove(L, -3); /* the message */
    lua_pushstring(L, argument);
    lua_setfield(L, -2, "argument");
    return 2;
}

int lcf_raise(lua_State *L, const char *message)
{
    luaL_where(L, 2);
    lua_pushstring(L, message);
    lua_concat(L, 2);
    return lua_error(L);
}

int lcf_no_memory(lua_State *L)
{
    lua_pushliteral(L, "not enough memory");
    return lua_error(L);
}

int lcf_bad_argument(lua_State *L, const char *function, int argument, const char *message)
{
    return lcf_raise(L, lua_pushfstring(L, "bad argument #%d to '%s' (%s)", argument, function, message));
}

int lcf_wrong_type(lua_State *L, const char *function, int argument, const char *expected, int index)
{
    const char *got = lua_isnone(L, index) ? "no value" : luaL_typename(L, index);
    return lcf_bad_argument(L, function, argument, lua_pushfstring(L, "%s expected, got %s", expected, got));
}

enum lcf_outcome lcf_error_outcome(const struct lcf_exchange *x)
{
    return x->outcome == LCF_OK && x->plan.nature == LCF_READ ? LCF_FAILED : x->outcome;
}

/* [-0, +1, e] The first object in the list `name` of the table at `index` (0 for none), or nil. */
static void push_first(lua_State *L, int index, const char *name)
{
    if (index) lua_getfield(L, index, name);
    else lua_pushnil(L);
    if (lua_istable(L, -1)) {
        lua_rawgeti(L, -1, 1);
        lua_replace(L, -2);
    }
    if (!lua_istable(L, -1)) lua_pop(L, 1), lua_pushnil(L);
}

/* [-0, +1, e] The message of the object at `index`; NULL where it has none. */
static const char *push_message(lua_State *L, int index)
{
    if (lua_istable(L, index)) lua_getfield(L, index, "message");
    else lua_pushnil(L);
    return lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : NULL;
}

/* [-0, +2, e] Its two messages lie on the stack, or what stands in their place. */
static struct lcf_said first_error(lua_State *L, int envelope)
{
    struct lcf_said said = {0};
    push_first(L, envelope, "errors");
    int error = lua_gettop(L);
    bool exists = lua_istable(L, error);
    if (exists) lua_getfield(L, error, "code");
    else lua_pushnil(L);
    lua_Number code = lua_type(L, -1) == LUA_TNUMBER ? lua_tonumber(L, -1) : -1;
    lua_pop(L, 1);
    said.has_code = code >= 0 && code < 1e9;
    said.code = said.has_code ? (int)code : 0;
    said.message = push_message(L, error);
    push_first(L, exists ? error : 0, "error_chain");
    said.cause = push_message(L, lua_gettop(L));
    lua_replace(L, -2); /* error, message, cause */
    lua_remove(L, error);
    return said;
}

/* [-0, +0, e] The id of a token whose secret did not arrive, into the error on top of the stack. */
static void set_id(lua_State *L, const struct lcf_exchange *x)
{
    if (x->outcome != LCF_UNKNOWN || !lcf_exchange_made_id(x)) return;
    lua_pushstring(L, lcf_exchange_made_id(x));
    lua_setfield(L, -2, "id");
}

/* [-0, +0, e] Copies a field of the envelope into the error on top of the stack. */
static void copy_field(lua_State *L, int envelope, const char *name)
{
    if (!envelope) return;
    lua_getfield(L, envelope, name);
    lua_setfield(L, -2, name);
}

/* [-0, +0, e] The first error's code, where it has one, into the error on top of the stack. */
static void copy_code(lua_State *L, int envelope)
{
    push_first(L, envelope, "errors");
    if (lua_istable(L, -1)) {
        lua_getfield(L, -1, "code");
        if (lua_islightuserdata(L, -1)) lua_pop(L, 1), lua_pushnil(L); /* JSON's null */
        lua_setfield(L, -3, "code");
    }
    lua_pop(L, 1);
}

static const struct lcf_hint *hint_of(const struct lcf_exchange *x, const struct lcf_said *said)
{
    const struct lcf_entry *answer = lcf_exchange_answer(x);
    bool refused = x->outcome == LCF_REFUSED && answer;
    return refused ? lcf_hint_find(x->intent->name, answer->status, said) : NULL;
}

void lcf_error_push(lua_State *L, const struct lcf_exchange *x, int envelope, const char *unbuilt)
{
    struct lcf_said said = first_error(L, envelope);
    const struct lcf_hint *hint = hint_of(x, &said);
    lcf_sentence_push(L, x, &said, hint, unbuilt);
    lua_replace(L, -3); /* in place of the messages */
    lua_pop(L, 1);
    lua_insert(L, -2);  /* sentence, http */
    enum lcf_kind kind = x->outcome == LCF_OK ? LCF_KIND_HOST : x->kind;
    lcf_error_plain(L, kind, x->plan.nature, lcf_error_outcome(x), lua_tostring(L, -2));
    lua_remove(L, -2);
    copy_field(L, envelope, "errors");
    copy_field(L, envelope, "messages");
    set_id(L, x);
    copy_code(L, envelope);
    if (!x->intent->apart || !hint || !hint->reason) return;
    lua_pushstring(L, hint->reason);
    lua_setfield(L, -2, "reason");
}
