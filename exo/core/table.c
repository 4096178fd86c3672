/* SPDX-License-Identifier: MPL-2.0 */
/* Page tables: see table.h. */
#include "table.h"
#include "cpu.h"
#include "domain.h"
#include "lock.h"

#define FLUSH_SINGLE_MAX 32 /* pages: more are flushed all at once */

void flush_add(struct flush *flush, uint64_t va, uint64_t bytes)
{
    if (va < flush->first)
        flush->first = va;
    if (va + bytes > flush->end)
        flush->end = va + bytes;
    if (flush->space->graft_count[space_slot(va)] != 0)
        flush->shared = true;
}

/* An idle CPU that has the space loaded reads no user address before it runs a vCPU again; unless tables go away
 * below it, it can flush then. */
static void flush_cpus(struct flush *flush)
{
    uint64_t others = 0, pages = (flush->end - flush->first) / EXO_PAGE_SIZE;
    /* The tables are written; a CPU that loads the space from here on sees them (switch.c announces before it loads). */
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    for (uint32_t i = 0; i < machine_cpus(); i++) {
        const struct space *loaded = load_shared(cpus[i].loaded);
        if (loaded == NULL)
            continue;
        if (loaded != flush->space && !(flush->shared && loaded->domain == flush->space->domain))
            continue;
        if (i == machine_cpu())
            machine_flush_local(flush->first, pages > FLUSH_SINGLE_MAX ? 0 : pages);
        else if (cpus[i].running == NULL && !flush->eager)
            cpus[i].stale = true;
        else
            others |= 1ul << i;
    }
    if (others != 0)
        machine_flush_others(others);
}

void flush_finish(struct flush *flush)
{
    if (flush->first < flush->end)
        flush_cpus(flush);
    if (flush->space->attached != 0) /* it may remember what was absent, too, or not see the CPUs' caches */
        machine_iommu_flush();
    while (flush->tables != 0) {
        uint64_t pfn = flush->tables;
        flush->tables = frame_of(pfn)->link;
        pool_give(flush->space->domain, pfn);
    }
    *flush = flush_begin(flush->space);
}

/* --- walking ----------------------------------------------------------------------------------------------- */

uint64_t table_find(const struct space *space, uint64_t va, int level)
{
    uint64_t pfn = space->top_pfn;
    for (int at = 4; at > level; at--) {
        machine_pte entry = table_entries(pfn)[table_index(va, at)];
        if (!machine_pte_used(entry) || (at == 2 && machine_pte_is_large(entry)))
            return 0;
        pfn = machine_pte_pfn(entry);
    }
    return pfn;
}

machine_pte *table_leaf(const struct space *space, uint64_t va, int *level)
{
    for (*level = 2; *level > 0; --*level) {
        uint64_t table = table_find(space, va, *level);
        if (table == 0)
            return NULL;
        machine_pte *entry = &table_entries(table)[table_index(va, *level)];
        if (*level == 1 || machine_pte_is_large(*entry))
            return machine_pte_used(*entry) ? entry : NULL;
    }
    return NULL;
}

uint64_t table_make(struct flush *flush, uint64_t va, int level)
{
    uint64_t pfn = flush->space->top_pfn;
    for (int at = 4; at > level; at--) {
        unsigned index = table_index(va, at);
        machine_pte *entry = &table_entries(pfn)[index];
        if (!machine_pte_used(*entry)) {
            uint64_t fresh = pool_take(flush->space->domain);
            *entry = machine_pte_table(fresh, true);
            frame_of(pfn)->used++;
        } else if (at == 2 && machine_pte_is_large(*entry)) {
            leaf_split(flush, pfn, index, va & ~(LARGE_SIZE - 1));
        }
        pfn = at == 2 ? table_own(flush, pfn, index, va & ~(LARGE_SIZE - 1)) : machine_pte_pfn(*entry);
    }
    return pfn;
}

uint64_t table_missing(const struct space *space, uint64_t va, uint64_t bytes, int level)
{
    uint64_t missing = 0, span = table_span(level + 1); /* what one table of this level covers */
    for (uint64_t at = va & ~(span - 1); bytes > 0 && at < va + bytes; at += span) {
        uint64_t table = table_find(space, at, level);
        missing += table == 0 || table_is_shared(table);
    }
    return missing;
}

uint64_t table_after_hole(const struct space *space, uint64_t va)
{
    return (va | (table_span(table_find(space, va, 3) == 0 ? 4 : 3) - 1)) + 1;
}

uint64_t table_count_shared(const struct space *space, uint64_t va, uint64_t end)
{
    uint64_t count = 0;
    while (va < end) {
        uint64_t table = table_find(space, va, 2);
        if (table == 0) {
            va = table_after_hole(space, va);
            continue;
        }
        machine_pte entry = table_entries(table)[table_index(va, 2)];
        if (machine_pte_used(entry) && !machine_pte_is_large(entry))
            count += table_is_shared(machine_pte_pfn(entry));
        va += LARGE_SIZE;
    }
    return count;
}

/* --- leaves ------------------------------------------------------------------------------------------------ */

