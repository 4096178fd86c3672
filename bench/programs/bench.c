/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The harness of the micro-benchmarks: the same static program runs on KxOS, in QEMU or hosted, and on any Linux.
 *
 *   micro [--batches N] [--batch-ms MS] [--runs N] [--limit S] [--large] [--from NAME] [--list] [--busybox FILE] [--dir DIR] [PATTERN]...
 *
 * For each item that a pattern (of the shell) matches, all without one, two lines on standard output:
 *
 *   # NAME                       before it (and before all: # boot, and the nanoseconds since the system began)
 *   NAME UNIT VALUE...           each batch, in the order in which they ran; or     NAME UNIT failed: WHY
 *
 * A batch repeats the operation until it has taken some milliseconds (--batch-ms, 20; --batches, 15 of them); its value is what one
 * operation took. --from: that item and those after it. --limit: seconds for an item. --list: a line for each item, separated by tabs:
 * name, unit, group, series, x, what it is.
 *
 * Scripts (NAME.sh) that lie beside the program are items too; each runs by busybox's sh, one run a batch (--runs, 5). They begin with
 *
 *   # bench: UNIT OPERATIONS what it is      UNIT: ns, us or ms; OPERATIONS: how many a run has
 *   # prints: TEXT                           what `check` must print
 *   # large                                  only with --large: too much for a slow machine
 *
 * and are called with `prepare` once, and then with `run`, which is timed, and `check`, which is not.
 */
#define _GNU_SOURCE
#include "bench.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <limits.h>
#include <libgen.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { BATCHES_MOST = 101, TEXT = 256 };

extern const struct bench_item *const __start_bench_items[], *const __stop_bench_items[];

const char *bench_busybox = "/bin/busybox";
static const char *directory = "/tmp";
static int batches = 15, script_batches = 5;
static int64_t batch_ns = 20000000;
static unsigned limit_s = 1000;
static bool large;

/* Of the item that runs. */
static const char *name, *unit;
static const struct bench_item *own;
static pid_t harness_of_item;
static int64_t counted, started; /* started 0: the clock stands */

static int64_t now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000ll + t.tv_nsec;
}

void bench_stop(void)
{
    counted += started ? now() - started : 0;
    started = 0;
}

void bench_start(void) { started = now(); }

const struct bench_item *bench_own(void) { return own; }

/* From a child of the item too; only the first row of an item counts. */
void bench_fail(const char *file, int line, const char *why)
{
    int error = errno;
    const char *slash = strrchr(file, '/');
    printf("%s %s failed: %s:%d: %s (errno %d)\n", name, unit, slash ? slash + 1 : file, line, why, error);
    fflush(stdout);
    if (getpid() != harness_of_item)
        kill(harness_of_item, SIGKILL);
    _exit(1);
}

static void report(const double *value, int count)
{
    printf("%s %s", name, unit);
    for (int i = 0; i < count; i++)
        printf(" %.5g", value[i]);
    printf("\n");
    fflush(stdout);
}

/* --- items that are linked in --------------------------------------------------------------------------------------- */

static int64_t batch(const struct bench_item *item, uint64_t times)
{
    counted = 0;
    bench_start();
    item->run(times);
    bench_stop();
    return counted;
}

static void run_item(const void *what)
{
    const struct bench_item *item = what;
    double value[BATCHES_MOST], operations;
    uint64_t times = 1;
    own = item;
    if (item->setup)
        item->setup();
    /* The first, cold ones say how many make a batch. */
    for (int64_t took; (took = batch(item, times)) < batch_ns / 2;) {
        uint64_t guess = took > 0 ? (uint64_t)((double)times * (double)batch_ns / (double)took) : times * 10;
        times = guess > times * 10 ? times * 10 : guess > times ? guess : times + 1;
    }
    operations = (double)times * (item->each ? item->each : 1);
    for (int i = 0; i < batches; i++) {
        double took = (double)batch(item, times);
        value[i] = item->bytes ? operations * (double)item->bytes * 1e3 / took : took / operations;
    }
    report(value, batches);
}

static const char *unit_of(const struct bench_item *item) { return item->bytes ? "MB/s" : "ns"; }

/* --- items that are scripts ------------------------------------------------------------------------------------------- */

struct script {
    char path[PATH_MAX], name[NAME_MAX + 1], unit[4], what[TEXT], prints[TEXT];
    unsigned long operations;
    bool large;
};

