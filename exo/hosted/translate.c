/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The page tables, read by software, and the host's mappings as the TLB.
 *
 * A runner maps a page of its space when the guest first touches it: the fault is looked up in the tables, accessed and dirty are
 * set as a CPU would, and the frame is mapped from the memfd. What was mapped is remembered in a mirror of the tables, one node
 * for each table that was walked. To validate is to compare the mirror with the tables and to unmap what is no longer so. As with a
 * TLB, what is absent is never remembered; so the core flushes here exactly where it does on hardware.
 *
 * Invariant: whatever the host maps below HOST_START is in the mirror.
 */
#define _GNU_SOURCE
#include "hosted.h"
#include <string.h>
#include <sys/mman.h>

#define ENTRIES    512u
#define NODES_MOST 16384u
#define MAPS_MOST  40000u /* of this process: the host's default limit is 65,530 */
#define AROUND     32u    /* pages that one fault maps at most, where they are neighbours in memory too */

struct node {
    machine_pte mapped[ENTRIES]; /* of leaves: what the tables said when it was mapped */
    union {
        uint64_t writable[ENTRIES / 64]; /* leaves: the host's mapping is */
        uint32_t next_free;
    };
    uint64_t leaf[ENTRIES / 64];  /* mapped */
    uint64_t table[ENTRIES / 64]; /* there is a node below */
    uint32_t level;
    uint64_t pfn, va;
    uint32_t child[ENTRIES];
};

static HOST_OWN struct node *nodes; /* node 0: the top */
static HOST_OWN uint32_t nodes_used, node_free, maps;
static HOST_OWN struct {
    uint64_t start, end;
} gap; /* to be unmapped */

