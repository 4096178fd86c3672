/* SPDX-License-Identifier: MPL-2.0 */
/*
 * How the container begins and ends.
 *
 * Process 1 is init, and is part of the library OS: it never runs a program. It starts the first program as process 2, reaps orphans, and
 * ends the container with the status of process 2 when that ends. USR1 and USR2 (as busybox's halt and poweroff send them) and
 * TERM (reboot) to process 1 do what they ask for; all other signals leave it alone. So the first program is an
 * ordinary process, whose signals act as everywhere else, and `kill $$` in a script does what it does on Linux.
 *
 * Words of the command line: cmd=SCRIPT (percent-encoded) or cmdfile=PATH run `sh -c SCRIPT`, standard error going to the error port;
 * init=PATH runs PATH as process 1 in init's stead; otherwise a login shell runs on the console. term=NAME sets TERM.
 */
#include <los/terminal.h>
#include <confine.h>
#include <dispatch.h>
#include <patch.h>
#include <quick.h>
#include <start.h>
#include "exec/exec.h"

#define SHELL          "/bin/sh"
#define SCRIPT_ORDER   9 /* at most 2 MiB */
#define STATUS_NO_EXEC 127
#define EXECUTE        64 /* the signal that tells init that the supervisor wants a program to be run */
#define HANDLED        2  /* any handler: the signal is kept until init takes it */

