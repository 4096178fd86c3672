/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The host's system calls for code that runs between a signal and its return. There FS base is the guest's, so nothing of the C
 * library that keeps state per thread may be called, errno included (these return -errno), and no function that was compiled with
 * a stack protector, whose mark is there, too: memcpy, memset, memcmp and strlen are in assembly.
 */
#ifndef EXO_HOSTED_HOST_H
#define EXO_HOSTED_HOST_H

#include <linux/futex.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <time.h>

static inline long host_call(long number, long a, long b, long c, long d, long e, long f)
{
    long result;
    register long r10 __asm__("r10") = d;
    register long r8 __asm__("r8") = e;
    register long r9 __asm__("r9") = f;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "0"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    return result;
}

/* Sleeps while *word is `value`, at most `ns` (UINT64_MAX: without end). May return early. */
static inline void host_sleep(uint32_t *word, uint32_t value, uint64_t ns)
{
    struct timespec time = {(time_t)(ns / 1000000000), (long)(ns % 1000000000)};
    host_call(SYS_futex, (long)word, FUTEX_WAIT, value, ns == UINT64_MAX ? 0 : (long)&time, 0, 0);
}
static inline void host_wake(uint32_t *word) { host_call(SYS_futex, (long)word, FUTEX_WAKE, 1, 0, 0, 0); }
static inline void host_yield(void) { host_call(SYS_sched_yield, 0, 0, 0, 0, 0, 0); }

#endif
