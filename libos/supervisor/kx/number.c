/* SPDX-License-Identifier: MPL-2.0 */
/* Numbers, sizes, CPU shares and signals as people write them, and back. */
#define _GNU_SOURCE
#include <signal.h>
#include <string.h>
#include <strings.h>
#include "kx.h"

/* Reads digits at *text and moves it past them. False when there are none, or too many for 64 bits. */
static bool digits(const char **text, uint64_t *value)
{
    const char *at = *text;
    *value = 0;
    for (; *at >= '0' && *at <= '9'; at++)
        if (__builtin_mul_overflow(*value, 10ul, value) ||
            __builtin_add_overflow(*value, (uint64_t)(*at - '0'), value))
            return false;
    bool any = at > *text;
    *text = at;
    return any;
}

uint64_t kx_number(const char *what, const char *text, uint64_t low, uint64_t high)
{
    const char *at = text;
    uint64_t value;
    if (!digits(&at, &value) || *at || value < low || value > high)
        kx_die("%s: a whole number from %lu to %lu is wanted, not '%s'", what, low, high, text);
    return value;
}

/* A decimal fraction behind the point, in millionths; further digits are cut off. */
static bool millionths(const char **text, uint64_t *value)
{
    uint64_t unit = 1000000;
    *value = 0;
    if (**text != '.')
        return true;
    const char *start = ++*text;
    for (; **text >= '0' && **text <= '9'; ++*text) {
        unit /= 10;
        *value += unit * (uint64_t)(**text - '0');
    }
    return *text > start;
}

/* The power of two that a suffix means, or -1: none, b, k, kb, kib and so on, in any case. */
static int suffix(const char *text)
{
    static const char letters[] = "kmgt";
    if (!*text || !strcasecmp(text, "b"))
        return 0;
    const char *letter = strchr(letters, *text | 32);
    if (!letter || (text[1] && strcasecmp(text + 1, "b") && strcasecmp(text + 1, "ib")))
        return -1;
    return 10 * (int)(letter - letters + 1);
}

uint64_t kx_size(const char *what, const char *text)
{
    const char *at = text;
    uint64_t whole, part;
    if (*text == '-' && text[1] >= '0' && text[1] <= '9')
        kx_die("%s: '%s': must be more than 0", what, text);
    bool number = digits(&at, &whole);
    if (!number && at == text && *at >= '0' && *at <= '9')
        kx_die("%s: '%s' is more than any machine has", what, text);
    int shift = number && millionths(&at, &part) ? suffix(at) : -1;
    if (shift < 0)
        kx_die("%s: '%s' is no size (like 67108864, 512k, 64m or 1g)", what, text);
    if (whole > KX_MEMORY_MOST >> shift)
        kx_die("%s: '%s' is more than any machine has", what, text);
    uint64_t bytes = (whole << shift) + (uint64_t)((unsigned __int128)part << shift) / 1000000;
    if (!bytes)
        kx_die("%s: '%s': must be more than 0", what, text);
    if (bytes > KX_MEMORY_MOST)
        kx_die("%s: '%s' is more than any machine has", what, text);
    return bytes;
}

uint64_t kx_quota(const char *what, const char *cpus, uint64_t period_us)
{
    const char *at = cpus;
    uint64_t whole = 0, part = 0;
    bool number = *at == '.' || digits(&at, &whole);
    if (!number || !millionths(&at, &part) || *at || whole > 1024)
        kx_die("%s: '%s' is no number of CPUs (like 2, 0.5 or 1.25)", what, cpus);
    uint64_t quota = (whole * 1000000 + part) * period_us / 1000000;
    if (quota < 1000)
        kx_die("%s: '%s' is too little: 0.01 at least", what, cpus);
    return quota;
}

unsigned kx_signal(const char *text)
{
    const char *at = text, *name = strncasecmp(text, "SIG", 3) ? text : text + 3;
    uint64_t number;
    if (digits(&at, &number) && !*at && number >= 1 && number <= 64)
        return (unsigned)number;
    for (int i = 1; i < 32; i++)
        if (sigabbrev_np(i) && !strcasecmp(sigabbrev_np(i), name))
            return (unsigned)i;
    kx_die("there is no signal '%s'", text);
}

const char *kx_size_text(uint64_t bytes)
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
    double value = (double)bytes;
    size_t unit = 0;
    while (value >= 1024 && unit + 1 < sizeof(units) / sizeof(*units)) {
        value /= 1024;
        unit++;
    }
    return kx_print("%.4g%s", value, units[unit]);
}

const char *kx_duration_text(uint64_t ns)
{
    static const struct {
        uint64_t seconds;
        const char *name;
    } units[] = {{86400, "day"}, {3600, "hour"}, {60, "minute"}, {1, "second"}};
    uint64_t seconds = ns / 1000000000;
    for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++)
        if (seconds >= units[i].seconds) {
            uint64_t n = seconds / units[i].seconds;
            return kx_print("%lu %s%s", n, units[i].name, n == 1 ? "" : "s");
        }
    return "Less than a second";
}
