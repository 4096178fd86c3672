/* SPDX-License-Identifier: MPL-2.0 */
/* vCPUs: upcalls, events, blocking, timers, ends; interrupt lines and ports. */
#include "domain.h"
#include "fake_machine.h"
#include "vcpu.h"
#include <criterion/criterion.h>
#include <string.h>

static struct guest guest;
static struct exo_vcpu_page *page; /* the guest's */

static void boot(void)
{
    fake_boot(2);
    guest = fake_guest(1, 16);
    page = guest.kernel_vcpu->page;
    fake_settle();
    cr_assert_eq(fake_running[1], guest.kernel_vcpu);
}

static struct exo_vcpu_state state_of(exo_handle vcpu)
{
    struct exo_vcpu_state state;
    uint32_t before = fake_cpu;
    fake_cpu = 0;
    cr_assert_eq(exo_vcpu_state(vcpu, &state), 0);
    fake_cpu = before;
    return state;
}

TestSuite(vcpu, .init = boot, .fini = check_invariants);

Test(vcpu, starts_as_told)
{
    struct exo_vcpu_state state = state_of(guest.vcpu);
    cr_assert_eq(state.status, EXO_VCPU_READY);
    cr_assert_eq(state.regs.rip, 0x1000);
    cr_assert_eq(state.regs.rsp, 0x2000);
    cr_assert_eq(state.regs.rdi, 3);
    cr_assert_eq(page->masked, 1);
    cr_assert_eq(page->vcpu, 7);
    cr_assert_eq(page->cpu, 1);
    fake_cpu = 0;
    cr_assert_eq(exo_vcpu_start(guest.vcpu, 0x1000, 0, 0), -EXO_E_BUSY);
    cr_assert_eq(exo_vcpu_start(guest.vcpu, EXO_USER_END, 0, 0), -EXO_E_BAD_ADDRESS);
    cr_assert_eq(exo_vcpu_entries(guest.vcpu, 0, EXO_USER_END, 0), -EXO_E_BAD_ADDRESS);
}

Test(vcpu, event_is_delivered_unless_masked)
{
    fake_cpu = 0;
    cr_assert_eq(exo_event_derive(guest.vcpu, 7), -EXO_E_BAD_ARGUMENT);
    cr_assert_eq(exo_event_derive(guest.vcpu, 64), -EXO_E_BAD_ARGUMENT);
    exo_handle event = (exo_handle)exo_event_derive(guest.vcpu, 63);
    cr_assert_eq(exo_vcpu_entries(guest.vcpu, 0x100, 0x200, 0x300), 0);
    cr_assert_eq(exo_event_ring(event), 0);
    cr_assert_eq(page->pending, 1ul << 63);
    cr_assert(fake_kicked[1]);
    fake_settle();
    cr_assert_eq(guest.kernel_vcpu->machine.regs.rip, 0x1000, "masked");
    page->masked = 0;
    fake_enter(1);
    cr_assert_eq(guest.kernel_vcpu->machine.regs.rip, 0x300);
    cr_assert_eq(page->event.rip, 0x1000);
    cr_assert_eq(page->event.masked, 0);
    cr_assert_eq(page->masked, 1);
    cr_assert_eq(page->count_events, 1);
}

Test(vcpu, a_thousand_rings_are_one_upcall)
{
    fake_cpu = 0;
    exo_handle event = (exo_handle)exo_event_derive(guest.vcpu, 20);
    cr_assert_eq(exo_vcpu_entries(guest.vcpu, 0, 0, 0x300), 0);
    unsigned kicks = 0;
    for (int i = 0; i < 1000; i++) {
        cr_assert_eq(exo_event_ring(event), 0);
        kicks += fake_kicked[1];
        fake_kicked[1] = false;
    }
    cr_assert_eq(kicks, 1);
    page->masked = 0;
    fake_enter(1);
    cr_assert_eq(page->count_events, 1);
    page->pending = 0; /* as its library OS does */
    page->masked = 0;
    fake_enter(1);
    cr_assert_eq(page->count_events, 1);
}

