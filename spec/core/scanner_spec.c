/* The strict scanner: what is JSON, what is not, and what is read out of it. */

#include "support.h"

#include "../../src/core/scanner.h"

static const char *const type_names[] = {
    [LCF_JSON_NONE] = "not JSON",   [LCF_JSON_OBJECT] = "an object", [LCF_JSON_ARRAY] = "an array",
    [LCF_JSON_STRING] = "a string", [LCF_JSON_NUMBER] = "a number",  [LCF_JSON_TRUE] = "true",
    [LCF_JSON_FALSE] = "false",     [LCF_JSON_NULL] = "null",
};

static enum lcf_json check(struct lcf_text text)
{
    struct lcf_text copy = exact(text);
    enum lcf_json type = lcf_json_check(lcf_span_of(copy));
    release(copy);
    return type;
}

static enum lcf_json check_bytes(const unsigned char *bytes, size_t len)
{
    return check((struct lcf_text){(const char *)bytes, len});
}

struct row {
    const char *what;
    struct lcf_text input;
    enum lcf_json type;
};

static void expect_types(const struct row *rows, size_t count)
{
    unsigned wrong = 0;
    for (size_t i = 0; i < count; i++) {
        enum lcf_json type = check(rows[i].input);
        if (type != rows[i].type)
            WRONG(wrong, "%s: %s, expected %s", rows[i].what, type_names[type], type_names[rows[i].type]);
    }
    expect_none(wrong);
}

static void every_production_of_json_is_accepted(void **state)
{
    static const struct row rows[] = {
        {"empty object", BYTES("{}"), LCF_JSON_OBJECT},
        {"empty array", BYTES("[]"), LCF_JSON_ARRAY},
        {"empty string", BYTES("\"\""), LCF_JSON_STRING},
        {"true", BYTES("true"), LCF_JSON_TRUE},
        {"false", BYTES("false"), LCF_JSON_FALSE},
        {"null", BYTES("null"), LCF_JSON_NULL},
        {"zero", BYTES("0"), LCF_JSON_NUMBER},
        {"minus zero", BYTES("-0"), LCF_JSON_NUMBER},
        {"integer", BYTES("1234567890"), LCF_JSON_NUMBER},
        {"negative integer", BYTES("-17"), LCF_JSON_NUMBER},
        {"fraction", BYTES("0.5"), LCF_JSON_NUMBER},
        {"fraction that ends in zeros", BYTES("-10.00"), LCF_JSON_NUMBER},
        {"exponent e", BYTES("1e5"), LCF_JSON_NUMBER},
        {"exponent E", BYTES("1E5"), LCF_JSON_NUMBER},
        {"exponent with plus", BYTES("1e+5"), LCF_JSON_NUMBER},
        {"exponent with minus", BYTES("1e-5"), LCF_JSON_NUMBER},
        {"exponent with leading zeros", BYTES("1e005"), LCF_JSON_NUMBER},
        {"zero with an exponent", BYTES("0e0"), LCF_JSON_NUMBER},
        {"fraction and exponent", BYTES("-0.1E-2"), LCF_JSON_NUMBER},
        {"a number that no double holds", BYTES("1e999999"), LCF_JSON_NUMBER},
        {"string", BYTES("\"abc\""), LCF_JSON_STRING},
        {"every short escape", BYTES("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\""), LCF_JSON_STRING},
        {"\\u escape, both cases of hex", BYTES("\"\\u00e9\\u00E9\""), LCF_JSON_STRING},
        {"every hexadecimal digit", BYTES("\"\\u0123\\u4567\\u89ab\\ucdef\\uABCD\\uEF09\""), LCF_JSON_STRING},
        {"\\u0000", BYTES("\"\\u0000\""), LCF_JSON_STRING},
        {"surrogate pair", BYTES("\"\\ud83d\\ude00\""), LCF_JSON_STRING},
        {"the first and the last surrogate pair", BYTES("\"\\uD800\\uDC00\\uDBFF\\uDFFF\""), LCF_JSON_STRING},
        {"DEL, which is no control byte to JSON", BYTES("\"\x7F\""), LCF_JSON_STRING},
        {"one member", BYTES("{\"a\":1}"), LCF_JSON_OBJECT},
        {"an empty key", BYTES("{\"\":1}"), LCF_JSON_OBJECT},
        {"members", BYTES("{\"a\":1,\"b\":[],\"c\":{}}"), LCF_JSON_OBJECT},
        {"the same key twice, which is JSON all the same", BYTES("{\"a\":1,\"a\":2}"), LCF_JSON_OBJECT},
        {"one element", BYTES("[1]"), LCF_JSON_ARRAY},
        {"elements of every type", BYTES("[{},[],\"\",0,true,false,null]"), LCF_JSON_ARRAY},
        {"nested", BYTES("[[[{\"a\":[{}]}]],[]]"), LCF_JSON_ARRAY},
        {"all four kinds of space in all places",
         BYTES(" \t\r\n{ \t\r\n\"a\" \t\r\n: \t\r\n[ \t\r\n1 \t\r\n, \t\r\n2 \t\r\n] \t\r\n, \"b\" : { } } \t\r\n"),
         LCF_JSON_OBJECT},
        {"space in an empty array", BYTES("[ \n ]"), LCF_JSON_ARRAY},
        {"space around a scalar", BYTES(" null "), LCF_JSON_NULL},
    };
    (void)state;
    expect_types(rows, COUNT(rows));
}

