#include "verdict.h"

#include <string.h>

/* What the top level of an envelope holds. */
struct envelope {
    struct lcf_json_item success, result, errors;
    unsigned successes, results, error_lists;
};

static void collect(struct lcf_json_item *slot, unsigned *count, const char *name, const struct lcf_json_item *item)
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

/* Codes about the route or the credential: a 404 with one of them tells nothing about the token. */
static bool is_about_access(int code)
{
    static const int codes[] = {
        7000, 7001, 7002, 7003, 1000, 1001, 6003, 9103, 9106, 9109, 10000, 10001, LCF_CODE_LOCKED_OUT};
    size_t i = 0;
    while (i < sizeof codes / sizeof *codes && codes[i] != code) i++;
    return i < sizeof codes / sizeof *codes;
}

/* Keeps a code. When the list is full, a code about access replaces the last one, unless that is the lock-out: the
 * trace must show what decided. */
static void keep_code(int code, struct lcf_reading *r)
{
    bool about_access = is_about_access(code);
    r->about_access = r->about_access || about_access;
    if (r->code_count < LCF_CODES_MAX) r->codes[r->code_count++] = code;
    else if (about_access && r->codes[LCF_CODES_MAX - 1] != LCF_CODE_LOCKED_OUT) r->codes[LCF_CODES_MAX - 1] = code;
}

/* Takes the code of one member of an error, where it is that; false where it could be read in two ways. */
static bool take_code(const struct lcf_json_item *member, unsigned *found, struct lcf_reading *r)
{
    int code;
    if (!lcf_json_equals(member->key, "code", 4) || member->type == LCF_JSON_NULL) return true;
    if (++*found > 1 || !lcf_json_integer(member->value, &code)) return false;
    keep_code(code, r);
    return true;
}

/* The codes of what lies below an error: what led to it. */
static bool read_chain(const struct lcf_json_item *chain, struct lcf_reading *r)
{
    if (chain->type == LCF_JSON_NULL) return true;
    if (chain->type != LCF_JSON_ARRAY) return false;
    struct lcf_json_walk walk = lcf_json_enter(chain->value);
    for (struct lcf_json_item link; lcf_json_next(&walk, &link);) {
        unsigned codes = 0;
        if (link.type != LCF_JSON_OBJECT) return false;
        struct lcf_json_walk members = lcf_json_enter(link.value);
        for (struct lcf_json_item member; lcf_json_next(&members, &member);)
            if (!take_code(&member, &codes, r)) return false;
    }
    return true;
}

/* The codes of one error and of its error_chain: false where they could be read in two ways. */
static bool read_error(struct lcf_span error, struct lcf_reading *r)
{
    unsigned codes = 0, chains = 0;
    struct lcf_json_walk walk = lcf_json_enter(error);
    for (struct lcf_json_item item; lcf_json_next(&walk, &item);) {
        if (!take_code(&item, &codes, r)) return false;
        if (!lcf_json_equals(item.key, "error_chain", 11)) continue;
        if (++chains > 1 || !read_chain(&item, r)) return false;
    }
    return true;
}

