#ifndef LCF_WORDS_H
#define LCF_WORDS_H

#include "span.h"

/* Foreign words, of the API or of libcurl, as they may stand in a sentence of ours: UTF-8 in which nothing
 * ends a line, steers a terminal or turns the direction of writing. */

/* Copies whole characters into the `max` bytes at `out`, as many as fit, with a blank for each that may not
 * stand there and for each byte that is no UTF-8. Returns how many bytes it wrote. */
size_t lcf_words_copy(struct lcf_span words, char *out, size_t max);

#endif
