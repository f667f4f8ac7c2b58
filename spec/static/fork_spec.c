/* A host that forks, between calls and during them: the parent's connections and calls live on, and the child
 * makes calls of its own. Run it inside `sandbox run`. */
#define _GNU_SOURCE
#include "slow_resolver.h"
#include "support.h"

#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* child(f, how): runs f in a child process, which then ends as `how` says: "exit" as C programs do, "close" after
 * it has closed the Lua state, "kill" by a signal. Returns whether f raised no error. */
static int in_child(lua_State *L)
{
    const char *how = lua_tostring(L, 2);
    pid_t child = fork();
    if (child == 0) {
        lua_pushvalue(L, 1);
        bool good = lua_pcall(L, 0, 0, 0) == 0;
        if (!good) print_error("%s\n", lua_tostring(L, -1));
        if (!good) _exit(1);
        if (how[0] == 'k') kill(getpid(), SIGKILL);
        if (how[0] == 'c') lua_close(L);
        exit(0);
    }
    int status;
    waitpid(child, &status, 0);
    lua_pushboolean(L, how[0] == 'k' ? WIFSIGNALED(status) : status == 0);
    return 1;
}

/* split(): goes on in a child and, once that has called leave(good), in the parent, which gets whether that is so. */
static int split(lua_State *L)
{
    pid_t child = fork();
    if (child == 0) return 0;
    int status;
    waitpid(child, &status, 0);
    lua_pushboolean(L, status == 0);
    return 1;
}

static int leave(lua_State *L)
{
    _exit(lua_toboolean(L, 1) ? 0 : 1);
}

static const char prelude[] =
    "package.path = './?.lua;' .. package.path\n"
    "cloudflare, sandbox, socket = require 'cloudflare', require 'spec.support.sandbox', require 'socket'\n"
    "function outcome(a, b) return (b or a).outcome end\n"
    "function connections(id) local list = {}\n"
    "  for _, entry in ipairs(sandbox.requests_for(id)) do list[#list + 1] = entry.connection end\n"
    "  return table.concat(list, ',') end\n"
    "function same(a, b, over) return over ~= 'http2' or connections(a) == connections(b) end\n" /* HTTP/1 keeps none */
    "ends, ways = { 'exit', 'close', 'kill' }, { 'plain', 'http1', 'http2' }\n"
    "function every(f) for _, how in ipairs(ends) do for _, over in ipairs(ways) do\n"
    "  f(how, cloudflare.new(sandbox.options(over)), over) end end end\n";

static void in_parent(const char *script)
{
    lua_State *L = open_state();
    lua_register(L, "child", in_child);
    lua_register(L, "split", split);
    lua_register(L, "leave", leave);
    run(L, prelude);
    run(L, script);
    lua_close(L);
}

static void between_calls_the_parents_connection_lives_on(void **state)
{
    (void)state;
    in_parent(
        "every(function(how, cf, over)\n"
        "  local before, after = sandbox.fresh(), sandbox.fresh()\n"
        "  assert(cf.tokens.delete(nil, before))\n"
        "  assert(child(function() end, how))\n"
        "  local _, envelope = assert(cf.tokens.delete(nil, after))\n"
        "  assert(envelope.http.attempts == 1)\n"
        "  assert(same(before, after, over), 'another connection')\n"
        "end)");
}

static void a_child_makes_calls_of_its_own(void **state)
{
    (void)state;
    in_parent(
        "every(function(how, cf, over)\n"
        "  local before, of_child, after = sandbox.fresh(), sandbox.fresh(), sandbox.fresh()\n"
        "  assert(cf.tokens.delete(nil, before))\n"
        "  assert(child(function()\n"
        "    assert(cf.tokens.delete(nil, of_child))\n"
        "    assert(connections(of_child) ~= connections(before), 'the connection of the parent')\n"
        "  end, how))\n"
        "  assert(sandbox.is_deleted(of_child))\n"
        "  assert(cf.tokens.delete(nil, after))\n"
        "  assert(same(before, after, over), 'another connection')\n"
        "end)");
}

/* Lua 5.4 collects whenever it may. A finalizer counts down, and begins a call of its own. */
static void where_a_finalizer_begins_a_call_while_a_child_begins_its_first_both_are_made(void **state)
{
    (void)state;
    in_parent(
        "local cf = cloudflare.new(sandbox.options('http2'))\n"
        "assert(cf.tokens.delete(nil, sandbox.fresh()))\n"
        "for left = 1, 30 do\n"
        "  local id, other = sandbox.fresh(), sandbox.fresh()\n"
        "  assert(child(function()\n"
        "    local function count_down()\n"
        "      setmetatable({}, { __gc = function()\n"
        "        left = left - 1\n"
        "        if left == 0 then call = cf.async.tokens.delete(nil, other) else count_down() end\n"
        "      end })\n"
        "    end\n"
        "    collectgarbage('incremental', 0, 0, 63)\n"
        "    collectgarbage('setpause', 0)\n"
        "    collectgarbage()\n"
        "    count_down()\n"
        "    assert(outcome(cf.tokens.delete(nil, id)) == 'deleted')\n"
        "    if call then assert(outcome(call:wait()) == 'deleted') end\n"
        "  end, 'exit'))\n"
        "end");
}

