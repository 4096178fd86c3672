/* SPDX-License-Identifier: MPL-2.0 */
/* Names, mounts, users and limits of a container, from its configuration. */
#include <confine.h>
#include <dispatch.h>
#include <los/personality.h>
#include <quick.h>
#include <state.h>
#include "exec/exec.h"

#define STRINGS_MOST 1024
enum { STATUS_NO_PROGRAM = 127, STATUS_CANNOT = 126, STATUS_BAD = 125 };

/* The first container has its console at a port, and its program in cmd= or cmdfile=, whatever else boot/run passed. */
bool lx_is_configured(void)
{
    struct los_config own = los_config_own();
    return los_console_in_memory() && los_config_get(&own, "args", 0) != NULL;
}

/* A line on the container's standard error and on the boot log. */
static void complain(const char *what, const char *of, long error)
{
    char line[256];
    int n = los_snprintf(line, sizeof(line), "%s %s: %s\n", what, of, lx_errno_text((int)-lx_result(error)));
    los_log("linux: %s %s: %s", what, of, lx_errno_text((int)-lx_result(error)));
    los_console_say(line, (size_t)n < sizeof(line) ? (size_t)n : sizeof(line) - 1);
}

_Noreturn static void give_up(const char *what, const char *of, long error)
{
    complain(what, of, error);
    los_container_exit(STATUS_BAD);
}

/* The next field of text up to `separator`, or all of it; *text moves behind it. */
static size_t field(const char **text, char separator, char *to, size_t size)
{
    const char *end = strchr(*text, separator);
    size_t n = end ? (size_t)(end - *text) : strlen(*text), kept = n < size ? n : size - 1;
    memcpy(to, *text, kept);
    to[kept] = 0;
    *text += end ? n + 1 : n;
    return n;
}

static bool number_of(const char *text, unsigned base, uint64_t *value)
{
    *value = 0;
    for (const char *c = text; *c; c++) {
        unsigned digit = (unsigned)(*c - '0');
        if (digit >= base || *value > (UINT64_MAX - digit) / base)
            return false;
        *value = *value * base + digit;
    }
    return *text != 0;
}

/* --- mounts --------------------------------------------------------------------------------------------------------------- */

/* Takes the flags out of the options: what is left is for the file system. */
static uint32_t mount_flags(const char *options, char *rest, size_t size)
{
    static const struct {
        const char *name;
        uint32_t flag;
    } known[] = {{"ro", LOS_MOUNT_READONLY},
                 {"nosuid", LOS_MOUNT_NOSUID},
                 {"nodev", LOS_MOUNT_NODEV},
                 {"noexec", LOS_MOUNT_NOEXEC},
                 {"noatime", LOS_MOUNT_NOATIME},
                 {"rw", 0},
                 {"bind", 0},
                 {"rbind", 0},
                 {"private", 0},
                 {"rprivate", 0},
                 {"strictatime", 0},
                 {"relatime", 0}};
    uint32_t flags = 0;
    char word[128];
    rest[0] = 0;
    while (*options) {
        bool is_flag = false;
        field(&options, ',', word, sizeof(word));
        for (size_t i = 0; i < LOS_COUNT(known); i++)
            if (!strcmp(word, known[i].name)) {
                flags |= known[i].flag;
                is_flag = true;
            }
        if (is_flag || !word[0])
            continue;
        size_t n = strlen(rest);
        los_snprintf(rest + n, size - n, "%s%s", n ? "," : "", word);
    }
    return flags;
}

static void make_target(const char *path)
{
    char part[LOS_PATH_MAX];
    for (const char *at = path; *at;) {
        const char *slash = strchr(at + 1, '/');
        los_strlcpy(part, path, slash ? (size_t)(slash - path) + 1 : sizeof(part));
        los_make_directory(NULL, part, 0755);
        at = slash ? slash : "";
    }
}

