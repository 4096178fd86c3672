/* SPDX-License-Identifier: MPL-2.0 */
/* Before main and after it. Constructors run first; destructors (of __attribute__((destructor))) are not in the image: use atexit. */
#include <stdlib.h>
#include <unistd.h>
#include "library.h"

extern char **environ;
extern void (*los_constructors_start[])(void), (*los_constructors_end[])(void);
int main(int argc, char **argv, char **envp);

void newlib_start(int count, char **arguments, char **environment)
{
    environ = environment;
    for (void (**constructor)(void) = los_constructors_start; constructor < los_constructors_end; constructor++)
        (*constructor)();
    exit(main(count, arguments, environment));
}

void _exit(int status)
{
    for (;;)
        newlib_call((uint64_t)status, 0, 0, 0, NL_exit);
}

/* newlib's exit calls them; constructors and destructors in sections of their own there are none. */
void _init(void);
void _fini(void);
void _init(void) {}
void _fini(void) {}
