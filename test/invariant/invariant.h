/* SPDX-License-Identifier: MPL-2.0 */
/* The walk over all invariants of exo/core and exo/device; what they are says invariants.def. */
#ifndef INVARIANT_H
#define INVARIANT_H

#include "domain.h"

/* With the core lock held, between calls. `first`: the first domain, from which all others descend. Panics with a sentence. */
void invariant_check(const struct domain *first);

#endif
