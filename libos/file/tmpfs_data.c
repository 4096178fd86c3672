/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The contents of tmpfs files: reads and writes copy straight between the page cache and the program; mappings share the pages.
 *
 * Copying from the program may fault pages in, even pages of the very file that is written. So a new page enters the tree
 * only after it was filled, and the tree is looked at again then.
 */
#include "tmpfs.h"

static struct tmpfs_data *data_of(struct los_inode *inode) { return inode->private; }

static void set_size(struct los_inode *inode, uint64_t size)
{
    inode->size = size;
    data_of(inode)->size = size;
}

/* --- pages --------------------------------------------------------------------------------------------------------- */

static int data_page(struct los_object *object, uint64_t index, bool create, los_pageno *out)
{
    struct tmpfs_data *data = LOS_CONTAINER(object, struct tmpfs_data, object);
    if (index >= (data->size + LOS_PAGE_MASK) / LOS_PAGE)
        return -LOS_E_FAULT;
    los_pageno page = los_page_tree_get(&data->pages, index);
    if (!page && create) {
        if (!los_tmpfs_charge(data->fs, LOS_PAGE))
            return -LOS_E_NOSPC;
        page = los_page_alloc_zeroed();
        if (!page || !los_page_tree_put(&data->pages, index, page)) {
            if (page)
                los_page_unref(page);
            los_tmpfs_uncharge(data->fs, LOS_PAGE);
            return -LOS_E_NOMEM;
        }
    }
    if (page)
        los_page_ref(page);
    *out = page;
    return 0;
}

/* References of files to pages of archives: they count as the file system's, but are none of the container's memory. */
static uint64_t shared_pages;
uint64_t los_files_shared_pages(void) { return shared_pages; }

static uint64_t drop_pages(struct tmpfs_data *data, uint64_t first, uint64_t end)
{
    uint64_t index = data->shared ? los_page_tree_next(&data->pages, first) : UINT64_MAX;
    for (; index < end; index = los_page_tree_next(&data->pages, index + 1))
        shared_pages -= los_page_is_shared(los_page_tree_get(&data->pages, index));
    return los_page_tree_drop(&data->pages, first, end);
}

static void data_release(struct los_object *object)
{
    struct tmpfs_data *data = LOS_CONTAINER(object, struct tmpfs_data, object);
    struct los_filesystem *fs = &data->fs->filesystem;
    los_tmpfs_uncharge(data->fs, drop_pages(data, 0, UINT64_MAX) * LOS_PAGE);
    los_free(data);
    los_filesystem_unref(fs);
}

static const struct los_object_ops data_ops = {.page = data_page, .release = data_release};

struct tmpfs_data *los_tmpfs_data_new(struct tmpfs *fs)
{
    struct tmpfs_data *data = los_alloc_zeroed(sizeof(*data));
    if (!data)
        return NULL;
    data->object.ops = &data_ops;
    data->object.refs = 1;
    data->fs = fs;
    los_filesystem_ref(&fs->filesystem);
    return data;
}

/* --- reading and writing --------------------------------------------------------------------------------------------- */

static long tmpfs_read(struct los_file *file, struct los_transfer *to, uint64_t *offset)
{
    static const uint8_t zeros[LOS_PAGE];
    struct los_inode *inode = file->inode;
    struct tmpfs_data *data = data_of(inode);
    long total = 0;
    while (to->left && *offset < inode->size) {
        size_t in = *offset & LOS_PAGE_MASK, n = LOS_PAGE - in;
        if (n > to->left)
            n = to->left;
        if (n > inode->size - *offset)
            n = inode->size - *offset;
        los_pageno page = los_page_tree_get(&data->pages, *offset / LOS_PAGE);
        long moved = los_transfer_out(to, page ? (uint8_t *)los_page_address(page) + in : zeros, n);
        if (moved < 0)
            return total ? total : moved;
        *offset += (uint64_t)moved;
        total += moved;
        if ((size_t)moved < n)
            break;
    }
    los_inode_accessed(inode, file);
    return total;
}

/* A file that shares pages with the archive gets copies of them before it changes. Whoever has mapped them keeps seeing what was. */
long los_tmpfs_copy_up(struct los_inode *inode)
{
    struct tmpfs_data *data = data_of(inode);
    if (!data->shared)
        return 0;
    for (uint64_t index = 0; index < (data->size + LOS_PAGE_MASK) / LOS_PAGE; index++) {
        los_pageno page = los_page_tree_get(&data->pages, index), copy;
        if (!page || !los_page_is_shared(page))
            continue;
        if (!(copy = los_page_alloc()))
            return -LOS_E_NOSPC;
        los_page_copy(los_page_address(copy), los_page_address(page));
        drop_pages(data, index, index + 1);
        if (!los_page_tree_put(&data->pages, index, copy)) /* there was room a moment ago */
            los_panic("tmpfs: no room for a page that was there");
    }
    data->shared = false;
    return 0;
}

