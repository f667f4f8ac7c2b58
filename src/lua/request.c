#include "request.h"
#include "errors.h"

#include <string.h>

bool lcf_operation_names_token(const struct lcf_operation *op)
{
    return strstr(op->path, "{token}") != NULL;
}

const char *lcf_operation_verb(const struct lcf_operation *op)
{
    const char *dot = strrchr(op->intent.name, '.');
    return dot ? dot + 1 : op->intent.name;
}

int lcf_operation_options(const struct lcf_operation *op)
{
    return lcf_operation_names_token(op) ? 3 : 2;
}

/* [-0, +0, v] */
static void check_string(lua_State *L, const struct lcf_operation *op, int first, int argument)
{
    int index = first + argument - 1;
    if (lua_type(L, index) != LUA_TSTRING)
        lcf_wrong_type(L, lcf_operation_verb(op), argument, "string", index);
}

struct lcf_fault lcf_request_options(lua_State *L, const struct lcf_operation *op, int first,
                                     struct lcf_options *options)
{
    int argument = lcf_operation_options(op);
    if (!lua_isnoneornil(L, first)) check_string(L, op, first, 1);
    if (lcf_operation_names_token(op)) check_string(L, op, first, 2);
    return lcf_options_read(L, first + argument - 1, true, lcf_operation_verb(op), argument, options);
}

/* [-0, +1, e] What is wrong with an id, with its length, which is all that is repeated of it. */
static struct lcf_fault check_id(lua_State *L, const char *argument, struct lcf_text id)
{
    const char *message = lcf_id_fault(id);
    if (message) message = lua_pushfstring(L, "%s (got %d bytes)", message, (int)id.len);
    else lua_pushnil(L);
    return (struct lcf_fault){argument, message};
}

/* [-0, +1, e] The path with its ids filled in, behind the base URL. */
static void push_url(lua_State *L, const char *path, const struct lcf_request *request, const char *base)
{
    luaL_Buffer b;
    luaL_buffinit(L, &b);
    luaL_addstring(&b, base);
    for (const char *open; (open = strchr(path, '{')); path = strchr(open, '}') + 1) {
        luaL_addlstring(&b, path, (size_t)(open - path));
        luaL_addstring(&b, open[1] == 'a' ? request->account : request->id);
    }
    luaL_addstring(&b, path);
    luaL_pushresult(&b);
}

static struct lcf_text text_at(lua_State *L, int index)
{
    struct lcf_text text;
    text.at = lua_tolstring(L, index, &text.len);
    return text;
}

/* [-0, +1, e] */
static struct lcf_fault read_account(lua_State *L, int index, const char *fallback, struct lcf_request *request)
{
    if (!lua_isnoneornil(L, index)) {
        request->account = lua_tostring(L, index);
        return check_id(L, "account_id", text_at(L, index));
    }
    request->account = fallback;
    lua_pushnil(L);
    const char *missing = fallback[0] ? NULL
                                      : "missing: give it, or set account_id on the client or CLOUDFLARE_ACCOUNT_ID "
                                        "in the environment";
    return (struct lcf_fault){"account_id", missing};
}

struct lcf_fault lcf_request_ids(lua_State *L, const struct lcf_operation *op, int first, const char *account,
                                 struct lcf_request *request)
{
    struct lcf_fault fault = read_account(L, first, account, request);
    if (fault.message || !lcf_operation_names_token(op)) return fault;
    request->id = lua_tostring(L, first + 1);
    fault = check_id(L, "token_id", text_at(L, first + 1));
    lua_replace(L, -2);
    return fault;
}

void lcf_request_address(lua_State *L, const struct lcf_operation *op, const char *base_url,
                         struct lcf_request *request)
{
    request->intent = &op->intent;
    request->plain = lcf_url_is_plain((struct lcf_span){base_url, base_url + strlen(base_url)});
    push_url(L, op->path, request, base_url);
    request->url = lua_tostring(L, -1);
}
