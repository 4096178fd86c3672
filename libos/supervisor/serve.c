/* SPDX-License-Identifier: MPL-2.0 */
/*
 * What comes through the gate: the requests of los/container.h. The caller's channel is copied before it is looked at, because the
 * caller may write it meanwhile.
 */
#include "supervisor.h"

enum { SIGNAL_KILL = 9, STATUS_KILLED = 128 + SIGNAL_KILL };

struct request {
    struct container *caller;
    uint64_t word[7];
    const char *text; /* with a NUL after its `bytes` */
    uint64_t bytes;
    /* the answer */
    uint64_t result, out[3], out_bytes;
    struct failure why;
};

static char copied[LOS_CHANNEL_MOST + 1];

static struct container *subject(struct request *r)
{
    struct container *c = container_find(r->word[1], r->text);
    if (c)
        return c;
    if (r->word[1])
        refuse(&r->why, LOS_S_NOTHING, "no container with the number %u", r->word[1]);
    else
        refuse(&r->why, LOS_S_NOTHING, "no container '%s'", r->text);
    return NULL;
}

/* The text after the container's name. */
static struct config rest(const struct request *r)
{
    uint64_t skip = r->word[1] ? 0 : text_length(r->text) + 1;
    return (struct config){r->text + (skip < r->bytes ? skip : r->bytes),
                           skip < r->bytes ? r->bytes - skip : 0};
}

static struct console *console_of(struct request *r, struct container *c, uint64_t number)
{
    if (number < LOS_CONSOLES_MAX && c->console[number].shared)
        return &c->console[number];
    refuse(&r->why, LOS_S_NOTHING,
           c->first && !number ? "the console of container '%s' is the machine's own"
                               : "container '%s' has no such console",
           c->name);
    return NULL;
}

/* --- containers ---------------------------------------------------------------------------------------------------------- */

static bool run(struct request *r)
{
    if (!time_ready_for_others())
        return refuse(&r->why, LOS_S_AGAIN, "slices are being settled");
    uint64_t asked = now_ns();
    struct container *c = container_make((struct config){r->text, r->bytes}, &r->why);
    if (!c)
        return false;
    c->created_ns = asked;
    if (r->word[2] && !console_attach(&c->console[0], true, true, &r->why))
        return false;
    if (!life_start(c, &r->why)) {
        container_end(c, 125);
        container_forget(c);
        return false;
    }
    r->result = c->number;
    return true;
}

static void describe(struct container *c, struct los_container_info *info, const struct container *asker)
{
    struct exo_domain_info domain = {0};
    const char *command = config_get(c->config, "args", 0);
    *info = (struct los_container_info){.number = c->number,
                                        .state = c->state,
                                        .status = c->status,
                                        .vcpus = c->vcpus,
                                        .created_ns = c->created_ns,
                                        .started_ns = c->started_ns,
                                        .ended_ns = c->ended_ns,
                                        .cpu_ns = life_cpu_ns(c),
                                        .memory_limit = c->limit_pages * PAGE,
                                        .memory_pages = container_pages(c),
                                        .shared_pages = c->archive_pages,
                                        .quota_us = c->quota_us,
                                        .period_us = c->period_us,
                                        .recalled_pages = c->recalled_pages,
                                        .forced_pages = c->forced_pages};
    if (c->domain && exo_domain_info(c->domain, &domain) >= 0) {
        info->pool_pages = domain.pool_pages;
        info->pool_free = domain.pool_free;
        info->processes = c->control->processes;
        info->threads = c->control->threads;
        info->free_pages = c->control->free_pages;
        if (c->event && c != asker)
            exo_event_ring(c->event); /* so that it tells anew: the next one who asks sees it */
    }
    uint64_t entered = c->control->entered_ns;
    info->first_instruction_ns = entered > c->created_ns ? entered - c->created_ns : 0;
    if (c->console[0].shared) {
        info->out_bytes = c->console[0].shared->out.written;
        info->in_bytes = c->console[0].shared->in.written;
    }
    text_copy(info->name, sizeof info->name, c->name);
    text_copy(info->libos, sizeof info->libos, c->libos);
    text_copy(info->root, sizeof info->root, c->root);
    text_copy(info->command, sizeof info->command, command ? command : "");
}

