/* One reply, one verdict: the reading order of the truth table, row by row. */

#include "support.h"

#include "../../src/core/verdict.h"

#define ASKED "0123456789abcdef0123456789abcdef"
#define OTHER "fedcba9876543210fedcba9876543210"
#define NAMED "\"result\":{\"id\":\"" ASKED "\"}"
#define YES "{\"success\":true,\"errors\":[],\"messages\":[]," NAMED "}"
#define NO(code) "{\"success\":false,\"errors\":[{\"code\":" #code ",\"message\":\"m\"}],\"messages\":[],\"result\":null}"
#define NO_CODE "{\"success\":false,\"errors\":[{\"message\":\"m\"}],\"messages\":[],\"result\":null}"
#define HTML "<html><head><title>404 Not Found</title></head></html>"

static const char *const verdict_names[] = {
    [LCF_AMBIGUOUS] = "ambiguous", [LCF_PROVEN] = "proven",   [LCF_UNNAMED] = "unnamed",
    [LCF_ABSENT] = "absent",       [LCF_REFUSAL] = "refusal",
};

static struct lcf_reading read_as(bool complete, int status, struct lcf_text body, const char *asked)
{
    struct lcf_text copy = exact(body);
    struct lcf_reply reply = {status, complete, false, lcf_span_of(copy)};
    const struct lcf_expected expected = {asked ? LCF_THIS_ID : LCF_SOME_ID, asked};
    struct lcf_reading reading = lcf_read_reply(&reply, &expected);
    release(copy);
    return reading;
}

static struct lcf_reading read_whole(int status, const char *body)
{
    return read_as(true, status, text_of(body), ASKED);
}

static const struct lcf_expected this_id = {LCF_THIS_ID, ASKED};

struct row {
    const char *what;
    int status;
    struct lcf_text body;
    enum lcf_verdict verdict;
};

static void expect_verdicts(const struct row *rows, size_t count)
{
    unsigned wrong = 0;
    for (size_t i = 0; i < count; i++) {
        enum lcf_verdict verdict = read_as(true, rows[i].status, rows[i].body, ASKED).verdict;
        if (verdict != rows[i].verdict)
            WRONG(wrong, "%s: %s, expected %s", rows[i].what, verdict_names[verdict], verdict_names[rows[i].verdict]);
    }
    expect_none(wrong);
}

/* 1. 200 with the proof */

static void a_200_that_says_yes_and_names_the_id_is_proof(void **state)
{
    static const struct row rows[] = {
        {"the API's own form", 200, BYTES(YES), LCF_PROVEN},
        {"success and result alone", 200, BYTES("{\"success\":true," NAMED "}"), LCF_PROVEN},
        {"in another order", 200, BYTES("{" NAMED ",\"success\":true}"), LCF_PROVEN},
        {"with space around everything", 200,
         BYTES("\r\n { \"success\" : true , \"result\" : { \"id\" : \"" ASKED "\" } } \n"), LCF_PROVEN},
        {"with more fields in the result", 200,
         BYTES("{\"success\":true,\"result\":{\"name\":\"n\",\"id\":\"" ASKED "\",\"policies\":[{\"id\":\"" OTHER "\"}]}}"),
         LCF_PROVEN},
        {"with unknown fields", 200, BYTES("{\"new\":[{\"success\":false}],\"success\":true," NAMED "}"), LCF_PROVEN},
        {"an unknown field twice", 200, BYTES("{\"x\":1,\"x\":2,\"success\":true," NAMED "}"), LCF_PROVEN},
        {"keys escaped", 200,
         BYTES("{\"succes\\u0073\":true,\"\\u0072esult\":{\"\\u0069\\u0064\":\"" ASKED "\"}}"), LCF_PROVEN},
        {"the first letter of the id escaped", 200,
         BYTES("{\"success\":true,\"result\":{\"id\":\"\\u0030123456789abcdef0123456789abcdef\"}}"), LCF_PROVEN},
    };
    (void)state;
    expect_verdicts(rows, COUNT(rows));
}

static void success_decides_whatever_errors_holds(void **state)
{
    static const struct row rows[] = {
        {"errors missing", 200, BYTES("{\"success\":true," NAMED "}"), LCF_PROVEN},
        {"errors null", 200, BYTES("{\"success\":true,\"errors\":null," NAMED "}"), LCF_PROVEN},
        {"an error", 200, BYTES("{\"success\":true,\"errors\":[{\"code\":1000,\"message\":\"m\"}]," NAMED "}"), LCF_PROVEN},
        {"a route code", 200, BYTES("{\"success\":true,\"errors\":[{\"code\":7003}]," NAMED "}"), LCF_PROVEN},
        {"errors that are no objects", 200, BYTES("{\"success\":true,\"errors\":[1,\"x\",null]," NAMED "}"), LCF_PROVEN},
        {"errors a string", 200, BYTES("{\"success\":true,\"errors\":\"none\"," NAMED "}"), LCF_PROVEN},
        {"a code twice", 200, BYTES("{\"success\":true,\"errors\":[{\"code\":1,\"code\":2}]," NAMED "}"), LCF_PROVEN},
    };
    (void)state;
    expect_verdicts(rows, COUNT(rows));
}

static void errors_given_twice_take_nothing_from_a_yes(void **state)
{
    static const struct row rows[] = {
        {"errors twice", 200, BYTES("{\"success\":true,\"errors\":[],\"errors\":[{\"code\":1}]," NAMED "}"), LCF_PROVEN},
    };
    (void)state;
    expect_verdicts(rows, COUNT(rows));
}

/* A yes that proves nothing about this token. */

static void a_yes_without_the_name_is_told_apart(void **state)
{
    static const struct row rows[] = {
        {"result null", 200, BYTES("{\"success\":true,\"result\":null}"), LCF_UNNAMED},
        {"result missing", 200, BYTES("{\"success\":true}"), LCF_UNNAMED},
        {"result without an id", 200, BYTES("{\"success\":true,\"result\":{}}"), LCF_UNNAMED},
        {"result with other fields only", 200, BYTES("{\"success\":true,\"result\":{\"name\":\"n\"}}"), LCF_UNNAMED},
        {"the id one level too deep", 200,
         BYTES("{\"success\":true,\"result\":{\"token\":{\"id\":\"" ASKED "\"}}}"), LCF_UNNAMED},
        {"the id beside the result", 200, BYTES("{\"success\":true,\"id\":\"" ASKED "\",\"result\":{}}"), LCF_UNNAMED},
        {"the id under ID", 200, BYTES("{\"success\":true,\"result\":{\"ID\":\"" ASKED "\"}}"), LCF_UNNAMED},
        {"another id", 200, BYTES("{\"success\":true,\"result\":{\"id\":\"" OTHER "\"}}"), LCF_UNNAMED},
        {"the id in upper case", 200,
         BYTES("{\"success\":true,\"result\":{\"id\":\"0123456789ABCDEF0123456789ABCDEF\"}}"), LCF_UNNAMED},
        {"the id cut by one", 200,
         BYTES("{\"success\":true,\"result\":{\"id\":\"0123456789abcdef0123456789abcde\"}}"), LCF_UNNAMED},
        {"the id and one more", 200, BYTES("{\"success\":true,\"result\":{\"id\":\"" ASKED "0\"}}"), LCF_UNNAMED},
        {"the id and a NUL", 200, BYTES("{\"success\":true,\"result\":{\"id\":\"" ASKED "\\u0000\"}}"), LCF_UNNAMED},
        {"the id and a NUL and more", 200,
         BYTES("{\"success\":true,\"result\":{\"id\":\"" ASKED "\\u0000junk\"}}"), LCF_UNNAMED},
        {"a NUL in place of the last letter", 200,
         BYTES("{\"success\":true,\"result\":{\"id\":\"0123456789abcdef0123456789abcde\\u0000\"}}"), LCF_UNNAMED},
        {"the id and a space", 200, BYTES("{\"success\":true,\"result\":{\"id\":\"" ASKED " \"}}"), LCF_UNNAMED},
        {"the id empty", 200, BYTES("{\"success\":true,\"result\":{\"id\":\"\"}}"), LCF_UNNAMED},
    };
    (void)state;
    expect_verdicts(rows, COUNT(rows));
}

