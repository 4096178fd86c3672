/* SPDX-License-Identifier: MPL-2.0 */
/* Jumps and signals: raised, of faults, of time. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "hello.h"

static jmp_buf place;
static sigjmp_buf safe;
static volatile sig_atomic_t seen, times;

static void deep(int n)
{
    volatile char room[256];
    room[0] = (char)n;
    if (n == 0)
        longjmp(place, 42 + room[0]);
    if (n > 0)
        deep(n - 1);
    room[1] = room[0];
}

bool check_setjmp(void)
{
    volatile double kept = 1.25;
    int value = setjmp(place);
    if (value == 0)
        deep(100);
    if (value != 42 || kept != 1.25)
        return failed("longjmp");
    printf("back from 100 calls deep\n");
    return true;
}

static void note(int number)
{
    volatile double x = 2; /* the handler's floating point is its own */
    x = x * 3.5 + number;
    seen = number;
    times++;
}

bool check_raise(void)
{
    double x = 1.5;
    times = 0;
    if (signal(SIGUSR1, note) != SIG_DFL || raise(SIGUSR1) || seen != SIGUSR1)
        return failed("raise");
    if (kill(getpid(), SIGUSR1) || times != 2 || x != 1.5)
        return failed("kill");
    sigset_t set, pending;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigprocmask(SIG_BLOCK, &set, NULL);
    raise(SIGUSR1);
    sigpending(&pending);
    if (times != 2 || !sigismember(&pending, SIGUSR1))
        return failed("a blocked signal came");
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    if (times != 3)
        return failed("it did not come when let in");
    struct sigaction old;
    if (sigaction(SIGUSR1, NULL, &old) || old.sa_handler != note || signal(SIGUSR1, SIG_IGN) != note)
        return failed("sigaction");
    raise(SIGUSR1);
    signal(SIGUSR1, SIG_DFL);
    if (times != 3 || kill(getpid(), 99) != -1 || errno != EINVAL || signal(SIGKILL, note) != SIG_ERR)
        return failed("what is ignored or not allowed");
    printf("caught, blocked, ignored\n");
    return true;
}

static void jump_out(int number)
{
    times++;
    siglongjmp(safe, number);
}

/* An instruction that faults, again and again, because the mask comes back with the jump. */
static int fault_with(void (*act)(void))
{
    int number = sigsetjmp(safe, 1);
    if (number == 0)
        act();
    return number;
}
/* Addresses that the compiler knows nothing about. */
static char *volatile bad_address;
static void read_at(uintptr_t address)
{
    bad_address = (char *)address;
    (void)*(volatile char *)bad_address;
}
static void read_wild(void) { read_at(16); }
static void read_hole(void) { read_at(0x6f0000000000); }
static void read_noncanonical(void) { read_at(0x1234567812345678); }
static void write_text(void)
{
    bad_address = (char *)(uintptr_t)check_faults;
    *bad_address = 0;
}
static void divide(void)
{
    volatile int zero = 0;
    zero = 7 / zero; /* 1 / x is done without dividing */
}
static int overflow(int n)
{
    volatile char room[4096];
    room[0] = (char)n;
    return n < 0 ? 0 : overflow(n + 1) + room[0];
}
static void overflow_stack(void) { overflow(0); }

bool check_faults(void)
{
    static char other_stack[32768];
    stack_t stack = {.ss_sp = other_stack, .ss_size = sizeof other_stack};
    struct sigaction action = {.sa_handler = jump_out, .sa_flags = SA_ONSTACK};
    static void (*const bad[])(void) = {read_wild, write_text, read_hole, read_noncanonical, overflow_stack};
    times = 0;
    sigaltstack(&stack, NULL);
    sigaction(SIGSEGV, &action, NULL);
    sigaction(SIGFPE, &action, NULL);
    for (int round = 0; round < 3; round++) {
        for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
            if (fault_with(bad[i]) != SIGSEGV)
                return failed("SIGSEGV");
        if (fault_with(divide) != SIGFPE)
            return failed("SIGFPE");
    }
    signal(SIGSEGV, SIG_DFL);
    signal(SIGFPE, SIG_DFL);
    printf("%d faults survived\n", (int)times);
    return times == 18;
}

bool check_alarm(void)
{
    times = 0;
    signal(SIGALRM, note);
    ualarm(200000, 0);
    double counted = 0;
    unsigned long count = 0;
    while (!times) { /* in the program, not in a call: registers of all kinds come back */
        counted += 1;
        count++;
    }
    if (counted != (double)count)
        return failed("a handler changed the program's floating point registers");
    ualarm(100000, 100000); /* again and again: one may come before the wait begins */
    pause();
    struct timespec wanted = {.tv_sec = 30}, left = {0};
    if (nanosleep(&wanted, &left) != -1 || errno != EINTR || left.tv_sec < 10 || times < 3)
        return failed("a sleep that a signal ends");
    ualarm(0, 0);
    int before = times;
    signal(SIGALRM, jump_out);
    if (sigsetjmp(safe, 1) == 0) {
        ualarm(200000, 0);
        for (;;)
            ;
    }
    signal(SIGALRM, SIG_DFL);
    printf("alarms in the program, in waits, and one left by a jump\n");
    return times == before + 1;
}

/* --- ends ----------------------------------------------------------------------------------------------------------------- */
static int take_all(void)
{
    size_t total = 0;
    for (char *block; (block = malloc(65536)); total += 65536)
        memset(block, 1, 65536);
    printf("malloc said NULL after %zu MiB: %s\n", total >> 20, strerror(errno));
    return 0;
}

static int fill_disk(void)
{
    static char bytes[65536];
    size_t total = 0;
    FILE *file = fopen("/tmp/full", "w");
    while (file && fwrite(bytes, sizeof bytes, 1, file) == 1)
        total += sizeof bytes;
    printf("writing stopped: %s\n", strerror(errno));
    return file && total ? 0 : 1;
}

static volatile sig_atomic_t interrupted;
static void interrupt(int number) { interrupted = number; }
static int wait_for_interrupt(void)
{
    signal(SIGINT, interrupt);
    printf("press Ctrl-C\n");
    fflush(stdout);
    while (!interrupted)
        pause();
    printf("interrupted by signal %d\n", (int)interrupted);
    return 0;
}

int crash(const char *kind, const char *argument)
{
    static const struct {
        const char *name;
        void (*act)(void);
    } acts[] = {{"stack", overflow_stack},
                {"wild", read_wild},
                {"write-text", write_text},
                {"divide", divide},
                {"abort", abort}};
    for (size_t i = 0; i < sizeof acts / sizeof acts[0]; i++)
        if (!strcmp(acts[i].name, kind))
            acts[i].act();
    if (!strcmp(kind, "exit"))
        exit(argument ? atoi(argument) : 0);
    if (!strcmp(kind, "memory"))
        return take_all();
    if (!strcmp(kind, "disk"))
        return fill_disk();
    if (!strcmp(kind, "interrupt"))
        return wait_for_interrupt();
    if (!strcmp(kind, "loop"))
        for (;;)
            ;
    printf("hello: no such end: %s\n", kind);
    return 2;
}
