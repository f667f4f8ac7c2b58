/* Scanner and verdict. The first byte of an input stands for the status, the rest is the body. */
#include "naive.h"

#include "../../src/core/verdict.h"

#define ASKED "ed17574386854bf78a67040be0a770b0"

static void check_string(struct lcf_span string)
{
    size_t room = (size_t)(string.end - string.at), len;
    char *out = malloc(room);
    MUST(out && lcf_json_decode(string, out, room, &len));
    MUST(lcf_json_equals(string, out, len));
    MUST(!lcf_json_equals(string, out, len + 1));
    if (len > 0) {
        MUST(!lcf_json_equals(string, out, len - 1));
        MUST(!lcf_json_decode(string, out, len - 1, &(size_t){0}));
        out[len - 1] ^= 1;
        MUST(!lcf_json_equals(string, out, len));
    }
    free(out);
}

/* What check took, a walk goes through to its closing bracket, and every part is JSON by itself. */
static void check_walk(struct lcf_span value, enum lcf_json type)
{
    MUST(lcf_json_check(value) == type);
    if (type == LCF_JSON_STRING) check_string(value);
    if (type != LCF_JSON_OBJECT && type != LCF_JSON_ARRAY) return;
    struct lcf_json_walk walk = lcf_json_enter(value);
    for (struct lcf_json_item item; lcf_json_next(&walk, &item);) {
        MUST(item.value.at > value.at && item.value.end < value.end);
        MUST(lcf_is_empty(item.key) == (type == LCF_JSON_ARRAY));
        if (type == LCF_JSON_OBJECT) check_string(item.key);
        check_walk(item.value, item.type);
    }
    struct reader left = {walk.rest.at, walk.rest.end};
    MUST(skip(&left, type == LCF_JSON_OBJECT ? '}' : ']') && first(&left) == '\0' && left.at == left.end);
}

static bool is_proof(const struct node *root)
{
    const struct node *success = only(root, "success"), *result = only(root, "result");
    const struct node *id = result && result->type == '{' ? only(result, "id") : NULL;
    return success && success->type == 't' && id && id->type == '"' && id->len == strlen(ASKED) &&
           memcmp(id->text, ASKED, id->len) == 0;
}

static bool is_failure(const struct node *root)
{
    const struct node *success = only(root, "success"), *errors = only(root, "errors");
    if (!success || success->type != 'f' || !errors || errors->type != '[' || !errors->child) return false;
    for (const struct node *n = errors->child; n; n = n->next)
        if (n->type != '{') return false;
    return true;
}

static void check_verdict(int status, struct lcf_span body, enum lcf_json type)
{
    const struct lcf_reply whole = {status, true, false, body}, cut = {status, false, false, body};
    const struct lcf_reply cached = {status, true, true, body};
    const struct lcf_expected this = {LCF_THIS_ID, ASKED}, some = {LCF_SOME_ID, NULL};
    enum lcf_verdict verdict = lcf_read_reply(&whole, &this).verdict;
    struct reader r = {body.at, body.end};
    struct node *root = type == LCF_JSON_OBJECT ? read_node(&r) : NULL;
    bool no = verdict == LCF_ABSENT || verdict == LCF_REFUSAL;
    MUST(lcf_read_reply(&cut, &this).verdict == LCF_AMBIGUOUS);
    MUST(lcf_read_reply(&cached, &this).verdict == LCF_AMBIGUOUS);
    MUST((verdict == LCF_PROVEN) == (root && status == 200 && is_proof(root)));
    MUST(!no || (root && is_failure(root) && status >= 400 && status < 500 && status != 408));
    MUST(verdict != LCF_ABSENT || status == 404);
    MUST(verdict != LCF_UNNAMED || (status == 200 && only(root, "success")->type == 't'));
    enum lcf_verdict unasked = lcf_read_reply(&whole, &some).verdict;
    MUST(verdict != LCF_PROVEN || unasked == LCF_PROVEN);
    MUST(!no || unasked == verdict);
    forget(root);
}

static int status_of(uint8_t byte)
{
    switch (byte) {
    case '3': return 403;
    case '4': return 404;
    case '5': return 500;
    case '8': return 408;
    case '9': return 429;
    default: return 200;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) return 0;
    struct lcf_span body = exact(data + 1, size - 1);
    enum lcf_json type = lcf_json_check(body);
    if (type != LCF_JSON_NONE) check_walk(trimmed(body), type);
    check_verdict(status_of(data[0]), body, type);
    release(body);
    return 0;
}
