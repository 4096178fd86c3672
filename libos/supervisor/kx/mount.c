/* SPDX-License-Identifier: MPL-2.0 */
/* Mounts as docker's -v, --mount and --tmpfs write them. */
#include <stdio.h>
#include <string.h>
#include "kx.h"

void kx_mount_check(const char *what, const struct kx_mount *mount)
{
    if (!mount->destination || mount->destination[0] != '/')
        kx_die("%s: the destination is to be an absolute path, not '%s'", what,
               mount->destination ? mount->destination : "");
    if (strchr(mount->destination, ':'))
        kx_die("%s: no colon may be in the destination '%s'", what, mount->destination);
    if (strspn(mount->destination, "/") == strlen(mount->destination))
        kx_die("%s: / is the root file system's", what);
    for (const char *at = mount->destination; (at = strstr(at, "..")); at += 2)
        if (at[-1] == '/' && (!at[2] || at[2] == '/'))
            kx_die("%s: no '..' may be in the destination '%s'", what, mount->destination);
    if (strchr(mount->options, ':'))
        kx_die("%s: no colon may be in the options '%s'", what, mount->options);
}

/* Words between commas; NULL after the last one. */
static const char *next_word(const char **text, char separator)
{
    if (!*text)
        return NULL;
    const char *start = *text, *end = strchr(start, separator);
    *text = end ? end + 1 : NULL;
    return kx_copy(start, end ? (size_t)(end - start) : strlen(start));
}

/* SRC:DST[:OPTIONS] */
struct kx_mount kx_mount_volume(const char *text)
{
    const char *left = text, *source = next_word(&left, ':'), *destination = next_word(&left, ':');
    const char *word, *options = left ? left : "";
    if (!destination || !*source)
        kx_die("-v: '%s' is not SRC:DST[:ro]", text);
    for (const char *rest = left; (word = next_word(&rest, ','));)
        if (strcmp(word, "ro") && strcmp(word, "rw"))
            kx_die("-v: '%s': the option '%s' is neither ro nor rw", text, word);
    struct kx_mount mount = {"bind", destination, options, source};
    kx_mount_check("-v", &mount);
    return mount;
}

struct kx_mount kx_mount_tmpfs(const char *text)
{
    const char *left = text, *destination = next_word(&left, ':');
    struct kx_mount mount = {"tmpfs", destination, left ? left : "", "tmpfs"};
    kx_mount_check("--tmpfs", &mount);
    return mount;
}

static const char *join(const char *options, const char *more)
{
    return *options ? kx_print("%s,%s", options, more) : more;
}

static bool is_one_of(const char *word, const char *a, const char *b, const char *c)
{
    return !strcmp(word, a) || !strcmp(word, b) || !strcmp(word, c);
}

/* KEY or KEY=VALUE of --mount. */
static void take_word(struct kx_mount *mount, const char *key, const char *value, const char *text)
{
    if (is_one_of(key, "readonly", "ro", "ro")) {
        if (value && strcmp(value, "true") && strcmp(value, "1"))
            kx_die("--mount: '%s': '%s' wants no value but true", text, key);
        mount->options = join(mount->options, "ro");
        return;
    }
    if (!value || !*value)
        kx_die("--mount: '%s': '%s' needs a value", text, key);
    if (!strcmp(key, "type"))
        mount->type = value;
    else if (is_one_of(key, "source", "src", "src"))
        mount->source = value;
    else if (is_one_of(key, "destination", "dst", "target"))
        mount->destination = value;
    else if (!strcmp(key, "tmpfs-size"))
        mount->options = join(mount->options, kx_print("size=%lu", kx_size("tmpfs-size", value)));
    else if (!strcmp(key, "tmpfs-mode"))
        mount->options = join(mount->options, kx_print("mode=%s", value));
    else
        kx_die("--mount: '%s': unknown key '%s'", text, key);
}

/* type=bind,src=DIR,dst=DIR[,readonly] or type=tmpfs,dst=DIR[,tmpfs-size=64m][,tmpfs-mode=1777] */
struct kx_mount kx_mount_long(const char *text)
{
    struct kx_mount mount = {.type = "bind", .options = ""};
    const char *word;
    for (const char *left = text; (word = next_word(&left, ','));) {
        const char *value = word, *key = next_word(&value, '=');
        take_word(&mount, key, value, text);
    }
    if (strcmp(mount.type, "bind") && strcmp(mount.type, "tmpfs"))
        kx_die("--mount: '%s': the type is bind or tmpfs, not '%s'", text, mount.type);
    bool bind = !strcmp(mount.type, "bind");
    if (bind && !mount.source)
        kx_die("--mount: '%s': a bind needs a source (src=)", text);
    if (!bind && mount.source)
        kx_die("--mount: '%s': a tmpfs has no source", text);
    if (bind && strstr(mount.options, "="))
        kx_die("--mount: '%s': size and mode are a tmpfs's", text);
    if (!bind)
        mount.source = "tmpfs";
    kx_mount_check("--mount", &mount);
    return mount;
}
