/* SPDX-License-Identifier: MPL-2.0 */
/*
 * What libos/scheduler does, with what Linux offers: threads that take turns by sched_yield, and by a futex, on one CPU; and processes whose nice
 * values come nearest to the shares 1, 2, 3 and 10, since a level is a factor of 1.25 (sched(7)): 10, 7, 5 and 0.
 *
 *   swap scheduler [switch] [nice] [ms=N]      without switch or nice: both; ms: how long the processes run
 */
#define _GNU_SOURCE
#include "swap.h"
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ROUNDS = 20000, WORKERS = 4, STEPS = 50, DUE = 10000 };

static void hold_on_one_cpu(void)
{
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(0, &one);
    sched_setaffinity(0, sizeof one, &one); /* with one CPU there is nothing to hold */
}

/* --- what a switch takes ------------------------------------------------------------------------------------------------------ */

static volatile uint64_t last_to_run, changes;
static uint32_t turn;
static pthread_barrier_t both;

static void *yielder(void *side)
{
    pthread_barrier_wait(&both);
    for (unsigned i = 0; i < ROUNDS; i++) {
        changes = changes + (last_to_run != (uint64_t)side);
        last_to_run = (uint64_t)side;
        sched_yield();
    }
    return NULL;
}

static void *player(void *side)
{
    uint32_t mine = (uint32_t)(uint64_t)side - 1;
    pthread_barrier_wait(&both);
    for (unsigned i = 0; i < ROUNDS; i++) {
        while (__atomic_load_n(&turn, __ATOMIC_SEQ_CST) != mine)
            syscall(SYS_futex, &turn, FUTEX_WAIT_PRIVATE, !mine, NULL);
        changes = changes + 1;
        __atomic_store_n(&turn, !mine, __ATOMIC_SEQ_CST);
        syscall(SYS_futex, &turn, FUTEX_WAKE_PRIVATE, 1);
    }
    return NULL;
}

/* Without enough changes it is no switch that was measured: the line says so. */
static void measure(const char *name, void *(*thread)(void *))
{
    pthread_t other;
    changes = turn = 0;
    SWAP_MUST(pthread_barrier_init(&both, NULL, 2) == 0);
    int64_t start = swap_now_ns();
    SWAP_MUST(pthread_create(&other, NULL, thread, (void *)2) == 0);
    thread((void *)1);
    SWAP_MUST(pthread_join(other, NULL) == 0);
    int64_t ns = swap_now_ns() - start;
    if (changes < ROUNDS)
        printf("%s none: the threads took %lu turns\n", name, changes);
    else
        printf("%s %lu ns\n", name, (uint64_t)ns / changes);
}

/* --- shares --------------------------------------------------------------------------------------------------------------------- */

static _Noreturn void work(volatile uint64_t *done)
{
    uint64_t x = 0;
    for (;;) {
        for (unsigned i = 0; i < STEPS; i++)
            x = x * 6364136223846793005ul + 1442695040888963407ul;
        __asm__ volatile("" : : "r"(x));
        ++*done;
    }
}

static void shares(unsigned ms)
{
    static const struct {
        uint64_t share;
        int nice;
    } worker[WORKERS] = {{1, 10}, {2, 7}, {3, 5}, {10, 0}};
    volatile uint64_t *done =
        mmap(NULL, WORKERS * sizeof *done, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pid_t child[WORKERS];
    uint64_t total = 0;
    SWAP_MUST((void *)done != MAP_FAILED);
    fflush(stdout);
    for (unsigned i = 0; i < WORKERS; i++) {
        child[i] = fork();
        SWAP_MUST(child[i] >= 0);
        if (child[i] == 0) {
            SWAP_MUST(setpriority(PRIO_PROCESS, 0, worker[i].nice) == 0);
            work(done + i);
        }
    }
    usleep(ms * 1000);
    for (unsigned i = 0; i < WORKERS; i++)
        kill(child[i], SIGKILL);
    for (unsigned i = 0; i < WORKERS; i++) {
        waitpid(child[i], NULL, 0);
        total += done[i];
    }
    for (unsigned i = 0; i < WORKERS; i++) {
        uint64_t due = total * worker[i].share / 16, off = done[i] > due ? done[i] - due : due - done[i];
        printf("nice %d share %lu work %lu error %lu\n", worker[i].nice, worker[i].share, done[i],
               due ? off * DUE / due : 0);
    }
}

int swap_scheduler(int count, char **word)
{
    bool any_switch = false, any_nice = false;
    unsigned ms = 2000;
    for (int i = 0; i < count; i++) {
        bool costs = strcmp(word[i], "switch") == 0, nice_values = strcmp(word[i], "nice") == 0;
        any_switch |= costs;
        any_nice |= nice_values;
        SWAP_MUST(costs || nice_values || sscanf(word[i], "ms=%u", &ms) == 1);
    }
    hold_on_one_cpu();
    if (any_switch || !any_nice) {
        measure("switch-by-yield", yielder);
        measure("switch-by-semaphore", player); /* here a futex */
    }
    if (any_nice || !any_switch)
        shares(ms);
    return 0;
}
