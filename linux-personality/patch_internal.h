/* SPDX-License-Identifier: MPL-2.0 */
/* What patch.c and patch_compare.c share: the jump table, which programs have mapped read-only, and pages of stubs. */
#ifndef LX_PATCH_INTERNAL_H
#define LX_PATCH_INTERNAL_H

#include <personality.h>

#define LX_TABLE               0x7f600000ul
#define LX_TABLE_BYTES         0x20000ul /* to 0x7f61ffff: byte 2 of every slot's address must be 0x60 or 0x61 */
#define LX_COMPARE_TABLE       (LX_TABLE + LX_TABLE_BYTES)
#define LX_COMPARE_TABLE_BYTES 0x10000ul
#define LX_TABLE_ALL           (LX_TABLE_BYTES + LX_COMPARE_TABLE_BYTES)

#define LX_STUB_PAGES    130u /* patch.c's, from LOS_STUBS on; behind them those of patch_compare.c */
#define LX_COMPARE_PAGES 32u

/* A page of stubs, made when there is none: the library OS's address of it. Its first place has the address of los_patched_entry. NULL: no memory. */
uint8_t *lx_stub_page(uint32_t index);
/* A page of the jump table; *page is referenced. NULL: no memory. */
uint8_t *lx_table_page(uint64_t index, los_pageno *page);

/* Patches the site whose `syscall` ends at `after`. INVAL: it is none of this kind; NOMEM; what los_space_patch says. */
int lx_compare_site(struct los_space *space, uint64_t after);
uint32_t lx_compare_sites(void);
bool lx_compare_stub(uint64_t rip); /* does it lie in the stubs? */

enum lx_compare_fault {
    LX_COMPARE_NONE,
    LX_COMPARE_RESUMED, /* a call that began before the patch came back: the frame is put right */
    LX_COMPARE_CALL     /* no jump table: the call is to be made, and to return to *tail */
};
enum lx_compare_fault lx_compare_fault(struct los_frame *frame, uint32_t vector, uint64_t *tail);
void lx_compare_roll_back(struct exo_regs *regs);

#endif
