/* SPDX-License-Identifier: MPL-2.0 */
/* Fault and event upcalls as registers; the hosted machine makes them in just this way. */
#include "machine.h"

#define FLAG_IF             0x200ul
#define FLAGS_UPCALL_CLEARS 0x54500ul /* TF DF NT RF AC */

static void enter(struct machine_vcpu *vcpu, struct exo_upcall_frame *frame, uint64_t entry)
{
    frame->rip = vcpu->regs.rip;
    frame->cs = vcpu->regs.cs;
    frame->rflags = vcpu->regs.rflags;
    frame->rsp = vcpu->regs.rsp;
    frame->ss = vcpu->regs.ss;
    frame->masked = vcpu->page->masked != 0;
    vcpu->page->masked = 1;
    vcpu->regs.rip = entry;
    vcpu->regs.rflags = (vcpu->regs.rflags & ~FLAGS_UPCALL_CLEARS) | FLAG_IF;
}

void machine_upcall_event(struct machine_vcpu *vcpu) { enter(vcpu, &vcpu->page->event, vcpu->event_entry); }

bool machine_upcall_fault(struct machine_vcpu *vcpu, uint32_t vector, uint64_t error, uint64_t address)
{
    struct exo_vcpu_page *page = vcpu->page;
    if (!vcpu->fault_entry || page->fault_busy)
        return false;
    page->fault_busy = 1;
    page->fault.vector = vector;
    page->fault.error = error;
    page->fault.address = address;
    enter(vcpu, &page->fault, vcpu->fault_entry);
    return true;
}
