/* SPDX-License-Identifier: MPL-2.0 */
/* What the boot loader left: RAM and modules, and cutting off it what the exokernel needs itself. */
#ifndef EXO_CORE_BOOT_H
#define EXO_CORE_BOOT_H

#include "machine.h"

struct boot_memory {
    uint32_t ranges, modules;
    struct boot_range {
        uint64_t pfn, pages;
    } range[64];
    struct boot_module {
        uint64_t pfn, bytes;
        char name[64];
    } module[EXO_MODULES_MAX];
};

/* Copies the machine's answer; a single module that is a bundle is taken apart. */
void boot_read(struct boot_memory *memory, const struct machine_boot *boot);
uint64_t boot_pages(const struct boot_memory *memory); /* of RAM */
/* Takes contiguous frames off the end of the largest range. */
uint64_t boot_take(struct boot_memory *memory, uint64_t pages);
void boot_sort(struct boot_memory *memory); /* the largest range first */

static inline uint64_t boot_module_pages(const struct boot_module *module)
{
    return (module->bytes + EXO_PAGE_SIZE - 1) / EXO_PAGE_SIZE;
}

#endif