static bool list(struct request *r)
{
    struct los_container_info *to = (struct los_container_info *)r->caller->channel;
    for (struct container *c = containers; c && r->out_bytes + sizeof *to <= LOS_CHANNEL_MOST; c = c->next) {
        if (c->number < r->word[2])
            continue;
        struct los_container_info info;
        describe(c, &info, r->caller);
        memcpy(to++, &info, sizeof info);
        r->out_bytes += sizeof info;
        r->result++;
    }
    return true;
}

static bool inspect(struct request *r, struct container *c)
{
    memcpy(r->caller->channel, c->config.text, c->config.bytes);
    r->out_bytes = c->config.bytes;
    return true;
}

static bool send_signal(struct request *r, struct container *c)
{
    uint64_t word[6] = {r->word[2]};
    if (!c->domain)
        return refuse(&r->why, LOS_S_STATE, "container '%s' is not running", c->name);
    if (r->word[2] < 1 || r->word[2] > 64)
        return refuse(&r->why, LOS_S_INVALID, "no signal %u", r->word[2]);
    if (r->word[2] != SIGNAL_KILL)
        return life_mail(c, LOS_MAIL_SIGNAL, word, NULL, 0, &r->why);
    if (c->first)
        return refuse(&r->why, LOS_S_REFUSED, "the first container is not killed: power off instead");
    container_end(c, STATUS_KILLED);
    return true;
}

static bool execute(struct request *r, struct container *c)
{
    struct config config = rest(r);
    uint64_t word[6] = {0};
    uint32_t number = 1;
    if (!config_good(config) || !config_get(config, "args", 0))
        return refuse(&r->why, LOS_S_INVALID, "exec: no list of KEY=VALUE strings with args");
    if (c->state != LOS_CONTAINER_RUNNING)
        return refuse(&r->why, LOS_S_STATE, "container '%s' is not running", c->name);
    while (number < LOS_CONSOLES_MAX && c->console[number].shared)
        number++;
    if (number == LOS_CONSOLES_MAX)
        return refuse(&r->why, LOS_S_LIMIT, "container '%s' has %u consoles already", c->name,
                      (uint64_t)LOS_CONSOLES_MAX);
    if (!console_make(c, number, config, &r->why))
        return false;
    word[0] = number;
    if (!console_attach(&c->console[number], true, true, &r->why) ||
        !life_mail(c, LOS_MAIL_EXEC, word, config.text, config.bytes, &r->why)) {
        console_end(c, number);
        return false;
    }
    r->result = number;
    return true;
}

static bool update(struct request *r, struct container *c)
{
    struct config config = rest(r);
    uint64_t memory, quota, period;
    if (!config_good(config))
        return refuse(&r->why, LOS_S_INVALID, "update: no list of KEY=VALUE strings");
    if (!config_number(config, "memory", 0, 1, 1ul << 40, &memory, &r->why) ||
        !config_number(config, "cpu.period", c->period_us ? c->period_us : 100000, 1000, 1000000, &period,
                       &r->why) ||
        !config_number(config, "cpu.quota", c->quota_us, 0, period * boot->cpus, &quota, &r->why))
        return false;
    bool time = config_get(config, "cpu.quota", 0) || config_get(config, "cpu.period", 0);
    if (time && (quota != c->quota_us || (quota && period != c->period_us)) &&
        !time_update(c, quota, period, &r->why))
        return false;
    return !memory || limit_memory(c, memory, &r->why);
}

static bool remove_container(struct request *r, struct container *c)
{
    if (c->first)
        return refuse(&r->why, LOS_S_REFUSED, "the first container stays");
    if (c->domain && !r->word[2])
        return refuse(&r->why, LOS_S_STATE, "container '%s' is running: stop it first, or force", c->name);
    if (c->domain)
        container_end(c, STATUS_KILLED);
    container_forget(c);
    return true;
}

/* --- consoles ------------------------------------------------------------------------------------------------------------ */

