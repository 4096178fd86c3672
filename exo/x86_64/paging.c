/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The exokernel's own address space (x86.h draws it). Invariants, from x86_paging_init on:
 *   nothing is both writable and executable, under any address: the image is not in the direct map;
 *   nothing is mapped in the lower half;
 *   the upper half's top-level entries never change, because every space has a copy of them.
 * Intel SDM volume 3, 4.5.
 */
#include "x86.h"

#define LEVELS       4
#define ENTRIES      512
#define PAGE_2M      (1ul << 21)
#define PAGE_1G      (1ul << 30)
#define FLAGS_TABLE  (X86_PTE_P | X86_PTE_W)
#define FLAGS_LEAF   (X86_PTE_P | X86_PTE_A | X86_PTE_D)
#define DEVICE_PAGES ENTRIES /* one table's worth */

extern const uint8_t x86_image_start[], x86_image_text_end[], x86_image_rodata_end[], x86_image_end[];

uint64_t x86_kernel_cr3;
static machine_pte *device_table;
static uint32_t device_used;

void *machine_frame(uint64_t pfn) { return (void *)(X86_DIRECT + (pfn << EXO_PAGE_SHIFT)); }

/* The table below `entry`, made where it is missing. */
static machine_pte *table_below(machine_pte *entry)
{
    if (!(*entry & X86_PTE_P))
        *entry = x86_boot_page() << EXO_PAGE_SHIFT | FLAGS_TABLE;
    return machine_frame(machine_pte_pfn(*entry));
}

/* The entry for va in the table of the given level; 1 is the lowest. */
static machine_pte *entry_at(uint64_t va, unsigned level)
{
    machine_pte *table = machine_frame(x86_kernel_cr3 >> EXO_PAGE_SHIFT);
    for (unsigned l = LEVELS;; l--) {
        machine_pte *entry = &table[va >> (EXO_PAGE_SHIFT + 9 * (l - 1)) & (ENTRIES - 1)];
        if (l == level)
            return entry;
        table = table_below(entry);
    }
}

/* Maps page-aligned [physical, end) at va with the largest pages that fit exactly. */
static void map(uint64_t va, uint64_t physical, uint64_t end, uint64_t flags)
{
    while (physical < end) {
        unsigned level = 1;
        uint64_t bytes = EXO_PAGE_SIZE;
        if (!((va | physical) & (PAGE_1G - 1)) && end - physical >= PAGE_1G && x86_features.pages_1g)
            level = 3, bytes = PAGE_1G;
        else if (!((va | physical) & (PAGE_2M - 1)) && end - physical >= PAGE_2M)
            level = 2, bytes = PAGE_2M;
        *entry_at(va, level) = physical | flags | FLAGS_LEAF | (level > 1 ? X86_PTE_LARGE : 0);
        va += bytes;
        physical += bytes;
    }
}

static void map_image(const uint8_t *start, const uint8_t *end, uint64_t flags)
{
    map((uint64_t)start, (uint64_t)start - X86_IMAGE, (uint64_t)end - X86_IMAGE, flags);
}

void x86_paging_init(void)
{
    uint64_t global = x86_features.pge ? X86_PTE_G : 0, nx = x86_features.nx ? X86_PTE_NX : 0;
    x86_kernel_cr3 = x86_boot_page() << EXO_PAGE_SHIFT;
    map_image(x86_image_start, x86_image_text_end, global);
    map_image(x86_image_text_end, x86_image_rodata_end, global | nx);
    map_image(x86_image_rodata_end, x86_image_end, global | nx | X86_PTE_W);
    /* A list of its own: x86_boot_page never changes it. */
    for (uint32_t i = 0; i < x86_mapped.count; i++) {
        uint64_t start = x86_mapped.piece[i].start;
        map(X86_DIRECT + start, start, x86_mapped.piece[i].end, global | nx | X86_PTE_W);
    }
    device_table = table_below(entry_at(X86_DEVICE, 2));
    x86_write_cr3(x86_kernel_cr3);
}

volatile void *x86_map_device(uint64_t physical, uint64_t bytes)
{
    uint64_t offset = physical & (EXO_PAGE_SIZE - 1);
    uint64_t pages = (offset + bytes + EXO_PAGE_SIZE - 1) >> EXO_PAGE_SHIFT;
    if (!bytes || physical + bytes < physical || physical + bytes > X86_PTE_ADDRESS ||
        pages > DEVICE_PAGES - device_used)
        return NULL;
    uint64_t va = X86_DEVICE + ((uint64_t)device_used << EXO_PAGE_SHIFT);
    uint64_t flags = FLAGS_LEAF | X86_PTE_W | X86_PTE_PCD | X86_PTE_PWT | (x86_features.pge ? X86_PTE_G : 0) |
                     (x86_features.nx ? X86_PTE_NX : 0);
    for (uint64_t i = 0; i < pages; i++)
        device_table[device_used++] = ((physical - offset) + (i << EXO_PAGE_SHIFT)) | flags;
    return (volatile void *)(va + offset);
}
