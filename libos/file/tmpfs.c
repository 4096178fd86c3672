/* SPDX-License-Identifier: MPL-2.0 */
/*
 * tmpfs: files whose contents are pages of the page cache and nothing else. Its directories are resident: the entries
 * themselves (entry.c) are the names. A limit in bytes covers data pages and a share per inode.
 */
#include "tmpfs.h"

#define INODE_CHARGE    512ul /* bytes of the limit that an inode and its name count as */
#define DIRECTORY_BYTES 4096ul

static struct los_page_tree *tree_of(struct los_inode *inode)
{
    return &((struct tmpfs_data *)inode->private)->pages;
}
static const struct los_inode_ops tmpfs_ops;

/* --- the limit ----------------------------------------------------------------------------------------------------- */

bool los_tmpfs_charge(struct tmpfs *fs, uint64_t bytes)
{
    if (fs->used + bytes > fs->limit || fs->used + bytes < fs->used)
        return false;
    if (los_pages_free_count() <
        los_pages_total() / 16) /* whatever the limits say, programs must be able to run on */
        return false;
    fs->used += bytes;
    return true;
}

void los_tmpfs_uncharge(struct tmpfs *fs, uint64_t bytes) { fs->used -= bytes; }

void los_tmpfs_set_limit(struct los_filesystem *fs, uint64_t bytes) { ((struct tmpfs *)fs)->limit = bytes; }
uint64_t los_tmpfs_used(const struct los_filesystem *fs) { return ((const struct tmpfs *)fs)->used; }

static void tmpfs_statfs(struct los_filesystem *filesystem, struct los_filesystem_stat *out)
{
    struct tmpfs *fs = (struct tmpfs *)filesystem;
    uint64_t limit = fs->limit < los_pages_total() * LOS_PAGE ? fs->limit : los_pages_total() * LOS_PAGE;
    uint64_t left = limit > fs->used ? limit - fs->used : 0;
    out->blocks = limit / LOS_PAGE;
    out->blocks_free = left / LOS_PAGE;
    out->files = limit / (2 * INODE_CHARGE);
    out->files_free = left / (2 * INODE_CHARGE);
}

/* --- inodes -------------------------------------------------------------------------------------------------------- */

static struct los_inode *new_inode(struct tmpfs *fs, const struct los_stat *as)
{
    if (!los_tmpfs_charge(fs, INODE_CHARGE))
        return NULL;
    struct los_inode *inode = los_inode_new(&fs->filesystem, &tmpfs_ops, as->type, as->permissions);
    if (!inode) {
        los_tmpfs_uncharge(fs, INODE_CHARGE);
        return NULL;
    }
    inode->user = as->user;
    inode->group = as->group;
    inode->major = as->major;
    inode->minor = as->minor;
    if (as->type == LOS_REGULAR) {
        struct tmpfs_data *data = los_tmpfs_data_new(fs);
        if (!data) {
            los_inode_unref(inode); /* uncharges */
            return NULL;
        }
        inode->private = data;
        inode->object = &data->object;
        inode->file_ops = &los_tmpfs_file_ops;
    } else if (as->type == LOS_DIRECTORY) {
        inode->size = DIRECTORY_BYTES;
        inode->blocks = DIRECTORY_BYTES / 512;
    }
    return inode;
}

static long tmpfs_create(struct los_inode *dir, const char *name, size_t length, const struct los_stat *as,
                         const char *target, struct los_inode **out)
{
    (void)name, (void)length;
    struct los_inode *inode = new_inode((struct tmpfs *)dir->filesystem, as);
    if (!inode)
        return -LOS_E_NOSPC;
    if (target) {
        if (!(inode->private = los_strdup(target))) {
            los_inode_unref(inode);
            return -LOS_E_NOMEM;
        }
        inode->size = strlen(target);
    }
    *out = inode;
    return 0;
}

static long tmpfs_temporary(struct los_inode *dir, const struct los_stat *as, struct los_inode **out)
{
    *out = new_inode((struct tmpfs *)dir->filesystem, as);
    return *out ? 0 : -LOS_E_NOSPC;
}

static long tmpfs_read_link(struct los_inode *inode, char *to, size_t size)
{
    size_t length = inode->size < size ? inode->size : size;
    memcpy(to, inode->private, length);
    return (long)length;
}

static void tmpfs_stat(struct los_inode *inode, struct los_stat *out)
{
    if (inode->type == LOS_REGULAR)
        out->blocks = tree_of(inode)->count * (LOS_PAGE / 512);
}

static void tmpfs_inode_release(struct los_inode *inode)
{
    if (inode->type == LOS_REGULAR && inode->object)
        los_object_unref(inode->object); /* mappings may live on */
    else if (inode->type == LOS_SYMLINK)
        los_free(inode->private);
    los_tmpfs_uncharge((struct tmpfs *)inode->filesystem, INODE_CHARGE);
}