static void what_is_not_json_is_refused(void **state)
{
    static const struct row rows[] = {
        {"nothing", BYTES(""), LCF_JSON_NONE},
        {"only space", BYTES(" \n"), LCF_JSON_NONE},
        {"two values", BYTES("{} {}"), LCF_JSON_NONE},
        {"trailing comma after the value", BYTES("{},"), LCF_JSON_NONE},
        {"trailing bracket", BYTES("[]]"), LCF_JSON_NONE},
        {"trailing brace", BYTES("{}}"), LCF_JSON_NONE},
        {"trailing NUL", BYTES("{}\0"), LCF_JSON_NONE},
        {"trailing text", BYTES("{}<html>"), LCF_JSON_NONE},
        {"leading NUL", BYTES("\0{}"), LCF_JSON_NONE},
        {"byte order mark", BYTES("\xEF\xBB\xBF{}"), LCF_JSON_NONE},
        {"UTF-16, little endian", BYTES("{\0}\0"), LCF_JSON_NONE},
        {"UTF-16, big endian", BYTES("\0{\0}"), LCF_JSON_NONE},
        {"UTF-16 with its mark", BYTES("\xFF\xFE{\0}\0"), LCF_JSON_NONE},
        {"form feed as space", BYTES("\f{}"), LCF_JSON_NONE},
        {"vertical tab as space", BYTES("[\v]"), LCF_JSON_NONE},
        {"no-break space", BYTES("[\xC2\xA0]"), LCF_JSON_NONE},
        {"comment", BYTES("[/**/]"), LCF_JSON_NONE},
        {"line comment", BYTES("[]//"), LCF_JSON_NONE},
        {"unclosed array", BYTES("[1"), LCF_JSON_NONE},
        {"unclosed object", BYTES("{\"a\":1"), LCF_JSON_NONE},
        {"array closed by a brace", BYTES("[1}"), LCF_JSON_NONE},
        {"object closed by a bracket", BYTES("{\"a\":1]"), LCF_JSON_NONE},
        {"crossed brackets", BYTES("[{]}"), LCF_JSON_NONE},
        {"trailing comma in an array", BYTES("[1,]"), LCF_JSON_NONE},
        {"trailing comma in an object", BYTES("{\"a\":1,}"), LCF_JSON_NONE},
        {"leading comma in an array", BYTES("[,1]"), LCF_JSON_NONE},
        {"leading comma in an object", BYTES("{,\"a\":1}"), LCF_JSON_NONE},
        {"two commas", BYTES("[1,,2]"), LCF_JSON_NONE},
        {"only a comma", BYTES("[,]"), LCF_JSON_NONE},
        {"no comma in an array", BYTES("[1 2]"), LCF_JSON_NONE},
        {"no comma in an object", BYTES("{\"a\":1 \"b\":2}"), LCF_JSON_NONE},
        {"no colon", BYTES("{\"a\" 1}"), LCF_JSON_NONE},
        {"two colons", BYTES("{\"a\"::1}"), LCF_JSON_NONE},
        {"no value", BYTES("{\"a\":}"), LCF_JSON_NONE},
        {"key alone", BYTES("{\"a\"}"), LCF_JSON_NONE},
        {"no key before the colon", BYTES("{:1}"), LCF_JSON_NONE},
        {"key that only ends in a quote", BYTES("{a\":1}"), LCF_JSON_NONE},
        {"key without quotes", BYTES("{a:1}"), LCF_JSON_NONE},
        {"key in single quotes", BYTES("{'a':1}"), LCF_JSON_NONE},
        {"number as a key", BYTES("{1:1}"), LCF_JSON_NONE},
        {"null as a key", BYTES("{null:1}"), LCF_JSON_NONE},
        {"value in an object without a key", BYTES("{1}"), LCF_JSON_NONE},
        {"member in an array", BYTES("[\"a\":1]"), LCF_JSON_NONE},
        {"True", BYTES("True"), LCF_JSON_NONE},
        {"TRUE", BYTES("TRUE"), LCF_JSON_NONE},
        {"truely", BYTES("truely"), LCF_JSON_NONE},
        {"nul", BYTES("nul"), LCF_JSON_NONE},
        {"falsey", BYTES("[falsey]"), LCF_JSON_NONE},
        {"undefined", BYTES("undefined"), LCF_JSON_NONE},
        {"NaN", BYTES("NaN"), LCF_JSON_NONE},
        {"nan", BYTES("nan"), LCF_JSON_NONE},
        {"Infinity", BYTES("Infinity"), LCF_JSON_NONE},
        {"-Infinity", BYTES("-Infinity"), LCF_JSON_NONE},
        {"hexadecimal", BYTES("0x10"), LCF_JSON_NONE},
        {"octal", BYTES("0o7"), LCF_JSON_NONE},
        {"leading zero", BYTES("01"), LCF_JSON_NONE},
        {"two zeros", BYTES("00"), LCF_JSON_NONE},
        {"negative with a leading zero", BYTES("-01"), LCF_JSON_NONE},
        {"leading zero inside an array", BYTES("[01]"), LCF_JSON_NONE},
        {"plus sign", BYTES("+1"), LCF_JSON_NONE},
        {"minus sign alone", BYTES("-"), LCF_JSON_NONE},
        {"two minus signs", BYTES("--1"), LCF_JSON_NONE},
        {"minus and a space", BYTES("- 1"), LCF_JSON_NONE},
        {"no digit before the point", BYTES(".5"), LCF_JSON_NONE},
        {"no digit after the point", BYTES("5."), LCF_JSON_NONE},
        {"minus and a point", BYTES("-.5"), LCF_JSON_NONE},
        {"point and exponent", BYTES("1.e5"), LCF_JSON_NONE},
        {"two points", BYTES("1.2.3"), LCF_JSON_NONE},
        {"empty exponent", BYTES("1e"), LCF_JSON_NONE},
        {"empty exponent with sign", BYTES("1e+"), LCF_JSON_NONE},
        {"two signs in an exponent", BYTES("1e+-5"), LCF_JSON_NONE},
        {"fraction in an exponent", BYTES("1e5.5"), LCF_JSON_NONE},
        {"thousands", BYTES("1,000"), LCF_JSON_NONE},
        {"underscore", BYTES("1_000"), LCF_JSON_NONE},
        {"string in single quotes", BYTES("'a'"), LCF_JSON_NONE},
        {"unclosed string", BYTES("\"a"), LCF_JSON_NONE},
        {"a quote alone", BYTES("\""), LCF_JSON_NONE},
        {"string that ends in a backslash", BYTES("\"a\\\""), LCF_JSON_NONE},
        {"two strings", BYTES("\"a\"\"b\""), LCF_JSON_NONE},
        {"HTML", BYTES("<!DOCTYPE html><html></html>"), LCF_JSON_NONE},
    };
    (void)state;
    expect_types(rows, COUNT(rows));
}

