/* SPDX-License-Identifier: MPL-2.0 */
/* A page fault taken inside the library OS, and the assembly in string.S that may take one. */
#ifndef LOS_MEMORY_FAULT_H
#define LOS_MEMORY_FAULT_H

#include <los/schedule.h>

/* A page fault (its x86 error code) at an instruction of the library OS. True: go on at the frame's RIP; false: a defect of
 * the library OS. Under the container lock. */
bool los_user_fault(struct los_frame *frame, uint64_t address, uint64_t error);

/* What an x86 page-fault error code asked for, as los_space_fault wants it. */
static inline uint32_t los_fault_access(uint64_t error)
{
    return error & 16 ? LOS_EXECUTE : error & 2 ? LOS_WRITE : LOS_READ;
}

/* string.S. Addresses must be checked to lie below LOS_USER_END. A fault that cannot be resolved ends them early. */
size_t los_raw_copy(void *to, const void *from, size_t bytes); /* returns how many bytes were not copied */
size_t los_raw_clear(void *to, size_t bytes);                  /* returns how many were not cleared */
long los_raw_string(char *to, const char *from,
                    size_t size); /* length without NUL; -1: fault; -2: no NUL in size bytes */
int los_raw_load32(uint64_t user, uint32_t *value); /* 0, or -1: fault */
int los_raw_exchange32(uint64_t user, uint32_t expected, uint32_t desired, uint32_t *found);

/* [start, end): a fault there that cannot be resolved goes on at `fixup`. Ends with start 0. */
struct los_raw_range {
    uint64_t start, end, fixup;
};
extern const struct los_raw_range los_raw_ranges[];

#endif