/* An archive unpacked in a file system of its own. */
static long mount_archive(unsigned number, const char *target, uint32_t flags)
{
    uint64_t bytes;
    struct los_path at;
    const void *archive = los_archive(number, &bytes);
    if (!archive)
        return -LOS_E_NOENT;
    long error = los_mount("archive", target, "tmpfs", flags & ~(uint32_t)LOS_MOUNT_READONLY, "mode=755");
    if (!error)
        error = los_walk(NULL, target, LOS_WALK_DIRECTORY, &at);
    if (error)
        return error;
    struct los_file_context *context = los_current()->process->files;
    struct los_path root = context->root;
    context->root = at;
    error = los_cpio_unpack(archive, bytes);
    context->root = root;
    los_path_unref(&at);
    if (!error && (flags & LOS_MOUNT_READONLY))
        error = los_mount("archive", target, "tmpfs", flags | LOS_MOUNT_REMOUNT, NULL);
    return error;
}

static void mount_one(const char *text)
{
    char type[32], target[LOS_PATH_MAX], options[512], rest[512];
    uint64_t number;
    const char *whole = text;
    field(&text, ':', type, sizeof(type));
    field(&text, ':', target, sizeof(target));
    field(&text, ':', options, sizeof(options));
    uint32_t flags = mount_flags(options, rest, sizeof(rest));
    long error;
    make_target(target);
    if (strcmp(type, "bind"))
        error = los_mount(*text ? text : type, target, type, flags, rest[0] ? rest : NULL);
    else if (number_of(text, 10, &number))
        error = mount_archive((unsigned)number, target, flags);
    else if (!(error = los_mount(text, target, NULL, LOS_MOUNT_BIND, NULL)) && (flags & LOS_MOUNT_READONLY))
        error = los_mount(text, target, NULL, LOS_MOUNT_BIND | LOS_MOUNT_REMOUNT | flags, NULL);
    if (error == -LOS_E_BUSY && strcmp(type, "bind")) /* the library OS has mounted /proc and /dev already */
        error = 0;
    if (error)
        give_up("mount", whole, error);
}

/* --- the policy for system calls ---------------------------------------------------------------------------------------------- */

#define ACTION_KILL UINT16_MAX

bool lx_confined;
static uint16_t
    actions[LX_CALLS + 1]; /* 0: allowed; an errno; ACTION_KILL. The last is for numbers that do not exist */

long lx_policy(unsigned number)
{
    uint16_t action = actions[number < LX_CALLS ? number : LX_CALLS];
    if (action == ACTION_KILL)
        los_exit_by_signal(LX_SIGSYS, true);
    return -(long)action;
}

static bool action_of(const char *text, uint16_t *action)
{
    uint64_t value = 0;
    if (!strcmp(text, "kill"))
        *action = ACTION_KILL;
    else if (!strncmp(text, "errno:", 6) && number_of(text + 6, 10, &value) && value < 4096)
        *action = (uint16_t)value;
    else if (!strcmp(text, "allow"))
        *action = 0;
    else
        return false;
    return true;
}

static void set_policy(const struct los_config *config)
{
    const char *text = los_config_get(config, "seccomp", 0);
    uint16_t action = 0;
    if (text && !action_of(text, &action))
        give_up("seccomp", text, -LOS_E_INVAL);
    for (unsigned i = 0; i <= LX_CALLS; i++)
        actions[i] = action;
    lx_confined = action != 0;
    for (unsigned n = 0; (text = los_config_get(config, "syscall", n)) != NULL; n++) {
        /* ACTION may have a colon of its own: the name is what follows the last one. */
        const char *name = text;
        for (const char *c = text; (c = strchr(c, ':')) != NULL; c++)
            name = c + 1;
        char word[32];
        los_strlcpy(word, text, name - text <= (long)sizeof(word) && name > text ? (size_t)(name - text) : 1);
        if (!action_of(word, &action))
            give_up("syscall", text, -LOS_E_INVAL);
        lx_confined |= action != 0;
        for (unsigned i = 0; i < LX_CALLS; i++)
            if (lx_call_name(i) && !strcmp(lx_call_name(i), name))
                actions[i] = action;
    }
}

/* --- the container ------------------------------------------------------------------------------------------------------------ */

