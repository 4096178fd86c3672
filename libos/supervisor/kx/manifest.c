/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The OCI runtime specification's config.json. One table for each object says which keys are there; a key that is none of them is named in
 * a warning, as is one that is known and without effect here.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "kx.h"

#define IDS_MOST 4294967294l

static const char *element(const char *path, size_t index) { return kx_print("%s[%zu]", path, index); }

static uint64_t ranged(const json_t *value, const char *path, int64_t low, int64_t high)
{
    int64_t number = kx_json_number(value, path);
    if (number < low || number > high)
        kx_json_die(path, "a number from %ld to %ld is wanted, not %ld", low, high, number);
    return (uint64_t)number;
}

static uint64_t limit(const json_t *value, const char *path, int64_t high)
{
    int64_t number = kx_json_number(value, path);
    if (number <= 0)
        kx_json_die(path, "%ld: must be more than 0 (leave it out for no limit)", number);
    if (number > high)
        kx_json_die(path, "%ld: more than the most there can be, %ld", number, high);
    return (uint64_t)number;
}

static const char *absolute(const json_t *value, const char *path)
{
    const char *text = kx_json_text(value, path);
    if (*text != '/')
        kx_json_die(path, "an absolute path is wanted, not '%s'", text);
    return text;
}

static const char *not_empty(const json_t *value, const char *path)
{
    const char *text = kx_json_text(value, path);
    if (!*text)
        kx_json_die(path, "is empty");
    return text;
}

/* --- process ---------------------------------------------------------------------------------------------------------------------- */
static void take_terminal(struct kx_spec *s, const json_t *v, const char *path)
{
    s->terminal = kx_json_bool(v, path);
}
static void take_cwd(struct kx_spec *s, const json_t *v, const char *path) { s->cwd = absolute(v, path); }
static void take_new_privileges(struct kx_spec *s, const json_t *v, const char *path)
{
    s->no_new_privileges = kx_json_bool(v, path);
}

static void take_args(struct kx_spec *s, const json_t *v, const char *path)
{
    for (size_t i = 0, n = kx_json_array(v, path); i < n; i++)
        kx_strings_add(&s->args, kx_json_text(json_array_get(v, i), element(path, i)));
    if (!s->args.count)
        kx_json_die(path, "is empty: there is nothing to run");
}

static void take_env(struct kx_spec *s, const json_t *v, const char *path)
{
    for (size_t i = 0, n = kx_json_array(v, path); i < n; i++) {
        const char *text = kx_json_text(json_array_get(v, i), element(path, i));
        if (*text == '=' || !strchr(text, '='))
            kx_json_die(element(path, i), "NAME=VALUE is wanted, not '%s'", text);
        kx_spec_env(&s->env, text);
    }
}

static void take_rows(struct kx_spec *s, const json_t *v, const char *path)
{
    s->rows = ranged(v, path, 0, 65535);
}
static void take_columns(struct kx_spec *s, const json_t *v, const char *path)
{
    s->columns = ranged(v, path, 0, 65535);
}

static void take_console_size(struct kx_spec *s, const json_t *v, const char *path)
{
    static const struct kx_key keys[] = {{"height", take_rows, NULL}, {"width", take_columns, NULL}, {0}};
    kx_json_take(s, v, path, keys);
}

static const char *id(const json_t *v, const char *path)
{
    return kx_print("%lu", ranged(v, path, 0, IDS_MOST));
}
static void take_uid(struct kx_spec *s, const json_t *v, const char *path) { s->uid = id(v, path); }
static void take_gid(struct kx_spec *s, const json_t *v, const char *path) { s->gid = id(v, path); }
static void take_umask(struct kx_spec *s, const json_t *v, const char *path)
{
    s->umask = kx_print("%lo", ranged(v, path, 0, 0777));
}

static void take_gids(struct kx_spec *s, const json_t *v, const char *path)
{
    for (size_t i = 0, n = kx_json_array(v, path); i < n; i++)
        kx_strings_add(&s->gids, id(json_array_get(v, i), element(path, i)));
}

static void take_user(struct kx_spec *s, const json_t *v, const char *path)
{
    static const struct kx_key keys[] = {{"uid", take_uid, NULL},
                                         {"gid", take_gid, NULL},
                                         {"umask", take_umask, NULL},
                                         {"additionalGids", take_gids, NULL},
                                         {0}};
    kx_json_take(s, v, path, keys);
}