static void no_other_id_passes_for_the_one_asked_for(void **state)
{
    static const char prefix[] = "{\"success\":true,\"result\":{\"id\":\"";
    unsigned wrong = 0;
    (void)state;
    for (size_t i = 0; i < LCF_ID_LEN; i++)
        for (unsigned byte = 0; byte <= 0xFF; byte++) {
            struct lcf_text body = exact(text_of("{\"success\":true," NAMED "}"));
            size_t place = sizeof prefix - 1 + i;
            bool same = (unsigned char)body.at[place] == byte;
            ((char *)body.at)[place] = (char)byte;
            bool proven = read_as(true, 200, body, ASKED).verdict == LCF_PROVEN;
            if (proven != same) WRONG(wrong, "letter %zu as %02X", i, byte);
            release(body);
        }
    expect_none(wrong);
}

static void a_result_that_is_not_the_apis_is_no_yes(void **state)
{
    static const struct row rows[] = {
        {"an array", 200, BYTES("{\"success\":true,\"result\":[]}"), LCF_AMBIGUOUS},
        {"an array with the object", 200, BYTES("{\"success\":true,\"result\":[{\"id\":\"" ASKED "\"}]}"), LCF_AMBIGUOUS},
        {"a number", 200, BYTES("{\"success\":true,\"result\":1}"), LCF_AMBIGUOUS},
        {"a string", 200, BYTES("{\"success\":true,\"result\":\"" ASKED "\"}"), LCF_AMBIGUOUS},
        {"true", 200, BYTES("{\"success\":true,\"result\":true}"), LCF_AMBIGUOUS},
        {"the id a number", 200, BYTES("{\"success\":true,\"result\":{\"id\":12345}}"), LCF_AMBIGUOUS},
        {"the id null", 200, BYTES("{\"success\":true,\"result\":{\"id\":null}}"), LCF_AMBIGUOUS},
        {"the id an array of it", 200, BYTES("{\"success\":true,\"result\":{\"id\":[\"" ASKED "\"]}}"), LCF_AMBIGUOUS},
    };
    (void)state;
    expect_verdicts(rows, COUNT(rows));
}

static void what_two_readers_could_read_differently_proves_nothing(void **state)
{
    static const struct row rows[] = {
        {"success twice, alike", 200, BYTES("{\"success\":true,\"success\":true," NAMED "}"), LCF_AMBIGUOUS},
        {"success twice, no then yes", 200, BYTES("{\"success\":false,\"success\":true," NAMED "}"), LCF_AMBIGUOUS},
        {"success twice, yes then no", 200, BYTES("{\"success\":true," NAMED ",\"success\":false}"), LCF_AMBIGUOUS},
        {"success twice, once escaped", 200, BYTES("{\"success\":true,\"succes\\u0073\":false," NAMED "}"), LCF_AMBIGUOUS},
        {"success three times", 200, BYTES("{\"success\":true,\"success\":true,\"success\":true," NAMED "}"), LCF_AMBIGUOUS},
        {"result twice", 200, BYTES("{\"success\":true," NAMED "," NAMED "}"), LCF_AMBIGUOUS},
        {"result twice, once null", 200, BYTES("{\"success\":true,\"result\":null," NAMED "}"), LCF_AMBIGUOUS},
        {"result twice, once escaped", 200, BYTES("{\"success\":true,\"resul\\u0074\":{}," NAMED "}"), LCF_AMBIGUOUS},
        {"id twice, alike", 200,
         BYTES("{\"success\":true,\"result\":{\"id\":\"" ASKED "\",\"id\":\"" ASKED "\"}}"), LCF_AMBIGUOUS},
        {"id twice, another first", 200,
         BYTES("{\"success\":true,\"result\":{\"id\":\"" OTHER "\",\"id\":\"" ASKED "\"}}"), LCF_AMBIGUOUS},
        {"id twice, another last and escaped", 200,
         BYTES("{\"success\":true,\"result\":{\"id\":\"" ASKED "\",\"\\u0069d\":\"" OTHER "\"}}"), LCF_AMBIGUOUS},
        {"errors twice in a failure", 403,
         BYTES("{\"success\":false,\"errors\":[{\"code\":1}],\"errors\":[{\"code\":2}]}"), LCF_AMBIGUOUS},
        {"a code twice in a failure", 404, BYTES("{\"success\":false,\"errors\":[{\"code\":7003,\"code\":1}]}"), LCF_AMBIGUOUS},
        {"success twice in a failure", 404,
         BYTES("{\"success\":false,\"success\":false,\"errors\":[{\"code\":1}]}"), LCF_AMBIGUOUS},
    };
    (void)state;
    expect_verdicts(rows, COUNT(rows));
}

static void a_200_whose_success_is_not_literally_true_is_ambiguous(void **state)
{
    static const struct row rows[] = {
        {"success false", 200, BYTES("{\"success\":false,\"errors\":[{\"code\":1000}]," NAMED "}"), LCF_AMBIGUOUS},
        {"success \"true\"", 200, BYTES("{\"success\":\"true\"," NAMED "}"), LCF_AMBIGUOUS},
        {"success 1", 200, BYTES("{\"success\":1," NAMED "}"), LCF_AMBIGUOUS},
        {"success null", 200, BYTES("{\"success\":null," NAMED "}"), LCF_AMBIGUOUS},
        {"success {}", 200, BYTES("{\"success\":{}," NAMED "}"), LCF_AMBIGUOUS},
        {"success [true]", 200, BYTES("{\"success\":[true]," NAMED "}"), LCF_AMBIGUOUS},
        {"success missing", 200, BYTES("{\"errors\":[]," NAMED "}"), LCF_AMBIGUOUS},
        {"Success", 200, BYTES("{\"Success\":true," NAMED "}"), LCF_AMBIGUOUS},
        {"success inside the result only", 200, BYTES("{\"result\":{\"success\":true,\"id\":\"" ASKED "\"}}"), LCF_AMBIGUOUS},
        {"success and a NUL", 200, BYTES("{\"success\\u0000\":true," NAMED "}"), LCF_AMBIGUOUS},
    };
    (void)state;
    expect_verdicts(rows, COUNT(rows));
}

static void a_200_that_is_no_strictly_valid_object_is_ambiguous(void **state)
{
    static const struct row rows[] = {
        {"empty", 200, BYTES(""), LCF_AMBIGUOUS},
        {"HTML", 200, BYTES(HTML), LCF_AMBIGUOUS},
        {"null", 200, BYTES("null"), LCF_AMBIGUOUS},
        {"[]", 200, BYTES("[]"), LCF_AMBIGUOUS},
        {"{}", 200, BYTES("{}"), LCF_AMBIGUOUS},
        {"a number", 200, BYTES("200"), LCF_AMBIGUOUS},
        {"true", 200, BYTES("true"), LCF_AMBIGUOUS},
        {"a string that holds the envelope", 200, BYTES("\"{\\\"success\\\":true}\""), LCF_AMBIGUOUS},
        {"the envelope in an array", 200, BYTES("[" YES "]"), LCF_AMBIGUOUS},
        {"the envelope twice", 200, BYTES(YES YES), LCF_AMBIGUOUS},
        {"trailing garbage", 200, BYTES(YES "x"), LCF_AMBIGUOUS},
        {"trailing HTML", 200, BYTES(YES HTML), LCF_AMBIGUOUS},
        {"trailing NUL", 200, BYTES(YES "\0"), LCF_AMBIGUOUS},
        {"byte order mark", 200, BYTES("\xEF\xBB\xBF" YES), LCF_AMBIGUOUS},
        {"UTF-16", 200, BYTES("\xFF\xFE{\0\"\0}\0"), LCF_AMBIGUOUS},
        {"bad UTF-8 in a message", 200, BYTES("{\"success\":true,\"messages\":[\"\xC3\"]," NAMED "}"), LCF_AMBIGUOUS},
        {"a lone surrogate", 200, BYTES("{\"success\":true,\"messages\":[\"\\ud800\"]," NAMED "}"), LCF_AMBIGUOUS},
        {"a raw control byte", 200, BYTES("{\"success\":true,\"messages\":[\"\n\"]," NAMED "}"), LCF_AMBIGUOUS},
        {"NaN", 200, BYTES("{\"success\":true,\"n\":NaN," NAMED "}"), LCF_AMBIGUOUS},
        {"hexadecimal", 200, BYTES("{\"success\":true,\"n\":0x1," NAMED "}"), LCF_AMBIGUOUS},
        {"a comment", 200, BYTES("{\"success\":true,/* */" NAMED "}"), LCF_AMBIGUOUS},
        {"a trailing comma", 200, BYTES("{\"success\":true," NAMED ",}"), LCF_AMBIGUOUS},
    };
    (void)state;
    expect_verdicts(rows, COUNT(rows));
}

