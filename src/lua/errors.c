#include "errors.h"
#include "../core/words.h"
#include "evidence.h"
#include "json.h"
#include "state.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define QUOTE_MAX 300 /* bytes of the API's or libcurl's words that go into a sentence */

/* [-0, +1, e] What a value reads as in a concatenation. */
static void push_text(lua_State *L, int index)
{
    if (lua_istable(L, index)) lua_getfield(L, index, "message");
    else lua_pushvalue(L, index);
    if (!lua_isstring(L, -1)) lua_pushstring(L, luaL_typename(L, index)), lua_replace(L, -2);
}

static int error_tostring(lua_State *L)
{
    push_text(L, 1);
    return 1;
}

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

static const char *absence(const struct lcf_exchange *x)
{
    if (!x->plan.names_one) return "not found";
    return x->account[0] ? "there is no such token in this account for this credential"
                         : "there is no such token for this credential";
}

static const char *headline(const struct lcf_exchange *x)
{
    switch (x->outcome) {
    case LCF_OK: return "the API said yes";
    case LCF_NOT_FOUND: return absence(x);
    case LCF_NOT_SENT: return "nothing was sent";
    case LCF_REFUSED: return "the API refused";
    case LCF_FAILED: return "no trustworthy answer; nothing was changed";
    default: return "it is unknown whether ";
    }
}

/* What the last look showed of a token whose removal is unknown; NULL for nothing. */
static const char *finding(const struct lcf_exchange *x, const struct lcf_entry *last)
{
    if (x->outcome != LCF_UNKNOWN || !last || lcf_is_own(&x->plan, last->method)) return NULL;
    if (last->reading.verdict == LCF_ABSENT) return "a read no longer shows it";
    if (last->reading.verdict != LCF_PROVEN) return NULL;
    bool denied = false;
    for (const struct lcf_entry *e = x->entries; e < last; e++)
        denied = denied || (lcf_is_own(&x->plan, e->method) && e->reading.verdict == LCF_ABSENT);
    return denied ? "reading shows it, deleting says that it is not there" : "reading still shows it";
}

static const char *cause_words(enum lcf_cause cause)
{
    static const char *const words[] = {
        [LCF_ANSWERED] = "the answer is not the API's envelope",
        [LCF_RESOLVE] = "the host name did not resolve",
        [LCF_NO_THREAD] = "no thread may be started here, and to resolve a host name takes one",
        [LCF_CONNECT] = "no connection",
        [LCF_HANDSHAKE] = "the TLS handshake failed",
        [LCF_CERTIFICATE] = "the server's certificate was not accepted",
        [LCF_CONFIGURE] = "an option could not be used",
        [LCF_TIMED_OUT] = "no answer in time",
        [LCF_BROKEN] = "the connection broke before a complete answer",
        [LCF_MALFORMED] = "the answer was malformed or too long",
        [LCF_COMPRESSED] = "the answer was compressed, which was not asked for",
        [LCF_NO_MEMORY] = "out of memory",
        [LCF_CANCELLED] = "cancelled",
    };
    return words[cause];
}

/* What the caller can do about an attempt that got no answer. */
static const char *cause_advice(enum lcf_cause cause)
{
    switch (cause) {
    case LCF_RESOLVE:
    case LCF_CONNECT: return "check the network, the proxy and base_url";
    case LCF_NO_THREAD:
        return "allow this user more processes (in HAProxy: insecure-fork-wanted), or name a proxy by its address";
    case LCF_HANDSHAKE:
    case LCF_CERTIFICATE: return "check base_url, or name the authority to trust with ca_file or ca_path";
    case LCF_CONFIGURE: return "check ca_file, ca_path and proxy";
    case LCF_TIMED_OUT: return "try again, or allow more with timeout";
    default: return NULL;
    }
}

/* The first error of the envelope, whose messages lie on the stack; and why there is no envelope though
 * one arrived, or NULL. */
struct said {
    bool has_code;
    int code;
    const char *message, *cause; /* of the error, and of the first in its error_chain */
    const char *unbuilt;
};

