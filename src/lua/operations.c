#include "operations.h"
#include "request.h"

#include <string.h>

#define ACCOUNT "/accounts/{account}/tokens"
#define USER "/user/tokens"
#define ACCOUNT_READ "Account API Tokens Read"
#define ACCOUNT_WRITE "Account API Tokens Write"
#define USER_READ "API Tokens Read"
#define USER_WRITE "API Tokens Write"

static const char deleted[] = "the token was deleted", created[] = "a token was created",
                  updated[] = "the token was changed", rolled[] = "the token has a new secret";

/* clang-format off */
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
    {.intent = {"tokens.identify", NULL, NULL, LCF_GET, LCF_READ, LCF_SOME_ID, .apart = true},
     .path = ACCOUNT "/verify", .input = LCF_VALUE},
    {.intent = {"user.tokens.identify", NULL, NULL, LCF_GET, LCF_READ, LCF_SOME_ID, .apart = true},
     .path = USER "/verify", .input = LCF_VALUE},
    /* The request's own intent is found by its arguments. */
    {.intent = {"request", NULL, NULL, LCF_GET, LCF_READ, LCF_ENVELOPE}, .path = "", .input = LCF_FREEFORM},
    /* Of several requests: by these rows their arguments are checked, and nothing is sent. */
    {.intent = {"tokens.each", ACCOUNT_READ, NULL, LCF_GET, LCF_READ, LCF_LIST},
     .path = ACCOUNT, .input = LCF_QUERY, .fields = lcf_fields_of_list},
    {.intent = {"tokens.delete_many", ACCOUNT_WRITE, NULL, LCF_GET, LCF_READ, LCF_LIST},
     .path = ACCOUNT, .input = LCF_ITEMS},
    {.intent = {"user.tokens.each", USER_READ, NULL, LCF_GET, LCF_READ, LCF_LIST},
     .path = USER, .input = LCF_QUERY, .fields = lcf_fields_of_list},
    {.intent = {"user.tokens.delete_many", USER_WRITE, NULL, LCF_GET, LCF_READ, LCF_LIST},
     .path = USER, .input = LCF_ITEMS},
    {.intent = {"pages", NULL, NULL, LCF_GET, LCF_READ, LCF_ENVELOPE}, .path = "", .input = LCF_PAGES},
};
/* clang-format on */

#define OPERATIONS (sizeof operations / sizeof *operations)

enum lcf_nature lcf_operation_nature(const char *name)
{
    for (size_t i = 0; i < OPERATIONS; i++)
        if (strcmp(operations[i].intent.name, name) == 0) return operations[i].intent.nature;
    return LCF_READ;
}

void lcf_operations_push(lua_State *L)
{
    lua_newtable(L);
    for (size_t i = 0; i < OPERATIONS; i++) {
        lua_pushlightuserdata(L, (void *)(size_t)&operations[i]);
        lua_setfield(L, -2, operations[i].intent.name);
    }
}
