/* SPDX-License-Identifier: MPL-2.0 */
/* Processes and threads. All under the container lock. */
#ifndef LOS_PROCESS_H
#define LOS_PROCESS_H

#include <los/base.h>
#include <los/memory.h>
#include <los/sanitize.h>
#include <los/schedule.h>
#include <los/signal.h>

struct los_descriptors;  /* file.h */
struct los_file_context; /* file.h: cwd, root, umask */
struct los_file;
struct los_terminal;

/* A thread's stack inside the library OS: 16 KiB. */
#define LOS_STACK_ORDER (2 + LOS_STACK_EXTRA)
#define LOS_STACK_BYTES (LOS_PAGE << LOS_STACK_ORDER)
#define LOS_GROUPS_MAX  32
#define LOS_NAME_MAX    16

enum los_limit {
    LOS_LIMIT_CPU,
    LOS_LIMIT_FILE_SIZE,
    LOS_LIMIT_DATA,
    LOS_LIMIT_STACK,
    LOS_LIMIT_CORE,
    LOS_LIMIT_RESIDENT,
    LOS_LIMIT_PROCESSES,
    LOS_LIMIT_DESCRIPTORS,
    LOS_LIMIT_LOCKED,
    LOS_LIMIT_SPACE,
    LOS_LIMIT_LOCKS,
    LOS_LIMIT_SIGNALS,
    LOS_LIMIT_MESSAGES,
    LOS_LIMIT_NICE,
    LOS_LIMIT_REALTIME,
    LOS_LIMIT_REALTIME_TIME,
    LOS_LIMITS
};
struct los_limit_value {
    uint64_t soft, hard; /* UINT64_MAX: none */
};

struct los_credentials {
    uint32_t user, effective_user, saved_user, file_user;
    uint32_t group, effective_group, saved_group, file_group;
    uint32_t groups_count, groups[LOS_GROUPS_MAX];
};

enum los_process_state { LOS_RUNNING, LOS_STOPPED, LOS_ZOMBIE };

struct los_process {
    struct los_link all; /* los_processes */
    int pid, group, session;
    enum los_process_state state;
    struct los_process *parent;
    int parent_pid; /* of that one; 0: none. Read without the lock */
    struct los_link children, sibling;
    struct los_link threads;
    uint32_t thread_count;
    struct los_thread *leader; /* NULL once it is gone and others live */
    struct los_space *space;
    struct los_descriptors *descriptors;
    struct los_file_context *files;
    struct los_actions *actions;
    struct los_pending pending;
    struct los_credentials credentials;
    struct los_limit_value limits[LOS_LIMITS];
    struct los_terminal *terminal; /* the controlling one, or NULL */
    int hung_up_group; /* of a session leader whose terminal hung up: its foreground group then, or 0 */
    struct los_file *executable;                                                 /* for /proc exe; or NULL */
    char name[LOS_NAME_MAX];                                                     /* comm of the leader */
    uint64_t arguments_start, arguments_end, environment_start, environment_end; /* in its space, for /proc */
    uint64_t code_start, code_end, data_start, data_end, stack_start;            /* for /proc stat */
    uint64_t auxiliary[64]; /* the auxiliary vector that exec passed, for /proc auxv */
    int exit_signal;        /* to the parent at the end; SIGCHLD usually, 0 none */
    bool exited_by_signal, dumped, exiting, stop_reported, continue_pending, did_exec;
    int exit_status, stop_signal;
    int nice;
    uint64_t start_ns;
    uint64_t user_ns, system_ns, children_user_ns,
        children_system_ns; /* of threads that ended, resp. of reaped children */
    uint64_t faults, children_faults, switches;
    struct los_wait_queue child_wait; /* los_wait_child sleeps here */
    bool vfork_busy;                  /* the child still borrows the parent's space */
    struct los_timer alarm;           /* interval timer in real time */
    uint64_t alarm_interval_ns;
    void *personality;                 /* its own data */
    struct los_link hash;              /* by pid: process/ */
    struct los_wait_queue thread_wait; /* exec sleeps here until its other threads have ended */
    struct los_thread *vfork_thread;   /* the parent's thread that sleeps until vfork_busy ends; or NULL */
    uint32_t queued_signals;
    struct los_link semaphore_undos; /* semaphore.c: what its end takes back */
    struct {
        uint64_t at_ns, interval_ns; /* at_ns in the process's own CPU time; 0: off */
    } cpu_timer[2];                  /* virtual (user time), profile (user and system time) */
    bool cpu_timed;                  /* one of them, or the CPU limit, is set */
    uint64_t cpu_limit_told_ns;      /* CPU time at which the limit was last told */
};

enum los_thread_state {
    LOS_THREAD_RUNNABLE,
    LOS_THREAD_ON_CPU,
    LOS_THREAD_SLEEPING,
    LOS_THREAD_STOPPED,
    LOS_THREAD_DEAD
};