/* What an answer means to the caller: by its code, and by the status, the operation and a part of its words
 * where these are given. A code alone often says too little. Where nothing is known, nothing is advised. */
struct hint {
    int code, status;
    const char *operation, *words;
    const char *advice; /* NULL: the permission that the operation needs */
    const char *reason; /* why a value that was asked about was refused, in a word */
};

#define NOT_ACCEPTED \
    "the credential is revoked or expired, of another account or of the other kind (account's, user's), or was made " \
    "seconds ago"
#define ELSEWHERE NOT_ACCEPTED "; a user's token is verified at /user/tokens/verify"
#define LOCKED_OUT "after too many bad credentials good ones are refused too: wait up to half an hour"

static const struct hint hints[] = {
    {1000, 401, "tokens.verify", NULL, ELSEWHERE, NULL},
    {1000, 401, NULL, NULL, NOT_ACCEPTED, "not_accepted"},
    {1001, 401, "tokens.verify", "Invalid API Token", ELSEWHERE, NULL},
    {1001, 401, NULL, "Invalid API Token", NOT_ACCEPTED, "not_accepted"},
    {6003, 400, NULL, "Authorization header", "a global API key goes into api_key and api_email, not into api_token",
     NULL},
    {6003, 400, NULL, "X-Auth-Key header", "a token goes into api_token, not into api_key", NULL},
    {7000, 404, NULL, NULL, "check the account id and base_url", NULL},
    {7003, 404, NULL, NULL, "check the account id and base_url", NULL},
    {9103, 403, NULL, NULL, "api_email and api_key do not belong together", NULL},
    {9106, 400, NULL, "Missing", "the credential was taken off on the way: check base_url and the proxy", NULL},
    {9109, 403, NULL, "Unauthorized to access", NULL, NULL},
    {9109, 403, NULL, "from location", "the token is valid, but its conditions do not allow it from this address",
     "elsewhere"},
    {9109, 403, NULL, "Invalid access token", NOT_ACCEPTED, "not_accepted"},
    {9109, 403, NULL, "Max auth failures", LOCKED_OUT, "lockout"},
    {10000, 401, NULL, NULL, "good credentials have met this in passing: try once more before you replace it", NULL},
    {10000, 403, NULL, NULL, "good credentials have met this in passing: try once more before you replace it", NULL},
    {10502, 0, NULL, NULL, LOCKED_OUT, "lockout"},
};

static bool holds(const char *words, const char *part)
{
    return words && strstr(words, part);
}

static const struct hint *find_hint(const char *operation, int status, const struct said *said)
{
    for (size_t i = 0; said->has_code && i < sizeof hints / sizeof *hints; i++) {
        const struct hint *hint = &hints[i];
        if (hint->code != said->code || (hint->status && hint->status != status)) continue;
        if (hint->operation && strcmp(hint->operation, operation) != 0) continue;
        if (!hint->words || holds(said->message, hint->words) || holds(said->cause, hint->words)) return hint;
    }
    return NULL;
}