/* A non-empty array of objects, as a failure must have. */
static bool read_errors(const struct envelope *e, struct lcf_reading *r)
{
    bool any = false;
    if (e->error_lists != 1 || e->errors.type != LCF_JSON_ARRAY) return false;
    struct lcf_json_walk walk = lcf_json_enter(e->errors.value);
    for (struct lcf_json_item item; lcf_json_next(&walk, &item); any = true)
        if (item.type != LCF_JSON_OBJECT || !read_error(item.value, r)) return false;
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

/* A secret: a string that is not empty. */
static bool is_secret(const struct lcf_json_item *item)
{
    return item->type == LCF_JSON_STRING && item->value.end - item->value.at > 2;
}

/* Takes a member of the result; false where it could be read in two ways. */
static bool take_id(const struct lcf_json_item *item, unsigned *ids, struct lcf_reading *r)
{
    if (!lcf_json_equals(item->key, "id", 2)) return true;
    r->named = LCF_NAMED_OTHER;
    if (++*ids > 1 || item->type != LCF_JSON_STRING) return false;
    read_id(item->value, r);
    return true;
}

static bool take_value(const struct lcf_json_item *item, unsigned *values, struct lcf_reading *r)
{
    if (!lcf_json_equals(item->key, "value", 5)) return true;
    r->has_value = is_secret(item);
    return ++*values == 1;
}

/* What the result names; false where it could be read in two ways. An id that is no string is not the API's: that
 * is no yes at all. */
static bool read_object(struct lcf_span object, enum lcf_expects what, struct lcf_reading *r)
{
    unsigned ids = 0, values = 0;
    struct lcf_json_walk walk = lcf_json_enter(object);
    for (struct lcf_json_item item; lcf_json_next(&walk, &item);) {
        if (!take_id(&item, &ids, r)) return false;
        if (what == LCF_ID_AND_VALUE && !take_value(&item, &values, r)) return false;
    }
    return true;
}

static bool names_an_id(enum lcf_expects what)
{
    return what == LCF_THIS_ID || what == LCF_SOME_ID || what == LCF_ID_AND_VALUE;
}

/* False where the result is nothing that the API answers to this operation. */
static bool read_result(const struct envelope *e, enum lcf_expects what, struct lcf_reading *r)
{
    if (e->results > 1) return false;
    if (e->results == 0 || e->result.type == LCF_JSON_NULL || what == LCF_ENVELOPE) return true;
    if (e->result.type == LCF_JSON_OBJECT) return read_object(e->result.value, what, r);
    return !names_an_id(what);
}

/* Whether the result is what the operation expects. */
static bool carries(const struct envelope *e, const struct lcf_expected *expected, const struct lcf_reading *r)
{
    switch (expected->what) {
    case LCF_THIS_ID: return r->named == LCF_NAMED_ID && memcmp(r->id, expected->id, LCF_ID_LEN) == 0;
    case LCF_SOME_ID: return r->named == LCF_NAMED_ID;
    case LCF_ID_AND_VALUE: return r->named == LCF_NAMED_ID && r->has_value;
    case LCF_STRING: return is_secret(&e->result);
    case LCF_LIST: return e->result.type == LCF_JSON_ARRAY;
    default: break;
    }
    return true;
}

static bool is_success(int status)
{
    return status >= 200 && status <= 299;
}

static enum lcf_verdict judge_success(int status, const struct envelope *e, const struct lcf_expected *expected,
                                      const struct lcf_reading *r)
{
    bool good = expected->what == LCF_ENVELOPE ? is_success(status) : status == 200;
    if (!good) return LCF_AMBIGUOUS;
    return carries(e, expected, r) ? LCF_PROVEN : LCF_UNNAMED;
}

/* A 404 without any code is a gateway's own. */
static enum lcf_verdict judge_failure(int status, const struct lcf_reading *r)
{
    if (status < 400 || status > 499 || status == 408) return LCF_AMBIGUOUS;
    if (status != 404 || r->about_access) return LCF_REFUSAL;
    return r->code_count ? LCF_ABSENT : LCF_AMBIGUOUS;
}

/* A yes that needs no envelope. */
static bool is_bare_yes(const struct lcf_reply *reply, enum lcf_expects what)
{
    if (what == LCF_BYTES) return is_success(reply->status);
    bool empty = reply->body.at == reply->body.end && (reply->status == 204 || reply->status == 205);
    return what == LCF_ENVELOPE && empty;
}

static struct lcf_reading read_envelope(const struct lcf_reply *reply, const struct lcf_expected *expected)
{
    struct lcf_reading r = {.verdict = LCF_AMBIGUOUS};
    struct envelope e;
    if (!open_envelope(reply->body, &e)) return r;
    bool yes = e.success.type == LCF_JSON_TRUE;
    if (!(yes ? read_result(&e, expected->what, &r) : read_errors(&e, &r))) return r;
    r.success = yes ? LCF_SUCCESS : LCF_FAILURE;
    if (reply->cached) return r;
    r.verdict = yes ? judge_success(reply->status, &e, expected, &r) : judge_failure(reply->status, &r);
    return r;
}

struct lcf_reading lcf_read_reply(const struct lcf_reply *reply, const struct lcf_expected *expected)
{
    if (!reply->complete) return (struct lcf_reading){.verdict = LCF_AMBIGUOUS};
    if (!is_bare_yes(reply, expected->what)) return read_envelope(reply, expected);
    return (struct lcf_reading){.verdict = reply->cached ? LCF_AMBIGUOUS : LCF_PROVEN};
}

bool lcf_reading_has(const struct lcf_reading *r, int code)
{
    size_t i = 0;
    while (i < r->code_count && r->codes[i] != code) i++;
    return i < r->code_count;
}
