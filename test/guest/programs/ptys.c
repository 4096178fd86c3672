/* SPDX-License-Identifier: MPL-2.0 */
/* Pairs of pseudo-terminals: both sides, modes, sizes, job control, hangup; and their errors. */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <termios.h>
#include "check.h"

static volatile int signalled[65];
static void note(int number) { signalled[number]++; }

static void text_is(int fd, const char *text)
{
    char bytes[200] = "";
    size_t got = 0;
    while (got < strlen(text)) {
        ssize_t n = read(fd, bytes + got, sizeof bytes - 1 - got);
        CHECK(n > 0);
        got += (size_t)n;
    }
    CHECK(strcmp(bytes, text) == 0);
}

static void send(int fd, const char *text) { CHECK(write(fd, text, strlen(text)) == (ssize_t)strlen(text)); }

static int open_pair(int *side)
{
    int lock = 0, number;
    char name[40];
    int master = open("/dev/ptmx", O_RDWR | O_NOCTTY);
    CHECK(master >= 0 && ioctl(master, TIOCGPTN, &number) == 0);
    snprintf(name, sizeof name, "/dev/pts/%d", number);
    FAILS(EIO, open(name, O_RDWR | O_NOCTTY)); /* locked */
    CHECK(ioctl(master, TIOCGPTLCK, &lock) == 0 && lock == 1);
    lock = 0;
    CHECK(ioctl(master, TIOCSPTLCK, &lock) == 0);
    *side = open(name, O_RDWR | O_NOCTTY);
    CHECK(*side >= 0);
    return master;
}

