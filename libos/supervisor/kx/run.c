/* SPDX-License-Identifier: MPL-2.0 */
/* kx run and kx exec: the command line becomes a configuration, the supervisor makes a container of it, and its console is ours until it ends. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>
#include "kx.h"

/* What the command line says, before it is put over the manifest. */
struct flags {
    const char *name, *memory, *cpus, *quota, *period, *count, *pids, *cwd, *user, *hostname, *libos,
        *isolation;
    const char *manifest, *bundle, *keys;
    struct kx_strings env, env_files, volumes, mounts, tmpfs, security, exports, imports, ulimits;
    bool detach, interactive, terminal, remove, readonly, rootless, forward;
};

/* --- parts of the command line ------------------------------------------------------------------------------------------------------------ */
/* NAME=VALUE, or NAME alone, whose value is ours. */
static void set_env(struct kx_strings *env, const char *what, const char *text)
{
    if (!*text || *text == '=')
        kx_die("%s: NAME=VALUE is wanted, not '%s'", what, text);
    if (strchr(text, '='))
        kx_spec_env(env, text);
    else if (getenv(text))
        kx_spec_env(env, kx_print("%s=%s", text, getenv(text)));
}

/* Lines of the same form; empty lines and those that begin with # are none. */
static void read_env_file(struct kx_strings *env, const char *file)
{
    char *line = NULL;
    size_t room = 0;
    FILE *in = fopen(file, "re");
    if (!in)
        kx_die("--env-file: cannot read %s: %s", file, strerror(errno));
    while (getline(&line, &room, in) >= 0) {
        line[strcspn(line, "\r\n")] = 0;
        const char *start = line + strspn(line, " \t");
        if (*start && *start != '#')
            set_env(env, file, kx_copy(start, strlen(start)));
    }
    if (ferror(in))
        kx_die("--env-file: cannot read %s: %s", file, strerror(errno));
    free(line);
    fclose(in);
}

static void set_user(const char *user, const char **uid, const char **gid)
{
    const char *colon = strchr(user, ':');
    const char *left = colon ? kx_copy(user, (size_t)(colon - user)) : user;
    *uid = kx_print("%lu", kx_number("--user", left, 0, UINT32_MAX - 1));
    *gid = colon ? kx_print("%lu", kx_number("--user", colon + 1, 0, UINT32_MAX - 1)) : "0";
}

static const char *absolute(const char *what, const char *path)
{
    if (*path != '/')
        kx_die("%s: an absolute path is wanted, not '%s'", what, path);
    return path;
}

static bool valid_name(const char *name)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";
    return *name && !strchr("_.-", *name) && !name[strspn(name, letters)] && strlen(name) <= 63;
}

static void check_name(const char *name)
{
    if (!valid_name(name))
        kx_die("--name: '%s' is no name: 1 to 63 letters, digits, _ . and -, the first a letter or digit",
               name);
    if (!name[strspn(name, "0123456789")])
        kx_die("--name: '%s' would be taken for a number", name);
}

static const char *random_name(void)
{
    static const char *const first[] = {"quiet", "brave",  "early", "gentle", "keen",  "lucky",
                                        "merry", "nimble", "proud", "rapid",  "sunny", "tidy",
                                        "vivid", "warm",   "wise",  "young"};
    static const char *const second[] = {"adder",  "badger", "crane", "dipper",  "egret", "finch",
                                         "gannet", "heron",  "ibis",  "jackdaw", "kite",  "lynx",
                                         "marten", "newt",   "otter", "plover"};
    uint16_t random;
    if (getrandom(&random, sizeof(random), 0) != sizeof(random))
        random = (uint16_t)getpid();
    return kx_print("%s_%s_%02x", first[random & 15], second[random >> 4 & 15], random >> 8);
}