static void a_nesting_bomb_is_ambiguous(void **state)
{
    static const char head[] = "{\"success\":true," NAMED ",\"x\":";
    enum { DEEP = 70000 };
    size_t len = sizeof head - 1 + 2 * DEEP + 1;
    char *body = malloc(len);
    (void)state;
    assert_non_null(body);
    memcpy(body, head, sizeof head - 1);
    memset(body + sizeof head - 1, '[', DEEP);
    memset(body + sizeof head - 1 + DEEP, ']', DEEP);
    body[len - 1] = '}';
    enum lcf_verdict verdict = read_as(true, 200, (struct lcf_text){body, len}, ASKED).verdict;
    free(body);
    assert_int_equal(verdict, LCF_AMBIGUOUS);
}

static void a_body_cut_at_any_byte_is_ambiguous_under_every_status(void **state)
{
    static const struct {
        int status;
        const char *body;
    } replies[] = {{200, YES}, {404, NO(1003)}, {404, NO(7003)}, {403, NO(9109)}, {429, NO(971)}};
    unsigned wrong = 0;
    (void)state;
    for (size_t i = 0; i < COUNT(replies); i++) {
        size_t whole = strlen(replies[i].body);
        assert_int_not_equal(read_whole(replies[i].status, replies[i].body).verdict, LCF_AMBIGUOUS);
        for (size_t len = 0; len < whole; len++) {
            struct lcf_text cut = {replies[i].body, len};
            if (read_as(true, replies[i].status, cut, ASKED).verdict != LCF_AMBIGUOUS)
                WRONG(wrong, "a %d cut after %zu bytes", replies[i].status, len);
        }
    }
    expect_none(wrong);
}

static void an_incomplete_reply_is_ambiguous_even_if_its_bytes_look_whole(void **state)
{
    static const struct {
        int status;
        const char *body;
    } replies[] = {{200, YES}, {200, "{\"success\":true}"}, {404, NO(1003)}, {404, NO(7003)}, {403, NO(9109)}, {429, NO(971)}};
    (void)state;
    for (size_t i = 0; i < COUNT(replies); i++) {
        struct lcf_reading reading = read_as(false, replies[i].status, text_of(replies[i].body), ASKED);
        assert_int_equal(reading.verdict, LCF_AMBIGUOUS);
        assert_int_equal(reading.success, LCF_NO_ENVELOPE);
    }
}

/* 2. an authoritative 404 */

static void an_authoritative_404_with_a_code_means_absent(void **state)
{
    static const struct row rows[] = {
        {"the API's own code", 404, BYTES(NO(1003)), LCF_ABSENT},
        {"a code under 1000", 404, BYTES(NO(404)), LCF_ABSENT},
        {"code 0", 404, BYTES(NO(0)), LCF_ABSENT},
        {"codes that only neighbour those about access", 404,
         BYTES("{\"success\":false,\"errors\":[{\"code\":6999},{\"code\":7004},{\"code\":70030},{\"code\":999},{\"code\":1002}]}"),
         LCF_ABSENT},
        {"one code among several errors", 404, BYTES("{\"success\":false,\"errors\":[{},{\"code\":2},{\"code\":null}]}"), LCF_ABSENT},
        {"without result and messages", 404, BYTES("{\"errors\":[{\"code\":1}],\"success\":false}"), LCF_ABSENT},
        {"a route code in another place", 404,
         BYTES("{\"success\":false,\"code\":7003,\"errors\":[{\"code\":1,\"source\":{\"code\":7003}}]}"), LCF_ABSENT},
        {"a chain about the token", 404,
         BYTES("{\"success\":false,\"errors\":[{\"code\":1,\"error_chain\":[{\"code\":1003},{}]}]}"), LCF_ABSENT},
        {"a chain that is null", 404, BYTES("{\"success\":false,\"errors\":[{\"code\":1,\"error_chain\":null}]}"), LCF_ABSENT},
        {"a chain that is empty", 404, BYTES("{\"success\":false,\"errors\":[{\"code\":1,\"error_chain\":[]}]}"), LCF_ABSENT},
    };
    (void)state;
    expect_verdicts(rows, COUNT(rows));
}

static void a_404_without_any_code_is_a_gateways_own_and_ambiguous(void **state)
{
    static const struct row rows[] = {
        {"code missing", 404, BYTES(NO_CODE), LCF_AMBIGUOUS},
        {"code null", 404, BYTES(NO(null)), LCF_AMBIGUOUS},
        {"an error that is an empty object", 404, BYTES("{\"success\":false,\"errors\":[{}]}"), LCF_AMBIGUOUS},
        {"several of them", 404, BYTES("{\"success\":false,\"errors\":[{},{\"message\":\"m\"}]}"), LCF_AMBIGUOUS},
    };
    (void)state;
    expect_verdicts(rows, COUNT(rows));
}

static void a_404_about_the_route_or_the_credential_says_nothing_about_the_token(void **state)
{
    static const int codes[] = {7000, 7001, 7002, 7003, 1000, 1001, 6003, 9103, 9106, 9109, 10000, 10001, 10502};
    static const struct row rows[] = {
        {"second of two", 404, BYTES("{\"success\":false,\"errors\":[{\"code\":1003},{\"code\":7003}]}"), LCF_REFUSAL},
        {"first of two", 404, BYTES("{\"success\":false,\"errors\":[{\"code\":7000},{\"code\":1003}]}"), LCF_REFUSAL},
        {"after an error without a code", 404, BYTES("{\"success\":false,\"errors\":[{},{\"code\":7001}]}"), LCF_REFUSAL},
        {"with its key escaped", 404, BYTES("{\"success\":false,\"errors\":[{\"\\u0063ode\":7003}]}"), LCF_REFUSAL},
        {"in a chain", 404,
         BYTES("{\"success\":false,\"errors\":[{\"code\":1003,\"error_chain\":[{\"code\":5},{\"code\":7003}]}]}"), LCF_REFUSAL},
        {"in a chain alone", 404, BYTES("{\"success\":false,\"errors\":[{\"error_chain\":[{\"code\":9109}]}]}"), LCF_REFUSAL},
        {"in a chain before the code", 404,
         BYTES("{\"success\":false,\"errors\":[{\"error_chain\":[{\"code\":7003}],\"code\":1003}]}"), LCF_REFUSAL},
    };
    unsigned wrong = 0;
    (void)state;
    for (size_t i = 0; i < COUNT(codes); i++) {
        char body[80];
        snprintf(body, sizeof body, "{\"success\":false,\"errors\":[{\"code\":%d}]}", codes[i]);
        if (read_whole(404, body).verdict != LCF_REFUSAL) WRONG(wrong, "%d", codes[i]);
    }
    expect_none(wrong);
    expect_verdicts(rows, COUNT(rows));
}

