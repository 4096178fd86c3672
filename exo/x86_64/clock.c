/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Time: ns since the exokernel's first instruction out of the TSC, by one multiplication that ring 3 does just the same
 * (exo/vcpu.h), and the wall clock's distance from it. The TSC's frequency comes from CPUID, or is measured once.
 * Sources: Intel SDM volume 2, CPUID leaf 15H; ACPI 4.8.3.3; Intel 8254 data sheet; Motorola MC146818A data sheet.
 */
#include "x86.h"

#define NS_PER_S      1000000000ul
#define WINDOW_NS     4000000ul
#define PM_TIMER_HZ   3579545ul
#define PIT_HZ        1193182ul
#define PIT_CHANNEL2  0x42
#define PIT_MODE      0x43
#define PIT_GATE      0x61
#define CMOS_INDEX    0x70
#define CMOS_DATA     0x71
#define SAMPLES       6
#define STANDING_MOST 100000 /* reads without a change: the timer is dead */

uint64_t x86_clock_tsc, x86_clock_mult, x86_clock_wall_ns; /* the first one by boot.S */

/* a * 2^shift / b, which must fit in 64 bits. */
static uint64_t scale(uint64_t a, unsigned shift, uint64_t b)
{
    unsigned __int128 wide = (unsigned __int128)a << shift;
    uint64_t quotient, rest;
    __asm__("divq %4"
            : "=a"(quotient), "=d"(rest)
            : "a"((uint64_t)wide), "d"((uint64_t)(wide >> 64)), "r"(b)
            : "cc");
    return quotient;
}

uint64_t x86_tsc_to_ns(uint64_t tsc)
{
    return tsc <= x86_clock_tsc ? 0
                                : (uint64_t)((unsigned __int128)(tsc - x86_clock_tsc) * x86_clock_mult >> 32);
}

/* The first TSC value at which x86_tsc_to_ns is not below ns. */
uint64_t x86_ns_to_tsc(uint64_t ns)
{
    if (ns >> 32 >= x86_clock_mult)
        return UINT64_MAX;
    uint64_t ticks = scale(ns, 32, x86_clock_mult);
    return ticks >= UINT64_MAX - 1 - x86_clock_tsc ? UINT64_MAX : x86_clock_tsc + ticks + 1;
}

uint64_t machine_now_ns(void)
{
    struct x86_cpu *cpu = x86_cpu();
    uint64_t now = x86_tsc_to_ns(x86_rdtsc());
    if (now < cpu->last_ns)
        now = cpu->last_ns;
    cpu->last_ns = now;
    return now;
}

/* --- calibration --------------------------------------------------------------------------------------------------------- */

static uint64_t frequency_by_cpuid(void)
{
    uint32_t leaf[4];
    x86_cpuid(1, 0, leaf);
    if (leaf[2] >> 31) { /* under a hypervisor, its word counts: kHz */
        x86_cpuid(0x40000000, 0, leaf);
        if (leaf[0] >= 0x40000010 && leaf[0] < 0x40010000) {
            x86_cpuid(0x40000010, 0, leaf);
            if (leaf[0])
                return leaf[0] * 1000ul;
        }
    }
    x86_cpuid(0, 0, leaf);
    uint32_t highest = leaf[0];
    if (highest < 0x15)
        return 0;
    x86_cpuid(0x15, 0, leaf);
    if (!leaf[0] || !leaf[1])
        return 0;
    uint64_t numerator = leaf[1], denominator = leaf[0];
    if (leaf[2])
        return leaf[2] * numerator / denominator;
    /* No crystal named: then the TSC runs at the base frequency of leaf 16H, to the MHz. */
    if (highest < 0x16)
        return 0;
    x86_cpuid(0x16, 0, leaf);
    return (leaf[0] & 0xffff) * 1000000ul;
}

/* What the TSC is measured against. */
struct reference {
    uint64_t hz, mask;
    uint64_t (*read)(void);
    bool down;
};

static uint64_t pm_timer_read(void) { return x86_in32((uint16_t)x86_acpi.pm_timer); }

static uint64_t pit_read(void)
{
    x86_out8(PIT_MODE, 0x80); /* latch channel 2 */
    uint64_t low = x86_in8(PIT_CHANNEL2);
    return low | (uint64_t)x86_in8(PIT_CHANNEL2) << 8;
}

static struct reference choose_reference(void)
{
    if (x86_acpi.pm_timer)
        return (struct reference){PM_TIMER_HZ, 0xffffff, pm_timer_read, false};
    x86_out8(PIT_GATE, (x86_in8(PIT_GATE) & ~2) | 1); /* speaker off, counting */
    x86_out8(PIT_MODE, 0xb4);                         /* channel 2, rate generator, binary */
    x86_out8(PIT_CHANNEL2, 0xff);
    x86_out8(PIT_CHANNEL2, 0xff);
    return (struct reference){PIT_HZ, 0xffff, pit_read, true};
}

struct moment {
    uint64_t reference, tsc;
    uint32_t count; /* of the APIC timer, which runs down */
};

/* All three at once, as well as can be: the try in which the least time passed. */
static struct moment now(const struct reference *reference, bool apic)
{
    struct moment best = {0, 0, 0};
    uint64_t least = UINT64_MAX;
    for (unsigned i = 0; i < SAMPLES; i++) {
        uint64_t before = x86_rdtsc();
        uint64_t value = reference->read();
        uint32_t count = apic ? x86_apic_count() : 0;
        uint64_t after = x86_rdtsc();
        if (after - before >= least)
            continue;
        least = after - before;
        best = (struct moment){value, before + least / 2, count};
    }
    return best;
}

