#ifndef LCF_SPEC_FUZZ_H
#define LCF_SPEC_FUZZ_H

/* What every target needs: the shape that libFuzzer and AFL++ call, a check that names itself
 * before it aborts, and inputs in blocks of exactly their size. */

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../src/core/span.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(holds) \
    do { \
        if (!(holds)) fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #holds), abort(); \
    } while (0)

/* A copy whose ends the sanitizers watch; release it by its `at`. */
static inline struct lcf_span exact(const uint8_t *data, size_t size)
{
    char *block = malloc(size ? size : 1);
    MUST(block);
    if (size) memcpy(block, data, size);
    return (struct lcf_span){block, block + size};
}

static inline void release(struct lcf_span span)
{
    free((void *)span.at);
}

/* Without the space around it that JSON allows. */
static inline struct lcf_span trimmed(struct lcf_span text)
{
    while (text.at < text.end && memchr(" \t\r\n", *text.at, 4)) text.at++;
    while (text.at < text.end && memchr(" \t\r\n", text.end[-1], 4)) text.end--;
    return text;
}

#endif
