#include "evidence.h"
#include "../core/words.h"
#include "json.h"

#include <math.h>
#include <string.h>

#define EXCERPT_SHOWN 200 /* bytes of an answer that is not the API's */

void lcf_set_text(lua_State *L, const char *name, const char *text, const struct lcf_secret *secret)
{
    if (!text || !text[0]) return;
    lua_pushstring(L, text);
    lcf_redact(L, secret);
    lua_setfield(L, -2, name);
}

bool lcf_is_integer(double number)
{
    return number == floor(number) && fabs(number) < (sizeof(lua_Integer) < 8 ? 0x1p31 : 0x1p53);
}

void lcf_set_number(lua_State *L, const char *name, double number)
{
    if (lcf_is_integer(number)) lua_pushinteger(L, (lua_Integer)number);
    else lua_pushnumber(L, number);
    lua_setfield(L, -2, name);
}

void lcf_set_host(lua_State *L, const struct lcf_exchange *x)
{
    const char *host = strstr(x->profile->base_url, "://") + 3; /* a checked URL */
    const char *end = strchr(host, '/');
    lua_pushlstring(L, host, end ? (size_t)(end - host) : strlen(host));
    lcf_redact(L, x->secret);
    lua_setfield(L, -2, "host");
}

/* [-0, +0, e] Sets a field to a word of ours; none where it is NULL. */
static void set_word(lua_State *L, const char *name, const char *word)
{
    if (!word) return;
    lua_pushstring(L, word);
    lua_setfield(L, -2, name);
}

/* [-0, +0, e] */
static void set_flag(lua_State *L, const char *name, bool flag)
{
    lua_pushboolean(L, flag);
    lua_setfield(L, -2, name);
}

const char *lcf_proved(const struct lcf_plan *plan, const struct lcf_entry *e)
{
    bool changes = plan->nature != LCF_READ && lcf_is_own(plan, e->method);
    bool removes = plan->nature == LCF_REMOVE && changes;
    switch (e->reading.verdict) {
    case LCF_PROVEN: return removes ? "deleted" : changes ? "ok" : "present";
    case LCF_UNNAMED: return removes ? "accepted" : NULL;
    case LCF_ABSENT: return "absent";
    case LCF_REFUSAL: return "refused";
    case LCF_AMBIGUOUS: break;
    }
    return NULL;
}

static const char *named(const struct lcf_reading *reading)
{
    static const char *const words[] = {[LCF_NAMED_NONE] = NULL, [LCF_NAMED_OTHER] = "malformed"};
    return reading->named == LCF_NAMED_ID ? reading->id : words[reading->named];
}

/* [-0, +0, e] */
static void set_codes(lua_State *L, const struct lcf_reading *reading)
{
    lua_createtable(L, (int)reading->code_count, 0);
    for (size_t i = 0; i < reading->code_count; i++) {
        lua_pushinteger(L, reading->codes[i]);
        lua_rawseti(L, -2, (int)i + 1);
    }
    lua_setfield(L, -2, "codes");
}

/* [-0, +1, e] */
static void push_entry(lua_State *L, const struct lcf_exchange *x, const struct lcf_entry *e)
{
    const struct lcf_secret *secret = x->secret;
    lua_createtable(L, 0, 11);
    set_word(L, "method", lcf_method_name(e->method));
    set_flag(L, "sent", e->phase != LCF_UNSENT);
    set_flag(L, "complete", e->phase == LCF_COMPLETE);
    if (e->status) lcf_set_number(L, "status", e->status);
    if (e->cached) set_flag(L, "cached", true);
    if (e->reading.success != LCF_NO_ENVELOPE) set_flag(L, "success", e->reading.success == LCF_SUCCESS);
    lcf_set_text(L, "id", named(&e->reading), secret);
    set_codes(L, &e->reading);
    lcf_set_number(L, "seconds", e->ended - e->began);
    lcf_set_text(L, "ray_id", e->ray_id, secret);
    set_word(L, "proved", lcf_proved(&x->plan, e));
}

/* [-0, +0, e] */
static void set_trace(lua_State *L, const struct lcf_exchange *x)
{
    size_t count = x ? x->count : 0;
    lcf_set_number(L, "attempts", (double)count);
    lua_createtable(L, (int)count, 0);
    for (size_t i = 0; i < count; i++) {
        push_entry(L, x, &x->entries[i]);
        lua_rawseti(L, -2, (int)i + 1);
    }
    lua_setfield(L, -2, "trace");
}

/* Whether a GET that looked after the token showed it. */
static bool has_seen(const struct lcf_exchange *x)
{
    bool seen = false;
    for (const struct lcf_entry *e = x->entries; e < x->entries + x->count; e++)
        seen = seen || (!lcf_is_own(&x->plan, e->method) && e->reading.verdict == LCF_PROVEN);
    return seen;
}

/* [-0, +0, e] Sets a field to foreign words, redacted already, without anything that could steer a terminal. */
static void set_foreign(lua_State *L, const char *name, const char *words)
{
    char harmless[EXCERPT_SHOWN];
    const struct lcf_text text = {words, strlen(words)};
    if (!text.len) return;
    lua_pushlstring(L, harmless, lcf_words_copy(lcf_span_of(text), harmless, sizeof harmless));
    lua_setfield(L, -2, name);
}

void lcf_http_push(lua_State *L, const struct lcf_exchange *x)
{
    lua_createtable(L, 0, 8);
    set_trace(L, x);
    if (!x) return;
    const struct lcf_entry *answer = lcf_exchange_answer(x);
    lcf_set_host(L, x);
    if (x->plan.nature == LCF_REMOVE) set_flag(L, "seen", has_seen(x));
    if (x->retry_after >= 0) lcf_set_number(L, "retry_after", x->retry_after);
    set_foreign(L, "content_type", x->oddity.content_type);
    set_foreign(L, "excerpt", x->oddity.excerpt);
    if (!answer) return;
    if (answer->status) lcf_set_number(L, "status", answer->status);
    if (answer->date) lcf_set_number(L, "date", (double)answer->date);
    lcf_set_text(L, "ray_id", answer->ray_id, x->secret);
}
