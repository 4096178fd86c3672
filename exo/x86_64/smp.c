/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Starting the other CPUs, all at once. Each draws a ticket for a stack (trampoline.S) and reports which CPU of ACPI's
 * list it is. When all are there, or time is up, the tickets are closed: whoever came too late sleeps for ever, and the
 * others take numbers without gaps, in the order of ACPI's list.
 * Intel SDM volume 3, 9.4.4.
 */
#include "x86.h"

#define NS_PER_MS    1000000ul
#define CLOSED       0x40000000u
#define INIT_WAIT_NS (10 * NS_PER_MS)
#define AGAIN_NS     (2 * NS_PER_MS) /* a second startup message, for those that did not hear the first */
#define TIMEOUT_NS   (100 * NS_PER_MS)

uint32_t x86_cpu_count;

extern const uint8_t x86_trampoline[], x86_trampoline_end[];

/* For trampoline.S. */
volatile uint32_t x86_smp_tickets;
uint32_t x86_smp_stacks_count;
uint64_t x86_smp_stacks[EXO_CPUS_MAX];
void x86_smp_enter(uint32_t ticket);

/* One per entry of ACPI's list. */
static volatile uint32_t arrived[EXO_CPUS_MAX];
static volatile uint32_t arrivals, numbered;

/* A CPU's way in, on its own stack in the boot page tables, GS not set. */
void x86_smp_enter(uint32_t ticket)
{
    x86_features_enable();
    x86_write_cr3(x86_kernel_cr3);
    uint32_t apic_id = x86_apic_id(), place = 1;
    while (place < x86_acpi.cpus && x86_acpi.apic_ids[place] != apic_id)
        place++;
    if (place < x86_acpi.cpus)
        __atomic_store_n(&arrived[place], 1, __ATOMIC_SEQ_CST);
    __atomic_fetch_add(&arrivals, 1, __ATOMIC_SEQ_CST);
    while (!numbered)
        machine_relax();
    if (place == x86_acpi.cpus)
        return; /* nobody that ACPI knows of */

    uint32_t number = 1;
    for (uint32_t i = 1; i < place; i++)
        number += arrived[i];
    struct x86_cpu *cpu = &x86_cpus[number];
    x86_cpu_init(cpu, x86_smp_stacks[ticket]);
    x86_apic_init_cpu();
    __atomic_store_n(&cpu->online, 1, __ATOMIC_SEQ_CST);
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
        if (!arrived[i])
            send(x86_acpi.apic_ids[i]);
}

static void send_startup(uint32_t apic_id)
{
    x86_ipi_startup(apic_id, (uint32_t)(x86_trampoline_page >> EXO_PAGE_SHIFT));
}

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
    uint32_t others = x86_acpi.cpus - 1, running = 1;
    x86_cpus[0].online = 1;
    if (!others)
        return;
    if (!x86_trampoline_page) {
        x86_log("kxos: no RAM below 640 KiB to start the other %u CPUs in\n", others);
        return;
    }
    __builtin_memcpy((void *)(X86_DIRECT + x86_trampoline_page), x86_trampoline,
                     (size_t)(x86_trampoline_end - x86_trampoline));
    for (uint32_t i = 0; i < others; i++)
        x86_smp_stacks[i] = X86_DIRECT + (x86_boot_pages(X86_STACK_BYTES >> EXO_PAGE_SHIFT) << EXO_PAGE_SHIFT) +
                            X86_STACK_BYTES;
    x86_smp_stacks_count = others;
    start_and_wait(others);

    for (uint32_t i = 1; i <= others; i++)
        running += arrived[i];
    if (running <= others)
        x86_log("kxos: %u of %u CPUs did not start\n", others + 1 - running, others + 1);
    __atomic_store_n(&numbered, 1, __ATOMIC_SEQ_CST);
    for (uint32_t n = 1; n < running; n++)
        while (!x86_cpus[n].online)
            machine_relax();
    x86_cpu_count = running;
}
