/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Unpacks cpio archives of the "newc" form (070701, and 070702 whose checksum is not looked at) into the current root.
 *
 * A member is a header of 110 hexadecimal characters, the name, the contents, each padded to 4 bytes from the archive's start. Archives may
 * follow each other with zero bytes between. Hard links are members with the same number; their contents come with the last of them.
 * Nothing is believed: every length is checked against what is left before it is used.
 */
#include "internal.h"

#define HEADER_BYTES 110

enum {
    TYPE_MASK = 0170000,
    TYPE_FIFO = 0010000,
    TYPE_CHARACTER = 0020000,
    TYPE_DIRECTORY = 0040000,
    TYPE_BLOCK = 0060000,
    TYPE_REGULAR = 0100000,
    TYPE_SYMLINK = 0120000,
    TYPE_SOCKET = 0140000
};

struct member {
    uint32_t number, mode, links, user, group, modified, size, device_major, device_minor, major, minor,
        name_size;
    const char *name; /* NUL-terminated, in the archive; leading "/" and "./" taken off */
    const uint8_t *contents;
};

/* A hard-linked file seen in this archive, or a directory whose time is set at the end. */
struct seen {
    struct seen *next;
    struct los_path path;
    uint32_t number, major, minor, modified;
};
struct unpacking {
    const uint8_t *archive;
    size_t bytes, at;
    struct seen *links, *directories;
    size_t members;
};

static bool hexadecimal(const uint8_t *from, uint32_t *value)
{
    *value = 0;
    for (int i = 0; i < 8; i++) {
        uint8_t c = from[i], digit;
        if (c >= '0' && c <= '9')
            digit = (uint8_t)(c - '0');
        else if ((c | 32) >= 'a' && (c | 32) <= 'f')
            digit = (uint8_t)((c | 32) - 'a' + 10);
        else
            return false;
        *value = *value << 4 | digit;
    }
    return true;
}

static size_t padded(size_t n) { return LOS_ROUND_UP(n, (size_t)4); }

/* Reads the member at u->at and moves past it. NULL, or what is wrong. */
static const char *read_member(struct unpacking *u, struct member *m)
{
    uint32_t field[13];
    size_t left = u->bytes - u->at;
    const uint8_t *header = u->archive + u->at;
    if (left < HEADER_BYTES)
        return "cut short in a header";
    if (memcmp(header, "070701", 6) && memcmp(header, "070702", 6))
        return "no newc header";
    for (int i = 0; i < 13; i++)
        if (!hexadecimal(header + 6 + 8 * i, &field[i]))
            return "a header field is not hexadecimal";
    *m = (struct member){.number = field[0],
                         .mode = field[1],
                         .user = field[2],
                         .group = field[3],
                         .links = field[4],
                         .modified = field[5],
                         .size = field[6],
                         .device_major = field[7],
                         .device_minor = field[8],
                         .major = field[9],
                         .minor = field[10],
                         .name_size = field[11]};
    if (m->name_size == 0 || m->name_size > LOS_PATH_MAX + LOS_PAGE) /* NULs after it align the contents */
        return "bad length of a name";
    if (left - HEADER_BYTES < m->name_size)
        return "cut short in a name";
    m->name = (const char *)header + HEADER_BYTES;
    if (m->name[m->name_size - 1])
        return "a name without end";
    if (strlen(m->name) >= LOS_PATH_MAX)
        return "bad length of a name";
    size_t start = padded(u->at + HEADER_BYTES + m->name_size);
    if (m->size && (start > u->bytes || u->bytes - start < m->size))
        return "cut short in a file";
    m->contents = u->archive + start;
    u->at = padded(start + m->size);
    if (u->at > u->bytes)
        u->at = u->bytes;
    while (m->name[0] == '/' || (m->name[0] == '.' && m->name[1] == '/'))
        m->name += m->name[0] == '/' ? 1 : 2;
    return NULL;
}

static void remember(struct seen **list, const struct member *m, const struct los_path *path)
{
    struct seen *seen = los_alloc(sizeof(*seen));
    if (!seen)
        return;
    *seen = (struct seen){*list, *path, m->number, m->device_major, m->device_minor, m->modified};
    los_path_ref(path);
    *list = seen;
}

static void forget(struct seen **list, bool set_times)
{
    while (*list) {
        struct seen *seen = *list;
        struct los_timestamp time = {seen->modified, 0};
        if (set_times)
            los_change_times(los_path_inode(&seen->path), &time, &time);
        los_path_unref(&seen->path);
        *list = seen->next;
        los_free(seen);
    }
}

static void make_parents(const struct los_path *root, const char *name)
{
    char *text = los_strdup(name);
    for (char *at = text; at && (at = strchr(at, '/')); *at++ = '/') {
        *at = 0;
        if (*text)
            los_make_directory(root, text, 0755);
    }
    los_free(text);
}

static long fill(const struct los_path *path, const struct member *m)
{
    struct los_file *file;
    if (!m->size)
        return 0;
    long error = los_open_path(path, LOS_OPEN_WRITE, &file);
    if (error)
        return error;
    /* Whole pages of an archive that aligns them are shared; the rest is copied. */
    long shared = los_tmpfs_share(file->inode, m->contents, m->size), written = 0;
    if (shared >= 0) {
        struct los_transfer from = {.at = (uintptr_t)m->contents + (uint64_t)shared,
                                    .left = m->size - (uint64_t)shared};
        uint64_t offset = (uint64_t)shared;
        written = from.left ? los_file_write(file, &from, &offset) : 0;
    }
    los_file_unref(file);
    return shared < 0                               ? shared
           : written < 0                            ? written
           : (uint64_t)(shared + written) < m->size ? -LOS_E_NOSPC
                                                    : 0;
}

