/* SPDX-License-Identifier: MPL-2.0 */
/* What a container shall be, and its form as the configuration strings of los/container.h. */
#include <stdio.h>
#include <string.h>
#include "kx.h"

void kx_spec_mount(struct kx_spec *spec, const struct kx_mount *mount)
{
    for (size_t i = 0; i < spec->mount_count; i++)
        if (!strcmp(spec->mounts[i].destination,
                    mount->destination)) { /* the later one counts, in the later one's place */
            memmove(&spec->mounts[i], &spec->mounts[i + 1], (spec->mount_count - i - 1) * sizeof(*mount));
            spec->mount_count--;
            break;
        }
    struct kx_mount *more = kx_keep((spec->mount_count + 1) * sizeof(*more));
    if (spec->mount_count)
        memcpy(more, spec->mounts, spec->mount_count * sizeof(*more));
    more[spec->mount_count++] = *mount;
    spec->mounts = more;
}

void kx_spec_env(struct kx_strings *env, const char *assignment)
{
    size_t name = strcspn(assignment, "=") + 1;
    for (size_t i = 0; i < env->count; i++)
        if (!strncmp(env->at[i], assignment, name)) {
            env->at[i] = assignment;
            return;
        }
    kx_strings_add(env, assignment);
}

void kx_cpu_flags(struct kx_spec *spec, const char *cpus, const char *quota, const char *period)
{
    if (cpus && (quota || period))
        kx_die("--cpus says quota and period: it goes with neither --cpu-quota nor --cpu-period");
    if (period)
        spec->period = kx_number("--cpu-period", period, KX_PERIOD_LEAST, KX_PERIOD_MOST);
    if (quota)
        spec->quota = kx_number("--cpu-quota", quota, 1000, 1024 * KX_PERIOD_MOST);
    if (cpus) {
        spec->period = KX_PERIOD;
        spec->quota = kx_quota("--cpus", cpus, KX_PERIOD);
    }
}

void kx_isolation_check(const char *what, const char *isolation)
{
    if (!strcmp(isolation, "pku") || !strcmp(isolation, "guarded"))
        kx_die("%s: isolation '%s' does not exist yet: only 'fast'", what, isolation);
    if (strcmp(isolation, "fast"))
        kx_die("%s: there is no isolation '%.64s': only 'fast'", what, isolation);
}

void kx_spec_check(const struct kx_spec *spec)
{
    uint64_t period = spec->period ? spec->period : KX_PERIOD;
    if (spec->quota && spec->count && spec->quota > period * spec->count)
        kx_die("a CPU quota of %lu us in %lu us is more than %lu CPU%s can give", spec->quota, period,
               spec->count, spec->count == 1 ? "" : "s");
    if (spec->period && !spec->quota)
        kx_die("a CPU period without a quota says nothing");
    if (spec->rootless && spec->mount_count)
        kx_die("mounts without a root file system: there is nothing to mount on");
    if (spec->rootless && spec->readonly)
        kx_die("a read-only root file system, and none: only one of them");
}

static void add_text(struct kx_buffer *config, const char *key, const char *value)
{
    if (value)
        kx_config_add(config, key, "%s", value);
}

static void add_list(struct kx_buffer *config, const char *key, const struct kx_strings *list)
{
    for (size_t i = 0; i < list->count; i++)
        add_text(config, key, list->at[i]);
}

static void add_number(struct kx_buffer *config, const char *key, uint64_t value)
{
    if (value)
        kx_config_add(config, key, "%lu", value);
}

static void add_mounts(struct kx_buffer *config, const struct kx_spec *spec, const struct kx_strings *binds)
{
    unsigned bind = 0;
    add_list(config, "archive", binds);
    for (size_t i = 0; i < spec->mount_count; i++) {
        const struct kx_mount *m = &spec->mounts[i];
        if (!strcmp(m->type, "bind"))
            kx_config_add(config, "mount", "bind:%s:%s:%u", m->destination, m->options, ++bind);
        else
            kx_config_add(config, "mount", "%s:%s:%s:%s", m->type, m->destination, m->options, m->source);
    }
}

struct kx_buffer kx_spec_config(const struct kx_spec *spec, const char *root, const struct kx_strings *binds)
{
    struct kx_buffer config = {0};
    add_text(&config, "name", spec->name);
    add_text(&config, "libos", spec->libos);
    add_text(&config, "root", root);
    add_list(&config, "args", &spec->args);
    add_list(&config, "env", &spec->env);
    add_text(&config, "cwd", spec->cwd);
    add_text(&config, "uid", spec->uid);
    add_text(&config, "gid", spec->gid);
    add_list(&config, "gids", &spec->gids);
    add_text(&config, "umask", spec->umask);
    add_number(&config, "terminal", spec->terminal);
    add_number(&config, "rows", spec->terminal ? spec->rows : 0);
    add_number(&config, "columns", spec->terminal ? spec->columns : 0);
    add_text(&config, "hostname", spec->hostname);
    add_text(&config, "domainname", spec->domainname);
    add_number(&config, "readonly", spec->readonly);
    add_mounts(&config, spec, binds);
    add_number(&config, "pids", spec->pids);
    add_number(&config, "memory", spec->memory);
    add_number(&config, "cpu.quota", spec->quota);
    add_number(&config, "cpu.period", spec->quota ? spec->period ? spec->period : KX_PERIOD : 0);
    add_number(&config, "cpu.count", spec->count);
    add_text(&config, "seccomp", spec->seccomp);
    if (spec->seccomp)
        add_list(&config, "syscall", &spec->syscalls);
    add_number(&config, "no_new_privileges", spec->no_new_privileges);
    add_list(&config, "rlimit", &spec->rlimits);
    add_list(&config, "gate.export", &spec->exports);
    add_list(&config, "gate.import", &spec->imports);
    kx_config_check(&config);
    return config;
}
