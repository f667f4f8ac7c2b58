#include "value.h"
#include "../core/kinds.h"
#include "errors.h"
#include "state.h"

static const char *advice_for(enum lcf_value_kind kind)
{
    switch (kind) {
    case LCF_VALUE_KEY:
        return "a global API key, which has no id: its owner changes it in the dashboard, at API Tokens";
    case LCF_VALUE_OAUTH: return "an OAuth token, which has no id here: revoke what the application was granted";
    case LCF_VALUE_R2_SECRET:
        return "the secret of an R2 access key, which cannot be looked up: its access key id is the token's id, and "
               "can be given to delete";
    case LCF_VALUE_ID: return "an id, not a secret: it can be given to get and delete as it is";
    default: return NULL;
    }
}

struct lcf_fault lcf_value_fault(struct lcf_text value)
{
    const struct lcf_options credential = {.api_token = value};
    const char *message = advice_for(lcf_value_of(lcf_span_of(value)).kind);
    if (!message) message = lcf_options_check_credential(&credential).message;
    return (struct lcf_fault){"value", message};
}

int lcf_secret_kind(lua_State *L)
{
    struct lcf_text text;
    if (lua_type(L, 1) != LUA_TSTRING) lcf_wrong_type(L, "secret_kind", 1, "string", 1);
    text = lcf_text_at(L, 1);
    const struct lcf_value value = lcf_value_of(lcf_span_of(text));
    lua_pushstring(L, lcf_value_kind_name(value.kind));
    if (value.checksum == LCF_CHECKSUM_NONE) lua_pushnil(L);
    else lua_pushboolean(L, value.checksum == LCF_CHECKSUM_FITS);
    return 2;
}
