/* SPDX-License-Identifier: MPL-2.0 */
/* kx inspect: a container's configuration under the OCI runtime specification's names, and its state. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "kx.h"

static void set_text(json_t *object, const char *name, const struct kx_buffer *config, const char *key)
{
    const char *value = kx_config_next(config, NULL, key);
    if (value)
        json_object_set_new(object, name, json_string(value));
}

static void set_number(json_t *object, const char *name, const struct kx_buffer *config, const char *key,
                       int base)
{
    const char *value = kx_config_next(config, NULL, key);
    if (value)
        json_object_set_new(object, name, json_integer(strtoll(value, NULL, base)));
}

static json_t *all_of(const struct kx_buffer *config, const char *key)
{
    json_t *array = json_array();
    for (const char *value = NULL; (value = kx_config_next(config, value, key));)
        json_array_append_new(array, json_string(value));
    return array;
}

static json_t *rlimits(const struct kx_buffer *config)
{
    json_t *array = json_array();
    for (const char *value = NULL; (value = kx_config_next(config, value, "rlimit"));) {
        char name[32], type[48] = "RLIMIT_";
        long long soft, hard;
        if (sscanf(value, "%31[a-z]:%lld:%lld", name, &soft, &hard) != 3)
            continue;
        for (size_t i = 0; i <= strlen(name); i++)
            type[7 + i] = (char)(name[i] >= 'a' ? name[i] - 32 : name[i]);
        json_array_append_new(array, json_pack("{s:s, s:I, s:I}", "type", type, "soft", (json_int_t)soft,
                                               "hard", (json_int_t)hard));
    }
    return array;
}

static json_t *process(const struct kx_buffer *config)
{
    json_t *object = json_object(), *user = json_object(), *gids = json_array();
    json_object_set_new(object, "terminal", json_boolean(kx_config_is(config, "terminal", "1")));
    set_number(user, "uid", config, "uid", 10);
    set_number(user, "gid", config, "gid", 10);
    set_number(user, "umask", config, "umask", 8);
    for (const char *value = NULL; (value = kx_config_next(config, value, "gids"));)
        json_array_append_new(gids, json_integer(strtoll(value, NULL, 10)));
    if (json_array_size(gids))
        json_object_set_new(user, "additionalGids", gids);
    json_object_set_new(object, "user", user);
    json_object_set_new(object, "args", all_of(config, "args"));
    json_object_set_new(object, "env", all_of(config, "env"));
    set_text(object, "cwd", config, "cwd");
    json_t *limits = rlimits(config);
    if (json_array_size(limits))
        json_object_set_new(object, "rlimits", limits);
    json_object_set_new(object, "noNewPrivileges",
                        json_boolean(kx_config_is(config, "no_new_privileges", "1")));
    return object;
}

/* The part of a string up to the next colon, which it moves past. */
static const char *part(const char **text)
{
    size_t length = strcspn(*text, ":");
    const char *copy = kx_copy(*text, length);
    *text += length + ((*text)[length] == ':');
    return copy;
}

/* The name of the archive with that number among the further ones, from 1 on. */
static const char *archive_name(const struct kx_buffer *config, const char *number)
{
    struct kx_strings archives = kx_config_all(config, "archive");
    char *end;
    unsigned long n = strtoul(number, &end, 10);
    return !*end && n >= 1 && n <= archives.count ? archives.at[n - 1] : number;
}

static json_t *mounts(const struct kx_buffer *config)
{
    json_t *array = json_array();
    for (const char *value = NULL; (value = kx_config_next(config, value, "mount"));) {
        const char *at = value, *type = part(&at), *destination = part(&at), *options = part(&at), *word;
        json_t *list = json_array();
        while (*options) {
            size_t length = strcspn(options, ",");
            word = kx_copy(options, length);
            json_array_append_new(list, json_string(word));
            options += length + (options[length] == ',');
        }
        json_array_append_new(array, json_pack("{s:s, s:s, s:s, s:o}", "destination", destination, "type", type,
                                               "source", strcmp(type, "bind") ? at : archive_name(config, at),
                                               "options", list));
    }
    return array;
}

static json_t *resources(const struct kx_buffer *config)
{
    json_t *object = json_object(), *memory = json_object(), *cpu = json_object(), *pids = json_object();
    set_number(memory, "limit", config, "memory", 10);
    set_number(cpu, "quota", config, "cpu.quota", 10);
    set_number(cpu, "period", config, "cpu.period", 10);
    set_number(pids, "limit", config, "pids", 10);
    json_object_set_new(object, "memory", memory);
    json_object_set_new(object, "cpu", cpu);
    json_object_set_new(object, "pids", pids);
    return object;
}

/* allow, errno:N or kill, as the specification calls them. */
static json_t *action(const char *text, size_t length, const char *name, const char *number)
{
    if (!strncmp(text, "errno:", 6))
        return json_pack("{s:s, s:I}", name, "SCMP_ACT_ERRNO", number, (json_int_t)strtoll(text + 6, NULL, 10));
    return json_pack("{s:s}", name,
                     length == 4 && !memcmp(text, "kill", 4) ? "SCMP_ACT_KILL" : "SCMP_ACT_ALLOW");
}

