#ifndef LCF_FACTS_H
#define LCF_FACTS_H

#include "settle.h"

/* What a history amounts to, entry by entry, and the move from there. lcf_settle folds a whole history; the
 * exploration walks the facts themselves, which are finitely many where histories are not. */

struct lcf_facts {
    const struct lcf_plan *plan;
    const struct lcf_history *history;
    double now;
    const struct lcf_entry *last;
    const struct lcf_entry *own_sent; /* the last own request that left the process */
    const struct lcf_entry *objection; /* the last answer that stands in the way */
    int sends;       /* own requests, those that never left included */
    int looks;       /* GETs since the last of them */
    int passing;     /* GETs that met a passing fault */
    bool ambiguous;  /* some own request may have taken effect */
    bool seen;       /* a GET of this call showed the token */
    bool missed;     /* a GET said absent; cleared by a GET that shows the token and by an ambiguous DELETE */
    bool denied;     /* a DELETE got a 404 about the token; cleared by an ambiguous DELETE */
    bool yes_stands; /* the last DELETE got a yes without the name, and no GET has answered since */
    bool barred;     /* reading was not permitted after such a yes */
    bool silent;     /* an attempt timed out: its connection may stay in the pool, and be picked again */
    bool distrust;   /* that, or something broke and nothing has been answered since */
};

void lcf_facts_add(struct lcf_facts *facts, const struct lcf_entry *entry);
struct lcf_move lcf_facts_move(const struct lcf_facts *facts);

#endif
