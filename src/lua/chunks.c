#include "chunks.h"

#include <string.h>

static const char *const nginx_lines[] = {
#include "nginx.inc"
    NULL,
};
static const char *const task_lines[] = {
#include "task.inc"
    NULL,
};
static const char *const realm_lines[] = {
#include "realm.inc"
    NULL,
};
static const char *const report_lines[] = {
#include "report.inc"
    NULL,
};
static const char *const bulk_lines[] = {
#include "bulk.inc"
    NULL,
};
static const char *const walk_lines[] = {
#include "walk.inc"
    NULL,
};
static const char *const pages_lines[] = {
#include "pages.inc"
    NULL,
};
static const char *const identify_lines[] = {
#include "identify.inc"
    NULL,
};
static const char *const policy_lines[] = {
#include "policy.inc"
    NULL,
};
static const char *const fields_lines[] = {
#include "fields.inc"
    NULL,
};
static const char *const life_lines[] = {
#include "life.inc"
    NULL,
};
static const char *const journal_lines[] = {
#include "journal.inc"
    NULL,
};
static const char *const needed_lines[] = {
#include "needed.inc"
    NULL,
};
static const char *const wait_lines[] = {
#include "wait.inc"
    NULL,
};
static const char *const namespaces_lines[] = {
#include "namespaces.inc"
    NULL,
};

static const struct {
    const char *name;
    const char *const *lines;
} chunks[] = {
    {"nginx", nginx_lines},   {"task", task_lines},         {"realm", realm_lines},
    {"report", report_lines}, {"bulk", bulk_lines},         {"walk", walk_lines},
    {"pages", pages_lines},   {"identify", identify_lines}, {"policy", policy_lines},
    {"fields", fields_lines}, {"life", life_lines},         {"journal", journal_lines},
    {"needed", needed_lines}, {"wait", wait_lines},         {"namespaces", namespaces_lines},
};

/* [-0, +0, -] A lua_Reader: a line at a time. */
static const char *read_line(lua_State *L, void *data, size_t *len)
{
    const char *const **next = data;
    const char *line = **next;
    (void)L;
    if (!line) return NULL;
    *len = strlen(line);
    ++*next;
    return line;
}

void lcf_chunk_push(lua_State *L, const char *name)
{
    size_t i = 0;
    while (strcmp(chunks[i].name, name) != 0) i++; /* a file of ours */
    const char *const *next = chunks[i].lines;
    if (lua_load(L, read_line, &next, "=cloudflare", "t") != 0) lua_error(L);
}

int lcf_chunk_compile(lua_State *L)
{
    lcf_chunk_push(L, lua_tostring(L, 1));
    return 1;
}
