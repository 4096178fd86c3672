/* SPDX-License-Identifier: MPL-2.0 */
/* Commands on containers that are there: pause, unpause, update, kill, stop, wait, rm, attach. */
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "kx.h"

/* Does it for each name; goes on after one that fails. */
static int for_each(const struct kx_strings *names,
                    int64_t (*act)(struct los_container_info *info, void *of, char *error), void *of)
{
    int status = 0;
    for (size_t i = 0; i < names->count; i++) {
        struct los_container_info info;
        char error[256];
        bool found = kx_container_find(names->at[i], &info, error, sizeof(error));
        if (found && act(&info, of, error) >= 0) {
            printf("%s\n", names->at[i]);
            fflush(stdout);
        } else {
            kx_warn("%s%s%s", found ? names->at[i] : "", found ? ": " : "", error);
            status = KX_FAILED;
        }
    }
    return status;
}

static int64_t ask(struct kx_request *request, char *error)
{
    int64_t result = kx_ask(request);
    if (result < 0)
        memcpy(error, request->error, sizeof(request->error));
    return result;
}

static int64_t simple(struct los_container_info *info, void *of, char *error)
{
    struct kx_request request = {.word = {*(uint64_t *)of, info->number}};
    return ask(&request, error);
}

static int simple_command(const struct kx_command *command, int argc, char **argv, uint64_t operation)
{
    static const struct kx_option none[] = {{0}};
    struct kx_strings names = kx_options(command, none, argc, argv, KX_ANYWHERE, 1, SIZE_MAX);
    return for_each(&names, simple, &operation);
}

int kx_pause(const struct kx_command *command, int argc, char **argv)
{
    return simple_command(command, argc, argv, LOS_SUPERVISOR_PAUSE);
}

int kx_unpause(const struct kx_command *command, int argc, char **argv)
{
    return simple_command(command, argc, argv, LOS_SUPERVISOR_RESUME);
}

/* --- update --------------------------------------------------------------------------------------------------------------------------- */
static int64_t update(struct los_container_info *info, void *of, char *error)
{
    const struct kx_buffer *config = of;
    struct kx_request request = {
        .word = {LOS_SUPERVISOR_UPDATE, info->number}, .in = config->at, .in_bytes = config->bytes};
    return ask(&request, error);
}

int kx_update(const struct kx_command *command, int argc, char **argv)
{
    const char *memory = NULL, *cpus = NULL, *quota = NULL, *period = NULL;
    const struct kx_option options[] = {{'m', "memory", "SIZE", KX_TEXT, &memory, "memory, all in (64m, 1g)"},
                                        {0, "cpus", "N", KX_TEXT, &cpus, "CPUs (0.5)"},
                                        {0, "cpu-quota", "US", KX_TEXT, &quota, "CPU time in a period, us"},
                                        {0, "cpu-period", "US", KX_TEXT, &period, "the period, us (100000)"},
                                        {0}};
    struct kx_strings names = kx_options(command, options, argc, argv, KX_ANYWHERE, 1, SIZE_MAX);
    struct kx_spec spec = {0};
    struct kx_buffer config = {0};
    kx_cpu_flags(&spec, cpus, quota, period);
    if (memory)
        kx_config_add(&config, "memory", "%lu", kx_size("--memory", memory));
    if (spec.quota)
        kx_config_add(&config, "cpu.quota", "%lu", spec.quota);
    if (spec.period)
        kx_config_add(&config, "cpu.period", "%lu", spec.period);
    if (!config.bytes)
        kx_die("update: nothing to update: give -m, --cpus, --cpu-quota or --cpu-period");
    return for_each(&names, update, &config);
}

/* --- the end ---------------------------------------------------------------------------------------------------------------------------- */
static int64_t kill_one(struct los_container_info *info, void *of, char *error)
{
    struct kx_request request = {.word = {LOS_SUPERVISOR_SIGNAL, info->number, *(unsigned *)of}};
    return ask(&request, error);
}

int kx_kill(const struct kx_command *command, int argc, char **argv)
{
    const char *text = "KILL";
    const struct kx_option options[] = {{'s', "signal", "SIGNAL", KX_TEXT, &text, "name or number (KILL)"},
                                        {0}};
    struct kx_strings names = kx_options(command, options, argc, argv, KX_ANYWHERE, 1, SIZE_MAX);
    unsigned number = kx_signal(text);
    return for_each(&names, kill_one, &number);
}

struct stop {
    unsigned signal;
    uint64_t seconds;
};

