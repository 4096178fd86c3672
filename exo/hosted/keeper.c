/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The keeper: the process that the user started. It makes the runners, reads the terminal, kicks CPUs whose timers are due, and is the
 * one that ends: when the guest does, when a signal says so, when time is up, or when any of the others died. When it dies itself,
 * all runners die with it (PR_SET_PDEATHSIG), and with the last of them the memory.
 */
#define _GNU_SOURCE
#include "hosted.h"
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#define NS_PER_S 1000000000ul
#define ESCAPE   0x1d /* Ctrl-] */

enum { STATUS_TIMEOUT = 124, STATUS_SIGNAL = 128 };

static HOST_OWN int signals;
static HOST_OWN bool escaped;

/* --- runners ------------------------------------------------------------------------------------------------------------ */

static void make_runner(uint32_t slot)
{
    pid_t keeper = getpid(), child = fork();
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != keeper)
            _exit(1);
        close(signals);
        host_runner_main(slot);
    }
    if (child < 0) {
        fprintf(stderr, "kxos: no more host processes: %s\n", strerror(errno));
        machine_log("kxos: status 125\n", 17);
        host.ending = ENDING_HOST;
        return;
    }
    host.runner[slot].process = child;
}

/* Those that somebody waits for, and some to spare: to fork takes longer than to wake. */
static void make_runners(void)
{
    uint32_t spare = 0;
    host_runners_lock();
    for (uint32_t i = 0; i < host.runners; i++)
        spare += host.runner[i].top_pfn == 0;
    for (; spare < RUNNERS_SPARE && host.runners < RUNNERS_MOST; spare++)
        host.runner[host.runners++].state = RUNNER_WAITS;
    uint32_t used = host.runners;
    host_runners_unlock();
    for (uint32_t i = 0; i < used && !host.ending; i++)
        if (!host.runner[i].process)
            make_runner(i);
}

static void start_cpus(void)
{
    for (uint32_t n = 0; n < host.cpus; n++) {
        struct host_runner *runner = &host.runner[host.runners++];
        *runner = (struct host_runner){.baton = 1, .state = RUNNER_RUNS, .cpu = n};
        host.cpu[n].state = CPU_KERNEL;
        host.cpu[n].deadline_ns = UINT64_MAX;
    }
}

/* True: one of the machine's processes ended, which none does by itself. */
static bool reap(void)
{
    bool lost = false;
    int status;
    for (pid_t child; (child = waitpid(-1, &status, WNOHANG)) > 0;)
        for (uint32_t i = 0; i < host.runners; i++) {
            if (host.runner[i].process != child)
                continue;
            if (!host.ending)
                fprintf(stderr, "kxos: host process %d, which ran CPU %u, %s %d%s: the machine ends\n", child,
                        host.runner[i].cpu, WIFSIGNALED(status) ? "died of signal" : "ended with",
                        WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status),
                        WIFSIGNALED(status) && WCOREDUMP(status) ? ", leaving a core file" : "");
            lost = true;
        }
    return lost;
}

static void end_runners(void)
{
    for (uint32_t i = 0; i < host.runners; i++)
        if (host.runner[i].process > 0)
            kill(host.runner[i].process, SIGKILL);
    for (uint32_t i = 0; i < host.runners; i++)
        if (host.runner[i].process > 0)
            waitpid(host.runner[i].process, NULL, 0);
}

/* --- timers -------------------------------------------------------------------------------------------------------------- */

static bool watched(const struct host_cpu *cpu)
{
    return __atomic_load_n(&cpu->state, __ATOMIC_SEQ_CST) !=
               CPU_IDLE && /* it sleeps no longer than that itself */
           !(__atomic_load_n(&cpu->pending, __ATOMIC_SEQ_CST) & INTERRUPT_TIMER);
}

static uint64_t first_deadline(void)
{
    uint64_t first = UINT64_MAX;
    for (uint32_t n = 0; n < host.cpus; n++)
        if (watched(&host.cpu[n]) && host.cpu[n].deadline_ns < first)
            first = host.cpu[n].deadline_ns;
    return first;
}

/* Kicks whose time has come; returns how long nothing is to be done, in ns. */
static uint64_t run_timers(void)
{
    uint64_t now = machine_now_ns(), at;
    for (uint32_t n = 0; n < host.cpus; n++)
        if (watched(&host.cpu[n]) && host.cpu[n].deadline_ns <= now)
            host_raise(n, INTERRUPT_TIMER);
    do { /* a deadline that was lowered before the store is seen after it; later ones are told */
        at = first_deadline();
        __atomic_store_n(&host.keeper_at_ns, at, __ATOMIC_SEQ_CST);
    } while (first_deadline() < at);
    return at == UINT64_MAX ? UINT64_MAX : at > now ? at - now : 0;
}

/* --- the terminal ---------------------------------------------------------------------------------------------------------- */

