/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The lock checker. For each vCPU it knows what it holds. Once two locks were held at a time, their order is known, and the other order
 * is reported even if it does not come to a deadlock, as Linux's lockdep does. Across los_switch and on the way to a program less may
 * be held. And whoever touches what the container lock guards must hold it (check_lock; address.c knows what is guarded).
 */
#include "../../libos/schedule/internal.h"
#include "guest.h"

#define LOCKS 8u /* in all */

static struct {
    const void *lock;
    const char *name;
    uint32_t before; /* bit n: was held while lock n was taken */
} known[LOCKS];

static uint32_t held[LOS_VCPUS_MAX]; /* bit n: lock n */
bool lock_checked[LOS_VCPUS_MAX];    /* from its first lock on; quick calls apart */
bool in_quick_call[LOS_VCPUS_MAX];   /* what they do without the lock, they may */

static unsigned number_of(const void *lock, const char *name)
{
    for (unsigned i = 0; i < LOCKS; i++) {
        const void *none = NULL;
        if (__atomic_compare_exchange_n(&known[i].lock, &none, lock, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
            known[i].name = name;
        if (!none || none == lock)
            return i;
    }
    return LOCKS - 1;
}

static void complain(uint64_t place, const char *what, unsigned lock, const char *and, unsigned other)
{
    struct report report;
    if (!report_begin(&report, place))
        return;
    report_text(&report, "locks: ");
    report_text(&report, known[lock].name);
    report_text(&report, what);
    if (and) {
        report_text(&report, known[other].name);
        report_text(&report, and);
    }
    report_text(&report, ", by ");
    report_hex(&report, place);
    report_line(&report);
    report_back_trace();
    sanitizer_found();
}

void los_sanitize_lock(const void *lock, const char *name)
{
    uint32_t vcpu = this_vcpu(), mine = held[vcpu];
    unsigned number = number_of(lock, name);
    lock_checked[vcpu] = !in_quick_call[vcpu];
    if (mine >> number & 1)
        complain(HERE, " is taken by who holds it", number, NULL, 0);
    for (unsigned i = 0; i < LOCKS; i++) {
        if (!(mine >> i & 1) || i == number)
            continue;
        __atomic_fetch_or(&known[i].before, 1u << number, __ATOMIC_SEQ_CST);
        if (__atomic_load_n(&known[number].before, __ATOMIC_SEQ_CST) >> i & 1)
            complain(HERE, " is taken while ", number, " is held, and elsewhere it is the other way round", i);
    }
    held[vcpu] = mine | 1u << number;
}

void los_sanitize_unlock(const void *lock)
{
    uint32_t vcpu = this_vcpu();
    unsigned number = number_of(lock, "?");
    if (!(held[vcpu] >> number & 1))
        complain(HERE, " is let go by who does not hold it", number, NULL, 0);
    held[vcpu] &= ~(1u << number);
}

void los_sanitize_leave(void)
{
    uint32_t mine = held[this_vcpu()];
    if (mine)
        complain(HERE, " is held on the way to a program", (unsigned)__builtin_ctz(mine), NULL, 0);
}

void check_lock(uint64_t address, bool write, uint64_t from)
{
    struct report report;
    uint64_t lock = (uint64_t)&los_container_lock;
    if (!lock_checked[this_vcpu()] || address - lock < sizeof los_container_lock ||
        !report_begin(&report, from))
        return;
    report_text(&report, "locks: ");
    report_text(&report, write ? "write" : "read");
    report_text(&report, " without the container lock, at ");
    report_hex(&report, address);
    report_text(&report, " by ");
    report_hex(&report, from);
    report_line(&report);
    report_back_trace();
    sanitizer_found();
}

/* --- what the linker puts before functions of the library OS (--wrap) ------------------------------------------------------------- */

void __real_los_switch(uint64_t *save_sp, uint64_t load_sp);
void __wrap_los_switch(uint64_t *save_sp, uint64_t load_sp);
void __wrap_los_switch(uint64_t *save_sp, uint64_t load_sp)
{
    unsigned container = number_of(&los_container_lock, "container lock");
    uint32_t mine = held[this_vcpu()];
    if (mine & ~(1u << container))
        complain(HERE, " is held while another thread comes up",
                 (unsigned)__builtin_ctz(mine & ~(1u << container)), NULL, 0);
    if (!(mine >> container & 1))
        complain(HERE, " is not held while another thread comes up", container, NULL, 0);
    __real_los_switch(save_sp, load_sp);
}