void lx_confine(void)
{
    struct los_config config = los_config_own();
    struct los_process *self = los_current()->process;
    if (!self->files && !(self->files = los_file_context_clone(NULL)))
        los_panic("no memory for the root");
    const char *text = los_config_get(&config, "hostname", 0);
    if (text)
        lx_set_host_name(text, strlen(text));
    else if ((text = los_config_get(&config, "name", 0)) != NULL)
        lx_set_host_name(text, strlen(text));
    if ((text = los_config_get(&config, "domainname", 0)) != NULL)
        lx_set_domain_name(text, strlen(text));
    for (unsigned n = 0; (text = los_config_get(&config, "mount", n)) != NULL; n++)
        mount_one(text);
    if (los_config_number(&config, "readonly", 0)) {
        long error = los_mount("tmpfs", "/", "tmpfs", LOS_MOUNT_REMOUNT | LOS_MOUNT_READONLY, NULL);
        if (error)
            give_up("readonly", "/", error);
    }
    uint64_t pids = los_config_number(&config, "pids", 0);
    if (pids && pids + 1 < los_thread_cap) /* process 1 is the library OS's */
        los_thread_cap = (uint32_t)pids + 1;
    set_policy(&config);
    lx_quick_update();
}

/* --- a program in it ------------------------------------------------------------------------------------------------------------ */

static void set_limits(const struct los_config *config)
{
    static const char *const names[LOS_LIMITS] = {
        [LOS_LIMIT_CPU] = "cpu",           [LOS_LIMIT_FILE_SIZE] = "fsize",
        [LOS_LIMIT_DATA] = "data",         [LOS_LIMIT_STACK] = "stack",
        [LOS_LIMIT_CORE] = "core",         [LOS_LIMIT_RESIDENT] = "rss",
        [LOS_LIMIT_PROCESSES] = "nproc",   [LOS_LIMIT_DESCRIPTORS] = "nofile",
        [LOS_LIMIT_LOCKED] = "memlock",    [LOS_LIMIT_SPACE] = "as",
        [LOS_LIMIT_LOCKS] = "locks",       [LOS_LIMIT_SIGNALS] = "sigpending",
        [LOS_LIMIT_MESSAGES] = "msgqueue", [LOS_LIMIT_NICE] = "nice",
        [LOS_LIMIT_REALTIME] = "rtprio",   [LOS_LIMIT_REALTIME_TIME] = "rttime",
    };
    const char *text;
    for (unsigned n = 0; (text = los_config_get(config, "rlimit", n)) != NULL; n++) {
        char name[32], soft[32], hard[32];
        struct los_limit_value value = {UINT64_MAX, UINT64_MAX};
        field(&text, ':', name, sizeof(name));
        field(&text, ':', soft, sizeof(soft));
        field(&text, ':', hard, sizeof(hard));
        number_of(soft, 10, &value.soft);
        number_of(hard, 10, &value.hard);
        for (unsigned i = 0; i < LOS_LIMITS; i++)
            if (names[i] && !strcmp(name, names[i]))
                los_current()->process->limits[i] = value;
    }
}

static void set_user(const struct los_config *config)
{
    uint32_t user = (uint32_t)los_config_number(config, "uid", 0),
             group = (uint32_t)los_config_number(config, "gid", 0);
    const char *text;
    uint64_t number;
    struct los_credentials *c = &los_current()->process->credentials;
    *c = (struct los_credentials){user, user, user, user, group, group, group, group, 0, {0}};
    for (unsigned n = 0; (text = los_config_get(config, "gids", n)) != NULL && c->groups_count < LOS_GROUPS_MAX;
         n++)
        if (number_of(text, 10, &number))
            c->groups[c->groups_count++] = (uint32_t)number;
    if ((text = los_config_get(config, "umask", 0)) != NULL && number_of(text, 8, &number))
        los_current()->process->files->mask = (uint32_t)number & 0777;
}

static long open_console(unsigned console)
{
    struct los_process *process = los_current()->process;
    if (!process->descriptors)
        process->descriptors = los_descriptors_create();
    if (!process->files)
        process->files = los_file_context_clone(NULL);
    if (!process->descriptors || !process->files)
        return -LOS_E_NOMEM;
    for (unsigned n = 0; n < 3; n++) {
        struct los_file *file;
        long error = los_console_file(console, n, &file);
        if (!error) {
            error = los_descriptor_set((int)n, file, false);
            los_file_unref(file);
        }
        if (error < 0)
            return error;
    }
    if (los_console_terminal(console))
        los_terminal_acquire(los_console_terminal(console), true);
    return 0;
}