static void a_text_without_any_bytes_needs_no_pointer(void **state)
{
    (void)state;
    assert_int_equal(lcf_json_check(lcf_span_of((struct lcf_text){NULL, 0})), LCF_JSON_NONE);
}

static void every_truncation_of_a_document_is_refused(void **state)
{
    static const char *const documents[] = {
        "{\"success\":true,\"errors\":[],\"messages\":[],\"result\":{\"id\":\"0123456789abcdef0123456789abcdef\"}}",
        "{ \"a\" : [ 1.5e-3 , -0 , true , false , null ] , \"b\" : { \"c\" : \"\\u00e9\\n\" } }",
        "[[[[[[[[{}]]]]]]],{\"x\":[{\"y\":[]}]}]",
        "\"\\ud83d\\ude00 \xF0\x9F\x98\x80 \xE2\x82\xAC \xC3\xA9 \\\"\"",
        "true",
        "false",
        "null",
    };
    unsigned wrong = 0;
    (void)state;
    for (size_t i = 0; i < COUNT(documents); i++) {
        struct lcf_text whole = text_of(documents[i]);
        if (check(whole) == LCF_JSON_NONE) WRONG(wrong, "document %zu is refused when whole", i);
        for (size_t len = 0; len < whole.len; len++)
            if (check((struct lcf_text){whole.at, len}) != LCF_JSON_NONE)
                WRONG(wrong, "document %zu cut after %zu bytes is accepted", i, len);
    }
    expect_none(wrong);
}

/* `depth` openers, `core`, and the closers that match. */
static enum lcf_json check_nested(const char *opener, const char *core, const char *closer, size_t depth)
{
    size_t size = depth * (strlen(opener) + strlen(closer)) + strlen(core) + 1;
    char *document = malloc(size);
    char *at = document;
    assert_non_null(document);
    for (size_t i = 0; i < depth; i++) at = (char *)memcpy(at, opener, strlen(opener)) + strlen(opener);
    at = (char *)memcpy(at, core, strlen(core)) + strlen(core);
    for (size_t i = 0; i < depth; i++) at = (char *)memcpy(at, closer, strlen(closer)) + strlen(closer);
    enum lcf_json type = check((struct lcf_text){document, (size_t)(at - document)});
    free(document);
    return type;
}

static void nesting_is_accepted_to_a_depth_of_64_and_refused_from_65(void **state)
{
    (void)state;
    assert_int_equal(LCF_JSON_DEPTH, 64);
    assert_int_equal(check_nested("[", "", "]", 64), LCF_JSON_ARRAY);
    assert_int_equal(check_nested("[", "", "]", 65), LCF_JSON_NONE);
    assert_int_equal(check_nested("[", "1", "]", 64), LCF_JSON_ARRAY);
    assert_int_equal(check_nested("[", "1", "]", 65), LCF_JSON_NONE);
    assert_int_equal(check_nested("{\"a\":", "null", "}", 64), LCF_JSON_OBJECT);
    assert_int_equal(check_nested("{\"a\":", "null", "}", 65), LCF_JSON_NONE);
    assert_int_equal(check_nested("[{\"a\":", "{}", "}]", 31), LCF_JSON_ARRAY);
    assert_int_equal(check_nested("[{\"a\":", "[[]]", "}]", 31), LCF_JSON_ARRAY);
    assert_int_equal(check_nested("[{\"a\":", "[[[]]]", "}]", 31), LCF_JSON_NONE);
    assert_int_equal(check_nested("[", "", "]", 200000), LCF_JSON_NONE);
    assert_int_equal(check_nested("[", "", "", 200000), LCF_JSON_NONE);
}

static void depth_counts_what_is_open_not_what_was_opened(void **state)
{
    char document[2 + 3 * 1000];
    size_t len = 0;
    (void)state;
    document[len++] = '[';
    for (int i = 0; i < 999; i++) memcpy(document + len, "[],", 3), len += 3;
    memcpy(document + len, "[]]", 3), len += 3;
    assert_int_equal(check((struct lcf_text){document, len}), LCF_JSON_ARRAY);
}

