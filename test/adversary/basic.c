/* SPDX-License-Identifier: MPL-2.0 */
/* Attacks that do nothing much: that the harness itself works. */
#include "attack.h"

ATTACK(basic, nothing)
{
    for (unsigned i = 0; i < GIVEN_COUNT; i++)
        EXPECT(START->given[i] != 0, "token %u was not given", (uint64_t)i);
}

static void read_null(uint64_t address) { *(volatile uint64_t *)address; }

ATTACK(basic, fault)
{
    struct exo_upcall_frame fault;
    EXPECT(attempt(read_null, 0x1238, &fault), "address 0x1238 can be read");
    EXPECT(fault.vector == 14 && fault.address == 0x1238 && fault.error == 4, "vector %u address %x error %x",
           fault.vector, fault.address, fault.error);
}

ATTACK(basic, spin, ON_ALL_CPUS | ENDLESS, 300)
{
    for (;;)
        START->progress[vcpu]++;
}

/* Without an entry for faults the first one stops it. */
ATTACK(basic, stopped, STOPS)
{
    exo_vcpu_entries(START->vcpu[0], 0, 0, 0);
    read_null(0x1238);
}

ATTACK(basic, foreign_call)
{
    uint64_t result = 0x1234;
    __asm__ volatile("syscall" : "+a"(result) : : "rcx", "r11", "memory");
    EXPECT(result == 0x1234, "rax was lost: %x", result);
    EXPECT(self()->count_reflected == 1, "reflected %u times", self()->count_reflected);
}

static volatile uint64_t rung;
static void on_event(uint64_t bits) { rung |= bits; }

ATTACK(basic, event)
{
    long event = EXPECT_GOOD(exo_event_derive(START->vcpu[0], 9));
    self_local()->on_event = on_event;
    events_on();
    EXPECT_GOOD(exo_event_ring((exo_handle)event));
    EXPECT(rung & 1ul << 9, "events %x were delivered", rung);
    events_off();
}
