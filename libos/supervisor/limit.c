/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Memory limits that change while a container runs. More: frames are handed over, and its mailbox says so. Less: frames are asked back, and
 * the library OS chooses which (visible revocation); what has not come at the deadline is taken by force.
 *
 * Frames that came back are somebody's again as soon as the record of it was read. Which ones were taken by force is not told:
 * they stay with the container, out of use, until its end.
 */
#include "supervisor.h"

#define DEADLINE_NS 2000000000ul
#define FIRST_KEEPS 4096ul /* pages that the first container is not asked for */

static bool is_recalled(const struct container *container)
{
    for (uint32_t i = 0; i < container->extents; i++)
        if (container->extent[i].recalled)
            return true;
    return false;
}

/* How many of `pages` an extent is asked for; `all`: what it has, otherwise an eighth of it is left, where something may lie that stays. */
static uint64_t share_of(const struct container *container, uint32_t i, uint64_t pages, bool all)
{
    const struct extent *extent = &container->extent[i];
    uint64_t has = extent->range.pages - extent->given, kept = i == 0 ? container->used : 0;
    kept += all ? 0 : (has - (kept < has ? kept : has)) / 8;
    uint64_t n = has > kept ? has - kept : 0;
    return n < pages ? n : pages;
}

/* Asks for so many pages, from the last extent on down. The first extent's used pages are what it started with. */
static void ask(struct container *container, uint64_t pages)
{
    uint64_t can = 0, deadline = now_ns() + DEADLINE_NS;
    for (uint32_t i = 0; i < container->extents; i++)
        can += share_of(container, i, UINT64_MAX, false);
    bool all = can < pages;
    for (uint32_t i = container->extents; i-- > 0 && pages;) {
        struct extent *extent = &container->extent[i];
        uint64_t n = share_of(container, i, pages, all);
        /* The deadline is a recall's name: each has one of its own. */
        if (!n || extent->recalled || exo_token_recall(extent->token, n, deadline + i) < 0)
            continue;
        extent->recalled = true;
        pages -= n;
    }
}

/* --- what came back ------------------------------------------------------------------------------------------------------ */

static struct extent *extent_of(exo_handle token, struct container **container)
{
    for (struct container *c = containers; c; c = c->next)
        for (uint32_t i = 0; i < c->extents; i++)
            if (EXO_HANDLE(c->extent[i].token) == token) {
                *container = c;
                return &c->extent[i];
            }
    return NULL;
}

static void came_back(struct container *container, struct extent *extent, uint64_t offset, uint64_t count)
{
    if (offset >= extent->range.pages || count > extent->range.pages - offset)
        return;
    uint64_t before = memory_free();
    memory_give(owner_of(container), (struct range){extent->range.first + offset, count});
    extent->given += memory_free() - before;
    container->recalled_pages += memory_free() - before;
}

void limit_records(void)
{
    struct exo_recall record;
    while (exo_recall_next(&record) == 1) {
        struct container *container = NULL;
        struct extent *extent = extent_of(record.token, &container);
        if (!extent)
            continue;
        if (record.state == EXO_RECALL_GIVEN) {
            came_back(container, extent, record.offset, record.count);
        } else if (record.state == EXO_RECALL_DONE) {
            extent->recalled = false;
            extent->given += record.forced;
            container->forced_pages += record.forced;
        }
    }
}

/* --- what is wanted ------------------------------------------------------------------------------------------------------ */

bool limit_want(uint64_t pages, struct failure *why)
{
    struct container *first = container_find(1, NULL);
    limit_records();
    if (pages <= memory_free())
        return true;
    uint64_t missing = (pages - memory_free() + EXO_LARGE_PAGES - 1) & ~(EXO_LARGE_PAGES - 1);
    uint64_t has = first ? container_pages(first) - first->pool.pages - first->shared_pages : 0;
    if (!first || !first->domain || has < missing + FIRST_KEEPS)
        return refuse(why, LOS_S_MEMORY,
                      "memory: %u KiB are wanted, %u KiB free, and the first container has no more to give",
                      pages * 4, memory_free() * 4);
    if (!is_recalled(first))
        ask(first, missing);
    return refuse(why, LOS_S_AGAIN, "memory is being asked back from the first container");
}

static bool grow(struct container *container, uint64_t pages, struct failure *why)
{
    struct range range;
    exo_handle theirs = 0;
    uint64_t word[6] = {0};
    if (container->extents == LOS_EXTENTS_MOST)
        return refuse(why, LOS_S_LIMIT, "memory was added to it too many times");
    if (!life_takes_mail(container, why) || !limit_want(pages, why))
        return false;
    if (!memory_take(owner_of(container), pages, &range))
        return refuse(why, LOS_S_MEMORY, "no %u KiB of memory in a row", pages * 4);
    uint32_t before = container->extents;
    uint64_t direct = container->direct_pages;
    long error = container_add_extent(container, range, false, &theirs);
    if (error >= 0) {
        word[0] = theirs;
        word[1] = pages;
        return life_mail(container, LOS_MAIL_MEMORY, word, NULL, 0, why);
    }
    if (container->extents > before) { /* all of it back */
        container->extents = before;
        exo_space_unmap(container->space, LOS_DIRECT + direct * PAGE, pages);
        MUST("memory", exo_token_revoke(container->extent[before].token));
        MUST("memory", exo_token_drop(container->extent[before].token));
    }
    container->direct_pages = direct;
    memory_give(owner_of(container), range);
    return refuse_exo(why, "memory", error);
}

bool limit_memory(struct container *container, uint64_t bytes, struct failure *why)
{
    uint64_t pages = bytes / PAGE, fixed = container->pool.pages + container->shared_pages + container->used;
    limit_records();
    uint64_t has = container_pages(container);
    if (!container->domain)
        return refuse(why, LOS_S_STATE, "container '%s' has ended", container->name);
    if (pages <= fixed)
        return refuse(why, LOS_S_MEMORY, "memory: at least %u bytes", (fixed + 1) * PAGE);
    container->limit_pages = pages;
    if (pages > has)
        return grow(container, pages - has, why);
    if (pages == has)
        return true;
    if (!is_recalled(container)) {
        if (container->state == LOS_CONTAINER_PAUSED)
            return refuse(why, LOS_S_STATE, "container '%s' is paused and cannot be asked", container->name);
        ask(container, has - pages);
    }
    return refuse(why, LOS_S_AGAIN, "memory is being asked back");
}
