/* SPDX-License-Identifier: MPL-2.0 */
/* linux.seccomp: a default action, and exceptions by the names of system calls. What cannot be kept exactly is refused: a list that is
 * weaker than it looks is worse than none. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include "kx.h"

#define NUMBER_NOT_GIVEN (-1)

/* Of one rule, or of the whole; the keys' functions fill it. */
static struct {
    const char *action;
    int64_t number; /* errnoRet */
    struct kx_strings names;
} rule;
static struct {
    const char *action;
    int64_t number;
    const json_t *rules;
    const char *rules_path;
} whole;

static void take_action(struct kx_spec *s, const json_t *v, const char *path)
{
    (void)s;
    rule.action = kx_json_text(v, path);
}

static int64_t error_number(const json_t *v, const char *path)
{
    int64_t number = kx_json_number(v, path);
    if (number < 0 || number > 4095)
        kx_json_die(path, "an errno from 0 to 4095 is wanted, not %ld", number);
    return number;
}

static void take_number(struct kx_spec *s, const json_t *v, const char *path)
{
    (void)s;
    rule.number = error_number(v, path);
}

static void take_names(struct kx_spec *s, const json_t *v, const char *path)
{
    (void)s;
    for (size_t i = 0, n = kx_json_array(v, path); i < n; i++) {
        const char *name = kx_json_text(json_array_get(v, i), kx_print("%s[%zu]", path, i));
        if (!*name || strlen(name) > 63 || name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_")])
            kx_json_die(kx_print("%s[%zu]", path, i), "'%.64s' is no name of a system call", name);
        kx_strings_add(&rule.names, name);
    }
}

/* Conditions: to ignore one would allow or forbid more than was written. */
static void refuse_condition(struct kx_spec *s, const json_t *v, const char *path)
{
    (void)s;
    bool empty = json_is_array(v) ? !json_array_size(v) : json_is_object(v) && !json_object_size(v);
    if (!empty)
        kx_json_die(path, "rules with conditions are not supported");
}

/* allow, errno:N or kill. */
static const char *action_text(const char *action, int64_t number, int64_t default_number, const char *path)
{
    if (!strcmp(action, "SCMP_ACT_ERRNO"))
        return kx_print("errno:%ld", number != NUMBER_NOT_GIVEN ? number : default_number);
    if (number != NUMBER_NOT_GIVEN)
        kx_json_die(path, "errnoRet belongs to SCMP_ACT_ERRNO, not to %.64s", action);
    if (!strcmp(action, "SCMP_ACT_ALLOW"))
        return "allow";
    if (!strcmp(action, "SCMP_ACT_KILL") || !strcmp(action, "SCMP_ACT_KILL_PROCESS") ||
        !strcmp(action, "SCMP_ACT_KILL_THREAD"))
        return "kill";
    kx_json_die(path,
                "the action '%.64s' is not supported (SCMP_ACT_ALLOW, SCMP_ACT_ERRNO and SCMP_ACT_KILL are)",
                action);
}

static void take_rule(struct kx_spec *s, const json_t *v, const char *path)
{
    static const struct kx_key keys[] = {
        {"names", take_names, NULL},          {"action", take_action, NULL},
        {"errnoRet", take_number, NULL},      {"args", refuse_condition, NULL},
        {"includes", refuse_condition, NULL}, {"excludes", refuse_condition, NULL},
        {"comment", NULL, "ignored"},         {0}};
    memset(&rule, 0, sizeof(rule));
    rule.number = NUMBER_NOT_GIVEN;
    kx_json_take(s, v, path, keys);
    if (!rule.action)
        kx_json_die(path, "action is missing");
    if (!rule.names.count)
        kx_json_die(path, "names is missing or empty");
    const char *action = action_text(rule.action, rule.number, 1, path);
    for (size_t i = 0; i < rule.names.count; i++)
        kx_strings_add(&s->syscalls, kx_print("%s:%s", action, rule.names.at[i]));
}

static int by_name(const void *a, const void *b)
{
    const char *const *x = a, *const *y = b;
    return strcmp(strrchr(*x, ':'), strrchr(*y, ':'));
}

static void refuse_contradictions(const struct kx_strings *rules, const char *path)
{
    if (!rules->count)
        return;
    const char **sorted = kx_keep(rules->count * sizeof(*sorted));
    memcpy(sorted, rules->at, rules->count * sizeof(*sorted));
    qsort(sorted, rules->count, sizeof(*sorted), by_name);
    for (size_t i = 1; i < rules->count; i++)
        if (!by_name(&sorted[i - 1], &sorted[i]) && strcmp(sorted[i - 1], sorted[i]))
            kx_json_die(path, "two different actions for %s", strrchr(sorted[i], ':') + 1);
}

static void take_default(struct kx_spec *s, const json_t *v, const char *path)
{
    (void)s;
    whole.action = kx_json_text(v, path);
}
static void take_default_number(struct kx_spec *s, const json_t *v, const char *path)
{
    (void)s;
    whole.number = error_number(v, path);
}
static void take_rules(struct kx_spec *s, const json_t *v, const char *path)
{
    (void)s;
    whole.rules = v;
    whole.rules_path = path;
}
static void take_architectures(struct kx_spec *s, const json_t *v, const char *path)
{
    bool ours = false;
    (void)s;
    size_t count = kx_json_array(v, path);
    for (size_t i = 0; i < count; i++)
        ours |= !strcmp(kx_json_text(json_array_get(v, i), kx_print("%s[%zu]", path, i)), "SCMP_ARCH_X86_64");
    if (count && !ours)
        kx_json_die(path, "SCMP_ARCH_X86_64 is not among them, and there is no other here");
}

void kx_seccomp_translate(struct kx_spec *spec, const json_t *seccomp, const char *path)
{
    static const struct kx_key keys[] = {{"defaultAction", take_default, NULL},
                                         {"defaultErrnoRet", take_default_number, NULL},
                                         {"architectures", take_architectures, NULL},
                                         {"syscalls", take_rules, NULL},
                                         {"flags", NULL, "ignored: they speed up or log what is not there"},
                                         {"archMap", NULL, "ignored: there is one architecture"},
                                         {0}};
    memset(&whole, 0, sizeof(whole));
    whole.number = NUMBER_NOT_GIVEN;
    spec->syscalls.count = 0;
    kx_json_take(spec, seccomp, path, keys);
    if (!whole.action)
        kx_json_die(path, "defaultAction is missing");
    spec->seccomp = action_text(whole.action, whole.number, 1, path);
    for (size_t i = 0, n = kx_json_array(whole.rules, whole.rules_path); i < n; i++)
        take_rule(spec, json_array_get(whole.rules, i), kx_print("%s[%zu]", whole.rules_path, i));
    refuse_contradictions(&spec->syscalls, path);
}

void kx_seccomp_parse(struct kx_spec *spec, const char *file, const char *text, size_t bytes)
{
    const json_t *root = kx_json_parse(file, text, bytes);
    if (!json_is_object(root))
        kx_json_die("", "an object is wanted");
    kx_seccomp_translate(spec, root, "");
}
