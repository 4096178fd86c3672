/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Pipes and FIFOs: a ring of pages between readers and writers.
 *
 * A page is there from the first byte written to it until its last byte is read (one page is kept by a pipe in use). Copies to and from programs never
 * sleep, so a write that fits is atomic; writes of up to ATOMIC_BYTES wait until they fit.
 */
#include "../file/internal.h"

#define ATOMIC_BYTES  4096u
#define PAGES_DEFAULT 16u
#define PAGES_MOST    256u

struct pipe {
    uint32_t readers, writers;           /* open files */
    uint32_t reader_opens, writer_opens; /* ever: an open of a FIFO waits for one of these to move */
    uint32_t pages;                      /* a power of two */
    uint64_t head, tail;                 /* bytes ever read and written */
    los_pageno *ring;                    /* [position / page % pages]; LOS_NO_PAGE: not there now */
    los_pageno kept;                     /* an empty one for the next write */
    struct los_wait_queue readable, writable;
};

static size_t used(const struct pipe *pipe) { return pipe->tail - pipe->head; }
/* Whole pages: the tail never enters the page that the head is in from behind. */
static size_t room(const struct pipe *pipe)
{
    return (pipe->head / LOS_PAGE + pipe->pages) * LOS_PAGE - pipe->tail;
}

static struct pipe *pipe_new(void)
{
    struct pipe *pipe = los_alloc_zeroed(sizeof(*pipe));
    if (!pipe)
        return NULL;
    pipe->pages = PAGES_DEFAULT;
    if (!(pipe->ring = los_alloc_zeroed(PAGES_DEFAULT * sizeof(*pipe->ring)))) {
        los_free(pipe);
        return NULL;
    }
    los_wait_queue_init(&pipe->readable);
    los_wait_queue_init(&pipe->writable);
    return pipe;
}

static void drop_pages(struct pipe *pipe)
{
    for (uint32_t i = 0; i < pipe->pages; i++)
        if (pipe->ring[i])
            los_page_unref(pipe->ring[i]);
    if (pipe->kept)
        los_page_unref(pipe->kept);
    memset(pipe->ring, 0, pipe->pages * sizeof(*pipe->ring));
    pipe->kept = LOS_NO_PAGE;
    pipe->head = pipe->tail = 0;
}

static void pipe_free(struct pipe *pipe)
{
    drop_pages(pipe);
    los_free(pipe->ring);
    los_free(pipe);
}

static los_pageno *slot(struct pipe *pipe, uint64_t position)
{
    return &pipe->ring[position / LOS_PAGE & (pipe->pages - 1)];
}

/* --- moving bytes ---------------------------------------------------------------------------------------------------- */

static void page_done(struct pipe *pipe, los_pageno *page)
{
    if (pipe->kept)
        los_page_unref(*page);
    else
        pipe->kept = *page;
    *page = LOS_NO_PAGE;
}

/* Takes out what is there and fits. Bytes, or FAULT. */
static long take(struct pipe *pipe, struct los_transfer *to)
{
    long total = 0;
    while (to->left && used(pipe)) {
        size_t in = pipe->head & LOS_PAGE_MASK, n = LOS_PAGE - in;
        los_pageno *page = slot(pipe, pipe->head);
        if (n > used(pipe))
            n = used(pipe);
        if (n > to->left)
            n = to->left;
        long moved = los_transfer_out(to, (uint8_t *)los_page_address(*page) + in, n);
        if (moved < 0)
            return total ? total : moved;
        pipe->head += (uint64_t)moved;
        total += moved;
        if ((pipe->head & LOS_PAGE_MASK) == 0)
            page_done(pipe, page);
        if ((size_t)moved < n)
            break;
    }
    if (!used(pipe) && (pipe->head & LOS_PAGE_MASK)) { /* start the next write at the front of a page */
        page_done(pipe, slot(pipe, pipe->head));
        pipe->head = pipe->tail = 0;
    }
    return total;
}

/* Puts in what fits. Bytes, FAULT, or NOMEM. */
static long put(struct pipe *pipe, struct los_transfer *from)
{
    long total = 0;
    while (from->left && room(pipe)) {
        size_t in = pipe->tail & LOS_PAGE_MASK, n = LOS_PAGE - in;
        los_pageno *page = slot(pipe, pipe->tail);
        if (n > room(pipe))
            n = room(pipe);
        if (n > from->left)
            n = from->left;
        if (!*page) {
            *page = pipe->kept ? pipe->kept : los_page_alloc();
            pipe->kept = LOS_NO_PAGE;
            if (!*page)
                return total ? total : -LOS_E_NOMEM;
        }
        long moved = los_transfer_in(from, (uint8_t *)los_page_address(*page) + in, n);
        if (moved <= 0) {
            if (!in || !used(pipe))
                page_done(pipe, page);
            return total ? total : moved;
        }
        pipe->tail += (uint64_t)moved;
        total += moved;
        if ((size_t)moved < n)
            break;
    }
    return total;
}

