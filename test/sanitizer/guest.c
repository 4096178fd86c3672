/* SPDX-License-Identifier: MPL-2.0 */
/* The run time's place in the library OS image: before its entry, before its end, and on the boot log. */
#include <los/personality.h>
#include "guest.h"

#define STATUS 125

static uint32_t found;

void sanitizer_write(const char *text, size_t bytes) { exo_log_write(LOS_START_PAGE->machine, text, bytes); }
void sanitizer_found(void) { __atomic_fetch_add(&found, 1, __ATOMIC_SEQ_CST); }

/* Boot stacks for larger frames: entry.S goes to them. */
char sanitizer_stacks[LOS_VCPUS_MAX][LOS_STACK_BYTES] __attribute__((aligned(LOS_STACK_BYTES)));

_Static_assert(LOS_STACK_BYTES == 1ul << 16, "STACK_SHIFT in entry.S");

extern void (*const los_constructors_start[])(void), (*const los_constructors_end[])(void);
void sanitizer_start(uint32_t vcpu);
void sanitizer_start(uint32_t vcpu)
{
    if (vcpu == 0)
        for (void (*const *each)(void) = los_constructors_start; each < los_constructors_end; each++)
            (*each)();
}

/* The first thing that a thread does: everything works by then. */
void __real_los_cpus_start(const struct los_start *start);
void __wrap_los_cpus_start(const struct los_start *start);
void __wrap_los_cpus_start(const struct los_start *start)
{
    const char *name = los_option("plant");
    if (name)
        plant(name);
    __real_los_cpus_start(start);
}

_Noreturn void __real_los_container_exit(int status);
_Noreturn void __wrap_los_container_exit(int status);
void __wrap_los_container_exit(int status)
{
    __real_los_container_exit(__atomic_load_n(&found, __ATOMIC_SEQ_CST) ? STATUS : status);
}
