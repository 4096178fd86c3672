/* SPDX-License-Identifier: MPL-2.0 */
/*
 * What the parts of the hosted machine know of each other.
 *
 *   main.c       options; the table of contents
 *   memory.c     the frames (a memfd), the shared data, the modules; struct machine_boot
 *   archive.c    the commands of --cmd as a member of the root file system's archive
 *   keeper.c     the process that the user started: terminal, timers, makes runners, sees every end
 *   terminal.c   raw mode, and its way back whatever dies
 *   runner.c     the processes that run vCPUs: from a signal into the core and back
 *   dispatch.c   how the host is made to send a signal for each system call of the guest
 *   translate.c  page tables read by software; the host's mappings are the TLB
 *   vcpu.c       FPU state, FS and GS base
 *   clock.c uart.c log.c
 *
 * Processes. The keeper runs no guest code. A runner is a host process that has the mappings of one space; whoever runs has
 * the baton of a CPU. A runner that stops running gives the baton to the runner of the next space, or keeps it and sleeps
 * while the CPU is idle. So there are as many processes that run as there are CPUs; all others wait.
 *
 * Shared by all: the frames (at HOST_FRAMES), and .data and .bss of the core and of this machine, which hosted.ld puts in one
 * section. What is a runner's own is marked HOST_OWN.
 *
 * Entering the exokernel is taking a signal: its frame on the alternate stack holds the vCPU's registers, and the way out is the
 * return from the signal. "Interrupts off" is the signal mask: the only asynchronous signal, HOST_KICK, is blocked inside.
 */
#ifndef EXO_HOSTED_HOSTED_H
#define EXO_HOSTED_HOSTED_H

#include "host.h"
#include "machine.h"
#include <signal.h>
#include <ucontext.h>

/* Addresses from here on are the host's; the guest's end here, where hardware lets it use some more. */
#define HOST_START     0x710000000000ul
#define HOST_IMAGE     0x720000000000ul /* hosted.ld */
#define HOST_FRAMES    0x730000000000ul
#define HOST_MEM_MOST  1048576ul /* MiB */
#define GUEST_LEAST_VA 0x10000ul /* the host maps nothing lower */

#define HOST_OWN  __attribute__((section(".host_own")))
#define HOST_KICK SIGUSR1

#define RUNNERS_MOST  256u /* processes: then the longest idle one changes its space */
#define RUNNERS_SPARE 2u

enum host_cpu_state { CPU_GUEST, CPU_KERNEL, CPU_IDLE };
enum host_interrupt { INTERRUPT_TIMER = 1, INTERRUPT_KICK = 2, INTERRUPT_LINE = 4 };

struct host_cpu {
    uint32_t pending;      /* enum host_interrupt; also what an idle CPU sleeps on */
    uint32_t state;        /* enum host_cpu_state */
    uint32_t flush_wanted; /* the space's translations must be looked through before the guest runs again */
    int32_t process;       /* the runner's: where HOST_KICK goes */
    uint64_t top_pfn;      /* of the loaded space; 0: none yet */
    struct machine_vcpu *vcpu;
    uint64_t deadline_ns; /* of the timer; UINT64_MAX: none */
    uint64_t last_ns;
} __attribute__((aligned(64)));

enum host_runner_state { RUNNER_WANTED = 1, RUNNER_WAITS, RUNNER_RUNS };

struct host_runner {
    uint32_t baton; /* 1: it is this one's turn */
    uint32_t state; /* enum host_runner_state; under host.runner_lock */
    int32_t process;
    uint32_t cpu; /* whose baton it has */
    uint64_t top_pfn;
    uint64_t used;  /* a stamp: when it last ran */
    uint32_t after; /* 1 + the next runner of the same space */
} __attribute__((aligned(64)));

struct host_uart {
    uint8_t interrupts, line, scratch, modem, divisor[2];
};
#define INPUT_RING 4096u