static long pipe_read(struct los_file *file, struct los_transfer *to, uint64_t *offset)
{
    struct pipe *pipe = file->private;
    (void)offset;
    if (!to->left)
        return 0;
    while (!used(pipe)) {
        if (!pipe->writers)
            return 0;
        if (file->flags & LOS_OPEN_NONBLOCK)
            return -LOS_E_AGAIN;
        int error = los_wait(&pipe->readable, LOS_FOREVER, true);
        if (error)
            return error;
    }
    size_t before = room(pipe);
    long moved = take(pipe, to);
    if (before < ATOMIC_BYTES && room(pipe) > before)
        los_wake(&pipe->writable, UINT32_MAX);
    if (used(pipe))
        los_wake(&pipe->readable, 1); /* there is more, perhaps for another reader */
    if (moved > 0)
        los_inode_accessed(file->inode, file);
    return moved;
}

static long broken(long total)
{
    struct los_signal_info info = {.number = LOS_SIG_PIPE, .cause = LOS_CAUSE_KERNEL};
    los_signal_thread(los_current(), &info);
    return total ? total : -LOS_E_PIPE;
}

static long pipe_write(struct los_file *file, struct los_transfer *from, uint64_t *offset)
{
    struct pipe *pipe = file->private;
    long total = 0;
    (void)offset;
    if (!from->left)
        return 0;
    size_t must_fit = from->left <= ATOMIC_BYTES ? from->left : 1;
    for (;;) {
        if (!pipe->readers)
            return broken(total);
        if (room(pipe) >= must_fit) {
            size_t wanted = from->left;
            long moved = put(pipe, from);
            if (moved <= 0)
                return total ? total : moved;
            total += moved;
            los_inode_touch(file->inode, true);
            los_wake(&pipe->readable, UINT32_MAX);
            if (!from->left || ((size_t)moved < wanted && room(pipe)))
                return total; /* all of it, or a fault cut it short */
            must_fit = 1;
            continue;
        }
        if (file->flags & LOS_OPEN_NONBLOCK)
            return total ? total : -LOS_E_AGAIN;
        int error = los_wait(&pipe->writable, LOS_FOREVER, true);
        if (error)
            return total ? total : error;
    }
}

static uint32_t pipe_poll(struct los_file *file, struct los_poll_table *table)
{
    struct pipe *pipe = file->private;
    uint32_t is = 0;
    if (file->flags & LOS_OPEN_READ) {
        los_poll_wait(table, &pipe->readable);
        if (used(pipe))
            is |= LOS_POLL_IN;
        if (!pipe->writers && pipe->writer_opens)
            is |= LOS_POLL_HANGUP;
    }
    if (file->flags & LOS_OPEN_WRITE) {
        los_poll_wait(table, &pipe->writable);
        if (room(pipe) >= ATOMIC_BYTES)
            is |= LOS_POLL_OUT;
        if (!pipe->readers)
            is |= LOS_POLL_ERROR;
    }
    return is;
}

/* --- ends -------------------------------------------------------------------------------------------------------------- */

static void open_ends(struct pipe *pipe, uint32_t flags)
{
    if (flags & LOS_OPEN_READ) {
        pipe->readers++;
        pipe->reader_opens++;
        los_wake(&pipe->writable, UINT32_MAX);
    }
    if (flags & LOS_OPEN_WRITE) {
        pipe->writers++;
        pipe->writer_opens++;
        los_wake(&pipe->readable, UINT32_MAX);
    }
}

static void close_ends(struct pipe *pipe, uint32_t flags)
{
    if (flags & LOS_OPEN_READ)
        pipe->readers--;
    if (flags & LOS_OPEN_WRITE)
        pipe->writers--;
    if (!pipe->readers || !pipe->writers) {
        los_wake(&pipe->readable, UINT32_MAX);
        los_wake(&pipe->writable, UINT32_MAX);
    }
}

static void pipe_close(struct los_file *file)
{
    struct pipe *pipe = file->private;
    close_ends(pipe, file->flags);
    if (!pipe->readers && !pipe->writers)
        drop_pages(pipe); /* a FIFO keeps nothing while nobody has it open */
}

void los_fifo_release(struct los_inode *inode)
{
    pipe_free(inode->fifo);
    inode->fifo = NULL;
}