static void during_calls_they_end_in_the_parent_as_if_nothing_had_been(void **state)
{
    (void)state;
    in_parent(
        "every(function(how, cf)\n"
        "  local calls, ids = {}, sandbox.seed(5)\n"
        "  sandbox.fault { method = 'DELETE', delay = 0.15, times = 5 }\n"
        "  for i, id in ipairs(ids) do calls[i] = cf.async.tokens.delete(nil, id) end\n"
        "  while sandbox.count 'DELETE' == 0 do cloudflare.step(0.01) end\n"
        "  local of_child = sandbox.fresh()\n"
        "  assert(child(function()\n"
        "    assert(outcome(calls[1]:wait()) == 'unknown')\n"
        "    assert(calls[2]:done())\n"
        "    assert(calls[3]:cancel() == true)\n"
        "    assert(cloudflare.step() == 0)\n"
        "    assert(cf.tokens.delete(nil, of_child))\n"
        "    cf:close()\n"
        "  end, how))\n"
        "  for i, call in ipairs(calls) do\n"
        "    local _, envelope = assert(call:wait())\n"
        "    assert(envelope.outcome == 'deleted' and envelope.http.attempts == 1)\n"
        "    assert(#sandbox.requests_for(ids[i]) == 1)\n"
        "  end\n"
        "  assert(sandbox.is_deleted(of_child))\n"
        "  sandbox.reset()\n"
        "end)");
}

static void during_a_call_of_several_requests_the_child_learns_nothing_and_sends_nothing(void **state)
{
    (void)state;
    in_parent(
        "every(function(how, cf)\n"
        "  local ids, of_child = sandbox.seed(12), sandbox.fresh()\n"
        "  sandbox.fault { method = 'DELETE', delay = 0.15, times = 12 }\n"
        "  local call = cf.async.tokens.delete_many(nil, ids)\n"
        "  while sandbox.count 'DELETE' == 0 do cloudflare.step(0.01) end\n"
        "  assert(child(function()\n"
        "    assert(call:done() and outcome(call:wait()) == 'unknown')\n"
        "    assert(call:cancel() == true)\n"
        "    assert(cloudflare.step() == 0)\n"
        "    assert(cf.tokens.delete(nil, of_child))\n"
        "    assert(cf.tokens.delete_many(nil, {}).all_gone)\n"
        "    cf:close()\n"
        "  end, how))\n"
        "  assert(call:wait().counts.deleted == 12)\n"
        "  for _, id in ipairs(ids) do assert(#sandbox.requests_for(id) == 1) end\n"
        "  sandbox.reset()\n"
        "end)");
}

static void a_function_of_a_call_may_fork_and_the_child_sends_nothing_more(void **state)
{
    (void)state;
    in_parent(
        "local cf, ids, good = cloudflare.new(sandbox.options()), sandbox.seed(5), nil\n"
        "local report = cf.tokens.delete_many(nil, ids, { max_in_flight = 1, progress = function(done)\n"
        "  if done == 2 then good = split() end\n"
        "end })\n"
        "if good == nil then leave(report.stopped == 'cancelled' and report.counts.deleted == 2) end\n"
        "assert(good, 'the child failed')\n"
        "assert(report.counts.deleted == 5)\n"
        "for _, id in ipairs(ids) do assert(#sandbox.requests_for(id) == 1) end\n");
}

static void while_a_name_resolves_neither_waits_for_the_other(void **state)
{
    (void)state;
    in_parent(
        "every(function(how, cf, over)\n" /* newer libcurl remembers a name that did not resolve */
        "  local far = cloudflare.new { base_url = 'https://slow.' .. how .. over .. '.example', max_retries = 0 }\n"
        "  local call, of_child = far.async.tokens.delete(sandbox.account, sandbox.missing_id), sandbox.fresh()\n"
        "  cloudflare.step(0.05)\n"
        "  assert(child(function()\n"
        "    assert(outcome(call:wait()) == 'unknown')\n"
        "    assert(cf.tokens.delete(nil, of_child))\n"
        "  end, how))\n"
        "  assert(outcome(call:wait()) == 'not_sent')\n"
        "end)");
}

static void a_child_of_a_child_is_another_process_too(void **state)
{
    (void)state;
    in_parent(
        "local cf = cloudflare.new(sandbox.options())\n"
        "local ids = sandbox.seed(4)\n"
        "assert(cf.tokens.delete(nil, ids[1]))\n"
        "assert(child(function()\n"
        "  assert(cf.tokens.delete(nil, ids[2]))\n"
        "  assert(child(function() assert(cf.tokens.delete(nil, ids[3])) end, 'close'))\n"
        "  assert(cf.tokens.verify())\n"
        "end, 'close'))\n"
        "local _, envelope = assert(cf.tokens.delete(nil, ids[4]))\n"
        "assert(envelope.http.attempts == 1)\n"
        "assert(connections(ids[1]) == connections(ids[4]))\n");
}