static void invalid_utf8_is_refused(void **state)
{
    static const struct row rows[] = {
        {"continuation byte alone", BYTES("\"\x80\""), LCF_JSON_NONE},
        {"the last continuation byte alone", BYTES("\"\xBF\""), LCF_JSON_NONE},
        {"overlong NUL in two bytes", BYTES("\"\xC0\x80\""), LCF_JSON_NONE},
        {"overlong quote in two bytes", BYTES("\"\xC0\xA2\""), LCF_JSON_NONE},
        {"overlong U+007F in two bytes", BYTES("\"\xC1\xBF\""), LCF_JSON_NONE},
        {"overlong U+07FF in three bytes", BYTES("\"\xE0\x9F\xBF\""), LCF_JSON_NONE},
        {"overlong U+FFFF in four bytes", BYTES("\"\xF0\x8F\xBF\xBF\""), LCF_JSON_NONE},
        {"a third byte that continues nothing", BYTES("\"\xE2\x82\xC0\""), LCF_JSON_NONE},
        {"a fourth byte that continues nothing", BYTES("\"\xF0\x9F\x98\xC0\""), LCF_JSON_NONE},
        {"the first surrogate", BYTES("\"\xED\xA0\x80\""), LCF_JSON_NONE},
        {"the last surrogate", BYTES("\"\xED\xBF\xBF\""), LCF_JSON_NONE},
        {"a surrogate pair in six bytes", BYTES("\"\xED\xA0\xBD\xED\xB8\x80\""), LCF_JSON_NONE},
        {"over U+10FFFF", BYTES("\"\xF4\x90\x80\x80\""), LCF_JSON_NONE},
        {"lead byte F5", BYTES("\"\xF5\x80\x80\x80\""), LCF_JSON_NONE},
        {"five bytes", BYTES("\"\xF8\x88\x80\x80\x80\""), LCF_JSON_NONE},
        {"FE", BYTES("\"\xFE\""), LCF_JSON_NONE},
        {"FF", BYTES("\"\xFF\""), LCF_JSON_NONE},
        {"two bytes cut after one", BYTES("\"\xC3\""), LCF_JSON_NONE},
        {"three bytes cut after one", BYTES("\"\xE2\""), LCF_JSON_NONE},
        {"three bytes cut after two", BYTES("\"\xE2\x82\""), LCF_JSON_NONE},
        {"four bytes cut after three", BYTES("\"\xF0\x9F\x98\""), LCF_JSON_NONE},
        {"cut by the end of the text", BYTES("\"\xF0\x9F\x98"), LCF_JSON_NONE},
        {"cut by another character", BYTES("\"\xE2\x82" "a\""), LCF_JSON_NONE},
        {"cut by a lead byte", BYTES("\"\xE2\x82\xE2\x82\xAC\""), LCF_JSON_NONE},
        {"Latin-1", BYTES("\"caf\xE9\""), LCF_JSON_NONE},
        {"in a key", BYTES("{\"\xE9\":1}"), LCF_JSON_NONE},
        {"outside a string", BYTES("[\xC3\xA9]"), LCF_JSON_NONE},
    };
    (void)state;
    expect_types(rows, COUNT(rows));
}

/* Plain UTF-8, with no care for what may be encoded. */
static size_t encode(unsigned long point, unsigned char *out)
{
    if (point < 0x80) {
        out[0] = (unsigned char)point;
        return 1;
    }
    if (point < 0x800) {
        out[0] = (unsigned char)(0xC0 | point >> 6);
        out[1] = (unsigned char)(0x80 | (point & 0x3F));
        return 2;
    }
    if (point < 0x10000) {
        out[0] = (unsigned char)(0xE0 | point >> 12);
        out[1] = (unsigned char)(0x80 | (point >> 6 & 0x3F));
        out[2] = (unsigned char)(0x80 | (point & 0x3F));
        return 3;
    }
    out[0] = (unsigned char)(0xF0 | point >> 18);
    out[1] = (unsigned char)(0x80 | (point >> 12 & 0x3F));
    out[2] = (unsigned char)(0x80 | (point >> 6 & 0x3F));
    out[3] = (unsigned char)(0x80 | (point & 0x3F));
    return 4;
}

static void every_code_point_but_the_surrogates_may_stand_raw_in_a_string(void **state)
{
    unsigned wrong = 0;
    (void)state;
    for (unsigned long point = 0; point < 0x120000; point++) {
        unsigned char document[6] = {'"'};
        size_t len = 1 + encode(point, document + 1);
        document[len++] = '"';
        bool control = point < 0x20 || point == '"' || point == '\\';
        bool surrogate = point >= 0xD800 && point <= 0xDFFF;
        bool good = !control && !surrogate && point <= 0x10FFFF;
        if ((check_bytes(document, len) == LCF_JSON_STRING) != good)
            WRONG(wrong, "U+%04lX is %s", point, good ? "refused" : "accepted");
    }
    expect_none(wrong);
}

static void every_code_point_but_controls_and_surrogates_is_taken_as_one_character(void **state)
{
    unsigned wrong = 0;
    (void)state;
    for (unsigned long point = 0; point < 0x120000; point++) {
        unsigned char text[4], taken[4];
        size_t len = encode(point, text);
        bool good = point >= 0x20 && (point < 0xD800 || point > 0xDFFF) && point <= 0x10FFFF;
        struct lcf_span rest = lcf_span_of((struct lcf_text){(const char *)text, len});
        if (lcf_utf8_take(&rest, taken) != (good ? len : 0) || (good && memcmp(taken, text, len) != 0))
            WRONG(wrong, "U+%04lX is %s", point, good ? "not taken" : "taken");
    }
    expect_none(wrong);
}

