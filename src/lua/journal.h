#ifndef LCF_JOURNAL_H
#define LCF_JOURNAL_H

#include "compat.h"

/* The file in which delete_many's journal is kept, a line an entry. Each line is handed to the system before the call
 * returns: it survives the end of this process, however that comes, but not a power cut. */

/* [-0, +0, e] Makes the metatable. */
void lcf_journal_open(lua_State *L);

/* open_journal(path): [-0, +1|2, v] the file, made if there is none; or nil and why. */
int lcf_journal_new(lua_State *L);
/* write_journal(file, line): [-0, +1|2, v] true; or nil and why: then it does not stand there as a whole line. */
int lcf_journal_write(lua_State *L);
/* read_journal(path): [-0, +1|2, v] the whole text; or nil and why. */
int lcf_journal_read(lua_State *L);

#endif
