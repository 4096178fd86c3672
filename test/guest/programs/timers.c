/* SPDX-License-Identifier: MPL-2.0 */
/* Timers of all kinds, clocks and their errors. */
#define _GNU_SOURCE
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/times.h>
#include <time.h>
#include "check.h"

#define MS 1000000l
static volatile int rung, value;
static void ring(int number, siginfo_t *info, void *context)
{
    (void)number, (void)context;
    rung++;
    value = info->si_value.sival_int;
}
static void count_ring(int number)
{
    (void)number;
    rung++;
}
static const struct itimerspec none, soon = {{0, 0}, {0, 20 * MS}}, often = {{0, 5 * MS}, {0, 5 * MS}},
                                     wrong = {{0, 0}, {0, 1000 * MS}};

static void posix_timers(void)
{
    struct sigaction action = {.sa_sigaction = ring, .sa_flags = SA_SIGINFO};
    struct itimerspec got;
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1, .sigev_value.sival_int = 77};
    int id, other;
    sigaction(SIGUSR1, &action, NULL);
    sigaction(SIGALRM, &action, NULL);
    /* The C library has its own numbers: the calls themselves are meant. */
    CHECK(syscall(SYS_timer_create, CLOCK_MONOTONIC, &event, &id) == 0);
    CHECK(syscall(SYS_timer_gettime, id, &got) == 0 && got.it_value.tv_sec == 0 && got.it_value.tv_nsec == 0);
    CHECK(syscall(SYS_timer_settime, id, 0, &soon, NULL) == 0);
    CHECK(syscall(SYS_timer_gettime, id, &got) == 0 && got.it_value.tv_nsec > 0 &&
          got.it_value.tv_nsec <= 20 * MS);
    while (!rung)
        pause();
    CHECK(value == 77 && syscall(SYS_timer_getoverrun, id) == 0);
    /* Again and again, and counted while it was held back. */
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigprocmask(SIG_BLOCK, &set, NULL);
    CHECK(syscall(SYS_timer_settime, id, 0, &often, &got) == 0 && got.it_value.tv_nsec == 0);
    usleep(60000);
    siginfo_t info;
    CHECK(sigwaitinfo(&set, &info) == SIGUSR1 && info.si_code == SI_TIMER);
    CHECK(syscall(SYS_timer_settime, id, 0, &none, &got) == 0 && got.it_interval.tv_nsec == 5 * MS);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    /* At a time that has come. */
    struct itimerspec past = {{0, 0}, {1, 0}};
    rung = 0;
    CHECK(syscall(SYS_timer_create, CLOCK_REALTIME, NULL, &other) == 0 && other != id);
    CHECK(syscall(SYS_timer_settime, other, TIMER_ABSTIME, &past, NULL) == 0);
    while (!rung)
        usleep(1000);
    CHECK(value == other);
    CHECK(syscall(SYS_timer_delete, other) == 0);
    FAILS(EINVAL, syscall(SYS_timer_delete, other));
    FAILS(EINVAL, syscall(SYS_timer_settime, other, 0, &soon, NULL));
    FAILS(EINVAL, syscall(SYS_timer_gettime, 9999, &got));
    FAILS(EINVAL, syscall(SYS_timer_getoverrun, -1));
    FAILS(EINVAL, syscall(SYS_timer_settime, id, 0, NULL, NULL));
    FAILS(EFAULT, syscall(SYS_timer_settime, id, 0, BAD, NULL));
    FAILS(EINVAL, syscall(SYS_timer_settime, id, 0, &wrong, NULL));
    FAILS(EFAULT, syscall(SYS_timer_gettime, id, BAD));
    FAILS(EOPNOTSUPP, syscall(SYS_timer_create, CLOCK_MONOTONIC_RAW, NULL, &other));
    FAILS(EINVAL, syscall(SYS_timer_create, 99, NULL, &other));
    FAILS(EFAULT, syscall(SYS_timer_create, CLOCK_MONOTONIC, BAD, &other));
    FAILS(EFAULT, syscall(SYS_timer_create, CLOCK_MONOTONIC, NULL, BAD));
    event.sigev_signo = 99;
    FAILS(EINVAL, syscall(SYS_timer_create, CLOCK_MONOTONIC, &event, &other));
    event = (struct sigevent){.sigev_notify = 99};
    FAILS(EINVAL, syscall(SYS_timer_create, CLOCK_MONOTONIC, &event, &other));
    event = (struct sigevent){.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGUSR1};
    event._sigev_un._tid = 1 << 20;
    FAILS(EINVAL, syscall(SYS_timer_create, CLOCK_MONOTONIC, &event, &other));
    /* To one thread, on its process's own time; and to nobody. */
    event._sigev_un._tid = (int)syscall(SYS_gettid);
    rung = 0;
    CHECK(syscall(SYS_timer_create, CLOCK_PROCESS_CPUTIME_ID, &event, &other) == 0);
    CHECK(syscall(SYS_timer_settime, other, 0, &soon, NULL) == 0);
    while (!rung)
        ;
    event = (struct sigevent){.sigev_notify = SIGEV_NONE};
    CHECK(syscall(SYS_timer_create, CLOCK_MONOTONIC, &event, &other) == 0);
    CHECK(syscall(SYS_timer_settime, other, 0, &soon, NULL) == 0);
    usleep(30000);
    CHECK(syscall(SYS_timer_gettime, other, &got) == 0 && got.it_value.tv_nsec == 0);
}

