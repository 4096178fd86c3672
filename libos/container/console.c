/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Consoles in memory: the rings of container.h as a terminal, or as three streams of bytes. The supervisor's counters are bounded by
 * what fits in the ring; sizes and places are read once, when the console is first looked at.
 */
#include "internal.h"
#include "../terminal/internal.h"
#include <exo/typed.h>

#define CONSOLE_MAJOR 229 /* as hypervisor consoles elsewhere */
#define PATIENCE_NS   5000000000ull
#define PAUSE_NS      1000000ull

struct ring {
    struct los_ring *shared;
    uint8_t *bytes;
    uint32_t size; /* a power of two; 0: there is none */
};
/* Lives until what ran on it has ended and no file has it open any more; its memory is the supervisor's again as soon as the former is so. */
struct console {
    struct los_console *shared;
    unsigned number, refs; /* of the table, the terminal, and open streams */
    bool gone;             /* shared and the rings are not there any more */
    struct ring out, err, in;
    struct los_terminal_driver driver;
    struct los_terminal *terminal; /* NULL: streams */
    struct los_wait_queue changed; /* input came, or room */
    uint32_t resized;
};
static struct console *consoles[LOS_CONSOLES_MAX];

static void console_unref(struct console *console)
{
    if (--console->refs == 0)
        los_free(console);
}

/* --- rings ---------------------------------------------------------------------------------------------------------------- */

static struct ring ring_at(struct los_console *console, struct los_ring *shared)
{
    uint32_t size = shared->size, offset = shared->offset;
    bool good = size && !(size & (size - 1)) && offset >= sizeof(*console) && offset <= LOS_CONSOLE_SPAN &&
                size <= LOS_CONSOLE_SPAN - offset;
    return (struct ring){shared, (uint8_t *)console + offset, good ? size : 0};
}

/* How much can be put in: all of it where nobody minds the oldest. */
static uint64_t ring_room(const struct ring *ring)
{
    if (!__atomic_load_n(&ring->shared->hold, __ATOMIC_SEQ_CST))
        return ring->size;
    uint64_t used = ring->shared->written - __atomic_load_n(&ring->shared->read, __ATOMIC_ACQUIRE);
    return used < ring->size ? ring->size - used : 0;
}

static uint64_t ring_filled(const struct ring *ring)
{
    uint64_t filled = __atomic_load_n(&ring->shared->written, __ATOMIC_ACQUIRE) - ring->shared->read;
    return filled < ring->size ? filled : ring->size;
}

/* n bytes, at most as many as the ring has, from `position` on: into the ring, or out of it. */
static void copy(const struct ring *ring, uint64_t position, char *bytes, size_t n, bool in)
{
    while (n) {
        size_t at = position & (ring->size - 1), piece = ring->size - at < n ? ring->size - at : n;
        memcpy(in ? (char *)ring->bytes + at : bytes, in ? bytes : (char *)ring->bytes + at, piece);
        position += piece;
        bytes += piece;
        n -= piece;
    }
}

/* The bytes that a reader is told of now were written before. */
static void wrote(const struct ring *ring, uint64_t n)
{
    __atomic_store_n(&ring->shared->written, ring->shared->written + n, __ATOMIC_SEQ_CST);
    if (__atomic_load_n(&ring->shared->hold, __ATOMIC_SEQ_CST))
        los_ring_supervisor();
}

static size_t ring_put(const struct ring *ring, const char *bytes, size_t n)
{
    size_t room = ring_room(ring);
    if (n > room)
        n = room;
    copy(ring, ring->shared->written, (char *)bytes /* only read */, n, true);
    if (n)
        wrote(ring, n);
    return n;
}

static size_t ring_get(const struct ring *ring, char *bytes, size_t n)
{
    size_t filled = ring_filled(ring);
    if (n > filled)
        n = filled;
    copy(ring, ring->shared->read, bytes, n, false);
    __atomic_store_n(&ring->shared->read, ring->shared->read + n, __ATOMIC_SEQ_CST);
    if (n && __atomic_load_n(&ring->shared->waiting, __ATOMIC_SEQ_CST))
        los_ring_supervisor();
    return n;
}