Test(vcpu, a_ring_wakes_the_one_that_it_names)
{
    fake_cpu = 0;
    struct vcpu *vcpus[20];
    exo_handle bells[20];
    cr_assert_eq(exo_domain_donate(guest.domain, fake_frames(100)), 0);
    for (int i = 0; i < 20; i++) {
        exo_handle vcpu = (exo_handle)exo_vcpu_create(guest.domain, guest.space, fake_frames(1), 0, 0);
        vcpus[i] = guest.kernel_vcpu->domain->vcpus;
        bells[i] = (exo_handle)exo_event_derive(vcpu, 8 + (uint64_t)i);
        cr_assert_eq(exo_slice_bind(vcpu, (exo_handle)exo_slice_create(fake_info->slice, 1, 100, 10000)), 0);
        cr_assert_eq(exo_vcpu_start(vcpu, 0x1000, 0, 0), 0);
    }
    struct vcpu *own = fake_running[0];
    for (int blocked = 0; blocked < 20; fake_advance(100000))
        if (fake_running[0] != NULL && fake_running[0] != own) {
            fake_cpu = 0;
            fake_running[0]->page->pending = 0;
            cr_assert_eq(exo_vcpu_block(UINT64_MAX), 0);
            blocked++;
        }
    while (fake_running[0] != own)
        fake_advance(100000);
    for (int i = 0; i < 20; i++)
        cr_assert_eq(vcpus[i]->status, EXO_VCPU_BLOCKED);
    cr_assert_eq(exo_event_ring(bells[13]), 0);
    for (int i = 0; i < 20; i++) {
        cr_assert_eq(vcpus[i]->status, i == 13 ? EXO_VCPU_READY : EXO_VCPU_BLOCKED);
        cr_assert_eq(vcpus[i]->page->pending >> EXO_PENDING_USER, i == 13 ? 1ul << 13 : 0);
    }
}

Test(vcpu, block_loses_no_event)
{
    fake_cpu = 0;
    exo_handle event = (exo_handle)exo_event_derive(guest.vcpu, 8);
    cr_assert_eq(exo_event_ring(event), 0);
    fake_enter(1);
    cr_assert_eq(exo_vcpu_block(UINT64_MAX), 0);
    cr_assert_eq(fake_running[1], guest.kernel_vcpu, "pending already");
    page->pending = 0;
    cr_assert_eq(exo_vcpu_block(UINT64_MAX), 0);
    cr_assert_null(fake_running[1]);
    cr_assert_eq(state_of(guest.vcpu).status, EXO_VCPU_BLOCKED);
    check_invariants();
    fake_cpu = 0;
    cr_assert_eq(exo_event_ring(event), 0);
    fake_settle();
    cr_assert_eq(fake_running[1], guest.kernel_vcpu);
    cr_assert_eq(guest.kernel_vcpu->machine.regs.rax, 0);
}

Test(vcpu, block_ends_at_its_deadline)
{
    fake_enter(1);
    cr_assert_eq(exo_vcpu_block(fake_now), 0);
    cr_assert_not_null(fake_running[1], "in the past");
    cr_assert_eq(exo_vcpu_block(fake_now + 5000), 0);
    cr_assert_null(fake_running[1]);
    fake_advance(4999);
    cr_assert_null(fake_running[1]);
    fake_advance(1);
    cr_assert_eq(fake_running[1], guest.kernel_vcpu);
    cr_assert_eq(page->pending, 0, "a deadline is no event");
}

Test(vcpu, timer_rings_and_wakes)
{
    fake_enter(1);
    cr_assert_eq(exo_vcpu_timer(fake_now + 1000), 0);
    fake_advance(999);
    cr_assert_eq(page->pending, 0);
    cr_assert_eq(exo_vcpu_block(UINT64_MAX), 0);
    fake_advance(1);
    cr_assert_eq(page->pending, 1ul << EXO_PENDING_TIMER);
    cr_assert_eq(fake_running[1], guest.kernel_vcpu);
    page->pending = 0;
    cr_assert_eq(exo_vcpu_timer(fake_now + 1000), 0);
    cr_assert_eq(exo_vcpu_timer(UINT64_MAX), 0);
    fake_advance(2000);
    cr_assert_eq(page->pending, 0, "cancelled");
}

