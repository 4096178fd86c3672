/* SPDX-License-Identifier: MPL-2.0 */
/*
 * libos/kv's server and client as two processes: the same store, the same checks, the same seven words, over two pipes and over a pair of
 * AF_UNIX sockets. A long value follows its message.
 */
#define _GNU_SOURCE
#include "../../libos/kv/client.h"
#include "../../libos/kv/store.h"
#include "swap.h"
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

static int from, to; /* of this process: descriptors of the other's requests or answers, and of ours */
static uint64_t page[KV_VALUE_MOST / 8];
static const char *way;

static int receive(void *at, uint64_t bytes)
{
    for (uint64_t got = 0; got < bytes;) {
        ssize_t n = read(from, (char *)at + got, bytes - got);
        if (n <= 0)
            return -1;
        got += (uint64_t)n;
    }
    return 0;
}

static int transmit(uint64_t word[KV_WORDS], uint64_t bytes)
{
    struct iovec part[2] = {{word, KV_WORDS * 8}, {page, bytes}};
    return writev(to, part, bytes ? 2 : 1) == (ssize_t)(KV_WORDS * 8 + bytes) ? 0 : -1;
}

/* --- the server ------------------------------------------------------------------------------------------------------------- */

static uint64_t answer_bytes; /* what page_write left in the page */

static int page_read(const struct kv_page *unused, uint64_t *at, uint64_t bytes)
{
    (void)unused;
    memcpy(at, page, bytes);
    return 0;
}
static int page_write(const struct kv_page *unused, const uint64_t *at, uint64_t bytes)
{
    (void)unused;
    memcpy(page, at, bytes);
    answer_bytes = bytes;
    return 0;
}

static uint64_t follows(uint64_t first)
{
    uint64_t bytes = first >> 32;
    return (uint32_t)first == KV_PUT && bytes > KV_INLINE && bytes <= KV_VALUE_MOST ? bytes : 0;
}

static _Noreturn void serve(void)
{
    static uint64_t values[KV_CAPACITY][KV_VALUE_MOST / 8];
    const struct kv_page functions = {page_read, page_write, 0};
    uint64_t word[KV_WORDS];
    memset(values, 0, sizeof values);
    store_start(values);
    while (receive(word, sizeof word) == 0 && receive(page, follows(word[0])) == 0) {
        answer_bytes = 0;
        store_handle(word, &functions);
        if (transmit(word, answer_bytes) < 0)
            break;
    }
    _exit(0);
}

/* --- the client --------------------------------------------------------------------------------------------------------------- */

static int call(uint64_t word[KV_WORDS])
{
    uint64_t operation = (uint32_t)word[0];
    if (transmit(word, follows(word[0])) < 0 || receive(word, KV_WORDS * 8) < 0)
        return -1;
    return operation == KV_GET && word[0] == KV_OK && word[1] > KV_INLINE ? receive(page, word[1]) : 0;
}

static uint64_t now_ns(void) { return (uint64_t)swap_now_ns(); }
static void say(const char *name, uint64_t number, const char *unit)
{
    printf("%s-%s %lu %s\n", way, name, number, unit);
}

static void run(int client_from, int client_to, int server_from, int server_to, bool measure)
{
    const struct kv_connection connection = {call, page, now_ns, say};
    fflush(stdout);
    pid_t server = fork();
    SWAP_MUST(server >= 0);
    from = server ? client_from : server_from;
    to = server ? client_to : server_to;
    if (server == 0) {
        close(client_from);
        close(client_to);
        serve();
    }
    close(server_from);
    close(server_to);
    const char *wrong = client_check(&connection);
    if (!wrong && measure)
        wrong = client_measure(&connection);
    if (wrong) {
        printf("kv over a %s: not as it should be: %s\n", way, wrong);
        fflush(stdout);
        _Exit(1);
    }
    close(from);
    close(to);
    SWAP_MUST(waitpid(server, NULL, 0) == server);
}

int swap_kv(int count, char **word)
{
    bool measure = count && strcmp(word[0], "measure") == 0;
    int request[2], reply[2];
    way = "pipe";
    SWAP_MUST(pipe(request) == 0 && pipe(reply) == 0);
    run(reply[0], request[1], request[0], reply[1], measure);
    way = "socket";
    SWAP_MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, request) == 0);
    SWAP_MUST((reply[0] = dup(request[0])) >= 0 && (reply[1] = dup(request[1])) >= 0);
    run(reply[0], request[0], request[1], reply[1], measure);
    puts("kv: all as it should be");
    return 0;
}