void host_translate_init(void)
{
    nodes = mmap(NULL, NODES_MOST * sizeof *nodes, PROT_READ | PROT_WRITE,
                 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (nodes == MAP_FAILED)
        host_fail("no room for the mirror of the page tables");
    nodes[0].level = 4;
    nodes_used = 1;
}

static uint64_t span(uint32_t level) { return EXO_PAGE_SIZE << 9 * (level - 1); }
static uint32_t index_of(uint64_t va, uint32_t level) { return va >> (12 + 9 * (level - 1)) & (ENTRIES - 1); }
static bool bit(const uint64_t *bits, uint32_t i) { return bits[i / 64] >> i % 64 & 1; }
static void set_bit(uint64_t *bits, uint32_t i) { bits[i / 64] |= 1ul << i % 64; }
static void clear_bit(uint64_t *bits, uint32_t i) { bits[i / 64] &= ~(1ul << i % 64); }

/* --- dropping ------------------------------------------------------------------------------------------------------- */

static void unmap(uint64_t start, uint64_t bytes)
{
    if (host_call(SYS_munmap, (long)start, (long)bytes, 0, 0, 0, 0))
        host_fail("it does not unmap");
}

static void gap_end(void)
{
    if (gap.start < gap.end)
        unmap(gap.start, gap.end - gap.start);
    gap.start = gap.end = 0;
}

static void gap_add(uint64_t va, uint64_t bytes)
{
    if (va != gap.end)
        gap_end();
    if (gap.start == gap.end)
        gap.start = va;
    gap.end = va + bytes;
}

static void free_node(uint32_t number)
{
    struct node *node = &nodes[number];
    for (uint32_t w = 0; w < ENTRIES / 64; w++)
        for (uint64_t bits = node->table[w]; bits; bits &= bits - 1)
            free_node(node->child[w * 64 + (uint32_t)__builtin_ctzl(bits)]);
    node->next_free = node_free;
    node_free = number;
}

static void drop_child(struct node *node, uint32_t i)
{
    free_node(node->child[i]);
    clear_bit(node->table, i);
    gap_add(node->va + i * span(node->level), span(node->level));
}

static void drop_all(void)
{
    struct node *top = &nodes[0];
    for (uint32_t w = 0; w < ENTRIES / 64; w++)
        for (uint64_t bits = top->table[w]; bits; bits &= bits - 1)
            drop_child(top, w * 64 + (uint32_t)__builtin_ctzl(bits));
    gap_end();
    maps = 0;
}

/* Does the host's mapping permit what the tables no longer do, or would it hide an access? What they permit by now and it does not is
 * found by a fault. */
static bool leaf_stale(const struct node *node, uint32_t i, machine_pte now, bool writable)
{
    machine_pte before = node->mapped[i];
    return !machine_pte_present(now) || ((now ^ before) & (X86_PTE_ADDRESS | X86_PTE_LARGE)) ||
           !(now & X86_PTE_A) || (now & ~before & X86_PTE_NX) ||
           (bit(node->writable, i) && !(writable && (now & X86_PTE_W) && (now & X86_PTE_D)));
}

/* The node's table may be another one than before: a fork and its end change tables whose pages stay. */
static void validate(struct node *node, bool writable)
{
    const machine_pte *table = machine_frame(node->pfn);
    for (uint32_t w = 0; w < ENTRIES / 64; w++) {
        for (uint64_t bits = node->leaf[w]; bits; bits &= bits - 1) {
            uint32_t i = w * 64 + (uint32_t)__builtin_ctzl(bits);
            if (leaf_stale(node, i, __atomic_load_n(&table[i], __ATOMIC_ACQUIRE), writable)) {
                clear_bit(node->leaf, i);
                gap_add(node->va + i * span(node->level), span(node->level));
            }
        }
        for (uint64_t bits = node->table[w]; bits; bits &= bits - 1) {
            uint32_t i = w * 64 + (uint32_t)__builtin_ctzl(bits);
            machine_pte now = __atomic_load_n(&table[i], __ATOMIC_ACQUIRE);
            if (!machine_pte_present(now) || (node->level == 2 && machine_pte_is_large(now))) {
                drop_child(node, i);
                continue;
            }
            struct node *child = &nodes[node->child[i]];
            child->pfn = machine_pte_pfn(now);
            validate(child, writable && (now & X86_PTE_W));
        }
    }
}

static HOST_OWN bool stale;

void host_translate_settle(uint64_t top_pfn)
{
    machine_serve_flush();
    if (!stale)
        return;
    stale = false;
    nodes[0].pfn = top_pfn;
    validate(&nodes[0], true);
    gap_end();
}

/* --- mapping ---------------------------------------------------------------------------------------------------------- */

static struct node *make_child(struct node *node, uint32_t i, machine_pte entry)
{
    uint32_t number = node_free ? node_free : nodes_used;
    struct node *child = &nodes[number];
    if (node_free)
        node_free = child->next_free;
    else
        nodes_used++;
    memset(child->writable, 0, sizeof child->writable);
    memset(child->leaf, 0, sizeof child->leaf);
    memset(child->table, 0, sizeof child->table);
    child->level = node->level - 1;
    child->pfn = machine_pte_pfn(entry);
    child->va = node->va + i * span(node->level);
    node->child[i] = number;
    set_bit(node->table, i);
    return child;
}

/* The same protection, mapped or not yet, and next to each other in memory: may go with the page that faulted. */
static bool goes_along(machine_pte now, machine_pte fault, long distance, bool write)
{
    return machine_pte_present(now) && ((now ^ fault) & (X86_PTE_W | X86_PTE_NX)) == 0 &&
           machine_pte_pfn(now) == machine_pte_pfn(fault) + (uint64_t)distance && (!write || (now & X86_PTE_D));
}

/* Marks what the mirror will remember, and the host will map; false: another CPU changed the entry since it was read. */
static bool mark(struct node *node, uint32_t i, machine_pte seen, uint64_t marks, bool write)
{
    machine_pte *entry = (machine_pte *)machine_frame(node->pfn) + i;
    if (!__atomic_compare_exchange_n(entry, &seen, seen | marks, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
        return false;
    node->mapped[i] = seen | marks;
    set_bit(node->leaf, i);
    (write ? set_bit : clear_bit)(node->writable, i);
    return true;
}

static bool mark_neighbour(struct node *node, uint32_t i, machine_pte fault, long distance, bool write)
{
    machine_pte now = __atomic_load_n((machine_pte *)machine_frame(node->pfn) + i, __ATOMIC_ACQUIRE);
    return goes_along(now, fault, distance, write) && mark(node, i, now, X86_PTE_A, write);
}

/* As `fault` says, which the table's entry was. If it is no longer, nothing is mapped, and the guest faults again. */
static void map(struct node *node, uint32_t i, machine_pte fault, bool write)
{
    uint32_t first = i, end = i + 1;
    if (!mark(node, i, fault, X86_PTE_A | (write ? X86_PTE_D : 0), write))
        return;
    if (node->level == 1) {
        while (first > 0 && i - first < AROUND / 2 &&
               mark_neighbour(node, first - 1, fault, (long)first - 1 - (long)i, write))
            first--;
        while (end < ENTRIES && end - first < AROUND &&
               mark_neighbour(node, end, fault, (long)end - (long)i, write))
            end++;
    }
    int prot = PROT_READ | (write ? PROT_WRITE : 0) | (fault & X86_PTE_NX ? 0 : PROT_EXEC);
    uint64_t bytes = span(node->level);
    if (++maps >= MAPS_MOST) {
        drop_all(); /* and the guest faults again */
        return;
    }
    /* What the guest only executes is private to this process, so that a debugger can set breakpoints there; changes of the frame show. */
    long at = host_call(SYS_mmap, (long)(node->va + first * bytes), (long)((end - first) * bytes), prot,
                        (prot == (PROT_READ | PROT_EXEC) ? MAP_PRIVATE : MAP_SHARED) | MAP_FIXED |
                            (node->level == 1 ? MAP_POPULATE : 0),
                        host.frames_fd, (long)((machine_pte_pfn(fault) - (i - first)) << EXO_PAGE_SHIFT));
    if (at < 0) {
        if (maps < 64)
            host_fail("it does not map a frame");
        drop_all();
    }
}

bool host_translate(uint64_t top_pfn, uint64_t va, bool write, bool fetch, uint64_t *error)
{
    *error = HOST_FAULT_USER | (write ? HOST_FAULT_WRITE : 0) | (fetch ? HOST_FAULT_FETCH : 0);
    if (va < GUEST_LEAST_VA || va >= HOST_START)
        return false;
    if (nodes_used == NODES_MOST && !node_free)
        drop_all();
    nodes[0].pfn = top_pfn;
    struct node *node = &nodes[0];
    bool writable = true;
    for (;;) {
        uint32_t i = index_of(va, node->level);
        machine_pte entry = __atomic_load_n((machine_pte *)machine_frame(node->pfn) + i, __ATOMIC_ACQUIRE);
        if (!machine_pte_present(entry))
            return false;
        writable &= (entry & X86_PTE_W) != 0;
        if (node->level == 1 || (node->level == 2 && machine_pte_is_large(entry))) {
            *error |= HOST_FAULT_PRESENT;
            if ((write && !writable) || (fetch && (entry & X86_PTE_NX)))
                return false;
            if (bit(node->table, i)) {
                drop_child(node, i);
                gap_end();
            }
            map(node, i, entry, write);
            return true;
        }
        if (bit(node->leaf, i)) { /* a large page was here */
            clear_bit(node->leaf, i);
            unmap(node->va + i * span(node->level), span(node->level));
        }
        struct node *child = bit(node->table, i) ? &nodes[node->child[i]] : make_child(node, i, entry);
        if (child->pfn != machine_pte_pfn(entry)) {
            child->pfn = machine_pte_pfn(entry);
            validate(child, writable);
            gap_end();
        }
        node = child;
    }
}

/* --- the core's view ----------------------------------------------------------------------------------------------------- */

void *machine_frame(uint64_t pfn) { return (void *)(HOST_FRAMES + (pfn << EXO_PAGE_SHIFT)); }

void machine_space_init(uint64_t top_pfn) { (void)top_pfn; }

void machine_space_load(uint64_t top_pfn)
{
    struct host_cpu *cpu = &host.cpu[machine_cpu()];
    if (cpu->top_pfn == top_pfn)
        return;
    __atomic_store_n(&cpu->top_pfn, top_pfn, __ATOMIC_SEQ_CST);
    cpu->flush_wanted = 1;
}

void machine_flush_local(uint64_t va, uint64_t pages)
{
    (void)va, (void)pages;
    host.cpu[machine_cpu()].flush_wanted = 1; /* looked at before the guest runs */
}

/* Inside the core no translation of the guest's is used, so to serve is to remember. An idle CPU looks anyway when it wakes. */
void machine_serve_flush(void)
{
    struct host_cpu *cpu = &host.cpu[machine_cpu()];
    if (!__atomic_load_n(&cpu->flush_wanted, __ATOMIC_SEQ_CST))
        return;
    stale = true;
    __atomic_store_n(&cpu->flush_wanted, 0, __ATOMIC_SEQ_CST);
}

void machine_flush_others(uint64_t cpu_mask)
{
    uint64_t asked = 0;
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    for (uint32_t n = 0; n < host.cpus; n++) {
        struct host_cpu *cpu = &host.cpu[n];
        if (n == machine_cpu() || !(cpu_mask >> n & 1))
            continue;
        __atomic_store_n(&cpu->flush_wanted, 1, __ATOMIC_SEQ_CST);
        if (__atomic_load_n(&cpu->state, __ATOMIC_SEQ_CST) == CPU_GUEST)
            host_call(SYS_tgkill, cpu->process, cpu->process, HOST_KICK, 0, 0, 0);
        asked |= 1ul << n;
    }
    for (uint32_t n = 0; asked; n++, asked >>= 1)
        while ((asked & 1) && __atomic_load_n(&host.cpu[n].flush_wanted, __ATOMIC_SEQ_CST) &&
               __atomic_load_n(&host.cpu[n].state, __ATOMIC_SEQ_CST) != CPU_IDLE)
            machine_relax();
}

/* The guest's bytes at va for the core; NULL: the tables do not permit it. */
static void *look_up(uint64_t va, bool write, uint64_t *left)
{
    uint64_t pfn = host.cpu[machine_cpu()].top_pfn;
    bool writable = true;
    for (uint32_t level = 4;; level--) {
        machine_pte *entry = (machine_pte *)machine_frame(pfn) + index_of(va, level);
        machine_pte now = __atomic_load_n(entry, __ATOMIC_ACQUIRE);
        bool leaf;
        do {
            if (!machine_pte_present(now) || (write && !(writable && (now & X86_PTE_W))))
                return NULL;
            leaf = level == 1 || (level == 2 && machine_pte_is_large(now));
        } while (leaf && !__atomic_compare_exchange_n(entry, &now, now | X86_PTE_A | (write ? X86_PTE_D : 0),
                                                      false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE));
        writable &= (now & X86_PTE_W) != 0;
        pfn = machine_pte_pfn(now);
        if (leaf) {
            uint64_t inside = va & (span(level) - 1);
            *left = span(level) - inside;
            return (uint8_t *)machine_frame(pfn) + inside;
        }
    }
}

static bool copy(void *own, uint64_t va, size_t bytes, bool out)
{
    if (va >= EXO_USER_END || bytes > EXO_USER_END - va)
        return false;
    for (uint8_t *at = own; bytes;) {
        uint64_t some;
        void *guest = look_up(va, out, &some);
        if (!guest)
            return false;
        some = some < bytes ? some : bytes;
        memcpy(out ? guest : at, out ? at : guest, some);
        at += some, va += some, bytes -= some;
    }
    return true;
}

bool machine_copy_in(void *to, uint64_t user_va, size_t bytes) { return copy(to, user_va, bytes, false); }
bool machine_copy_out(uint64_t user_va, const void *from, size_t bytes)
{
    return copy((void *)(uintptr_t)from, user_va, bytes, true);
}