Test(vcpu, many_alarms_come_in_order)
{
    struct vcpu *vcpus[40];
    uint64_t at[40], start = fake_now;
    fake_cpu = 0;
    cr_assert_eq(exo_domain_donate(guest.domain, fake_frames(200)), 0);
    for (int i = 0; i < 40; i++) {
        long vcpu = exo_vcpu_create(guest.domain, guest.space, fake_frames(1), 0, 0);
        cr_assert_eq(state_of((exo_handle)vcpu).status, EXO_VCPU_NEW);
        vcpus[i] = guest.kernel_vcpu->domain->vcpus; /* the newest */
        at[i] = start + 1000 + (uint64_t)(i * 7919 % 40) * 100;
        alarm_set(&vcpus[i]->timer_alarm, 1, at[i]);
    }
    for (int i = 0; i < 40; i += 3)
        alarm_cancel(&vcpus[i]->timer_alarm);
    for (uint64_t step = 0; step < 60; step++) {
        fake_advance(100);
        for (int i = 0; i < 40; i++)
            cr_assert_eq(vcpus[i]->page->pending, i % 3 != 0 && at[i] <= fake_now);
    }
}

Test(vcpu, fault_goes_to_the_entry_or_stops_it)
{
    fake_cpu = 0;
    cr_assert_eq(exo_vcpu_entries(guest.vcpu, 0, 0x200, 0), 0);
    struct exo_vcpu_page *own = fake_running[0]->page;
    fake_enter(1);
    fake_fault(14, 6, 0xdead);
    cr_assert_eq(guest.kernel_vcpu->machine.regs.rip, 0x200);
    cr_assert_eq(page->fault.address, 0xdead);
    cr_assert_eq(page->count_faults, 1);
    fake_fault(13, 1, 0);
    cr_assert_null(fake_running[1]);
    struct exo_vcpu_state state = state_of(guest.vcpu);
    cr_assert_eq(state.status, EXO_VCPU_FAULTED);
    cr_assert_eq(state.vector, 13);
    cr_assert_eq(state.error, 1);
    cr_assert_eq(own->pending, 1ul << EXO_PENDING_USER, "who created the domain is told");
    fake_cpu = 0;
    struct exo_domain_info info;
    cr_assert_eq(exo_domain_info(guest.domain, &info), 0);
    cr_assert_eq(info.vcpus_dead, 1);
    exo_handle event = (exo_handle)exo_event_derive(guest.vcpu, 8);
    cr_assert_eq(exo_event_ring(event), 0, "ringing the dead does nothing");
    cr_assert_eq(again(exo_domain_destroy(guest.domain)), 0);
    check_invariants();
}

Test(vcpu, exit_tells_its_status)
{
    struct exo_vcpu_page *own = fake_running[0]->page;
    fake_enter(1);
    exo_vcpu_exit(42);
    cr_assert_null(fake_running[1]);
    cr_assert_eq(own->pending, 1ul << EXO_PENDING_USER);
    cr_assert_eq(state_of(guest.vcpu).exit_status, 42);
    fake_cpu = 0;
    struct exo_domain_info info;
    cr_assert_eq(exo_domain_info(guest.domain, &info), 0);
    cr_assert_eq(info.exit_status, 42);
    cr_assert_eq(exo_slice_bind(guest.vcpu, guest.slice), -EXO_E_BUSY);
    long vcpu = exo_vcpu_create(guest.domain, guest.space, fake_frames(1), 0, 0);
    cr_assert_eq(exo_slice_bind((exo_handle)vcpu, guest.slice), 0, "the dead have no use for time");
}

Test(vcpu, page_is_not_trusted)
{
    memset(page, 0xff, 4096);
    fake_enter(1);
    cr_assert_eq(exo_abi_version(), EXO_ABI_VERSION);
    fake_advance(100000000);
    memset(page, 0x00, 4096);
    fake_enter(1);
    cr_assert_eq(exo_vcpu_yield(), 0);
    cr_assert_eq(fake_running[1], guest.kernel_vcpu);
}

Test(vcpu, create_checks_its_arguments)
{
    fake_cpu = 0;
    exo_handle two = fake_frames(2), one = fake_frames(1);
    cr_assert_eq(exo_vcpu_create(guest.domain, guest.space, two, 0, 0), -EXO_E_BAD_ARGUMENT);
    cr_assert_eq(exo_vcpu_create(guest.domain, guest.space, one, 1, 0), -EXO_E_BAD_ARGUMENT);
    cr_assert_eq(exo_vcpu_create(guest.domain, guest.space, one, EXO_USER_END, 0), -EXO_E_BAD_ARGUMENT);
    cr_assert_eq(exo_vcpu_create(guest.domain, fake_info->space, one, 0, 0), -EXO_E_BAD_ARGUMENT);
    exo_handle reader = (exo_handle)exo_token_derive(one, EXO_R, 0, 1);
    cr_assert_eq(exo_vcpu_create(guest.domain, guest.space, reader, 0, 0), -EXO_E_NO_RIGHT);
    cr_assert_eq(exo_domain_donate(guest.domain, one), 0);
    cr_assert_eq(exo_vcpu_create(guest.domain, guest.space, one, 0, 0), -EXO_E_BUSY);
}

