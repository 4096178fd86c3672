/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Directory trees as newc archives, the same bytes for the same tree: sorted by name, numbered from 1, nothing of the machine in it.
 *
 * The contents of files of a page and more begin at a multiple of 4096, so that a library OS can map the archive's own pages: the field of
 * the member's name is filled up with zero bytes, which readers take for the end of the name. No field is longer than PATH_MAX, for
 * readers refuse that; where it would be, the root directory is said once more, with as much in its name as is needed.
 * Of the names of one file the last in the order has the contents, as is the custom.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <limits.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>
#include "kx.h"

#define ALIGNMENT 4096ul
#define HEADER    110ul

struct member {
    const char *name, *path, *target; /* target: of a symbolic link */
    dev_t device, special;
    ino_t inode;
    mode_t mode;
    uid_t user;
    gid_t group;
    time_t modified;
    off_t size;
    uint32_t number, names; /* names: how many of them this file has in the tree */
    bool contents;
};
struct kx_tree {
    struct member *at;
    size_t count, room;
};
struct writer {
    kx_sink *sink;
    void *of;
    uint64_t position;
};

/* --- reading the tree ------------------------------------------------------------------------------------------------------- */
static int by_name(const FTSENT **a, const FTSENT **b) { return strcmp((*a)->fts_name, (*b)->fts_name); }

static const char *link_target(const char *path)
{
    char text[PATH_MAX];
    ssize_t length = readlink(path, text, sizeof(text));
    if (length < 0 || (size_t)length == sizeof(text))
        kx_die("cannot read the link %s: %s", path, length < 0 ? strerror(errno) : "too long");
    return kx_copy(text, (size_t)length);
}

/* `name` is that in the archive. */
static void add(struct kx_tree *tree, const FTSENT *e, const char *name, const struct kx_tree_options *options)
{
    const struct stat *s = e->fts_statp;
    if (tree->count == tree->room) {
        size_t room = tree->room ? tree->room * 2 : 64;
        struct member *more = kx_keep(room * sizeof(*more));
        if (tree->count)
            memcpy(more, tree->at, tree->count * sizeof(*more));
        tree->at = more;
        tree->room = room;
    }
    if (S_ISREG(s->st_mode) && s->st_size > (off_t)UINT32_MAX)
        kx_die("%s: more than 4 GiB do not go into a newc archive", e->fts_path);
    tree->at[tree->count++] = (struct member){
        .name = kx_copy(name, strlen(name)),
        .path = kx_copy(e->fts_path, e->fts_pathlen),
        .target = S_ISLNK(s->st_mode) ? link_target(e->fts_path) : NULL,
        .device = s->st_dev,
        .special = S_ISCHR(s->st_mode) || S_ISBLK(s->st_mode) ? s->st_rdev : 0,
        .inode = s->st_ino,
        .mode = s->st_mode,
        .user = options->owned ? options->user : s->st_uid,
        .group = options->owned ? options->group : s->st_gid,
        .modified = s->st_mtime < 0                    ? 0
                    : s->st_mtime > (time_t)UINT32_MAX ? (time_t)UINT32_MAX
                                                       : s->st_mtime,
        .size = S_ISREG(s->st_mode) ? s->st_size : 0,
        .names = S_ISDIR(s->st_mode) ? 2 : 1,
        .contents = S_ISREG(s->st_mode),
    };
}

static int by_file(const void *a, const void *b)
{
    const struct member *const *x = a, *const *y = b;
    if ((*x)->device != (*y)->device)
        return (*x)->device < (*y)->device ? -1 : 1;
    if ((*x)->inode != (*y)->inode)
        return (*x)->inode < (*y)->inode ? -1 : 1;
    return *x < *y ? -1 : *x > *y; /* in the archive's order */
}

/* Numbers the files; those with several names have one number, and the last name the contents. */
static void find_links(struct kx_tree *tree)
{
    struct member **sorted = kx_keep(tree->count * sizeof(struct member *));
    for (size_t i = 0; i < tree->count; i++) {
        sorted[i] = &tree->at[i];
        tree->at[i].number = (uint32_t)i + 1;
    }
    qsort(sorted, tree->count, sizeof(struct member *), by_file);
    for (size_t first = 0, end; first < tree->count; first = end) {
        for (end = first + 1; end < tree->count && sorted[end]->inode == sorted[first]->inode &&
                              sorted[end]->device == sorted[first]->device && !S_ISDIR(sorted[first]->mode);)
            end++;
        for (size_t i = first; i < end && end - first > 1; i++) {
            sorted[i]->names = (uint32_t)(end - first);
            sorted[i]->number = sorted[first]->number;
            sorted[i]->contents = S_ISREG(sorted[i]->mode) && i + 1 == end;
        }
    }
}