struct host {
    uint32_t cpus;
    struct host_cpu cpu[EXO_CPUS_MAX];
    uint32_t runner_lock;
    uint32_t runners; /* slots in use */
    uint64_t stamp;
    struct host_runner runner[RUNNERS_MOST];
    uint16_t *runner_of;   /* by the top table's frame: 1 + the first runner that has its mappings */
    uint64_t keeper_at_ns; /* when the keeper looks at the timers next */
    int keeper_event;      /* an eventfd that wakes it */
    uint32_t ending;       /* 0, or why: enum host_ending */
    uint64_t frames;
    int frames_fd, log_fd;
    struct host_uart uart[2];
    bool line_masked[16];
    uint32_t input_first, input_end; /* of the ring; counts that wrap */
    uint8_t input[INPUT_RING];
    uint64_t clock_tsc, clock_mult, clock_wall_ns;
    uint64_t fpu_mask;
    uint32_t fpu_bytes;
    bool xsaveopt;
    bool no_fsgsbase;
    const char *command_line;
    uint64_t check; /* walk over the invariants after every so many calls; 0: never */
    bool core;      /* leave a core file where something is broken */
    int status;     /* that the boot log told last; -1: none */
    int write_error
        [3]; /* errno of a write that lost something: to standard output, standard error, the log; 0: none */
};
enum { HOST_OUTPUT, HOST_ERRORS, HOST_LOG };
#define HOST_STATUS_BROKEN 125
enum host_ending { ENDING_NOT, ENDING_POWER, ENDING_PANIC, ENDING_HOST };
extern struct host host;

/* --- runner.c ------------------------------------------------------------------------------------------------------ */
extern HOST_OWN uint32_t host_self; /* the executing runner's slot */
void host_signals_install(void);
_Noreturn void host_runner_main(uint32_t slot); /* in a child of the keeper */
void host_raise(uint32_t cpu, uint32_t interrupt);
void host_runners_lock(void); /* for states, lists and the number of runners */
void host_runners_unlock(void);
_Noreturn void host_end(enum host_ending why);
_Noreturn void host_fail(const char *why); /* the host cannot go on */

/* --- dispatch.c ---------------------------------------------------------------------------------------------------- */
/* From now on each system call from outside of this program's text is a SIGSYS to the calling process. False: this host cannot. */
bool host_dispatch_start(void);
const char *host_dispatch_check(void); /* NULL, or why no way works; in a process that may end */

/* --- translate.c --------------------------------------------------------------------------------------------------- */
void host_translate_init(void);
/* Error codes of page faults (Intel SDM volume 3, 4.7). */
enum { HOST_FAULT_PRESENT = 1, HOST_FAULT_WRITE = 2, HOST_FAULT_USER = 4, HOST_FAULT_FETCH = 16 };
/* A page fault of the guest. True: the tables permit it and the host's mapping was made. Otherwise *error is what the CPU would say. */
bool host_translate(uint64_t top_pfn, uint64_t va, bool write, bool fetch, uint64_t *error);
/* Before the guest runs in the space of that top table: drops the host's mappings that the tables no longer say, if somebody asked for
 * a flush since the last time. */
void host_translate_settle(uint64_t top_pfn);

/* --- vcpu.c --------------------------------------------------------------------------------------------------------- */
void host_fpu_probe(const ucontext_t *context);
void host_vcpu_load(struct machine_vcpu *vcpu, ucontext_t *context);
void host_vcpu_save(ucontext_t *context); /* whatever is loaded, if anything is */
/* rdfsbase and its kin where the host does not keep what they set: made invalid, and done by hand. */
#define HOST_BASES_BYTES 5u
void host_hide_bases(uint8_t *text, uint64_t bytes);
bool host_emulate_bases(struct machine_vcpu *vcpu, const uint8_t *code);
extern HOST_OWN ucontext_t *host_context; /* of the signal that is being handled */

/* --- memory.c ------------------------------------------------------------------------------------------------------ */
/* NULL, or what is wrong. After it the shared data is shared. */
const char *host_memory_init(uint64_t mib);
/* The bytes become a module. NULL, or what is wrong. */
const char *host_memory_module(const char *name, int fd);
const struct machine_boot *host_memory_boot(void);

/* --- archive.c ------------------------------------------------------------------------------------------------------ */
/* A newc archive (descriptor) with one more regular file; -1 and *why where it is no archive. Takes the descriptor. */
int host_archive_add(int archive, const char *name, const char *text, const char **why);

/* --- keeper.c, terminal.c ------------------------------------------------------------------------------------------- */
struct host_wish {
    bool interactive;   /* the terminal is the guest's console */
    uint64_t timeout_s; /* 0: none */
};
int host_keeper(const struct host_wish *wish); /* the exit status */
bool host_terminal_raw(void); /* and a guardian that undoes it when this process is gone. False: no terminal */
void host_terminal_restore(void);

/* --- the rest ---------------------------------------------------------------------------------------------------------- */
void host_tell_keeper(void);
void host_clock_start(void);
void host_clock_ready(void);
bool host_uart_input_wanted(void);
void host_uart_received(void);  /* input was added */
void host_uart_interrupt(void); /* on CPU 0: INTERRUPT_LINE */
void host_uart_flush(void);
void host_post_mortem(void); /* with --core: here this process ends, and its memory is kept */

#endif
