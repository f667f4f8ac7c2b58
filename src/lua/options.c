#include "options.h"
#include "../core/urls.h"
#include "errors.h"
#include "names.h"
#include "state.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Reads option tables, completes them from the environment, and says what is wrong with a value. The rules: a
 * programmer's mistake raises, a bad value is a fault; while a table is read nothing allocates, except to raise; no
 * message repeats a value; the environment never completes a credential given in code. */

enum type { SECONDS, COUNT, FLAG, TEXT, TEXT_OR_FUNCTION, FUNCTION, TABLE };

struct option {
    const char *name;
    enum type type;
    unsigned scopes; /* where it may be given */
    size_t offset; /* of its place in struct lcf_options; of a function or a table, its hook */
};

#define AT(field) offsetof(struct lcf_options, field)
enum { CLIENTS = LCF_SCOPE_CLIENT, ANYWHERE = LCF_SCOPE_CLIENT | LCF_SCOPE_CALL | LCF_SCOPE_REQUEST };

static const struct option known[] = {
    {"api_token", TEXT_OR_FUNCTION, ANYWHERE, AT(api_token)},
    {"api_key", TEXT, ANYWHERE, AT(api_key)},
    {"api_email", TEXT, ANYWHERE, AT(api_email)},
    {"account_id", TEXT, CLIENTS, AT(account_id)},
    {"base_url", TEXT, CLIENTS, AT(base_url)},
    {"timeout", SECONDS, ANYWHERE, AT(limits.timeout)},
    {"attempt_timeout", SECONDS, ANYWHERE, AT(limits.attempt_timeout)},
    {"connect_timeout", SECONDS, ANYWHERE, AT(limits.connect_timeout)},
    {"max_retries", COUNT, ANYWHERE, AT(limits.max_retries)},
    {"missing_ok", FLAG, ANYWHERE, AT(missing_ok)},
    {"check_first", FLAG, ANYWHERE, AT(limits.check_first)},
    {"proxy", TEXT, CLIENTS, AT(proxy)},
    {"ca_file", TEXT, CLIENTS, AT(ca_file)},
    {"ca_path", TEXT, CLIENTS, AT(ca_path)},
    {"user_agent", TEXT, CLIENTS, AT(user_agent)},
    {"sleep", FUNCTION, ANYWHERE, LCF_HOOK_SLEEP},
    {"on_event", FUNCTION, CLIENTS, LCF_HOOK_ON_EVENT},
    {"query", TABLE, LCF_SCOPE_REQUEST, LCF_HOOK_QUERY},
    {"body", TABLE, LCF_SCOPE_REQUEST, LCF_HOOK_BODY},
    {"headers", TABLE, LCF_SCOPE_REQUEST, LCF_HOOK_HEADERS},
    {"raw", FLAG, LCF_SCOPE_REQUEST, AT(raw)},
    {"repeatable", FLAG, LCF_SCOPE_REQUEST, AT(repeatable)},
    {"dangerous", FLAG, LCF_SCOPE_REQUEST, AT(dangerous)},
};
#define KNOWN (sizeof known / sizeof *known)

#define TEXT_OF(literal) {literal, sizeof literal - 1}

const struct lcf_options lcf_options_default = {
    .limits = {.timeout = 30, .attempt_timeout = 10, .connect_timeout = 5, .max_retries = 2},
    .base_url = TEXT_OF("https://api.cloudflare.com/client/v4"),
    .user_agent = TEXT_OF("cloudflare-lua/" LCF_VERSION),
};

static const struct lcf_fault no_fault;

static struct lcf_fault fault(const char *argument, const char *message)
{
    return (struct lcf_fault){argument, message};
}

static const char *nearest(const char *name, enum lcf_scope scope)
{
    const char *best = NULL;
    for (size_t i = 0; i < KNOWN; i++)
        if (known[i].scopes & scope) best = lcf_nearer(best, known[i].name, name);
    return best;
}

static const struct option *find(const char *name)
{
    for (size_t i = 0; i < KNOWN; i++)
        if (strcmp(known[i].name, name) == 0) return &known[i];
    return NULL;
}

bool lcf_options_knows(const char *name)
{
    return find(name) != NULL;
}

/* [-0, +0, e] Of the names in the table at `index`, too. */
static const char *nearest_of_both(lua_State *L, int index, const char *name)
{
    const char *best = nearest(name, LCF_SCOPE_CALL);
    lua_pushnil(L);
    for (; lua_next(L, index); lua_pop(L, 1)) best = lcf_nearer(best, lua_tostring(L, -2), name);
    return best;
}

