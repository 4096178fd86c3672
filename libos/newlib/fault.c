/* SPDX-License-Identifier: MPL-2.0 */
/* A program that is ended by a signal leaves a line that says which and why. */
#include <los/terminal.h>
#include "personality.h"

#define NEAR_STACK 0x100000ul /* this far below the end of the stack an access means that it overflowed */

static struct {
    uint32_t vector;
    uint64_t address, rip;
} last; /* what became a signal */

bool nl_fault(struct los_frame *frame, uint32_t vector, uint64_t error, uint64_t address)
{
    (void)error;
    last.vector = vector;
    last.address = vector == 14 ? address : 0;
    last.rip = frame->regs.rip;
    return false;
}

void nl_say(const char *format, ...)
{
    char line[256];
    va_list args;
    va_start(args, format);
    los_vsnprintf(line, sizeof(line) - 1, format, args);
    va_end(args);
    los_log("newlib: %s", line);
    size_t n = strlen(line);
    line[n++] = '\n';
    struct los_process *process = los_current()->process;
    struct los_file *file = process->descriptors ? los_descriptor(2) : NULL;
    struct los_transfer transfer = {.at = (uint64_t)line, .left = n};
    if (file)
        los_file_write(file, &transfer, NULL);
}

static bool is_stack_overflow(struct los_space *space)
{
    struct los_region *region;
    LOS_LIST_FOR(region, &space->regions, link)
    if (region->flags & LOS_GROWS_DOWN)
        return last.address < region->start && last.address + NEAR_STACK >= region->start;
    return false;
}

static const char *name_of(int signal)
{
    static const char *const names[] = {
        [LOS_SIG_HANGUP] = "hang-up",
        [LOS_SIG_INTERRUPT] = "interrupt",
        [LOS_SIG_QUIT] = "quit",
        [LOS_SIG_ILLEGAL] = "illegal instruction",
        [LOS_SIG_TRAP] = "trap",
        [LOS_SIG_ABORT] = "abort",
        [LOS_SIG_BUS] = "bus error",
        [LOS_SIG_ARITHMETIC] = "arithmetic error",
        [LOS_SIG_KILL] = "kill",
        [LOS_SIG_USER1] = "user signal 1",
        [LOS_SIG_SEGMENT] = "invalid memory",
        [LOS_SIG_USER2] = "user signal 2",
        [LOS_SIG_PIPE] = "broken pipe",
        [LOS_SIG_ALARM] = "alarm",
        [LOS_SIG_TERMINATE] = "terminate",
    };
    return (size_t)signal < LOS_COUNT(names) && names[signal] ? names[signal] : "signal";
}

void nl_process_ended(struct los_process *process)
{
    if (!process->exited_by_signal)
        return;
    int signal = process->exit_status;
    const char *name = process->name;
    if (signal == LOS_SIG_SEGMENT && is_stack_overflow(process->space))
        nl_say("%s: stack overflow at instruction %lx", name, last.rip);
    else if (signal == LOS_SIG_SEGMENT && last.vector == 14)
        nl_say("%s: invalid memory access to %lx by instruction %lx", name, last.address, last.rip);
    else if (signal == LOS_SIG_SEGMENT || signal == LOS_SIG_ARITHMETIC || signal == LOS_SIG_ILLEGAL)
        nl_say("%s: %s at instruction %lx", name, name_of(signal), last.rip);
    else
        nl_say("%s: ended by signal %d (%s)", name, signal, name_of(signal));
}
