/* SPDX-License-Identifier: MPL-2.0 */
/* Consoles in memory. The counters in them are the container's to write: they are looked at once, and what they say is bounded by what the
 * supervisor knows. */
#include "supervisor.h"

enum { OUT_BYTES = 16384, ERR_BYTES = 4096, IN_BYTES = 4096 };

uint64_t console_bytes(bool terminal) { return PAGE + OUT_BYTES + IN_BYTES + (terminal ? 0 : ERR_BYTES); }

/* A number of rows or columns; 0 where none was given. */
static uint32_t size_of(struct config config, const char *key)
{
    const char *text = config_get(config, key, 0);
    uint64_t value = 0;
    return text && text_number(text, 0, 10000, &value) ? (uint32_t)value : 0;
}

void console_lay_out(struct console *console, void *at, struct config config, bool exec)
{
    bool terminal = config_is(config, "terminal");
    *console = (struct console){.shared = at,
                                .out_size = OUT_BYTES,
                                .err_size = terminal ? 0 : ERR_BYTES,
                                .in_size = IN_BYTES,
                                .is_exec = exec};
    struct los_console *shared = console->shared;
    shared->out = (struct los_ring){.size = OUT_BYTES, .offset = PAGE};
    shared->in = (struct los_ring){.size = IN_BYTES, .offset = PAGE + OUT_BYTES};
    shared->err = (struct los_ring){.size = console->err_size, .offset = PAGE + OUT_BYTES + IN_BYTES};
    shared->terminal = terminal;
    shared->rows = size_of(config, "rows");
    shared->columns = size_of(config, "columns");
}

bool console_make(struct container *container, uint32_t number, struct config config, struct failure *why)
{
    struct console *console = &container->console[number];
    uint64_t pages = PAGES(console_bytes(config_is(config, "terminal"))),
             va = SLOT_VA + container->slot * SLOT_SPAN + (128 + number * 16) * PAGE;
    struct range range;
    exo_frame token;
    if (!limit_want(pages, why))
        return false;
    if (!memory_take(owner_of(container), pages, &range))
        return refuse(why, LOS_S_MEMORY, "no memory for a console");
    long error = memory_token(range, &token);
    struct exo_map map = {0};
    if (error >= 0) {
        map = EXO_MAP(va, token, 0, (uint32_t)pages, EXO_MAP_R | EXO_MAP_W);
        error = AGAIN(exo_space_map(boot_space(), &map, 1));
        if (error >= 0) {
            memset((void *)va, 0, pages * PAGE);
            error = container_map(container, LOS_CONSOLES + number * LOS_CONSOLE_SPAN, token, 0, pages,
                                  EXO_MAP_R | EXO_MAP_W);
        }
        if (error < 0) {
            MUST("console", exo_token_revoke(token));
            MUST("console", exo_space_unmap(boot_space(), va, pages));
            MUST("console", exo_token_drop(token));
        }
    }
    if (error < 0) {
        memory_give(owner_of(container), range);
        return refuse_exo(why, "a console", error);
    }
    console_lay_out(console, (void *)va, config, true);
    console->range = range;
    console->token = token;
    container->shared_pages += pages;
    return true;
}

void console_end(struct container *container, uint32_t number)
{
    struct console *console = &container->console[number];
    if (!console->token)
        return;
    if (container->domain)
        MUST("console",
             exo_space_unmap(container->space, LOS_CONSOLES + number * LOS_CONSOLE_SPAN, console->range.pages));
    MUST("console", exo_space_unmap(boot_space(), (uint64_t)console->shared, console->range.pages));
    MUST("console", exo_token_revoke(console->token));
    MUST("console", exo_token_drop(console->token));
    memory_give(owner_of(container), console->range);
    container->shared_pages -= console->range.pages;
    *console = (struct console){0};
}

uint64_t console_read(struct console *console, bool err, uint64_t *from, void *to, uint64_t room)
{
    struct los_ring *ring = err ? &console->shared->err : &console->shared->out;
    uint32_t size = err ? console->err_size : console->out_size;
    const uint8_t *bytes = (const uint8_t *)console->shared + PAGE + (err ? OUT_BYTES + IN_BYTES : 0);
    if (!size)
        return 0;
    uint64_t written = __atomic_load_n(&ring->written, __ATOMIC_ACQUIRE),
             oldest = written > size ? written - size : 0;
    if (*from < oldest)
        *from = oldest;
    uint64_t n = *from < written ? written - *from : 0;
    if (n > size)
        n = size;
    if (n > room)
        n = room;
    for (uint64_t i = 0; i < n; i++)
        ((uint8_t *)to)[i] = bytes[(*from + i) & (size - 1)];
    if (console->attached)
        __atomic_store_n(&ring->read, *from + n, __ATOMIC_RELEASE);
    return n;
}

uint64_t console_write(struct console *console, const void *from, uint64_t bytes)
{
    struct los_ring *ring = &console->shared->in;
    uint8_t *to = (uint8_t *)console->shared + PAGE + OUT_BYTES;
    uint64_t written = ring->written, under_way = written - __atomic_load_n(&ring->read, __ATOMIC_ACQUIRE);
    uint64_t room = under_way < console->in_size ? console->in_size - under_way : 0;
    if (bytes > room)
        bytes = room;
    for (uint64_t i = 0; i < bytes; i++)
        to[(written + i) & (console->in_size - 1)] = ((const uint8_t *)from)[i];
    ring->waiting = bytes == room;
    __atomic_store_n(&ring->written, written + bytes, __ATOMIC_RELEASE);
    return bytes;
}

/* What was kept before is read from `read` on: from the oldest byte, or from now on. */
static void hold(struct los_ring *ring, uint32_t size, bool attach, bool oldest)
{
    uint64_t written = __atomic_load_n(&ring->written, __ATOMIC_ACQUIRE);
    ring->read = !oldest ? written : written > size ? written - size : 0;
    __atomic_store_n(&ring->hold, attach, __ATOMIC_SEQ_CST);
}

bool console_attach(struct console *console, bool attach, bool oldest, struct failure *why)
{
    if (attach && console->attached)
        return refuse(why, LOS_S_BUSY, "somebody is attached to it already");
    console->attached = attach;
    hold(&console->shared->out, console->out_size, attach, oldest);
    hold(&console->shared->err, console->err_size, attach, oldest);
    return true;
}
