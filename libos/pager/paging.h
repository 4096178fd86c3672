/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Paging by an application, without a word on how pages are mapped: machine.h's functions do that, on the exokernel (machine.c here) or on
 * Linux (bench/swap/pager.c), so that the two do the same work.
 *
 * `pages` pages take turns in fewer `frames`. Those without a frame lie on the store. A page is written to the store when it
 * loses its frame and is dirty, and read from it when it gets one: each is a transfer, counted, of 4 KiB.
 */
#ifndef PAGING_H
#define PAGING_H

#include <stdbool.h>
#include <stdint.h>

enum { PAGING_MOST = 4096, PAGING_BYTES = 4096, PAGING_WORDS = PAGING_BYTES / 8, PAGING_NOWHERE = 0xffff };

struct paging;

/* Which frame to take when the page `wanted` needs one and all are in use. */
struct policy {
    const char *name;
    uint32_t (*victim)(struct paging *paging, uint32_t wanted);
    bool orders; /* it wants the frames in the order of their pages' last use */
};

struct paging {
    const struct policy *policy;
    uint32_t pages, frames, in_use;
    uint32_t (*application)(const struct paging *paging,
                            uint32_t wanted); /* for the policy "app": a page that has a frame */
    uint64_t faults, reads, writes;           /* transfers: from and to the store */
    uint64_t random;
    uint32_t hand;                   /* fifo, clock: the next frame */
    uint16_t frame_of[PAGING_MOST];  /* of a page; PAGING_NOWHERE: it is on the store */
    bool dirty[PAGING_MOST];         /* known so far; the machine may know more */
    uint16_t page_of[PAGING_MOST];   /* of a frame */
    uint16_t newer[PAGING_MOST + 1], /* of a frame: a ring, with the head PAGING_MOST, newest last */
        older[PAGING_MOST + 1];
};

extern const struct policy policies[];
extern const uint32_t policies_count;

/* Forgets all pages: everything is on the store again, and nothing counted. Needs 1 to PAGING_MOST frames and pages. */
void paging_start(struct paging *paging, const struct policy *policy, uint32_t pages, uint32_t frames);
/* Gives the page, which has none, a frame. */
void paging_fault(struct paging *paging, uint32_t page);
/* Writes what is dirty to the store, and takes all frames away; counts nothing. */
void paging_flush(struct paging *paging);

/* --- the work: the same everywhere -------------------------------------------------------------------------------------- */
struct scan {
    uint32_t pages, frames, rounds, every; /* each `every`-th page is written, the others are only read */
};
/* What lies in the pages at the start, on the store. */
void scan_prepare(const struct scan *scan, uint64_t (*store)[PAGING_WORDS]);
/* Reads or changes each page of `area` in turn, `rounds` times. False: a page held something else than it should. */
bool scan_run(const struct scan *scan, volatile uint64_t (*area)[PAGING_WORDS]);
/* Does the store hold, to the word, what the rounds should have left? */
bool scan_check(const struct scan *scan, uint64_t (*store)[PAGING_WORDS]);
/* The application's knowledge: in a scan in turn, the page that was just used is used last of all. */
uint32_t scan_victim(const struct paging *paging, uint32_t wanted);

/* --- what maps pages ------------------------------------------------------------------------------------------------------ */
enum { MACHINE_USED = 1, MACHINE_DIRTY = 2 };
/* Shows the frame as the page, not used and not dirty yet. */
void machine_show(uint32_t page, uint32_t frame);
void machine_hide(uint32_t page);
/* flags[i]: what became of page first + i since it was shown or cleared; 0 where it has no frame. */
void machine_look(uint32_t first, uint32_t count, uint8_t *flags);
/* The pages, which have frames, count as neither used nor dirty. */
void machine_clear(const struct paging *paging, const uint16_t *page, uint32_t count);
/* The frame, and the page's place on the store; their contents. */
uint64_t *machine_frame(uint32_t frame);
uint64_t *machine_store(uint32_t page);

#endif
