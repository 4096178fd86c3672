/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The least library OS that does something: it says hello on the console and sends back what is typed, until Ctrl-D. Copy the folder
 * and go on from here; libos/README.md tells what the supervisor gave. No library is linked: memset and its kin are yours to write.
 */
#include <exo/typed.h>
#include <exo/vcpu.h>
#include <los/image.h>

enum {
    DATA = 0,
    INTERRUPTS = 1,
    STATUS = 5,
    RECEIVED = 1
};                /* registers of the console's UART, and bits in them */
enum { END = 4 }; /* Ctrl-D */

_Noreturn void los_entry(const struct los_start *start);

static uint64_t length(const char *text)
{
    uint64_t n = 0;
    while (text[n])
        n++;
    return n;
}

/* The console takes at most 256 bytes in one call. */
static void say(const struct los_start *start, const char *text)
{
    for (uint64_t left = length(text), n; left; left -= n, text += n) {
        n = left < 256 ? left : 256;
        exo_port_write(start->ports_console, DATA, text, n);
    }
}

static uint8_t in(const struct los_start *start, uint64_t at)
{
    return (uint8_t)exo_port_in(start->ports_console, at, 1);
}

/* From here on input wakes this vCPU: the interrupt rings its event 0. */
static void listen(const struct los_start *start)
{
    exo_event event;
    if (exo_event_derive(start->vcpu[0], EXO_PENDING_USER, &event) == 0 &&
        exo_irq_bind(start->irq_console, event) == 0)
        exo_port_out(start->ports_console, INTERRUPTS, 1, RECEIVED);
}

static uint8_t next_byte(const struct los_start *start)
{
    struct exo_vcpu_page *self = (struct exo_vcpu_page *)LOS_VCPU_PAGES;
    for (;;) {
        exo_irq_ack(start->irq_console);
        if (in(start, STATUS) & RECEIVED)
            return in(start, DATA);
        exo_vcpu_block(UINT64_MAX); /* returns at once where the event came meanwhile */
        __atomic_store_n(&self->pending, 0, __ATOMIC_SEQ_CST);
    }
}

void los_entry(const struct los_start *start)
{
    say(start, "Hello. The supervisor said: ");
    say(start, start->command_line);
    say(start, "\r\n");
    const char *first = start->command_line;
    if (first[0] != 'c' || first[1] != 'm' || first[2] != 'd') { /* not one of --cmd, which wants no input */
        listen(start);
        for (uint8_t byte; (byte = next_byte(start)) != END;)
            say(start, byte == '\r' ? "\r\n" : (char[]){(char)byte, 0});
    }
    static const char status[] = "kxos: status 0\n"; /* what boot/run exits with */
    exo_log_write(start->machine, status, sizeof status - 1);
    for (;;)
        exo_vcpu_exit(0); /* the supervisor takes everything back */
}