static void add_quoted(luaL_Buffer *b, const char *words)
{
    char harmless[QUOTE_MAX];
    struct lcf_text text = {words, strlen(words)};
    luaL_addlstring(b, harmless, lcf_words_copy(lcf_span_of(text), harmless, sizeof harmless));
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
static struct said first_error(lua_State *L, int envelope)
{
    struct said said = {0};
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

/* '(HTTP 403, code 9109 "Unauthorized to access requested resource")' */
static void add_answer(luaL_Buffer *b, const struct lcf_entry *e, const struct said *said)
{
    char words[48];
    snprintf(words, sizeof words, " (HTTP %d", e->status);
    luaL_addstring(b, words);
    if (said->has_code) {
        snprintf(words, sizeof words, ", code %d", said->code);
        luaL_addstring(b, words);
    }
    if (said->message) {
        luaL_addstring(b, said->has_code ? " \"" : ", \"");
        add_quoted(b, said->message);
        luaL_addchar(b, '"');
    }
    luaL_addchar(b, ')');
}

/* ": no connection (Failed to connect to …)" libcurl's words are about the last attempt. */
static void add_cause(luaL_Buffer *b, const char *before, const struct lcf_exchange *x, const struct lcf_entry *e)
{
    luaL_addstring(b, before);
    luaL_addstring(b, cause_words(e->cause));
    if (!x->why[0] || e != lcf_exchange_last(x)) return;
    luaL_addstring(b, " (");
    add_quoted(b, x->why);
    luaL_addchar(b, ')');
}

static void add_wait(luaL_Buffer *b, double seconds)
{
    char words[64];
    snprintf(words, sizeof words, "; the API asked to wait %.0f s", ceil(seconds));
    luaL_addstring(b, words);
}

static void add_advice(luaL_Buffer *b, const char *advice)
{
    if (!advice) return;
    luaL_addstring(b, "; ");
    luaL_addstring(b, advice);
}

/* The proxy that libcurl took from the environment. */
static void add_proxy_advice(luaL_Buffer *b, const char *variable)
{
    const char *value = getenv(variable);
    bool good = value && lcf_check_proxy(lcf_span_of((struct lcf_text){value, strlen(value)})) == LCF_PROXY_GOOD;
    add_advice(b, variable);
    luaL_addstring(b, good ? ", in the environment, names the proxy" : ", in the environment, is no proxy's URL");
}

/* What of the environment may stand behind an attempt that got no answer. */
static void add_environment(luaL_Buffer *b, const struct lcf_exchange *x, const struct lcf_entry *e)
{
    bool connects = e->cause == LCF_RESOLVE || e->cause == LCF_CONNECT || e->cause == LCF_CONFIGURE;
    const char *variable = connects && !x->plain ? lcf_route_proxy_variable(&x->profile->route) : NULL;
    const char *settings = lcf_cause_kind(e->cause) == LCF_KIND_TLS ? getenv("OPENSSL_CONF") : NULL;
    if (variable) add_proxy_advice(b, variable);
    if (settings && settings[0]) add_advice(b, "OPENSSL_CONF is set: OpenSSL follows the file that it names");
}

static void add_permission(luaL_Buffer *b, const struct lcf_exchange *x)
{
    if (!x->intent->permission) return;
    luaL_addstring(b, "; the credential needs the permission \"");
    luaL_addstring(b, x->intent->permission);
    luaL_addchar(b, '"');
    if (!x->account[0]) return;
    luaL_addstring(b, " in account ");
    luaL_addstring(b, x->account);
}

/* The id that the yes to a removal named instead of ours: that token may be dead. */
static const char *other_id(const struct lcf_exchange *x)
{
    for (size_t i = 0; x->plan.nature == LCF_REMOVE && i < x->count; i++) {
        const struct lcf_entry *e = &x->entries[i];
        bool yes = lcf_is_own(&x->plan, e->method) && e->reading.verdict == LCF_UNNAMED;
        if (yes && e->reading.named == LCF_NAMED_ID) return e->reading.id;
    }
    return NULL;
}

/* Whether a read got no answer, and would have been repeated by a client that had made fewer retries. */
static bool lacks_retries(const struct lcf_exchange *x)
{
    bool lost = x->outcome == LCF_FAILED && x->kind == LCF_KIND_NETWORK;
    return lost && x->count <= (size_t)x->plan.max_retries && !lcf_pace_affords(x->pace);
}

static void add_unbuilt(luaL_Buffer *b, const char *why)
{
    luaL_addstring(b, "; the answer could not be made into Lua tables (");
    add_quoted(b, why);
    luaL_addchar(b, ')');
}

/* What to do after a call of which it is unknown whether it took effect. */
static const char *way_out(const struct lcf_exchange *x)
{
    if (lcf_is_safe_to_retry(x->plan.nature, x->outcome)) return "repeating the call is safe";
    if (lcf_exchange_made_id(x)) return "its secret did not arrive: roll or delete the token ";
    switch (x->intent->expects) {
    case LCF_ID_AND_VALUE: return "a second call may make a second token: look first whether there is one of that name";
    case LCF_STRING: return "the old secret may be dead: roll once more, and deploy that value";
    default: return "look at it before the call is repeated";
    }
}

static void add_what_to_do(luaL_Buffer *b, const struct lcf_exchange *x, const struct lcf_entry *e,
                           const struct said *said)
{
    const struct hint *hint = e && x->outcome == LCF_REFUSED ? find_hint(x->intent->name, e->status, said) : NULL;
    if (x->retry_after >= 0) add_wait(b, x->retry_after);
    if (hint && hint->advice) add_advice(b, hint->advice);
    if (hint && !hint->advice) add_permission(b, x);
    if (x->outcome != LCF_REFUSED && e && e->cause != LCF_ANSWERED) {
        add_advice(b, cause_advice(e->cause));
        add_environment(b, x, e);
    }
    if (other_id(x)) {
        add_advice(b, "an answer named another token, which may be gone: ");
        luaL_addstring(b, other_id(x));
    }
    if (lacks_retries(x)) add_advice(b, "not repeated, for this client's retries are used up for now");
    if (x->outcome == LCF_UNKNOWN) add_advice(b, way_out(x));
    if (x->outcome == LCF_UNKNOWN && lcf_exchange_made_id(x)) luaL_addstring(b, lcf_exchange_made_id(x));
    if (said->unbuilt) add_unbuilt(b, said->unbuilt);
}

/* [-0, +1, e] */
static void push_sentence(lua_State *L, const struct lcf_exchange *x, const struct said *said)
{
    const struct lcf_entry *last = lcf_exchange_last(x), *answer = lcf_exchange_answer(x);
    const struct lcf_entry *e = answer ? answer : last;
    luaL_Buffer b;
    luaL_buffinit(L, &b);
    luaL_addstring(&b, "cloudflare.");
    luaL_addstring(&b, x->intent->name);
    luaL_addstring(&b, ": ");
    luaL_addstring(&b, headline(x));
    if (x->outcome == LCF_UNKNOWN) luaL_addstring(&b, x->intent->effect);
    add_advice(&b, finding(x, last));
    if (x->kind == LCF_KIND_CANCELLED) luaL_addstring(&b, ": cancelled");
    else if (!e) luaL_addstring(&b, x->kind == LCF_KIND_TIMEOUT ? ": no time was left" : "");
    else if (e->cause != LCF_ANSWERED || e->reading.success == LCF_NO_ENVELOPE) add_cause(&b, ": ", x, e);
    static const struct said nothing;
    bool says = e && e->reading.success != LCF_NO_ENVELOPE;
    if (e && e->status) add_answer(&b, e, says ? said : &nothing);
    if (e != last && last->cause != LCF_ANSWERED && last->cause != LCF_CANCELLED) add_cause(&b, "; then ", x, last);
    add_what_to_do(&b, x, e, said);
    if (e && e->ray_id[0]) {
        luaL_addstring(&b, " [ray ");
        luaL_addstring(&b, e->ray_id);
        luaL_addchar(&b, ']');
    }
    luaL_pushresult(&b);
    lcf_redact(L, x->secret);
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

/* Why a value that was asked about was refused; NULL for no reason that is known. */
static const char *reason_of(const struct lcf_exchange *x, const struct said *said)
{
    const struct lcf_entry *e = lcf_exchange_answer(x);
    bool refused = x->intent->apart && x->outcome == LCF_REFUSED && e;
    const struct hint *hint = refused ? find_hint(x->intent->name, e->status, said) : NULL;
    return hint ? hint->reason : NULL;
}

void lcf_error_push(lua_State *L, const struct lcf_exchange *x, int envelope, const char *unbuilt)
{
    struct said said = first_error(L, envelope);
    const char *reason = reason_of(x, &said);
    said.unbuilt = unbuilt;
    push_sentence(L, x, &said);
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
    if (!reason) return;
    lua_pushstring(L, reason);
    lua_setfield(L, -2, "reason");
}
