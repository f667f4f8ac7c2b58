#ifndef LCF_ALPHABET_H
#define LCF_ALPHABET_H

#include "span.h"

/* Which bytes a text is made of, and how it begins: what the checks of ids and of URLs both ask. */

bool lcf_is_letter(int byte);
/* A capital letter of ASCII as a small one; any other byte as it is. */
int lcf_lower(int byte);
bool lcf_is_hex(char byte);
bool lcf_all(struct lcf_span text, bool (*allowed)(char));

bool lcf_starts_with(struct lcf_span text, const char *prefix);
/* Moves past a word in upper or lower case, given in lower case, if the text begins with it. */
bool lcf_take_any_case(struct lcf_span *text, const char *word);

#endif
