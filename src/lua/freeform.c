#include "freeform.h"
#include "../core/freeform.h"
#include "body.h"
#include "draft.h"
#include "query.h"
#include "state.h"

#include <string.h>

/* What a yes must carry, and what repeating the request would do, are said by the caller; no method tells. */
/* clang-format off */
#define INTENT(method, nature, expects) {"request", NULL, effect, method, nature, expects, false}
#define INTENTS(nature, expects)                                                                             \
    {[LCF_GET] = INTENT(LCF_GET, LCF_READ, expects), [LCF_DELETE] = INTENT(LCF_DELETE, nature, expects),     \
     [LCF_POST] = INTENT(LCF_POST, nature, expects), [LCF_PUT] = INTENT(LCF_PUT, nature, expects),           \
     [LCF_PATCH] = INTENT(LCF_PATCH, nature, expects)}
#define METHODS (LCF_PATCH + 1)
/* clang-format on */

static const char effect[] = "the request took effect";

/* By raw and repeatable. */
static const struct lcf_intent intents[2][2][METHODS] = {
    {INTENTS(LCF_ONCE, LCF_ENVELOPE), INTENTS(LCF_REPLACE, LCF_ENVELOPE)},
    {INTENTS(LCF_ONCE, LCF_BYTES), INTENTS(LCF_REPLACE, LCF_BYTES)},
};

#define DANGEROUS_SEGMENTS 3 /* with fewer a DELETE may remove an account or a zone */

static const struct lcf_fault no_fault;

/* [-0, +0, -] */
static const struct lcf_intent *find_intent(lua_State *L, int index, const struct lcf_options *o)
{
    struct lcf_text name = lcf_text_at(L, index);
    const struct lcf_intent *of = intents[o->raw][o->repeatable];
    for (int method = 0; method < METHODS; method++)
        if (name.len == strlen(name.at) && strcmp(name.at, lcf_method_name((enum lcf_method)method)) == 0)
            return &of[method];
    return NULL;
}

static const char *path_fault(struct lcf_text path)
{
    switch (lcf_check_path(lcf_span_of(path))) {
    case LCF_PATH_GOOD: return NULL;
    case LCF_PATH_START: return "must begin with '/': it stands below base_url, and is no whole URL";
    case LCF_PATH_SEGMENT: return "has an empty segment: two slashes, or one at its end";
    case LCF_PATH_DOTS: return "has a segment of dots alone, '.' or '..'";
    case LCF_PATH_BYTES: break;
    }
    return "has '%', '?', '#', a backslash or a control byte: it is plain, and escaped here; a query is an option";
}

struct lcf_fault lcf_freeform_push_path(lua_State *L, int index)
{
    struct lcf_draft *draft = lcf_draft_push(L, "path");
    struct lcf_text path = lcf_text_at(L, index);
    const char *fault = path_fault(path);
    if (fault) lcf_draft_refuse(draft, NULL, fault);
    else lcf_draft_add_escaped(draft, lcf_span_of(path), lcf_path_keeps);
    return lcf_draft_end(L);
}

/* Always false. */
static bool refuse_line(struct lcf_draft *draft, const char *name, enum lcf_header_fault fault)
{
    if (fault == LCF_HEADER_NAME) return lcf_draft_refuse(draft, NULL, "no name of a header line");
    if (fault == LCF_HEADER_CREDENTIAL)
        return lcf_draft_refuse(draft, name,
                                "carries a credential: the client's own is sent, or the one in the options");
    if (fault == LCF_HEADER_FRAMING)
        return lcf_draft_refuse(draft, name, "says how the message is framed or read, which is set here");
    return lcf_draft_refuse(draft, name, "must be printable ASCII of 1 to 4096 bytes, without blanks around it");
}

