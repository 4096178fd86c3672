/* SPDX-License-Identifier: MPL-2.0 */
/*
 * As hackbench: groups in which each sender sends to each receiver, all at once. Processes by AF_UNIX streams, threads by pipes. As
 * there, the clock runs from when all are ready until all are gone. A message says whose it is and which: a receiver checks both.
 */
#define _GNU_SOURCE
#include "bench.h"
#include "child.h"
#include <pthread.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>

enum { GROUPS = 2, SENDERS = 5, RECEIVERS = 5, MESSAGES = 100, BYTES = 100, WORKERS = SENDERS + RECEIVERS };

static int ends[GROUPS][RECEIVERS][2]; /* 0: where the receiver reads */
static int ready[2], gate[2];
static uint32_t (*received)[RECEIVERS]; /* of each group; in memory of all processes */

struct message {
    uint32_t sender, number;
    char filling[BYTES - 2 * sizeof(uint32_t)];
};

static void await_start(void)
{
    char byte = 0;
    EXPECT(write(ready[1], &byte, 1) == 1);
    EXPECT(read(gate[0], &byte, 1) == 1);
}

static void send_all(int group, uint32_t sender)
{
    struct message message = {.sender = sender};
    memset(message.filling, (int)sender, sizeof message.filling);
    for (; message.number < MESSAGES; message.number++)
        for (int i = 0; i < RECEIVERS; i++)
            EXPECT(write(ends[group][i][1], &message, BYTES) == BYTES);
}

static void receive_message(int in, struct message *message)
{
    for (size_t have = 0; have < BYTES;) {
        ssize_t n = read(in, (char *)message + have, BYTES - have);
        EXPECT(n > 0);
        have += (size_t)n;
    }
}

static void receive_all(int group, int receiver)
{
    uint32_t next[SENDERS] = {0};
    for (int i = 0; i < SENDERS * MESSAGES; i++) {
        struct message message;
        receive_message(ends[group][receiver][0], &message);
        EXPECT(message.sender < SENDERS && message.number == next[message.sender]++);
        EXPECT((uint32_t)message.filling[sizeof message.filling - 1] == message.sender);
        received[group][receiver]++;
    }
}

static void work(long worker)
{
    int group = (int)worker / WORKERS, member = (int)worker % WORKERS;
    await_start();
    if (member < SENDERS)
        send_all(group, (uint32_t)member);
    else
        receive_all(group, member - SENDERS);
}

static void *work_of_thread(void *worker)
{
    work((long)worker);
    return NULL;
}

static void setup(void)
{
    EXPECT(pipe(ready) == 0 && pipe(gate) == 0);
    received = map_shared(GROUPS * sizeof *received);
    for (int i = 0; i < GROUPS * RECEIVERS; i++) {
        int *pair = ends[i / RECEIVERS][i % RECEIVERS];
        EXPECT((bench_own()->argument ? pipe(pair) : socketpair(AF_UNIX, SOCK_STREAM, 0, pair)) == 0);
    }
}

/* All of them have come: the clock starts, and they too. */
static void open_gate(void)
{
    char byte[GROUPS * WORKERS] = {0};
    for (size_t i = 0; i < sizeof byte; i++)
        EXPECT(read(ready[0], byte, 1) == 1);
    bench_start();
    EXPECT(write(gate[1], byte, sizeof byte) == sizeof byte);
}

static void check(void)
{
    for (int group = 0; group < GROUPS; group++)
        for (int i = 0; i < RECEIVERS; i++)
            EXPECT(received[group][i] == SENDERS * MESSAGES);
    memset(received, 0, GROUPS * sizeof *received);
}

static void processes(uint64_t times)
{
    while (times--) {
        int status = -1;
        bench_stop();
        for (long i = 0; i < GROUPS * WORKERS; i++)
            if (fork_child() == 0) {
                work(i);
                _exit(0);
            }
        open_gate();
        for (int i = 0; i < GROUPS * WORKERS; i++)
            EXPECT(wait(&status) > 0 && status == 0);
        bench_stop();
        check();
    }
}

static void threads(uint64_t times)
{
    while (times--) {
        pthread_t thread[GROUPS * WORKERS];
        bench_stop();
        for (long i = 0; i < GROUPS * WORKERS; i++)
            EXPECT(pthread_create(&thread[i], NULL, work_of_thread, (void *)i) == 0);
        open_gate();
        for (int i = 0; i < GROUPS * WORKERS; i++)
            EXPECT(pthread_join(thread[i], NULL) == 0);
        bench_stop();
        check();
    }
}

BENCH(messaging_processes, .group = "program",
      .what = "2 groups of 5 senders, 5 receivers, 5000 messages: processes, AF_UNIX", .setup = setup,
      .run = processes);
BENCH(messaging_threads, .group = "program",
      .what = "2 groups of 5 senders, 5 receivers, 5000 messages: threads, pipes", .setup = setup,
      .run = threads, .argument = 1);