static void every_code_point_can_be_escaped_and_decodes_to_its_utf8(void **state)
{
    unsigned wrong = 0;
    (void)state;
    for (unsigned long point = 0; point <= 0x10FFFF; point++) {
        char document[16], decoded[4];
        unsigned char expected[4];
        size_t len = 0, expected_len = encode(point, expected);
        unsigned long high = 0xD800 + ((point - 0x10000) >> 10), low = 0xDC00 + (point & 0x3FF);
        if (point < 0x10000) (void)snprintf(document, sizeof document, "\"\\u%04lx\"", point);
        else (void)snprintf(document, sizeof document, "\"\\u%04lX\\u%04lx\"", high & 0xFFFF, low);
        bool good = point < 0xD800 || point > 0xDFFF;
        if ((lcf_json_check(span(document)) == LCF_JSON_STRING) != good) WRONG(wrong, "check of %s", document);
        if (!good) continue;
        if (!lcf_json_decode(span(document), decoded, sizeof decoded, &len) || len != expected_len ||
            memcmp(decoded, expected, len) != 0)
            WRONG(wrong, "%s decodes wrongly", document);
    }
    expect_none(wrong);
}

static void every_pair_of_high_bytes_is_judged_as_rfc_3629_does(void **state)
{
    unsigned wrong = 0;
    (void)state;
    for (unsigned first = 0x80; first <= 0xFF; first++)
        for (unsigned second = 0x20; second <= 0xFF; second++) {
            unsigned char document[] = {'"', (unsigned char)first, (unsigned char)second, '"'};
            bool good = first >= 0xC2 && first <= 0xDF && second >= 0x80 && second <= 0xBF;
            if ((check_bytes(document, sizeof document) == LCF_JSON_STRING) != good)
                WRONG(wrong, "%02X %02X is %s", first, second, good ? "refused" : "accepted");
        }
    expect_none(wrong);
}

static void no_byte_that_leads_no_character_is_saved_by_what_follows(void **state)
{
    unsigned wrong = 0;
    (void)state;
    for (unsigned lead = 0; lead <= 0xFF; lead++) {
        if ((lead >= 0x20 && lead < 0x80) || (lead >= 0xC2 && lead <= 0xF4)) continue;
        for (size_t more = 0; more < 4; more++) {
            unsigned char document[6] = {'"', (unsigned char)lead, 0x90, 0x90, 0x90, 0x90};
            document[2 + more] = '"';
            if (check_bytes(document, 3 + more) != LCF_JSON_NONE) WRONG(wrong, "%02X and %zu more", lead, more);
        }
    }
    expect_none(wrong);
}

static void raw_control_bytes_are_refused_in_strings_and_keys(void **state)
{
    unsigned wrong = 0;
    (void)state;
    for (unsigned char byte = 0; byte < 0x20; byte++) {
        unsigned char in_string[] = {'"', 'a', byte, 'b', '"'};
        unsigned char in_key[] = {'{', '"', byte, '"', ':', '1', '}'};
        if (check_bytes(in_string, sizeof in_string) != LCF_JSON_NONE) WRONG(wrong, "%02X in a string", byte);
        if (check_bytes(in_key, sizeof in_key) != LCF_JSON_NONE) WRONG(wrong, "%02X in a key", byte);
    }
    expect_none(wrong);
}

static void only_four_bytes_are_space(void **state)
{
    unsigned wrong = 0;
    (void)state;
    for (unsigned byte = 0; byte <= 0xFF; byte++) {
        bool space = byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r';
        unsigned char before[] = {(unsigned char)byte, '{', '}'};
        unsigned char inside[] = {'{', (unsigned char)byte, '}'};
        unsigned char behind[] = {'{', '}', (unsigned char)byte};
        if ((check_bytes(before, sizeof before) == LCF_JSON_OBJECT) != space) WRONG(wrong, "%02X before", byte);
        if ((check_bytes(inside, sizeof inside) == LCF_JSON_OBJECT) != space) WRONG(wrong, "%02X inside", byte);
        if ((check_bytes(behind, sizeof behind) == LCF_JSON_OBJECT) != space) WRONG(wrong, "%02X behind", byte);
    }
    expect_none(wrong);
}

static void only_eight_bytes_may_follow_a_backslash_alone(void **state)
{
    unsigned wrong = 0;
    (void)state;
    for (unsigned byte = 0; byte <= 0xFF; byte++) {
        unsigned char document[] = {'"', '\\', (unsigned char)byte, '"'};
        bool good = byte != 0 && strchr("\"\\/bfnrt", (int)byte) != NULL;
        if ((check_bytes(document, sizeof document) == LCF_JSON_STRING) != good) WRONG(wrong, "\\ and %02X", byte);
    }
    expect_none(wrong);
}