static void set_security(struct kx_spec *spec, const char *option)
{
    size_t bytes;
    if (!strcmp(option, "no-new-privileges") || !strcmp(option, "no-new-privileges:true")) {
        spec->no_new_privileges = true;
    } else if (!strcmp(option, "seccomp=unconfined")) {
        spec->seccomp = NULL;
    } else if (!strncmp(option, "seccomp=", 8)) {
        const char *text = kx_manifest_load(option + 8, &bytes);
        kx_seccomp_parse(spec, option + 8, text, bytes);
    } else {
        kx_die("--security-opt: '%s' is neither seccomp=FILE, seccomp=unconfined nor no-new-privileges",
               option);
    }
}

/* NAME=SOFT[:HARD] */
static void set_ulimit(struct kx_spec *spec, const char *text)
{
    size_t name = strspn(text, "abcdefghijklmnopqrstuvwxyz");
    const char *colon = strchr(text, ':');
    if (!name || text[name] != '=')
        kx_die("--ulimit: '%s' is not NAME=SOFT[:HARD]", text);
    const char *start = text + name + 1;
    uint64_t soft =
        kx_number("--ulimit", colon ? kx_copy(start, (size_t)(colon - start)) : start, 0, INT64_MAX);
    uint64_t hard = colon ? kx_number("--ulimit", colon + 1, 0, INT64_MAX) : soft;
    if (soft > hard)
        kx_die("--ulimit: '%s': the soft limit is above the hard one", text);
    const char *value = kx_print("%.*s:%lu:%lu", (int)name, text, soft, hard);
    for (size_t i = 0; i < spec->rlimits.count; i++)
        if (!strncmp(spec->rlimits.at[i], value, name + 1)) {
            spec->rlimits.at[i] = value;
            return;
        }
    kx_strings_add(&spec->rlimits, value);
}

/* --- the manifest, and the flags over it ----------------------------------------------------------------------------------------------------- */
/* Paths of the manifest are relative to its bundle; an archive's name has no slash, and is none. */
static const char *in_bundle(const char *bundle, const char *path)
{
    if (*path == '/')
        return path;
    const char *there = kx_print("%s/%s", bundle, path);
    return strchr(path, '/') || access(there, F_OK) == 0 ? there : path;
}

static void load_manifest(struct kx_spec *spec, const struct flags *f)
{
    size_t bytes;
    const char *file = f->manifest ? f->manifest : kx_print("%s/config.json", f->bundle);
    const char *slash = strrchr(file, '/'), *bundle = slash ? kx_copy(file, (size_t)(slash - file)) : ".";
    if (f->bundle)
        bundle = f->bundle;
    const char *text = kx_manifest_load(file, &bytes);
    kx_manifest_parse(spec, file, text, bytes);
    if (spec->root)
        spec->root = in_bundle(bundle, spec->root);
    for (size_t i = 0; i < spec->mount_count; i++)
        if (!strcmp(spec->mounts[i].type, "bind"))
            spec->mounts[i].source = in_bundle(bundle, spec->mounts[i].source);
}

