/* SPDX-License-Identifier: MPL-2.0 */
/*
 * A supervisor for kx's tests, in the place of libos/supervisor/kx/device.c. Its state is the file $KX_FAKE, which all kx of a test share; each
 * request locks it, and lets every program that runs go on a little first.
 *
 * A program is named by its first argument:
 *   echo WORD...   writes the words to the output, err WORD... to the error output
 *   status N       ends with N
 *   config         writes its configuration, a string each line
 *   cat            writes what it reads until its input is closed
 *   lines N        writes N lines, as there is room
 *   sleep          tells each signal that it gets and ends with 143 at 15; `sleep deaf` never does
 *   size           tells the size of its terminal when that changes, and ends with its input or at a q
 * Consoles are small, answers are short, and with $KX_FAKE_AGAIN two requests of three are put off.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/timerfd.h>
#include <unistd.h>
#include "kx.h"

#define CONTAINERS 32
#define ARCHIVES   16
#define OUT_ROOM   1024u
#define IN_ROOM    64u
#define ANSWER     301u /* bytes of a console at most */
#define MEMORY     (256ul << 20)

struct pipe {
    uint64_t written, read;
    char bytes[OUT_ROOM];
};
struct console {
    bool used, ended, attached, closed;
    int status;
    uint64_t started_lines, rows, columns, told;
    struct pipe out[2], in;
    char config[8192];
    size_t config_bytes;
};
struct container {
    struct los_container_info info;
    struct console console[LOS_CONSOLES_MAX];
    bool there;
};
struct world {
    uint64_t next, clock, calls;
    struct container container[CONTAINERS];
    struct los_archive_info archive[ARCHIVES];
};
static struct world *world;
static int file = -1, timer = -1;

int kx_device(void)
{
    const char *name = getenv("KX_FAKE");
    if (file >= 0)
        return timer;
    file = name ? open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600) : -1;
    if (file < 0 || ftruncate(file, sizeof(*world)) < 0)
        kx_die("no supervisor's gate here: $KX_FAKE: %s", strerror(errno));
    world = mmap(NULL, sizeof(*world), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
    if (world == MAP_FAILED || timer < 0)
        kx_die("no supervisor's gate here: %s", strerror(errno));
    if (!world->next) {
        world->next = 1;
        world->archive[0] =
            (struct los_archive_info){.number = 1, .name = "rootfs", .bytes = 4096, .sealed = 1};
    }
    return timer;
}

/* --- answers -------------------------------------------------------------------------------------------------------------------------- */
static int64_t text(struct los_supervisor_call *call, int64_t result, const char *line)
{
    size_t length = strlen(line);
    call->out_bytes = length < call->out_room ? length : call->out_room;
    memcpy((void *)call->out, line, call->out_bytes);
    return result;
}

static int64_t nothing(struct los_supervisor_call *call)
{
    return text(call, -LOS_S_NOTHING, "there is no such container");
}

static void answer(struct los_supervisor_call *call, const void *bytes, size_t count)
{
    if (count <= call->out_room - call->out_bytes) {
        memcpy((char *)call->out + call->out_bytes, bytes, count);
        call->out_bytes += count;
    }
}

/* --- programs --------------------------------------------------------------------------------------------------------------------------- */
static const char *value(const struct console *c, const char *key, int index)
{
    size_t length = strlen(key);
    for (const char *at = c->config; at < c->config + c->config_bytes; at += strlen(at) + 1)
        if (!strncmp(at, key, length) && at[length] == '=' && index-- == 0)
            return at + length + 1;
    return NULL;
}

/* False: there is no room. Without a reader the oldest bytes are overwritten. */
static bool put(struct console *c, int stream, const char *bytes, size_t count)
{
    struct pipe *p = &c->out[stream];
    if (c->attached && p->written + count - p->read > OUT_ROOM)
        return false;
    for (size_t i = 0; i < count; i++)
        p->bytes[p->written++ % OUT_ROOM] = bytes[i];
    if (p->written - p->read > OUT_ROOM)
        p->read = p->written - OUT_ROOM;
    return true;
}

static void put_line(struct console *c, int stream, const char *line)
{
    if (!put(c, stream, line, strlen(line)))
        abort();
    put(c, stream, "\n", 1);
}

static void end(struct console *c, int status)
{
    c->ended = true;
    c->status = status;
}

