/* SPDX-License-Identifier: MPL-2.0 */
/* Requests to the supervisor, and what is known of its containers. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include "kx.h"

void kx_changed(int timeout_ms)
{
    struct pollfd device = {.fd = kx_device(), .events = POLLIN};
    poll(&device, 1, timeout_ms);
}

/* What is said of an error where the supervisor says nothing. */
static const char *error_text(int64_t error)
{
    static const char *const texts[] = {
        [LOS_S_AGAIN] = "not yet",
        [LOS_S_INVALID] = "the request is wrong",
        [LOS_S_NOTHING] = "there is no such thing",
        [LOS_S_EXISTS] = "the name is taken",
        [LOS_S_BUSY] = "it is in use",
        [LOS_S_MEMORY] = "there is not that much memory",
        [LOS_S_TIME] = "there is not that much CPU time",
        [LOS_S_STATE] = "not while it is in this state",
        [LOS_S_LIMIT] = "a limit of the supervisor is reached",
        [LOS_S_REFUSED] = "refused",
    };
    bool known = error >= 0 && error < (int64_t)(sizeof(texts) / sizeof(*texts)) && texts[error];
    return known ? texts[error] : "an error of an unknown number";
}

/* The supervisor's own words, as one line without control characters. */
static void keep_error(struct kx_request *r, int64_t error, const char *text, size_t bytes)
{
    size_t length = bytes < sizeof(r->error) - 1 ? bytes : sizeof(r->error) - 1;
    memcpy(r->error, text, length);
    r->error[length] = 0;
    r->error[strcspn(r->error, "\n")] = 0;
    for (char *c = r->error; *c; c++)
        if ((unsigned char)*c < ' ' || *c == 127)
            *c = '?';
    if (!*r->error)
        snprintf(r->error, sizeof(r->error), "%s", error_text(error));
}

int64_t kx_ask(struct kx_request *r)
{
    char text[sizeof(r->error)] = "";
    bool no_room = r->out_room < sizeof(text);
    for (;;) {
        struct los_supervisor_call call = {.in = (uintptr_t)r->in,
                                           .in_bytes = r->in_bytes,
                                           .out = no_room ? (uintptr_t)text : (uintptr_t)r->out,
                                           .out_room = no_room ? sizeof(text) : r->out_room};
        memcpy(call.word, r->word, sizeof(call.word));
        if (kx_call(&call) < 0) {
            if (errno == EINTR)
                continue;
            kx_die("the supervisor's gate does not work: %s", strerror(errno));
        }
        int64_t result = (int64_t)call.word[0];
        if (result == -LOS_S_AGAIN) {
            kx_changed(100);
            if (kx_interrupted() || kx_attach_stuck())
                kx_die("interrupted");
            continue;
        }
        const char *out = no_room ? text : r->out;
        size_t got = call.out_bytes < call.out_room ? call.out_bytes : call.out_room;
        if (result < 0) {
            keep_error(r, -result, out, got);
            return result;
        }
        r->out_bytes = got < r->out_room ? got : r->out_room;
        if (no_room && r->out_bytes)
            memcpy(r->out, text, r->out_bytes);
        memcpy(r->word, call.word, sizeof(call.word));
        return result;
    }
}

int64_t kx_must(const char *what, struct kx_request *request)
{
    int64_t result = kx_ask(request);
    if (result < 0)
        kx_die("%s: %s", what, request->error);
    return result;
}

struct los_container_info *kx_containers(size_t *count)
{
    struct kx_buffer all = {0};
    char *out = kx_keep(KX_CHUNK);
    for (uint64_t from = 0;;) {
        struct kx_request list = {.word = {LOS_SUPERVISOR_LIST, 0, from}, .out = out, .out_room = KX_CHUNK};
        kx_must("list of containers", &list);
        size_t got = list.out_bytes / sizeof(struct los_container_info);
        if (!got)
            break;
        struct los_container_info last;
        memcpy(&last, out + (got - 1) * sizeof(last), sizeof(last));
        kx_buffer_add(&all, out, got * sizeof(last));
        if (last.number < from)
            break; /* a list that does not move on would have no end */
        from = last.number + 1ul;
    }
    *count = all.bytes / sizeof(struct los_container_info);
    struct los_container_info *list = (void *)all.at;
    for (size_t i = 0; i < *count; i++) /* whatever is in there, it is text */
        list[i].name[63] = list[i].libos[31] = list[i].root[63] = list[i].command[63] = 0;
    return list;
}

bool kx_container_info(uint64_t number, struct los_container_info *info)
{
    struct kx_request list = {.word = {LOS_SUPERVISOR_LIST, 0, number}, .out = info, .out_room = sizeof(*info)};
    kx_must("state of the container", &list);
    info->name[63] = info->libos[31] = info->root[63] = info->command[63] = 0;
    return list.out_bytes == sizeof(*info) && info->number == number;
}

bool kx_container_find(const char *name, struct los_container_info *info, char *error, size_t room)
{
    size_t count;
    const struct los_container_info *all = kx_containers(&count);
    for (size_t i = 0; i < count; i++) {
        char number[24];
        snprintf(number, sizeof(number), "%u", all[i].number);
        if (!strcmp(all[i].name, name) || !strcmp(number, name)) {
            *info = all[i];
            return true;
        }
    }
    snprintf(error, room, "no such container: %s", name);
    return false;
}

uint64_t kx_container(const char *name)
{
    struct los_container_info info;
    char error[256];
    if (!kx_container_find(name, &info, error, sizeof(error)))
        kx_die("%s", error);
    return info.number;
}

struct los_archive_info *kx_archives(size_t *count)
{
    char *out = kx_keep(LOS_CHANNEL_MOST);
    struct kx_request list = {.word = {LOS_SUPERVISOR_ARCHIVES}, .out = out, .out_room = LOS_CHANNEL_MOST};
    kx_must("list of archives", &list);
    *count = list.out_bytes / sizeof(struct los_archive_info);
    struct los_archive_info *all = (void *)out;
    for (size_t i = 0; i < *count; i++)
        all[i].name[63] = 0;
    return all;
}

struct los_machine_info kx_machine(void)
{
    struct los_machine_info info = {0};
    struct kx_request machine = {.word = {LOS_SUPERVISOR_MACHINE}, .out = &info, .out_room = sizeof(info)};
    kx_must("state of the machine", &machine);
    return info;
}

int kx_wait(uint64_t number, const char *name)
{
    struct los_container_info info;
    while (kx_container_info(number, &info)) {
        if (info.state == LOS_CONTAINER_STOPPED)
            return info.status;
        kx_changed(1000);
    }
    kx_die("%s was removed", name);
}
