/* SPDX-License-Identifier: MPL-2.0 */
/* Boot memory and modules: see boot.h. What is wrong here is the boot image's fault, so a panic says so. */
#include "boot.h"

uint64_t boot_module_pages(const struct machine_boot *boot, uint32_t module)
{
    return (boot->module[module].bytes + EXO_PAGE_SIZE - 1) / EXO_PAGE_SIZE;
}

uint64_t boot_pages(const struct machine_boot *boot)
{
    uint64_t pages = 0;
    for (uint32_t i = 0; i < boot->ranges; i++)
        pages += boot->range[i].pages;
    return pages;
}

uint64_t boot_take(struct machine_boot *boot, uint64_t pages)
{
    boot_sort(boot);
    if (boot->ranges == 0 || boot->range[0].pages < pages)
        machine_panic("not enough memory to start");
    boot->range[0].pages -= pages;
    return boot->range[0].pfn + boot->range[0].pages;
}

void boot_sort(struct machine_boot *boot)
{
    for (uint32_t i = 1; i < boot->ranges; i++)
        for (uint32_t j = i; j > 0 && boot->range[j].pages > boot->range[j - 1].pages; j--) {
            __typeof__(boot->range[0]) swap = boot->range[j];
            boot->range[j] = boot->range[j - 1];
            boot->range[j - 1] = swap;
        }
}
