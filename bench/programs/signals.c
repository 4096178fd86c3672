/* SPDX-License-Identifier: MPL-2.0 */
/* lmbench's lat_sig install, catch and prot, the mask and the timer, and two processes that signal each other in turn. */
#define _GNU_SOURCE
#include "bench.h"
#include "child.h"
#include <string.h>
#include <sys/time.h>
#include <ucontext.h>

/* --- install and catch -------------------------------------------------------------------------------------------------- */

static volatile sig_atomic_t caught;
static pid_t own;
static struct sigaction action[2];
static unsigned installed; /* how often */

static void handle(int number) { caught += number == SIGUSR1; }
static void handle_otherwise(int number) { caught -= number; }

static void setup(void)
{
    own = getpid();
    action[0].sa_handler = handle;
    action[1].sa_handler = handle_otherwise;
    EXPECT(sigaction(SIGUSR1, &action[0], NULL) == 0);
}

static void run_install(uint64_t times)
{
    while (times--) {
        struct sigaction old = {0};
        unsigned before = installed++ % 2;
        EXPECT(sigaction(SIGUSR1, &action[!before], &old) == 0);
        EXPECT(old.sa_handler == action[before].sa_handler);
    }
}

static void run_catch(uint64_t times)
{
    for (int right = 1; times--; right = right % 1000 + 1) {
        if (right == 1)
            caught = 0;
        EXPECT(kill(own, SIGUSR1) == 0 && caught == right);
    }
}

/* --- a page that may be read only --------------------------------------------------------------------------------------- */

enum { STORE_BYTES = 3 };
void protection_fault_store(volatile char *at);
__asm__(".text; .balign 64\n"
        "protection_fault_store: .byte 0xc6, 0x07, 0x01; ret\n" /* movb $1, (%rdi) */
        ".globl protection_fault_store\n");

static volatile char *page;

static void pass_store(int number, siginfo_t *info, void *context)
{
    greg_t *at = &((ucontext_t *)context)->uc_mcontext.gregs[REG_RIP];
    EXPECT(*at == (greg_t)(uintptr_t)protection_fault_store);
    EXPECT(number == SIGSEGV && info->si_code == SEGV_ACCERR && info->si_addr == (const void *)page);
    *at += STORE_BYTES;
    caught++;
}

static void setup_fault(void)
{
    struct sigaction passes = {.sa_sigaction = pass_store, .sa_flags = SA_SIGINFO};
    EXPECT(sigaction(SIGSEGV, &passes, NULL) == 0);
    page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    EXPECT(page != MAP_FAILED);
    *page = 7;
    EXPECT(mprotect((void *)page, 4096, PROT_READ) == 0);
}

static void run_fault(uint64_t times)
{
    while (times--) {
        caught = 0;
        protection_fault_store(page);
        EXPECT(caught == 1 && *page == 7);
    }
}

/* --- the mask ----------------------------------------------------------------------------------------------------------- */

static sigset_t user;

static void setup_mask(void)
{
    EXPECT(sigemptyset(&user) == 0 && sigaddset(&user, SIGUSR1) == 0);
    EXPECT(sigprocmask(SIG_UNBLOCK, &user, NULL) == 0);
}

static void run_mask(uint64_t times)
{
    static unsigned changed;
    while (times--) {
        sigset_t old;
        int blocked = changed++ % 2;
        EXPECT(sigprocmask(blocked ? SIG_UNBLOCK : SIG_BLOCK, &user, &old) == 0);
        EXPECT(sigismember(&old, SIGUSR1) == blocked);
    }
}

/* --- two processes ------------------------------------------------------------------------------------------------------ */

static pid_t other;

static void await_signal(void)
{
    siginfo_t info;
    memset(&info, 0, sizeof info);
    EXPECT(sigwaitinfo(&user, &info) == SIGUSR1);
    EXPECT(info.si_code == SI_USER && info.si_pid == other);
}

static void setup_processes(void)
{
    setup_mask();
    EXPECT(sigprocmask(SIG_BLOCK, &user, NULL) == 0);
    own = getpid();
    other = fork_child();
    if (other != 0)
        return;
    for (other = own;;) {
        await_signal();
        EXPECT(kill(other, SIGUSR1) == 0);
    }
}

static void run_processes(uint64_t times)
{
    while (times--) {
        EXPECT(kill(other, SIGUSR1) == 0);
        await_signal();
    }
}

/* --- the timer ---------------------------------------------------------------------------------------------------------- */

/* The harness has its limit in the same timer. */
static void run_timer(uint64_t times)
{
    enum { SECONDS = 100 };
    struct itimerval none = {0}, far = {.it_value.tv_sec = SECONDS}, limit;
    bench_stop();
    EXPECT(setitimer(ITIMER_REAL, &none, &limit) == 0);
    bench_start();
    while (times--) {
        struct itimerval old = {0};
        EXPECT(setitimer(ITIMER_REAL, &far, NULL) == 0);
        EXPECT(setitimer(ITIMER_REAL, &none, &old) == 0);
        EXPECT(old.it_value.tv_sec > SECONDS / 2 && old.it_value.tv_sec <= SECONDS);
    }
    bench_stop();
    EXPECT(setitimer(ITIMER_REAL, &limit, NULL) == 0);
}

BENCH(signal_install, .group = "signal", .what = "sigaction", .setup = setup, .run = run_install);
BENCH(signal_catch, .group = "signal", .what = "kill of the process itself, handler, return", .setup = setup,
      .run = run_catch);
BENCH(protection_fault, .group = "signal", .what = "write to a read-only page, handler of SIGSEGV, return",
      .setup = setup_fault, .run = run_fault);
BENCH(sigprocmask, .group = "signal", .what = "sigprocmask", .setup = setup_mask, .run = run_mask);
BENCH(signal_processes, .group = "signal", .what = "kill and sigwaitinfo, from process to process",
      .setup = setup_processes, .run = run_processes, .each = 2);
BENCH(setitimer, .group = "signal", .what = "set a timer, and cancel it", .run = run_timer);
