/* SPDX-License-Identifier: MPL-2.0 */
/* Path walk, names, links, rename, permissions, mounts, and that everything is given back. */
#include <string.h>
#include "file_fixture.h"

static void expect_path(const char *walk, const char *text)
{
    struct los_path path;
    char found[LOS_PATH_MAX];
    OK(los_walk(NULL, walk, 0, &path));
    cr_assert_eq(los_path_text(&path, &fixture_process->files->root, found, sizeof(found)), (long)strlen(text));
    cr_assert_str_eq(found, text);
    los_path_unref(&path);
}

static long walk(const char *text, uint32_t flags)
{
    struct los_path path;
    long error = los_walk(NULL, text, flags, &path);
    if (!error)
        los_path_unref(&path);
    return error;
}

FILE_TEST(file_walk, dots_and_slashes)
{
    OK(los_make_directory(NULL, "/a", 0777));
    OK(los_make_directory(NULL, "/a/b", 0777));
    OK(los_make_directory(NULL, "a//b/./c/", 0777));
    fixture_write_file("/a/f", "x");
    expect_path("/", "/");
    expect_path("//a/./b/../b/c/..", "/a/b");
    expect_path("/../../a", "/a");
    ERROR(NOENT, walk("", 0));
    ERROR(NOTDIR, walk("/a/f/", 0));
    ERROR(NOTDIR, walk("/a/f/..", 0));
    ERROR(NOTDIR, walk("/a/f/.", 0));
    ERROR(NOENT, walk("/a/none", 0));
    ERROR(EXIST, los_make_directory(NULL, "/a/b/", 0777));
    ERROR(EXIST, los_make_directory(NULL, "/", 0777));
    ERROR(EXIST, los_make_directory(NULL, "/a/.", 0777));
    ERROR(NOENT, los_make_node(NULL, "/a/new/", LOS_REGULAR, 0666, 0, 0));
    struct los_file *file;
    ERROR(ISDIR, los_open(NULL, "/a/new/", LOS_OPEN_CREATE | LOS_OPEN_WRITE, 0666, &file));
    ERROR(NOTDIR, los_open(NULL, "/a/f/", LOS_OPEN_READ, 0, &file));
    ERROR(ISDIR, los_open(NULL, "/a", LOS_OPEN_WRITE, 0, &file));
    ERROR(NOTDIR, los_open(NULL, "/a/f", LOS_OPEN_READ | LOS_OPEN_DIRECTORY, 0, &file));
    ERROR(EXIST, los_open(NULL, "/a/f", LOS_OPEN_WRITE | LOS_OPEN_CREATE | LOS_OPEN_EXCLUSIVE, 0666, &file));
    char name[300];
    memset(name, 'n', 299);
    name[299] = 0;
    ERROR(NAMETOOLONG, walk(name, 0));
    ERROR(NAMETOOLONG, los_make_directory(NULL, name, 0777));
    name[255] = 0;
    OK(los_make_directory(NULL, name, 0777));
    OK(los_unlink(NULL, name, true));
}

FILE_TEST(file_walk, working_directory)
{
    struct los_path path;
    OK(los_make_directory(NULL, "/a", 0777));
    OK(los_make_directory(NULL, "/a/b", 0777));
    OK(los_walk(NULL, "/a/b", 0, &path));
    OK(los_change_directory(&path));
    los_path_unref(&path);
    expect_path(".", "/a/b");
    OK(los_rename(NULL, "/a", NULL, "/z", 0));
    expect_path(".", "/z/b"); /* the directory moved, the process in it too */
    expect_path("..", "/z");
    OK(los_unlink(NULL, "/z/b", true));
    expect_path(".", "/z/b (deleted)");
    ERROR(NOENT, los_make_directory(NULL, "x", 0777));
    expect_path("..", "/z");
}

