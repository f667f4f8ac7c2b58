#include "draft.h"
#include "errors.h"
#include "names.h"
#include "state.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct part {
    size_t from, key_len, len;
    const char *at; /* while parts are sorted */
};

static void release(struct lcf_draft *draft)
{
    lcf_bytes_free(&draft->text);
    lcf_bytes_free(&draft->parts);
}

/* [-0, +0, -] */
static int collect(lua_State *L)
{
    release(lua_touserdata(L, 1));
    return 0;
}

void lcf_draft_open(lua_State *L)
{
    lcf_state_userdata(L, LCF_SLOT_DRAFT_META, "cloudflare.draft", collect);
}

struct lcf_draft *lcf_draft_push(lua_State *L, const char *whole)
{
    struct lcf_draft *draft = lua_newuserdata(L, sizeof *draft);
    *draft = (struct lcf_draft){.text.max = LCF_DRAFT_MAX, .parts.max = SIZE_MAX / 4, .whole = whole};
    lcf_state_get(L, LCF_SLOT_DRAFT_META);
    lua_setmetatable(L, -2);
    return draft;
}

bool lcf_draft_fault(struct lcf_draft *draft, const char *argument, const char *message)
{
    snprintf(draft->argument, sizeof draft->argument, "%s", argument);
    snprintf(draft->message, sizeof draft->message, "%s", message);
    return false;
}

bool lcf_draft_refuse(struct lcf_draft *draft, const char *name, const char *message)
{
    char argument[sizeof draft->argument];
    bool shown = name && strlen(name) <= LCF_NAME_MAX_LEN;
    snprintf(argument, sizeof argument, "%s%s%s", draft->whole, shown ? "." : "", shown ? name : "");
    return lcf_draft_fault(draft, argument, message);
}

bool lcf_draft_failed(const struct lcf_draft *draft)
{
    return draft->lacks_memory || draft->message[0];
}

void lcf_draft_add(struct lcf_draft *draft, const char *at, size_t len)
{
    if (len > draft->text.max - draft->text.len) lcf_draft_fault(draft, draft->whole, "too large: over 16 MiB");
    else if (!lcf_bytes_append(&draft->text, at, len)) draft->lacks_memory = true;
}

void lcf_draft_add_char(struct lcf_draft *draft, char byte)
{
    lcf_draft_add(draft, &byte, 1);
}

void lcf_draft_add_escaped(struct lcf_draft *draft, struct lcf_span text, bool (*keeps)(int byte))
{
    for (int byte; (byte = lcf_next(&text)) >= 0;) {
        char escape[4];
        snprintf(escape, sizeof escape, "%%%02X", (unsigned char)byte);
        if (keeps(byte)) lcf_draft_add_char(draft, (char)byte);
        else lcf_draft_add(draft, escape, 3);
    }
}

/* The decimal point, which may be any text of the process's locale, as a dot. */
static void with_dot(char *text)
{
    size_t before = strspn(text, "0123456789-"), point = strcspn(text + before, "0123456789e");
    if (point == 0) return;
    text[before] = '.';
    memmove(text + before + 1, text + before + point, strlen(text + before + point) + 1);
}

#define NUMBER_SIZE 48

static void print_shortest(double number, char text[NUMBER_SIZE])
{
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, NUMBER_SIZE, "%.*g", digits, number);
        if (strtod(text, NULL) == number) break;
    }
    with_dot(text);
}

bool lcf_draft_add_number(lua_State *L, int index, struct lcf_draft *draft)
{
    char text[NUMBER_SIZE];
    double number = lua_tonumber(L, index);
    if (!isfinite(number)) return false;
/* clang-format off */
#if LUA_VERSION_NUM >= 503
    if (lua_isinteger(L, index)) snprintf(text, sizeof text, "%lld", (long long)lua_tointeger(L, index));
    else
#endif
    /* Lua's integers end at 2^63: below it a float and the integer that equals it are written alike. */
    if (number == floor(number) && fabs(number) < 0x1p63) snprintf(text, sizeof text, "%.0f", number + 0.0);
    else print_shortest(number, text);
/* clang-format on */
    lcf_draft_add(draft, text, strlen(text));
    return true;
}

size_t lcf_draft_parts(const struct lcf_draft *draft)
{
    return draft->parts.len / sizeof(struct part);
}

void lcf_draft_part(struct lcf_draft *draft, size_t from, size_t key_len)
{
    const struct part part = {from, key_len, draft->text.len - from, NULL};
    if (!lcf_bytes_append(&draft->parts, &part, sizeof part)) draft->lacks_memory = true;
}

static int compare(const void *a, const void *b)
{
    const struct part *one = a, *other = b;
    int order = memcmp(one->at, other->at, one->key_len < other->key_len ? one->key_len : other->key_len);
    return order ? order : (one->key_len > other->key_len) - (one->key_len < other->key_len);
}

/* Puts the parts' bytes into their new order, from `from` on. */
static void reorder(struct lcf_draft *draft, const struct part *parts, size_t count, size_t from)
{
    struct lcf_bytes sorted = {.max = LCF_DRAFT_MAX};
    for (size_t i = 0; i < count; i++)
        if (!lcf_bytes_append(&sorted, parts[i].at, parts[i].len)) draft->lacks_memory = true;
    if (!draft->lacks_memory) memcpy(draft->text.at + from, sorted.at, sorted.len);
    lcf_bytes_free(&sorted);
}

void lcf_draft_sort(struct lcf_draft *draft, size_t first)
{
    size_t count = lcf_draft_parts(draft) - first;
    if (lcf_draft_failed(draft) || count == 0) return;
    struct part *parts = (struct part *)(void *)draft->parts.at + first;
    size_t from = parts[0].from;
    for (size_t i = 0; i < count; i++) parts[i].at = draft->text.at + parts[i].from;
    qsort(parts, count, sizeof *parts, compare);
    reorder(draft, parts, count, from);
    draft->parts.len = first * sizeof *parts;
}

struct lcf_fault lcf_draft_end(lua_State *L)
{
    struct lcf_draft *draft = lua_touserdata(L, -1);
    if (!lcf_draft_failed(draft)) lua_pushlstring(L, lcf_bytes_text(&draft->text).at, draft->text.len);
    release(draft);
    if (draft->lacks_memory) lcf_no_memory(L);
    if (draft->message[0]) return (struct lcf_fault){draft->argument, draft->message};
    lua_replace(L, -2);
    return (struct lcf_fault){NULL, NULL};
}
