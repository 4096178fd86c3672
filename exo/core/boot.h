/* SPDX-License-Identifier: MPL-2.0 */
/* What the boot loader left: RAM and modules, and cutting off it what the exokernel needs itself. */
#ifndef EXO_CORE_BOOT_H
#define EXO_CORE_BOOT_H

#include "machine.h"

/* All work on core_main's copy of what the machine found. */
uint64_t boot_pages(const struct machine_boot *boot); /* of RAM */
uint64_t boot_take(struct machine_boot *boot,
                   uint64_t pages);        /* contiguous, off the end of the largest range */
void boot_sort(struct machine_boot *boot); /* the largest range first */
uint64_t boot_module_pages(const struct machine_boot *boot, uint32_t module);

#endif
