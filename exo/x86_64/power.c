/* SPDX-License-Identifier: MPL-2.0 */
/* Off and reset. Sources: ACPI specification 6.4, 4.8.3.2 (PM1 control), 16.3.1 (S5); Intel ICH9 data sheet, 13.7.5 (0xcf9). */
#include "x86.h"

#define SCI_ENABLED     0x1u
#define SLEEP_TYPE_AT   10
#define SLEEP_TYPE_BITS 0x1c00u
#define SLEEP_ENABLE    0x2000u
#define RESET_CONTROL   0xcf9
#define KEYBOARD_STATUS 0x64
#define KEYBOARD_FULL   0x02
#define PATIENCE        1000000u

/* Reads of a port take about a microsecond wherever they take time at all. */
static void pause_for(unsigned reads)
{
    while (reads--)
        x86_in8(0x80);
}

static void power_off(void)
{
    const struct x86_acpi *acpi = &x86_acpi;
    if (!acpi->s5 || !acpi->pm1a)
        return;
    uint16_t a = (uint16_t)acpi->pm1a, b = (uint16_t)acpi->pm1b;
    if (!(x86_in16(a) & SCI_ENABLED) && acpi->smi_port && acpi->acpi_enable) {
        x86_out8((uint16_t)acpi->smi_port, (uint8_t)acpi->acpi_enable);
        for (unsigned i = 0; !(x86_in16(a) & SCI_ENABLED) && i < PATIENCE; i++)
            machine_relax();
    }
    uint16_t value =
        (uint16_t)((x86_in16(a) & ~SLEEP_TYPE_BITS) | acpi->sleep_a << SLEEP_TYPE_AT | SLEEP_ENABLE);
    x86_out16(a, value);
    if (b)
        x86_out16(b,
                  (uint16_t)((x86_in16(b) & ~SLEEP_TYPE_BITS) | acpi->sleep_b << SLEEP_TYPE_AT | SLEEP_ENABLE));
    pause_for(PATIENCE);
}

static void reset(void)
{
    if (x86_acpi.reset_port) {
        x86_out8((uint16_t)x86_acpi.reset_port, (uint8_t)x86_acpi.reset_value);
        pause_for(1000);
    }
    x86_out8(RESET_CONTROL, 0x02);
    x86_out8(RESET_CONTROL, 0x06);
    pause_for(1000);
    for (unsigned i = 0; (x86_in8(KEYBOARD_STATUS) & KEYBOARD_FULL) && i < 1000; i++)
        machine_relax();
    x86_out8(KEYBOARD_STATUS, 0xfe);
    pause_for(1000);
    /* A fault without a table of handlers: the CPU gives up, and the board resets it. */
    const struct {
        uint16_t limit;
        uint64_t base;
    } __attribute__((packed)) none = {0, 0};
    __asm__ volatile("lidt %0; int3" : : "m"(none));
}

void machine_power(enum exo_power action)
{
    if (action == EXO_POWER_OFF)
        power_off();
    else if (action == EXO_POWER_RESET)
        reset();
}
