/* SPDX-License-Identifier: MPL-2.0 */
/* Load averages: every five seconds the number of threads that run or could, decayed over 1, 5 and 15 minutes. No timer: samples that
 * were missed while nothing happened count as zeros when somebody looks again. */
#include "internal.h"

#define SAMPLE_NS 5000000000ul
/* exp(-5 s / 60 s), 300 s, 900 s, times 2^16 */
static const uint64_t decay[3] = {60296, 64453, 65173};
static uint64_t average[3], sampled_ns;
uint64_t los_load_due = SAMPLE_NS;

static void add_sample(uint64_t active)
{
    for (int i = 0; i < 3; i++)
        average[i] = (average[i] * decay[i] + (active << 16) * (65536 - decay[i])) >> 16;
}

void los_load_sample(uint64_t now)
{
    if (now - sampled_ns < SAMPLE_NS)
        return;
    uint64_t active = los_runnable_count(), missed = (now - sampled_ns) / SAMPLE_NS;
    for (uint32_t i = 0; i < los_cpu_count(); i++) {
        struct los_cpu *cpu = los_cpu_number(i);
        active += cpu->current && cpu->current != cpu->idle;
    }
    sampled_ns += missed * SAMPLE_NS;
    los_load_due = sampled_ns + SAMPLE_NS;
    /* After 2,000 samples without load nothing is left. */
    for (uint64_t i = 1; i < missed && i < 2000; i++)
        add_sample(0);
    add_sample(active);
}

void los_load_average(uint64_t out[3])
{
    los_load_sample(los_now());
    for (int i = 0; i < 3; i++)
        out[i] = average[i];
}