struct rlimit_parts {
    const char *type;
    uint64_t soft, hard;
};
static struct rlimit_parts rlimit; /* what the keys below fill, one after the other */

static void take_rlimit_type(struct kx_spec *s, const json_t *v, const char *path)
{
    (void)s;
    const char *type = kx_json_text(v, path);
    if (strncmp(type, "RLIMIT_", 7) || !type[7] || type[7 + strspn(type + 7, "ABCDEFGHIJKLMNOPQRSTUVWXYZ")])
        kx_json_die(path, "RLIMIT_NAME is wanted, not '%s'", type);
    char *name = kx_print("%s", type + 7);
    for (char *c = name; *c; c++)
        *c |= 32;
    rlimit.type = name;
}
static void take_soft(struct kx_spec *s, const json_t *v, const char *path)
{
    (void)s;
    rlimit.soft = ranged(v, path, 0, INT64_MAX);
}
static void take_hard(struct kx_spec *s, const json_t *v, const char *path)
{
    (void)s;
    rlimit.hard = ranged(v, path, 0, INT64_MAX);
}

static void take_rlimits(struct kx_spec *s, const json_t *v, const char *path)
{
    static const struct kx_key keys[] = {
        {"type", take_rlimit_type, NULL}, {"soft", take_soft, NULL}, {"hard", take_hard, NULL}, {0}};
    for (size_t i = 0, n = kx_json_array(v, path); i < n; i++) {
        rlimit = (struct rlimit_parts){.soft = UINT64_MAX, .hard = UINT64_MAX};
        kx_json_take(s, json_array_get(v, i), element(path, i), keys);
        if (!rlimit.type || rlimit.soft == UINT64_MAX || rlimit.hard == UINT64_MAX)
            kx_json_die(element(path, i), "type, soft and hard are wanted");
        if (rlimit.soft > rlimit.hard)
            kx_json_die(element(path, i), "the soft limit %lu is above the hard one, %lu", rlimit.soft,
                        rlimit.hard);
        for (size_t j = 0; j < s->rlimits.count; j++)
            if (!strncmp(s->rlimits.at[j], rlimit.type, strlen(rlimit.type)) &&
                s->rlimits.at[j][strlen(rlimit.type)] == ':')
                kx_json_die(element(path, i), "a second limit of the same type");
        kx_strings_add(&s->rlimits, kx_print("%s:%lu:%lu", rlimit.type, rlimit.soft, rlimit.hard));
    }
}

static void take_process(struct kx_spec *s, const json_t *v, const char *path)
{
    static const struct kx_key keys[] = {
        {"terminal", take_terminal, NULL},
        {"consoleSize", take_console_size, NULL},
        {"user", take_user, NULL},
        {"args", take_args, NULL},
        {"env", take_env, NULL},
        {"cwd", take_cwd, NULL},
        {"rlimits", take_rlimits, NULL},
        {"noNewPrivileges", take_new_privileges, NULL},
        {"capabilities", NULL, "ignored: what a container may do is the tokens it has"},
        {"apparmorProfile", NULL, "ignored: there is no AppArmor"},
        {"selinuxLabel", NULL, "ignored: there is no SELinux"},
        {"oomScoreAdj", NULL, "ignored: containers do not share their memory"},
        {0}};
    kx_json_take(s, v, path, keys);
    if (!s->cwd)
        kx_json_die(path, "cwd is missing");
}

/* --- root, mounts ---------------------------------------------------------------------------------------------------------------- */
static void take_root_path(struct kx_spec *s, const json_t *v, const char *path)
{
    s->root = not_empty(v, path);
}
static void take_readonly(struct kx_spec *s, const json_t *v, const char *path)
{
    s->readonly = kx_json_bool(v, path);
}

static void take_root(struct kx_spec *s, const json_t *v, const char *path)
{
    static const struct kx_key keys[] = {
        {"path", take_root_path, NULL}, {"readonly", take_readonly, NULL}, {0}};
    kx_json_take(s, v, path, keys);
    if (!s->root)
        kx_json_die(path, "path is missing");
}

