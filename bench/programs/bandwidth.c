/* SPDX-License-Identifier: MPL-2.0 */
/*
 * lmbench's bw_pipe and bw_unix: blocks from process to process. The first and the last word of a block number it; the receiver checks
 * both, and answers the last block of a batch with the count of those that it got: what still lies in a buffer is not counted.
 */
#include "bench.h"
#include "child.h"
#include <sys/socket.h>

enum { PIPE, BLOCK_MOST = 65536 };

static int to[2], back[2];
static size_t block;
static uint64_t words[BLOCK_MOST / sizeof(uint64_t)];
static uint64_t sent;

static size_t last_word(void) { return block / sizeof *words - 1; }

/* False: no more of it. */
static int receive_block(void)
{
    for (size_t have = 0; have < block;) {
        ssize_t n = read(to[0], (char *)words + have, block - have);
        if (n == 0 && have == 0)
            return 0;
        EXPECT(n > 0);
        have += (size_t)n;
    }
    return 1;
}

static _Noreturn void receive_all(void)
{
    close(to[1]);
    for (uint64_t received = 0; receive_block();) {
        EXPECT(words[0] >> 1 == received && words[last_word()] == received);
        received++;
        if (words[0] & 1)
            EXPECT(write(back[1], &received, sizeof received) == sizeof received);
    }
    _exit(0);
}

static void setup(void)
{
    long kind = bench_own()->argument;
    block = bench_own()->bytes;
    EXPECT((kind == PIPE ? pipe(to) : socketpair(AF_UNIX, (int)kind, 0, to)) == 0);
    EXPECT(pipe(back) == 0);
    if (fork_child() == 0)
        receive_all();
    close(to[0]);
}

static void run(uint64_t times)
{
    uint64_t received;
    while (times--) {
        words[0] = sent << 1 | (times == 0);
        words[last_word()] = sent++;
        EXPECT(write(to[1], words, block) == (ssize_t)block);
    }
    EXPECT(read(back[0], &received, sizeof received) == sizeof received && received == sent);
}

#define BANDWIDTH(name, by, kind, size)                                                                        \
    BENCH(bandwidth_##name##_##size, .group = "message",                                                       \
          .what = "blocks of " #size " bytes from process to process, by " by, .setup = setup, .run = run,     \
          .bytes = size, .argument = kind, .series = by " bandwidth", .x = size)

BANDWIDTH(pipe, "pipe", PIPE, 512);
BANDWIDTH(pipe, "pipe", PIPE, 4096);
BANDWIDTH(pipe, "pipe", PIPE, 65536);
BANDWIDTH(unix, "AF_UNIX", SOCK_STREAM, 512);
BANDWIDTH(unix, "AF_UNIX", SOCK_STREAM, 4096);
BANDWIDTH(unix, "AF_UNIX", SOCK_STREAM, 65536);
BANDWIDTH(unix_datagram, "AF_UNIX datagram", SOCK_DGRAM, 4096);
