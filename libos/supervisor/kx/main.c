/* SPDX-License-Identifier: MPL-2.0 */
/* kx: the table of its commands. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "kx.h"

#define VERSION "0.1"

static int help(const struct kx_command *command, int argc, char **argv);
static int version(const struct kx_command *command, int argc, char **argv);

static const struct kx_command commands[] = {
    {"run", "run [OPTION]... IMAGE [COMMAND [ARG]...]", "Makes a container and runs a command in it.", kx_run,
     NULL},
    {"exec", "exec [OPTION]... NAME COMMAND [ARG]...", "Runs a further command in a container that runs.",
     kx_exec, NULL},
    {"ps", "ps [OPTION]...", "Lists containers.", kx_ps, NULL},
    {"stats", "stats [OPTION]... [NAME]...", "Shows what containers use, anew each second.", kx_stats,
     "MEM USAGE is what a container owns without what its library OS calls free."},
    {"logs", "logs [OPTION]... NAME", "Shows what a container wrote, as far as it is kept.", kx_log, NULL},
    {"attach", "attach [OPTION]... NAME", "Makes a container's console this one.", kx_attach_command,
     "What is kept of its output comes first. ctrl-p ctrl-q detaches from a terminal."},
    {"pause", "pause NAME...", "Stops containers where they are.", kx_pause, NULL},
    {"unpause", "unpause NAME...", "Lets paused containers go on.", kx_unpause, NULL},
    {"resume", "resume NAME...", "Lets paused containers go on, as runc calls it.", kx_unpause, NULL},
    {"update", "update OPTION... NAME...", "Changes the limits of containers.", kx_update, NULL},
    {"kill", "kill [OPTION]... NAME...", "Sends a signal to containers.", kx_kill,
     "KILL ends a container whatever it does."},
    {"stop", "stop [OPTION]... NAME...", "Asks containers to end, and ends them if they do not.", kx_stop,
     NULL},
    {"wait", "wait NAME...", "Waits for the end of containers, and prints their exit statuses.",
     kx_wait_command, "The last one is kx's own."},
    {"rm", "rm [OPTION]... NAME...", "Removes containers that have ended.", kx_rm, NULL},
    {"inspect", "inspect [OPTION]... NAME...", "Shows configuration and state as JSON.", kx_inspect, NULL},
    {"images", "images [OPTION]...", "Lists archives and library OS images.", kx_images, NULL},
    {"image", "image load|rm|ls ...", "Sends archives to the supervisor, and removes them.", kx_image_command,
     NULL},
    {"pack", "pack [OPTION]... DIR",
     "Writes a directory as an archive for containers (newc, contents aligned to pages).", kx_pack, NULL},
    {"spec", "spec [OPTION]...", "Prints a config.json to start from.", kx_spec_command, NULL},
    {"info", "info", "Shows the machine.", kx_info, NULL},
    {"version", "version", "Shows kx's version.", version, NULL},
    {"help", "help [COMMAND]", "Shows this text, or that of a command.", help, NULL},
    {0}};

static const struct kx_command image_commands[] = {
    {"load", "image load FILE|DIR [NAME]", "Sends an archive, or a directory as one, to the supervisor.",
     kx_image_load, NULL},
    {"rm", "image rm NAME...", "Removes archives that no container uses.", kx_image_rm, NULL},
    {"ls", "image ls [OPTION]...", "Lists archives and library OS images.", kx_images, NULL},
    {0}};

/* A line of its own on standard error, whatever is in the names that it holds. */
static void say(const char *format, va_list arguments)
{
    char line[1024];
    int length = vsnprintf(line, sizeof(line), format, arguments);
    if (length >= (int)sizeof(line))
        memcpy(line + sizeof(line) - 4, "...", 4);
    for (char *c = line; *c; c++)
        if ((unsigned char)*c < ' ' || *c == 127)
            *c = '?';
    fflush(stdout);
    fprintf(stderr, "kx: %s\n", line);
}

void kx_warn(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    say(format, arguments);
    va_end(arguments);
}

void kx_die(const char *format, ...)
{
    va_list arguments;
    kx_terminal_restore();
    va_start(arguments, format);
    say(format, arguments);
    va_end(arguments);
    exit(KX_FAILED);
}

static const struct kx_command *find(const struct kx_command *table, const char *name)
{
    while (table->name && strcmp(table->name, name))
        table++;
    return table->name ? table : NULL;
}

static void list(const struct kx_command *table)
{
    for (; table->name; table++)
        printf("  %-10s %s\n", table->name, table->summary);
}

static int help(const struct kx_command *command, int argc, char **argv)
{
    char *of_command[] = {argv[0], "--help", NULL};
    (void)command;
    const struct kx_command *named = argc > 1 ? find(commands, argv[1]) : NULL;
    if (argc > 1 && !named)
        kx_die("there is no command '%s' (kx help lists them)", argv[1]);
    if (named && named->run != help)
        return named->run(named, 2, of_command);
    printf("usage: kx COMMAND [OPTION]... [ARG]...\n\nContainers on KxOS.\n\nCommands:\n");
    list(commands);
    printf("\nkx COMMAND --help tells more. Containers are named by their names or numbers.\n");
    return 0;
}

static int version(const struct kx_command *command, int argc, char **argv)
{
    static const struct kx_option none[] = {{0}};
    kx_options(command, none, argc, argv, KX_ANYWHERE, 0, 0);
    printf("kx version " VERSION "\nspec: 1.0.2\n");
    return 0;
}

int kx_image_command(const struct kx_command *command, int argc, char **argv)
{
    const struct kx_command *named = argc > 1 ? find(image_commands, argv[1]) : NULL;
    if (named)
        return named->run(named, argc - 1, argv + 1);
    if (argc > 1 && strcmp(argv[1], "--help"))
        kx_die("image: load, rm or ls, not '%s' (see kx image --help)", argv[1]);
    printf("usage: kx %s\n\n%s\n\nCommands:\n", command->usage, command->summary);
    list(image_commands);
    return argc > 1 ? 0 : KX_FAILED;
}

int main(int argc, char **argv)
{
    kx_json_ready();
    if (argc < 2) {
        help(NULL, 1, argv);
        return KX_FAILED;
    }
    if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))
        return help(NULL, 1, argv);
    if (!strcmp(argv[1], "--version") || !strcmp(argv[1], "-v"))
        return version(find(commands, "version"), 1, argv);
    const struct kx_command *command = find(commands, argv[1]);
    if (!command)
        kx_die("there is no command '%s' (kx help lists them)", argv[1]);
    int status = command->run(command, argc - 1, argv + 1);
    if (fflush(stdout))
        kx_die("standard output: %s", strerror(errno));
    return status;
}