static void timer_files(void)
{
    uint64_t count;
    struct itimerspec got;
    int fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    CHECK(fd >= 0);
    FAILS(EAGAIN, read(fd, &count, 8));
    FAILS(EINVAL, read(fd, &count, 4));
    CHECK(timerfd_settime(fd, 0, &often, NULL) == 0);
    usleep(30000);
    CHECK(read(fd, &count, 8) == 8 && count >= 2);
    CHECK(timerfd_gettime(fd, &got) == 0 && got.it_interval.tv_nsec == 5 * MS);
    CHECK(timerfd_settime(fd, 0, &none, &got) == 0 && got.it_interval.tv_nsec == 5 * MS);
    FAILS(EINVAL, timerfd_settime(fd, 0, &wrong, NULL));
    FAILS(EINVAL, timerfd_settime(fd, 1 << 10, &soon, NULL));
    FAILS(EFAULT, timerfd_settime(fd, 0, BAD, NULL));
    FAILS(EFAULT, timerfd_gettime(fd, BAD));
    FAILS(EINVAL, timerfd_gettime(1, &got));
    FAILS(EINVAL, timerfd_settime(1, 0, &soon, NULL));
    FAILS(EBADF, timerfd_gettime(999, &got));
    FAILS(EINVAL, timerfd_create(77, 0));
    FAILS(EINVAL, timerfd_create(CLOCK_MONOTONIC, 1));
    close(fd);
    /* The wall clock's, at a time of day; the read waits for it. */
    struct timespec now;
    fd = timerfd_create(CLOCK_REALTIME, 0);
    clock_gettime(CLOCK_REALTIME, &now);
    struct itimerspec at = {{0, 0}, {now.tv_sec, now.tv_nsec + 20 * MS}};
    if (at.it_value.tv_nsec >= 1000 * MS)
        at.it_value.tv_sec++, at.it_value.tv_nsec -= 1000 * MS;
    CHECK(timerfd_settime(fd, TFD_TIMER_ABSTIME, &at, NULL) == 0);
    CHECK(read(fd, &count, 8) == 8 && count == 1);
    close(fd);
}

