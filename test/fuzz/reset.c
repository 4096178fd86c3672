/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Undoing an input. All objects but those of the driver are linked into one whose writable data are in one
 * section (state.ld): it is copied once after boot, and back before each input. Of the frames only those
 * can have changed that were not empty or asked for when that copy was made (the core keeps pointers to
 * them), and those that it has asked the machine for since: the linker leads machine_frame through here.
 * Page protection would find them too, but costs more than comparing.
 */
#include "fuzz.h"
#include "fake_machine.h"
#include <stdlib.h>
#include <string.h>

#define LOOK_AT_ALL 4096 /* inputs */

extern char __start_fuzz_state[], __stop_fuzz_state[];

static char *saved;
static uint8_t *frames, *saved_frames;
static uint32_t often[FAKE_TOP], often_count; /* the first kind */
static uint32_t asked[FAKE_TOP], asked_count; /* the second */
static bool is_asked[FAKE_TOP];
static uint64_t restored;

void *__wrap_machine_frame(uint64_t pfn);
void *__real_machine_frame(uint64_t pfn);
void *__wrap_machine_frame(uint64_t pfn)
{
    if (pfn < FAKE_TOP && !is_asked[pfn]) {
        is_asked[pfn] = true;
        asked[asked_count++] = (uint32_t)pfn;
    }
    return __real_machine_frame(pfn);
}

/* Red zones between variables are copied, too. */
__attribute__((no_sanitize("address"))) static void copy(char *to, const char *from)
{
    uint64_t bytes = (uint64_t)(__stop_fuzz_state - __start_fuzz_state);
    __asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(bytes)::"memory");
}

/* No memcmp: libFuzzer would take what it is given for hints. */
static bool is_changed(uint64_t pfn)
{
    const uint64_t *now = (uint64_t *)(frames + pfn * EXO_PAGE_SIZE),
                   *then = (uint64_t *)(saved_frames + pfn * EXO_PAGE_SIZE);
    uint64_t difference = 0;
    for (uint64_t i = 0; i < EXO_PAGE_SIZE / sizeof *now; i++)
        difference |= now[i] ^ then[i];
    return difference != 0;
}

static void restore_frame(uint64_t pfn)
{
    if (is_changed(pfn))
        memcpy(frames + pfn * EXO_PAGE_SIZE, saved_frames + pfn * EXO_PAGE_SIZE, EXO_PAGE_SIZE);
}

void reset_save(void)
{
    frames = machine_frame(0);
    saved_frames = calloc(FAKE_TOP, EXO_PAGE_SIZE);
    for (uint32_t pfn = 0; pfn < FAKE_TOP; pfn++)
        if (is_asked[pfn] || is_changed(pfn)) /* it is not empty */
            often[often_count++] = pfn;
    memcpy(saved_frames, frames, FAKE_TOP * EXO_PAGE_SIZE);
    for (uint32_t i = 0; i < often_count; i++)
        is_asked[often[i]] = true; /* for good */
    asked_count = 0;
    saved = malloc((uint64_t)(__stop_fuzz_state - __start_fuzz_state));
    copy(saved, __start_fuzz_state);
}

void reset_restore(void)
{
    copy(__start_fuzz_state, saved);
    for (uint32_t i = 0; i < often_count; i++)
        restore_frame(often[i]);
    for (uint32_t i = 0; i < asked_count; i++) {
        restore_frame(asked[i]);
        is_asked[asked[i]] = false;
    }
    asked_count = 0;
    for (uint64_t pfn = ++restored % LOOK_AT_ALL == 0 ? 0 : FAKE_TOP; pfn < FAKE_TOP; pfn++)
        if (is_changed(pfn))
            abort();
}
