/* SPDX-License-Identifier: MPL-2.0 */
/* Terminals as open files: reads and writes that wait, on top of the line discipline; mode, size, drain, flush. */
#include "internal.h"

void los_terminal_init(struct los_terminal *terminal, const struct los_terminal_driver *driver,
                       const char *name)
{
    los_discipline_init(&terminal->discipline);
    terminal->driver = driver;
    los_strlcpy(terminal->name, name, sizeof terminal->name);
    los_wait_queue_init(&terminal->readers);
    los_wait_queue_init(&terminal->writers);
}

struct los_terminal *los_terminal_create(const struct los_terminal_driver *driver, const char *name)
{
    struct los_terminal *terminal = los_alloc_zeroed(sizeof *terminal);
    if (terminal != NULL)
        los_terminal_init(terminal, driver, name);
    return terminal;
}

/* --- between driver and discipline ------------------------------------------------------------------------------- */

void los_terminal_push(struct los_terminal *terminal)
{
    struct los_discipline *d = &terminal->discipline;
    const char *at;
    size_t n;
    while ((n = los_discipline_output(d, &at)) > 0) {
        size_t sent = terminal->driver->send(terminal, at, n);
        los_discipline_sent(d, sent);
        if (sent < n)
            break;
    }
    if (los_discipline_write_room(d) && !los_list_empty(&terminal->writers.waiters))
        los_wake(&terminal->writers, UINT32_MAX);
}

void los_terminal_sent(struct los_terminal *terminal) { los_terminal_push(terminal); }

static void happened(struct los_terminal *terminal, uint32_t events)
{
    if (events & LOS_DISCIPLINE_INTERRUPT)
        los_terminal_signal(terminal, LOS_SIG_INTERRUPT);
    if (events & LOS_DISCIPLINE_QUIT)
        los_terminal_signal(terminal, LOS_SIG_QUIT);
    if (events & LOS_DISCIPLINE_SUSPEND)
        los_terminal_signal(terminal, LOS_SIG_TERMINAL_STOP);
    los_terminal_push(terminal);
    if (los_discipline_readable(&terminal->discipline, false))
        los_wake(&terminal->readers, UINT32_MAX);
}

void los_terminal_received(struct los_terminal *terminal, const char *bytes, size_t n)
{
    happened(terminal, los_discipline_receive(&terminal->discipline, bytes, n));
}

void los_terminal_break(struct los_terminal *terminal)
{
    happened(terminal, los_discipline_break(&terminal->discipline));
}

/* --- reading -------------------------------------------------------------------------------------------------------- */

/* Moves what is there. Returns bytes or FAULT; *ended: the read is over whatever is still wanted. */
static long take(struct los_terminal *terminal, struct los_transfer *to, bool *ended)
{
    struct los_discipline *d = &terminal->discipline;
    long moved = 0;
    *ended = false;
    while (to->left > 0 && !*ended && los_discipline_readable(d, false)) {
        const uint8_t *at;
        size_t n = los_discipline_peek(d, to->left, &at, ended);
        long copied = n > 0 ? los_transfer_out(to, at, n) : 0;
        if (copied < 0)
            return moved > 0 ? moved : copied;
        los_discipline_consume(d, (size_t)copied);
        moved += copied;
        if ((size_t)copied < n)
            *ended = true; /* the rest of the program's buffer is not there */
    }
    return moved;
}

static bool is_hung_up(const struct los_terminal *terminal, const struct los_file *file)
{
    return terminal->hung_up || file->directory_position != terminal->generation;
}

bool los_terminal_file_hung_up(struct los_file *file)
{
    struct los_terminal *terminal = los_file_terminal(file);
    return terminal != NULL && file->ops == &los_terminal_file_ops && is_hung_up(terminal, file);
}

