/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Calls that only read what belongs to the caller: answered before the container lock is taken, without accounting. Nothing is missed
 * on the way back: whoever wants this vCPU's attention rings it, and the way back looks at that. A call that was reflected takes
 * the long way, because its site is to be patched; so does every call while the tracer runs.
 */
#include <confine.h>
#include <dispatch.h>
#include <quick.h>

enum { GETPID = 39, GETUID = 102, GETGID = 104, GETEUID = 107, GETEGID = 108, GETPPID = 110, GETTID = 186 };

/* The parent may end meanwhile, which gives its children away before it goes: what was read counts if it is still the parent. */
static long parent_of(struct los_process *process)
{
    struct los_process *parent, *again;
    int pid;
    do {
        parent = __atomic_load_n(&process->parent, __ATOMIC_ACQUIRE);
        pid = parent != NULL ? __atomic_load_n(&parent->pid, __ATOMIC_ACQUIRE) : 0;
        again = __atomic_load_n(&process->parent, __ATOMIC_ACQUIRE);
    } while (again != parent);
    return pid;
}

bool lx_quick_call(struct los_frame *frame)
{
    struct los_cpu *cpu = los_cpu();
    struct los_process *process = cpu->current->process;
    long result;
    if (lx_tracing || lx_confined || cpu->page->syscall_rip == frame->regs.rip)
        return false;
    switch ((uint32_t)frame->number) {
    case GETPID: result = process->pid; break;
    case GETTID: result = cpu->current->tid; break;
    case GETPPID: result = parent_of(process); break;
    case GETUID: result = process->credentials.user; break;
    case GETEUID: result = process->credentials.effective_user; break;
    case GETGID: result = process->credentials.group; break;
    case GETEGID: result = process->credentials.effective_group; break;
    default: return false;
    }
    __atomic_fetch_add(&lx_call_counts[(uint32_t)frame->number], 1, __ATOMIC_RELAXED);
    frame->regs.rax = (uint64_t)result;
    return true;
}
