/* SPDX-License-Identifier: MPL-2.0 */
/* Boot memory and modules: see boot.h. What is wrong here is the boot image's fault, so a panic says so. */
#include "boot.h"

static void add_module(struct boot_memory *memory, uint64_t pfn, uint64_t bytes, const char *name,
                       size_t length)
{
    struct boot_module *module = &memory->module[memory->modules++];
    module->pfn = pfn;
    module->bytes = bytes;
    __builtin_memset(module->name, 0, sizeof module->name);
    for (size_t i = 0; i < length && i < sizeof module->name - 1 && name[i] != '\0'; i++)
        module->name[i] = name[i];
}

static void take_apart(struct boot_memory *memory, uint64_t pfn, uint64_t bytes)
{
    const struct exo_bundle *bundle = machine_frame(pfn);
    if (bundle->members > EXO_MODULES_MAX ||
        bytes < sizeof *bundle + bundle->members * sizeof bundle->member[0])
        machine_panic("the bundle of modules has a bad header");
    for (uint64_t i = 0; i < bundle->members; i++) {
        uint64_t offset = bundle->member[i].offset, size = bundle->member[i].size;
        if (offset % EXO_PAGE_SIZE != 0 || offset > bytes || size > bytes - offset)
            machine_panic("a member of the bundle of modules lies outside it");
        add_module(memory, pfn + offset / EXO_PAGE_SIZE, size, bundle->member[i].name,
                   sizeof bundle->member[i].name);
    }
}

void boot_read(struct boot_memory *memory, const struct machine_boot *boot)
{
    memory->ranges = boot->ranges;
    for (uint32_t i = 0; i < boot->ranges; i++) {
        memory->range[i].pfn = boot->range[i].pfn;
        memory->range[i].pages = boot->range[i].pages;
    }
    memory->modules = 0;
    if (boot->modules == 1 && boot->module[0].bytes >= sizeof(struct exo_bundle) &&
        *(const uint64_t *)machine_frame(boot->module[0].pfn) == EXO_BUNDLE_MAGIC) {
        take_apart(memory, boot->module[0].pfn, boot->module[0].bytes);
        return;
    }
    for (uint32_t i = 0; i < boot->modules; i++)
        add_module(memory, boot->module[i].pfn, boot->module[i].bytes, boot->module[i].name,
                   sizeof boot->module[i].name);
}

uint64_t boot_pages(const struct boot_memory *memory)
{
    uint64_t pages = 0;
    for (uint32_t i = 0; i < memory->ranges; i++)
        pages += memory->range[i].pages;
    return pages;
}

uint64_t boot_take(struct boot_memory *memory, uint64_t pages)
{
    struct boot_range *largest = &memory->range[0];
    for (uint32_t i = 1; i < memory->ranges; i++)
        if (memory->range[i].pages > largest->pages)
            largest = &memory->range[i];
    if (memory->ranges == 0 || largest->pages < pages)
        machine_panic("not enough memory to start");
    largest->pages -= pages;
    return largest->pfn + largest->pages;
}

void boot_sort(struct boot_memory *memory)
{
    for (uint32_t i = 1; i < memory->ranges; i++)
        for (uint32_t j = i; j > 0 && memory->range[j].pages > memory->range[j - 1].pages; j--) {
            struct boot_range swap = memory->range[j];
            memory->range[j] = memory->range[j - 1];
            memory->range[j - 1] = swap;
        }
}
