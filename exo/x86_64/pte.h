/* SPDX-License-Identifier: MPL-2.0 */
/* Entries of x86-64 page tables, as the CPU reads them; the hosted machine reads the same ones. What each does: machine.h. */
#ifndef EXO_X86_64_PTE_H
#define EXO_X86_64_PTE_H

#include <exo/types.h>
#include <stdbool.h>

/* Intel SDM volume 3, 4.5. Bits 52 to 58 are ignored by the CPU. */
typedef uint64_t machine_pte;
#define X86_PTE_P        0x1ul
#define X86_PTE_W        0x2ul
#define X86_PTE_U        0x4ul
#define X86_PTE_PWT      0x8ul
#define X86_PTE_PCD      0x10ul
#define X86_PTE_A        0x20ul
#define X86_PTE_D        0x40ul
#define X86_PTE_LARGE    0x80ul
#define X86_PTE_G        0x100ul
#define X86_PTE_NX       (1ul << 63)
#define X86_PTE_ADDRESS  0x000ffffffffff000ul
#define X86_PTE_LIMIT_AT 52 /* three bits: what the token allowed */
#define X86_PTE_READ_AT                                                                                        \
    55 /* the present prot's EXO_MAP_R, to tell W or X without R apart; x86 has no such bit */
#define X86_PTE_USED (1ul << 56)

static inline bool machine_pte_used(machine_pte pte) { return pte & (X86_PTE_USED | X86_PTE_P); }
static inline bool machine_pte_present(machine_pte pte) { return pte & X86_PTE_P; }
static inline bool machine_pte_is_large(machine_pte pte) { return pte & X86_PTE_LARGE; }
static inline uint64_t machine_pte_pfn(machine_pte pte) { return (pte & X86_PTE_ADDRESS) >> EXO_PAGE_SHIFT; }
static inline uint32_t machine_pte_limit(machine_pte pte) { return (pte >> X86_PTE_LIMIT_AT) & 7; }

/* Whatever is present can be read: x86 cannot do less. Accessed and dirty are kept by machine_pte_protect. */
static inline machine_pte machine_pte_protect(machine_pte pte, uint32_t prot)
{
    pte &= ~(X86_PTE_P | X86_PTE_W | X86_PTE_NX | (1ul << X86_PTE_READ_AT));
    if (prot)
        pte |= X86_PTE_P;
    if (prot & EXO_MAP_W)
        pte |= X86_PTE_W;
    if (!(prot & EXO_MAP_X))
        pte |= X86_PTE_NX;
    if (prot & EXO_MAP_R)
        pte |= 1ul << X86_PTE_READ_AT;
    return pte;
}
static inline machine_pte machine_pte_leaf(uint64_t pfn, uint32_t prot, uint32_t limit, bool large)
{
    machine_pte pte = pfn << EXO_PAGE_SHIFT | X86_PTE_U | X86_PTE_USED | (uint64_t)limit << X86_PTE_LIMIT_AT;
    return machine_pte_protect(large ? pte | X86_PTE_LARGE : pte, prot);
}
static inline machine_pte machine_pte_table(uint64_t pfn, bool writable)
{
    return pfn << EXO_PAGE_SHIFT | X86_PTE_P | (writable ? X86_PTE_W : 0) | X86_PTE_U | X86_PTE_USED;
}
static inline uint32_t machine_pte_prot(machine_pte pte)
{
    if (!(pte & X86_PTE_P))
        return 0;
    return (pte >> X86_PTE_READ_AT & 1 ? EXO_MAP_R : 0) | (pte & X86_PTE_W ? EXO_MAP_W : 0) |
           (pte & X86_PTE_NX ? 0 : EXO_MAP_X);
}
static inline uint64_t machine_pte_flags(machine_pte pte)
{
    return (pte & X86_PTE_P ? EXO_PTE_PRESENT : 0) | (pte & X86_PTE_W ? EXO_PTE_W : 0) |
           (pte & X86_PTE_NX ? 0 : EXO_PTE_X) | (pte & X86_PTE_A ? EXO_PTE_ACCESSED : 0) |
           (pte & X86_PTE_D ? EXO_PTE_DIRTY : 0) | (pte & X86_PTE_LARGE ? EXO_PTE_LARGE : 0);
}

#endif