static bool script_read(struct script *script)
{
    char line[TEXT];
    FILE *file = fopen(script->path, "re");
    if (!file)
        return false;
    while (fgets(line, sizeof line, file)) {
        line[strcspn(line, "\n")] = 0;
        sscanf(line, "# bench: %3s %lu %255[^\n]", script->unit, &script->operations, script->what);
        sscanf(line, "# prints: %255[^\n]", script->prints);
        script->large |= strcmp(line, "# large") == 0;
    }
    fclose(file);
    return script->operations != 0;
}

/* Its standard output without the last newline comes to `output`, of TEXT bytes. */
static void script_call(const struct script *script, const char *verb, char *output)
{
    int ends[2], status;
    EXPECT(pipe(ends) == 0);
    pid_t child = fork();
    EXPECT(child >= 0);
    if (child == 0) {
        dup2(ends[1], STDOUT_FILENO);
        close(ends[0]);
        close(ends[1]);
        execl(bench_busybox, "sh", script->path, verb, (char *)NULL);
        _exit(127);
    }
    close(ends[1]);
    size_t length = 0;
    for (ssize_t n; length < TEXT - 1 && (n = read(ends[0], output + length, TEXT - 1 - length)) > 0;)
        length += (size_t)n;
    close(ends[0]);
    output[length] = 0;
    output[strcspn(output, "\n")] = 0;
    EXPECT(waitpid(child, &status, 0) == child);
    if (status) {
        static char why[64];
        snprintf(why, sizeof why, "%s ended with wait status %#x", verb, (unsigned)status);
        bench_fail(script->path, 0, why);
    }
}

static void run_script(const void *what)
{
    const struct script *script = what;
    double value[BATCHES_MOST], scale = strcmp(script->unit, "ms") == 0   ? 1e6
                                        : strcmp(script->unit, "us") == 0 ? 1e3
                                                                          : 1;
    char output[TEXT], bin[PATH_MAX];
    snprintf(bin, sizeof bin, "%s", bench_busybox);
    setenv("BUSYBOX", bench_busybox, 1);
    setenv("PATH", dirname(bin), 1);
    setenv("LC_ALL", "C", 1);
    script_call(script, "prepare", output);
    for (int i = script_batches > 1 ? -1 : 0; i < script_batches; i++) {
        int64_t start = now();
        script_call(script, "run", output);
        int64_t took = now() - start;
        script_call(script, "check", output);
        if (strcmp(output, script->prints) != 0) {
            errno = 0;
            bench_fail(script->path, 0, output);
        }
        if (i >= 0) /* one more, before them, does not count */
            value[i] = (double)took / scale / (double)script->operations;
    }
    report(value, script_batches);
}

/* --- all of them ------------------------------------------------------------------------------------------------------ */

static void remove_directory(const char *path)
{
    pid_t child = fork();
    if (child == 0) {
        execl(bench_busybox, "rm", "-rf", path, (char *)NULL);
        _exit(127);
    }
    if (child > 0)
        waitpid(child, NULL, 0);
}

/* In a process of its own, in a directory of its own. False: it failed. */
static bool run(const char *item, const char *item_unit, void (*measure)(const void *), const void *what)
{
    char path[PATH_MAX];
    int status;
    name = item;
    unit = item_unit;
    snprintf(path, sizeof path, "%s/bench-%d-%s", directory, (int)getpid(), name);
    printf("# %s\n", name);
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        harness_of_item = getpid();
        setpgid(0, 0);
        prctl(PR_SET_PDEATHSIG, SIGKILL); /* whoever ends the harness ends the item */
        alarm(limit_s);
        EXPECT(mkdir(path, 0700) == 0 && chdir(path) == 0);
        measure(what);
        _exit(0);
    }
    if (child < 0 || waitpid(child, &status, 0) != child) {
        printf("%s %s failed: no process for it\n", name, unit);
        return false;
    }
    kill(-child, SIGKILL);
    remove_directory(path);
    if (WIFSIGNALED(status))
        printf("%s %s failed: signal %d%s\n", name, unit, WTERMSIG(status),
               WTERMSIG(status) == SIGALRM ? ", it took too long" : "");
    return status == 0;
}