struct kx_tree *kx_tree_read(const char *directory, const struct kx_tree_options *options)
{
    struct kx_tree *tree = kx_keep(sizeof(*tree));
    struct stat status;
    if (stat(directory, &status) < 0)
        kx_die("cannot read %s: %s", directory, strerror(errno));
    if (!S_ISDIR(status.st_mode))
        kx_die("%s is no directory", directory);
    size_t length = strlen(directory);
    while (length > 0 && directory[length - 1] == '/')
        length--;
    char *paths[] = {length ? kx_print("%.*s", (int)length, directory) : kx_print("/"), NULL};
    FTS *fts = fts_open(
        paths, FTS_PHYSICAL | FTS_COMFOLLOW | FTS_NOCHDIR | (options->one_file_system ? FTS_XDEV : 0), by_name);
    if (!fts)
        kx_die("cannot read %s: %s", directory, strerror(errno));
    for (FTSENT *e; errno = 0, (e = fts_read(fts));) {
        if (e->fts_info == FTS_DNR || e->fts_info == FTS_ERR || e->fts_info == FTS_NS)
            kx_die("cannot read %s: %s", e->fts_path, strerror(e->fts_errno));
        if (e->fts_info != FTS_DP)
            add(tree, e, e->fts_level ? e->fts_path + length + 1 : ".", options);
    }
    if (errno)
        kx_die("cannot read %s: %s", directory, strerror(errno));
    fts_close(fts);
    find_links(tree);
    return tree;
}

/* --- writing the archive ------------------------------------------------------------------------------------------------------ */
static void put(struct writer *w, const void *bytes, size_t count)
{
    w->sink(w->of, bytes, count);
    w->position += count;
}

static void put_zeros(struct writer *w, size_t count)
{
    static const char zeros[ALIGNMENT];
    for (size_t n; count; count -= n) {
        n = count < sizeof(zeros) ? count : sizeof(zeros);
        put(w, zeros, n);
    }
}

static void put_header(struct writer *w, const struct member *m, size_t size, size_t name_field)
{
    char header[HEADER + 1];
    snprintf(header, sizeof(header), "070701%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X", m->number,
             m->mode, m->user, m->group, m->names, (unsigned)m->modified, (unsigned)size, 0u, 0u,
             major(m->special), minor(m->special), (unsigned)name_field, 0u);
    put(w, header, HEADER);
    put(w, m->name, strlen(m->name) + 1);
    put_zeros(w, name_field - strlen(m->name) - 1);
    put_zeros(w, -w->position % 4);
}

/* The length of the name's field that lets the contents begin at a multiple of the alignment. */
static size_t aligned_name(const struct writer *w, size_t name)
{
    return name + (size_t)(-(w->position + HEADER + name) % ALIGNMENT);
}

static void put_file(struct writer *w, const struct member *m)
{
    char bytes[KX_CHUNK];
    int fd = open(m->path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        kx_die("cannot read %s: %s", m->path, strerror(errno));
    off_t left = m->size;
    for (ssize_t got; (got = read(fd, bytes, sizeof(bytes))) != 0; left -= got) {
        if (got < 0)
            kx_die("cannot read %s: %s", m->path, strerror(errno));
        if (got > left)
            break;
        put(w, bytes, (size_t)got);
    }
    close(fd);
    if (left)
        kx_die("%s changed while it was read", m->path);
    put_zeros(w, -w->position % 4);
}

static void put_member(struct writer *w, const struct member *root, const struct member *m)
{
    size_t size = m->target ? strlen(m->target) : m->contents ? (size_t)m->size : 0;
    size_t name = strlen(m->name) + 1;
    if (m->contents && size >= ALIGNMENT) {
        size_t field = aligned_name(w, name), more = (field - name) & ~3ul;
        if (field > PATH_MAX && more >= HEADER + 4) { /* moved on by a member that changes nothing */
            put_header(w, root, 0, more - HEADER);
            field = aligned_name(w, name);
        }
        name = field <= PATH_MAX ? field : name;
    }
    put_header(w, m, size, name);
    if (m->target) {
        put(w, m->target, size);
        put_zeros(w, -w->position % 4);
    } else if (size) {
        put_file(w, m);
    }
}

void kx_tree_write(const struct kx_tree *tree, kx_sink *sink, void *of)
{
    static const struct member trailer = {.name = "TRAILER!!!", .names = 1};
    struct writer w = {.sink = sink, .of = of};
    for (size_t i = 0; i < tree->count; i++)
        put_member(&w, &tree->at[0], &tree->at[i]);
    put_header(&w, &trailer, 0, sizeof("TRAILER!!!"));
    put_zeros(&w, -w.position % 512); /* GNU cpio's blocks */
}