/* Opening a FIFO waits for the other side, as POSIX open() says. A pipe opened by its place in /proc has its other side or not. */
static long fifo_open(struct los_file *file)
{
    struct los_inode *inode = file->inode;
    struct pipe *pipe = inode->fifo;
    if (!pipe && !(pipe = inode->fifo = pipe_new()))
        return -LOS_E_NOMEM;
    bool reads = file->flags & LOS_OPEN_READ, writes = file->flags & LOS_OPEN_WRITE,
         nonblock = file->flags & LOS_OPEN_NONBLOCK;
    int error = 0;
    if (writes && !reads && nonblock && !pipe->readers)
        return -LOS_E_NXIO;
    file->private = pipe;
    open_ends(pipe, file->flags);
    if (inode->filesystem->kind == LOS_PIPEFS || nonblock)
        return 0;
    uint32_t seen = reads ? pipe->writer_opens : pipe->reader_opens;
    if (reads && !writes)
        while (!error && !pipe->writers && pipe->writer_opens == seen)
            error = los_wait(&pipe->readable, LOS_FOREVER, true);
    else if (writes && !reads)
        while (!error && !pipe->readers && pipe->reader_opens == seen)
            error = los_wait(&pipe->writable, LOS_FOREVER, true);
    if (error)
        close_ends(pipe, file->flags);
    return error;
}

static long pipe_control(struct los_file *file, uint32_t request, uint64_t argument)
{
    (void)file, (void)request, (void)argument;
    return -LOS_E_NOTTY;
}

const struct los_file_ops los_fifo_file_ops = {.read = pipe_read,
                                               .write = pipe_write,
                                               .poll = pipe_poll,
                                               .control = pipe_control,
                                               .close = pipe_close,
                                               .open = fifo_open};

long los_pipe_create(uint32_t flags, struct los_file **reader, struct los_file **writer)
{
    struct los_inode *inode = los_inode_anonymous(LOS_PIPEFS, LOS_FIFO, 0600);
    if (!inode)
        return -LOS_E_NFILE;
    struct pipe *pipe = inode->fifo = pipe_new();
    struct los_file *in = NULL, *out = NULL;
    if (pipe && (in = los_file_new(inode, &los_fifo_file_ops, (flags & LOS_OPEN_NONBLOCK) | LOS_OPEN_READ))) {
        in->private = pipe;
        open_ends(pipe, LOS_OPEN_READ);
        los_inode_ref(inode);
        out = los_file_new(inode, &los_fifo_file_ops,
                           (flags & (LOS_OPEN_NONBLOCK | LOS_OPEN_DIRECT)) | LOS_OPEN_WRITE);
    }
    if (!out) {
        los_inode_unref(inode);
        if (in)
            los_file_unref(in);
        return -LOS_E_NFILE;
    }
    out->private = pipe;
    open_ends(pipe, LOS_OPEN_WRITE);
    *reader = in;
    *writer = out;
    return 0;
}

/* --- capacity ------------------------------------------------------------------------------------------------------------ */

static struct pipe *pipe_of(struct los_file *file)
{
    return file->ops == &los_fifo_file_ops ? file->private : NULL;
}

long los_pipe_available(struct los_file *file)
{
    struct pipe *pipe = pipe_of(file);
    return pipe ? (long)used(pipe) : -LOS_E_NOTTY;
}

long los_pipe_capacity(struct los_file *file, long set)
{
    struct pipe *pipe = pipe_of(file);
    if (!pipe)
        return -LOS_E_BADF;
    if (set < 0)
        return (long)(pipe->pages * LOS_PAGE);
    uint32_t pages = 1;
    while (pages * LOS_PAGE < (uint64_t)set && pages <= PAGES_MOST)
        pages *= 2;
    if (pages > PAGES_MOST)
        return los_file_credentials()->effective_user ? -LOS_E_PERM : -LOS_E_INVAL;
    uint64_t first = pipe->head / LOS_PAGE, end = (pipe->tail + LOS_PAGE_MASK) / LOS_PAGE;
    if (end - first > pages)
        return -LOS_E_BUSY;
    los_pageno *ring = los_alloc_zeroed(pages * sizeof(*ring));
    if (!ring)
        return -LOS_E_NOMEM;
    for (uint64_t i = first; i < end; i++)
        ring[i & (pages - 1)] = *slot(pipe, i * LOS_PAGE);
    los_free(pipe->ring);
    pipe->ring = ring;
    pipe->pages = pages;
    los_wake(&pipe->writable, UINT32_MAX);
    return (long)(pages * LOS_PAGE);
}
