/* SPDX-License-Identifier: MPL-2.0 */
/*
 * What an image without libraries needs to be heard: text on the console, input from it, and an end. The console is a UART (the
 * first container's) or memory shared with the supervisor (container.h), and which one makes no difference here. Of the start page it uses
 * those, the log, vCPU 0's event bit EXO_PENDING_USER. No state: for a single file, or for several.
 */
#ifndef LOS_BARE_H
#define LOS_BARE_H

#include <exo/vcpu.h>
#include <los/container.h>
#include <los/image.h>

enum bare_uart { BARE_DATA = 0, BARE_INTERRUPTS = 1, BARE_LINE_STATUS = 5, BARE_RECEIVED = 1 };
#define BARE_WRITE_MOST 256ul /* bytes in one call */

static inline struct exo_vcpu_page *bare_vcpu_page(uint64_t vcpu)
{
    return (struct exo_vcpu_page *)(LOS_VCPU_PAGES + vcpu * EXO_PAGE_SIZE);
}

static inline uint64_t bare_length(const char *text)
{
    uint64_t n = 0;
    while (text[n])
        n++;
    return n;
}

/* --- a console in memory --- */
#define BARE_CONSOLE  ((struct los_console *)LOS_CONSOLES)
#define BARE_PAUSE_NS 1000000ul

static inline uint64_t bare_now_ns(void);

/* Puts bytes in the ring; where the supervisor holds it, waits until there is room. */
static inline void bare_put(const char *text, uint64_t n)
{
    struct los_ring *ring = &BARE_CONSOLE->out;
    char *bytes = (char *)BARE_CONSOLE + ring->offset;
    for (uint64_t i = 0; i < n; i++) {
        while (__atomic_load_n(&ring->hold, __ATOMIC_SEQ_CST) &&
               ring->written - __atomic_load_n(&ring->read, __ATOMIC_ACQUIRE) >= ring->size) {
            exo_event_ring(LOS_START_PAGE->supervisor);
            exo_vcpu_block(bare_now_ns() + BARE_PAUSE_NS);
        }
        bytes[ring->written & (ring->size - 1)] = text[i];
        __atomic_store_n(&ring->written, ring->written + 1, __ATOMIC_RELEASE);
    }
    if (__atomic_load_n(&ring->hold, __ATOMIC_SEQ_CST))
        exo_event_ring(LOS_START_PAGE->supervisor);
}

/* The next byte of input; Ctrl-D where no more comes. */
static inline uint8_t bare_get(void)
{
    struct los_ring *ring = &BARE_CONSOLE->in;
    for (;;) {
        int closed = __atomic_load_n(&ring->closed, __ATOMIC_ACQUIRE) != 0;
        if (__atomic_load_n(&ring->written, __ATOMIC_ACQUIRE) != ring->read) {
            uint8_t byte = ((const uint8_t *)BARE_CONSOLE + ring->offset)[ring->read & (ring->size - 1)];
            __atomic_store_n(&ring->read, ring->read + 1, __ATOMIC_RELEASE);
            if (ring->waiting)
                exo_event_ring(LOS_START_PAGE->supervisor);
            return byte;
        }
        if (closed)
            return 4;
        exo_vcpu_block(UINT64_MAX); /* the supervisor rings LOS_EVENT_FROM_SUPERVISOR */
        __atomic_store_n(&bare_vcpu_page(0)->pending, 0, __ATOMIC_SEQ_CST);
    }
}

/* --- whichever it is --- */
static inline void bare_say(const char *text)
{
    if (LOS_START_PAGE->consoles) {
        bare_put(text, bare_length(text));
        return;
    }
    for (uint64_t left = bare_length(text), n; left; left -= n, text += n) {
        n = left < BARE_WRITE_MOST ? left : BARE_WRITE_MOST;
        exo_port_write(LOS_START_PAGE->ports_console, BARE_DATA, text, n);
    }
}

/* The decimal digits of the number, with a NUL, at the end of `room`; returns where they begin. */
static inline const char *bare_digits(uint64_t number, char room[21])
{
    char *at = room + 20;
    *at = 0;
    do
        *--at = (char)('0' + number % 10);
    while (number /= 10);
    return at;
}

static inline void bare_say_number(uint64_t number)
{
    char room[21];
    bare_say(bare_digits(number, room));
}

/* `NAME NUMBER UNIT`, a line of its own. */
static inline void bare_say_line(const char *name, uint64_t number, const char *unit)
{
    bare_say(name);
    bare_say(" ");
    bare_say_number(number);
    bare_say(" ");
    bare_say(unit);
    bare_say("\r\n");
}

/* From here on input wakes vCPU 0: the interrupt rings its event. False: there is no input. */
static inline int bare_listen(void)
{
    const struct los_start *start = LOS_START_PAGE;
    exo_event event;
    if (start->consoles)
        return 1;
    return exo_event_derive(start->vcpu[0], EXO_PENDING_USER, &event) == 0 &&
           exo_irq_bind(start->irq_console, event) == 0 &&
           exo_port_out(start->ports_console, BARE_INTERRUPTS, 1, BARE_RECEIVED) == 0;
}

/* The next byte of input, for vCPU 0 after bare_listen; waits for it. Forgets other events that are pending. */
static inline uint8_t bare_next_byte(void)
{
    const struct los_start *start = LOS_START_PAGE;
    if (start->consoles)
        return bare_get();
    for (;;) {
        exo_irq_ack(start->irq_console);
        if (exo_port_in(start->ports_console, BARE_LINE_STATUS, 1) & BARE_RECEIVED)
            return (uint8_t)exo_port_in(start->ports_console, BARE_DATA, 1);
        exo_vcpu_block(UINT64_MAX); /* returns at once where the event came meanwhile */
        __atomic_store_n(&bare_vcpu_page(0)->pending, 0, __ATOMIC_SEQ_CST);
    }
}

/* Ends the library OS with a status from 0 to 255: the supervisor takes everything back, boot/run exits with it. */
_Noreturn static inline void bare_end(uint8_t status)
{
    char line[] = "kxos: status 000\n";
    line[13] = (char)('0' + status / 100);
    line[14] = (char)('0' + status / 10 % 10);
    line[15] = (char)('0' + status % 10);
    exo_log_write(LOS_START_PAGE->machine, line, sizeof line - 1);
    for (;;)
        exo_vcpu_exit(status);
}

/* A line that says what is wrong, and the end with status 1. */
_Noreturn static inline void bare_fail(const char *what, const char *detail)
{
    bare_say(what);
    bare_say(detail);
    bare_say("\r\n");
    bare_end(1);
}
#define BARE_MUST(what, result)                                                                                \
    ({                                                                                                         \
        long must_ = (result);                                                                                 \
        if (must_ < 0) {                                                                                       \
            char room_[21];                                                                                    \
            bare_fail("cannot " what ": exo error ", bare_digits((uint64_t)-must_, room_));                    \
        }                                                                                                      \
        must_;                                                                                                 \
    })

/* ns since boot; under boot/run --icount an instruction takes one. */
static inline uint64_t bare_now_ns(void)
{
    const struct exo_vcpu_page *page = bare_vcpu_page(0);
    uint64_t ticks = __builtin_ia32_rdtsc() - page->clock_tsc;
    return page->clock_ns + (uint64_t)(((unsigned __int128)ticks * page->clock_mult) >> 32);
}

#endif
