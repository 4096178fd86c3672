/* SPDX-License-Identifier: MPL-2.0 */
/* Two that take turns: a message from one to the other, half a round trip. Processes by two pipes, threads by a futex. */
#define _GNU_SOURCE
#include "bench.h"
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

static int to[2], from[2];

static void start_process(void)
{
    EXPECT(pipe(to) == 0 && pipe(from) == 0);
    pid_t child = fork();
    EXPECT(child >= 0);
    if (child != 0)
        return;
    close(to[1]);
    for (unsigned char byte; read(to[0], &byte, 1) == 1;) {
        byte++;
        EXPECT(write(from[1], &byte, 1) == 1);
    }
    _exit(0);
}

static void process_turns(uint64_t times)
{
    while (times--) {
        unsigned char byte = (unsigned char)times, answer;
        EXPECT(write(to[1], &byte, 1) == 1);
        EXPECT(read(from[0], &answer, 1) == 1);
        EXPECT(answer == (unsigned char)(byte + 1));
    }
}

static atomic_uint turn; /* even: the first thread's; it counts the turns */

static void await(unsigned parity)
{
    for (unsigned seen; (seen = turn) % 2 != parity;)
        syscall(SYS_futex, &turn, FUTEX_WAIT_PRIVATE, seen, NULL);
}

static void next_turn(void)
{
    turn++;
    syscall(SYS_futex, &turn, FUTEX_WAKE_PRIVATE, 1);
}

static void *answer_turns(void *unused)
{
    for (;;) {
        await(1);
        next_turn();
    }
    return unused;
}

static void start_thread(void)
{
    pthread_t thread;
    EXPECT(pthread_create(&thread, NULL, answer_turns, NULL) == 0);
}

static void thread_turns(uint64_t times)
{
    unsigned expected = turn;
    while (times--) {
        next_turn();
        await(0);
        expected += 2;
        EXPECT(turn == expected);
    }
}

BENCH(switch_processes_pipe, .group = "switch", .what = "a byte from process to process, by a pipe",
      .setup = start_process, .run = process_turns, .each = 2);
BENCH(switch_threads_futex, .group = "switch", .what = "a turn from thread to thread, by a futex",
      .setup = start_thread, .run = thread_turns, .each = 2);