static void broken_unicode_escapes_are_refused(void **state)
{
    static const struct row rows[] = {
        {"no digits", BYTES("\"\\u\""), LCF_JSON_NONE},
        {"three digits", BYTES("\"\\u123\""), LCF_JSON_NONE},
        {"a digit that is none", BYTES("\"\\u12g4\""), LCF_JSON_NONE},
        {"a sign", BYTES("\"\\u+123\""), LCF_JSON_NONE},
        {"a space", BYTES("\"\\u 123\""), LCF_JSON_NONE},
        {"an upper case U", BYTES("\"\\U0041\""), LCF_JSON_NONE},
        {"\\x", BYTES("\"\\x41\""), LCF_JSON_NONE},
        {"cut by the end of the text", BYTES("\"\\u00"), LCF_JSON_NONE},
        {"a high surrogate alone", BYTES("\"\\ud83d\""), LCF_JSON_NONE},
        {"a high surrogate before a letter", BYTES("\"\\ud83dx\""), LCF_JSON_NONE},
        {"a high surrogate before another escape", BYTES("\"\\ud83d\\n\""), LCF_JSON_NONE},
        {"a high surrogate before a plain \\u", BYTES("\"\\ud83d\\u0041\""), LCF_JSON_NONE},
        {"a high surrogate before the point behind the low ones", BYTES("\"\\ud83d\\ue000\""), LCF_JSON_NONE},
        {"two high surrogates", BYTES("\"\\ud83d\\ud83d\""), LCF_JSON_NONE},
        {"two low surrogates", BYTES("\"\\udc00\\udc00\""), LCF_JSON_NONE},
        {"a low surrogate alone", BYTES("\"\\ude00\""), LCF_JSON_NONE},
        {"a pair in the wrong order", BYTES("\"\\ude00\\ud83d\""), LCF_JSON_NONE},
        {"a pair cut in its second half", BYTES("\"\\ud83d\\ude0\""), LCF_JSON_NONE},
        {"a pair without its second \\u", BYTES("\"\\ud83dde00\""), LCF_JSON_NONE},
        {"half a pair escaped, half raw", BYTES("\"\\ud83d\xED\xB8\x80\""), LCF_JSON_NONE},
        {"a lone surrogate in a key", BYTES("{\"\\udfff\":1}"), LCF_JSON_NONE},
    };
    (void)state;
    expect_types(rows, COUNT(rows));
}

static void only_hexadecimal_digits_make_a_unicode_escape(void **state)
{
    unsigned wrong = 0;
    (void)state;
    for (size_t place = 3; place < 7; place++)
        for (unsigned byte = 0; byte <= 0xFF; byte++) {
            unsigned char document[] = "\"\\u0000\"";
            bool good = byte != 0 && strchr("0123456789abcdefABCDEF", (int)byte) != NULL;
            document[place] = (unsigned char)byte;
            if ((check_bytes(document, 8) == LCF_JSON_STRING) != good) WRONG(wrong, "digit %zu as %02X", place - 2, byte);
        }
    expect_none(wrong);
}

static void strings_are_compared_after_their_escapes_are_decoded(void **state)
{
    static const struct {
        const char *what;
        struct lcf_text json, bytes;
        bool equal;
    } rows[] = {
        {"the same", BYTES("\"success\""), BYTES("success"), true},
        {"empty and empty", BYTES("\"\""), BYTES(""), true},
        {"one letter escaped", BYTES("\"succes\\u0073\""), BYTES("success"), true},
        {"all letters escaped", BYTES("\"\\u0069\\u0064\""), BYTES("id"), true},
        {"short escapes", BYTES("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\""), BYTES("\"\\/\b\f\n\r\t"), true},
        {"a NUL", BYTES("\"a\\u0000b\""), BYTES("a\0b"), true},
        {"two-byte UTF-8, escaped", BYTES("\"\\u00e9\""), BYTES("\xC3\xA9"), true},
        {"four-byte UTF-8, raw", BYTES("\"\xF0\x9F\x98\x80\""), BYTES("\xF0\x9F\x98\x80"), true},
        {"four-byte UTF-8, escaped", BYTES("\"\\ud83d\\ude00\""), BYTES("\xF0\x9F\x98\x80"), true},
        {"shorter", BYTES("\"succes\""), BYTES("success"), false},
        {"longer", BYTES("\"successs\""), BYTES("success"), false},
        {"longer by a NUL", BYTES("\"success\\u0000\""), BYTES("success"), false},
        {"empty and something", BYTES("\"\""), BYTES("a"), false},
        {"something and empty", BYTES("\"a\""), BYTES(""), false},
        {"another letter", BYTES("\"succesS\""), BYTES("success"), false},
        {"an escape written as the bytes are", BYTES("\"\\n\""), BYTES("\\n"), false},
        {"an escape that is only spelt", BYTES("\"\\\\u0069d\""), BYTES("id"), false},
        {"half of a character", BYTES("\"\\u00e9\""), BYTES("\xC3"), false},
        {"a string that never ends", BYTES("\"id"), BYTES("id"), false},
        {"a string that ends in a backslash", BYTES("\"id\\"), BYTES("id"), false},
        {"a letter that looks alike", BYTES("\"\\u0456d\""), BYTES("id"), false},
    };
    unsigned wrong = 0;
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct lcf_text json = exact(rows[i].json), bytes = exact(rows[i].bytes);
        if (lcf_json_equals(lcf_span_of(json), bytes.at, bytes.len) != rows[i].equal) WRONG(wrong, "%s", rows[i].what);
        release(json);
        release(bytes);
    }
    expect_none(wrong);
}

