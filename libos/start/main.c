/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The library OS's table of contents: los_main is where every vCPU begins, called by los_entry on its boot stack. That stack
 * becomes the context of the vCPU's idle thread; the personality begins in the first thread of process 1.
 */
#include <los/file.h>
#include <los/personality.h>
#include <los/supervision.h>
#include <los/terminal.h>
#include "../process/internal.h"
#include "../schedule/internal.h"

_Noreturn void los_main(const struct los_start *start, uint32_t vcpu);

uint64_t los_start_ns;

/* Threads that the memory of the container may carry, and bounds. */
#define PAGES_PER_THREAD 128ul
#define THREADS_LEAST    64ul
#define THREADS_MOST     16384ul

static void milestone(const char *what)
{
    uint64_t us = los_now() / 1000;
    los_log("kxos: libos %s at %lu.%lu ms", what, us / 1000, us % 1000 / 100);
}

static void first_thread(struct los_frame *frame)
{
    los_personality.start(frame);
    milestone("first program");
}

static void check_machine(const struct los_start *start)
{
    if (start->magic != LOS_START_MAGIC)
        los_panic("no start page of this version");
    if (!(los_cpu()->page->cpu_flags & EXO_CPU_FSGSBASE))
        los_panic("this CPU lacks FSGSBASE, which the library OS needs");
}

static void schedule_init(const struct los_start *start)
{
    uint64_t threads = los_pages_total() / PAGES_PER_THREAD;
    los_thread_cap = (uint32_t)(threads < THREADS_LEAST  ? THREADS_LEAST
                                : threads > THREADS_MOST ? THREADS_MOST
                                                         : threads);
    los_queue_init();
    los_timers_init();
    los_futex_init();
    los_process_table_init();
    los_fpu_init(los_cpu()->page);
    los_bases_init(los_cpu()->page);
    los_cpu_tokens(start);
}

static void first_process(void)
{
    struct los_process *process = los_first_process();
    if (!process)
        los_panic("no memory for the first process");
    process->leader->begin = first_thread;
    los_make_runnable(process->leader);
}

void los_main(const struct los_start *start, uint32_t vcpu)
{
    los_cpu_init(vcpu);
    los_lock();
    if (vcpu != 0)
        los_idle();
    los_start_ns = los_now();

    check_machine(start);
    los_pages_init(); /* all memory that the container owns */
    milestone("memory");
    los_supervision_init(); /* what we tell the supervisor */
    schedule_init(start);   /* run queue, timers, process table, doorbells of the vCPUs */
    if (los_console_in_memory())
        los_consoles_init(); /* terminal or streams, in memory shared with the supervisor */
    else
        los_console_init(); /* the terminal on the first UART */
    los_pty_init();         /* pseudo-terminals */
    milestone("console");
    los_files_init(); /* root file system, from the archive; /proc, /dev */
    milestone("files");
    first_process();       /* process 1; its thread starts the personality */
    los_cpus_start(start); /* the other vCPUs: they come to los_main too */
    milestone("processors");
    los_idle(); /* runs threads from here on */
}
