/* SPDX-License-Identifier: MPL-2.0 */
/* Boot memory and modules: see boot.h. What is wrong here is the boot image's fault, so a panic says so. */
#include "boot.h"

static void add_member(struct machine_boot *boot, uint64_t pfn, uint64_t bytes, const char *name, size_t length)
{
    uint32_t module = boot->modules++;
    boot->module[module].pfn = pfn;
    boot->module[module].bytes = bytes;
    __builtin_memset(boot->module[module].name, 0, sizeof boot->module[module].name);
    __builtin_memcpy(boot->module[module].name, name, length - 1);
}

void boot_unbundle(struct machine_boot *boot)
{
    uint64_t pfn = boot->module[0].pfn, bytes = boot->module[0].bytes;
    const struct exo_bundle *bundle = machine_frame(pfn);
    if (boot->modules != 1 || bytes < sizeof *bundle || bundle->magic != EXO_BUNDLE_MAGIC)
        return;
    if (bundle->members > EXO_MODULES_MAX ||
        bytes < sizeof *bundle + bundle->members * sizeof bundle->member[0])
        machine_panic("the bundle of modules has a bad header");
    boot->modules = 0;
    for (uint64_t i = 0; i < bundle->members; i++) {
        uint64_t offset = bundle->member[i].offset, size = bundle->member[i].size;
        if (offset % EXO_PAGE_SIZE != 0 || offset > bytes || size > bytes - offset)
            machine_panic("a member of the bundle of modules lies outside it");
        add_member(boot, pfn + offset / EXO_PAGE_SIZE, size, bundle->member[i].name,
                   sizeof bundle->member[i].name);
    }
}

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