static long make_regular(struct unpacking *u, const struct los_path *root, const struct member *m)
{
    struct los_path path;
    for (struct seen *seen = m->links > 1 ? u->links : NULL; seen; seen = seen->next)
        if (seen->number == m->number && seen->major == m->device_major && seen->minor == m->device_minor) {
            long error = los_link(&seen->path, "", root, m->name, LOS_WALK_EMPTY);
            return error ? error : fill(&seen->path, m);
        }
    long error = los_make_node(root, m->name, LOS_REGULAR, 0600, 0, 0);
    if (!error)
        error = los_walk(root, m->name, LOS_WALK_NOFOLLOW, &path);
    if (error)
        return error;
    error = fill(&path, m);
    if (m->links > 1)
        remember(&u->links, m, &path);
    los_path_unref(&path);
    return error;
}

static long make_link(const struct los_path *root, const struct member *m)
{
    char *target = m->size < LOS_PATH_MAX ? los_alloc(m->size + 1) : NULL;
    if (!target)
        return m->size < LOS_PATH_MAX ? -LOS_E_NOMEM : -LOS_E_NAMETOOLONG;
    memcpy(target, m->contents, m->size);
    target[m->size] = 0;
    long error = los_make_symlink(target, root, m->name);
    los_free(target);
    return error;
}

static long make_type(struct unpacking *u, const struct los_path *root, const struct member *m)
{
    switch (m->mode & TYPE_MASK) {
    case TYPE_REGULAR: return make_regular(u, root, m);
    case TYPE_DIRECTORY: return los_make_directory(root, m->name, 0700);
    case TYPE_SYMLINK: return make_link(root, m);
    case TYPE_CHARACTER: return los_make_node(root, m->name, LOS_CHARACTER, 0600, m->major, m->minor);
    case TYPE_BLOCK: return los_make_node(root, m->name, LOS_BLOCK, 0600, m->major, m->minor);
    case TYPE_FIFO: return los_make_node(root, m->name, LOS_FIFO, 0600, 0, 0);
    case TYPE_SOCKET: return los_make_node(root, m->name, LOS_SOCKET, 0600, 0, 0);
    default: return -LOS_E_INVAL;
    }
}

static void set_attributes(struct unpacking *u, const struct member *m, const struct los_path *path)
{
    struct los_inode *inode = los_path_inode(path);
    struct los_timestamp time = {m->modified, 0};
    los_change_owner(inode, m->user, m->group);
    if (inode->type != LOS_SYMLINK)
        los_change_mode(inode, m->mode & MODE_ALL);
    if (inode->type == LOS_DIRECTORY)
        remember(&u->directories, m, path); /* its time changes while it is filled */
    else
        los_change_times(inode, &time, &time);
}

static long unpack_member(struct unpacking *u, const struct los_path *root, const struct member *m)
{
    struct los_path path;
    bool directory = (m->mode & TYPE_MASK) == TYPE_DIRECTORY;
    const char *name = *m->name ? m->name : "."; /* "." or "/" itself */
    long error = los_walk(root, name, LOS_WALK_NOFOLLOW, &path);
    if (!error) { /* later archives replace what earlier ones brought */
        bool both = directory && los_path_inode(&path)->type == LOS_DIRECTORY;
        if (!both)
            error = los_unlink(root, name, los_path_inode(&path)->type == LOS_DIRECTORY);
        los_path_unref(&path);
        if (!error && !both)
            error = make_type(u, root, m);
    } else if (error == -LOS_E_NOENT) {
        error = make_type(u, root, m);
        if (error == -LOS_E_NOENT) {
            make_parents(root, m->name);
            error = make_type(u, root, m);
        }
    }
    if (!error)
        error = los_walk(root, name, LOS_WALK_NOFOLLOW, &path);
    if (error)
        return error;
    set_attributes(u, m, &path);
    los_path_unref(&path);
    return 0;
}

long los_cpio_unpack(const void *archive, size_t bytes)
{
    struct unpacking u = {.archive = archive, .bytes = bytes};
    struct los_file_context *context = los_file_context();
    uint32_t mask = context->mask;
    long result = 0;
    context->mask = 0;
    while (!result) {
        struct member m;
        while (u.at < u.bytes && !u.archive[u.at]) /* padding between archives */
            u.at++;
        if (u.at == u.bytes)
            break;
        size_t at = u.at;
        const char *wrong = read_member(&u, &m);
        if (wrong) {
            los_log("cpio: byte %lu: %s; %lu members were unpacked", (unsigned long)at, wrong,
                    (unsigned long)u.members);
            result = -LOS_E_INVAL;
        } else if (!strcmp(m.name, "TRAILER!!!")) {
            forget(&u.links, false);
        } else {
            long error = unpack_member(&u, &context->root, &m);
            if (error)
                los_log("cpio: %s: error %ld", m.name, -error);
            if (error == -LOS_E_NOSPC || error == -LOS_E_NOMEM)
                result = error;
            u.members++;
        }
    }
    forget(&u.links, false);
    forget(&u.directories, true);
    context->mask = mask;
    return result;
}