static struct kx_mount mount; /* what the keys below fill, one after the other */

static void take_destination(struct kx_spec *s, const json_t *v, const char *path)
{
    (void)s;
    mount.destination = absolute(v, path);
}
static void take_type(struct kx_spec *s, const json_t *v, const char *path)
{
    (void)s;
    mount.type = not_empty(v, path);
}
static void take_source(struct kx_spec *s, const json_t *v, const char *path)
{
    (void)s;
    mount.source = not_empty(v, path);
}

/* Options but bind and rbind, which say the type. */
static void take_options(struct kx_spec *s, const json_t *v, const char *path)
{
    (void)s;
    struct kx_buffer joined = {0};
    for (size_t i = 0, n = kx_json_array(v, path); i < n; i++) {
        const char *option = not_empty(json_array_get(v, i), element(path, i));
        if (!strcmp(option, "bind") || !strcmp(option, "rbind")) {
            mount.type = "bind";
            continue;
        }
        if (joined.bytes)
            kx_buffer_add(&joined, ",", 1);
        kx_buffer_add(&joined, option, strlen(option));
    }
    mount.options = kx_copy(joined.bytes ? joined.at : "", joined.bytes);
}

static bool is_one_of(const char *text, const char *const *list)
{
    while (*list && strcmp(text, *list))
        list++;
    return *list;
}

static void take_mount(struct kx_spec *s, const json_t *v, const char *path)
{
    static const struct kx_key keys[] = {{"destination", take_destination, NULL},
                                         {"type", take_type, NULL},
                                         {"source", take_source, NULL},
                                         {"options", take_options, NULL},
                                         {0}};
    static const char *const known[] = {"tmpfs", "bind", "proc", "sysfs", "devpts", "devtmpfs", NULL};
    static const char *const left_out[] = {"mqueue", "cgroup", "cgroup2", NULL};
    mount = (struct kx_mount){.options = ""};
    kx_json_take(s, v, path, keys);
    if (!mount.destination)
        kx_json_die(path, "destination is missing");
    if (!mount.type)
        kx_json_die(path, "type is missing");
    if (is_one_of(mount.type, left_out)) {
        kx_warn("warning: %s: left out: there is no %s", kx_json_where(path), mount.type);
        return;
    }
    if (!is_one_of(mount.type, known))
        kx_json_die(path, "no mounts of type '%s' (tmpfs, bind, proc, sysfs, devpts and devtmpfs there are)",
                    mount.type);
    if (!strcmp(mount.type, "bind") && !mount.source)
        kx_json_die(path, "a bind needs a source");
    /* Runtimes fill a tmpfs on /dev with the devices that every program looks for. */
    if (!strcmp(mount.type, "tmpfs") && !strcmp(mount.destination, "/dev"))
        mount.type = "devtmpfs";
    if (!mount.source)
        mount.source = mount.type;
    kx_mount_check(kx_json_where(path), &mount);
    for (size_t i = 0; i < s->mount_count; i++)
        if (!strcmp(s->mounts[i].destination, mount.destination))
            kx_json_die(path, "a second mount on %s", mount.destination);
    kx_spec_mount(s, &mount);
}

static void take_mounts(struct kx_spec *s, const json_t *v, const char *path)
{
    for (size_t i = 0, n = kx_json_array(v, path); i < n; i++)
        take_mount(s, json_array_get(v, i), element(path, i));
}

/* --- linux -------------------------------------------------------------------------------------------------------------------------- */
static void take_memory_limit(struct kx_spec *s, const json_t *v, const char *path)
{
    s->memory = limit(v, path, (int64_t)KX_MEMORY_MOST);
}
static void take_memory(struct kx_spec *s, const json_t *v, const char *path)
{
    static const struct kx_key keys[] = {{"limit", take_memory_limit, NULL}, {0}};
    kx_json_take(s, v, path, keys);
}

static void take_quota(struct kx_spec *s, const json_t *v, const char *path)
{
    s->quota = limit(v, path, 1024 * (int64_t)KX_PERIOD_MOST);
}
static void take_period(struct kx_spec *s, const json_t *v, const char *path)
{
    s->period = ranged(v, path, (int64_t)KX_PERIOD_LEAST, (int64_t)KX_PERIOD_MOST);
}

