#ifndef LCF_STATE_H
#define LCF_STATE_H

#include "../core/outcome.h"
#include "../core/span.h"
#include "compat.h"

#include <stdbool.h>

/* What this copy of the module keeps in one Lua state: a table in the registry, reached by numbered slots,
 * so that reading it allocates nothing. The words that an answer needs lie there from the start:
 * an answer must still be given when Lua has no memory left. */

enum lcf_slot {
    LCF_SLOT_DECODE = 1,     /* lua-cjson's decode */
    LCF_SLOT_NULL,
    LCF_SLOT_ANSWER,         /* the C function that builds an answer, run under pcall */
    LCF_SLOT_LOOP,           /* the engine's userdata */
    LCF_SLOT_LISTENERS,      /* exchange (light userdata) → on_event */
    LCF_SLOT_TELL,           /* the C function that tells one event, run under pcall */
    LCF_SLOT_DEFAULT_CLIENT, /* once made */
    LCF_SLOT_NAMESPACE,      /* the function of namespaces.lua that makes a client's operations */
    LCF_SLOT_ERROR_META,
    LCF_SLOT_CALL_META, /* by slot, not by name: another copy of the module has its own */
    LCF_SLOT_SEAL_META,
    LCF_SLOT_CLIENT_META,
    LCF_SLOT_LOOP_META,
    LCF_SLOT_JOURNAL_META,
    LCF_SLOT_TASKS,          /* the list of tasks under async, with the functions that task.lua gave it */
    LCF_SLOT_DRAFT_META,
    LCF_SLOT_ARRAY_META,     /* of the tables that cloudflare.array marked */
    LCF_SLOT_KEY_OUTCOME,    /* the string "outcome" */
    LCF_SLOT_KEY_MESSAGE,    /* the string "message" */
    LCF_SLOT_KEY_SAFE,       /* the string "safe_to_retry" */
    LCF_SLOT_RAISED,         /* the sentence for an answer that could not be built though there was memory */
    LCF_SLOT_OUTCOMES,       /* from here: the outcomes' names, in the order of enum lcf_outcome */
    LCF_SLOTS = LCF_SLOT_OUTCOMES + LCF_FAILED
};

/* [-0, +0, e] Makes the table, with its words, unless a former load of the module left one, which
 * goes on: there is one engine a Lua state. */
void lcf_state_open(lua_State *L);
/* [-0, +1, -] */
void lcf_state_get(lua_State *L, int slot);
/* [-1, +0, -] Never grows the table. */
void lcf_state_set(lua_State *L, int slot);

/* [-0, +1, e] The metatable of a slot, made under that name unless a former load left one. */
void lcf_state_metatable(lua_State *L, int slot, const char *name);
/* [-0, +0, -] The userdata at `index` if its metatable is that of the slot, else NULL. */
void *lcf_state_test(lua_State *L, int index, int slot);
/* [-0, +0, v] The same; raises for anything else, as luaL_checkudata does. */
void *lcf_state_check(lua_State *L, int index, int slot, const char *name);

/* [-0, +0, e] The metatable of a slot with a finalizer. */
void lcf_state_userdata(lua_State *L, int slot, const char *name, lua_CFunction gc);

/* What a userdata keeps is in a table of its own, by numbers: [-0, +1, -] what it keeps there. */
void lcf_kept_push(lua_State *L, int index, int slot);
/* [-1, +0, -] Keeps the value on top of the stack, in a place that the table has. */
void lcf_kept_set(lua_State *L, int index, int slot);

/* [-0, +0, -] The string at `index`. */
struct lcf_text lcf_text_at(lua_State *L, int index);

/* [-0, +1, e] The table that package.loaded has under `name` (nginx's "ngx", LuaJIT's "jit"), or nil. */
void lcf_loaded_push(lua_State *L, const char *name);

#endif
