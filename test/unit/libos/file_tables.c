/* SPDX-License-Identifier: MPL-2.0 */
/* Descriptor tables, locks, generated files. */
#include <string.h>
#include <los/pseudo.h>
#include "file_fixture.h"
#include "process_support.h"

FILE_TEST(file_tables, lowest_number_first)
{
    uint64_t before = fixture_free();
    struct los_file *file = fixture_open("/", LOS_OPEN_READ);
    for (int i = 0; i < 1024; i++) {
        los_file_ref(file);
        cr_assert_eq(los_descriptor_add(file, 0, i % 2), i);
    }
    ERROR(MFILE, los_descriptor_add(file, 0, false));
    ERROR(MFILE, los_descriptor_add(file, 1000, false));
    ERROR(INVAL, los_descriptor_add(file, 1024, false));
    ERROR(INVAL, los_descriptor_add(file, -1, false));
    ERROR(BADF, los_descriptor_set(1024, file, false));
    ERROR(BADF, los_descriptor_set(-1, file, false));
    ERROR(BADF, los_descriptor_close(1024));
    OK(los_descriptor_close(700));
    OK(los_descriptor_close(5));
    ERROR(BADF, los_descriptor_close(5));
    cr_assert_null(los_descriptor(5));
    los_file_ref(file);
    cr_assert_eq(los_descriptor_add(file, 6, false), 700);
    cr_assert_eq(los_descriptor_set(5, file, true), 5);
    cr_assert_eq(los_descriptor_flags(5, -1), 1);
    cr_assert_eq(los_descriptor_flags(5, 0), 0);
    cr_assert_eq(file->refs, 1025u);
    struct los_descriptors *copy = los_descriptors_clone(fixture_process->descriptors);
    cr_assert_eq(file->refs, 2049u);
    los_descriptors_close_on_exec(copy);
    los_descriptors_unref(copy);
    cr_assert_eq(file->refs, 1025u);
    los_descriptors_close_on_exec(fixture_process->descriptors);
    cr_assert_eq(los_descriptor_next(fixture_process, 0), 0);
    cr_assert_eq(los_descriptor_next(fixture_process, 1), 2);
    cr_assert_eq(los_descriptor_next(fixture_process, 1023), -1);
    los_file_ref(file);
    cr_assert_eq(los_descriptor_add(file, 0, false), 1);
    for (int fd = 0; (fd = los_descriptor_next(fixture_process, fd)) >= 0;)
        OK(los_descriptor_close(fd));
    cr_assert_eq(file->refs, 1u);
    los_file_unref(file);
    cr_assert_leq(before - fixture_free(), 3u); /* the table itself */
}

static long lock(struct los_file *file, bool exclusive, uint64_t start, uint64_t end)
{
    struct los_lock_range range = {.exclusive = exclusive, .start = start, .end = end, .pid = 1};
    return los_file_lock(file, false, &range, false);
}
static long unlock(struct los_file *file, uint64_t start, uint64_t end)
{
    struct los_lock_range range = {.unlock = true, .start = start, .end = end};
    return los_file_lock(file, false, &range, false);
}

static struct los_file *locked;
static void expect_lock(uint64_t start, uint64_t end, bool exclusive, uint64_t found_start, uint64_t found_end)
{
    struct los_lock_range range = {.exclusive = true, .start = start, .end = end};
    OK(los_file_test_lock(locked, &range));
    cr_assert(!range.unlock && range.start == found_start && range.end == found_end &&
                  range.exclusive == exclusive,
              "%lu to %lu", range.start, range.end);
}
static void other_process(struct los_frame *frame)
{
    (void)frame;
    expect_lock(0, 5, true, 0, 10);
    expect_lock(15, 16, false, 10, 20);
    expect_lock(20, UINT64_MAX, true, 30, UINT64_MAX);
    ERROR(AGAIN, lock(locked, false, 9, 11));
    OK(lock(locked, false, 10, 12));
    OK(lock(locked, true, 20, 30));
    struct los_lock_range range = {.exclusive = true, .start = 0, .end = 10};
    OK(los_file_lock(locked, false, &range, true)); /* waits until the first process lets go */
}