static bool read_console(struct request *r, struct container *c)
{
    struct console *console = console_of(r, c, r->word[2]);
    if (!console)
        return false;
    /* In this order: what was written before the end is seen. */
    bool ended = !c->domain || (console->is_exec && console->shared->ended);
    uint64_t from = r->word[4];
    r->out[1] = ended;
    r->out[2] = (uint64_t)(int64_t)(c->domain                                    ? console->shared->status
                                    : console->is_exec && console->shared->ended ? console->shared->status
                                                                                 : c->status);
    r->out_bytes = console_read(console, r->word[3] == 1, &from, r->caller->channel, LOS_CHANNEL_MOST);
    r->out[0] = from;
    if (r->out_bytes && c->event)
        exo_event_ring(c->event); /* there is room */
    return true;
}

static bool write_console(struct request *r, struct container *c)
{
    struct console *console = console_of(r, c, r->word[2]);
    struct config input = rest(r);
    if (!console)
        return false;
    if (!c->domain)
        return refuse(&r->why, LOS_S_STATE, "container '%s' has ended", c->name);
    if (r->word[3])
        __atomic_store_n(&console->shared->in.closed, 1, __ATOMIC_RELEASE);
    r->result = console_write(console, input.text, input.bytes);
    exo_event_ring(c->event);
    return true;
}

static bool attach(struct request *r, struct container *c)
{
    struct console *console = console_of(r, c, r->word[2]);
    if (!console || !console_attach(console, r->word[3], r->word[4], &r->why))
        return false;
    r->out[0] = console->shared->out.read;
    r->out[1] = console->shared->err.read;
    if (c->event)
        exo_event_ring(c->event);
    return true;
}

static bool resize(struct request *r, struct container *c)
{
    struct console *console = console_of(r, c, r->word[2]);
    if (!console)
        return false;
    if (r->word[3] > 10000 || r->word[4] > 10000)
        return refuse(&r->why, LOS_S_INVALID, "no terminal has %u rows and %u columns", r->word[3], r->word[4]);
    console->shared->rows = (uint32_t)r->word[3];
    console->shared->columns = (uint32_t)r->word[4];
    __atomic_add_fetch(&console->shared->resized, 1, __ATOMIC_RELEASE);
    if (c->event)
        exo_event_ring(c->event);
    return true;
}

static bool release(struct request *r, struct container *c)
{
    struct console *console = console_of(r, c, r->word[2]);
    if (!console)
        return false;
    if (!console->is_exec)
        return refuse(&r->why, LOS_S_INVALID, "that is not a console of an exec");
    if (c->domain && !console->shared->ended) { /* it goes on without anybody: nothing waits for a reader */
        __atomic_store_n(&console->shared->in.closed, 1, __ATOMIC_RELEASE);
        struct failure none;
        console_attach(console, false, false, &none);
        exo_event_ring(c->event);
        return refuse(&r->why, LOS_S_BUSY, "what runs on it has not ended");
    }
    console_end(c, (uint32_t)r->word[2]);
    return true;
}

/* --- archives, images, the machine ----------------------------------------------------------------------------------------- */

static struct archive *archive_of(struct request *r)
{
    struct archive *archive = r->word[1] ? archive_number(r->word[1]) : archive_find(r->text);
    if (!archive)
        refuse(&r->why, LOS_S_NOTHING, "no archive '%s'", r->word[1] ? "of that number" : r->text);
    return archive;
}

static bool archives(struct request *r)
{
    struct los_archive_info *to = (struct los_archive_info *)r->caller->channel;
    for (uint32_t i = 0; i < ARCHIVES_MAX; i++) {
        const struct archive *archive = archive_at(i);
        if (!archive->number)
            continue;
        struct los_archive_info info = {archive->number, archive->users,  "",
                                        archive->bytes,  archive->sealed, 0};
        text_copy(info.name, sizeof info.name, archive->name);
        memcpy(to++, &info, sizeof info);
        r->out_bytes += sizeof info;
        r->result++;
    }
    return true;
}

static bool images(struct request *r)
{
    for (uint32_t i = 1; i < boot->modules; i++) {
        char name[64];
        module_name(i, name);
        size_t n = text_length(name) + 1;
        if (archive_find(name) || r->out_bytes + n > LOS_CHANNEL_MOST)
            continue;
        memcpy(r->caller->channel + r->out_bytes, name, n);
        r->out_bytes += n;
        r->result++;
    }
    return true;
}

