/* SPDX-License-Identifier: MPL-2.0 */
/*
 * lmbench's lat_ctx: a token goes round a ring of processes, by pipes, and whoever gets it sums memory of its own. Unlike there, what
 * pipe and sum cost without a switch is not subtracted. The same with threads, by futexes. The token is the proof: each adds its sum.
 */
#define _GNU_SOURCE
#include "bench.h"
#include "child.h"
#include <linux/futex.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/syscall.h>

enum { MOST = 16, WORDS_KIB = 1024 / sizeof(uint32_t) };

static long members, words; /* words of memory that a member sums */
static uint64_t right_sum;

static uint32_t *make_memory(void)
{
    uint32_t *memory = malloc((size_t)words * sizeof *memory + 1);
    EXPECT(memory);
    right_sum = 0;
    for (long i = 0; i < words; i++)
        right_sum += memory[i] = (uint32_t)i * 2654435761u;
    return memory;
}

static uint64_t sum(const uint32_t *memory)
{
    uint64_t total = 0;
    __asm__ volatile("" ::"r"(memory) : "memory"); /* each time anew */
    for (long i = 0; i < words; i++)
        total += memory[i];
    return total;
}

static uint64_t advance(uint64_t token, const uint32_t *memory) { return token + 1 + sum(memory); }

static void take_arguments(void)
{
    members = bench_own()->argument;
    words = bench_own()->argument2 * WORDS_KIB;
}

/* --- processes: member i reads pipe i and writes the next one ------------------------------------------------------- */

static int ends[MOST][2];
static uint32_t *own_memory; /* of this process */

static void send_token(int out, uint64_t token) { EXPECT(write(out, &token, sizeof token) == sizeof token); }

static _Noreturn void member_process(int in, int out)
{
    own_memory = make_memory();
    for (uint64_t token; read(in, &token, sizeof token) == sizeof token;)
        send_token(out, advance(token, own_memory));
    _exit(0);
}

static void start_processes(void)
{
    take_arguments();
    for (long i = 0; i < members; i++)
        EXPECT(pipe(ends[i]) == 0);
    for (long i = 1; i < members; i++)
        if (fork_child() == 0)
            member_process(ends[i][0], ends[(i + 1) % members][1]);
    own_memory = make_memory();
}

static void run_processes(uint64_t times)
{
    while (times--) {
        uint64_t token = times, right = times + (uint64_t)members * (1 + right_sum);
        send_token(ends[1][1], advance(token, own_memory));
        EXPECT(read(ends[0][0], &token, sizeof token) == sizeof token);
        EXPECT(token == right);
    }
}

/* --- threads: each waits for a word of its own to change ------------------------------------------------------------ */

static struct member {
    _Alignas(128) atomic_uint tokens; /* that it got so far */
    uint64_t token;
    uint32_t *memory;
} member[MOST];

static void give(struct member *to, uint64_t token)
{
    to->token = token;
    to->tokens++;
    syscall(SYS_futex, &to->tokens, FUTEX_WAKE_PRIVATE, 1);
}

static uint64_t take(struct member *self, unsigned seen)
{
    while (self->tokens == seen)
        syscall(SYS_futex, &self->tokens, FUTEX_WAIT_PRIVATE, seen, NULL);
    EXPECT(self->tokens == seen + 1);
    return self->token;
}

static void *member_thread(void *which)
{
    struct member *self = which, *next = &member[(self - member + 1) % members];
    for (unsigned seen = 0;; seen++)
        give(next, advance(take(self, seen), self->memory));
    return NULL;
}

static void start_threads(void)
{
    take_arguments();
    for (long i = 0; i < members; i++)
        member[i].memory = make_memory();
    for (long i = 1; i < members; i++) {
        pthread_t thread;
        EXPECT(pthread_create(&thread, NULL, member_thread, &member[i]) == 0);
    }
}

static void run_threads(uint64_t times)
{
    while (times--) {
        unsigned seen = member[0].tokens;
        give(&member[1], advance(times, member[0].memory));
        EXPECT(take(&member[0], seen) == times + (uint64_t)members * (1 + right_sum));
    }
}

#define RING(kind, by, count, kib)                                                                             \
    BENCH(switch_##kind##_##count##_##kib##k, .group = "switch",                                               \
          .what = "a token to the next of " #count " " #kind ", by " by ", and a sum of " #kib                 \
                  " KiB (nothing subtracted)",                                                                 \
          .setup = start_##kind, .run = run_##kind, .each = count, .argument = count, .argument2 = kib,        \
          .series = "context switch, " #kind ", " #kib " KiB", .x = count)
#define RINGS(kind, by, kib)                                                                                   \
    RING(kind, by, 2, kib);                                                                                    \
    RING(kind, by, 4, kib);                                                                                    \
    RING(kind, by, 8, kib);                                                                                    \
    RING(kind, by, 16, kib)

RINGS(processes, "a pipe", 0);
RINGS(processes, "a pipe", 4);
RINGS(processes, "a pipe", 16);
RINGS(processes, "a pipe", 64);
RINGS(threads, "a futex", 0);
RINGS(threads, "a futex", 16);