static long change_directory(const char *path)
{
    struct los_path at;
    long error = los_walk(NULL, path, LOS_WALK_DIRECTORY, &at);
    if (error)
        return error;
    error = los_change_directory(&at);
    los_path_unref(&at);
    return error;
}

static const char *value_of(const char *const *environment, const char *name)
{
    size_t n = strlen(name);
    for (; *environment; environment++)
        if (!strncmp(*environment, name, n) && (*environment)[n] == '=')
            return *environment + n + 1;
    return NULL;
}

/* As execvp(3): the first of PATH that can be run; the most telling error of all. */
static long run(const char *const *arguments, const char *const *environment, struct los_frame *frame)
{
    struct lx_strings given = {.list = arguments}, surroundings = {.list = environment};
    const char *path = value_of(environment, "PATH");
    long error = -LOS_E_NOENT;
    char *candidate = los_alloc(LOS_PATH_MAX), folder[256];
    if (!candidate)
        return -LOS_E_NOMEM;
    if (strchr(arguments[0], '/'))
        error = lx_exec(NULL, arguments[0], NULL, arguments[0], &given, &surroundings, frame);
    for (path = path ? path : "/bin:/usr/bin"; !strchr(arguments[0], '/') && *path;) {
        field(&path, ':', folder, sizeof(folder));
        los_snprintf(candidate, LOS_PATH_MAX, "%s/%s", folder, arguments[0]);
        long now = lx_exec(NULL, candidate, NULL, candidate, &given, &surroundings, frame);
        if (!now) {
            error = 0;
            break;
        }
        if (now != -LOS_E_NOENT && now != -LOS_E_NOTDIR)
            error = now;
    }
    los_free(candidate);
    return error;
}

/* All strings under the key; at most STRINGS_MOST. */
static bool collect(const struct los_config *config, const char *key, const char **to, size_t *count)
{
    const char *text;
    for (unsigned n = 0; (text = los_config_get(config, key, n)) != NULL; n++) {
        if (*count == STRINGS_MOST)
            return false;
        to[(*count)++] = text;
    }
    to[*count] = NULL;
    return true;
}

_Noreturn static void program_failed(const struct los_config *config, long error)
{
    const char *name = los_config_get(config, "args", 0);
    complain("cannot run", name ? name : "nothing", error);
    los_exit_process(error == -LOS_E_NOENT ? STATUS_NO_PROGRAM : STATUS_CANNOT);
}

void lx_run_configured(const struct los_config *config, unsigned console, struct los_frame *frame)
{
    const char **strings = los_alloc(2 * (STRINGS_MOST + 4) * sizeof(*strings));
    const char **environment = strings != NULL ? strings + STRINGS_MOST + 4 : NULL;
    size_t arguments = 0, variables = 0;
    if (!strings)
        program_failed(config, -LOS_E_NOMEM);
    los_set_session();
    long error = open_console(console);
    if (error)
        program_failed(config, error);
    if (!collect(config, "args", strings, &arguments) || !collect(config, "env", environment, &variables))
        error = -LOS_E_TOOBIG;
    if (!error && !value_of(environment, "PATH"))
        environment[variables++] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    if (!error && los_console_terminal(console) && !value_of(environment, "TERM"))
        environment[variables++] = "TERM=xterm";
    if (!error && !value_of(environment, "HOME"))
        environment[variables++] = los_config_number(config, "uid", 0) ? "HOME=/" : "HOME=/root";
    environment[error ? 0 : variables] = NULL;
    struct lx_process *own = lx_process(los_current()->process);
    if (own)
        own->no_new_privileges |= los_config_number(config, "no_new_privileges", 0) != 0;
    set_limits(config);
    const char *directory = los_config_get(config, "cwd", 0);
    if (!error && directory)
        error = change_directory(directory);
    set_user(config);
    if (!error)
        error = run(strings, environment, frame);
    los_free(strings);
    if (error)
        program_failed(config, error);
    frame->number = UINT64_MAX;
}
