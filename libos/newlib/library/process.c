/* SPDX-License-Identifier: MPL-2.0 */
/* The process: its heap and its number. It is the only one: what would make another fails as POSIX has it for systems without. */
#include <errno.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
#include "library.h"

void *sbrk(ptrdiff_t bytes) { return (void *)newlib_checked(NL_grow, (uint64_t)bytes, 0, 0); }
pid_t getpid(void) { return (pid_t)newlib_call(0, 0, 0, 0, NL_process); }

int getentropy(void *to, size_t bytes) { return (int)newlib_checked(NL_random, ADDRESS(to), bytes, 0); }

static int missing(void)
{
    errno = ENOSYS;
    return -1;
}
pid_t fork(void) { return missing(); }
int execve(const char *path, char *const arguments[], char *const environment[])
{
    (void)path, (void)arguments, (void)environment;
    return missing();
}
pid_t wait(int *status)
{
    (void)status;
    errno = ECHILD;
    return -1;
}
/* 0 for NULL: there is no command processor. */
int system(const char *command) { return command ? missing() : 0; }
