/* Foreign words as they may stand in a sentence of ours. */

#include "support.h"

#include "../../src/core/words.h"

/* What is written of `words` into a block of exactly `max` bytes; `out` gets it with a NUL. */
static size_t copied(struct lcf_text words, size_t max, char *out)
{
    struct lcf_text copy = exact(words);
    char *block = malloc(max);
    assert_true(block != NULL || max == 0);
    size_t len = lcf_words_copy(lcf_span_of(copy), block, max);
    assert_true(len <= max);
    memcpy(out, block ? block : "", len);
    out[len] = '\0';
    free(block);
    release(copy);
    return len;
}

struct row {
    const char *what;
    struct lcf_text words;
    const char *copy;
};

static void expect_copies(const struct row *rows, size_t count)
{
    unsigned wrong = 0;
    char out[200];
    for (size_t i = 0; i < count; i++) {
        size_t len = copied(rows[i].words, sizeof out - 1, out);
        if (len != strlen(rows[i].copy) || strcmp(out, rows[i].copy) != 0)
            WRONG(wrong, "%s: \"%s\", expected \"%s\"", rows[i].what, out, rows[i].copy);
    }
    expect_none(wrong);
}

static void words_of_every_script_stand_as_they_are(void **state)
{
    static const struct row rows[] = {
        {"nothing", BYTES(""), ""},
        {"ASCII", BYTES("Invalid API Token (\"x\\y\") ~"), "Invalid API Token (\"x\\y\") ~"},
        {"two bytes", BYTES("\xC2\xA0\xC3\xBC\xDF\xBF"), "\xC2\xA0\xC3\xBC\xDF\xBF"},
        {"three bytes", BYTES("\xE0\xA0\x80\xE4\xBD\xA0\xEF\xBF\xBD"), "\xE0\xA0\x80\xE4\xBD\xA0\xEF\xBF\xBD"},
        {"four bytes", BYTES("\xF0\x9F\x94\x92\xF4\x8F\xBF\xBF"), "\xF0\x9F\x94\x92\xF4\x8F\xBF\xBF"},
        {"beside the Arabic mark", BYTES("\xD8\x9B\xD8\x9D"), "\xD8\x9B\xD8\x9D"},
        {"beside the marks", BYTES("\xE2\x80\x8D\xE2\x80\x90"), "\xE2\x80\x8D\xE2\x80\x90"},
        {"beside the separators", BYTES("\xE2\x80\xA7\xE2\x80\xAF"), "\xE2\x80\xA7\xE2\x80\xAF"},
        {"beside the isolates", BYTES("\xE2\x81\xA5\xE2\x81\xAA"), "\xE2\x81\xA5\xE2\x81\xAA"},
    };
    (void)state;
    expect_copies(rows, COUNT(rows));
}

static void what_ends_a_line_steers_a_terminal_or_turns_the_writing_is_a_blank(void **state)
{
    static const struct row rows[] = {
        {"line ends and tabs", BYTES("a\r\nb\tc"), "a  b c"},
        {"NUL and DEL", BYTES("a\0b\x7F"), "a b "},
        {"an escape sequence", BYTES("\x1B[31m"), " [31m"},
        {"the first and last C1 control", BYTES("a\xC2\x80\xC2\x9F."), "a  ."},
        {"CSI and NEL as C1 controls", BYTES("\xC2\x9B" "31m\xC2\x85"), " 31m "},
        {"the Arabic letter mark", BYTES("a\xD8\x9C."), "a ."},
        {"direction marks", BYTES("\xE2\x80\x8E\xE2\x80\x8F."), "  ."},
        {"line and paragraph separators", BYTES("\xE2\x80\xA8\xE2\x80\xA9."), "  ."},
        {"embeddings and overrides", BYTES("\xE2\x80\xAA\xE2\x80\xAB\xE2\x80\xAC\xE2\x80\xAD\xE2\x80\xAE."), "     ."},
        {"isolates", BYTES("\xE2\x81\xA6\xE2\x81\xA7\xE2\x81\xA8\xE2\x81\xA9."), "    ."},
    };
    (void)state;
    expect_copies(rows, COUNT(rows));
}

static void a_byte_that_is_no_utf8_is_a_blank(void **state)
{
    static const struct row rows[] = {
        {"a C1 control of Latin-1", BYTES("a\x9B" "31m"), "a 31m"},
        {"Latin-1", BYTES("caf\xE9!"), "caf !"},
        {"an end in the middle of a character", BYTES("a\xE2\x82"), "a  "},
        {"a character cut short", BYTES("\xE2\x82" "abc"), "  abc"},
        {"an overlong slash", BYTES("\xC0\xAF."), "  ."},
        {"a surrogate", BYTES("\xED\xA0\x80."), "   ."},
        {"beyond U+10FFFF", BYTES("\xF4\x90\x80\x80."), "    ."},
        {"a good character behind a bad byte", BYTES("\xFF\xC3\xBC"), " \xC3\xBC"},
    };
    (void)state;
    expect_copies(rows, COUNT(rows));
}

static void the_copy_ends_on_a_whole_character(void **state)
{
    static const char words[] = "a\xC3\xBC\xE4\xBD\xA0\xF0\x9F\x94\x92";
    static const size_t lengths[] = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 10};
    char out[20];
    (void)state;
    for (size_t max = 0; max < COUNT(lengths); max++) {
        assert_int_equal(copied(text_of(words), max, out), lengths[max]);
        assert_memory_equal(out, words, lengths[max]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_of_every_script_stand_as_they_are),
        cmocka_unit_test(what_ends_a_line_steers_a_terminal_or_turns_the_writing_is_a_blank),
        cmocka_unit_test(a_byte_that_is_no_utf8_is_a_blank),
        cmocka_unit_test(the_copy_ends_on_a_whole_character),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