static void decoding_gives_the_bytes_and_never_more_than_there_is_room_for(void **state)
{
    static const struct {
        const char *what;
        struct lcf_text json;
        size_t max;
        bool good;
        struct lcf_text decoded;
    } rows[] = {
        {"plain", BYTES("\"abc\""), 10, true, BYTES("abc")},
        {"it just fits", BYTES("\"abc\""), 3, true, BYTES("abc")},
        {"one byte too long", BYTES("\"abcd\""), 3, false, BYTES("")},
        {"empty into nothing", BYTES("\"\""), 0, true, BYTES("")},
        {"something into nothing", BYTES("\"a\""), 0, false, BYTES("")},
        {"escapes are counted decoded", BYTES("\"\\u0061\\u0062\\u0063\""), 3, true, BYTES("abc")},
        {"a NUL is a byte like any other", BYTES("\"a\\u0000b\""), 3, true, BYTES("a\0b")},
        {"a character that only half fits", BYTES("\"ab\\u00e9\""), 3, false, BYTES("")},
        {"four bytes that fit", BYTES("\"\\ud83d\\ude00\""), 4, true, BYTES("\xF0\x9F\x98\x80")},
        {"four bytes that do not", BYTES("\"\\ud83d\\ude00\""), 3, false, BYTES("")},
        {"a string that never ends", BYTES("\"abc"), 10, false, BYTES("")},
        {"all short escapes", BYTES("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\""), 8, true, BYTES("\"\\/\b\f\n\r\t")},
    };
    unsigned wrong = 0;
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct lcf_text json = exact(rows[i].json);
        char *out = malloc(rows[i].max);
        size_t len = 0;
        bool good = lcf_json_decode(lcf_span_of(json), out, rows[i].max, &len);
        if (good != rows[i].good) WRONG(wrong, "%s: %s", rows[i].what, good ? "decoded" : "refused");
        else if (good && (len != rows[i].decoded.len || (len && memcmp(out, rows[i].decoded.at, len) != 0)))
            WRONG(wrong, "%s: other bytes", rows[i].what);
        release(json);
        free(out);
    }
    expect_none(wrong);
}

static void integers_are_read_up_to_nine_plain_digits(void **state)
{
    static const struct {
        struct lcf_text number;
        bool good;
        int value;
    } rows[] = {
        {BYTES("0"), true, 0},
        {BYTES("7"), true, 7},
        {BYTES("7003"), true, 7003},
        {BYTES("999999999"), true, 999999999},
        {BYTES("1000000000"), false, 0},
        {BYTES("2147483648"), false, 0},
        {BYTES("99999999999999999999"), false, 0},
        {BYTES("-1"), false, 0},
        {BYTES("-0"), false, 0},
        {BYTES("7003.0"), false, 0},
        {BYTES("7e3"), false, 0},
        {BYTES("1E2"), false, 0},
        {BYTES(""), false, 0},
        {BYTES("\"7003\""), false, 0},
        {BYTES("null"), false, 0},
    };
    unsigned wrong = 0;
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct lcf_text number = exact(rows[i].number);
        int value = -5;
        bool good = lcf_json_integer(lcf_span_of(number), &value);
        if (good != rows[i].good || (good && value != rows[i].value))
            WRONG(wrong, "%.*s", (int)rows[i].number.len, rows[i].number.at);
        release(number);
    }
    expect_none(wrong);
}

static void expect_span(struct lcf_span got, const char *expected)
{
    assert_int_equal(got.end - got.at, strlen(expected));
    assert_memory_equal(got.at, expected, strlen(expected));
}

static void expect_item(struct lcf_json_walk *walk, const char *key, const char *value, enum lcf_json type)
{
    struct lcf_json_item item;
    if (!lcf_json_next(walk, &item)) fail_msg("the walk ended before %s", value);
    expect_span(item.key, key);
    expect_span(item.value, value);
    assert_int_equal(item.type, type);
}

static void expect_no_more(struct lcf_json_walk *walk)
{
    struct lcf_json_item item;
    assert_false(lcf_json_next(walk, &item));
    assert_false(lcf_json_next(walk, &item)); /* and it stays at the end */
}

static void walking_an_object_gives_each_member_once_as_it_is_written(void **state)
{
    struct lcf_text document = exact(text_of(
        " { \"a\" : 1 ,\"\\u0062\":{\"x\":[1,2]},\"c\":[ ] , \"d\":\"}\",\"e\":true,\"f\":false,\"g\":null,\"a\":-1.5e3} "));
    (void)state;
    assert_int_equal(lcf_json_check(lcf_span_of(document)), LCF_JSON_OBJECT);
    struct lcf_json_walk walk = lcf_json_enter(lcf_span_of(document));
    expect_item(&walk, "\"a\"", "1", LCF_JSON_NUMBER);
    expect_item(&walk, "\"\\u0062\"", "{\"x\":[1,2]}", LCF_JSON_OBJECT);
    expect_item(&walk, "\"c\"", "[ ]", LCF_JSON_ARRAY);
    expect_item(&walk, "\"d\"", "\"}\"", LCF_JSON_STRING);
    expect_item(&walk, "\"e\"", "true", LCF_JSON_TRUE);
    expect_item(&walk, "\"f\"", "false", LCF_JSON_FALSE);
    expect_item(&walk, "\"g\"", "null", LCF_JSON_NULL);
    expect_item(&walk, "\"a\"", "-1.5e3", LCF_JSON_NUMBER);
    expect_no_more(&walk);
    release(document);
}

