#include "request.h"
#include "../core/urls.h"
#include "begin.h"
#include "client.h"
#include "errors.h"
#include "freeform.h"
#include "state.h"
#include "value.h"

#include <string.h>

/* What may stand in braces in a path. Its argument is an id. */
struct placeholder {
    const char *name, *argument; /* `argument`: its name in errors */
    size_t offset;               /* of its place in struct lcf_request */
    bool has_default;            /* nil stands for the client's account */
};

static const struct placeholder placeholders[] = {
    {"account", "account_id", offsetof(struct lcf_request, account), true},
    {"token", "token_id", offsetof(struct lcf_request, id), false},
};

static const struct placeholder *find_placeholder(const char *name, size_t len)
{
    const struct placeholder *p = placeholders;
    while (strncmp(p->name, name, len) != 0 || p->name[len]) p++; /* a row of ours names no other */
    return p;
}

/* The first placeholder of a path, which then begins behind it; NULL where there is none. */
static const struct placeholder *take_placeholder(const char **path)
{
    const char *open = strchr(*path, '{');
    if (!open) return NULL;
    const char *name = open + 1, *close = strchr(name, '}');
    *path = close + 1;
    return find_placeholder(name, (size_t)(close - name));
}

const char *lcf_operation_verb(const struct lcf_operation *op)
{
    const char *dot = strrchr(op->intent.name, '.');
    return dot ? dot + 1 : op->intent.name;
}

static int count_inputs(enum lcf_input input)
{
    if (input == LCF_NO_INPUT) return 0;
    return input == LCF_FREEFORM || input == LCF_PAGES ? 2 : 1;
}

int lcf_operation_options(const struct lcf_operation *op)
{
    int options = 1 + count_inputs(op->input);
    for (const char *path = op->path; take_placeholder(&path);) options++;
    return options;
}

/* [-0, +0, v] Raises for the last input, where it is of the wrong type. A value may have been sealed. */
static void check_input(lua_State *L, const struct lcf_operation *op, int argument, int index)
{
    bool absent = (op->input == LCF_QUERY || op->input == LCF_PAGES) && lua_isnoneornil(L, index);
    bool text = op->input == LCF_VALUE || op->input == LCF_FREEFORM;
    if (op->input == LCF_NO_INPUT || absent || (op->input == LCF_VALUE && lcf_begin_sealed(L, index))) return;
    if (lua_type(L, index) != (text ? LUA_TSTRING : LUA_TTABLE))
        lcf_wrong_type(L, lcf_operation_verb(op), argument, text ? "string" : "table", index);
}

/* [-0, +0, v] Raises where no string stands at `index`. */
static void check_text(lua_State *L, const struct lcf_operation *op, int argument, int index)
{
    if (argument == 1 && lua_istable(L, index))
        lcf_bad_argument(L, lcf_operation_verb(op), 1, "string expected, got table; called with ':' in place of '.'?");
    if (lua_type(L, index) != LUA_TSTRING) lcf_wrong_type(L, lcf_operation_verb(op), argument, "string", index);
}

/* [-0, +0, v] Raises for an id that is no string, and for an input of the wrong type. */
static void check_types(lua_State *L, const struct lcf_operation *op, int first)
{
    int index = first;
    const char *path = op->path;
    for (const struct placeholder *p; (p = take_placeholder(&path)); index++) {
        bool absent = p->has_default && lua_isnoneornil(L, index);
        if (!absent) check_text(L, op, index - first + 1, index);
    }
    if (count_inputs(op->input) == 2) check_text(L, op, index - first + 1, index), index++;
    check_input(L, op, index - first + 1, index);
}

static const char **place_of(struct lcf_request *request, const struct placeholder *p)
{
    return (const char **)(void *)((char *)request + p->offset);
}

#define NO_ACCOUNT "missing: give it, or set account_id on the client or CLOUDFLARE_ACCOUNT_ID in the environment"

/* [-0, +0|1, e] Puts an id into its place. A fault's message tells its length, which is all that is repeated of it. */
static struct lcf_fault read_id(lua_State *L, const struct placeholder *p, int index, const char *fallback,
                                struct lcf_request *request)
{
    struct lcf_text id = {fallback, 0};
    const char *message = fallback[0] ? NULL : NO_ACCOUNT;
    if (!lua_isnil(L, index)) {
        id = lcf_text_at(L, index);
        message = lcf_id_fault(id);
        if (message) message = lua_pushfstring(L, "%s (got %d bytes)", message, (int)id.len);
    }
    *place_of(request, p) = id.at;
    return (struct lcf_fault){p->argument, message};
}

/* [-0, +n, e] Reads each id that the path names, and counts `first` past them; `fallback` is the client's account,
 * which was checked with it. */
static struct lcf_fault read_ids(lua_State *L, const struct lcf_operation *op, int *first, const char *fallback,
                                 struct lcf_request *request)
{
    struct lcf_fault fault = {0};
    const char *path = op->path;
    for (const struct placeholder *p; !fault.message && (p = take_placeholder(&path)); ++*first)
        fault = read_id(L, p, *first, fallback, request);
    return fault;
}