/* What the child frees while the listener runs is not used afterwards, nor written to. */
static void a_listener_may_fork_and_the_child_come_back_from_it(void **state)
{
    (void)state;
    in_parent(
        "local good, kept = nil, {}\n"
        "local function fork()\n"
        "  good = split()\n"
        "  if good ~= nil then return end\n"
        "  assert(cloudflare.new(sandbox.options()).tokens.verify())\n" /* makes a loop of its own */
        "  for _ = 1, 3 do collectgarbage() end\n"
        "  for i = 1, 9999 do kept[i] = ('Z'):rep(i % 99 + 1) .. i end\n" /* where the parent's may have been */
        "end\n"
        "for _, id in ipairs { 'no id', sandbox.fresh() } do\n"
        "  local forked = true\n"
        "  local cf = cloudflare.new(sandbox.options('http2', { on_event = function()\n"
        "    if not forked then forked = true; fork() end\n"
        "  end }))\n"
        "  assert(cf.tokens.verify())\n"
        "  forked = false\n"
        "  cf.tokens.delete(nil, id)\n"
        "  if good == nil then leave(pcall(function()\n"
        "    for i, text in ipairs(kept) do assert(text == ('Z'):rep(i % 99 + 1) .. i) end\n"
        "    assert(cloudflare.new(sandbox.options()).tokens.verify())\n"
        "  end)) end\n"
        "  assert(good, 'the child failed')\n"
        "end");
}

#define NOT_HERE 77 /* the exit status where no namespace may be made */

/* Where its next child has the process id 1. */
static void enter_namespace(void)
{
    if (unshare(CLONE_NEWPID) != 0 && unshare(CLONE_NEWUSER | CLONE_NEWPID) != 0) _exit(NOT_HERE);
}

static int in_namespace(lua_State *L)
{
    enter_namespace();
    return in_child(L);
}

static const char namesakes[] =
    "local cf, id, of_child = cloudflare.new(sandbox.options()), sandbox.fresh(), sandbox.fresh()\n"
    "sandbox.fault { token = id, method = 'DELETE', delay = 0.3 }\n"
    "local call = cf.async.tokens.delete(nil, id)\n"
    "while sandbox.count 'DELETE' == 0 do cloudflare.step(0.01) end\n"
    "local own = process_id()\n"
    "local good = in_namespace(function()\n"
    "  assert(process_id() == own, 'not the same process id')\n"
    "  assert(outcome(call:wait()) == 'unknown')\n"
    "  assert(cf.tokens.delete(nil, of_child))\n"
    "end, 'close')\n"
    "assert(good and sandbox.is_deleted(of_child))\n"
    "local _, envelope = assert(call:wait())\n"
    "assert(envelope.outcome == 'deleted' and envelope.http.attempts == 1)\n";

static int process_id(lua_State *L)
{
    lua_pushinteger(L, getpid());
    return 1;
}

/* A process whose id is 1, and which has a child whose id is 1, too. */
static int live_as_first(void)
{
    lua_State *L = open_state();
    lua_register(L, "in_namespace", in_namespace);
    lua_register(L, "process_id", process_id);
    int failed = luaL_dostring(L, prelude) || luaL_dostring(L, namesakes);
    if (failed) print_error("%s\n", lua_tostring(L, -1));
    lua_close(L);
    return failed;
}

static int status_of(pid_t child)
{
    int status;
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void a_child_with_its_parents_process_id_is_another_process(void **state)
{
    (void)state;
    pid_t outer = fork();
    if (outer == 0) {
        enter_namespace();
        pid_t first = fork();
        if (first == 0) _exit(live_as_first());
        _exit(status_of(first));
    }
    int status = status_of(outer);
    if (status == NOT_HERE) print_message("no namespace of process ids may be made here\n");
    if (status == NOT_HERE) skip();
    assert_int_equal(status, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(between_calls_the_parents_connection_lives_on),
        cmocka_unit_test(a_child_makes_calls_of_its_own),
        cmocka_unit_test(where_a_finalizer_begins_a_call_while_a_child_begins_its_first_both_are_made),
        cmocka_unit_test(during_calls_they_end_in_the_parent_as_if_nothing_had_been),
        cmocka_unit_test(during_a_call_of_several_requests_the_child_learns_nothing_and_sends_nothing),
        cmocka_unit_test(a_function_of_a_call_may_fork_and_the_child_sends_nothing_more),
        cmocka_unit_test(while_a_name_resolves_neither_waits_for_the_other),
        cmocka_unit_test(a_child_of_a_child_is_another_process_too),
        cmocka_unit_test(a_listener_may_fork_and_the_child_come_back_from_it),
        cmocka_unit_test(a_child_with_its_parents_process_id_is_another_process),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