/* A list of CPUs, as 0-2,5: which ones they are cannot be chosen; how many is the number of vCPUs. */
static void take_cpus(struct kx_spec *s, const json_t *v, const char *path)
{
    const char *text = kx_json_text(v, path), *at = text;
    uint64_t set[16] = {0};
    while (*at) {
        unsigned first, last;
        int used = 0;
        if (sscanf(at, "%4u%n", &first, &used) != 1 || *at < '0' || *at > '9')
            kx_json_die(path, "'%s' is no list of CPUs (like 0-2,5)", text);
        at += used;
        last = first;
        if (*at == '-' && (at[1] < '0' || at[1] > '9' || sscanf(at + 1, "%4u%n", &last, &used) != 1))
            kx_json_die(path, "'%s' is no list of CPUs (like 0-2,5)", text);
        at += *at == '-' ? used + 1 : 0;
        if (last < first || last >= 1024 || (*at && *at != ',') || (*at == ',' && !at[1]))
            kx_json_die(path, "'%s' is no list of CPUs (like 0-2,5)", text);
        for (unsigned cpu = first; cpu <= last; cpu++)
            set[cpu / 64] |= 1ul << cpu % 64;
        at += *at == ',';
    }
    s->count = 0;
    for (size_t i = 0; i < 16; i++)
        s->count += (uint64_t)__builtin_popcountl(set[i]);
    if (!s->count)
        kx_json_die(path, "is empty");
}

static void take_cpu(struct kx_spec *s, const json_t *v, const char *path)
{
    static const struct kx_key keys[] = {
        {"quota", take_quota, NULL},
        {"period", take_period, NULL},
        {"cpus", take_cpus, NULL},
        {"shares", NULL, "ignored: what nobody has a quota for is shared evenly"},
        {0}};
    kx_json_take(s, v, path, keys);
}

static void take_pids_limit(struct kx_spec *s, const json_t *v, const char *path)
{
    s->pids = limit(v, path, (int64_t)KX_PIDS_MOST);
}
static void take_pids(struct kx_spec *s, const json_t *v, const char *path)
{
    static const struct kx_key keys[] = {{"limit", take_pids_limit, NULL}, {0}};
    kx_json_take(s, v, path, keys);
}

static void take_resources(struct kx_spec *s, const json_t *v, const char *path)
{
    static const struct kx_key keys[] = {
        {"memory", take_memory, NULL},
        {"cpu", take_cpu, NULL},
        {"pids", take_pids, NULL},
        {"devices", NULL, "ignored: a container has no device but what it is given"},
        {0}};
    kx_json_take(s, v, path, keys);
}

static const char *namespace_type;

static void take_namespace_type(struct kx_spec *s, const json_t *v, const char *path)
{
    static const char *const known[] = {"pid", "mount", "uts", "ipc", "user", "network", "cgroup", NULL};
    (void)s;
    namespace_type = kx_json_text(v, path);
    if (!is_one_of(namespace_type, known))
        kx_json_die(path, "there is no namespace '%s'", namespace_type);
}
static void take_namespace_path(struct kx_spec *s, const json_t *v, const char *path)
{
    (void)s;
    if (*kx_json_text(v, path))
        kx_json_die(path, "a container has namespaces of its own: it cannot join another's");
}

/* All are a container's own anyway. */
static void take_namespaces(struct kx_spec *s, const json_t *v, const char *path)
{
    static const struct kx_key keys[] = {
        {"type", take_namespace_type, NULL}, {"path", take_namespace_path, NULL}, {0}};
    struct kx_strings seen = {0};
    for (size_t i = 0, n = kx_json_array(v, path); i < n; i++) {
        namespace_type = NULL;
        kx_json_take(s, json_array_get(v, i), element(path, i), keys);
        if (!namespace_type)
            kx_json_die(element(path, i), "type is missing");
        for (size_t j = 0; j < seen.count; j++)
            if (!strcmp(seen.at[j], namespace_type))
                kx_json_die(element(path, i), "a second namespace of type %s", namespace_type);
        kx_strings_add(&seen, namespace_type);
    }
}

