#include "verdict.h"

#include <string.h>

/* What the top level of an envelope holds. */
struct envelope {
    struct lcf_json_item success, result, errors;
    unsigned successes, results, error_lists;
};

static void collect(struct lcf_json_item *slot, unsigned *count, const char *name,
                    const struct lcf_json_item *item)
{
    if (!lcf_json_equals(item->key, name, strlen(name))) return;
    *slot = *item;
    ++*count;
}

/* False where the body is no strictly valid envelope with one boolean `success`. */
static bool open_envelope(struct lcf_span body, struct envelope *e)
{
    const struct lcf_span nothing = {body.at, body.at};
    const struct lcf_json_item none = {nothing, nothing, LCF_JSON_NONE};
    *e = (struct envelope){none, none, none, 0, 0, 0};
    if (lcf_json_check(body) != LCF_JSON_OBJECT) return false;
    struct lcf_json_walk walk = lcf_json_enter(body);
    for (struct lcf_json_item item; lcf_json_next(&walk, &item);) {
        collect(&e->success, &e->successes, "success", &item);
        collect(&e->result, &e->results, "result", &item);
        collect(&e->errors, &e->error_lists, "errors", &item);
    }
    return e->successes == 1 && (e->success.type == LCF_JSON_TRUE || e->success.type == LCF_JSON_FALSE);
}

/* Codes that say the path was not understood, so that a 404 tells nothing about the token. */
static bool is_route_code(int code)
{
    return code == 7000 || code == 7001 || code == 7003;
}

/* Of more codes than are kept, one about the route is: the trace must show what decided. */
static void keep_code(int code, struct lcf_reading *r)
{
    bool about_route = is_route_code(code);
    r->route_code = r->route_code || about_route;
    if (r->code_count < LCF_CODES_MAX) r->codes[r->code_count++] = code;
    else if (about_route) r->codes[LCF_CODES_MAX - 1] = code;
}

/* The `code` of one error: false where it could be read in two ways. A missing one is none. */
static bool read_code(struct lcf_span error, struct lcf_reading *r)
{
    unsigned found = 0;
    int code = 0;
    struct lcf_json_walk walk = lcf_json_enter(error);
    for (struct lcf_json_item item; lcf_json_next(&walk, &item);) {
        if (!lcf_json_equals(item.key, "code", 4)) continue;
        if (item.type == LCF_JSON_NULL) continue;
        if (++found > 1 || !lcf_json_integer(item.value, &code)) return false;
    }
    if (found == 1) keep_code(code, r);
    return true;
}

/* A non-empty array of objects, as a failure must have. */
static bool read_errors(const struct envelope *e, struct lcf_reading *r)
{
    bool any = false;
    if (e->error_lists != 1 || e->errors.type != LCF_JSON_ARRAY) return false;
    struct lcf_json_walk walk = lcf_json_enter(e->errors.value);
    for (struct lcf_json_item item; lcf_json_next(&walk, &item); any = true)
        if (item.type != LCF_JSON_OBJECT || !read_code(item.value, r)) return false;
    return any;
}

static void read_id(struct lcf_span string, struct lcf_reading *r)
{
    size_t len;
    if (!lcf_json_decode(string, r->id, LCF_ID_LEN, &len)) return;
    if (lcf_check_id((struct lcf_span){r->id, r->id + len}) != LCF_ID_GOOD) return;
    r->id[len] = '\0';
    r->named = LCF_NAMED_ID;
}

/* What the result names; false where it could be read in two ways. A result that is no
 * object, or whose id is no string, is not the API's: that is no yes at all. */
static bool read_result(const struct envelope *e, struct lcf_reading *r)
{
    unsigned ids = 0;
    if (e->results > 1) return false;
    if (e->results == 0 || e->result.type == LCF_JSON_NULL) return true;
    if (e->result.type != LCF_JSON_OBJECT) return false;
    struct lcf_json_walk walk = lcf_json_enter(e->result.value);
    for (struct lcf_json_item item; lcf_json_next(&walk, &item);) {
        if (!lcf_json_equals(item.key, "id", 2)) continue;
        r->named = LCF_NAMED_OTHER;
        if (++ids > 1 || item.type != LCF_JSON_STRING) return false;
        read_id(item.value, r);
    }
    return true;
}

/* Whether the rest of the envelope is what its `success` calls for. An operation that names no
 * token takes any one result. */
static bool read_rest(const struct envelope *e, bool yes, const char *asked, struct lcf_reading *r)
{
    if (!yes) return read_errors(e, r);
    bool readable = read_result(e, r);
    return readable || (!asked && e->results <= 1);
}

static enum lcf_verdict judge_success(int status, const char *asked, const struct lcf_reading *r)
{
    if (status != 200) return LCF_AMBIGUOUS;
    if (!asked) return LCF_PROVEN;
    bool same = r->named == LCF_NAMED_ID && memcmp(r->id, asked, LCF_ID_LEN) == 0;
    return same ? LCF_PROVEN : LCF_UNNAMED;
}

static enum lcf_verdict judge_failure(int status, const struct lcf_reading *r)
{
    if (status < 400 || status > 499 || status == 408) return LCF_AMBIGUOUS;
    if (status != 404) return LCF_REFUSAL;
    return r->route_code ? LCF_NO_ROUTE : LCF_ABSENT;
}

struct lcf_reading lcf_read_reply(const struct lcf_reply *reply, const char *asked)
{
    struct lcf_reading r = {.verdict = LCF_AMBIGUOUS};
    struct envelope e;
    if (!reply->complete || !open_envelope(reply->body, &e)) return r;
    bool yes = e.success.type == LCF_JSON_TRUE;
    if (!read_rest(&e, yes, asked, &r)) return r;
    r.success = yes ? LCF_SUCCESS : LCF_FAILURE;
    r.verdict = yes ? judge_success(reply->status, asked, &r) : judge_failure(reply->status, &r);
    return r;
}
