/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The shadow, and what code built with -fsanitize=kernel-address calls before each access. Nothing in this folder but plant.c is built
 * with that option. Interface: GCC's asan.cc and Linux's mm/kasan/generic.c.
 */
#include "guest.h"

extern char los_text_start[], los_text_end[], los_data_start[], los_image_end[];

static inline uint8_t *shadow_of(uint64_t address) { return (uint8_t *)((address >> 3) + SHADOW_OFFSET); }

void shadow_set(const void *start, size_t bytes, enum shadow why)
{
    uint8_t *at = shadow_of((uint64_t)start), *end = shadow_of((uint64_t)start + bytes);
    uint64_t word = 0x0101010101010101ul * why;
    for (; at < end && (uint64_t)at % 8; at++)
        *at = (uint8_t)why;
    for (; at + 8 <= end; at += 8)
        *(uint64_t *)at = word;
    for (; at < end; at++)
        *at = (uint8_t)why;
}

void shadow_clear(const void *start, size_t bytes)
{
    shadow_set(start, bytes & ~7ul, 0);
    if (bytes % 8)
        *shadow_of((uint64_t)start + bytes) = bytes % 8;
}

/* --- checks --------------------------------------------------------------------------------------------------------------- */

/* The first byte of the range that may not be touched; 0: all may. */
static uint64_t first_bad(uint64_t start, size_t bytes)
{
    uint64_t end = start + bytes;
    for (uint64_t at = start & ~7ul; at < end; at += 8) {
        uint8_t shadow = *shadow_of(at);
        if (!shadow)
            continue;
        uint64_t good_end = shadow < 8 ? at + shadow : at;
        if (end > good_end)
            return good_end > start ? good_end : start;
    }
    return 0;
}

static inline bool in_segment(uint64_t start, size_t bytes)
{
    return start - SHADOW_GUEST < SHADOW_OF && bytes <= SHADOW_OF - (start - SHADOW_GUEST);
}

bool shadow_usable(const void *start, size_t bytes)
{
    return in_segment((uint64_t)start, bytes) && !first_bad((uint64_t)start, bytes);
}

void report_back_trace(void)
{
    uint64_t here = (uint64_t)__builtin_frame_address(0), end = (here | (LOS_STACK_BYTES - 1)) + 1;
    unsigned shown = 0;
    struct report report = {.length = 0};
    report_text(&report, "  back trace:");
    for (const uint64_t *at = (const uint64_t *)here; (uint64_t)at < end && shown < 16; at++)
        if (*at >= (uint64_t)los_text_start && *at < (uint64_t)los_text_end) {
            report_text(&report, " ");
            report_hex(&report, *at);
            shown++;
        }
    report_line(&report);
}

static const char *meaning(uint8_t shadow)
{
    switch (shadow) {
    case SHADOW_STACK_LEFT: return "below an object on the stack";
    case SHADOW_STACK_MIDDLE: return "between objects on the stack";
    case SHADOW_STACK_RIGHT: return "beyond an object on the stack";
    case SHADOW_SCOPE: return "to an object on the stack whose block has ended";
    case SHADOW_GLOBAL: return "beyond a global object";
    case SHADOW_FREED: return "to a freed object";
    case SHADOW_RED_ZONE: return "beyond an object of the heap";
    case SHADOW_NO_OBJECT: return "to free memory of the heap";
    case SHADOW_FREE_PAGE: return "to a free page";
    case SHADOW_ALLOCA: return "beyond an object from alloca";
    default: return "to where nothing is";
    }
}

static __attribute__((noinline, cold)) void report_access(uint64_t start, size_t bytes, bool write,
                                                          uint64_t from)
{
    struct report report;
    if (!report_begin(&report, from))
        return;
    report_text(&report, write ? "write of " : "read of ");
    report_decimal(&report, (int64_t)bytes);
    report_text(&report, " bytes at ");
    report_hex(&report, start);
    report_text(&report, " by ");
    report_hex(&report, from);
    report_text(&report, ": ");
    if (!in_segment(start, bytes)) {
        report_text(&report, "outside of the container segment");
    } else {
        uint64_t bad = first_bad(start, bytes);
        uint8_t shadow = *shadow_of(bad);
        if (shadow < 8)
            shadow = *shadow_of(bad + 8);
        report_text(&report, meaning(shadow));
        uint64_t freed = freed_from(bad);
        if (freed) {
            report_text(&report, ", freed from ");
            report_hex(&report, freed);
        }
    }
    report_line(&report);
    report_back_trace();
    sanitizer_found();
}

/* What the container lock guards: the heap, other pages, and data; not the lock itself, nor the running thread's own stack. */
static inline bool is_guarded(uint64_t address)
{
    return (address - LOS_DIRECT < LOS_STUBS - LOS_DIRECT ||
            address - (uint64_t)los_data_start < (uint64_t)(los_image_end - los_data_start)) &&
           (address ^ (uint64_t)__builtin_frame_address(0)) >= LOS_STACK_BYTES;
}

static inline __attribute__((always_inline)) void check(uint64_t start, size_t bytes, bool write, uint64_t from)
{
    if (__builtin_expect(!in_segment(start, bytes) || first_bad(start, bytes), 0))
        report_access(start, bytes, write, from);
    else if (__builtin_expect(!lock_held() && is_guarded(start), 0))
        check_lock(start, write, from);
}

void check_range(const void *start, size_t bytes, bool write, uint64_t from)
{
    if (bytes)
        check((uint64_t)start, bytes, write, from);
}