/* The trace keeps eight codes, but the verdict is about all of them, and the trace shows what decided. */
static void a_code_about_access_counts_wherever_it_stands_among_the_errors(void **state)
{
    static const char *const bodies[] = {
        "{\"success\":false,\"errors\":[{\"code\":1},{\"code\":2},{\"code\":3},{\"code\":4},{\"code\":5},"
        "{\"code\":6},{\"code\":7},{\"code\":7003}]}",
        "{\"success\":false,\"errors\":[{\"code\":1},{\"code\":2},{\"code\":3},{\"code\":4},{\"code\":5},"
        "{\"code\":6},{\"code\":7},{\"code\":8},{\"code\":7003},{\"code\":9}]}",
        "{\"success\":false,\"errors\":[{\"code\":1},{\"code\":2},{\"code\":3},{\"code\":4},{\"code\":5},"
        "{\"code\":6},{\"code\":7},{\"code\":8,\"error_chain\":[{\"code\":7003}]}]}",
    };
    (void)state;
    for (size_t i = 0; i < COUNT(bodies); i++) {
        struct lcf_reading reading = read_whole(404, bodies[i]);
        assert_int_equal(reading.verdict, LCF_REFUSAL);
        assert_true(lcf_reading_has(&reading, 7003));
        assert_int_equal(reading.code_count, LCF_CODES_MAX);
    }
}

static void a_lock_out_is_kept_before_other_codes_about_access(void **state)
{
    struct lcf_reading reading = read_whole(
        403, "{\"success\":false,\"errors\":[{\"code\":1},{\"code\":2},{\"code\":3},{\"code\":4},{\"code\":5},"
             "{\"code\":6},{\"code\":7},{\"code\":8},{\"code\":9109},{\"code\":10502},{\"code\":10000}]}");
    (void)state;
    assert_true(lcf_reading_has(&reading, LCF_CODE_LOCKED_OUT));
}

static void the_codes_that_are_kept_can_be_asked_for(void **state)
{
    struct lcf_reading reading = read_whole(401, "{\"success\":false,\"errors\":[{\"code\":5},{\"code\":10000}]}");
    (void)state;
    assert_true(lcf_reading_has(&reading, 5) && lcf_reading_has(&reading, LCF_CODE_AUTHENTICATION));
    assert_false(lcf_reading_has(&reading, LCF_CODE_LOCKED_OUT) || lcf_reading_has(&reading, 0));
    reading = read_whole(
        401, "{\"success\":false,\"errors\":[{\"code\":1},{\"code\":2},{\"code\":3},{\"code\":4},{\"code\":5},"
             "{\"code\":6},{\"code\":7},{\"code\":8}]}");
    assert_true(lcf_reading_has(&reading, 8));
    assert_false(lcf_reading_has(&reading, 9));
}

/* What a cache says is what was: it is shown, and proves nothing. */
static void a_read_that_a_cache_answered_proves_nothing(void **state)
{
    static const struct row rows[] = {
        {"present", 200, BYTES(YES), LCF_PROVEN},       {"absent", 404, BYTES(NO(1003)), LCF_ABSENT},
        {"refused", 403, BYTES(NO(9109)), LCF_REFUSAL}, {"another", 200, BYTES("{\"success\":true}"), LCF_UNNAMED},
    };
    (void)state;
    expect_verdicts(rows, COUNT(rows));
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct lcf_reply reply = {rows[i].status, true, true, lcf_span_of(rows[i].body)};
        struct lcf_reading reading = lcf_read_reply(&reply, &this_id);
        assert_int_equal(reading.verdict, LCF_AMBIGUOUS);
        assert_int_not_equal(reading.success, LCF_NO_ENVELOPE);
    }
}

static void a_404_that_is_not_authoritative_is_ambiguous(void **state)
{
    static const struct row rows[] = {
        {"HTML", 404, BYTES(HTML), LCF_AMBIGUOUS},
        {"empty", 404, BYTES(""), LCF_AMBIGUOUS},
        {"{}", 404, BYTES("{}"), LCF_AMBIGUOUS},
        {"success true", 404, BYTES(YES), LCF_AMBIGUOUS},
        {"success true beside an error", 404, BYTES("{\"success\":true,\"errors\":[{\"code\":1003}]}"), LCF_AMBIGUOUS},
        {"success missing", 404, BYTES("{\"errors\":[{\"code\":1}]}"), LCF_AMBIGUOUS},
        {"success \"false\"", 404, BYTES("{\"success\":\"false\",\"errors\":[{\"code\":1}]}"), LCF_AMBIGUOUS},
        {"success 0", 404, BYTES("{\"success\":0,\"errors\":[{\"code\":1}]}"), LCF_AMBIGUOUS},
        {"success null", 404, BYTES("{\"success\":null,\"errors\":[{\"code\":1}]}"), LCF_AMBIGUOUS},
        {"errors missing", 404, BYTES("{\"success\":false,\"result\":null}"), LCF_AMBIGUOUS},
        {"errors empty", 404, BYTES("{\"success\":false,\"errors\":[]}"), LCF_AMBIGUOUS},
        {"errors null", 404, BYTES("{\"success\":false,\"errors\":null}"), LCF_AMBIGUOUS},
        {"errors an object", 404, BYTES("{\"success\":false,\"errors\":{\"code\":1}}"), LCF_AMBIGUOUS},
        {"errors an object of objects", 404, BYTES("{\"success\":false,\"errors\":{\"a\":{\"code\":1}}}"), LCF_AMBIGUOUS},
        {"errors a string", 404, BYTES("{\"success\":false,\"errors\":\"not found\"}"), LCF_AMBIGUOUS},
        {"errors of strings", 404, BYTES("{\"success\":false,\"errors\":[\"not found\"]}"), LCF_AMBIGUOUS},
        {"errors of numbers", 404, BYTES("{\"success\":false,\"errors\":[1001]}"), LCF_AMBIGUOUS},
        {"an object and a string", 404, BYTES("{\"success\":false,\"errors\":[{\"code\":1},\"x\"]}"), LCF_AMBIGUOUS},
        {"an object and null", 404, BYTES("{\"success\":false,\"errors\":[{\"code\":1},null]}"), LCF_AMBIGUOUS},
        {"errors of arrays", 404, BYTES("{\"success\":false,\"errors\":[[]]}"), LCF_AMBIGUOUS},
        {"trailing garbage", 404, BYTES(NO(1001) "x"), LCF_AMBIGUOUS},
        {"byte order mark", 404, BYTES("\xEF\xBB\xBF" NO(1001)), LCF_AMBIGUOUS},
        {"bad UTF-8", 404, BYTES("{\"success\":false,\"errors\":[{\"message\":\"\xE9\"}]}"), LCF_AMBIGUOUS},
    };
    (void)state;
    expect_verdicts(rows, COUNT(rows));
}

/* The table says no more than "objects". A code that is no plain whole number could be a route
 * code to another reader, and taking the 404 for an absence would be the dangerous mistake. */
static void a_code_that_cannot_be_read_with_certainty_leaves_a_404_ambiguous(void **state)
{
    static const struct row rows[] = {
        {"a string", 404, BYTES(NO("7003")), LCF_AMBIGUOUS},
        {"a fraction", 404, BYTES(NO(7003.0)), LCF_AMBIGUOUS},
        {"an exponent", 404, BYTES(NO(7003e0)), LCF_AMBIGUOUS},
        {"too large", 404, BYTES(NO(10000000007003)), LCF_AMBIGUOUS},
        {"an object", 404, BYTES(NO({})), LCF_AMBIGUOUS},
        {"true", 404, BYTES(NO(true)), LCF_AMBIGUOUS},
        {"twice", 404, BYTES("{\"success\":false,\"errors\":[{\"code\":1003,\"code\":1003}]}"), LCF_AMBIGUOUS},
        {"a string in a chain", 404,
         BYTES("{\"success\":false,\"errors\":[{\"code\":1003,\"error_chain\":[{\"code\":\"7003\"}]}]}"), LCF_AMBIGUOUS},
        {"twice in a chain", 404,
         BYTES("{\"success\":false,\"errors\":[{\"code\":1003,\"error_chain\":[{\"code\":1,\"code\":2}]}]}"), LCF_AMBIGUOUS},
        {"a chain of strings", 404, BYTES("{\"success\":false,\"errors\":[{\"code\":1003,\"error_chain\":[\"7003\"]}]}"),
         LCF_AMBIGUOUS},
        {"a chain that is no list", 404, BYTES("{\"success\":false,\"errors\":[{\"code\":1003,\"error_chain\":{\"code\":7003}}]}"),
         LCF_AMBIGUOUS},
        {"a chain that is an object of objects", 404,
         BYTES("{\"success\":false,\"errors\":[{\"code\":1003,\"error_chain\":{\"a\":{\"code\":1}}}]}"), LCF_AMBIGUOUS},
        {"two chains", 404,
         BYTES("{\"success\":false,\"errors\":[{\"code\":1003,\"error_chain\":[],\"error_chain\":[{\"code\":7003}]}]}"),
         LCF_AMBIGUOUS},
    };
    (void)state;
    expect_verdicts(rows, COUNT(rows));
}