struct los_thread {
    struct los_link run;      /* in the run queue */
    struct los_link siblings; /* in process->threads */
    struct los_process *process;
    int tid;
    enum los_thread_state state;
    char name[LOS_NAME_MAX];
    uint64_t stack;          /* lowest address of its stack */
    uint64_t saved_sp;       /* while not on a vCPU: its context is on its stack */
    struct los_frame *frame; /* the program's registers, at the top of the stack; valid inside the library OS */
    uint64_t fs_base;        /* saved while not on a vCPU */
    void *fpu;               /* XSAVE area */
    uint64_t affinity;       /* bit n: vCPU n */
    uint32_t last_cpu;
    los_signal_set mask, saved_mask;
    bool mask_saved, interruptible, exiting, in_system_call;
    struct los_pending pending;
    struct los_alternate_stack alternate_stack;
    uint64_t clear_tid; /* user address: 0 is stored and a futex wake done there at the end; or 0 */
    uint64_t robust_list;
    uint32_t enlisted;     /* waiters in queues: schedule/ */
    struct los_timer wake; /* deadline of the wait in progress */
    bool timed_out, woken;
    uint64_t user_ns, system_ns, stamp_ns, turn_ns, quantum_end_ns; /* its turn: since when, and until when */
    uint64_t voluntary_switches, involuntary_switches;
    void *personality;
    struct los_link hash;                   /* by tid: process/ */
    uint64_t stack_top;                     /* what the entries switch to */
    void (*begin)(struct los_frame *frame); /* what it does before it first enters its program; NULL: nothing */
    void *fpu_block;                        /* the allocation that holds fpu */
    uint32_t fpu_cpu;                       /* vCPU whose registers may still hold its FPU state */
    bool killable;                          /* in a wait that its end cuts short */
    bool
        check_signals; /* a wait returned RESTART: los_signals_deliver runs on the way out even if nothing is pending */
    uint64_t runnable_ns; /* since when it has been waiting for a vCPU */
    bool spent;           /* used up its quantum: queues behind those that have not */
    los_signal_set
        awaited; /* signals that it waits for by los_signal_take: one that comes is kept though its action is to ignore it */
};

extern struct los_link los_processes;          /* all, by pid */
struct los_process *los_find_process(int pid); /* zombies too; or NULL */
struct los_thread *los_find_thread(int tid);
int los_last_pid(void);
extern int los_pid_max;         /* numbers are below it */
extern uint32_t los_thread_cap; /* threads of the container: set at start from its memory */
uint32_t los_thread_total(void);

/* The first process, pid 1: empty space, no descriptors, root credentials. Called once; NULL: out of memory. */
struct los_process *los_first_process(void);

enum los_clone_flag {
    LOS_CLONE_SPACE = 1,
    LOS_CLONE_FILES = 2,
    LOS_CLONE_FILE_CONTEXT = 4,
    LOS_CLONE_ACTIONS = 8,
    LOS_CLONE_THREAD = 16,
    LOS_CLONE_VFORK = 32,
    LOS_CLONE_PARENT = 64,
    LOS_CLONE_CLEAR_ACTIONS = 128,
};
struct los_clone {
    uint32_t flags;
    int exit_signal;
    uint64_t stack; /* the child's RSP; 0: as the parent's */
    bool set_tls;
    uint64_t tls; /* FS base */
    uint64_t parent_tid,
        child_tid; /* user addresses that receive the child's tid (in the parent's, the child's memory); or 0 */
    uint64_t clear_tid;
};
/* A copy of the current thread or process that returns 0 to the program. Returns the tid. AGAIN (limit), NOMEM, INVAL. With VFORK it returns when
 * the child has called exec or ended. */
long los_clone(const struct los_clone *how);

/* Ends the current thread, or the whole process (status as for wait: low byte 0..255). They do not return. */
_Noreturn void los_exit_thread(int status);
_Noreturn void los_exit_process(int status);
_Noreturn void los_exit_by_signal(int signal, bool dump);
/* exec: ends all other threads of the current process, gives it `space` (consuming the reference; the old one is dropped), resets
 * actions, closes close-on-exec descriptors, ends vfork, then the caller fills in the frame. 0, or NOMEM/AGAIN before any change. */
int los_exec_replace(struct los_space *space, const char *name);

enum los_wait_option {
    LOS_WAIT_NOHANG = 1,
    LOS_WAIT_STOPPED = 2,
    LOS_WAIT_CONTINUED = 4,
    LOS_WAIT_EXITED = 8,
    LOS_WAIT_KEEP = 16
};
struct los_wait_result {
    int pid, user;
    enum { LOS_CHILD_EXITED, LOS_CHILD_KILLED, LOS_CHILD_DUMPED, LOS_CHILD_STOPPED, LOS_CHILD_CONTINUED } how;
    int status; /* exit status or signal */
    uint64_t user_ns, system_ns, faults;
};
/* pid > 0: that child; 0: own group; -1: any; < -1: that group. Returns the pid, 0 with NOHANG and nothing to report, CHILD, RESTART. */
long los_wait_child(int pid, uint32_t options, struct los_wait_result *result);

long los_set_group(int pid, int group); /* setpgid */
long los_set_session(void);             /* setsid: returns the session */
bool los_group_exists(int group, int session);
bool los_group_is_orphaned(int group);

/* Futexes: on user words. private ones are keyed by space, others by memory object. */
long los_futex_wait(uint64_t address, uint32_t expected, uint64_t deadline_ns, uint32_t bitset, bool shared);
long los_futex_wake(uint64_t address, uint32_t most, uint32_t bitset, bool shared);
long los_futex_requeue(uint64_t from, uint32_t wake, uint32_t move, uint64_t to, bool compare,
                       uint32_t expected, bool shared);

void los_times(struct los_process *process, uint64_t *user_ns, uint64_t *system_ns); /* live threads included */

#endif