/* --- a terminal ------------------------------------------------------------------------------------------------------------ */

static struct console *console_of(struct los_terminal *terminal) { return terminal->driver->private; }

static size_t terminal_send(struct los_terminal *terminal, const char *bytes, size_t n)
{
    size_t done = console_of(terminal)->gone ? n : 0, put; /* nobody listens */
    while (done < n && (put = ring_put(&console_of(terminal)->out, bytes + done, n - done)) != 0)
        done += put;
    return done;
}

static void terminal_receive(struct los_terminal *terminal)
{
    char bytes[256];
    size_t n, room;
    while (!console_of(terminal)->gone && (room = los_discipline_room(&terminal->discipline)) != 0 &&
           (n = ring_get(&console_of(terminal)->in, bytes, room < sizeof(bytes) ? room : sizeof(bytes))) != 0)
        los_terminal_received(terminal, bytes, n);
}

static void terminal_last_closed(struct los_terminal *terminal)
{
    struct console *console = console_of(terminal);
    if (!console->gone)
        return;
    los_terminal_forget(terminal);
    los_free(terminal);
    console->terminal = NULL;
    console_unref(console);
}

static void terminal_resize(struct console *console)
{
    uint32_t resized = __atomic_load_n(&console->shared->resized, __ATOMIC_ACQUIRE);
    if (resized == console->resized)
        return;
    console->resized = resized;
    struct los_terminal_size size = {.rows = (uint16_t)console->shared->rows,
                                     .columns = (uint16_t)console->shared->columns};
    los_terminal_set_size(console->terminal, &size);
}

/* --- streams ---------------------------------------------------------------------------------------------------------------- */

static long stream_read(struct los_file *file, struct los_transfer *to, uint64_t *offset)
{
    struct console *console = file->private;
    char bytes[512];
    (void)offset;
    if (!to->left)
        return 0;
    for (;;) {
        if (console->gone)
            return 0;
        bool closed = __atomic_load_n(&console->shared->in.closed, __ATOMIC_ACQUIRE);
        size_t n = ring_filled(&console->in);
        if (n) {
            uint64_t before = console->in.shared->read;
            n = ring_get(&console->in, bytes, to->left < sizeof(bytes) ? to->left : sizeof(bytes));
            long moved = los_transfer_out(to, bytes, n);
            console->in.shared->read = before + (moved > 0 ? (uint64_t)moved : 0);
            return moved;
        }
        if (closed)
            return 0;
        if (file->flags & LOS_OPEN_NONBLOCK)
            return -LOS_E_AGAIN;
        int error = los_wait(&console->changed, LOS_FOREVER, true);
        if (error)
            return error;
    }
}

static long write_ring(struct los_file *file, struct los_transfer *from, const struct ring *ring)
{
    struct console *console = file->private;
    long total = 0;
    while (from->left) {
        char bytes[512];
        if (console->gone)
            return total ? total : -LOS_E_IO;
        size_t room = ring_room(ring), n = from->left < sizeof(bytes) ? from->left : sizeof(bytes);
        if (!room) {
            __atomic_store_n(&ring->shared->waiting, 1, __ATOMIC_SEQ_CST);
            if (ring_room(ring))
                continue;
            int error =
                file->flags & LOS_OPEN_NONBLOCK ? -LOS_E_AGAIN : los_wait(&console->changed, LOS_FOREVER, true);
            if (error)
                return total ? total : error;
            continue;
        }
        long moved = los_transfer_in(from, bytes, n < room ? n : room);
        if (moved <= 0)
            return total ? total : moved;
        ring_put(ring, bytes, (size_t)moved);
        total += moved;
    }
    return total;
}