static json_t *seccomp(const struct kx_buffer *config)
{
    const char *standard = kx_config_next(config, NULL, "seccomp");
    if (!standard)
        return NULL;
    json_t *object = action(standard, strlen(standard), "defaultAction", "defaultErrnoRet"),
           *rules = json_array();
    for (const char *value = NULL; (value = kx_config_next(config, value, "syscall"));) {
        const char *colon = strrchr(value, ':');
        if (!colon)
            continue;
        json_t *rule = action(value, (size_t)(colon - value), "action", "errnoRet");
        json_object_set_new(rule, "names", json_pack("[s]", colon + 1));
        json_array_append_new(rules, rule);
    }
    json_object_set_new(object, "syscalls", rules);
    return object;
}

/* What cannot be told from the configuration, because limits change, is the container's record. */
static json_t *state(const struct los_container_info *c)
{
    return json_pack("{s:s, s:i, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:i, s:i}",
                     "status", kx_state_text(c->state), "exitCode", (int)c->status, "createdNs",
                     (json_int_t)c->created_ns, "startedNs", (json_int_t)c->started_ns, "endedNs",
                     (json_int_t)c->ended_ns, "firstInstructionNs", (json_int_t)c->first_instruction_ns,
                     "cpuNs", (json_int_t)c->cpu_ns, "memoryLimit", (json_int_t)c->memory_limit, "memoryUsed",
                     (json_int_t)kx_memory_used(c), "ownedPages", (json_int_t)c->memory_pages, "poolPages",
                     (json_int_t)c->pool_pages, "sharedPages", (json_int_t)c->shared_pages, "recalledPages",
                     (json_int_t)c->recalled_pages, "forcedPages", (json_int_t)c->forced_pages, "outBytes",
                     (json_int_t)c->out_bytes, "processes", (int)c->processes, "vcpus", (int)c->vcpus);
}

static void set_limit(json_t *whole, const char *group, const char *name, uint64_t value)
{
    json_t *object = json_object_get(json_object_get(json_object_get(whole, "linux"), "resources"), group);
    if (value)
        json_object_set_new(object, name, json_integer((json_int_t)value));
    else
        json_object_del(object, name);
}

static json_t *annotations(const struct kx_buffer *config)
{
    json_t *object = json_pack("{s:s}", "org.kxos.isolation", "fast");
    set_text(object, "org.kxos.libos", config, "libos");
    set_text(object, "org.kxos.gate.export", config, "gate.export");
    set_text(object, "org.kxos.gate.import", config, "gate.import");
    return object;
}

static json_t *describe(const struct los_container_info *c)
{
    struct kx_buffer config = kx_inspect_config(c->number);
    json_t *root = json_object(), *filter = seccomp(&config), *object;
    set_text(root, "path", &config, "root");
    json_object_set_new(root, "readonly", json_boolean(kx_config_is(&config, "readonly", "1")));
    object = json_pack("{s:s, s:s, s:s, s:o, s:o, s:o}", "ociVersion", "1.0.2", "id", kx_print("%u", c->number),
                       "name", c->name, "state", state(c), "process", process(&config), "root", root);
    if (!object)
        kx_die("%s: a name is no UTF-8 text", c->name);
    set_text(object, "hostname", &config, "hostname");
    set_text(object, "domainname", &config, "domainname");
    json_object_set_new(object, "mounts", mounts(&config));
    json_object_set_new(object, "linux", json_pack("{s:o}", "resources", resources(&config)));
    if (filter)
        json_object_set_new(json_object_get(object, "linux"), "seccomp", filter);
    set_limit(object, "memory", "limit", c->memory_limit);
    set_limit(object, "cpu", "quota", c->quota_us);
    set_limit(object, "cpu", "period", c->quota_us ? c->period_us : 0);
    json_object_set_new(object, "annotations", annotations(&config));
    return object;
}

/* A path as state.exitCode; docker's braces and leading dot may be around it. */
static void put_part(const json_t *whole, const char *format)
{
    char *path = kx_print("%s", format + strspn(format, "{. ")), *rest = NULL;
    path[strcspn(path, "} ")] = 0;
    const json_t *at = whole;
    for (const char *name = strtok_r(path, ".", &rest); name && at; name = strtok_r(NULL, ".", &rest))
        at = json_is_array(at) ? json_array_get(at, strtoul(name, NULL, 10)) : json_object_get(at, name);
    if (!at)
        kx_die("--format: there is no '%s' (as in --format state.exitCode)", format);
    if (json_is_string(at))
        printf("%s\n", json_string_value(at));
    else
        printf("%s\n", json_dumps(at, JSON_ENCODE_ANY | JSON_COMPACT | JSON_PRESERVE_ORDER));
}

int kx_inspect(const struct kx_command *command, int argc, char **argv)
{
    const char *format = NULL;
    const struct kx_option options[] = {
        {'f', "format", "PATH", KX_TEXT, &format, "only that part, as state.exitCode"}, {0}};
    struct kx_strings names = kx_options(command, options, argc, argv, KX_ANYWHERE, 1, SIZE_MAX);
    json_t *all = json_array();
    int status = 0;
    for (size_t i = 0; i < names.count; i++) {
        struct los_container_info info;
        char error[256];
        if (!kx_container_find(names.at[i], &info, error, sizeof(error))) {
            kx_warn("%s", error);
            status = KX_FAILED;
        } else if (format) {
            put_part(describe(&info), format);
        } else {
            json_array_append_new(all, describe(&info));
        }
    }
    if (!format)
        printf("%s\n", json_dumps(all, JSON_INDENT(4) | JSON_PRESERVE_ORDER));
    return status;
}
