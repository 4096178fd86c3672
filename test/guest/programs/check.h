/* SPDX-License-Identifier: MPL-2.0 */
/* What the programs share that go through calls and their errors: they hold on Linux too, where they can be tried. */
#ifndef CHECK_H
#define CHECK_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define CHECK(condition)                                                                                       \
    do {                                                                                                       \
        if (!(condition)) {                                                                                    \
            printf("%s: line %d: %s (errno %d)\n", __FILE__, __LINE__, #condition, errno);                     \
            exit(1);                                                                                           \
        }                                                                                                      \
    } while (0)
#define FAILS(number, call) CHECK((errno = 0, (call)) == -1 && errno == (number))
#define BAD                 bad_address
static void *volatile bad_address = (void *)8; /* nothing is there; the compiler shall not know */

/* Runs the function in a child, which must end with status 0. */
static inline void in_child(void (*body)(void))
{
    int status;
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        body();
        exit(0);
    }
    CHECK(waitpid(child, &status, 0) == child && status == 0);
}

#endif
