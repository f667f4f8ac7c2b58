#ifndef LCF_QUERY_H
#define LCF_QUERY_H

#include "options.h"

/* A Lua table as the query of a URL: "?page=2&per_page=50". Each value is plain and is encoded here, once; the fields
 * are sorted, so that equal tables give equal bytes. */

enum lcf_field_type {
    LCF_FIELD_WHOLE,   /* a number without fraction, from `least` to `most` */
    LCF_FIELD_BOOLEAN,
    LCF_FIELD_TEXT,    /* a string that is not empty */
    LCF_FIELD_CHOICE   /* one of `choices` */
};

/* What an operation's row says of one field of its query; the last of a row has no name. */
struct lcf_field {
    const char *name;
    enum lcf_field_type type;
    int least, most;         /* `most` 0: no bound */
    const char *choices[3];  /* ends in NULL */
};

/* As the published schema has them. */
extern const struct lcf_field lcf_fields_of_list[], lcf_fields_of_groups[];

/* [-0, +1, e] Pushes the query of the table at `index` (not counted from the top), empty where there is none; or, with
 * a fault, what the fault's words rest on: its argument is the field, as in "query.per_page". Without `fields` every
 * name is taken, with a string, a number, a boolean, or a list of them, whose name is repeated for each. Tables are
 * read raw. */
struct lcf_fault lcf_query_push(lua_State *L, int index, const struct lcf_field *fields);

#endif
