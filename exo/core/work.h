/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Bounded work: a call that may touch much gets an allowance, spends a unit for each table entry, token or frame that it
 * handles, and stops with AGAIN when it is used up. Whoever takes an allowance makes progress with it that the next
 * call need not repeat.
 */
#ifndef EXO_CORE_WORK_H
#define EXO_CORE_WORK_H

/* So that no call keeps others from a CPU for longer than some 0.2 ms at an instruction a ns. */
#define WORK_PER_CALL  4096
#define WORK_PER_UNMAP 8192

struct work {
    long left;
};

/* Spends units; false when there was nothing left to spend. */
static inline _Bool work_spend(struct work *work, long units)
{
    if (work->left <= 0)
        return 0;
    work->left -= units;
    return 1;
}

#endif
