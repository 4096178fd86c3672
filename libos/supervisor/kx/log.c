/* SPDX-License-Identifier: MPL-2.0 */
/* kx logs: what a container wrote and the supervisor still has. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "kx.h"

struct stream {
    uint64_t position;
    bool ended;
    FILE *to;
};

/* Adds to `all` what comes next; false when nothing did. */
static bool read_more(uint64_t container, unsigned number, struct stream *s, char *bytes, size_t *count)
{
    struct kx_request read = {
        .word = {LOS_SUPERVISOR_READ, container, 0, number, s->position}, .out = bytes, .out_room = KX_CHUNK};
    kx_must("logs", &read);
    s->position = read.word[2] + read.out_bytes;
    s->ended = read.word[3] == 1;
    *count = read.out_bytes;
    return read.out_bytes > 0;
}

/* Where the last `lines` lines begin. */
static size_t tail_start(const struct kx_buffer *text, size_t lines)
{
    size_t at = text->bytes;
    if (at && lines && text->at[at - 1] == '\n')
        at--;
    for (; at && lines; at--)
        if (text->at[at - 1] == '\n' && --lines == 0)
            break;
    return at;
}

static void put(struct stream *s, const char *bytes, size_t count)
{
    if (fwrite(bytes, 1, count, s->to) != count || fflush(s->to))
        kx_die("logs: %s", strerror(errno));
}

/* What is kept at this moment: no more than a console holds, however fast it is written. */
static void put_kept(uint64_t container, unsigned number, struct stream *s, size_t tail, char *chunk)
{
    struct kx_buffer kept = {0};
    size_t count;
    while (kept.bytes < LOS_CONSOLE_SPAN && read_more(container, number, s, chunk, &count))
        kx_buffer_add(&kept, chunk, count);
    size_t start = tail == SIZE_MAX ? 0 : tail_start(&kept, tail);
    if (kept.bytes)
        put(s, kept.at + start, kept.bytes - start);
}

void kx_logs(uint64_t container, size_t tail, bool follow)
{
    struct stream streams[] = {{.to = stdout}, {.to = stderr}};
    char *chunk = kx_keep(KX_CHUNK);
    size_t count;
    for (unsigned i = 0; i < 2; i++)
        put_kept(container, i, &streams[i], tail, chunk);
    while (follow) {
        bool some = false;
        for (unsigned i = 0; i < 2; i++)
            if (read_more(container, i, &streams[i], chunk, &count)) {
                put(&streams[i], chunk, count);
                some = true;
            }
        if (!some && streams[0].ended && streams[1].ended)
            break;
        if (!some)
            kx_changed(200);
    }
}

int kx_log(const struct kx_command *command, int argc, char **argv)
{
    bool follow = false;
    const char *tail = "all";
    const struct kx_option options[] = {
        {'f', "follow", NULL, KX_FLAG, &follow, "go on with what is written from now on"},
        {'n', "tail", "N|all", KX_TEXT, &tail, "the last N lines of each stream"},
        {0}};
    struct kx_strings names = kx_options(command, options, argc, argv, KX_ANYWHERE, 1, 1);
    size_t lines = strcmp(tail, "all") ? kx_number("--tail", tail, 0, 1000000) : SIZE_MAX;
    kx_logs(kx_container(names.at[0]), lines, follow);
    return 0;
}
