/* SPDX-License-Identifier: MPL-2.0 */
/* The last calls, for whoever has to understand a failure; and the failures themselves. */
#include "fuzz.h"
#include "fake_machine.h"
#include "generate.h"
#include "vcpu.h"
#include <criterion/criterion.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define KEPT 40

static struct fuzz_call calls[KEPT];
static uint64_t count;

struct fuzz_call *trace_begin(unsigned number, const uint64_t argument[5])
{
    struct fuzz_call *call = &calls[count++ % KEPT];
    struct domain *domain = fake_running[fake_cpu]->domain;
    *call = (struct fuzz_call){
        .number = number, .cpu = fake_cpu, .owner = generate_owner(domain), .domain = domain};
    memcpy(call->argument, argument, sizeof call->argument);
    return call;
}

void trace_end(struct fuzz_call *call, long result)
{
    call->result = result;
    call->returned = true;
}

void trace_clear(void) { count = 0; }

static const char *const names[] = {
#define X(number, NAME, name, ...) [number] = #name,
#include <exo/calls.def>
#undef X
};

static const char *const errors[] = {
    "0",
#define X(NAME, text) #NAME,
#include <exo/errors.def>
#undef X
};

static void print_call(const struct fuzz_call *call)
{
    fprintf(stderr, "  CPU %u domain %u: %s(", call->cpu, call->owner, names[call->number]);
    for (int i = 0; i < 5; i++)
        fprintf(stderr, i == 0 ? "%#lx" : ", %#lx", call->argument[i]);
    if (!call->returned)
        fprintf(stderr, ") did not return\n");
    else if (call->result < 0 && call->result > -EXO_ERROR_COUNT)
        fprintf(stderr, ") = %s\n", errors[-call->result]);
    else
        fprintf(stderr, ") = %#lx\n", call->result);
}

void trace_print(void)
{
    fprintf(stderr, "the last %lu of %lu calls:\n", count < KEPT ? count : KEPT, count);
    for (uint64_t i = count < KEPT ? 0 : count - KEPT; i < count; i++)
        print_call(&calls[i % KEPT]);
}

_Noreturn void fuzz_fail(const char *place, int line, const char *condition, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    fprintf(stderr, "%s:%d: failed: %s: ", place, line, condition);
    vfprintf(stderr, format, list);
    va_end(list);
    fprintf(stderr, "\n");
    trace_print();
    abort();
}

/* The sanitizers call these when they find something. */
void __asan_on_error(void);
void __asan_on_error(void) { trace_print(); }
void __ubsan_on_report(void);
void __ubsan_on_report(void) { trace_print(); }
