/* SPDX-License-Identifier: MPL-2.0 */
/*
 * A program's first stack (System V ABI AMD64, 3.4.1), as Linux lays it out. From high to low:
 *
 *   its top       8 zero bytes
 *                 the program's name (AT_EXECFN)
 *                 environment strings, the last one highest
 *                 argument strings, the last one highest
 *                 "x86_64" (AT_PLATFORM), 16 random bytes (AT_RANDOM)
 *                 padding to 16
 *                 auxiliary vector, environment pointers and NULL, argument pointers and NULL
 *   rsp           argument count
 *
 * Strings go from the caller's space to the new one through a page of the library OS, filled from its end.
 */
#include <cpuid.h>
#include <los/random.h>
#include <vdso.h>
#include "exec.h"

#define STRINGS_LEAST (128ul << 10)
#define STRINGS_MOST  (6ul << 20)
#define SPARE         (128ul << 10) /* below the first rsp, mapped at once */
#define TABLE_ORDER   9             /* at most 2 MiB of pointers */
#define AUX_PAIRS     20

struct builder {
    struct lx_exec *exec;
    uint64_t at, floor; /* the lowest byte used so far; not below this */
    char *buffer;       /* a page; its last `used` bytes belong at `at` */
    size_t used;
    char *incoming; /* a page for a string on its way */
    uint64_t *table;
    unsigned order;
    uint64_t argument_count, environment_count;
};

/* --- writing downwards ------------------------------------------------------------------------------------------------- */
static long flush(struct builder *b)
{
    size_t n = b->used;
    b->used = 0;
    if (n == 0)
        return 0;
    return los_space_write(b->exec->space, b->at, b->buffer + LOS_PAGE - n, n, true) == n ? 0 : -LOS_E_NOMEM;
}

static long push(struct builder *b, const void *bytes, size_t n)
{
    if (b->at - b->floor < n)
        return -LOS_E_TOOBIG;
    if (b->used + n > LOS_PAGE) {
        long error = flush(b);
        if (error != 0)
            return error;
    }
    if (n > LOS_PAGE) {
        b->at -= n;
        return los_space_write(b->exec->space, b->at, bytes, n, true) == n ? 0 : -LOS_E_NOMEM;
    }
    b->used += n;
    b->at -= n;
    memcpy(b->buffer + LOS_PAGE - b->used, bytes, n);
    return 0;
}

/* A string of the program that is longer than a page: measured first, then copied page by page. */
static long push_long(struct builder *b, uint64_t user)
{
    size_t length = 0;
    char *end = NULL;
    while (end == NULL) {
        size_t n = LOS_PAGE - ((user + length) & LOS_PAGE_MASK);
        if (length >= LX_ARG_BYTES_MAX)
            return -LOS_E_TOOBIG;
        if (los_copy_in(b->incoming, user + length, n) != 0)
            return -LOS_E_FAULT;
        end = memchr(b->incoming, 0, n);
        length += end != NULL ? (size_t)(end - b->incoming) : n;
    }
    if (length >= LX_ARG_BYTES_MAX || b->at - b->floor < length + 1)
        return -LOS_E_TOOBIG;
    long error = push(b, "", 1); /* whatever another thread does to the string meanwhile, it ends */
    if (error == 0)
        error = flush(b);
    b->at -= length;
    for (size_t done = 0; done < length && error == 0;) {
        size_t n = length - done < LOS_PAGE ? length - done : LOS_PAGE;
        if (los_copy_in(b->incoming, user + done, n) != 0)
            return -LOS_E_FAULT;
        if (los_space_write(b->exec->space, b->at + done, b->incoming, n, true) != n)
            error = -LOS_E_NOMEM;
        done += n;
    }
    return error;
}

static long push_user(struct builder *b, uint64_t user)
{
    long length = los_copy_in_string(b->incoming, user, LOS_PAGE);
    if (length == -LOS_E_NAMETOOLONG)
        return push_long(b, user);
    return length < 0 ? length : push(b, b->incoming, (size_t)length + 1);
}

/* --- the pointers -------------------------------------------------------------------------------------------------------- */
static long count(const struct lx_strings *strings, uint64_t *out)
{
    uint64_t n = 0, pointer;
    if (strings->list != NULL) {
        while (strings->list[n] != NULL)
            n++;
    } else if (strings->user != 0) {
        for (;; n++) {
            if (los_copy_in(&pointer, strings->user + n * 8, 8) != 0)
                return -LOS_E_FAULT;
            if (pointer == 0)
                break;
            if (n >= STRINGS_MOST / 8)
                return -LOS_E_TOOBIG;
        }
    }
    *out = n;
    return 0;
}

