#include "names.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define TOO_FAR 4 /* edits: further off it is no slip of the keyboard */

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* How many single-character edits turn one name into the other (Levenshtein). */
static size_t distance(const char *a, const char *b, size_t b_len)
{
    size_t row[LCF_NAME_MAX_LEN + 1];
    for (size_t j = 0; j <= b_len; j++) row[j] = j;
    for (size_t i = 1; a[i - 1]; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b_len; j++) {
            size_t substituted = diagonal + (a[i - 1] != b[j - 1]);
            diagonal = row[j];
            row[j] = least(substituted, least(row[j], row[j - 1]) + 1);
        }
    }
    return row[b_len];
}

const char *lcf_nearer(const char *best, const char *candidate, const char *name)
{
    size_t len = strlen(name);
    if (len > LCF_NAME_MAX_LEN) return NULL;
    size_t bound = best ? distance(best, name, len) : TOO_FAR;
    return distance(candidate, name, len) < bound ? candidate : best;
}

int lcf_edits(lua_State *L)
{
    size_t len;
    const char *name = lua_tostring(L, 1), *other = lua_tolstring(L, 2, &len);
    bool known = len <= LCF_NAME_MAX_LEN;
    lua_pushinteger(L, known ? (lua_Integer)distance(name, other, len) : LCF_NAME_MAX_LEN);
    return 1;
}

void lcf_unknown(char *to, size_t room, const char *noun, const char *name, const char *near)
{
    if (near) snprintf(to, room, "unknown %s '%s'; did you mean '%s'?", noun, name, near);
    else if (strlen(name) > LCF_NAME_MAX_LEN) snprintf(to, room, "unknown %s", noun);
    else snprintf(to, room, "unknown %s '%s'", noun, name);
}
