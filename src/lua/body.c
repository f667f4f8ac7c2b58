#include "body.h"
#include "draft.h"
#include "names.h"
#include "state.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* A walk over tables with the draft's rule: from the first look to the last nothing of Lua's is called that allocates
 * or raises. Room on the stack is made before; what tables are compared with lies on it. A cycle is met as a depth
 * that is passed, tables shared too often as a text that is too long. */

const char *const lcf_token_lists[] = {"policies", "permission_groups", "in", "not_in", NULL};

/* What lies on the stack from `words` on. */
enum word { ARRAY_META, CJSON_ARRAY_META, CJSON_EMPTY_META, CJSON_EMPTY, INDEX, WORDS };

#define SLOTS_PER_LEVEL 4 /* table, key, value, and one more for a moment */

struct writer {
    lua_State *L;
    struct lcf_draft *draft;
    const char *where;
    const char *const *lists;
    int words, depth;
};

/* Where a value stands: a field of the table above, or with `index` its item. */
struct place {
    const struct place *up;
    const char *field;
    size_t index;
};

/* A field may be a secret that slipped into the wrong place: only what looks like a name is repeated. */
static bool is_name(const char *field)
{
    size_t len = 0;
    for (; field[len]; len++) {
        char byte = field[len], lower = (char)(byte | ' ');
        if (!lcf_is_digit(byte) && byte != '_' && byte != '-' && !(lower >= 'a' && lower <= 'z')) return false;
    }
    return len > 0 && len <= LCF_NAME_MAX_LEN;
}

static void append_path(const struct writer *w, const struct place *place, char *to, size_t room)
{
    if (!place->up) {
        snprintf(to, room, "%s", w->where);
        return;
    }
    append_path(w, place->up, to, room);
    size_t len = strlen(to);
    if (place->index) snprintf(to + len, room - len, "[%zu]", place->index);
    else snprintf(to + len, room - len, "%s%s", len ? "." : "", is_name(place->field) ? place->field : "...");
}

/* [-0, +0, -] Always false. */
static bool refuse(struct writer *w, const struct place *place, const char *message)
{
    char path[sizeof w->draft->argument];
    append_path(w, place, path, sizeof path);
    return lcf_draft_fault(w->draft, place->up ? path : w->draft->whole, message);
}

/* [-0, +0, -] */
static bool refuse_type(struct writer *w, const struct place *place)
{
    char message[64];
    snprintf(message, sizeof message, "a %s cannot be sent", lua_typename(w->L, lua_type(w->L, -1)));
    return refuse(w, place, message);
}

static void add_text(struct writer *w, const char *text)
{
    lcf_draft_add(w->draft, text, strlen(text));
}

/* The letter of a two-byte escape; 0 for a byte that has none. */
static char short_escape(int byte)
{
    static const char bytes[] = "\"\\\b\f\n\r\t", letters[] = "\"\\bfnrt";
    const char *found = byte ? strchr(bytes, byte) : NULL;
    return found ? letters[found - bytes] : 0;
}

static void add_escaped(struct writer *w, int byte)
{
    char text[8];
    char letter = short_escape(byte);
    if (letter) snprintf(text, sizeof text, "\\%c", letter);
    else snprintf(text, sizeof text, "\\u%04x", (unsigned)byte);
    add_text(w, text);
}

/* [-0, +0, -] Writes the string at `index`, without the quote behind it; false where it is not UTF-8. */
static bool add_string(struct writer *w, int index)
{
    struct lcf_text text = lcf_text_at(w->L, index);
    struct lcf_span rest = lcf_span_of(text);
    lcf_draft_add_char(w->draft, '"');
    while (!lcf_is_empty(rest)) {
        const char *from = rest.at;
        unsigned char character[4];
        int byte = lcf_peek(&rest);
        if (byte < ' ' || byte == '"' || byte == '\\') add_escaped(w, lcf_next(&rest));
        else if (lcf_utf8_take(&rest, character)) lcf_draft_add(w->draft, from, (size_t)(rest.at - from));
        else return false;
    }
    return true;
}

/* [-0, +0, -] */
static bool write_string(struct writer *w, const struct place *place)
{
    if (!add_string(w, -1)) return refuse(w, place, "not UTF-8: binary data has to be encoded first, as by base64");
    lcf_draft_add_char(w->draft, '"');
    return true;
}