Test(vcpu, interrupt_lines_ring_until_unbound)
{
    fake_cpu = 0;
    struct exo_vcpu_page *own = fake_running[0]->page;
    exo_handle line = (exo_handle)exo_token_derive(fake_info->irqs, EXO_ALL, 4, 1);
    exo_handle event = (exo_handle)exo_event_derive(fake_info->vcpu, 9);
    cr_assert_eq(exo_irq_bind(fake_info->irqs, event), -EXO_E_BAD_ARGUMENT);
    cr_assert_eq(exo_irq_ack(line), -EXO_E_NOT_MAPPED);
    cr_assert_eq(exo_irq_bind(line, event), 0);
    exo_handle rival = (exo_handle)exo_token_derive(fake_info->irqs, EXO_ALL, 4, 1);
    cr_assert_eq(exo_irq_bind(rival, event), -EXO_E_BUSY);
    cr_assert_not(fake_irq_masked[4]);
    fake_interrupt(4);
    cr_assert_eq(own->pending, 1ul << 9);
    own->pending = 0;
    fake_interrupt(4);
    cr_assert_eq(own->pending, 0, "masked until it is acknowledged");
    cr_assert_eq(exo_irq_ack(line), 0);
    fake_interrupt(4);
    cr_assert_eq(own->pending, 1ul << 9);
    cr_assert_eq(exo_token_revoke(fake_info->vcpu), 0);
    cr_assert_eq(exo_irq_ack(line), -EXO_E_NOT_MAPPED, "the event is gone, so is the binding");
    cr_assert(fake_irq_masked[4]);
    event = (exo_handle)exo_event_derive(fake_info->vcpu, 9);
    cr_assert_eq(exo_irq_bind(rival, event), 0);
    cr_assert_eq(exo_irq_bind(rival, 0), 0);
    cr_assert_eq(exo_irq_bind(line, event), 0);
    cr_assert_eq(exo_token_revoke(fake_info->irqs), 0);
    cr_assert(fake_irq_masked[4]);
}

Test(vcpu, ports_stay_in_their_range)
{
    fake_cpu = 0;
    exo_handle uart = (exo_handle)exo_token_derive(fake_info->ports, EXO_ALL, 0x3f8, 8);
    cr_assert_eq(exo_port_out(uart, 1, 1, 0x12), 0);
    cr_assert_eq(fake_port_value[0x3f9], 0x12);
    cr_assert_eq(exo_port_in(uart, 1, 1), 0x12);
    cr_assert_eq(exo_port_in(uart, 5, 4), -EXO_E_BAD_ARGUMENT);
    cr_assert_eq(exo_port_in(uart, 8, 1), -EXO_E_BAD_ARGUMENT);
    cr_assert_eq(exo_port_in(uart, UINT64_MAX, 2), -EXO_E_BAD_ARGUMENT);
    cr_assert_eq(exo_port_in(uart, 0, 3), -EXO_E_BAD_ARGUMENT);
    cr_assert_eq(exo_port_write(uart, 0, "hello", 5), 5);
    cr_assert_eq(fake_port_value[0x3f8], 'o');
    cr_assert_eq(exo_port_write(uart, 0, "hello", 257), -EXO_E_BAD_ARGUMENT);
    cr_assert_eq(exo_port_in(fake_info->ports, 0x20, 1), -EXO_E_BAD_ARGUMENT, "the exokernel's own");
    cr_assert_eq(exo_log_write(fake_info->machine, "a line\n", 7), 7);
    cr_assert_str_eq(fake_log, "a line\n");
    cr_assert_eq(exo_log_write(fake_info->machine, fake_log, 1025), -EXO_E_BAD_ARGUMENT);
    cr_assert_eq(exo_machine_power(fake_info->machine, 2), -EXO_E_BAD_ARGUMENT);
    cr_assert_eq(fake_power, -1);
    exo_machine_power(fake_info->machine, EXO_POWER_OFF);
    cr_assert_eq(fake_power, EXO_POWER_OFF);
}
