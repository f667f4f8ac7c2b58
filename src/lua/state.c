#include "state.h"

/* Its address is the registry's key; nothing is ever stored in it. */
static const char registry_key = 0;

/* [-0, +1, -] */
static void push_table(lua_State *L)
{
    lua_pushlightuserdata(L, (void *)&registry_key);
    lua_rawget(L, LUA_REGISTRYINDEX);
}

/* [-0, +0, e] Puts a string into the table on top of the stack. */
static void put_word(lua_State *L, int slot, const char *word)
{
    lua_pushstring(L, word);
    lua_rawseti(L, -2, slot);
}

void lcf_state_open(lua_State *L)
{
    push_table(L);
    bool exists = lua_istable(L, -1);
    lua_pop(L, 1);
    if (exists) return;
    lua_createtable(L, LCF_SLOTS, 0);
    for (int slot = 1; slot <= LCF_SLOTS; slot++) {
        lua_pushboolean(L, 0);
        lua_rawseti(L, -2, slot);
    }
    for (int outcome = LCF_PENDING; outcome <= LCF_FAILED; outcome++)
        put_word(L, LCF_SLOT_OUTCOMES + outcome, lcf_outcome_name((enum lcf_outcome)outcome));
    put_word(L, LCF_SLOT_KEY_OUTCOME, "outcome");
    put_word(L, LCF_SLOT_KEY_MESSAGE, "message");
    put_word(L, LCF_SLOT_KEY_SAFE, "safe_to_retry");
    put_word(L, LCF_SLOT_RAISED,
             "cloudflare: a hook or finalizer of this host raised an error whenever the answer was built; "
             "`outcome` says how the call ended");
    lua_pushlightuserdata(L, (void *)&registry_key);
    lua_insert(L, -2);
    lua_rawset(L, LUA_REGISTRYINDEX);
}

void lcf_state_get(lua_State *L, int slot)
{
    push_table(L);
    lua_rawgeti(L, -1, slot);
    lua_replace(L, -2);
}

void lcf_state_set(lua_State *L, int slot)
{
    push_table(L);
    lua_insert(L, -2);
    lua_rawseti(L, -2, slot);
    lua_pop(L, 1);
}

void lcf_state_metatable(lua_State *L, int slot, const char *name)
{
    lcf_state_get(L, slot);
    if (lua_istable(L, -1)) return;
    lua_pop(L, 1);
    lua_newtable(L);
    lua_pushstring(L, name);
    lua_setfield(L, -2, "__name");
    lua_pushvalue(L, -1);
    lcf_state_set(L, slot);
}

void lcf_state_userdata(lua_State *L, int slot, const char *name, lua_CFunction gc)
{
    lcf_state_metatable(L, slot, name);
    lua_pushcfunction(L, gc);
    lua_setfield(L, -2, "__gc");
    lua_pop(L, 1);
}

void lcf_kept_push(lua_State *L, int index, int slot)
{
    lua_getuservalue(L, index);
    lua_rawgeti(L, -1, slot);
    lua_replace(L, -2);
}

void lcf_kept_set(lua_State *L, int index, int slot)
{
    lua_getuservalue(L, index);
    lua_insert(L, -2);
    lua_rawseti(L, -2, slot);
    lua_pop(L, 1);
}

struct lcf_text lcf_text_at(lua_State *L, int index)
{
    struct lcf_text text;
    text.at = lua_tolstring(L, index, &text.len);
    return text;
}

void *lcf_state_test(lua_State *L, int index, int slot)
{
    if (!lua_isuserdata(L, index) || !lua_getmetatable(L, index)) return NULL;
    lcf_state_get(L, slot);
    bool same = lua_rawequal(L, -1, -2);
    lua_pop(L, 2);
    return same ? lua_touserdata(L, index) : NULL;
}

void *lcf_state_check(lua_State *L, int index, int slot, const char *name)
{
    void *at = lcf_state_test(L, index, slot);
    if (!at) luaL_argerror(L, index, lua_pushfstring(L, "%s expected, got %s", name, luaL_typename(L, index)));
    return at;
}

/* Not asked of _G: a strict one would raise. */
void lcf_loaded_push(lua_State *L, const char *name)
{
    lua_getfield(L, LUA_REGISTRYINDEX, "_LOADED");
    if (!lua_istable(L, -1)) { /* a state without any library but the base */
        lua_pop(L, 1);
        lua_pushnil(L);
        return;
    }
    lua_pushstring(L, name);
    lua_rawget(L, -2);
    lua_replace(L, -2);
    if (!lua_istable(L, -1)) lua_pop(L, 1), lua_pushnil(L);
}