static long terminal_read(struct los_file *file, struct los_transfer *to, uint64_t *offset)
{
    (void)offset;
    struct los_terminal *terminal = file->private;
    struct los_discipline *d = &terminal->discipline;
    if (is_hung_up(terminal, file))
        return 0;
    long error = los_terminal_check_read(terminal);
    if (error < 0)
        return error;
    size_t wanted = to->left, got = 0;
    uint64_t started = los_now(), last = started;
    while (wanted > 0) {
        bool ended;
        long moved = take(terminal, to, &ended);
        if (moved < 0) {
            error = moved;
            break;
        }
        if (moved > 0) {
            got += (size_t)moved;
            last = los_now();
        }
        if ((moved > 0 || ended) && terminal->input_room != NULL)
            terminal->input_room(terminal);
        if (d->has_urgent)
            los_terminal_push(terminal);
        uint64_t deadline;
        if (ended || is_hung_up(terminal, file) ||
            !los_discipline_must_wait(d, got, wanted, started, last, los_now(), &deadline))
            break;
        if (file->flags & LOS_OPEN_NONBLOCK)
            error = -LOS_E_AGAIN;
        else
            error = los_wait(&terminal->readers, deadline, true);
        if (error == -LOS_E_TIMEDOUT)
            error = 0; /* must_wait sees it by the clock; input that just came is still taken */
        if (error < 0)
            break;
    }
    return got > 0 ? (long)got : error;
}

/* --- writing ---------------------------------------------------------------------------------------------------------- */

#define CHUNK 256

/* Queues the n bytes, waiting for room. Returns how many, or an error when none. */
static long queue(struct los_file *file, const char *bytes, size_t n)
{
    struct los_terminal *terminal = file->private;
    size_t done = 0;
    for (;;) {
        if (is_hung_up(terminal, file))
            return done > 0 ? (long)done : -LOS_E_IO;
        size_t put;
        do { /* a fast driver empties the queue at once */
            put = los_discipline_write(&terminal->discipline, bytes + done, n - done);
            done += put;
            los_terminal_push(terminal);
        } while (put > 0 && done < n);
        if (done == n)
            return (long)done;
        long error = -LOS_E_AGAIN;
        if (!(file->flags & LOS_OPEN_NONBLOCK))
            error = los_wait(&terminal->writers, LOS_FOREVER, true);
        if (error < 0)
            return done > 0 ? (long)done : error;
    }
}

static long terminal_write(struct los_file *file, struct los_transfer *from, uint64_t *offset)
{
    (void)offset;
    struct los_terminal *terminal = file->private;
    if (is_hung_up(terminal, file))
        return -LOS_E_IO;
    long error = los_terminal_check_write(terminal);
    if (error < 0)
        return error;
    long total = 0;
    while (from->left > 0) {
        char chunk[CHUNK];
        long n = los_transfer_in(from, chunk, from->left < CHUNK ? from->left : CHUNK);
        if (n <= 0)
            return total > 0 ? total : n;
        long done = queue(file, chunk, (size_t)n);
        long short_by = n - (done > 0 ? done : 0);
        from->at -= (uint64_t)short_by; /* not written after all */
        from->left += (size_t)short_by;
        if (done < 0)
            return total > 0 ? total : done;
        total += done;
        if (short_by > 0)
            break;
    }
    return total;
}

static uint32_t terminal_poll(struct los_file *file, struct los_poll_table *table)
{
    struct los_terminal *terminal = file->private;
    los_poll_wait(table, &terminal->readers);
    los_poll_wait(table, &terminal->writers);
    if (is_hung_up(terminal, file))
        return LOS_POLL_IN | LOS_POLL_OUT | LOS_POLL_ERROR | LOS_POLL_HANGUP;
    uint32_t ready = los_discipline_readable(&terminal->discipline, true) ? LOS_POLL_IN : 0;
    return ready | (los_discipline_write_room(&terminal->discipline) ? LOS_POLL_OUT : 0);
}

static const struct los_file_ops plain_ops;

/* --- opening and closing ------------------------------------------------------------------------------------------------ */

/* Terminals have no use for the position in a directory: it holds the generation that the file was opened in. */
long los_terminal_opened(struct los_terminal *terminal, struct los_file *file, bool may_control)
{
    if (terminal->hung_up)
        return -LOS_E_IO;
    file->ops = terminal->plain ? &plain_ops : &los_terminal_file_ops;
    file->private = terminal;
    file->directory_position = terminal->generation;
    terminal->opens++;
    struct los_thread *thread = los_current();
    if (!may_control || terminal->plain || thread == NULL || (file->flags & LOS_OPEN_NOTERMINAL) ||
        !(file->flags & LOS_OPEN_READ))
        return 0;
    struct los_process *process = thread->process;
    if (process->pid == process->session && process->terminal == NULL && terminal->session == 0)
        los_terminal_acquire(terminal, false);
    return 0;
}