/* [-0, +0, -] The value at `index`, sealed or not. */
static struct lcf_text value_at(lua_State *L, int index)
{
    const struct lcf_secret *sealed = lcf_begin_sealed(L, index);
    return sealed ? lcf_secret_value(sealed) : lcf_text_at(L, index);
}

/* [-0, +0..2, e] Pushes what the input at `index` becomes behind the URL: its query, or nothing. A body goes into the
 * request, and what it rests on is pushed under that; so is a path. A fault of a value pushes nothing. */
static struct lcf_fault read_input(lua_State *L, const struct lcf_operation *op, int index, struct lcf_request *request)
{
    struct lcf_fault fault = {0};
    if (op->body) request->body = (struct lcf_text){op->body, strlen(op->body)};
    if (op->input == LCF_BODY) {
        fault = lcf_body_push(L, index, "params", "", op->lists);
        if (!fault.message) request->body = lcf_text_at(L, -1);
    }
    if (op->input == LCF_VALUE) fault = lcf_value_fault(value_at(L, index));
    if (op->input == LCF_PAGES) fault = lcf_freeform_push_path(L, index++);
    if (fault.message) return fault;
    if (op->input == LCF_QUERY || op->input == LCF_PAGES) return lcf_query_push(L, index, op->fields);
    lua_pushliteral(L, "");
    return fault;
}

/* [-0, +0, -] The path: of the row, or the caller's own, which lies under the query on top of the stack. */
static const char *path_of(lua_State *L, const struct lcf_operation *op)
{
    return op->input == LCF_FREEFORM || op->input == LCF_PAGES ? lua_tostring(L, -2) : op->path;
}

/* [-0, +1, e] The path with its ids filled in, behind the base URL on top of the stack, before the query under it. */
static void push_url(lua_State *L, const char *path, struct lcf_request *request)
{
    int base = lua_gettop(L);
    luaL_Buffer b;
    luaL_checkstack(L, LUA_MINSTACK, "a URL"); /* in Lua 5.1 a long one is gathered in up to ten pieces */
    luaL_buffinit(L, &b);
    luaL_addstring(&b, lua_tostring(L, base));
    for (const char *from = path; *from; from = path) {
        const struct placeholder *p = take_placeholder(&path);
        luaL_addlstring(&b, from, strcspn(from, "{"));
        if (!p) break;
        luaL_addstring(&b, *place_of(request, p));
    }
    luaL_addstring(&b, lua_tostring(L, base - 1));
    luaL_pushresult(&b);
}

/* [-0, +n, e] Reads the ids and the input, which becomes a query or a body. */
static struct lcf_fault read_arguments(lua_State *L, const struct lcf_operation *op, int first,
                                       const struct lcf_client *client, const struct lcf_options *options, int hooks,
                                       struct lcf_request *request)
{
    struct lcf_fault fault = read_ids(L, op, &first, client ? client->account_id : "", request);
    if (fault.message || !client) return fault;
    if (op->input == LCF_FREEFORM) return lcf_freeform_read(L, first, hooks, options, request);
    return read_input(L, op, first, request);
}

/* [-0, +2, e] Builds the URL behind the client's, of the query on top of the stack and the path. */
static void build_url(lua_State *L, const struct lcf_operation *op, int client_at, struct lcf_request *request)
{
    const char *path = path_of(L, op);
    lcf_kept_push(L, client_at, LCF_CLIENT_URL);
    push_url(L, path, request);
    request->url = lua_tostring(L, -1);
    request->plain = lcf_url_is_plain(lcf_span_of((struct lcf_text){request->url, strlen(request->url)}));
}

/* [-0, +LCF_HOOKS, v] Reads the options and copies the credential in them: nothing runs in between. */
static struct lcf_fault read_options(lua_State *L, const struct lcf_operation *op, int first,
                                     struct lcf_options *options, struct lcf_secret **secret)
{
    bool failed;
    int argument = lcf_operation_options(op);
    const char *verb = lcf_operation_verb(op);
    enum lcf_scope scope = op->input == LCF_FREEFORM ? LCF_SCOPE_REQUEST : LCF_SCOPE_CALL;
    struct lcf_fault fault = lcf_options_read(L, first + argument - 1, scope, verb, argument, options);
    if (!fault.message) fault = lcf_options_check_credential(options);
    if (!fault.message && op->input == LCF_VALUE && lcf_options_has_credential(options))
        fault = (struct lcf_fault){"api_token", "the value itself is sent, and no other credential: leave it out"};
    if (!fault.message && secret) *secret = lcf_client_secret(options, &failed);
    return fault;
}

struct lcf_fault lcf_request_read(lua_State *L, const struct lcf_operation *op, int first, int client_at,
                                  struct lcf_options *options, struct lcf_request *request, struct lcf_secret **secret)
{
    const struct lcf_client *client = lua_touserdata(L, client_at);
    int hooks = lua_gettop(L) + 1;
    *options = (struct lcf_options){0};
    *request = (struct lcf_request){.intent = &op->intent};
    check_types(L, op, first);
    if (client) options->limits = client->limits, options->missing_ok = client->missing_ok;
    struct lcf_fault fault = read_options(L, op, first, options, secret);
    request->limits = options->limits;
    if (!fault.message) fault = read_arguments(L, op, first, client, options, hooks, request);
    if (!fault.message && client && secret) build_url(L, op, client_at, request);
    return fault;
}