static void event_files(void)
{
    uint64_t n = 3;
    int fd = eventfd(2, EFD_NONBLOCK | EFD_SEMAPHORE), plain = (int)syscall(SYS_eventfd, 7);
    CHECK(fd >= 0 && plain >= 0);
    CHECK(write(fd, &n, 8) == 8 && read(fd, &n, 8) == 8 && n == 1);
    n = UINT64_MAX;
    FAILS(EINVAL, write(fd, &n, 8));
    FAILS(EINVAL, write(fd, &n, 4));
    FAILS(EINVAL, read(fd, &n, 7));
    n = UINT64_MAX - 1;
    FAILS(EAGAIN, write(fd, &n, 8));
    CHECK(read(plain, &n, 8) == 8 && n == 7);
    FAILS(EINVAL, eventfd(0, 4));
    FAILS(EFAULT, read(fd, BAD, 8));

    struct epoll_event event = {.events = EPOLLIN, .data.u64 = 5}, got[4];
    int poll = epoll_create1(EPOLL_CLOEXEC), old = epoll_create(1);
    CHECK(poll >= 0 && old >= 0);
    CHECK(epoll_ctl(poll, EPOLL_CTL_ADD, fd, &event) == 0);
    FAILS(EEXIST, epoll_ctl(poll, EPOLL_CTL_ADD, fd, &event));
    FAILS(ENOENT, epoll_ctl(poll, EPOLL_CTL_MOD, plain, &event));
    FAILS(ENOENT, epoll_ctl(poll, EPOLL_CTL_DEL, plain, NULL));
    FAILS(EINVAL, epoll_ctl(poll, EPOLL_CTL_ADD, poll, &event));
    FAILS(EINVAL, epoll_ctl(fd, EPOLL_CTL_ADD, plain, &event));
    FAILS(EBADF, epoll_ctl(poll, EPOLL_CTL_ADD, 999, &event));
    FAILS(EBADF, epoll_ctl(999, EPOLL_CTL_ADD, fd, &event));
    FAILS(EFAULT, epoll_ctl(poll, EPOLL_CTL_MOD, fd, BAD));
    FAILS(EINVAL, epoll_ctl(poll, 9, fd, &event));
    CHECK(epoll_wait(poll, got, 4, 0) == 1 && got[0].data.u64 == 5 && got[0].events == EPOLLIN);
    FAILS(EINVAL, epoll_wait(poll, got, 0, 0));
    FAILS(EINVAL, epoll_wait(fd, got, 4, 0));
    FAILS(EFAULT, epoll_wait(poll, BAD, 4, 0));
    sigset_t set;
    sigemptyset(&set);
    struct timespec zero = {0, 0};
    CHECK(epoll_pwait(poll, got, 4, 0, &set) == 1);
    CHECK(syscall(SYS_epoll_pwait2, poll, got, 4, &zero, &set, 8) == 1);
    FAILS(EINVAL, syscall(SYS_epoll_pwait, poll, got, 4, 0, &set, 3));
    event.events = EPOLLIN | EPOLLONESHOT;
    CHECK(epoll_ctl(poll, EPOLL_CTL_MOD, fd, &event) == 0);
    CHECK(epoll_wait(poll, got, 4, 0) == 1 && epoll_wait(poll, got, 4, 10) == 0);
    event.events = EPOLLIN | EPOLLET;
    CHECK(epoll_ctl(poll, EPOLL_CTL_MOD, fd, &event) == 0);
    CHECK(epoll_wait(poll, got, 4, 0) == 1 && epoll_wait(poll, got, 4, 0) == 0);
    n = 1;
    CHECK(write(fd, &n, 8) == 8 && epoll_wait(poll, got, 4, -1) == 1);
    CHECK(epoll_ctl(poll, EPOLL_CTL_DEL, fd, NULL) == 0 && epoll_wait(poll, got, 4, 0) == 0);
    FAILS(EINVAL, epoll_create(0));
    FAILS(EINVAL, epoll_create1(1));
    FAILS(EINVAL, read(poll, &n, 8));
}

