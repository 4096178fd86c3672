/* SPDX-License-Identifier: MPL-2.0 */
/* What the files of this library OS know of each other; paging.h is what they share with Linux's side. */
#ifndef PAGER_H
#define PAGER_H

#include "paging.h"

#define AREA               0x100000000ul /* where the pages appear; the primitives' own lie 1 GiB above */
#define AREA_OF_PRIMITIVES (AREA + (1ul << 30))

/* entry.S */
extern uint64_t (*fault_handler)(uint64_t address, uint64_t error, uint64_t rip);
void fault_entry(void);
void probe(uint64_t *at, uint64_t value);
void probe_end(void);

/* Takes page frames of the memory that the supervisor gave: where they are mapped for us already, and in *offset their place in its
 * first extent. Ends the library OS where there are not so many. */
uint64_t (*machine_take(uint32_t pages, uint64_t *offset))[PAGING_WORDS];
void machine_start(uint32_t pages, uint32_t frames);

/* Measures each primitive and says so; ends the library OS where one did not do what it should. */
void primitives(void);

#endif
