#include "client.h"
#include "errors.h"
#include "loop.h"
#include "state.h"

#include <stdlib.h>
#include <string.h>

/* [-0, +0, v] */
static struct lcf_client *check_client(lua_State *L)
{
    return lcf_state_check(L, 1, LCF_SLOT_CLIENT_META, "cloudflare.client");
}

bool lcf_client_take_reserve(lua_State *L, int index)
{
    struct lcf_client *client = lua_touserdata(L, index);
    if (client->reserves == 0) return false;
    lcf_kept_push(L, index, LCF_CLIENT_RESERVES);
    lua_rawgeti(L, -1, client->reserves);
    lua_pushboolean(L, 0);
    lua_rawseti(L, -3, client->reserves--);
    lua_replace(L, -2);
    return true;
}

void lcf_client_give_reserve(lua_State *L, int index)
{
    struct lcf_client *client = lua_touserdata(L, index);
    lcf_kept_push(L, index, LCF_CLIENT_RESERVES);
    lua_insert(L, -2);
    if (client->reserves < LCF_RESERVES_KEPT) lua_rawseti(L, -2, ++client->reserves);
    else lua_pop(L, 1);
    lua_pop(L, 1);
}

/* [-0, +1, e] An empty client: its collector is right for it from the start. */
static struct lcf_client *push_empty(lua_State *L)
{
    struct lcf_client *client = lua_newuserdata(L, sizeof *client);
    memset(client, 0, sizeof *client);
    lcf_state_get(L, LCF_SLOT_CLIENT_META);
    lua_setmetatable(L, -2);
    lcf_loop_count_client(L, 1);
    lua_createtable(L, LCF_CLIENT_NAMESPACE, 0);
    lua_setuservalue(L, -2);
    lua_createtable(L, LCF_RESERVES_KEPT, 0);
    lcf_kept_set(L, lua_gettop(L) - 1, LCF_CLIENT_RESERVES);
    return client;
}

/* A copy of text, or NULL; `ok` turns false where there was no memory for one. */
static char *copy(struct lcf_text text, bool *ok)
{
    char *to = text.at ? malloc(text.len + 1) : NULL;
    if (!to) {
        *ok = *ok && !text.at;
        return NULL;
    }
    memcpy(to, text.at, text.len);
    to[text.len] = '\0';
    return to;
}

static struct lcf_text without_slash(struct lcf_text url)
{
    while (url.len && url.at[url.len - 1] == '/') url.len--;
    return url;
}

struct lcf_secret *lcf_client_secret(const struct lcf_options *o, bool *failed)
{
    *failed = false;
    if (!o->api_token.at && !o->api_key.at) return NULL;
    struct lcf_secret *secret =
        o->api_token.at ? lcf_secret_bearer(o->api_token) : lcf_secret_key(o->api_email, o->api_key);
    *failed = !secret;
    return secret;
}

/* Copies the checked options in; what it got before memory ran out is freed with the client. */
static bool fill(struct lcf_client *client, const struct lcf_options *o)
{
    bool failed, ok = true;
    client->profile = lcf_profile_new();
    if (!client->profile) return false;
    struct lcf_route *route = &client->profile->route;
    route->proxy = copy(o->proxy, &ok);
    route->ca_file = copy(o->ca_file, &ok);
    route->ca_path = copy(o->ca_path, &ok);
    route->user_agent = copy(o->user_agent, &ok);
    client->profile->base_url = copy(without_slash(o->base_url), &ok);
    client->secret = lcf_client_secret(o, &failed);
    client->limits = o->limits;
    client->missing_ok = o->missing_ok;
    if (o->account_id.at) memcpy(client->account_id, o->account_id.at, LCF_ID_LEN);
    return ok && !failed;
}

/* [-0, +0, e] */
static bool in_nginx(lua_State *L)
{
    lcf_loaded_push(L, "ngx");
    bool found = lua_toboolean(L, -1);
    lua_pop(L, 1);
    return found;
}

#define NO_CREDENTIAL \
    "no credential: give api_token, or set CLOUDFLARE_API_TOKEN (or CLOUDFLARE_API_KEY and CLOUDFLARE_EMAIL)"

/* [-0, +0, e] */
static struct lcf_fault check_options(lua_State *L, const struct lcf_options *o, bool needs_credential)
{
    struct lcf_fault fault = lcf_options_check_credential(o);
    if (fault.message) return fault;
    if (!needs_credential || lcf_options_has_credential(o)) return lcf_options_check_client(o);
    /* clang-format off */
    return (struct lcf_fault){"api_token",
                              in_nginx(L) ? NO_CREDENTIAL "; nginx hides its environment from its workers unless its "
                                                          "configuration says 'env CLOUDFLARE_API_TOKEN;'"
                                          : NO_CREDENTIAL};
    /* clang-format on */
}

/* [-0, +2, e] */
static void push_fault(lua_State *L, const struct lcf_options *o, const struct lcf_fault *fault, const char *function)
{
    const char *variable = lcf_options_variable(o, fault->argument);
    if (!variable) {
        lcf_bad_value(L, function, fault->argument, fault->message);
        return;
    }
    lua_pushfstring(L, "%s (it came from %s)", fault->message, variable);
    lcf_bad_value(L, function, fault->argument, lua_tostring(L, -1));
    lua_remove(L, -3);
}

/* [-0, +LCF_HOOKS|(LCF_HOOKS+2), v] Fills the client from the option table at `index` (0 for none) and the
 * environment, and pushes the functions; false with nil and an error on top. */
