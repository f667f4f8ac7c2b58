/* The environment, as the module and its libraries ask for it: no variable that SECURITY.md does not name, and no
 * value that an argument could not have. Run it inside `sandbox run`. */
#define _GNU_SOURCE
#include "support.h"

#include <dlfcn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const named[] = {
    "CLOUDFLARE_API_TOKEN", "CLOUDFLARE_API_KEY", "CLOUDFLARE_EMAIL", "CLOUDFLARE_ACCOUNT_ID", "CLOUDFLARE_BASE_URL",
    "https_proxy",          "HTTPS_PROXY",        "all_proxy",        "ALL_PROXY",             "no_proxy",
    "NO_PROXY",             "SSLKEYLOGFILE",      "OPENSSL_CONF",
};
#define NAMED (sizeof named / sizeof *named)

static bool listens;
static bool asked[NAMED];
static char stranger[64];

static void hear(const char *name)
{
    size_t i = 0;
    while (i < NAMED && strcmp(named[i], name) != 0) i++;
    if (!listens) return;
    if (i < NAMED) asked[i] = true;
    else snprintf(stranger, sizeof stranger, "%s", name);
}

/* Libraries ask these. The C library's own resolver and locale code asks itself. */
__attribute__((visibility("default"))) char *getenv(const char *name)
{
    char *(*real)(const char *);
    *(void **)&real = dlsym(RTLD_NEXT, "getenv");
    hear(name);
    return real(name);
}

__attribute__((visibility("default"))) char *secure_getenv(const char *name)
{
    char *(*real)(const char *);
    *(void **)&real = dlsym(RTLD_NEXT, "secure_getenv");
    hear(name);
    return real(name);
}

/* Lua's own questions are not the module's. */
static lua_State *open_heard(void)
{
    lua_State *L = luaL_newstate();
    luaL_openlibs(L);
    listens = true;
    add_module(L);
    listens = false;
    return L;
}

/* Calls over `base`, by the default client where it is the environment's. */
static void call(const char *base)
{
    char ca_path[256];
    snprintf(ca_path, sizeof ca_path, "%s", getenv("SANDBOX_CA_PATH"));
    lua_State *L = open_heard();
    lua_pushstring(L, base);
    lua_setglobal(L, "base");
    lua_pushstring(L, ca_path);
    lua_setglobal(L, "ca_path");
    listens = true;
    run(L, "local cloudflare = require 'cloudflare'\n"
           "local cf = cloudflare\n"
           "if base then cf = assert(cloudflare.new { base_url = base, ca_path = ca_path, max_retries = 0 }) end\n"
           "local _, err = cf.tokens.delete(nil, ('0'):rep(32)); assert(err, 'deleted')\n");
    lua_close(L);
    listens = false;
    assert_string_equal(stranger, "");
}

static void no_variable_is_asked_for_that_is_not_named(void **state)
{
    (void)state;
    call(NULL);
    call(getenv("SANDBOX_TLS1_BASE_URL"));
    call(getenv("SANDBOX_TLS_BASE_URL"));
    call("https://nowhere.invalid/client/v4");
    char token[128];
    snprintf(token, sizeof token, "%s", getenv("CLOUDFLARE_API_TOKEN"));
    unsetenv("CLOUDFLARE_API_TOKEN");
    setenv("CLOUDFLARE_API_KEY", "a-key", 1);
    setenv("CLOUDFLARE_EMAIL", "someone@example.com", 1);
    call(NULL);
    unsetenv("CLOUDFLARE_API_KEY");
    unsetenv("CLOUDFLARE_EMAIL");
    setenv("CLOUDFLARE_API_TOKEN", token, 1);
    for (size_t i = 0; i < NAMED; i++)
        if (!asked[i]) fail_msg("%s is named, but nothing asks for it", named[i]);
}

struct variable {
    const char *name, *good, *allowed; /* the bytes that may stand within the good value */
};

#define DIGITS "0123456789"
#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define MARKS "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"

static const struct variable variables[] = {
    {"CLOUDFLARE_API_TOKEN", "a-good-tokens", DIGITS LETTERS MARKS},
    {"CLOUDFLARE_API_KEY", "a-good-key", DIGITS LETTERS MARKS},
    {"CLOUDFLARE_EMAIL", "good@example.com", DIGITS LETTERS MARKS " "},
    {"CLOUDFLARE_ACCOUNT_ID", "0123456789abcdef0123456789abcdef", DIGITS "abcdef"},
    {"CLOUDFLARE_BASE_URL", "https://api.example/client/v40", DIGITS LETTERS "-._~/!$&'()*+,;=:@"},
};
#define VARIABLES (sizeof variables / sizeof *variables)

static void use_key(bool key)
{
    if (key) unsetenv("CLOUDFLARE_API_TOKEN");
    else setenv("CLOUDFLARE_API_TOKEN", "a-token", 1);
    if (key) setenv("CLOUDFLARE_API_KEY", "a-key", 1);
    else unsetenv("CLOUDFLARE_API_KEY");
    if (key) setenv("CLOUDFLARE_EMAIL", "someone@example.com", 1);
    else unsetenv("CLOUDFLARE_EMAIL");
}

/* Whether a client is made with `byte` in the place of the value's last but one. */
static bool is_accepted(lua_State *L, const struct variable *variable, int byte)
{
    char value[64];
    snprintf(value, sizeof value, "%s", variable->good);
    value[strlen(value) - 2] = (char)byte;
    use_key(strstr(variable->name, "KEY") || strstr(variable->name, "EMAIL"));
    setenv(variable->name, value, 1);
    run(L, "local cf, err = require 'cloudflare'.new(); accepted = cf ~= nil; if cf then cf:close() end\n"
           "assert(cf or err.kind == 'argument' and err.outcome == 'not_sent')");
    unsetenv(variable->name);
    lua_getglobal(L, "accepted");
    bool accepted = lua_toboolean(L, -1);
    lua_pop(L, 1);
    return accepted;
}

static void a_value_of_the_environment_is_checked_as_an_argument_is(void **state)
{
    (void)state;
    lua_State *L = open_heard();
    unsetenv("CLOUDFLARE_BASE_URL");
    unsetenv("CLOUDFLARE_ACCOUNT_ID");
    for (size_t i = 0; i < VARIABLES; i++)
        for (int byte = 1; byte < 256; byte++)
            if (is_accepted(L, &variables[i], byte) != (strchr(variables[i].allowed, byte) != NULL))
                fail_msg("%s with byte %d", variables[i].name, byte);
    lua_close(L);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_variable_is_asked_for_that_is_not_named),
        cmocka_unit_test(a_value_of_the_environment_is_checked_as_an_argument_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
