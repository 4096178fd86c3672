/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Visible revocation: somebody who gave us frames asks some of them back, until a deadline. Free pages go first, in large runs; while
 * there are not enough, the process that holds most memory dies, one after the other, as when memory is out. What was in use and
 * was taken by force all the same is the end of this library OS: it cannot know what was in it.
 */
#include "internal.h"
#include "../process/internal.h"
#include <exo/typed.h>

#define LOOK_NS     5000000ull /* the supervisor may have to take in what was given: its records are few */
#define KILL_NS     100000000ull
#define PATIENCE_NS 200000000ull /* free pages may come by themselves */

/* What one recall asks, of a token and of its kin: its deadline is its name. */
struct asked {
    exo_handle frame;
    uint64_t pages, deadline_ns, kill_ns;
};
static struct asked asked[LOS_EXTENTS_MOST];
static struct los_timer timer;

static void step(struct los_timer *self)
{
    bool more = false;
    uint64_t now = los_now();
    for (size_t i = 0; i < LOS_COUNT(asked); i++) {
        struct asked *a = &asked[i];
        if (!a->pages)
            continue;
        uint64_t given = los_pages_give_back(a->frame, a->pages);
        a->pages -= given;
        if (now >= a->deadline_ns)
            a->pages = 0;
        if (a->pages && !given && now >= a->kill_ns) {
            los_out_of_memory_inside();
            a->kill_ns = now + KILL_NS;
        }
        more |= a->pages != 0;
    }
    if (more)
        los_timer_set(self, now + LOOK_NS);
}

static void note(const struct exo_recall *record)
{
    for (size_t i = 0; i < LOS_COUNT(asked); i++)
        if (asked[i].deadline_ns == record->deadline_ns)
            return; /* another record of the same */
    for (size_t i = 0; i < LOS_COUNT(asked); i++) {
        if (asked[i].pages)
            continue;
        asked[i] = (struct asked){record->token, record->count, record->deadline_ns, los_now() + PATIENCE_NS};
        return;
    }
}

void los_recall(void)
{
    struct exo_recall record;
    if (!timer.fire)
        los_timer_init(&timer, step);
    while (exo_recall_next(&record) == 1) {
        if (record.kind != EXO_FRAME)
            continue;
        if (record.state == EXO_RECALL_ASKED)
            note(&record);
        else if (record.state == EXO_RECALL_TAKEN &&
                 !los_pages_taken(record.token, record.offset, record.count))
            los_panic("%lu pages in use were taken by force", record.count);
    }
    los_heap_trim();
    step(&timer);
}
