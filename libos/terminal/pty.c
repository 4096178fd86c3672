/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Pseudo-terminals. The other side (/dev/pts/N) is a terminal whose line is the master's open file: what the terminal would
 * send stays in its output queue until the master reads it; what the master writes is received.
 * A pair lives until both sides are closed.
 */
#include "internal.h"
#include <los/pseudo.h>

#define PTY_MAJOR 136
#define PTYS_MAX  256
#define TTY_GROUP 5

struct pty {
    struct los_terminal terminal;
    struct los_terminal_driver driver;
    struct los_wait_queue master; /* reads and writes of the master wait here */
    uint32_t number;
    bool locked, master_open, was_open;
    uint32_t permissions, user, group;
};
static struct pty *ptys[PTYS_MAX];

static struct pty *pty_of(struct los_terminal *terminal)
{
    return LOS_CONTAINER(terminal, struct pty, terminal);
}

static void pty_free(struct pty *pty)
{
    los_terminal_forget(&pty->terminal);
    ptys[pty->number] = NULL;
    los_free(pty);
}

/* --- the terminal's side ---------------------------------------------------------------------------------------------- */

static size_t pty_send(struct los_terminal *terminal, const char *bytes, size_t n)
{
    (void)bytes;
    (void)n;
    los_wake(&pty_of(terminal)->master, UINT32_MAX);
    return 0; /* it is fetched: master_read */
}
static void pty_input_room(struct los_terminal *terminal) { los_wake(&pty_of(terminal)->master, UINT32_MAX); }
static void pty_last_closed(struct los_terminal *terminal)
{
    struct pty *pty = pty_of(terminal);
    if (pty->master_open)
        los_wake(&pty->master, UINT32_MAX);
    else
        pty_free(pty);
}

static struct pty *pty_create(void)
{
    uint32_t number = 0;
    while (number < PTYS_MAX && ptys[number] != NULL)
        number++;
    struct pty *pty = number < PTYS_MAX ? los_alloc_zeroed(sizeof *pty) : NULL;
    if (pty == NULL)
        return NULL;
    char name[16];
    los_snprintf(name, sizeof name, "pts/%u", number);
    pty->driver = (struct los_terminal_driver){.send = pty_send, .private = pty};
    los_terminal_init(&pty->terminal, &pty->driver, name);
    pty->terminal.major = PTY_MAJOR;
    pty->terminal.minor = pty->number = number;
    pty->terminal.input_room = pty_input_room;
    pty->terminal.last_closed = pty_last_closed;
    los_wait_queue_init(&pty->master);
    pty->locked = pty->master_open = true;
    pty->permissions = 0620;
    pty->user = los_current()->process->credentials.effective_user;
    pty->group = TTY_GROUP;
    ptys[number] = pty;
    return pty;
}

/* --- the master's side -------------------------------------------------------------------------------------------------- */

static bool other_side_closed(const struct pty *pty) { return pty->was_open && pty->terminal.opens == 0; }

static long master_wait(struct los_file *file)
{
    struct pty *pty = file->private;
    return file->flags & LOS_OPEN_NONBLOCK ? -LOS_E_AGAIN : los_wait(&pty->master, LOS_FOREVER, true);
}

static long master_read(struct los_file *file, struct los_transfer *to, uint64_t *offset)
{
    (void)offset;
    struct pty *pty = file->private;
    struct los_discipline *d = &pty->terminal.discipline;
    long got = 0;
    while (to->left > 0) {
        const char *at;
        size_t n = los_discipline_output(d, &at);
        if (n > 0) {
            long copied = los_transfer_out(to, at, n);
            if (copied < 0)
                return got > 0 ? got : copied;
            los_discipline_sent(d, (size_t)copied);
            got += copied;
            continue;
        }
        if (got > 0)
            break;
        if (other_side_closed(pty))
            return -LOS_E_IO;
        long error = master_wait(file);
        if (error < 0)
            return error;
    }
    if (los_discipline_write_room(d))
        los_wake(&pty->terminal.writers, UINT32_MAX);
    return got;
}

static long master_write(struct los_file *file, struct los_transfer *from, uint64_t *offset)
{
    (void)offset;
    struct pty *pty = file->private;
    long total = 0;
    while (from->left > 0) {
        char chunk[256];
        size_t room = los_discipline_room(&pty->terminal.discipline);
        if (other_side_closed(pty))
            return total > 0 ? total : -LOS_E_IO;
        if (room == 0) {
            long error = master_wait(file);
            if (error < 0)
                return total > 0 ? total : error;
            continue;
        }
        size_t n = from->left < sizeof chunk ? from->left : sizeof chunk;
        long copied = los_transfer_in(from, chunk, n < room ? n : room);
        if (copied <= 0)
            return total > 0 ? total : copied;
        los_terminal_received(&pty->terminal, chunk, (size_t)copied);
        total += copied;
    }
    return total;
}

static uint32_t master_poll(struct los_file *file, struct los_poll_table *table)
{
    struct pty *pty = file->private;
    const char *at;
    los_poll_wait(table, &pty->master);
    uint32_t ready = los_discipline_output(&pty->terminal.discipline, &at) > 0 ? LOS_POLL_IN : 0;
    if (other_side_closed(pty))
        ready |= LOS_POLL_HANGUP;
    return ready | (los_discipline_room(&pty->terminal.discipline) > 0 ? LOS_POLL_OUT : 0);
}