static void run_cat(struct console *c)
{
    while (c->in.read < c->in.written && put(c, 0, &c->in.bytes[c->in.read % IN_ROOM], 1))
        c->in.read++;
    if (c->in.read == c->in.written && c->closed)
        end(c, 0);
}

static void run_lines(struct console *c, uint64_t count)
{
    char line[32];
    for (int n = 0; n < 50 && c->started_lines < count; n++) {
        snprintf(line, sizeof(line), "line %lu\n", c->started_lines);
        if (!put(c, 0, line, strlen(line)))
            return;
        c->started_lines++;
    }
    if (c->started_lines == count)
        end(c, 0);
}

static void run_size(struct console *c)
{
    char line[64];
    if (c->told != (c->rows << 16 | c->columns)) {
        snprintf(line, sizeof(line), "size %lu %lu\r\n", c->rows, c->columns);
        c->told = c->rows << 16 | c->columns;
        put(c, 0, line, strlen(line));
    }
    for (; c->in.read < c->in.written; c->in.read++)
        if (c->in.bytes[c->in.read % IN_ROOM] == 'q')
            end(c, 3);
        else
            put(c, 0, &c->in.bytes[c->in.read % IN_ROOM], 1);
}

static void step(struct console *c)
{
    const char *program = value(c, "args", 0), *word = value(c, "args", 1);
    if (!c->used || c->ended)
        return;
    if (!program || !strcmp(program, "status")) {
        end(c, word ? atoi(word) : 0);
    } else if (!strcmp(program, "echo") || !strcmp(program, "err")) {
        for (int i = 1; (word = value(c, "args", i)); i++)
            put_line(c, *program == 'e' && program[1] == 'r', word);
        end(c, 0);
    } else if (!strcmp(program, "config")) {
        if (!c->attached)
            return; /* it may be more than is kept */
        for (; c->told < c->config_bytes; c->told += strlen(c->config + c->told) + 1) {
            if (c->out[0].written + 600 - c->out[0].read > OUT_ROOM)
                return;
            put_line(c, 0, c->config + c->told);
        }
        end(c, 0);
    } else if (!strcmp(program, "cat")) {
        run_cat(c);
    } else if (!strcmp(program, "lines")) {
        run_lines(c, strtoul(word, NULL, 10));
    } else if (!strcmp(program, "size")) {
        run_size(c);
    } else if (strcmp(program, "sleep") != 0) {
        put_line(c, 1, "no such program");
        end(c, 127);
    }
}

static void take_signal(struct container *k, unsigned number)
{
    struct console *c = &k->console[0];
    const char *program = value(c, "args", 0), *word = value(c, "args", 1);
    char line[32];
    snprintf(line, sizeof(line), "signal %u", number);
    if (number == 9) {
        end(c, 137);
    } else if (program && !strcmp(program, "sleep")) {
        put_line(c, 0, line);
        if (number == 15 && !(word && !strcmp(word, "deaf")))
            end(c, 143);
    } else if (program && !strcmp(program, "lines") && number == 13) {
        end(c, 141);
    }
}

static void step_all(void)
{
    for (struct container *k = world->container; k < world->container + CONTAINERS; k++) {
        if (!k->there || k->info.state != LOS_CONTAINER_RUNNING)
            continue;
        for (int i = 0; i < LOS_CONSOLES_MAX; i++)
            step(&k->console[i]);
        k->info.cpu_ns = world->clock / 4;
        if (k->console[0].ended) {
            k->info.state = LOS_CONTAINER_STOPPED;
            k->info.status = k->console[0].status;
            k->info.ended_ns = world->clock;
            for (struct los_archive_info *a = world->archive; a < world->archive + ARCHIVES; a++)
                a->users -= !strcmp(a->name, k->info.root) && a->users;
        }
    }
}

/* --- requests ---------------------------------------------------------------------------------------------------------------------------- */
static struct container *find(uint64_t number)
{
    for (struct container *k = world->container; k < world->container + CONTAINERS; k++)
        if (k->there && k->info.number == number)
            return k;
    return NULL;
}

static struct los_archive_info *archive(uint64_t number, const char *name)
{
    for (struct los_archive_info *a = world->archive; a < world->archive + ARCHIVES; a++)
        if (*a->name && (name ? !strcmp(a->name, name) : a->number == number))
            return a;
    return NULL;
}