static void walking_an_array_gives_elements_without_keys(void **state)
{
    struct lcf_text document = exact(text_of("[ 0 ,\"]\",[[]],{\"a\":[]} ]"));
    (void)state;
    struct lcf_json_walk walk = lcf_json_enter(lcf_span_of(document));
    expect_item(&walk, "", "0", LCF_JSON_NUMBER);
    expect_item(&walk, "", "\"]\"", LCF_JSON_STRING);
    expect_item(&walk, "", "[[]]", LCF_JSON_ARRAY);
    expect_item(&walk, "", "{\"a\":[]}", LCF_JSON_OBJECT);
    expect_no_more(&walk);
    release(document);
}

static void walking_what_is_empty_ends_at_once(void **state)
{
    static const char *const empties[] = {"{}", "[]", " { \n } ", " [\t] ", ""};
    (void)state;
    for (size_t i = 0; i < COUNT(empties); i++) {
        struct lcf_text document = exact(text_of(empties[i]));
        struct lcf_json_walk walk = lcf_json_enter(lcf_span_of(document));
        assert_true(walk.rest.at <= walk.rest.end);
        expect_no_more(&walk);
        release(document);
    }
}

static void a_value_from_a_walk_can_be_walked_in_turn(void **state)
{
    struct lcf_text document = exact(text_of("{\"result\":{\"id\":\"x\"}}"));
    struct lcf_json_walk outer = lcf_json_enter(lcf_span_of(document));
    struct lcf_json_item item;
    (void)state;
    assert_true(lcf_json_next(&outer, &item));
    struct lcf_json_walk inner = lcf_json_enter(item.value);
    expect_item(&inner, "\"id\"", "\"x\"", LCF_JSON_STRING);
    expect_no_more(&inner);
    expect_no_more(&outer);
    release(document);
}

/* Walks everything that was accepted; a walk that went round in circles would count for ever. */
static size_t count_values(struct lcf_span value, enum lcf_json type)
{
    size_t count = 1;
    if (type != LCF_JSON_OBJECT && type != LCF_JSON_ARRAY) return count;
    struct lcf_json_walk walk = lcf_json_enter(value);
    for (struct lcf_json_item item; count <= (size_t)(value.end - value.at) && lcf_json_next(&walk, &item);)
        count += count_values(item.value, item.type);
    return count;
}

static void whatever_one_changed_byte_makes_of_a_document_it_is_read_within_bounds(void **state)
{
    static const char document[] = "{\"a\":[1,-2.5e+3,\"\\u00e9\xC3\xA9\\\\\"],\"b\":{\"c\":null,\"d\":[{},true]}}";
    unsigned wrong = 0, accepted = 0;
    (void)state;
    for (size_t i = 0; i < sizeof document - 1; i++)
        for (unsigned byte = 0; byte <= 0xFF; byte++) {
            struct lcf_text copy = exact(text_of(document));
            ((char *)copy.at)[i] = (char)byte;
            enum lcf_json type = lcf_json_check(lcf_span_of(copy));
            accepted += type != LCF_JSON_NONE;
            if (type != LCF_JSON_NONE && count_values(lcf_span_of(copy), type) > copy.len)
                WRONG(wrong, "byte %zu as %02X is walked without an end", i, byte);
            release(copy);
        }
    assert_true(accepted >= sizeof document - 1 && accepted <= (sizeof document - 1) * 255);
    expect_none(wrong);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_production_of_json_is_accepted),
        cmocka_unit_test(what_is_not_json_is_refused),
        cmocka_unit_test(a_text_without_any_bytes_needs_no_pointer),
        cmocka_unit_test(every_truncation_of_a_document_is_refused),
        cmocka_unit_test(nesting_is_accepted_to_a_depth_of_64_and_refused_from_65),
        cmocka_unit_test(depth_counts_what_is_open_not_what_was_opened),
        cmocka_unit_test(invalid_utf8_is_refused),
        cmocka_unit_test(every_pair_of_high_bytes_is_judged_as_rfc_3629_does),
        cmocka_unit_test(no_byte_that_leads_no_character_is_saved_by_what_follows),
        cmocka_unit_test(raw_control_bytes_are_refused_in_strings_and_keys),
        cmocka_unit_test(only_four_bytes_are_space),
        cmocka_unit_test(only_eight_bytes_may_follow_a_backslash_alone),
        cmocka_unit_test(broken_unicode_escapes_are_refused),
        cmocka_unit_test(only_hexadecimal_digits_make_a_unicode_escape),
        cmocka_unit_test(strings_are_compared_after_their_escapes_are_decoded),
        cmocka_unit_test(decoding_gives_the_bytes_and_never_more_than_there_is_room_for),
        cmocka_unit_test(integers_are_read_up_to_nine_plain_digits),
        cmocka_unit_test(walking_an_object_gives_each_member_once_as_it_is_written),
        cmocka_unit_test(walking_an_array_gives_elements_without_keys),
        cmocka_unit_test(walking_what_is_empty_ends_at_once),
        cmocka_unit_test(a_value_from_a_walk_can_be_walked_in_turn),
        cmocka_unit_test(whatever_one_changed_byte_makes_of_a_document_it_is_read_within_bounds),
        cmocka_unit_test(every_code_point_but_the_surrogates_may_stand_raw_in_a_string),
        cmocka_unit_test(every_code_point_but_controls_and_surrogates_is_taken_as_one_character),
        cmocka_unit_test(every_code_point_can_be_escaped_and_decodes_to_its_utf8),
    };
    return cmocka_run_group_tests_name("scanner", tests, NULL, NULL);
}
