/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Undoing an input. All objects but this one, trace.c and fuzz.c are linked into one whose writable data are in one section
 * (state.ld): it is copied once after boot, and back before each input. The arena of frames becomes a private mapping of a copy of
 * itself, so that the kernel forgets what was written.
 */
#define _GNU_SOURCE
#include "fuzz.h"
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

extern char __start_fuzz_state[], __stop_fuzz_state[];

static char *saved;
static void *frames;
static uint64_t frames_bytes;

/* Red zones between variables are copied, too. */
__attribute__((no_sanitize("address"))) static void copy(char *to, const char *from)
{
    uint64_t bytes = (uint64_t)(__stop_fuzz_state - __start_fuzz_state);
    __asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(bytes)::"memory");
}

void reset_save(void *arena, uint64_t bytes)
{
    int copied = memfd_create("arena", 0);
    frames = arena;
    frames_bytes = bytes;
    if (copied < 0 || write(copied, arena, bytes) != (ssize_t)bytes ||
        mmap(arena, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED, copied, 0) != arena)
        abort();
    saved = malloc((uint64_t)(__stop_fuzz_state - __start_fuzz_state));
    copy(saved, __start_fuzz_state);
}

void reset_restore(void)
{
    copy(__start_fuzz_state, saved);
    madvise(frames, frames_bytes, MADV_DONTNEED);
}
