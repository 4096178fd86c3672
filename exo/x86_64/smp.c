/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Starting the other CPUs, all at once. Each draws a ticket (trampoline.S): its stack and its number, so that numbers have
 * no gaps whoever fails to come. When all are there, or time is up, the tickets are closed: whoever comes later sleeps
 * for ever. Until the core is ready they sleep, since spinning would steal the boot CPU's time where CPUs are emulated.
 * Intel SDM volume 3, 9.4.4.
 */
#include "x86.h"

#define NS_PER_MS    1000000ul
#define CLOSED       0x40000000u
#define INIT_WAIT_NS (10 * NS_PER_MS)
#define AGAIN_NS     (2 * NS_PER_MS) /* a second startup message, for those that did not hear the first */
#define TIMEOUT_NS   (500 * NS_PER_MS)

uint32_t x86_cpu_count;

extern const uint8_t x86_trampoline[], x86_trampoline_end[];

/* For trampoline.S. */
volatile uint32_t x86_smp_tickets;
uint32_t x86_smp_stacks_count;
uint64_t x86_smp_stacks[EXO_CPUS_MAX];
void x86_smp_enter(uint32_t ticket);

static volatile uint32_t arrivals;

/* A CPU's way in, on its ticket's stack in the boot page tables, GS not set. */
void x86_smp_enter(uint32_t ticket)
{
    struct x86_cpu *cpu = &x86_cpus[ticket + 1];
    x86_features_enable();
    x86_write_cr3(x86_kernel_cr3);
    x86_cpu_init(cpu, x86_smp_stacks[ticket]);
    x86_apic_init_cpu();
    __atomic_fetch_add(&arrivals, 1, __ATOMIC_SEQ_CST);
    while (!x86_core_ready)
        x86_idle();
    x86_cpu_idle_forever();
}

/* Waits until that time; true as soon as `wanted` CPUs have come. */
static bool wait_arrivals(uint32_t wanted, uint64_t until_ns)
{
    while (arrivals < wanted && machine_now_ns() < until_ns)
        machine_relax();
    return arrivals >= wanted;
}

static void send_all(void (*send)(uint32_t apic_id))
{
    for (uint32_t i = 1; i < x86_acpi.cpus; i++)
        send(x86_acpi.apic_ids[i]);
}

static void send_startup(uint32_t apic_id)
{
    x86_ipi_startup(apic_id, (uint32_t)(x86_trampoline_page >> EXO_PAGE_SHIFT));
}

/* A CPU that runs ignores startup messages, so all may be told twice. */
static void start_and_wait(uint32_t others)
{
    uint32_t leaf[4];
    x86_cpuid(1, 0, leaf);
    bool hypervisor = leaf[2] >> 31;
    send_all(x86_ipi_init);
    if (!hypervisor)
        wait_arrivals(others, machine_now_ns() + INIT_WAIT_NS);
    send_all(send_startup);
    uint64_t start = machine_now_ns();
    if (!wait_arrivals(others, start + AGAIN_NS))
        send_all(send_startup);
    wait_arrivals(others, start + TIMEOUT_NS);
    /* Who has a ticket now has a stack and is certain to come; who draws one from now on is not. */
    uint32_t drawn = __atomic_exchange_n(&x86_smp_tickets, CLOSED, __ATOMIC_SEQ_CST);
    while (arrivals < (drawn < others ? drawn : others))
        machine_relax();
}

void x86_smp_start(void)
{
    uint32_t others = x86_acpi.cpus - 1;
    x86_cpu_count = 1;
    if (!others)
        return;
    if (!x86_trampoline_page) {
        x86_log("kxos: no RAM below 640 KiB to start the other %u CPUs in\n", others);
        return;
    }
    __builtin_memcpy((void *)(X86_DIRECT + x86_trampoline_page), x86_trampoline,
                     (uint64_t)x86_trampoline_end - (uint64_t)x86_trampoline);
    for (uint32_t i = 0; i < others; i++)
        x86_smp_stacks[i] = X86_DIRECT + (x86_boot_pages(X86_STACK_BYTES >> EXO_PAGE_SHIFT) << EXO_PAGE_SHIFT) +
                            X86_STACK_BYTES;
    x86_smp_stacks_count = others;
    start_and_wait(others);

    x86_cpu_count = 1 + arrivals;
    if (arrivals < others)
        x86_log("kxos: %u of %u CPUs did not start\n", others - arrivals, others + 1);
}