static void master_close(struct los_file *file)
{
    struct pty *pty = file->private;
    pty->master_open = false;
    los_terminal_hangup(&pty->terminal);
    if (pty->terminal.opens == 0)
        pty_free(pty);
}

static const struct los_file_ops master_ops = {
    .read = master_read,
    .write = master_write,
    .poll = master_poll,
    .close = master_close,
};

static long multiplexer_open(struct los_file *file)
{
    struct pty *pty = pty_create();
    if (pty == NULL)
        return -LOS_E_NOSPC;
    file->ops = &master_ops;
    file->private = pty;
    return 0;
}
static const struct los_file_ops multiplexer_ops = {.open = multiplexer_open};

struct los_terminal *los_pty_other_side(struct los_file *file)
{
    return file->ops == &master_ops ? &((struct pty *)file->private)->terminal : NULL;
}

long los_pty_number(struct los_file *file)
{
    return file->ops == &master_ops ? (long)((struct pty *)file->private)->number : -LOS_E_NOTTY;
}

long los_pty_lock(struct los_file *file, int lock)
{
    if (file->ops != &master_ops)
        return -LOS_E_NOTTY;
    struct pty *pty = file->private;
    if (lock < 0)
        return pty->locked;
    pty->locked = lock != 0;
    return 0;
}

long los_pty_open_peer(struct los_file *file, uint32_t flags, struct los_file **out)
{
    long number = los_pty_number(file);
    if (number < 0)
        return number;
    char path[32];
    los_snprintf(path, sizeof path, "/dev/pts/%ld", number);
    return los_open(NULL, path, flags, 0, out);
}

/* --- /dev/pts --------------------------------------------------------------------------------------------------------------- */

static struct pty *find(uint64_t number)
{
    return number < PTYS_MAX && ptys[number] != NULL && ptys[number]->master_open ? ptys[number] : NULL;
}

static long node_open(const struct los_pseudo_node *node, struct los_file *file)
{
    struct pty *pty = find(node->value[0]);
    if (pty == NULL || pty->locked)
        return -LOS_E_IO;
    long error = los_terminal_opened(&pty->terminal, file, true);
    if (error == 0)
        pty->was_open = true;
    return error;
}

static void node_owner(const struct los_pseudo_node *node, uint32_t *permissions, uint32_t *user,
                       uint32_t *group)
{
    const struct pty *pty = find(node->value[0]);
    if (pty == NULL)
        return;
    *permissions = pty->permissions;
    *user = pty->user;
    *group = pty->group;
}

static long node_changed(const struct los_pseudo_node *node, uint32_t permissions, uint32_t user,
                         uint32_t group)
{
    struct pty *pty = find(node->value[0]);
    if (pty == NULL)
        return -LOS_E_NOENT;
    pty->permissions = permissions;
    pty->user = user;
    pty->group = group;
    return 0;
}

static const struct los_pseudo side = {
    .type = LOS_CHARACTER,
    .permissions = 0620,
    .major = PTY_MAJOR,
    .owner = node_owner,
    .open = node_open,
    .changed = node_changed,
};

static void fill_in(struct los_pseudo_node *out, uint32_t number)
{
    out->kind = &side;
    out->number = number + 3;
    out->value[0] = out->minor = number;
}

static long root_lookup(const struct los_pseudo_node *dir, const char *name, size_t length,
                        struct los_pseudo_node *out)
{
    (void)dir;
    uint32_t number = 0;
    if (length > 3 || (length > 1 && name[0] == '0'))
        return -LOS_E_NOENT;
    for (size_t i = 0; i < length; i++) {
        if (name[i] < '0' || name[i] > '9')
            return -LOS_E_NOENT;
        number = number * 10 + (uint32_t)(name[i] - '0');
    }
    if (find(number) == NULL)
        return -LOS_E_NOENT;
    fill_in(out, number);
    return 0;
}

static bool root_next(const struct los_pseudo_node *dir, uint64_t *cursor, char name[LOS_FILE_NAME_MAX + 1],
                      struct los_pseudo_node *out)
{
    (void)dir;
    for (uint64_t number = *cursor; number < PTYS_MAX; number++) {
        if (find(number) == NULL)
            continue;
        *cursor = number + 1;
        los_snprintf(name, LOS_FILE_NAME_MAX + 1, "%lu", (unsigned long)number);
        fill_in(out, (uint32_t)number);
        return true;
    }
    return false;
}

static const struct los_pseudo root = {
    .type = LOS_DIRECTORY,
    .permissions = 0755,
    .lookup = root_lookup,
    .next = root_next,
};

static long pts_mount(const char *data, struct los_filesystem **out)
{
    (void)data;
    return los_pseudo_create("devpts", LOS_DEVPTS, &root, out);
}

void los_pty_init(void)
{
    static struct los_filesystem_type type = {.name = "devpts", .nodev = true, .mount = pts_mount};
    los_filesystem_register(&type);
    los_device_register(5, 2, "ptmx", &multiplexer_ops, NULL);
}