#define CHECKS(bytes)                                                                                          \
    void __asan_load##bytes##_noabort(uint64_t start);                                                         \
    void __asan_load##bytes##_noabort(uint64_t start) { check(start, bytes, false, HERE); }                    \
    void __asan_store##bytes##_noabort(uint64_t start);                                                        \
    void __asan_store##bytes##_noabort(uint64_t start) { check(start, bytes, true, HERE); }
CHECKS(1)
CHECKS(2)
CHECKS(4)
CHECKS(8)
CHECKS(16)

void __asan_loadN_noabort(uint64_t start, size_t bytes);
void __asan_loadN_noabort(uint64_t start, size_t bytes)
{
    if (bytes)
        check(start, bytes, false, HERE);
}
void __asan_storeN_noabort(uint64_t start, size_t bytes);
void __asan_storeN_noabort(uint64_t start, size_t bytes)
{
    if (bytes)
        check(start, bytes, true, HERE);
}

/* --- the stack: most of it the compiler does itself ------------------------------------------------------------------------------ */

void __asan_handle_no_return(void);
void __asan_handle_no_return(void) {} /* a stack that is left for good becomes free pages */

#define ALLOCA_RED_ZONE 32ul
void __asan_alloca_poison(uint64_t start, size_t bytes);
void __asan_alloca_poison(uint64_t start, size_t bytes)
{
    uint64_t end = start + bytes, room = LOS_ROUND_UP(end, ALLOCA_RED_ZONE);
    shadow_set((void *)(start - ALLOCA_RED_ZONE), ALLOCA_RED_ZONE, SHADOW_ALLOCA);
    shadow_clear((void *)start, bytes);
    shadow_set((void *)LOS_ROUND_UP(end, 8), room - LOS_ROUND_UP(end, 8) + ALLOCA_RED_ZONE, SHADOW_ALLOCA);
}

void __asan_allocas_unpoison(uint64_t top, uint64_t bottom);
void __asan_allocas_unpoison(uint64_t top, uint64_t bottom)
{
    if (top && top < bottom)
        shadow_set((void *)top, bottom - top, 0);
}

void __asan_poison_stack_memory(uint64_t start, size_t bytes);
void __asan_poison_stack_memory(uint64_t start, size_t bytes)
{
    shadow_set((void *)start, LOS_ROUND_UP(bytes, 8), SHADOW_SCOPE);
}
void __asan_unpoison_stack_memory(uint64_t start, size_t bytes);
void __asan_unpoison_stack_memory(uint64_t start, size_t bytes) { shadow_clear((void *)start, bytes); }

/* --- globals ------------------------------------------------------------------------------------------------------------------ */

struct global {
    const char *start;
    size_t bytes, room;
    const char *name, *file;
    size_t dynamic;
    const void *place;
    const char *odr;
};

void __asan_register_globals(const struct global *globals, size_t count);
void __asan_register_globals(const struct global *globals, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        size_t used = LOS_ROUND_UP(globals[i].bytes, 8);
        shadow_clear(globals[i].start, globals[i].bytes);
        shadow_set(globals[i].start + used, globals[i].room - used, SHADOW_GLOBAL);
    }
}
void __asan_unregister_globals(const struct global *globals, size_t count);
void __asan_unregister_globals(const struct global *globals, size_t count) { (void)globals, (void)count; }

/* --- the functions of string.S: checked here, done there ---------------------------------------------------------------------------- */

void *bare_memcpy(void *to, const void *from, size_t bytes);
void *bare_memmove(void *to, const void *from, size_t bytes);
void *bare_memset(void *to, int byte, size_t bytes);
void bare_los_page_zero(void *page);
void bare_los_page_copy(void *to, const void *from);
size_t bare_los_raw_copy(void *to, const void *from, size_t bytes);
long bare_los_raw_string(char *to, const char *from, size_t size);
void los_page_zero(void *page);
void los_page_copy(void *to, const void *from);
size_t los_raw_copy(void *to, const void *from, size_t bytes);
long los_raw_string(char *to, const char *from, size_t size);

static bool overlap(const char *a, const char *b, size_t bytes) { return a < b + bytes && b < a + bytes; }

void *memcpy(void *to, const void *from, size_t bytes)
{
    check_range(from, bytes, false, HERE);
    check_range(to, bytes, true, HERE);
    struct report report;
    if (to != from && overlap(to, from, bytes) && report_begin(&report, HERE)) {
        report_text(&report, "memcpy of what overlaps, by ");
        report_hex(&report, HERE);
        report_end(&report);
    }
    return bare_memcpy(to, from, bytes);
}

void *memmove(void *to, const void *from, size_t bytes)
{
    check_range(from, bytes, false, HERE);
    check_range(to, bytes, true, HERE);
    return bare_memmove(to, from, bytes);
}

void *memset(void *to, int byte, size_t bytes)
{
    check_range(to, bytes, true, HERE);
    return bare_memset(to, byte, bytes);
}

void los_page_zero(void *page)
{
    check_range(page, LOS_PAGE, true, HERE);
    bare_los_page_zero(page);
}

void los_page_copy(void *to, const void *from)
{
    check_range(from, LOS_PAGE, false, HERE);
    check_range(to, LOS_PAGE, true, HERE);
    bare_los_page_copy(to, from);
}

/* One side is the program's. */
size_t los_raw_copy(void *to, const void *from, size_t bytes)
{
    if ((uint64_t)from >= LOS_USER_END)
        check_range(from, bytes, false, HERE);
    if ((uint64_t)to >= LOS_USER_END)
        check_range(to, bytes, true, HERE);
    return bare_los_raw_copy(to, from, bytes);
}

long los_raw_string(char *to, const char *from, size_t size)
{
    check_range(to, size, true, HERE);
    return bare_los_raw_string(to, from, size);
}
