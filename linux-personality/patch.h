/* SPDX-License-Identifier: MPL-2.0 */
/* Patching of system call sites: see patch.c. lx_patch_site, lx_patch_reflected and lx_patch_fault are in personality.h. */
#ifndef LX_PATCH_H
#define LX_PATCH_H

#include <personality.h>

void lx_patch_init(void); /* at start; without it, or with the option `nopatch`, nothing is patched */
void lx_patch_map(
    struct los_space *space); /* exec: maps the jump table into a new program. Failing only costs speed */

/* Before registers are shown to the program: where it was interrupted on the way from a patched site into the library OS, it is put back to
 * the site. */
void lx_patch_roll_back(struct los_frame *frame);

struct lx_patch_counts {
    uint64_t calls;     /* system calls of programs so far */
    uint64_t reflected; /* of these, through the exokernel; the others came from patched sites */
    uint64_t sites;     /* have a stub */
    uint64_t patched;   /* times that a page of some process was patched for a site */
    uint64_t refused;   /* times that a site was looked at and could not be patched */
    uint64_t recovered; /* calls done on behalf of a jump into a patched site, or without the jump table */
    uint64_t sites_max;
};
void lx_patch_counts(struct lx_patch_counts *counts);

#endif
