/* SPDX-License-Identifier: MPL-2.0 */
/* Random sequences of calls by several domains on several CPUs, with a walk over all invariants in between. */
#include "generate.h"
#include <criterion/criterion.h>

static uint64_t seed;

static uint64_t random_below(uint64_t n)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (seed >> 11) % n;
}

static void torture(uint64_t start, int steps)
{
    seed = start * 0x9e3779b97f4a7c15 + 1;
    generate_below = random_below;
    generate_boot(2048, 700);
    for (int i = 0; i < steps; i++) {
        generate_step();
        if (i % 16 == 0)
            check_invariants();
    }
    check_invariants();
}

#define TORTURE(n)                                                                                             \
    Test(random, sequence_##n) { torture(n, 6000); }
TORTURE(1)
TORTURE(2)
TORTURE(3)
TORTURE(4)
TORTURE(5)
TORTURE(6)
TORTURE(7)
TORTURE(8)
