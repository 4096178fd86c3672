/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The fake machine's page-table entries and registers. An entry's bits: 0 present, 1 large, 2 to 4 prot, 5 to 7 limit,
 * 8 table, 9 used, 10 accessed, 11 dirty; the frame number from bit 12.
 */
#ifndef FAKE_MACHINE_TYPES_H
#define FAKE_MACHINE_TYPES_H

#include <exo/types.h>
#include <exo/vcpu.h>
#include <stdbool.h>

struct machine_vcpu {
    struct exo_regs regs;
    struct exo_vcpu_page *page;
    uint64_t page_va;
    uint64_t syscall_entry, fault_entry, event_entry;
    uint64_t fpu_pfn;
    bool loaded;     /* its FPU state is in a CPU */
    uint64_t ran_ns; /* while it was: what the core's accounts must come to */
};

typedef uint64_t machine_pte;

enum {
    FAKE_PRESENT = 1,
    FAKE_LARGE = 2,
    FAKE_TABLE = 1 << 8,
    FAKE_USED = 1 << 9,
    FAKE_ACCESSED = 1 << 10,
    FAKE_DIRTY = 1 << 11
};

static inline machine_pte machine_pte_leaf(uint64_t pfn, uint32_t prot, uint32_t limit, bool large)
{
    return pfn << 12 | FAKE_USED | (prot ? FAKE_PRESENT : 0) | (large ? FAKE_LARGE : 0) | prot << 2 |
           limit << 5;
}
static inline machine_pte machine_pte_table(uint64_t pfn, bool writable)
{
    return pfn << 12 | FAKE_USED | FAKE_PRESENT | FAKE_TABLE |
           (EXO_MAP_R | EXO_MAP_X | (writable ? EXO_MAP_W : 0)) << 2;
}
static inline bool machine_pte_present(machine_pte pte) { return pte & FAKE_PRESENT; }
static inline bool machine_pte_is_large(machine_pte pte) { return pte & FAKE_LARGE; }
static inline bool machine_pte_used(machine_pte pte) { return pte != 0; }
static inline uint64_t machine_pte_pfn(machine_pte pte) { return pte >> 12; }
static inline uint32_t machine_pte_prot(machine_pte pte) { return pte >> 2 & 7; }
static inline uint32_t machine_pte_limit(machine_pte pte) { return pte >> 5 & 7; }
static inline uint64_t machine_pte_flags(machine_pte pte)
{
    return (pte & FAKE_PRESENT ? EXO_PTE_PRESENT : 0) | (machine_pte_prot(pte) & EXO_MAP_W ? EXO_PTE_W : 0) |
           (machine_pte_prot(pte) & EXO_MAP_X ? EXO_PTE_X : 0) | (pte & FAKE_ACCESSED ? EXO_PTE_ACCESSED : 0) |
           (pte & FAKE_DIRTY ? EXO_PTE_DIRTY : 0) | (pte & FAKE_LARGE ? EXO_PTE_LARGE : 0);
}
static inline machine_pte machine_pte_protect(machine_pte pte, uint32_t prot)
{
    return (pte & ~(uint64_t)(7 << 2 | FAKE_PRESENT)) | prot << 2 | (prot ? FAKE_PRESENT : 0);
}

#endif