long los_tmpfs_share(struct los_inode *inode, const void *pages, uint64_t bytes)
{
    struct tmpfs_data *data = data_of(inode);
    uint64_t whole = bytes / LOS_PAGE;
    los_pageno first = los_page_of(pages);
    if ((uintptr_t)pages % LOS_PAGE || !whole || inode->size || !los_page_is_shared(first))
        return 0;
    if (!los_tmpfs_charge(data->fs, whole * LOS_PAGE))
        return -LOS_E_NOSPC;
    for (uint64_t i = 0; i < whole; i++) {
        los_page_ref(first + (los_pageno)i);
        if (los_page_tree_put(&data->pages, i, first + (los_pageno)i)) {
            shared_pages++;
            continue;
        }
        los_page_unref(first + (los_pageno)i);
        los_tmpfs_uncharge(data->fs, (whole - i) * LOS_PAGE);
        set_size(inode, i * LOS_PAGE);
        data->shared = true;
        return -LOS_E_NOMEM;
    }
    data->shared = true;
    set_size(inode, whole * LOS_PAGE);
    return (long)(whole * LOS_PAGE);
}

/* What lies beyond the end in the last page may have been written through a mapping: it must read as zeros once the file grows. */
static void clear_beyond_end(struct los_inode *inode)
{
    size_t in = inode->size & LOS_PAGE_MASK;
    los_pageno page = in ? los_page_tree_get(&data_of(inode)->pages, inode->size / LOS_PAGE) : LOS_NO_PAGE;
    if (page)
        memset((uint8_t *)los_page_address(page) + in, 0, LOS_PAGE - in);
}

/* n bytes into a page that was not there. */
static long write_new_page(struct tmpfs_data *data, uint64_t index, size_t in, size_t n,
                           struct los_transfer *from)
{
    if (!los_tmpfs_charge(data->fs, LOS_PAGE))
        return -LOS_E_NOSPC;
    los_pageno page = los_page_alloc();
    if (!page) {
        los_tmpfs_uncharge(data->fs, LOS_PAGE);
        return -LOS_E_NOSPC;
    }
    uint8_t *to = los_page_address(page);
    memset(to, 0, in);
    long moved = los_transfer_in(from, to + in, n);
    size_t filled = moved > 0 ? (size_t)moved : 0;
    memset(to + in + filled, 0, LOS_PAGE - in - filled);
    los_pageno there = los_page_tree_get(&data->pages, index);
    if (there && filled) /* copying faulted it in: fill that one */
        memcpy((uint8_t *)los_page_address(there) + in, to + in, filled);
    if (there || !filled || !los_page_tree_put(&data->pages, index, page)) {
        los_page_unref(page);
        los_tmpfs_uncharge(data->fs, LOS_PAGE);
        return !there && filled ? -LOS_E_NOSPC : moved;
    }
    return moved;
}

static long tmpfs_write(struct los_file *file, struct los_transfer *from, uint64_t *offset)
{
    struct los_inode *inode = file->inode;
    struct tmpfs_data *data = data_of(inode);
    if (file->flags & LOS_OPEN_APPEND)
        *offset = inode->size;
    if (*offset > INT64_MAX)
        return -LOS_E_INVAL;
    long may = los_write_limit(*offset, from->left), total = 0, moved = 0;
    if (may <= 0)
        return may;
    size_t kept_back = from->left - (size_t)may;
    uint64_t first = *offset / LOS_PAGE;
    from->left = (size_t)may;
    if (*offset > inode->size)
        clear_beyond_end(inode);
    while (from->left) {
        size_t in = *offset & LOS_PAGE_MASK, n = LOS_PAGE - in;
        if (n > from->left)
            n = from->left;
        los_pageno page = los_page_tree_get(&data->pages, *offset / LOS_PAGE);
        moved = page ? los_transfer_in(from, (uint8_t *)los_page_address(page) + in, n)
                     : write_new_page(data, *offset / LOS_PAGE, in, n, from);
        if (moved <= 0)
            break;
        *offset += (uint64_t)moved;
        total += moved;
        if (*offset > inode->size)
            set_size(inode, *offset);
        if ((size_t)moved < n)
            break;
    }
    from->left += kept_back;
    if (!total)
        return moved;
    los_inode_touch(inode, true);
    if (inode->permissions & (MODE_SETUID | MODE_SETGID))
        los_inode_strip_setuid(inode);
    if (data->object.overlay)
        los_object_changed(&data->object, first, (*offset - 1) / LOS_PAGE - first + 1);
    return total;
}

/* --- size ------------------------------------------------------------------------------------------------------------ */

static void zero_range(struct tmpfs_data *data, uint64_t start, uint64_t end) /* within one page */
{
    los_pageno page = start < end ? los_page_tree_get(&data->pages, start / LOS_PAGE) : LOS_NO_PAGE;
    if (page)
        memset((uint8_t *)los_page_address(page) + (start & LOS_PAGE_MASK), 0, end - start);
}

