/* SPDX-License-Identifier: MPL-2.0 */
/* Forks without end until the system says EAGAIN (or ENOMEM), then ends all of it. Prints how it was stopped. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    int made = 0, error = 0, reports[2];
    signal(SIGTERM, SIG_IGN);
    if (setpgid(0, 0) || pipe(reports))
        perror("forkbomb");
    while (made < 100000) {
        pid_t child = fork();
        if (child < 0) {
            error = errno;
            break;
        }
        made++;
        if (child == 0) { /* each child bombs as well, a little */
            int failed = 0;
            for (int i = 0; i < 3; i++) {
                child = fork();
                if (child < 0)
                    failed = errno;
                if (child == 0)
                    break;
            }
            if (failed && write(reports[1], &failed, sizeof failed) < 0)
                _exit(1);
            for (;;)
                pause();
        }
    }
    signal(SIGKILL, SIG_DFL);
    printf("forkbomb: stopped by %s after %s\n",
           error == EAGAIN   ? "EAGAIN"
           : error == ENOMEM ? "ENOMEM"
                             : strerror(error),
           made > 10 ? "many" : "few");
    fflush(stdout);
    kill(0, SIGKILL); /* the whole group, this process included */
    return 1;
}
