/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Requests to the supervisor as they are, for tests of what it makes of them:  kxraw OPERATION [W1 W2 W3 W4 W5] [-- STRING...]
 * Prints the result, the answer's words, and its text; strings go with a NUL after each. AGAIN is asked again, for ten seconds.
 * kxraw follow NUMBER: the output of a container's console 0 to its end; exits with its status.
 */
#include "../../../libos/include/los/container.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static int device;
static char in[LOS_CHANNEL_MOST], out[LOS_CHANNEL_MOST];

static long ask(struct los_supervisor_call *call)
{
    uint64_t words[6];
    memcpy(words, call->word, sizeof words);
    for (int i = 0; i < 10000; i++) {
        memcpy(call->word, words, sizeof words);
        call->in = (uint64_t)in;
        call->out = (uint64_t)out;
        call->out_room = sizeof out;
        if (ioctl(device, LOS_SUPERVISOR_CALL, call) != 0) {
            printf("ioctl: %s\n", strerror(errno));
            exit(3);
        }
        if ((int64_t)call->word[0] != -LOS_S_AGAIN)
            break;
        usleep(1000);
    }
    return (long)call->word[0];
}

static int follow(uint64_t number)
{
    for (uint64_t at = 0;;) {
        struct los_supervisor_call call = {.word = {LOS_SUPERVISOR_READ, number, 0, 0, at}};
        if (ask(&call) < 0) {
            printf("%.*s\n", (int)call.out_bytes, out);
            return 3;
        }
        fwrite(out, 1, call.out_bytes, stdout);
        fflush(stdout);
        at = call.word[2] + call.out_bytes;
        if (call.word[3] && call.out_bytes == 0)
            return (int)call.word[4];
        if (call.out_bytes == 0)
            usleep(2000);
    }
}

static void show_list(const struct los_supervisor_call *call)
{
    for (uint64_t i = 0; i < call->out_bytes / sizeof(struct los_container_info); i++) {
        struct los_container_info info;
        memcpy(&info, out + i * sizeof info, sizeof info);
        printf("%u %s state %u status %d pages %lu pool %lu/%lu free %lu processes %u cpu %lu us first %lu us "
               "lived %lu us\n",
               info.number, info.name, info.state, info.status, info.memory_pages,
               info.pool_pages - info.pool_free, info.pool_pages, info.free_pages, info.processes,
               info.cpu_ns / 1000, info.first_instruction_ns / 1000,
               info.ended_ns ? (info.ended_ns - info.created_ns) / 1000 : 0);
    }
}

int main(int argc, char **argv)
{
    struct los_supervisor_call call = {0};
    int i = 1, w = 0;
    device = open("/dev/kx", O_RDWR);
    if (device < 0) {
        printf("open: %s\n", strerror(errno));
        return 3;
    }
    if (argc == 3 && !strcmp(argv[1], "follow"))
        return follow(strtoul(argv[2], NULL, 0));
    for (; i < argc && strcmp(argv[i], "--") && w < 6; i++)
        call.word[w++] = strtoul(argv[i], NULL, 0);
    for (i++; i < argc; i++) {
        size_t n = strlen(argv[i]) + 1;
        if (call.in_bytes + n > sizeof in)
            return 2;
        memcpy(in + call.in_bytes, argv[i], n);
        call.in_bytes += n;
    }
    long result = ask(&call);
    printf("%ld %lu %lu %lu", result, call.word[2], call.word[3], call.word[4]);
    if (result < 0)
        printf(" %.*s", (int)call.out_bytes, out);
    printf("\n");
    if (result >= 0 && argc > 1 && strtoul(argv[1], NULL, 0) == LOS_SUPERVISOR_LIST)
        show_list(&call);
    else if (result >= 0)
        for (uint64_t at = 0; at < call.out_bytes; at += strnlen(out + at, call.out_bytes - at) + 1)
            printf("%.*s\n", (int)strnlen(out + at, call.out_bytes - at), out + at);
    return result < 0;
}
