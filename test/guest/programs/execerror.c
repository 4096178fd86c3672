/* SPDX-License-Identifier: MPL-2.0 */
/* Tries to execute each of its arguments in a child and prints why that failed, or how the child ended. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        fflush(stdout);
        pid_t child = fork();
        if (child == 0) {
            execl(argv[i], argv[i], (char *)NULL);
            printf("%s: %s\n", argv[i], errno == ENOEXEC ? "ENOEXEC" : strerror(errno));
            fflush(stdout);
            _exit(0);
        }
        int status;
        waitpid(child, &status, 0);
        if (WIFSIGNALED(status))
            printf("%s: ended by signal %d\n", argv[i], WTERMSIG(status));
    }
    return 0;
}
