#include "query.h"
#include "draft.h"
#include "names.h"
#include "options.h"
#include "state.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

const struct lcf_field lcf_fields_of_list[] = {
    {.name = "page", .type = LCF_FIELD_WHOLE, .least = 1},
    {.name = "per_page", .type = LCF_FIELD_WHOLE, .least = 5, .most = 50},
    {.name = "direction", .type = LCF_FIELD_CHOICE, .choices = {"asc", "desc"}},
    {.name = "include_expired", .type = LCF_FIELD_BOOLEAN},
    {.name = NULL},
};

const struct lcf_field lcf_fields_of_groups[] = {
    {.name = "name", .type = LCF_FIELD_TEXT},
    {.name = "scope", .type = LCF_FIELD_TEXT},
    {.name = NULL},
};

/* What RFC 3986 leaves to itself. */
static bool is_unreserved(int byte)
{
    int lower = byte | ' ';
    return lcf_is_digit(byte) || (lower >= 'a' && lower <= 'z') || (byte && strchr("-._~", byte));
}

static void add_encoded(struct lcf_draft *draft, struct lcf_span text)
{
    lcf_draft_add_escaped(draft, text, is_unreserved);
}

/* [-0, +0, -] */
static bool is_string(lua_State *L, int index, const char *string)
{
    if (lua_type(L, index) != LUA_TSTRING) return false;
    struct lcf_text text = lcf_text_at(L, index);
    return text.len == strlen(string) && memcmp(text.at, string, text.len) == 0;
}

/* [-0, +0, -] */
static bool add_number(lua_State *L, const char *name, struct lcf_draft *draft)
{
    size_t from = draft->text.len;
    if (!lcf_draft_add_number(L, -1, draft)) return lcf_draft_refuse(draft, name, "not a finite number");
    if (lcf_draft_failed(draft) || !memchr(draft->text.at + from, 'e', draft->text.len - from)) return true;
    return lcf_draft_refuse(draft, name, "would be written with an exponent: give it as a string, as the API wants it");
}

/* [-0, +0, -] Writes name and value, which lies on top of the stack with the name at `key`. */
static bool write_plain(lua_State *L, int key, struct lcf_draft *draft)
{
    const char *name = lua_tostring(L, key), *truth = lua_toboolean(L, -1) ? "true" : "false";
    lcf_draft_add_char(draft, '&');
    add_encoded(draft, lcf_span_of(lcf_text_at(L, key)));
    lcf_draft_add_char(draft, '=');
    switch (lua_type(L, -1)) {
    case LUA_TSTRING: add_encoded(draft, lcf_span_of(lcf_text_at(L, -1))); return true;
    case LUA_TBOOLEAN: lcf_draft_add(draft, truth, strlen(truth)); return true;
    case LUA_TNUMBER: return add_number(L, name, draft);
    }
    return lcf_draft_refuse(draft, name, "must be a string, a number, a boolean, or a list of them");
}

/* [-0, +0, -] How many keys the table on top of the stack has. */
static size_t count_keys(lua_State *L)
{
    size_t count = 0;
    lua_pushnil(L);
    for (; lua_next(L, -2); lua_pop(L, 1)) count++;
    return count;
}

/* [-0, +0, -] Writes the list on top of the stack. For a gap, write_plain refuses the nil. */
static bool write_list(lua_State *L, int key, struct lcf_draft *draft)
{
    size_t count = count_keys(L);
    if (!count)
        return lcf_draft_refuse(draft, lua_tostring(L, key), "an empty list cannot be sent: leave the field out");
    for (size_t i = 1; i <= count && !lcf_draft_failed(draft); i++) {
        lua_rawgeti(L, -1, (int)i);
        if (!write_plain(L, key, draft)) return false;
        lua_pop(L, 1);
    }
    return true;
}

/* [-0, +0, -] */
static bool is_whole(lua_State *L, const struct lcf_field *field)
{
    lua_Number number = lua_type(L, -1) == LUA_TNUMBER ? lua_tonumber(L, -1) : NAN;
    return number == floor(number) && number >= field->least && number <= (field->most ? field->most : 0x1p53);
}

/* [-0, +0, -] */
static bool is_choice(lua_State *L, const struct lcf_field *field)
{
    for (size_t i = 0; field->choices[i]; i++)
        if (is_string(L, -1, field->choices[i])) return true;
    return false;
}

