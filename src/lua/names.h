#ifndef LCF_NAMES_H
#define LCF_NAMES_H

#include "compat.h"

#include <stddef.h>

/* Names that a caller wrote: which known one was meant, and how an unknown one is told. */

/* A longer one may be a secret that slipped into the wrong place: it is not repeated. */
#define LCF_NAME_MAX_LEN 24

/* Whichever of two known names is nearer to `name`: `best` (NULL for none yet) or `candidate`, which has to be near
 * enough to be meant. */
const char *lcf_nearer(const char *best, const char *candidate, const char *name);

/* edits(name, other): [-0, +1, -] how many letters have to be added, taken away or replaced to make one of the other;
 * of a name over LCF_NAME_MAX_LEN, more than enough. */
int lcf_edits(lua_State *L);

/* Writes "unknown option 'tiemout'; did you mean 'timeout'?", as far as it fits; `near` may be NULL. */
void lcf_unknown(char *to, size_t room, const char *noun, const char *name, const char *near);

#endif