static void lines(void)
{
    int side, n, master = open_pair(&side);
    struct termios mode, old;
    struct winsize size = {30, 100, 1, 2}, got;
    char bytes[5000], path[40];
    CHECK(isatty(side) && isatty(master) && ttyname_r(side, path, sizeof path) == 0);
    CHECK(write(master, "one\rtwo\n", 8) == 8);
    text_is(master, "one\r\ntwo\r\n");
    CHECK(ioctl(side, FIONREAD, &n) == 0 && n == 8);
    text_is(side, "one\n");
    text_is(side, "two\n");
    CHECK(write(side, "back\n", 5) == 5 && poll(&(struct pollfd){master, POLLIN, 0}, 1, 1000) == 1 &&
          ioctl(master, FIONREAD, &n) == 0 && n == 6);
    text_is(master, "back\r\n");
    /* Editing: erase, word erase, kill, literal next, end of file. */
    CHECK(tcgetattr(side, &mode) == 0);
    old = mode;
    mode.c_lflag &= ~(tcflag_t)ECHO;
    CHECK(tcsetattr(side, TCSANOW, &mode) == 0);
    send(master, "ab\177c a word\027x\ngone\025kept\n\026\003\n\004");
    text_is(side, "ac a x\n");
    text_is(side, "kept\n");
    text_is(side, "\003\n");
    CHECK(read(side, bytes, 10) == 0);
    /* Raw, with a least number of bytes and with a time. */
    cfmakeraw(&mode);
    mode.c_cc[VMIN] = 3;
    mode.c_cc[VTIME] = 0;
    CHECK(tcsetattr(side, TCSAFLUSH, &mode) == 0 && write(master, "xyz\r\n", 5) == 5);
    CHECK(read(side, bytes, 3) == 3 && bytes[0] == 'x' && tcflush(side, TCIFLUSH) == 0);
    mode.c_cc[VMIN] = 0;
    mode.c_cc[VTIME] = 1;
    CHECK(tcsetattr(side, TCSADRAIN, &mode) == 0 && read(side, bytes, 3) == 0);
    CHECK(ioctl(side, TCGETA, bytes) == 0 && ioctl(side, TCSETA, bytes) == 0);
    CHECK(ioctl(side, 0x802c542a, bytes) == 0 && ioctl(side, 0x402c542b, bytes) == 0);
    CHECK(tcsetattr(side, TCSANOW, &old) == 0 && cfgetospeed(&old) == B38400);
    FAILS(EFAULT, ioctl(side, TCGETS, BAD));
    FAILS(EFAULT, ioctl(side, TCSETS, BAD));
    FAILS(EFAULT, ioctl(side, TCSETA, BAD));
    /* The size, and who hears of a change. */
    CHECK(ioctl(master, TIOCSWINSZ, &size) == 0 && ioctl(side, TIOCGWINSZ, &got) == 0 && got.ws_row == 30 &&
          got.ws_ypixel == 2);
    FAILS(EFAULT, ioctl(side, TIOCSWINSZ, BAD));
    FAILS(EFAULT, ioctl(side, TIOCGWINSZ, BAD));
    /* Flow and queues. */
    CHECK(tcflow(side, TCOOFF) == 0 && ioctl(side, TIOCOUTQ, &n) == 0 && n == 0);
    CHECK(tcflow(side, TCOON) == 0 && write(side, "held", 4) == 4);
    text_is(master, "held");
    CHECK(tcflow(side, TCIOFF) == 0);
    text_is(master, "\023");
    CHECK(tcflow(side, TCION) == 0);
    text_is(master, "\021");
    FAILS(EINVAL, ioctl(side, TCXONC, 9));
    FAILS(EINVAL, ioctl(side, TCFLSH, 9));
    CHECK(tcflush(side, TCIOFLUSH) == 0 && tcsendbreak(side, 0) == 0 && tcdrain(side) == 0);
    CHECK(ioctl(side, TIOCEXCL) == 0 && ioctl(side, TIOCNXCL) == 0 && ioctl(side, TIOCGEXCL, &n) == 0 &&
          n == 0);
    CHECK(ioctl(side, TIOCGETD, &n) == 0 && n == 0 && ioctl(side, TIOCSETD, &n) == 0);
    CHECK(ioctl(side, TIOCGSOFTCAR, &n) == 0 && ioctl(side, TIOCSSOFTCAR, &n) == 0 &&
          ioctl(side, 0x80045432, &n) == 0);
    CHECK(ioctl(master, 0x80045438, &n) == 0 && n == 0);
    FAILS(ENOTTY, ioctl(side, 0x1234, &n));
    FAILS(ENOTTY, ioctl(side, TIOCGPTN, &n));
    FAILS(EFAULT, ioctl(master, TIOCGPTN, BAD));
    n = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY);
    CHECK(n >= 0 && isatty(n) && close(n) == 0);
    /* A reader that does not wait, and a queue that is full. */
    CHECK(fcntl(master, F_SETFL, O_NONBLOCK) == 0);
    FAILS(EAGAIN, read(master, bytes, 1));
    struct pollfd both[2] = {{master, POLLIN | POLLOUT, 0}, {side, POLLIN | POLLOUT, 0}};
    CHECK(poll(both, 2, 0) == 2 && both[0].revents == POLLOUT && both[1].revents == POLLOUT);
    memset(bytes, 'q', sizeof bytes);
    CHECK(fcntl(side, F_SETFL, O_NONBLOCK) == 0);
    while ((n = (int)write(side, bytes, sizeof bytes)) > 0)
        ;
    CHECK(errno == EAGAIN);
    while ((n = (int)read(master, bytes, sizeof bytes)) > 0)
        ;
    CHECK(errno == EAGAIN);
    DIR *dir = opendir("/dev/pts");
    CHECK(dir != NULL && readdir(dir) != NULL);
    closedir(dir);
    struct stat stat;
    CHECK(fchmod(side, 0600) == 0 && fstat(side, &stat) == 0 && (stat.st_mode & 0777) == 0600);
    CHECK(fchown(side, 7, 8) == 0 && fstat(side, &stat) == 0 && stat.st_uid == 7);
    FAILS(ENOENT, open("/dev/pts/99", O_RDWR));
    FAILS(ENOENT, open("/dev/pts/x", O_RDWR));
    FAILS(ENOENT, open("/dev/pts/00", O_RDWR));
    /* One side closed, then the other. */
    close(side);
    CHECK(poll(both, 1, 0) == 1 && (both[0].revents & POLLHUP));
    FAILS(EIO, read(master, bytes, 1));
    side = open(path, O_RDWR | O_NOCTTY);
    CHECK(side >= 0 && close(master) == 0 && read(side, bytes, 1) == 0);
    FAILS(EIO, write(side, "x", 1));
    FAILS(EIO, ioctl(side, TCGETS, bytes));
    FAILS(ENOENT, open(path, O_RDWR));
}