/* [-0, +0, -] Whether the value on top of the stack is one that the field takes. */
static bool is_taken(lua_State *L, const struct lcf_field *field)
{
    switch (field->type) {
    case LCF_FIELD_WHOLE: return is_whole(L, field);
    case LCF_FIELD_BOOLEAN: return lua_type(L, -1) == LUA_TBOOLEAN;
    case LCF_FIELD_TEXT: return lua_type(L, -1) == LUA_TSTRING && lcf_text_at(L, -1).len > 0;
    case LCF_FIELD_CHOICE: break;
    }
    return is_choice(L, field);
}

/* Always false. */
static bool refuse_value(struct lcf_draft *draft, const struct lcf_field *field)
{
    char message[sizeof draft->message] = "must be a string that is not empty";
    if (field->type == LCF_FIELD_BOOLEAN) snprintf(message, sizeof message, "must be true or false");
    if (field->type == LCF_FIELD_CHOICE)
        snprintf(message, sizeof message, "must be \"%s\" or \"%s\"", field->choices[0], field->choices[1]);
    if (field->type == LCF_FIELD_WHOLE && field->most)
        snprintf(message, sizeof message, "must be a whole number from %d to %d", field->least, field->most);
    if (field->type == LCF_FIELD_WHOLE && !field->most)
        snprintf(message, sizeof message, "must be a whole number from %d on", field->least);
    return lcf_draft_refuse(draft, field->name, message);
}

/* Always false. */
static bool refuse_name(struct lcf_draft *draft, const struct lcf_field *fields, struct lcf_text name)
{
    if (strlen(name.at) != name.len) return lcf_draft_refuse(draft, NULL, "unknown field");
    char message[sizeof draft->message];
    const char *near = NULL;
    if (lcf_options_knows(name.at))
        return lcf_draft_refuse(draft, NULL, "that is an option: options stand behind the query");
    for (; fields->name; fields++) near = lcf_nearer(near, fields->name, name.at);
    lcf_unknown(message, sizeof message, "field", name.at, near);
    return lcf_draft_refuse(draft, NULL, message);
}

/* [-0, +0, -] Whether the field whose name and value lie on top of the stack is one of `fields`, and as it says. */
static bool check_known(lua_State *L, const struct lcf_field *fields, struct lcf_draft *draft)
{
    const struct lcf_field *field = fields;
    while (field->name && !is_string(L, -2, field->name)) field++;
    if (!field->name) return refuse_name(draft, fields, lcf_text_at(L, -2));
    return is_taken(L, field) || refuse_value(draft, field);
}

/* [-0, +0, -] Writes the field whose name and value lie on top of the stack. */
static bool write_field(lua_State *L, const struct lcf_field *fields, struct lcf_draft *draft)
{
    int key = lua_gettop(L) - 1;
    size_t from = draft->text.len;
    if (lua_type(L, key) != LUA_TSTRING) return lcf_draft_refuse(draft, NULL, "field names are strings");
    if (fields && !check_known(L, fields, draft)) return false;
    if (!(lua_istable(L, -1) ? write_list(L, key, draft) : write_plain(L, key, draft))) return false;
    if (lcf_draft_failed(draft)) return false;
    const char *equals = memchr(draft->text.at + from, '=', draft->text.len - from);
    lcf_draft_part(draft, from, (size_t)(equals - draft->text.at) - from);
    return true;
}

/* [-0, +0, -] Writes the table at `index`; what a fault leaves on the stack is taken off in the end. */
static void write_fields(lua_State *L, int index, const struct lcf_field *fields, struct lcf_draft *draft)
{
    lua_pushnil(L);
    for (; lua_next(L, index); lua_pop(L, 1))
        if (!write_field(L, fields, draft)) return;
    lcf_draft_sort(draft, 0);
    if (draft->text.len) draft->text.at[0] = '?'; /* in place of the first '&' */
}

struct lcf_fault lcf_query_push(lua_State *L, int index, const struct lcf_field *fields)
{
    if (lua_isnoneornil(L, index)) return lua_pushliteral(L, ""), (struct lcf_fault){NULL, NULL};
    luaL_checkstack(L, LUA_MINSTACK, "a query");
    struct lcf_draft *draft = lcf_draft_push(L, "query");
    int top = lua_gettop(L);
    if (!lua_istable(L, index)) lcf_draft_refuse(draft, NULL, "a table expected");
    else if (luaL_getmetafield(L, index, "__index"))
        lcf_draft_refuse(draft, NULL, "a plain table expected: what __index gives would not be sent");
    else write_fields(L, index, fields, draft);
    lua_settop(L, top);
    return lcf_draft_end(L);
}
