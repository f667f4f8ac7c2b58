#include "sentence.h"
#include "../core/urls.h"
#include "../core/words.h"
#include "json.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One sentence: headline, cause, answer, advice, ray. The rules: foreign words pass lcf_words_copy; the finished
 * sentence is redacted as a whole; no part leaves anything on the stack, where the buffer may lie. */

#define QUOTE_MAX 300 /* bytes of the API's or libcurl's words that go into a sentence */

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
    static const char *const network = "check the network, the proxy and base_url";
    static const char *const trust = "check base_url, or name the authority to trust with ca_file or ca_path";
    static const char *const thread =
        "allow this user more processes (in HAProxy: insecure-fork-wanted), or name a proxy by its address";
    const char *const advice[LCF_CANCELLED + 1] = {
        [LCF_RESOLVE] = network,
        [LCF_NO_THREAD] = thread,
        [LCF_CONNECT] = network,
        [LCF_HANDSHAKE] = trust,
        [LCF_CERTIFICATE] = trust,
        [LCF_CONFIGURE] = "check ca_file, ca_path and proxy",
        [LCF_TIMED_OUT] = "try again, or allow more with timeout",
    };
    return advice[cause];
}

/* [-0, +0, e] */
static void add_quoted(luaL_Buffer *b, const char *words)
{
    char harmless[QUOTE_MAX];
    struct lcf_text text = {words, strlen(words)};
    luaL_addlstring(b, harmless, lcf_words_copy(lcf_span_of(text), harmless, sizeof harmless));
}

/* [-0, +0, e] '(HTTP 403, code 9109 "Unauthorized to access requested resource")' */
static void add_answer(luaL_Buffer *b, const struct lcf_entry *e, const struct lcf_said *said)
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

/* [-0, +0, e] ": no connection (Failed to connect to …)" libcurl's words are about the last attempt. */
static void add_cause(luaL_Buffer *b, const char *before, const struct lcf_exchange *x, const struct lcf_entry *e)
{
    luaL_addstring(b, before);
    luaL_addstring(b, cause_words(e->cause));
    if (!x->why[0] || e != lcf_exchange_last(x)) return;
    luaL_addstring(b, " (");
    add_quoted(b, x->why);
    luaL_addchar(b, ')');
}

/* [-0, +0, e] */
static void add_wait(luaL_Buffer *b, double seconds)
{
    char words[64];
    snprintf(words, sizeof words, "; the API asked to wait %.0f s", ceil(seconds));
    luaL_addstring(b, words);
}

/* [-0, +0, e] */
static void add_advice(luaL_Buffer *b, const char *advice)
{
    if (!advice) return;
    luaL_addstring(b, "; ");
    luaL_addstring(b, advice);
}

/* [-0, +0, e] The proxy that libcurl took from the environment. */
static void add_proxy_advice(luaL_Buffer *b, const char *variable)
{
    const char *value = getenv(variable);
    bool good = value && lcf_check_proxy(lcf_span_of((struct lcf_text){value, strlen(value)})) == LCF_PROXY_GOOD;
    add_advice(b, variable);
    luaL_addstring(b, good ? ", in the environment, names the proxy" : ", in the environment, is no proxy's URL");
}

/* [-0, +0, e] What of the environment may stand behind an attempt that got no answer. */
static void add_environment(luaL_Buffer *b, const struct lcf_exchange *x, const struct lcf_entry *e)
{
    bool connects = e->cause == LCF_RESOLVE || e->cause == LCF_CONNECT || e->cause == LCF_CONFIGURE;
    const char *variable = connects && !x->plain ? lcf_route_proxy_variable(&x->profile->route) : NULL;
    const char *settings = lcf_cause_kind(e->cause) == LCF_KIND_TLS ? getenv("OPENSSL_CONF") : NULL;
    if (variable) add_proxy_advice(b, variable);
    if (settings && settings[0]) add_advice(b, "OPENSSL_CONF is set: OpenSSL follows the file that it names");
}

/* [-0, +0, e] */
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

/* [-0, +0, e] */
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

/* [-0, +0, e] */
static void add_what_to_do(luaL_Buffer *b, const struct lcf_exchange *x, const struct lcf_entry *e,
                           const struct lcf_hint *hint)
{
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
}

void lcf_sentence_push(lua_State *L, const struct lcf_exchange *x, const struct lcf_said *said,
                       const struct lcf_hint *hint, const char *unbuilt)
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
    static const struct lcf_said nothing;
    bool says = e && e->reading.success != LCF_NO_ENVELOPE;
    if (e && e->status) add_answer(&b, e, says ? said : &nothing);
    if (e != last && last->cause != LCF_ANSWERED && last->cause != LCF_CANCELLED) add_cause(&b, "; then ", x, last);
    add_what_to_do(&b, x, e, hint);
    if (unbuilt) add_unbuilt(&b, unbuilt);
    if (e && e->ray_id[0]) {
        luaL_addstring(&b, " [ray ");
        luaL_addstring(&b, e->ray_id);
        luaL_addchar(&b, ']');
    }
    luaL_pushresult(&b);
    lcf_redact(L, x->secret);
}