static bool any_wanted;
static bool wanted(const char *what, char **pattern)
{
    bool fits = !*pattern;
    for (char **at = pattern; *at && !fits; at++)
        fits = fnmatch(*at, what, 0) == 0;
    any_wanted |= fits;
    return fits;
}

static int is_script(const struct dirent *entry)
{
    const char *dot = strrchr(entry->d_name, '.');
    return dot && strcmp(dot, ".sh") == 0;
}

static _Noreturn void usage(void)
{
    fprintf(
        stderr,
        "usage: micro [--batches N] [--batch-ms MS] [--runs N] [--limit S] [--large] [--from NAME] [--list]\n"
        "             [--busybox FILE] [--dir DIR] [PATTERN]...\n");
    exit(2);
}

static int number(const char *text, int most)
{
    char *end;
    long n = strtol(text, &end, 10);
    if (end == text || *end || n < 1 || n > most) {
        fprintf(stderr, "micro: %s is no number from 1 to %d\n", text, most);
        exit(2);
    }
    return (int)n;
}

int main(int argc, char **argv)
{
    static char self[PATH_MAX], busybox[PATH_MAX], absolute[PATH_MAX];
    static struct script script;
    bool list = false, good = true;
    const char *from = NULL;
    struct dirent **entry;
    (void)argc;
    char *program = *argv++;
    for (; *argv && (*argv)[0] == '-'; argv++) {
        if (strcmp(*argv, "--list") == 0)
            list = true;
        else if (strcmp(*argv, "--large") == 0)
            large = true;
        else if (!argv[1])
            usage();
        else if (strcmp(*argv, "--batches") == 0)
            batches = number(*++argv, BATCHES_MOST);
        else if (strcmp(*argv, "--batch-ms") == 0)
            batch_ns = number(*++argv, 10000) * 1000000ll;
        else if (strcmp(*argv, "--runs") == 0)
            script_batches = number(*++argv, BATCHES_MOST);
        else if (strcmp(*argv, "--limit") == 0)
            limit_s = (unsigned)number(*++argv, 100000);
        else if (strcmp(*argv, "--from") == 0)
            from = *++argv;
        else if (strcmp(*argv, "--busybox") == 0)
            bench_busybox = *++argv;
        else if (strcmp(*argv, "--dir") == 0)
            directory = *++argv;
        else
            usage();
    }
    if (!realpath(program, self) ||
        (!list && (!realpath(bench_busybox, busybox) || !realpath(directory, absolute)))) {
        fprintf(stderr, "micro: %s, %s or %s: %s\n", program, bench_busybox, directory, strerror(errno));
        return 2;
    }
    bench_busybox = busybox; /* an item runs in a directory of its own */
    directory = absolute;
    if (!list) {
        struct timespec up = {0};
        clock_gettime(CLOCK_BOOTTIME, &up);
        printf("# boot %lld\n", up.tv_sec * 1000000000ll + up.tv_nsec);
        fflush(stdout);
    }
    for (const struct bench_item *const *at = __start_bench_items; at < __stop_bench_items; at++) {
        if (from && strcmp((*at)->name, from) != 0)
            continue;
        from = NULL;
        if (!wanted((*at)->name, argv))
            continue;
        else if (list)
            printf("%s\t%s\t%s\t%s\t%g\t%s\n", (*at)->name, unit_of(*at), (*at)->group ? (*at)->group : "other",
                   (*at)->series ? (*at)->series : "", (*at)->x, (*at)->what);
        else
            good &= run((*at)->name, unit_of(*at), run_item, *at);
    }
    const char *folder = dirname(self);
    int count = scandir(folder, &entry, is_script, alphasort);
    for (int i = 0; i < count; i++) {
        memset(&script, 0, sizeof script);
        snprintf(script.path, sizeof script.path, "%s/%s", folder, entry[i]->d_name);
        snprintf(script.name, sizeof script.name, "%.*s", (int)strlen(entry[i]->d_name) - 3, entry[i]->d_name);
        if (from && strcmp(script.name, from) != 0)
            continue;
        from = NULL;
        if (!wanted(script.name, argv) || !script_read(&script) || (script.large && !large))
            continue;
        if (list)
            printf("%s\t%s\tprogram\t\t0\t%s\n", script.name, script.unit, script.what);
        else
            good &= run(script.name, script.unit, run_script, &script);
    }
    if (!any_wanted) {
        fprintf(stderr, "micro: no item fits\n");
        return 2;
    }
    return !good;
}
