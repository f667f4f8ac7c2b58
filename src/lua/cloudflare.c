#include "answer.h"
#include "begin.h"
#include "body.h"
#include "call.h"
#include "chunks.h"
#include "client.h"
#include "errors.h"
#include "events.h"
#include "journal.h"
#include "json.h"
#include "loop.h"
#include "names.h"
#include "operations.h"
#include "state.h"
#include "task.h"
#include "timestamp.h"
#include "value.h"

#include <string.h>

/* Assembles the module, nothing else. */

/* What lies on the stack meanwhile. */
enum { AT_CORE = 1, AT_NGINX, AT_TASKS, AT_NEEDED, AT_API, AT_NAMESPACES, AT_MODULE };

/* [-0, +0, v] */
static void check_versions(lua_State *L)
{
    const char *curl;
#if LUA_VERSION_NUM >= 502
    luaL_checkversion(L);
#else
    lua_getglobal(L, "_VERSION");
    if (!lua_isstring(L, -1) || strncmp(lua_tostring(L, -1), "Lua 5.1", 7) != 0)
        luaL_error(L, "cloudflare: built for Lua 5.1 and LuaJIT, loaded by %s", lua_tostring(L, -1));
    lua_pop(L, 1);
#endif
    if (!lcf_engine_setup()) luaL_error(L, "cloudflare: libcurl could not be set up");
    if (!lcf_engine_supported(&curl)) luaL_error(L, "cloudflare: needs libcurl 7.88 or newer, found %s", curl);
}

/* [-0, +0, e] */
static void open_json(lua_State *L)
{
    lcf_json_load(L);
    lcf_state_set(L, LCF_SLOT_NULL);
    lcf_state_set(L, LCF_SLOT_DECODE);
}

/* [-0, +0, e] */
static void open_errors(lua_State *L)
{
    lcf_errors_open(L);
    lcf_state_set(L, LCF_SLOT_ERROR_META);
    lua_pushcfunction(L, lcf_answer_build);
    lcf_state_set(L, LCF_SLOT_ANSWER);
}

/* The functions that the embedded Lua is made of. */
static const luaL_Reg core[] = {
    {"new", lcf_client_new},
    {"array", lcf_array},
    {"secret_kind", lcf_secret_kind},
    {"compile", lcf_chunk_compile},
    {"edits", lcf_edits},
    {"timestamp", lcf_timestamp},
    {"epoch", lcf_epoch},
    {"check", lcf_begin_check},
    {"seal", lcf_begin_seal},
    {"seal_value", lcf_begin_seal_value},
    {"refusals_left", lcf_loop_refusals_left},
    {"note_lockout", lcf_loop_note_lockout},
    {"begin", lcf_begin_call},
    {"refuse", lcf_begin_refuse},
    {"unknown_option", lcf_options_unknown},
    {"inspect", lcf_begin_inspect},
    {"ended", lcf_call_ended},
    {"next_ended", lcf_call_next_ended},
    {"answer", lcf_call_answer},
    {"peek", lcf_call_peek},
    {"deleted", lcf_call_deleted},
    {"bears", lcf_call_bears},
    {"took", lcf_call_took},
    {"sleep_of", lcf_call_sleep_of},
    {"step", lcf_loop_step},
    {"pause", lcf_loop_pause},
    {"now", lcf_loop_now},
    {"uptime", lcf_loop_uptime},
    {"can_yield", lcf_loop_can_yield},
    {NULL, NULL},
};

/* [-0, +1, e] */
static void push_core(lua_State *L)
{
    lua_newtable(L);
    luaL_setfuncs(L, core, 0);
    lcf_call_push_methods(L);
    lua_setfield(L, -2, "methods");
    lcf_operations_push(L);
    lua_setfield(L, -2, "rows");
    lcf_loaded_push(L, "jit");
    lua_setfield(L, -2, "jit");
    lcf_state_get(L, LCF_SLOT_NULL);
    lua_setfield(L, -2, "null");
    lcf_task_add(L);
}

/* [-0, +1, e] How a caller waits inside nginx; nil anywhere else. */
static void push_nginx(lua_State *L)
{
    lcf_loaded_push(L, "ngx");
    if (lua_isnil(L, -1)) return;
    lcf_chunk_push(L, "nginx");
    lua_pushvalue(L, AT_CORE);
    lua_pushvalue(L, -3);
    lua_call(L, 2, 1);
    lua_replace(L, -2);
}

/* [-0, +1, e] What a file of Lua gives. It is handed so much of what has been made: the core first. */
static void run_chunk(lua_State *L, const char *name, int count)
{
    lcf_chunk_push(L, name);
    for (int i = 0; i < count; i++) lua_pushvalue(L, AT_CORE + i);
    lua_call(L, count, 1);
}

/* [-0, +1, e] What namespaces.lua gives. */
static void push_namespaces(lua_State *L)
{
    run_chunk(L, "namespaces", AT_API);
    lua_getfield(L, -1, "of");
    lcf_state_set(L, LCF_SLOT_NAMESPACE);
}

/* [-0, +1, e] */
static void push_module(lua_State *L)
{
    lua_getfield(L, AT_NAMESPACES, "of_module");
    lua_call(L, 0, 1);
}

/* [-0, +0, e] Copies a field of the api into the module. */
static void publish(lua_State *L, const char *name)
{
    lua_getfield(L, AT_API, name);
    lua_setfield(L, AT_MODULE, name);
}

__attribute__((visibility("default"))) int luaopen_cloudflare(lua_State *L)
{
    lua_settop(L, 0);
    check_versions(L);
    lcf_state_open(L);
    lcf_events_open(L);
    lcf_loop_open(L);
    open_json(L);
    open_errors(L);
    lcf_body_open(L);
    lcf_client_open(L);
    lcf_begin_open(L);
    lcf_call_open(L);
    lcf_journal_open(L);
    push_core(L);
    push_nginx(L);
    run_chunk(L, "task", AT_NGINX);
    run_chunk(L, "needed", AT_NGINX);
    run_chunk(L, "wait", AT_NEEDED);
    push_namespaces(L);
    push_module(L);
    publish(L, "new");
    publish(L, "step");
    publish(L, "array");
    publish(L, "policy");
    publish(L, "journal");
    publish(L, "report_of");
    publish(L, "secret_kind");
    publish(L, "refusals_left");
    lcf_state_get(L, LCF_SLOT_NULL);
    lua_setfield(L, AT_MODULE, "null");
    lua_pushliteral(L, LCF_VERSION);
    lua_setfield(L, AT_MODULE, "_VERSION");
    return 1;
}
