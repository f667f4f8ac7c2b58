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
static const char *const wait_lines[] = {
#include "wait.inc"
    NULL,
};
static const char *const namespaces_lines[] = {
#include "namespaces.inc"
    NULL,
};

static const char *const *const chunks[] = {
    [LCF_CHUNK_NGINX] = nginx_lines,
    [LCF_CHUNK_TASK] = task_lines,
    [LCF_CHUNK_BULK] = bulk_lines,
    [LCF_CHUNK_WALK] = walk_lines,
    [LCF_CHUNK_PAGES] = pages_lines,
    [LCF_CHUNK_IDENTIFY] = identify_lines,
    [LCF_CHUNK_POLICY] = policy_lines,
    [LCF_CHUNK_FIELDS] = fields_lines,
    [LCF_CHUNK_LIFE] = life_lines,
    [LCF_CHUNK_JOURNAL] = journal_lines,
    [LCF_CHUNK_WAIT] = wait_lines,
    [LCF_CHUNK_NAMESPACES] = namespaces_lines,
};

/* A lua_Reader: a line at a time. */
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

void lcf_chunk_push(lua_State *L, enum lcf_chunk chunk)
{
    const char *const *next = chunks[chunk];
    if (lua_load(L, read_line, &next, "=cloudflare", "t") != 0) lua_error(L);
}
