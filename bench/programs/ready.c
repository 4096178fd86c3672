/* SPDX-License-Identifier: MPL-2.0 */
/* lmbench's lat_select, and the same by poll and epoll: the read ends of some pipes, the last of which has a byte; no waiting. */
#define _GNU_SOURCE
#include "bench.h"
#include <poll.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <unistd.h>

enum { MOST = 100 };

static int count, ready, epoll;
static struct pollfd polled[MOST];
static fd_set selected;

static void setup(void)
{
    count = (int)bench_own()->argument;
    EXPECT((epoll = epoll_create1(0)) >= 0);
    for (int i = 0; i < count; i++) {
        int ends[2];
        EXPECT(pipe(ends) == 0 && ends[0] < FD_SETSIZE);
        ready = ends[0];
        polled[i] = (struct pollfd){.fd = ready, .events = POLLIN};
        FD_SET(ready, &selected);
        struct epoll_event event = {.events = EPOLLIN, .data.fd = ready};
        EXPECT(epoll_ctl(epoll, EPOLL_CTL_ADD, ready, &event) == 0);
        EXPECT(i < count - 1 || write(ends[1], "k", 1) == 1);
    }
}

static void run_select(uint64_t times)
{
    while (times--) {
        fd_set in = selected;
        struct timeval zero = {0};
        EXPECT(select(ready + 1, &in, NULL, NULL, &zero) == 1);
        EXPECT(FD_ISSET(ready, &in) && !FD_ISSET(polled[0].fd, &in));
    }
}

static void run_poll(uint64_t times)
{
    while (times--) {
        polled[count - 1].revents = 0;
        EXPECT(poll(polled, (nfds_t)count, 0) == 1);
        EXPECT(polled[count - 1].revents == POLLIN && polled[0].revents == 0);
    }
}

static void run_epoll(uint64_t times)
{
    while (times--) {
        struct epoll_event event[MOST];
        event[0].data.fd = -1;
        EXPECT(epoll_wait(epoll, event, count, 0) == 1);
        EXPECT(event[0].events == EPOLLIN && event[0].data.fd == ready);
    }
}

#define READY(call, by, number)                                                                                \
    BENCH(call##_##number, .group = "system call", .what = #call " of " #number " pipes, one ready",           \
          .setup = setup, .run = by, .argument = number)

READY(select, run_select, 10);
READY(select, run_select, 100);
READY(poll, run_poll, 10);
READY(poll, run_poll, 100);
READY(epoll_wait, run_epoll, 10);
READY(epoll_wait, run_epoll, 100);