static void begin(struct console *c, const struct los_supervisor_call *call, bool attached)
{
    memset(c, 0, sizeof(*c));
    c->used = true;
    c->attached = attached;
    c->config_bytes = call->in_bytes < sizeof(c->config) ? call->in_bytes : sizeof(c->config);
    memcpy(c->config, (const void *)call->in, c->config_bytes);
    if (value(c, "rows", 0)) {
        c->rows = strtoul(value(c, "rows", 0), NULL, 10);
        c->columns = strtoul(value(c, "columns", 0), NULL, 10);
    }
}

static uint64_t number_of(const struct console *c, const char *key)
{
    return value(c, key, 0) ? strtoul(value(c, key, 0), NULL, 10) : 0;
}

static int64_t run(struct los_supervisor_call *call)
{
    static struct console c;
    struct container *k = world->container;
    begin(&c, call, call->word[2] == 1);
    const char *root = value(&c, "root", 0), *libos = value(&c, "libos", 0), *name = value(&c, "name", 0);
    for (int i = 0; value(&c, "archive", i); i++)
        if (!archive(0, value(&c, "archive", i)))
            return text(call, -LOS_S_NOTHING, "there is no such archive");
    for (int i = 0; i < CONTAINERS; i++)
        if (world->container[i].there && !strcmp(world->container[i].info.name, name))
            return text(call, -LOS_S_EXISTS, "the name is in use");
    if (libos && strcmp(libos, "linux") && strcmp(libos, "pager"))
        return text(call, -LOS_S_NOTHING, "there is no library OS of that name\nsecond line");
    if (number_of(&c, "memory") > MEMORY)
        return text(call, -LOS_S_MEMORY, "");
    while (k < world->container + CONTAINERS && k->there)
        k++;
    if (k == world->container + CONTAINERS)
        return text(call, -LOS_S_LIMIT, "no more containers");
    memset(k, 0, sizeof(*k));
    k->there = true;
    k->console[0] = c;
    k->info = (struct los_container_info){.number = (uint32_t)world->next++,
                                          .state = LOS_CONTAINER_RUNNING,
                                          .vcpus = 2,
                                          .created_ns = world->clock,
                                          .started_ns = world->clock,
                                          .memory_limit = number_of(&c, "memory"),
                                          .memory_pages = 4096,
                                          .free_pages = 3072,
                                          .quota_us = number_of(&c, "cpu.quota"),
                                          .period_us = number_of(&c, "cpu.period"),
                                          .processes = 2};
    snprintf(k->info.name, sizeof(k->info.name), "%s", name);
    snprintf(k->info.libos, sizeof(k->info.libos), "%s", libos ? libos : "linux");
    snprintf(k->info.root, sizeof(k->info.root), "%s", root ? root : "rootfs");
    for (int i = 0; value(&c, "args", i); i++)
        snprintf(k->info.command + strlen(k->info.command), sizeof(k->info.command) - strlen(k->info.command),
                 "%s%s", i ? " " : "", value(&c, "args", i));
    if (archive(0, k->info.root))
        archive(0, k->info.root)->users++;
    return k->info.number;
}

static int64_t list(struct los_supervisor_call *call)
{
    for (uint64_t number = call->word[2]; number < world->next; number++)
        if (find(number))
            answer(call, &find(number)->info, sizeof(struct los_container_info));
    return (int64_t)(call->out_bytes / sizeof(struct los_container_info));
}

static int64_t read_console(struct los_supervisor_call *call, struct container *k, struct console *c)
{
    struct pipe *p = &c->out[call->word[3] & 1];
    uint64_t oldest = p->written > OUT_ROOM ? p->written - OUT_ROOM : 0;
    uint64_t from = call->word[4] > oldest ? call->word[4] : oldest;
    if (from > p->written)
        from = p->written;
    if (c->attached && from > p->read)
        p->read = from;
    call->word[2] = from;
    for (; from < p->written && call->out_bytes < ANSWER; from++)
        answer(call, &p->bytes[from % OUT_ROOM], 1);
    call->word[3] = c->ended || k->info.state == LOS_CONTAINER_STOPPED;
    call->word[4] = (uint64_t)c->status;
    return (int64_t)call->out_bytes;
}