static void terminal_close(struct los_file *file)
{
    struct los_terminal *terminal = file->private;
    terminal->opens--;
    if (terminal->opens == 0 && terminal->last_closed != NULL)
        terminal->last_closed(terminal);
}

const struct los_file_ops los_terminal_file_ops = {
    .read = terminal_read,
    .write = terminal_write,
    .poll = terminal_poll,
    .close = terminal_close,
};

/* The same functions, but no terminal to programs: see los_file_terminal. */
static const struct los_file_ops plain_ops = {
    .read = terminal_read,
    .write = terminal_write,
    .poll = terminal_poll,
    .close = terminal_close,
};

void los_terminal_make_plain(struct los_terminal *terminal)
{
    struct los_terminal_mode mode = {.control[LOS_TC_MIN] = 1};
    los_discipline_set_mode(&terminal->discipline, &mode);
    terminal->plain = true;
}

/* --- what programs may look at and change -------------------------------------------------------------------------------- */

struct los_terminal_mode *los_terminal_mode(struct los_terminal *terminal)
{
    return &terminal->discipline.mode;
}

long los_terminal_drain(struct los_terminal *terminal)
{
    for (;;) {
        los_terminal_push(terminal);
        if (terminal->hung_up || los_discipline_output_bytes(&terminal->discipline) == 0)
            return 0;
        long error = los_wait(&terminal->writers, LOS_FOREVER, true);
        if (error < 0)
            return error;
    }
}

long los_terminal_set_mode(struct los_terminal *terminal, const struct los_terminal_mode *mode,
                           enum los_terminal_when when)
{
    long error = los_terminal_check_change(terminal);
    if (error == 0 && when != LOS_TERMINAL_NOW)
        error = los_terminal_drain(terminal);
    if (error < 0)
        return error;
    if (when == LOS_TERMINAL_FLUSH)
        los_terminal_flush(terminal, true, false);
    los_discipline_set_mode(&terminal->discipline, mode);
    los_wake(&terminal->readers, UINT32_MAX); /* MIN, TIME and canonical decide about reads in progress */
    los_terminal_push(terminal);
    return 0;
}

struct los_terminal_size *los_terminal_size(struct los_terminal *terminal) { return &terminal->size; }

void los_terminal_set_size(struct los_terminal *terminal, const struct los_terminal_size *size)
{
    if (memcmp(size, &terminal->size, sizeof *size) == 0)
        return;
    terminal->size = *size;
    los_terminal_signal(terminal, LOS_SIG_WINDOW);
}

void los_terminal_flush(struct los_terminal *terminal, bool input, bool output)
{
    if (input) {
        los_discipline_flush_input(&terminal->discipline);
        if (terminal->input_room != NULL)
            terminal->input_room(terminal);
    }
    if (output)
        los_discipline_flush_output(&terminal->discipline);
    los_terminal_push(terminal);
}

long los_terminal_flow(struct los_terminal *terminal, enum los_terminal_flow what)
{
    struct los_discipline *d = &terminal->discipline;
    switch (what) {
    case LOS_FLOW_STOP_OUTPUT: d->held = true; break;
    case LOS_FLOW_START_OUTPUT: d->held = d->stopped = false; break;
    case LOS_FLOW_SEND_STOP:
    case LOS_FLOW_SEND_START:
        d->urgent = d->mode.control[what == LOS_FLOW_SEND_STOP ? LOS_TC_STOP : LOS_TC_START];
        d->has_urgent = d->urgent != 0;
        break;
    default: return -LOS_E_INVAL;
    }
    los_terminal_push(terminal);
    return 0;
}

long los_terminal_input_bytes(struct los_terminal *terminal)
{
    return (long)los_discipline_input_bytes(&terminal->discipline);
}

long los_terminal_output_bytes(struct los_terminal *terminal)
{
    return (long)los_discipline_output_bytes(&terminal->discipline);
}

const char *los_terminal_name(struct los_terminal *terminal) { return terminal->name; }

void los_terminal_device(struct los_terminal *terminal, uint32_t *major, uint32_t *minor)
{
    *major = terminal->major;
    *minor = terminal->minor;
}
