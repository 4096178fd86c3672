/* SPDX-License-Identifier: MPL-2.0 */
/* Signals as a program sees them: handlers, masks, alternate stacks, restarts, timers, and registers kept. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/ucontext.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define CHECK(condition)                                                                                       \
    do {                                                                                                       \
        if (!(condition)) {                                                                                    \
            printf("signals: line %d: %s (errno %d)\n", __LINE__, #condition, errno);                          \
            exit(1);                                                                                           \
        }                                                                                                      \
    } while (0)

static volatile sig_atomic_t seen, nested, code;
static void *volatile address;
static volatile int on_stack;
static char stack[65536] __attribute__((aligned(16)));
static sigjmp_buf jump;

static void note(int number)
{
    seen = number;
    volatile double x = 1.5; /* destroys SSE registers */
    for (int i = 0; i < 10; i++)
        x = x * 3 + 0.25;
}
static void note_info(int number, siginfo_t *info, void *context)
{
    (void)context;
    seen = number;
    code = info->si_code;
    address = info->si_addr;
    char here;
    on_stack = &here >= stack && &here < stack + sizeof stack;
}
static void leave(int number, siginfo_t *info, void *context)
{
    note_info(number, info, context);
    siglongjmp(jump, 1);
}
static void skip(int number, siginfo_t *info, void *context)
{
    note_info(number, info, context);
    ((ucontext_t *)context)->uc_mcontext.gregs[REG_RIP] += 2; /* over ud2 */
    ((ucontext_t *)context)->uc_mcontext.gregs[REG_RBX] = 77;
}
static void nest(int number)
{
    (void)number;
    nested++;
    if (nested == 1)
        raise(SIGUSR2);
    nested += 10;
}

static void install(int number, void (*handler)(int, siginfo_t *, void *), int flags)
{
    struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO | flags};
    CHECK(sigaction(number, &action, NULL) == 0);
}