long los_tmpfs_truncate(struct los_inode *inode, uint64_t size)
{
    struct tmpfs_data *data = data_of(inode);
    long error = size ? los_tmpfs_copy_up(inode) : 0;
    if (error)
        return error;
    if (size > inode->size) {
        clear_beyond_end(inode);
    } else if (size < inode->size) {
        uint64_t first_gone = (size + LOS_PAGE_MASK) / LOS_PAGE;
        set_size(inode, size);
        los_object_truncated(&data->object, first_gone);
        los_tmpfs_uncharge(data->fs, drop_pages(data, first_gone, UINT64_MAX) * LOS_PAGE);
        clear_beyond_end(inode);
        if (data->object.overlay)
            los_object_changed(&data->object, size / LOS_PAGE, 1);
    }
    set_size(inode, size);
    data->shared &= size != 0;
    los_inode_touch(inode, true);
    return 0;
}

static void punch_hole(struct tmpfs_data *data, uint64_t start, uint64_t end)
{
    uint64_t first = (start + LOS_PAGE_MASK) / LOS_PAGE, last = end / LOS_PAGE; /* whole pages */
    if (first > last || (first == last && (start & LOS_PAGE_MASK) && (end & LOS_PAGE_MASK) &&
                         start / LOS_PAGE == end / LOS_PAGE)) {
        zero_range(data, start, end);
    } else {
        zero_range(data, start, first * LOS_PAGE);
        zero_range(data, last * LOS_PAGE, end);
    }
    if (first < last) {
        los_object_truncated(&data->object, first); /* what is mapped beyond is mapped anew */
        los_tmpfs_uncharge(data->fs, drop_pages(data, first, last) * LOS_PAGE);
    }
    if (data->object.overlay)
        los_object_changed(&data->object, start / LOS_PAGE, (end - 1) / LOS_PAGE - start / LOS_PAGE + 1);
}

long los_tmpfs_allocate(struct los_inode *inode, uint64_t offset, uint64_t bytes, bool keep_size, bool punch)
{
    struct tmpfs_data *data = data_of(inode);
    uint64_t end = offset + bytes;
    if (punch) {
        punch_hole(data, offset, end);
        los_inode_touch(inode, true);
        return 0;
    }
    uint64_t first = offset / LOS_PAGE, last = (end + LOS_PAGE_MASK) / LOS_PAGE;
    if ((last - first) > data->pages.count &&
        (last - first - data->pages.count) > (data->fs->limit - data->fs->used) / LOS_PAGE)
        return -LOS_E_NOSPC; /* not even if all of the file's pages lay inside */
    if (end > inode->size)
        clear_beyond_end(inode);
    for (uint64_t index = first; index < last; index++) {
        if (los_page_tree_get(&data->pages, index))
            continue;
        if (!los_tmpfs_charge(data->fs, LOS_PAGE))
            return -LOS_E_NOSPC;
        los_pageno page = los_page_alloc_zeroed();
        if (!page || !los_page_tree_put(&data->pages, index, page)) {
            if (page)
                los_page_unref(page);
            los_tmpfs_uncharge(data->fs, LOS_PAGE);
            return -LOS_E_NOSPC;
        }
    }
    if (!keep_size && end > inode->size)
        set_size(inode, end);
    los_inode_touch(inode, false);
    return 0;
}

static long tmpfs_seek(struct los_file *file, int64_t offset, int whence)
{
    struct los_inode *inode = file->inode;
    struct los_page_tree *tree = &data_of(inode)->pages;
    int64_t base = whence == 1 ? (int64_t)file->offset : whence == 2 ? (int64_t)inode->size : 0, to;
    if (whence == 3 || whence == 4) {
        if (offset < 0 || (uint64_t)offset >= inode->size)
            return -LOS_E_NXIO;
        uint64_t index = (uint64_t)offset / LOS_PAGE;
        if (whence == 3) {
            uint64_t found = los_page_tree_next(tree, index);
            if (found == UINT64_MAX || found * LOS_PAGE >= inode->size)
                return -LOS_E_NXIO;
            to = found == index ? offset : (int64_t)(found * LOS_PAGE);
        } else {
            uint64_t hole = index;
            while (los_page_tree_get(tree, hole))
                hole++;
            to = hole == index ? offset : (int64_t)(hole * LOS_PAGE);
            if ((uint64_t)to > inode->size)
                to = (int64_t)inode->size;
        }
    } else if (whence < 0 || whence > 4) {
        return -LOS_E_INVAL;
    } else if (__builtin_add_overflow(base, offset, &to)) {
        return -LOS_E_OVERFLOW;
    }
    if (to < 0)
        return -LOS_E_INVAL;
    file->offset = (uint64_t)to;
    return to;
}

static long tmpfs_map(struct los_file *file, struct los_object **out)
{
    *out = file->inode->object;
    los_inode_accessed(file->inode, file);
    return 0;
}

static long tmpfs_sync(struct los_file *file)
{
    (void)file;
    return 0;
}

const struct los_file_ops los_tmpfs_file_ops = {
    .read = tmpfs_read, .write = tmpfs_write, .seek = tmpfs_seek, .map = tmpfs_map, .sync = tmpfs_sync};
