/* SPDX-License-Identifier: MPL-2.0 */
/* The exokernel as the library OS's unit tests see it: spaces are tables of what was mapped, memory is a host allocation. */
#ifndef FAKE_EXO_H
#define FAKE_EXO_H

#include <exo/typed.h>
#include <los/image.h>
#include <los/memory.h>
#include <los/schedule.h>

/* Gives the library OS `pages` pages in two extents, and calls los_pages_init. Once per test (each is a process of its own). */
void fake_start(uint64_t pages);
/* What the space maps at va: page number and protection; false: nothing, or protection 0. */
bool fake_mapped(exo_handle space, uint64_t va, los_pageno *page, uint32_t *prot);
#define fake_mapped(space, va, page, prot) (fake_mapped)(EXO_HANDLE(space), va, page, prot)
/* Does the program's access as the CPU would, through faults: false when los_space_fault refuses; *error is its answer. */
bool fake_store(struct los_space *space, uint64_t va, uint8_t value, int *error);
bool fake_load(struct los_space *space, uint64_t va, uint8_t *value, int *error);
uint64_t fake_calls(enum exo_call call); /* how often it was made */
uint64_t fake_spaces(void);              /* alive, but the first */
/* Small pages that space_map will still map, and tables that space_share will show, before they answer NO_POOL; and shared tables that
 * will still be copied. */
extern uint64_t fake_map_budget, fake_table_budget;
extern char fake_log[8192];
extern uint64_t fake_given; /* pages that were given back */
/* The n-th allocation of pages or from the heap from now on fails, where one part asks another; then 0. */
extern uint64_t fake_fail_at;

#endif
