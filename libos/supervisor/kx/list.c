/* SPDX-License-Identifier: MPL-2.0 */
/* kx ps, kx stats and kx info: what there is, as tables or a JSON object in each line, with docker's columns. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "kx.h"

#define PAGE 4096ul

static bool wants_json(const char *format)
{
    if (strcmp(format, "json") && strcmp(format, "table"))
        kx_die("--format: json or table, not '%s'", format);
    return *format == 'j';
}

static void put_json(json_t *object)
{
    char *text = object ? json_dumps(object, JSON_COMPACT | JSON_PRESERVE_ORDER) : NULL;
    if (!text)
        kx_die("a name is no UTF-8 text");
    printf("%s\n", text);
}

const char *kx_state_text(uint32_t state)
{
    static const char *const texts[] = {[LOS_CONTAINER_CREATED] = "created",
                                        [LOS_CONTAINER_RUNNING] = "running",
                                        [LOS_CONTAINER_PAUSED] = "paused",
                                        [LOS_CONTAINER_STOPPED] = "exited"};
    return state >= LOS_CONTAINER_CREATED && state <= LOS_CONTAINER_STOPPED ? texts[state] : "unknown";
}

static uint64_t since(uint64_t now, uint64_t then) { return now > then ? now - then : 0; }

/* As docker's: Up 5 minutes, Up 5 minutes (Paused), Exited (0) 2 hours ago. */
static const char *status_text(const struct los_container_info *c, uint64_t now)
{
    switch (c->state) {
    case LOS_CONTAINER_RUNNING: return kx_print("Up %s", kx_duration_text(since(now, c->started_ns)));
    case LOS_CONTAINER_PAUSED: return kx_print("Up %s (Paused)", kx_duration_text(since(now, c->started_ns)));
    case LOS_CONTAINER_STOPPED:
        return kx_print("Exited (%d) %s ago", c->status, kx_duration_text(since(now, c->ended_ns)));
    default: return "Created";
    }
}

static const char *short_text(const char *text, size_t most, bool whole)
{
    return whole || strlen(text) <= most ? text : kx_print("%.*s...", (int)most - 3, text);
}

static const char *image_text(const struct los_container_info *c) { return *c->root ? c->root : "-"; }

static void ps_json(const struct los_container_info *c, uint64_t now)
{
    put_json(json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "ID", kx_print("%u", c->number), "Names",
                       c->name, "Image", image_text(c), "LibOS", c->libos, "Command", c->command, "RunningFor",
                       kx_print("%s ago", kx_duration_text(since(now, c->created_ns))), "State",
                       kx_state_text(c->state), "Status", status_text(c, now)));
}

int kx_ps(const struct kx_command *command, int argc, char **argv)
{
    bool all = false, quiet = false, whole = false;
    const char *format = "table";
    const struct kx_option options[] = {{'a', "all", NULL, KX_FLAG, &all, "those that have ended, too"},
                                        {'q', "quiet", NULL, KX_FLAG, &quiet, "numbers only"},
                                        {0, "no-trunc", NULL, KX_FLAG, &whole, "do not cut what is long"},
                                        {0, "format", "json|table", KX_TEXT, &format, "how it is written"},
                                        {0}};
    kx_options(command, options, argc, argv, KX_ANYWHERE, 0, 0);
    bool json = wants_json(format);
    size_t count;
    const struct los_container_info *containers = kx_containers(&count);
    uint64_t now = kx_machine().now_ns;
    static const char line[] = "%-12s  %-14s  %-8s  %-20s  %-24s  %-30s  %s\n";
    if (!json && !quiet)
        printf(line, "CONTAINER ID", "IMAGE", "LIBOS", "COMMAND", "CREATED", "STATUS", "NAMES");
    for (size_t i = 0; i < count; i++) {
        const struct los_container_info *c = &containers[i];
        if (c->state == LOS_CONTAINER_STOPPED && !all)
            continue;
        if (quiet)
            printf("%u\n", c->number);
        else if (json)
            ps_json(c, now);
        else
            printf(line, kx_print("%u", c->number), short_text(image_text(c), 14, whole), c->libos,
                   kx_print("\"%s\"", short_text(c->command, 18, whole)),
                   kx_print("%s ago", kx_duration_text(since(now, c->created_ns))), status_text(c, now),
                   c->name);
    }
    return 0;
}

/* --- stats ------------------------------------------------------------------------------------------------------------------------------------ */
struct sample {
    struct los_container_info *at;
    size_t count;
    uint64_t now_ns;
};

static struct sample take_sample(void)
{
    struct sample s = {0};
    s.at = kx_containers(&s.count);
    s.now_ns = kx_machine().now_ns;
    return s;
}

static const struct los_container_info *find(const struct sample *s, uint32_t number)
{
    for (size_t i = 0; i < s->count; i++)
        if (s->at[i].number == number)
            return &s->at[i];
    return NULL;
}