FILE_TEST(file_walk, symbolic_links)
{
    char text[64];
    OK(los_make_directory(NULL, "/d", 0777));
    fixture_write_file("/d/f", "hello");
    OK(los_make_symlink("d/f", NULL, "/l"));
    OK(los_make_symlink("/d", NULL, "/ld"));
    OK(los_make_symlink("ld//", NULL, "/lld"));
    OK(los_make_symlink("loop2", NULL, "/loop1"));
    OK(los_make_symlink("loop1", NULL, "/loop2"));
    OK(los_make_symlink("d/new", NULL, "/dangling"));
    fixture_expect_file("/l", "hello");
    fixture_expect_file("/lld/f", "hello");
    fixture_expect_file("/lld/../l", "hello");
    expect_path("/ld/f", "/d/f");
    ERROR(LOOP, walk("/loop1", 0));
    ERROR(LOOP, walk("/loop1/x", LOS_WALK_NOFOLLOW));
    OK(walk("/loop1", LOS_WALK_NOFOLLOW));
    ERROR(NOENT, walk("/dangling", 0));
    cr_assert_eq(fixture_stat("/l").type, LOS_SYMLINK);
    cr_assert_eq(fixture_stat("/ld/").type, LOS_DIRECTORY);
    cr_assert_eq(los_read_link(NULL, "/l", text, sizeof(text)), 3);
    cr_assert_eq(los_read_link(NULL, "/l", text, 2), 2);
    ERROR(INVAL, los_read_link(NULL, "/d", text, sizeof(text)));
    struct los_file *file;
    ERROR(LOOP, los_open(NULL, "/l", LOS_OPEN_READ | LOS_OPEN_NOFOLLOW, 0, &file));
    ERROR(EXIST,
          los_open(NULL, "/dangling", LOS_OPEN_WRITE | LOS_OPEN_CREATE | LOS_OPEN_EXCLUSIVE, 0666, &file));
    fixture_write_file("/dangling", "through the link");
    fixture_expect_file("/d/new", "through the link");
    ERROR(NOTDIR, los_unlink(NULL, "/ld/", true));
    ERROR(NOTDIR, los_unlink(NULL, "/l/", false));
    OK(los_unlink(NULL, "/l", false));
    fixture_expect_file("/d/f", "hello");
    /* A chain of 40 is fine, one more is not. */
    char from[16], to[16] = "/d/f";
    for (int i = 0; i < 41; i++) {
        los_snprintf(from, sizeof(from), "/c%d", i);
        OK(los_make_symlink(to, NULL, from));
        strcpy(to, from);
    }
    OK(walk("/c39", 0));
    ERROR(LOOP, walk("/c40", 0));
}

FILE_TEST(file_walk, hard_links_and_unlink)
{
    fixture_write_file("/f", "data");
    OK(los_link(NULL, "/f", NULL, "/g", 0));
    ERROR(EXIST, los_link(NULL, "/f", NULL, "/g", 0));
    cr_assert_eq(fixture_stat("/g").links, 2);
    cr_assert_eq(fixture_stat("/g").inode, fixture_stat("/f").inode);
    OK(los_make_directory(NULL, "/d", 0777));
    ERROR(PERM, los_link(NULL, "/d", NULL, "/dd", 0));
    ERROR(ISDIR, los_unlink(NULL, "/d", false));
    ERROR(NOTDIR, los_unlink(NULL, "/f", true));
    OK(los_link(NULL, "/f", NULL, "/d/h", 0));
    ERROR(NOTEMPTY, los_unlink(NULL, "/d", true));
    ERROR(INVAL, los_unlink(NULL, "/d/.", true));
    ERROR(NOTEMPTY, los_unlink(NULL, "/d/..", true));
    ERROR(BUSY, los_unlink(NULL, "/", true));
    struct los_file *file = fixture_open("/f", LOS_OPEN_READ | LOS_OPEN_WRITE);
    OK(los_unlink(NULL, "/f", false));
    OK(los_unlink(NULL, "/g", false));
    OK(los_unlink(NULL, "/d/h", false));
    OK(los_unlink(NULL, "/d", true));
    char text[8];
    cr_assert_eq(fixture_read(file, text, sizeof(text)), 4); /* open, without a name */
    cr_assert_eq(file->inode->links, 0);
    los_file_unref(file);
}