/* 3. 408 and every 5xx */

static void a_408_and_every_5xx_is_ambiguous_whatever_its_body(void **state)
{
    static const char *const bodies[] = {YES, NO(1000), NO(7003), NO_CODE, HTML, "", "{}"};
    unsigned wrong = 0;
    (void)state;
    for (size_t i = 0; i < COUNT(bodies); i++) {
        if (read_whole(408, bodies[i]).verdict != LCF_AMBIGUOUS) WRONG(wrong, "408 with body %zu", i);
        for (int status = 500; status <= 599; status++)
            if (read_whole(status, bodies[i]).verdict != LCF_AMBIGUOUS) WRONG(wrong, "%d with body %zu", status, i);
    }
    expect_none(wrong);
}

/* 4. any other authoritative 4xx */

static void every_other_authoritative_4xx_is_a_refusal(void **state)
{
    unsigned wrong = 0;
    (void)state;
    for (int status = 400; status <= 499; status++) {
        if (status == 404 || status == 408) continue;
        if (read_whole(status, NO(9109)).verdict != LCF_REFUSAL) WRONG(wrong, "%d", status);
        if (read_whole(status, NO(7003)).verdict != LCF_REFUSAL) WRONG(wrong, "%d with a route code", status);
        if (read_whole(status, NO_CODE).verdict != LCF_REFUSAL) WRONG(wrong, "%d without a code", status);
    }
    expect_none(wrong);
}

/* 5. all else */

static void a_4xx_that_contradicts_its_body_is_ambiguous(void **state)
{
    unsigned wrong = 0;
    (void)state;
    for (int status = 400; status <= 499; status++) {
        if (read_whole(status, YES).verdict != LCF_AMBIGUOUS) WRONG(wrong, "%d with success", status);
        if (read_whole(status, "{\"success\":true}").verdict != LCF_AMBIGUOUS) WRONG(wrong, "%d with a bare success", status);
        if (read_whole(status, HTML).verdict != LCF_AMBIGUOUS) WRONG(wrong, "%d as HTML", status);
        if (read_whole(status, "{\"success\":false,\"errors\":[]}").verdict != LCF_AMBIGUOUS)
            WRONG(wrong, "%d without an error", status);
    }
    expect_none(wrong);
}

static void no_status_but_200_proves_anything_by_its_yes(void **state)
{
    unsigned wrong = 0;
    (void)state;
    for (int status = 0; status <= 999; status++) {
        if (status == 200) continue;
        if (read_whole(status, YES).verdict != LCF_AMBIGUOUS) WRONG(wrong, "%d", status);
        if (read_whole(status, "{\"success\":true,\"result\":null}").verdict != LCF_AMBIGUOUS)
            WRONG(wrong, "%d without the name", status);
    }
    expect_none(wrong);
}

static void no_status_but_4xx_proves_anything_by_its_no(void **state)
{
    unsigned wrong = 0;
    (void)state;
    for (int status = 0; status <= 999; status++) {
        if (status >= 400 && status <= 499) continue;
        if (read_whole(status, NO(1001)).verdict != LCF_AMBIGUOUS) WRONG(wrong, "%d", status);
    }
    expect_none(wrong);
}

/* What is kept beside the verdict. */

static const char documented_example[] =
    "{\n"
    "  \"errors\": [\n"
    "    {\n"
    "      \"code\": 1000,\n"
    "      \"message\": \"message\",\n"
    "      \"documentation_url\": \"documentation_url\",\n"
    "      \"source\": {\n"
    "        \"pointer\": \"pointer\"\n"
    "      }\n"
    "    }\n"
    "  ],\n"
    "  \"messages\": [\n"
    "    {\n"
    "      \"code\": 1000,\n"
    "      \"message\": \"message\",\n"
    "      \"documentation_url\": \"documentation_url\",\n"
    "      \"source\": {\n"
    "        \"pointer\": \"pointer\"\n"
    "      }\n"
    "    }\n"
    "  ],\n"
    "  \"success\": true,\n"
    "  \"result\": {\n"
    "    \"id\": \"023e105f4ecef8ad9ca31a8372d0c353\"\n"
    "  }\n"
    "}\n";

static void the_documented_example_proves_its_own_id_and_no_other(void **state)
{
    struct lcf_text body = text_of(documented_example);
    struct lcf_reading own = read_as(true, 200, body, "023e105f4ecef8ad9ca31a8372d0c353");
    struct lcf_reading other = read_as(true, 200, body, ASKED);
    (void)state;
    assert_int_equal(own.verdict, LCF_PROVEN);
    assert_int_equal(own.success, LCF_SUCCESS);
    assert_int_equal(own.named, LCF_NAMED_ID);
    assert_int_equal(other.verdict, LCF_UNNAMED);
    assert_int_equal(other.success, LCF_SUCCESS);
    assert_int_equal(other.named, LCF_NAMED_ID);
    assert_string_equal(other.id, "023e105f4ecef8ad9ca31a8372d0c353");
}

static void the_trace_learns_what_the_result_named(void **state)
{
    static const struct {
        const char *what, *body;
        enum lcf_named named;
        const char *id;
    } rows[] = {
        {"the id asked for", YES, LCF_NAMED_ID, ASKED},
        {"another id", "{\"success\":true,\"result\":{\"id\":\"" OTHER "\"}}", LCF_NAMED_ID, OTHER},
        {"null", "{\"success\":true,\"result\":null}", LCF_NAMED_NONE, NULL},
        {"nothing", "{\"success\":true}", LCF_NAMED_NONE, NULL},
        {"no id", "{\"success\":true,\"result\":{}}", LCF_NAMED_NONE, NULL},
        {"an id of another shape", "{\"success\":true,\"result\":{\"id\":\"abc\"}}", LCF_NAMED_OTHER, NULL},
        {"an id that is too long", "{\"success\":true,\"result\":{\"id\":\"" ASKED "0\"}}", LCF_NAMED_OTHER, NULL},
        {"what looks like a secret", "{\"success\":true,\"result\":{\"id\":\"cfat_6789abcdef0123456789abcdef01\"}}",
         LCF_NAMED_OTHER, NULL},
        {"a number", "{\"success\":true,\"result\":{\"id\":5}}", LCF_NAMED_OTHER, NULL},
    };
    unsigned wrong = 0;
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct lcf_reading reading = read_whole(200, rows[i].body);
        if (reading.named != rows[i].named) WRONG(wrong, "%s: named %d", rows[i].what, (int)reading.named);
        else if (rows[i].id && strcmp(reading.id, rows[i].id) != 0) WRONG(wrong, "%s: id %s", rows[i].what, reading.id);
    }
    expect_none(wrong);
}

