/* SPDX-License-Identifier: MPL-2.0 */
/* What upcalls come to: see lib.h. */
#include "lib.h"

extern const __attribute__((visibility("hidden"))) uint64_t lib_fault_entries[VCPUS_MAX],
    lib_event_entries[VCPUS_MAX], lib_foreign_entries[VCPUS_MAX];
uint64_t entry_fault(unsigned vcpu) { return lib_fault_entries[vcpu]; }
uint64_t entry_event(unsigned vcpu) { return lib_event_entries[vcpu]; }
uint64_t entry_foreign(unsigned vcpu) { return lib_foreign_entries[vcpu]; }

#define UPCALL_STACK 8192
static uint8_t fault_stack[VCPUS_MAX][UPCALL_STACK] __attribute__((aligned(16)));
static uint8_t event_stack[VCPUS_MAX][UPCALL_STACK] __attribute__((aligned(16)));

/* For entry.S, and from it. */
#pragma GCC visibility push(hidden)
struct exo_vcpu_page *lib_fault(struct exo_vcpu_page *page);
struct exo_vcpu_page *lib_event(struct exo_vcpu_page *page);
struct exo_vcpu_page *lib_foreign(struct exo_vcpu_page *page);
bool lib_attempt(void (*fn)(uint64_t), uint64_t argument);
_Noreturn void lib_recover(uint64_t stack_pointer);
#pragma GCC visibility pop

void local_init(unsigned vcpu)
{
    struct local *l = local(vcpu);
    *l = (struct local){.page = VCPU_PAGE(vcpu), .number = vcpu};
    l->fault_stack = (uint64_t)fault_stack[vcpu] + UPCALL_STACK;
    l->event_stack = (uint64_t)event_stack[vcpu] + UPCALL_STACK;
}

static void set_gs_base(uint64_t base)
{
    if (VCPU_PAGE(0)->cpu_flags & EXO_CPU_FSGSBASE)
        __asm__ volatile("wrgsbase %0" : : "r"(base));
}

bool attempt(void (*fn)(uint64_t), uint64_t argument, struct exo_upcall_frame *fault)
{
    struct local *l = self_local();
    bool faulted = lib_attempt(fn, argument);
    set_gs_base((uint64_t)l->page);
    if (faulted && fault != NULL)
        *fault = l->fault;
    return faulted;
}

struct exo_vcpu_page *lib_fault(struct exo_vcpu_page *page)
{
    struct local *l = (struct local *)page->libos;
    l->fault = page->fault;
    __atomic_store_n(&page->fault_busy, 0, __ATOMIC_SEQ_CST);
    if (l->recover != 0) {
        page->masked = (uint8_t)l->fault.masked;
        lib_recover(l->recover);
    }
    if (l->on_fault != NULL && l->on_fault(&l->regs[0], &l->fault))
        return page;
    if (boot != NULL) {
        log_line("vCPU %u of the first domain: exception %u error %x address %x rip %x", l->number,
                 l->fault.vector, l->fault.error, l->fault.address, l->fault.rip);
        power_off(125);
    }
    complain("vCPU %u: exception %u error %x address %x rip %x rsp %x", l->number, l->fault.vector,
             l->fault.error, l->fault.address, l->fault.rip, l->fault.rsp);
    for (;;)
        exo_vcpu_exit(1);
}

struct exo_vcpu_page *lib_event(struct exo_vcpu_page *page)
{
    struct local *l = (struct local *)page->libos;
    uint64_t bits;
    while ((bits = __atomic_exchange_n(&page->pending, 0, __ATOMIC_SEQ_CST)) != 0)
        if (l->on_event != NULL)
            l->on_event(bits);
    return page;
}

struct exo_vcpu_page *lib_foreign(struct exo_vcpu_page *page)
{
    struct local *l = (struct local *)page->libos;
    if (l->on_foreign != NULL)
        l->on_foreign(&l->regs[2]);
    return page;
}

void events_on(void)
{
    struct exo_vcpu_page *page = self();
    __atomic_store_n(&page->masked, 0, __ATOMIC_SEQ_CST);
    if (__atomic_load_n(&page->pending, __ATOMIC_SEQ_CST) != 0)
        exo_abi_version(); /* they are delivered on the way back from ring 0 */
}

void sleep_until(uint64_t ns) { exo_vcpu_block(ns); }
