/* SPDX-License-Identifier: MPL-2.0 */
/*
 * kx: manifests, seccomp lists, -v, --mount, --tmpfs, sizes, CPUs and keys.
 * sources: libos/supervisor/kx/text.c libos/supervisor/kx/number.c libos/supervisor/kx/spec.c libos/supervisor/kx/config.c libos/supervisor/kx/mount.c libos/supervisor/kx/json.c libos/supervisor/kx/manifest.c libos/supervisor/kx/seccomp.c libos/supervisor/kx/terminal.c
 * flags: -Ilibos/supervisor/kx
 * libraries: -ljansson
 *
 * The first byte says which; the rest is the text. What is taken is in its range, and becomes a configuration of whole strings, whose mounts
 * have four parts and an absolute destination.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include "target.h"
#include "kx.h"

static jmp_buf refused;

/* In the place of main.c: what is wrong ends the input, after its message was made. */
void kx_die(const char *format, ...)
{
    char line[256];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line, sizeof(line), format, arguments);
    va_end(arguments);
    cr_assert_neq(line[0], 0);
    longjmp(refused, 1);
}
void kx_warn(const char *format, ...) { cr_assert_not_null(format); }
int64_t kx_must(const char *what, struct kx_request *request)
{
    (void)request;
    kx_die("%s", what);
}

static void check_mount(const char *mount)
{
    unsigned colons = 0;
    const char *destination = strchr(mount, ':');
    cr_assert(destination && destination[1] == '/');
    for (const char *at = mount; (at = strchr(at, ':')); at++)
        colons++;
    cr_assert(colons >= 3);
}

static void check_config(const struct kx_spec *spec)
{
    struct kx_strings binds = {0};
    kx_spec_check(spec);
    for (size_t i = 0; i < spec->mount_count; i++)
        if (!strcmp(spec->mounts[i].type, "bind"))
            kx_strings_add(&binds, "archive");
    struct kx_buffer config = kx_spec_config(spec, "root", &binds);
    cr_assert(config.bytes <= LOS_CONFIG_MOST && config.at[config.bytes - 1] == 0);
    for (const char *at = config.at; at < config.at + config.bytes; at += strlen(at) + 1)
        cr_assert(strchr(at, '=') > at);
    for (const char *value = NULL; (value = kx_config_next(&config, value, "mount"));)
        check_mount(value);
}

static void take(uint8_t kind, const char *text, size_t size)
{
    struct kx_spec spec = {.name = "t"};
    struct kx_mount mount;
    switch (kind % 8) {
    case 0: kx_manifest_parse(&spec, "manifest", text, size); break;
    case 1: kx_seccomp_parse(&spec, "seccomp", text, size); break;
    case 2:
        mount = kx_mount_volume(text);
        kx_spec_mount(&spec, &mount);
        break;
    case 3:
        mount = kx_mount_long(text);
        kx_spec_mount(&spec, &mount);
        break;
    case 4:
        mount = kx_mount_tmpfs(text);
        kx_spec_mount(&spec, &mount);
        break;
    case 5:
        spec.memory = kx_size("size", text);
        cr_assert(spec.memory >= 1 && spec.memory <= KX_MEMORY_MOST);
        break;
    case 6:
        spec.quota = kx_quota("cpus", text, KX_PERIOD);
        cr_assert(spec.quota >= 1000 && spec.quota <= 1025 * KX_PERIOD);
        break;
    case 7: cr_assert(kx_keys(text).count >= 1 && kx_keys(text).count <= 16); break;
    }
    check_config(&spec);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    void *mark = kx_mark();
    kx_json_ready();
    if (size > 0 && !setjmp(refused))
        take(data[0], kx_copy((const char *)data + 1, size - 1), size - 1);
    kx_release(mark);
    return 0;
}
