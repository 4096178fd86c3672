/* SPDX-License-Identifier: MPL-2.0 */
/* Quick calls of a sanitized image: from C instead of from entry.S, so that what they do is checked. */
#include <los/quick.h>
#include "../../libos/schedule/internal.h"
#include "guest.h"

/* True: done. None of them moves to another vCPU. */
bool los_quick_checked(struct los_frame *frame)
{
    struct exo_regs *regs = &frame->regs;
    uint32_t vcpu = los_cpu()->number;
    if (los_cpu()->page->syscall_rip == regs->rip || frame->number >= LOS_QUICK_CALLS)
        return false;
    struct los_quick *quick = &los_cpu()->quick[frame->number];
    if (quick->call == los_quick_none)
        return false;
    lock_checked[vcpu] = false;
    in_quick_call[vcpu] = true;
    long result = quick->call(regs->rdi, regs->rsi, regs->rdx, regs->r10, regs->r8, regs->r9);
    in_quick_call[vcpu] = false;
    lock_checked[vcpu] = true;
    if (result == LOS_QUICK_NOT)
        return false;
    quick->count++;
    if (result == LOS_QUICK_LEAVE) {
        los_quick_leave_c(frame);
    } else {
        regs->rax = (uint64_t)result;
        los_sanitize_leave();
    }
    return true;
}
