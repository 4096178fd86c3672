/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The terminal in raw mode, and its way back. Whatever way this process ends restores it; against those that it does not see
 * (SIGKILL) a guardian does, which waits for the end of a pipe that only the keeper holds open.
 */
#define _GNU_SOURCE
#include "hosted.h"
#include <stdlib.h>
#include <sys/prctl.h>
#include <termios.h>
#include <unistd.h>

static HOST_OWN struct termios before;
static HOST_OWN bool raw;
static HOST_OWN int alive = -1; /* the keeper's end of the pipe */

static void put_back(void)
{
    sigset_t mask;
    sigemptyset(&mask);
    sigaddset(&mask, SIGTTOU); /* from the background, too */
    sigprocmask(SIG_BLOCK, &mask, NULL);
    tcsetattr(STDIN_FILENO, TCSADRAIN, &before);
}

static _Noreturn void guard(int end)
{
    sigset_t mask;
    sigfillset(&mask);
    sigprocmask(SIG_SETMASK, &mask, NULL);
    prctl(PR_SET_NAME, "kxos-terminal");
    char said = 0;
    if (read(end, &said, 1) == 0)
        put_back();
    _exit(0);
}

bool host_terminal_raw(void)
{
    int ends[2];
    if (!isatty(STDIN_FILENO) || tcgetattr(STDIN_FILENO, &before) || pipe(ends))
        return false;
    pid_t guardian = fork();
    if (guardian == 0) {
        close(ends[1]);
        guard(ends[0]);
    }
    close(ends[0]);
    alive = ends[1];
    struct termios now = before;
    cfmakeraw(&now);
    raw = true;
    tcsetattr(STDIN_FILENO, TCSADRAIN, &now);
    return true;
}

void host_terminal_restore(void)
{
    if (!raw)
        return;
    raw = false;
    put_back();
    ssize_t told = write(alive, "", 1); /* the guardian may go */
    (void)told;
    close(alive);
}