FILE_TEST(file_walk, rename)
{
    OK(los_make_directory(NULL, "/a", 0777));
    OK(los_make_directory(NULL, "/a/b", 0777));
    OK(los_make_directory(NULL, "/e", 0777));
    fixture_write_file("/f", "f");
    fixture_write_file("/g", "g");
    OK(los_rename(NULL, "/f", NULL, "/g", 0));
    fixture_expect_file("/g", "f");
    ERROR(NOENT, walk("/f", 0));
    ERROR(NOENT, los_rename(NULL, "/f", NULL, "/h", 0));
    ERROR(INVAL, los_rename(NULL, "/a", NULL, "/a/b/c", 0));
    ERROR(INVAL, los_rename(NULL, "/a", NULL, "/a/x", 0));
    ERROR(NOTEMPTY, los_rename(NULL, "/a/b", NULL, "/a", 0));
    ERROR(NOTEMPTY, los_rename(NULL, "/e", NULL, "/a", 0));
    ERROR(NOTDIR, los_rename(NULL, "/e", NULL, "/g", 0));
    ERROR(ISDIR, los_rename(NULL, "/g", NULL, "/e", 0));
    ERROR(NOTDIR, los_rename(NULL, "/g/", NULL, "/h", 0));
    ERROR(NOTDIR, los_rename(NULL, "/g", NULL, "/h/", 0));
    ERROR(BUSY, los_rename(NULL, "/a/.", NULL, "/h", 0));
    OK(los_rename(NULL, "/g", NULL, "/g", 0));
    OK(los_rename(NULL, "/e", NULL, "/a/b/", 0)); /* over an empty directory */
    cr_assert_eq(fixture_stat("/a").links, 3);
    cr_assert_eq(fixture_stat("/").links, 3);
    ERROR(EXIST, los_rename(NULL, "/g", NULL, "/a", LOS_RENAME_NOREPLACE));
    OK(los_rename(NULL, "/g", NULL, "/h", LOS_RENAME_NOREPLACE));
    OK(los_make_directory(NULL, "/a-long-name-that-does-not-fit-inside", 0777));
    OK(los_rename(NULL, "/a/b", NULL, "/h", LOS_RENAME_EXCHANGE));
    cr_assert_eq(fixture_stat("/h").type, LOS_DIRECTORY);
    fixture_expect_file("/a/b", "f");
    cr_assert_eq(fixture_stat("/a").links, 2);
    OK(los_rename(NULL, "/a-long-name-that-does-not-fit-inside", NULL, "/a/b", LOS_RENAME_EXCHANGE));
    fixture_expect_file("/a-long-name-that-does-not-fit-inside", "f");
    cr_assert_eq(fixture_stat("/a").links, 3);
    OK(los_link(NULL, "/a-long-name-that-does-not-fit-inside", NULL, "/same", 0));
    OK(los_rename(NULL, "/same", NULL, "/a-long-name-that-does-not-fit-inside",
                  0)); /* the same file: nothing happens */
    OK(walk("/same", 0));
}

