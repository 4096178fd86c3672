/* SPDX-License-Identifier: MPL-2.0 */
/* Edits of ranges of a space: unmapping, protecting, and removing what was revoked. Grafted slots are left alone. */
#ifndef EXO_CORE_EDIT_H
#define EXO_CORE_EDIT_H

#include "space.h"

/* Each goes on from *va and leaves there how far it came. False: the work ran out first. */
bool edit_unmap(struct space *space, uint64_t *va, uint64_t end, struct work *work);
bool edit_prune(struct space *space, uint64_t *va, struct work *work);

/* revoke.c: for how many of the frames was the right to this mapping taken from the domain? */
enum revoke_hit { REVOKE_NONE, REVOKE_SOME, REVOKE_ALL };
enum revoke_hit revoke_hits(const struct domain *domain, uint64_t pfn, uint64_t pages, uint32_t limit,
                            struct work *work);

#endif
