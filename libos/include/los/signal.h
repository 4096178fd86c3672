/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Signals: POSIX semantics. Numbers are 1 to 64, those from LOS_SIG_REALTIME on queue. The library OS needs to tell
 * apart the ones named here; the values are its own choice, and were chosen so that a personality for a traditional
 * Unix can assert that its own are equal and use sets without converting them.
 */
#ifndef LOS_SIGNAL_H
#define LOS_SIGNAL_H

#include <los/base.h>

struct los_thread;
struct los_process;
struct los_frame;

enum los_signal {
    LOS_SIG_HANGUP = 1,
    LOS_SIG_INTERRUPT,
    LOS_SIG_QUIT,
    LOS_SIG_ILLEGAL,
    LOS_SIG_TRAP,
    LOS_SIG_ABORT,
    LOS_SIG_BUS,
    LOS_SIG_ARITHMETIC,
    LOS_SIG_KILL,
    LOS_SIG_USER1,
    LOS_SIG_SEGMENT,
    LOS_SIG_USER2,
    LOS_SIG_PIPE,
    LOS_SIG_ALARM,
    LOS_SIG_TERMINATE,
    LOS_SIG_STACK_FAULT,
    LOS_SIG_CHILD,
    LOS_SIG_CONTINUE,
    LOS_SIG_STOP,
    LOS_SIG_TERMINAL_STOP,
    LOS_SIG_TERMINAL_IN,
    LOS_SIG_TERMINAL_OUT,
    LOS_SIG_URGENT,
    LOS_SIG_CPU_LIMIT,
    LOS_SIG_FILE_LIMIT,
    LOS_SIG_VIRTUAL_ALARM,
    LOS_SIG_PROFILE,
    LOS_SIG_WINDOW,
    LOS_SIG_POLL,
    LOS_SIG_POWER,
    LOS_SIG_SYSTEM_CALL,
    LOS_SIG_REALTIME = 32,
    LOS_SIGNALS = 64,
};
typedef uint64_t los_signal_set; /* bit n - 1: signal n */
#define LOS_SIGNAL_BIT(n) (1ull << ((n)-1))

/* Why a signal was sent; a personality turns it into its own codes. */
enum los_signal_cause {
    LOS_CAUSE_USER,   /* kill: sender_process, sender_user */
    LOS_CAUSE_THREAD, /* to one thread */
    LOS_CAUSE_QUEUE,  /* with a value */
    LOS_CAUSE_KERNEL, /* terminal, pipe, ... */
    LOS_CAUSE_TIMER,
    LOS_CAUSE_FAULT_UNMAPPED,
    LOS_CAUSE_FAULT_PROTECTION,
    LOS_CAUSE_FAULT_BUS,
    LOS_CAUSE_FAULT_OTHER, /* address */
    LOS_CAUSE_DIVIDE,
    LOS_CAUSE_FLOATING,
    LOS_CAUSE_ILLEGAL,
    LOS_CAUSE_BREAKPOINT,
    LOS_CAUSE_STEP,
    LOS_CAUSE_CHILD_EXITED,
    LOS_CAUSE_CHILD_KILLED,
    LOS_CAUSE_CHILD_DUMPED,
    LOS_CAUSE_CHILD_STOPPED,
    LOS_CAUSE_CHILD_CONTINUED,
    /* sender_process, sender_user, status */
};
struct los_signal_info {
    int number;
    enum los_signal_cause cause;
    int sender_process, sender_user;
    int status;       /* child: exit status or signal */
    int raw_code;     /* QUEUE: the code that the program gave */
    uint64_t address; /* faults */
    uint64_t value;   /* QUEUE, TIMER */
    uint32_t vector;  /* faults: exception number, and its error code */
    uint64_t error;
};

enum { LOS_HANDLER_DEFAULT = 0, LOS_HANDLER_IGNORE = 1 }; /* else the program's function */
enum los_action_flag {
    LOS_ACTION_NO_CHILD_STOP = 1,
    LOS_ACTION_NO_CHILD_WAIT = 2,
    LOS_ACTION_INFO = 4, /* three-argument handler */
    LOS_ACTION_ON_STACK = 8,
    LOS_ACTION_RESTART = 16,
    LOS_ACTION_NO_DEFER = 32,
    LOS_ACTION_RESET = 64,
};
struct los_action {
    uint64_t handler, restorer;
    los_signal_set mask;
    uint32_t flags;
};
/* Shared by the threads of a process (and by CLONE_SIGHAND relatives). */
struct los_actions {
    uint32_t refs;
    struct los_action action[LOS_SIGNALS]; /* [number - 1] */
};
struct los_pending {
    los_signal_set set;
    struct los_link queue; /* infos */
};
struct los_alternate_stack {
    uint64_t address, bytes;
    bool disabled, auto_disarm;
};

/* All of these return 0 or an error. number 0 checks permission only. */
int los_signal_thread(struct los_thread *thread, const struct los_signal_info *info);
int los_signal_process(struct los_process *process, const struct los_signal_info *info);
int los_signal_group(int group, const struct los_signal_info *info); /* SRCH when it is empty */
/* As los_signal_* with permission checks of the current process. pid > 0, 0 (own group), -1 (all but init and self), < -1 (group). */
int los_kill(int pid, const struct los_signal_info *info);
/* A fault of the current thread: delivered at once, past masks and ignoring (which then kill). */
void los_signal_fault(const struct los_signal_info *info);
bool los_signal_is_pending(struct los_thread *thread);         /* unmasked and not ignored */
los_signal_set los_signals_pending(struct los_thread *thread); /* for sigpending */
/* Takes the next signal of `set` for the current thread: number, or 0. */
int los_signal_take(los_signal_set set, struct los_signal_info *info);
void los_set_signal_mask(los_signal_set mask); /* current thread; KILL and STOP are taken out */
/* Replaces the mask until the next signal delivery (sigsuspend, ppoll): the old one is restored after the handler's frame was
 * built with it, or by los_restore_mask when nothing was delivered. */
void los_set_temporary_mask(los_signal_set mask);
void los_restore_mask(void);
int los_set_action(int number, const struct los_action *action, struct los_action *old);
/* Interval timers of the current process; times relative, in ns, 0: off. */
enum los_interval { LOS_INTERVAL_REAL, LOS_INTERVAL_VIRTUAL, LOS_INTERVAL_PROFILE };
void los_interval_get(enum los_interval which, uint64_t *left_ns, uint64_t *interval_ns);
void los_interval_set(enum los_interval which, uint64_t value_ns, uint64_t interval_ns);
/* On the way back to the program: stops, kills, handlers (through los_personality.deliver_signal). */
void los_signals_deliver(struct los_frame *frame);

#endif