static void sessions(void)
{
    int side, n, master = open_pair(&side);
    struct termios mode;
    FAILS(ENOTTY, tcgetpgrp(side));
    FAILS(ENOTTY, ioctl(side, TIOCNOTTY));
    CHECK(setsid() == getpid());
    FAILS(ENXIO, open("/dev/tty", O_RDWR));
    CHECK(ioctl(side, TIOCSCTTY, 0) == 0 && ioctl(side, TIOCSCTTY, 0) == 0);
    CHECK(tcgetpgrp(side) == getpid() && tcgetsid(side) == getpid() && tcgetpgrp(master) == getpid());
    int own = open("/dev/tty", O_RDWR);
    CHECK(own >= 0 && write(own, "tty", 3) == 3);
    text_is(master, "tty");
    FAILS(ESRCH, tcsetpgrp(side, 1 << 20));
    FAILS(EINVAL, tcsetpgrp(side, -1));
    FAILS(EFAULT, ioctl(side, TIOCSPGRP, BAD));
    /* Keys that are signals, and TIOCSTI's. */
    signal(SIGINT, note), signal(SIGQUIT, note), signal(SIGTSTP, note), signal(SIGWINCH, note);
    signal(SIGHUP, note), signal(SIGCONT, note);
    send(master, "\003\034\032");
    while (!signalled[SIGINT] || !signalled[SIGQUIT] || !signalled[SIGTSTP])
        usleep(1000);
    struct winsize size = {10, 10, 0, 0};
    CHECK(ioctl(side, TIOCSWINSZ, &size) == 0 && signalled[SIGWINCH] == 1);
    /* A job in the background may not read, nor, with TOSTOP, write. */
    pid_t job = fork();
    if (job == 0) {
        char c;
        setpgid(0, 0);
        signal(SIGTTIN, SIG_IGN), signal(SIGTTOU, SIG_DFL);
        CHECK(read(side, &c, 1) == -1 && errno == EIO);
        signal(SIGTTIN, SIG_DFL);
        CHECK(read(side, &c, 1) == 1 && c == 'j'); /* after it was stopped */
        _exit(0);
    }
    setpgid(job, job);
    CHECK(waitpid(job, &n, WUNTRACED) == job && WIFSTOPPED(n) && WSTOPSIG(n) == SIGTTIN);
    signal(SIGTTOU, SIG_IGN);
    CHECK(tcsetpgrp(side, job) == 0 && kill(job, SIGCONT) == 0 && write(master, "j\n", 2) == 2);
    CHECK(waitpid(job, &n, 0) == job && n == 0 && tcsetpgrp(side, getpid()) == 0);
    CHECK(tcgetattr(side, &mode) == 0);
    mode.c_lflag |= TOSTOP;
    CHECK(tcsetattr(side, TCSANOW, &mode) == 0);
    job = fork();
    if (job == 0) {
        setpgid(0, 0);
        signal(SIGTTOU, SIG_DFL);
        CHECK(write(side, "w", 1) == 1);
        _exit(0);
    }
    setpgid(job, job);
    CHECK(waitpid(job, &n, WUNTRACED) == job && WIFSTOPPED(n) && WSTOPSIG(n) == SIGTTOU);
    CHECK(tcsetpgrp(side, job) == 0 && kill(job, SIGCONT) == 0);
    CHECK(waitpid(job, &n, 0) == job && n == 0 && tcsetpgrp(side, getpid()) == 0);
    /* Another session cannot take it, the end of the line tells the leader. */
    job = fork();
    if (job == 0) {
        CHECK(ioctl(side, TIOCSCTTY, 0) == -1 && errno == EPERM);
        CHECK(setsid() == getpid() && setuid(1000) == 0);
        CHECK(ioctl(side, TIOCSCTTY, 0) == -1 && errno == EPERM);
        CHECK(ioctl(side, TIOCSTI, "x") == -1);
        _exit(0);
    }
    CHECK(waitpid(job, &n, 0) == job && n == 0);
    close(master);
    CHECK(signalled[SIGHUP] == 1 && signalled[SIGCONT] == 1);
    FAILS(ENXIO, open("/dev/tty", O_RDWR));
}

static void giving_up(void)
{
    int side, master = open_pair(&side);
    signal(SIGHUP, note);
    CHECK(setsid() > 0 && ioctl(side, TIOCSCTTY, 0) == 0 && ioctl(side, TIOCNOTTY) == 0 &&
          signalled[SIGHUP] == 1);
    CHECK(close(side) == 0 && close(master) == 0);
}

int main(void)
{
    in_child(lines);
    in_child(sessions);
    in_child(giving_up);
    puts("ptys: done");
    return 0;
}
