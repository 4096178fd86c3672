/* SPDX-License-Identifier: MPL-2.0 */
/* Character devices: the registry by number, the dev file system that shows them, and the small ones that need no hardware. */
#include "internal.h"

struct device {
    struct los_link link;
    uint32_t major, minor;
    const struct los_file_ops *ops;
    void *private;
    char name[32];
};
static struct los_link devices = {&devices, &devices};
static struct los_filesystem *devfs;

const struct los_file_ops *los_device_find(uint32_t major, uint32_t minor, void **private)
{
    struct device *device;
    LOS_LIST_FOR(device, &devices, link)
    if (device->major == major && device->minor == minor) {
        *private = device->private;
        return device->ops;
    }
    return NULL;
}

/* --- the dev file system ------------------------------------------------------------------------------------------- */

/* A name below the root of devfs; "pts/0" makes the directory too. Existing names are left alone. */
static void show(const char *path, enum los_file_type type, uint32_t permissions, uint32_t major,
                 uint32_t minor, const char *target)
{
    struct los_mount place = {.filesystem = devfs, .root = devfs->root->entry, .refs = 2};
    struct los_path dir = {&place, devfs->root->entry};
    struct los_entry *entry, *held = devfs->root->entry;
    const char *slash;
    uint32_t mask = los_file_context()->mask;
    los_entry_ref(held);
    los_file_context()->mask = 0;
    while ((slash = strchr(path, '/'))) {
        if (los_entry_child(dir.entry, path, (size_t)(slash - path), &entry) &&
            los_create(&dir, path, (size_t)(slash - path), LOS_DIRECTORY, 0755, 0, 0, NULL, &entry))
            break;
        los_entry_unref(held);
        held = dir.entry = entry;
        path = slash + 1;
    }
    if (!slash) {
        if (!los_entry_child(dir.entry, path, strlen(path), &entry) ||
            !los_create(&dir, path, strlen(path), type, permissions, major, minor, target, &entry))
            los_entry_unref(entry);
    }
    los_entry_unref(held);
    los_file_context()->mask = mask;
}

static uint32_t default_permissions(uint32_t major)
{
    return major == 1 || major == 5
               ? 0666
               : 0600; /* memory devices and /dev/tty are everyone's; consoles their owner's */
}

void los_device_register(uint32_t major, uint32_t minor, const char *name, const struct los_file_ops *ops,
                         void *private)
{
    struct device *device = los_alloc_zeroed(sizeof(*device));
    if (!device) {
        los_log("device %s: out of memory", name);
        return;
    }
    device->major = major;
    device->minor = minor;
    device->ops = ops;
    device->private = private;
    los_strlcpy(device->name, name, sizeof(device->name));
    los_list_add_last(&devices, &device->link);
    if (devfs)
        show(name, LOS_CHARACTER, default_permissions(major), major, minor, NULL);
}

static long devfs_mount(const char *data, struct los_filesystem **out)
{
    (void)data;
    los_filesystem_ref(devfs);
    *out = devfs;
    return 0;
}

/* --- null, zero, full, random, kmsg ----------------------------------------------------------------------------------- */

static long null_read(struct los_file *file, struct los_transfer *to, uint64_t *offset)
{
    (void)file, (void)to, (void)offset;
    return 0;
}

static long null_write(struct los_file *file, struct los_transfer *from, uint64_t *offset)
{
    (void)file, (void)offset;
    long taken = (long)from->left;
    from->at += from->left;
    from->left = 0;
    return taken;
}

static long full_write(struct los_file *file, struct los_transfer *from, uint64_t *offset)
{
    (void)file, (void)from, (void)offset;
    return -LOS_E_NOSPC;
}

static long random_read(struct los_file *file, struct los_transfer *to, uint64_t *offset)
{
    uint8_t buffer[512];
    long total = 0;
    (void)file, (void)offset;
    while (to->left) {
        size_t n = to->left < sizeof(buffer) ? to->left : sizeof(buffer);
        los_random_bytes(buffer, n);
        long moved = los_transfer_out(to, buffer, n);
        if (moved < 0)
            return total ? total : moved;
        total += moved;
        if ((size_t)moved < n)
            break;
    }
    return total;
}

