/* SPDX-License-Identifier: MPL-2.0 */
/* Making and unmaking threads, and who may have one more. */
#include "../schedule/internal.h"
#include "internal.h"

uint32_t los_thread_cap = 64;

/* Pages that a new thread may not touch: what the library OS needs to end others. */
#define RESERVE_PAGES 48ul

struct los_thread *los_thread_create(int tid)
{
    struct los_thread *thread = los_alloc_zeroed(sizeof *thread);
    los_pageno stack = thread ? los_pages_alloc(LOS_STACK_ORDER) : LOS_NO_PAGE;
    if (stack != LOS_NO_PAGE)
        thread->stack = (uint64_t)los_page_address(stack);
    if (stack == LOS_NO_PAGE || !los_fpu_create(thread)) {
        if (stack != LOS_NO_PAGE)
            los_pages_free(stack, LOS_STACK_ORDER);
        los_free(thread);
        return NULL;
    }
    thread->tid = tid;
    thread->affinity = UINT64_MAX;
    los_list_init(&thread->run);
    los_list_init(&thread->siblings);
    los_list_init(&thread->wake.link);
    los_pending_init(&thread->pending);
    thread->alternate_stack.disabled = true;
    los_stack_prepare(thread);
    los_thread_register(thread);
    return thread;
}

void los_thread_free(struct los_thread *thread)
{
    los_fpu_destroy(thread);
    los_pages_free(los_page_of((void *)thread->stack), LOS_STACK_ORDER);
    los_free(thread);
}

void los_thread_attach(struct los_thread *thread, struct los_process *process)
{
    thread->process = process;
    los_list_add_last(&process->threads, &thread->siblings);
    process->thread_count++;
}

uint32_t los_user_threads(uint32_t user)
{
    struct los_process *process;
    uint32_t count = 0;
    LOS_LIST_FOR(process, &los_processes, all)
    if (process->credentials.user == user)
        count += process->thread_count;
    return count;
}

int los_thread_admit(const struct los_process *process)
{
    const struct los_credentials *who = &process->credentials;
    uint64_t most = process->limits[LOS_LIMIT_PROCESSES].soft;
    if (los_thread_total() >= los_thread_cap)
        return -LOS_E_AGAIN;
    if (who->user != 0 && who->effective_user != 0 && most != UINT64_MAX && los_user_threads(who->user) >= most)
        return -LOS_E_AGAIN;
    return los_pages_free_count() < RESERVE_PAGES ? -LOS_E_AGAIN : 0;
}
