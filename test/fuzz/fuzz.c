/* SPDX-License-Identifier: MPL-2.0 */
/*
 * libFuzzer's target: the bytes of an input choose what test/unit/exo/generate.c does. The linker leads
 * each exo call of the generator through __wrap_exo_call and __wrap_exo_gate_transfer.
 */
#include "fuzz.h"
#include "generate.h"
#include "vcpu.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#ifndef CHECK_EVERY
#define CHECK_EVERY 1 /* steps */
#endif
#define CHECK_ALL 64

static const uint8_t *input, *input_end;
static uint64_t here, *executed = &here; /* exo calls; shared by all processes that fuzz */
static uint64_t steps;

/* As few bytes as the choice takes. */
static uint64_t below(uint64_t n)
{
    uint64_t value = 0;
    for (uint64_t most = n - 1; most != 0 && input < input_end; most >>= 8)
        value = value << 8 | *input++;
    return value % n;
}

long __real_exo_call(uint64_t number, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e);
long __wrap_exo_call(uint64_t number, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e);
long __wrap_exo_call(uint64_t number, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e)
{
    struct fuzz_call *call = trace_begin((unsigned)number, (uint64_t[]){a, b, c, d, e});
    model_before(call);
    trace_end(call, __real_exo_call(number, a, b, c, d, e));
    __atomic_fetch_add(executed, 1, __ATOMIC_RELAXED);
    model_after(call);
    return call->result;
}

long __real_exo_gate_transfer(uint64_t number, uint64_t *rdi, struct exo_message *message, uint64_t limit_us);
long __wrap_exo_gate_transfer(uint64_t number, uint64_t *rdi, struct exo_message *message, uint64_t limit_us);
long __wrap_exo_gate_transfer(uint64_t number, uint64_t *rdi, struct exo_message *message, uint64_t limit_us)
{
    struct fuzz_call *call = trace_begin(
        (unsigned)number, (uint64_t[]){*rdi, message->word[0], message->token, message->rights, limit_us});
    model_before(call);
    trace_end(call, __real_exo_gate_transfer(number, rdi, message, limit_us));
    __atomic_fetch_add(executed, 1, __ATOMIC_RELAXED);
    model_after(call);
    return call->result;
}

/* KXOS_FUZZ_COUNT: a file of 8 bytes that all processes count in. */
static void share_count(void)
{
    const char *name = getenv("KXOS_FUZZ_COUNT");
    int count = name == NULL ? -1 : open(name, O_RDWR);
    if (count < 0)
        return;
    executed = mmap(NULL, sizeof *executed, PROT_READ | PROT_WRITE, MAP_SHARED, count, 0);
    if (executed == MAP_FAILED)
        abort();
    close(count);
}

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    generate_below = below;
    generate_boot(512, 80);
    model_boot();
    share_count();
    reset_save();
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    reset_restore();
    trace_clear();
    input = data;
    input_end = data + size;
    fake_iommu = below(2);
    for (steps = 1; input < input_end; steps++) {
        generate_step();
        if (steps % CHECK_EVERY == 0)
            check_invariants();
        model_check(steps % CHECK_ALL == 0);
    }
    check_invariants();
    model_check(true);
    return 0;
}