/* [-0, +0, -] Writes the line whose name and value lie on top of the stack, behind a NUL byte. */
static bool write_line(lua_State *L, struct lcf_draft *draft)
{
    size_t from = draft->text.len;
    if (lua_type(L, -2) != LUA_TSTRING) return lcf_draft_refuse(draft, NULL, "names of header lines are strings");
    struct lcf_text name = lcf_text_at(L, -2);
    if (lua_type(L, -1) != LUA_TSTRING) return lcf_draft_refuse(draft, name.at, "must be a string");
    struct lcf_text value = lcf_text_at(L, -1);
    enum lcf_header_fault fault = lcf_check_header(lcf_span_of(name), lcf_span_of(value));
    if (fault != LCF_HEADER_GOOD) return refuse_line(draft, name.at, fault);
    lcf_draft_add_char(draft, '\0');
    lcf_draft_add(draft, name.at, name.len);
    lcf_draft_add(draft, ": ", 2);
    lcf_draft_add(draft, value.at, value.len);
    lcf_draft_part(draft, from, 1 + name.len);
    return !lcf_draft_failed(draft);
}

/* [-0, +0, -] Writes the table at `index`; what a fault leaves on the stack is taken off in the end. */
static void write_lines(lua_State *L, int index, struct lcf_draft *draft)
{
    lua_pushnil(L);
    for (; lua_next(L, index); lua_pop(L, 1))
        if (!write_line(L, draft)) return;
    lcf_draft_sort(draft, 0);
}

/* [-0, +1, e] Pushes the header lines in the table at `index`, empty where there is none. */
static struct lcf_fault push_lines(lua_State *L, int index)
{
    if (lua_isnil(L, index)) return lua_pushliteral(L, ""), no_fault;
    luaL_checkstack(L, LUA_MINSTACK, "header lines");
    struct lcf_draft *draft = lcf_draft_push(L, "headers");
    int top = lua_gettop(L);
    if (luaL_getmetafield(L, index, "__index"))
        lcf_draft_refuse(draft, NULL, "a plain table expected: what __index gives would not be sent");
    else write_lines(L, index, draft);
    lua_settop(L, top);
    return lcf_draft_end(L);
}

/* [-0, +1|0, e] Pushes the body in the table at `index`, if there is one. */
static struct lcf_fault read_body(lua_State *L, int index, struct lcf_request *request)
{
    if (lua_isnil(L, index)) return no_fault;
    if (request->intent->method == LCF_GET) return (struct lcf_fault){"body", "a GET has none: give a query"};
    struct lcf_fault fault = lcf_body_push(L, index, "body", "body", NULL);
    if (!fault.message) request->body = lcf_text_at(L, -1);
    return fault;
}

/* [-0, +0, -] */
static struct lcf_fault check_danger(lua_State *L, int path, const struct lcf_options *o, enum lcf_method method)
{
    bool high = lcf_path_segments(lcf_span_of(lcf_text_at(L, path))) < DANGEROUS_SEGMENTS;
    if (method != LCF_DELETE || o->dangerous || !high) return no_fault;
    return (struct lcf_fault){"path", "a DELETE this high may remove an account or a zone with all that is in it: if "
                                      "that is meant, give dangerous = true"};
}

/* [-0, +n, e] Pushes the body and the header lines, the escaped path, and the query on top. */
static struct lcf_fault read_parts(lua_State *L, int path, int hooks, struct lcf_request *request)
{
    struct lcf_fault fault = read_body(L, hooks + LCF_HOOK_BODY, request);
    if (!fault.message) fault = push_lines(L, hooks + LCF_HOOK_HEADERS);
    if (fault.message) return fault;
    request->lines = lcf_text_at(L, -1);
    fault = lcf_freeform_push_path(L, path);
    return fault.message ? fault : lcf_query_push(L, hooks + LCF_HOOK_QUERY, NULL);
}

struct lcf_fault lcf_freeform_read(lua_State *L, int index, int hooks, const struct lcf_options *o,
                                   struct lcf_request *request)
{
    const struct lcf_intent *intent = find_intent(L, index, o);
    if (!intent) return (struct lcf_fault){"method", "must be GET, POST, PUT, PATCH or DELETE"};
    request->intent = intent;
    struct lcf_fault fault = read_parts(L, index + 1, hooks, request);
    return fault.message ? fault : check_danger(L, index + 1, o, intent->method);
}