/* Returns the TSC's frequency, and sets the APIC timer's where it needs that. */
static uint64_t measure(uint64_t known_hz, bool apic)
{
    const struct reference reference = choose_reference();
    struct moment first = now(&reference, apic);
    const uint64_t window = reference.hz * WINDOW_NS / NS_PER_S;
    uint64_t passed = 0, last = first.reference;
    for (unsigned standing = 0; passed < window && standing < STANDING_MOST; standing++) {
        uint64_t value = reference.read();
        passed = (reference.down ? first.reference - value : value - first.reference) & reference.mask;
        if (value != last)
            standing = 0;
        last = value;
    }
    struct moment second = now(&reference, apic);
    passed = reference.down ? first.reference - second.reference : second.reference - first.reference;
    passed &= reference.mask;
    uint64_t ticks = second.tsc - first.tsc;
    if (passed < window) {
        /* No timer to measure with, or a dead one. */
        x86_log("kxos: nothing to measure the clock with: taken as 1 GHz\n");
        if (!known_hz)
            known_hz = NS_PER_S;
        passed = ticks * reference.hz / known_hz;
    }
    if (apic && passed)
        x86_apic_calibrated((first.count - second.count) * reference.hz / passed);
    return known_hz || !passed ? known_hz : ticks * reference.hz / passed;
}

/* --- wall clock -------------------------------------------------------------------------------------------------------------- */

enum { RTC_SECOND, RTC_MINUTE = 2, RTC_HOUR = 4, RTC_DAY = 7, RTC_MONTH, RTC_YEAR, RTC_STATUS_B = 11 };

struct rtc {
    uint8_t second, minute, hour, day, month, year, century;
};

static uint8_t cmos(uint32_t index)
{
    x86_out8(CMOS_INDEX, (uint8_t)index);
    return x86_in8(CMOS_DATA);
}

static struct rtc rtc_read(void)
{
    return (struct rtc){cmos(RTC_SECOND),
                        cmos(RTC_MINUTE),
                        cmos(RTC_HOUR),
                        cmos(RTC_DAY),
                        cmos(RTC_MONTH),
                        cmos(RTC_YEAR),
                        x86_acpi.rtc_century ? cmos(x86_acpi.rtc_century) : 0};
}

static uint64_t decode(uint8_t value, bool binary)
{
    return binary ? value : (value >> 4) * 10u + (value & 15);
}

/* Seconds since 1970 began; 0 when the clock tells nonsense. */
static uint64_t rtc_seconds(void)
{
    /* During an update the registers may be torn: equal twice means whole. */
    struct rtc rtc = rtc_read(), again = rtc_read();
    for (unsigned i = 0; i < 3 && __builtin_memcmp(&rtc, &again, sizeof rtc); i++) {
        rtc = again;
        again = rtc_read();
    }
    uint8_t status = cmos(RTC_STATUS_B);
    bool binary = status & 4, hours_24 = status & 2, afternoon = !hours_24 && (rtc.hour & 0x80);
    uint64_t hour = decode(hours_24 ? rtc.hour : rtc.hour & 0x7f, binary);
    if (!hours_24)
        hour = hour % 12 + (afternoon ? 12 : 0);
    uint64_t second = decode(rtc.second, binary), minute = decode(rtc.minute, binary),
             day = decode(rtc.day, binary);
    uint64_t month = decode(rtc.month, binary), century = decode(rtc.century, binary);
    uint64_t year = decode(rtc.year, binary) + 100 * (century >= 19 && century < 30 ? century : 20);
    if (second > 60 || minute > 59 || hour > 23 || day < 1 || day > 31 || month < 1 || month > 12 ||
        year < 1970)
        return 0;
    /* Days of the years that begin with March: leap days come last. */
    if (month < 3)
        year--, month += 12;
    uint64_t days =
        365 * year + year / 4 - year / 100 + year / 400 + (153 * (month - 3) + 2) / 5 + day - 1 - 719468;
    return ((days * 24 + hour) * 60 + minute) * 60 + second;
}

void x86_clock_init(void)
{
    uint64_t hz = frequency_by_cpuid();
    bool apic = x86_apic_needs_calibration();
    if (!hz || apic)
        hz = measure(hz, apic);
    x86_clock_mult = scale(NS_PER_S, 32, hz);
    uint64_t seconds = rtc_seconds();
    x86_clock_wall_ns = seconds ? seconds * NS_PER_S - machine_now_ns() : 0;
    x86_log("kxos: clock %lu kHz\n", hz / 1000);
}

void machine_clock_info(struct exo_vcpu_page *page)
{
    page->clock_tsc = x86_clock_tsc;
    page->clock_ns = 0;
    page->clock_mult = x86_clock_mult;
    page->clock_wall_ns = x86_clock_wall_ns;
    page->xsave_size = x86_features.xsave ? x86_features.xsave_size : 0;
    page->xsave_mask = x86_features.xsave_mask;
    page->cpu_flags = (x86_features.fsgsbase ? EXO_CPU_FSGSBASE : 0) |
                      (x86_features.xsave ? EXO_CPU_XSAVE : 0) | (x86_features.xsaveopt ? EXO_CPU_XSAVEOPT : 0);
}