int lcf_options_unknown(lua_State *L)
{
    char message[120];
    const char *name = lua_type(L, 1) == LUA_TSTRING ? lua_tostring(L, 1) : NULL;
    if (!name || find(name)) return 0;
    lcf_unknown(message, sizeof message, "option", name, nearest_of_both(L, 2, name));
    lua_pushstring(L, message);
    return 1;
}

/* [-0, +1, e] The message for an option name that is not known here. */
static const char *misnomer(lua_State *L, const char *name, const struct option *option, enum lcf_scope scope)
{
    char message[120];
    if (option)
        return lua_pushfstring(L,
                               option->scopes == LCF_SCOPE_REQUEST ? "option '%s' is of 'request' alone"
                                                                   : "option '%s' is the client's alone",
                               name);
    lcf_unknown(message, sizeof message, "option", name, nearest(name, scope));
    return lua_pushfstring(L, "%s", message);
}

/* [-0, +0, v] The option that the key at -2 names. */
static const struct option *identify(lua_State *L, enum lcf_scope scope, const char *function, int argument)
{
    if (lua_type(L, -2) != LUA_TSTRING) lcf_bad_argument(L, function, argument, "option names are strings");
    const char *name = lua_tostring(L, -2);
    const struct option *option = find(name);
    if (!option || !(option->scopes & scope)) lcf_bad_argument(L, function, argument, misnomer(L, name, option, scope));
    return option;
}

/* [-0, +0, -] */
static bool has_type(lua_State *L, enum type type)
{
    int got = lua_type(L, -1);
    switch (type) {
    case SECONDS:
    case COUNT: return got == LUA_TNUMBER;
    case FLAG: return got == LUA_TBOOLEAN;
    case TEXT: return got == LUA_TSTRING;
    case TEXT_OR_FUNCTION: return got == LUA_TSTRING || got == LUA_TFUNCTION;
    case TABLE: return got == LUA_TTABLE;
    case FUNCTION: break;
    }
    return got == LUA_TFUNCTION;
}

static const char *type_name(enum type type)
{
    /* clang-format off */
    static const char *const names[] = {
        [SECONDS] = "number (seconds)", [COUNT] = "number", [FLAG] = "boolean",
        [TEXT] = "string", [TEXT_OR_FUNCTION] = "string or function", [FUNCTION] = "function",
        [TABLE] = "table",
    };
    /* clang-format on */
    return names[type];
}

static struct lcf_fault take_seconds(const char *name, lua_Number value, double *place)
{
    if (!(value > 0) || isinf(value)) return fault(name, "must be a finite number of seconds over 0");
    *place = value;
    return no_fault;
}

static struct lcf_fault take_count(const char *name, lua_Number value, int *place)
{
    if (!(value >= 0 && value <= 10) || value != floor(value))
        return fault(name, "must be a whole number from 0 to 10");
    *place = (int)value;
    return no_fault;
}

/* [-0, +0, -] */
static struct lcf_fault take_text(lua_State *L, const char *name, struct lcf_text *place)
{
    *place = lcf_text_at(L, -1);
    if (place->len == 0 && strcmp(name, "proxy") != 0) return fault(name, "must not be empty"); /* "": no proxy */
    if (strlen(place->at) != place->len) return fault(name, "must not contain a NUL byte");
    return no_fault;
}

/* [-0, +0, -] Puts the function or table on top of the stack into its place, from `hooks` on. */
static struct lcf_fault take_hook(lua_State *L, int hooks, int hook)
{
    lua_pushvalue(L, -1);
    lua_replace(L, hooks + hook);
    return no_fault;
}

/* [-0, +0, -] Puts the value on top of the stack into its place. */
static struct lcf_fault take(lua_State *L, const struct option *option, int hooks, struct lcf_options *options)
{
    void *place = (char *)options + option->offset;
    switch (option->type) {
    case SECONDS: return take_seconds(option->name, lua_tonumber(L, -1), place);
    case COUNT: return take_count(option->name, lua_tonumber(L, -1), place);
    case FLAG: *(bool *)place = lua_toboolean(L, -1); return no_fault;
    case TEXT_OR_FUNCTION:
        options->has_vault = lua_isfunction(L, -1);
        if (options->has_vault) return take_hook(L, hooks, LCF_HOOK_VAULT);
        return take_text(L, option->name, place);
    case TEXT: return take_text(L, option->name, place);
    case FUNCTION:
    case TABLE: break;
    }
    return take_hook(L, hooks, (int)option->offset);
}