static long stream_write(struct los_file *file, struct los_transfer *from, uint64_t *offset)
{
    struct console *console = file->private;
    (void)offset;
    return write_ring(file, from, &console->out);
}

static long error_write(struct los_file *file, struct los_transfer *from, uint64_t *offset)
{
    struct console *console = file->private;
    (void)offset;
    return write_ring(file, from, console->err.size ? &console->err : &console->out);
}

static uint32_t stream_poll(struct los_file *file, struct los_poll_table *table)
{
    struct console *console = file->private;
    los_poll_wait(table, &console->changed);
    if (console->gone)
        return LOS_POLL_IN | LOS_POLL_OUT | LOS_POLL_HANGUP;
    bool in = ring_filled(&console->in) || __atomic_load_n(&console->shared->in.closed, __ATOMIC_ACQUIRE);
    return (in ? LOS_POLL_IN : 0) | (ring_room(&console->out) ? LOS_POLL_OUT : 0);
}

static void stream_close(struct los_file *file) { console_unref(file->private); }

static const struct los_file_ops stream_ops = {
    .read = stream_read, .write = stream_write, .poll = stream_poll, .close = stream_close};
static const struct los_file_ops error_ops = {
    .read = stream_read, .write = error_write, .poll = stream_poll, .close = stream_close};

/* Of /dev/console and its kin: private is the number. */
static long console_open(struct los_file *file)
{
    struct console *console = consoles[(uintptr_t)file->private];
    if (!console)
        return -LOS_E_NXIO;
    if (console->terminal)
        return los_terminal_opened(console->terminal, file, false);
    file->ops = &stream_ops;
    file->private = console;
    console->refs++;
    return 0;
}
static const struct los_file_ops console_ops = {.open = console_open};

/* --- consoles --------------------------------------------------------------------------------------------------------------- */

static void name_console(const struct console *console, const char *name)
{
    static bool named[LOS_CONSOLES_MAX];
    if (!named[console->number]) /* the next one there has the same name */
        los_device_register(CONSOLE_MAJOR, console->number, name, &console_ops,
                            (void *)(uintptr_t)console->number);
    named[console->number] = true;
}

static void make_terminal(struct console *console)
{
    char name[16];
    los_snprintf(name, sizeof(name), "hvc%u", console->number);
    struct los_terminal *terminal = los_terminal_create(&console->driver, name);
    if (!terminal)
        return;
    terminal->major = CONSOLE_MAJOR;
    terminal->minor = console->number;
    terminal->input_room = terminal_receive;
    terminal->last_closed = terminal_last_closed;
    terminal->size = (struct los_terminal_size){.rows = (uint16_t)console->shared->rows,
                                                .columns = (uint16_t)console->shared->columns};
    console->terminal = terminal;
    console->refs++;
    console->resized = console->shared->resized;
    name_console(console, name);
}

/* NULL: no such console, or no memory. */
static struct console *look_at(unsigned n)
{
    if (n >= LOS_CONSOLES_MAX || consoles[n])
        return n < LOS_CONSOLES_MAX ? consoles[n] : NULL;
    struct los_console *shared = (struct los_console *)(LOS_CONSOLES + n * LOS_CONSOLE_SPAN);
    struct console *console = los_alloc_zeroed(sizeof(*console));
    if (!console)
        return NULL;
    *console = (struct console){.shared = shared,
                                .number = n,
                                .refs = 1,
                                .out = ring_at(shared, &shared->out),
                                .err = ring_at(shared, &shared->err),
                                .in = ring_at(shared, &shared->in),
                                .driver = {.send = terminal_send, .private = console}};
    los_wait_queue_init(&console->changed);
    consoles[n] = console;
    if (shared->terminal)
        make_terminal(console);
    return console;
}