/* Pushes strings first to last - 1, and puts their addresses at table[0] and on. */
static long push_strings(struct builder *b, const struct lx_strings *strings, uint64_t first, uint64_t last,
                         uint64_t *table)
{
    for (uint64_t i = last; i-- > first;) {
        uint64_t pointer;
        long error;
        if (strings->list != NULL) {
            error = push(b, strings->list[i], strlen(strings->list[i]) + 1);
        } else {
            if (los_copy_in(&pointer, strings->user + i * 8, 8) != 0)
                return -LOS_E_FAULT;
            error = push_user(b, pointer);
        }
        if (error != 0)
            return error;
        table[i - first] = b->at;
    }
    return 0;
}

static long push_arguments(struct builder *b)
{
    struct lx_exec *exec = b->exec;
    uint64_t *environment = b->table + 1 + b->argument_count + 1;
    uint64_t first = exec->skip_first ? 1 : 0;
    exec->environment_end = b->at;
    long error = push_strings(b, &exec->environment, 0, b->environment_count, environment);
    exec->environment_start = exec->arguments_end = b->at;
    if (error == 0)
        error = push_strings(b, &exec->arguments, first, first + b->argument_count - exec->prefixes,
                             b->table + 1 + exec->prefixes);
    for (uint32_t i = exec->prefixes; i-- > 0 && error == 0;) {
        error = push(b, exec->prefix[i], strlen(exec->prefix[i]) + 1);
        b->table[1 + i] = b->at;
    }
    exec->arguments_start = b->at;
    return error;
}

/* --- the auxiliary vector ----------------------------------------------------------------------------------------------------- */
static uint32_t hardware_capabilities(void)
{
    static unsigned edx;
    unsigned eax, ebx, ecx;
    if (edx == 0)
        __get_cpuid(1, &eax, &ebx, &ecx, &edx);
    return edx;
}

static uint64_t frame_bytes(void)
{
    /* FPU state with its second magic and alignment, the frame, the red zone. */
    return los_fpu_bytes() + 4 + 63 + sizeof(struct lx_rt_sigframe) + 16 + 128;
}

static unsigned fill_auxiliary(struct lx_exec *exec, uint64_t name, uint64_t platform, uint64_t random,
                               uint64_t vdso)
{
    const struct los_credentials *c = &los_current()->process->credentials;
    const uint64_t pairs[AUX_PAIRS][2] = {
        {LX_AT_SYSINFO_EHDR, vdso},
        {LX_AT_HWCAP, hardware_capabilities()},
        {LX_AT_PAGESZ, LOS_PAGE},
        {LX_AT_CLKTCK, LX_CLOCK_TICKS},
        {LX_AT_PHDR, exec->elf.phdr_address != 0 ? exec->elf.phdr_address + exec->bias : 0},
        {LX_AT_PHENT, LX_ELF_PHDR_BYTES},
        {LX_AT_PHNUM, exec->elf.phdrs},
        {LX_AT_BASE, exec->interpreter_base},
        {LX_AT_FLAGS, 0},
        {LX_AT_ENTRY, exec->elf.entry + exec->bias},
        {LX_AT_UID, c->user},
        {LX_AT_EUID, exec->user},
        {LX_AT_GID, c->group},
        {LX_AT_EGID, exec->group},
        {LX_AT_SECURE, exec->secure},
        {LX_AT_RANDOM, random},
        {LX_AT_HWCAP2, 0},
        {LX_AT_EXECFN, name},
        {LX_AT_PLATFORM, platform},
        {LX_AT_MINSIGSTKSZ, frame_bytes()},
    };
    unsigned n = 0;
    for (unsigned i = 0; i < AUX_PAIRS; i++) {
        if (pairs[i][0] == LX_AT_SYSINFO_EHDR && pairs[i][1] == 0)
            continue;
        exec->auxiliary[n++] = pairs[i][0];
        exec->auxiliary[n++] = pairs[i][1];
    }
    exec->auxiliary[n++] = LX_AT_NULL;
    exec->auxiliary[n++] = 0;
    return n;
}
_Static_assert(2 * AUX_PAIRS + 2 <= LOS_COUNT(((struct lx_exec *)0)->auxiliary), "fits");

static long finish(struct builder *b, uint64_t name)
{
    struct lx_exec *exec = b->exec;
    uint8_t random[16];
    los_random_bytes(random, sizeof(random));
    b->floor = 0; /* the rest is ours and small: there is always room for it */
    long error = push(b, "x86_64", 7);
    uint64_t platform = b->at;
    if (error == 0)
        error = push(b, random, sizeof(random));
    uint64_t random_at = b->at;
    if (error == 0)
        error = flush(b);
    if (error != 0)
        return error;
    uint64_t pointers = 1 + b->argument_count + 1 + b->environment_count + 1;
    uint64_t vdso = 0;
    lx_vdso_map(exec->space, &vdso); /* without it, programs make the calls */
    unsigned words = fill_auxiliary(exec, name, platform, random_at, vdso);
    memcpy(b->table + pointers, exec->auxiliary, words * 8);
    b->table[0] = b->argument_count;
    size_t bytes = (pointers + words) * 8;
    exec->stack = (random_at - bytes) & ~15ull;
    return los_space_write(exec->space, exec->stack, b->table, bytes, true) == bytes ? 0 : -LOS_E_NOMEM;
}