static void the_trace_learns_what_success_said(void **state)
{
    static const struct {
        const char *what;
        int status;
        const char *body;
        enum lcf_success success;
    } rows[] = {
        {"yes", 200, YES, LCF_SUCCESS},
        {"yes under a 4xx", 404, YES, LCF_SUCCESS},
        {"yes under a 5xx", 503, YES, LCF_SUCCESS},
        {"no", 403, NO(9109), LCF_FAILURE},
        {"no under a 200", 200, NO(9109), LCF_FAILURE},
        {"no under a 5xx", 500, NO(9109), LCF_FAILURE},
        {"no without errors", 403, "{\"success\":false,\"errors\":[]}", LCF_NO_ENVELOPE},
        {"nothing in HTML", 404, HTML, LCF_NO_ENVELOPE},
        {"nothing in {}", 200, "{}", LCF_NO_ENVELOPE},
        {"nothing certain when twice", 200, "{\"success\":true,\"success\":true}", LCF_NO_ENVELOPE},
        {"nothing beside a result that is no object", 200, "{\"success\":true,\"result\":[]}", LCF_NO_ENVELOPE},
        {"nothing beside an id that is no string", 200, "{\"success\":true,\"result\":{\"id\":1}}", LCF_NO_ENVELOPE},
        {"nothing beside two ids", 200, "{\"success\":true,\"result\":{\"id\":\"a\",\"id\":\"a\"}}", LCF_NO_ENVELOPE},
    };
    unsigned wrong = 0;
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        enum lcf_success success = read_whole(rows[i].status, rows[i].body).success;
        if (success != rows[i].success) WRONG(wrong, "%s: %d, expected %d", rows[i].what, (int)success, (int)rows[i].success);
    }
    expect_none(wrong);
}

static void codes_are_kept_in_order_and_at_most_eight(void **state)
{
    struct lcf_reading some = read_whole(403, "{\"success\":false,\"errors\":[{\"code\":10},{},{\"code\":9109},{\"code\":0}]}");
    struct lcf_reading many = read_whole(
        403, "{\"success\":false,\"errors\":[{\"code\":1},{\"code\":2},{\"code\":3},{\"code\":4},{\"code\":5},{\"code\":6},"
             "{\"code\":7},{\"code\":8},{\"code\":9},{\"code\":10}]}");
    (void)state;
    assert_int_equal(some.code_count, 3);
    assert_int_equal(some.codes[0], 10);
    assert_int_equal(some.codes[1], 9109);
    assert_int_equal(some.codes[2], 0);
    assert_int_equal(many.verdict, LCF_REFUSAL);
    assert_int_equal(many.code_count, LCF_CODES_MAX);
    assert_int_equal(many.codes[LCF_CODES_MAX - 1], 8);
}

static void a_failures_other_fields_do_not_matter_even_if_given_twice(void **state)
{
    static const struct row rows[] = {
        {"result twice", 403, BYTES("{\"success\":false,\"errors\":[{\"code\":1}],\"result\":null,\"result\":{}}"), LCF_REFUSAL},
    };
    (void)state;
    expect_verdicts(rows, COUNT(rows));
}

/* verify: which token it is, the answer tells. */
static void where_no_id_was_asked_for_a_yes_that_names_any_token_is_proof(void **state)
{
    static const struct row rows[] = {
        {"a token", 200, BYTES(YES), LCF_PROVEN},
        {"another", 200, BYTES("{\"success\":true,\"result\":{\"id\":\"" OTHER "\"}}"), LCF_PROVEN},
        {"success alone", 200, BYTES("{\"success\":true}"), LCF_UNNAMED},
        {"result null", 200, BYTES("{\"success\":true,\"result\":null}"), LCF_UNNAMED},
        {"no id", 200, BYTES("{\"success\":true,\"result\":{\"status\":\"active\"}}"), LCF_UNNAMED},
        {"an id that is none", 200, BYTES("{\"success\":true,\"result\":{\"id\":\"verify\"}}"), LCF_UNNAMED},
        {"a list", 200, BYTES("{\"success\":true,\"result\":[]}"), LCF_AMBIGUOUS},
        {"a string", 200, BYTES("{\"success\":true,\"result\":\"" ASKED "\"}"), LCF_AMBIGUOUS},
        {"two results", 200, BYTES("{\"success\":true," NAMED "," NAMED "}"), LCF_AMBIGUOUS},
        {"202", 202, BYTES(YES), LCF_AMBIGUOUS},
        {"a no without errors", 200, BYTES("{\"success\":false,\"errors\":[]}"), LCF_AMBIGUOUS},
        {"404", 404, BYTES(NO(1003)), LCF_ABSENT},
        {"404 about the path", 404, BYTES(NO(7003)), LCF_REFUSAL},
        {"401", 401, BYTES(NO(1000)), LCF_REFUSAL},
    };
    unsigned wrong = 0;
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        enum lcf_verdict verdict = read_as(true, rows[i].status, rows[i].body, NULL).verdict;
        if (verdict != rows[i].verdict) WRONG(wrong, "%s: %s", rows[i].what, verdict_names[verdict]);
    }
    if (read_as(false, 200, text_of(YES), NULL).verdict != LCF_AMBIGUOUS) WRONG(wrong, "cut");
    expect_none(wrong);
}

/* What else a yes must carry */

#define RESULT(result) "{\"success\":true,\"errors\":[],\"messages\":[],\"result\":" result "}"
#define WITH_ID(members) RESULT("{\"id\":\"" ASKED "\"" members "}")

static struct lcf_reading read_expecting(enum lcf_expects what, int status, struct lcf_text body)
{
    struct lcf_text copy = exact(body);
    struct lcf_reply reply = {status, true, false, lcf_span_of(copy)};
    const struct lcf_expected expected = {what, ASKED};
    struct lcf_reading reading = lcf_read_reply(&reply, &expected);
    release(copy);
    return reading;
}

static void expect_verdicts_of(enum lcf_expects what, const struct row *rows, size_t count)
{
    unsigned wrong = 0;
    for (size_t i = 0; i < count; i++) {
        enum lcf_verdict verdict = read_expecting(what, rows[i].status, rows[i].body).verdict;
        if (verdict != rows[i].verdict)
            WRONG(wrong, "%s: %s, expected %s", rows[i].what, verdict_names[verdict], verdict_names[rows[i].verdict]);
    }
    expect_none(wrong);
}

/* A create. Without its secret a token that was made is of no use. */
static void where_a_secret_is_expected_beside_an_id_a_yes_needs_both(void **state)
{
    static const struct row rows[] = {
        {"both", 200, BYTES(WITH_ID(",\"value\":\"v\"")), LCF_PROVEN},
        {"both, in another order", 200,
         BYTES(RESULT("{\"value\":\"v\",\"name\":\"n\",\"id\":\"" ASKED "\"}")), LCF_PROVEN},
        {"any id", 200, BYTES(RESULT("{\"id\":\"" OTHER "\",\"value\":\"v\"}")), LCF_PROVEN},
        {"the key of the value escaped", 200, BYTES(WITH_ID(",\"v\\u0061lue\":\"v\"")), LCF_PROVEN},
        {"a value that is one escape", 200, BYTES(WITH_ID(",\"value\":\"\\u0076\"")), LCF_PROVEN},
        {"no value", 200, BYTES(WITH_ID("")), LCF_UNNAMED},
        {"a value under another name", 200, BYTES(WITH_ID(",\"values\":\"v\"")), LCF_UNNAMED},
        {"a value one level too deep", 200, BYTES(WITH_ID(",\"token\":{\"value\":\"v\"}")), LCF_UNNAMED},
        {"a value beside the result", 200, BYTES("{\"success\":true,\"value\":\"v\"," NAMED "}"), LCF_UNNAMED},
        {"an empty value", 200, BYTES(WITH_ID(",\"value\":\"\"")), LCF_UNNAMED},
        {"a value that is null", 200, BYTES(WITH_ID(",\"value\":null")), LCF_UNNAMED},
        {"a value that is a number", 200, BYTES(WITH_ID(",\"value\":12345")), LCF_UNNAMED},
        {"a value that is an object", 200, BYTES(WITH_ID(",\"value\":{\"v\":1}")), LCF_UNNAMED},
        {"a value that is an array", 200, BYTES(WITH_ID(",\"value\":[\"v\"]")), LCF_UNNAMED},
        {"a value, but no id", 200, BYTES(RESULT("{\"value\":\"v\"}")), LCF_UNNAMED},
        {"a value, and an id that is none", 200, BYTES(RESULT("{\"id\":\"x\",\"value\":\"v\"}")), LCF_UNNAMED},
        {"null", 200, BYTES(RESULT("null")), LCF_UNNAMED},
        {"no result", 200, BYTES("{\"success\":true}"), LCF_UNNAMED},
        {"two values", 200, BYTES(WITH_ID(",\"value\":\"v\",\"value\":\"w\"")), LCF_AMBIGUOUS},
        {"two values, alike", 200, BYTES(WITH_ID(",\"value\":\"v\",\"value\":\"v\"")), LCF_AMBIGUOUS},
        {"two values, one empty", 200, BYTES(WITH_ID(",\"value\":\"v\",\"value\":\"\"")), LCF_AMBIGUOUS},
        {"two values, one escaped", 200, BYTES(WITH_ID(",\"value\":\"v\",\"\\u0076alue\":\"w\"")), LCF_AMBIGUOUS},
        {"two ids", 200, BYTES(WITH_ID(",\"value\":\"v\",\"id\":\"" OTHER "\"")), LCF_AMBIGUOUS},
        {"an id that is a number", 200, BYTES(RESULT("{\"id\":1,\"value\":\"v\"}")), LCF_AMBIGUOUS},
        {"a string", 200, BYTES(RESULT("\"v\"")), LCF_AMBIGUOUS},
        {"a list", 200, BYTES(RESULT("[]")), LCF_AMBIGUOUS},
        {"201", 201, BYTES(WITH_ID(",\"value\":\"v\"")), LCF_AMBIGUOUS},
        {"under a 503", 503, BYTES(WITH_ID(",\"value\":\"v\"")), LCF_AMBIGUOUS},
        {"a no", 400, BYTES(NO(1001)), LCF_REFUSAL},
    };
    (void)state;
    expect_verdicts_of(LCF_ID_AND_VALUE, rows, COUNT(rows));
}