int main(void)
{
    signal(SIGUSR1, note);
    raise(SIGUSR1);
    CHECK(seen == SIGUSR1);
    kill(getpid(), SIGUSR1);
    printf("handler\n");

    sigset_t set, old;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigprocmask(SIG_BLOCK, &set, &old);
    seen = 0;
    raise(SIGUSR1);
    sigset_t pending;
    sigpending(&pending);
    CHECK(seen == 0 && sigismember(&pending, SIGUSR1));
    CHECK(sigsuspend(&old) == -1 && errno == EINTR && seen == SIGUSR1);
    raise(SIGUSR1);
    int number;
    siginfo_t info;
    struct timespec none = {0, 0};
    CHECK(sigwait(&set, &number) == 0 && number == SIGUSR1);
    CHECK(sigtimedwait(&set, &info, &none) == -1 && errno == EAGAIN);
    sigprocmask(SIG_SETMASK, &old, NULL);
    printf("mask, pending, suspend, wait\n");

    signal(SIGUSR2, nest);
    struct sigaction action = {.sa_handler = nest, .sa_flags = SA_NODEFER};
    sigaction(SIGUSR2, &action, NULL);
    raise(SIGUSR2);
    CHECK(nested == 22);
    printf("nested\n");

    stack_t alternate = {.ss_sp = stack, .ss_size = sizeof stack};
    CHECK(sigaltstack(&alternate, NULL) == 0);
    install(SIGSEGV, leave, SA_ONSTACK);
    if (sigsetjmp(jump, 1) == 0) {
        *(volatile int *)0x1234000 = 1;
        CHECK(!"reached");
    }
    CHECK(seen == SIGSEGV && code == SEGV_MAPERR && address == (void *)0x1234000 && on_stack);
    char *page = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (sigsetjmp(jump, 1) == 0)
        *(volatile char *)(page + 5) = 1;
    CHECK(code == SEGV_ACCERR && address == page + 5);
    int file = open("signals.tmp", O_RDWR | O_CREAT | O_TRUNC, 0600);
    char *beyond = mmap(NULL, 4096, PROT_READ, MAP_SHARED, file, 0);
    install(SIGBUS, leave, 0);
    if (sigsetjmp(jump, 1) == 0)
        (void)*(volatile char *)beyond;
    CHECK(seen == SIGBUS && code == BUS_ADRERR);
    close(file);
    unlink("signals.tmp");
    install(SIGFPE, leave, 0);
    if (sigsetjmp(jump, 1) == 0)
        __asm__ volatile("xor %%ecx, %%ecx; mov $1, %%eax; cltd; idiv %%ecx" ::: "rax", "rcx", "rdx");
    CHECK(seen == SIGFPE && code == FPE_INTDIV);
    printf("faults with their address, on an alternate stack\n");

    install(SIGILL, skip, 0);
    long rbx = 0, r12 = 0;
    __asm__ volatile("mov $5, %%r12; mov $1, %%rbx; ud2; mov %%rbx, %0; mov %%r12, %1"
                     : "=&r"(rbx), "=&r"(r12)::"rbx", "r12", "memory");
    CHECK(seen == SIGILL && rbx == 77 && r12 == 5);
    printf("registers changed by a handler\n");

    double kept = 0;
    seen = 0;
    signal(SIGALRM, note);
    struct itimerval timer = {{0, 0}, {0, 20000}};
    setitimer(ITIMER_REAL, &timer, NULL);
    __asm__ volatile("movsd %1, %%xmm7; 1: cmpl $0, %2; je 1b; movsd %%xmm7, %0"
                     : "=m"(kept)
                     : "m"((double){2.5}), "m"(seen)
                     : "xmm7", "cc");
    CHECK(kept == 2.5 && seen == SIGALRM);
    printf("interval timer, floating point kept\n");

    int pipes[2];
    char byte;
    CHECK(pipe(pipes) == 0);
    action = (struct sigaction){.sa_handler = note};
    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &timer, NULL);
    CHECK(read(pipes[0], &byte, 1) == -1 && errno == EINTR);
    action.sa_flags = SA_RESTART;
    sigaction(SIGALRM, &action, NULL);
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        usleep(60000);
        _exit(write(pipes[1], "x", 1) == 1 ? 3 : 4);
    }
    setitimer(ITIMER_REAL, &timer, NULL);
    CHECK(read(pipes[0], &byte, 1) == 1 && byte == 'x');
    struct timespec slept = {0, 100 * 1000 * 1000}, left = {0, 0};
    setitimer(ITIMER_REAL, &timer, NULL);
    CHECK(nanosleep(&slept, &left) == -1 && errno == EINTR && left.tv_nsec > 0);
    printf("interrupted and restarted calls\n");

    int status = 0;
    CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 3);
    install(SIGCHLD, note_info, SA_RESTART);
    child = fork();
    if (child == 0) {
        raise(SIGSTOP);
        usleep(50000); /* an end would hide that it continued */
        _exit(9);
    }
    CHECK(waitpid(child, &status, WUNTRACED) == child && WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP);
    kill(child, SIGCONT);
    CHECK(waitpid(child, &status, WCONTINUED) == child && WIFCONTINUED(status));
    siginfo_t child_info;
    CHECK(waitid(P_PID, (id_t)child, &child_info, WEXITED | WNOWAIT) == 0 && child_info.si_status == 9);
    CHECK(waitpid(child, &status, 0) == child && WEXITSTATUS(status) == 9 && seen == SIGCHLD);
    CHECK(waitpid(child, &status, 0) == -1 && errno == ECHILD);
    printf("stop, continue and the child's story\n");

    signal(SIGPIPE, SIG_IGN);
    close(pipes[0]);
    CHECK(write(pipes[1], "x", 1) == -1 && errno == EPIPE);
    union sigval value = {.sival_int = 42};
    struct sigaction queued = {.sa_sigaction = note_info, .sa_flags = SA_SIGINFO | SA_RESETHAND};
    sigaction(SIGRTMIN, &queued, NULL);
    CHECK(sigqueue(getpid(), SIGRTMIN, value) == 0 && seen == SIGRTMIN && code == SI_QUEUE);
    sigaction(SIGRTMIN, NULL, &queued);
    CHECK(queued.sa_handler == SIG_DFL);
    CHECK(kill(999999, 0) == -1 && errno == ESRCH && kill(getpid(), 65) == -1 && errno == EINVAL);
    printf("signals: done\n");
    return 0;
}
