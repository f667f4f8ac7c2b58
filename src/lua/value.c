#include "value.h"
#include "../core/kinds.h"
#include "errors.h"

int lcf_secret_kind(lua_State *L)
{
    struct lcf_text text;
    if (lua_type(L, 1) != LUA_TSTRING) lcf_wrong_type(L, "secret_kind", 1, "string", 1);
    text.at = lua_tolstring(L, 1, &text.len);
    const struct lcf_value value = lcf_value_of(lcf_span_of(text));
    lua_pushstring(L, lcf_value_kind_name(value.kind));
    if (value.checksum == LCF_CHECKSUM_NONE) lua_pushnil(L);
    else lua_pushboolean(L, value.checksum == LCF_CHECKSUM_FITS);
    return 2;
}