FILE_TEST(file_walk, permissions)
{
    struct los_file *file;
    OK(los_make_directory(NULL, "/t", 0777 | 01000));
    struct los_path path;
    OK(los_walk(NULL, "/t", 0, &path));
    OK(los_change_mode(los_path_inode(&path), 01777));
    los_path_unref(&path);
    fixture_write_file("/t/root", "x");
    OK(los_make_directory(NULL, "/closed", 0700));
    fixture_write_file("/closed/f", "x");
    cr_assert_eq(fixture_stat("/t/root").permissions, 0644u);
    fixture_user(1000, 100);
    ERROR(ACCES, walk("/closed/f", 0));
    ERROR(ACCES, los_open(NULL, "/t/root", LOS_OPEN_WRITE, 0, &file));
    ERROR(ACCES, los_make_directory(NULL, "/mine", 0777));
    ERROR(PERM, los_unlink(NULL, "/t/root", false)); /* sticky */
    ERROR(PERM, los_rename(NULL, "/t/root", NULL, "/t/other", 0));
    fixture_write_file("/t/mine", "x");
    OK(los_walk(NULL, "/t/mine", 0, &path));
    OK(los_change_mode(los_path_inode(&path), 06755));
    ERROR(PERM, los_change_owner(los_path_inode(&path), 0, UINT32_MAX));
    ERROR(PERM, los_change_owner(los_path_inode(&path), UINT32_MAX, 5));
    cr_assert_eq(fixture_stat("/t/mine").permissions, 06755u);
    fixture_write_file("/t/mine", "written"); /* clears the set-user bits */
    cr_assert_eq(fixture_stat("/t/mine").permissions, 0755u);
    los_path_unref(&path);
    OK(los_access(NULL, "/t/mine", LOS_MAY_WRITE | LOS_MAY_EXECUTE, false, 0));
    fixture_user(1001, 100);
    ERROR(ACCES, los_access(NULL, "/t/mine", LOS_MAY_WRITE, false, 0));
    ERROR(PERM, los_unlink(NULL, "/t/mine", false));
    fixture_user(0, 0);
    fixture_process->credentials.user = 1001;
    ERROR(ACCES, los_access(NULL, "/t/mine", LOS_MAY_WRITE, true, 0));
    OK(los_access(NULL, "/t/mine", LOS_MAY_WRITE, false, 0));
    ERROR(ACCES, los_access(NULL, "/t/root", LOS_MAY_EXECUTE, false, 0)); /* nobody may: not even root */
    /* setgid directories hand their group on */
    OK(los_make_directory(NULL, "/sg", 0777));
    OK(los_walk(NULL, "/sg", 0, &path));
    OK(los_change_owner(los_path_inode(&path), 0, 77));
    OK(los_change_mode(los_path_inode(&path), 02777));
    los_path_unref(&path);
    OK(los_make_directory(NULL, "/sg/sub", 0777));
    fixture_write_file("/sg/f", "");
    cr_assert_eq(fixture_stat("/sg/sub").permissions, 02755u);
    cr_assert_eq(fixture_stat("/sg/sub").group, 77u);
    cr_assert_eq(fixture_stat("/sg/f").group, 77u);
}

FILE_TEST(file_walk, mounts)
{
    struct los_file *file;
    uint64_t before;
    OK(los_make_directory(NULL, "/m", 0777));
    OK(los_make_directory(NULL, "/b", 0777));
    fixture_write_file("/m/under", "under");
    before = fixture_free();
    OK(los_mount("none", "/m", "tmpfs", 0, "size=64k,mode=700"));
    cr_assert_eq(fixture_stat("/m").permissions, 0700u);
    ERROR(NOENT, walk("/m/under", 0));
    expect_path("/m/..", "/");
    fixture_write_file("/m/f", "in the mount");
    expect_path("/m/f", "/m/f");
    ERROR(XDEV, los_rename(NULL, "/m/f", NULL, "/f", 0));
    ERROR(XDEV, los_link(NULL, "/m/f", NULL, "/f", 0));
    ERROR(BUSY, los_unlink(NULL, "/m", true));
    ERROR(BUSY, los_rename(NULL, "/m", NULL, "/n", 0));
    file = fixture_open("/m/f", LOS_OPEN_WRITE);
    ERROR(BUSY, los_unmount("/m", 0));
    ERROR(BUSY, los_mount("none", "/m", NULL, LOS_MOUNT_REMOUNT | LOS_MOUNT_READONLY, NULL));
    static char big[65536];
    cr_assert_lt(fixture_write(file, big, sizeof(big)), 65536); /* 64 KiB, less what inodes take */
    ERROR(NOSPC, fixture_write(file, big, sizeof(big)));
    los_file_unref(file);
    OK(los_mount("none", "/m", NULL, LOS_MOUNT_REMOUNT | LOS_MOUNT_READONLY, NULL));
    ERROR(ROFS, los_open(NULL, "/m/f", LOS_OPEN_WRITE, 0, &file));
    ERROR(ROFS, los_make_directory(NULL, "/m/d", 0777));
    OK(los_mount("/m", "/b", NULL, LOS_MOUNT_BIND, NULL));
    expect_path("/b/f", "/b/f");
    OK(los_unmount("/m", 0));
    OK(walk("/b/f", 0));
    OK(los_unmount("/b", 0));
    ERROR(NOENT, walk("/b/f", 0));
    ERROR(INVAL, los_unmount("/b", 0));
    ERROR(NODEV, los_mount("none", "/m", "nosuch", 0, NULL));
    fixture_expect_file("/m/under", "under");
    cr_assert_eq(fixture_free(), before, "%lu, not %lu pages", fixture_free(), before);
}