/* [-0, +0, -] */
static bool write_number(struct writer *w, const struct place *place)
{
    return lcf_draft_add_number(w->L, -1, w->draft) || refuse(w, place, "not a finite number");
}

/* [-0, +0, -] */
static bool is_word(const struct writer *w, int index, enum word word)
{
    return lua_rawequal(w->L, index, w->words + (int)word);
}

/* [-0, +0, -] */
static bool write_light_userdata(struct writer *w, const struct place *place)
{
    bool null = !lua_touserdata(w->L, -1);
    if (!null && !is_word(w, -1, CJSON_EMPTY)) return refuse_type(w, place);
    add_text(w, null ? "null" : "[]");
    return true;
}

static bool write_value(struct writer *w, const struct place *place);

/* [-0, +0, -] Writes the items of the table on top of the stack. */
static bool write_items(struct writer *w, const struct place *place, size_t count)
{
    for (size_t i = 1; i <= count; i++) {
        const struct place item = {place, NULL, i};
        lcf_draft_add_char(w->draft, i == 1 ? '[' : ',');
        lua_rawgeti(w->L, -1, (int)i);
        if (!write_value(w, &item)) return false;
        lua_pop(w->L, 1);
    }
    lcf_draft_add_char(w->draft, ']');
    return true;
}

/* [-0, +0, -] Writes the field whose key and value lie on top of the stack; `from` becomes where the next begins. */
static bool write_field(struct writer *w, const struct place *place, size_t *from)
{
    const struct place field = {place, lua_tostring(w->L, -2), 0};
    lcf_draft_add_char(w->draft, ',');
    if (!add_string(w, -2)) return refuse(w, place, "a field's name is not UTF-8");
    size_t key_len = w->draft->text.len - *from;
    add_text(w, "\":");
    if (!write_value(w, &field)) return false;
    lcf_draft_part(w->draft, *from, key_len);
    *from = w->draft->text.len;
    return true;
}

/* [-0, +0, -] Writes the fields of the table on top of the stack, of which it has some. */
static bool write_fields(struct writer *w, const struct place *place)
{
    size_t first = lcf_draft_parts(w->draft), from = w->draft->text.len, begin = from;
    lua_pushnil(w->L);
    for (; lua_next(w->L, -2); lua_pop(w->L, 1))
        if (!write_field(w, place, &from)) return false;
    lcf_draft_sort(w->draft, first);
    if (lcf_draft_failed(w->draft)) return false;
    w->draft->text.at[begin] = '{'; /* in place of the first comma */
    lcf_draft_add_char(w->draft, '}');
    return true;
}

/* What a table's keys are. */
struct keys {
    size_t named, numbered, other;
    lua_Number last; /* the highest number */
};

/* [-0, +0, -] */
static void count_key(lua_State *L, int index, struct keys *keys)
{
    int type = lua_type(L, index);
    lua_Number number = type == LUA_TNUMBER ? lua_tonumber(L, index) : 0;
    if (type == LUA_TSTRING) keys->named++;
    else if (number >= 1 && number == floor(number)) keys->numbered++;
    else keys->other++;
    if (number > keys->last) keys->last = number;
}

/* [-0, +0, -] Of the table on top of the stack. */
static struct keys count_keys(lua_State *L)
{
    struct keys keys = {0};
    lua_pushnil(L);
    for (; lua_next(L, -2); lua_pop(L, 1)) count_key(L, -2, &keys);
    return keys;
}

/* Why a table with such keys is neither an array nor an object; NULL for one that is. */
static const char *keys_fault(const struct keys *k)
{
    if (k->other) return "a key must be the name of a field, or the number of an item from 1 on";
    if (k->named && k->numbered) return "a table with both items and named fields cannot be sent";
    if (k->numbered && k->last != (lua_Number)k->numbered)
        return "a list with gaps cannot be sent; null is cloudflare.null, a field named by a number needs a string";
    return NULL;
}

static bool is_listed(const char *const *lists, const char *field)
{
    for (; lists && field && *lists; lists++)
        if (strcmp(*lists, field) == 0) return true;
    return false;
}

/* [-0, +0, -] Whether the metatable on top of the stack marks an array. */
static bool is_mark(const struct writer *w)
{
    return is_word(w, -1, ARRAY_META) || is_word(w, -1, CJSON_ARRAY_META) || is_word(w, -1, CJSON_EMPTY_META);
}