static long console_file(struct console *console, unsigned descriptor, struct los_file **out)
{
    uint32_t flags = console->terminal ? LOS_OPEN_READ | LOS_OPEN_WRITE
                     : descriptor      ? LOS_OPEN_WRITE
                                       : LOS_OPEN_READ;
    struct los_inode *inode = los_inode_anonymous(LOS_ANONFS, LOS_CHARACTER, 0600);
    struct los_file *file =
        inode ? los_file_new(inode, descriptor == 2 ? &error_ops : &stream_ops, flags) : NULL;
    if (!file) {
        if (inode)
            los_inode_unref(inode);
        return -LOS_E_NOMEM;
    }
    inode->major = CONSOLE_MAJOR;
    inode->minor = console->number;
    inode->private = "console";
    file->private = console;
    console->refs++;
    long error = console->terminal ? los_terminal_opened(console->terminal, file, false) : 0;
    if (error)
        los_file_unref(file); /* still a stream: its close gives the reference up */
    else
        *out = file;
    if (!error && console->terminal)
        console_unref(console); /* the terminal has its own */
    return error;
}

long los_console_file(unsigned n, unsigned descriptor, struct los_file **out)
{
    struct console *console = look_at(n);
    char path[24];
    if (!console)
        return -LOS_E_NXIO;
    los_snprintf(path, sizeof(path), "/dev/hvc%u", n);
    if (console->terminal &&
        !los_open(NULL, path, LOS_OPEN_READ | LOS_OPEN_WRITE | LOS_OPEN_NOTERMINAL, 0, out))
        return 0;
    return console_file(console, descriptor, out); /* no /dev there */
}

struct los_terminal *los_console_terminal(unsigned n)
{
    return n < LOS_CONSOLES_MAX && consoles[n] ? consoles[n]->terminal : NULL;
}

/* From here on nobody touches the rings: the supervisor takes them away when it likes. */
static void forget(struct console *console)
{
    struct los_terminal *terminal = console->terminal;
    if (terminal) {
        los_terminal_push(terminal);
        console->gone = true;
        los_terminal_hangup(terminal);
        if (!terminal->opens)
            terminal_last_closed(terminal);
    }
    console->gone = true;
    los_wake(&console->changed, UINT32_MAX);
    consoles[console->number] = NULL;
    console_unref(console);
}

void los_console_ended(unsigned n, int status)
{
    struct los_console *shared = (struct los_console *)(LOS_CONSOLES + n * LOS_CONSOLE_SPAN);
    if (!n || n >= LOS_CONSOLES_MAX)
        return;
    if (consoles[n])
        forget(consoles[n]);
    shared->status = status;
    __atomic_store_n(&shared->ended, 1, __ATOMIC_RELEASE);
    los_ring_supervisor();
}

bool los_console_in_memory(void) { return LOS_START_PAGE->consoles != 0; }

void los_consoles_init(void)
{
    look_at(0);
    los_device_register(5, 1, "console", &console_ops, NULL);
}

void los_consoles_rang(void)
{
    for (unsigned n = 0; n < LOS_CONSOLES_MAX; n++) {
        struct console *console = consoles[n];
        if (!console)
            continue;
        if (console->terminal) {
            terminal_resize(console);
            terminal_receive(console->terminal);
            los_terminal_sent(console->terminal);
        }
        los_wake(&console->changed, UINT32_MAX);
    }
}

void los_consoles_drain(void)
{
    struct los_terminal *terminal = los_console_terminal(0);
    uint64_t patience = los_now() + PATIENCE_NS;
    if (!terminal)
        return;
    terminal->discipline.stopped = terminal->discipline.held = false;
    while (los_discipline_output_bytes(&terminal->discipline) && los_now() < patience) {
        size_t before = los_discipline_output_bytes(&terminal->discipline);
        los_terminal_push(terminal);
        if (los_discipline_output_bytes(&terminal->discipline) == before)
            exo_vcpu_block(los_now() + PAUSE_NS);
    }
}

void los_console_say(const char *text, size_t n)
{
    const struct console *console = consoles[0];
    if (console)
        ring_put(console->err.size ? &console->err : &console->out, text, n);
}