static int64_t write_console(struct los_supervisor_call *call, struct console *c)
{
    const char *bytes = (const char *)call->in;
    uint64_t taken = 0;
    if (c->ended)
        return text(call, -LOS_S_STATE, "it has ended");
    if (!call->in_bytes && call->word[3] == 1)
        c->closed = true;
    for (; taken < call->in_bytes && c->in.written - c->in.read < IN_ROOM; taken++)
        c->in.bytes[c->in.written++ % IN_ROOM] = bytes[taken];
    return (int64_t)taken;
}

static int64_t exec(struct los_supervisor_call *call, struct container *k)
{
    if (k->info.state != LOS_CONTAINER_RUNNING)
        return text(call, -LOS_S_STATE, "it does not run");
    for (int i = 1; i < LOS_CONSOLES_MAX; i++)
        if (!k->console[i].used) {
            begin(&k->console[i], call, true);
            return i;
        }
    return text(call, -LOS_S_LIMIT, "no console is left");
}

static int64_t set_state(struct los_supervisor_call *call, struct container *k, uint32_t from, uint32_t to)
{
    if (k->info.state != from)
        return text(call, -LOS_S_STATE, from == LOS_CONTAINER_RUNNING ? "it does not run" : "it is not paused");
    k->info.state = to;
    return 0;
}

static int64_t update(struct los_supervisor_call *call, struct container *k)
{
    static struct console c;
    begin(&c, call, false);
    if (number_of(&c, "memory") > MEMORY)
        return text(call, -LOS_S_MEMORY, "more memory than the machine has");
    if (number_of(&c, "memory"))
        k->info.memory_limit = number_of(&c, "memory");
    if (number_of(&c, "cpu.quota"))
        k->info.quota_us = number_of(&c, "cpu.quota");
    if (number_of(&c, "cpu.period"))
        k->info.period_us = number_of(&c, "cpu.period");
    return 0;
}

static int64_t with_container(struct los_supervisor_call *call)
{
    struct container *k = find(call->word[1]);
    if (!k || (call->word[0] != LOS_SUPERVISOR_SIGNAL && call->word[0] != LOS_SUPERVISOR_REMOVE &&
               call->word[2] >= LOS_CONSOLES_MAX))
        return nothing(call);
    struct console *c = &k->console[call->word[2] % LOS_CONSOLES_MAX];
    switch (call->word[0]) {
    case LOS_SUPERVISOR_INSPECT: answer(call, k->console[0].config, k->console[0].config_bytes); return 0;
    case LOS_SUPERVISOR_READ: return read_console(call, k, c);
    case LOS_SUPERVISOR_WRITE: return write_console(call, c);
    case LOS_SUPERVISOR_ATTACH:
        if (call->word[3] && c->attached)
            return text(call, -LOS_S_BUSY, "somebody is attached");
        c->attached = call->word[3] == 1;
        for (int i = 0; i < 2; i++) /* from the oldest byte kept, or from now on */
            c->out[i].read = call->word[4] == 1 && c->out[i].written > OUT_ROOM ? c->out[i].written - OUT_ROOM
                             : call->word[4] == 1                               ? 0
                                                                                : c->out[i].written;
        return 0;
    case LOS_SUPERVISOR_RESIZE:
        c->rows = call->word[3];
        c->columns = call->word[4];
        return 0;
    case LOS_SUPERVISOR_SIGNAL:
        if (k->info.state == LOS_CONTAINER_STOPPED)
            return text(call, -LOS_S_STATE, "it has ended");
        take_signal(k, (unsigned)call->word[2]);
        return 0;
    case LOS_SUPERVISOR_EXEC: return exec(call, k);
    case LOS_SUPERVISOR_RELEASE: memset(c, 0, sizeof(*c)); return 0;
    case LOS_SUPERVISOR_PAUSE: return set_state(call, k, LOS_CONTAINER_RUNNING, LOS_CONTAINER_PAUSED);
    case LOS_SUPERVISOR_RESUME: return set_state(call, k, LOS_CONTAINER_PAUSED, LOS_CONTAINER_RUNNING);
    case LOS_SUPERVISOR_UPDATE: return update(call, k);
    case LOS_SUPERVISOR_REMOVE:
        if (k->info.state != LOS_CONTAINER_STOPPED && !call->word[2])
            return text(call, -LOS_S_STATE, "it runs");
        if (k->info.state != LOS_CONTAINER_STOPPED && archive(0, k->info.root))
            archive(0, k->info.root)->users--;
        k->there = false;
        return 0;
    default: return text(call, -LOS_S_INVALID, "no such request");
    }
}