static bool read(lua_State *L, int index, const char *function, bool needs_credential, struct lcf_client *client)
{
    struct lcf_options options = lcf_options_default;
    options.base_url = (struct lcf_text){0}; /* so that the environment's comes before the default */
    struct lcf_fault fault = lcf_options_read(L, index, LCF_SCOPE_CLIENT, function, 1, &options);
    lcf_options_environment(&options);
    if (!options.base_url.at) options.base_url = lcf_options_default.base_url;
    if (!fault.message) fault = check_options(L, &options, needs_credential);
    if (fault.message) push_fault(L, &options, &fault, function);
    else if (!fill(client, &options)) lcf_no_memory(L);
    return !fault.message;
}

/* [-0, +1|2, v] A client of the option table at `index` (0 for none), or nil and an error. The client is made
 * first: nothing may run between the reading of an option and its copy. */
static struct lcf_client *make(lua_State *L, int index, const char *function, bool needs_credential)
{
    struct lcf_client *client = push_empty(L);
    int at = lua_gettop(L);
    if (!read(L, index, function, needs_credential, client)) {
        lua_replace(L, at + 1); /* the error, and then nil */
        lua_replace(L, at);
        lua_settop(L, at + 1);
        return NULL;
    }
    lua_settop(L, at + LCF_CLIENT_HOOKS);
    for (int hook = LCF_CLIENT_HOOKS; hook-- > 0;) lcf_kept_set(L, at, LCF_CLIENT_VAULT + hook);
    lua_pushstring(L, client->profile->base_url);
    lcf_kept_set(L, at, LCF_CLIENT_URL);
    return client;
}

int lcf_client_new(lua_State *L)
{
    lua_settop(L, 1);
    if (!make(L, 1, "new", true)) return 2;
    lua_pushnil(L);
    return 2;
}

/* [-0, +1|2, e] */
static struct lcf_client *push_default(lua_State *L, const char *function, bool needs_credential)
{
    lcf_state_get(L, LCF_SLOT_DEFAULT_CLIENT);
    if (lua_isuserdata(L, -1)) return lua_touserdata(L, -1);
    lua_pop(L, 1);
    struct lcf_client *client = make(L, 0, function, needs_credential);
    if (!client || !client->secret) return client;
    lua_pushvalue(L, -1);
    lcf_state_set(L, LCF_SLOT_DEFAULT_CLIENT);
    return client;
}

void lcf_client_check_open(lua_State *L, const struct lcf_client *client, const char *function)
{
    if (client->closed) lcf_raise(L, lua_pushfstring(L, "cloudflare.%s: the client is closed", function));
}

struct lcf_client *lcf_client_push(lua_State *L, int index, const char *function, bool needs_credential)
{
    if (lua_isnil(L, index)) return push_default(L, function, needs_credential);
    lua_pushvalue(L, index);
    return lua_touserdata(L, -1);
}

struct lcf_client *lcf_client_resolve(lua_State *L, int index, const char *function, bool needs_credential)
{
    struct lcf_client *client = lcf_client_push(L, index, function, needs_credential);
    if (client) lcf_client_check_open(L, client, function);
    return client;
}

/* [-0, +0, v] Frees what it holds; calls in flight hold what they need themselves. Idempotent. */
static int client_gc(lua_State *L)
{
    struct lcf_client *client = check_client(L);
    if (!client->closed) lcf_loop_count_client(L, -1);
    client->closed = true;
    lcf_profile_release(client->profile);
    lcf_secret_release(client->secret);
    client->profile = NULL;
    client->secret = NULL;
    return 0;
}

/* client:close(): [-0, +0, v] ends its calls, each with its outcome, and forgets the credential. */
static int client_close(lua_State *L)
{
    struct lcf_client *client = check_client(L);
    struct lcf_engine *engine = lcf_loop_current(L);
    if (engine && !client->closed) lcf_engine_close(engine, client->profile);
    client_gc(L);
    lcf_loop_deliver(L);
    lcf_loop_advance(L); /* its tasks end, too */
    return 0;
}

/* [-0, +1, v] The URL is Lua's own string: a finalizer that closes the client frees the profile's. */
static int client_tostring(lua_State *L)
{
    struct lcf_client *client = check_client(L);
    if (client->closed) lua_pushliteral(L, "closed");
    else lcf_kept_push(L, 1, LCF_CLIENT_URL);
    lua_pushfstring(L, "cloudflare.client: %s", lua_tostring(L, -1));
    return 1;
}

/* [-0, +1, e] The operations of the client at `index`, made when they are first asked for. */
static void push_namespace(lua_State *L, int index)
{
    lcf_kept_push(L, index, LCF_CLIENT_NAMESPACE);
    if (!lua_isnil(L, -1)) return;
    lua_pop(L, 1);
    lcf_state_get(L, LCF_SLOT_NAMESPACE);
    lua_pushvalue(L, index);
    lua_call(L, 1, 1);
    lua_pushvalue(L, -1);
    lcf_kept_set(L, index, LCF_CLIENT_NAMESPACE);
}

/* [-0, +1, v] Its operations, then its methods. */
static int client_index(lua_State *L)
{
    check_client(L);
    push_namespace(L, 1);
    lua_pushvalue(L, 2);
    lua_gettable(L, -2);
    if (lua_isnil(L, -1) && lua_type(L, 2) == LUA_TSTRING && strcmp(lua_tostring(L, 2), "close") == 0)
        lua_pushcfunction(L, client_close);
    return 1;
}

static const luaL_Reg client_meta[] = {
    {"__index", client_index},
    {"__tostring", client_tostring},
    {"__gc", client_gc},
    {"__close", client_close},
    {NULL, NULL},
};

void lcf_client_open(lua_State *L)
{
    lcf_state_metatable(L, LCF_SLOT_CLIENT_META, "cloudflare.client");
    luaL_setfuncs(L, client_meta, 0);
    lua_pop(L, 1);
}
