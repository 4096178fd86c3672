/* SPDX-License-Identifier: MPL-2.0 */
/*
 * FPU state: x87, vector registers, and whatever else XCR0 has. Saved whenever a thread leaves a vCPU, and loaded unless the registers
 * still hold it. A thread's area is in XSAVE's standard form in any case (Intel SDM volume 1, 13.4), or in FXSAVE's.
 *
 * Ways for a switch, of which los_fpu_init takes one:
 *  - XSAVE, or XSAVEOPT where the processor has it, and XRSTOR.
 *  - Plain moves of the vector registers. XSAVE and XRSTOR are left with x87, and only where that is not in its initial state: the
 *    registers of threads that do not use it are tagged empty. What empty registers hold, and the pointers to the last x87
 *    instruction, a thread may then lose; another process never sees them. For this XCR0 must be x87, SSE and AVX alone.
 * The second is taken where it is measured to be less than half as long. A processor has microcode for the first, an emulator goes
 * through a call for every word of it. Where a tick is an instruction, the first has the fewest.
 *
 * All else (signal frames, clone) uses XSAVE and XRSTOR: los_fpu_save writes every component, also those in their initial state.
 * XSAVEOPT leaves out what did not change since XRSTOR loaded it from this area: who writes to the area of a thread on a vCPU loads it.
 */
#include "internal.h"

/* entry.S */
void los_machine_xsave(void *area, uint64_t mask);
void los_machine_xsaveopt(void *area, uint64_t mask);
void los_machine_xrstor(const void *area, uint64_t mask);
void los_machine_fxsave(void *area);
void los_machine_fxrstor(const void *area);
uint64_t los_machine_vectors_save(void *area, bool high); /* returns which of x87 and AVX are not initial */
void los_machine_vectors_load(const void *area, bool high);
void los_machine_vectors_load_low(const void *area);

#define FXSAVE_BYTES 512
#define HEADER_BYTES 64
#define HIGH_BYTES   256 /* upper halves of 16 registers */
#define NO_CPU       UINT32_MAX
#define TRIALS       16

/* Bits of XCR0, and of the header's first word, which says what is not in its initial state. */
#define X87 1ul
#define SSE 2ul
#define AVX 4ul

static size_t fpu_bytes = FXSAVE_BYTES;
static uint64_t fpu_mask; /* 0: no XSAVE */
static bool by_moves, has_xsaveopt;

static inline uint64_t *components(const void *area) { return (uint64_t *)((char *)area + FXSAVE_BYTES); }

static void save(void *area)
{
    if (fpu_mask)
        los_machine_xsave(area, fpu_mask);
    else
        los_machine_fxsave(area);
}

static void load(const void *area)
{
    if (fpu_mask)
        los_machine_xrstor(area, fpu_mask);
    else
        los_machine_fxrstor(area);
}

/* --- by moves ------------------------------------------------------------------------------------------------------- */

/* Returns whether x87 is in its initial state. */
static inline bool save_by_moves(void *area)
{
    uint64_t used = los_machine_vectors_save(area, fpu_mask & AVX);
    if (used & X87)
        los_machine_xsave(area, X87);
    *components(area) = used | SSE;
    return !(used & X87);
}

static inline void load_by_moves(const void *area, bool x87_initial)
{
    uint64_t has = *components(area);
    if (!(has & SSE)) { /* not from save_by_moves */
        load(area);
        return;
    }
    if (has & X87 || !x87_initial)
        los_machine_xrstor(area, X87);
    if (fpu_mask & AVX && !(has & AVX))
        los_machine_vectors_load_low(area);
    else
        los_machine_vectors_load(area, has & AVX);
}

/* Ticks of a save and a load, the least of some. */
static uint64_t ticks_of(void *area, bool moves)
{
    uint64_t least = UINT64_MAX;
    for (int i = 0; i < TRIALS; i++) {
        uint64_t start = __builtin_ia32_rdtsc();
        if (moves)
            load_by_moves(area, save_by_moves(area));
        else
            save(area), load(area);
        uint64_t ticks = __builtin_ia32_rdtsc() - start;
        least = ticks < least ? ticks : least;
    }
    return least;
}

/* --- threads -------------------------------------------------------------------------------------------------------- */

static void initial_state(void *area)
{
    memset(area, 0, fpu_bytes);
    *(uint16_t *)area = 0x37f;                 /* FCW: all exceptions masked, as after FNINIT */
    *(uint32_t *)((char *)area + 24) = 0x1f80; /* MXCSR: the same for SSE */
}

static void choose(void)
{
    static _Alignas(64) char area[FXSAVE_BYTES + HEADER_BYTES + HIGH_BYTES];
    by_moves = false;
    if ((fpu_mask & ~AVX) != (X87 | SSE) || fpu_bytes > sizeof area)
        return;
    initial_state(area);
    by_moves = ticks_of(area, true) < ticks_of(area, false) / 2;
}

void los_fpu_init(const struct exo_vcpu_page *page)
{
    if (!page->xsave_size)
        return;
    fpu_bytes = page->xsave_size;
    fpu_mask = page->xsave_mask;
    has_xsaveopt = page->cpu_flags & EXO_CPU_XSAVEOPT;
    choose();
}

size_t los_fpu_bytes(void) { return fpu_bytes; }

bool los_fpu_create(struct los_thread *thread)
{
    thread->fpu_block = los_alloc(fpu_bytes + 64);
    if (!thread->fpu_block)
        return false;
    thread->fpu = (void *)LOS_ROUND_UP((uint64_t)thread->fpu_block, 64);
    thread->fpu_cpu = NO_CPU;
    initial_state(thread->fpu);
    return true;
}

void los_fpu_destroy(struct los_thread *thread)
{
    for (uint32_t i = 0; i < los_cpu_count(); i++)
        if (los_cpu_number(i)->fpu_owner == thread)
            los_cpu_number(i)->fpu_owner = NULL;
    los_free(thread->fpu_block);
}

void los_fpu_save(void) { save(los_current()->fpu); }
void los_fpu_load(void) { load(los_current()->fpu); }
void los_fpu_reset(void)
{
    initial_state(los_current()->fpu);
    load(los_current()->fpu);
}

void los_fpu_suspend(struct los_cpu *cpu, struct los_thread *thread)
{
    if (by_moves)
        cpu->x87_initial = save_by_moves(thread->fpu);
    else if (has_xsaveopt)
        los_machine_xsaveopt(thread->fpu, fpu_mask);
    else
        save(thread->fpu);
    cpu->fpu_owner = thread;
    thread->fpu_cpu = cpu->number;
}

void los_fpu_resume(struct los_cpu *cpu, struct los_thread *thread)
{
    /* Empty registers may be taken over as they are from a thread of the same process: it could look at this one's anyhow. */
    if (cpu->fpu_owner == thread && thread->fpu_cpu == cpu->number)
        ;
    else if (by_moves)
        load_by_moves(thread->fpu, cpu->x87_initial && cpu->space == thread->process->space);
    else
        load(thread->fpu);
    cpu->fpu_owner = NULL;
}