/* --- the script of cmd and cmdfile ------------------------------------------------------------------------------------------ */
static int hex(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

static char *decoded(const char *word)
{
    char *script = los_alloc(strlen(word) + 1), *to = script;
    while (script != NULL && *word != 0) {
        if (word[0] == '%' && hex(word[1]) >= 0 && hex(word[2]) >= 0) {
            *to++ = (char)(hex(word[1]) << 4 | hex(word[2]));
            word += 3;
        } else {
            *to++ = *word++;
        }
    }
    if (script != NULL)
        *to = 0;
    return script;
}

/* The file's text; the file is removed, so that the script does not see itself. */
static char *read_script(const char *path)
{
    struct los_file *file;
    unsigned order = 0;
    if (los_open(NULL, path, LOS_OPEN_READ, 0, &file) != 0)
        return NULL;
    uint64_t bytes = file->inode->size;
    while ((LOS_PAGE << order) <= bytes && order < SCRIPT_ORDER)
        order++;
    los_pageno page = los_pages_alloc(order);
    char *script = page != LOS_NO_PAGE && bytes < LOS_PAGE << order ? los_page_address(page) : NULL;
    long n = script != NULL ? los_file_read_all(file, script, bytes, 0) : -LOS_E_NOMEM;
    los_file_unref(file);
    if (n < 0)
        return NULL;
    script[n] = 0;
    los_unlink(NULL, path, false);
    return script;
}

/* --- the first program's surroundings ------------------------------------------------------------------------------------------- */
static long open_as(int fd, const char *path, uint32_t flags)
{
    struct los_file *file;
    long error = los_open(NULL, path, flags | LOS_OPEN_NOTERMINAL, 0, &file);
    if (error != 0)
        return error;
    error = los_descriptor_set(fd, file, false);
    los_file_unref(file);
    return error < 0 ? error : 0;
}

static void open_descriptors(bool script)
{
    struct los_process *process = los_current()->process;
    const uint32_t both = LOS_OPEN_READ | LOS_OPEN_WRITE;
    if (process->descriptors == NULL)
        process->descriptors = los_descriptors_create();
    if (process->files == NULL)
        process->files = los_file_context_clone(NULL);
    if (process->descriptors == NULL || process->files == NULL)
        los_panic("no memory for the first program's descriptors");
    struct los_stat stat;
    if (los_stat(NULL, "/dev/console", 0, &stat) != 0) { /* a root file system without /dev */
        los_make_directory(NULL, "/dev", 0755);
        los_mount("devtmpfs", "/dev", "devtmpfs", 0, NULL);
    }
    if (script) {
        open_as(0, "/dev/null", LOS_OPEN_READ);
        open_as(1, "/dev/console", LOS_OPEN_WRITE);
        if (open_as(2, "/dev/ttyS1", LOS_OPEN_WRITE) != 0)
            open_as(2, "/dev/console", LOS_OPEN_WRITE);
        return;
    }
    for (int fd = 0; fd < 3; fd++)
        open_as(fd, "/dev/console", both);
}

static bool change_directory(const char *path)
{
    struct los_path at;
    if (los_walk(NULL, path, LOS_WALK_DIRECTORY, &at) != 0)
        return false;
    long error = los_change_directory(&at);
    los_path_unref(&at);
    return error == 0;
}

static void take_terminal(void)
{
    struct los_terminal *console = los_console();
    if (console == NULL)
        return;
    struct los_terminal_size size = *los_terminal_size(console);
    if (size.rows == 0 || size.columns == 0) {
        size.rows = 24;
        size.columns = 80;
        los_terminal_set_size(console, &size);
    }
    los_terminal_acquire(console, true);
}

/* --- running it --------------------------------------------------------------------------------------------------------------------- */
static void run(const char *path, const char *const arguments[], bool script, struct los_frame *frame)
{
    char term[64], columns[24], lines[24];
    const char *type = los_option("term");
    los_snprintf(term, sizeof(term), "TERM=%s", type != NULL && type[0] != 0 ? type : "linux");
    bool home = !script && change_directory("/root");
    const char *environment[16] = {
        "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "HOME=/root",
        "USER=root",
        "LOGNAME=root",
        "SHELL=" SHELL,
        term,
        home ? "PWD=/root" : "PWD=/",
    };
    if (!script && los_console() != NULL) {
        const struct los_terminal_size *size = los_terminal_size(los_console());
        los_snprintf(columns, sizeof(columns), "COLUMNS=%u", size->columns);
        los_snprintf(lines, sizeof(lines), "LINES=%u", size->rows);
        environment[7] = columns;
        environment[8] = lines;
    }
    struct lx_strings given = {.list = arguments}, surroundings = {.list = environment};
    long error = lx_exec(NULL, path, NULL, path, &given, &surroundings, frame);
    if (error != 0) {
        int number = (int)-lx_result(error);
        los_log("linux: cannot run %s: %s", path, lx_errno_text(number));
        los_container_exit(STATUS_NO_EXEC);
    }
    frame->number = UINT64_MAX;
    los_log("kxos: prompt after %lu ms", (los_now() + 999999) / 1000000);
}

/* Process 2 begins here, in its own context, with an empty space. */
static void first_program(struct los_frame *frame)
{
    if (lx_is_configured()) {
        struct los_config own = los_config_own();
        lx_run_configured(&own, 0, frame);
        return;
    }
    const char *word = los_option("cmd"), *path = los_option("cmdfile");
    bool wants_script = word != NULL || path != NULL;
    los_set_session();
    open_descriptors(wants_script);
    if (wants_script) {
        char *script = word != NULL ? decoded(word) : read_script(path);
        if (script == NULL) {
            los_log("linux: no commands at %s", path != NULL ? path : "cmd=");
            los_container_exit(STATUS_NO_EXEC);
        }
        const char *const arguments[] = {"sh", "-c", script, NULL};
        run(SHELL, arguments, true, frame);
        if (word != NULL)
            los_free(script);
        return;
    }
    take_terminal();
    const char *const arguments[] = {"-sh", NULL};
    run(SHELL, arguments, false, frame);
}

/* --- init ------------------------------------------------------------------------------------------------------------------------------ */
static void keep_signals(void)
{
    static const int kept[] = {LX_SIGUSR1, LX_SIGUSR2, LX_SIGTERM, EXECUTE};
    struct los_action action = {.handler = HANDLED};
    for (size_t i = 0; i < LOS_COUNT(kept); i++)
        los_set_action(kept[i], &action, NULL);
}

static void obey_signals(void)
{
    struct los_signal_info info;
    int number;
    while ((number = los_signal_take(~0ull, &info)) != 0) {
        if (number == LX_SIGUSR1 || number == LX_SIGUSR2)
            los_container_exit(0);
        if (number == LX_SIGTERM)
            los_container_reset();
    }
    if (los_current()->exiting)
        los_container_exit(128 + LX_SIGKILL);
}

/* --- programs that the supervisor wants to be run beside the first one -------------------------------------------------------------- */
struct running {
    struct running *next;
    int pid;
    struct los_execution *execution;
};
static struct running *running;

static void program_begins(struct los_frame *frame)
{
    for (struct running *r = running; r != NULL; r = r->next)
        if (r->pid == los_current()->process->pid)
            lx_run_configured(&r->execution->config, r->execution->console, frame);
}

static struct los_thread *clone_self(void (*begin)(struct los_frame *frame))
{
    struct los_clone how = {.flags = LOS_CLONE_CLEAR_ACTIONS, .exit_signal = LX_SIGCHLD};
    long pid = los_clone(&how);
    struct los_thread *thread = pid > 0 ? los_find_thread((int)pid) : NULL;
    if (thread != NULL)
        thread->begin = begin;
    return thread;
}

static void execute_all(void)
{
    struct los_execution *execution;
    while ((execution = los_execution_take()) != NULL) {
        struct running *r = los_alloc(sizeof(*r));
        struct los_thread *thread = r != NULL ? clone_self(program_begins) : NULL;
        if (thread == NULL) {
            los_console_ended(execution->console, 126);
            los_free(execution);
            los_free(r);
            continue;
        }
        *r = (struct running){running, thread->process->pid, execution};
        running = r;
    }
}

static void program_ended(int pid, int status)
{
    for (struct running **at = &running, *r; (r = *at) != NULL; at = &r->next) {
        if (r->pid != pid)
            continue;
        *at = r->next;
        los_console_ended(r->execution->console, status);
        los_free(r->execution);
        los_free(r);
        return;
    }
}

static int first_pid;

void lx_execute(void)
{
    los_signal_process(los_find_process(1),
                       &(struct los_signal_info){.number = EXECUTE, .cause = LOS_CAUSE_KERNEL});
}

int lx_signal_first(int number)
{
    struct los_process *process = los_find_process(first_pid);
    if (number < 1 || number > 64)
        return -LOS_E_INVAL;
    if (process == NULL)
        return -LOS_E_SRCH;
    los_signal_process(process, &(struct los_signal_info){.number = number, .cause = LOS_CAUSE_KERNEL});
    return 0;
}

_Noreturn static void be_init(int first)
{
    for (;;) {
        struct los_wait_result result;
        long found = los_wait_child(-1, LOS_WAIT_EXITED, &result);
        int status = result.how == LOS_CHILD_EXITED ? result.status : 128 + result.status;
        if (found == first)
            los_container_exit(status);
        if (found > 0)
            program_ended((int)found, status);
        if (found < 0)
            obey_signals();
        execute_all();
    }
}

void lx_start(struct los_frame *frame)
{
    const char *init = lx_is_configured() ? NULL : los_option("init");
    lx_trace_init();
    lx_patch_init();
    lx_quick_update();
    lx_proc_init();
    los_set_session();
    if (init != NULL && init[0] != 0) {
        const char *const arguments[] = {init, NULL};
        open_descriptors(false);
        take_terminal();
        run(init, arguments, false, frame);
        return;
    }
    keep_signals();
    if (lx_is_configured())
        lx_confine();
    struct los_thread *thread = clone_self(first_program);
    if (thread == NULL)
        los_panic("the first program's process cannot be made");
    first_pid = thread->process->pid;
    be_init(first_pid);
}