/* [-0, +0, -] Whether reading the table that has the metatable on top of the stack raw would miss fields. */
static bool is_proxy(const struct writer *w)
{
    lua_pushvalue(w->L, w->words + INDEX);
    lua_rawget(w->L, -2);
    bool found = !lua_isnil(w->L, -1);
    lua_pop(w->L, 1);
    return found;
}

/* [-0, +0, -] Writes the table on top of the stack. */
static bool write_plain(struct writer *w, const struct place *place, bool marked)
{
    struct keys keys = count_keys(w->L);
    const char *fault = keys_fault(&keys);
    if (fault) return refuse(w, place, fault);
    if (keys.numbered) return write_items(w, place, keys.numbered);
    if (keys.named) return write_fields(w, place);
    add_text(w, marked || is_listed(w->lists, place->field) ? "[]" : "{}");
    return true;
}

/* [-0, +0, -] */
static bool write_table(struct writer *w, const struct place *place)
{
    bool has_meta = lua_getmetatable(w->L, -1);
    bool marked = has_meta && is_mark(w), proxy = has_meta && is_proxy(w);
    if (has_meta) lua_pop(w->L, 1);
    if (proxy) return refuse(w, place, "a plain table expected: what __index gives would not be sent");
    if (w->depth == LCF_BODY_DEPTH) return refuse(w, place, "nested too deeply: over 32 levels, or in a circle");
    w->depth++;
    bool written = write_plain(w, place, marked);
    w->depth--;
    return written;
}

/* [-0, +0, -] Writes the value on top of the stack; what a fault leaves on the stack is taken off in the end. */
static bool write_value(struct writer *w, const struct place *place)
{
    if (lcf_draft_failed(w->draft)) return false;
    switch (lua_type(w->L, -1)) {
    case LUA_TTABLE: return write_table(w, place);
    case LUA_TSTRING: return write_string(w, place);
    case LUA_TNUMBER: return write_number(w, place);
    case LUA_TLIGHTUSERDATA: return write_light_userdata(w, place);
    case LUA_TBOOLEAN: add_text(w, lua_toboolean(w->L, -1) ? "true" : "false"); return true;
    }
    return refuse_type(w, place);
}

/* [-0, +1, e] What the field of the table at `index` holds, read raw; nil where that is no table. */
static void push_raw(lua_State *L, int index, const char *field)
{
    lua_pushstring(L, field);
    if (lua_istable(L, index)) lua_rawget(L, index);
    else lua_pop(L, 1), lua_pushnil(L);
}

/* [-0, +WORDS, e] What OpenResty's lua-cjson marks arrays with is the same for all its instances. */
static void push_words(lua_State *L)
{
    static const char *const marks[] = {"array_mt", "empty_array_mt", "empty_array"};
    lcf_loaded_push(L, "cjson");
    int cjson = lua_gettop(L);
    lcf_state_get(L, LCF_SLOT_ARRAY_META);
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) push_raw(L, cjson, marks[i]);
    lua_pushliteral(L, "__index");
    lua_remove(L, cjson);
}

struct lcf_fault lcf_body_push(lua_State *L, int index, const char *whole, const char *where, const char *const *lists)
{
    struct writer w = {L, NULL, where, lists, 0, 0};
    const struct place root = {NULL, NULL, 0};
    luaL_checkstack(L, WORDS + 3 + SLOTS_PER_LEVEL * (LCF_BODY_DEPTH + 1), "a body");
    w.draft = lcf_draft_push(L, whole);
    int top = lua_gettop(L);
    push_words(L);
    w.words = top + 1;
    lua_pushvalue(L, index);
    write_value(&w, &root);
    lua_settop(L, top);
    return lcf_draft_end(L);
}

void lcf_body_open(lua_State *L)
{
    lcf_draft_open(L);
    lcf_state_metatable(L, LCF_SLOT_ARRAY_META, "cloudflare.array");
    lua_pop(L, 1);
}

int lcf_array(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    lcf_state_get(L, LCF_SLOT_ARRAY_META);
    if (lua_getmetatable(L, 1)) {
        luaL_argcheck(L, lua_rawequal(L, -1, -2), 1, "a table without a metatable expected");
        lua_pop(L, 1);
    }
    lua_settop(L, 2);
    lua_setmetatable(L, 1);
    return 1;
}
