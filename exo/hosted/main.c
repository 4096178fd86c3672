/* SPDX-License-Identifier: MPL-2.0 */
/*
 * KxOS as a program: the same core, library OS images and root file systems as boot/run boots, in processes of this host. It
 * protects nothing (README.md). main() is the table of contents; the options are boot/run's.
 */
#define _GNU_SOURCE
#include "hosted.h"
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define STACK_LIMIT (8ul << 20)

struct host host;

static struct options {
    const char *cmd, *rootfs, *libos, *log, *first;
    uint64_t smp, mem, timeout, check;
    bool trace, core;
} options = {.libos = "linux", .smp = 2, .mem = 256};

/* What the C library's hooks for parts that are not linked do: see the Makefile. */
void host_nothing(void);
void host_nothing(void) {}

static char build[PATH_MAX]; /* where the images lie */

static _Noreturn void die(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fputs("kxos: ", stderr);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    exit(2);
}

static void usage(void)
{
    puts(
        "usage: kxos [OPTION]...\n"
        "  --cmd 'SHELL COMMANDS'  run them with sh -c, print their output and nothing else on standard "
        "output, power off,\n"
        "                          exit with their status (125: the guest ended without telling one); for a "
        "library "
        "OS\n"
        "                          other than linux: its arguments\n"
        "  --rootfs DIR|FILE       the root file system: a directory, or a cpio archive, instead of the "
        "default busybox tree\n"
        "  --smp N                 number of CPUs, 1 to 32 (default 2)\n"
        "  --mem MIB               memory, at least 64 MiB (default 256)\n"
        "  --libos NAME|FILE       library OS image: one that was built (linux), or an ELF file (default "
        "linux)\n"
        "  --timeout SECONDS       end the guest after that long, with status 124\n"
        "  --trace                 print each system call on standard error\n"
        "  --check N               walk over all invariants of the exokernel after every N-th exo call (slow)\n"
        "  --log FILE              keep the boot log in FILE\n"
        "  --first NAME|FILE       boot this flat image as the first domain instead of the supervisor, with no "
        "other module;\n"
        "                          its boot log is the standard output, --cmd its command line\n"
        "  --core                  when the library OS or the exokernel breaks, leave a core file of that "
        "moment\n"
        "  --help                  this text\n"
        "Without --cmd the terminal becomes the guest's console; Ctrl-] X ends it.");
    exit(0);
}

/* --- what was asked for ------------------------------------------------------------------------------------------------------ */

static uint64_t number(const char *name, uint64_t least, uint64_t most, const char *text)
{
    char *end;
    errno = 0;
    uint64_t value = strtoul(text, &end, 10);
    if (*text < '0' || *text > '9' || *end || errno || value < least || value > most)
        die("%s wants a whole number from %lu to %lu, not '%s'", name, least, most, text);
    return value;
}

static void set_option(const char *name, const char *value)
{
    if (!strcmp(name, "--cmd"))
        options.cmd = value;
    else if (!strcmp(name, "--rootfs") && !*value)
        die("--rootfs needs the name of a directory");
    else if (!strcmp(name, "--rootfs"))
        options.rootfs = value;
    else if (!strcmp(name, "--smp"))
        options.smp = number(name, 1, EXO_CPUS_MAX, value);
    else if (!strcmp(name, "--mem"))
        options.mem = number(name, 64, HOST_MEM_MOST, value);
    else if (!strcmp(name, "--libos"))
        options.libos = value;
    else if (!strcmp(name, "--timeout"))
        options.timeout = number(name, 1, 999999, value);
    else if (!strcmp(name, "--check"))
        options.check = number(name, 1, 999999, value);
    else if (!strcmp(name, "--log"))
        options.log = value;
    else
        options.first = value;
}

