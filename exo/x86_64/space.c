/* SPDX-License-Identifier: MPL-2.0 */
/* Spaces as the CPU sees them: top-level tables, CR3, TLBs; and copies between ring 0 and the present space. */
#include "x86.h"

enum { UPPER_HALF = 256, TABLE_ENTRIES = 512, FLUSH_SINGLE_MOST = 32 };

void machine_space_init(uint64_t top_pfn)
{
    machine_pte *top = machine_frame(top_pfn);
    const machine_pte *kernel = machine_frame(x86_kernel_cr3 >> EXO_PAGE_SHIFT);
    for (unsigned i = UPPER_HALF; i < TABLE_ENTRIES; i++)
        top[i] = kernel[i];
}

void machine_space_load(uint64_t top_pfn)
{
    struct x86_cpu *cpu = x86_cpu();
    uint64_t cr3 = top_pfn << EXO_PAGE_SHIFT;
    if (cpu->space == cr3)
        return;
    /* Stored before CR3 is written, which is serialising: a CPU that changes tables and then reads another space here knows that
     * this CPU will see the change. */
    __atomic_store_n(&cpu->space, cr3, __ATOMIC_SEQ_CST);
    x86_write_cr3(cr3);
}

void machine_flush_local(uint64_t va, uint64_t pages)
{
    if (pages == 0 || pages > FLUSH_SINGLE_MOST) {
        x86_write_cr3(x86_read_cr3());
        return;
    }
    for (; pages; pages--, va += EXO_PAGE_SIZE)
        __asm__ volatile("invlpg (%0)" : : "r"(va) : "memory");
}

void machine_serve_flush(void)
{
    struct x86_cpu *cpu = x86_cpu();
    if (!cpu->flush_wanted)
        return;
    x86_write_cr3(x86_read_cr3());
    __atomic_store_n(&cpu->flush_wanted, 0, __ATOMIC_RELEASE);
}

/* Only the holder of the core lock asks, so there is one request at a time. A CPU in ring 3 or idle serves the interrupt; one that
 * waits for the lock serves it in its loop; one that runs without the lock does so when it leaves. */
void machine_flush_others(uint64_t cpu_mask)
{
    uint32_t self = x86_cpu()->number;
    uint64_t asked = 0;
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    for (uint32_t n = 0; n < x86_cpu_count; n++) {
        struct x86_cpu *cpu = &x86_cpus[n];
        if (n == self || !(cpu_mask >> n & 1) || cpu->space == x86_kernel_cr3)
            continue;
        __atomic_store_n(&cpu->flush_wanted, 1, __ATOMIC_SEQ_CST);
        x86_ipi(cpu->apic_id, X86_VECTOR_FLUSH);
        asked |= 1ul << n;
    }
    for (uint32_t n = 0; asked; n++, asked >>= 1)
        while ((asked & 1) && __atomic_load_n(&x86_cpus[n].flush_wanted, __ATOMIC_ACQUIRE))
            machine_relax();
}

static bool user_range(uint64_t va, size_t bytes) { return va < EXO_USER_END && bytes <= EXO_USER_END - va; }

static bool copy(void *to, const void *from, size_t bytes)
{
    if (x86_features.smap)
        __asm__ volatile("stac" : : : "memory");
    uint64_t left = x86_copy(to, from, bytes);
    if (x86_features.smap)
        __asm__ volatile("clac" : : : "memory");
    return left == 0;
}

bool machine_copy_in(void *to, uint64_t user_va, size_t bytes)
{
    return user_range(user_va, bytes) && copy(to, (const void *)user_va, bytes);
}

bool machine_copy_out(uint64_t user_va, const void *from, size_t bytes)
{
    return user_range(user_va, bytes) && copy((void *)user_va, from, bytes);
}
