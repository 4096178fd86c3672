/* SPDX-License-Identifier: MPL-2.0 */
/*
 * hosted-entries FILE PROGRAM ARGUMENT...: runs a program and writes to FILE what it and all its descendants asked of the host's kernel:
 * "calls N signals M". Like strace -f -c, by ptrace and nothing else. Ends with the program's status.
 *
 * Linux says of a tracee that stops (ptrace(2)): the signal SIGTRAP | 0x80 at either end of a system call, an event in the upper bits, or a
 * signal that is about to be delivered. A system call that becomes a SIGSYS by user dispatch has no stops of its own.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

static _Noreturn void fail(const char *what)
{
    perror(what);
    exit(125);
}

int main(int argc, char **argv)
{
    unsigned long ends = 0, signals = 0;
    int go[2], status, result = 125;
    char byte = 0;
    if (argc < 3 || pipe(go))
        fail("hosted-entries");
    pid_t program = fork();
    if (program == 0) {
        if (read(go[0], &byte, 1) != 1)
            _exit(125);
        close(go[0]);
        close(go[1]);
        execvp(argv[2], argv + 2);
        _exit(127);
    }
    long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE |
                   PTRACE_O_EXITKILL;
    if (program < 0 || ptrace(PTRACE_SEIZE, program, NULL, options) ||
        ptrace(PTRACE_INTERRUPT, program, NULL, NULL))
        fail("ptrace");
    if (write(go[1], &byte, 1) != 1)
        fail("write");
    for (pid_t process; (process = waitpid(-1, &status, __WALL)) > 0;) {
        if (process == program && WIFEXITED(status))
            result = WEXITSTATUS(status);
        if (!WIFSTOPPED(status))
            continue;
        int signal = 0;
        if (WSTOPSIG(status) == (SIGTRAP | 0x80)) {
            ends++;
        } else if (status >> 16 == 0) {
            signal = WSTOPSIG(status);
            signals++;
        }
        ptrace(PTRACE_SYSCALL, process, NULL, signal); /* fails when it was killed meanwhile */
    }
    FILE *file = fopen(argv[1], "w");
    if (!file || fprintf(file, "calls %lu signals %lu\n", ends / 2, signals) < 0 || fclose(file))
        fail(argv[1]);
    return result;
}