static bool machine(struct request *r)
{
    struct exo_domain_info self = {0};
    struct los_machine_info info = {
        .cpus = boot->cpus, .pages = memory_total(), .free_pages = memory_free(), .now_ns = now_ns()};
    for (struct container *c = containers; c; c = c->next)
        info.containers++;
    if (exo_domain_info(boot_domain(), &self) >= 0) {
        info.supervisor_tokens = self.tokens;
        info.supervisor_pool_free = self.pool_free;
    }
    memcpy(r->caller->channel, &info, sizeof info);
    r->out_bytes = sizeof info;
    return true;
}

static bool make_archive(struct request *r)
{
    struct archive *archive = archive_make(r->text, r->word[2], &r->why);
    r->result = archive ? archive->number : 0;
    return archive != NULL;
}

/* --- which it is ------------------------------------------------------------------------------------------------------------ */

static bool on_archive(struct request *r)
{
    struct archive *archive = archive_of(r);
    if (!archive)
        return false;
    switch (r->word[0]) {
    case LOS_SUPERVISOR_FILL: return archive_fill(archive, r->word[2], r->text, r->bytes, &r->why);
    case LOS_SUPERVISOR_SEAL: return archive_seal(archive, &r->why);
    default: return archive_forget(archive, &r->why);
    }
}

static bool on_container(struct request *r)
{
    struct container *c = subject(r);
    if (!c)
        return false;
    switch (r->word[0]) {
    case LOS_SUPERVISOR_INSPECT: return inspect(r, c);
    case LOS_SUPERVISOR_READ: return read_console(r, c);
    case LOS_SUPERVISOR_WRITE: return write_console(r, c);
    case LOS_SUPERVISOR_ATTACH: return attach(r, c);
    case LOS_SUPERVISOR_RESIZE: return resize(r, c);
    case LOS_SUPERVISOR_SIGNAL: return send_signal(r, c);
    case LOS_SUPERVISOR_EXEC: return execute(r, c);
    case LOS_SUPERVISOR_RELEASE: return release(r, c);
    case LOS_SUPERVISOR_PAUSE: return life_pause(c, true, &r->why);
    case LOS_SUPERVISOR_RESUME: return life_pause(c, false, &r->why);
    case LOS_SUPERVISOR_UPDATE: return update(r, c);
    case LOS_SUPERVISOR_REMOVE: return remove_container(r, c);
    default: return refuse(&r->why, LOS_S_INVALID, "no operation %u", r->word[0]);
    }
}

static bool carry_out(struct request *r)
{
    switch (r->word[0]) {
    case LOS_SUPERVISOR_RUN: return run(r);
    case LOS_SUPERVISOR_LIST: return list(r);
    case LOS_SUPERVISOR_ARCHIVES: return archives(r);
    case LOS_SUPERVISOR_IMAGES: return images(r);
    case LOS_SUPERVISOR_MACHINE: return machine(r);
    case LOS_SUPERVISOR_ARCHIVE: return make_archive(r);
    case LOS_SUPERVISOR_FILL:
    case LOS_SUPERVISOR_SEAL:
    case LOS_SUPERVISOR_FORGET: return on_archive(r);
    default: return on_container(r);
    }
}

void serve(struct container *caller, struct exo_message *message)
{
    struct request r = {.caller = caller, .text = copied};
    memcpy(r.word, message->word, sizeof r.word);
    r.bytes = r.word[6] < LOS_CHANNEL_MOST ? r.word[6] : LOS_CHANNEL_MOST;
    memcpy(copied, caller->channel, r.bytes);
    copied[r.bytes] = 0;
    limit_records();
    life_look_for_deaths();
    bool done = carry_out(&r);
    if (!done)
        r.out_bytes = text_format((char *)caller->channel, sizeof r.why.text, "%s", r.why.text);
    *message = (struct exo_message){
        .word = {done ? r.result : -(uint64_t)r.why.error, r.out_bytes, r.out[0], r.out[1], r.out[2]}};
}