/* Ctrl-] and then x ends the machine. True: it does. */
static bool input(const uint8_t *bytes, ssize_t n)
{
    for (ssize_t i = 0; i < n; i++) {
        if (escaped) {
            escaped = false;
            if (bytes[i] == 'x' || bytes[i] == 'X')
                return true;
        } else if (bytes[i] == ESCAPE) {
            escaped = true;
            continue;
        }
        host.input[host.input_end % INPUT_RING] = bytes[i];
        __atomic_store_n(&host.input_end, host.input_end + 1, __ATOMIC_RELEASE);
    }
    host_uart_received();
    return false;
}

/* --- until the end ----------------------------------------------------------------------------------------------------------- */

/* What the guest wrote and nobody got. A reader that went away is none of it: `| head` is ordinary. */
static bool tell_losses(void)
{
    static const char *const what[] = {"its standard output", "its standard error", "the boot log"};
    bool lost = false;
    for (int i = 0; i < 3; i++) {
        if (!host.write_error[i] || host.write_error[i] == EPIPE)
            continue;
        fprintf(stderr, "kxos: %s is not whole: %s\n", what[i], strerror(host.write_error[i]));
        lost |= i == HOST_OUTPUT;
    }
    return lost;
}

static void show_log(void)
{
    char text[2048];
    off_t size = lseek(host.log_fd, 0, SEEK_END),
          at = size > (off_t)sizeof text ? size - (off_t)sizeof text : 0;
    ssize_t n = pread(host.log_fd, text, sizeof text, at);
    if (n > 0)
        fwrite(text, 1, (size_t)n, stderr);
}

static int watch(const struct host_wish *wish)
{
    struct pollfd fds[3] = {{host.keeper_event, POLLIN, 0},
                            {signals, POLLIN, 0},
                            {wish->interactive ? STDIN_FILENO : -1, POLLIN, 0}};
    uint64_t end = wish->timeout_s ? machine_now_ns() + wish->timeout_s * NS_PER_S : UINT64_MAX;
    while (!__atomic_load_n(&host.ending, __ATOMIC_SEQ_CST)) {
        make_runners();
        uint64_t ns = run_timers(), now = machine_now_ns();
        if (now >= end) {
            fprintf(stderr, "kxos: no end after %lu seconds\n", wish->timeout_s);
            return STATUS_TIMEOUT;
        }
        if (end - now < ns)
            ns = end - now;
        struct timespec time = {(time_t)(ns / NS_PER_S), (long)(ns % NS_PER_S)};
        fds[2].events = host_uart_input_wanted() ? POLLIN : 0;
        if (ppoll(fds, 3, ns == UINT64_MAX ? NULL : &time, NULL) < 0 && errno != EINTR)
            return HOST_STATUS_BROKEN;
        uint64_t count;
        if (fds[0].revents & POLLIN && read(host.keeper_event, &count, sizeof count) < 0)
            continue;
        struct signalfd_siginfo info;
        if ((fds[1].revents & POLLIN) && read(signals, &info, sizeof info) == sizeof info) {
            if (info.ssi_signo != SIGCHLD)
                return STATUS_SIGNAL + (int)info.ssi_signo;
            if (reap())
                return HOST_STATUS_BROKEN;
        }
        if (fds[2].revents) {
            uint8_t bytes[256];
            size_t room = INPUT_RING - (host.input_end - __atomic_load_n(&host.input_first, __ATOMIC_ACQUIRE));
            ssize_t n = read(STDIN_FILENO, bytes, room < sizeof bytes ? room : sizeof bytes);
            if (n > 0 && input(bytes, n))
                return 0;
            if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) {
                if (fds[2].revents & POLLHUP && isatty(STDOUT_FILENO) == 0)
                    return STATUS_SIGNAL + SIGHUP;
                fds[2].fd = -1; /* no more input; the guest goes on */
            }
        }
    }
    return -1;
}

int host_keeper(const struct host_wish *wish)
{
    sigset_t mask;
    sigemptyset(&mask);
    const int wanted[] = {SIGCHLD, SIGINT, SIGTERM, SIGHUP, SIGQUIT};
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++)
        sigaddset(&mask, wanted[i]);
    sigprocmask(SIG_BLOCK, &mask, NULL);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGTTOU, SIG_IGN);
    signals = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
    host.keeper_event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    host_signals_install();
    start_cpus();
    core_main(host_memory_boot());
    if (wish->interactive)
        host_terminal_raw();
    int status = watch(wish);
    end_runners();
    host_terminal_restore();
    if (status >= 0)
        return status;
    bool lost = tell_losses();
    if (host.status < 0 || host.ending != ENDING_POWER) {
        fprintf(stderr, "kxos: the guest ended %s; the end of its boot log:\n",
                host.status < 0 ? "without a status" : "badly");
        show_log();
        return HOST_STATUS_BROKEN;
    }
    if (wish->interactive)
        return 0;
    return lost && !host.status ? HOST_STATUS_BROKEN : host.status;
}
