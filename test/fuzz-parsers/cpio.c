/* SPDX-License-Identifier: MPL-2.0 */
/*
 * cpio archives, unpacked into a tmpfs of their own.
 * sources: @libos
 *
 * An archive is unpacked or refused, with at most as many names as it has members and their directories; nothing appears beside the
 * directory that was the root; names hold no '/' and are no "." or ".."; all pages come back when the tmpfs goes.
 */
#include "libos.h"

#define PLACE "/place"

static unsigned names;

static bool check_name(void *context, const struct los_directory_item *item, uint64_t next)
{
    (void)next;
    size_t n = strnlen(item->name, LOS_FILE_NAME_MAX + 1);
    bool dots = !strcmp(item->name, ".") || !strcmp(item->name, "..");
    cr_assert(n >= 1 && n <= LOS_FILE_NAME_MAX && !memchr(item->name, '/', n));
    names += !dots;
    if (context != NULL)
        cr_assert(dots || !strcmp(item->name, "place"), "%s appeared beside the root", item->name);
    else if (!dots && item->type == LOS_DIRECTORY) {
        char *path = malloc(n + 2);
        struct los_file *file;
        memcpy(path, item->name, n + 1);
        if (los_open(NULL, path, LOS_OPEN_READ | LOS_OPEN_DIRECTORY | LOS_OPEN_NOFOLLOW, 0, &file) == 0) {
            struct los_path was = los_file_context()->cwd;
            los_path_ref(&was);
            cr_assert_eq(los_change_directory(&file->path), 0);
            los_file_list(file, check_name, NULL);
            cr_assert_eq(los_change_directory(&was), 0);
            los_path_unref(&was);
            los_file_unref(file);
        }
        free(path);
    }
    return true;
}

static void list(const char *path, bool outside)
{
    struct los_file *file = fixture_open(path, LOS_OPEN_READ | LOS_OPEN_DIRECTORY);
    los_file_list(file, check_name, outside ? &names : NULL);
    los_file_unref(file);
}

void libos_start(void) { OK(los_make_directory(NULL, PLACE, 0755)); }

void libos_input(const uint8_t *data, size_t size)
{
    struct los_file_context *context = los_file_context();
    struct los_path old_root = context->root, old_cwd = context->cwd, place;
    uint8_t *archive = exact_copy(data, size);

    OK(los_mount("tmpfs", PLACE, "tmpfs", 0, "size=1m"));
    OK(los_walk(NULL, PLACE, 0, &place));
    context->root = context->cwd = place;
    los_path_ref(&place);
    long result = los_cpio_unpack(archive, size);
    cr_assert(result == 0 || result == -LOS_E_INVAL || result == -LOS_E_NOSPC || result == -LOS_E_NOMEM);
    free(archive);
    names = 0;
    list("/", false);
    cr_assert_leq(names, size / 2 + 1, "%u names out of %zu bytes", names, size);
    los_path_unref(&context->cwd);
    los_path_unref(&context->root);
    context->root = old_root, context->cwd = old_cwd;

    list("/", true);
    OK(los_unmount(PLACE, 0));
}
