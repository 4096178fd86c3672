/* SPDX-License-Identifier: MPL-2.0 */
/* Options in docker's way: -d, -it, -m 64m, -m64m, --name N, --name=N, --rm, --rm=false; `--` ends them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "kx.h"

static void help(const struct kx_command *command, const struct kx_option *options)
{
    printf("usage: kx %s\n\n%s\n", command->usage, command->summary);
    if (options->name)
        printf("\nOptions:\n");
    for (const struct kx_option *o = options; o->name; o++) {
        char letter[8] = "    ";
        if (o->letter)
            snprintf(letter, sizeof(letter), "-%c, ", o->letter);
        const char *left =
            kx_print("  %s--%s%s%s", letter, o->name, o->value ? " " : "", o->value ? o->value : "");
        printf("%-32s %s\n", left, o->help);
    }
    if (command->more)
        printf("\n%s\n", command->more);
    exit(0);
}

static _Noreturn void refuse(const struct kx_command *command, const char *what)
{
    kx_die("%s: %s (see kx %s --help)", command->name, what, command->name);
}

static bool truth(const struct kx_command *command, const char *option, const char *text)
{
    if (!strcmp(text, "true") || !strcmp(text, "1"))
        return true;
    if (strcmp(text, "false") && strcmp(text, "0"))
        refuse(command, kx_print("--%s wants true or false, not '%s'", option, text));
    return false;
}

static void set(const struct kx_option *option, const char *value, bool on)
{
    switch (option->kind) {
    case KX_FLAG: *(bool *)option->to = on; break;
    case KX_OFF: *(bool *)option->to = !on; break;
    case KX_TEXT: *(const char **)option->to = value; break;
    case KX_LIST: kx_strings_add(option->to, value); break;
    }
}

/* --name, --name=value, --name value. Returns how many arguments were used. */
static int take_long(const struct kx_command *command, const struct kx_option *options, int left, char **argv)
{
    const char *name = argv[0] + 2, *equals = strchr(name, '=');
    size_t length = equals ? (size_t)(equals - name) : strlen(name);
    const struct kx_option *o = options;
    while (o->name && (strlen(o->name) != length || memcmp(o->name, name, length)))
        o++;
    if (!o->name && length == 4 && !memcmp(name, "help", 4))
        help(command, options);
    if (!o->name)
        refuse(command, kx_print("unknown option '--%.*s'", (int)length, name));
    if (!o->value) {
        set(o, NULL, equals ? truth(command, o->name, equals + 1) : true);
        return 1;
    }
    if (!equals && left < 2)
        refuse(command, kx_print("option '--%s' needs a value", o->name));
    set(o, equals ? equals + 1 : argv[1], true);
    return equals ? 1 : 2;
}

/* -a, -ab, -aVALUE, -a VALUE. */
static int take_letters(const struct kx_command *command, const struct kx_option *options, int left,
                        char **argv)
{
    for (const char *at = argv[0] + 1; *at; at++) {
        const struct kx_option *o = options;
        while (o->name && o->letter != *at)
            o++;
        if (!o->name)
            refuse(command, kx_print("unknown option '-%c'", *at));
        if (!o->value) {
            set(o, NULL, true);
            continue;
        }
        if (!at[1] && left < 2)
            refuse(command, kx_print("option '-%c' needs a value", *at));
        set(o, at[1] ? at + 1 + (at[1] == '=') : argv[1], true);
        return at[1] ? 1 : 2;
    }
    return 1;
}

struct kx_strings kx_options(const struct kx_command *command, const struct kx_option *options, int argc,
                             char **argv, enum kx_operands where, size_t least, size_t most)
{
    struct kx_strings operands = {0};
    bool only_operands = false;
    for (int i = 1; i < argc;) {
        if (only_operands || argv[i][0] != '-' || !argv[i][1]) {
            kx_strings_add(&operands, argv[i++]);
            only_operands |= where == KX_AFTER_OPTIONS;
        } else if (!strcmp(argv[i], "--")) {
            only_operands = true;
            i++;
        } else if (argv[i][1] == '-') {
            i += take_long(command, options, argc - i, argv + i);
        } else {
            i += take_letters(command, options, argc - i, argv + i);
        }
    }
    if (operands.count < least)
        refuse(command, kx_print("%s is missing", least > 1 && operands.count ? "an operand" : "a name"));
    if (operands.count > most)
        refuse(command, kx_print("'%s' is one operand too many", operands.at[most]));
    return operands;
}
