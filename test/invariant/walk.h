/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The parts of the walk and what they share. Each recomputes from the structures themselves what the core keeps step by step, and
 * compares. A link is followed when both of its ends were seen to agree: so broken lists and trees end the walk, too. Other CPUs may
 * run ring 3, be in space_switch, or hear their timer meanwhile; nothing else changes.
 */
#ifndef INVARIANT_WALK_H
#define INVARIANT_WALK_H

#include "invariant.h"
#include "alarm.h"
#include "slice.h"
#include "space.h"

#define SCRATCH_FRAMES (1ul << 18) /* 1 GiB of RAM */

enum invariant {
#define X(NAME, sentence) INVARIANT_##NAME,
#include "invariants.def"
#undef X
    INVARIANT_COUNT
};

_Noreturn void invariant_broken(enum invariant which, uint64_t number);

/* The number helps to find what it was: a frame, an address, a count. */
#define HOLDS(condition, NAME, number)                                                                         \
    do {                                                                                                       \
        if (!(condition))                                                                                      \
            invariant_broken(INVARIANT_##NAME, (uint64_t)(number));                                            \
    } while (0)

/* An item is where its list says, so that no list runs into itself. */
#define HOLDS_PLACE(item, at, NAME) HOLDS((item)->place == (at), NAME, (uint64_t)(item))

/* What the walk has met up to now. */
struct walk {
    const struct domain *first;
    /* Of USER frames: small mappings, vCPU pages, buffers of devices. Of lowest tables: entries that point to them. */
    uint32_t met[SCRATCH_FRAMES];
    uint32_t large_met[SCRATCH_FRAMES / EXO_LARGE_PAGES];
    bool claimed[SCRATCH_FRAMES]; /* free in a pool, or an object: once */
    bool named[SCRATCH_FRAMES];   /* by a frame token */
    uint64_t pool_frames, dying_domains;
    uint64_t tokens, in_trees; /* in tables; of these, found from the roots */
    uint64_t shares[EXO_CPUS_MAX];
    const struct space *loaded[EXO_CPUS_MAX]; /* when the walk began */
    uint32_t loaded_met;
    uint32_t charged, on_cpu, ready, handed, background;
    uint32_t alarms, alarms_below; /* set; found below others */
};
extern struct walk walk;

/* The frame is a kernel object of the domain. */
void walk_claim(const struct domain *domain, uint64_t pfn);

/* mapping.c: the domain's spaces. Returns how many frames they take. All domains' tokens were walked before. */
void walk_spaces_begin(void);
uint64_t walk_spaces(const struct domain *domain);
/* tree.c: the domain's table, with the trees that begin in it; a tree, if one begins there; recalls. */
void walk_tokens(const struct domain *domain);
void walk_tree(const struct token *root);
void walk_recalls(const struct domain *domain);
/* time.c: vCPUs and slices; how many frames they take. */
uint64_t walk_vcpus(const struct domain *domain);
uint64_t walk_slices(const struct domain *domain);
void walk_alarm(const struct alarm *alarm);
void walk_cpus(void);

/* The domains, parents first, without recursion: the one after this; NULL: it was the last. */
const struct domain *walk_next(const struct domain *domain);

#endif
