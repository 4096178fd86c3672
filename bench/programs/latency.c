/* SPDX-License-Identifier: MPL-2.0 */
/* lmbench's lat_fifo, lat_unix and lat_sem, and others of the kind: two processes that take turns; one way is half a round trip. */
#define _GNU_SOURCE
#include "bench.h"
#include "child.h"
#include <fcntl.h>
#include <linux/futex.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/eventfd.h>
#include <sys/ipc.h>
#include <sys/sem.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>

/* --- by descriptors: eight bytes there, and one more than they were back ---------------------------------------------- */

static int in, out; /* of this process */

static bool receive(uint64_t *message) { return read(in, message, sizeof *message) == sizeof *message; }
static void send_on(uint64_t message) { EXPECT(write(out, &message, sizeof message) == sizeof message); }

static _Noreturn void answer(void)
{
    for (uint64_t message; receive(&message);)
        send_on(message + 1);
    _exit(0);
}

static void run_messages(uint64_t times)
{
    for (uint64_t i = 1, back; i <= times; i++) { /* not 0: an event counter would not wake */
        send_on(i);
        EXPECT(receive(&back) && back == i + 1);
    }
}

/* Each opens one of the two for writing and the other for reading, in the same order: an open waits for the other side. */
static void start_fifo(void)
{
    EXPECT(mkfifo("to", 0600) == 0 && mkfifo("from", 0600) == 0);
    bool child = fork_child() == 0;
    int to = open("to", child ? O_RDONLY : O_WRONLY), from = open("from", child ? O_WRONLY : O_RDONLY);
    EXPECT(to >= 0 && from >= 0);
    in = child ? to : from;
    out = child ? from : to;
    if (child)
        answer();
}

static void start_socket(void)
{
    int ends[2];
    EXPECT(socketpair(AF_UNIX, (int)bench_own()->argument, 0, ends) == 0);
    bool child = fork_child() == 0;
    in = out = ends[child];
    close(ends[!child]);
    if (child)
        answer();
}

static void start_eventfd(void)
{
    int to = eventfd(0, 0), from = eventfd(0, 0);
    EXPECT(to >= 0 && from >= 0);
    bool child = fork_child() == 0;
    in = child ? to : from;
    out = child ? from : to;
    if (child)
        answer();
}

/* --- by memory of both: a count that each makes one greater when it is its turn --------------------------------------- */

static struct shared {
    atomic_uint turn; /* even: the parent's */
    sem_t to, from;
} * shared;

static void await(unsigned parity)
{
    for (unsigned seen; (seen = shared->turn) % 2 != parity;)
        syscall(SYS_futex, &shared->turn, FUTEX_WAIT, seen, NULL);
}

static void next_turn(void)
{
    shared->turn++;
    syscall(SYS_futex, &shared->turn, FUTEX_WAKE, 1);
}

static void start_futex(void)
{
    shared = map_shared(sizeof *shared);
    if (fork_child() != 0)
        return;
    for (;;) {
        await(1);
        next_turn();
    }
}

static void run_futex(uint64_t times)
{
    for (unsigned right = shared->turn; times--;) {
        next_turn();
        await(0);
        EXPECT(shared->turn == (right += 2));
    }
}

static void start_posix(void)
{
    shared = map_shared(sizeof *shared);
    EXPECT(sem_init(&shared->to, 1, 0) == 0 && sem_init(&shared->from, 1, 0) == 0);
    if (fork_child() != 0)
        return;
    for (;;) {
        EXPECT(sem_wait(&shared->to) == 0);
        shared->turn++;
        EXPECT(sem_post(&shared->from) == 0);
    }
}

static void run_posix(uint64_t times)
{
    for (unsigned right = shared->turn; times--;) {
        shared->turn++;
        EXPECT(sem_post(&shared->to) == 0);
        EXPECT(sem_wait(&shared->from) == 0);
        EXPECT(shared->turn == (right += 2));
    }
}

/* System V: the set outlives its processes, so that each batch makes and removes its own. */
static void add(int set, unsigned short which, short value)
{
    struct sembuf change = {.sem_num = which, .sem_op = value};
    EXPECT(semop(set, &change, 1) == 0);
}

static void start_sysv(void) { shared = map_shared(sizeof *shared); }

static void take_turn(int set)
{
    unsigned before = shared->turn++;
    add(set, 0, 1);
    add(set, 1, -1);
    EXPECT(shared->turn == before + 2);
}

static void run_sysv(uint64_t times)
{
    bench_stop();
    int set = semget(IPC_PRIVATE, 2, IPC_CREAT | 0600);
    EXPECT(set >= 0);
    pid_t child = fork_child();
    if (child == 0) {
        for (uint64_t i = 0; i <= times; i++) {
            add(set, 0, -1);
            shared->turn++;
            add(set, 1, 1);
        }
        _exit(0);
    }
    take_turn(set); /* the child runs */
    bench_start();
    for (uint64_t i = 0; i < times; i++)
        take_turn(set);
    bench_stop();
    finish_child(child, 0);
    EXPECT(semctl(set, 0, IPC_RMID) == 0);
}

BENCH(latency_fifo, .group = "message", .what = "8 bytes from process to process, by a FIFO",
      .setup = start_fifo, .run = run_messages, .each = 2);
BENCH(latency_unix_stream, .group = "message", .what = "8 bytes from process to process, by an AF_UNIX stream",
      .setup = start_socket, .run = run_messages, .each = 2, .argument = SOCK_STREAM);
BENCH(latency_unix_datagram, .group = "message",
      .what = "8 bytes from process to process, by an AF_UNIX datagram", .setup = start_socket,
      .run = run_messages, .each = 2, .argument = SOCK_DGRAM);
BENCH(latency_eventfd, .group = "message", .what = "a count from process to process, by an eventfd",
      .setup = start_eventfd, .run = run_messages, .each = 2);
BENCH(latency_futex_processes, .group = "message",
      .what = "a turn from process to process, by a futex in shared memory", .setup = start_futex,
      .run = run_futex, .each = 2);
BENCH(latency_sem_posix, .group = "message", .what = "a turn from process to process, by a POSIX semaphore",
      .setup = start_posix, .run = run_posix, .each = 2);
BENCH(latency_sem_sysv, .group = "message", .what = "a turn from process to process, by a System V semaphore",
      .setup = start_sysv, .run = run_sysv, .each = 2);
