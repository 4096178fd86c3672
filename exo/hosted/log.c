/* SPDX-License-Identifier: MPL-2.0 */
/* The boot log, and the machine's end. */
#include "hosted.h"
#include <string.h>

void machine_log(const char *text, size_t bytes)
{
    while (bytes) {
        long n = host_call(SYS_write, host.log_fd, (long)text, (long)bytes, 0, 0, 0);
        if (n <= 0)
            return; /* the disk is full, say: the log is short, the guest goes on */
        text += n;
        bytes -= (size_t)n;
    }
}

static void line(const char *text) { machine_log(text, strlen(text)); }

/* Tells the keeper and waits for it to end everything. */
void host_end(enum host_ending why)
{
    uint32_t not = ENDING_NOT;
    __atomic_compare_exchange_n(&host.ending, &not, why, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
    const uint64_t one = 1;
    host_call(SYS_write, host.keeper_event, (long)&one, sizeof one, 0, 0, 0);
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

const char *host_boot_word(const char *word)
{
    size_t n = strlen(word);
    for (const char *at = host.command_line; *at;) {
        if (!strncmp(at, word, n) && (!at[n] || at[n] == ' ' || at[n] == '='))
            return at + n;
        at += strcspn(at, " ");
        at += strspn(at, " ");
    }
    return NULL;
}