static double cpu_percent(const struct los_container_info *before, const struct los_container_info *after,
                          uint64_t before_ns, uint64_t after_ns)
{
    uint64_t time = since(after_ns, before_ns), used = before ? since(after->cpu_ns, before->cpu_ns) : 0;
    return time ? 100.0 * (double)used / (double)time : 0;
}

/* What it has and does not call free; that part is the container's own word. */
uint64_t kx_memory_used(const struct los_container_info *c)
{
    uint64_t pages = c->memory_pages > c->free_pages ? c->memory_pages - c->free_pages : 0;
    return (pages + since(c->pool_pages, c->pool_free)) * PAGE;
}

static void put_stats(const struct los_container_info *c, double cpu, bool json)
{
    uint64_t used = kx_memory_used(c),
             limit = c->memory_limit ? c->memory_limit : (c->memory_pages + c->pool_pages) * PAGE;
    const char *memory = kx_print("%s / %s", kx_size_text(used), kx_size_text(limit));
    const char *percent = kx_print("%.2f%%", limit ? 100.0 * (double)used / (double)limit : 0);
    const char *number = kx_print("%u", c->number), *cpu_text = kx_print("%.2f%%", cpu),
               *pids = kx_print("%u", c->processes);
    if (json)
        put_json(json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "ID", number, "Name", c->name, "CPUPerc", cpu_text,
                           "MemUsage", memory, "MemPerc", percent, "PIDs", pids));
    else
        printf("%-12s  %-20s  %-8s  %-22s  %-8s  %s\n", number, c->name, cpu_text, memory, percent, pids);
}

static bool is_named(const struct los_container_info *c, const struct kx_strings *names)
{
    const char *number = kx_print("%u", c->number);
    for (size_t i = 0; i < names->count; i++)
        if (!strcmp(c->name, names->at[i]) || !strcmp(number, names->at[i]))
            return true;
    return !names->count && c->state != LOS_CONTAINER_STOPPED;
}

static void put_table(const struct sample *before, const struct sample *after, const struct kx_strings *names,
                      bool json, bool clear)
{
    if (clear)
        printf("\033[H\033[J");
    if (!json)
        printf("%-12s  %-20s  %-8s  %-22s  %-8s  %s\n", "CONTAINER ID", "NAME", "CPU %", "MEM USAGE / LIMIT",
               "MEM %", "PIDS");
    for (size_t i = 0; i < after->count; i++) {
        const struct los_container_info *c = &after->at[i];
        if (is_named(c, names))
            put_stats(c, cpu_percent(find(before, c->number), c, before->now_ns, after->now_ns), json);
    }
    if (fflush(stdout))
        exit(KX_FAILED); /* nobody looks any more */
}

int kx_stats(const struct kx_command *command, int argc, char **argv)
{
    bool once = false;
    const char *format = "table";
    const struct timespec second = {.tv_sec = 1};
    const struct kx_option options[] = {
        {0, "no-stream", NULL, KX_FLAG, &once, "one second's figures, and the end"},
        {0, "format", "json|table", KX_TEXT, &format, "how it is written"},
        {0}};
    struct kx_strings names = kx_options(command, options, argc, argv, KX_ANYWHERE, 0, SIZE_MAX);
    bool json = wants_json(format), clear = !once && !json && isatty(STDOUT_FILENO);
    for (size_t i = 0; i < names.count; i++)
        kx_container(names.at[i]);
    for (void *mark = kx_mark();; kx_release(mark)) {
        struct sample before = take_sample();
        nanosleep(&second, NULL);
        struct sample after = take_sample();
        put_table(&before, &after, &names, json, clear);
        if (once)
            return 0;
    }
}

/* --- info -------------------------------------------------------------------------------------------------------------------------------------- */
int kx_info(const struct kx_command *command, int argc, char **argv)
{
    static const struct kx_option none[] = {{0}};
    kx_options(command, none, argc, argv, KX_ANYWHERE, 0, 0);
    struct los_machine_info machine = kx_machine();
    size_t count, states[LOS_CONTAINER_STOPPED + 1] = {0};
    const struct los_container_info *containers = kx_containers(&count);
    for (size_t i = 0; i < count; i++)
        if (containers[i].state <= LOS_CONTAINER_STOPPED)
            states[containers[i].state]++;
    printf("Containers: %zu\n Running: %zu\n Paused: %zu\n Stopped: %zu\n", count,
           states[LOS_CONTAINER_RUNNING], states[LOS_CONTAINER_PAUSED], states[LOS_CONTAINER_STOPPED]);
    printf("CPUs: %lu\nTotal Memory: %s\nFree Memory: %s\nSupervisor's Tokens: %lu\nUptime: %s\n", machine.cpus,
           kx_size_text(machine.pages * PAGE), kx_size_text(machine.free_pages * PAGE),
           machine.supervisor_tokens, kx_duration_text(machine.now_ns));
    return 0;
}
