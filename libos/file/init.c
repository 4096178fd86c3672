/* SPDX-License-Identifier: MPL-2.0 */
/* The first file systems: a tmpfs as root, filled from the archive that the supervisor passed; /dev and /proc on it. */
#include "internal.h"

static struct los_filesystem *root_filesystem;

void los_file_systems_init(void)
{
    if (!los_entries_init())
        los_panic("files: no memory for the table of names");
    los_tmpfs_init();
    long error = los_tmpfs_create("mode=755", &root_filesystem);
    if (error)
        los_panic("files: no root file system: error %ld", error);
    los_tmpfs_set_limit(root_filesystem, UINT64_MAX); /* the archive must fit in memory, no more */
    los_inode_ref(root_filesystem->root);
    struct los_entry *root = los_entry_new(NULL, "/", 1, root_filesystem->root);
    if (!root || los_mount_add(NULL, root_filesystem, root, "tmpfs", 0))
        los_panic("files: no memory for the root");
    los_entry_unref(root);
    los_filesystem_unref(root_filesystem);
    los_devices_init();
}

/* Half of the memory, or what the archive brought and a quarter of the rest where it brought more. */
void los_files_limit(void)
{
    uint64_t half =
        (los_pages_total() / 2 + los_files_shared_pages()) * LOS_PAGE; /* what is shared costs nothing */
    uint64_t grown = los_tmpfs_used(root_filesystem) + los_pages_free_count() / 4 * LOS_PAGE;
    los_tmpfs_set_limit(root_filesystem, grown > half ? grown : half);
}

/* The directory may be missing, and a personality may register the type, and mount it, later. */
static void mount_if_there(const char *type, const char *target)
{
    long error = los_mount(type, target, type, 0, NULL);
    if (error && error != -LOS_E_NOENT && error != -LOS_E_NODEV)
        los_log("files: %s: error %ld", target, -error);
}

void los_files_init(void)
{
    uint64_t bytes;
    const void *archive = los_archive(0, &bytes);
    los_file_systems_init();
    if (archive)
        los_cpio_unpack(archive, bytes); /* says itself what is wrong */
    else
        los_log("files: no archive: the root file system is empty");
    los_files_limit();
    mount_if_there("devtmpfs", "/dev");
    mount_if_there("proc", "/proc");
}