FILE_TEST(file_tables, range_locks)
{
    fixture_write_file("/f", "x");
    locked = fixture_open("/f", LOS_OPEN_READ | LOS_OPEN_WRITE);
    OK(lock(locked, true, 0, 20));
    OK(lock(locked, true, 20, UINT64_MAX)); /* joined: one lock */
    OK(lock(locked, false, 10, 20));        /* split in three */
    OK(unlock(locked, 20, 30));
    los_file_ref(locked);
    cr_assert_eq(los_descriptor_add(locked, 0, false), 0);
    cr_assert_gt(test_clone(0, other_process), 0);
    los_yield();
    ERROR(AGAIN, lock(locked, true, 10, 11));
    struct los_lock_range range = {.exclusive = true, .start = 20, .end = 30};
    ERROR(DEADLK, los_file_lock(locked, false, &range, true)); /* the other one waits for us */
    OK(unlock(locked, 0, 5));
    los_yield();
    OK(los_descriptor_close(0)); /* drops all ranges of the process */
    struct los_wait_result result;
    cr_assert_gt(los_wait_child(-1, LOS_WAIT_EXITED, &result), 0);
    OK(lock(locked, true, 0, UINT64_MAX)); /* and those of the other are gone with it */
    OK(unlock(locked, 0, UINT64_MAX));
    cr_assert_null(locked->inode->locks);
    los_file_unref(locked);
}

FILE_TEST(file_tables, whole_file_locks)
{
    fixture_write_file("/f", "x");
    struct los_file *a = fixture_open("/f", LOS_OPEN_READ), *b = fixture_open("/f", LOS_OPEN_READ);
    struct los_lock_range shared = {0}, exclusive = {.exclusive = true}, none = {.unlock = true};
    OK(los_file_lock(a, true, &shared, false));
    OK(los_file_lock(b, true, &shared, false));
    ERROR(AGAIN, los_file_lock(a, true, &exclusive, false));
    OK(los_file_lock(b, true, &none, false));
    OK(los_file_lock(a, true, &exclusive, false));
    ERROR(AGAIN, los_file_lock(b, true, &shared, false));
    los_file_unref(a);
    OK(los_file_lock(b, true, &exclusive, true));
    los_file_unref(b);
}

/* --- generated files -------------------------------------------------------------------------------------------------------- */

static unsigned made;
static char written[32];
static long make_text(struct los_text *text, const struct los_pseudo_node *node)
{
    los_text_add(text, "%s %u %lu\n", "text", ++made, node->value[0]);
    for (int i = 0; node->value[0] == 3 && i < 1000; i++)
        los_text_add(text, "line %d of many\n", i);
    return 0;
}
static long take_text(const struct los_pseudo_node *node, const char *bytes, size_t n)
{
    (void)node;
    los_strlcpy(written, bytes, sizeof(written));
    return (long)n;
}
static long link_text(const struct los_pseudo_node *node, char *to, size_t size)
{
    return los_snprintf(to, size, "%lu/text", node->value[0]);
}
static const struct los_pseudo text_kind = {.type = LOS_REGULAR, .permissions = 0444, .make = make_text},
                               both_kind = {.type = LOS_REGULAR,
                                            .permissions = 0644,
                                            .make = make_text,
                                            .write = take_text},
                               link_kind = {.type = LOS_SYMLINK, .permissions = 0777, .read_link = link_text};
static const struct los_pseudo_item numbered_items[] = {{"text", &text_kind}, {NULL, NULL}};
static const struct los_pseudo numbered_kind = {
    .type = LOS_DIRECTORY, .permissions = 0555, .items = numbered_items};