/* The bytes of an archive are in a file of their own: $KX_FAKE.NUMBER. */
static int archive_file(uint64_t number)
{
    char name[4200];
    snprintf(name, sizeof(name), "%s.%lu", getenv("KX_FAKE"), number);
    return open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
}

static int64_t make_archive(struct los_supervisor_call *call)
{
    const char *name = (const char *)call->in;
    if (archive(0, name))
        return text(call, -LOS_S_EXISTS, "the name is in use");
    if (call->word[2] > MEMORY)
        return text(call, -LOS_S_MEMORY, "not that much memory");
    for (struct los_archive_info *a = world->archive; a < world->archive + ARCHIVES; a++)
        if (!*a->name) {
            *a = (struct los_archive_info){.number = (uint32_t)++world->calls + 1000, .bytes = call->word[2]};
            snprintf(a->name, sizeof(a->name), "%s", name);
            return a->number;
        }
    return text(call, -LOS_S_LIMIT, "no more archives");
}

static int64_t fill(struct los_supervisor_call *call)
{
    struct los_archive_info *a = archive(call->word[1], NULL);
    if (!a || a->sealed || call->word[2] > a->bytes || call->in_bytes > a->bytes - call->word[2])
        return text(call, -LOS_S_INVALID, "beyond the archive");
    int fd = archive_file(a->number);
    ssize_t n = pwrite(fd, (const void *)call->in, call->in_bytes, (off_t)call->word[2]);
    close(fd);
    return n;
}

static int64_t seal(struct los_supervisor_call *call)
{
    struct los_archive_info *a = archive(call->word[1], NULL);
    if (getenv("KX_FAKE_NO_SEAL"))
        return text(call, -LOS_S_INVALID, "not today");
    if (!a)
        return text(call, -LOS_S_NOTHING, "no such archive");
    a->sealed = 1;
    return 0;
}

static int64_t forget(struct los_supervisor_call *call)
{
    struct los_archive_info *a = archive(call->word[1], call->word[1] ? NULL : (const char *)call->in);
    if (!a)
        return text(call, -LOS_S_NOTHING, "no such archive");
    if (a->users)
        return text(call, -LOS_S_BUSY, "a container uses it");
    memset(a, 0, sizeof(*a));
    return 0;
}

static int64_t machine(struct los_supervisor_call *call)
{
    struct los_machine_info info = {
        .cpus = 2, .pages = MEMORY / 4096, .free_pages = 32768, .supervisor_tokens = 99};
    world->clock += 1000000000ul;
    info.now_ns = world->clock;
    answer(call, &info, sizeof(info));
    return 0;
}

static int64_t serve(struct los_supervisor_call *call)
{
    switch (call->word[0]) {
    case LOS_SUPERVISOR_RUN: return run(call);
    case LOS_SUPERVISOR_LIST: return list(call);
    case LOS_SUPERVISOR_ARCHIVE: return make_archive(call);
    case LOS_SUPERVISOR_FILL: return fill(call);
    case LOS_SUPERVISOR_SEAL: return seal(call);
    case LOS_SUPERVISOR_FORGET: return forget(call);
    case LOS_SUPERVISOR_IMAGES: answer(call, "linux\0pager", 12); return 2;
    case LOS_SUPERVISOR_MACHINE: return machine(call);
    case LOS_SUPERVISOR_ARCHIVES:
        for (struct los_archive_info *a = world->archive; a < world->archive + ARCHIVES; a++)
            if (*a->name)
                answer(call, a, sizeof(*a));
        return 0;
    default: return with_container(call);
    }
}

long kx_call(struct los_supervisor_call *call)
{
    static unsigned again;
    const struct itimerspec soon = {.it_value = {.tv_nsec = 1000000}};
    kx_device();
    flock(file, LOCK_EX);
    timerfd_settime(timer, 0, &soon, NULL);
    call->out_bytes = 0;
    step_all();
    int64_t result = getenv("KX_FAKE_AGAIN") && again++ % 3 ? -LOS_S_AGAIN : serve(call);
    step_all();
    call->word[0] = (uint64_t)result;
    flock(file, LOCK_UN);
    return 0;
}