static void read_options(int argc, char **argv)
{
    static const char *const with_value[] = {"--cmd",     "--rootfs", "--smp", "--mem",  "--libos",
                                             "--timeout", "--check",  "--log", "--first"};
    static const char *const qemus[] = {"--accel", "--iso", "--direct", "--uefi", "--icount"};
    for (int i = 1; i < argc; i++) {
        char *argument = argv[i], *equals = strchr(argument, '=');
        size_t length = equals ? (size_t)(equals - argument) : strlen(argument);
        bool known = false;
        for (size_t k = 0; k < sizeof with_value / sizeof with_value[0]; k++) {
            if (strlen(with_value[k]) != length || strncmp(argument, with_value[k], length))
                continue;
            if (!equals && i + 1 == argc)
                die("%s needs a value (see --help)", with_value[k]);
            set_option(with_value[k], equals ? equals + 1 : argv[++i]);
            known = true;
        }
        for (size_t k = 0; k < sizeof qemus / sizeof qemus[0]; k++)
            if (strlen(qemus[k]) == length && !strncmp(argument, qemus[k], length))
                die("%s is for QEMU: see boot/run", qemus[k]);
        if (known)
            continue;
        if (!strcmp(argument, "--trace"))
            options.trace = true;
        else if (!strcmp(argument, "--core"))
            options.core = true;
        else if (!strcmp(argument, "--help") || !strcmp(argument, "-h"))
            usage();
        else
            die("unknown option '%s' (see --help)", argument);
    }
    if (options.first && (options.rootfs || options.trace || strcmp(options.libos, "linux")))
        die("--first goes with neither --rootfs, --trace nor --libos");
}

/* A process without a limit for its stack has its mappings laid out from below, where the guest's memory is to be. */
static void limit_stack(char **argv)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_STACK, &limit) || limit.rlim_cur != RLIM_INFINITY)
        return;
    limit.rlim_cur = STACK_LIMIT;
    if (!setrlimit(RLIMIT_STACK, &limit))
        execv("/proc/self/exe", argv);
}

/* Core files as long as this host lets them be. */
static void allow_core(void)
{
    struct rlimit limit;
    if (!getrlimit(RLIMIT_CORE, &limit)) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_CORE, &limit);
    }
    host.core = true;
}

static void check_addresses(void)
{
    FILE *maps = fopen("/proc/self/maps", "r");
    unsigned long start;
    if (maps && fscanf(maps, "%lx", &start) == 1 && start < HOST_START)
        die("this process has memory at %lx, where the guest's is to be: was a tool loaded into it?", start);
    if (maps)
        fclose(maps);
}

/* --- what is booted -------------------------------------------------------------------------------------------------------------- */

static void find_build(void)
{
    char self[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    if (n < 0)
        die("cannot find out where this program lies: is /proc mounted?");
    self[n] = 0;
    snprintf(build, sizeof build, "%.*s/..", (int)(PATH_MAX - 8), dirname(self));
}

static int open_file(const char *path)
{
    struct stat status;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd >= 0 && (fstat(fd, &status) || !S_ISREG(status.st_mode))) {
        close(fd);
        errno = EINVAL;
        return -1;
    }
    return fd;
}

static int open_built(const char *name)
{
    char path[PATH_MAX + NAME_MAX + 16];
    snprintf(path, sizeof path, "%s/%s", build, name);
    int fd = open_file(path);
    if (fd < 0)
        die("build/%s is missing: run make first", name);
    return fd;
}

static void add_module(const char *name, int fd)
{
    const char *why = host_memory_module(name, fd);
    if (why)
        die("%s: %s", name, why);
    close(fd);
}

/* boot/pack, into memory. */
static int pack(const char *directory)
{
    char tool[PATH_MAX + 64];
    snprintf(tool, sizeof tool, "%s/../boot/pack", build);
    if (access(directory, R_OK | X_OK))
        die("--rootfs: cannot read %s: %s", directory, strerror(errno));
    int fd = memfd_create("kxos-rootfs", 0);
    pid_t child = fd < 0 ? -1 : fork();
    if (child == 0) {
        dup2(fd, STDOUT_FILENO);
        execl(tool, tool, directory, (char *)NULL);
        perror(tool);
        _exit(127);
    }
    int status;
    if (child < 0 || waitpid(child, &status, 0) < 0 || status)
        die("--rootfs: cannot pack %s", directory);
    return fd;
}

static int open_rootfs(void)
{
    struct stat status;
    if (!options.rootfs)
        return open_built("rootfs.cpio");
    if (stat(options.rootfs, &status))
        die("--rootfs: no such directory: %s", options.rootfs);
    if (S_ISDIR(status.st_mode))
        return pack(options.rootfs);
    int fd = open_file(options.rootfs);
    if (fd < 0)
        die("--rootfs: not a directory and not readable: %s", options.rootfs);
    return fd;
}

