/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The supervisor: the first domain. It owns what the boot left over, by ordinary tokens, makes one container from the
 * modules, and waits for its end. It is small enough to be read in one go:
 */
#include "supervisor.h"

/* The value of word `name=` on the command line in `to` (size 48), or the default. */
static void option(const char *line, const char *name, const char *otherwise, char to[48])
{
    size_t length = 0, i = 0;
    while (name[length])
        length++;
    for (const char *at = line; *at;) {
        size_t same = 0;
        while (same < length && at[same] == name[same])
            same++;
        if (same == length) {
            otherwise = at + length;
            break;
        }
        while (*at && *at != ' ')
            at++;
        while (*at == ' ')
            at++;
    }
    for (; i < 47 && otherwise[i] && otherwise[i] != ' '; i++)
        to[i] = otherwise[i];
    to[i] = 0;
}

/* A module is known by the first word of its command line, without directories. */
static bool is_module(const char *line, const char *name)
{
    const char *start = line;
    for (const char *c = line; *c && *c != ' '; c++)
        if (*c == '/')
            start = c + 1;
    while (*name && *start == *name)
        start++, name++;
    return !*name && (!*start || *start == ' ' || *start == '.');
}

static uint32_t find_module(const struct exo_boot_info *boot, const char *name)
{
    for (uint32_t i = 0; i < boot->modules; i++)
        if (is_module(boot->module[i].name, name))
            return i;
    return UINT32_MAX;
}

void supervisor_main(const struct exo_boot_info *boot);
void supervisor_main(const struct exo_boot_info *boot)
{
    static struct container container;
    char name[48];

    log_start(boot_machine(boot));
    if (boot->abi_version != EXO_ABI_VERSION)
        fail("the exokernel speaks another version of the ABI", 0);
    option(boot->command_line, "libos=", "linux", name);
    uint32_t image = find_module(boot, name), rootfs = find_module(boot, "rootfs");
    if (image == UINT32_MAX)
        fail("no module holds the library OS image that libos= names", 0);
    if (rootfs == UINT32_MAX)
        fail("no root file system: the boot loader passed no module named rootfs", 0);

    container_memory(&container, boot);         /* a domain, its pool, its frames, its space */
    image_load(&container, boot, image);        /* the library OS */
    container_module(&container, boot, rootfs); /* the root file system archive */
    container_devices(&container, boot);        /* console, log */
    container_vcpus(&container, boot);          /* one on each CPU, with its slice */
    container_run(&container, boot);            /* to its end, and counts what came back */
    power_off();
}
