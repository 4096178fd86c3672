/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Recalls: asking for resources back by a deadline, taking them at the deadline, and the records that tell both sides. Each
 * domain has one frame for it, from its pool: a ring of records to read, and the recalls that it is the asker of.
 *
 * Invariants
 *   A recall that is under way names a LIVE token of its domain's table, and that token's `recall` names it.
 *   `came` is what other domains held directly below the token when it was asked, less what they hold so now.
 *   A recall ends only when the mappings of all that came back are gone; its alarm is set until then.
 */
#ifndef EXO_CORE_RECALL_H
#define EXO_CORE_RECALL_H

#include "alarm.h"
#include "token.h"

#define RECORDS_MAX 32
#define RECALLS_MAX 16

struct recall {
    struct token *token; /* NULL: not under way */
    uint64_t wanted, forced, deadline_ns;
    int64_t came;
    bool all;       /* whatever is held, however much is given on meanwhile */
    uint32_t batch; /* revoke_batch() when enough had come; 0: it has not */
    struct alarm alarm;
};

struct recalls {
    struct exo_recall record[RECORDS_MAX];
    uint32_t first, records;
    uint64_t lost;
    struct recall recall[RECALLS_MAX];
};
_Static_assert(sizeof(struct recalls) <= EXO_PAGE_SIZE, "one frame");

/* `units` of a token directly below one that is recalled came back; negative: went out. Nothing where its holder is the asker. */
void recall_count(const struct token *token, int64_t units);
/* The holder gave [base, base + count) of the token of its own accord: the asker is told, if there is one. */
void recall_given(const struct token *token, uint64_t base, uint64_t count);
void recall_end(struct token *token);                  /* of the token, which goes away */
void recall_step(struct recall *recall, uint64_t now); /* its alarm went off: a bounded step */

#endif