/* The token was made, and can be told by its id, though its secret is lost. */
static void a_create_without_its_secret_still_names_what_it_made(void **state)
{
    struct lcf_reading reading = read_expecting(LCF_ID_AND_VALUE, 200, text_of(WITH_ID("")));
    (void)state;
    assert_int_equal(reading.success, LCF_SUCCESS);
    assert_int_equal(reading.named, LCF_NAMED_ID);
    assert_string_equal(reading.id, ASKED);
    assert_false(reading.has_value);
    assert_true(read_expecting(LCF_ID_AND_VALUE, 200, text_of(WITH_ID(",\"value\":\"v\""))).has_value);
    assert_false(read_expecting(LCF_SOME_ID, 200, text_of(WITH_ID(",\"value\":\"v\""))).has_value);
}

/* Other operations have a `value` of their own, or none. */
static void where_no_secret_is_expected_what_a_value_is_does_not_matter(void **state)
{
    static const struct row rows[] = {
        {"two values", 200, BYTES(WITH_ID(",\"value\":1,\"value\":2")), LCF_PROVEN},
        {"an empty value", 200, BYTES(WITH_ID(",\"value\":\"\"")), LCF_PROVEN},
    };
    (void)state;
    expect_verdicts_of(LCF_THIS_ID, rows, COUNT(rows));
    expect_verdicts_of(LCF_SOME_ID, rows, COUNT(rows));
}

/* A roll. */
static void where_a_secret_alone_is_expected_the_result_is_a_string(void **state)
{
    static const struct row rows[] = {
        {"a string", 200, BYTES(RESULT("\"v\"")), LCF_PROVEN},
        {"a string that is one escape", 200, BYTES(RESULT("\"\\n\"")), LCF_PROVEN},
        {"an empty string", 200, BYTES(RESULT("\"\"")), LCF_UNNAMED},
        {"null", 200, BYTES(RESULT("null")), LCF_UNNAMED},
        {"no result", 200, BYTES("{\"success\":true}"), LCF_UNNAMED},
        {"a number", 200, BYTES(RESULT("123")), LCF_UNNAMED},
        {"true", 200, BYTES(RESULT("true")), LCF_UNNAMED},
        {"a list", 200, BYTES(RESULT("[\"v\"]")), LCF_UNNAMED},
        {"an object", 200, BYTES(RESULT("{\"value\":\"v\"}")), LCF_UNNAMED},
        {"an object with the id", 200, BYTES(WITH_ID(",\"value\":\"v\"")), LCF_UNNAMED},
        {"two strings", 200, BYTES("{\"success\":true,\"result\":\"v\",\"result\":\"w\"}"), LCF_AMBIGUOUS},
        {"202", 202, BYTES(RESULT("\"v\"")), LCF_AMBIGUOUS},
        {"204 without a body", 204, BYTES(""), LCF_AMBIGUOUS},
        {"success false", 200, BYTES("{\"success\":false,\"errors\":[],\"result\":\"v\"}"), LCF_AMBIGUOUS},
        {"404", 404, BYTES(NO(1003)), LCF_ABSENT},
    };
    (void)state;
    expect_verdicts_of(LCF_STRING, rows, COUNT(rows));
}

static void where_a_list_is_expected_the_result_is_an_array(void **state)
{
    static const struct row rows[] = {
        {"an empty list", 200, BYTES(RESULT("[]")), LCF_PROVEN},
        {"a list", 200, BYTES(RESULT("[{\"id\":\"x\"},{\"id\":1}]")), LCF_PROVEN},
        {"an object", 200, BYTES(RESULT("{}")), LCF_UNNAMED},
        {"an object with an id", 200, BYTES(WITH_ID("")), LCF_UNNAMED},
        {"a string", 200, BYTES(RESULT("\"[]\"")), LCF_UNNAMED},
        {"null", 200, BYTES(RESULT("null")), LCF_UNNAMED},
        {"no result", 200, BYTES("{\"success\":true}"), LCF_UNNAMED},
        {"two lists", 200, BYTES("{\"success\":true,\"result\":[],\"result\":[]}"), LCF_AMBIGUOUS},
        {"206", 206, BYTES(RESULT("[]")), LCF_AMBIGUOUS},
        {"403", 403, BYTES(NO(9109)), LCF_REFUSAL},
    };
    (void)state;
    expect_verdicts_of(LCF_LIST, rows, COUNT(rows));
}

/* A request of the caller's own, whose answer we do not know. */
static void where_only_an_envelope_is_expected_any_2xx_that_says_yes_is_proof(void **state)
{
    static const struct row rows[] = {
        {"no result", 200, BYTES("{\"success\":true}"), LCF_PROVEN},
        {"null", 200, BYTES(RESULT("null")), LCF_PROVEN},
        {"a list", 200, BYTES(RESULT("[1]")), LCF_PROVEN},
        {"a number", 200, BYTES(RESULT("1")), LCF_PROVEN},
        {"an object whose id is a number", 200, BYTES(RESULT("{\"id\":1,\"id\":2}")), LCF_PROVEN},
        {"201", 201, BYTES(YES), LCF_PROVEN},
        {"202", 202, BYTES(YES), LCF_PROVEN},
        {"204 without a body", 204, BYTES(""), LCF_PROVEN},
        {"205 without a body", 205, BYTES(""), LCF_PROVEN},
        {"204 with a yes", 204, BYTES(YES), LCF_PROVEN},
        {"299", 299, BYTES(YES), LCF_PROVEN},
        {"204 with something else", 204, BYTES(" "), LCF_AMBIGUOUS},
        {"200 without a body", 200, BYTES(""), LCF_AMBIGUOUS},
        {"203 without a body", 203, BYTES(""), LCF_AMBIGUOUS},
        {"206 without a body", 206, BYTES(""), LCF_AMBIGUOUS},
        {"HTML", 200, BYTES(HTML), LCF_AMBIGUOUS},
        {"two results", 200, BYTES("{\"success\":true,\"result\":1,\"result\":1}"), LCF_AMBIGUOUS},
        {"a no under a 200", 200, BYTES(NO(1)), LCF_AMBIGUOUS},
        {"199", 199, BYTES(YES), LCF_AMBIGUOUS},
        {"300", 300, BYTES(YES), LCF_AMBIGUOUS},
        {"304 without a body", 304, BYTES(""), LCF_AMBIGUOUS},
        {"a yes under a 404", 404, BYTES(YES), LCF_AMBIGUOUS},
        {"404", 404, BYTES(NO(1003)), LCF_ABSENT},
        {"400", 400, BYTES(NO(1)), LCF_REFUSAL},
        {"503", 503, BYTES(NO(1)), LCF_AMBIGUOUS},
    };
    (void)state;
    expect_verdicts_of(LCF_ENVELOPE, rows, COUNT(rows));
}