static long zero_read(struct los_file *file, struct los_transfer *to, uint64_t *offset)
{
    (void)file, (void)offset;
    return los_transfer_zero(to);
}

static long random_write(struct los_file *file, struct los_transfer *from, uint64_t *offset)
{
    uint8_t bytes[512];
    long total = 0;
    (void)file, (void)offset;
    while (from->left) {
        long moved = los_transfer_in(from, bytes, from->left < sizeof(bytes) ? from->left : sizeof(bytes));
        if (moved <= 0)
            return total ? total : moved;
        los_random_mix(bytes, (size_t)moved);
        total += moved;
    }
    return total;
}

/* One write is one line of the boot log; a level such as "<6>" in front is taken off. */
static long log_write(struct los_file *file, struct los_transfer *from, uint64_t *offset)
{
    char line[512];
    size_t whole = from->left;
    (void)file, (void)offset;
    long moved = los_transfer_in(from, line, whole < sizeof(line) - 1 ? whole : sizeof(line) - 1);
    if (moved < 0)
        return moved;
    line[moved] = 0;
    char *text = line, *level = line[0] == '<' ? strchr(line, '>') : NULL;
    if (level)
        text = level + 1;
    size_t length = strlen(text);
    while (length && text[length - 1] == '\n')
        text[--length] = 0;
    los_log("%s", text);
    return (long)whole;
}

static long any_seek(struct los_file *file, int64_t offset, int whence)
{
    (void)offset, (void)whence;
    file->offset = 0;
    return 0;
}

static const struct los_file_ops
    null_ops = {.immediate = true, .read = null_read, .write = null_write, .seek = any_seek},
    zero_ops = {.immediate = true, .read = zero_read, .write = null_write, .seek = any_seek},
    full_ops = {.immediate = true, .read = zero_read, .write = full_write, .seek = any_seek},
    random_ops = {.read = random_read, .write = random_write, .seek = any_seek},
    log_ops = {.read = null_read, .write = log_write, .seek = any_seek};

void los_devices_init(void)
{
    static struct los_filesystem_type type = {.name = "devtmpfs", .nodev = true, .mount = devfs_mount};
    struct device *device;
    long error = los_tmpfs_create("mode=755", &devfs);
    if (error)
        los_panic("dev file system: error %ld", error);
    devfs->name = "devtmpfs";
    devfs->kind = LOS_DEVFS;
    devfs->permanent = true;
    los_inode_ref(devfs->root);
    if (!los_entry_new(NULL, "/", 1, devfs->root)) /* its reference stays with devfs */
        los_panic("dev file system: out of memory");
    LOS_LIST_FOR(device, &devices, link) /* those that came before */
    show(device->name, LOS_CHARACTER, default_permissions(device->major), device->major, device->minor, NULL);
    los_device_register(1, 3, "null", &null_ops, NULL);
    los_device_register(1, 5, "zero", &zero_ops, NULL);
    los_device_register(1, 7, "full", &full_ops, NULL);
    los_device_register(1, 8, "random", &random_ops, NULL);
    los_device_register(1, 9, "urandom", &random_ops, NULL);
    los_device_register(1, 11, "kmsg", &log_ops, NULL);
    show("fd", LOS_SYMLINK, 0777, 0, 0, "/proc/self/fd");
    show("stdin", LOS_SYMLINK, 0777, 0, 0, "/proc/self/fd/0");
    show("stdout", LOS_SYMLINK, 0777, 0, 0, "/proc/self/fd/1");
    show("stderr", LOS_SYMLINK, 0777, 0, 0, "/proc/self/fd/2");
    show("shm", LOS_DIRECTORY, 0777 | MODE_STICKY, 0, 0, NULL);
    show("pts", LOS_DIRECTORY, 0755, 0, 0, NULL);
    los_filesystem_register(&type);
}
