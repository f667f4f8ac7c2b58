#ifndef LCF_DRAFT_H
#define LCF_DRAFT_H

#include "options.h"

/* A text made of a Lua table: a JSON body or a query. It grows in a buffer of its own, a userdata that frees and
 * wipes it, so that between the first look at the table and the last neither Lua nor a finalizer can run: what is
 * written is the table at one moment. Between lcf_draft_push and lcf_draft_end a writer calls nothing of Lua's that
 * allocates or raises. */

#define LCF_DRAFT_MAX (16 * 1024 * 1024) /* bytes; also ends the walk through tables that share their fields */

struct lcf_draft {
    struct lcf_bytes text;
    struct lcf_bytes parts; /* what has been written but stands in no order yet: struct part */
    const char *whole;      /* the name of all that is written, for faults */
    bool lacks_memory;
    char argument[256], message[160]; /* of the last fault; empty for none */
};

/* [-0, +0, e] */
void lcf_draft_open(lua_State *L);
/* [-0, +1, e] An empty draft. */
struct lcf_draft *lcf_draft_push(lua_State *L, const char *whole);

/* Where memory is short or the maximum is passed that is only noted: ask whether the draft failed. */
bool lcf_draft_failed(const struct lcf_draft *draft);
void lcf_draft_add(struct lcf_draft *draft, const char *at, size_t len);
void lcf_draft_add_char(struct lcf_draft *draft, char byte);
/* For a URL: bytes that it does not keep as they are become %XX. */
void lcf_draft_add_escaped(struct lcf_draft *draft, struct lcf_span text, bool (*keeps)(int byte));
/* [-0, +0, -] Adds the number at `index`: whole numbers without fraction or exponent, others with the fewest of 15
 * to 17 digits that read back as the same; the same in every locale. False where it is not finite. */
bool lcf_draft_add_number(lua_State *L, int index, struct lcf_draft *draft);

/* Members are written in the order in which Lua gives them, each with one byte in front, and sorted in the end:
 *     size_t first = lcf_draft_parts(draft), from = draft->text.len;
 *     … for each: write it, then lcf_draft_part(draft, from, key_len); from = draft->text.len;
 *     lcf_draft_sort(draft, first);
 * `key_len` counts the bytes, that in front included, by which a part is sorted. */
size_t lcf_draft_parts(const struct lcf_draft *draft);
void lcf_draft_part(struct lcf_draft *draft, size_t from, size_t key_len);
void lcf_draft_sort(struct lcf_draft *draft, size_t first);

/* Notes what is wrong; always false. */
bool lcf_draft_fault(struct lcf_draft *draft, const char *argument, const char *message);
/* The same of a field of the whole, or of the whole itself where `name` is NULL. A long name may be a secret that slipped
 * into the wrong place: it is not repeated. */
bool lcf_draft_refuse(struct lcf_draft *draft, const char *name, const char *message);

/* [-1, +1, e] Puts the finished text, a string, in the place of the draft on top of the stack; for a fault leaves the
 * draft there, on which its words rest. */
struct lcf_fault lcf_draft_end(lua_State *L);

#endif