static void where_bytes_are_expected_any_complete_2xx_is_proof(void **state)
{
    static const struct row rows[] = {
        {"bytes", 200, BYTES("\x00\xFF{"), LCF_PROVEN},
        {"no bytes", 200, BYTES(""), LCF_PROVEN},
        {"bytes that look like a no", 200, BYTES(NO(1)), LCF_PROVEN},
        {"206", 206, BYTES("part"), LCF_PROVEN},
        {"204", 204, BYTES(""), LCF_PROVEN},
        {"299", 299, BYTES("x"), LCF_PROVEN},
        {"199", 199, BYTES("x"), LCF_AMBIGUOUS},
        {"300", 300, BYTES("x"), LCF_AMBIGUOUS},
        {"a yes under a 300", 300, BYTES(YES), LCF_AMBIGUOUS},
        {"HTML 404", 404, BYTES(HTML), LCF_AMBIGUOUS},
        {"404", 404, BYTES(NO(1003)), LCF_ABSENT},
        {"403", 403, BYTES(NO(9109)), LCF_REFUSAL},
        {"503", 503, BYTES("x"), LCF_AMBIGUOUS},
    };
    (void)state;
    expect_verdicts_of(LCF_BYTES, rows, COUNT(rows));
}

/* Whatever the operation expects: nothing is believed of what a cache kept, or of what was cut. */
static void no_yes_is_believed_that_was_cut_or_kept_by_a_cache(void **state)
{
    static const struct {
        int status;
        const char *body;
    } goods[] = {
        [LCF_THIS_ID] = {200, YES},
        [LCF_SOME_ID] = {200, YES},
        [LCF_ID_AND_VALUE] = {200, WITH_ID(",\"value\":\"v\"")},
        [LCF_STRING] = {200, RESULT("\"v\"")},
        [LCF_LIST] = {200, RESULT("[]")},
        [LCF_ENVELOPE] = {204, ""},
        [LCF_BYTES] = {200, "bytes"},
    };
    (void)state;
    for (int what = LCF_THIS_ID; what <= LCF_BYTES; what++) {
        const struct lcf_expected expected = {(enum lcf_expects)what, ASKED};
        struct lcf_reply reply = {goods[what].status, true, false, span(goods[what].body)};
        assert_int_equal(lcf_read_reply(&reply, &expected).verdict, LCF_PROVEN);
        reply.cached = true;
        assert_int_equal(lcf_read_reply(&reply, &expected).verdict, LCF_AMBIGUOUS);
        reply.cached = reply.complete = false;
        assert_int_equal(lcf_read_reply(&reply, &expected).verdict, LCF_AMBIGUOUS);
    }
}

/* A yes that needs no envelope has none: the trace must not say what nobody said. */
static void a_yes_without_an_envelope_says_nothing_of_success(void **state)
{
    (void)state;
    assert_int_equal(read_expecting(LCF_ENVELOPE, 204, text_of("")).success, LCF_NO_ENVELOPE);
    assert_int_equal(read_expecting(LCF_BYTES, 200, text_of(YES)).success, LCF_NO_ENVELOPE);
    assert_int_equal(read_expecting(LCF_BYTES, 200, text_of(YES)).named, LCF_NAMED_NONE);
    assert_int_equal(read_expecting(LCF_ENVELOPE, 204, text_of(YES)).success, LCF_SUCCESS);
}

static void a_reply_without_any_body_needs_no_pointer(void **state)
{
    struct lcf_reply reply = {204, true, false, {NULL, NULL}};
    const struct lcf_expected envelope = {LCF_ENVELOPE, NULL};
    (void)state;
    assert_int_equal(lcf_read_reply(&reply, &this_id).verdict, LCF_AMBIGUOUS);
    assert_int_equal(lcf_read_reply(&reply, &envelope).verdict, LCF_PROVEN);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_200_that_says_yes_and_names_the_id_is_proof),
        cmocka_unit_test(success_decides_whatever_errors_holds),
        cmocka_unit_test(errors_given_twice_take_nothing_from_a_yes),
        cmocka_unit_test(a_yes_without_the_name_is_told_apart),
        cmocka_unit_test(no_other_id_passes_for_the_one_asked_for),
        cmocka_unit_test(a_result_that_is_not_the_apis_is_no_yes),
        cmocka_unit_test(what_two_readers_could_read_differently_proves_nothing),
        cmocka_unit_test(a_200_whose_success_is_not_literally_true_is_ambiguous),
        cmocka_unit_test(a_200_that_is_no_strictly_valid_object_is_ambiguous),
        cmocka_unit_test(a_nesting_bomb_is_ambiguous),
        cmocka_unit_test(a_body_cut_at_any_byte_is_ambiguous_under_every_status),
        cmocka_unit_test(an_incomplete_reply_is_ambiguous_even_if_its_bytes_look_whole),
        cmocka_unit_test(an_authoritative_404_with_a_code_means_absent),
        cmocka_unit_test(a_404_without_any_code_is_a_gateways_own_and_ambiguous),
        cmocka_unit_test(a_404_about_the_route_or_the_credential_says_nothing_about_the_token),
        cmocka_unit_test(a_code_about_access_counts_wherever_it_stands_among_the_errors),
        cmocka_unit_test(a_lock_out_is_kept_before_other_codes_about_access),
        cmocka_unit_test(the_codes_that_are_kept_can_be_asked_for),
        cmocka_unit_test(a_read_that_a_cache_answered_proves_nothing),
        cmocka_unit_test(a_404_that_is_not_authoritative_is_ambiguous),
        cmocka_unit_test(a_code_that_cannot_be_read_with_certainty_leaves_a_404_ambiguous),
        cmocka_unit_test(a_408_and_every_5xx_is_ambiguous_whatever_its_body),
        cmocka_unit_test(every_other_authoritative_4xx_is_a_refusal),
        cmocka_unit_test(a_4xx_that_contradicts_its_body_is_ambiguous),
        cmocka_unit_test(no_status_but_200_proves_anything_by_its_yes),
        cmocka_unit_test(no_status_but_4xx_proves_anything_by_its_no),
        cmocka_unit_test(the_documented_example_proves_its_own_id_and_no_other),
        cmocka_unit_test(the_trace_learns_what_the_result_named),
        cmocka_unit_test(the_trace_learns_what_success_said),
        cmocka_unit_test(codes_are_kept_in_order_and_at_most_eight),
        cmocka_unit_test(a_failures_other_fields_do_not_matter_even_if_given_twice),
        cmocka_unit_test(where_no_id_was_asked_for_a_yes_that_names_any_token_is_proof),
        cmocka_unit_test(where_a_secret_is_expected_beside_an_id_a_yes_needs_both),
        cmocka_unit_test(a_create_without_its_secret_still_names_what_it_made),
        cmocka_unit_test(where_no_secret_is_expected_what_a_value_is_does_not_matter),
        cmocka_unit_test(where_a_secret_alone_is_expected_the_result_is_a_string),
        cmocka_unit_test(where_a_list_is_expected_the_result_is_an_array),
        cmocka_unit_test(where_only_an_envelope_is_expected_any_2xx_that_says_yes_is_proof),
        cmocka_unit_test(where_bytes_are_expected_any_complete_2xx_is_proof),
        cmocka_unit_test(no_yes_is_believed_that_was_cut_or_kept_by_a_cache),
        cmocka_unit_test(a_yes_without_an_envelope_says_nothing_of_success),
        cmocka_unit_test(a_reply_without_any_body_needs_no_pointer),
    };
    return cmocka_run_group_tests_name("verdict", tests, NULL, NULL);
}
