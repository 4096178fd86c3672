/* SPDX-License-Identifier: MPL-2.0 */
/* What the files of libos/process share, and what schedule/, signal/ and start/ need of them. Under the container lock. */
#ifndef LOS_PROCESS_INTERNAL_H
#define LOS_PROCESS_INTERNAL_H

#include <los/process.h>

/* --- table.c: numbers --- */
void los_process_table_init(void);
int los_pid_new(void); /* unused as number of a thread, process, group or session; 0: none left */
void los_thread_register(struct los_thread *thread); /* findable by tid */
void los_thread_unregister(struct los_thread *thread);
void los_process_register(struct los_process *process);
void los_process_unregister(struct los_process *process);

/* --- thread.c: making and unmaking --- */
/* A thread with stack, FPU area and number, in no process's list, not runnable. NULL: out of memory (tid 0 first: of numbers). */
struct los_thread *los_thread_create(int tid);
void los_thread_free(struct los_thread *thread); /* nobody may stand on its stack */
void los_thread_attach(struct los_thread *thread, struct los_process *process);
/* May one more thread exist: container cap, limit of the user, memory left for the library OS itself. 0, AGAIN, NOMEM. */
int los_thread_admit(const struct los_process *process);

/* --- process.c --- */
struct los_process *
los_process_create(int pid); /* zeroed but for lists and queues; registered. NULL: out of memory */
void los_process_free(
    struct los_process *process); /* a zombie, or one that never ran: takes it out of everything */
uint32_t los_user_threads(uint32_t user);

/* --- exit.c --- */
void los_threads_end(struct los_process *process);  /* tells all threads but the current one to end */
void los_process_kill(struct los_process *process); /* what nobody can block, ignore or wait out */
void los_vfork_done(struct los_process *child);     /* it no longer borrows its parent's space */
/* The thread's end: flagged, safe point reached. */
_Noreturn void los_thread_end(void);
/* Memory ran out under the current thread's page fault: kills who has most of it. The thread tries again, or dies. */
void los_out_of_memory(void);
void los_out_of_memory_inside(void); /* for a copy from or to a program: never waits; the copy fails */

/* --- group.c --- */
extern uint32_t los_stopped_processes; /* how many: when 0, no group can hold a stopped one */
/* The process is about to leave its group, or its parent ends: hangs up groups that become orphaned with stopped members. */
void los_groups_orphaned_by(struct los_process *process);

/* --- notify.c --- */
/* Tells the parent what became of the process: wakes its waits, sends the signal. True: nobody will ask, reap it now. */
bool los_parent_notify(struct los_process *process, enum los_signal_cause cause);

/* --- futex.c --- */
void los_futex_init(void);
void los_robust_list_end(struct los_thread *thread);

/* --- signal/ --- */
void los_cpu_time_check(struct los_thread *thread); /* limits and timers in CPU time */
void los_pending_init(struct los_pending *pending);
void los_pending_clear(struct los_process *process, struct los_pending *pending, los_signal_set which);
struct los_actions *los_actions_create(void);
struct los_actions *los_actions_clone(const struct los_actions *from);
void los_actions_unref(struct los_actions *actions);
void los_actions_exec(struct los_actions *actions); /* handlers become the default */
void los_alarm_fire(struct los_timer *timer);
bool los_action_ignores(const struct los_process *process, int number); /* by request or by default */
void los_process_continue(struct los_process *process);

#endif
