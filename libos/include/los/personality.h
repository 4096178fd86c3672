/* SPDX-License-Identifier: MPL-2.0 */
/* What the library OS calls upwards: one table that the personality defines. All under the container lock. */
#ifndef LOS_PERSONALITY_H
#define LOS_PERSONALITY_H

#include <los/process.h>

struct los_personality {
    const char *name;
    /* The library OS is up (memory, schedule, root file system mounted and filled from the archive); `thread` is the first
     * thread of process 1, current. Sets up its descriptors and program; the frame is entered when it returns. */
    void (*start)(struct los_frame *frame);
    /* A system call of the program: number and registers in the frame; writes the result registers. Reflected and patched
     * calls both come here. Restart (RESTART...) is the personality's job: it leaves it in thread->restart via its own data and
     * los_signals_deliver calls deliver_signal or signals_done. */
    void (*system_call)(struct los_frame *frame);
    /* Builds the program's signal frame: registers and stack of the handler. False: the stack is not writable (SEGV kills). old_mask
     * is the mask to restore at the handler's return. */
    bool (*deliver_signal)(struct los_frame *frame, const struct los_action *action,
                           const struct los_signal_info *info, los_signal_set old_mask);
    /* Signals were looked at on the way out of a system call and no handler was entered: restart an interrupted call. */
    void (*no_signal)(struct los_frame *frame);
    /* A fault of the program before it becomes a signal (undefined opcode inside a patched site, vsyscall page...). True: handled. */
    bool (*fault)(struct los_frame *frame, uint32_t vector, uint64_t error, uint64_t address);
    /* A thread or process ends / was cloned / execs: personality's own data. */
    void (*thread_cloned)(struct los_thread *child, struct los_thread *parent);
    void (*thread_ended)(struct los_thread *thread);
    void (*process_cloned)(struct los_process *child, struct los_process *parent);
    void (*process_ended)(struct los_process *process);
    /* Containers with a supervisor: a program shall run (los_execution_take), soon, in the context of a process of its own; and a
     * signal, by the personality's number, is for the first program. From the event path. 0 or an error. NULL: cannot be done. */
    void (*execute)(void);
    int (*signal)(int number);
    /* The first process ended or asked for it: the container's status. */
    void (*ended)(int status, bool by_signal);
};
extern const struct los_personality los_personality;

/* Ends the container: says `kxos: status N` on the boot log; with power, and a machine token that allows it, powers off. */
_Noreturn void los_container_exit(int status);
_Noreturn void los_container_reset(void);
/* A word of the command line: "name" alone gives "", "name=value" gives value, absent NULL. */
const char *los_option(const char *name);

/* struct los_frame <-> the upcall entry */
void los_syscall_entry_c(struct los_frame *frame);
void los_fault_entry_c(struct los_frame *frame, const struct exo_upcall_frame *fault, bool from_program);
void los_event_entry_c(struct los_frame *frame, bool from_program);
/* Assembly of entry.S, for tables: entry for patched call sites: a stub does
 *   movl $number,%eax ; movabs $return_address,%rcx ; jmp los_patched_entry      with the program's stack and other registers intact. */
extern char los_patched_entry[];

#endif