static void clocks(void)
{
    struct timespec t, wrong_time = {0, -1};
    struct timeval v;
    struct itimerval interval = {{0, 0}, {0, 10000}}, got;
    struct rusage usage;
    struct tms times_now;
    CHECK(clock_getres(CLOCK_MONOTONIC, &t) == 0 && t.tv_sec == 0 && t.tv_nsec == 1);
    CHECK(clock_getres(CLOCK_REALTIME_COARSE, &t) == 0 && t.tv_nsec > 1);
    CHECK(syscall(SYS_clock_getres, CLOCK_MONOTONIC, NULL) == 0);
    FAILS(EINVAL, syscall(SYS_clock_getres, 99, &t));
    FAILS(EINVAL, syscall(SYS_clock_gettime, 99, &t));
    FAILS(EFAULT, syscall(SYS_clock_gettime, CLOCK_MONOTONIC, BAD));
    clockid_t own;
    CHECK(clock_getcpuclockid(getpid(), &own) == 0 && clock_gettime(own, &t) == 0);
    CHECK(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t) == 0 && clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t) == 0);
    CHECK(syscall(SYS_clock_gettime, (int)(~0u << 3) | 6, &t) == 0);            /* this thread */
    FAILS(EINVAL, syscall(SYS_clock_gettime, (int)(~0u << 3) | 7, &t));         /* no such kind */
    FAILS(EINVAL, syscall(SYS_clock_gettime, (int)(~(1u << 20) << 3) | 2, &t)); /* nobody */
    FAILS(EINVAL, syscall(SYS_clock_gettime, (int)(~(1u << 20) << 3) | 6, &t));
    FAILS(EINVAL, syscall(SYS_clock_settime, CLOCK_MONOTONIC, &t));
    FAILS(EINVAL, syscall(SYS_clock_settime, CLOCK_REALTIME, &wrong_time));
    FAILS(EFAULT, syscall(SYS_settimeofday, BAD, NULL));
    FAILS(EFAULT, syscall(SYS_settimeofday, NULL, BAD));
    FAILS(EFAULT, syscall(SYS_gettimeofday, BAD, NULL));
    FAILS(EFAULT, syscall(SYS_gettimeofday, &v, BAD));
    FAILS(EFAULT, syscall(SYS_time, BAD));
    time_t seconds;
    CHECK(syscall(SYS_time, &seconds) == seconds);
    FAILS(EINVAL, syscall(SYS_nanosleep, &wrong_time, NULL));
    FAILS(EFAULT, syscall(SYS_nanosleep, BAD, NULL));
    FAILS(EOPNOTSUPP, syscall(SYS_clock_nanosleep, CLOCK_THREAD_CPUTIME_ID, 0, &t, NULL));
    FAILS(EOPNOTSUPP, syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC_RAW, 0, &t, NULL));
    FAILS(EINVAL, syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, &wrong_time, NULL));
    clock_gettime(CLOCK_REALTIME, &t);
    t.tv_sec += t.tv_nsec >= 980 * MS;
    t.tv_nsec = (t.tv_nsec + 20 * MS) % (1000 * MS);
    CHECK(clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &t, NULL) == 0);
    /* A signal ends a sleep and tells the rest. */
    signal(SIGALRM, count_ring);
    CHECK(setitimer(ITIMER_REAL, &interval, NULL) == 0);
    CHECK(getitimer(ITIMER_REAL, &got) == 0 && got.it_value.tv_usec > 0);
    struct timespec longer = {5, 0}, rest = {0, 0};
    FAILS(EINTR, nanosleep(&longer, &rest));
    CHECK(rest.tv_sec == 4);
    CHECK(setitimer(ITIMER_REAL, &interval, NULL) == 0);
    clock_gettime(CLOCK_MONOTONIC, &t);
    t.tv_sec += 5;
    CHECK(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) == EINTR);
    FAILS(EINVAL, syscall(SYS_getitimer, 7, &got));
    FAILS(EINVAL, syscall(SYS_setitimer, 7, &interval, NULL));
    FAILS(EFAULT, syscall(SYS_setitimer, ITIMER_REAL, BAD, NULL));
    FAILS(EFAULT, syscall(SYS_setitimer, ITIMER_VIRTUAL, &interval, BAD));
    interval.it_value.tv_usec = 1000000;
    FAILS(EINVAL, syscall(SYS_setitimer, ITIMER_REAL, &interval, NULL));
    /* On the time of the process, and of it alone. */
    interval = (struct itimerval){{0, 0}, {0, 10000}};
    signal(SIGVTALRM, count_ring);
    signal(SIGPROF, count_ring);
    rung = 0;
    CHECK(setitimer(ITIMER_VIRTUAL, &interval, NULL) == 0 && setitimer(ITIMER_PROF, &interval, NULL) == 0);
    while (rung < 2)
        ;
    CHECK(alarm(100) == 0 && alarm(0) == 100);
    CHECK(times(&times_now) != -1 && times(NULL) != -1);
    FAILS(EFAULT, syscall(SYS_times, BAD));
    CHECK(getrusage(RUSAGE_SELF, &usage) == 0 && usage.ru_maxrss > 0);
    CHECK(getrusage(RUSAGE_CHILDREN, &usage) == 0 && getrusage(RUSAGE_THREAD, &usage) == 0);
    FAILS(EINVAL, syscall(SYS_getrusage, 5, &usage));
    FAILS(EFAULT, syscall(SYS_getrusage, RUSAGE_SELF, BAD));
}

int main(void)
{
    in_child(posix_timers);
    in_child(timer_files);
    in_child(event_files);
    in_child(clocks);
    puts("timers: done");
    return 0;
}