static long look_up(const struct los_pseudo_node *dir, const char *name, size_t length,
                    struct los_pseudo_node *out)
{
    (void)dir;
    if (length != 1 || name[0] < '1' || name[0] > '9')
        return -LOS_E_NOENT;
    out->kind = &numbered_kind;
    out->value[0] = (uint64_t)(name[0] - '0');
    return 0;
}
static bool next(const struct los_pseudo_node *dir, uint64_t *cursor, char name[256],
                 struct los_pseudo_node *out)
{
    (void)dir;
    if (*cursor >= 9)
        return false;
    out->kind = &numbered_kind;
    out->value[0] = ++*cursor;
    los_snprintf(name, 256, "%lu", *cursor);
    return true;
}
static const struct los_pseudo_item root_items[] = {{"both", &both_kind}, {"link", &link_kind}, {NULL, NULL}};
static const struct los_pseudo root_kind = {
    .type = LOS_DIRECTORY, .permissions = 0555, .items = root_items, .lookup = look_up, .next = next};
static long mount_it(const char *data, struct los_filesystem **out)
{
    (void)data;
    return los_pseudo_create("test", LOS_PROCFS, &root_kind, out);
}

static char listed[128];
static uint64_t numbers[16];
static bool list_one(void *context, const struct los_directory_item *item, uint64_t position)
{
    unsigned *budget = context;
    (void)position;
    if (!*budget)
        return false;
    --*budget;
    struct los_stat stat;
    char path[64];
    los_snprintf(path, sizeof(path), "/p/%s", item->name);
    OK(los_stat(NULL, path, LOS_WALK_NOFOLLOW, &stat));
    cr_assert(stat.type == item->type);
    cr_assert(item->name[0] == '.' || stat.inode == item->inode, "%s", item->name);
    for (int i = 0; i < 16; i++)
        cr_assert(item->name[0] == '.' || numbers[i] != item->inode);
    numbers[strlen(listed) % 16] = item->inode;
    strcat(strcat(listed, item->name), " ");
    return true;
}

FILE_TEST(file_tables, generated_files)
{
    static struct los_filesystem_type type = {.name = "test", .mount = mount_it};
    los_filesystem_register(&type);
    OK(los_make_directory(NULL, "/p", 0755));
    uint64_t before = fixture_free();
    OK(los_mount("test", "/p", "test", 0, NULL));
    fixture_expect_file("/p/7/text", "text 1 7\n");
    cr_assert_eq(fixture_stat("/p/7/text").inode, fixture_stat("/p/7/text").inode);
    cr_assert_neq(fixture_stat("/p/7/text").inode, fixture_stat("/p/8/text").inode);
    struct los_file *file;
    ERROR(NOENT, los_open(NULL, "/p/10", LOS_OPEN_READ, 0, &file));
    ERROR(ACCES, los_open(NULL, "/p/7/text", LOS_OPEN_WRITE, 0, &file));
    ERROR(NOENT, los_make_directory(NULL, "/p/new", 0777));
    ERROR(PERM, los_unlink(NULL, "/p/both", false));
    fixture_write_file("/p/both", "told");
    cr_assert_str_eq(written, "told");
    file = fixture_open("/p/3/text", LOS_OPEN_READ);
    static char text[40000];
    long n = los_file_read_all(file, text, sizeof(text), 0);
    cr_assert(n > 15000 && !memcmp(text + n - 9, "of many\n", 8) == 0);
    cr_assert_eq(los_file_seek(file, 0, 0), 0);
    los_file_unref(file);
    cr_assert_eq(los_read_link(NULL, "/p/link", text, sizeof(text)), 6);
    char name[64];
    struct los_path path;
    OK(los_walk(NULL, "/p/7/text", 0, &path));
    cr_assert_gt(los_path_text(&path, NULL, name, sizeof(name)), 0);
    cr_assert_str_eq(name, "/p/7/text");
    ERROR(PERM, los_change_mode(los_path_inode(&path), 0777));
    cr_assert_eq(los_path_inode(&path)->permissions, 0444u);
    los_path_unref(&path);
    file = fixture_open("/p", LOS_OPEN_READ | LOS_OPEN_DIRECTORY);
    for (unsigned budget = 3; budget; budget = budget == 3 ? 0 : 3) { /* three at a time */
        OK(los_file_list(file, list_one, &budget));
        if (budget)
            break;
        budget = 1;
    }
    los_file_unref(file);
    cr_assert_str_eq(listed, ". .. both link 1 2 3 4 5 6 7 8 9 ");
    OK(los_unmount("/p", 0));
    cr_assert_eq(fixture_free(), before);
}