FILE_TEST(file_walk, lazy_unmount_and_dev)
{
    OK(los_make_directory(NULL, "/dev", 0755));
    uint64_t before = fixture_free();
    OK(los_mount("dev", "/dev", "devtmpfs", 0, NULL));
    fixture_write_file("/dev/null", "gone");
    fixture_expect_file("/dev/null", "");
    struct los_file *file = fixture_open("/dev/full", LOS_OPEN_READ | LOS_OPEN_WRITE);
    ERROR(NOSPC, fixture_write(file, "x", 1));
    char bytes[64] = {1, 2, 3};
    cr_assert_eq(fixture_read(file, bytes, sizeof(bytes)), 64);
    cr_assert(bytes[0] == 0 && bytes[63] == 0);
    ERROR(BUSY, los_unmount("/dev", 0));
    OK(los_unmount("/dev", LOS_UNMOUNT_DETACH));
    ERROR(NOENT, walk("/dev/null", 0));
    los_file_unref(file);
    cr_assert_eq(fixture_free(), before);
    OK(los_mount("dev", "/dev", "devtmpfs", 0, NULL));
    file = fixture_open("/dev/urandom", LOS_OPEN_READ);
    char other[64];
    cr_assert_eq(fixture_read(file, bytes, sizeof(bytes)), 64);
    cr_assert_eq(fixture_read(file, other, sizeof(other)), 64);
    cr_assert(memcmp(bytes, other, sizeof(bytes)));
    los_file_unref(file);
    cr_assert_eq(fixture_stat("/dev/fd").type, LOS_SYMLINK);
}

static bool count_items(void *context, const struct los_directory_item *item, uint64_t next)
{
    (void)next;
    unsigned *counts = context;
    counts[0]++;
    counts[1] += item->name[0] == '.';
    return counts[0] % 100 || counts[0] == counts[2] ? true : (counts[2] = counts[0], counts[0]--, false);
}

FILE_TEST(file_walk, ten_thousand_names)
{
    char name[32];
    uint64_t before = fixture_free();
    OK(los_make_directory(NULL, "/many", 0777));
    for (int i = 0; i < 10000; i++) {
        los_snprintf(name, sizeof(name), "/many/file%d", i);
        OK(los_make_node(NULL, name, LOS_REGULAR, 0666, 0, 0));
    }
    unsigned counts[3] = {0};
    struct los_file *dir = fixture_open("/many", LOS_OPEN_READ | LOS_OPEN_DIRECTORY);
    for (unsigned last = 1; last != counts[0];) {
        last = counts[0];
        OK(los_file_list(dir, count_items, counts));
    }
    los_file_unref(dir);
    cr_assert_eq(counts[0], 10002u);
    cr_assert_eq(counts[1], 2u);
    for (int i = 0; i < 10000; i++) {
        los_snprintf(name, sizeof(name), "/many/file%d", i);
        OK(los_unlink(NULL, name, false));
    }
    OK(los_unlink(NULL, "/many", true));
    cr_assert_eq(fixture_free(), before);
}