static long tmpfs_open(struct los_inode *inode, struct los_file *file)
{
    return inode->type == LOS_REGULAR && (file->flags & LOS_OPEN_WRITE) ? los_tmpfs_copy_up(inode) : 0;
}

static const struct los_inode_ops tmpfs_ops = {
    .open = tmpfs_open,
    .create = tmpfs_create,
    .temporary = tmpfs_temporary,
    .read_link = tmpfs_read_link,
    .truncate = los_tmpfs_truncate,
    .allocate = los_tmpfs_allocate,
    .stat = tmpfs_stat,
    .release = tmpfs_inode_release,
    .resident = true,
};

/* --- instances ------------------------------------------------------------------------------------------------------ */

static void tmpfs_release(struct los_filesystem *fs) { los_free(fs); }

static uint64_t number(const char **at, unsigned base)
{
    uint64_t value = 0;
    for (; **at >= '0' && **at < (char)('0' + base); (*at)++)
        value = value * base + (uint64_t)(**at - '0');
    return value;
}

/* size=16m,mode=1777,uid=0,gid=0; others are passed over. INVAL: size or mode make no sense. */
static long parse(const char *options, struct tmpfs *fs, struct los_stat *root)
{
    for (const char *at = options; at && *at;) {
        if (!strncmp(at, "size=", 5)) {
            at += 5;
            fs->limit = number(&at, 10);
            switch (*at) {
            case 'g':
            case 'G': fs->limit <<= 10; /* fall through */
            case 'm':
            case 'M': fs->limit <<= 10; /* fall through */
            case 'k':
            case 'K':
                fs->limit <<= 10;
                at++;
                break;
            case '%':
                fs->limit = fs->limit * los_pages_total() / 100 * LOS_PAGE;
                at++;
                break;
            }
            if (!fs->limit)
                fs->limit = UINT64_MAX;
        } else if (!strncmp(at, "mode=", 5)) {
            at += 5;
            root->permissions = (uint32_t)number(&at, 8) & MODE_ALL;
        } else if (!strncmp(at, "uid=", 4)) {
            at += 4;
            root->user = (uint32_t)number(&at, 10);
        } else if (!strncmp(at, "gid=", 4)) {
            at += 4;
            root->group = (uint32_t)number(&at, 10);
        } else {
            at = strchr(at, ',') ? strchr(at, ',') : at + strlen(at);
        }
        if (*at && *at != ',')
            return -LOS_E_INVAL;
        at += *at == ',';
    }
    return 0;
}

long los_tmpfs_create(const char *options, struct los_filesystem **out)
{
    struct los_stat root = {.type = LOS_DIRECTORY, .permissions = 0777 | MODE_STICKY};
    struct tmpfs *fs = los_alloc_zeroed(sizeof(*fs));
    if (!fs)
        return -LOS_E_NOMEM;
    fs->filesystem = (struct los_filesystem){.name = "tmpfs",
                                             .kind = LOS_TMPFS,
                                             .device = los_filesystem_device(),
                                             .stat = tmpfs_statfs,
                                             .release = tmpfs_release,
                                             .refs = 1};
    fs->limit = los_pages_total() / 2 * LOS_PAGE;
    long error = parse(options, fs, &root);
    if (!error && !(fs->filesystem.root = new_inode(fs, &root)))
        error = -LOS_E_NOMEM;
    if (error) {
        los_free(fs);
        return error;
    }
    fs->filesystem.root->links = 2;
    *out = &fs->filesystem;
    return 0;
}

void los_tmpfs_init(void)
{
    static struct los_filesystem_type type = {.name = "tmpfs", .nodev = true, .mount = los_tmpfs_create},
                                      ramfs = {.name = "ramfs", .nodev = true, .mount = los_tmpfs_create};
    los_filesystem_register(&type);
    los_filesystem_register(&ramfs);
}

long los_memory_file(const char *name, uint32_t flags, struct los_file **out)
{
    static struct los_filesystem *fs;
    struct los_stat as = {.type = LOS_REGULAR,
                          .permissions = 0777,
                          .user = los_file_credentials()->file_user,
                          .group = los_file_credentials()->file_group};
    if (!fs) {
        long error = los_tmpfs_create("size=0", &fs);
        if (error)
            return error;
        fs->permanent = true;
    }
    struct los_inode *inode = new_inode((struct tmpfs *)fs, &as);
    if (!inode)
        return -LOS_E_NOSPC;
    inode->links = 0;
    struct los_file *file = los_file_new(inode, &los_tmpfs_file_ops, flags | LOS_OPEN_READ | LOS_OPEN_WRITE);
    if (!file) {
        los_inode_unref(inode);
        return -LOS_E_NOMEM;
    }
    /* Its name shows in /proc; the place is one outside the tree. */
    char text[LOS_FILE_NAME_MAX + 1];
    los_snprintf(text, sizeof(text), "/memfd:%s (deleted)", name);
    long error = los_file_place_outside(file, text);
    if (error)
        los_file_unref(file);
    else
        *out = file;
    return error;
}
