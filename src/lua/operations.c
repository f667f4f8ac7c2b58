#include "operations.h"
#include "request.h"
#include "state.h"

#include <string.h>

#define ACCOUNT "/accounts/{account}/tokens"
#define USER "/user/tokens"
#define ACCOUNT_READ "Account API Tokens Read"
#define ACCOUNT_WRITE "Account API Tokens Write"
#define USER_READ "API Tokens Read"
#define USER_WRITE "API Tokens Write"

static const char deleted[] = "the token was deleted", created[] = "a token was created",
                  updated[] = "the token was changed", rolled[] = "the token has a new secret";

static const struct lcf_operation operations[] = {
    {.intent = {"tokens.list", ACCOUNT_READ, NULL, LCF_GET, LCF_READ, LCF_LIST},
     .path = ACCOUNT, .input = LCF_QUERY, .fields = lcf_fields_of_list},
    {.intent = {"tokens.get", ACCOUNT_READ, NULL, LCF_GET, LCF_READ, LCF_THIS_ID}, .path = ACCOUNT "/{token}"},
    {.intent = {"tokens.create", ACCOUNT_WRITE, created, LCF_POST, LCF_ONCE, LCF_ID_AND_VALUE},
     .path = ACCOUNT, .input = LCF_BODY, .lists = lcf_token_lists},
    {.intent = {"tokens.update", ACCOUNT_WRITE, updated, LCF_PUT, LCF_ONCE, LCF_THIS_ID},
     .path = ACCOUNT "/{token}", .input = LCF_BODY, .lists = lcf_token_lists},
    {.intent = {"tokens.roll", ACCOUNT_WRITE, rolled, LCF_PUT, LCF_ONCE, LCF_STRING},
     .path = ACCOUNT "/{token}/value", .body = "{}"},
    {.intent = {"tokens.delete", ACCOUNT_WRITE, deleted, LCF_DELETE, LCF_REMOVE, LCF_THIS_ID},
     .path = ACCOUNT "/{token}"},
    {.intent = {"tokens.verify", NULL, NULL, LCF_GET, LCF_READ, LCF_SOME_ID}, .path = ACCOUNT "/verify"},
    {.intent = {"tokens.permission_groups.list", ACCOUNT_READ, NULL, LCF_GET, LCF_READ, LCF_LIST},
     .path = ACCOUNT "/permission_groups", .input = LCF_QUERY, .fields = lcf_fields_of_groups},
    {.intent = {"tokens.permission_groups.get", ACCOUNT_READ, NULL, LCF_GET, LCF_READ, LCF_LIST},
     .path = ACCOUNT "/permission_groups", .input = LCF_QUERY, .fields = lcf_fields_of_groups},
    {.intent = {"user.tokens.list", USER_READ, NULL, LCF_GET, LCF_READ, LCF_LIST},
     .path = USER, .input = LCF_QUERY, .fields = lcf_fields_of_list},
    {.intent = {"user.tokens.get", USER_READ, NULL, LCF_GET, LCF_READ, LCF_THIS_ID}, .path = USER "/{token}"},
    {.intent = {"user.tokens.create", USER_WRITE, created, LCF_POST, LCF_ONCE, LCF_ID_AND_VALUE},
     .path = USER, .input = LCF_BODY, .lists = lcf_token_lists},
    {.intent = {"user.tokens.update", USER_WRITE, updated, LCF_PUT, LCF_ONCE, LCF_THIS_ID},
     .path = USER "/{token}", .input = LCF_BODY, .lists = lcf_token_lists},
    {.intent = {"user.tokens.roll", USER_WRITE, rolled, LCF_PUT, LCF_ONCE, LCF_STRING},
     .path = USER "/{token}/value", .body = "{}"},
    {.intent = {"user.tokens.delete", USER_WRITE, deleted, LCF_DELETE, LCF_REMOVE, LCF_THIS_ID},
     .path = USER "/{token}"},
    {.intent = {"user.tokens.verify", NULL, NULL, LCF_GET, LCF_READ, LCF_SOME_ID}, .path = USER "/verify"},
    {.intent = {"user.tokens.permission_groups.list", USER_READ, NULL, LCF_GET, LCF_READ, LCF_LIST},
     .path = USER "/permission_groups", .input = LCF_QUERY, .fields = lcf_fields_of_groups},
    {.intent = {"user.tokens.permission_groups.get", USER_READ, NULL, LCF_GET, LCF_READ, LCF_LIST},
     .path = USER "/permission_groups", .input = LCF_QUERY, .fields = lcf_fields_of_groups},
};

/* [-0, +1, e] The table under `name` of the table on top of the stack, made if there is none. */
static void push_subtable(lua_State *L, const char *name, size_t len)
{
    lua_pushlstring(L, name, len);
    lua_pushvalue(L, -1);
    lua_rawget(L, -3);
    if (lua_isnil(L, -1)) {
        lua_pop(L, 1);
        lua_newtable(L);
        lua_pushvalue(L, -2);
        lua_pushvalue(L, -2);
        lua_rawset(L, -5); /* space, name, table */
    }
    lua_replace(L, -2);
}

/* [-0, +0, e] Puts one operation where its dotted name says, below the table on top of the stack. */
static void put_operation(lua_State *L, const struct lcf_operation *op, int client, bool async)
{
    int top = lua_gettop(L);
    const char *name = op->intent.name;
    for (const char *dot; (dot = strchr(name, '.')); name = dot + 1) push_subtable(L, name, (size_t)(dot - name));
    lcf_state_get(L, LCF_SLOT_OPERATION);
    lua_pushlightuserdata(L, (void *)(size_t)op);
    if (client) lua_pushvalue(L, client);
    else lua_pushnil(L);
    lua_pushboolean(L, async);
    lua_call(L, 3, 1);
    lua_setfield(L, -2, name);
    lua_settop(L, top);
}

/* [-0, +1, e] */
static void push_space(lua_State *L, int client, bool async)
{
    lua_newtable(L);
    for (size_t i = 0; i < sizeof operations / sizeof *operations; i++)
        put_operation(L, &operations[i], client, async);
    lua_newtable(L); /* accounts.tokens: the name the official SDKs use */
    lua_getfield(L, -2, "tokens");
    lua_setfield(L, -2, "tokens");
    lua_setfield(L, -2, "accounts");
}

void lcf_operations_push(lua_State *L, int client)
{
    push_space(L, client, false);
    push_space(L, client, true);
    lua_setfield(L, -2, "async");
}