static void take_linux(struct kx_spec *s, const json_t *v, const char *path)
{
    static const struct kx_key keys[] = {
        {"resources", take_resources, NULL},
        {"namespaces", take_namespaces, NULL},
        {"seccomp", kx_seccomp_translate, NULL},
        {"cgroupsPath", NULL, "ignored: there are no control groups"},
        {"maskedPaths", NULL, "ignored: /proc shows the container only"},
        {"readonlyPaths", NULL, "ignored: /proc and /sys change nothing outside the container"},
        {"uidMappings", NULL, "ignored: user ids mean nothing outside the container"},
        {"gidMappings", NULL, "ignored: group ids mean nothing outside the container"},
        {0}};
    kx_json_take(s, v, path, keys);
}

/* --- annotations, and the whole ------------------------------------------------------------------------------------------------------ */
static void take_libos(struct kx_spec *s, const json_t *v, const char *path) { s->libos = not_empty(v, path); }
static void take_isolation(struct kx_spec *s, const json_t *v, const char *path)
{
    (void)s;
    kx_isolation_check(kx_json_where(path), kx_json_text(v, path));
}
static void take_export(struct kx_spec *s, const json_t *v, const char *path)
{
    kx_strings_add(&s->exports, not_empty(v, path));
}
static void take_import(struct kx_spec *s, const json_t *v, const char *path)
{
    kx_strings_add(&s->imports, not_empty(v, path));
}

/* The specification wants annotations that are not known to be left alone. */
static void take_annotations(struct kx_spec *s, const json_t *v, const char *path)
{
    static const struct kx_key keys[] = {{"org.kxos.libos", take_libos, NULL},
                                         {"org.kxos.isolation", take_isolation, NULL},
                                         {"org.kxos.gate.export", take_export, NULL},
                                         {"org.kxos.gate.import", take_import, NULL},
                                         {0}};
    const char *name;
    json_t *value, *ours = json_object();
    kx_json_object(v, path);
    json_object_foreach((json_t *)(uintptr_t)v, name, value)
    {
        kx_json_text(value, kx_print("%s.%.64s", path, name));
        if (!strncmp(name, "org.kxos.", 9))
            json_object_set(ours, name, value);
    }
    kx_json_take(s, ours, path, keys);
}

static void take_version(struct kx_spec *s, const json_t *v, const char *path)
{
    (void)s;
    const char *version = kx_json_text(v, path);
    if (strncmp(version, "1.", 2) || version[2] < '0' || version[2] > '9')
        kx_json_die(path, "version 1 of the specification is wanted, not '%s'", version);
}
static void take_hostname(struct kx_spec *s, const json_t *v, const char *path)
{
    s->hostname = not_empty(v, path);
}
static void take_domainname(struct kx_spec *s, const json_t *v, const char *path)
{
    s->domainname = not_empty(v, path);
}

void kx_manifest_parse(struct kx_spec *spec, const char *file, const char *text, size_t bytes)
{
    static const struct kx_key keys[] = {{"ociVersion", take_version, NULL},
                                         {"process", take_process, NULL},
                                         {"root", take_root, NULL},
                                         {"hostname", take_hostname, NULL},
                                         {"domainname", take_domainname, NULL},
                                         {"mounts", take_mounts, NULL},
                                         {"linux", take_linux, NULL},
                                         {"annotations", take_annotations, NULL},
                                         {"hooks", NULL, "ignored: nothing runs outside the container"},
                                         {0}};
    const json_t *root = kx_json_parse(file, text, bytes);
    if (!json_is_object(root))
        kx_json_die("", "an object is wanted");
    if (!json_object_get(root, "ociVersion"))
        kx_json_die("", "ociVersion is missing: is this a config.json of the OCI runtime specification?");
    kx_json_take(spec, root, "", keys);
}

char *kx_manifest_load(const char *file, size_t *bytes)
{
    char *text = kx_keep(KX_MANIFEST_MOST + 2);
    int fd = open(file, O_RDONLY | O_CLOEXEC);
    *bytes = 0;
    for (ssize_t got = 1; got; *bytes += (size_t)got) {
        got = fd < 0 ? -1 : read(fd, text + *bytes, KX_MANIFEST_MOST + 1 - *bytes);
        if (got < 0)
            kx_die("cannot read %s: %s", file, strerror(errno));
    }
    close(fd);
    return text;
}