struct lcf_fault lcf_options_read(lua_State *L, int index, enum lcf_scope scope, const char *function, int argument,
                                  struct lcf_options *options)
{
    struct lcf_fault first = no_fault;
    int hooks = lua_gettop(L) + 1;
    lua_settop(L, lua_gettop(L) + LCF_HOOKS);
    if (!index || lua_isnoneornil(L, index)) return first;
    if (!lua_istable(L, index)) lcf_wrong_type(L, function, argument, "table", index);
    if (luaL_getmetafield(L, index, "__index"))
        lcf_bad_argument(L, function, argument, "a plain table expected: what __index gives would not be read");
    lua_pushnil(L);
    for (; lua_next(L, index); lua_pop(L, 1)) {
        const struct option *option = identify(L, scope, function, argument);
        if (!has_type(L, option->type))
            lcf_bad_argument(L, function, argument,
                             lua_pushfstring(L, "%s expected for option '%s', got %s", type_name(option->type),
                                             option->name, luaL_typename(L, -1)));
        struct lcf_fault found = take(L, option, hooks, options);
        if (!first.message) first = found;
    }
    return first;
}

bool lcf_options_has_credential(const struct lcf_options *o)
{
    return o->has_vault || o->api_token.at || o->api_key.at || o->api_email.at;
}

struct variable {
    const char *option, *name;
    size_t offset;
};

/* clang-format off */
static const struct variable variables[] = {
    {"account_id", "CLOUDFLARE_ACCOUNT_ID", AT(account_id)},
    {"base_url", "CLOUDFLARE_BASE_URL", AT(base_url)},
    {"api_token", "CLOUDFLARE_API_TOKEN", AT(api_token)},
    {"api_key", "CLOUDFLARE_API_KEY", AT(api_key)},
    {"api_email", "CLOUDFLARE_EMAIL", AT(api_email)},
};
/* clang-format on */
enum { ACCOUNT_VARIABLE, URL_VARIABLE, TOKEN_VARIABLE, KEY_VARIABLE, EMAIL_VARIABLE };

/* An empty variable counts as unset. */
static void from_environment(struct lcf_options *o, int variable)
{
    struct lcf_text *place = (struct lcf_text *)(void *)((char *)o + variables[variable].offset);
    const char *value = place->at ? NULL : getenv(variables[variable].name);
    if (value && value[0]) *place = (struct lcf_text){value, strlen(value)};
}

void lcf_options_environment(struct lcf_options *o)
{
    from_environment(o, ACCOUNT_VARIABLE);
    from_environment(o, URL_VARIABLE);
    if (lcf_options_has_credential(o)) return;
    from_environment(o, TOKEN_VARIABLE);
    if (o->api_token.at) return; /* the token wins over a key or an address that lies about */
    from_environment(o, KEY_VARIABLE);
    if (o->api_key.at) from_environment(o, EMAIL_VARIABLE);
}

const char *lcf_options_variable(const struct lcf_options *o, const char *name)
{
    for (size_t i = 0; i < sizeof variables / sizeof *variables; i++) {
        const struct lcf_text *place = (const void *)((const char *)o + variables[i].offset);
        bool from_it = place->at && place->at == getenv(variables[i].name);
        if (from_it && strcmp(variables[i].option, name) == 0) return variables[i].name;
    }
    return NULL;
}

/* What is wrong with a token or a key, in words that do not repeat it; NULL for nothing. */
static const char *credential_fault(struct lcf_text credential)
{
    static const char *const words[] = {
        [LCF_CREDENTIAL_GOOD] = NULL,
        [LCF_CREDENTIAL_LENGTH] = "not a credential: it is empty, or longer than 4096 bytes",
        [LCF_CREDENTIAL_ENDS] =
            "not a credential as it stands: a blank or line end is before or behind it; take it off",
        [LCF_CREDENTIAL_HEADER] =
            "not a credential as it stands: 'Bearer' or 'Authorization:' is in front; give what follows alone",
        [LCF_CREDENTIAL_QUOTED] = "not a credential as it stands: quotes are around it; give what is between them",
        [LCF_CREDENTIAL_WRITTEN_OUT] =
            "not a credential as it stands: a line end is written out behind it (backslash and letter); take it off",
        [LCF_CREDENTIAL_VARIABLE] =
            "not a credential: it is the name of a variable (as in ${NAME}), and nothing has put the value in",
        [LCF_CREDENTIAL_PLACEHOLDER] =
            "not a credential: it is a placeholder (as in <your-token>); put the credential in its place",
        [LCF_CREDENTIAL_REFERENCE] =
            "not a credential: it is a reference to one (as in op://vault/item), and nothing has put the secret in",
        [LCF_CREDENTIAL_MASKED] =
            "not a credential: a row of asterisks stands in it, as in a masked copy; copy the credential itself",
        [LCF_CREDENTIAL_BYTES] =
            "not a credential: it has blanks, line ends, control bytes or bytes outside ASCII in it (a no-break space "
            "or byte order mark cannot be seen)",
    };
    return words[lcf_check_credential(lcf_span_of(credential))];
}