static uint64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* The signal, time to end in, and then KILL. */
static int64_t stop_one(struct los_container_info *info, void *of, char *error)
{
    const struct stop *stop = of;
    unsigned kill = 9;
    if (info->state == LOS_CONTAINER_STOPPED)
        return 0;
    struct kx_request resume = {.word = {LOS_SUPERVISOR_RESUME, info->number}};
    if (info->state == LOS_CONTAINER_PAUSED && ask(&resume, error) < 0)
        return -1;
    struct kx_request request = {.word = {LOS_SUPERVISOR_SIGNAL, info->number, stop->signal}};
    uint64_t start = now_ms();
    if (kx_ask(&request) == -LOS_S_STATE)
        return 0; /* it ended between the two */
    while (now_ms() - start < stop->seconds * 1000) {
        if (!kx_container_info(info->number, info) || info->state == LOS_CONTAINER_STOPPED)
            return 0;
        kx_changed(100);
    }
    return kill_one(info, &kill, error);
}

int kx_stop(const struct kx_command *command, int argc, char **argv)
{
    const char *seconds = "10", *signal = "TERM";
    const struct kx_option options[] = {
        {'t', "time", "SECONDS", KX_TEXT, &seconds, "to wait before it is killed (10)"},
        {'s', "signal", "SIGNAL", KX_TEXT, &signal, "name or number (TERM)"},
        {0}};
    struct kx_strings names = kx_options(command, options, argc, argv, KX_ANYWHERE, 1, SIZE_MAX);
    struct stop stop = {kx_signal(signal), kx_number("--time", seconds, 0, 86400)};
    return for_each(&names, stop_one, &stop);
}

int kx_wait_command(const struct kx_command *command, int argc, char **argv)
{
    static const struct kx_option none[] = {{0}};
    struct kx_strings names = kx_options(command, none, argc, argv, KX_ANYWHERE, 1, SIZE_MAX);
    int status = 0;
    for (size_t i = 0; i < names.count; i++) {
        status = kx_wait(kx_container(names.at[i]), names.at[i]);
        printf("%d\n", status);
        fflush(stdout);
    }
    return status & 255;
}

static int64_t remove_one(struct los_container_info *info, void *of, char *error)
{
    struct kx_request request = {.word = {LOS_SUPERVISOR_REMOVE, info->number, *(bool *)of}};
    return ask(&request, error);
}

int kx_rm(const struct kx_command *command, int argc, char **argv)
{
    bool force = false;
    const struct kx_option options[] = {{'f', "force", NULL, KX_FLAG, &force, "kill it first if need be"}, {0}};
    struct kx_strings names = kx_options(command, options, argc, argv, KX_ANYWHERE, 1, SIZE_MAX);
    return for_each(&names, remove_one, &force);
}

/* --- attach ------------------------------------------------------------------------------------------------------------------------------ */
int kx_attach_command(const struct kx_command *command, int argc, char **argv)
{
    const char *keys = NULL;
    bool input = true, forward = true;
    const struct kx_option options[] = {
        {0, "detach-keys", "KEYS", KX_TEXT, &keys, "keys that detach (ctrl-p,ctrl-q)"},
        {0, "no-stdin", NULL, KX_OFF, &input, "standard input stays here"},
        {0, "no-sig-proxy", NULL, KX_OFF, &forward, "signals to kx are not the container's"},
        {0}};
    struct kx_strings names = kx_options(command, options, argc, argv, KX_ANYWHERE, 1, 1);
    struct los_container_info info;
    char error[256];
    if (!kx_container_find(names.at[0], &info, error, sizeof(error)))
        kx_die("%s", error);
    if (info.state == LOS_CONTAINER_STOPPED)
        kx_die("%s does not run: kx logs shows what it wrote", names.at[0]);
    if (info.state == LOS_CONTAINER_PAUSED)
        kx_die("%s is paused: kx unpause lets it go on", names.at[0]);
    struct kx_buffer config = kx_inspect_config(info.number);
    struct kx_session session = {.container = info.number, .input = input, .keys = kx_keys(keys)};
    session.terminal = kx_config_is(&config, "terminal", "1");
    session.forward = forward && !session.terminal;
    struct kx_request attach = {.word = {LOS_SUPERVISOR_ATTACH, info.number, 0, 1, 1}};
    kx_must(names.at[0], &attach);
    int status;
    return kx_attach(&session, &status) ? kx_wait(info.number, names.at[0]) & 255 : 0;
}
