/* SPDX-License-Identifier: MPL-2.0 */
/* Mistakes to be found: the boot word plant=NAME. Built like the library OS. test/sanitizer/run expects each to be reported. */
#include <los/memory.h>
#include "guest.h"

static volatile size_t one = 1; /* so that the compiler knows nothing */
static volatile int sink;

static void heap_overflow(void)
{
    char *object = los_alloc(40);
    object[39 + one] = 1;
    los_free(object);
}

static void heap_memset(void)
{
    char *object = los_alloc(40);
    memset(object, 0, 40 + one);
    los_free(object);
}

static void heap_freed(void)
{
    int *object = los_alloc(24);
    los_free(object);
    sink = object[one];
}

static void heap_twice(void)
{
    char *object = los_alloc(24);
    los_free(object);
    los_free(object + one - 1);
}

static void page_freed(void)
{
    los_pageno page = los_page_alloc();
    int *at = los_page_address(page);
    los_page_unref(page);
    at[one] = 1;
}

static __attribute__((noinline)) void fill(volatile char *at, size_t bytes)
{
    while (bytes--)
        *at++ = 0;
}

static void stack_overflow(void)
{
    char object[20];
    fill(object, sizeof object + one);
}

static void stack_scope(void)
{
    volatile char *late;
    {
        char object[20];
        fill(object, sizeof object);
        late = object;
    }
    /* cppcheck-suppress invalidLifetime */
    late[one] = 1;
}

static void global_overflow(void)
{
    static char object[13];
    fill(object, sizeof object + one);
}

static void shift(void) { sink = 1 << (31 + one); }
static void overflow(void)
{
    int most = INT32_MAX;
    sink = most + (int)one;
}
static void bounds(void)
{
    static int array[4];
    sink = array[3 + one];
}
static void misaligned(void)
{
    static uint64_t words[2];
    sink = *(int *)((char *)words + one);
}

static void user_memory(void) { sink = *(volatile int *)(0x400000 * one); }

static int lock_a, lock_b;
static void lock_order(void)
{
    los_sanitize_lock(&lock_a, "lock a");
    los_sanitize_lock(&lock_b, "lock b");
    los_sanitize_unlock(&lock_b);
    los_sanitize_unlock(&lock_a);
    los_sanitize_lock(&lock_b, "lock b");
    los_sanitize_lock(&lock_a, "lock a");
    los_sanitize_unlock(&lock_a);
    los_sanitize_unlock(&lock_b);
}

static void lock_twice(void)
{
    los_sanitize_lock(&lock_a, "lock a");
    los_sanitize_lock(&lock_a, "lock a");
    los_sanitize_unlock(&lock_a);
}

static void lock_not_held(void)
{
    los_sanitize_lock(&lock_a, "lock a");
    los_sanitize_unlock(&lock_a);
    los_sanitize_unlock(&lock_a);
}

static void lock_kept(void) { los_sanitize_lock(&lock_a, "lock a"); }

static void lock_missing(void)
{
    los_unlock();
    los_free(los_alloc(24));
    los_lock();
}

static const struct {
    const char *name;
    void (*plant)(void);
} plants[] = {
    {"heap-overflow", heap_overflow}, {"heap-memset", heap_memset},
    {"heap-freed", heap_freed},       {"heap-twice", heap_twice},
    {"page-freed", page_freed},       {"stack-overflow", stack_overflow},
    {"stack-scope", stack_scope},     {"global-overflow", global_overflow},
    {"user-memory", user_memory},     {"shift", shift},
    {"overflow", overflow},           {"bounds", bounds},
    {"misaligned", misaligned},       {"lock-order", lock_order},
    {"lock-twice", lock_twice},       {"lock-not-held", lock_not_held},
    {"lock-kept", lock_kept},         {"lock-missing", lock_missing},
};

void plant(const char *name)
{
    for (unsigned i = 0; i < LOS_COUNT(plants); i++)
        if (!strcmp(plants[i].name, name))
            plants[i].plant();
}