/* The image's file name without directories and from its first dot on. */
static char *module_name(const char *path)
{
    char *name = strdup(strrchr(path, '/') ? strrchr(path, '/') + 1 : path);
    char *dot = strrchr(name, '.');
    if (dot)
        *dot = 0;
    if (!*name ||
        strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-") != strlen(name))
        die("--libos: the image's name may hold letters, digits, _, . and - only: %s", name);
    return name;
}

static int open_image(const char *option, const char *name)
{
    if (strchr(name, '/')) {
        int fd = open_file(name);
        if (fd < 0)
            die("%s: no image %s", option, name);
        return fd;
    }
    char file[NAME_MAX + 8], path[PATH_MAX + sizeof file];
    snprintf(file, sizeof file, "%.*s.img", NAME_MAX, name);
    snprintf(path, sizeof path, "%s/%s", build, file);
    if (!strcmp(name, "supervisor") || access(path, R_OK))
        die("%s: no image '%s' was built", option, name);
    return open_built(file);
}

/* For what is no shell and has no use for a file of commands: a word args= with the text, in which %XX is a byte. */
static const char *arguments_word(void)
{
    static char word[1509] = " args=";
    size_t length = strlen(word);
    for (const unsigned char *at = (const unsigned char *)options.cmd; *at; at++) {
        bool plain = isalnum(*at) || strchr("-_./:,", *at);
        if (length + 3 >= sizeof word)
            die("--cmd: too long for the arguments of a library OS");
        length += (size_t)sprintf(word + length, plain ? "%c" : "%%%02X", *at);
    }
    return word;
}

/* The other library OSes that were built come along, for containers that kx starts. */
static void add_others(const char *name)
{
    char path[PATH_MAX + 16], line[64];
    snprintf(path, sizeof path, "%s/libos-images", build);
    FILE *list = fopen(path, "r");
    while (list && fgets(line, sizeof line, list)) {
        line[strcspn(line, "\n")] = 0;
        if (!strcmp(line, name) || !*line)
            continue;
        add_module(strdup(line), open_image("libos-images", line));
    }
    if (list)
        fclose(list);
}

static void boot_container(char *words, size_t room)
{
    const char *why;
    char *name = module_name(options.libos);
    int image = open_image("--libos", options.libos), rootfs = open_rootfs();
    if (options.cmd) {
        rootfs = host_archive_add(rootfs, ".kx-cmd", options.cmd, &why);
        if (rootfs < 0)
            die("--rootfs: %s", why);
    }
    add_module("supervisor", open_built("supervisor.img"));
    add_module(name, image);
    add_module("rootfs", rootfs);
    add_others(name);
    snprintf(words, room, "%squiet%s%s libos=%s", options.cmd ? "cmdfile=/.kx-cmd " : "",
             options.cmd && strcmp(name, "linux") ? arguments_word() : "", options.trace ? " trace" : "", name);
    free(name);
}

static void boot_first(char *words, size_t room)
{
    add_module("first", open_image("--first", options.first));
    if (snprintf(words, room, "quiet %s", options.cmd ? options.cmd : "") >= (int)room)
        die("--cmd: longer than a command line");
}

static void open_log(void)
{
    if (options.log)
        host.log_fd = open(options.log, O_RDWR | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0666);
    else
        host.log_fd = memfd_create("kxos-log", MFD_CLOEXEC);
    if (host.log_fd < 0)
        die("--log: cannot write %s: %s", options.log ? options.log : "a memfd", strerror(errno));
}

/* In a process of its own, for it cannot be undone. */
static void check_dispatch(void)
{
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        const char *why = host_dispatch_check();
        if (why)
            fprintf(stderr, "kxos: %s\n", why);
        _exit(why != NULL);
    }
    int status;
    if (child < 0 || waitpid(child, &status, 0) < 0 || status)
        exit(2);
}

static void probe(int number, siginfo_t *info, void *context)
{
    (void)number, (void)info;
    host_fpu_probe(context);
}

int main(int argc, char **argv)
{
    static char words[sizeof((struct exo_boot_info *)0)->command_line];
    read_options(argc, argv);
    limit_stack(argv);
    check_addresses();
    find_build();
    check_dispatch();
    const char *why = host_memory_init(options.mem);
    if (why)
        die("%s", why);
    host_clock_start();
    host.cpus = (uint32_t)options.smp;
    host.status = -1;
    if (options.core)
        allow_core();
    open_log();
    sigaction(HOST_KICK, &(struct sigaction){.sa_sigaction = probe, .sa_flags = SA_SIGINFO}, NULL);
    raise(HOST_KICK);

    if (options.first)
        boot_first(words, sizeof words);
    else
        boot_container(words, sizeof words);
    host.check = options.check;
    host.command_line = words;
    host_clock_ready();
    return host_keeper(&(struct host_wish){!options.cmd && !options.first, options.timeout});
}
