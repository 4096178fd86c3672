/* SPDX-License-Identifier: MPL-2.0 */
/* Calls about files: each turns addresses into strings and transfers, and calls libos/file. */
#include <los/random.h>
#include <los/terminal.h>
#include "personality.h"

_Static_assert((int)NL_OPEN_READ == LOS_OPEN_READ && (int)NL_OPEN_WRITE == LOS_OPEN_WRITE &&
                   (int)NL_OPEN_CREATE == LOS_OPEN_CREATE && (int)NL_OPEN_EXCLUSIVE == LOS_OPEN_EXCLUSIVE &&
                   (int)NL_OPEN_TRUNCATE == LOS_OPEN_TRUNCATE && (int)NL_OPEN_APPEND == LOS_OPEN_APPEND &&
                   (int)NL_OPEN_NONBLOCK == LOS_OPEN_NONBLOCK && (int)NL_OPEN_DIRECTORY == LOS_OPEN_DIRECTORY,
               "flags pass unchanged");
_Static_assert((int)NL_REGULAR == LOS_REGULAR && (int)NL_SOCKET == LOS_SOCKET, "so do types");

#define OPEN_KNOWN 255u

/* --- by path ------------------------------------------------------------------------------------------------------------ */
long nl_call_open(const struct nl_args *args)
{
    char *path;
    struct los_file *file;
    long result = nl_string_in(args->a, &path);
    if (result)
        return result;
    result = los_open(NULL, path, (uint32_t)args->b & OPEN_KNOWN, (uint32_t)args->c & 07777, &file);
    los_free(path);
    if (result)
        return result;
    result = los_descriptor_add(file, 0, false);
    if (result < 0)
        los_file_unref(file);
    return result;
}

static void convert_stat(const struct los_stat *from, struct nl_stat *to)
{
    *to = (struct nl_stat){
        .device = from->device,
        .inode = from->inode,
        .size = from->size,
        .blocks = from->blocks,
        .block_size = from->block_size,
        .type = from->type,
        .permissions = from->permissions,
        .links = from->links,
        .user = from->user,
        .group = from->group,
        .accessed = from->accessed.seconds,
        .modified = from->modified.seconds,
        .changed = from->changed.seconds,
    };
}

long nl_call_stat(const struct nl_args *args)
{
    char *path;
    struct los_stat stat;
    struct nl_stat out;
    long result = nl_string_in(args->a, &path);
    if (result)
        return result;
    result = los_stat(NULL, path, args->c ? LOS_WALK_NOFOLLOW : 0, &stat);
    los_free(path);
    if (result)
        return result;
    convert_stat(&stat, &out);
    return nl_copy_out(args->b, &out, sizeof(out));
}

/* Calls `act` with the strings at both addresses. */
static long with_two(uint64_t a, uint64_t b, long (*act)(const char *a, const char *b))
{
    char *first, *second;
    long result = nl_string_in(a, &first);
    if (result)
        return result;
    result = nl_string_in(b, &second);
    if (!result) {
        result = act(first, second);
        los_free(second);
    }
    los_free(first);
    return result;
}

/* Calls `act` with the string and a number. */
static long with_one(uint64_t a, uint64_t number, long (*act)(const char *path, uint64_t number))
{
    char *path;
    long result = nl_string_in(a, &path);
    if (result)
        return result;
    result = act(path, number);
    los_free(path);
    return result;
}

static long link_to(const char *from, const char *to)
{
    return los_link(NULL, from, NULL, to, LOS_WALK_NOFOLLOW);
}
static long rename_to(const char *from, const char *to) { return los_rename(NULL, from, NULL, to, 0); }
static long symlink_to(const char *target, const char *path) { return los_make_symlink(target, NULL, path); }
static long unlink_it(const char *path, uint64_t directory) { return los_unlink(NULL, path, directory); }
static long truncate_it(const char *path, uint64_t bytes) { return los_truncate(NULL, path, bytes); }
static long make_directory(const char *path, uint64_t permissions)
{
    return los_make_directory(NULL, path, (uint32_t)permissions & 07777);
}
static long access_to(const char *path, uint64_t may)
{
    return los_access(NULL, path, (uint32_t)may & 7, true, 0);
}
static long change_directory(const char *path, uint64_t unused)
{
    struct los_path at;
    (void)unused;
    long result = los_walk(NULL, path, LOS_WALK_DIRECTORY, &at);
    if (result)
        return result;
    result = los_change_directory(&at);
    los_path_unref(&at);
    return result;
}

long nl_call_link(const struct nl_args *args) { return with_two(args->a, args->b, link_to); }
long nl_call_rename(const struct nl_args *args) { return with_two(args->a, args->b, rename_to); }
long nl_call_make_symlink(const struct nl_args *args) { return with_two(args->a, args->b, symlink_to); }
long nl_call_unlink(const struct nl_args *args) { return with_one(args->a, args->b, unlink_it); }
long nl_call_make_directory(const struct nl_args *args) { return with_one(args->a, args->b, make_directory); }
long nl_call_access(const struct nl_args *args) { return with_one(args->a, args->b, access_to); }
long nl_call_truncate(const struct nl_args *args) { return with_one(args->a, args->b, truncate_it); }
long nl_call_change_directory(const struct nl_args *args) { return with_one(args->a, 0, change_directory); }