/* --- all of it ------------------------------------------------------------------------------------------------------------------- */
static long make_table(struct builder *b)
{
    struct lx_exec *exec = b->exec;
    uint64_t given;
    long error = count(&exec->arguments, &given);
    if (error == 0)
        error = count(&exec->environment, &b->environment_count);
    if (error != 0)
        return error;
    if (given == 0 && exec->prefixes == 0) { /* no argument 0 at all: programs index it nevertheless */
        exec->prefix[0] = los_strdup("");
        if (exec->prefix[0] == NULL)
            return -LOS_E_NOMEM;
        exec->prefixes = 1;
    }
    exec->skip_first = exec->skip_first && given > 0;
    b->argument_count = given - exec->skip_first + exec->prefixes;
    size_t bytes = (b->argument_count + b->environment_count + 3 + LOS_COUNT(exec->auxiliary)) * 8;
    while ((LOS_PAGE << b->order) < bytes)
        if (++b->order > TABLE_ORDER)
            return -LOS_E_TOOBIG;
    los_pageno page = los_pages_alloc(b->order);
    if (page == LOS_NO_PAGE)
        return -LOS_E_NOMEM;
    b->table = los_page_address(page);
    memset(b->table, 0, LOS_PAGE << b->order);
    return 0;
}

static uint64_t strings_limit(void)
{
    uint64_t quarter = los_current()->process->limits[LOS_LIMIT_STACK].soft / 4;
    return quarter < STRINGS_LEAST ? STRINGS_LEAST : quarter > STRINGS_MOST ? STRINGS_MOST : quarter;
}

/* TLBs choose an entry by the low bits of a page's number. The pages that are used most are those at the top of the stack, those around the
 * heap's start, and the first vCPUs' pages: they are kept apart, for the smallest of 64 entries that an emulator has. A shell's loop took
 * 1.4 times as long where they were not. */
static uint64_t stack_top(uint64_t heap_start)
{
    const uint64_t colours = 512, hot = 8;
    uint64_t page = heap_start / LOS_PAGE - 32;
    if ((page - LOS_VCPU_PAGES / LOS_PAGE) % 64 < hot)
        page -= hot;
    return LX_STACK_TOP - (LX_STACK_TOP / LOS_PAGE - page) % colours * LOS_PAGE;
}

static long build(struct builder *b)
{
    struct lx_exec *exec = b->exec;
    uint64_t limit = strings_limit(), top = stack_top(exec->space->heap_start), pointers;
    long error = make_table(b);
    if (error != 0)
        return error;
    pointers =
        LOS_ROUND_UP((b->argument_count + b->environment_count + 3 + LOS_COUNT(exec->auxiliary)) * 8, LOS_PAGE);
    if (pointers > limit)
        return -LOS_E_TOOBIG;
    uint64_t bottom = top - limit - pointers - SPARE - 2 * LOS_PAGE;
    uint32_t protection = LOS_READ | LOS_WRITE | (exec->elf.executable_stack ? LOS_EXECUTE : 0);
    /* Most of it is never touched: it may be larger than a small container's memory. */
    long result =
        los_space_map(exec->space, bottom, top - bottom, protection,
                      LOS_FIXED | LOS_NO_RESERVE | LOS_GROWS_DOWN | LOS_STACK, NULL, 0, NULL, "[stack]");
    if (result < 0)
        return result;
    b->at = top;
    b->floor = top - (limit - pointers);
    error = push(b, "\0\0\0\0\0\0\0", 8);
    if (error == 0)
        error = push(b, exec->name, strlen(exec->name) + 1);
    uint64_t name = b->at;
    if (error == 0)
        error = push_arguments(b);
    if (error == 0)
        error = finish(b, name);
    if (error != 0)
        return error;
    uint64_t start = (exec->stack & ~LOS_PAGE_MASK) - SPARE; /* the rest grows when it is needed */
    return start > bottom ? los_space_unmap(exec->space, bottom, start - bottom) : 0;
}

long lx_stack_build(struct lx_exec *exec)
{
    struct builder b = {.exec = exec};
    b.buffer = los_alloc(LOS_PAGE);
    b.incoming = los_alloc(LOS_PAGE);
    long error = b.buffer != NULL && b.incoming != NULL ? build(&b) : -LOS_E_NOMEM;
    if (b.table != NULL)
        los_pages_free(los_page_of(b.table), b.order);
    los_free(b.buffer);
    los_free(b.incoming);
    return error;
}