/* What an api_key without its api_email is told. */
static const char *key_alone(const struct lcf_options *o)
{
    if (!lcf_options_variable(o, "api_key"))
        return "missing: an api_key is a global key, which needs its account's address; a token belongs in api_token";
    return "missing: CLOUDFLARE_API_KEY is a global key, which needs its account's address in CLOUDFLARE_EMAIL; "
           "a token belongs in CLOUDFLARE_API_TOKEN";
}

struct lcf_fault lcf_options_check_credential(const struct lcf_options *o)
{
    bool token = o->api_token.at || o->has_vault, key = o->api_key.at || o->api_email.at;
    if (token && key) return fault("api_token", "two credentials: give api_token, or api_key with api_email");
    if (o->api_key.at && !o->api_email.at) return fault("api_email", key_alone(o));
    if (o->api_email.at && !o->api_key.at) return fault("api_key", "missing: an api_email alone is no credential");
    if (o->api_token.at && credential_fault(o->api_token)) return fault("api_token", credential_fault(o->api_token));
    if (o->api_key.at && credential_fault(o->api_key)) return fault("api_key", credential_fault(o->api_key));
    if (o->api_email.at && !lcf_check_header_value(lcf_span_of(o->api_email)))
        return fault("api_email", "not an address that fits into a header");
    return no_fault;
}

const char *lcf_id_fault(struct lcf_text id)
{
    switch (lcf_check_id(lcf_span_of(id))) {
    case LCF_ID_GOOD: return NULL;
    case LCF_ID_EMPTY: return "empty: an id is 32 characters of 0-9 and a-f";
    case LCF_ID_SECRET:
        return "this looks like a token's secret value, not its id; nothing was sent, but treat it as exposed if it "
               "was meant for someone else";
    case LCF_ID_LENGTH: return "not an id: an id is 32 characters of 0-9 and a-f";
    case LCF_ID_UPPER_CASE: return "an id is written in lower case; this one has upper-case letters";
    case LCF_ID_BYTES: break;
    }
    return "not an id: it has characters other than 0-9 and a-f";
}

static const char *url_fault(struct lcf_text url)
{
    switch (lcf_check_base_url(lcf_span_of(url))) {
    case LCF_URL_GOOD: return NULL;
    case LCF_URL_SCHEME: return "must begin with https://";
    case LCF_URL_INSECURE:
        return "http would send the credential in clear; use https (http is for 127.0.0.1 and [::1] only)";
    case LCF_URL_HOST: return "needs a plain host name or address, and a port from 1 to 65535 if any";
    case LCF_URL_PATH: break;
    }
    return "must end in a plain path, without a query, a fragment, escapes (%) or dot segments";
}

static const char *proxy_fault(struct lcf_text proxy)
{
    switch (lcf_check_proxy(lcf_span_of(proxy))) {
    case LCF_PROXY_GOOD: return NULL;
    case LCF_PROXY_BYTES: return "has blanks, line ends or control characters";
    case LCF_PROXY_SCHEME: return "its scheme is none of http, https, socks4, socks4a, socks5 and socks5h";
    case LCF_PROXY_HOST: break;
    }
    return "needs a host, and a port from 1 to 65535 if any; in a user name or a password write @ as %40, / as %2F "
           "and # as %23";
}

struct lcf_fault lcf_options_check_client(const struct lcf_options *o)
{
    const char *url = url_fault(o->base_url);
    const char *account = o->account_id.at ? lcf_id_fault(o->account_id) : NULL;
    if (url) return fault("base_url", url);
    if (account) return fault("account_id", account);
    if (o->proxy.at && proxy_fault(o->proxy)) return fault("proxy", proxy_fault(o->proxy));
    if (!lcf_check_header_value(lcf_span_of(o->user_agent)))
        return fault("user_agent", "must be printable ASCII, for a header");
    return no_fault;
}
