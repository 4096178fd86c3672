/* SPDX-License-Identifier: MPL-2.0 */
/* The boot log, and the machine's end. */
#include "hosted.h"
#include <string.h>

/* All signals are blocked in the exokernel: the host ends this process, and leaves its memory in a file. */
void host_post_mortem(void)
{
    if (host.core)
        __builtin_trap();
}

#define STATUS_MARK "kxos: status "

/* The last line that tells a status is the machine's. Lines come whole: a library OS logs one in a call. */
static void look_for_status(const char *text, size_t bytes)
{
    const size_t mark = sizeof STATUS_MARK - 1;
    for (size_t i = 0; i + mark < bytes; i++) {
        if (memcmp(text + i, STATUS_MARK, mark))
            continue;
        int status = 0;
        for (size_t at = i + mark; at < bytes && text[at] >= '0' && text[at] <= '9' && status < 1000; at++)
            status = status * 10 + (text[at] - '0');
        host.status = status;
        if (status == HOST_STATUS_BROKEN)
            host_post_mortem();
    }
}

void machine_log(const char *text, size_t bytes)
{
    look_for_status(text, bytes);
    while (bytes) {
        long n = host_call(SYS_write, host.log_fd, (long)text, (long)bytes, 0, 0, 0);
        if (n <= 0) { /* the disk is full, say: the log is short, the guest goes on */
            host.write_error[HOST_LOG] = (int)-n;
            return;
        }
        text += n;
        bytes -= (size_t)n;
    }
}

static void line(const char *text) { machine_log(text, strlen(text)); }

/* Wakes it, to look at everything anew. */
void host_tell_keeper(void)
{
    const uint64_t one = 1;
    host_call(SYS_write, host.keeper_event, (long)&one, sizeof one, 0, 0, 0);
}

/* Tells the keeper and waits for it to end everything. */
void host_end(enum host_ending why)
{
    uint32_t not = ENDING_NOT;
    __atomic_compare_exchange_n(&host.ending, &not, why, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
    host_tell_keeper();
    for (;;)
        host_sleep(&host.ending, host.ending, UINT64_MAX);
}

void host_fail(const char *why)
{
    line("kxos: the host cannot go on: ");
    line(why);
    line("\nkxos: status 125\n");
    host_end(ENDING_HOST);
}

/* Both mean the end here, as they do under boot/run: QEMU is told not to restart. */
void machine_power(enum exo_power action)
{
    (void)action;
    host_uart_flush();
    host_end(ENDING_POWER);
}

void machine_panic(const char *text)
{
    line("kxos: panic: ");
    line(text);
    line("\nkxos: status 125\n");
    host_end(ENDING_PANIC);
}