/* What every container has that no manifest describes. */
static void set_defaults(struct kx_spec *spec)
{
    static const struct kx_mount mounts[] = {{"proc", "/proc", "nosuid,noexec,nodev", "proc"},
                                             {"devtmpfs", "/dev", "nosuid,mode=755", "devtmpfs"},
                                             {"devpts", "/dev/pts", "nosuid,noexec,gid=5,mode=620", "devpts"},
                                             {"sysfs", "/sys", "nosuid,noexec,nodev,ro", "sysfs"}};
    kx_spec_env(&spec->env, "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
    for (size_t i = 0; i < sizeof(mounts) / sizeof(*mounts) && !spec->rootless; i++)
        kx_spec_mount(spec, &mounts[i]);
}

static void set_limits(struct kx_spec *spec, const struct flags *f)
{
    if (f->memory)
        spec->memory = kx_size("--memory", f->memory);
    if (f->count)
        spec->count = kx_number("--cpu-count", f->count, 1, 256);
    if (f->pids)
        spec->pids = kx_number("--pids-limit", f->pids, 1, KX_PIDS_MOST);
    kx_cpu_flags(spec, f->cpus, f->quota, f->period);
    for (size_t i = 0; i < f->ulimits.count; i++)
        set_ulimit(spec, f->ulimits.at[i]);
}

static void set_all_mounts(struct kx_spec *spec, const struct flags *f)
{
    struct kx_mount mount;
    for (size_t i = 0; i < f->tmpfs.count; i++) {
        mount = kx_mount_tmpfs(f->tmpfs.at[i]);
        kx_spec_mount(spec, &mount);
    }
    for (size_t i = 0; i < f->mounts.count; i++) {
        mount = kx_mount_long(f->mounts.at[i]);
        kx_spec_mount(spec, &mount);
    }
    for (size_t i = 0; i < f->volumes.count; i++) {
        mount = kx_mount_volume(f->volumes.at[i]);
        kx_spec_mount(spec, &mount);
    }
}

static void set_flags(struct kx_spec *spec, const struct flags *f)
{
    set_limits(spec, f);
    set_all_mounts(spec, f);
    for (size_t i = 0; i < f->env_files.count; i++)
        read_env_file(&spec->env, f->env_files.at[i]);
    for (size_t i = 0; i < f->env.count; i++)
        set_env(&spec->env, "--env", f->env.at[i]);
    for (size_t i = 0; i < f->security.count; i++)
        set_security(spec, f->security.at[i]);
    for (size_t i = 0; i < f->exports.count; i++)
        kx_strings_add(&spec->exports, f->exports.at[i]);
    for (size_t i = 0; i < f->imports.count; i++)
        kx_strings_add(&spec->imports, f->imports.at[i]);
    if (f->cwd)
        spec->cwd = absolute("--workdir", f->cwd);
    if (f->user)
        set_user(f->user, &spec->uid, &spec->gid);
    if (f->hostname)
        spec->hostname = f->hostname;
    if (f->libos)
        spec->libos = f->libos;
    if (f->isolation)
        kx_isolation_check("--isolation", f->isolation);
    spec->readonly |= f->readonly;
    spec->terminal |= f->terminal;
}

/* IMAGE [COMMAND [ARG...]]; without IMAGE after --no-rootfs, and an IMAGE of - stands for the manifest's root, or none. */
static void set_operands(struct kx_spec *spec, const struct flags *f, const struct kx_strings *operands)
{
    size_t command = 0;
    bool named = operands->count && !f->rootless && strcmp(operands->at[0], "-");
    if (f->rootless)
        spec->root = NULL;
    else if (operands->count)
        command = 1;
    if (named)
        spec->root = operands->at[0];
    spec->rootless = !spec->root;
    if (spec->rootless && (!spec->libos || !strcmp(spec->libos, "linux")))
        kx_die("run: which image? (kx images lists them; only another library OS than linux goes without)");
    if (operands->count > command)
        spec->args.count = 0;
    for (size_t i = command; i < operands->count; i++)
        kx_strings_add(&spec->args, operands->at[i]);
    if (!spec->args.count && !spec->rootless)
        kx_strings_add(&spec->args, "/bin/sh");
}

static void check_flags(const struct flags *f)
{
    if (f->manifest && f->bundle)
        kx_die("run: --manifest and --bundle: only one of them");
    if (f->terminal && f->interactive && !f->detach && !isatty(STDIN_FILENO))
        kx_die("run: -i -t: the standard input is no terminal");
    if (f->name)
        check_name(f->name);
}

static void finish(struct kx_spec *spec, const struct flags *f)
{
    if (!spec->hostname)
        spec->hostname = spec->name;
    if (!f->manifest && !f->bundle) {
        kx_spec_env(&spec->env, kx_print("HOSTNAME=%s", spec->hostname));
        if (spec->terminal && !getenv("TERM"))
            kx_spec_env(&spec->env, "TERM=xterm");
        else if (spec->terminal)
            kx_spec_env(&spec->env, kx_print("TERM=%s", getenv("TERM")));
    }
    if (spec->terminal && !f->detach)
        kx_terminal_size(&spec->rows, &spec->columns);
}

static struct kx_spec make_spec(const struct flags *f, const struct kx_strings *operands)
{
    struct kx_spec spec = {0};
    check_flags(f);
    if (f->manifest || f->bundle)
        load_manifest(&spec, f);
    spec.name = f->name;
    if (f->libos)
        spec.libos = f->libos;
    set_operands(&spec, f, operands);
    if (!f->manifest && !f->bundle)
        set_defaults(&spec);
    set_flags(&spec, f);
    kx_spec_check(&spec);
    return spec;
}

/* --- kx run ---------------------------------------------------------------------------------------------------------------------------------- */
/* Sends what is to be sent, and starts it. A name of our own choice may be taken: then another is tried. */
static uint64_t start(struct kx_spec *spec, const struct flags *f)
{
    struct kx_strings binds = {0};
    kx_device(); /* without one, nothing need be packed */
    const char *root = spec->root ? kx_image(spec->root) : "";
    for (size_t i = 0; i < spec->mount_count; i++)
        if (!strcmp(spec->mounts[i].type, "bind"))
            kx_strings_add(&binds, kx_image(spec->mounts[i].source));
    const char *hostname = spec->hostname;
    for (int attempt = 0;; attempt++) {
        if (!f->name) {
            spec->name = random_name();
            spec->hostname = hostname;
        }
        finish(spec, f);
        struct kx_buffer config = kx_spec_config(spec, root, &binds);
        struct kx_request run = {
            .word = {LOS_SUPERVISOR_RUN, 0, !f->detach}, .in = config.at, .in_bytes = config.bytes};
        int64_t number = kx_ask(&run);
        if (number >= 0) {
            kx_images_keep(true);
            return (uint64_t)number;
        }
        if (f->name || number != -LOS_S_EXISTS || attempt == 20)
            kx_die("%s: %s", spec->name, run.error);
    }
}

static void close_input(uint64_t container, unsigned console)
{
    struct kx_request close = {.word = {LOS_SUPERVISOR_WRITE, container, console, 1}};
    kx_ask(&close);
}

static int remove_container(uint64_t number, const char *name)
{
    struct kx_request remove = {.word = {LOS_SUPERVISOR_REMOVE, number}};
    if (kx_ask(&remove) < 0 && kx_container_info(number, &(struct los_container_info){0})) {
        kx_warn("--rm: %s: %s", name, remove.error);
        return KX_FAILED;
    }
    kx_images_keep(false); /* goes at exit, if nobody else uses it */
    return 0;
}

/* Of -d --rm: a process of its own waits for the end, for the supervisor removes nothing by itself. */
static void remove_later(uint64_t number, const char *name)
{
    fflush(stdout);
    pid_t child = fork();
    if (child < 0)
        kx_die("--rm: %s", strerror(errno));
    if (child)
        return;
    setsid();
    int nothing = open("/dev/null", O_RDWR);
    for (int fd = 0; fd < 3; fd++)
        dup2(nothing, fd);
    kx_wait(number, name);
    exit(remove_container(number, name));
}

static int run_attached(const struct kx_spec *spec, const struct flags *f, uint64_t number, struct kx_keys keys)
{
    int status;
    bool input = f->interactive || ((f->manifest || f->bundle) && (!spec->terminal || isatty(STDIN_FILENO)));
    struct kx_session session = {.container = number, .terminal = spec->terminal, .input = input, .keys = keys};
    session.forward = session.pipe_signal = f->forward && !(spec->terminal && input);
    if (!input && !spec->terminal)
        close_input(number, 0);
    if (!kx_attach(&session, &status))
        return 0;
    status = kx_wait(number, spec->name);
    if (f->remove)
        remove_container(number, spec->name);
    return status & 255;
}

static const char more[] = "IMAGE is an archive that the supervisor has (kx images), or a directory, which is "
                           "packed and sent; `-` stands for the root of the\n"
                           "manifest, or, as --no-rootfs does, for none: kx run --libos pager --no-rootfs lru "
                           "100. Flags override the manifest.\n"
                           "What -v and --mount type=bind show is a snapshot, taken when the container starts: "
                           "changes travel neither way.\n"
                           "The exit status is the container's; 125 when kx itself could not do it, 126 and "
                           "127 when the command cannot be run or is not there.";

int kx_run(const struct kx_command *command, int argc, char **argv)
{
    struct flags f = {.forward = true};
    const struct kx_option options[] = {
        {'d', "detach", NULL, KX_FLAG, &f.detach, "leave it in the background, and print its number"},
        {'i', "interactive", NULL, KX_FLAG, &f.interactive, "standard input goes to the container"},
        {'t', "tty", NULL, KX_FLAG, &f.terminal, "its console is a terminal"},
        {0, "rm", NULL, KX_FLAG, &f.remove, "remove it when it has ended"},
        {0, "name", "NAME", KX_TEXT, &f.name, "how it is called"},
        {'m', "memory", "SIZE", KX_TEXT, &f.memory, "memory, all in (64m, 1g)"},
        {0, "cpus", "N", KX_TEXT, &f.cpus, "CPUs (0.5)"},
        {0, "cpu-quota", "US", KX_TEXT, &f.quota, "CPU time in a period, us"},
        {0, "cpu-period", "US", KX_TEXT, &f.period, "the period, us (100000)"},
        {0, "cpu-count", "N", KX_TEXT, &f.count, "vCPUs"},
        {0, "pids-limit", "N", KX_TEXT, &f.pids, "processes and threads at most"},
        {0, "ulimit", "NAME=SOFT[:HARD]", KX_LIST, &f.ulimits, "a limit of each process"},
        {'e', "env", "NAME[=VALUE]", KX_LIST, &f.env, "environment"},
        {0, "env-file", "FILE", KX_LIST, &f.env_files, "environment, a line each"},
        {'w', "workdir", "DIR", KX_TEXT, &f.cwd, "working directory"},
        {'u', "user", "UID[:GID]", KX_TEXT, &f.user, "user and group, as numbers"},
        {'h', "hostname", "NAME", KX_TEXT, &f.hostname, "host name (the container's name)"},
        {0, "read-only", NULL, KX_FLAG, &f.readonly, "the root file system cannot be changed"},
        {'v', "volume", "SRC:DST[:ro]", KX_LIST, &f.volumes,
         "a snapshot of the directory or archive SRC at DST"},
        {0, "mount", "KEY=VALUE,...", KX_LIST, &f.mounts,
         "type=bind|tmpfs,src=,dst=,readonly,tmpfs-size=,tmpfs-mode="},
        {0, "tmpfs", "DST[:OPTIONS]", KX_LIST, &f.tmpfs, "an empty file system at DST"},
        {0, "libos", "NAME", KX_TEXT, &f.libos, "library OS image (linux)"},
        {0, "no-rootfs", NULL, KX_FLAG, &f.rootless, "without a root file system; there is no IMAGE"},
        {0, "isolation", "fast", KX_TEXT, &f.isolation, "between the library OS and its processes"},
        {0, "security-opt", "OPTION", KX_LIST, &f.security,
         "seccomp=FILE, seccomp=unconfined, no-new-privileges"},
        {0, "gate-export", "NAME", KX_LIST, &f.exports, "others find a gate to it under NAME"},
        {0, "gate-import", "NAME", KX_LIST, &f.imports, "it finds the gate that another exports"},
        {0, "manifest", "FILE", KX_TEXT, &f.manifest, "config.json of the OCI runtime specification"},
        {'b', "bundle", "DIR", KX_TEXT, &f.bundle, "a directory with a config.json"},
        {0, "detach-keys", "KEYS", KX_TEXT, &f.keys, "keys that detach (ctrl-p,ctrl-q)"},
        {0, "no-sig-proxy", NULL, KX_OFF, &f.forward, "signals to kx are not the container's"},
        {0}};
    const struct kx_command with_more = {command->name, command->usage, command->summary, command->run, more};
    struct kx_strings operands = kx_options(&with_more, options, argc, argv, KX_AFTER_OPTIONS, 0, SIZE_MAX);
    struct kx_keys keys = kx_keys(f.keys);
    struct kx_spec spec = make_spec(&f, &operands);
    uint64_t number = start(&spec, &f);
    if (!f.detach)
        return run_attached(&spec, &f, number, keys);
    if (!f.interactive && !spec.terminal)
        close_input(number, 0);
    printf("%lu\n", number);
    if (f.remove)
        remove_later(number, spec.name);
    return 0;
}

/* --- kx exec ----------------------------------------------------------------------------------------------------------------------------------- */
struct exec_flags {
    bool detach, interactive, terminal;
    struct kx_strings env, env_files;
    const char *cwd, *user, *keys;
};

/* The container's own environment, user and directory, and what the command line says otherwise. */
static struct kx_buffer exec_config(uint64_t container, const struct exec_flags *f,
                                    const struct kx_strings *operands)
{
    struct kx_buffer own = kx_inspect_config(container);
    struct kx_spec spec = {.env = kx_config_all(&own, "env"),
                           .gids = kx_config_all(&own, "gids"),
                           .cwd = kx_config_next(&own, NULL, "cwd"),
                           .uid = kx_config_next(&own, NULL, "uid"),
                           .gid = kx_config_next(&own, NULL, "gid"),
                           .terminal = f->terminal};
    for (size_t i = 0; i < f->env_files.count; i++)
        read_env_file(&spec.env, f->env_files.at[i]);
    for (size_t i = 0; i < f->env.count; i++)
        set_env(&spec.env, "--env", f->env.at[i]);
    for (size_t i = 1; i < operands->count; i++)
        kx_strings_add(&spec.args, operands->at[i]);
    if (f->cwd)
        spec.cwd = absolute("--workdir", f->cwd);
    if (f->user) {
        set_user(f->user, &spec.uid, &spec.gid);
        spec.gids.count = 0;
    }
    if (f->terminal && !f->detach)
        kx_terminal_size(&spec.rows, &spec.columns);
    return kx_spec_config(&spec, NULL, &(struct kx_strings){0});
}

int kx_exec(const struct kx_command *command, int argc, char **argv)
{
    struct exec_flags f = {0};
    const struct kx_option options[] = {
        {'d', "detach", NULL, KX_FLAG, &f.detach, "leave it in the background"},
        {'i', "interactive", NULL, KX_FLAG, &f.interactive, "standard input goes to it"},
        {'t', "tty", NULL, KX_FLAG, &f.terminal, "its console is a terminal"},
        {'e', "env", "NAME[=VALUE]", KX_LIST, &f.env, "environment, beyond the container's"},
        {0, "env-file", "FILE", KX_LIST, &f.env_files, "environment, a line each"},
        {'w', "workdir", "DIR", KX_TEXT, &f.cwd, "working directory"},
        {'u', "user", "UID[:GID]", KX_TEXT, &f.user, "user and group, as numbers"},
        {0, "detach-keys", "KEYS", KX_TEXT, &f.keys, "keys that detach (ctrl-p,ctrl-q)"},
        {0}};
    struct kx_strings operands = kx_options(command, options, argc, argv, KX_AFTER_OPTIONS, 2, SIZE_MAX);
    if (f.terminal && f.interactive && !f.detach && !isatty(STDIN_FILENO))
        kx_die("exec: -i -t: the standard input is no terminal");
    uint64_t container = kx_container(operands.at[0]);
    struct kx_session session = {.container = container,
                                 .terminal = f.terminal,
                                 .input = f.interactive,
                                 .release = true,
                                 .keys = kx_keys(f.keys)};
    struct kx_buffer config = exec_config(container, &f, &operands);
    struct kx_request exec = {
        .word = {LOS_SUPERVISOR_EXEC, container}, .in = config.at, .in_bytes = config.bytes};
    int status;
    session.console = (unsigned)kx_must(operands.at[0], &exec);
    if (!f.interactive && !f.terminal)
        close_input(container, session.console);
    if (f.detach) {
        struct kx_request release = {.word = {LOS_SUPERVISOR_RELEASE, container, session.console}};
        kx_must(operands.at[0], &release);
        return 0;
    }
    return kx_attach(&session, &status) ? status & 255 : 0;
}
