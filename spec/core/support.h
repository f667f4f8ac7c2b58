#ifndef LCF_SPEC_CORE_SUPPORT_H
#define LCF_SPEC_CORE_SUPPORT_H

/* What every spec of the core needs: cmocka with what it asks for, texts of exact length, rows
 * that name themselves, and numbers that are random but the same in every run. */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../src/core/span.h"

#define COUNT(rows) (sizeof(rows) / sizeof(rows)[0])

/* A text from a literal, inner NULs included. */
#define BYTES(literal) {(literal), sizeof(literal) - 1}

/* All rows of a table are tried before its test fails, so that one run names every wrong one, up to a screenful. */
#define MOST_NAMED 40
#define WRONG(count, ...) \
    ((count)++ < MOST_NAMED ? (print_error("  wrong: " __VA_ARGS__), print_error("\n")) : (void)0)

static inline void expect_none(unsigned wrong)
{
    if (wrong > 0) fail_msg("%u wrong, the first %d named above", wrong, MOST_NAMED);
}

static inline struct lcf_text text_of(const char *string)
{
    return (struct lcf_text){string, strlen(string)};
}

static inline struct lcf_span span(const char *string)
{
    return lcf_span_of(text_of(string));
}

/* A copy in a block of exactly its size: a read past the end is seen by the sanitizers. */
static inline struct lcf_text exact(struct lcf_text text)
{
    char *block = malloc(text.len);
    assert_true(block != NULL || text.len == 0);
    if (text.len > 0) memcpy(block, text.at, text.len);
    return (struct lcf_text){block, text.len};
}

static inline void release(struct lcf_text text)
{
    free((void *)text.at);
}

/* splitmix64 */
static inline uint64_t random_bits(uint64_t *seed)
{
    uint64_t z = (*seed += 0x9E3779B97F4A7C15u);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

static inline unsigned random_below(uint64_t *seed, unsigned bound)
{
    return (unsigned)(random_bits(seed) % bound);
}

static inline bool one_in(uint64_t *seed, unsigned chances)
{
    return random_below(seed, chances) == 0;
}

/* 0 to 1 */
static inline double random_part(uint64_t *seed)
{
    return (double)(random_bits(seed) >> 11) / 9007199254740992.0;
}

#endif