static uint64_t leaf_bytes(machine_pte leaf) { return machine_pte_is_large(leaf) ? LARGE_SIZE : EXO_PAGE_SIZE; }

void leaf_clear(struct flush *flush, uint64_t table, unsigned index, uint64_t va)
{
    machine_pte old = __atomic_exchange_n(&table_entries(table)[index], 0, __ATOMIC_ACQ_REL);
    leaf_count(old, -1);
    frame_of(table)->used--;
    if (machine_pte_present(old))
        flush_add(flush, va, leaf_bytes(old));
}

void leaf_protect(struct flush *flush, uint64_t table, unsigned index, uint64_t va, uint32_t prot)
{
    machine_pte *entry = &table_entries(table)[index];
    machine_pte old = __atomic_load_n(entry, __ATOMIC_RELAXED), changed;
    do { /* the CPU may set accessed and dirty meanwhile */
        changed = machine_pte_protect(old, prot & machine_pte_limit(old));
        if (changed == old)
            return;
    } while (!__atomic_compare_exchange_n(entry, &old, changed, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED));
    leaf_count(changed, 0); /* it may be writable now */
    if (machine_pte_present(old))
        flush_add(flush, va, leaf_bytes(old));
}

void leaf_split(struct flush *flush, uint64_t table, unsigned index, uint64_t va)
{
    uint64_t small = pool_take(flush->space->domain);
    machine_pte *entry = &table_entries(table)[index];
    machine_pte old = *entry;
    uint64_t pfn = machine_pte_pfn(old);
    uint32_t prot = machine_pte_prot(old), limit = machine_pte_limit(old);
    for (unsigned i = 0; i < EXO_LARGE_PAGES; i++)
        leaf_set(small, i, machine_pte_leaf(pfn + i, prot, limit, false));
    old = __atomic_exchange_n(entry, machine_pte_table(small, true), __ATOMIC_ACQ_REL);
    leaf_count(old, -1);
    if (machine_pte_present(old))
        flush_add(flush, va, LARGE_SIZE);
}

void table_free(struct flush *flush, uint64_t parent, unsigned index, uint64_t va)
{
    machine_pte *entry = &table_entries(parent)[index];
    uint64_t pfn = machine_pte_pfn(*entry);
    __atomic_store_n(entry, 0, __ATOMIC_RELEASE);
    frame_of(parent)->used--;
    if (table_is_shared(pfn)) {
        frame_of(pfn)->sharers--;
    } else {
        frame_of(pfn)->link = flush->tables;
        flush->tables = (uint32_t)pfn;
    }
    flush->eager = true;
    flush_add(flush, va, EXO_PAGE_SIZE); /* CPUs may have the pointer cached */
}

uint32_t table_drop(struct flush *flush, uint64_t parent, unsigned index, uint64_t va)
{
    uint64_t pfn = machine_pte_pfn(table_entries(parent)[index]);
    uint32_t left = table_is_shared(pfn) ? 0 : frame_of(pfn)->used, dropped = left;
    for (const machine_pte *leaf = table_entries(pfn); left > 0; leaf++) {
        if (!machine_pte_used(*leaf))
            continue;
        frame_of(machine_pte_pfn(*leaf))->link--;
        left--;
    }
    table_free(flush, parent, index, va);
    flush_add(flush, va, LARGE_SIZE);
    return dropped;
}

/* A table with the same leaves, writable neither here nor there. No TLB holds them writable: the entries above did not permit it. */
static uint64_t copy_table(struct flush *flush, uint64_t from, uint64_t va)
{
    uint64_t copy = pool_take(flush->space->domain);
    for (unsigned i = 0; frame_of(copy)->used < frame_of(from)->used; i++) {
        machine_pte leaf = table_entries(from)[i];
        if (!machine_pte_used(leaf))
            continue;
        if (machine_pte_flags(leaf) & EXO_PTE_W) {
            uint32_t prot = machine_pte_prot(leaf) & ~(uint32_t)EXO_MAP_W;
            leaf_protect(flush, from, i, va + i * EXO_PAGE_SIZE, prot);
            flush->shared |= prot == 0; /* W was all it had: gone for the others too */
            leaf = machine_pte_protect(leaf, prot);
        }
        table_entries(copy)[i] = leaf;
        frame_of(machine_pte_pfn(leaf))->link++;
        frame_of(copy)->used++;
    }
    flush->copied++;
    return copy;
}

uint64_t table_own(struct flush *flush, uint64_t table, unsigned index, uint64_t va)
{
    machine_pte *entry = &table_entries(table)[index];
    uint64_t pfn = machine_pte_pfn(*entry);
    if (machine_pte_flags(*entry) & EXO_PTE_W)
        return pfn;
    if (table_is_shared(pfn)) {
        frame_of(pfn)->sharers--;
        pfn = copy_table(flush, pfn, va);
        flush->eager = true; /* others may free the old one from here on */
    }
    __atomic_store_n(entry, machine_pte_table(pfn, true), __ATOMIC_RELEASE);
    flush_add(flush, va, LARGE_SIZE);
    return pfn;
}