long nl_call_read_link(const struct nl_args *args)
{
    char *path, *target = los_alloc(LOS_PATH_MAX);
    if (!target)
        return -LOS_E_NOMEM;
    long result = nl_string_in(args->a, &path);
    if (!result) {
        result = los_read_link(NULL, path, target, args->c < LOS_PATH_MAX ? args->c : LOS_PATH_MAX);
        if (result > 0 && nl_copy_out(args->b, target, (size_t)result))
            result = -LOS_E_FAULT;
        los_free(path);
    }
    los_free(target);
    return result;
}

long nl_call_directory(const struct nl_args *args)
{
    struct los_file_context *files = los_current()->process->files;
    char *text = los_alloc(LOS_PATH_MAX);
    if (!text)
        return -LOS_E_NOMEM;
    long result = los_path_text(&files->cwd, &files->root, text, LOS_PATH_MAX);
    if (result >= 0 && (uint64_t)result >= args->b)
        result = -LOS_E_RANGE;
    if (result >= 0 && nl_copy_out(args->a, text, (size_t)result + 1))
        result = -LOS_E_FAULT;
    los_free(text);
    return result;
}

/* --- by descriptor -------------------------------------------------------------------------------------------------------- */
static struct los_file *file_of(uint64_t descriptor)
{
    return descriptor <= INT32_MAX ? los_descriptor((int)descriptor) : NULL;
}

long nl_call_close(const struct nl_args *args)
{
    return file_of(args->a) ? los_descriptor_close((int)args->a) : -LOS_E_BADF;
}

/* The file stays while it is used: the call may wait. */
static long move(const struct nl_args *args, bool read)
{
    struct los_transfer transfer = nl_transfer(args->b, args->c, read);
    struct los_file *file = file_of(args->a);
    if (!file)
        return -LOS_E_BADF;
    los_file_ref(file);
    long result = read ? los_file_read(file, &transfer, NULL) : los_file_write(file, &transfer, NULL);
    los_file_unref(file);
    return result;
}
long nl_call_read(const struct nl_args *args) { return move(args, true); }
long nl_call_write(const struct nl_args *args)
{
    long result = move(args, false);
    if (result == -LOS_E_PIPE)
        los_signal_thread(los_current(),
                          &(struct los_signal_info){.number = LOS_SIG_PIPE, .cause = LOS_CAUSE_KERNEL});
    return result;
}

long nl_call_seek(const struct nl_args *args)
{
    struct los_file *file = file_of(args->a);
    if (!file)
        return -LOS_E_BADF;
    return args->c <= 2 ? los_file_seek(file, (int64_t)args->b, (int)args->c) : -LOS_E_INVAL;
}

long nl_call_stat_open(const struct nl_args *args)
{
    struct los_file *file = file_of(args->a);
    struct los_stat stat;
    struct nl_stat out;
    if (!file)
        return -LOS_E_BADF;
    los_inode_stat(file->inode, &stat);
    convert_stat(&stat, &out);
    return nl_copy_out(args->b, &out, sizeof(out));
}

long nl_call_is_terminal(const struct nl_args *args)
{
    struct los_file *file = file_of(args->a);
    return file ? los_file_terminal(file) != NULL : -LOS_E_BADF;
}

long nl_call_truncate_open(const struct nl_args *args)
{
    struct los_file *file = file_of(args->a);
    return file ? los_file_truncate(file, args->b) : -LOS_E_BADF;
}

long nl_call_duplicate(const struct nl_args *args)
{
    struct los_file *file = file_of(args->a);
    if (!file)
        return -LOS_E_BADF;
    if (args->b > INT32_MAX)
        return args->c ? -LOS_E_BADF : -LOS_E_INVAL;
    if (args->c) {
        long result = args->a == args->b ? 0 : los_descriptor_set((int)args->b, file, false);
        return result < 0 ? result : (long)args->b;
    }
    los_file_ref(file);
    long result = los_descriptor_add(file, (int)args->b, false);
    if (result < 0)
        los_file_unref(file);
    return result;
}

static bool take_one(void *context, const struct los_directory_item *item, uint64_t next)
{
    struct nl_entry *entry = context;
    (void)next;
    if (entry->name[0]) /* has one */
        return false;
    entry->inode = item->inode;
    entry->type = item->type;
    los_strlcpy(entry->name, item->name, sizeof(entry->name));
    return true;
}

long nl_call_list(const struct nl_args *args)
{
    struct los_file *file = file_of(args->a);
    struct nl_entry entry = {.name = ""};
    if (!file)
        return -LOS_E_BADF;
    long result = los_file_list(file, take_one, &entry);
    if (result < 0)
        return result;
    if (!entry.name[0])
        return 0;
    return nl_copy_out(args->b, &entry, sizeof(entry)) ? -LOS_E_FAULT : 1;
}

long nl_call_list_rewind(const struct nl_args *args)
{
    struct los_file *file = file_of(args->a);
    if (!file)
        return -LOS_E_BADF;
    return los_file_seek(file, 0, 0);
}

long nl_call_random(const struct nl_args *args)
{
    char bytes[256];
    if (args->b > sizeof(bytes))
        return -LOS_E_INVAL;
    los_random_bytes(bytes, args->b);
    return nl_copy_out(args->a, bytes, args->b);
}
